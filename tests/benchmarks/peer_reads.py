"""Samples of known content for the comparison with other callers: who is in them, and their reads.

Every sample is a mixture of haplotypes of one fusion with one change each, in falling fractions; the next sample
gives the changes other fractions. Four ways to make reads of it, the first two by `ablkd simulate`:

    rt5000, rt500   reverse transcription from 5,000 or 500 molecules, whose errors all copies inherit, PCR errors
                    and template switches, sequencing errors that differ from site to site
    art, dwgsim     fragments of error-free haplotypes read by ART (HiSeq 2500) or DWGSIM (its own mutations
                    switched off): no RT or PCR errors and every site alike, which is kinder than any assay
"""

from __future__ import annotations

import gzip
import shutil
import subprocess
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ablkd.hgvs import shift_insertion_right, shift_right
from ablkd.reference import Reference
from ablkd.simulate import simulate
from ablkd.simulate.molecules import Product, amplify, build_molecule, parse_haplotype

FUSION, AMPLICON = "e14a2", "major_long"
FRACTIONS = (0.10, 0.05, 0.03, 0.01, 0.005, 0.003, 0.002, 0.001)
# The first place is taken by either change of codon 315: both in one sample would share a base.
CODON_315 = ("T315I", "T315M")
CHANGES = ("G250E", "c.1060_1062del", "E255K", "F317L", "Y253H", "M351T", "F359V")
CONTROLS = ("control1", "control2")
INSERT, INSERT_SD, READ = 300, 50, 150

Allele = tuple[int, str, str]  # first base on the target (1-based), bases there, bases instead


@dataclass(frozen=True)
class Mixture:
    """A sample: its name and the fraction of each mutated haplotype; the rest is unmutated."""

    name: str
    fractions: dict[str, float]

    @property
    def haplotypes(self) -> dict[str, float]:
        return {**self.fractions, "unmutated": 1 - sum(self.fractions.values())}


@dataclass(frozen=True)
class Reads:
    """FASTQ files of a sample, and the fraction of its molecules or pairs that really has each change."""

    mates: tuple[Path, Path]
    realised: dict[str, float]


# (reference, samples, depth, seed, folder) -> the reads of each sample
Maker = Callable[[Reference, list[Mixture], int, int, Path], dict[str, Reads]]


def mixtures(samples: int) -> list[Mixture]:
    """`samples` mixtures, half as many wild types (at least one) and the two wild-type controls."""
    mixed = []
    for number in range(samples):
        places = (CODON_315[number % 2], *CHANGES)
        turned = [places[(number + i) % len(places)] for i in range(len(FRACTIONS))]
        mixed.append(Mixture(f"mix{number + 1}", dict(zip(turned, FRACTIONS, strict=True))))
    wild = [Mixture(f"wild{number + 1}", {}) for number in range(max(1, samples // 2))]
    return mixed + wild + [Mixture(name, {}) for name in CONTROLS]


def product(reference: Reference, haplotype: str) -> Product:
    """What the amplicon's primers copy of a haplotype."""
    amplicon = next(row for row in reference.amplicons if row.name == AMPLICON)
    molecule = build_molecule(reference, FUSION, parse_haplotype(reference, haplotype))
    copied = amplify(reference, molecule, amplicon)
    assert copied is not None
    return copied


def bases(copied: Product) -> str:
    """The letters of a product."""
    return "".join("ACGT"[code] for code in copied.codes)


def alleles(sequence: str, start: int, before: str, after: str) -> frozenset[Allele]:
    """A change at 0-based `start` taken apart: one allele per changed base, an insertion or deletion at its most
    3' place. What is neither (other bases and another length) stays one allele."""
    while before and after and before[-1] == after[-1]:
        before, after = before[:-1], after[:-1]
    while before and after and before[0] == after[0]:
        start, before, after = start + 1, before[1:], after[1:]
    if len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True), start + 1)
        return frozenset((place, one, other) for place, (one, other) in pairs if one != other)
    if not after:
        first, end = shift_right(sequence, start, start + len(before))
        return frozenset({(first + 1, sequence[first:end], "")})
    if not before:
        place, inserted = shift_insertion_right(sequence, start, after)
        return frozenset({(place + 1, "", inserted)})
    return frozenset({(start + 1, before, after)})


def change_alleles(reference: Reference, change: str) -> frozenset[Allele]:
    """The alleles of a change by its name in CHANGES."""
    (edit,) = parse_haplotype(reference, change)
    return alleles(reference.sequence, edit.start, reference.sequence[edit.start : edit.end], edit.inserted)


def simulated(templates: int) -> Maker:
    """A maker of reads by our own simulator from so many cDNA molecules a tube."""

    def make(reference: Reference, samples: list[Mixture], depth: int, seed: int, folder: Path) -> dict[str, Reads]:
        lines = ["sample\tplatform\tfusion\thaplotype\tfraction\tamplicon\tdepth\ttemplate_molecules"]
        for sample in samples:
            tail = f"{AMPLICON}\t{depth}\t{templates}"
            lines += [f"{sample.name}\tillumina\t{FUSION}\t{h}\t{f:.6f}\t{tail}" for h, f in sample.haplotypes.items()]
        (folder / "truth.tsv").write_text("\n".join(lines) + "\n")
        simulate(folder / "truth.tsv", reference, folder, seed)
        shares: dict[str, dict[str, float]] = {sample.name: {} for sample in samples}
        for line in (folder / "molecules.tsv").read_text().splitlines()[1:]:
            name, _, _, haplotype, *_, share = line.split("\t")
            for change in haplotype.split("+"):
                shares[name][change] = shares[name].get(change, 0.0) + float(share)
        return {
            s.name: Reads(_mates(folder, s.name), {c: shares[s.name].get(c, 0.0) for c in s.fractions}) for s in samples
        }

    return make


def drawn(read: Callable[[Path, int, int, Path], tuple[Path, Path]]) -> Maker:
    """A maker of reads by a program that reads FASTA: pairs are shared out to the haplotypes by chance."""

    def make(reference: Reference, samples: list[Mixture], depth: int, seed: int, folder: Path) -> dict[str, Reads]:
        pairs = round(depth * len(product(reference, "unmutated").codes) / INSERT)
        made = {}
        for sample in samples:
            key = zlib.crc32(f"{seed} {folder.name} {sample.name}".encode())
            counts = np.random.default_rng(key).multinomial(pairs, list(sample.haplotypes.values()))
            mates = _mates(folder, sample.name)
            with gzip.open(mates[0], "wb", 1) as one, gzip.open(mates[1], "wb", 1) as two:
                for number, (haplotype, count) in enumerate(zip(sample.haplotypes, counts, strict=True)):
                    fasta = folder / "haplotype.fa"
                    fasta.write_text(f">h{number}\n{bases(product(reference, haplotype))}\n")
                    for path, file in zip(
                        read(fasta, int(count), key % 2**30 + number, folder), (one, two), strict=True
                    ):
                        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as text:
                            shutil.copyfileobj(text, file)
            realised = {h: int(c) / pairs for h, c in zip(sample.haplotypes, counts, strict=True) if h != "unmutated"}
            made[sample.name] = Reads(mates, realised)
        return made

    return make


def art(fasta: Path, pairs: int, seed: int, folder: Path) -> tuple[Path, Path]:
    """Pairs of one haplotype as ART reads them."""
    shape = ["-ss", "HS25", "-l", READ, "-m", INSERT, "-s", INSERT_SD, "-c", pairs, "-rs", seed]
    _quietly(["art_illumina", "-q", "-na", "-p", *shape, "-i", fasta, "-o", folder / "art_"])
    return folder / "art_1.fq", folder / "art_2.fq"


def dwgsim(fasta: Path, pairs: int, seed: int, folder: Path) -> tuple[Path, Path]:
    """Pairs of one haplotype as DWGSIM reads them; errors rise along the read from 0.02 to 0.2 %."""
    clean = ["-r", 0, "-R", 0, "-y", 0, "-H"]
    shape = ["-e", "0.0002-0.002", "-E", "0.0002-0.002", "-d", INSERT, "-s", INSERT_SD, "-1", READ, "-2", READ]
    _quietly(["dwgsim", "-z", seed, *clean, *shape, "-N", pairs, "-o", 1, fasta, folder / "dwgsim"])
    return folder / "dwgsim.bwa.read1.fastq.gz", folder / "dwgsim.bwa.read2.fastq.gz"


def _quietly(words: list[object]) -> None:
    subprocess.run([str(word) for word in words], check=True, capture_output=True)


def _mates(folder: Path, sample: str) -> tuple[Path, Path]:
    return folder / f"{sample}_1.fastq.gz", folder / f"{sample}_2.fastq.gz"


# How reads are made, and how many molecules of the fusion entered the PCR. Every pair of ART and DWGSIM is a molecule
# of its own, which a large number of templates comes to.
SOURCES: dict[str, tuple[Maker, int]] = {
    "rt5000": (simulated(5000), 5000),
    "rt500": (simulated(500), 500),
    "art": (drawn(art), 100_000),
    "dwgsim": (drawn(dwgsim), 100_000),
}
