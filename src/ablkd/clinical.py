"""The clinical table: treatments, measurements, responses, events and remarks of patients, read and checked."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from ablkd.errors import InputError
from ablkd.records import ClinicalEvent
from ablkd.tables import read_numbered_rows

KINDS = ("treatment", "measurement", "response", "event", "remark")
NUMBER = re.compile(r"([<>]?)(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)")


def read_clinical(path: str | Path) -> list[ClinicalEvent]:
    """All rows of a clinical table; columns but patient, kind and name may be missing.

    Raises
    ------
    InputError
        With every problem, one a line, `FILE:LINE: what is wrong (what to do)`.
    """
    optional = dict.fromkeys(("date", "end_date", "value", "unit", "note"), "")
    rows = read_numbered_rows(Path(path), ClinicalEvent, optional)
    problems = [f"{path}:{number}: {text}" for number, row in rows for text in _problems(row)]
    if problems:
        raise InputError(problems)
    return [row for _, row in rows]


def measured(value: str) -> tuple[str, float] | None:
    """(`=`, `<` or `>`, the number) of a measured value; None where it is not a number."""
    found = NUMBER.fullmatch(value)
    return (found[1] or "=", float(found[2])) if found else None


def is_date(text: str) -> bool:
    """Whether a text is a day or a month that exists, `YYYY-MM-DD` or `YYYY-MM`."""
    if not re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", text):
        return False
    try:
        date.fromisoformat(text if len(text) == 10 else f"{text}-01")
    except ValueError:
        return False
    return True


def _problems(row: ClinicalEvent) -> list[str]:
    problems = [f"{name} is empty (fill it in)" for name in ("patient", "name") if not getattr(row, name)]
    if row.kind not in KINDS:
        problems.append(f"kind '{row.kind}' is not one of {', '.join(KINDS)} (correct it)")
    problems += [
        f"{name} '{getattr(row, name)}' is not a date (write YYYY-MM-DD or YYYY-MM, or leave it empty)"
        for name in ("date", "end_date")
        if getattr(row, name) and not is_date(getattr(row, name))
    ]
    if row.kind == "measurement" and not NUMBER.fullmatch(row.value):
        problems.append(f"value '{row.value}' is not a number, <NUMBER or >NUMBER (correct it)")
    return problems
