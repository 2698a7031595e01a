"""Burden: the fraction of a mutation, isoform or haplotype times the amount of the fusion transcript at that time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ablkd.clinical import measured
from ablkd.course.sights import Sight
from ablkd.records import ClinicalEvent
from ablkd.wording import number

COPIES = re.compile(r"\bcopies\b", re.IGNORECASE)
INTERNATIONAL_SCALE = re.compile(r"%\s*\(?IS\)?", re.IGNORECASE)


@dataclass(frozen=True)
class Burden:
    """The fraction times one measurement; `value` is None where the fraction was below its limit of detection.

    `low` to `high` is the interval of the fraction alone: what the measurement may be wrong by is not known.
    """

    name: str
    unit: str
    measurement: float
    value: float | None
    low: float | None
    high: float | None


def on_international_scale(unit: str) -> bool:
    """Whether a unit is `% IS`, however it is spaced."""
    return INTERNATIONAL_SCALE.fullmatch(unit.strip()) is not None


def is_amount(unit: str) -> bool:
    """Whether a unit is one in which the amount of the fusion transcript is measured: copies or `% IS`."""
    return COPIES.search(unit) is not None or on_international_scale(unit)


def burdens(date: str, sight: Sight, events: Sequence[ClinicalEvent]) -> list[Burden]:
    """One for each unit, copies or `% IS`, in which one measurement of that time is known."""
    seen = sight.status == "detected" and sight.value is not None
    absent = sight.status == "not_detected" and sight.limit is not None
    if not (seen or absent):
        return []
    found = []
    for event, amount in _amounts(date, events):
        parts = (sight.value, sight.low, sight.high) if seen else (None, 0.0, sight.limit)
        value, low, high = (None if part is None else part * amount for part in parts)
        found.append(Burden(event.name, event.unit, amount, value, low, high))
    return found


def _amounts(date: str, events: Sequence[ClinicalEvent]) -> list[tuple[ClinicalEvent, float]]:
    """The measurement of that date in each unit, or of that month where only a month is known of one of the two."""
    amounts = [
        (e, told[1])
        for e in events
        if e.kind == "measurement" and is_amount(e.unit) and (told := measured(e.value)) and told[0] == "="
    ]
    same = [pair for pair in amounts if date and pair[0].date == date]
    near = [pair for pair in amounts if date and pair[0].date and _overlap(pair[0].date, date)]
    found = []
    for unit in dict.fromkeys(event.unit for event, _ in near):
        of_unit = [p for p in same if p[0].unit == unit] or [p for p in near if p[0].unit == unit]
        if len(of_unit) == 1:  # of two, neither is known to be the one of this sample
            found += of_unit
    return found


def _overlap(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def burden_change(before: Sequence[Burden], now: Burden) -> str:
    """`expanded`, `regressed` or `no clear change` since the last burden by the same measurement; else empty.

    `before` are those of the earlier dated samples in order.
    """
    same = [b for b in before if (b.name, b.unit) == (now.name, now.unit)]
    if not same:
        return ""
    last = same[-1]
    if None in (last.low, last.high, now.low, now.high) or (last.value is None and now.value is None):
        return ""
    assert last.low is not None and last.high is not None and now.low is not None and now.high is not None
    # METHOD: as for fractions, only where the 95 % intervals do not touch. They are those of the fractions; the
    # imprecision of the two measurements is not known and is not in them, which the page says.
    span = f"({_amount(last)} to {_amount(now)} {now.unit})"
    if now.low > last.high:
        return f"expanded {span}"
    if now.high < last.low:
        return f"regressed {span}"
    return f"no clear change {span}"


def _amount(burden: Burden) -> str:
    return number(burden.value) if burden.value is not None else f"below {number(burden.high)}"
