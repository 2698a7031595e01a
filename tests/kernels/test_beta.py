"""The beta distribution against SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import config
from scipy import special

from ablkd.kernels import beta

EXAMPLES = 100 if not config.DISABLE_JIT else 20
SHAPES = st.floats(-2, 6).map(lambda power: 10.0**power)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(SHAPES, SHAPES, st.floats(0.001, 0.999))
def test_the_distribution_function_is_scipys(a, b, q):
    x = float(special.betaincinv(a, b, q))
    assert beta.cdf(x, a, b) == pytest.approx(float(special.betainc(a, b, x)), rel=1e-7, abs=1e-8)
    assert beta.cdf(1 - x, b, a) == pytest.approx(float(special.betainc(b, a, 1 - x)), rel=1e-7, abs=1e-8)


@pytest.mark.parametrize(
    ("a", "b", "x"),
    [
        (1.0, 400.0, 1e-6),
        (900.0, 9e4, 0.005),
        (0.5, 0.5, 0.3),
        (500.5, 0.5, 0.99),
        (3.0, 98.0, 1e-9),
        (1e5, 1e7, 0.0095),
    ],
)
def test_small_probabilities_are_right_to_many_digits(a, b, x):
    assert beta.cdf(x, a, b) == pytest.approx(float(special.betainc(a, b, x)), rel=1e-7, abs=0)


def test_nothing_lies_outside_0_to_1():
    assert [beta.cdf(x, 2.0, 3.0) for x in (-0.5, 0.0, 1.0, 1.5)] == [0, 0, 1, 1]


def test_of_several_it_is_their_weighted_sum():
    a, b, weights = np.array([0.5, 20.0, 300.0]), np.array([400.0, 80.0, 300.0]), np.array([0.2, 0.5, 0.3])
    for x in (0.0, 1e-4, 0.2, 0.5, 0.9, 1.0):
        assert beta.mixed_cdf(x, a, b, weights) == pytest.approx(float(weights @ special.betainc(a, b, x)), rel=1e-9)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(st.floats(0.5, 1e5), st.floats(0.5, 1e5), st.sampled_from([0.025, 0.5, 0.975]))
def test_quantiles_are_scipys(a, b, q):
    """Jeffreys intervals: shapes are half a count at least."""
    assert beta.quantile(q, a, b) == pytest.approx(float(special.betaincinv(a, b, q)), rel=1e-6, abs=1e-12)
