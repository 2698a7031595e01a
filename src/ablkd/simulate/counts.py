"""Counts of a sample without its reads: the same sources of error as in reads, drawn at once for every codon.

Thousands of samples and every depth can be drawn this way. What reads alone have (qualities, alignment, primers,
recombination) is not in it; `simulate.reads` has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ablkd.background.classes import TRANSITIONS
from ablkd.background.indels import HOMOPOLYMER_FACTOR, touched_runs
from ablkd.counting.counts import Counts, Indel
from ablkd.records import Platform
from ablkd.reference import Reference

# METHOD: errors of reverse transcription: 5e-5 per base (Traverse and Ochman 2016: 3-6e-5), a third for each allele.
# Stated here on its own, so that a change of what calling assumes shows in a validation.
RT_ERROR = 1.7e-5
# METHOD: squared coefficient of variation of how many copies PCR makes of a template.
FAMILY_CV2 = 0.25
# METHOD: shares of fragments read forward, in reverse, and by both mates.
ORIENTATIONS = {"short": (0.3, 0.3, 0.4), "long": (0.5, 0.5, 0.0)}
# METHOD: an inserted base repeats the one before it in half of the cases; no site has indels more often than this.
REPEATED, MOST_INDELS = 0.5, 0.3


@dataclass(frozen=True)
class ErrorModel:
    """Errors of a run: medians over sites of the rate of each transition, transversion and single-base indel;
    `log_sd` of the rates between sites, `cv` of one site's rate between samples."""

    transition: float
    transversion: float
    indel: float
    log_sd: float
    cv: float


@dataclass(frozen=True)
class Tube:
    """Fragments over each codon, and template molecules that they are copies of."""

    depth: int
    templates: int


@dataclass(frozen=True)
class Spike:
    """A codon state (0-based codon, state 0-63) that a fraction of the molecules has."""

    codon: int
    state: int
    fraction: float


@dataclass(frozen=True, eq=False)
class SiteErrors:
    """The sites of one run, the same for all its samples.

    codons int64[K]: covered, 0-based, consecutive; wild int64[K]: their states. rates float64[K, 3, 4, 4]: a base of
    a codon, as it is, as it is read; 0 where both are the same. indels: single-base ones, with rates float64[I].
    """

    codons: NDArray[np.int64]
    wild: NDArray[np.int64]
    rates: NDArray[np.float64]
    indels: tuple[Indel, ...]
    indel_rates: NDArray[np.float64]
    cv: float

    def rate(self, codon: int, state: int) -> float:
        """Mean rate over samples at which an unmutated codon is read as a state."""
        k = codon - int(self.codons[0])
        wild, read = _bases(int(self.wild[k])), _bases(state)
        pairs = zip(range(3), wild, read, strict=True)
        return float(np.prod([self.rates[k, i, a, b] for i, a, b in pairs if a != b]))

    @cached_property
    def singles(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Every change of one base: (index of the codon, state), int64[9 K] each."""
        changed = np.array([[s for s in range(64) if _differences(int(w), s) == 1] for w in self.wild])
        return np.repeat(np.arange(len(self.codons)), 9), changed.ravel()


def draw_sites(
    reference: Reference, codons: NDArray[np.int64], model: ErrorModel, rng: np.random.Generator
) -> SiteErrors:
    """Sites of a run; `codons` int64[K] are 0-based and consecutive."""
    median = np.where(TRANSITIONS.reshape(4, 4), model.transition, model.transversion)
    rates = median * np.exp(rng.normal(0, model.log_sd, (len(codons), 3, 4, 4)))
    rates[:, :, np.arange(4), np.arange(4)] = 0.0
    codes = reference.codes[: 3 * reference.codons].astype(np.int64)
    indels, shares = _single_base_indels(reference, int(3 * codons[0]), int(3 * codons[-1] + 3))
    indel_rates = model.indel * shares * np.exp(rng.normal(0, model.log_sd, len(indels)))
    return SiteErrors(
        codons=codons,
        wild=codes.reshape(-1, 3)[codons] @ np.array([16, 4, 1]),
        rates=rates,
        indels=tuple(indels),
        indel_rates=np.minimum(indel_rates, MOST_INDELS),
        cv=model.cv,
    )


def draw_counts(
    sample: str,
    platform: Platform,
    reference: Reference,
    sites: SiteErrors,
    tube: Tube,
    spikes: Sequence[Spike],
    rng: np.random.Generator,
) -> Counts:
    """Counts of one sample; without spikes it is wild type."""
    molecules = _molecules(sites, tube.templates, spikes, rng)
    read_as = _read_as(sites.rates * between_samples(sites.cv, sites.rates.shape, rng))
    shown = np.einsum("ks,kst->kt", molecules, read_as)
    codons = np.zeros((reference.codons, 3, 64), np.int64)
    for orientation, share in enumerate(ORIENTATIONS[platform.reads]):
        codons[sites.codons, orientation] = rng.multinomial(round(tube.depth * share), shown)
    rates = sites.indel_rates * between_samples(sites.cv, (len(sites.indels),), rng)
    seen = rng.binomial(tube.depth, np.minimum(rates, 1.0)).tolist()
    indels = {indel: (x, tube.depth) for indel, x in zip(sites.indels, seen, strict=True) if x}
    spanning = np.zeros(len(reference.sequence) + 1, np.int64)
    spanning[3 * sites.codons[0] : 3 * sites.codons[-1] + 4] = tube.depth
    return Counts(sample, platform.platform, codons, indels, spanning=spanning)


def draw_allele(
    sites: SiteErrors, spike: Spike, tube: Tube, size: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Fragments that show one allele in `size` samples that hold it, and those that show neither it nor the unmutated
    codon: int64[size] each.
    """
    share = _share(rng.binomial(tube.templates, spike.fraction, size), tube.templates, rng)
    k = spike.codon - int(sites.codons[0])
    wild = int(sites.wild[k])
    if _differences(wild, spike.state) == 1:
        share = share + _share(rng.poisson(tube.templates * RT_ERROR, size), tube.templates, rng)
    rates = sites.rates[k] * between_samples(sites.cv, (size, *sites.rates[k].shape), rng)
    changed = [(i, a, b) for i, a, b in zip(range(3), _bases(wild), _bases(spike.state), strict=True) if a != b]
    to, back = (np.prod([rates[:, i, *pair] for i, *pair in way], axis=0) for way in (changed, _turned(changed)))
    share = np.minimum(share, 1.0)
    shown = share * _kept(rates, spike.state) + (1 - share) * to
    unmutated = (1 - share) * _kept(rates, wild) + share * back
    x = rng.binomial(tube.depth, np.minimum(shown, 1.0))
    return x, rng.binomial(tube.depth - x, np.clip((1 - shown - unmutated) / np.maximum(1 - shown, 1e-12), 0.0, 1.0))


def _turned(changes: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    return [(i, b, a) for i, a, b in changes]


def _kept(rates: NDArray[np.float64], state: int) -> NDArray[np.float64]:
    """How often molecules with a state are read as what they are: float64[size] of rates float64[size, 3, 4, 4]."""
    return (1 - rates[:, np.arange(3), np.array(_bases(state))].sum(axis=2)).prod(axis=1)


def between_samples(cv: float, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
    """How a sample differs from the mean of all samples at each site: gamma with mean 1."""
    return rng.gamma(1 / cv**2, cv**2, shape) if cv > 0 else np.ones(shape)


def _molecules(
    sites: SiteErrors, templates: int, spikes: Sequence[Spike], rng: np.random.Generator
) -> NDArray[np.float64]:
    """float64[K, 64]: share of the molecules after PCR that have each state, errors of reverse transcription among
    them."""
    index, state = sites.singles
    molecules = np.zeros((len(sites.codons), 64))
    molecules[index, state] = _share(rng.poisson(templates * RT_ERROR, len(index)), templates, rng)
    for spike in spikes:
        drawn = np.array([rng.binomial(templates, spike.fraction)])
        molecules[spike.codon - sites.codons[0], spike.state] += _share(drawn, templates, rng)[0]
    # More than all molecules can be mutated only where very few templates each have an error.
    molecules /= np.maximum(molecules.sum(axis=1, keepdims=True), 1.0)
    molecules[np.arange(len(sites.wild)), sites.wild] += 1 - molecules.sum(axis=1)
    return molecules


def _share(carrying: NDArray[np.int64], templates: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Share of all copies that come from the templates that carry a change.

    Family sizes are gamma, so the share is beta.
    """
    carrying = np.minimum(carrying, templates)
    some, rest = np.maximum(carrying, 1) / FAMILY_CV2, np.maximum(templates - carrying, 1) / FAMILY_CV2
    return np.where(carrying == 0, 0.0, np.where(carrying == templates, 1.0, rng.beta(some, rest)))


def _read_as(rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """float64[K, 64, 64]: how often a codon of one state is read as another; its bases err independently."""
    bases = rates.copy()
    bases[:, :, np.arange(4), np.arange(4)] = 1 - rates.sum(axis=3)
    one, two, three = bases[:, 0], bases[:, 1], bases[:, 2]
    return np.einsum("kad,kbe,kcf->kabcdef", one, two, three).reshape(-1, 64, 64)


def _single_base_indels(reference: Reference, start: int, end: int) -> tuple[list[Indel], NDArray[np.float64]]:
    """(indels between two positions, how much more often than the median each happens), each at its most 3' place."""
    sequence, touched = reference.sequence, touched_runs(reference.codes)
    indels: list[Indel] = []
    factors = []
    for p in range(start, end):
        longer = HOMOPOLYMER_FACTOR ** max(0, int(touched[p]) - 2)
        if sequence[p] != sequence[p + 1 : p + 2]:
            indels.append((p, p + 1, ""))
            factors.append(longer)
        for base in "ACGT":
            if base != sequence[p]:
                indels.append((p, p, base))
                factors.append(longer * (REPEATED if base == sequence[p - 1] else (1 - REPEATED) / 3))
    return indels, np.array(factors)


def _bases(state: int) -> tuple[int, int, int]:
    return state // 16, state // 4 % 4, state % 4


def _differences(one: int, other: int) -> int:
    return sum(a != b for a, b in zip(_bases(one), _bases(other), strict=True))
