"""What is known of each drug, arranged for the page: its line, statements, and apart from them in-vitro values."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ablkd.records import Result, Sensitivity, Source
from ablkd.reference import Reference
from ablkd.report.clone_table import UNKNOWN, Cell, CloneTable, Line, Row
from ablkd.report.fold_map import span

# A sentence ends with its source, or without one with a full stop.
SENTENCE_END = re.compile(r"(?<=\]) |(?<=[a-z\])]\.) (?=[A-Z0-9])")
FOLDS = "In vitro, the IC50 of "  # such a sentence sums up a row of the in-vitro table


@dataclass(frozen=True)
class InVitro:
    """The in-vitro values of one finding and one drug: their range, and each with its source."""

    finding: str
    folds: str
    rows: tuple[Sensitivity, ...]


@dataclass(frozen=True)
class CloneSection:
    """What is known of one clone and one drug, sentence by sentence; the deciding one is the first."""

    row: Row
    cell: Cell
    told: tuple[str, ...]


@dataclass(frozen=True)
class DrugSection:
    """All that is known of one drug: its lines, its clones, then the tables: statements, and apart from them in-vitro
    values. `silent` are clones of which no source says anything.
    """

    drug: str
    lines: tuple[Line, ...]
    clones: tuple[CloneSection, ...]
    silent: tuple[str, ...]
    statements: tuple[Sensitivity, ...]
    in_vitro: tuple[InVitro, ...]


def drug_sections(result: Result, table: CloneTable) -> list[DrugSection]:
    """One section a drug in the order of drugs.tsv; evidence on other drugs follows."""
    names = dict.fromkeys([*table.drugs, *(e.drug for e in result.evidence)])
    return [_section(result, table, drug) for drug in names]


def _section(result: Result, table: CloneTable, drug: str) -> DrugSection:
    lines = tuple(line for line in table.lines if line.call.drug == drug)
    evidence = [e for e in result.evidence if e.drug == drug]
    told = [
        CloneSection(row, cell, _told(cell))
        for row in table.rows
        for cell in row.cells
        if cell.row.drug == drug and row.clone.kind != "none"
    ]
    return DrugSection(
        drug,
        lines,
        tuple(clone for clone in told if not _silent(clone)),
        tuple(clone.row.label for clone in told if _silent(clone)),
        tuple(e for e in evidence if e.evidence != "in_vitro"),
        _in_vitro([e for e in evidence if e.evidence == "in_vitro"]),
    )


def _told(cell: Cell) -> tuple[str, ...]:
    sentences = [s for s in SENTENCE_END.split(cell.row.statement) if s and not s.startswith(FOLDS)]
    return tuple(dict.fromkeys(sentences))


def _silent(clone: CloneSection) -> bool:
    """Whether its only sentence is that no source was seen."""
    return clone.cell.row.category == UNKNOWN and len(clone.told) <= 1 and "[" not in "".join(clone.told)


def _in_vitro(rows: list[Sensitivity]) -> tuple[InVitro, ...]:
    groups: dict[str, list[Sensitivity]] = {}
    for row in rows:
        groups.setdefault(row.finding, []).append(row)
    return tuple(InVitro(finding, fold_range(group), tuple(group)) for finding, group in groups.items())


def fold_range(rows: list[Sensitivity]) -> str:
    """`13.3–48.6 times (3 values)`; a value measured beyond the top dose makes the range open above."""
    told = span(rows)
    values = sum(row.fold is not None for row in rows)
    count = "1 value" if values == 1 else f"{values} values"
    return f"{told.replace(' or more', '')} times{' or more' if 'or more' in told else ''} ({count})" if told else ""


def cited_sources(result: Result, reference: Reference) -> list[Source]:
    """The sources of all that is said of the drugs, in the order of their first use."""
    texts = [f"{d.source} {d.lead} {d.favours} {d.statement}" for d in result.drugs]
    texts += [f"{cell.source} {cell.statement}" for cell in result.clone_drugs]
    told = [key for text in texts for key in re.findall(r"[\w-]+", text)]
    used = dict.fromkeys([*told, *(e.source for e in result.evidence)])
    return [reference.sources[key] for key in used if key in reference.sources]
