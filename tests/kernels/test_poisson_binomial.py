"""The tail against rational numbers, against long decimals, against scipy's binomial, and against itself."""

from __future__ import annotations

import time
from decimal import Decimal, localcontext
from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numba import config
from scipy import stats

from ablkd.kernels.poisson_binomial import LEAST, tail

COMPILED = not config.DISABLE_JIT
EXAMPLES = 200 if COMPILED else 10
ACCURACY = 1e-9


def errors(x: int, bins: list[tuple[int, float]]) -> float:
    """The kernel's tail of bins written as (bases, error rate)."""
    return tail(x, np.array([n for n, _ in bins], np.int64), np.array([rate for _, rate in bins], np.float64))


def rational_tail(x: int, bins: list[tuple[int, float]]) -> Fraction:
    """Every number of errors of every bin, in whole numbers over whole numbers."""
    found = [Fraction(1)]
    for n, rate in bins:
        e = Fraction(rate)
        one = [comb(n, k) * e**k * (1 - e) ** (n - k) for k in range(n + 1)]
        longer = [Fraction(0)] * (len(found) + n)
        for i, a in enumerate(found):
            for k, b in enumerate(one):
                longer[i + k] += a * b
        found = longer
    return sum(found[max(x, 0) :], Fraction(0))


def decimal_tail(x: int, bins: list[tuple[int, float]]) -> float:
    """1 minus the probability of fewer than x errors, in decimals so long that nothing is lost by it."""
    with localcontext(prec=420, Emin=-(10**9), Emax=10**9):
        found = [Decimal(1)] + [Decimal(0)] * (x - 1)
        for n, rate in bins:
            e = Decimal(rate)
            odds = e / (1 - e)
            one = [(1 - e) ** n]
            for k in range(1, x):
                one.append(one[-1] * odds * (n - k + 1) / k)
            found = [sum(found[i] * one[j - i] for i in range(j + 1)) for j in range(x)]
        return float(1 - sum(found))


def close(value: float, truth: float) -> bool:
    return abs(value - max(truth, LEAST)) <= ACCURACY * max(truth, LEAST)


rates = st.one_of(st.sampled_from([0.0, 1.0, 0.5, 1e-6, 1 - 1e-9]), st.floats(-8, 0).map(lambda v: 10**v))
few_bases = st.lists(st.tuples(st.integers(0, 12), rates), max_size=5)
many_bases = st.lists(st.tuples(st.integers(0, 100_000), st.floats(-5, -0.3).map(lambda v: 10**v)), max_size=8)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(few_bases, st.integers(-1, 62))
@example([], 0)
@example([], 1)
@example([(1, 0.9)], 1)
@example([(5, 1.0), (5, 0.0)], 5)
@example([(5, 1.0), (5, 0.0)], 6)
@example([(12, 1e-8)] * 5, 35)
@example([(12, 0.999), (12, 1e-6)], 13)
def test_few_bases_agree_with_rational_numbers(bins, x):
    assert close(errors(x, bins), float(rational_tail(x, bins)))


@pytest.mark.parametrize(
    ("x", "bins"),
    [
        (1, [(20_000, 1e-6), (300, 1e-4)]),
        (12, [(20_000, 3e-5), (5_000, 3e-4), (400, 3e-3)]),
        (40, [(1_000_000, 1e-5), (50_000, 1e-4), (3_000, 1e-3), (77, 0.05)]),
        (60, [(100 * 3**k, 10 ** (-k / 2 - 1.5)) for k in range(8)]),
        (75, [(200, 1e-4), (2_000, 1e-5)]),
        (75, [(200, 1e-4), (2_000, 1e-5), (70, 0.9)]),
    ],
)
def test_many_bases_agree_with_long_decimals(x, bins):
    truth = decimal_tail(x, bins)
    assert 1e-300 < truth < 0.9
    assert close(errors(x, bins), truth)


@pytest.mark.parametrize(
    ("x", "n", "rate"),
    [
        (3, 10, 0.1),
        (90, 1_000_000, 1e-4),
        (150, 1_000_000, 1e-4),
        (600, 1_000_000, 1e-4),
        (100, 20_000, 3e-4),
        (3_000, 100_000, 0.02),
        (301_000, 1_000_000, 0.3),
        (299_000, 1_000_000, 0.3),
        (20, 100, 1e-6),
        (1_000, 1_000, 0.6),
    ],
)
def test_one_bin_is_a_binomial(x, n, rate):
    truth = float(stats.binom.sf(x - 1, n, rate))
    assert truth > 1e-290
    assert close(errors(x, [(n, rate)]), truth)


def test_below_the_floor_is_the_floor():
    assert errors(500, [(1_000, 1e-6)]) == LEAST
    assert errors(11, [(10, 0.1)]) == LEAST
    assert 1e-300 < errors(49, [(100, 1e-6)]) < 1e-260


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(many_bases, st.integers(0, 400), st.randoms(use_true_random=False), st.floats(1, 3))
def test_order_and_division_of_the_bins_do_not_matter_and_more_is_never_rarer(bins, x, random, factor):
    value = errors(x, bins)
    assert 1e-300 <= value <= 1
    shuffled = random.sample(bins, len(bins))
    parts = [(random.randint(0, n), n, rate) for n, rate in shuffled]
    divided = [(part, rate) for part, _, rate in parts] + [(n - part, rate) for part, n, rate in parts]
    assert errors(x, shuffled) == pytest.approx(value, rel=1e-9)
    assert errors(x, divided) == pytest.approx(value, rel=1e-9)
    slack = 1 + 1e-9
    assert errors(x + 1, bins) <= value * slack
    assert errors(x, [(n, min(rate * factor, 1.0)) for n, rate in bins]) * slack >= value
    assert errors(x, [*bins, (1, 0.5)]) * slack >= value


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(many_bases, st.integers(1, 200))
def test_a_poisson_of_the_same_mean_is_an_upper_bound_from_one_over_the_mean_on(bins, above):
    mean = sum(n * rate for n, rate in bins)
    x = int(np.ceil(mean)) + above
    assert errors(x, bins) <= max(float(stats.poisson.sf(x - 1, mean)), LEAST) * (1 + 1e-9)


@pytest.mark.skipif(not COMPILED, reason="times the compiled kernel")
def test_it_is_quick():
    """Ten times what it takes: a change of the order of the work shows, a busy computer does not."""
    bins = [(0, 1e-3)] * 60 + [(300 * k, 10 ** (-k / 10) / 3) for k in range(20, 41)] * 3
    errors(3, bins)
    for x, n, most in ((100, 1, 1e-3), (3_000, 50, 2e-2)):
        counts, chances = np.array([n * c for c, _ in bins], np.int64), np.array([rate for _, rate in bins])
        best = np.inf
        for _ in range(5):
            start = time.perf_counter()
            tail(x, counts, chances)
            best = min(best, time.perf_counter() - start)
        assert best < most
