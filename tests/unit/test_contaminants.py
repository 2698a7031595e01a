"""Wild-type controls that contain a mutation: they fail, and what they contain is not learned as background."""

from dataclasses import replace

import numpy as np
import pytest
from counted import KINASE, changes_of, drawn, run_of_counts, shown, site_rates, state_of
from drawn import Kind, draw
from hypothesis import given, settings
from hypothesis import strategies as st
from learned import counted, trust_the_sheet

from ablkd.background.contaminants import find_contaminants
from ablkd.background.expected import Expected
from ablkd.background.learning import Library, learn
from ablkd.background.run import load, save
from ablkd.calling.call import call_sample
from ablkd.checks.controls import judge_controls
from ablkd.records import Sample, SampleTables
from ablkd.verdicts.thresholds import alphas

ATT, ATC, ACA = (state_of(codon) for codon in ("ATT", "ATC", "ACA"))
DEPTH = 20_000


@pytest.fixture(autouse=True)
def stated(monkeypatch):
    trust_the_sheet(monkeypatch)


@pytest.fixture(scope="module")
def platform(reference):
    return reference.platform("illumina")


@pytest.fixture(scope="module")
def uncarried(platform):
    """The same without index hopping, which adds errors of its own."""
    return replace(platform, carry_over=0.0)


def found(reference, controls, platform="illumina", patients=()):
    """(sample, codon, changed codon, fraction) of what contaminates wild-type controls; codons as in HGVS."""
    samples = [*((counts, True) for counts in controls), *((counts, False) for counts in patients)]
    rows = find_contaminants(samples, reference, reference.platform(platform))
    codons = ["".join("ACGT"[(state >> shift) & 3] for shift in (4, 2, 0)) for state in rows[:, 2].tolist()]
    return [(row[0], row[1] + 1, changed, row[3] / row[4]) for row, changed in zip(rows.tolist(), codons, strict=True)]


# ---------------------------------------------------------------- what contaminates


def test_a_listed_mutation_of_all_controls_is_found_in_each(reference):
    controls = [shown(reference, {(315, "ATT"): x, (250, "GAG"): 3}, DEPTH, f"C{x}") for x in (1_000, 500)]
    assert found(reference, controls) == [(0, 315, "ATT", 0.05), (1, 315, "ATT", 0.025)]


@pytest.mark.parametrize(
    ("platform", "x", "lacking", "alone"),
    [
        # More than 0.5 %, or ten times the mean error where that is more; without a sample that lacks it 2 %, or 30 times.
        ("illumina", 100, False, False), ("illumina", 101, True, False),
        ("illumina", 400, True, False), ("illumina", 401, True, True),
        ("pacbio_hifi", 101, True, False), ("pacbio_hifi", 401, True, True),
        ("ont", 1_000, False, False), ("ont", 2_000, False, False), ("ont", 2_001, True, False),
        ("ont", 6_000, True, False), ("ont", 6_001, True, True),
    ],
)  # fmt: skip
def test_from_which_fraction_a_listed_mutation_is_no_error(reference, platform, x, lacking, alone):
    """In both controls alike; beside a patient without it, and beside one who has as much."""
    controls = [shown(reference, {(315, "ATT"): x}, DEPTH, name, platform=platform) for name in "CD"]
    patients = [shown(reference, {(315, "ATT"): y}, DEPTH, "P", platform=platform) for y in (x // 10, x)]
    for patient, contaminated in zip(patients, (lacking, alone), strict=True):
        assert len(found(reference, controls, platform, [patient])) == 2 * contaminated
    assert len(found(reference, controls, platform)) == 2 * alone


def test_a_shallow_sample_does_not_lack_what_it_could_not_show(reference):
    control = shown(reference, {(315, "ATT"): 200}, DEPTH, "C")
    for depth, contaminated in ((2_900, False), (3_100, True)):
        assert bool(found(reference, [control], patients=[shown(reference, {}, depth, "P")])) == contaminated


def test_three_of_a_hundred_fragments_are_errors(reference):
    assert found(reference, [shown(reference, {(315, "ATT"): 3}, 100, "C")]) == []
    assert found(reference, [shown(reference, {(315, "ATT"): 4}, 100, "C")]) == [(0, 315, "ATT", 0.04)]


@pytest.mark.parametrize(
    ("elsewhere", "contaminated"),
    [
        ([], False),  # one control alone cannot say
        ([(0, DEPTH)], True),
        ([(20, DEPTH)], True),  # a tenth
        ([(21, DEPTH)], False),
        ([(200, DEPTH)], False),  # all controls show it: the errors of a site
        ([(0, 2_000)], False),  # 20 were expected: too few to say that it is lacking
        ([(0, DEPTH), (200, DEPTH)], False),  # another control shows it too
    ],
)
def test_an_unlisted_change_contaminates_where_the_other_controls_lack_it(reference, elsewhere, contaminated):
    """1 % in one control; GAA at codon 316 is synonymous."""
    assert (316, "GAA") not in reference.catalogue
    others = [shown(reference, {(316, "GAA"): x}, n, f"D{i}") for i, (x, n) in enumerate(elsewhere)]
    rows = found(reference, [shown(reference, {(316, "GAA"): 200}, DEPTH, "C"), *others])
    assert rows == ([(0, 316, "GAA", 0.01)] if contaminated else [])


def test_a_germline_polymorphism_is_no_contamination(reference):
    controls = [shown(reference, {(247, "AGG"): x}, DEPTH, f"C{x}") for x in (DEPTH, DEPTH // 2, 0)]
    assert found(reference, controls) == []


def test_patients_contaminate_no_background(reference, platform):
    patients = [shown(reference, {(315, "ATT"): 1_000}, DEPTH, name) for name in "AB"]
    run = learn(platform, reference, run_of_counts(patients, [shown(reference, {}, DEPTH, "C")], 5_000.0))
    assert run.contaminants.shape == (0, 5)


# ---------------------------------------------------------------- what is learned


@pytest.fixture(scope="module")
def run_of_three(reference):
    """A patient and two wild-type controls whose sites err alike; `x` fragments of each control are made T315I."""
    changes = changes_of(reference)

    def made(*contaminations):
        rng = np.random.default_rng(5)
        rates = site_rates(rng, changes)
        own, *controls = (drawn(reference, changes, rng, rates, DEPTH, 20_000, name=name) for name in "SCD")
        for control, x in zip(controls, contaminations, strict=False):
            wild = control.codons[314, :, state_of("ACT")]
            taken = np.array([x // 4, x // 4, x - 2 * (x // 4)])
            control.codons[314, :, ATT] += taken
            wild -= taken
        return own, controls[: len(contaminations)]

    return made


def expected_of(reference, platform, own, controls, others=()):
    run = learn(platform, reference, run_of_counts([own, *others], list(controls), 20_000.0))
    return Expected(own, run, platform, reference, 20_000.0)


def needed(reference, expected, *changes):
    """Fragments of DEPTH that it takes to call each of some changes of codon 315."""
    alpha = alphas(reference, 271).catalogue
    errors = [expected.of(314, state_of(changed)) for changed in changes]
    return np.array([expected.background.threshold(DEPTH, error, alpha) for error in errors])


OTHERS = [a + b + c for a in "ACGT" for b in "ACGT" for c in "ACGT" if (a != "A") + (b != "C") + (c != "T") == 1]
OTHERS.remove("ATT")


def test_a_contaminated_control_teaches_nothing_of_the_mutation_and_the_rest_of_its_codon(
    reference, uncarried, run_of_three
):
    """5 % in both controls: T315I needs what it needs in a run of patients, all else what it needs beside clean controls."""
    own, two = run_of_three(0, 0)
    without = expected_of(reference, uncarried, own, [], others=two)
    clean, contaminated = (expected_of(reference, uncarried, *run_of_three(x, x)) for x in (0, 1_000))
    t315i = [needed(reference, expected, "ATT")[0] for expected in (without, clean, contaminated)]
    assert t315i[1] < 0.5 * t315i[0] and t315i[2] == pytest.approx(t315i[0], rel=0.1)
    rest = [needed(reference, expected, *OTHERS) for expected in (without, clean, contaminated)]
    assert len(OTHERS) == 8 and (rest[1] < 0.7 * rest[0]).all()
    assert np.abs(rest[2] - rest[1]).max() <= 2


def test_the_control_that_is_not_contaminated_still_teaches(reference, uncarried, run_of_three):
    """One of two controls: as if it were not there."""
    own, controls = run_of_three(1_000, 0)
    both, alone = (expected_of(reference, uncarried, own, some) for some in (controls, controls[1:]))
    assert needed(reference, both, "ATT") == pytest.approx(needed(reference, alone, "ATT"), abs=2)


def test_a_control_does_not_count_its_own_contamination_and_is_left_out(reference, uncarried, run_of_three):
    """A control needs what it would need as a patient beside the other control."""
    own, controls = run_of_three(1_000, 0)
    run = learn(uncarried, reference, run_of_counts([own], controls, 20_000.0))
    fraction = controls[0].codons[314, :, ATT].sum() / controls[0].codons[314].sum()
    for control, other, contaminated in zip(controls, reversed(controls), (0.0, fraction), strict=True):
        expected = Expected(control, run, uncarried, reference, 20_000.0)
        assert expected.is_control and expected.contaminated(314, ATT) == pytest.approx(contaminated)
        alone = expected_of(reference, uncarried, control, [other], others=[own])
        assert not alone.is_control and alone.contaminated(314, ATT) == expected.contaminated(314, ATT)
        assert needed(reference, expected, "ATT", *OTHERS) == pytest.approx(
            needed(reference, alone, "ATT", *OTHERS), rel=0.05, abs=2
        )
    patient = Expected(own, run, uncarried, reference, 20_000.0)
    assert patient.contaminated(314, ATT) == pytest.approx(fraction)
    assert patient.contaminated(314, ACA) == patient.contaminated(249, ATT) == 0.0


def test_errors_on_contaminating_molecules_are_not_those_of_the_wild_type(reference, uncarried):
    """ATC is two errors away from ACT and one from ATT: 30 fragments with it beside ATT at 15 % prove nothing."""
    own, found = shown(reference, {}, DEPTH), []
    for att in (0, 3_000):
        control = shown(reference, {(315, "ATT"): att, (315, "ATC"): 30}, DEPTH, "C")
        found.append(needed(reference, expected_of(reference, uncarried, own, [control]), "ATC")[0])
    alone = needed(reference, expected_of(reference, uncarried, own, []), "ATC")[0]
    assert found[0] > 5 * alone and found[1] == alone


def test_without_controls_is_the_rate_of_a_run_without_them(reference, uncarried, run_of_three):
    own, controls = run_of_three(5, 3)
    expected = expected_of(reference, uncarried, own, controls)
    alone = expected_of(reference, uncarried, own, [], others=controls)
    alpha = alphas(reference, 271).catalogue
    for changed in ("ATT", "ATC"):
        error = expected.without_controls(314, state_of(changed))
        found, with_them = expected.background.threshold(DEPTH, error, alpha), needed(reference, expected, changed)[0]
        assert found == pytest.approx(needed(reference, alone, changed)[0], rel=0.1)
        assert found > with_them or changed == "ATC"


@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_no_contamination_of_the_controls_hides_a_listed_mutation(reference, data):
    """However much of a listed single change both controls contain beyond errors, no more fragments are needed to call it
    than without controls."""
    platform = reference.platform("illumina")
    single = changes_of(reference).index
    listed = [m for m in reference.mutations if (m.codon, m.alt_codon) in single and m.codon - 1 in KINASE]
    mutation = data.draw(st.sampled_from(listed))
    counts = [data.draw(st.integers(401, 15_000)) for _ in "CD"]
    own = shown(reference, {}, DEPTH)
    controls = [
        shown(reference, {(mutation.codon, mutation.alt_codon): x}, DEPTH, name)
        for name, x in zip("CD", counts, strict=True)
    ]
    alpha, needed = alphas(reference, 271).catalogue, []
    for some in ([], controls):
        expected = expected_of(reference, replace(platform, carry_over=0.0), own, some)
        error = expected.of(mutation.codon - 1, state_of(mutation.alt_codon))
        needed.append(expected.background.threshold(DEPTH, error, alpha))
    assert needed[1] <= needed[0] + 1


def test_a_contaminated_control_of_a_panel_counts_alike(reference, platform):
    own = shown(reference, {}, DEPTH)
    past = shown(reference, {(315, "ATT"): 1_000}, DEPTH, "W", panel="lab")
    run = learn(platform, reference, [Library(own, False, 500.0), Library(past, True, 500.0)])
    assert Expected(own, run, platform, reference, 500.0).contaminated(314, ATT) == 0.05


def test_contaminants_come_back_from_disk(reference, platform, tmp_path):
    control = shown(reference, {(315, "ATT"): 1_000, (250, "GAG"): 600}, DEPTH, "C")
    run = learn(platform, reference, run_of_counts([shown(reference, {}, DEPTH)], [control], 500.0))
    save(run, tmp_path / "run.npz")
    again = load(tmp_path / "run.npz")
    assert np.array_equal(again.contaminants, run.contaminants) and len(run.contaminants) == 2
    assert again.contaminated(314, ATT) == 0.05


# ---------------------------------------------------------------- what is reported


def test_two_controls_with_one_mutation_both_fail_and_patients_are_assessed(reference, platform):
    """T315I at 5 % in both wild-type controls of a run: each calls it, both fail for it, codon 315 is assessable."""
    wild, mutated = draw(reference, [Kind(4_000)]), draw(reference, [Kind(200, "944C>T"), Kind(3_800)])
    samples = {"P": (wild, "patient"), "C1": (mutated, "wild_type_control"), "C2": (mutated, "wild_type_control")}
    libraries = [
        Library(counted(reference, fragments, name), role != "patient", 5_000.0)
        for name, (fragments, role) in samples.items()
    ]
    run = learn(platform, reference, libraries)
    calls, coverage = [], []
    for name, (fragments, _) in samples.items():
        made = call_sample(name, platform, reference, fragments, run, 5_000.0, 0.03, 0.03)
        calls += made[0]
        coverage += made[1]
    assert [(c.sample, c.name, c.filter, c.level) for c in calls] == [
        ("C1", "T315I", "PASS", "reported"),
        ("C2", "T315I", "PASS", "reported"),
    ]
    (codon,) = (row for row in coverage if row.sample == "P" and row.kind == "codon" and row.codon == 315)
    assert (codon.assessable, codon.status) == ("yes", "not_detected")
    lines = [Sample(name, "", "r", "", "illumina", "", role, "", "", "", None) for name, (_, role) in samples.items()]
    verdicts = judge_controls(lines, SampleTables(calls=tuple(calls), coverage=tuple(coverage)), ())
    assert [(v.control, v.status, v.reason) for v in verdicts] == [
        ("C1", "fail", "T315I 5.0 % found where nothing should be"),
        ("C2", "fail", "T315I 5.0 % found where nothing should be"),
    ]
