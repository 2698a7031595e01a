"""What is known of each drug, arranged for the page: its line, statements, and apart from them in-vitro values."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ablkd.records import DrugCall, Result, Sensitivity, Source
from ablkd.reference import Reference
from ablkd.report.fold_map import span
from ablkd.wording import joined

SENTENCE_END = re.compile(r"(?<=[.\]]) (?=[A-Z0-9])")
FOLDS = "In vitro, the IC50 of "  # such a sentence sums up a row of the in-vitro table


@dataclass(frozen=True)
class InVitro:
    """The in-vitro values of one finding and one drug: their range, and each with its source."""

    finding: str
    folds: str
    rows: tuple[Sensitivity, ...]


@dataclass(frozen=True)
class DrugSection:
    """All that is known of one drug: its lines and what they say beside the tables, then the tables: statements, and
    apart from them in-vitro values.
    """

    drug: str
    lines: tuple[DrugCall, ...]
    told: tuple[str, ...]
    statements: tuple[Sensitivity, ...]
    in_vitro: tuple[InVitro, ...]


def drug_sections(result: Result) -> list[DrugSection]:
    """One section a drug in the order of drugs.tsv; evidence on other drugs follows."""
    names = dict.fromkeys([*(d.drug for d in result.drugs), *(e.drug for e in result.evidence)])
    return [_section(result, drug) for drug in names]


def _section(result: Result, drug: str) -> DrugSection:
    lines = tuple(d for d in result.drugs if d.drug == drug)
    evidence = [e for e in result.evidence if e.drug == drug]
    tabled = {f"{e.statement} [{e.source}]" for e in evidence}
    told = [
        sentence
        for line in lines
        for sentence in SENTENCE_END.split(line.statement)
        if sentence and (sentence == line.lead or (sentence not in tabled and not sentence.startswith(FOLDS)))
    ]
    return DrugSection(
        drug,
        lines,
        tuple(dict.fromkeys(told)),
        tuple(e for e in evidence if e.evidence != "in_vitro"),
        _in_vitro([e for e in evidence if e.evidence == "in_vitro"]),
    )


def _in_vitro(rows: list[Sensitivity]) -> tuple[InVitro, ...]:
    groups: dict[str, list[Sensitivity]] = {}
    for row in rows:
        groups.setdefault(row.finding, []).append(row)
    return tuple(InVitro(finding, fold_range(group), tuple(group)) for finding, group in groups.items())


def members(result: Result, line: DrugCall) -> str:
    """Where only in-vitro values of a compound decide a line: its members with the same category in people.

    `resistant in vitro` would else read as if nothing were known from patients. Empty where there is nothing to add.
    """
    inside = {name for finding in line.because.split(";") if "+" in finding for name in finding.split("+")}
    known: dict[str, list[str]] = {}
    for row in result.evidence:
        if row.drug == line.drug and row.category == line.category and row.finding in inside:
            known.setdefault(row.evidence, []).append(row.finding)
    if line.evidence != "in_vitro" or line.category not in ("resistant", "reduced"):
        return ""
    told = [f"{joined(list(dict.fromkeys(names)))} ({kind})" for kind, names in known.items() if kind != "in_vitro"]
    return "; ".join(told)


def fold_range(rows: list[Sensitivity]) -> str:
    """`13.3–48.6 times (3 values)`; a value measured beyond the top dose makes the range open above."""
    told = span(rows)
    values = sum(row.fold is not None for row in rows)
    count = "1 value" if values == 1 else f"{values} values"
    return f"{told.replace(' or more', '')} times{' or more' if 'or more' in told else ''} ({count})" if told else ""


def cited_sources(result: Result, reference: Reference) -> list[Source]:
    """The sources of all that is said of the drugs, in the order of their first use."""
    told = [key for d in result.drugs for key in re.findall(r"[\w-]+", d.source + " " + d.statement)]
    used = dict.fromkeys([*told, *(e.source for e in result.evidence)])
    return [reference.sources[key] for key in used if key in reference.sources]
