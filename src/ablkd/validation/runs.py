"""A sequencing run drawn under one condition, and what calling learns from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ablkd.background.expected import Expected
from ablkd.background.learning import Library, learn
from ablkd.background.run import RunBackground
from ablkd.calling.limits import AlleleTest
from ablkd.counting.counts import Counts
from ablkd.hgvs import CODONS
from ablkd.records import Mutation, Platform
from ablkd.reference import Reference
from ablkd.simulate.counts import ErrorModel, SiteErrors, Tube, draw_counts, draw_sites
from ablkd.validation.conditions import Condition
from ablkd.verdicts.thresholds import Alphas, alphas


@dataclass(frozen=True, eq=False)
class Allele:
    """A catalogue allele in one sample: its codon (0-based) and state, and what decides whether it is called."""

    mutation: Mutation
    codon: int
    state: int
    test: AlleleTest
    needed: int


@dataclass(frozen=True, eq=False)
class SimulatedRun:
    """`samples` are the run's patients, all of them wild type; its controls are in `background` alone."""

    condition: Condition
    reference: Reference
    sites: SiteErrors
    samples: list[Counts]
    background: RunBackground

    @property
    def platform(self) -> Platform:
        """Its row of platforms.tsv."""
        return self.reference.platforms[self.condition.platform]

    @property
    def tube(self) -> Tube:
        """Depth and templates."""
        return Tube(self.condition.depth, self.condition.templates)

    @cached_property
    def levels(self) -> Alphas:
        """Levels of the tests of one sample."""
        return alphas(self.reference, len(self.sites.codons))

    def expected(self, sample: Counts) -> Expected:
        """What errors are expected to do in one of the samples."""
        return Expected(sample, self.background, self.platform, self.reference, stated(self.condition))

    def alleles(self, expected: Expected, number: int | None = None) -> list[Allele]:
        """Catalogue alleles as one sample would be tested for them: all, or so many evenly spread."""
        listed = [m for m in self.reference.mutations if m.tier == "catalogue"]
        if number is not None:
            listed = [listed[i] for i in np.linspace(0, len(listed) - 1, min(number, len(listed))).astype(int)]
        found = []
        for mutation in listed:
            codon, state = mutation.codon - 1, CODONS.index(mutation.alt_codon)
            # Drawn counts have no base qualities: the test of the site decides alone.
            test = AlleleTest(expected.of(codon, state), self.levels.catalogue, 0, (codon, state))
            needed = test.needed(self.condition.depth, expected.background)
            found.append(Allele(mutation, codon, state, test, needed))
        return found


def stated(condition: Condition) -> float | None:
    """Templates that the sheet states; None where it does not."""
    return float(condition.templates) if condition.stated == "yes" else None


def generator(seed: int, condition: Condition, run: int) -> np.random.Generator:
    """Random numbers of one run of one condition, whatever else is simulated."""
    words = np.random.SeedSequence([seed, run, *condition.words.encode()])
    return np.random.Generator(np.random.PCG64(words))


def listed_span(reference: Reference) -> NDArray[np.int64]:
    """int64[K]: 0-based codons from the first to the last one that the catalogue lists."""
    listed = [m.codon for m in reference.mutations]
    return np.arange(min(listed) - 1, max(listed), dtype=np.int64)


def error_model(condition: Condition) -> ErrorModel:
    """The condition's errors."""
    c = condition
    return ErrorModel(c.transition_error, c.transversion_error, c.indel_error, c.log_sd, c.cv)


def draw_run(condition: Condition, reference: Reference, rng: np.random.Generator) -> SimulatedRun:
    """Controls and patients, all wild type, and the background learned from them as the pipeline does."""
    platform = reference.platforms[condition.platform]
    sites = draw_sites(reference, listed_span(reference), error_model(condition), rng)
    tube = Tube(condition.depth, condition.templates)
    names = [f"control{i}" for i in range(condition.controls)] + [f"patient{i}" for i in range(condition.patients)]
    drawn = [draw_counts(name, platform, reference, sites, tube, (), rng) for name in names]
    libraries = [Library(c, i < condition.controls, stated(condition)) for i, c in enumerate(drawn)]
    background = learn(platform, reference, libraries)
    return SimulatedRun(condition, reference, sites, drawn[condition.controls :], background)
