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
        # Here, because it takes long to import and few samples need it.
        from scipy import optimize

        variance = self.observed * (1 - self.observed) * (1 / self.behind + (1 + FAMILY_CV2) / templates)
        slack = TWO_SIDED * np.sqrt(variance) + 1 / self.behind
        slack[0] = 0.0
        goal = np.zeros(len(self.possible))
        goal[list(haplotypes)] = 1.0
        goal = goal[self.possible]
        limits = np.concatenate([self.observed + slack, slack - self.observed])
        both = np.vstack([self.rows, -self.rows])
        ends = [optimize.linprog(sign * goal, A_ub=both, b_ub=limits, bounds=(0, 1)) for sign in (1, -1)]
        if any(e.status for e in ends):
            return 0.0, 1.0
        return max(0.0, float(ends[0].fun)), min(1.0, float(-ends[1].fun))


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
