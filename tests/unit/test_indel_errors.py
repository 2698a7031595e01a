"""Error rates of insertions and deletions by kind, length and homopolymer, counted by hand."""

import re
from dataclasses import replace

import numpy as np
import pytest
from counted import shown
from learned import trust_the_sheet

from ablkd import hgvs
from ablkd.background.expected import Expected
from ablkd.background.indel_rates import smallest_indel
from ablkd.background.indels import (
    COPIES,
    KINDS,
    LENGTHS,
    indel_kind,
    kind_means,
    possible_indels,
    prior_indel_means,
    touched_runs,
)
from ablkd.background.learning import Library, learn
from ablkd.reference import encode


@pytest.fixture(scope="module")
def platform(reference):
    return reference.platform("illumina")


def kind(insertion, length_bin, copies):
    return (insertion * LENGTHS + length_bin) * COPIES + copies


def test_a_site_touches_the_longer_of_the_runs_it_is_between():
    assert touched_runs(encode("ACCGGGT")).tolist() == [1, 2, 2, 3, 3, 3, 3, 1]


@pytest.mark.parametrize(
    ("indel", "expected"),
    [
        # c.748-752 is GGGGG, c.825-829 GGACA, c.937-942 ATCATC.
        ((751, 752, ""), (0, 0, 5)),
        ((825, 826, ""), (0, 0, 2)),
        ((827, 828, ""), (0, 0, 1)),
        ((750, 752, ""), (0, 1, 5)),
        ((749, 752, ""), (0, 2, 5)),
        ((825, 828, ""), (0, 2, 1)),
        ((826, 831, ""), (0, 3, 1)),
        ((940, 943, ""), (0, 2, 1)),  # two copies of three bases are no homopolymer
        ((752, 752, "G"), (1, 0, 5)),
        ((827, 827, "TT"), (1, 1, 0)),
        ((827, 827, "TTTT"), (1, 3, 0)),
        ((827, 827, "T"), (1, 0, 0)),
        ((829, 829, "CATTTTTTTTTTT"), (1, 5, 0)),
    ],
)
def test_kinds(reference, indel, expected):
    assert reference.sequence[747:752] == "GGGGG" and reference.sequence[824:829] == "GGACA"
    assert indel_kind(reference.sequence, indel) == kind(*expected)


def test_copies_of_two_bases_count_as_those_of_one():
    assert indel_kind("GGTCTCTCAA", (6, 8, "")) == kind(0, 1, 3)
    assert indel_kind("GGTCTCTCAA", (8, 8, "TC")) == kind(1, 1, 3)
    assert indel_kind("GGTCTCTCAA", (8, 8, "TCTC")) == kind(1, 3, 3)


def test_possible_indels_are_those_that_can_be_named(reference):
    """Against every deletion of a stretch, moved to its most 3' place, and every insertion of what stands there."""
    low, high, sequence = 700, 1100, reference.sequence
    found = {}
    for start in range(low, high):
        for length in range(1, 31):
            indel = hgvs.shift_indel_right(sequence, start, start + length, "")
            found[indel] = indel_kind(sequence, indel), indel[0]
        for length in range(1, 31):
            for unit in (1, 2):
                if length % unit == 0:
                    inserted = sequence[start - unit : start] * (length // unit)
                    indel = hgvs.shift_indel_right(sequence, start, start, inserted)
                    found[indel] = indel_kind(sequence, indel), indel[0]
    walked = sorted(found.values())
    kinds, places, number = possible_indels(reference)
    listed = zip(kinds.tolist(), places.tolist(), number.tolist(), strict=True)
    inside = [(k, p) for k, p, n in listed for _ in range(n) if low + 40 <= p < high - 40 and k % COPIES]
    assert [w for w in walked if low + 40 <= w[1] < high - 40] == sorted(inside)
    # Anything else that is inserted: one site for each length.
    other = (kinds // COPIES >= LENGTHS) & (kinds % COPIES == 0)
    assert (np.bincount(places[other], number[other]) == 30).all()


def test_the_platforms_row_triples_with_each_base_of_a_homopolymer_and_falls_with_length(reference):
    means = prior_indel_means(reference.platform("illumina")).reshape(2, LENGTHS, COPIES)
    for side in means:
        assert side[0] == pytest.approx(1e-5 * np.array([1, 1, 1, 3, 9, 27, 81]))
        assert side[:5, 1] == pytest.approx(np.maximum(1e-5 * 0.3 ** np.array([0, 1, 2, 3, 6]), 1e-8))
    # Never more than half.
    assert prior_indel_means(reference.platform("ont")).max() == 0.5


def test_class_means_are_errors_over_opportunities(reference, platform):
    """Two samples of 10,000 fragments: a deleted base is named at the last base of its run, so it has as many places as
    there are runs."""
    counts = [shown(reference, {}, 10_000, name) for name in ("A", "B")]
    # One deletion of a G in c.748-752 in 40 fragments of A, 20 of B.
    counts[0].indels[751, 752, ""] = 40, 10_000
    counts[1].indels[751, 752, ""] = 20, 10_000
    means = kind_means(counts, platform, reference)
    runs = [m.span() for m in re.finditer(r"(.)\1*", reference.sequence)]
    places = sum(b - a == 5 and counts[0].spanning[b - 1] > 0 for a, b in runs)
    assert places > 1
    assert means[kind(0, 0, 5)] == pytest.approx((60 + 10) / (20_000 * places + 10 / 27e-5), rel=1e-6)
    assert means[kind(1, 0, 5)] < 27e-5


def test_mutations_are_not_learned_from(reference, platform):
    with_it, without = shown(reference, {}, 10_000), shown(reference, {}, 10_000)
    with_it.indels[825, 828, ""] = 400, 10_000
    means = [kind_means([c], platform, reference) for c in (with_it, without)]
    assert means[0] == pytest.approx(means[1]) and len(means[0]) == KINDS


def test_a_sample_without_depth_teaches_nothing(reference, platform):
    assert kind_means([], platform, reference) == pytest.approx(prior_indel_means(platform))


@pytest.fixture
def called(reference, platform, monkeypatch):
    """Tail of so many of 2,000 fragments with c.826_828del, beside two controls of 20,000; 5,000 templates."""
    trust_the_sheet(monkeypatch)

    def tail(x, in_controls):
        own = shown(reference, {}, 2_000)
        own.indels[825, 828, ""] = x, 2_000
        libraries = [Library(own, False, 5_000.0)]
        for name in ("C1", "C2"):
            control = shown(reference, {}, 20_000, name)
            control.indels[825, 828, ""] = in_controls, 20_000
            libraries.append(Library(control, True, 5_000.0))
        expected = Expected(own, learn(platform, reference, libraries), platform, reference, 5_000.0)
        error = expected.indels.rate((825, 828, ""))
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
    counts.indels.update({indel: (x, depth) for indel, x in indels.items()})
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
    assert expected.indels.carried(indel) == pytest.approx(0.002 * 302 / 4_000)
    assert expected.indels.carried((825, 827, "")) == 0.0
    # A sample that the run does not have takes from all of them.
    stranger = Expected(shown(reference, {}, 1_000, "X"), run, platform, reference, 500.0)
    assert stranger.indels.carried(indel) == pytest.approx(0.002 * 802 / 5_000)
    # Every possible rate is higher by so much.
    still = Expected(own, run, replace(platform, carry_over=0.0), reference, 500.0)
    more, less = expected.indels.rate(indel), still.indels.rate(indel)
    assert more.rates - less.rates == pytest.approx(np.full(60, 0.002 * 302 / 4_000))
    assert np.array_equal(more.weights, less.weights)


def test_a_deletion_of_all_molecules_is_carried_over_as_one(reference, platform):
    """Codons 276 and 277 are on no fragment of the other sample, which has as many as this one."""
    indel = (825, 831, "")
    own, other = shown(reference, {}, 5_000, "S"), with_indels(reference, "A", {indel: 5_000}, 5_000)
    other.codons[275:277] = 0
    run = learn(platform, reference, [Library(c, False, 500.0) for c in (own, other)])
    assert Expected(own, run, platform, reference, 500.0).indels.carried(indel) == pytest.approx(0.002)
    assert Expected(other, run, platform, reference, 500.0).indels.carried(indel) == 0.0


def test_a_sample_without_the_rest_of_its_run_has_nothing_carried_over(reference, platform):
    own = with_indels(reference, "S", {(825, 828, ""): 500})
    run = learn(platform, reference, [Library(own, False, 500.0)])
    assert Expected(own, run, platform, reference, 500.0).indels.carried((825, 828, "")) == 0.0


def test_what_no_sample_shows_three_times_is_not_kept(reference, platform):
    own = with_indels(reference, "S", {(900, 901, ""): 3, (825, 828, ""): 7, (830, 831, ""): 2})
    other = with_indels(reference, "A", {(825, 828, ""): 2, (830, 831, ""): 2, (840, 840, "ACG"): 3})
    run = learn(platform, reference, [Library(c, False, 500.0) for c in (own, other)])
    assert run.indel_keys.tolist() == ["825_828_", "840_840_ACG", "900_901_"]
    assert run.indel_shown.tolist() == [[7, 2], [0, 3], [3, 0]]
    # Where a sample does not show it, the fragments that span its place could have.
    assert (run.indel_depths == 10_000).all() and run.indel((830, 831, ""))[1].tolist() == [10_000, 10_000]


# ---------------------------------------------------------------- errors of the place, contaminated controls


def rates_of(reference, platform, samples):
    """Rates of the first of (counts, wild type, patient)."""
    run = learn(platform, reference, [Library(c, wild, 5_000.0, patient) for c, wild, patient in samples])
    return Expected(samples[0][0], run, platform, reference, 5_000.0).indels


INDEL = (825, 828, "")


def test_a_like_fraction_in_three_other_patients_is_an_error_of_the_place(reference, platform):
    def recurrent(*others):
        samples = [(with_indels(reference, "S", {INDEL: 500}), False, "own")]
        for i, (x, patient) in enumerate(others):
            samples.append((with_indels(reference, f"S{i}", {INDEL: x}), False, patient))
        return rates_of(reference, platform, samples).recurrent(INDEL)

    assert recurrent((400, "A"), (600, "B"), (700, "C"))
    assert not recurrent((400, "A"), (600, "B"))
    # Follow-up samples of one patient are one, and one's own do not count.
    assert not recurrent((400, "A"), (600, "B"), (700, "B"))
    assert not recurrent((400, "A"), (600, "B"), (700, "own"))
    # What other samples left is not alike.
    assert not recurrent((400, "A"), (10, "B"), (12, "C"), (9, "D"))
    # Nobody knows whose samples without a patient are: each may be of another one.
    assert recurrent((400, ""), (600, ""), (700, ""))


def test_an_indel_that_contaminates_a_control_is_not_learned_there(reference, platform):
    own = (with_indels(reference, "S", {INDEL: 2_000}), False, "A")
    dirty = (with_indels(reference, "C1", {INDEL: 300}), True, "")
    clean = (with_indels(reference, "C2", {}), True, "")
    rates = rates_of(reference, platform, [own, dirty, clean])
    assert rates.contaminated(INDEL) == 0.03 and rates.rate(INDEL).mean < 1e-4
    # Both controls show it as often: errors of the place.
    also = (with_indels(reference, "C2", {INDEL: 280}), True, "")
    rates = rates_of(reference, platform, [own, dirty, also])
    assert rates.contaminated(INDEL) == 0.0 and rates.rate(INDEL).mean == pytest.approx(0.029, rel=0.2)
    # A control is not excused by itself.
    rates = rates_of(reference, platform, [dirty, own, clean])
    assert rates.contaminated(INDEL) == 0.0


# ---------------------------------------------------------------- errors on mutated molecules


def test_the_smallest_indel_against_applying_it(reference):
    """c.748-752 is GGGGG between C and C: where molecules have T at c.748, one more G makes an insertion of T."""
    sequence = reference.sequence
    assert sequence[746:753] == "CGGGGGC"
    mutated = sequence[:747] + "T" + sequence[748:]
    edit = smallest_indel(mutated, sequence, (747, 747, "T"))
    assert edit == (752, 752, "G") and indel_kind(mutated, edit) == kind(1, 0, 4)
    made = sequence[:747] + "T" + sequence[747:]
    assert mutated[: edit[0]] + edit[2] + mutated[edit[1] :] == made
    assert smallest_indel(mutated, sequence, (760, 761, "")) is None


def test_an_error_on_a_mutated_molecule_is_an_error_too(reference):
    """Of 2,000 molecules 83 % have T at c.748; 5 % of all show one more G there, which reads as an insertion of T."""
    hifi, indel = reference.platform("pacbio_hifi"), (747, 747, "T")
    mutated = reference.sequence[:747] + "T" + reference.sequence[748:]
    codon = 748 // 3
    both = [shown(reference, {(codon + 1, mutated[3 * codon : 3 * codon + 3]): x}, 2_000) for x in (0, 1_660)]
    p_values = []
    for counts in both:
        counts.indels[indel] = 100, 2_000
        run = learn(hifi, reference, [Library(counts, False, 5_000.0)])
        expected = Expected(counts, run, hifi, reference, 5_000.0)
        p_values.append(expected.background.tail(100, 2_000, expected.indels.rate(indel)))
    assert p_values[0] < 1e-9 and p_values[1] > 1e-6


def test_an_error_on_a_molecule_with_a_deletion_is_an_error_too(reference):
    """Nanopore, nine bases lost in a tenth of the reads: one base more is lost in a few of these."""
    ont, nine = reference.platform("ont"), (1056, 1065, "")
    assert hgvs.shift_indel_right(reference.sequence, *nine) == nine
    near = reference.sequence[:1056] + reference.sequence[1065:]
    edit = smallest_indel(near, reference.sequence, (1055, 1065, ""))
    assert edit is not None and edit[1] - edit[0] == 1
    means = []
    for x in (0, 150):
        counts = shown(reference, {}, 1_500)
        counts.indels.update({(1055, 1065, ""): (3, 1_500), nine: (x, 1_500)})
        run = learn(ont, reference, [])
        means.append(Expected(counts, run, ont, reference, 5_000.0).indels.mean((1055, 1065, "")))
    assert means[1] > 20 * means[0]


@pytest.mark.parametrize(
    ("both", "one", "other"),
    [
        ((753, 753, "GC"), (753, 753, "G"), (753, 753, "C")),  # one more in front of the second C, and one C more
        ((824, 826, ""), (824, 825, ""), (825, 826, "")),
    ],
)
def test_two_errors_side_by_side_look_like_one_indel(reference, platform, both, one, other):
    """Three of 1,000 reads: an indel where neither part is seen by itself, an error where both often are."""
    one, other = (hgvs.shift_indel_right(reference.sequence, *part) for part in (one, other))
    p_values, means = [], []
    for seen in (0, 15):
        counts = shown(reference, {}, 1_000)
        counts.indels.update({both: (3, 1_000), one: (seen, 1_000), other: (seen, 1_000)})
        run = learn(platform, reference, [])
        expected = Expected(counts, run, platform, reference, 5_000.0)
        means.append(expected.indels.mean(both))
        p_values.append(expected.background.tail(3, 1_000, expected.indels.rate(both)))
    assert means[1] == pytest.approx(2 * 0.016**2)
    assert p_values[0] < 1e-6 and p_values[1] > 1e-3
