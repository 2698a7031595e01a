"""Upper tail of a Poisson number, and of many."""

import math

import numpy as np

from ablkd.kernels.jit import jit

PRECISION = 1e-14
TINY = 1e-300


@jit
def _series(x, mean):
    """Sum of mean^k / ((x + 1) ... (x + k)) over k."""
    term = total = 1.0
    k = x
    while term > PRECISION * total:
        k += 1.0
        term *= mean / k
        total += term
    return total


@jit
def _continued_fraction(x, mean):
    """That of the upper incomplete gamma function (Lentz's method; Numerical Recipes 6.2)."""
    b = mean + 1.0 - x
    c, d = 1.0 / TINY, 1.0 / b
    h, step, i = d, 0.0, 0
    while abs(step - 1.0) > PRECISION:
        i += 1
        a = -i * (i - x)
        b += 2.0
        d = a * d + b
        c = b + a / c
        d = 1.0 / (d if abs(d) > TINY else TINY)
        c = c if abs(c) > TINY else TINY
        step = c * d
        h *= step
    return h


@jit
def tail(x, mean):
    """P(at least x) of a Poisson number with this mean, which is the incomplete gamma function P(x, mean); 1 up to 0.

    `x` need not be whole.
    """
    if x <= 0:
        return 1.0
    if mean <= 0.0:
        return 0.0
    log_front = x * math.log(mean) - mean - math.lgamma(x)
    if mean < x + 1.0:
        return min(1.0, math.exp(log_front - math.log(x)) * _series(x, mean))
    return 1.0 - math.exp(log_front) * _continued_fraction(x, mean)


@jit
def tails(x, mean):
    """The same of float64[A] each."""
    result = np.empty(len(x))
    for a in range(len(x)):
        result[a] = tail(x[a], mean[a])
    return result


@jit
def smallest_below(alpha, low, high, mean):
    """Smallest whole number from `low` to `high` whose tail is below alpha; `high` if none before is."""
    while low < high:
        middle = (low + high) // 2
        if tail(float(middle), mean) < alpha:
            high = middle
        else:
            low = middle + 1
    return low
