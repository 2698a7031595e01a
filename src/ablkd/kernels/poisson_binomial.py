"""Upper tail of the number of errors among bases that err with different probabilities."""

import math

import numpy as np

from ablkd.kernels.jit import jit

# Probabilities below this, relative to the tail that is asked for, are left out of a sum.
NEGLIGIBLE = 1e-22
LEAST = 1e-300


@jit
def _tilt(goal, counts, rates):
    """Factor on the odds of every rate that lifts the mean to about `goal`, at least 1.

    The mean is concave in the factor, so Newton's steps from below never pass the goal.
    """
    factor = 1.0
    while True:
        mean, variance = 0.0, 0.0
        for b in range(len(counts)):
            odds = rates[b] * factor / (1 - rates[b])
            mean += counts[b] * odds / (1 + odds)
            variance += counts[b] * odds / (1 + odds) ** 2
        if goal - mean <= 0.1 * (1 + math.sqrt(variance)):
            return factor
        factor *= 1 + (goal - mean) / variance


@jit
def _binomial(n, odds):
    """(lowest value, probabilities float64[.]) of a binomial with these odds; far values are left out.

    Ratios of neighbours from the mode on: log-gamma would lose nine digits at a million bases.
    """
    mode = min(int((n + 1) * (odds / (1 + odds))), n)
    first, last = mode, mode
    term = 1.0
    while first > 0 and term > NEGLIGIBLE:
        term *= first / ((n - first + 1) * odds)
        first -= 1
    term = 1.0
    while last < n and term > NEGLIGIBLE:
        term *= (n - last) * odds / (last + 1)
        last += 1
    found = np.ones(last - first + 1)
    for k in range(mode, first, -1):
        found[k - 1 - first] = found[k - first] * k / ((n - k + 1) * odds)
    for k in range(mode, last):
        found[k + 1 - first] = found[k - first] * (n - k) * odds / (k + 1)
    return first, found / found.sum()


@jit
def _convolved(one, two):
    """(values cut off below, probabilities) of the sum of two numbers that start at 0; far values are left out."""
    if len(one) < len(two):
        one, two = two, one
    found = np.zeros(len(one) + len(two) - 1)
    for j in range(len(two)):
        share, target = two[j], found[j : j + len(one)]
        for i in range(len(one)):
            target[i] += share * one[i]
    low, high = 0, len(found)
    while found[low] < NEGLIGIBLE:
        low += 1
    while found[high - 1] < NEGLIGIBLE:
        high -= 1
    return low, found[low:high]


@jit
def tail(x, counts, rates):
    """P(X >= x) of X = sum over b of Binomial(counts[b], rates[b]); counts int64[B], rates float64[B] in 0..1.

    Exact to 1e-9 of its value down to 1e-300, which stands for everything below. The odds of all rates are
    multiplied by one factor that lifts the mean of X to x (Esscher 1932), where the bins are folded one after
    another and what is far from x is negligible beside the tail; P(X = k) is what is found there, divided by
    factor^k and multiplied by the bins' normalising constants. Only positive numbers are added up.
    """
    need = x - counts[rates >= 1].sum()
    uncertain = (counts > 0) & (rates > 0) & (rates < 1)
    counts, rates = counts[uncertain], rates[uncertain]
    most = counts.sum()
    if need <= 0:
        return 1.0
    if need > most:
        return LEAST
    # Half a base less than all of them, which no finite factor reaches.
    factor = _tilt(min(need, most - 0.5), counts, rates)
    log_factor = math.log(factor)
    log_scale = -need * log_factor
    first, found = 0, np.ones(1)
    for b in range(len(counts)):
        log_scale += counts[b] * math.log1p(rates[b] * (factor - 1))
        start, share = _binomial(counts[b], rates[b] * factor / (1 - rates[b]))
        cut, found = _convolved(found, share)
        first += start + cut
    total = 0.0
    for i in range(max(need - first, 0), len(found)):
        total += found[i] * math.exp(-log_factor * (first + i - need))
    return min(max(math.exp(log_scale) * total, LEAST), 1.0)
