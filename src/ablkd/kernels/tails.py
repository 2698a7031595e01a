"""Tail of a count under errors whose site rate is uncertain, and the smallest count that tail allows.

A node is one possible site rate; a clone is a template that carries the allele by an error of its own (of reverse
transcription). Node and number of clones give a negative binomial with the mean and variance of their sum.
"""

import math

import numpy as np

from ablkd.kernels.jit import jit

TINY = 1e-300


@jit
def _continued_fraction(a, b, x):
    """The continued fraction of the incomplete beta function (Lentz's method; Numerical Recipes 6.4)."""
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1.0)
    if abs(d) < TINY:
        d = TINY
    d = 1.0 / d
    h = d
    for m in range(1, 20000):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        d = 1.0 + even * d
        c = 1.0 + even / c
        if abs(d) < TINY:
            d = TINY
        if abs(c) < TINY:
            c = TINY
        d = 1.0 / d
        h *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        d = 1.0 + odd * d
        c = 1.0 + odd / c
        if abs(d) < TINY:
            d = TINY
        if abs(c) < TINY:
            c = TINY
        d = 1.0 / d
        step = d * c
        h *= step
        if abs(step - 1.0) < 1e-14:
            break
    return h


@jit
def negative_binomial_tail(x, mean, size):
    """P(X >= x) for a negative binomial with this mean and variance mean + mean^2 / size; I_{m/(m+r)}(x, r)."""
    if x <= 0:
        return 1.0
    if mean <= 0.0:
        return 0.0
    hit = mean / (mean + size)
    miss = size / (mean + size)
    front = math.lgamma(x + size) - math.lgamma(x) - math.lgamma(size) + x * math.log(hit) + size * math.log(miss)
    if hit < (x + 1.0) / (x + size + 2.0):
        return math.exp(front) * _continued_fraction(float(x), size, hit) / x
    return 1.0 - math.exp(front) * _continued_fraction(size, float(x), miss) / size


@jit
def _moments(n, rate, clones, cv, templates, family_cv2):
    """(mean, size) of errors at `rate` and `clones` templates that carry the allele."""
    errors = n * rate
    mean = errors + n * clones / templates
    extra = (cv * errors) ** 2 + n * n * clones * family_cv2 / (templates * templates)
    return mean, mean * mean / extra


@jit
def _log_probability(x, mean, size, log_factorial):
    """Log of the negative binomial probability of x."""
    log_p = size * math.log(size / (size + mean))
    if x > 0:
        log_p += math.lgamma(x + size) - math.lgamma(size) - log_factorial + x * math.log(mean / (size + mean))
    return log_p


@jit
def error_tail(x, n, rates, weights, expected_clones, cv, templates, family_cv2, precision, enough=0.0):
    """P(at least x of n fragments show the allele by error), to a relative `precision`, or to `enough` in each sum.

    rates float64[G], ascending, with weights float64[G] that add up to 1. The tail falls with the rate, so nodes
    are summed from the highest down until what is left cannot matter any more.
    """
    if x <= 0:
        return 1.0
    total = 0.0
    clones, share = 0, math.exp(-expected_clones)
    while share > TINY and (clones <= expected_clones or share > max(precision * total, enough)):
        left = 0.0
        for w in weights:
            left += w
        for g in range(len(rates) - 1, -1, -1):
            if weights[g] > 0.0:
                mean, size = _moments(n, rates[g], clones, cv, templates, family_cv2)
                tail = negative_binomial_tail(x, mean, size)
                total += share * weights[g] * tail
                left -= weights[g]
                if left * tail * share <= max(precision * total, enough):
                    break
        clones += 1
        share *= expected_clones / clones
    return min(total, 1.0)


@jit
def mixed_tail(x, n, rates, weights, expected_clones, cv, numbers, chances, factors, family_cv2, precision):
    """The same where the number of templates is not known.

    It is numbers float64[K] with chances float64[K] that add up to 1; with the k-th, factors[k] times the expected
    clones carry the allele.
    """
    total = 0.0
    for k in range(len(numbers)):
        clones = expected_clones * factors[k]
        total += chances[k] * error_tail(x, n, rates, weights, clones, cv, numbers[k], family_cv2, precision)
    return total


@jit
def _reaches(alpha, x, n, rates, weights, expected_clones, cv, numbers, chances, factors, family_cv2):
    """Whether the mixed tail is at least alpha; its parts are summed until that is clear."""
    # Most tails are far from alpha, which a rough sum tells: what it lacks is less than a hundredth of alpha.
    total, enough = 0.0, 1e-6 * alpha
    for k in range(len(numbers)):
        clones = expected_clones * factors[k]
        total += chances[k] * error_tail(x, n, rates, weights, clones, cv, numbers[k], family_cv2, 1e-3, enough)
        if total >= alpha:
            return True
    if total < 0.99 * alpha:
        return False
    total = 0.0
    for k in range(len(numbers)):
        clones = expected_clones * factors[k]
        total += chances[k] * error_tail(x, n, rates, weights, clones, cv, numbers[k], family_cv2, 1e-3)
        if total >= alpha:
            return True
    return False


@jit
def smallest_count(n, rates, weights, expected_clones, cv, numbers, chances, factors, family_cv2, alpha, least):
    """Smallest count from `least` on whose mixed tail is below alpha; n + 1 where even all fragments would not do."""
    low, high = least, max(4, least)
    while high <= n and _reaches(
        alpha, high, n, rates, weights, expected_clones, cv, numbers, chances, factors, family_cv2
    ):
        low, high = high + 1, 2 * high
    high = min(high, n + 1)
    while low < high:
        middle = (low + high) // 2
        if _reaches(alpha, middle, n, rates, weights, expected_clones, cv, numbers, chances, factors, family_cv2):
            low = middle + 1
        else:
            high = middle
    return low


@jit
def log_likelihoods(x, n, rates, expected_clones, cv, templates, family_cv2):
    """Log probability of each count at each node: float64[A, G].

    x int64[A] of n int64[A] fragments; rates float64[A, G]; expected_clones float64[A].
    """
    result = np.zeros(rates.shape, np.float64)
    for a in range(len(x)):
        if n[a] == 0:
            continue
        log_factorial = math.lgamma(x[a] + 1.0)
        for g in range(rates.shape[1]):
            total = 0.0
            clones, share, beyond = 0, math.exp(-expected_clones[a]), 1.0
            while beyond > 1e-6:
                mean, size = _moments(n[a], rates[a, g], clones, cv, templates, family_cv2)
                total += share * math.exp(_log_probability(x[a], mean, size, log_factorial))
                beyond -= share
                clones += 1
                share *= expected_clones[a] / clones
            result[a, g] = math.log(max(total, TINY))
    return result


@jit
def by_clones(x, n, rates, used, cv, templates, family_cv2, first, last):
    """Probability of each count at each node if `first` to `last` - 1 templates carry the allele.

    x, n int64[A]; rates float64[A, G]; used bool[A, G]: nodes that matter. Returns float64[A, G, last - first].
    """
    result = np.zeros((len(x), rates.shape[1], last - first))
    for a in range(len(x)):
        log_factorial = math.lgamma(x[a] + 1.0)
        for g in range(rates.shape[1]):
            if used[a, g]:
                for clones in range(first, last):
                    mean, size = _moments(n[a], rates[a, g], clones, cv, templates, family_cv2)
                    result[a, g, clones - first] = math.exp(_log_probability(x[a], mean, size, log_factorial))
    return result
