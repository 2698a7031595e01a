"""Cis, trans or a PCR artefact: a verdict on every set of called changes, and the haplotypes before PCR.

Recombination during PCR mixes molecules. For a set S of sites in one generation (Geiringer 1944)
    f_S = h_S exp(-R) + sum_j (1 - exp(-R_j)) f_L(j) f_R(j),
where R_j = rho d_j for the interval j, L(j) and R(j) are the sites left and right of it, R the sum of the R_j, h_S the
fraction of true molecules with all of S and f_S the fraction after PCR. For two sites this is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ablkd.background import DEFAULT_TEMPLATES, FAMILY_CV2
from ablkd.fragments import Fragments
from ablkd.haplotypes import haplotype_rows
from ablkd.isoforms import build_graph
from ablkd.linkage import Observations, Site, observe
from ablkd.records import Call, Haplotype, Phase, SpliceEvent
from ablkd.reference import Reference

# METHOD: prior on ln rho (recombinations per bp over all cycles): 95 % from 2e-5 to 1.9e-3. Judo 1998 gives 1 % to
# more than 20 % of molecules over 282 bp in a 1:1 mix, which are 7e-5 to 1.8e-3.
LN_RHO_MEAN, LN_RHO_SD = float(np.log(2e-4)), 1.15
RHO_NODES = 41
# METHOD: a fraction counts as compound above a tenth of the rarest member, and above what 5 spanning fragments make.
SHARE_OF_RAREST, FRAGMENTS_NEEDED = 0.1, 5
SURE, UNLIKELY, PLAUSIBLE = 0.95, 0.05, 0.025
# METHOD: below 20 expected spanning fragments of the rarest member nothing is said of phase.
MIN_SPANNING = 20.0
SEEN_P = 0.01
GRID = 400


def phase_sample(
    sample: str,
    reference: Reference,
    fragments: Fragments,
    calls: list[Call],
    splicing: list[SpliceEvent],
    template_copies: float | None,
) -> tuple[list[Haplotype], list[Phase]]:
    """Haplotypes of a sample and a verdict on every set of two or more of its called changes."""
    observations = observe(fragments, reference, build_graph(reference), calls, splicing)
    templates = template_copies or DEFAULT_TEMPLATES
    sites = observations.sites
    rows = []
    for size in range(2, len(sites) + 1):
        for which in combinations(range(len(sites)), size):
            rows.append(_verdict(sample, observations, which, templates))
    artefacts = [
        tuple(i for i, s in enumerate(sites) if s.name in row.mutations.split("+"))
        for row in rows
        if row.verdict == "explained_by_recombination"
    ]
    rate = float(np.exp(LN_RHO_MEAN))
    return haplotype_rows(sample, observations, artefacts, rate, templates), rows


@dataclass(frozen=True)
class Evidence:
    """What the fragments say of one set S.

    spanning: fragments that show every site; together: those with all changes; effective: spanning fragments
    scaled by the templates behind them; margins float64[m]: fraction of each change; splits: for each
    interval its length in bp and the fractions with all changes left and right of it; error: fraction with all
    changes that sequencing error alone makes.
    """

    spanning: int
    together: int
    effective: float
    margins: NDArray[np.float64]
    splits: tuple[tuple[int, float, float], ...]
    error: float

    @property
    def observed(self) -> float:
        """Fraction of spanning fragments with all changes."""
        return self.together / self.spanning if self.spanning else 0.0

    def recombinant(self, rho: float) -> float:
        """Fraction with all changes that PCR alone makes at rho per bp."""
        return float(sum((1 - np.exp(-rho * d)) * left * right for d, left, right in self.splits))

    def kept(self, rho: float) -> float:
        """Share of true molecules with all changes that PCR leaves whole."""
        return float(np.exp(-rho * sum(d for d, _, _ in self.splits)))


def gather(observations: Observations, which: tuple[int, ...], templates: float) -> Evidence:
    """The evidence on one set of sites, from the fragments that show all of them (margins: from all fragments)."""
    sites = [observations.sites[i] for i in which]
    shown = observations.spanning(which)
    margins = np.array([_margin(observations, (i,)) for i in which])
    splits = []
    for j in range(1, len(which)):
        distance = abs(sites[j].position - sites[j - 1].position)
        left, right = _margin(observations, which[:j]), _margin(observations, which[j:])
        splits.append((distance, left, right))
    spanning = len(shown)
    effective = 1 / (1 / spanning + (1 + FAMILY_CV2) / templates) if spanning else 0.0
    return Evidence(
        spanning=spanning,
        together=int(shown.all(axis=1).sum()),
        effective=effective,
        margins=margins,
        splits=tuple(splits),
        error=_error_product(sites, shown, margins),
    )


def _margin(observations: Observations, which: tuple[int, ...]) -> float:
    """Fraction of fragments with all changes of `which`, of those that show them all; one event's own fraction."""
    if len(which) == 1 and observations.sites[which[0]].event:
        return observations.sites[which[0]].fraction
    shown = observations.spanning(which)
    return float(shown.all(axis=1).mean()) if len(shown) else 0.0


def _error_product(sites: list[Site], shown: NDArray[np.int8], margins: NDArray[np.float64]) -> float:
    """Fraction with all changes because one of them is a sequencing error on a molecule with all the others."""
    if not len(shown):
        return 0.0
    error = 0.0
    for i, site in enumerate(sites):
        others = np.delete(shown, i, axis=1).all(axis=1)
        error += float((others & (shown[:, i] == 0)).mean()) * site.error
    return error


def posterior(
    evidence: Evidence, at_least: float = 0.0, templates: float = np.inf
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Posterior of h_S: (values float64[GRID+1], weights float64[GRID+1]); value 0 first.

    METHOD: half the prior is a spike at zero, half is uniform up to the rarest member (to the upper 95 % limit that
    `templates` leave it); rho is integrated over its prior. The count is binomial on the template-scaled number of
    spanning fragments. `at_least` is the share that the fractions alone force together (0 where they force none).
    """
    most = float(min(1.0, (evidence.margins + 1.96 * _template_spread(evidence.margins, templates)).min()))
    values = np.concatenate([[0.0], (np.arange(GRID) + 0.5) / GRID * most])
    prior = np.concatenate([[0.5], np.full(GRID, 0.5 / GRID)])
    z = np.linspace(-3, 3, RHO_NODES)
    rho_weights = np.exp(-0.5 * z**2)
    n = evidence.effective
    k = evidence.observed * n
    total = np.zeros(GRID + 1)
    for rho, weight in zip(np.exp(LN_RHO_MEAN + LN_RHO_SD * z), rho_weights / rho_weights.sum(), strict=True):
        f = values * evidence.kept(rho) + evidence.recombinant(rho) + evidence.error
        f = np.clip(f, 1e-9, 1 - 1e-9)
        total += weight * np.exp(k * np.log(f) + (n - k) * np.log1p(-f) - _peak(k, n))
    weights = np.where(values >= min(at_least, values[-1]), total * prior, 0.0)
    return values, weights / weights.sum()


def _peak(k: float, n: float) -> float:
    """Log-likelihood at its maximum, so that the exponentials stay in range."""
    share = min(max(k / n, 1e-9), 1 - 1e-9)
    return k * np.log(share) + (n - k) * np.log1p(-share)


def _quantile(values: NDArray[np.float64], weights: NDArray[np.float64], q: float) -> float:
    return float(values[min(int(np.searchsorted(np.cumsum(weights), q)), len(values) - 1)])


def rate_needed(evidence: Evidence) -> float | None:
    """Recombination per bp that makes all of it without a true molecule; None where no rate could."""
    goal = evidence.observed - evidence.error
    if goal <= 0:
        return 0.0
    if goal >= sum(left * right for _, left, right in evidence.splits):
        return None
    low, high = 1e-9, 10.0
    for _ in range(80):
        middle = float(np.sqrt(low * high))
        low, high = (low, middle) if evidence.recombinant(middle) >= goal else (middle, high)
    return high


def _verdict(sample: str, observations: Observations, which: tuple[int, ...], templates: float) -> Phase:
    evidence = gather(observations, which, templates)
    names = "+".join(observations.sites[i].name for i in which)
    rarest = float(evidence.margins.min())
    enough = evidence.spanning * rarest >= MIN_SPANNING and evidence.spanning > 0
    if not enough:
        return _unlinked(sample, names, evidence, templates)
    values, weights = posterior(evidence, _frechet_low(evidence, templates), templates)
    cut = max(SHARE_OF_RAREST * rarest, FRAGMENTS_NEEDED / evidence.effective)
    probability = min(1.0, float(weights[values > cut].sum()))
    needed = rate_needed(evidence)
    return Phase(
        sample=sample,
        mutations=names,
        verdict=_classify(evidence, probability, needed),
        probability=probability,
        spanning=evidence.spanning,
        observed=evidence.observed,
        expected_recombinant=evidence.recombinant(float(np.exp(LN_RHO_MEAN))),
        recombination_needed=needed,
        compound_low=_quantile(values, weights, 0.025),
        compound_high=_quantile(values, weights, 0.975),
    )


def _classify(evidence: Evidence, probability: float, needed: float | None) -> str:
    # METHOD: recombination shrinks the association of two sites and never turns its sign; a positive one is cis
    # whatever the rate (pairs only).
    if len(evidence.margins) == 2 and _association_low(evidence) > 0:
        return "compound"
    if probability >= SURE:
        return "compound"
    expected = max(evidence.error, 1e-9)
    k, n = round(evidence.observed * evidence.effective), round(evidence.effective)
    seen = special.betainc(k, n - k + 1, expected) < SEEN_P if k else False
    if not seen:
        return "polyclonal" if probability <= UNLIKELY else "not_proven"
    plausible = needed is not None and special.ndtr((LN_RHO_MEAN - np.log(needed)) / LN_RHO_SD) >= PLAUSIBLE
    if probability <= UNLIKELY and plausible:
        return "explained_by_recombination"
    return "not_proven"


def _association_low(evidence: Evidence) -> float:
    """Lower 95 % bound of f11 - pA pB, by the delta method on template-scaled counts."""
    first, second = evidence.margins
    f = max(evidence.observed - evidence.error, 0.0)
    n = evidence.effective
    variance = f * (1 - f) + (second**2) * first * (1 - first) + (first**2) * second * (1 - second)
    return float(f - first * second - 1.96 * np.sqrt(variance / n))


def _template_spread(margins: NDArray[np.float64], templates: float) -> NDArray[np.float64]:
    """Standard deviations of fractions among that many templates."""
    return np.sqrt(margins * (1 - margins) * (1 + FAMILY_CV2) / templates)


def _frechet_low(evidence: Evidence, templates: float) -> float:
    """Share that must carry all changes because their fractions sum to more than one less than there are (95 %)."""
    spread = np.sqrt((_template_spread(evidence.margins, templates) ** 2).sum())
    return max(0.0, float(evidence.margins.sum()) - (len(evidence.margins) - 1) - 1.96 * float(spread))


def _unlinked(sample: str, names: str, evidence: Evidence, templates: float) -> Phase:
    """No fragment joins the set: Frechet bounds from the fractions alone; a sum above 100 % proves cis."""
    low = _frechet_low(evidence, templates)
    return Phase(
        sample=sample,
        mutations=names,
        verdict="compound" if low > 0 else "cannot_be_phased",
        probability=None,
        spanning=evidence.spanning,
        observed=evidence.observed if evidence.spanning else None,
        expected_recombinant=None,
        recombination_needed=None,
        compound_low=low,
        compound_high=float(evidence.margins.min()),
    )
