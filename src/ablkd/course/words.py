"""What happened to one thing from sample to sample, in words."""

from __future__ import annotations

from collections.abc import Sequence

from ablkd.course.sights import Sight
from ablkd.wording import joined, per_cent, plain


def what_changed(before: Sequence[Sight], now: Sight) -> str:
    """`emerged`, `expanded`, `regressed`, `lost below LoD95 x` and the like; empty where nothing can be said.

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
    # METHOD: expanded or regressed only where the 95 % intervals do not touch; errs to "no clear change".
    other = ", on another platform" if last.platform != now.platform else ""
    if last.value is None or last.low is None or last.high is None:
        return f"still there{other}"
    if now.value is None or now.low is None or now.high is None:
        return f"still there{other}"
    span = f"({per_cent(last.value)} to {per_cent(now.value)}{other})"
    if now.low > last.high:
        return f"expanded {span}"
    if now.high < last.low:
        return f"regressed {span}"
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
