"""Counts without reads: their means and variances are those of the molecules they stand for."""

from __future__ import annotations

import numpy as np
import pytest

from ablkd import hgvs
from ablkd.simulate.counts import ErrorModel, Spike, Tube, draw_allele, draw_counts, draw_sites

CODONS = np.arange(236, 516)
CLEAN = ErrorModel(0.0, 0.0, 0.0, 0.7, 0.3)
NOISY = ErrorModel(2e-3, 1e-3, 1e-3, 0.5, 0.4)


def drawn(reference, model, tube, spikes=(), seed=1, platform="illumina"):
    rng = np.random.default_rng(seed)
    sites = draw_sites(reference, CODONS, model, rng)
    return sites, draw_counts("S", reference.platform(platform), reference, sites, tube, spikes, rng)


def changed(counts, sites):
    """int64[K, 64] of the covered codons without the unmutated state."""
    seen = counts.codons[sites.codons].sum(axis=1)
    seen[np.arange(len(sites.wild)), sites.wild] = 0
    return seen


@pytest.mark.parametrize(("platform", "shares"), [("illumina", (0.3, 0.3, 0.4)), ("ont", (0.5, 0.5, 0.0))])
def test_every_covered_codon_has_the_depth_and_no_other_any(reference, platform, shares):
    _, counts = drawn(reference, NOISY, Tube(1000, 500), platform=platform)
    depth = counts.codons.sum(axis=2)
    assert (depth[CODONS] == [round(1000 * share) for share in shares]).all()
    assert counts.codons.sum() == depth[CODONS].sum()


def test_errors_happen_as_often_as_their_sites_say(reference):
    """Single changes: the wanted base misread, the other two read as they are."""
    rng = np.random.default_rng(2)
    sites = draw_sites(reference, CODONS, NOISY, rng)
    platform, tube = reference.platform("ont"), Tube(20_000, 10**6)
    total = sum(changed(draw_counts("S", platform, reference, sites, tube, (), rng), sites) for _ in range(40))
    index, state = sites.singles
    rate = np.array([sites.rate(int(sites.codons[k]), int(s)) for k, s in zip(index, state, strict=True)])
    expected = 40 * 20_000 * rate
    assert total[index, state].sum() == pytest.approx(expected.sum(), rel=0.03)
    # A site differs between samples by a CV of 0.4, so a mean of 40 by about 0.06.
    ratio = total[index, state] / expected
    assert np.std(ratio) == pytest.approx(0.4 / np.sqrt(40), abs=0.03)
    medians = [np.median(rate[transition]) for transition in (kinds(sites), ~kinds(sites))]
    assert medians == pytest.approx([2e-3, 1e-3], rel=0.1)


def kinds(sites):
    """bool[A]: which single changes are transitions (A and G, C and T)."""
    index, state = sites.singles
    pairs = [(hgvs.CODONS[int(sites.wild[k])], hgvs.CODONS[int(s)]) for k, s in zip(index, state, strict=True)]
    bases = [{a, b} for one, other in pairs for a, b in zip(one, other, strict=True) if a != b]
    return np.array([pair in ({"A", "G"}, {"C", "T"}) for pair in bases])


def test_reverse_transcription_makes_clones_of_about_one_template(reference):
    """Without other errors each changed state is a clone: 1.7e-5 an allele and template, families of CV^2 0.25."""
    shares, number, templates, samples = [], 0, 500, 60
    for seed in range(samples):
        sites, counts = drawn(reference, CLEAN, Tube(10**6, templates), seed=seed)
        seen = changed(counts, sites)
        number += np.count_nonzero(seen)
        shares += (seen[seen > 0] / 10**6).tolist()
    expected = samples * 9 * len(CODONS) * templates * 1.7e-5
    assert number == pytest.approx(expected, abs=4 * np.sqrt(expected))
    one = np.array(shares) * templates
    assert one.mean() == pytest.approx(1.0, abs=0.06)
    assert one.var() == pytest.approx(0.25, abs=0.06)


@pytest.mark.parametrize("whole", [True, False])
def test_a_mutation_varies_by_templates_families_and_fragments(reference, whole):
    """Var = v(1-v)/n + v(1-v)(1 + 0.25)/N, drawn with all codons or alone."""
    v, n, templates, rng = 0.1, 1000, 400, np.random.default_rng(3)
    sites = draw_sites(reference, CODONS, CLEAN, rng)
    state = int(sites.singles[1][0])
    spike, tube, platform = Spike(int(CODONS[0]), state, v), Tube(n, templates), reference.platform("ont")
    if whole:
        draws = [draw_counts("S", platform, reference, sites, tube, (spike,), rng) for _ in range(400)]
        x = np.array([counts.codons[CODONS[0], :, state].sum() for counts in draws])
    else:
        x, _ = draw_allele(sites, spike, tube, 20_000, rng)
    expected = v * (1 - v) * (1 / n + 1.25 / templates)
    error = np.sqrt(expected / len(x))
    assert x.mean() / n == pytest.approx(v, abs=4 * error)
    assert x.var() / n**2 == pytest.approx(expected, rel=4 * np.sqrt(2 / len(x)))


def test_one_allele_alone_is_as_among_all(reference):
    """With many errors, the mutated codon's own misreading included."""
    rng = np.random.default_rng(4)
    model = ErrorModel(1e-2, 1e-2, 0.0, 0.3, 0.2)
    sites = draw_sites(reference, CODONS, model, rng)
    state = int(sites.singles[1][0])
    spike, tube, platform = Spike(int(CODONS[0]), state, 0.5), Tube(5000, 20_000), reference.platform("ont")
    draws = [draw_counts("S", platform, reference, sites, tube, (spike,), rng) for _ in range(200)]
    whole = [counts.codons[CODONS[0], :, state].sum() for counts in draws]
    unmutated = [counts.codons[CODONS[0], :, sites.wild[0]].sum() for counts in draws]
    alone, lost = draw_allele(sites, spike, tube, 5000, rng)
    assert np.mean(whole) == pytest.approx(alone.mean(), rel=0.005)
    assert np.mean(unmutated) == pytest.approx(5000 - alone.mean() - lost.mean(), rel=0.005)
    assert alone.mean() / 5000 < 0.48


def test_indels_stand_at_their_most_3_prime_place(reference):
    sites, counts = drawn(reference, NOISY, Tube(5000, 1000))
    for start, end, inserted in sites.indels:
        if inserted:
            assert hgvs.shift_insertion_right(reference.sequence, start, inserted) == (start, inserted)
        else:
            assert hgvs.shift_right(reference.sequence, start, end) == (start, end)
    assert counts.indels and set(counts.indels) <= set(sites.indels)


def test_the_same_seed_draws_the_same(reference):
    one, other = (drawn(reference, NOISY, Tube(500, 100), seed=7)[1] for _ in range(2))
    assert (one.codons == other.codons).all()
    assert one.indels == other.indels
