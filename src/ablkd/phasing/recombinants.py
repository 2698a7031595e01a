"""What PCR makes of molecules that carry parts of a set of changes, and the rate that would make all that was seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# The highest rate asked about, per bp: beyond it every molecule is cut in every interval of 5 bp.
HIGHEST, LOWEST, HALVINGS = 10.0, 1e-9, 80
LEAST = 1e-300


@dataclass(frozen=True, eq=False)
class Parts:
    """A set of K sites as it was read: together float64[K, K+1], at [i, j] the fraction of molecules with all changes
    of sites i to j-1; distances float64[K-1] in bp; error: fraction with all K that sequencing errors make.
    """

    together: NDArray[np.float64]
    distances: NDArray[np.float64]
    error: float

    def recombinant(self, rate: float) -> float:
        """Fraction with all changes that PCR alone makes at `rate` per bp.

        The parts before PCR come from those that were read, short ones first: f = exp(-R) h + what is recombinant.
        """
        keep = np.exp(-rate * self.distances)
        sites = len(self.together)
        before = np.zeros_like(self.together)
        made = 0.0
        for length in range(1, sites + 1):
            for i in range(sites - length + 1):
                j = i + length
                made = _made(before, keep, i, j)
                whole = max(float(np.prod(keep[i : j - 1])), LEAST)
                most = min(before[i, j - 1], before[i + 1, j]) if length > 1 else 1.0
                before[i, j] = min(max((self.together[i, j] - made) / whole, 0.0), most)
        return made

    def rate_needed(self) -> float | None:
        """Rate per bp that makes all of it without a true molecule; None where no rate could."""
        goal = float(self.together[0, -1]) - self.error
        if goal <= 0:
            return 0.0
        if self.recombinant(HIGHEST) < goal:
            return None
        low, high = LOWEST, HIGHEST
        for _ in range(HALVINGS):
            middle = float(np.sqrt(low * high))
            low, high = (low, middle) if self.recombinant(middle) >= goal else (middle, high)
        return high


def _made(before: NDArray[np.float64], keep: NDArray[np.float64], i: int, j: int) -> float:
    """Fraction with the changes of sites i to j-1 from molecules that were cut at least once in between.

    With the last cut before site b, what lies left of it is summed the same way.
    """
    left = {i: 1.0}
    total = 0.0
    for b in range(i + 1, j + 1):
        found = 0.0
        for a in range(i, b):
            if (a, b) == (i, j):
                continue
            cut = 1.0 if a == i else 1.0 - keep[a - 1]
            found += left[a] * cut * float(np.prod(keep[a : b - 1])) * before[a, b]
        left[b] = total = found
    return total
