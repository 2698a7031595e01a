"""Error rates of insertions and deletions by kind, length and homopolymer, counted by hand."""

import re
from dataclasses import replace

import numpy as np
import pytest
from counted import shown
from learned import trust_the_sheet

from ablkd.background.expected import Expected
from ablkd.background.indels import KINDS, indel_kind, learn_indels, prior_indel_means, touched_runs
from ablkd.background.learning import Library, learn
from ablkd.reference import encode

DELETION_1, INSERTION_1 = 0, 18


@pytest.fixture(scope="module")
def platform(reference):
    return reference.platform("illumina")


def test_a_site_touches_the_longer_of_the_runs_it_is_between():
    assert touched_runs(encode("ACCGGGT")).tolist() == [1, 2, 2, 3, 3, 3, 3, 1]


@pytest.mark.parametrize(
    ("indel", "kind"),
    [
        # c.748-752 is GGGGG, c.825-829 GGACA.
        ((751, 752, ""), 4),
        ((825, 826, ""), 1),
        ((825, 828, ""), 12),  # longer than the two bases it touches: no miscount of them
        ((826, 831, ""), 12),
        ((747, 750, ""), 12 + 4),
        ((752, 752, "G"), 18 + 4),
        ((826, 826, "TT"), 18 + 6 + 1),
        ((827, 827, "TTTT"), 18 + 12),
    ],
)
def test_kinds(reference, indel, kind):
    assert reference.sequence[747:752] == "GGGGG" and reference.sequence[824:829] == "GGACA"
    assert indel_kind(indel, touched_runs(reference.codes)) == kind


def test_the_platforms_row_triples_with_each_base_of_a_homopolymer(reference):
    means = prior_indel_means(reference.platform("illumina"))
    assert means.shape == (KINDS,)
    for first in range(0, KINDS, 6):
        assert means[first : first + 6] == pytest.approx(1e-5 * np.array([1, 1, 3, 9, 27, 81]))
    # Never more than half.
    assert prior_indel_means(reference.platform("ont")).max() == 0.5


def test_class_means_are_errors_over_opportunities(reference, platform):
    """Two samples of 10,000 fragments: a deleted base is named at the last base of its run, so it has as many places as
    there are runs; the kind is that of the longest run it is in or follows."""
    counts = [shown(reference, {}, 10_000, name) for name in ("A", "B")]
    # One deletion of a G in c.748-752 in 40 fragments of A, 20 of B.
    counts[0].indels[751, 752, ""] = 40
    counts[1].indels[751, 752, ""] = 20
    _, _, means = learn_indels([(counts[0], False), (counts[1], True)], platform, reference)
    runs = [m.span() for m in re.finditer(r"(.)\1*", reference.sequence)]
    # A run of one base that follows a run of five touches it; a longer one is named at a base that does not.
    places = 0
    for before, run in zip([(0, 0), *runs], runs, strict=False):
        touched = max(run[1] - run[0], before[1] - before[0] if run[1] - run[0] == 1 else 0)
        places += touched == 5 and 708 < run[1] <= 1521
    assert places > 1
    assert means[DELETION_1 + 4] == pytest.approx((60 + 10) / (20_000 * places + 10 / 27e-5), rel=1e-6)
    # Nothing was inserted there: between how many bases did nobody look.
    assert means[INSERTION_1 + 4] < 27e-5
    # Without a control no kind is taken to be rarer than the platform's row says.
    _, _, alone = learn_indels([(c, False) for c in counts], platform, reference)
    assert alone[INSERTION_1 + 4] == 27e-5 and alone[DELETION_1 + 4] == means[DELETION_1 + 4]


def test_mutations_are_not_learned_from(reference, platform):
    with_it, without = shown(reference, {}, 10_000), shown(reference, {}, 10_000)
    with_it.indels[825, 828, ""] = 400
    means = [learn_indels([(c, False)], platform, reference)[2] for c in (with_it, without)]
    assert means[0] == pytest.approx(means[1])


def test_only_wild_type_samples_say_what_a_single_site_does(reference, platform):
    patient, control = shown(reference, {}, 10_000, "P"), shown(reference, {}, 10_000, "C")
    patient.indels[825, 828, ""] = 30
    control.indels[751, 752, ""] = 12
    keys, seen, _ = learn_indels([(patient, False), (control, True)], platform, reference)
    assert (keys.tolist(), seen.tolist()) == (["751_752_"], [12])


@pytest.fixture
def called(reference, platform, monkeypatch):
    """Tail of so many of 2,000 fragments with c.826_828del, beside two controls of 20,000; 5,000 templates."""
    trust_the_sheet(monkeypatch)

    def tail(x, in_controls):
        own = shown(reference, {}, 2_000)
        own.indels[825, 828, ""] = x
        libraries = [Library(own, False, 5_000.0)]
        for name in ("C1", "C2"):
            control = shown(reference, {}, 20_000, name)
            control.indels[825, 828, ""] = in_controls
            libraries.append(Library(control, True, 5_000.0))
        expected = Expected(own, learn(platform, reference, libraries), platform, reference, 5_000.0)
        error = expected.indel((825, 828, ""))
        assert error.weights.sum() == pytest.approx(1)
        return expected.background.tail(x, 2_000, error)

    return tail


def test_controls_say_what_an_indel_is_worth(called):
    """Four of 2,000 where 40,000 fragments of controls show none; two where they lead one to expect 0.8."""
    assert called(4, 0) < 1e-7
    assert called(2, 8) > 0.01


def test_controls_that_show_an_indel_often_make_it_an_error(called):
    """1 % in the patient as in both controls."""
    assert called(20, 200) > 0.01


# ---------------------------------------------------------------- carry-over


def with_indels(reference, name, indels, depth=10_000, panel=""):
    counts = shown(reference, {}, depth, name, panel)
    counts.indels.update(indels)
    return counts


def test_what_is_carried_over_of_an_indel_is_a_share_of_the_other_samples(reference, platform):
    """Three bases of codons 276 and 277: 300 of 1,000 in a patient, 2 in another one; a panel's sample does not count."""
    indel = (825, 828, "")
    own = with_indels(reference, "S", {indel: 500}, 1_000)
    others = [with_indels(reference, "A", {indel: 300}, 1_000), with_indels(reference, "B", {indel: 2}, 3_000)]
    past = with_indels(reference, "W", {indel: 900}, 1_000, "lab")
    libraries = [*(Library(c, False, 500.0) for c in (own, *others)), Library(past, True, 500.0)]
    run = learn(platform, reference, libraries)
    expected = Expected(own, run, platform, reference, 500.0)
    # Fewer than three fragments of a sample are not kept.
    assert expected.carried_indel(indel) == pytest.approx(0.002 * 300 / 4_000)
    assert expected.carried_indel((825, 827, "")) == 0.0
    # A sample that the run does not have takes from all of them.
    stranger = Expected(shown(reference, {}, 1_000, "X"), run, platform, reference, 500.0)
    assert stranger.carried_indel(indel) == pytest.approx(0.002 * 800 / 5_000)
    # Every possible rate is higher by so much.
    still = Expected(own, run, replace(platform, carry_over=0.0), reference, 500.0)
    more, less = expected.indel(indel), still.indel(indel)
    assert more.rates - less.rates == pytest.approx(np.full(60, 0.002 * 300 / 4_000))
    assert np.array_equal(more.weights, less.weights)


def test_a_deletion_of_all_molecules_is_carried_over_as_one(reference, platform):
    """Codons 276 and 277 are on no fragment of the other sample, which has as many as this one."""
    indel = (825, 831, "")
    own, other = shown(reference, {}, 5_000, "S"), with_indels(reference, "A", {indel: 5_000}, 5_000)
    other.codons[275:277] = 0
    run = learn(platform, reference, [Library(c, False, 500.0) for c in (own, other)])
    assert Expected(own, run, platform, reference, 500.0).carried_indel(indel) == pytest.approx(0.002)
    assert Expected(other, run, platform, reference, 500.0).carried_indel(indel) == 0.0


def test_a_sample_without_the_rest_of_its_run_has_nothing_carried_over(reference, platform):
    own = with_indels(reference, "S", {(825, 828, ""): 500})
    run = learn(platform, reference, [Library(own, False, 500.0)])
    assert Expected(own, run, platform, reference, 500.0).carried_indel((825, 828, "")) == 0.0


def test_indels_of_the_run_are_few_and_sorted(reference, platform):
    own = with_indels(reference, "S", {(900, 901, ""): 3, (825, 828, ""): 7, (830, 831, ""): 2})
    other = with_indels(reference, "A", {(825, 828, ""): 4, (830, 831, ""): 2, (840, 840, "ACG"): 3})
    run = learn(platform, reference, [Library(c, False, 500.0) for c in (own, other)])
    assert run.run_indel_keys.tolist() == sorted(["825_828_", "900_901_", "840_840_ACG"])
    assert dict(zip(run.run_indel_keys.tolist(), run.run_indel_counts.tolist(), strict=True)) == {
        "825_828_": 11,
        "840_840_ACG": 3,
        "900_901_": 3,
    }
