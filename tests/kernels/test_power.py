"""Power of a count against scipy's beta-binomial, and against samples drawn template by template."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ablkd.background.detection import QUANTILES
from ablkd.kernels.power import beta_binomial_tail, power, template_shares


@pytest.mark.parametrize(
    ("needed", "n", "a", "b"),
    [
        (1, 10, 0.5, 3.0),
        (3, 150, 2.0, 98.0),
        (14, 2_000, 12.0, 400.0),
        (40, 2_000, 12.0, 400.0),
        (5, 2_000, 1e6, 1e8),
        (240, 20_000, 4.0, 500.0),
        (900, 1_000, 300.0, 20.0),
        (1_000, 1_000, 0.9, 0.1),
        (700, 20_000, 2_000.0, 40_000.0),
        (500, 200_000, 1e5, 1e7),
    ],
)
def test_tail_is_that_of_the_beta_binomial(needed, n, a, b):
    truth = float(1 - stats.betabinom.pmf(np.arange(needed), n, a, b).sum())
    assert beta_binomial_tail(needed, n, a, b) == pytest.approx(truth, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    ("templates", "fraction", "needed", "n", "rate"),
    [(100, 0.05, 50, 2_000, 1e-4), (500, 0.01, 12, 2_000, 3e-4), (2_000, 0.004, 70, 20_000, 1e-4)],
)
def test_power_is_that_of_drawn_samples(templates, fraction, needed, n, rate):
    """40,000 samples: standard error below 0.25 %."""
    rng = np.random.default_rng(templates)
    carrying = rng.binomial(templates, fraction, 40_000)
    families = np.where(carrying > 0, rng.gamma(np.maximum(4.0 * carrying, 1e-9)), 0.0)
    share = families / (families + rng.gamma(4.0 * (templates - carrying)))
    drawn = (rng.binomial(n, np.minimum(share + rate, 1)) >= needed).mean()
    m = np.arange(1, templates)
    weights = stats.binom.pmf(m, templates, fraction)
    found = power(m / templates, weights, needed, n, rate, 0.25, float(templates))
    assert 0.2 < drawn < 0.999 and found == pytest.approx(drawn, abs=0.012)


@pytest.mark.parametrize(("templates", "fraction"), [(30, 0.01), (50, 0.5), (90, 0.999), (90, 1.0), (1_000, 0.03)])
def test_few_templates_are_drawn_one_by_one(templates, fraction):
    shares, weights = template_shares(fraction, float(templates), QUANTILES)
    m = np.arange(1, len(shares) + 1)
    assert shares == pytest.approx(m / templates, rel=1e-8)
    assert weights == pytest.approx(stats.binom.pmf(m, templates, fraction), rel=1e-6, abs=1e-6)
    # What is left out is none of them, and what is too many to matter.
    assert weights.sum() == pytest.approx(1 - (1 - fraction) ** templates, abs=1e-6)


def test_of_many_templates_the_shares_are_normal_and_equally_likely():
    shares, weights = template_shares(0.05, 10_000.0, QUANTILES)
    assert weights == pytest.approx(np.full(60, 1 / 60)) and (np.diff(shares) > 0).all()
    assert shares.mean() == pytest.approx(0.05, rel=1e-9)
    assert shares.std() == pytest.approx(np.sqrt(0.05 * 0.95 / 10_000), rel=0.02)
