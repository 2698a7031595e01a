"""Where a second sequence runs ahead of or behind the first: indels that no table lists, told by their shift.

Behind an indel the molecules that have it show the same sequence some bases early or late. At each base the channel
that a shift predicts is held against the two channels that neither sequence predicts, so noise of any size tells for
no shift; only the right shift keeps a surplus over many bases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ablkd.traces.align import Indel, PlacedTrace
from ablkd.traces.isoforms import Mixture, strong_bases

LONGEST_INDEL = 60
# METHOD: a shift is looked for in windows of this many bases, and told from 40 bases on.
WINDOW, FEWEST_BASES = 120, 40
# METHOD: the right shift must stand out of all wrong ones by this many of their standard deviations (from the
# median absolute deviation), and its molecules must be more than this share; the test comes later.
STANDS_OUT, SMALLEST_SURPLUS = 6.0, 0.04
# METHOD: peaks reach over to their neighbours, and products one base short come with the chemistry: 2 of 21 public
# traces show 4-5 % of a sequence one base ahead. A shift of one base must be more.
SMALLEST_OF_ONE = 0.10
# Candidates for the exact place are tried this far to either side.
TRIED_AROUND = 8


@dataclass(frozen=True)
class Shift:
    """A surplus of a sequence that runs `ahead` target bases (behind: less than 0) from a base of the trace on.

    `base` and `first` count called bases in the orientation of the target. `surplus` is about the share of those
    molecules; from `first` on, in reading order, this or another shift shows.
    """

    ahead: int
    base: int
    surplus: float
    score: float
    first: int


def _steps(placed: PlacedTrace) -> NDArray[np.intp]:
    """The called bases in the order they were read, int[B]."""
    order = np.arange(len(placed.trace.bases))
    return order if placed.forward else order[::-1]


def _surplus(mixture: Mixture, ahead: int, strong: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Surplus of the channel a shift predicts, float64[B] in reading order; nan where it predicts nothing new.

    strong bool[B]: bases with signal.
    """
    placed = mixture.placed
    shifted, _ = shifted_bases(mixture, ahead)
    fits = shifted < 4
    shifted = np.where(fits, shifted, 0)
    taken = np.zeros((len(shifted), 4), bool)
    for member in mixture.members:
        there, bases = placed.index[member], placed.isoforms[member].bases
        held = np.flatnonzero((there >= 0) & (bases[there] < 4))
        taken[held, bases[there[held]]] = True
    free = ~taken
    rows = np.arange(len(shifted))
    rest = free.copy()
    rest[rows, shifted] = False
    usable = fits & strong & free[rows, shifted] & rest.any(axis=1)
    left = placed.fractions - mixture.expected
    others = np.where(rest, left, 0.0).sum(axis=1) / np.maximum(rest.sum(axis=1), 1)
    return np.where(usable, left[rows, shifted] - others, np.nan)[_steps(placed)]


def find_shift(mixture: Mixture, known: Sequence[int] = ()) -> Shift | None:
    """The shift that stands out most of the others in what a mixture leaves unexplained; None where none does.

    `known` are shifts that the mixture's own isoforms have.
    """
    shifts = [s for s in range(-LONGEST_INDEL, LONGEST_INDEL + 1) if s and s not in known]
    strong, steps = strong_bases(mixture.placed), _steps(mixture.placed)
    surpluses = [_surplus(mixture, ahead, strong) for ahead in shifts]
    best = _clearest(shifts, surpluses, len(steps))
    if best is None:
        return None
    # METHOD: of several indels the one further on may show best, and no base after the first of them can be trusted.
    # The same shift may start earlier in fewer molecules.
    first, earlier = best.base, _clearest(shifts, surpluses, best.base)
    while earlier is not None:
        first, earlier = earlier.base, _clearest(shifts, surpluses, earlier.base)
    return replace(best, base=int(steps[best.base]), first=int(steps[first]))


def _clearest(shifts: Sequence[int], surpluses: Sequence[NDArray[np.float64]], end: int) -> Shift | None:
    """The shift that stands out most in the steps before `end`, its bases in reading order; None where none does."""
    found = [_best_window(surplus[:end]) for surplus in surpluses]
    scores = np.array([score for score, _, _ in found])
    middle = float(np.median(scores))
    spread = 1.4826 * float(np.median(np.abs(scores - middle)))
    best = int(scores.argmax())
    score, onset, surplus = found[best]
    least = SMALLEST_OF_ONE if abs(shifts[best]) == 1 else SMALLEST_SURPLUS
    if spread <= 0 or score - middle < STANDS_OUT * spread or surplus < least:
        return None
    return Shift(shifts[best], onset, surplus, (score - middle) / spread, onset)


def _best_window(surplus: NDArray[np.float64]) -> tuple[float, int, float]:
    """(score, first step, mean surplus) of the window that shows a shift best; its start by the cumulative sum."""
    seen = np.flatnonzero(~np.isnan(surplus))
    if len(seen) < FEWEST_BASES:
        return 0.0, 0, 0.0
    values = np.clip(surplus[seen], -0.5, 1.0)
    total = np.r_[0.0, np.cumsum(values)]
    number = min(WINDOW, len(values))
    first = np.arange(0, len(values) - FEWEST_BASES + 1)
    last = np.minimum(first + number, len(values))
    means = (total[last] - total[first]) / (last - first)
    scores = means * np.sqrt(last - first)
    best = int(scores.argmax())
    mean = float(means[best])
    # The start is where all bases from there to the end of the window are nearer to the mean surplus than to none.
    rest = np.cumsum((values[: last[best]] - mean / 2)[::-1])[::-1]
    onset = int(rest.argmax())
    return float(scores[best]), int(seen[min(onset, len(seen) - 1)]), mean


def indels_around(ahead: int, position: int) -> list[Indel]:
    """Indels of one net length around a target position (0-based); inserted bases are N, to be read later."""
    starts = [p for p in range(position - TRIED_AROUND, position + TRIED_AROUND + 1) if p > 0]
    if ahead > 0:
        return [Indel(start, start + ahead, "") for start in starts]
    return [Indel(start, start, "N" * -ahead) for start in starts]


def start_of(shift: Shift, placed: PlacedTrace) -> int | None:
    """The target position (0-based) at which an indel with this shift starts; None where that is not on the target."""
    position = int(placed.positions[placed.index[0][shift.base]]) - 1
    if position < 0:
        return None
    if placed.forward:
        # After an insertion the known sequence goes on where as many bases have been inserted.
        return position if shift.ahead > 0 else position + shift.ahead
    return position - shift.ahead + 1


def shifted_bases(mixture: Mixture, ahead: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Codes that molecules `ahead` bases ahead and those of the contig show, uint8[B] each; 4 where they show none."""
    placed = mixture.placed
    contig, index = placed.isoforms[0].bases, placed.index[0]
    there = index + (ahead if placed.forward else -ahead)
    fits = (index >= 0) & (there >= 0) & (there < len(contig))
    shifted = np.where(fits, contig[np.clip(there, 0, len(contig) - 1)], 4).astype(np.uint8)
    return shifted, np.where(index >= 0, contig[np.maximum(index, 0)], 4).astype(np.uint8)


def up_to(mixture: Mixture, shift: Shift | None) -> Mixture:
    """The mixture with no base trusted from the start of a shift that nothing explains."""
    if shift is None:
        return mixture
    after = np.arange(len(mixture.good)) >= shift.first - TRIED_AROUND
    if not mixture.placed.forward:
        after = np.arange(len(mixture.good)) <= shift.first + TRIED_AROUND
    return replace(mixture, good=mixture.good & ~after)


def unexplained(mixture: Mixture) -> Shift | None:
    """A shift that none of the mixture's isoforms has."""
    forms = mixture.placed.isoforms
    return find_shift(mixture, [len(forms[0].bases) - len(forms[m].bases) for m in mixture.members])
