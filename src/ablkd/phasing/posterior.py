"""From the molecules that were amplified to those of the patient: a posterior through the number of templates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablkd.background.allele import FAMILY_CV2
from ablkd.kernels import beta
from ablkd.phasing.mixture import Weighed

ATOMS = 64
LEAST = 1e-300
HALVINGS = 40


@dataclass(frozen=True, eq=False)
class Posterior:
    """A fraction of the patient's molecules: `none` is the weight at 0, the rest a mixture of beta distributions.

    METHOD: the fragments tell the fraction g among what was amplified, of N templates; the patient's fraction is then
    Beta(n g + 1/2, n (1 - g) + 1/2) with n = N / (1 + CV^2) of family sizes. A single factor on all counts would take
    sets that few fragments span for less known than they are. A fraction of 0 among the templates is one of 0 in the
    patient, or one so small that no template had it: Beta(1, n + 1), with the weight that the uniform part of the prior
    gives to that.
    """

    none: float
    a: NDArray[np.float64]
    b: NDArray[np.float64]
    weights: NDArray[np.float64]

    def above(self, cut: float) -> float:
        """Probability of more than `cut`."""
        return float(1 - self._below(cut))

    def quantile(self, q: float) -> float:
        """The fraction that is not exceeded with probability q."""
        return 0.0 if q <= self.none else self._quantile(q, self.none, self.weights)

    def upper(self) -> float:
        """The upper end of the 95 % interval; always above 0.

        METHOD: the 97.5 % quantile of the fraction if it is not 0. The spike at 0 is a prior: where no fragment has
        the set, it takes nearly all of the posterior, and a quantile that includes it is 0 however few fragments were
        read. Without it, 0 of n fragments give about 3.7 / n, which few templates raise. What PCR recombination
        explains is subtracted at every rate as in the posterior, so a set that it explains is bounded by what remains.
        """
        return self._quantile(0.975, 0.0, self.weights / self.weights.sum())

    def _quantile(self, q: float, none: float, weights: NDArray[np.float64]) -> float:
        low, high = 0.0, 1.0
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            enough = none + beta.mixed_cdf(middle, self.a, self.b, weights) >= q
            low, high = (low, middle) if enough else (middle, high)
        return high

    def _below(self, value: float) -> float:
        return min(1.0, self.none + beta.mixed_cdf(value, self.a, self.b, self.weights))


def through_templates(found: Weighed, templates: float) -> Posterior:
    """The posterior of the patient's fraction; `templates` molecules were amplified."""
    order = np.argsort(found.values, kind="stable")
    values, weights = found.values[order], found.weights[order]
    n = templates / (1 + FAMILY_CV2)
    missed = min(0.5, 1 / (n * found.most))
    none, weights = found.none * (1 + missed), weights * (1 - missed)
    total = weights.sum()
    # Neighbours are taken together; the ends, which decide intervals, as finely as the middle.
    group = np.minimum((np.cumsum(weights) / max(total, LEAST) * ATOMS).astype(np.int64), ATOMS - 1)
    mass = np.bincount(group, weights, ATOMS).astype(np.float64)
    mean = np.bincount(group, weights * values, ATOMS)[mass > 0] / mass[mass > 0]
    a, b = np.append(n * mean + 0.5, 1.0), np.append(n * (1 - mean) + 0.5, n + 1.0)
    mass = np.append(mass[mass > 0], none * missed / (1 + missed))
    return Posterior(none / (1 + missed) / (none + total), a, b, mass / (none + total))
