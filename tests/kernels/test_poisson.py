"""The upper tail of the Poisson distribution against SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import config
from scipy import special, stats

from ablkd.kernels import poisson

EXAMPLES = 100 if not config.DISABLE_JIT else 20


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(st.floats(-6, 5).map(lambda power: 10.0**power), st.floats(-4, 20))
def test_the_tail_is_scipys_also_of_numbers_that_are_not_whole(mean, deviations):
    x = max(0.01, mean + deviations * np.sqrt(mean))
    truth = float(special.gammainc(x, mean))
    assert poisson.tail(x, mean) == pytest.approx(truth, rel=1e-8, abs=1e-290)


@pytest.mark.parametrize(("x", "mean"), [(3.0, 1e-4), (40.0, 2.0), (120.0, 5.0), (900.0, 400.0), (30_000.0, 27_000.0)])
def test_rare_ones_are_right_to_many_digits(x, mean):
    assert poisson.tail(x, mean) == pytest.approx(float(stats.poisson.sf(x - 1, mean)), rel=1e-8, abs=0)


def test_where_nothing_is_asked_or_expected():
    assert poisson.tail(0.0, 0.0) == poisson.tail(0.0, 7.0) == poisson.tail(-1.0, 7.0) == 1
    assert poisson.tail(1.0, 0.0) == 0


def test_many_are_each_of_them():
    x, mean = np.array([0.0, 2.5, 7.0, 7.0]), np.array([3.0, 3.0, 0.0, 30.0])
    assert poisson.tails(x, mean).tolist() == [poisson.tail(a, m) for a, m in zip(x, mean, strict=True)]


@pytest.mark.parametrize("mean", [0.0, 0.02, 3.7, 250.0])
@pytest.mark.parametrize("alpha", [0.2, 1e-4, 1e-9])
def test_the_smallest_count_below_alpha_is_found(mean, alpha):
    first = int(mean) + 2
    wanted = next(x for x in range(first, 2_000) if special.gammainc(x, mean) < alpha)
    assert poisson.smallest_below(alpha, first, 2_000, mean) == wanted
    # None of those that are allowed.
    assert poisson.smallest_below(alpha, first, max(first, wanted - 1), mean) == max(first, wanted - 1)
    assert poisson.smallest_below(alpha, 9, 4, mean) == 9
