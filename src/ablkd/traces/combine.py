"""Shares and test statistics over traces of both orientations, and Holm's adjustment."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def combine(values: Sequence[float], errors: Sequence[float], forward: Sequence[bool]) -> tuple[float, float]:
    """Inverse-variance mean and its standard error over traces of both orientations."""
    # METHOD: two traces of one orientation share the sequence's own peak pattern, so a second one improves
    # the mean but not its error; the other orientation does.
    means, variances = [], []
    for strand in sorted(set(forward)):
        picked = [i for i, f in enumerate(forward) if f == strand]
        weights = [errors[i] ** -2 for i in picked]
        means.append(sum(w * values[i] for w, i in zip(weights, picked, strict=True)) / sum(weights))
        variances.append(min(errors[i] ** 2 for i in picked))
    precision = [1 / v for v in variances]
    return sum(w * m for w, m in zip(precision, means, strict=True)) / sum(precision), sum(precision) ** -0.5


def stouffer(z: Sequence[float], forward: Sequence[bool]) -> float:
    """One z over traces: the mean within an orientation, Stouffer's sum over orientations."""
    strands = [[value for value, f in zip(z, forward, strict=True) if f == s] for s in sorted(set(forward))]
    return sum(sum(one) / len(one) for one in strands) / math.sqrt(len(strands))


def holm(p: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Holm's adjusted p values, float64[n] (Scand J Stat 1979;6:65)."""
    values = np.asarray(p, np.float64)
    order = np.argsort(values, kind="stable")
    steps = values[order] * (len(values) - np.arange(len(values)))
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    return adjusted
