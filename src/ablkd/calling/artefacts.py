"""Artefacts that look like variants: strand bias, one amplicon or the ends of reads alone, errors of a new context."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ablkd.background.classes import bases_of
from ablkd.background.contaminants import INBORN
from ablkd.background.expected import Expected
from ablkd.background.strands import strand_factor
from ablkd.counting.tally import Tally
from ablkd.fragments import Fragments
from ablkd.kernels.power import beta_binomial_tail

if TYPE_CHECKING:
    from ablkd.calling.call import Tested

# METHOD: orientations, or the primer pairs that cover a codon, disagree where a stratum that should show the allele (5
# expected) has it with p < 1e-4 and less than a fifth of the pooled fraction.
POWERED, STRAND_P, STRAND_RATIO = 5.0, 1e-4, 0.2
# METHOD: the strands of long reads disagree where errors with a rate on each strand explain the counts a hundred times
# better than one fraction. By simulation at most 0.1 % of true variants of 2 to 50 % do so by chance. Orientations of
# short reads are parts of products, often of different ones, and only the rule above applies to them.
STRAND_FACTOR = 100.0
# METHOD: an artefact of read ends has 90 % of its bases within 10 nt of one, where fewer than half of the rest are.
END_DISTANCE, END_ALT, END_REST = 10, 0.9, 0.5
# METHOD: on long reads of a platform with 0.1 % errors a base and more, errors depend on the sequence around them, up
# to 10 bases away (a nanopore reads five to nine bases at once). A real variant makes a sequence that no control has. A
# second variant on less than half of the molecules with it may be an error of that sequence where its count on the
# other molecules is explained (p of 1 % and more) by their errors and by a fifth of its fraction on the first ones. On
# more than half it is a variant: no error is read in most molecules.
NOISY_READS, CONTEXT_REACH, MINORITY, NEARLY_NONE, REST_P = 1e-3, 10, 0.5, 0.2, 0.01


def strands_disagree(strata: NDArray[np.int64], state: int, expected: Expected) -> bool:
    """Whether the strands of long reads differ as errors do; strata int64[3, 64]: a codon's states by orientation."""
    if expected.platform.reads != "long":
        return False
    x, n = strata[:2, state], strata[:2].sum(axis=1)
    return bool(n.all()) and strand_factor(x, n, expected.run.strand_spread) > STRAND_FACTOR


def by_tile(states: NDArray[np.int8], tile: NDArray[np.int16]) -> NDArray[np.int64]:
    """int64[T, 64]: states of the fragments of each primer pair that covers the codon."""
    shown = states >= 0
    return np.array([np.bincount(states[shown & (tile == t)], minlength=64) for t in np.unique(tile[shown])])


def strata_disagree(strata: NDArray[np.int64], state: int, templates: float) -> bool:
    """Whether one of the strata int64[T, 64] lacks the state although it should show it."""
    depth = strata.sum(axis=1)
    pooled = strata[:, state].sum() / depth.sum()
    for seen, n in zip(strata[:, state], depth, strict=True):
        if n * pooled < POWERED or seen / n >= STRAND_RATIO * pooled:
            continue
        # At most so many.
        few = 1 - beta_binomial_tail(int(seen) + 1, int(n), pooled * templates, (1 - pooled) * templates)
        if few < STRAND_P:
            return True
    return False


def only_at_ends(f: Fragments, states: NDArray[np.int8], codon: int, state: int) -> bool:
    """Whether a state is shown near the ends of reads only, where most other fragments are not."""
    near = np.zeros(len(states), bool)
    for span in (f.forward, f.reverse):
        covers = (span[:, 0] <= 3 * codon) & (3 * codon + 3 <= span[:, 1])
        distance = np.minimum(3 * codon - span[:, 0], span[:, 1] - 3 * codon - 3)
        near |= covers & (distance < END_DISTANCE)
    alt, rest = states == state, (states >= 0) & (states != state)
    return bool(alt.any() and rest.any() and near[alt].mean() >= END_ALT and near[rest].mean() < END_REST)


def is_error_of_context(tally: Tally, expected: Expected, one: Tested, tested: Sequence[Tested]) -> bool:
    """Whether a variant may be an error of the sequence that a more frequent one of those `tested` makes."""
    platform = expected.platform
    noisy = max(platform.transition_error, platform.transversion_error) >= NOISY_READS
    if platform.reads != "long" or not noisy or not one.is_seen:
        return False
    seen = [other for other in tested if other.is_seen]
    near = [other for other in seen if _is_near(tally, one, other)]
    return any(_only_with(tally, expected, one, other, seen) for other in near)


def _is_near(tally: Tally, one: Tested, other: Tested) -> bool:
    """Whether the other variant is more frequent, in another codon, and within reach."""
    count, of_other = (tally.states_seen[t.codon, t.state] for t in (one, other))
    if one.codon == other.codon or count >= of_other:
        return False
    distances = [abs(a - b) for a in _changed(tally, one) for b in _changed(tally, other)]
    return min(distances) <= CONTEXT_REACH


def _changed(tally: Tally, one: Tested) -> list[int]:
    """0-based positions of the bases that a variant changes."""
    wild = tally.target[3 * one.codon : 3 * one.codon + 3].tolist()
    return [3 * one.codon + i for i, (a, b) in enumerate(zip(wild, bases_of(one.state), strict=True)) if a != b]


def _only_with(tally: Tally, expected: Expected, one: Tested, other: Tested, seen: Sequence[Tested]) -> bool:
    """Whether a variant is on less than half of the molecules with the other one, and not on the rest of them.

    A control that has the other variant by birth shows the errors of its sequence.
    """
    in_controls = expected.run.control_states[other.codon]
    if in_controls[other.state] > INBORN * in_controls.sum():
        return False
    state, context = tally.states([one.codon + 1, other.codon + 1]).T
    both_shown = state >= 0
    inside = both_shown & (context == other.state)
    # What shows no state that molecules have may be a misread molecule of either kind.
    unchanged = int(tally.target[3 * other.codon : 3 * other.codon + 3].astype(np.int64) @ [16, 4, 1])
    others = [unchanged, *(t.state for t in seen if t.codon == other.codon and t.state != other.state)]
    outside = both_shown & np.isin(context, others)
    x, x_rest = (int((state[group] == one.state).sum()) for group in (inside, outside))
    n, n_rest = int(inside.sum()), int(outside.sum())
    if not n or x >= MINORITY * n:
        return False
    if not n_rest:
        return True
    # Molecules with both are among the rest where the other variant was misread.
    misread = float(expected.means.max()) * x / n_rest
    error = one.error.carrying(misread + NEARLY_NONE * x / n)
    return expected.background.tail(x_rest, n_rest, error) >= REST_P
