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
# METHOD: an inserted base is read where its channel is so many times the next one.
CLEARLY = 2.5


@dataclass(frozen=True)
class Shift:
    """A surplus of a sequence that runs `ahead` target bases (behind: less than 0) from a base of the trace on.

    `base` counts called bases in the orientation of the target; `surplus` is about the share of those molecules.
    """

    ahead: int
    base: int
    surplus: float
    score: float


def _steps(placed: PlacedTrace) -> NDArray[np.intp]:
    """The called bases in the order they were read, int[B]."""
    order = np.arange(len(placed.trace.bases))
    return order if placed.forward else order[::-1]


def _surplus(mixture: Mixture, ahead: int, strong: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Surplus of the channel a shift predicts, float64[B] in reading order; nan where it predicts nothing new.

    strong bool[B]: bases with signal.
    """
    placed = mixture.placed
    contig, index = placed.isoforms[0].bases, placed.index[0]
    there = index + (ahead if placed.forward else -ahead)
    fits = (index >= 0) & (there >= 0) & (there < len(contig))
    shifted = np.where(fits, contig[np.clip(there, 0, len(contig) - 1)], 0)
    taken = np.zeros((len(index), 4), bool)
    for member in mixture.members:
        there, bases = placed.index[member], placed.isoforms[member].bases
        held = np.flatnonzero((there >= 0) & (bases[there] < 4))
        taken[held, bases[there[held]]] = True
    free = ~taken
    rows = np.arange(len(index))
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
    strong = strong_bases(mixture.placed)
    found = [_best_window(_surplus(mixture, ahead, strong)) for ahead in shifts]
    scores = np.array([score for score, _, _ in found])
    middle = float(np.median(scores))
    spread = 1.4826 * float(np.median(np.abs(scores - middle)))
    best = int(scores.argmax())
    score, onset, surplus = found[best]
    least = SMALLEST_OF_ONE if abs(shifts[best]) == 1 else SMALLEST_SURPLUS
    if spread <= 0 or score - middle < STANDS_OUT * spread or surplus < least:
        return None
    return Shift(shifts[best], int(_steps(mixture.placed)[onset]), surplus, (score - middle) / spread)


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


def indels_at(shift: Shift, mixture: Mixture) -> list[Indel]:
    """Indels at and around the place that a shift begins at; the inserted bases are N, to be read later."""
    placed = mixture.placed
    position = int(placed.positions[placed.index[0][shift.base]]) - 1
    if position < 0:
        return []
    places = range(position - TRIED_AROUND, position + TRIED_AROUND + 1)
    length = abs(shift.ahead)
    if shift.ahead > 0:
        starts = [p if placed.forward else p - length + 1 for p in places]
        return [Indel(start, start + length, "") for start in starts if start > 0]
    # Read forward the known sequence goes on where as many bases have been inserted; in reverse likewise.
    starts = [p - length if placed.forward else p + length + 1 for p in places]
    return [Indel(start, start, "N" * length) for start in starts if start > 0]


def read_inserted(indel: Indel, mixtures: Sequence[Mixture], share: float) -> str:
    """The inserted bases as the traces show them: the highest channel beside what the plain molecules show.

    N where no channel stands out.
    """
    letters = []
    for offset in range(len(indel.inserted)):
        votes = np.zeros(4)
        for mixture in mixtures:
            placed = mixture.placed
            # The reading stands over the target's base that the plain molecules show at the same place.
            target = indel.start + offset if placed.forward else indel.start - len(indel.inserted) + offset
            found = np.flatnonzero(placed.positions[placed.index[0]] * (placed.index[0] >= 0) == target + 1)
            if not len(found):
                continue
            fractions = placed.fractions[found[0]].copy()
            fractions[placed.isoforms[0].bases[placed.index[0][found[0]]]] -= 1 - share
            votes += fractions
        best = int(votes.argmax())
        ordered = np.sort(votes)
        letters.append("ACGT"[best] if ordered[-1] > max(CLEARLY * ordered[-2], share / 2) else "N")
    return "".join(letters)


def up_to(mixture: Mixture, shift: Shift | None) -> Mixture:
    """The mixture with no base trusted from the start of a shift that nothing explains."""
    if shift is None:
        return mixture
    behind = np.arange(len(mixture.good)) >= shift.base - TRIED_AROUND
    if not mixture.placed.forward:
        behind = np.arange(len(mixture.good)) <= shift.base + TRIED_AROUND
    return replace(mixture, good=mixture.good & ~behind)


def unexplained(mixture: Mixture) -> Shift | None:
    """A shift that none of the mixture's isoforms has."""
    forms = mixture.placed.isoforms
    return find_shift(mixture, [len(forms[0].bases) - len(forms[m].bases) for m in mixture.members])
