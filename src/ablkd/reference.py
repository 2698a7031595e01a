"""The knowledge folder, read once: sequences, exons, codons and every table. Only here are coordinates converted.

People see 1-based HGVS positions; arrays are 0-based half-open on the target transcript.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ablkd.consistency import inconsistencies
from ablkd.errors import InputError
from ablkd.records import (
    Amplicon,
    Disease,
    Drug,
    Exon,
    Mutation,
    Note,
    Platform,
    Polymorphism,
    ResponseLevel,
    Rule,
    Screened,
    Sensitivity,
    Source,
    SpliceVariant,
    Transcript,
)
from ablkd.tables import read_numbered_rows, read_text

TABLES: dict[str, type] = {
    "transcripts.tsv": Transcript,
    "exons.tsv": Exon,
    "amplicons.tsv": Amplicon,
    "platforms.tsv": Platform,
    "mutations.tsv": Mutation,
    "polymorphisms.tsv": Polymorphism,
    "splicing.tsv": SpliceVariant,
    "diseases.tsv": Disease,
    "tki/drugs.tsv": Drug,
    "tki/sensitivity.tsv": Sensitivity,
    "tki/rules.tsv": Rule,
    "tki/screen.tsv": Screened,
    "responses.tsv": ResponseLevel,
    "notes.tsv": Note,
    "sources.tsv": Source,
}
SEQUENCES = "transcripts.fasta"

Key = TypeVar("Key")


def encode(sequence: str) -> NDArray[np.uint8]:
    """Bases as codes uint8[len]: A 0, C 1, G 2, T 3, anything else 4."""
    table = np.full(256, 4, np.uint8)
    for code, pair in enumerate(("Aa", "Cc", "Gg", "Tt")):
        for letter in pair:
            table[ord(letter)] = code
    return table[np.frombuffer(sequence.encode("ascii", "replace"), np.uint8)]


@dataclass(frozen=True, eq=False)
class Reference:
    """A knowledge folder in memory. `sequences` maps every contig name to its bases (upper case)."""

    folder: Path
    sequences: dict[str, str]
    transcripts: tuple[Transcript, ...]
    exons: tuple[Exon, ...]
    amplicons: tuple[Amplicon, ...]
    platforms: dict[str, Platform]
    mutations: tuple[Mutation, ...]
    polymorphisms: tuple[Polymorphism, ...]
    splicing: tuple[SpliceVariant, ...]
    diseases: tuple[Disease, ...]
    drugs: tuple[Drug, ...]
    sensitivity: tuple[Sensitivity, ...]
    rules: tuple[Rule, ...]
    screened: tuple[Screened, ...]
    responses: tuple[ResponseLevel, ...]
    notes: dict[str, Note]
    sources: dict[str, Source]
    hashes: dict[str, str]

    @cached_property
    def target(self) -> Transcript:
        """The transcript that all positions are told on."""
        return next(t for t in self.transcripts if t.kind == "target")

    @cached_property
    def sequence(self) -> str:
        """The target's bases; index 0 is c.1."""
        return self.sequences[self.target.name]

    @cached_property
    def codes(self) -> NDArray[np.uint8]:
        """The target's bases as uint8[L] (A 0, C 1, G 2, T 3)."""
        return encode(self.sequence)

    @property
    def codons(self) -> int:
        """Number of whole codons of the target, the stop codon included."""
        return len(self.sequence) // 3

    def codon(self, codon: int) -> str:
        """The three bases of a codon, counted from 1."""
        return self.sequence[3 * codon - 3 : 3 * codon]

    def exon_at(self, position: int) -> str:
        """Name of the exon that holds 1-based `position`; empty where exons.tsv has none."""
        return next((e.exon for e in self.exons if e.start <= position <= e.end), "")

    def genome(self, start: int, end: int) -> tuple[str, int, int, str] | None:
        """(chromosome, first, last, strand) of 1-based c. positions; None where an intron splits them."""
        starts = [e.start for e in self.exons]
        index = bisect_right(starts, start) - 1
        if index < 0 or end > self.exons[index].end:
            return None
        exon = self.exons[index]
        if exon.strand == "+":
            first = exon.genome_start + start - exon.start
            return exon.chromosome, first, first + end - start, "+"
        last = exon.genome_end - (start - exon.start)
        return exon.chromosome, last - (end - start), last, "-"

    @cached_property
    def catalogue(self) -> dict[tuple[int, str], Mutation]:
        """(codon, changed codon) -> catalogue row."""
        return {(m.codon, m.alt_codon): m for m in self.mutations}

    @cached_property
    def tiers(self) -> dict[str, str]:
        """Name of a residue change -> tier of its catalogue rows."""
        return {m.name: m.tier for m in self.mutations}

    @cached_property
    def together(self) -> dict[str, frozenset[str]]:
        """Name of each fusion -> the fusions that a source reports together with it in one patient."""
        return {
            t.name: frozenset(filter(None, t.occurs_with.split(";"))) for t in self.transcripts if t.kind == "fusion"
        }

    @cached_property
    def abnormal_events(self) -> frozenset[str]:
        """The isoform events that healthy samples do not show."""
        return frozenset(event.event for event in self.splicing if event.expected == "no")

    @cached_property
    def benign(self) -> dict[tuple[int, str], Polymorphism]:
        """(codon, changed codon) -> polymorphism row."""
        return {(p.codon, p.alt_codon): p for p in self.polymorphisms}

    def platform(self, name: str) -> Platform:
        """A platform's row. Raises InputError for an unknown name."""
        if name not in self.platforms:
            known = ", ".join(self.platforms)
            raise InputError(f"{self.folder / 'platforms.tsv'}: no platform '{name}' (known: {known})")
        return self.platforms[name]


def load_reference(folder: str | Path) -> Reference:
    """Read and check a knowledge folder.

    Raises
    ------
    InputError
        With every problem found in any of its files.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder (give the knowledge folder; a copy of the one that ships will do)")
    problems: list[str] = []
    numbered: dict[str, list[tuple[int, Any]]] = {}
    for name, row_type in TABLES.items():
        try:
            numbered[name] = read_numbered_rows(folder / name, row_type)
        except InputError as error:
            problems += error.problems
    try:
        sequences = read_fasta(folder / SEQUENCES)
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError(problems)
    rows = {name: tuple(row for _, row in lines) for name, lines in numbered.items()}
    reference = Reference(
        folder=folder,
        sequences=sequences,
        transcripts=rows["transcripts.tsv"],
        exons=rows["exons.tsv"],
        amplicons=rows["amplicons.tsv"],
        platforms=_by(rows["platforms.tsv"], "platform"),
        mutations=rows["mutations.tsv"],
        polymorphisms=rows["polymorphisms.tsv"],
        splicing=rows["splicing.tsv"],
        diseases=rows["diseases.tsv"],
        drugs=rows["tki/drugs.tsv"],
        sensitivity=rows["tki/sensitivity.tsv"],
        rules=rows["tki/rules.tsv"],
        screened=rows["tki/screen.tsv"],
        responses=rows["responses.tsv"],
        notes=_by(rows["notes.tsv"], "key"),
        sources=_by(rows["sources.tsv"], "source"),
        hashes={name: sha256(folder / name) for name in [SEQUENCES, *TABLES]},
    )
    problems = inconsistencies(reference, numbered)
    if problems:
        raise InputError(problems)
    return reference


def _by(rows: tuple, field: str) -> dict:
    return {getattr(row, field): row for row in rows}


def sha256(path: Path) -> str:
    """Hex digest of a file's bytes."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_fasta(path: Path) -> dict[str, str]:
    """Contig name -> upper-case sequence, in file order."""
    sequences: dict[str, list[str]] = {}
    name = ""
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.startswith(">"):
            name = line[1:].split()[0] if line[1:].split() else ""
            if not name or name in sequences:
                raise InputError(f"{path}:{number}: contig name '{name}' is empty or stands twice (rename it)")
            sequences[name] = []
        elif line.strip():
            if not name:
                raise InputError(f"{path}:{number}: sequence before the first '>' line (add a name)")
            if set(line.strip().upper()) - set("ACGT"):
                raise InputError(f"{path}:{number}: a base is not A, C, G or T (correct the sequence)")
            sequences[name].append(line.strip().upper())
    return {name: "".join(parts) for name, parts in sequences.items()}
