"""The page of a validation: promises and what came of them, pictures, tables, and how to make it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import median
from typing import Any

from ablkd.report import validation_plots as plots
from ablkd.report.pages import picture, render
from ablkd.tables import format_cell, write_text
from ablkd.validation.conditions import Condition
from ablkd.validation.rows import Intervals, Limit, Sensitivity, by_condition
from ablkd.validation.study import Validation
from ablkd.wording import number


@dataclass(frozen=True)
class LimitLine:
    """One depth and number of templates: median limits over the alleles, and the range of their ratio."""

    condition: Condition
    alleles: int
    reported: float
    measured: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class Line:
    """One condition in words, and its rows by true fraction; None where it was not asked for."""

    label: str
    rows: tuple[Any, ...]


def write_page(found: Validation, html: Path) -> None:
    """Write the one page."""
    write_text(html, render("validation.html", **page_view(found)))


def page_view(found: Validation) -> dict[str, Any]:
    """What the template needs."""
    rows = found.rows
    sensitivity: list[Sensitivity] = rows.get("sensitivity", [])
    intervals: list[Intervals] = rows.get("intervals", [])
    limits: list[Limit] = rows.get("limits", [])
    false_calls = rows.get("false_calls", [])
    labels = described(false_calls)
    curves = by_condition(sensitivity)
    return {
        "verdicts": found.verdicts,
        "settings": {s.name: s.value for s in found.settings},
        "knowledge": found.knowledge,
        "conditions": [[format_cell(getattr(c, f.name)) for f in fields(Condition)] for c in found.conditions],
        "columns": [f.name for f in fields(Condition)],
        "false_calls": list(zip(labels, false_calls, strict=True)),
        "sensitivity": _lines(curves),
        "sensitivity_fractions": sorted({row.fraction for row in sensitivity}),
        "limits": [_limit_line(group) for group in by_condition(limits)],
        "intervals": _lines(by_condition(intervals)),
        "interval_fractions": sorted({row.fraction for row in intervals}),
        "reads": rows.get("reads", []),
        "pictures": {
            "false_calls": _drawn(plots.false_calls, false_calls, labels),
            "sensitivity": _drawn(
                plots.sensitivity, [(line.label, g) for line, g in zip(_lines(curves), curves, strict=True)]
            ),
            "limits": _drawn(plots.limits, limits),
            "intervals": _drawn(plots.intervals, intervals),
        },
    }


def _drawn(paint: Callable[..., str], rows: Sequence[Any], *more: Any) -> Any:
    return picture(paint(rows, *more)) if rows else ""


def described(rows: Sequence[Condition]) -> list[str]:
    """Each condition in words: platform and controls, and whatever else differs between those of the platform."""
    return [", ".join(_words(row, [r for r in rows if r.platform == row.platform])) for row in rows]


def _words(row: Condition, rows: Sequence[Condition]) -> list[str]:
    differs = {f.name for f in fields(Condition) if len({getattr(r, f.name) for r in rows}) > 1}
    alone = row.controls == 0 and row.patients == 1
    parts = [row.platform.replace("_", " ")]
    parts.append("alone in its run" if alone else f"{row.controls} controls")
    if "depth" in differs:
        parts.append(f"depth {number(row.depth)}")
    if "templates" in differs or "stated" in differs:
        parts.append(f"{number(row.templates)} templates" + (" (not stated)" if row.stated == "no" else ""))
    if differs & {"transition_error", "transversion_error"}:
        parts.append(f"error {row.transition_error:.2g}/{row.transversion_error:.2g}")
    if "cv" in differs:
        parts.append(f"CV {row.cv:g}")
    return parts


def _lines(groups: Sequence[list[Any]]) -> list[Line]:
    labels = described([group[0] for group in groups])
    shown = sorted({row.fraction for group in groups for row in group})
    by_fraction = [{row.fraction: row for row in group} for group in groups]
    return [
        Line(label, tuple(known.get(fraction) for fraction in shown))
        for label, known in zip(labels, by_fraction, strict=True)
    ]


def _limit_line(rows: Sequence[Limit]) -> LimitLine:
    ratios = [row.ratio for row in rows]
    reported, measured = median(r.reported for r in rows), median(r.measured for r in rows)
    return LimitLine(rows[0], len(rows), reported, measured, min(ratios), max(ratios))
