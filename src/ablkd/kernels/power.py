"""Probability that enough fragments of a true variant are seen."""

import math

from ablkd.kernels.jit import jit

# Counts further than this many standard deviations below the mean are left out of a sum.
FAR = 12.0
LEAST_WEIGHT = 1e-10


@jit
def _log_probability(x, n, a, b):
    """Log of the beta-binomial probability of x of n."""
    choices = math.lgamma(n + 1.0) - math.lgamma(x + 1.0) - math.lgamma(n - x + 1.0)
    before = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    return choices + before + math.lgamma(a + x) + math.lgamma(b + n - x) - math.lgamma(a + b + n)


@jit
def beta_binomial_tail(needed, n, a, b):
    """P(X >= needed) of n, where the probability of each is drawn once from Beta(a, b)."""
    mean = n * a / (a + b)
    deviation = math.sqrt(mean * (b / (a + b)) * (a + b + n) / (a + b + 1.0))
    start = max(0, int(mean - FAR * deviation))
    if start >= needed:
        return 1.0
    p = math.exp(_log_probability(start, n, a, b))
    below = 0.0
    for x in range(start, needed):
        below += p
        p *= (n - x) / (x + 1.0) * (a + x) / (b + n - x - 1.0)
    return max(0.0, 1.0 - below)


@jit
def power(shares, weights, needed, n, rate, family_cv2, templates):
    """P(at least `needed` of n fragments) with errors at `rate` on top.

    shares float64[M] of all templates carry the allele, with probabilities weights float64[M]; each template has its
    own family size.
    """
    total = 0.0
    for i in range(len(shares)):
        if weights[i] < LEAST_WEIGHT:
            continue
        share = shares[i]
        variance = max(family_cv2 * share / templates, 1e-18)
        concentration = max(share * (1 - share) / variance - 1.0, 1.0)
        seen = min(share + rate, 1 - 1e-9)
        total += weights[i] * beta_binomial_tail(needed, n, seen * concentration, (1 - seen) * concentration)
    return total
