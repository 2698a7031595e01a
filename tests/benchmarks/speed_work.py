"""What the benchmark of speed runs: reads of known content, our commands and those of the peers on the same files.

Short pairs are drawn by ART (HS25, 2x150 from 300 +- 50) where it is installed, else by `ablkd simulate`; long reads
by the readers of `splice_reads.py`. All have one molecule in twenty with a change, from one fusion's amplicon.
"""

from __future__ import annotations

import gzip
import itertools
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from splice_reads import PLATFORM, Molecules, art_reads, long_reads

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "reference"
FUSION, CHANGE, FIRST, LAST, INSERT = "e14a2", "944C>T", 119, 1520, 300
LONG_READS = 10_000
# Transcripts and splice events of the panels: each transcript with and without each event is an isoform.
PANELS = {9: ({"NM_005157.6", "e13a2", "e14a2"}, 2), 60: ({"NM_005157.6", "e1a2", "e13a2", "e14a2"}, 14)}
PROGRAMS = ("bwa", "minimap2", "samtools", "bcftools", "gzip")
AFTER = ("report", "bam")  # steps that come after result.json
TABLES = ("calls", "coverage", "splicing", "fusion", "haplotypes", "phase")


@dataclass(frozen=True)
class Work:
    """A command for bash, the question it belongs to, and the program that it needs (none: it is ours)."""

    group: str
    name: str
    command: str
    needs: str = ""


# (ours, the peer, "at most" or "at least" so many times its time or speed)
ASKED = (
    ("bam", "bwa mem | samtools sort", "at least", 8.0),
    ("bam", "minimap2 -ax sr | samtools sort", "at least", 5.0),
    ("BAM to counts", "samtools view -u", "at most", 4.0),
    ("BAM to counts", "samtools mpileup", "at least", 10.0),
    ("BAM to counts", "bcftools mpileup", "at least", 10.0),
    ("BAM to counts", "pysam count_coverage", "at least", 10.0),
    ("FASTQ to result", "bwa mem", "at least", 5.0),
    ("FASTQ to result", "isal decompression", "at most", 6.0),
    ("panel of 60 isoforms", "panel of 9 isoforms", "at most", 1.5),
)


# ---------------------------------------------------------------- reads


def make_pairs(folder: Path, pairs: int) -> tuple[Path, Path]:
    """About `pairs` read pairs as FASTQ.gz."""
    mates = folder / "S_1.fastq.gz", folder / "S_2.fastq.gz"
    if shutil.which("art_illumina"):
        molecules = Molecules(REFERENCE)
        wild = molecules.made(FUSION, first=FIRST, last=LAST)
        products = {wild: 0.95, molecules.made(FUSION, [CHANGE], FIRST, LAST): 0.05}
        for plain, packed in zip(
            art_reads(products, "2x150", pairs * INSERT / len(wild), 1, folder), mates, strict=True
        ):
            subprocess.run(f"gzip -c {plain} > {packed}", shell=True, check=True)
            plain.unlink()
        return mates
    truth = folder / "truth.tsv"
    head = "sample\tplatform\tfusion\thaplotype\tfraction\tamplicon\tdepth\ttemplate_molecules\n"
    depth = round(pairs * INSERT / (LAST + 256 - 80 + 1 - FIRST))
    line = "S\tillumina\te14a2\t{}\t{}\tmajor_long\t" + f"{depth}\t5000\n"
    truth.write_text(head + line.format("T315I", 0.05) + line.format("unmutated", 0.95))
    words = ["simulate", "--truth", truth, "--reference", REFERENCE, "--folder", folder, "--seed", "1"]
    subprocess.run([sys.executable, "-m", "ablkd", *map(str, words)], check=True)
    return mates


def first_pairs(mates: tuple[Path, Path], number: int) -> tuple[Path, Path]:
    """The first `number` pairs, as files of their own."""
    cut = tuple(path.with_name(f"first{number}_{path.name}") for path in mates)
    for source, target in zip(mates, cut, strict=True):
        with gzip.open(source, "rb") as lines, gzip.open(target, "wb", 6) as out:
            out.writelines(itertools.islice(lines, 4 * number))
    return cut[0], cut[1]


def make_long(folder: Path, way: str, number: int) -> Path:
    """Full-length reads, `hifi` or `ont`."""
    molecules = Molecules(REFERENCE)
    products = {molecules.made(FUSION, c, FIRST, LAST): share for c, share in (([], 0.95), ([CHANGE], 0.05))}
    return long_reads(products, way, number, 1, folder / way)


def make_panel(folder: Path, isoforms: int) -> Path:
    """The knowledge folder with fewer transcripts and splice events, and without what is said of the others."""
    transcripts, events = PANELS[isoforms]
    panel = folder / f"panel{isoforms}"
    shutil.copytree(REFERENCE, panel)
    spliced = _names(panel / "splicing.tsv")
    gone = set(_names(panel / "transcripts.tsv")) - transcripts | set(spliced[: len(spliced) - events])
    for name in ("transcripts", "splicing", "amplicons", "tki/sensitivity"):
        table = panel / f"{name}.tsv"
        lines = table.read_text().splitlines(keepends=True)
        table.write_text("".join(line for line in lines if not gone & set(re.split(r"[\t+]", line))))
    return panel


def _names(table: Path) -> list[str]:
    """First cells of the rows."""
    lines = [line for line in table.read_text().splitlines() if not line.startswith("#")]
    return [line.split("\t")[0] for line in lines[1:]]


def make_bam(folder: Path, mates: tuple[Path, Path]) -> tuple[Path, Path]:
    """(sequence of the amplicon, indexed; sorted and indexed BAM of the pairs by bwa mem)."""
    fasta, bam = folder / "amplicon.fa", folder / "laboratory.bam"
    fasta.write_text(f">amplicon\n{Molecules(REFERENCE).made(FUSION, first=FIRST, last=LAST)}\n")
    quiet = f"bwa index {fasta} 2>/dev/null && samtools faidx {fasta}"
    align = f"bwa mem -t 1 {fasta} {mates[0]} {mates[1]} 2>/dev/null | samtools sort -o {bam} - 2>/dev/null"
    subprocess.run(f"{quiet} && {align} && samtools index {bam}", shell=True, check=True)
    return fasta, bam


# ---------------------------------------------------------------- commands


def ablkd(*words: object) -> str:
    """A command line of ours."""
    return " ".join(map(str, (sys.executable, "-m", "ablkd", *words)))


def align(out: Path, reads: tuple[Path, ...], platform: str = "illumina", reference: Path = REFERENCE) -> str:
    """Reads to fragments and counts."""
    words = ["align", "--sample", "S", *_reads(reads, platform, reference)]
    words += ["--fragments", out / "fragments.npy", "--counts", out / "counts.tsv", "--qc", out / "align_qc.tsv"]
    return ablkd(*words)


def bam(out: Path, reads: tuple[Path, ...]) -> str:
    """Reads to a sorted and indexed BAM."""
    return ablkd("bam", *_reads(reads, "illumina", REFERENCE), "--bam", out / "aligned.bam")


def _reads(reads: tuple[Path, ...], platform: str, reference: Path) -> list[object]:
    words: list[object] = ["--platform", platform, "--reference", reference, "--reads-1", reads[0]]
    return [*words, "--reads-2", *reads[1:]] if len(reads) > 1 else words


def chain(out: Path, reads: tuple[Path, ...]) -> dict[str, str]:
    """Step -> command line, in the order of the workflow, from reads to result.json and the report."""
    common, fragments = ["--sample", "S", "--reference", REFERENCE], ["--fragments", out / "fragments.npy"]
    table = {name: [f"--{name}", out / f"{name}.tsv"] for name in (*TABLES, "clones", "clone_drugs", "drugs", "qc")}
    sheet = out / "samples.tsv"
    sheet.write_text(f"sample\tplatform\treads_1\treads_2\nS\tillumina\t{reads[0]}\t{reads[-1]}\n")
    (out / "recombination.tsv").write_text("sample\tmutations\tspanning\tobserved\trate\tlog_sd\tdistance\treason\n")
    background, call_qc, pile_ups = out / "background.npz", out / "call_qc.tsv", ["--pile-ups", out / "pile_ups.json"]
    platform, result = ["--platform", "illumina"], ["--result", out / "result.json"]
    learn = ["background", "--sheet", sheet, *platform, "--reference", REFERENCE, "--run-counts", out / "counts.tsv"]
    call = [
        "call",
        *common,
        *table["splicing"],
        *table["fusion"],
        *platform,
        *fragments,
        "--background",
        background,
        "--required-lod",
        0.03,
    ]
    phase = [
        "phase",
        *common,
        *platform,
        *fragments,
        *table["calls"],
        "--call-qc",
        call_qc,
        *table["splicing"],
        *pile_ups,
    ]
    phase += ["--recombination", out / "recombination.tsv", *table["haplotypes"], *table["phase"]]
    told = [
        "--qc-parts",
        out / "align_qc.tsv",
        call_qc,
        *pile_ups,
        *table["clones"],
        "--clone-drugs",
        out / "clone_drugs.tsv",
    ]
    told += [*table["drugs"], *table["qc"]]
    return {
        "align": align(out, reads),
        "background": ablkd(*learn, "--background", background),
        "call": ablkd(*call, "--reporting-cut", 0.03, *table["calls"], *table["coverage"], "--qc", call_qc),
        "phase": ablkd(*phase, "--qc", out / "phase_qc.tsv"),
        "interpret": ablkd("interpret", "--sheet", sheet, *common, "--tables", out, *told, *result),
        "report": ablkd("report", *result, "--reference", REFERENCE, "--html", out / "report.html", "--vcf", out / "calls.vcf.gz"),
        "bam": bam(out, reads),
    }  # fmt: skip


def works(folder: Path, pairs: int, long: int, groups: set[str]) -> Iterator[Work]:
    """Everything that is measured, its files made on the way."""
    mates = make_pairs(folder, pairs)
    one, two = mates
    steps = chain(folder, mates)
    if "peers" in groups:
        yield Work(
            "peers",
            "isal decompression",
            " && ".join(f"{sys.executable} -m isal.igzip -dc {m} > /dev/null" for m in mates),
            "isal",
        )
        yield Work("peers", "gzip decompression", f"gzip -dc {one} {two} > /dev/null", "gzip")
        yield Work("peers", "bam", steps["bam"])
        yield Work("peers", "FASTQ to result", " && ".join(c for name, c in steps.items() if name not in AFTER))
        if all(map(shutil.which, PROGRAMS)):
            yield from _peers(folder, mates)
    if "steps" in groups:
        yield from (Work("steps", name, command) for name, command in steps.items())
    if "long" in groups:
        for way in ("hifi", "ont"):
            reads = make_long(folder, way, long)
            yield Work("long", f"{long} {way} reads", align(folder, (reads,), PLATFORM[way]))
    if "scaling" in groups:
        sizes = [size for size in (10_000, 100_000, 1_000_000, 10_000_000) if size < pairs]
        for size in sizes:
            yield Work("scaling", f"{size} pairs", align(folder, first_pairs(mates, size)))
        yield Work("scaling", f"{pairs} pairs", align(folder, mates))
    if "panels" in groups:
        for isoforms in PANELS:
            panel = make_panel(folder, isoforms)
            yield Work("panels", f"panel of {isoforms} isoforms", align(folder, mates, reference=panel))


def _peers(folder: Path, mates: tuple[Path, Path]) -> Iterator[Work]:
    fasta, laboratory = make_bam(folder, mates)
    out, pair = folder / "peer.bam", f"{fasta} {mates[0]} {mates[1]} 2>/dev/null"
    sort = f"samtools sort -o {out} - 2>/dev/null && samtools index {out}"
    coverage = f"import pysam; pysam.AlignmentFile('{laboratory}').count_coverage('amplicon', quality_threshold=20)"
    yield Work("peers", "bwa mem", f"bwa mem -t 1 {pair} > /dev/null", "bwa")
    yield Work("peers", "bwa mem | samtools sort", f"bwa mem -t 1 {pair} | {sort}", "bwa")
    yield Work("peers", "minimap2 -ax sr | samtools sort", f"minimap2 -t 1 -ax sr {pair} | {sort}", "minimap2")
    yield Work("peers", "BAM to counts", align(folder, (laboratory,)))
    yield Work("peers", "samtools view -u", f"samtools view -u {laboratory} > /dev/null", "samtools")
    yield Work(
        "peers",
        "samtools mpileup",
        f"samtools mpileup -B -Q 20 -d 0 -f {fasta} {laboratory} 2>/dev/null > /dev/null",
        "samtools",
    )
    yield Work(
        "peers",
        "bcftools mpileup",
        f"bcftools mpileup -B -Q 20 -d 10000000 -f {fasta} {laboratory} 2>/dev/null > /dev/null",
        "bcftools",
    )
    yield Work("peers", "pysam count_coverage", f'{sys.executable} -c "{coverage}"', "pysam")
