"""Pages of hard samples: made from known molecules, held against them, and timed as whole processes.

    python tests/benchmarks/report_pages.py --folder pages

A long-read sample of twelve mutations, three haplotypes and a stretch of unreadable bases goes through the workflow;
its report is compared with what was put in. Then `ablkd report` of it and `ablkd summarize` of a run of
96 such samples are timed. Open `pages/report.html` and `pages/run/report.html` to look at them.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOLECULES = {
    "G250E+D276G+T315I": 0.30,
    "Y253H+F359V": 0.20,
    "V299L": 0.12,
    **dict.fromkeys(("M244V", "E255K", "F317L", "M351T", "H396R", "E459K"), 0.025),
    "unmutated": 0.23,
}
# The six most frequent changes are phased together; the haplotypes leave the others out.
RARE = ("M244V", "E255K", "F317L", "M351T", "H396R", "E459K")
HEADER = "sample\tplatform\tfusion\thaplotype\tfraction\tamplicon\tdepth\ttemplate_molecules\trecombination\tsequencing_error\tindel_error\n"
UNREADABLE = (331, 342)  # codons whose bases have no quality
SAMPLE = "TWELVE"
ROUNDS = 5


def ablkd(*words: object) -> tuple[float, float]:
    """Run a step; seconds on the clock and of the processor, of the whole process."""
    start, used = time.perf_counter(), os.times()
    subprocess.run([sys.executable, "-m", "ablkd", *map(str, words)], check=True)
    now = os.times()
    spent = now.children_user + now.children_system - used.children_user - used.children_system
    return time.perf_counter() - start, spent


def simulate(folder: Path, depth: int, seed: int) -> Path:
    """Reads of the molecules; bases of the unreadable stretch keep no quality."""
    lines = [
        f"{SAMPLE}\tpacbio_hifi\te14a2\t{name}\t{share}\tmajor_long\t{depth}\t20000\t1e-4\t4e-4\t4e-4\n"
        for name, share in MOLECULES.items()
    ]
    (folder / "truth.tsv").write_text(HEADER + "".join(lines))
    ablkd("simulate", "--truth", folder / "truth.tsv", "--reference", ROOT / "reference", "--folder", folder, "--seed", seed)  # fmt: skip
    reads = folder / f"{SAMPLE}.fastq.gz"
    records = gzip.decompress(reads.read_bytes()).decode().splitlines()
    before, after = anchors()
    for i in range(0, len(records), 4):
        records[i + 3] = dimmed(records[i + 1], records[i + 3], before, after)
    reads.write_bytes(gzip.compress("\n".join([*records, ""]).encode(), mtime=0))
    return reads


def anchors() -> tuple[str, str]:
    """The bases beside the unreadable stretch."""
    from ablkd.reference import load_reference

    sequence = load_reference(ROOT / "reference").sequence
    start, end = 3 * UNREADABLE[0] - 3, 3 * UNREADABLE[1]
    return sequence[start - 20 : start], sequence[end : end + 20]


def dimmed(bases: str, qualities: str, before: str, after: str) -> str:
    """Qualities with `!` between the anchors, on either strand; a read without them keeps nothing readable."""
    turn = str.maketrans("ACGT", "TGCA")
    for first, second in ((before, after), (after[::-1].translate(turn), before[::-1].translate(turn))):
        start, end = bases.find(first), bases.find(second)
        if 0 <= start < end:
            start += len(first)
            return qualities[:start] + "!" * (end - start) + qualities[end:]
    return "!" * len(qualities)


def analyse(folder: Path, reads: Path) -> Path:
    """The workflow in a run folder of its own; the folder of the sample's files."""
    run = folder / "workflow"
    shutil.rmtree(run, ignore_errors=True)
    ablkd("init", run)
    header = "sample\tpatient\tcollected\tplatform\treads_1\n"
    (run / "samples.tsv").write_text(f"{header}{SAMPLE}\tP\t2020-01\tpacbio_hifi\t{reads.resolve()}\n")
    subprocess.run([sys.executable, "-m", "snakemake", "--cores", "2", "--quiet"], cwd=run, check=True)
    return run / "results/samples" / SAMPLE


def differences(result: dict) -> list[str]:
    """What the result says otherwise than what was put in."""
    truth = {n: s for name, s in MOLECULES.items() for n in name.split("+") if n != "unmutated"}
    calls = {c["name"]: c for c in result["calls"] if c["filter"] == "PASS"}
    told = [f"{name} was not called" for name in truth.keys() - calls.keys()]
    told += [f"{name} was called and is not there" for name in calls.keys() - truth.keys()]
    for name, share in truth.items():
        call = calls.get(name)
        if call and not call["vaf_low"] <= share <= call["vaf_high"]:
            told.append(f"{name}: {share} is not in {call['vaf_low']:.3f}-{call['vaf_high']:.3f}")
    molecules = {h["haplotype"]: h for h in result["haplotypes"]}
    expected = {n: s for n, s in MOLECULES.items() if n not in RARE}
    expected["unmutated"] += sum(MOLECULES[name] for name in RARE)
    told += [f"haplotype {name} is missing" for name in expected.keys() - molecules.keys()]
    told += [f"haplotype {name} is not there" for name in molecules.keys() - expected.keys()]
    for name in expected.keys() & molecules.keys():
        low, high = molecules[name]["fraction_low"] or 0.0, molecules[name]["fraction_high"]
        if not low <= expected[name] <= high:
            told.append(f"haplotype {name}: {expected[name]} is not in {low:.3f}-{high:.3f}")
    gap = {c["codon"] for c in result["coverage"] if c["kind"] == "codon" and c["assessable"] == "no"}
    missing = set(range(UNREADABLE[0], UNREADABLE[1] + 1)) - gap
    return told + [f"codon {codon} counts as assessable" for codon in sorted(missing)]


def many(folder: Path, result: dict, number: int) -> list[Path]:
    """The same result under other names."""
    paths = []
    for i in range(number):
        renamed = json.dumps(result).replace(f'"{SAMPLE}"', f'"{SAMPLE}_{i:02d}"')
        paths.append(folder / f"many/{i:02d}.json")
        paths[-1].parent.mkdir(exist_ok=True)
        paths[-1].write_text(renamed)
    return paths


def smallest(*words: object) -> tuple[float, float]:
    """The smallest seconds of several runs: what else the machine does only adds."""
    clock, processor = zip(*(ablkd(*words) for _ in range(ROUNDS)), strict=True)
    return min(clock), min(processor)


def told_as(seconds: tuple[float, float]) -> str:
    """Seconds in words."""
    return f"{seconds[0]:.1f} s on the clock, {seconds[1]:.1f} s of the processor (smallest of {ROUNDS})"


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    arguments.add_argument("--folder", type=Path, required=True)
    arguments.add_argument("--depth", type=int, default=3000)
    arguments.add_argument("--seed", type=int, default=2026)
    arguments.add_argument("--samples", type=int, default=96)
    told = arguments.parse_args()
    told.folder.mkdir(parents=True, exist_ok=True)
    made = analyse(told.folder, simulate(told.folder, told.depth, told.seed))
    result = json.loads((made / "result.json").read_text("utf-8"))
    for line in differences(result) or ["nothing differs from what was put in"]:
        print(line)
    page = told.folder / "report.html"
    words = ("--result", made / "result.json", "--reference", ROOT / "reference", "--html", page)
    seconds = smallest("report", *words, "--vcf", told.folder / "calls.vcf.gz")
    print(f"report of one sample: {told_as(seconds)}")
    results = many(told.folder, result, told.samples)
    seconds = smallest("summarize", "--run", "run1", "--results", *results, "--folder", told.folder / "run")
    print(f"run page and tables of {told.samples} samples: {told_as(seconds)}")


if __name__ == "__main__":
    main()
