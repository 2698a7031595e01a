"""Fractions from good and poor bases, against a plain sum over possible fractions and against what was drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
from drawn import Kind, draw

from ablkd.background.learning import Library, learn
from ablkd.calling import call
from ablkd.calling.fraction import codon_bases, parts, posterior
from ablkd.counting.indels import as_counts
from ablkd.counting.quality_cut import LOWEST_CUT, count_from_own_cut
from ablkd.counting.recalibration import recalibrate
from ablkd.counting.tally import count
from ablkd.fragments import POOR, QUALITIES, Fragments
from ablkd.isoforms import build_graph

FIRST, LAST = 846, 1046
NO_PRIMERS = np.zeros((0, 4), np.int32)
T315I = 943  # c.944C>T, 0-based


def test_posterior_is_the_sum_over_fractions():
    """Two kinds of poor bases, two possible rates of the site; a fine grid of logits, term by term."""
    count, chance = np.array([70, 9, 4]), np.array([0.05, 0.6, 0.8])
    others, weights = np.array([[0.9, 0.05, 0.02], [0.85, 0.1, 0.04]]), np.array([0.7, 0.3])
    logit, sd = math.log(0.05 / 0.95), 1.1
    total = mean = square = 0.0
    for step in range(-8000, 8001):
        z = logit + step / 1000
        f = 1 / (1 + math.exp(-z))
        for rates, weight in zip(others, weights, strict=True):
            logs = sum(n * math.log(f * a + (1 - f) * b) for n, a, b in zip(count, chance, rates, strict=True))
            mass = weight * math.exp(logs - 0.5 * ((z - logit) / sd) ** 2)
            total, mean, square = total + mass, mean + mass * f, square + mass * f * f
    mean /= total
    found = posterior(count, chance, others, weights, logit, sd)
    assert found == pytest.approx((mean, square / total - mean**2), rel=2e-3)


@dataclass(frozen=True)
class Reads:
    """Fragments over [FIRST, LAST): `mutated`, `wild`: chance that c.944 is of poor quality with and without T315I."""

    reads: int = 4000
    vaf: float = 0.08
    mutated: float = 0.05
    wild: float = 0.05
    good: tuple[int, int] = (30, 40)
    poor: tuple[int, int] = (8, 14)

    def draw(self, reference, rng):
        """(bases, qualities) int[reads, LAST - FIRST]; a base errs as its quality says."""
        bases = np.tile(reference.codes[FIRST:LAST].astype(int), (self.reads, 1))
        changed = rng.permutation(self.reads) < round(self.vaf * self.reads)
        bases[changed, T315I - FIRST] = 3
        is_poor = rng.random(bases.shape) < 0.05
        is_poor[:, T315I - FIRST] = rng.random(self.reads) < np.where(changed, self.mutated, self.wild)
        ranges = (rng.integers(*ends, bases.shape, endpoint=True) for ends in (self.poor, self.good))
        quality = np.where(is_poor, *ranges)
        wrong = rng.random(bases.shape) < 10 ** (-quality / 10)
        return np.where(wrong, bases ^ rng.integers(1, 4, bases.shape), bases), quality


def observed(reference, bases, quality, cut: int) -> Fragments:
    """The fragments of reads on the forward strand, bases observed from `cut` on."""
    fragments = draw(reference, [Kind(len(bases), "", (FIRST, LAST), None)])
    good = quality >= cut
    allele = np.where(good, bases, POOR + bases)
    row, column = np.nonzero(allele != reference.codes[FIRST:LAST])
    histogram = np.zeros_like(fragments.histogram)
    for value in range(QUALITIES):
        histogram[FIRST:LAST, 0, value] = (good & (quality == value)).sum(axis=0)
    return replace(
        fragments,
        offsets=np.searchsorted(row, np.arange(len(bases) + 1)).astype(np.int64),
        position=(FIRST + column).astype(np.int32),
        allele=allele[row, column].astype(np.uint8),
        quality=quality[row, column].astype(np.uint8),
        histogram=histogram,
    )


def called(reference, fragments: Fragments, platform: str = "pacbio_hifi"):
    """The call of T315I."""
    row, graph = reference.platform(platform), build_graph(reference)
    counts = as_counts("s", platform, count(fragments, reference, graph), {}, reference)
    run = learn(row, reference, [Library(counts, False)])
    rows, _, _ = call.call_sample("s", row, reference, fragments, run, None, 0.03, 0.005)
    return next(one for one in rows if one.name == "T315I")


# What is drawn, and the fraction by fragments that show the whole codon relative to the truth: the fault that is mended.
CONTEXTS = {
    "the mutated base is mostly poor": (Reads(mutated=0.75, wild=0.05), 0.3),
    "the unmutated base is often poor": (Reads(mutated=0.05, wild=0.4), 1.5),
    "neither": (Reads(), 1.0),
    "very poor": (Reads(mutated=0.5, wild=0.05, poor=(5, 9)), 0.55),
}


@pytest.mark.parametrize("name", CONTEXTS)
def test_a_fraction_does_not_depend_on_which_base_is_poor(reference, monkeypatch, name):
    reads, by_cut = CONTEXTS[name]
    fragments = observed(reference, *reads.draw(reference, np.random.default_rng(11)), 20)
    found = called(reference, fragments)
    assert found.vaf == pytest.approx(reads.vaf, rel=0.1)
    assert found.vaf_low < reads.vaf < found.vaf_high
    monkeypatch.setattr(call, "parts", lambda *_: [])
    before = called(reference, fragments)
    assert before.vaf == pytest.approx(by_cut * reads.vaf, rel=0.12)
    assert (found.alt_count, found.depth, found.p_value) == (before.alt_count, before.depth, before.p_value)


def test_errors_of_poor_bases_are_recalibrated(reference):
    """Qualities of poor bases that promise too much: 12 stands for an error of 20 %."""
    rng = np.random.default_rng(3)
    bases, quality = Reads(poor=(6, 8), reads=6000).draw(reference, rng)
    quality[quality < 20] = 12
    drawn = observed(reference, bases, quality, 20)
    found = recalibrate(drawn, reference.codes, NO_PRIMERS)
    assert found.poor_log_sd < 0.2
    promised = np.mean([10 ** (-q / 10) for q in (6, 7, 8)])
    assert found.errors[0, 12] == pytest.approx(promised, rel=0.03)


@pytest.mark.parametrize("log_sd", [0.0, 0.5, 0.9])
def test_the_spread_of_sites_with_poor_bases_is_found(reference, log_sd):
    """Sites whose poor bases are wrong more or less often than their quality of 12 says."""
    rng = np.random.default_rng(9)
    bases, quality = Reads(vaf=0.0, poor=(12, 12)).draw(reference, rng)
    plain = reference.codes[FIRST:LAST]
    rate = 0.06 * np.exp(log_sd * rng.standard_normal((3, LAST - FIRST)) - log_sd**2 / 2) / 3
    drawn = rng.random(bases.shape)
    kind = (drawn[..., None] > np.cumsum(np.minimum(rate, 0.3), axis=0).T).sum(axis=2)
    bases = np.where(quality > 12, bases, np.where(kind < 3, plain ^ (kind + 1), plain))
    found = recalibrate(observed(reference, bases, quality, 20), reference.codes, NO_PRIMERS)
    assert found.poor_log_sd == pytest.approx(log_sd, abs=0.2)


def test_unmutated_poor_bases_add_nothing(reference):
    """Half of the bases at the site are poor and none is mutated: the errors of poor bases are no fraction."""
    reads = Reads(vaf=0.0, wild=0.5)
    fragments = observed(reference, *reads.draw(reference, np.random.default_rng(5)), 20)
    tally = count(fragments, reference, build_graph(reference))
    counts = as_counts("s", "pacbio_hifi", tally, {}, reference)
    run = learn(reference.platform("pacbio_hifi"), reference, [Library(counts, False)])
    expected = call.Expected(counts, run, reference.platform("pacbio_hifi"), reference, None)
    bases = codon_bases(tally, recalibrate(fragments, tally.target, tally.primers), 314)
    state = 16 * 0 + 4 * 3 + 3
    error, wild = expected.of(314, state), int(expected.wild[314])
    shown = sum(part.count for part in parts(bases, state, [wild], tally.states_seen[314], error, 0.0, 0.9))
    assert 0.4 * reads.reads < shown < 0.6 * reads.reads
    misread = bases.count[bases.base[:, 1] == 3].sum()
    made = sum(p.count * p.fraction for p in parts(bases, state, [wild], tally.states_seen[314], error, 0.0, 0.9))
    assert misread > 20 and made < 0.1 * misread


@pytest.mark.parametrize(("qualities", "cut"), [((16, 30), 15), ((10, 15), 13), ((3, 9), LOWEST_CUT)])
def test_the_cut_is_lowered_where_most_codons_would_be_lost(reference, qualities, cut):
    """The fragments observed from the lower cut on are those that the lower cut makes of the same reads."""
    reads = Reads(good=qualities, poor=qualities, reads=300)
    bases, quality = reads.draw(reference, np.random.default_rng(7))
    tally, found = count_from_own_cut(
        observed(reference, bases, quality, 15), reference, build_graph(reference), reference.platform("ont")
    )
    direct, regraded = observed(reference, bases, quality, found), tally.fragments
    assert cut - 2 <= found <= cut
    for name in ("offsets", "position", "allele", "quality", "histogram"):
        assert np.array_equal(getattr(direct, name), getattr(regraded, name)), name
    codons = (quality[:, : 3 * (len(quality[0]) // 3)].reshape(len(quality), -1, 3).min(axis=2) >= found).mean()
    assert found == LOWEST_CUT or codons >= 0.5


def test_many_fragments_keep_the_cut_though_few_of_them_show_a_codon(reference):
    reads = Reads(good=(8, 20), poor=(8, 20), reads=2800)
    drawn = observed(reference, *reads.draw(reference, np.random.default_rng(7)), 15)
    tally, cut = count_from_own_cut(drawn, reference, build_graph(reference), reference.platform("ont"))
    shown = tally.containing[tally.containing > 0]
    assert cut == 15 and 200 < shown.mean() < 0.15 * reads.reads


def test_short_reads_keep_their_cut(reference):
    bases, quality = Reads(good=(8, 12), poor=(8, 12), reads=50).draw(reference, np.random.default_rng(7))
    drawn = observed(reference, bases, quality, 20)
    tally, cut = count_from_own_cut(drawn, reference, build_graph(reference), reference.platform("illumina"))
    assert (cut, tally.fragments is drawn) == (20, True)
