"""Counts of a run's samples -> how often its errors happen, how much sites differ, what each site showed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ablkd.background.allele import DEFAULT_TEMPLATES, FAMILY_CV2, GRID, RT_ERROR, lognormal
from ablkd.background.classes import CLASSES, SingleChanges, prior_means, single_changes
from ablkd.background.contaminants import (
    INBORN,
    contaminated_states,
    evidence,
    exceeds_errors,
    find_contaminants,
    without,
)
from ablkd.background.indel_learning import learn_indels
from ablkd.background.run import RunBackground
from ablkd.background.spread import SPREADS, learn_spread
from ablkd.background.strands import strand_spread
from ablkd.background.templates import estimate_templates
from ablkd.counting.counts import Counts
from ablkd.kernels import tails
from ablkd.records import Platform
from ablkd.reference import Reference

# METHOD: a class mean counts as if ten errors at the next more general mean had been seen besides.
PSEUDO_ERRORS = 10.0
# METHOD: a sample that is no control may hold the allele, at any fraction alike on a log scale: a listed one in a fifth
# of the samples, so that a mutation which many patients have does not pass for the error of its site. To believe
# listed sites only up to a quantile of their class instead makes false calls of the sites above it.
OTHER_IS_MUTATED, LISTED_IS_MUTATED = 0.01, 0.2
# METHOD: the found variation between samples is taken a tenth larger; it is found on at most so many sites that
# expect three errors a sample, and not at all on fewer than the least number.
CVS, CV_FACTOR = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0]), 1.1
CV_SITES, CV_LEAST_SITES, CV_ERRORS, CV_SAMPLES = 200, 30, 3.0, 12


@dataclass(frozen=True, eq=False)
class Library:
    """One sample to learn from. `wild_type`: it holds no mutation; `templates`: as stated, None where not known;
    `patient`: whose it is, empty where not known."""

    counts: Counts
    wild_type: bool
    templates: float | None = None
    patient: str = ""


@dataclass(frozen=True, eq=False)
class SiteCounts:
    """x, n int64[A]: fragments with each single change and all at its codon; rate float64[A]: its class mean."""

    x: NDArray[np.int64]
    n: NDArray[np.int64]
    rate: NDArray[np.float64]


def learn(platform: Platform, reference: Reference, libraries: Sequence[Library]) -> RunBackground:
    """The background of a run on one platform, from any number of samples (those of a panel among them)."""
    changes = single_changes(reference)
    run_means = class_means([lib.counts for lib in libraries], changes, prior_means(platform)[None, :].repeat(3, 0))
    contaminants = find_contaminants([(lib.counts, lib.wild_type) for lib in libraries], reference, platform)
    foreign = [contaminated_states(contaminants, i, reference.codons) for i in range(len(libraries))]
    sites = [clean_sites(lib.counts, f, changes, run_means) for lib, f in zip(libraries, foreign, strict=True)]
    templates = np.array([_templates(lib, s, changes, platform) for lib, s in zip(libraries, sites, strict=True)])
    cv = _between_samples(sites, templates, changes, platform)
    logs = [log_likelihood(s, cv, t) for s, t in zip(sites, templates, strict=True)]
    controls = np.array([lib.wild_type for lib in libraries], bool)
    of_run = [lib.counts for lib in libraries if not lib.counts.panel]
    shown_by_controls = _total([log for log, wild in zip(logs, controls, strict=True) if wild], changes)
    open_logs = zip(sites, logs, controls, strict=True)
    shown_by_others = _total([maybe_mutated(s, log, changes.listed) for s, log, wild in open_logs if not wild], changes)
    learned = _spread(shown_by_controls + shown_by_others, sites, changes, platform)
    nothing = np.zeros((reference.codons, 64), np.int64)
    junctions = _junctions(of_run)
    taught = [evidence(lib.counts, f, reference) for lib, f in zip(libraries, foreign, strict=True) if lib.wild_type]
    return RunBackground(
        samples=np.array([lib.counts.sample if not lib.counts.panel else "" for lib in libraries], np.str_),
        controls=controls,
        templates=templates,
        panel=next((lib.counts.panel for lib in libraries if lib.counts.panel), ""),
        cv=cv,
        means=run_means,
        classes=learned[0],
        smooth=learned[1],
        sites=learned[2],
        shown_by_controls=shown_by_controls,
        shown_by_others=shown_by_others,
        control_states=sum((lib.counts.codons.sum(axis=1) for lib in libraries if lib.wild_type), nothing),
        evidence_counts=sum((x for x, _ in taught), nothing),
        evidence_depths=sum((n for _, n in taught), nothing),
        contaminants=contaminants,
        strand_spread=strand_spread([lib.counts for lib in libraries], changes, float(prior_means(platform).max())),
        run_states=sum((counts.codons.sum(axis=1) for counts in of_run), nothing),
        junction_keys=np.array(sorted(junctions), np.str_),
        junction_counts=np.array([junctions[key] for key in sorted(junctions)], np.int64).reshape(-1, 2),
        patients=np.array([lib.patient for lib in libraries], np.str_),
        **learn_indels([(lib.counts, lib.wild_type) for lib in libraries], platform, reference, cv),
    )


def _junctions(samples: Sequence[Counts]) -> dict[str, tuple[int, int]]:
    """Key of a junction -> (fragments of all samples that show it, all that could)."""
    total: dict[str, tuple[int, int]] = {}
    for key, (shown, n) in (item for counts in samples for item in counts.junctions.items()):
        so_far = total.get(key, (0, 0))
        total[key] = so_far[0] + shown, so_far[1] + n
    return total


def class_means(samples: Sequence[Counts], changes: SingleChanges, prior: NDArray[np.float64]) -> NDArray[np.float64]:
    """float64[3, CLASSES]: errors per base by orientation and class, over the sites that are not mutated.

    `prior` float64[3, CLASSES] is what few errors are drawn towards.
    """
    errors, bases = np.zeros((3, CLASSES)), np.zeros((3, CLASSES))
    for counts in samples:
        by_orientation = counts.codons.sum(axis=2)[changes.codon]
        seen = counts.codons[changes.codon, :, changes.state]
        n, x = by_orientation.sum(axis=1), seen.sum(axis=1)
        kept = ~exceeds_errors(x, n, float(prior.max()))
        for o in range(3):
            errors[o] += np.bincount(changes.kind[kept], seen[kept, o], CLASSES)
            bases[o] += np.bincount(changes.kind[kept], by_orientation[kept, o], CLASSES)
    return (errors + PSEUDO_ERRORS) / (bases + PSEUDO_ERRORS / prior)


def site_counts(counts: Counts, changes: SingleChanges, run_means: NDArray[np.float64]) -> SiteCounts:
    """A sample's counts at every single change; its class means are drawn towards those of the run."""
    means = class_means([counts], changes, run_means)
    by_orientation = counts.codons.sum(axis=2)[changes.codon]
    n = by_orientation.sum(axis=1)
    expected = (by_orientation * means[:, changes.kind].T).sum(axis=1)
    rate = np.where(n > 0, expected / np.maximum(n, 1), means[:, changes.kind].mean(axis=0))
    return SiteCounts(counts.codons[changes.codon, :, changes.state].sum(axis=1), n, rate)


def clean_sites(
    counts: Counts, contaminated: NDArray[np.bool_], changes: SingleChanges, run_means: NDArray[np.float64]
) -> SiteCounts:
    """The same without the fragments of states that contaminate the sample, bool[C, 64]; n is 0 at these states."""
    if not contaminated.any():
        return site_counts(counts, changes, run_means)
    sites = site_counts(replace(counts, codons=without(counts, contaminated)), changes, run_means)
    return replace(sites, n=np.where(contaminated[changes.codon, changes.state], 0, sites.n))


def log_likelihood(sites: SiteCounts, cv: float, templates: float) -> NDArray[np.float64]:
    """float64[A, 60]: what a sample's counts say of each node; 0 where it has none, or holds the allele by birth."""
    clones = np.full(len(sites.x), templates * RT_ERROR)
    n = np.where(sites.x > INBORN * sites.n, 0, sites.n)
    return tails.log_likelihoods(sites.x, n, sites.rate[:, None] * GRID, clones, cv, templates, FAMILY_CV2)


def maybe_mutated(sites: SiteCounts, logs: NDArray[np.float64], listed: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The same for a sample that may hold the allele; `listed` bool[A]: it is in the catalogue."""
    chance = np.where(listed, LISTED_IS_MUTATED, OTHER_IS_MUTATED)
    mutated = chance / ((sites.x + 1) * np.log(sites.n + 2))
    mixed = np.logaddexp(np.log1p(-chance)[:, None] + logs, np.log(mutated)[:, None])
    return np.where(sites.n[:, None] > 0, mixed, 0.0)


def _total(logs: Sequence[NDArray[np.float64]], changes: SingleChanges) -> NDArray[np.float64]:
    return np.sum(logs, axis=0) if len(logs) else np.zeros((len(changes.codon), len(GRID)))


def _templates(library: Library, sites: SiteCounts, changes: SingleChanges, platform: Platform) -> float:
    """Molecules that this sample is reckoned with while learning, before anything is known of single sites."""
    if library.templates is not None:
        return library.templates
    used = ~changes.listed & (sites.n > 0)
    if not used.any():
        return DEFAULT_TEMPLATES
    # Whether sites differ much or templates are few is asked together: either gives some high counts.
    spreads = np.array([lognormal(float(log_sd))[None, :] for log_sd in SPREADS[::2]])
    rates = sites.rate[used, None] * GRID
    estimate = estimate_templates(sites.x[used], sites.n[used], rates, spreads, platform.between_sample_cv)
    return estimate.used(None)[0]


def _between_samples(
    sites: Sequence[SiteCounts], templates: NDArray[np.float64], changes: SingleChanges, platform: Platform
) -> float:
    """Coefficient of variation of a site between samples, by maximum likelihood; the platform's with too few data."""
    sites, templates = list(sites)[:CV_SAMPLES], templates[:CV_SAMPLES]
    if len(sites) < 2:
        return platform.between_sample_cv
    expected = np.array([s.rate * s.n for s in sites])
    chosen = np.flatnonzero((expected.mean(axis=0) >= CV_ERRORS) & ~changes.listed)
    if len(chosen) < CV_LEAST_SITES:
        return platform.between_sample_cv
    chosen = chosen[np.linspace(0, len(chosen) - 1, min(len(chosen), CV_SITES)).astype(int)]
    prior = np.log(lognormal(platform.error_log_sd))
    best = []
    for cv in CVS:
        total = prior + np.zeros((len(chosen), len(GRID)))
        for s, t in zip(sites, templates, strict=True):
            part = SiteCounts(s.x[chosen], s.n[chosen], s.rate[chosen])
            total += maybe_mutated(part, log_likelihood(part, cv, t), changes.listed[chosen])
        best.append(np.logaddexp.reduce(total, axis=1).sum())
    return float(CV_FACTOR * CVS[int(np.argmax(best))])


def _spread(
    shown: NDArray[np.float64], sites: Sequence[SiteCounts], changes: SingleChanges, platform: Platform
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """(classes, smooth, sites) of RunBackground; a catalogue allele is never learned from."""
    covered = np.any([s.n > 0 for s in sites], axis=0) if len(sites) else np.zeros(len(changes.codon), bool)
    groups = [covered & ~changes.listed & (changes.transition == transition) for transition in (False, True)]
    found, smooth, number = zip(*(learn_spread(shown[g], platform.error_log_sd) for g in groups), strict=True)
    return np.array(found), np.array(smooth), np.array(number)
