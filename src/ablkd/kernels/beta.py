"""The beta distribution: its distribution function, of one and of several together, and its quantiles.

Here and not from SciPy, whose special functions take a process longer to import than most of its work on a sample.
"""

import math

from ablkd.kernels.jit import jit

TINY = 1e-300


@jit
def continued_fraction(a, b, x):
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
def cdf(x, a, b):
    """P(X <= x) for Beta(a, b), which is I_x(a, b)."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1.0) / (a + b + 2.0):
        return front * continued_fraction(a, b, x) / a
    return 1.0 - front * continued_fraction(b, a, 1.0 - x) / b


@jit
def mixed_cdf(x, a, b, weights):
    """The sum of cdf(x, a[k], b[k]) times weights[k]; all float64[K]."""
    total = 0.0
    for k in range(len(a)):
        total += weights[k] * cdf(x, a[k], b[k])
    return total


@jit
def quantile(q, a, b):
    """The x with cdf(x, a, b) = q, 0 < q < 1, as closely as numbers lie."""
    low, high = 0.0, 1.0
    middle = 0.5
    while low < middle < high:
        if cdf(middle, a, b) < q:
            low = middle
        else:
            high = middle
        middle = (low + high) / 2
    return high
