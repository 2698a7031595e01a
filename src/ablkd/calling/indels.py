"""Small deletions and insertions inside exons."""

from __future__ import annotations

import numpy as np

from ablkd.background.expected import Expected
from ablkd.background.indels import miscounted_run, touched_runs
from ablkd.counting.counts import Indel
from ablkd.counting.tally import Tally
from ablkd.kernels.pileup import SKIPPED
from ablkd.verdicts.calls import BACKGROUND, Observation
from ablkd.verdicts.thresholds import CARRY_OVER_FACTOR, LISTED_P, MIN_ALT_FRAGMENTS, MIN_DEPTH, MIN_P
from ablkd.verdicts.variants import indel_variant

# METHOD: on platforms whose indel error is 0.1 % or more, indels in homopolymers of 4 and longer are not told from
# errors without a control; they stay evidence.
LONG_HOMOPOLYMER, NOISY_INDELS = 4, 1e-3


def indel_observations(
    tally: Tally, indels: dict[Indel, list[int]], expected: Expected, alpha: float
) -> list[Observation]:
    """What was measured of every deletion or insertion seen in at least three fragments that is listed.

    `indels` as `tally.seen_indels` gives them; `alpha` is the significance level of an indel.
    """
    observed = [
        _observation(tally, expected, alpha, indel, fragments)
        for indel, fragments in sorted(indels.items())
        if len(fragments) >= MIN_ALT_FRAGMENTS
    ]
    return [one for one in observed if one is not None]


def _observation(
    tally: Tally, expected: Expected, alpha: float, indel: Indel, fragments: list[int]
) -> Observation | None:
    f, background = tally.fragments, expected.background
    owners = np.unique(fragments)
    codon = min(indel[0] // 3, len(tally.depth) - 1)
    if tally.masked[codon] and not tally.containing[codon]:
        return None
    error, carried = expected.indel(indel), expected.carried_indel(indel)
    alone = error.without(carried)
    # At the smallest depth it can have, an indel that errors explain easily needs no row.
    if background.tail(len(owners), max(len(owners), int(tally.depth[codon])), alone) >= LISTED_P:
        return None
    # Fragments with the indel that do not show the codon besides are not in its depth yet.
    hidden = tally.states([codon + 1])[owners, 0]
    depth = int(tally.depth[codon]) + int(((hidden < 0) & (hidden != SKIPPED)).sum())
    p_value = background.tail(len(owners), depth, error)
    is_real = is_seen = p_value < alpha
    if carried and not is_real:
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
        filters=tuple(_filters(expected, indel, codon, len(owners), depth, (is_seen, is_real))),
        evidence="both_orientations" if forward.any() and reverse.any() else "single_orientation",
        p_value=max(p_value, MIN_P),
        q_value=1.0,
        background=error.mean,
        lod95=None,
    )


def _filters(
    expected: Expected, indel: Indel, codon: int, count: int, depth: int, tested: tuple[bool, bool]
) -> list[str]:
    """What holds an indel back; `tested`: (errors alone do not explain it, errors and carry-over do not)."""
    reasons, (is_seen, is_real) = [], tested
    if not is_seen:
        reasons.append(BACKGROUND)
    if depth < MIN_DEPTH:
        reasons.append("depth")
    if is_seen != is_real or count < CARRY_OVER_FACTOR * expected.carried_indel(indel) * depth:
        reasons.append("carry_over")
    noisy = expected.platform.indel_error >= NOISY_INDELS and not expected.run.control_states[codon].any()
    if noisy and miscounted_run(indel, touched_runs(expected.reference.codes)) >= LONG_HOMOPOLYMER:
        reasons.append("homopolymer")
    return reasons
