"""Limit of detection: the smallest true fraction that is called with 95 % probability."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ablkd.background.allele import FAMILY_CV2
from ablkd.kernels import power

# METHOD: up to this many expected templates with the allele, templates are drawn one by one.
MANY_TEMPLATES = 100.0
# METHOD: a limit of detection is computed at depths and needed counts 2 % apart, on the safe side.
STEP = 1.02
PROBABILITY = 0.95
# Its range spans a factor of 32 at most, so that it is found to 0.4 %.
HALVINGS = 10
# Middles of 60 equally likely parts of the standard normal distribution.
QUANTILES = np.array([NormalDist().inv_cdf((i + 0.5) / 60) for i in range(60)])


@dataclass(frozen=True)
class Limits:
    """Limits of detection with N templates, each computed once."""

    templates: float
    known: dict[tuple[int, int, float], float] = field(default_factory=dict)

    def lod95(self, needed: int, n: int, rate: float) -> float:
        """Smallest fraction at which `needed` of n fragments are seen in 95 %; 1.0 where none is.

        `rate` is the expected error rate, whose fragments add to the true ones.
        """
        if needed > n:
            return 1.0
        # Errors are worth nothing where they are fewer than a hundredth of what is needed.
        helping = min(_stepped_down(rate * n), 0.5 * needed) / n if rate * n > 0.01 * needed else 0.0
        key = (_stepped_up(needed), _stepped_down(n), helping)
        if key[0] > key[1]:
            key = (needed, n, helping)
        if key not in self.known:
            self.known[key] = self._lod95(*key)
        return self.known[key]

    def _lod95(self, needed: int, n: int, rate: float) -> float:
        # The answer lies above what makes `needed` likely at all, and mostly not far above it.
        low = needed / n / 4
        high = min(1.0, 8 * max(needed / n, 4 / self.templates))
        if self._power(needed, n, high, rate) < PROBABILITY:
            low, high = high, 1.0
        for _ in range(HALVINGS):
            middle = float(np.sqrt(low * high))
            if self._power(needed, n, middle, rate) >= PROBABILITY:
                high = middle
            else:
                low = middle
        return float(high)

    def _power(self, needed: int, n: int, fraction: float, rate: float) -> float:
        """P(at least `needed` of n fragments) at a true fraction, with errors at `rate` on top.

        METHOD: templates are drawn first, each with its own family size, then fragments of them.
        """
        share, weight = self._template_shares(fraction)
        return float(power.power(share, weight, needed, n, rate, FAMILY_CV2, self.templates))

    def _template_shares(self, fraction: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(shares of templates with the allele, their probability) at a true fraction: binomial, 0 left out.

        Above MANY_TEMPLATES expected, 60 equally likely shares of the normal approximation.
        """
        mean = self.templates * fraction
        if mean > MANY_TEMPLATES:
            spread = np.sqrt(fraction * (1 - fraction) / self.templates)
            shares = fraction + spread * QUANTILES
            return np.clip(shares, 1e-9, 1 - 1e-9), np.full(60, 1 / 60)
        m, choices = (values[: int(mean + 9 * np.sqrt(mean) + 12)] for values in self._choices)
        weight = np.exp(choices + m * math.log(fraction) + (self.templates - m) * math.log1p(-fraction))
        return np.minimum(m / self.templates, 1 - 1e-9), weight

    @cached_property
    def _choices(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """(1, 2, ... of the templates, logs of how many choices of so many there are), as far as they are asked for."""
        most = MANY_TEMPLATES + 9 * np.sqrt(MANY_TEMPLATES) + 12
        m = np.arange(1, min(int(self.templates), int(most)) + 1)
        # Ratios of neighbours, (N - m + 1) / m.
        return m, np.cumsum(np.log((self.templates - m + 1) / m))


def _stepped_down(n: float) -> int:
    return int(STEP ** np.floor(np.log(n) / np.log(STEP))) if n > 50 else int(n)


def _stepped_up(n: int) -> int:
    return int(np.ceil(STEP ** np.ceil(np.log(n) / np.log(STEP)))) if n > 50 else n
