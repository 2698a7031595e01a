"""What happened to one thing from sample to sample, in words."""

from __future__ import annotations

from collections.abc import Sequence

from ablkd.clinical import measured
from ablkd.course.sights import Sight
from ablkd.wording import joined, number, per_cent, plain


def what_changed(before: Sequence[Sight], now: Sight) -> str:
    """`emerged`, `increased`, `decreased`, `lost below LoD95 x` and the like; empty where nothing can be said.

    `before` are the earlier dated samples in order. A sample that could not show the thing is passed over,
    never taken for its absence.
    """
    if not before:
        return ""
    able = [sight for sight in before if sight.status != "not_assessable"]
    last = able[-1] if able else None
    if now.status == "not_assessable":
        return "could not be assessed" if any(s.shown for s in before) else ""
    if last is None:
        return "first seen; no earlier sample could show it" if now.shown else ""
    if now.shown:
        return _compared(last, now) if last.shown else _appeared(able, last, now)
    if last.shown:
        return _disappeared(last, now)
    return ""


def _appeared(able: Sequence[Sight], last: Sight, now: Sight) -> str:
    if last.limit is not None and now.value is not None and now.value <= last.limit:
        return f"seen now; LoD95 {per_cent(last.limit)} before would not have shown it"
    word = "came back" if any(s.shown for s in able) else "emerged"
    return f"{word} (not seen before at LoD95 {per_cent(last.limit)})" if last.limit is not None else word


def _compared(last: Sight, now: Sight) -> str:
    # METHOD: increased or decreased only where the 95 % intervals do not touch; errs to "no clear change".
    other = ", on another platform" if last.platform != now.platform else ""
    if last.value is None or last.low is None or last.high is None:
        return f"still there{other}"
    if now.value is None or now.low is None or now.high is None:
        return f"still there{other}"
    span = f"({per_cent(last.value)} to {per_cent(now.value)}{other})"
    if now.low > last.high:
        return f"increased {span}"
    if now.high < last.low:
        return f"decreased {span}"
    return f"no clear change {span}"


def _disappeared(last: Sight, now: Sight) -> str:
    if now.status == "evidence_only":
        return "no longer called; evidence only"
    if now.status == "bounds_only":
        return "may still be there"
    if now.limit is None:
        return "not detected"
    floor = last.low if last.low is not None else last.value
    if floor is not None and now.limit > floor:
        return f"not detected, but LoD95 {per_cent(now.limit)} could have missed {per_cent(last.value)}"
    return f"lost below LoD95 {per_cent(now.limit)}"


def gained(name: str, earlier: Sequence[str]) -> str:
    """`X gained Y`: the largest earlier haplotype that is part of this one, and what is new on it."""
    members = name.split("+")
    parents = [e for e in earlier if set(e.split("+")) < set(members)]
    if not parents:
        return ""
    parent = max(parents, key=lambda p: p.count("+")).split("+")
    new = [plain(m) for m in members if m not in parent]
    return f"{joined([plain(m) for m in parent])} gained {joined(new)}"


def measurement_change(before: str, now: str, unit: str) -> str:
    """`fell 5.6-fold (140 000 to 25 000 copies)`: from one measured value to the next.

    Of a value given as `<` or `>` the fold is a bound. Empty where it is not known which is higher.
    """
    first, second = measured(before), measured(now)
    if not first or not second or first[1] == 0 or second[1] == 0:
        return ""
    (sign, value), (later, then) = first, second
    span = f"({shown_value(before)} to {shown_value(now)} {unit}".rstrip() + ")"
    if value == then:
        return f"no change {span}" if sign == later == "=" else ""
    rose = then > value
    # The lower of the two may be lower still, the higher one higher: then the fold is at least that of the bounds.
    low, high = (sign, later) if rose else (later, sign)
    if low == ">" or high == "<":
        return ""
    bound = "" if low == high == "=" else "at least "
    return f"{'rose' if rose else 'fell'} {bound}{number(max(value, then) / min(value, then))}-fold {span}"


def shown_value(value: str) -> str:
    """`140 000`, `<0.01`: a measured value with thin groups, in all the digits it was given with."""
    digits = value.lstrip("<>")
    if not digits.isdigit():
        return value
    return f"{value[: len(value) - len(digits)]}{number(int(digits))}"
