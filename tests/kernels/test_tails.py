"""Tails of the negative binomial against long decimals and scipy; mixtures against plain sums over nodes and clones."""

from __future__ import annotations

from decimal import Decimal, localcontext
from math import ceil, log

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numba import config
from scipy import special, stats

from ablkd.kernels import tails

COMPILED = not config.DISABLE_JIT
EXAMPLES = 100 if COMPILED else 8
ACCURACY = 1e-9
NODES = 60 if COMPILED else 12
FAMILY = 0.25


def decimal_tail(x: int, mean: float, size: float) -> float:
    """P(at least x), term by term: the first from rising factorials, the next by their ratio, until none matters."""
    with localcontext(prec=60, Emin=-(10**9), Emax=10**9):
        m, r = Decimal(mean), Decimal(size)
        hit = m / (m + r)
        term = (r * (r / (m + r)).ln()).exp()
        for k in range(x):
            term *= (r + k) / (k + 1) * hit
        total, k = Decimal(0), x
        while True:
            total += term
            ratio = (r + k) / (k + 1) * hit
            if ratio < 1 and term * ratio / (1 - ratio) < total * Decimal("1e-25"):
                return float(total)
            term *= ratio
            k += 1


@pytest.mark.parametrize(
    ("x", "mean", "size"),
    [
        # A call is decided here: few fragments, one in 25,000.
        (1, 1e-4, 6.25),
        (3, 0.12, 6.25),
        (12, 0.6, 6.25),
        (40, 6.0, 6.25),
        # Above and below the mean, and at it.
        (900, 1_000.0, 6.25),
        (1_000, 1_000.0, 44.4),
        (5, 1_000.0, 3.3),
        # So rare that only its logarithm says how much: 1e-100 to 1e-290.
        (60, 0.02, 6.25),
        (85, 0.01, 30.0),
        (450, 20.0, 100.0),
        (900, 300.0, 5_000.0),
        # As good as a Poisson, and as wide as a geometric distribution.
        (50, 10.0, 1e4),
        (3_000, 20.0, 1.0),
        (4, 1e-9, 1.0),
        # Large counts.
        (20_000, 9_000.0, 400.0),
        (20_000, 15_000.0, 4.0),
    ],
)
def test_tail_against_long_decimals(x, mean, size):
    truth = decimal_tail(x, mean, size)
    assert 1e-295 < truth <= 1
    assert tails.negative_binomial_tail(x, mean, size) == pytest.approx(truth, rel=ACCURACY, abs=0)


def test_those_that_are_rare_are_there():
    """The cases above reach down to where a float ends."""
    rare = [decimal_tail(60, 0.02, 6.25), decimal_tail(85, 0.01, 30.0), decimal_tail(450, 20.0, 100.0)]
    assert min(rare) < 1e-250


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(st.integers(1, 3_000), st.floats(-6, 4), st.floats(-0.5, 3))
@example(1, -6.0, 0.0)
@example(3_000, 4.0, 3.0)
def test_tail_against_scipy_falls_with_the_count_and_rises_with_the_mean(x, log_mean, log_size):
    mean, size = 10**log_mean, 10**log_size
    value = tails.negative_binomial_tail(x, mean, size)
    # I_q(x, r) is the tail; q is given as it is, so that a small one keeps its digits.
    truth = special.betainc(x, size, mean / (mean + size))
    if truth > 1e-290:
        assert value == pytest.approx(truth, rel=ACCURACY, abs=0)
    assert 0 <= tails.negative_binomial_tail(x + 1, mean, size) <= value <= 1 + 1e-12
    assert tails.negative_binomial_tail(x, 1.5 * mean, size) >= value * (1 - ACCURACY)


def test_nothing_is_certain_and_something_of_nothing_impossible():
    assert tails.negative_binomial_tail(0, 3.0, 2.0) == 1.0
    assert tails.negative_binomial_tail(-1, 0.0, 2.0) == 1.0
    assert tails.negative_binomial_tail(1, 0.0, 2.0) == 0.0


# ---------------------------------------------------------------- mixtures


def site_rates(mean: float, log_sd: float) -> tuple[np.ndarray, np.ndarray]:
    """Lognormal rates with their weights; none above 2 %."""
    rates = mean * np.geomspace(1e-3, 1e3, NODES)
    weights = stats.norm.pdf(np.log(rates), log(mean) - log_sd**2 / 2, log_sd) * (rates <= 0.02)
    return rates, weights / weights.sum()


def parameters(n, rates, clones, cv, templates):
    """(mean, size) with the variance of gamma distributed rates and families added up."""
    mean = n * (rates + clones / templates)
    extra = (cv * n * rates) ** 2 + clones * FAMILY * (n / templates) ** 2
    return mean, mean**2 / extra


def clones_that_matter(expected: float) -> range:
    """All numbers of clones that are not beyond the float."""
    return range(int(special.pdtrik(1 - 1e-16, expected)) + 25)


def mixture_tail(x, n, rates, weights, expected_clones, cv, templates) -> float:
    """Sum over all nodes and clones; nothing is left out."""
    total = 0.0
    for clones in clones_that_matter(expected_clones):
        mean, size = parameters(n, rates, clones, cv, templates)
        parts = weights * special.betainc(x, size, mean / (mean + size))
        total += stats.poisson.pmf(clones, expected_clones) * parts.sum()
    return float(total)


# fragments, class mean, log sd, cv, templates, expected clones, counts
SITES = [
    (200, 6e-5, 0.9, 0.4, 500.0, 0.0085, (1, 2, 3, 6)),
    (2_000, 3e-4, 0.9, 0.4, 500.0, 0.0085, (1, 4, 12, 30)),
    (2_000, 1e-6, 1.2, 0.4, 500.0, 0.0, (1, 2, 3, 40)),
    (20_000, 3e-4, 0.7, 0.3, 500.0, 0.0085, (3, 10, 60, 178, 300)),
    (20_000, 6e-5, 0.9, 0.4, 20_000.0, 0.34, (2, 8, 25)),
    (20_000, 3e-4, 0.9, 0.2, 100.0, 0.0017, (20, 200, 400)),
    (100_000, 3e-4, 0.5, 0.4, 5_000.0, 0.085, (50, 200, 500)),
]


@pytest.mark.parametrize(("n", "mean", "log_sd", "cv", "templates", "clones", "counts"), SITES)
def test_error_tail_is_the_sum_over_site_rates_and_clones(n, mean, log_sd, cv, templates, clones, counts):
    rates, weights = site_rates(mean, log_sd)
    for x in counts:
        tail = tails.error_tail(x, n, rates, weights, clones, cv, templates, FAMILY, 1e-12)
        truth = mixture_tail(x, n, rates, weights, clones, cv, templates)
        # Numbers of clones that are together less probable than 1e-13 are left out.
        assert tail == pytest.approx(truth, rel=ACCURACY, abs=1e-13)
    assert tails.error_tail(0, n, rates, weights, clones, cv, templates, FAMILY, 1e-12) == 1.0


def test_without_clones_the_rarest_count_has_all_its_digits():
    rates, weights = site_rates(1e-4, 0.5)
    for x in (200, 800):
        truth = mixture_tail(x, 20_000, rates, weights, 0.0, 0.1, 500.0)
        assert 1e-280 < truth < 1e-13
        tail = tails.error_tail(x, 20_000, rates, weights, 0.0, 0.1, 500.0, FAMILY, 1e-12)
        assert tail == pytest.approx(truth, rel=ACCURACY, abs=0)


def test_a_lower_precision_leaves_out_little_and_adds_nothing():
    rates, weights = site_rates(3e-4, 0.9)
    for x in (1, 5, 20, 60):
        truth = mixture_tail(x, 5_000, rates, weights, 0.0085, 0.4, 500.0)
        quick = tails.error_tail(x, 5_000, rates, weights, 0.0085, 0.4, 500.0, FAMILY, 1e-3)
        # As much as it says at each number of clones.
        assert truth * (1 - 3e-3) - 1e-13 <= quick <= truth * (1 + ACCURACY)


@pytest.mark.parametrize(
    ("n", "mean", "clones", "alpha"),
    [
        (150, 6e-5, 0.0085, 4e-5),
        (150, 3e-4, 0.0085, 2e-7),
        (1_000, 3e-4, 0.0085, 4e-5),
        (3_000, 6e-5, 0.0, 2e-7),
        (3, 6e-5, 0.0085, 1e-12),
        (1, 3e-4, 0.0, 0.01),
        (0, 3e-4, 0.0, 0.01),
    ],
)
def test_smallest_count_is_the_first_below_alpha(n, mean, clones, alpha):
    rates, weights = site_rates(mean, 0.9)
    truth = next((x for x in range(1, n + 1) if mixture_tail(x, n, rates, weights, clones, 0.4, 500.0) < alpha), n + 1)
    one = (np.array([500.0]), np.ones(1), np.ones(1))
    assert tails.smallest_count(n, rates, weights, clones, 0.4, *one, FAMILY, alpha, 1) == truth
    for least in (truth - 1, truth, truth + 1, 2 * truth):
        found = tails.smallest_count(n, rates, weights, clones, 0.4, *one, FAMILY, alpha, max(least, 1))
        assert found == max(least, truth)


# Templates that there may be, their chances, and the clones expected of each as multiples of 0.0085.
NUMBERS = (np.array([140.0, 500.0, 2_000.0]), np.array([0.1, 0.6, 0.3]), np.array([0.3, 1.0, 3.5]))


def test_an_unknown_number_of_templates_is_summed_over_by_its_chances():
    rates, weights = site_rates(6e-5, 0.9)
    for x in (1, 10, 40, 200):
        parts = zip(*NUMBERS, strict=True)
        truth = sum(p * mixture_tail(x, 5_000, rates, weights, 0.0085 * f, 0.4, number) for number, p, f in parts)
        tail = tails.mixed_tail(x, 5_000, rates, weights, 0.0085, 0.4, *NUMBERS, FAMILY, 1e-12)
        assert tail == pytest.approx(truth, rel=ACCURACY, abs=1e-13)


@pytest.mark.parametrize("alpha", [0.01, 4e-5, 2e-7])
def test_smallest_count_of_an_unknown_number_of_templates(alpha):
    rates, weights = site_rates(6e-5, 0.9)
    found = tails.smallest_count(1_000, rates, weights, 0.0085, 0.4, *NUMBERS, FAMILY, alpha, 1)
    at, before = (
        tails.mixed_tail(x, 1_000, rates, weights, 0.0085, 0.4, *NUMBERS, FAMILY, 1e-12) for x in (found, found - 1)
    )
    assert at < alpha <= before


# ---------------------------------------------------------------- likelihoods


def test_log_likelihoods_are_those_of_the_mixture_at_each_node():
    x, n = np.array([0, 1, 5, 40, 900, 0]), np.array([2_000, 2_000, 20_000, 20_000, 20_000, 0])
    rates = np.outer([1e-4, 1e-4, 3e-4, 6e-5, 3e-4, 3e-4], np.geomspace(0.01, 100, NODES))
    clones = np.array([0.0, 0.0085, 0.0085, 0.34, 0.0, 0.1])
    found = tails.log_likelihoods(x, n, rates, clones, 0.4, 500.0, FAMILY)
    assert found.shape == rates.shape
    for a in range(5):
        truth = np.zeros(NODES)
        for k in clones_that_matter(clones[a]) if clones[a] else (0,):
            mean, size = parameters(n[a], rates[a], k, 0.4, 500.0)
            truth += stats.poisson.pmf(k, clones[a]) * stats.nbinom.pmf(x[a], size, size / (size + mean))
        # Numbers of clones that are together less probable than 1e-6 are left out.
        assert np.exp(found[a]) == pytest.approx(truth, rel=1e-7, abs=1e-6)
        if not clones[a]:
            mean, size = parameters(n[a], rates[a], 0, 0.4, 500.0)
            truth = stats.nbinom.logpmf(x[a], size, size / (size + mean))
            # None is lower than that of 1e-300.
            assert found[a] == pytest.approx(np.maximum(truth, log(1e-300)), rel=1e-8)
    # No fragments say nothing.
    assert (found[5] == 0).all()


@pytest.mark.parametrize("own", [False, True], ids=["one spread for all", "a spread for each"])
def test_likelihood_of_numbers_of_templates_is_a_plain_sum_over_nodes_and_clones(own):
    """Of each number and chance of clones the spread of rates counts that suits all counts best."""
    x, n = np.array([0, 7, 300, 4, 5_000]), np.array([1_000, 20_000, 20_000, 200_000, 200_000])
    rates = np.outer([1e-4, 3e-4, 6e-5, 1e-4, 3e-4], np.geomspace(0.01, 100, NODES))
    spreads = np.array([np.exp(-0.5 * (np.log(np.geomspace(0.01, 100, NODES)) / sd) ** 2) for sd in (0.4, 1.5)])
    spreads = (spreads / spreads.sum(axis=1, keepdims=True))[:, None, :]
    if own:
        spreads = np.concatenate([np.roll(spreads, shift, axis=2) for shift in range(5)], axis=1)
    numbers, chances = np.array([50.0, 3_000.0]), np.array([1e-8, 5e-6, 4e-5])
    shares = stats.poisson.pmf(np.arange(5), numbers[:, None, None] * chances[:, None])
    other = 1e-4 / (x + 1)
    found = tails.clone_likelihoods(x, n, rates, spreads, 0.3, numbers, shares, FAMILY, other)
    for t, templates in enumerate(numbers):
        by_clones = []
        for k in range(5):
            mean, size = parameters(n[:, None], rates, k, 0.3, templates)
            by_clones.append((spreads * stats.nbinom.pmf(x[:, None], size, size / (size + mean))).sum(axis=2))
        for r in range(3):
            counts = sum(share * p for share, p in zip(shares[t, r], by_clones, strict=True))
            assert found[t, r] == pytest.approx(np.log(counts + other).sum(axis=1).max(), abs=1e-5)


@settings(max_examples=EXAMPLES // 2, deadline=None, derandomize=True)
@given(st.integers(1, 400), st.integers(1, 50_000), st.floats(-6, -2.5), st.floats(0.1, 1.5), st.floats(1.5, 4.5))
def test_more_errors_clones_and_fragments_make_a_count_more_likely(x, n, log_mean, log_sd, log_templates):
    rates, weights = site_rates(10**log_mean, log_sd)
    templates = 10**log_templates

    def tail(x=x, n=n, rates=rates, clones=1e-2):
        return tails.error_tail(x, n, rates, weights, clones, 0.4, templates, FAMILY, 1e-12)

    slack = 1e-9 * tail() + 2e-13
    assert tail(x=x + 1) <= tail() + slack
    assert tail(n=n + ceil(n / 10)) >= tail() - slack
    # One negative binomial of matched moments: errors beside a clone make the sum relatively narrower, by next to nothing.
    assert tail(rates=1.1 * rates) >= tail() * (1 - 1e-3) - slack
    assert tail(clones=3e-2) >= tail() - slack
