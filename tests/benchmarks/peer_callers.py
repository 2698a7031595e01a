"""Callers beside which ours is put: their commands, and what they and we found, in one form.

The peers read a BAM by bwa mem on the sequence of the amplicon; ours reads the FASTQ files. A call is taken apart
into single-base changes and indels on the target, so that T315M as one codon and as two bases are the same.
"""

from __future__ import annotations

import csv
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from peer_reads import CONTROLS, Allele, Mixture, Reads, alleles

PACKAGES = {
    "art_illumina": "art-nextgen-simulation-tools",
    **{name: name for name in ("dwgsim", "bwa", "samtools", "freebayes", "bcftools", "ivar")},
}
HGVS = re.compile(r"c\.(\d+)(?:_(\d+))?(?:([ACGT])>([ACGT])|(del)?(?:ins([ACGT]+))?|(dup))$")


@dataclass(frozen=True)
class Found:
    """A row of a caller's table: its alleles, the fraction it tells, and whether it passed the caller's filters."""

    alleles: frozenset[Allele]
    fraction: float
    passed: bool


@dataclass(frozen=True)
class Contig:
    """The amplicon as the peers see it: 0-based position on the contig + `offset` = 0-based position on `target`."""

    fasta: Path
    target: str
    offset: int

    def alleles(self, position: int, before: str, after: str) -> frozenset[Allele]:
        """Of a change at 1-based `position`; none where it begins before the target."""
        start = position - 1 + self.offset
        return alleles(self.target, start, before, after) if start >= 0 else frozenset()


def vcf_rows(text: str, contig: Contig) -> Iterator[Found]:
    """One row for each alternative allele; the fraction is its share of the reads counted in AD and DP."""
    for line in text.splitlines():
        if line.startswith("#") or not line:
            continue
        _, position, _, ref, alts, _, passed, _, keys, values = line.split("\t")[:10]
        sample = dict(zip(keys.split(":"), values.split(":"), strict=False))
        depths = [int(depth) for depth in sample["AD"].split(",")]
        for alt, depth in zip(alts.split(","), depths[1:], strict=True):
            if set(alt) <= set("ACGT"):
                fraction = depth / max(int(sample["DP"]), 1)
                yield Found(contig.alleles(int(position), ref, alt), fraction, passed in ("PASS", "."))


def ivar_rows(text: str, contig: Contig) -> Iterator[Found]:
    """Deletions are written `-CTG` and insertions `+CTG`, after the base at POS."""
    for row in csv.DictReader(text.splitlines(), delimiter="\t"):
        position, ref, alt = int(row["POS"]), row["REF"], row["ALT"]
        if alt[0] == "-":
            found = contig.alleles(position + 1, alt[1:], "")
        elif alt[0] == "+":
            found = contig.alleles(position + 1, "", alt[1:])
        else:
            found = contig.alleles(position, ref, alt)
        yield Found(found, float(row["ALT_FREQ"]), row["PASS"] == "TRUE")


def every_ivar_row(text: str, contig: Contig) -> Iterator[Found]:
    """The same with no regard to PASS."""
    return (Found(row.alleles, row.fraction, True) for row in ivar_rows(text, contig))


def our_rows(text: str, target: str) -> Iterator[Found]:
    """calls.tsv."""
    for row in csv.DictReader(text.splitlines(), delimiter="\t"):
        yield Found(hgvs_alleles(row["hgvs_c"], target), float(row["vaf"]), row["filter"] == "PASS")


def hgvs_alleles(name: str, target: str) -> frozenset[Allele]:
    """The alleles of a c. name."""
    match = HGVS.search(name)
    if match is None:
        raise ValueError(f"{name} is not a c. name this comparison knows")
    first, last, _, other, deleted, inserted, doubled = match.groups()
    start, end = int(first) - 1, int(last or first)
    if doubled:
        return alleles(target, end, "", target[start:end])
    if inserted and not deleted:
        return alleles(target, start + 1, "", inserted)
    return alleles(target, start, target[start:end], inserted or other or "")


@dataclass(frozen=True)
class Peer:
    """A caller with a setting: a shell pipeline from {bam} and {fasta} to {out}, and the reader of {out}."""

    name: str
    setting: str
    command: str
    rows: Callable[[str, Contig], Iterator[Found]]


def _freebayes(setting: str) -> Peer:
    return Peer("freebayes", setting, f"freebayes -f {{fasta}} {setting} {{bam}} > {{out}}", vcf_rows)


def _ivar(setting: str, rows: Callable[[str, Contig], Iterator[Found]], note: str) -> Peer:
    pile = "samtools mpileup -aa -A -d 0 -B -Q 0 --reference {fasta} {bam}"
    command = f"{pile} | ivar variants -p {{out}} {setting} -r {{fasta}} >&2"
    return Peer("iVar", f"{setting} {note}".strip(), command, rows)


PILEUP = "bcftools mpileup -d 1000000 -L 1000000 -q 20 -Q 20 -a AD,ADF,ADR,DP -f {fasta}"
BY_DEPTH = "FMT/AD[0:1]/FMT/DP>=0.002 && FMT/ADF[0:1]>=2 && FMT/ADR[0:1]>=2"
PEERS = (
    _freebayes("-F 0.01 --pooled-continuous"),
    _freebayes("-F 0.001 -C 5 -q 20 --haplotype-length 0 --pooled-continuous"),
    Peer("bcftools", "mpileup, call -mv", f"{PILEUP} {{bam}} | bcftools call -mv > {{out}}", vcf_rows),
    # call is made for genotypes; the counts of mpileup alone, both strands asked for, find more
    Peer(
        "bcftools",
        "mpileup, AD/DP >= 0.002, both strands",
        f"{PILEUP} -F 0.0005 -m 5 {{bam}} | bcftools norm -m- | bcftools view -i '{BY_DEPTH}' > {{out}}",
        vcf_rows,
    ),
    _ivar("", ivar_rows, "defaults (-t 0.03), PASS=TRUE"),
    _ivar("-t 0.001", ivar_rows, "PASS=TRUE"),
    _ivar("-t 0.001", every_ivar_row, "all rows"),
)


def missing_programs() -> str:
    """One sentence for programs that are not installed; empty when all are."""
    absent = [name for name in PACKAGES if not any((Path(p) / name).is_file() for p in os.get_exec_path())]
    packages = " ".join(PACKAGES[name] for name in absent)
    return f"{', '.join(absent)} not found (Debian and Ubuntu: apt-get install {packages})" if absent else ""


def shell(command: str) -> float:
    """Processor seconds of a pipeline. Raises SystemExit with what it said when it failed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{command}\n{done.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def bwa(contig: Contig, reads: Reads, bam: Path) -> float:
    """Align and sort on one core; seconds."""
    group, files = r"@RG\tID:s\tSM:s", " ".join(map(str, reads.mates))
    return shell(f"bwa mem -t 1 -R '{group}' {contig.fasta} {files} | samtools sort -o {bam} - && samtools index {bam}")


@dataclass(frozen=True)
class Ours:
    """A way to run ablkd: with the two wild-type controls in the run or every sample alone; `stated` when the sheet
    says how many molecules entered the PCR."""

    setting: str
    controls: bool
    stated: bool


OURS = (
    Ours("alone", False, False),
    Ours("alone, template_copies", False, True),
    Ours("2 wild-type controls in the run", True, False),
    Ours("2 wild-type controls, template_copies", True, True),
)


def run_ours(ours: Ours, folder: Path, samples: list[Mixture], reads: dict[str, Reads], molecules: int) -> float:
    """Our calls of all samples, by the workflow on one core; processor seconds for one sample.

    The compilation, done once for an installation, is not timed.
    """
    program = [sys.executable, "-m", "ablkd"]
    subprocess.run([*program, "init", str(folder)], check=True, capture_output=True)
    lines = ["sample\trun\tplatform\trole\treads_1\treads_2\ttemplate_copies"]
    for sample in samples:
        control = sample.name in CONTROLS
        if ours.controls or not control:
            run, role = "together" if ours.controls else sample.name, "wild_type_control" if control else ""
            cells = [sample.name, run, "illumina", role, *map(str, reads[sample.name].mates)]
            lines.append("\t".join([*cells, str(molecules) if ours.stated else ""]))
    (folder / "samples.tsv").write_text("\n".join(lines) + "\n")
    targets = " ".join(f"results/samples/{line.split()[0]}/calls.tsv" for line in lines[1:])
    snakemake = f"cd {folder} && {sys.executable} -m snakemake --cores 1"
    shell(f"{snakemake} results/work/compiled.txt")
    return shell(f"{snakemake} {targets}") / (len(lines) - 1)
