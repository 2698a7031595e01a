"""The one rule: is something detected, not detected, or not assessed, and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ablkd.verdicts.thresholds import CARRY_OVER_FACTOR


class Held(NamedTuple):
    """What was seen and is held back: its filters joined by `;`, the upper bound of its fraction, None if unknown."""

    filter: str
    high: float | None


def decide(
    passed: bool,
    held: Held | None,
    limit: float | None,
    gap: str,
    cause: Callable[[float], str],
    required_lod: float,
) -> tuple[str, str]:
    """(`detected` | `not_detected` | `not_assessable`, the reason of the last).

    `limit` is the smallest fraction that would have been found, None where it is not known; `gap` says why nothing
    could be assessed whatever the limit, and `cause` why a limit misses the required one, which is a fraction.

    METHOD: what errors do not explain was seen. Seen and passed, it is detected. Seen and held back by a filter, it is
    not assessed where the upper bound of its fraction reaches the required limit, for it may be there at a fraction
    that must be reported; below, it is not detected, and filter, fraction and bound are printed. Not seen, it is not
    detected where the limit of detection is at most the required one.
    """
    if passed:
        return "detected", ""
    if held is not None and (held.high is None or held.high >= required_lod):
        return "not_assessable", held.filter
    reason = gap or ("" if limit is not None and limit <= required_lod else cause(required_lod))
    return ("not_assessable", reason) if reason else ("not_detected", "")


def carried_over(count: int, depth: int, carried: float, explained: bool) -> bool:
    """Whether the other samples of the run may have left what `count` of `depth` fragments show.

    `carried` is the rate per fragment that is expected of them; explained: errors alone do not explain the count, but
    with that rate they do.
    """
    return explained or count < CARRY_OVER_FACTOR * carried * depth
