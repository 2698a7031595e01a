"""The best fractions of recombined haplotypes against sums over all cuts, all pairs of strands and an optimiser."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import optimize

from ablkd.kernels.mixture import fit


def after_pcr(h: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """Every set of cuts with its chance; the parts of a molecule come from independent molecules."""
    sites, kinds = len(keep) + 1, np.arange(len(h))
    after = np.zeros(len(h))
    for cuts in product((False, True), repeat=sites - 1):
        chance = np.prod(np.where(cuts, 1 - keep, keep))
        edges = [0, *(j + 1 for j, cut in enumerate(cuts) if cut), sites]
        masks = [((1 << b) - 1) & ~((1 << a) - 1) for a, b in zip(edges, edges[1:], strict=False)]
        after += chance * np.prod([[h[(kinds & m) == (y & m)].sum() for y in kinds] for m in masks], axis=0)
    return after


def read_of_two(after: np.ndarray, mixing: np.ndarray) -> np.ndarray:
    """Every pair of molecules, and every set of sites that may be read from the first."""
    if not len(mixing):
        return after
    kinds, chances = np.arange(len(after)), np.outer(after, after).ravel()
    taken = [(kinds[:, None] & s | kinds[None, :] & ~s).ravel() for s in kinds]
    return sum(mixing[s] * np.bincount(taken[s], chances, len(after)) for s in kinds)


def general(shows, whole, counts, keep, mixing, possible, target, value):
    """(fractions, log likelihood) by BFGS on the logarithms of the free fractions."""
    free = [x for x in range(len(possible)) if possible[x] and x != target]

    def fractions(logs):
        h = np.zeros(len(possible))
        h[free] = np.exp(logs - logs.max()) + 1e-12
        h *= (1 - value) / h.sum()
        if target >= 0:
            h[target] = value
        return h

    def loss(logs):
        after = read_of_two(after_pcr(fractions(logs), keep), mixing)
        return -float(counts @ (np.log(shows @ after) - np.log(whole @ after)))

    found = optimize.minimize(loss, np.zeros(len(free)), method="BFGS", options={"gtol": 1e-5})
    return fractions(found.x), -found.fun


def drawn(sites, seed):
    """Patterns with gaps and errors, some of them seen of molecules without the first change only."""
    rng = np.random.default_rng(seed)
    bits = np.arange(2**sites)[:, None] >> np.arange(sites) & 1
    h, keep = rng.dirichlet(np.full(2**sites, 0.5)), np.exp(-rng.uniform(0, 0.5, sites - 1))
    shown = bits[rng.choice(2**sites, 2_000, p=after_pcr(h, keep))].copy()
    shown[rng.random(shown.shape) < 0.3] = -1
    shown[(rng.random(2_000) < 0.2) & (shown[:, 0] == 0), 0] = 2
    patterns, counts = np.unique(shown, axis=0, return_counts=True)
    error = 1e-3
    shows, whole = np.ones((len(patterns), 2**sites)), np.ones((len(patterns), 2**sites))
    for i in range(sites):
        seen, truth = patterns[:, [i]], bits[None, :, i]
        shows *= np.where(seen == -1, 1, np.where(seen == 2, truth == 0, np.where(seen == truth, 1 - error, error)))
        whole *= np.where(seen == 2, truth == 0, 1)
    return shows, whole, (patterns == 2).any(axis=1), counts.astype(float), keep


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("sites", [2, 3])
@pytest.mark.parametrize("target, value", [(-1, 0.0), (3, 0.0), (3, 0.1)])
@pytest.mark.parametrize("share", [0.0, 0.35])
def test_the_fit_is_the_maximum(sites, seed, target, value, share):
    shows, whole, partial, counts, keep = drawn(sites, seed)
    mixing = np.random.default_rng(seed).dirichlet(np.ones(2**sites)) * share
    mixing[-1] += 1 - share
    mixing = mixing if share else np.zeros(0)
    possible = np.ones(2**sites, bool)
    possible[1] = seed != 2
    found, total = fit(possible / possible.sum(), possible, target, value, keep, mixing, shows, whole, partial, counts)
    best, most = general(shows, whole, counts, keep, mixing, possible, target, value)
    assert total >= most - 2e-3
    read = read_of_two(after_pcr(found, keep), mixing)
    assert total == pytest.approx(counts @ (np.log(shows @ read) - np.log(whole @ read)))
    assert found.sum() == pytest.approx(1) and found.min() >= 0 and found[~possible].sum() == 0
    if target >= 0:
        assert found[target] == value
    if total < most + 2e-3:
        np.testing.assert_allclose(found, best, atol=0.02)


def test_few_fragments_that_span_both_sites_count_among_many_that_do_not():
    """A million fragments over each site pin its fraction; five hundred over both tell the association."""
    patterns = np.array([[0, 0], [1, 0], [0, 1], [1, 1], [0, -1], [1, -1], [-1, 0], [-1, 1]])
    counts = np.array([255, 195, 45, 5, 600_000, 400_000, 900_000, 100_000], float)
    bits = np.arange(4)[:, None] >> np.arange(2) & 1
    shows = np.array(
        [
            [np.prod([1.0 if s < 0 else float(s == b) for s, b in zip(p, h, strict=True)]) for h in bits]
            for p in patterns
        ]
    )
    possible, keep = np.ones(4, bool), np.ones(1)
    found, _ = fit(
        possible / 4, possible, -1, 0.0, keep, np.zeros(0), shows, np.ones_like(shows), np.zeros(8, bool), counts
    )
    f = np.linspace(0.002, 0.05, 4_801)
    known = 255 * np.log(0.5 + f) + 195 * np.log(0.4 - f) + 45 * np.log(0.1 - f) + 5 * np.log(f)
    assert found[3] == pytest.approx(f[known.argmax()], abs=2e-4)
