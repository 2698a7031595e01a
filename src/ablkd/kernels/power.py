"""Probability that enough fragments of a true variant are seen."""

import math

from ablkd.kernels.jit import jit


@jit
def beta_binomial_tail(needed, n, a, b):
    """P(X >= needed) of n, where the probability of each is drawn once from Beta(a, b)."""
    log_p = math.lgamma(a + b) - math.lgamma(b) + math.lgamma(b + n) - math.lgamma(a + b + n)
    below = 0.0
    for x in range(needed):
        below += math.exp(log_p)
        log_p += math.log((n - x) / (x + 1.0) * (a + x) / (b + n - x - 1.0))
    return max(0.0, 1.0 - below)


@jit
def power(shares, weights, needed, n, rate, family_cv2, templates):
    """P(at least `needed` of n fragments) with errors at `rate` on top.

    shares float64[M] of all templates carry the allele, with probabilities weights float64[M]; each template has its
    own family size.
    """
    total = 0.0
    for i in range(len(shares)):
        share = shares[i]
        variance = max(family_cv2 * share / templates, 1e-18)
        concentration = max(share * (1 - share) / variance - 1.0, 1.0)
        seen = min(share + rate, 1 - 1e-9)
        total += weights[i] * beta_binomial_tail(needed, n, seen * concentration, (1 - seen) * concentration)
    return total
