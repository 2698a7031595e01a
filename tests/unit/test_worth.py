"""What controls are said to be worth, against what they are worth once they are there."""

import numpy as np
import pytest
from counted import changes_of, drawn, run_of_counts, shown, site_rates
from learned import trust_the_sheet

from ablkd.background.detection import Limits
from ablkd.background.expected import Expected
from ablkd.background.learning import learn
from ablkd.calling.worth import median_limits
from ablkd.verdicts.thresholds import alphas


@pytest.fixture(autouse=True)
def stated(monkeypatch):
    trust_the_sheet(monkeypatch)


def test_the_promised_limit_is_about_what_two_controls_give(reference):
    """Both medians over the catalogue's single changes, once promised, once beside two controls of the same run."""
    platform, alpha = reference.platform("illumina"), alphas(reference, 271).catalogue
    rng, changes = np.random.default_rng(1), changes_of(reference)
    rates = site_rates(rng, changes)
    own, *controls = (drawn(reference, changes, rng, rates, 20_000, 20_000, name=name) for name in "SCD")

    def expected(beside):
        run = learn(platform, reference, run_of_counts([own], beside, 20_000.0))
        return Expected(own, run, platform, reference, 20_000.0)

    now, promised = median_limits(expected([]), alpha)
    beside, limits = expected(controls), Limits(20_000.0)
    found = []
    for i in np.flatnonzero(beside.changes.listed):
        error = beside.single(int(i))
        found.append(limits.lod95(beside.background.threshold(20_000, error, alpha), 20_000, error.mean))
    assert promised == pytest.approx(np.median(found), rel=0.4)
    assert promised < 0.6 * now and np.median(found) < 0.6 * now


def test_nothing_is_promised_where_nothing_is_covered(reference):
    platform = reference.platform("illumina")
    own = shown(reference, {}, 0)
    run = learn(platform, reference, run_of_counts([own], [], 500.0))
    assert median_limits(Expected(own, run, platform, reference, 500.0), 1e-5) is None
