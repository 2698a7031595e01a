"""The truth table of a simulation: what is in each tube, and how it is copied and read."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ablkd.errors import InputError
from ablkd.records import Amplicon
from ablkd.reference import Reference
from ablkd.samples import NAME
from ablkd.simulate.molecules import UNRELATED, Molecule, build_molecule, parse_haplotype
from ablkd.tables import read_numbered_rows


@dataclass(frozen=True)
class TruthRow:
    """A line of truth.tsv: one haplotype of one sample. All but the first five columns may be left out.

    Haplotype columns: `fusion` (a transcript of the knowledge folder), `haplotype` (names joined by `+`,
    `unmutated`, or `unrelated` for random bases with an empty fusion), `fraction` of template molecules.
    The other columns are of the sample and the same in all its rows:

    amplicon            row name of amplicons.tsv; empty: whole transcripts are read
    depth               short reads: mean number of fragments over a base; long: reads; traces: not used
    template_molecules  cDNA molecules that enter the PCR
    cycles              of PCR; `pcr_error` per base and cycle, `recombination` per base over all cycles
    rt_error            per base, before the PCR
    length_bias         the final share of a molecule is multiplied by this per 100 bases it is shorter
    sequencing_error    substitutions per base; `indel_error` per base, long reads only
    site_error_log_sd   spread of the sequencing error between sites (sd of its natural logarithm)
    insert_mean, insert_sd, read_length   short reads; insert_mean 0: products are read uncut, from their ends
    forward_starts, reverse_starts   traces: first base of each trace on the target (1-based), joined by
                        `;`; both empty: one trace from either end of the product
    """

    sample: str
    platform: str
    fusion: str
    haplotype: str
    fraction: float
    amplicon: str
    depth: float
    template_molecules: int
    cycles: int
    rt_error: float
    pcr_error: float
    recombination: float
    length_bias: float
    sequencing_error: float
    indel_error: float
    site_error_log_sd: float
    insert_mean: float
    insert_sd: float
    read_length: int
    forward_starts: str
    reverse_starts: str


DEFAULTS = {
    "amplicon": "",
    "fusion": "",
    "depth": "2000",
    "template_molecules": "5000",
    "cycles": "35",
    "rt_error": "5e-5",
    "pcr_error": "1e-6",
    "recombination": "2e-4",
    "length_bias": "1",
    "sequencing_error": "0.002",
    "indel_error": "0.0005",
    "site_error_log_sd": "0.9",
    "insert_mean": "300",
    "insert_sd": "50",
    "read_length": "150",
    "forward_starts": "",
    "reverse_starts": "",
}
PROBABILITIES = ("rt_error", "pcr_error", "recombination", "sequencing_error", "indel_error")
LIMITS: tuple[tuple[str, Callable[[TruthRow], bool], str], ...] = (
    ("sample", lambda row: NAME.fullmatch(row.sample) is not None, "letters, digits, _ . and - only"),
    ("fraction", lambda row: 0 <= row.fraction <= 1, "0 to 1"),
    ("depth", lambda row: row.depth >= 0, "0 or more"),
    ("template_molecules", lambda row: 0 <= row.template_molecules <= 1_000_000, "0 to 1,000,000"),
    ("cycles", lambda row: 1 <= row.cycles <= 40, "1 to 40"),
    ("length_bias", lambda row: row.length_bias > 0, "more than 0"),
    ("site_error_log_sd", lambda row: row.site_error_log_sd >= 0, "0 or more"),
    ("insert_mean", lambda row: row.insert_mean >= 0, "0 or more"),
    ("insert_sd", lambda row: row.insert_sd >= 0, "0 or more"),
    ("read_length", lambda row: row.read_length >= 40, "40 or more"),
)
HAPLOTYPE_COLUMNS = {"fusion", "haplotype", "fraction"}


@dataclass(frozen=True)
class Tube:
    """One sample of the truth table, its names resolved.

    `molecules` and `fractions` run alike; a molecule is None where the haplotype is `unrelated`. `tiles`
    holds one primer pair per product, or None alone for whole transcripts.
    """

    settings: TruthRow
    reads: str
    molecules: tuple[Molecule | None, ...]
    fractions: tuple[float, ...]
    tiles: tuple[Amplicon | None, ...]
    forward_starts: tuple[int, ...]
    reverse_starts: tuple[int, ...]


def read_truth(path: Path, reference: Reference) -> list[Tube]:
    """The samples of a truth table, in order of their first row.

    Raises
    ------
    InputError
        Listing every problem as `FILE:LINE: what is wrong (what to do)`.
    """
    samples: dict[str, list[tuple[int, TruthRow]]] = {}
    problems = []
    for line, row in read_numbered_rows(path, TruthRow, DEFAULTS):
        samples.setdefault(row.sample, []).append((line, row))
        problems += [f"{path}:{line}: {problem}" for problem in _row_problems(row)]
    tubes = []
    for sample, rows in samples.items():
        problems += [f"{path}:{rows[0][0]}: {sample}: {problem}" for problem in _sample_problems(rows)]
        try:
            tubes.append(_tube(path, reference, rows))
        except InputError as error:
            problems += error.problems
    if not samples:
        problems.append(f"{path}: no sample (add a row)")
    if problems:
        raise InputError(problems)
    return tubes


def _row_problems(row: TruthRow) -> list[str]:
    problems = [
        f"{name} '{getattr(row, name)}' is not allowed ({allowed})"
        for name, allows, allowed in LIMITS
        if not allows(row)
    ]
    problems += [
        f"{name} '{getattr(row, name)}' is not a probability (0 to 0.5)"
        for name in PROBABILITIES
        if not 0 <= getattr(row, name) <= 0.5
    ]
    return problems


def _sample_problems(rows: list[tuple[int, TruthRow]]) -> list[str]:
    first = rows[0][1]
    problems = []
    for field in dataclasses.fields(TruthRow):
        values = {getattr(row, field.name) for _, row in rows}
        if field.name not in HAPLOTYPE_COLUMNS and len(values) > 1:
            problems.append(f"{field.name} differs between rows of the sample (write the same in each)")
    total = sum(row.fraction for _, row in rows)
    if abs(total - 1) > 1e-6 and first.template_molecules > 0:
        problems.append(f"the fractions add up to {total:.6g} (they must make 1)")
    return problems


def _tube(path: Path, reference: Reference, rows: list[tuple[int, TruthRow]]) -> Tube:
    settings = rows[0][1]
    problems, molecules = [], []
    for line, row in rows:
        try:
            molecules.append(_molecule(reference, row))
        except InputError as error:
            problems += [f"{path}:{line}: {problem}" for problem in error.problems]
    tiles: tuple[Amplicon | None, ...] = (None,)
    if settings.amplicon:
        tiles = tuple(a for a in reference.amplicons if a.name == settings.amplicon)
        if not tiles:
            known = ", ".join(dict.fromkeys(a.name for a in reference.amplicons))
            problems.append(f"{path}:{rows[0][0]}: no amplicon '{settings.amplicon}' (known: {known})")
    starts = []
    for column in ("forward_starts", "reverse_starts"):
        try:
            starts.append(tuple(int(c) for c in getattr(settings, column).split(";") if c.strip()))
        except ValueError:
            problems.append(f"{path}:{rows[0][0]}: {column} is not whole numbers joined by ';' (correct it)")
    try:
        reads = reference.platform(settings.platform).reads
    except InputError as error:
        problems += [f"{path}:{rows[0][0]}: {problem}" for problem in error.problems]
    if problems:
        raise InputError(problems)
    return Tube(settings, reads, tuple(molecules), tuple(r.fraction for _, r in rows), tiles, *starts)


def _molecule(reference: Reference, row: TruthRow) -> Molecule | None:
    if row.haplotype == UNRELATED:
        if row.fusion:
            raise InputError(f"haplotype '{UNRELATED}' is random bases (leave its fusion empty)")
        return None
    return build_molecule(reference, row.fusion, parse_haplotype(reference, row.haplotype))
