"""Limits of detection against samples that are drawn template by template."""

import numpy as np
import pytest

from ablkd.background.allele import FAMILY_CV2
from ablkd.background.detection import PROBABILITY, QUANTILES, Limits
from ablkd.kernels.power import smallest_fraction


def power_of_molecules(needed, n, fraction, rate, templates, rng, trials=6_000):
    """Share of samples called: templates drawn, families of squared variation 0.25, then reads."""
    mutated = rng.binomial(templates, fraction, trials)
    families = rng.gamma(np.maximum(4.0 * mutated, 1e-9), 1.0)
    others = rng.gamma(np.maximum(4.0 * (templates - mutated), 1e-9), 1.0)
    share = np.where(mutated == 0, 0.0, families / (families + others))
    return float((rng.binomial(n, np.minimum(share + rate, 1.0)) >= needed).mean())


def power_of_beta(needed, n, fraction, rate, templates, rng, trials=6_000):
    """The same by beta-binomial draws of N / 1.25 effective templates."""
    effective = templates / 1.25
    share = rng.beta((fraction + rate) * effective, (1 - fraction - rate) * effective, trials)
    return float((rng.binomial(n, share) >= needed).mean())


# templates, fragments, fragments needed, error rate: thresholds as calling has them, rates as controls show them
SETTINGS = [
    (200, 500, 5, 3e-4),
    (200, 20_000, 240, 1e-4),
    (500, 2_000, 14, 3e-4),
    (500, 20_000, 130, 3e-4),
    (500, 300, 3, 1e-5),
    (2_000, 2_000, 8, 1e-4),
    (5_000, 20_000, 60, 1e-3),
    (50, 2_000, 120, 1e-5),
    (100_000, 2_000, 10, 1e-3),
    (100_000, 20_000, 40, 3e-4),
]


@pytest.mark.parametrize("power", [power_of_beta, power_of_molecules])
@pytest.mark.parametrize(("templates", "n", "needed", "rate"), SETTINGS)
def test_limit_of_detection_is_found_by_simulation(power, templates, n, needed, rate):
    """6,000 samples each: at 1.15 times the limit 95 % are called, at the limit over 1.15 not."""
    lod = Limits(float(templates)).lod95(needed, n, rate)
    rng = np.random.default_rng(n + templates)
    assert power(needed, n, min(lod * 1.15, 0.99), rate, templates, rng) >= 0.95
    assert power(needed, n, lod / 1.15, rate, templates, rng) <= 0.95


@pytest.mark.parametrize(("templates", "n"), [(10_000, 2_000), (2_000, 2_000), (50, 2_000), (200, 20_000)])
def test_with_n_templates_nothing_is_sure_to_be_there_below_a_limit_of_theirs(templates, n):
    """However few fragments are needed, a fraction below 1 - 0.05^(1/N) is often in no template at all."""
    lod = Limits(float(templates)).lod95(3, n, 1e-5)
    assert lod >= 1 - 0.05 ** (1 / templates)
    rng = np.random.default_rng(n + templates)
    assert power_of_molecules(3, n, lod * 1.15, 1e-5, templates, rng) >= 0.95
    assert power_of_molecules(3, n, lod / 1.15, 1e-5, templates, rng) <= 0.95


def test_limits_get_better_with_depth_and_templates_and_worse_with_what_is_needed():
    def lod(n, templates, needed, rate=1e-4):
        return Limits(templates).lod95(needed, n, rate)

    assert lod(500, 500.0, 10) > lod(2_000, 500.0, 10) > lod(20_000, 500.0, 10)
    assert lod(20_000, 100.0, 60) > lod(20_000, 500.0, 60) > lod(20_000, 5_000.0, 60)
    assert lod(2_000, 500.0, 6) < lod(2_000, 500.0, 12) < lod(2_000, 500.0, 40)
    # Depth cannot buy back missing templates: the same share of ten times the fragments gains next to nothing.
    assert lod(200_000, 200.0, 1_000) > 0.8 * lod(20_000, 200.0, 100)


def test_depths_and_counts_that_are_told_together_are_told_on_the_safe_side():
    """Those 2 % apart share a limit: never below its own (a bisection finds it to 0.4 %), at most 5 % above."""
    limits = Limits(2_000.0)
    for needed, n in ((3, 150), (57, 2_000), (61, 2_017), (61, 2_040), (300, 21_111)):
        own = smallest_fraction(needed, n, 0.0, 2_000.0, QUANTILES, FAMILY_CV2, PROBABILITY)
        assert own * 0.996 <= limits.lod95(needed, n, 0.0) <= own * 1.05


@pytest.mark.parametrize("templates", [3.0, 20.0, 90.0])
def test_few_templates_of_which_nearly_all_must_have_it(templates):
    limits = [Limits(templates).lod95(needed, 1_000, 1e-4) for needed in (100, 500, 900, 1_000)]
    assert 0 < limits[0] < limits[1] < limits[2] < limits[3] <= 1


def test_where_more_is_needed_than_there_is_nothing_is_detectable():
    assert Limits(500.0).lod95(4, 3, 1e-4) == 1.0
    assert Limits(500.0).lod95(1, 0, 1e-4) == 1.0
