"""Which haplotype fractions the fragments tell, and the bounds of those that they do not tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablkd.background.allele import FAMILY_CV2
from ablkd.phasing.linkage import seen
from ablkd.phasing.mixture import Mixture

# METHOD: a combination of sites counts as seen together from 20 fragments.
PATTERN_COUNT = 20
TWO_SIDED = 1.96


@dataclass(frozen=True, eq=False)
class Design:
    """What was measured: rows float64[M, H] over the possible haplotypes, observed float64[M], behind float64[M]."""

    possible: NDArray[np.bool_]
    rows: NDArray[np.float64]
    observed: NDArray[np.float64]
    behind: NDArray[np.float64]

    def tells(self) -> NDArray[np.bool_]:
        """bool[2^K]: is the fraction a combination of what was measured (in the row space of the design)?"""
        _, singular, vectors = np.linalg.svd(self.rows, full_matrices=False)
        basis = vectors[singular > 1e-9]
        inside = np.abs(np.eye(self.rows.shape[1]) - basis.T @ basis).max(axis=1) < 1e-6
        known = np.zeros(len(self.possible), bool)
        known[self.possible] = inside
        return known

    def bounds(self, haplotypes: Sequence[int], templates: float) -> tuple[float, float]:
        """Smallest and largest sum of these haplotypes that the measured sums allow within 1.96 standard errors."""
        slack = self._slack(templates)
        limits = self.observed - slack, self.observed + slack
        low, high = (self._end(sign, haplotypes, *limits) for sign in (1, -1))
        if low is None or high is None:
            return 0.0, 1.0
        return max(0.0, low), min(1.0, high)

    def most(self, haplotypes: Sequence[int], templates: float) -> float:
        """Largest sum of these haplotypes that fragments and templates leave possible; above 0.

        METHOD: Wilson's intervals of the measured sums, where they are wider than 1.96 standard errors: 0 of n
        fragments have a standard error of 0, but do not exclude a fraction of 3.8 / n.
        """
        slack = self._slack(templates)
        low, high = wilson(self.observed, 1 / (1 / self.behind + (1 + FAMILY_CV2) / templates))
        low, high = np.minimum(low, self.observed - slack), np.maximum(high, self.observed + slack)
        low[0] = high[0] = 1.0
        end = self._end(-1, haplotypes, low, high)
        return 1.0 if end is None else min(1.0, end)

    def _slack(self, templates: float) -> NDArray[np.float64]:
        variance = self.observed * (1 - self.observed) * (1 / self.behind + (1 + FAMILY_CV2) / templates)
        slack = TWO_SIDED * np.sqrt(variance) + 1 / self.behind
        slack[0] = 0.0
        return slack

    def _end(
        self, sign: int, haplotypes: Sequence[int], low: NDArray[np.float64], high: NDArray[np.float64]
    ) -> float | None:
        """Smallest (sign 1) or largest (-1) sum of the haplotypes with all rows within limits; None if none fits."""
        # Here, because it takes long to import and few samples need it.
        from scipy import optimize

        goal = np.zeros(len(self.possible))
        goal[list(haplotypes)] = sign
        both = np.vstack([self.rows, -self.rows])
        limits = np.concatenate([high, -low])
        end = optimize.linprog(goal[self.possible], A_ub=both, b_ub=limits, bounds=(0, 1))
        return None if end.status else sign * float(end.fun)


def wilson(
    fraction: NDArray[np.float64], effective: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wilson's 95 % interval of each fraction float64[M] among an `effective` number of molecules float64[M]."""
    spread = TWO_SIDED**2 / effective
    middle = (fraction + spread / 2) / (1 + spread)
    half = np.sqrt(fraction * (1 - fraction) * spread + spread**2 / 4) / (1 + spread)
    return middle - half, middle + half


def design(mixture: Mixture) -> Design:
    """The sums of haplotypes that patterns of at least PATTERN_COUNT fragments measure; all add up to 1."""
    possible, counts = mixture.possible, mixture.counts
    rows, observed, behind = [np.ones(possible.sum())], [1.0], [float(max(counts.sum(), 1))]
    shown = seen(mixture.patterns)
    for sites in np.unique(shown, axis=0):
        same = (shown == sites).all(axis=1)
        n = counts[same].sum()
        if n < PATTERN_COUNT or not sites.any():
            continue
        for value in np.unique(mixture.states[:, sites], axis=0):
            rows.append((mixture.states[possible][:, sites] == value).all(axis=1).astype(float))
            hit = same & (mixture.patterns[:, sites] == value).all(axis=1)
            observed.append(counts[hit].sum() / n)
            behind.append(float(n))
    return Design(possible, np.array(rows), np.array(observed), np.array(behind))
