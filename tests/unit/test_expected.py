"""The error rate expected at one allele of one sample: by hand, and against a posterior that is summed plainly."""

import numpy as np
import pytest
from counted import changes_of, drawn, run_of_counts, shown, site_rates, state_of
from learned import trust_the_sheet
from scipy import special, stats

from ablkd.background.detection import Limits
from ablkd.background.expected import Expected
from ablkd.background.learning import Library, class_means, learn
from ablkd.verdicts.thresholds import alphas

ATT, GAG = state_of("ATT"), state_of("GAG")


@pytest.fixture(autouse=True)
def stated(monkeypatch):
    trust_the_sheet(monkeypatch)


@pytest.fixture(scope="module")
def platform(reference):
    return reference.platform("illumina")


@pytest.fixture(scope="module")
def changes(reference):
    return changes_of(reference)


def beside(reference, platform, own, controls=(), others=(), templates=5_000.0):
    """Expected errors of `own` in a run with these."""
    run = learn(platform, reference, run_of_counts([own, *others], list(controls), templates))
    return Expected(own, run, platform, reference, templates)


# ---------------------------------------------------------------- posterior


def likelihood(x, n, rates, templates, cv):
    """P(x of n) at each rate: clones of reverse transcription (1.7e-5 a template) summed, site by site."""
    total = np.zeros(len(rates))
    for clones in range(40):
        mean = n * (rates + clones / templates)
        size = mean**2 / ((cv * n * rates) ** 2 + 0.25 * clones * (n / templates) ** 2)
        total += stats.poisson.pmf(clones, templates * 1.7e-5) * stats.nbinom.pmf(x, size, size / (size + mean))
    return total


def show_t315i(counts, x):
    """Make all other T315I of a sample wild type."""
    seen = counts.codons[314]
    seen[:, state_of("ACT")] += seen[:, ATT]
    seen[:, ATT] = 0
    seen[2, ATT], seen[2, state_of("ACT")] = x, seen[2, state_of("ACT")] - x


@pytest.mark.parametrize("in_controls", [(0, 0), (3, 1), (40, 55), (90, 100)])
def test_controls_weigh_the_site_rates_by_their_likelihood(reference, platform, changes, in_controls):
    """T315I is never learned from, so its weights are those of its class times what two controls show at it."""
    rng = np.random.default_rng(2)
    rates = site_rates(rng, changes)
    own, *controls = (drawn(reference, changes, rng, rates, 20_000, 5_000, name=name) for name in "SCD")
    for control, x in zip(controls, in_controls, strict=True):
        show_t315i(control, x)
    expected = beside(reference, platform, own, controls)
    run, means = expected.run, []
    for sample in (own, *controls):
        # A sample's class means, drawn towards those of the run; C>T is 4 * 1 + 3, codon 315 beside no homopolymer.
        mix = sample.codons[314].sum(axis=1) / sample.codons[314].sum()
        means.append(float(mix @ class_means([sample], expected.changes, run.means)[:, 7]))
    grid = np.geomspace(1e-2, 1e5, 60)
    weights = 0.5 * run.classes[1] + 0.5 * run.smooth[1]
    weights = np.where(means[0] * grid <= 0.02, weights, 0)
    weights /= weights.sum()
    # Higher rates are believed of controls only: one in a billion beforehand.
    weights[(means[0] * grid > 0.02) & (means[0] * grid <= 0.5)] = 1e-9 / 60
    for mean, x in zip(means[1:], in_controls, strict=True):
        weights = weights * likelihood(x, 20_000, mean * grid, 5_000.0, run.cv)
    weights /= weights.sum()
    index = changes.index[315, "ATT"]
    found = expected.single(index)
    carried = platform.carry_over * sum(in_controls) / 40_000
    # At the share of the fragments that are wild type there, a little less than all.
    assert np.allclose(found.rates, means[0] * grid + carried, rtol=5e-3)
    assert np.allclose(found.weights, weights, rtol=1e-4, atol=1e-6)
    assert found.clones == pytest.approx(5_000 * 1.7e-5, rel=0.01)


def test_clean_controls_sharpen_and_controls_with_the_allele_blunt(reference, platform, changes):
    rng, alpha = np.random.default_rng(6), alphas(reference, 271).catalogue
    rates = site_rates(rng, changes)
    own, *controls = (drawn(reference, changes, rng, rates, 20_000, 20_000, name=name) for name in "SCD")

    def lod(shown_by_controls):
        for control in controls:
            show_t315i(control, shown_by_controls or 0)
        beside_it = controls if shown_by_controls is not None else []
        expected = beside(reference, platform, own, beside_it, templates=20_000.0)
        error = expected.of(314, ATT)
        return Limits(20_000.0).lod95(expected.background.threshold(20_000, error, alpha), 20_000, error.mean)

    assert lod(2) < 0.5 * lod(None)
    # 0.4 % in both controls is an error of the site.
    assert lod(2) < 0.5 * lod(80)
    # 1 % is a mutation that got into them: they say nothing of its errors. What their other sites say of the spread of
    # sites can differ by a step of its grid: over eight seeds the ratio was 0.91 to 1.26.
    assert lod(200) == pytest.approx(lod(None), rel=0.3)
    assert lod(200) > 2 * lod(2)


def test_weights_of_every_change_add_up_to_one(reference, platform, changes):
    rng = np.random.default_rng(3)
    rates = site_rates(rng, changes)
    own, control = (drawn(reference, changes, rng, rates, 2_000, 500, name=name) for name in "SC")
    for expected in (beside(reference, platform, own, [control]), beside(reference, platform, own)):
        assert np.allclose(expected.weights.sum(axis=1), 1) and (expected.weights >= 0).all()


# ---------------------------------------------------------------- means of any state


def test_an_error_on_mutated_molecules_is_expected_at_their_share(reference, platform):
    """40 % have T315I (ATT): ATC is one T>C away from them, and two errors away from the rest (ACT)."""
    own = shown(reference, {(315, "ATT"): 4_000}, 10_000)
    expected = beside(reference, platform, own)
    # Everything is seen by both mates; no base of codon 315 is beside a homopolymer.
    t_to_c, c_to_t = expected.means[2, 4 * 3 + 1], expected.means[2, 4 * 1 + 3]
    error = expected.of(314, state_of("ATC"))
    assert error.mean == pytest.approx(0.4 * t_to_c + 0.6 * max(1e-6, t_to_c * c_to_t), rel=0.05)
    assert error.clones == pytest.approx(5_000 * 1.7e-5 * 0.4)
    # Without the mutation it takes two errors.
    alone = beside(reference, platform, shown(reference, {}, 10_000)).of(314, state_of("ATC"))
    assert alone.mean == pytest.approx(1e-6, rel=0.1) and alone.clones == 0


def test_two_errors_in_a_codon_are_rare_but_not_as_rare_as_two_independent_ones(reference, platform):
    """At least one in a million, and a tenth of the indel errors: an indel may be aligned as two mismatches."""
    own = shown(reference, {}, 10_000, platform="pacbio_hifi")
    hifi = reference.platform("pacbio_hifi")
    assert beside(reference, platform, shown(reference, {}, 10_000)).of(314, state_of("ATC")).mean == pytest.approx(
        1e-6, rel=0.1
    )
    assert beside(reference, hifi, own).of(314, state_of("ATC")).mean == pytest.approx(1e-4, rel=0.1)


def test_controls_say_what_a_double_change_is_worth(reference, platform):
    """Two of 2,000: nothing of the kind in controls of 40,000 fragments, or one in 2,500 of them."""
    own = shown(reference, {(315, "ATC"): 2}, 2_000)
    tails = []
    for x in (0, 8):
        controls = [shown(reference, {(315, "ATC"): x}, 20_000, name) for name in "CD"]
        expected = beside(reference, platform, own, controls)
        tails.append(expected.background.tail(2, 2_000, expected.of(314, state_of("ATC"))))
    assert tails[0] < 1e-4 and tails[1] > 0.01


def test_a_double_change_that_controls_show_often_is_an_error(reference, platform):
    """1 % in the patient as in both controls."""
    own = shown(reference, {(315, "ATC"): 20}, 2_000)
    controls = [shown(reference, {(315, "ATC"): 200}, 20_000, name) for name in "CD"]
    expected = beside(reference, platform, own, controls)
    assert expected.background.tail(20, 2_000, expected.of(314, state_of("ATC"))) > 0.01


def test_a_single_change_that_controls_show_often_is_an_error(reference, platform):
    """A transversion outside the catalogue, 1 % in the patient as in both controls, where other sites hardly err."""
    own = shown(reference, {(316, "GAT"): 200}, 20_000)
    controls = [shown(reference, {(316, "GAT"): 200}, 20_000, name) for name in "CD"]
    expected = beside(reference, platform, own, controls)
    assert expected.background.tail(200, 20_000, expected.of(315, state_of("GAT"))) > 0.01


# ---------------------------------------------------------------- carry-over


def test_what_is_carried_over_is_a_share_of_the_other_samples(reference, platform):
    """T315I: 300 of 1,000 in another sample, 10 of 3,000 in a third; a panel's sample does not count."""
    own = shown(reference, {(315, "ATT"): 500}, 1_000, "S")
    others = [shown(reference, {(315, "ATT"): 300}, 1_000, "A"), shown(reference, {(315, "ATT"): 10}, 3_000, "B")]
    past = shown(reference, {(315, "ATT"): 2}, 1_000, "W", panel="lab")
    libraries = [*run_of_counts([own, *others], [], 500.0), Library(past, True, 500.0)]
    expected = Expected(own, learn(platform, reference, libraries), platform, reference, 500.0)
    assert platform.carry_over == 0.002
    assert expected.carried(314, ATT) == pytest.approx(0.002 * 310 / 4_000)
    assert expected.carried(249, GAG) == 0
    # Every possible rate is higher by so much.
    error = expected.of(314, ATT)
    assert error.rates.min() >= 0.002 * 310 / 4_000
    # A sample that the run does not hold takes from all of them.
    stranger = shown(reference, {}, 1_000, "X")
    assert Expected(stranger, expected.run, platform, reference, 500.0).carried(314, ATT) == pytest.approx(
        0.002 * 810 / 5_000
    )


def test_carry_over_raises_what_is_needed(reference, platform):
    """A run whose other samples all have T315I in half of their fragments; one patient with a trace of it."""
    own, alpha = shown(reference, {}, 20_000), alphas(reference, 271).catalogue
    needed = []
    for x in (0, 10_000):
        others = [shown(reference, {(315, "ATT"): x}, 20_000, name) for name in "ABC"]
        expected = beside(reference, platform, own, others=others, templates=20_000.0)
        needed.append(expected.background.threshold(20_000, expected.of(314, ATT), alpha))
    # 0.2 % of half the fragments of 20,000 are 20; with 40 % variation 60 are no surprise.
    assert needed[0] < 30 and needed[1] > 40


# ---------------------------------------------------------------- what is said


@pytest.mark.parametrize(
    ("controls", "others", "words"),
    [
        (0, 0, "a priori"),
        (0, 3, "a priori"),
        (0, 4, "4 other samples of the run"),
        (1, 0, "1 wild-type control of the run"),
        (2, 6, "2 wild-type controls of the run"),
    ],
)
def test_what_the_background_was_learned_from_is_said(reference, platform, controls, others, words):
    own = shown(reference, {}, 200)
    more = [shown(reference, {}, 200, f"C{i}") for i in range(controls)]
    rest = [shown(reference, {}, 200, f"O{i}") for i in range(others)]
    assert beside(reference, platform, own, more, rest, 500.0).mode == words


def test_a_control_is_not_its_own_control(reference, platform):
    one, two = (shown(reference, {(315, "ATT"): 9}, 3_000, name) for name in "CD")
    run = learn(platform, reference, run_of_counts([], [one], 500.0))
    alone = Expected(one, run, platform, reference, 500.0)
    assert alone.mode == "a priori" and not alone.controlled
    run = learn(platform, reference, run_of_counts([], [one, two], 500.0))
    both = Expected(one, run, platform, reference, 500.0)
    assert both.mode == "1 wild-type control of the run" and both.controlled


# ---------------------------------------------------------------- false calls


def test_false_calls_of_wild_type_samples(reference, platform, changes):
    """60 wild-type patients of six runs, as noise of all kinds makes them: 0.009 false substitutions a sample are
    designed for, so that one in all of them is seen in four of ten such tests, and more than two in two of a hundred."""
    levels = alphas(reference, 271)
    false = 0
    settings = [
        # depth, templates, log sd, cv, controls
        (2_000, 500, 0.7, 0.3, 0),
        (20_000, 500, 0.7, 0.3, 2),
        (20_000, 5_000, 0.5, 0.3, 2),
        (10_000, 20_000, 0.7, 0.5, 0),
        (10_000, 2_000, 1.0, 0.3, 4),
        (500, 20_000, 0.7, 0.3, 2),
    ]
    for seed, (depth, templates, log_sd, cv, controls) in enumerate(settings):
        rng = np.random.default_rng(seed)
        rates = site_rates(rng, changes, log_sd=log_sd)
        samples = [drawn(reference, changes, rng, rates, depth, templates, cv, f"S{i}") for i in range(10 + controls)]
        run = learn(platform, reference, run_of_counts(samples[:10], samples[10:], float(templates)))
        for sample in samples[:10]:
            expected = Expected(sample, run, platform, reference, float(templates))
            x = sample.codons[changes.codon, :, changes.state].sum(axis=1)
            # What is not above the mean by far is never a call.
            for i in np.flatnonzero((x >= 3) & (x > 2 * np.where(changes.transition, 3e-4, 6e-5) * depth)):
                alpha = levels.catalogue if expected.changes.listed[i] else levels.novel
                false += expected.background.tail(int(x[i]), depth, expected.single(int(i))) < alpha
    assert special.pdtrc(2, 0.54) < 0.02
    assert false <= 2
