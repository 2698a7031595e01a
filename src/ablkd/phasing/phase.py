"""Cis, trans or a PCR artefact: a verdict on every set of called changes, and the haplotypes before PCR."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ablkd.background.allele import FAMILY_CV2
from ablkd.fragments import Fragments
from ablkd.isoforms import build_graph
from ablkd.kernels import beta
from ablkd.phasing.haplotypes import haplotype_rows
from ablkd.phasing.identifiable import TWO_SIDED, design, wilson
from ablkd.phasing.linkage import Observations, observe, seen
from ablkd.phasing.mixture import Mixture, PcrPrior, build
from ablkd.phasing.posterior import through_templates
from ablkd.phasing.recombinants import Parts
from ablkd.records import Call, Haplotype, Phase, SpliceEvent
from ablkd.reference import Reference
from ablkd.verdicts.thresholds import SURE, UNLIKELY

# METHOD: to be excluded, a compound must be below a tenth of the rarest member, whatever few fragments or templates can
# show. To be proven, it must exceed a fiftieth, what 5 spanning fragments make, and what sequencing errors would add at
# twice the rate that is known: a compound of a few per cent is one, also beside large clones with one mutation each.
SHARE_OF_RAREST, LEAST_SHARE, FRAGMENTS_NEEDED = 0.1, 0.02, 5
PLAUSIBLE = 0.025
# METHOD: below 5 expected spanning fragments of the rarest member only bounds are told; above, the posterior itself
# says how little few fragments tell.
MIN_SPANNING = 5.0
SEEN_P = 0.01
# METHOD: one-sided 99.5 %, because a sample has up to 15 pairs of six sites.
ASSOCIATED = 2.58
# So often that no molecule stays whole.
SHUFFLED = 1e9


def phase_sample(
    sample: str,
    reference: Reference,
    fragments: Fragments,
    calls: list[Call],
    splicing: list[SpliceEvent],
    templates: float,
    prior: PcrPrior,
) -> tuple[list[Haplotype], list[Phase]]:
    """Haplotypes of a sample and a verdict on its sets of called changes; `templates` molecules entered the PCR."""
    observations = observe(fragments, reference, build_graph(reference), calls, splicing)
    return phase_observed(sample, observations, templates, prior)


def phase_observed(
    sample: str, observations: Observations, templates: float, prior: PcrPrior
) -> tuple[list[Haplotype], list[Phase]]:
    """The same of a sample whose fragments were looked at already."""
    rows = phase_rows(sample, observations, templates, prior)
    names = [s.name for s in observations.sites]
    explained = [
        tuple(names.index(n) for n in row.mutations.split("+"))
        for row in rows
        if row.verdict == "explained_by_recombination"
    ]
    return haplotype_rows(sample, observations, explained, templates, prior), rows


def phase_rows(sample: str, observations: Observations, templates: float, prior: PcrPrior) -> list[Phase]:
    """A verdict on every pair of changes, and on every larger set of those that are phased together."""
    judged = {which: _judge(sample, observations, which, templates, prior) for which in _sets(observations)}
    # METHOD: molecules with all of a set have all of its subsets too.
    for which, row in judged.items():
        for more, larger in judged.items():
            if set(which) < set(more) and larger.verdict == "compound":
                judged[which] = row = _at_least(row, larger)
    return list(judged.values())


def _sets(observations: Observations) -> Iterator[tuple[int, ...]]:
    yield from combinations(range(len(observations.sites)), 2)
    for size in range(3, len(observations.together) + 1):
        yield from combinations(observations.together, size)


def _at_least(row: Phase, larger: Phase) -> Phase:
    low = max(row.compound_low or 0.0, larger.compound_low or 0.0)
    return replace(
        row,
        verdict="compound",
        probability=row.probability if row.verdict == "compound" else larger.probability,
        compound_low=low,
        compound_high=max(low, row.compound_high or 0.0),
    )


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the fragments show of one set: spanning of them show every site, `together` of these have all changes.

    as_read float64[2^K]: haplotype fractions after PCR, sequencing errors taken out; margins float64[K]; effective:
    spanning fragments scaled by the templates behind them.
    """

    mixture: Mixture
    spanning: int
    together: int
    as_read: NDArray[np.float64]
    margins: NDArray[np.float64]
    effective: float

    @property
    def everything(self) -> int:
        """The haplotype with all changes."""
        return len(self.as_read) - 1

    @property
    def rarest(self) -> float:
        """Fraction of the rarest change."""
        return float(self.margins.min())

    @property
    def observed(self) -> float | None:
        """Fraction of spanning fragments with all changes."""
        return self.together / self.spanning if self.spanning else None

    @property
    def parts(self) -> Parts:
        """Fractions of molecules with runs of the changes, and with all by sequencing error of the last one."""
        sites = self.mixture.sites
        together = np.ones((sites + 1, sites + 1))
        for i, j in combinations(range(sites + 1), 2):
            together[i, j] = self.as_read[self.mixture.states[:, i:j].all(axis=1)].sum()
        one_less = [self.everything ^ (1 << i) for i in range(sites)]
        return Parts(together[:-1], self.mixture.distances, float(self.as_read[one_less] @ self.mixture.errors))


def gather(observations: Observations, which: Sequence[int], templates: float) -> Evidence:
    """The evidence on one set of sites."""
    mixture = build(observations, which)
    spans = seen(mixture.patterns).all(axis=1)
    spanning = int(mixture.counts[spans].sum())
    together = int(mixture.counts[(mixture.patterns == 1).all(axis=1)].sum())
    as_read = mixture.fit(0.0)[0]
    margins = as_read @ mixture.states
    effective = 1 / (1 / spanning + (1 + FAMILY_CV2) / templates) if spanning else 0.0
    return Evidence(mixture, spanning, together, as_read, margins, effective)


def _judge(sample: str, observations: Observations, which: Sequence[int], templates: float, prior: PcrPrior) -> Phase:
    evidence = gather(observations, which, templates)
    row = Phase(
        sample=sample,
        mutations="+".join(observations.sites[i].name for i in which),
        verdict="polyclonal",
        probability=0.0,
        spanning=evidence.spanning,
        observed=evidence.observed,
        expected_recombinant=None,
        recombination_needed=None,
        compound_low=None,
        compound_high=None,
    )
    # METHOD: what no molecule can have was not measured, so it has no interval.
    if not evidence.mixture.possible[evidence.everything]:
        return row
    if evidence.spanning * evidence.rarest < MIN_SPANNING:
        return _unlinked(row, evidence, templates)
    posterior = through_templates(evidence.mixture.weigh(evidence.everything, prior), templates)
    parts = evidence.parts
    needed = parts.rate_needed()
    least = max(LEAST_SHARE * evidence.rarest, FRAGMENTS_NEEDED / evidence.effective, parts.error)
    proof = max(posterior.above(least), _associated(evidence, parts))
    doubt = posterior.above(SHARE_OF_RAREST * evidence.rarest)
    verdict, probability = _decide(proof, doubt, _found(evidence, parts), _plausible(needed, prior))
    return replace(
        row,
        verdict=verdict,
        probability=probability,
        expected_recombinant=parts.recombinant(prior.median),
        recombination_needed=needed,
        compound_low=posterior.quantile(0.025),
        compound_high=posterior.upper(),
    )


def _decide(proof: float, doubt: float, found: bool, plausible: bool) -> tuple[str, float | None]:
    """The verdict and the probability it is drawn from.

    proof: that molecules with all changes are more than a compound must exceed; doubt: that they are more than excluded
    ones may be; found: errors do not explain what was seen with all; plausible: the assumed recombination does.

    METHOD: a compound has a probability of at least SURE, sets that are apart have one of at most UNLIKELY. The rest is
    not proven, and has that of the two which says so; neither, where few fragments are too many to exclude a compound.
    """
    if proof >= SURE:
        return "compound", proof
    if doubt <= UNLIKELY and (not found or plausible or proof <= UNLIKELY):
        return "explained_by_recombination" if found else "polyclonal", doubt
    return "not_proven", next((p for p in (proof, doubt) if UNLIKELY < p < SURE), None)


def _found(evidence: Evidence, parts: Parts) -> bool:
    """Whether more fragments show all changes than errors make."""
    k, n = round((evidence.observed or 0.0) * evidence.effective), round(evidence.effective)
    return k > 0 and beta.cdf(max(parts.error, 1e-9), float(k), float(n - k + 1)) < SEEN_P


def _plausible(needed: float | None, prior: PcrPrior) -> bool:
    """Whether the rate that is needed is not beyond what is known."""
    if needed is None or needed <= 0:
        return needed is not None
    return math.erfc(math.log(needed / prior.median) / (math.sqrt(2) * prior.log_sd)) / 2 >= PLAUSIBLE


def _associated(evidence: Evidence, parts: Parts) -> float:
    """Probability that two changes are on one molecule because they are found together more often than by chance; 0 if
    that is not clear.

    METHOD: recombination and heteroduplexes shrink the association of two changes and never turn its sign, so that a
    positive one is cis whatever their rate; it must be more than twice the known errors make. Only of pairs.
    """
    if len(evidence.margins) > 2:
        return 0.0
    excess = evidence.as_read[evidence.everything] - evidence.margins.prod()
    deviate = math.sqrt(2 * max(0.0, evidence.mixture.fit(0.0)[1] - evidence.mixture.fit(SHUFFLED)[1]))
    return math.erfc(-deviate / math.sqrt(2)) / 2 if excess > parts.error and deviate > ASSOCIATED else 0.0


def _unlinked(row: Phase, evidence: Evidence, templates: float) -> Phase:
    """Too few fragments join the set: bounds from the parts that were seen together.

    Fractions that add up to more than one less than there are prove cis (Frechet), whatever the PCR did; METHOD: the
    errors of such a sum add as squares.
    """
    mixture, margins = evidence.mixture, evidence.margins
    shown = seen(mixture.patterns)
    behind = np.maximum(mixture.counts @ shown, 1)
    effective = 1 / ((1 + FAMILY_CV2) / templates + 1 / behind)
    variances = margins * (1 - margins) / effective
    parts = ~shown.all(axis=1)
    in_parts = replace(mixture, patterns=mixture.patterns[parts], counts=mixture.counts[parts])
    measured = design(in_parts)
    low, high = measured.bounds([evidence.everything], templates)
    forced = float(margins.sum()) - (len(margins) - 1) - TWO_SIDED * float(np.sqrt(variances.sum()))
    low = max(low, forced, 0.0)
    high = max(low, min(high, float((margins + TWO_SIDED * np.sqrt(variances)).min())))
    verdict = "cannot_be_phased"
    if forced > 0:
        verdict = "compound"
    elif high <= SHARE_OF_RAREST * evidence.rarest:
        verdict = "polyclonal"
    # METHOD: the verdict compares the measured sums. The interval also includes molecules that were too few for any
    # fragment or template to show them, so its upper end is never 0.
    most = min(measured.most([evidence.everything], templates), float(wilson(margins, effective)[1].min()))
    return replace(row, verdict=verdict, probability=None, compound_low=low, compound_high=max(high, most))
