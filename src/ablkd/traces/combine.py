"""Shares and test statistics over traces of both orientations: their mean, whether they agree, Holm's adjustment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from ablkd.verdicts.thresholds import TRACE_ALPHA

# METHOD: near 0 and 100 % the errors are those of the noise, whose tails are heavy. A smaller difference than this does
# not change an interpretation and is not reported.
MIN_DIFFERENCE = 0.10


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


@dataclass(frozen=True)
class Heterogeneity:
    """Two-sided p values of the test that all values have one mean.

    within_strand is that of Cochran's Q within each strand, between_strands that of the difference of the two means; p
    is the smaller one, adjusted for both. A comparison that is not possible has 1.
    """

    p: float
    within_strand: float
    between_strands: float


def heterogeneity(values: Sequence[float], errors: Sequence[float], forward: Sequence[bool]) -> Heterogeneity:
    """The test that all values (fractions) have one mean, given their standard errors under that assumption."""
    # METHOD: an average over a strand could hide a contradiction within it, hence two comparisons. Traces of one strand
    # share the peak pattern of the sequence, so their mean is no more accurate than the best of them (see `combine`).
    strands = [[i for i, f in enumerate(forward) if f == strand] for strand in sorted(set(forward))]
    means = [combine([values[i] for i in s], [errors[i] for i in s], [True] * len(s)) for s in strands]
    freedom, within, between = len(values) - len(strands), 1.0, 1.0
    if freedom:
        squares = [((values[i] - m[0]) / errors[i]) ** 2 for s, m in zip(strands, means, strict=True) for i in s]
        within = float(chi2.sf(sum(squares), freedom))
    if len(means) == 2:
        (first, first_error), (second, second_error) = means
        between = float(chi2.sf((first - second) ** 2 / (first_error**2 + second_error**2), 1))
    both = freedom > 0 and len(means) == 2
    return Heterogeneity(min(1.0, (1 + both) * min(within, between)), within, between)


def extremes(values: Sequence[float], errors: Sequence[float]) -> tuple[float, float]:
    """(low, high): the fractions that any of the traces leaves possible at 95 %, for traces that contradict each other.

    METHOD: one of them is right, nobody knows which; the interval of their mean would hide the contradiction.
    """
    low = min(v - 1.96 * e for v, e in zip(values, errors, strict=True))
    high = max(v + 1.96 * e for v, e in zip(values, errors, strict=True))
    return max(0.0, low), min(1.0, high)


def contradict(values: Sequence[float], errors: Sequence[float], forward: Sequence[bool]) -> bool:
    """Whether the fractions that traces show of one variant contradict each other."""
    if len(values) < 2 or max(values) - min(values) < MIN_DIFFERENCE:
        return False
    return heterogeneity(values, errors, forward).p < TRACE_ALPHA


def holm(p: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Holm's adjusted p values, float64[n] (Scand J Stat 1979;6:65)."""
    values = np.asarray(p, np.float64)
    order = np.argsort(values, kind="stable")
    steps = values[order] * (len(values) - np.arange(len(values)))
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    return adjusted
