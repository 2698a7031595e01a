"""Small deletions and insertions inside exons."""

from __future__ import annotations

from ablkd.background.expected import Expected
from ablkd.background.indels import miscounted_run, touched_runs
from ablkd.counting.counts import Indel
from ablkd.counting.indels import SeenIndel
from ablkd.counting.tally import Tally
from ablkd.verdicts.calls import BACKGROUND, Observation
from ablkd.verdicts.rule import carried_over
from ablkd.verdicts.thresholds import LISTED_P, MIN_ALT_FRAGMENTS, MIN_DEPTH, MIN_P
from ablkd.verdicts.variants import indel_variant

# METHOD: on platforms whose indel error is 0.1 % or more, indels in homopolymers of 4 and longer look like
# errors without a control: errors may explain them, so that they are not seen.
LONG_HOMOPOLYMER, NOISY_INDELS = 4, 1e-3


def indel_observations(
    tally: Tally, indels: dict[Indel, SeenIndel], expected: Expected, alpha: float
) -> list[Observation]:
    """What was measured of every deletion or insertion seen in at least three fragments that is listed.

    `indels` as `seen_indels` gives them; `alpha` is the significance level of an indel.
    """
    observed = [
        _observation(tally, expected, alpha, indel, one)
        for indel, one in sorted(indels.items())
        if len(one.owners) >= MIN_ALT_FRAGMENTS
    ]
    return [one for one in observed if one is not None]


def _observation(tally: Tally, expected: Expected, alpha: float, indel: Indel, seen: SeenIndel) -> Observation | None:
    f, background = tally.fragments, expected.background
    owners, depth = seen.owners, seen.depth
    error, carried = expected.indel(indel), expected.carried_indel(indel)
    alone = error.without(carried)
    p_value = background.tail(len(owners), depth, error)
    is_seen = p_value < alpha
    if carried and not is_seen:
        is_seen = background.tail(len(owners), depth, alone) < alpha
    if not is_seen and p_value >= LISTED_P:
        return None
    share, low, high = background.interval(len(owners), depth, min(error.mean, 0.5), error.spread)
    forward = f.forward[owners, 1] > 0
    reverse = f.reverse[owners, 1] > 0
    return Observation(
        variant=indel_variant(expected.reference, *indel),
        depth=depth,
        alt_count=len(owners),
        vaf=share,
        vaf_low=low,
        vaf_high=high,
        filters=tuple(_filters(expected, indel, len(owners), depth, is_seen, is_seen and p_value >= alpha)),
        evidence="both_orientations" if forward.any() and reverse.any() else "single_orientation",
        p_value=max(p_value, MIN_P),
        q_value=1.0,
        background=error.mean,
        lod95=None,
    )


def _filters(expected: Expected, indel: Indel, count: int, depth: int, is_seen: bool, explained: bool) -> list[str]:
    """What holds an indel back; explained: errors alone do not explain it, but with carry-over they do."""
    reasons = []
    codon = min(indel[0] // 3, len(expected.depth) - 1)
    noisy = expected.platform.indel_error >= NOISY_INDELS and not expected.run.control_states[codon].any()
    homopolymer = noisy and miscounted_run(indel, touched_runs(expected.reference.codes)) >= LONG_HOMOPOLYMER
    if not is_seen or homopolymer:
        reasons.append(BACKGROUND)
    if depth < MIN_DEPTH:
        reasons.append("depth")
    if carried_over(count, depth, expected.carried_indel(indel), explained):
        reasons.append("carry_over")
    if homopolymer:
        reasons.append("homopolymer")
    return reasons
