"""Fractions of the haplotypes before PCR, with intervals or, where the fragments do not tell them, bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ablkd.kernels import beta
from ablkd.phasing.identifiable import design
from ablkd.phasing.linkage import Observations, seen
from ablkd.phasing.mixture import Mixture, PcrPrior, build
from ablkd.phasing.posterior import through_templates
from ablkd.records import Haplotype

UNMUTATED = "unmutated"
# METHOD: a haplotype below 5 % stays only if the fragments fit worse without it, over all rates of recombination:
# likelihood ratio above 7.9, p 0.005 on one degree of freedom. What is left below 0.1 % is not listed.
RARE, WORSE = 0.05, 7.9 / 2
LISTED, NOTHING = 1e-3, 1e-6


def haplotype_rows(
    sample: str,
    observations: Observations,
    explained: Sequence[tuple[int, ...]],
    templates: float,
    prior: PcrPrior,
) -> list[Haplotype]:
    """A row per haplotype; sets in `explained` (by recombination) are taken as not there before PCR."""
    which = observations.together
    if not which:
        covering = observations.covering
        return [Haplotype(sample, UNMUTATED, 1.0, None, 1.0, covering, "yes")] if covering else []
    whole = build(observations, which, explained)
    measured = design(whole)
    told = measured.tells()
    mixture = _needed(whole, told, prior)
    fractions = _fractions(mixture, prior)
    shown = whole.counts * seen(whole.patterns).all(axis=1)
    rows = []
    for h in (int(i) for i in np.flatnonzero(whole.possible)):
        named = [observations.sites[k].name for k, bit in zip(which, whole.states[h], strict=True) if bit]
        name = "+".join(named) or UNMUTATED
        count = int(shown[(whole.patterns == whole.states[h]).all(axis=1)].sum())
        if fractions[h] < LISTED:
            continue
        if told[h]:
            low, high = _interval(mixture, h, float(fractions[h]), templates, prior)
            rows.append(Haplotype(sample, name, float(fractions[h]), low, high, count, "yes"))
            continue
        low, high = measured.bounds([h], templates)
        if high >= LISTED:
            most = max(high, measured.most([h], templates))
            rows.append(Haplotype(sample, name, None, low, most, count, "bounds_only"))
    return sorted(rows, key=lambda r: (r.haplotype == UNMUTATED, -(r.fraction or 0.0), r.haplotype))


def _needed(mixture: Mixture, told: NDArray[np.bool_], prior: PcrPrior) -> Mixture:
    """The mixture without the haplotypes that the data do not need, the rarest tried first; `told` ones only."""
    total = np.logaddexp.reduce(mixture.likelihoods(prior)[1])
    fractions = _fractions(mixture, prior)
    absent = told & (fractions < NOTHING)
    absent[0] = False
    mixture = replace(mixture, possible=mixture.possible & ~absent)
    for h in np.argsort(fractions, kind="stable"):
        if h == 0 or not (told[h] and mixture.possible[h]) or fractions[h] >= RARE:
            continue
        without = mixture.without(int(h))
        left = np.logaddexp.reduce(without.likelihoods(prior)[1])
        if total - left < WORSE:
            mixture, total = without, left
    return mixture


def _fractions(mixture: Mixture, prior: PcrPrior) -> NDArray[np.float64]:
    """float64[2^K]: the fractions at their best for each rate, averaged over the rates."""
    fractions, totals = mixture.likelihoods(prior)
    weights = np.exp(totals - np.logaddexp.reduce(totals))
    return weights @ fractions


def _interval(
    mixture: Mixture, haplotype: int, fraction: float, templates: float, prior: PcrPrior
) -> tuple[float, float]:
    if mixture.possible.sum() == 1:
        return beta.quantile(0.025, templates + 0.5, 0.5), 1.0
    posterior = through_templates(mixture.weigh(haplotype, prior), templates)
    return min(posterior.quantile(0.025), fraction), max(posterior.upper(), fraction)
