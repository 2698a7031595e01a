"""The conditions that are simulated: one line each, in a table that a laboratory adapts."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from ablkd.errors import InputError
from ablkd.reference import Reference
from ablkd.tables import format_cell, read_numbered_rows

SHIPPED = Path(__file__).with_name("conditions.tsv")
STUDIES = ("false_calls", "sensitivity", "limits", "intervals", "reads")
WITH_FRACTIONS = ("sensitivity", "intervals", "reads")


@dataclass(frozen=True)
class Condition:
    """A line of conditions.tsv.

    study               what is asked: `false_calls`, `sensitivity`, `limits`, `intervals` or `reads`
    platform            a row of platforms.tsv that reads molecules
    controls, patients  wild-type controls of the run, and its other samples
    depth, templates    fragments over a codon, template molecules in the tube
    stated              `yes` if the sheet states the number of templates, else `no`
    transition_error, transversion_error, indel_error   medians over sites, for each wrong base or indel
    log_sd, cv          spread between sites (sd of natural logarithms), variation of a site between samples
    fractions           true fractions of mutations, joined by `;`
    """

    study: str
    platform: str
    controls: int
    patients: int
    depth: int
    templates: int
    stated: str
    transition_error: float
    transversion_error: float
    indel_error: float
    log_sd: float
    cv: float
    fractions: str

    @property
    def shares(self) -> tuple[float, ...]:
        """The true fractions as numbers."""
        return tuple(float(part) for part in self.fractions.split(";") if part.strip())

    @property
    def words(self) -> str:
        """The line as one text: what its random numbers are seeded with."""
        return "\t".join(format_cell(getattr(self, field.name)) for field in fields(Condition))


def read_conditions(path: Path, reference: Reference) -> list[Condition]:
    """The lines of a table of conditions.

    Raises
    ------
    InputError
        Listing every problem as `FILE:LINE: what is wrong (what to do)`.
    """
    rows = read_numbered_rows(path, Condition, {"fractions": ""})
    problems = [f"{path}:{line}: {problem}" for line, row in rows for problem in _problems(row, reference)]
    if not rows:
        problems.append(f"{path}: no condition (add a row)")
    if problems:
        raise InputError(problems)
    return [row for _, row in rows]


def _problems(row: Condition, reference: Reference) -> list[str]:
    problems = []
    if row.study not in STUDIES:
        problems.append(f"study '{row.study}' is not known (known: {', '.join(STUDIES)})")
    usable = [name for name, platform in reference.platforms.items() if platform.reads != "trace"]
    if row.platform not in usable:
        problems.append(f"platform '{row.platform}' does not read molecules (known: {', '.join(usable)})")
    if row.stated not in ("yes", "no"):
        problems.append(f"stated '{row.stated}' is not yes or no (write one of them)")
    for name, least in (("controls", 0), ("patients", 1), ("depth", 100), ("templates", 20)):
        if getattr(row, name) < least:
            problems.append(f"{name} {getattr(row, name)} is too few (at least {least})")
    for name in ("transition_error", "transversion_error", "indel_error"):
        if not 0 <= getattr(row, name) <= 0.05:
            problems.append(f"{name} '{getattr(row, name)}' is not an error rate (0 to 0.05)")
    for name in ("log_sd", "cv"):
        if not 0 <= getattr(row, name) <= 1.5:
            problems.append(f"{name} '{getattr(row, name)}' is not a spread (0 to 1.5)")
    return problems + _fraction_problems(row)


def _fraction_problems(row: Condition) -> list[str]:
    try:
        shares = row.shares
    except ValueError:
        return [f"fractions '{row.fractions}' are not numbers joined by ';' (correct the cell)"]
    if any(not 0 < share < 1 for share in shares):
        return [f"fractions '{row.fractions}' are not all between 0 and 1 (correct the cell)"]
    if row.study in WITH_FRACTIONS and not shares:
        return [f"a line of study {row.study} needs fractions (such as 0.01;0.03)"]
    return []
