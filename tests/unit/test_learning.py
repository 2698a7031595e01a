"""What a run teaches of its errors: means by hand, spread and variation from simulated samples, and what is left out."""

import numpy as np
import pytest
from counted import RT_PER_ALLELE, changes_of, drawn, run_of_counts, shown, site_rates, state_of
from learned import trust_the_sheet

from ablkd.background.allele import GRID
from ablkd.background.classes import CLASSES, single_changes
from ablkd.background.expected import Expected
from ablkd.background.learning import Library, class_means, learn
from ablkd.background.run import load, save
from ablkd.counting.counts import Counts
from ablkd.verdicts.thresholds import alphas


@pytest.fixture(scope="module")
def platform(reference):
    return reference.platform("illumina")


@pytest.fixture(scope="module")
def changes(reference):
    return changes_of(reference)


# ---------------------------------------------------------------- class means

PRIOR = np.full((3, CLASSES), 1e-3)


def kind(change):
    """Class of `A>G` away from homopolymers."""
    return 4 * "ACGT".index(change[0]) + "ACGT".index(change[2])


def codon_315(reference, **fragments):
    """A sample whose fragments cover codon 315 (ACT) only, given as CODON=(forward, reverse, both)."""
    counts = np.zeros((reference.codons, 3, 64), np.int64)
    for codon, seen in fragments.items():
        counts[314, :, state_of(codon)] = seen
    return Counts("S", "illumina", counts, {})


def test_class_means_by_hand(reference):
    """A class of which ten errors are assumed per 10,000 bases; ACT holds one base of A, C and T each."""
    counts = codon_315(reference, ACT=(9_984, 4_990, 2_000), ATT=(9, 0, 0), GCT=(3, 8, 0), ACC=(4, 2, 0))
    means = class_means([counts], single_changes(reference), PRIOR)
    assert means[:, kind("C>T")] == pytest.approx([19 / 20_000, 10 / 15_000, 10 / 12_000])
    assert means[:, kind("A>G")] == pytest.approx([13 / 20_000, 18 / 15_000, 10 / 12_000])
    assert means[:, kind("T>C")] == pytest.approx([14 / 20_000, 12 / 15_000, 10 / 12_000])
    assert means[:, kind("C>A")] == pytest.approx([10 / 20_000, 10 / 15_000, 10 / 12_000])
    # No G was seen, nor any base beside a homopolymer: what was assumed.
    assert means[:, kind("G>A")] == pytest.approx([1e-3] * 3) and means[:, 16:] == pytest.approx(1e-3)


def test_several_samples_are_added_up(reference):
    one = codon_315(reference, ACT=(9_990, 0, 0), ATT=(10, 0, 0))
    means = class_means([one, one, one], single_changes(reference), PRIOR)
    assert means[0, kind("C>T")] == pytest.approx(40 / 40_000)


@pytest.mark.parametrize(
    ("att", "learned"),
    [
        # 1 % and more of 10,000 (ten times the mean that is assumed) is a mutation, three fragments never are.
        ((100, 0, 0), True),
        ((101, 0, 0), False),
        ((60, 41, 0), False),
    ],
)
def test_a_mutated_site_is_left_out_of_the_means(reference, att, learned):
    act = (9_000 - att[0], 1_000 - att[1], 0)
    means = class_means([codon_315(reference, ACT=act, ATT=att)], single_changes(reference), PRIOR)
    forward = (10 + att[0]) / 19_000 if learned else 1e-3
    assert means[0, kind("C>T")] == pytest.approx(forward)
    # The other changes of the codon are counted as ever.
    assert means[0, kind("C>A")] == pytest.approx(10 / 19_000)


def test_three_of_a_few_fragments_are_errors(reference):
    means = class_means([codon_315(reference, ACT=(97, 0, 0), ATT=(3, 0, 0))], single_changes(reference), PRIOR)
    assert means[0, kind("C>T")] == pytest.approx(13 / 10_100)


# ---------------------------------------------------------------- spread, variation


def lognormal_of(weights):
    """(median, log sd) of the rates in units of their class mean."""
    logs = np.log(GRID)
    middle = weights @ logs
    return float(np.exp(middle)), float(np.sqrt(weights @ (logs - middle) ** 2))


@pytest.mark.parametrize(("log_sd", "cv"), [(0.5, 0.3), (1.0, 0.5)])
def test_spread_of_sites_and_variation_of_samples_are_found(reference, platform, changes, log_sd, cv):
    """Five samples of 40,000 fragments whose sites are lognormal; the variation between samples is taken a tenth
    larger than found, which is one of 0.2, 0.3, 0.4, 0.5, 0.7."""
    rng = np.random.default_rng(int(10 * log_sd))
    rates = site_rates(rng, changes, log_sd=log_sd)
    samples = [drawn(reference, changes, rng, rates, 40_000, 20_000, cv, f"S{i}") for i in range(5)]
    run = learn(platform, reference, run_of_counts(samples, [], 20_000.0))
    assert cv - 0.11 < run.cv / 1.1 < cv + 0.11
    for weights, mean in zip(run.classes, (6e-5, 3e-4), strict=True):
        median, found = lognormal_of(weights)
        assert found == pytest.approx(log_sd, abs=0.15)
        # The mean of a lognormal is exp(sd^2 / 2) times its median; errors of RT are in the class mean besides.
        assert median == pytest.approx(np.exp(-(log_sd**2) / 2) * mean / (mean + RT_PER_ALLELE), rel=0.1)


def test_without_two_samples_or_without_errors_the_platforms_variation_is_assumed(reference, platform, changes):
    rng = np.random.default_rng(1)
    one = drawn(reference, changes, rng, site_rates(rng, changes), 40_000, 20_000)
    assert learn(platform, reference, run_of_counts([one], [], 20_000.0)).cv == platform.between_sample_cv
    clean = [shown(reference, {}, 1_000, f"S{i}") for i in range(4)]
    assert learn(platform, reference, run_of_counts(clean, [], 20_000.0)).cv == platform.between_sample_cv


def test_without_any_sample_the_platforms_row_is_assumed(reference, platform):
    run = learn(platform, reference, [])
    assert run.cv == platform.between_sample_cv and not run.shown_by_controls.any()
    assert run.means[0, kind("C>T")] == pytest.approx(3e-4) and run.means[0, kind("C>A")] == pytest.approx(6e-5)
    assert lognormal_of(run.classes[1])[1] == pytest.approx(platform.error_log_sd, rel=0.1)


# ---------------------------------------------------------------- what a sample teaches, and not


def rates_of(expected):
    """Mean rate of every single change."""
    return np.array([expected.single(i).mean for i in range(len(expected.changes.codon))])


@pytest.fixture(scope="module")
def run_of_six(reference, changes):
    """Two wild-type controls and four patients of one run; the first patient has T315I at 30 %."""
    rng = np.random.default_rng(4)
    rates = site_rates(rng, changes)
    held = {(315, "ATT"): 0.3}
    patients = [
        drawn(reference, changes, rng, rates, 10_000, 5_000, name=f"P{i}", held=held if i == 0 else None)
        for i in range(4)
    ]
    controls = [drawn(reference, changes, rng, rates, 10_000, 5_000, name=f"C{i}") for i in range(2)]
    return patients, controls


@pytest.fixture
def stated(monkeypatch):
    trust_the_sheet(monkeypatch)


@pytest.mark.usefixtures("stated")
@pytest.mark.parametrize("own", ["P0", "P1", "C0"])
def test_a_sample_learns_nothing_from_itself(reference, platform, run_of_six, own):
    """With the sample in the run, and without it: the same rates, but for what it adds to means and spread of all."""
    patients, controls = run_of_six
    mine = next(c for c in (*patients, *controls) if c.sample == own)
    run = learn(platform, reference, run_of_counts(patients, controls, 5_000.0))
    rest = [[c for c in part if c.sample != own] for part in (patients, controls)]
    without = learn(platform, reference, run_of_counts(*rest, 5_000.0))
    one, other = (rates_of(Expected(mine, r, platform, reference, 5_000.0)) for r in (run, without))
    covered = mine.codons[single_changes(reference).codon].sum(axis=(1, 2)) > 0
    ratio = np.log(one / other)[covered]
    # Sites differ by a factor of ten and more among each other.
    assert np.abs(ratio).mean() < 0.05 and np.quantile(np.abs(ratio), 0.99) < 0.2


@pytest.mark.usefixtures("stated")
def test_a_mutation_does_not_raise_its_own_background(reference, platform, changes, run_of_six):
    patients, controls = run_of_six
    run = learn(platform, reference, run_of_counts(patients, controls, 5_000.0))
    t315i = changes.index[315, "ATT"]
    own = Expected(patients[0], run, platform, reference, 5_000.0)
    x, n = int(patients[0].codons[314, :, state_of("ATT")].sum()), 10_000
    assert own.background.tail(x, n, own.single(t315i)) < 1e-20
    # Nor that of the others: what a patient shows may be the patient's. 0.2 % of it is carried over.
    other = Expected(patients[1], run, platform, reference, 5_000.0)
    assert other.single(t315i).mean - other.carried(314, state_of("ATT")) < 1e-3
    assert other.carried(314, state_of("ATT")) == pytest.approx(0.002 * x / 50_000, rel=0.02)


@pytest.mark.usefixtures("stated")
@pytest.mark.parametrize("share", [0.5, 1.0])
def test_what_a_control_was_born_with_is_no_error(reference, platform, changes, share):
    """740A>G (K247R) in half or all of a control's fragments; it hides nothing in a patient."""
    plain = [shown(reference, {}, 10_000, name) for name in ("S", "C1", "C2")]
    born = [plain[0], shown(reference, {(247, "AGG"): int(10_000 * share)}, 10_000, "C1"), plain[2]]
    rates = []
    for own, *controls in (plain, born):
        run = learn(platform, reference, run_of_counts([own], controls, 5_000.0))
        expected = Expected(own, run, platform, reference, 5_000.0)
        rates.append((expected.single(changes.index[247, "AGG"]), expected.means))
    assert reference.benign[247, "AGG"].name == "K247R"
    carried = platform.carry_over * share / 2
    # One control tells a little less than two, and some of its fragments may be carried over.
    assert rates[1][0].mean - carried == pytest.approx(rates[0][0].mean, rel=0.5)
    assert np.allclose(rates[1][1], rates[0][1], rtol=0.02)


@pytest.mark.usefixtures("stated")
def test_other_samples_stand_in_for_controls_from_four_on(reference, platform, changes):
    """A site outside the catalogue that errs in 0.5 % of all samples: known from four other patients, not from three."""
    rng = np.random.default_rng(8)
    rates = site_rates(rng, changes)
    assert (316, "GAA") not in reference.catalogue
    bad = changes.index[316, "GAA"]
    rates[bad] = 0.005
    samples = [drawn(reference, changes, rng, rates, 10_000, 20_000, name=f"S{i}") for i in range(5)]
    tails, modes = [], []
    for number in (4, 5):
        run = learn(platform, reference, run_of_counts(samples[:number], [], 20_000.0))
        expected = Expected(samples[0], run, platform, reference, 20_000.0)
        x = int(samples[0].codons[315, :, state_of("GAA")].sum())
        tails.append(expected.background.tail(x, 10_000, expected.single(bad)))
        modes.append(expected.mode)
    assert modes == ["a priori", "4 other samples of the run"]
    assert tails[0] < 1e-3 and tails[1] > 0.05


@pytest.mark.usefixtures("stated")
def test_a_mutation_of_half_the_patients_cannot_hide_itself(reference, platform, changes):
    """T315I at 1 % in four of eight patients, no control: each of the four is still called."""
    rng = np.random.default_rng(9)
    rates = site_rates(rng, changes)
    held = {(315, "ATT"): 0.01}
    samples = [
        drawn(reference, changes, rng, rates, 20_000, 20_000, name=f"S{i}", held=held if i < 4 else None)
        for i in range(8)
    ]
    run = learn(platform, reference, run_of_counts(samples, [], 20_000.0))
    alpha = alphas(reference, 271).catalogue
    p_values = []
    for sample in samples:
        expected = Expected(sample, run, platform, reference, 20_000.0)
        x, n = int(sample.codons[314, :, state_of("ATT")].sum()), 20_000
        p_values.append(expected.background.tail(x, n, expected.of(314, state_of("ATT"))))
    assert [p < alpha for p in p_values] == [True] * 4 + [False] * 4


def test_the_same_samples_give_the_same_bytes_and_come_back_from_disk(reference, platform, run_of_six, tmp_path):
    patients, controls = run_of_six
    libraries = run_of_counts(patients[:1], controls[:1], 5_000.0)
    runs = [learn(platform, reference, libraries) for _ in range(2)]
    for run, name in zip(runs, ("a.npz", "b.npz"), strict=True):
        save(run, tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    again = load(tmp_path / "a.npz")
    assert (again.cv, again.panel, again.position("C0"), again.position("X")) == (runs[0].cv, "", 1, None)
    for name in ("means", "classes", "shown_by_controls", "shown_by_others", "control_states", "run_states"):
        assert np.array_equal(getattr(again, name), getattr(runs[0], name))


def test_only_the_run_is_carried_over_and_only_controls_are_wild_type(reference, platform):
    """By hand: a patient, a control of the run and one of a panel, each with T315I in some fragments."""
    patient, control = (
        shown(reference, {(315, "ATT"): 300}, 1_000, "P"),
        shown(reference, {(315, "ATT"): 2}, 1_000, "C"),
    )
    past = shown(reference, {(315, "ATT"): 5}, 1_000, "P", panel="lab")
    libraries = [Library(patient, False, 500.0), Library(control, True, 500.0), Library(past, True, 500.0)]
    run = learn(platform, reference, libraries)
    att = state_of("ATT")
    assert (run.run_states[314, att], run.run_states[314].sum()) == (302, 2_000)
    assert (run.control_states[314, att], run.control_states[314].sum()) == (7, 2_000)
    # A panel's sample of the same name is not the patient.
    assert run.samples.tolist() == ["P", "C", ""] and run.position("P") == 0
    assert run.panel == "lab"
