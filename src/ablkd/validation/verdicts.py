"""Whether what is promised is kept, under the conditions that were asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from scipy import special

from ablkd.validation.false_calls import upper_bound
from ablkd.validation.rows import (
    COVERAGE,
    FALSE_CALLS,
    LIMIT_RATIO,
    Agreement,
    FalseCalls,
    Intervals,
    Limit,
    by_condition,
)

# METHOD: reads and counts disagree where equal sensitivity has less than this probability in any comparison.
DISAGREE = 0.01


@dataclass(frozen=True)
class Verdict:
    """A line of verdicts.tsv; verdict is `kept`, `not_shown` (too few samples) or `missed`."""

    study: str
    of: str
    promised: str
    found: str
    verdict: str


def verdicts(found: dict[str, list[Any]]) -> list[Verdict]:
    """A line for each promise that was looked at; `found` are the rows by study."""
    made = []
    platforms = dict.fromkeys(row.platform for row in found.get("false_calls", []))
    for platform in platforms:
        made.append(_false_calls(platform, [row for row in found["false_calls"] if row.platform == platform]))
    if found.get("limits"):
        made.append(_limits(found["limits"]))
    if found.get("intervals"):
        made.append(_intervals(found["intervals"]))
    if found.get("reads"):
        made.append(_agreement(found["reads"]))
    return made


def _false_calls(platform: str, rows: Sequence[FalseCalls]) -> Verdict:
    """METHOD: missed where any condition is above the target beyond chance (exact, one-sided 95 %) or all together
    are above it; kept only where the upper bound of all together is not above it."""
    calls, samples = sum(row.calls for row in rows), sum(row.samples for row in rows)
    upper = upper_bound(calls) / samples
    above = any(row.calls and special.gammaincinv(row.calls, 0.05) > FALSE_CALLS * row.samples for row in rows)
    verdict = "kept" if upper <= FALSE_CALLS else "not_shown"
    if above or calls > FALSE_CALLS * samples:
        verdict = "missed"
    found = f"{calls} in {samples} samples: {calls / samples:.4f} a sample, at most {upper:.4f} (95 %)"
    return Verdict("false_calls", platform, f"at most {FALSE_CALLS:g} false calls a wild-type sample", found, verdict)


def _limits(rows: Sequence[Limit]) -> Verdict:
    """METHOD: judged by the median of each condition. A single allele's limit rests on what a few controls happened to
    show of its site, so with as many alleles as one likes some are off by as much as one likes; they are told."""
    medians = [median(row.ratio for row in group) for group in by_condition(rows)]
    ratios = [row.ratio for row in rows]
    further = sum(not 1 / LIMIT_RATIO <= ratio <= LIMIT_RATIO for ratio in ratios)
    found = (
        f"median of a setting {min(medians):.2f} to {max(medians):.2f} times the measured one; "
        f"single alleles {min(ratios):.2f} to {max(ratios):.2f}, {further} of {len(ratios)} further off"
    )
    kept = min(medians) >= 1 / LIMIT_RATIO and max(medians) <= LIMIT_RATIO
    promised = f"reported LoD95 within {LIMIT_RATIO:g} times the measured one"
    return Verdict("limits", "all", promised, found, "kept" if kept else "missed")


def _intervals(rows: Sequence[Intervals]) -> Verdict:
    promised = f"{100 * COVERAGE[0]:.0f} to {100 * COVERAGE[1]:.0f} % of the 95 % intervals hold the true fraction"
    judged = [row.coverage for row in rows if row.judged == "yes"]
    if not judged:
        return Verdict("intervals", "all", promised, "no fraction is called in 95 %", "not_shown")
    found = f"{100 * min(judged):.1f} to {100 * max(judged):.1f} %, where a fraction is called in 95 % or more"
    kept = COVERAGE[0] <= min(judged) and max(judged) <= COVERAGE[1]
    return Verdict("intervals", "all", promised, found, "kept" if kept else "missed")


def _agreement(rows: Sequence[Agreement]) -> Verdict:
    """METHOD: Bonferroni over the rows."""
    least = min(row.p_value for row in rows)
    found = f"smallest p-value {least:.2g} of {len(rows)} comparisons"
    verdict = "kept" if least * len(rows) >= DISAGREE else "missed"
    return Verdict("reads", "all", "reads and counts give the same sensitivity", found, verdict)
