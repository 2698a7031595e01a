"""What each step costs: seconds and peak memory of the whole process, on simulated read pairs.

    python tests/benchmarks/steps.py --pairs 100000

The reads are simulated first (not timed). Every step is run once to compile and warm the caches, then `--rounds`
times; the table gives medians. Machines differ: compare ratios within one table.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
AMPLICON_LENGTH, FRAGMENT_LENGTH = 1642, 300
TRUTH = """sample	platform	fusion	haplotype	fraction	amplicon	depth	template_molecules
S	illumina	e1a2	G250E+D276G+T315I	0.2	minor_long	{depth}	5000
S	illumina	e1a2	exon4_skipping+T315I	0.1	minor_long	{depth}	5000
S	illumina	e1a2	unmutated	0.7	minor_long	{depth}	5000
"""


def commands(folder: Path) -> dict[str, list[str]]:
    """Step -> command line, in the order of the workflow."""
    reference, fragments = str(ROOT / "reference"), str(folder / "fragments.npz")
    common = ["--sample", "S", "--reference", reference]
    on_fragments = [*common, "--fragments", fragments]
    out = {
        name: [f"--{name.replace('_', '-')}", str(folder / f"{name}.tsv")]
        for name in ["calls", "coverage", "splicing", "fusion", "haplotypes", "phase", "drugs", "qc"]
    }
    sheet = folder / "samples.tsv"
    sheet.write_text("sample\tplatform\treads_1\treads_2\nS\tillumina\tS_1.fastq.gz\tS_2.fastq.gz\n")
    align_qc, call_qc = str(folder / "align_qc.tsv"), str(folder / "call_qc.tsv")
    result, pile_ups = str(folder / "result.json"), str(folder / "pile_ups.json")
    reads = ["--reads-1", str(folder / "S_1.fastq.gz"), "--reads-2", str(folder / "S_2.fastq.gz")]
    counts, background = str(folder / "counts.tsv"), str(folder / "background.npz")
    bam = ["--fragments", fragments, "--counts", counts, "--bam", str(folder / "aligned.bam"), "--qc", align_qc]
    limits = ["--required-lod", "0.03", "--reporting-cut", "0.03"]
    (folder / "recombination.tsv").write_text("sample\tmutations\tspanning\tobserved\trate\tlog_sd\treason\n")
    rate = ["--recombination", str(folder / "recombination.tsv")]
    tables = [word for name in ["calls", "coverage", "haplotypes", "phase", "splicing", "fusion"] for word in out[name]]
    platform = ["--platform", "illumina"]
    return {
        "align": ["align", *common, *platform, *reads, *bam],
        "background": ["background", "--sheet", str(sheet), *platform, "--reference", reference]
        + ["--run-counts", counts, "--background", background],
        "call": ["call", *on_fragments, *platform, "--background", background, *limits]
        + [*out["calls"], *out["coverage"], "--qc", call_qc],
        "splice": ["splice", *on_fragments, *platform, *out["splicing"], *out["fusion"]],
        "phase": ["phase", *on_fragments, *out["calls"], "--call-qc", call_qc, *out["splicing"], *rate]
        + [*out["haplotypes"], *out["phase"], "--pile-ups", pile_ups, "--qc", str(folder / "phase_qc.tsv")],
        "interpret": ["interpret", "--sheet", str(sheet), *common, *tables, "--qc-parts", align_qc, call_qc]
        + ["--pile-ups", pile_ups, *out["drugs"], *out["qc"], "--result", result],
        "report": ["report", "--result", result, "--reference", reference, "--html", str(folder / "report.html")]
        + ["--vcf", str(folder / "calls.vcf.gz")],
    }


def simulate(folder: Path, pairs: int) -> None:
    """Write about `pairs` read pairs of a mixed sample."""
    truth = folder / "truth.tsv"
    truth.write_text(TRUTH.format(depth=round(pairs * FRAGMENT_LENGTH / AMPLICON_LENGTH)))
    words = ["simulate", "--truth", truth, "--reference", ROOT / "reference", "--folder", folder, "--seed", "1"]
    subprocess.run([sys.executable, "-m", "ablkd", *map(str, words)], check=True)


def measure(words: list[str]) -> tuple[float, float]:
    """(wall seconds, peak MB) of one whole process."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "ablkd", *words])
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{words[0]} ended with status {status}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main() -> None:
    """Simulate, warm up, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        simulate(folder, arguments.pairs)
        steps = commands(folder)
        for words in steps.values():
            measure(words)
        print(f"step\tseconds\tpeak_mb\t({arguments.pairs} pairs, median of {arguments.rounds})")
        for step, words in steps.items():
            runs = [measure(words) for _ in range(arguments.rounds)]
            seconds, peak = (statistics.median(column) for column in zip(*runs, strict=True))
            print(f"{step}\t{seconds:.2f}\t{peak:.0f}", flush=True)


if __name__ == "__main__":
    main()
