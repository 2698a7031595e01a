"""Tail of a count under errors whose site rate is uncertain, and the smallest count that tail allows.

A node is one possible site rate; a clone is a template that carries the allele by an error of its own (of reverse
transcription). Node and number of clones give a negative binomial with the mean and variance of their sum.
"""

import math

import numpy as np

from ablkd.kernels.beta import continued_fraction
from ablkd.kernels.jit import jit

TINY = 1e-300
# Nodes of less weight do not change a likelihood, nor do probabilities below e^-FAR times that of something else.
LEAST_WEIGHT, FAR = 1e-7, 20.0
HALF_LOG_2_PI = math.log(2 * math.pi) / 2


@jit
def _log_gamma(z):
    """The logarithm of the gamma function to 1e-11 (Stirling's series)."""
    small = 0.0
    if z < 8.0:
        if z < 1.0:
            return math.lgamma(z)
        small = math.log(z * (z + 1.0) * (z + 2.0) * (z + 3.0) * (z + 4.0) * (z + 5.0) * (z + 6.0))
        z += 7.0
    w = 1.0 / (z * z)
    series = (1 / 12 - w * (1 / 360 - w * (1 / 1260 - w / 1680))) / z
    return (z - 0.5) * math.log(z) - z + HALF_LOG_2_PI + series - small


@jit
def negative_binomial_tail(x, mean, size):
    """P(X >= x) for a negative binomial with this mean and variance mean + mean^2 / size; I_{m/(m+r)}(x, r)."""
    if x <= 0:
        return 1.0
    if mean <= 0.0:
        return 0.0
    hit = mean / (mean + size)
    miss = size / (mean + size)
    front = _log_gamma(x + size) - _log_gamma(x) - _log_gamma(size) + x * math.log(hit) + size * math.log(miss)
    if hit < (x + 1.0) / (x + size + 2.0):
        return math.exp(front) * continued_fraction(float(x), size, hit) / x
    return 1.0 - math.exp(front) * continued_fraction(size, float(x), miss) / size


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
    miss = math.log(size / (size + mean))
    if x == 0:
        return size * miss
    chosen = _log_gamma(x + size) - _log_gamma(size) - log_factorial
    return chosen + size * miss + x * math.log(mean / (size + mean))


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
def clone_likelihoods(x, n, rates, spreads, cv, numbers, shares, family_cv2, other):
    """Log likelihood of all counts with each number of templates and each chance of clones: float64[T, R].

    x, n int64[A]; rates float64[A, G]: possible error rates; spreads float64[K, A or 1, G]: K alternatives for their
    weights, the best of which counts; numbers float64[T]; shares float64[T, R, M]: chance of 0, 1, ... templates that
    carry an allele, most of them with the last of R; other float64[A]: probability of the count if it is no error.
    """
    alternatives, chances, most = len(spreads), shares.shape[1], shares.shape[2]
    possible = np.array([np.count_nonzero(shares[t, chances - 1]) for t in range(len(numbers))])
    total, here = np.zeros((len(numbers), alternatives, chances)), np.empty((most, alternatives))
    for a in range(len(x)):
        log_factorial = math.lgamma(x[a] + 1.0)
        weights = spreads[:, a if spreads.shape[1] > 1 else 0].T.copy()
        nodes = np.array([g for g in range(len(weights)) if weights[g].max() > LEAST_WEIGHT])
        nothing = math.log(other[a]) - FAR
        here[0] = 0.0
        for g in nodes:
            mean, size = _moments(n[a], rates[a, g], 0, cv, 1.0, family_cv2)
            here[0] += weights[g] * math.exp(_log_probability(x[a], mean, size, log_factorial))
        for t in range(len(numbers)):
            here[1:] = 0.0
            last = possible[t]
            for g in nodes:
                for clones in range(1, last):
                    mean, size = _moments(n[a], rates[a, g], clones, cv, numbers[t], family_cv2)
                    log_p = _log_probability(x[a], mean, size, log_factorial)
                    # With more clones, or more errors, it is rarer still.
                    if log_p < nothing and mean > x[a]:
                        last = clones
                        break
                    p = math.exp(log_p)
                    for k in range(alternatives):
                        here[clones, k] += weights[g, k] * p
                if last == 1:
                    break
            for k in range(alternatives):
                for r in range(chances):
                    p = other[a]
                    for clones in range(possible[t]):
                        p += shares[t, r, clones] * here[clones, k]
                    total[t, k, r] += math.log(p)
    best = np.empty((len(numbers), chances))
    for t in range(len(numbers)):
        for r in range(chances):
            best[t, r] = total[t, :, r].max()
    return best
