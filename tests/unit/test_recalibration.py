"""Recalibrated qualities against samples read base by base with known errors; tails and thresholds against scipy."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy import stats

from ablkd.counting.recalibration import quality_tail, quality_threshold, recalibrate
from ablkd.fragments import DELETED, QUALITIES, UNOBSERVED, Fragments, empty

SITES = 300
TARGET = np.random.default_rng(5).integers(0, 4, SITES).astype(np.uint8)
NO_PRIMERS = np.zeros((0, 4), np.int32)
WHOLE, LEFT, RIGHT = (0, SITES), (0, 200), (100, SITES)
NOTHING = (0, 0)


@dataclass(frozen=True)
class Mates:
    """Equal pairs: where each mate lies, and (quality, how often it is drawn, how often such a base is wrong)."""

    pairs: int
    forward: tuple[int, int]
    reverse: tuple[int, int]
    forward_bases: tuple[tuple[int, float, float], ...] = ((40, 1.0, 0.0),)
    reverse_bases: tuple[tuple[int, float, float], ...] = ((40, 1.0, 0.0),)


def wrong_bases(rng, bases, rate, transitions):
    """Each base misread with its rate; a share of the misread ones as the transition."""
    hit = rng.random(bases.shape) < rate
    kind = np.where(rng.random(bases.shape) < transitions, 2, rng.choice([1, 3], bases.shape))
    return np.where(hit, bases ^ kind, bases)


def read_mates(rng, mates: Mates, pcr=0.0, variants=(), transitions=1 / 3):
    """(bases, qualities, orientations) of the merged pairs, int[pairs, SITES]: -1 where nothing lies, 5 where nothing
    was observed. `variants` are (site, code, share); `pcr` errors are in the molecule, so that both mates show them."""
    molecules = np.tile(TARGET.astype(int), (mates.pairs, 1))
    for site, code, share in variants:
        molecules[rng.random(mates.pairs) < share, site] = code
    molecules = np.where(molecules < 4, wrong_bases(rng, molecules % 4, pcr, transitions), molecules)
    shown, sure = [], []
    for (start, stop), drawn in ((mates.forward, mates.forward_bases), (mates.reverse, mates.reverse_bases)):
        value, chance, rate = (np.array(column) for column in zip(*drawn, strict=True))
        which = rng.choice(len(drawn), molecules.shape, p=chance)
        bases = np.where(molecules < 4, wrong_bases(rng, molecules % 4, rate[which], transitions), molecules)
        bases[value[which] < 20] = UNOBSERVED
        bases[:, :start] = bases[:, stop:] = -1
        shown.append(bases)
        sure.append(value[which])
    bases, qualities = np.full(molecules.shape, -1), np.zeros(molecules.shape, int)
    orientation = np.zeros(molecules.shape, int)
    (one, two), (q_one, q_two) = shown, sure
    seen_one, seen_two = (one >= 0) & (one != UNOBSERVED), (two >= 0) & (two != UNOBSERVED)
    for where, base, quality, side in (
        (seen_one & ~seen_two, one, q_one, 0),
        (seen_two & ~seen_one, two, q_two, 1),
        (seen_one & seen_two, np.where(one == two, one, UNOBSERVED), np.minimum(q_one + q_two, 40), 2),
        (~seen_one & ~seen_two & ((one >= 0) | (two >= 0)), np.full_like(one, UNOBSERVED), q_one, 2),
    ):
        bases[where], qualities[where], orientation[where] = base[where], quality[where], side
    return bases, qualities, orientation


def sample(rng, *kinds: Mates, tile=-1, **truth) -> Fragments:
    histogram = np.zeros((SITES, 3, QUALITIES), np.int32)
    offsets, exceptions, spans = [0], [], []
    for mates in kinds:
        bases, qualities, orientation = read_mates(rng, mates, **truth)
        observed = (bases >= 0) & (bases != UNOBSERVED)
        site = np.broadcast_to(np.arange(SITES), bases.shape)
        np.add.at(histogram, (site[observed], orientation[observed], qualities[observed]), 1)
        differs = (bases >= 0) & (bases != TARGET)
        offsets.extend(offsets[-1] + np.cumsum(differs.sum(axis=1)))
        exceptions.append(np.stack([site[differs], bases[differs], qualities[differs]]))
        spans += [(mates.forward, mates.reverse)] * mates.pairs
    position, allele, quality = np.concatenate(exceptions, axis=1)
    span = np.array(spans, np.int32)
    return replace(
        empty(SITES),
        junctions=np.zeros(len(spans), np.int64),
        forward=span[:, 0].copy(),
        reverse=span[:, 1].copy(),
        tile=np.full(len(spans), tile, np.int16),
        offsets=np.array(offsets, np.int64),
        position=position.astype(np.int32),
        allele=allele.astype(np.uint8),
        quality=quality.astype(np.uint8),
        histogram=histogram,
    )


def agrees(rate: float, truth: float, bases: float, slack: float = 0.0) -> bool:
    """Within four standard deviations of what so many bases show."""
    return abs(rate - truth) <= 4 * np.sqrt(truth / bases) + slack * truth


@pytest.mark.parametrize("wrong", [0.01, 0.001, 0.00002])
def test_qualities_that_lie_are_found_out(wrong):
    drawn = sample(np.random.default_rng(1), Mates(5_000, WHOLE, NOTHING, ((40, 1.0, wrong),)))
    errors = recalibrate(drawn, TARGET, NO_PRIMERS).errors
    assert agrees(errors[0, 40], wrong, 5_000 * SITES)


# quality, how often it is drawn, how often such a base is wrong: the strands differ; 12 is too low to be observed
FORWARD = ((12, 0.10, 0.3), (25, 0.3, 0.004), (37, 0.6, 0.0008))
REVERSE = ((12, 0.25, 0.3), (25, 0.5, 0.012), (37, 0.25, 0.0016))


@pytest.mark.parametrize(
    "kinds",
    [
        pytest.param([Mates(6_000, WHOLE, NOTHING, FORWARD), Mates(6_000, NOTHING, WHOLE, (), REVERSE)], id="single"),
        pytest.param([Mates(6_000, LEFT, RIGHT, FORWARD, REVERSE)], id="overlap in the middle"),
        pytest.param([Mates(6_000, WHOLE, WHOLE, FORWARD, REVERSE)], id="overlap everywhere"),
        pytest.param(
            [Mates(3_000, WHOLE, (150, 300), FORWARD, REVERSE), Mates(3_000, LEFT, RIGHT, FORWARD, REVERSE)],
            id="two kinds of overlap",
        ),
    ],
)
def test_each_orientation_and_quality_has_its_own_rate(kinds):
    pcr = 0.0003
    kinds = [replace(k, forward_bases=k.forward_bases or FORWARD) for k in kinds]
    drawn = sample(np.random.default_rng(2), *kinds, pcr=pcr)
    errors = recalibrate(drawn, TARGET, NO_PRIMERS).errors
    seen = drawn.histogram.sum(axis=0)
    overlap = all(k.forward == k.reverse for k in kinds)
    for side, bases in ((0, FORWARD), (1, REVERSE)):
        for quality, _, rate in bases[1:]:
            assert seen[side, quality] > 10_000
            # Where all is overlap, a base that one mate saw alone is either's: their errors mix.
            if not overlap:
                assert agrees(errors[side, quality], rate + pcr, seen[side, quality], slack=0.15)
    if seen[2].any():
        assert agrees(errors[2, 40], pcr, seen[2, 40], slack=0.05)
    shown = (drawn.allele < 4).sum()
    assert (errors * seen).sum() == pytest.approx(shown, rel=0.02)


def test_a_base_that_both_mates_show_is_not_one_of_a_single_mate():
    """The same sites and the same quality, from long fragments with one mate and short ones with two."""
    alone = Mates(5_000, WHOLE, NOTHING, ((40, 1.0, 0.002),))
    agreeing = Mates(5_000, WHOLE, WHOLE, ((37, 1.0, 0.002),), ((37, 1.0, 0.002),))
    errors = recalibrate(sample(np.random.default_rng(12), alone, agreeing, pcr=0.0003), TARGET, NO_PRIMERS).errors
    assert agrees(errors[0, 40], 0.0023, 5_000 * SITES)
    assert agrees(errors[2, 40], 0.0003, 5_000 * SITES, slack=0.01)


def test_variants_do_not_spoil_it():
    truth, variants = 0.001, ((50, (TARGET[50] + 1) % 4, 0.9), (90, TARGET[90] ^ 2, 1.0), (120, TARGET[120] ^ 2, 0.03))
    mates = Mates(5_000, WHOLE, NOTHING, ((35, 1.0, truth),))
    found = recalibrate(sample(np.random.default_rng(3), mates, variants=variants), TARGET, NO_PRIMERS)
    assert agrees(found.errors[0, 35], truth, 5_000 * SITES)
    assert found.transitions == pytest.approx(1 / 3, abs=0.05)


def test_few_fragments_are_not_taken_for_variants():
    """At a depth of 40 one wrong base is 2.5 %: leaving such sites out would leave no error at all."""
    truth = 0.003
    rng = np.random.default_rng(4)
    drawn = [sample(rng, Mates(40, WHOLE, NOTHING, ((40, 1.0, truth),))) for _ in range(30)]
    rates = [recalibrate(d, TARGET, NO_PRIMERS).errors[0, 40] for d in drawn]
    shrunk = (truth * 40 * SITES + 1) / (40 * SITES + 10_000)
    assert np.mean(rates) == pytest.approx(shrunk, rel=0.15)


def test_lost_and_unobserved_bases_are_not_misread():
    variants = ((50, DELETED, 0.5), *((site, DELETED, 0.01) for site in range(100, 200)))
    drawn = sample(np.random.default_rng(6), Mates(3_000, WHOLE, NOTHING, FORWARD), pcr=0.0001, variants=variants)
    assert (drawn.allele == UNOBSERVED).sum() > 10 * (drawn.allele < 4).sum()
    errors = recalibrate(drawn, TARGET, NO_PRIMERS).errors
    for quality, share, rate in FORWARD[1:]:
        assert agrees(errors[0, quality], rate + 0.0001, 3_000 * SITES * share, slack=0.01)


def test_primers_of_the_tiles_that_are_there_are_left_out():
    wrong_primer = tuple((site, TARGET[site] ^ 1, 0.004) for site in (*range(0, 20), *range(280, 300)))
    mates = Mates(4_000, WHOLE, NOTHING, ((37, 1.0, 0.0005),))
    drawn = sample(np.random.default_rng(7), mates, variants=wrong_primer, tile=1)
    elsewhere, here = (100, 120, 130, 150), (0, 20, 280, 300)
    rate = recalibrate(drawn, TARGET, np.array([elsewhere, here], np.int32)).errors[0, 37]
    assert agrees(rate, 0.0005, 4_000 * 260)
    assert recalibrate(drawn, TARGET, np.array([here, elsewhere], np.int32)).errors[0, 37] > 1.5 * rate


def test_without_bases_the_promise_counts():
    found = recalibrate(empty(SITES), TARGET, NO_PRIMERS)
    assert found.errors.shape == (3, QUALITIES)
    assert found.errors[:, [0, 20, 30, 40]].tolist() == [pytest.approx([0.75, 0.01, 0.001, 0.0001])] * 3
    assert found.transitions == pytest.approx(1 / 3)


def test_perfect_bases_are_never_trusted_blindly():
    drawn = sample(np.random.default_rng(8), Mates(10_000, WHOLE, NOTHING))
    assert recalibrate(drawn, TARGET, NO_PRIMERS).errors.min() == 1e-6


A, C, G, T = range(4)


@pytest.mark.parametrize(
    ("transitions", "to_transition", "to_transversion"), [(0.7, 0.7, 1 / 3), (1 / 3, 1 / 3, 1 / 3), (0.1, 1 / 3, 0.45)]
)
def test_a_kind_of_error_that_is_common_in_the_sample_is_expected(transitions, to_transition, to_transversion):
    mates = Mates(5_000, WHOLE, NOTHING, ((40, 1.0, 0.01),))
    found = recalibrate(sample(np.random.default_rng(9), mates, transitions=transitions), TARGET, NO_PRIMERS)
    for ref, alt in ((A, G), (G, A), (C, T), (T, C)):
        assert found.to_base(ref, alt)[0, 40] == pytest.approx(0.01 * to_transition, rel=0.05)
    for ref, alt in ((A, C), (A, T), (G, T), (C, A), (T, G)):
        assert found.to_base(ref, alt)[0, 40] == pytest.approx(0.01 * to_transversion, rel=0.05)


def site(**bins: int) -> np.ndarray:
    """A histogram: `f37=100` are 100 forward bases of quality 37; r reverse, b both mates."""
    found = np.zeros((3, QUALITIES), np.int32)
    for name, count in bins.items():
        found["frb".index(name[0]), int(name[1:])] = count
    return found


PROMISED = np.tile(10 ** (-np.arange(QUALITIES) / 10), (3, 1)) / 3


@pytest.mark.parametrize(("x", "bases", "quality"), [(4, 200, 30), (1, 300, 37), (30, 20_000, 40), (150, 20_000, 30)])
def test_one_kind_of_base_gives_a_binomial(x, bases, quality):
    truth = stats.binom.sf(x - 1, bases, 10 ** (-quality / 10) / 3)
    assert quality_tail(x, site(**{f"r{quality}": bases}), PROMISED, 0.01) == pytest.approx(truth, rel=1e-9)


MIXED = site(f25=2_000, f37=5_000, r22=900, r37=4_000, b40=9_000)


def test_a_mixture_is_what_drawn_errors_show():
    rng = np.random.default_rng(10)
    drawn = rng.binomial(MIXED[MIXED > 0], PROMISED[MIXED > 0], (400_000, 5)).sum(axis=1)
    for x in range(6, 16):
        seen = (drawn >= x).sum()
        assert quality_tail(x, MIXED, PROMISED, 0.5) * len(drawn) == pytest.approx(seen, abs=5 * np.sqrt(seen) + 5)


def test_above_ten_times_alpha_it_is_the_upper_bound_of_a_poisson():
    mean = (MIXED * PROMISED).sum()
    assert 4 < mean < 6
    for x in range(0, 40):
        quick, exact = quality_tail(x, MIXED, PROMISED, 1e-5), quality_tail(x, MIXED, PROMISED, 1.0)
        bound = stats.poisson.sf(x - 1, mean)
        if x <= mean:
            assert quick == exact == 1
        elif x < mean + 1:
            assert quick == exact
        else:
            assert exact < bound
            assert quick == (pytest.approx(bound, rel=1e-9) if bound >= 1e-4 else exact)


def test_a_true_variant_has_the_least_p_value():
    assert quality_tail(10_000, MIXED, PROMISED, 1e-5) == 1e-300
    assert quality_tail(20_900, MIXED, PROMISED, 1e-5) == 1e-300


@pytest.mark.parametrize("alpha", [0.01, 4e-5, 1e-9])
@pytest.mark.parametrize("times", [0.001, 0.1, 1, 50])
def test_the_threshold_is_the_first_count_of_the_poisson_below_alpha(alpha, times):
    histogram = (MIXED * times).astype(int)
    mean = (histogram * PROMISED).sum()
    truth = next(x for x in range(int(mean) + 2, 10_000) if stats.poisson.sf(x - 1, mean) < alpha)
    found = quality_threshold(histogram, PROMISED, alpha)
    assert found == min(truth, histogram.sum() + 1)
    if found <= histogram.sum():
        assert quality_tail(found, histogram, PROMISED, alpha) < alpha


def test_no_count_is_enough_where_there_are_too_few_bases():
    assert quality_threshold(site(), PROMISED, 1e-5) == 1
    assert quality_threshold(site(f20=1), PROMISED, 1e-5) == 2
    assert quality_threshold(site(f37=3), PROMISED, 1e-12) == 4


def test_a_sample_of_100000_fragments_is_quick():
    """Several times what it takes: a loop over fragments would show, a busy computer does not."""
    drawn = sample(np.random.default_rng(11), Mates(5_000, LEFT, RIGHT, FORWARD, REVERSE), pcr=0.001)
    times = 20
    many = replace(
        drawn,
        junctions=np.tile(drawn.junctions, times),
        forward=np.tile(drawn.forward, (times, 1)),
        reverse=np.tile(drawn.reverse, (times, 1)),
        tile=np.tile(drawn.tile, times),
        offsets=np.append(0, np.cumsum(np.tile(np.diff(drawn.offsets), times))),
        position=np.tile(drawn.position, times),
        allele=np.tile(drawn.allele, times),
        quality=np.tile(drawn.quality, times),
        histogram=drawn.histogram * times,
    )
    start = time.perf_counter()
    found = recalibrate(many, TARGET, NO_PRIMERS)
    once = time.perf_counter()
    for row in range(1_000):
        quality_threshold(many.histogram[row % SITES], found.to_base(A, G), 4e-5)
    done = time.perf_counter()
    assert once - start < 1.5
    assert done - once < 1
