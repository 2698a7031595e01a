"""Fractions of the haplotypes before PCR: the exact 2^K mixture with missing data, errors and recombination."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from ablkd.background import FAMILY_CV2
from ablkd.linkage import MISSING, WITHIN, Observations
from ablkd.records import Haplotype

UNMUTATED = "unmutated"
# METHOD: recombination is applied in generations of at most 2 % per molecule.
GENERATION = 0.02
# METHOD: a haplotype below 5 % stays only if the fragments fit worse without it: likelihood ratio above 7.9, p 0.005 on
# one degree of freedom. What is left below 0.1 % is not listed.
RARE, WORSE = 0.05, 7.9 / 2
LISTED, NOTHING = 1e-3, 1e-5
# METHOD: a pattern of missing sites counts as seen from 20 fragments.
PATTERN_COUNT = 20
ERROR_FLOOR = 1e-4


def haplotype_rows(
    sample: str,
    observations: Observations,
    artefacts: list[tuple[int, ...]],
    rho: float,
    templates: float,
) -> list[Haplotype]:
    """A row per haplotype; sets in `artefacts` (explained by recombination) are taken as not there before PCR."""
    sites = observations.sites
    if not sites:
        covering = observations.covering
        return [Haplotype(sample, UNMUTATED, 1.0, None, 1.0, covering, "yes")] if covering else []
    patterns, counts = _patterns(observations)
    states = np.array([[h >> i & 1 for i in range(len(sites))] for h in range(2 ** len(sites))], np.int8)
    possible = _possible(observations, states, artefacts)
    distances = np.diff([s.position for s in sites])
    errors = np.array([max(s.error, ERROR_FLOOR) for s in sites])
    fractions = _needed(patterns, counts, states, possible, distances * rho, errors)
    fractions[fractions < NOTHING] = 0.0
    known = _identifiable(patterns, counts, states, possible)
    whole = observations.spanning(tuple(range(len(sites))))
    rows = []
    for h in (int(i) for i in np.flatnonzero(possible)):
        name = "+".join(s.name for s, bit in zip(sites, states[h], strict=True) if bit) or UNMUTATED
        together = int((whole == states[h]).all(axis=1).sum())
        if fractions[h] < LISTED:
            continue
        if not known[h]:
            low, high = _bounds(patterns, counts, states, possible, h, templates)
            if high >= LISTED:
                rows.append(Haplotype(sample, name, None, low, high, together, "bounds_only"))
            continue
        low, high = _interval(fractions[h], len(whole), counts.sum(), templates)
        rows.append(Haplotype(sample, name, float(fractions[h]), low, high, together, "yes"))
    return sorted(rows, key=lambda r: (r.haplotype == UNMUTATED, -(r.fraction or 0.0), r.haplotype))


def _patterns(observations: Observations) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
    shown = observations.facing(tuple(range(len(observations.sites))))
    seen = shown[(shown != MISSING).any(axis=1)]
    if not len(seen):
        return np.zeros((0, len(observations.sites)), np.int8), np.zeros(0, np.int64)
    return np.unique(seen, axis=0, return_counts=True)


def _possible(
    observations: Observations, states: NDArray[np.int8], artefacts: list[tuple[int, ...]]
) -> NDArray[np.bool_]:
    """bool[2^K]: haplotypes that can exist before PCR: no set of `artefacts`, no two changes of one codon.

    A change inside bases that an event skips needs no rule: the observations never show the two together.
    """
    possible = np.ones(len(states), bool)
    for which in artefacts:
        possible &= ~states[:, which].all(axis=1)
    for i, first in enumerate(observations.sites):
        for j in range(i):
            second = observations.sites[j]
            if first.codon and first.codon == second.codon:
                possible &= ~(states[:, i] & states[:, j]).astype(bool)
    return possible


def recombine(h: NDArray[np.float64], rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Haplotype fractions float64[2^K] after recombination at `rates` float64[K-1] per interval (Geiringer)."""
    total = rates.sum()
    if total <= 0:
        return h
    generations = int(np.ceil(total / GENERATION))
    r = rates / generations
    for _ in range(generations):
        new = (1 - r.sum()) * h
        for j, rate in enumerate(r):
            # Site i is bit i: the sites left of interval j are the low j+1 bits.
            table = h.reshape(-1, 2 ** (j + 1))
            new = new + rate * np.outer(table.sum(axis=1), table.sum(axis=0)).ravel()
        h = new
    return h


def _needed(
    patterns: NDArray[np.int8],
    counts: NDArray[np.int64],
    states: NDArray[np.int8],
    possible: NDArray[np.bool_],
    rates: NDArray[np.float64],
    errors: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Fractions float64[2^K] of the haplotypes that the data need, the rarest tried first."""
    fractions, loss = fit(patterns, counts, states, possible, rates, errors)
    for h in np.argsort(fractions, kind="stable"):
        if h == 0 or not possible[h] or fractions[h] >= RARE:
            continue
        without = possible.copy()
        without[h] = False
        others, other_loss = fit(patterns, counts, states, without, rates, errors)
        if other_loss - loss < WORSE:
            fractions, loss, possible = others, other_loss, without
    return fractions


def fit(
    patterns: NDArray[np.int8],
    counts: NDArray[np.int64],
    states: NDArray[np.int8],
    possible: NDArray[np.bool_],
    rates: NDArray[np.float64],
    errors: NDArray[np.float64],
) -> tuple[NDArray[np.float64], float]:
    """Maximum-likelihood fractions float64[2^K] before PCR, and minus the log-likelihood there.

    Impossible haplotypes are exactly 0.

    EM on the mixture gives the fractions after PCR, which start the search for those before it.
    """
    likelihood = _likelihood(patterns, states, errors)
    h = possible / possible.sum()
    for _ in range(500):
        joint = likelihood * h
        joint *= (counts / joint.sum(axis=1))[:, None]
        new = joint.sum(axis=0) / counts.sum()
        if np.abs(new - h).max() < 1e-10:
            break
        h = new
    within = _likelihood(np.where(patterns == WITHIN, WITHIN, MISSING), states, errors)
    free = np.flatnonzero(possible)

    def loss(before: NDArray[np.float64]) -> float:
        after = recombine(before, rates)
        # A fragment inside skipped bases is conditional on being whole: it tells shares among whole molecules only.
        fits = np.log(likelihood @ after) - np.log(np.maximum(within @ after, 1e-300))
        return -float(counts @ fits)

    def fractions(x: NDArray[np.float64]) -> NDArray[np.float64]:
        before = np.zeros(len(h))
        weights = np.exp(x - x.max())
        before[free] = weights / weights.sum()
        return before

    if len(free) == 1 or ((rates.sum() <= 0 or len(h) < 4) and within.all()):
        return h, loss(h)
    start = np.log(np.maximum(h[free], 1e-7))
    found = optimize.minimize(
        lambda x: loss(fractions(x)) / counts.sum(), start, method="L-BFGS-B", bounds=[(-20, 1)] * len(free)
    )
    best = fractions(found.x)
    return best, loss(best)


def _likelihood(
    patterns: NDArray[np.int8], states: NDArray[np.int8], errors: NDArray[np.float64]
) -> NDArray[np.float64]:
    """float64[P, 2^K]: probability of each pattern given each haplotype; missing sites say nothing."""
    likelihood = np.ones((len(patterns), len(states)))
    for i, error in enumerate(errors):
        seen, truth = patterns[:, i][:, None], states[:, i][None, :]
        shows = np.where(seen == truth, 1 - error, error)
        likelihood *= np.where(seen == MISSING, 1.0, np.where(seen == WITHIN, truth == 0, shows))
    return likelihood


def _design(
    patterns: NDArray[np.int8],
    counts: NDArray[np.int64],
    states: NDArray[np.int8],
    possible: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """(rows, observed fractions, fragments behind each): which haplotype sums the patterns have measured."""
    rows, observed, behind = [np.ones(possible.sum())], [1.0], [float(counts.sum())]
    seen = (patterns == 0) | (patterns == 1)
    for sites in np.unique(seen, axis=0):
        same = (seen == sites).all(axis=1)
        n = counts[same].sum()
        if n < PATTERN_COUNT:
            continue
        for value in np.unique(states[:, sites], axis=0):
            rows.append((states[possible][:, sites] == value).all(axis=1).astype(float))
            hit = same & (patterns[:, sites] == value).all(axis=1)
            observed.append(counts[hit].sum() / n)
            behind.append(float(n))
    return np.array(rows), np.array(observed), np.array(behind)


def _identifiable(
    patterns: NDArray[np.int8],
    counts: NDArray[np.int64],
    states: NDArray[np.int8],
    possible: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """bool[2^K]: is the fraction a combination of what was measured (in the row space of the design)?"""
    rows, _, _ = _design(patterns, counts, states, possible)
    _, singular, vectors = np.linalg.svd(rows, full_matrices=False)
    basis = vectors[singular > 1e-9]
    inside = np.abs(np.eye(rows.shape[1]) - basis.T @ basis).max(axis=1) < 1e-6
    known = np.zeros(len(states), bool)
    known[possible] = inside
    return known


def _bounds(
    patterns: NDArray[np.int8],
    counts: NDArray[np.int64],
    states: NDArray[np.int8],
    possible: NDArray[np.bool_],
    haplotype: int,
    templates: float,
) -> tuple[float, float]:
    """Smallest and largest fraction that the measured sums allow within 1.96 standard errors (linear programme)."""
    rows, observed, behind = _design(patterns, counts, states, possible)
    spread = observed * (1 - observed) * (1 / behind + (1 + FAMILY_CV2) / templates)
    slack = 1.96 * np.sqrt(spread) + 1 / behind
    slack[0] = 0.0
    goal = np.zeros(rows.shape[1])
    goal[int(possible[:haplotype].sum())] = 1.0
    limits = np.concatenate([observed + slack, slack - observed])
    ends = [
        optimize.linprog(sign * goal, A_ub=np.vstack([rows, -rows]), b_ub=limits, bounds=(0, 1)) for sign in (1, -1)
    ]
    if any(e.status for e in ends):
        return 0.0, 1.0
    return max(0.0, float(ends[0].fun)), min(1.0, float(-ends[1].fun))


def _interval(fraction: float, spanning: int, total: int, templates: float) -> tuple[float, float]:
    """95 % Jeffreys interval on the molecules behind it: the fragments that span every site, as far as they go."""
    behind = max(spanning, min(PATTERN_COUNT, total))
    effective = 1 / (1 / behind + (1 + FAMILY_CV2) / templates)
    a, b = effective * fraction + 0.5, effective * (1 - fraction) + 0.5
    low, high = special.betaincinv(a, b, [0.025, 0.975])
    return min(float(low), float(fraction)), max(float(high), float(fraction))
