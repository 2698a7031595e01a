"""The number of templates from simulated counts, and what is made of it beside a stated one."""

import numpy as np
import pytest
from counted import changes_of, drawn, run_of_counts, site_rates, state_of

from ablkd.expected import Expected
from ablkd.learning import learn
from ablkd.levels import alphas
from ablkd.templates import TemplateEstimate


@pytest.fixture(scope="module")
def platform(reference):
    return reference.platform("illumina")


@pytest.fixture(scope="module")
def changes(reference):
    return changes_of(reference)


@pytest.fixture(scope="module")
def simulated(reference, platform, changes):
    """Expected errors of a patient beside two wild-type controls of 20,000 templates."""

    def sample(seed, templates, depth=20_000, stated=None, held=None, controls=2):
        rng = np.random.default_rng(seed)
        rates = site_rates(rng, changes)
        own = drawn(reference, changes, rng, rates, depth, templates, held=held)
        beside = [drawn(reference, changes, rng, rates, 20_000, 20_000, name=f"C{i}") for i in range(controls)]
        libraries = run_of_counts([own], [], stated or 500.0) + run_of_counts([], beside, 20_000.0)
        return Expected(own, learn(platform, reference, libraries), platform, reference, stated)

    return sample


@pytest.mark.parametrize(
    ("templates", "seed"),
    [
        (100, 0),
        (100, 1),
        (200, 1),
        (200, 2),
        (500, 0),
        (2_000, 1),
    ],
)
def test_the_number_is_found_from_the_clones_of_reverse_transcription(simulated, templates, seed):
    """Within half and 1.7 times the truth; candidates are a factor of 1.5 apart."""
    estimate = simulated([seed, templates], templates).template_estimate
    assert 0.5 * templates < estimate.best < 1.7 * templates
    assert estimate.low <= 1.7 * templates and templates / 1.7 <= estimate.high < estimate.too_high


def test_without_controls_it_is_found_too(simulated):
    estimate = simulated(7, 200, controls=0).template_estimate
    assert 100 < estimate.best < 340


def test_a_stated_number_that_the_fragments_rule_out_is_not_believed(simulated):
    expected = simulated([0, 500], 500, stated=50_000.0)
    number, why = expected.templates
    assert 250 < number < 850
    assert why == "the sheet says 50000, but the fragments show far fewer"


def test_a_stated_number_that_may_be_true_stands(simulated):
    assert simulated(2, 500, stated=700.0).templates == (700.0, "given in the sheet")


def test_few_fragments_say_nothing_and_500_are_assumed(simulated):
    expected = simulated(3, 20_000, depth=60, controls=0)
    assert expected.templates == (500.0, "not given: this number is assumed")
    estimate = expected.template_estimate
    assert estimate.low < 100 and estimate.high > 2_000


def test_a_true_change_outside_the_catalogue_does_not_pass_for_few_templates(simulated, reference):
    """T315S (943A>T) at 3 % of 2,000 templates: clones as large would mean a handful of them."""
    change = (315, "TCT")
    assert change not in reference.catalogue
    expected = simulated(5, 2_000, held={change: 0.03})
    assert 1_000 < expected.template_estimate.best < 3_400
    number, _ = expected.templates
    assert number >= 500
    error = expected.of(314, state_of("TCT"))
    x = int(expected.counts.codons[314, :, state_of("TCT")].sum())
    assert expected.background.tail(x, 20_000, error) < alphas(reference, 271).novel


TABLE = """
best cautious low  high  too_high stated controlled used words
200  150      100  400   1000     .      no         150  estimated
200  150      100  600   1000     .      no         500  assumed
3000 2500     2000 9000  30000    .      no         500  assumed
3000 2500     2000 9000  30000    .      yes        2000 at_least
200  150      100  400   1000     900    no         900  given
200  150      100  400   1000     1000   no         150  far_fewer
200  150      100  400   inf      30000  yes        30000 given
3000 2500     2000 9000  inf      100    yes        100  given
"""


@pytest.mark.parametrize("line", TABLE.strip().splitlines()[1:])
def test_which_number_is_reckoned_with(line):
    *numbers, stated, controlled, used, words = line.split()
    fields = ("best", "cautious", "low", "high", "too_high")
    estimate = TemplateEstimate(**dict(zip(fields, map(float, numbers), strict=True)))
    number, why = estimate.used(None if stated == "." else float(stated), controlled == "yes")
    assert number == float(used) and words.replace("_", " ") in why
