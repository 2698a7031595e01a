"""The sentences of a drug line, from what the tables say and from what is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ablkd.consistency import EVIDENCE
from ablkd.interpretation.findings import Findings
from ablkd.records import Rule, Sensitivity
from ablkd.wording import joined, plain, ranges

MOST_CODONS = 12  # in a sentence; the line's `missing_codons` has them all
MOST_SETS = 4  # in a line; phase.tsv has them all


@dataclass(frozen=True)
class Verdict:
    """What the tables say of one finding and one drug; `rows` decided `category`, `shown` are all of them."""

    finding: str
    category: str
    rows: tuple[Sensitivity | Rule, ...]
    shown: tuple[Sensitivity | Rule, ...]


def sentences(
    drug: str,
    category: str,
    findings: Findings,
    verdicts: Sequence[Verdict],
    codons: Sequence[int],
    untyped: Sequence[str],
) -> list[str]:
    """What decides the line first, then each finding's evidence and what is open; no sentence twice.

    Gaps come first where they decide, else last; a compound that is not excluded comes first where it alone keeps the
    line unknown.
    """
    gaps = _gaps(category, codons, untyped)
    open_sets = _open_sets(findings.unresolved)
    said = gaps if category == "not_assessable" else []
    if category == "unknown" and all(v.category != category for v in verdicts):
        said = open_sets[:]
    if not verdicts:
        said.append(
            f"No resistance mutation was found where it could be looked for; this is not evidence that {drug} works."
        )
    said += _evidence(drug, verdicts)
    for verdict in verdicts:
        inside = findings.on_isoform.get(verdict.finding)
        if inside:
            said.append(
                f"What is known of {joined(list(inside))} is about the whole kinase and is not used for "
                "molecules that lack part of it."
            )
    said += open_sets
    low = [n for n in findings.mutations if n in findings.low_level]
    if low:
        said.append(f"Low level, below the reporting cut: {', '.join(low)}.")
    said += gaps
    return list(dict.fromkeys(said))


def _open_sets(unresolved: Sequence[str]) -> list[str]:
    """What may be on one molecule; of many sets their number and the first ones."""
    told = [joined([plain(name) for name in names.split("+")]) for names in unresolved]
    if len(told) <= MOST_SETS:
        return [f"A compound is not excluded: {names} may be on one molecule." for names in told]
    return [
        f"Compounds are not excluded: {len(told)} sets may be on one molecule, {'; '.join(told[:MOST_SETS])} and so on."
    ]


def ordered(rows: Sequence[Sensitivity | Rule]) -> list[Sensitivity | Rule]:
    """Rows by the strength of their evidence."""
    return sorted(rows, key=lambda row: EVIDENCE.index(row.evidence))


def _gaps(category: str, codons: Sequence[int], untyped: Sequence[str]) -> list[str]:
    closing = {
        "not_assessable": ", and this could change the line",
        "reduced": ", and this could worsen the line",
    }
    ending = closing.get(category, "")
    said = []
    if codons:
        told = f"Codon{'s' if len(codons) > 1 else ''} {ranges(codons)}"
        if len(codons) > MOST_CODONS:
            told = f"{len(codons)} codons between {codons[0]} and {codons[-1]}"
        said.append(f"{told} could not be assessed{ending}.")
    if untyped:
        said.append(f"Whether {' or '.join(map(plain, untyped))} is present could not be told{ending}.")
    return said


def _evidence(drug: str, verdicts: Sequence[Verdict]) -> list[str]:
    """What the tables say of each finding; those without a category, and those of one class row, are named together."""
    unknown = [_named(verdict.finding) for verdict in verdicts if not verdict.rows]
    covers: dict[Rule, list[str]] = {}
    for verdict in verdicts:
        for rule in (row for row in verdict.shown if isinstance(row, Rule)):
            covers.setdefault(rule, []).append(_named(verdict.finding))
    said = []
    for verdict in verdicts:
        if not verdict.rows:
            said.append(f"No source seen gives a category for {joined(unknown)} with {drug}.")
        rows = dict.fromkeys([*ordered(verdict.rows), *ordered(verdict.shown)])
        for row in (row for row in rows if row.statement):
            if isinstance(row, Sensitivity):
                said.append(f"{row.statement} [{row.source}]")
            elif row in covers:  # told at the first finding it covers
                said.append(f"{joined(covers.pop(row))}: {row.statement} [{row.source}]")
        fold = _folds([row for row in verdict.shown if isinstance(row, Sensitivity)])
        if fold:
            said.append(f"In vitro, the IC50 of {_named(verdict.finding)} is {fold}.")
    return said


def _named(finding: str) -> str:
    return " + ".join(plain(name) for name in finding.split("+"))


def _folds(rows: Sequence[Sensitivity]) -> str:
    """`2 to 22 times that of the unmutated kinase [key, key]`; empty where no value was measured.

    METHOD: a range over studies and no category: one scale of folds does not fit all drugs.
    """
    folds = sorted((row.fold, row.ic50_nm.startswith(">")) for row in rows if row.fold is not None)
    if folds:
        low, high = _three_digits(folds[0][0]), _three_digits(folds[-1][0])
        span = (high if low == high else f"{low} to {high}") + (" or more" if folds[-1][1] else "")
        keys = sorted({row.source for row in rows if row.fold is not None})
        return f"{span} times that of the unmutated kinase [{', '.join(keys)}]"
    values = [row for row in rows if row.ic50_nm]
    if not values:
        return ""
    listed = ", ".join(f"{row.ic50_nm} nM ({row.assay}) [{row.source}]" for row in values)
    return f"{listed}, without a value of the unmutated kinase"


def _three_digits(value: float) -> str:
    return f"{float(f'{value:.3g}'):g}"
