"""What is known at each date of a patient: samples, measurements, treatments in force, responses, events, changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ablkd.course.response_levels import NOT_GRADED, NOT_REACHED
from ablkd.course.words import shown_value
from ablkd.records import TimelinePoint
from ablkd.report.timeline_axis import month
from ablkd.report.timeline_lanes import NO_END
from ablkd.report.timeline_words import MOST_OPEN, UNMUTATED, News, label, news_of
from ablkd.wording import with_interval

LEVEL_WORDS = {NOT_REACHED: "no response level reached", NOT_GRADED: "response level not graded"}
DATED = ("treatment", "measurement", "response", "event", "sample")


@dataclass(frozen=True)
class SampleFindings:
    """A sample of the date, and what was found in it, a line each."""

    sample: TimelinePoint
    lines: tuple[str, ...]
    news: News


@dataclass(frozen=True)
class DateRow:
    """One date, `YYYY-MM-DD` or `YYYY-MM`; every cell is a list of lines."""

    date: str
    samples: tuple[SampleFindings, ...]
    measurements: tuple[str, ...]
    treatments: tuple[str, ...]
    events: tuple[TimelinePoint, ...]
    trends: tuple[str, ...]


def date_rows(points: Sequence[TimelinePoint]) -> list[DateRow]:
    """A row for every date on which something is known to be, to begin or to end; undated facts are in none."""
    dated = [p for p in points if p.date and p.kind in DATED]
    dates = {p.date for p in dated} | {p.end_date for p in dated if p.end_date}
    return [_row(date, dated, points) for date in sorted(dates, key=lambda d: (month(d, 0.0), d))]


def _row(date: str, dated: Sequence[TimelinePoint], points: Sequence[TimelinePoint]) -> DateRow:
    now = [p for p in dated if p.date == date]
    measured = [p for p in now if p.kind == "measurement"]
    return DateRow(
        date,
        tuple(
            SampleFindings(p, _findings(points, p.sample), news_of(points, p.sample)) for p in now if p.kind == "sample"
        ),
        tuple(map(_measurement, measured)),
        tuple(t for p in dated if p.kind == "treatment" and (t := _in_force(p, date))),
        tuple(p for p in now if p.kind in ("response", "event")),
        tuple(f"{p.name} {p.change}" for p in measured if p.change),
    )


def _measurement(p: TimelinePoint) -> str:
    level = f"({LEVEL_WORDS.get(p.status, p.status)})" if p.status else ""
    until = f"(to {p.end_date})" if p.end_date else ""
    return " ".join(filter(None, (p.name, shown_value(p.value), p.unit, level, until)))


def _in_force(p: TimelinePoint, date: str) -> str:
    """The treatment and its dose where it is given at some time of the date, and whether it begins or ends then."""
    first, last = month(date, 0.0), month(date, 1.0)
    begin, end = month(p.date, 0.0), month(p.end_date, 1.0) if p.end_date else float("inf")
    if begin >= last and p.date != date or end <= first and p.end_date != date:
        return ""
    edges = [word for word, edge in (("begins", p.date), ("ends", p.end_date)) if edge.startswith(date)]
    edges += [NO_END] if not p.end_date else []
    dose = f"{p.value} {p.unit}".strip() if p.value else ""
    return " ".join(filter(None, (p.name, dose, f"({', '.join(edges)})" if edges else "")))


def _findings(points: Sequence[TimelinePoint], sample: str) -> tuple[str, ...]:
    """Mutations and isoforms with their fractions, sets on one molecule, then what was not detected or not assessed."""
    own = [p for p in points if p.sample == sample]
    seen = [p for p in own if p.kind in ("mutation", "splicing") and p.unit == "fraction"]
    lines = [_found(p) for p in seen if p.status in ("detected", "evidence_only", "bounds_only")]
    clones = {p.name: p for p in own if p.kind == "haplotype" and p.unit == "fraction" and p.status == "detected"}
    sets = [p for p in own if p.kind == "phase"]
    unproven = [p for p in sets if p.status != "compound"]
    for p in (p for p in sets if p not in unproven[MOST_OPEN:]):
        clone = clones.get(p.name)
        fraction = f" {with_interval(float(clone.value), clone.low, clone.high)}" if clone else ""
        lines.append(f"{'compound' if p.status == 'compound' else 'phase not resolved'}: {label(p.name)}{fraction}")
    if len(unproven) > MOST_OPEN:
        lines.append(f"and {len(unproven) - MOST_OPEN} more sets that may be on one molecule")
    lines += [
        f"haplotype {label(c.name)} alone {with_interval(float(c.value), c.low, c.high)}"
        for c in clones.values()
        if sets and "+" not in c.name and c.name != UNMUTATED
    ]
    for status, words in (("not_detected", "not detected"), ("not_assessable", "not assessed")):
        names = [label(p.name) for p in seen if p.status == status]
        lines += [f"{words}: {', '.join(names)}"] if names else []
    return tuple(lines)


def _found(p: TimelinePoint) -> str:
    value = with_interval(float(p.value) if p.value else None, p.low, p.high)
    return f"{label(p.name)} {value}{'' if p.status == 'detected' else ' (below calling criteria)'}"
