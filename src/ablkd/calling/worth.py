"""What two wild-type controls would be worth to a sample that has none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ablkd.background.allele import FAMILY_CV2, ErrorRate
from ablkd.background.expected import Expected
from ablkd.kernels import tails

CONTROLS = 2


def median_limits(expected: Expected, alpha: float) -> tuple[float, float] | None:
    """(LoD95, LoD95 beside two controls as deep as the sample), medians over the listed single changes.

    `alpha` is the level of a listed change. METHOD: each control is taken to show what the median rate of the allele
    makes, rounded. None where no listed change is covered.
    """
    background, limits = expected.background, expected.limits
    depth = expected.depth.sum(axis=1)
    now: list[float] = []
    beside: list[float] = []
    for index in np.flatnonzero(expected.changes.listed & (depth[expected.changes.codon] > 0)):
        n = int(depth[expected.changes.codon[index]])
        error = expected.single(int(index))
        shown = ErrorRate(error.rates, _beside_controls(error, n, background.cv), error.clones)
        for found, rate in ((now, error), (beside, shown)):
            found.append(limits.lod95(background.threshold(n, rate, alpha), n, rate.mean))
    return (float(np.median(now)), float(np.median(beside))) if now else None


def _beside_controls(error: ErrorRate, n: int, cv: float) -> NDArray[np.float64]:
    """Weights float64[60] after two controls with n fragments each."""
    median = error.rates[np.searchsorted(np.cumsum(error.weights), 0.5)]
    x, depth = np.array([round(n * float(median))], np.int64), np.array([n], np.int64)
    logs = tails.log_likelihoods(x, depth, error.rates[None, :], np.zeros(1), cv, 1.0, FAMILY_CV2)[0]
    weights = error.weights * np.exp(CONTROLS * (logs - logs.max()))
    return weights / weights.sum()
