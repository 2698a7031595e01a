"""Counts of samples as a sequencer would give them: sites that err at their own rates, templates, families, reads.

Nothing of it is taken from the code that learns: changes are spelled from the sequence, and a sample is drawn template
by template and fragment by fragment.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ablkd.background.learning import Library
from ablkd.counting.counts import Counts

BASES = "ACGT"
# Codons 237 to 507, 0-based.
KINASE = range(236, 507)
# Share of the fragments that are seen forward, reverse, and by both mates.
ORIENTATIONS = (0.3, 0.3, 0.4)
RT_PER_ALLELE = 5e-5 / 3


@dataclass(frozen=True)
class Changes:
    """Nine for each codon, in the order of the sequence: base by base, then the other bases in turn from its own."""

    codon: np.ndarray
    state: np.ndarray
    transition: np.ndarray
    index: dict[tuple[int, str], int]


def state_of(codon: str) -> int:
    return sum(BASES.index(b) * 4 ** (2 - i) for i, b in enumerate(codon))


def changes_of(reference) -> Changes:
    codons, states, transitions, index = [], [], [], {}
    for position in range(3 * reference.codons):
        codon = position // 3
        before = reference.sequence[3 * codon : 3 * codon + 3]
        old = before[position % 3]
        for step in (1, 2, 3):
            new = BASES[(BASES.index(old) + step) % 4]
            after = before[: position % 3] + new + before[position % 3 + 1 :]
            index[codon + 1, after] = len(codons)
            codons.append(codon)
            states.append(state_of(after))
            transitions.append({old, new} in ({"A", "G"}, {"C", "T"}))
    return Changes(np.array(codons), np.array(states), np.array(transitions), index)


def site_rates(rng, changes: Changes, transition=3e-4, transversion=6e-5, log_sd=0.7) -> np.ndarray:
    """Error rate of every change: lognormal around the mean of its kind."""
    spread = np.exp(rng.normal(-(log_sd**2) / 2, log_sd, len(changes.codon)))
    return np.where(changes.transition, transition, transversion) * spread


def families(rng, carrying, templates) -> np.ndarray:
    """Share of all molecules that so many templates have after PCR; squared variation of a family 0.25."""
    return np.where(carrying > 0, rng.gamma(np.maximum(4.0 * carrying, 1e-9)), 0.0) / 4 / templates


def drawn(
    reference, changes, rng, rates, depth, templates, cv=0.3, name="S", held=None, codons=KINASE, platform="illumina"
) -> Counts:
    """One sample. `held`: {(codon, changed codon): fraction} of mutations; their templates are drawn too."""
    number = len(changes.codon)
    share = rates * rng.gamma(1 / cv**2, cv**2, number)
    share += families(rng, rng.poisson(templates * RT_PER_ALLELE, number), templates)
    for change, fraction in (held or {}).items():
        share[changes.index[change]] += families(rng, rng.binomial(templates, fraction), templates)
    inside = np.isin(changes.codon, np.array(codons))
    x = np.where(inside, rng.binomial(depth, np.minimum(share, 1.0)), 0)
    counts = np.zeros((reference.codons, 3, 64), np.int64)
    counts[changes.codon, :, changes.state] = rng.multinomial(x, ORIENTATIONS)
    for codon in codons:
        wild = state_of(reference.sequence[3 * codon : 3 * codon + 3])
        left = max(depth - counts[codon].sum(), 0)
        counts[codon, :, wild] = rng.multinomial(left, ORIENTATIONS)
    return Counts(name, platform, counts, {}, spanning=spanned(reference, depth, codons))


def shown(reference, states: dict[tuple[int, str], int], depth: int, name="S", panel="", platform="illumina") -> Counts:
    """A sample without errors that shows {(codon, changed codon): fragments}, all seen by both mates."""
    counts = np.zeros((reference.codons, 3, 64), np.int64)
    for codon in KINASE:
        counts[codon, 2, state_of(reference.sequence[3 * codon : 3 * codon + 3])] = depth
    for (codon, changed), x in states.items():
        counts[codon - 1, 2, state_of(reference.codon(codon))] -= x
        counts[codon - 1, 2, state_of(changed)] += x
    return Counts(name, platform, counts, {}, panel, spanning=spanned(reference, depth, KINASE))


def spanned(reference, depth: int, codons) -> np.ndarray:
    """As many fragments span every place between consecutive codons."""
    spanning = np.zeros(len(reference.sequence) + 1, np.int64)
    spanning[3 * min(codons) : 3 * max(codons) + 4] = depth
    return spanning


def run_of_counts(samples: list[Counts], controls: list[Counts], templates: float | None) -> list[Library]:
    """Libraries of patients' samples and of wild-type controls."""
    return [Library(c, False, templates) for c in samples] + [Library(c, True, templates) for c in controls]
