"""The number of templates from simulated counts, and what is made of it beside a stated one."""

import numpy as np
import pytest
from counted import changes_of, drawn, run_of_counts, site_rates, state_of

from ablkd.background.expected import Expected
from ablkd.background.learning import learn
from ablkd.background.templates import CANDIDATES, TemplateEstimate
from ablkd.verdicts.thresholds import alphas


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
    low, high = estimate.allowed
    assert low <= 1.7 * templates and templates / 1.7 <= high


def test_without_controls_it_is_found_too(simulated):
    estimate = simulated(7, 200, controls=0).template_estimate
    assert 100 < estimate.best < 340


def test_a_stated_number_that_the_fragments_rule_out_is_not_believed(simulated):
    expected = simulated([0, 500], 500, stated=50_000.0)
    number, why = expected.templates
    assert 250 < number < 850
    assert why == "the sheet says 50000, but the fragments show far fewer"


def test_a_stated_number_that_may_be_true_stands(simulated):
    assert simulated(2, 500, stated=500.0).templates == (500.0, "given in the sheet")


def test_few_fragments_say_nothing_and_500_are_assumed(simulated):
    expected = simulated(3, 20_000, depth=60, controls=0)
    assert expected.templates == (500.0, "not given: this number is assumed")
    low, high = expected.template_estimate.allowed
    assert low < 150 and high > 2_000


def test_every_number_that_the_fragments_allow_counts_by_its_chance(simulated):
    numbers = simulated([1, 200], 200).background.numbers
    assert numbers.chance.sum() == pytest.approx(1)
    assert numbers.number @ numbers.chance == pytest.approx(200, rel=0.5)
    assert numbers.chance[numbers.number > 600].sum() < 1e-3


def test_a_stated_number_leaves_no_doubt_unless_it_is_ruled_out(simulated):
    assert simulated(2, 500, stated=500.0).background.numbers.number.tolist() == [500.0]
    assert len(simulated([0, 500], 500, stated=50_000.0).background.numbers.number) > 1


def test_a_clone_of_few_templates_is_no_call_where_their_number_is_not_known(simulated):
    """200 templates: a clone of two has 1 % of the fragments, and is one of very few; of 5,000 it would be a mutation."""
    few, many = simulated([1, 200], 200), simulated([1, 5_000], 5_000)
    error, alpha = few.of(314, state_of("ATT")), alphas(few.reference, 271).catalogue
    assert few.background.threshold(20_000, error, alpha) > 200
    assert many.background.threshold(20_000, many.of(314, state_of("ATT")), alpha) < 200


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


# What the fragments fit (number:height of the likelihood), what the sheet states, what is used; 204 is a candidate.
TABLE = """
fits           stated used  words
3000:0         .      500   assumed
204:0          .      204   estimated
204:0;20000:9  .      204   estimated
600:0          .      500   assumed
3000:0         2500   2500  given
3000:0         100    100   given
204:0          30000  204   far_fewer
204:0;20000:9  20000  20000 given
"""


@pytest.mark.parametrize("line", TABLE.strip().splitlines()[1:])
def test_which_number_is_reckoned_with(line):
    fits, stated, used, words = line.split()
    peaks = [tuple(map(float, peak.split(":"))) for peak in fits.split(";")]
    estimate = TemplateEstimate(np.max([h - 40 * np.log(CANDIDATES / n) ** 2 for n, h in peaks], axis=0)[:, None])
    number, why = estimate.used(None if stated == "." else float(stated))
    assert number == pytest.approx(float(used), rel=0.01) and words.replace("_", " ") in why
