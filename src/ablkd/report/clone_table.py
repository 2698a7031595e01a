"""Clones by drugs as people read them: chips, shares and notes. All that they say was decided before."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ablkd.interpretation.drug_lines import MOST_OPEN, NOT_ASSESSABLE
from ablkd.interpretation.evidence import KINDS, UNKNOWN
from ablkd.interpretation.statements import named
from ablkd.records import Clone, CloneDrug, DrugCall, Result
from ablkd.wording import bounded, interval

CITED = re.compile(r"(?<=\]) ")  # a statement ends with its source
REPORTED, IN_VITRO = "reported", "in_vitro"


@dataclass(frozen=True)
class Chip:
    """A category and where it holds; hollow where it rests on in-vitro values or on what may not be there."""

    word: str
    scope: str
    hollow: bool


@dataclass(frozen=True)
class Cell:
    """One clone and one drug; `note` is the number of its note, 0 without."""

    row: CloneDrug
    chips: tuple[Chip, ...]
    kinds: str
    note: int


@dataclass(frozen=True)
class Line:
    """One drug: the category of its most resistant clone, which clone that is, and what speaks for the drug."""

    call: DrugCall
    chips: tuple[Chip, ...]
    kinds: str
    clone: str
    share: str
    low_level: bool
    note: int
    favours: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """One clone: what it is, its share, and a cell for each drug; `note` is that of all its cells."""

    clone: Clone
    label: str
    share: str
    bounds: str
    remark: str
    note: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class CloneTable:
    """The clones of a sample by drugs, a line for each drug, and the notes of both by number.

    `left_out` counts the sets that are not excluded and have no row.
    """

    drugs: tuple[str, ...]
    rows: tuple[Row, ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...]
    left_out: int


def clone_table(result: Result) -> CloneTable:
    """The table of a sample, in the order of its clones and drugs."""
    drugs = drugs_of([result])
    open_sets = [clone for clone in result.clones if clone.kind == "not_excluded"]
    shown = [clone for clone in result.clones if clone not in open_sets[MOST_OPEN:]]
    cells = {(cell.clone, cell.drug): cell for cell in result.clone_drugs}
    by_clone = {clone: [cells[clone.clone, d] for d in drugs if (clone.clone, d) in cells] for clone in shown}
    told = [cell.provisional for row in by_clone.values() for cell in row]
    notes = list(dict.fromkeys(filter(None, [*told, *(call.provisional for call in result.drugs)])))
    return CloneTable(
        drugs,
        tuple(_row(result, clone, row, notes) for clone, row in by_clone.items()),
        tuple(drug_lines(result, notes).values()),
        tuple(notes),
        len(open_sets[MOST_OPEN:]),
    )


def drugs_of(results: Iterable[Result]) -> tuple[str, ...]:
    """The drugs of some results in the order of their lines."""
    names = [name for r in results for name in (*(d.drug for d in r.drugs), *(c.drug for c in r.clone_drugs))]
    return tuple(dict.fromkeys(names))


def _row(result: Result, clone: Clone, cells: Sequence[CloneDrug], notes: Sequence[str]) -> Row:
    told = {cell.provisional for cell in cells}
    note = _number(told.pop(), notes) if len(told) == 1 else 0
    return Row(
        clone,
        label(clone, result),
        *share_and_bounds(clone.fraction, clone.fraction_low, clone.fraction_high),
        _remark(clone, result),
        note,
        tuple(_cell(clone, cell, 0 if note else _number(cell.provisional, notes)) for cell in cells),
    )


def _cell(clone: Clone, cell: CloneDrug, note: int) -> Cell:
    return Cell(cell, chips(cell.category, cell.evidence, _weak(clone)), kinds(cell.category, cell.evidence), note)


def drug_lines(result: Result, notes: Sequence[str] = ()) -> dict[str, Line]:
    """The line of each drug, with the number of its note where notes are given."""
    return {call.drug: _line(result, call, _number(call.provisional, notes)) for call in result.drugs}


def _line(result: Result, call: DrugCall, note: int) -> Line:
    clone = next((clone for clone in result.clones if clone.clone == call.clone), None)
    share, _ = share_and_bounds(call.fraction, call.fraction_low, call.fraction_high)
    return Line(
        call,
        chips(call.category, call.evidence, _weak(clone)),
        kinds(call.category, call.evidence),
        label(clone, result) if clone else "",
        share,
        clone is not None and clone.level == "low_level",
        note,
        tuple(text for text in CITED.split(call.favours) if text),
    )


def _number(text: str, notes: Sequence[str]) -> int:
    return notes.index(text) + 1 if text in notes else 0


def _weak(clone: Clone | None) -> bool:
    return clone is not None and (clone.level == "low_level" or clone.kind in ("not_excluded", "germline"))


def chips(category: str, evidence: str, weak: bool) -> tuple[Chip, ...]:
    """A chip for each category that holds somewhere: `resistant, CML only; reported, Ph+ ALL only` has two."""
    # `reported` is a kind of evidence as well: whatever the other categories rest on, it is not that.
    in_vitro = {kind for kind in evidence.split(";") if kind != REPORTED} == {IN_VITRO}
    parts = [part.partition(", ") for part in category.split("; ")]
    return tuple(Chip(word, scope, weak or word == REPORTED or in_vitro) for word, _, scope in parts)


def kinds(category: str, evidence: str) -> str:
    """The kinds of evidence in words, strongest first; beside the category `reported` only what that does not say."""
    if category == REPORTED:
        return KINDS[REPORTED].removeprefix(f"{REPORTED} ")
    return ", ".join(KINDS.get(kind, kind) for kind in evidence.split(";") if kind)


def in_words(cell: CloneDrug) -> str:
    """A cell as text, for sheets: `sensitive, CML-CP only (label), provisional`."""
    told = cell.category.replace("_", " ")
    told += f" ({', '.join(KINDS.get(kind, kind) for kind in cell.evidence.split(';'))})" if cell.evidence else ""
    told += f"; screen: {cell.screen.replace(';', ', ')}" if cell.screen and cell.category == UNKNOWN else ""
    return told + (", provisional" if cell.provisional else "")


def label(clone: Clone, result: Result) -> str:
    """What a clone is called."""
    if clone.kind != "none":
        return f"{'not excluded: ' if clone.kind == 'not_excluded' else ''}{named(clone.clone)}"
    if len(result.clones) > 1:
        return "none of these mutations"
    blind = any(call.category == NOT_ASSESSABLE for call in result.drugs)
    return "not assessed" if blind else "no mutation found"


def _remark(clone: Clone, result: Result) -> str:
    """How the molecules of a clone stand to the other findings."""
    several = "+" in clone.clone
    others = sum(other.kind not in ("none", "germline") for other in result.clones) > 1
    if clone.kind in ("mutation", "isoform"):
        return "at least this" if others else ""
    return {
        "haplotype": "compound" if several else "alone" if others else "",
        "compound": "compound, at least these",
        "not_excluded": "phase not resolved",
        "transcript": "fusion transcript",
        "germline": "possibly germline",
    }.get(clone.kind, "")


def share_and_bounds(fraction: float | None, low: float | None, high: float | None) -> tuple[str, str]:
    """`20.0 %` and `18.1–22.0 %`; of a share that is only bounded `up to 12.0 %` or its bounds, and nothing."""
    bounds = interval(low, high) if None not in (fraction, low, high) else ""
    return bounded(fraction, low, high), bounds
