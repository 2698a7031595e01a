"""Limit of detection: the smallest true fraction that is called with 95 % probability."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np

from ablkd.background.allele import FAMILY_CV2, Background, ErrorRate
from ablkd.kernels import power

# METHOD: a limit of detection is computed at depths and needed counts 2 % apart, on the safe side.
STEP = 1.02
PROBABILITY = 0.95
# Fragments, or templates, of which there are enough for any limit.
AMPLE = 10**5
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
            self.known[key] = power.smallest_fraction(*key, self.templates, QUANTILES, FAMILY_CV2, PROBABILITY)
        return self.known[key]


def reached(background: Background, error: ErrorRate, alpha: float, required: float) -> bool:
    """Whether ample depth reaches a required limit of detection (a fraction) with this error rate."""
    needed = background.threshold(AMPLE, error, alpha)
    return Limits(background.templates).lod95(needed, AMPLE, error.mean) <= required


def limiting(background: Background, error: ErrorRate, alpha: float, required: float) -> str:
    """What keeps a limit of detection above the required one: `depth`, `templates`, or else `background`."""
    if reached(background, error, alpha, required):
        return "depth"
    many = Background(background.cv, float(AMPLE))
    return "templates" if reached(many, ErrorRate(error.rates, error.weights), alpha, required) else "background"


def _stepped_down(n: float) -> int:
    return int(STEP ** np.floor(np.log(n) / np.log(STEP))) if n > 50 else int(n)


def _stepped_up(n: int) -> int:
    return int(np.ceil(STEP ** np.ceil(np.log(n) / np.log(STEP)))) if n > 50 else n
