"""Probability that enough fragments of a true variant are seen, and the fraction from which on they mostly are."""

import math

import numpy as np

from ablkd.kernels.jit import jit

# Counts further than this many standard deviations below the mean are left out of a sum.
FAR = 12.0
LEAST_WEIGHT = 1e-10
LEAST_SHARE = 1e-9
# METHOD: up to this many expected templates with the allele, templates are drawn one by one.
MANY_TEMPLATES = 100.0
# Within a factor of 32, where most fractions are looked for, one is found to 0.4 %, in the widest range to 1.5 %,
# on the safe side.
HALVINGS = 10


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


@jit
def template_shares(fraction, templates, quantiles):
    """(shares of templates with the allele, their probability), each float64[M], at a true fraction.

    Binomial, 0 left out; above MANY_TEMPLATES expected, equally likely shares of the normal approximation, whose
    quantiles float64[Q] are given.
    """
    mean, fraction = templates * fraction, min(fraction, 1 - LEAST_SHARE)
    if mean > MANY_TEMPLATES:
        spread = math.sqrt(fraction * (1 - fraction) / templates)
        shares = np.minimum(np.maximum(fraction + spread * quantiles, LEAST_SHARE), 1 - LEAST_SHARE)
        return shares, np.full(len(quantiles), 1 / len(quantiles))
    most = min(int(templates), int(mean + 9 * math.sqrt(mean) + 12))
    shares, weights = np.empty(most), np.empty(most)
    choices, odds = templates * math.log1p(-fraction), math.log(fraction / (1 - fraction))
    for k in range(most):
        # One more of the templates: ratios of neighbours.
        choices += math.log((templates - k) / (k + 1)) + odds
        shares[k], weights[k] = min((k + 1) / templates, 1 - LEAST_SHARE), math.exp(choices)
    return shares, weights


@jit
def smallest_fraction(needed, n, rate, templates, quantiles, family_cv2, probability):
    """Smallest true fraction at which at least `needed` of n fragments are seen with this probability; 1.0 for none.

    METHOD: templates are drawn first, each with its own family size, then fragments of them, with errors at `rate` on
    top.
    """
    # The answer lies above what makes `needed` likely at all, and mostly not far above it.
    low, high = needed / n / 4, min(1.0, 8 * max(needed / n, 4 / templates))
    for step in range(HALVINGS + 1):
        middle = math.sqrt(low * high) if step else high
        shares, weights = template_shares(middle, templates, quantiles)
        enough = power(shares, weights, needed, n, rate, family_cv2, templates) >= probability
        if enough:
            high = middle
        else:
            low = middle
            if step == 0:
                high = 1.0
    return high
