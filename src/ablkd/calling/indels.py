"""Small deletions and insertions inside exons."""

from __future__ import annotations

from ablkd.background.expected import Expected
from ablkd.calling.indel_limits import IndelTest
from ablkd.counting.counts import Indel
from ablkd.counting.indels import SeenIndel
from ablkd.counting.tally import Tally
from ablkd.verdicts.calls import BACKGROUND, Observation
from ablkd.verdicts.rule import carried_over
from ablkd.verdicts.thresholds import CARRY_OVER_FACTOR, LISTED_P, MIN_ALT_FRAGMENTS, MIN_DEPTH, MIN_P
from ablkd.verdicts.variants import indel_variant


def indel_observations(
    tally: Tally, indels: dict[Indel, SeenIndel], expected: Expected, alpha: float
) -> list[tuple[Observation, IndelTest]]:
    """What was measured of every deletion or insertion seen in at least three fragments that is listed, and its test.

    `indels` as `counting.indels.seen_indels` gives them; `alpha` is the significance level of an indel.
    """
    observed = [
        _observation(tally, expected, alpha, indel, one)
        for indel, one in sorted(indels.items())
        if len(one.owners) >= MIN_ALT_FRAGMENTS
    ]
    return [one for one in observed if one is not None]


def _observation(
    tally: Tally, expected: Expected, alpha: float, indel: Indel, seen: SeenIndel
) -> tuple[Observation, IndelTest] | None:
    f, background = tally.fragments, expected.background
    count, depth = len(seen.owners), seen.depth
    error, carried = expected.indels.rate(indel), expected.indels.carried(indel)
    p_value = background.tail(count, depth, error)
    is_seen = p_value < alpha
    if carried and not is_seen:
        is_seen = background.tail(count, depth, error.without(carried)) < alpha
    if not is_seen and p_value >= LISTED_P:
        return None
    share, low, high = background.interval(count, depth, error.mean, error.spread)
    forward = f.forward[seen.owners, 1] > 0
    reverse = f.reverse[seen.owners, 1] > 0
    observation = Observation(
        variant=indel_variant(expected.reference, *indel),
        depth=depth,
        alt_count=count,
        vaf=share,
        vaf_low=low,
        vaf_high=high,
        filters=tuple(_filters(expected, indel, count, depth, is_seen, is_seen and p_value >= alpha)),
        evidence="both_orientations" if forward.any() and reverse.any() else "single_orientation",
        p_value=max(p_value, MIN_P),
        q_value=1.0,
        background=error.mean,
        lod95=None,
    )
    return observation, IndelTest(indel, error, alpha)


def _filters(expected: Expected, indel: Indel, count: int, depth: int, is_seen: bool, explained: bool) -> list[str]:
    """What holds an indel back; explained: errors alone do not explain it, but with carry-over they do."""
    reasons, rates = [], expected.indels
    if not is_seen:
        reasons.append(BACKGROUND)
    if depth < MIN_DEPTH:
        reasons.append("depth")
    if carried_over(count, depth, rates.carried(indel), explained):
        reasons.append("carry_over")
    elif is_seen and rates.recurrent(indel):
        reasons.append("recurrent")
    # METHOD: below three times the fraction in the control. A control is not excused by another one.
    if not expected.is_control and count < CARRY_OVER_FACTOR * rates.contaminated(indel) * depth:
        reasons.append("control_contaminated")
    return reasons
