"""The in-vitro folds of a sample's findings as a map of findings by drugs, shaded within each drug."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from ablkd.records import Result, Sensitivity
from ablkd.wording import number

STEPS = 5


@dataclass(frozen=True)
class FoldCell:
    """One finding and one drug: the range of folds in words, how many sources, and the shade 0 to 5 (0: no fold)."""

    drug: str
    folds: str
    sources: int
    shade: int


def fold_map(result: Result, known: Sequence[Sensitivity]) -> list[tuple[str, list[FoldCell]]]:
    """A row for each finding with a fold for any drug, a cell for each drug of the result's lines.

    METHOD: one scale of folds does not fit all drugs, so a shade says where the median of the finding's folds stands
    among those of all findings that `known` has for the same drug: 1 the lowest fifth, 5 the highest.
    """
    drugs = [line.drug for line in result.drugs]
    codons = {call.name: call.codon for call in result.calls}
    findings = sorted({e.finding for e in result.evidence if e.fold is not None}, key=lambda f: (codons.get(f, 0), f))
    return [(f, [_cell(f, drug, result.evidence, known) for drug in drugs]) for f in findings]


def _cell(finding: str, drug: str, evidence: Iterable[Sensitivity], known: Sequence[Sensitivity]) -> FoldCell:
    rows = [e for e in evidence if (e.finding, e.drug) == (finding, drug) and e.fold is not None]
    if not rows:
        return FoldCell(drug, "", 0, 0)
    others: dict[str, list[float]] = {}
    for row in known:
        if row.drug == drug and row.fold is not None:
            others.setdefault(row.finding, []).append(row.fold)
    medians = [median(folds) for folds in others.values()]
    own = median(row.fold for row in rows if row.fold is not None)
    below = sum(m < own for m in medians) / len(medians) if medians else 0.0
    return FoldCell(drug, span(rows), len({row.source for row in rows}), 1 + min(STEPS - 1, int(STEPS * below)))


def span(rows: Iterable[Sensitivity]) -> str:
    """`2–22`, `5000 or more`; empty without a fold.

    METHOD: an IC50 given as `>x` bounds the fold from below, so the range has no known upper end.
    """
    told = [row for row in rows if row.fold is not None]
    if not told:
        return ""
    low, high = (number(f(row.fold for row in told if row.fold is not None)) for f in (min, max))
    open_above = any(row.ic50_nm.startswith(">") for row in told)
    return f"{low if low == high else f'{low}–{high}'}{' or more' if open_above else ''}"
