"""What could have been seen: depth and limit of detection of every listed allele and codon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from ablkd import hgvs
from ablkd.background.allele import Background, ErrorRate
from ablkd.background.detection import limiting, reached
from ablkd.background.expected import Expected
from ablkd.counting.recalibration import Recalibration, quality_threshold
from ablkd.counting.tally import Tally
from ablkd.records import Mutation
from ablkd.reference import Reference
from ablkd.verdicts.coverage import Site, allele_site, codon_site
from ablkd.verdicts.thresholds import MIN_ALT_FRAGMENTS, MIN_DEPTH, Alphas


@dataclass(frozen=True, eq=False)
class AlleleTest:
    """What decides whether an allele is called: its error rate, its level, and the count that the qualities need.

    allele: (0-based codon, state).
    """

    error: ErrorRate
    alpha: float
    by_quality: int
    allele: tuple[int, int]

    def needed(self, n: int, background: Background, least: int = MIN_ALT_FRAGMENTS) -> int:
        """Smallest count of at least `least` that is called at n fragments."""
        return background.threshold(n, self.error, self.alpha, max(least, self.by_quality))

    def contaminated(self, expected: Expected) -> bool:
        """Whether the allele contaminates a control of the run."""
        return expected.contaminated(*self.allele) > 0

    def without_controls(self, expected: Expected) -> ErrorRate:
        """The rate as if the run had no wild-type control."""
        return expected.without_controls(*self.allele)


class CallTest(Protocol):
    """What decides whether something is called."""

    @property
    def error(self) -> ErrorRate: ...

    @property
    def alpha(self) -> float: ...

    def needed(self, n: int, background: Background, least: int = MIN_ALT_FRAGMENTS) -> int: ...

    def contaminated(self, expected: Expected) -> bool: ...

    def without_controls(self, expected: Expected) -> ErrorRate: ...


AnyTest = TypeVar("AnyTest", bound=CallTest)


class Limit:
    """Limits of detection of one sample."""

    def __init__(self, expected: Expected) -> None:
        self.expected = expected
        self.background = expected.background
        self.limits = expected.limits

    def worst(self, n: int, tests: Sequence[AnyTest]) -> tuple[float, AnyTest]:
        """(LoD95, test) of what needs most fragments."""
        most, worst = 0, tests[0]
        for test in sorted(tests, key=lambda test: test.error.mean, reverse=True):
            # Whether it needs more than those before is quick to find out; only then is it computed how many.
            needed = test.needed(n, self.background, max(most, MIN_ALT_FRAGMENTS))
            if needed > most:
                most, worst = needed, test
        return self.limits.lod95(most, n, worst.error.mean), worst

    def cause(self, test: CallTest, required: float) -> str:
        """Why the limit is missed: would more depth mend it, would more templates, or is it what controls show?

        A control that contains the allele teaches nothing of its errors, and no other may be left to do so.
        """
        if test.contaminated(self.expected):
            return "control_contaminated"
        cause = limiting(self.background, test.error, test.alpha, required)
        clean = test.without_controls(self.expected)
        # A site that errs in controls may pass with more templates, but without the controls it would have as it is.
        if cause == "templates" and reached(self.background, clean, test.alpha, required):
            return "background"
        return cause


def sites_of(tally: Tally, limit: Limit, qualities: Recalibration, levels: Alphas) -> list[Site]:
    """Every catalogue allele, then every codon from the first to the last one that the catalogue lists, each with its
    limit of detection.
    """
    expected = limit.expected
    reference = expected.reference
    listed = [m.codon for m in reference.mutations]
    sites = []
    tests: dict[int, list[AlleleTest]] = {}
    for mutation in reference.mutations:
        test = _test(tally, expected, qualities, mutation.codon, mutation.alt_codon, levels.catalogue)
        tests.setdefault(mutation.codon, []).append(test)
        sites.append(_site(tally, limit, mutation.codon, [test], mutation))
    for codon in range(min(listed, default=1), max(listed, default=0) + 1):
        single = tests.get(codon) or _single_base_tests(tally, expected, qualities, codon, levels.novel)
        sites.append(_site(tally, limit, codon, single, None))
    return sites


def lowest_depth(tally: Tally, reference: Reference) -> int:
    """The lowest depth over the catalogue's codons between the primers, in fragments."""
    return min((int(tally.depth[m.codon - 1]) for m in reference.mutations if _amplified(tally, m.codon)), default=0)


def _test(tally: Tally, expected: Expected, qualities: Recalibration, codon: int, alt: str, alpha: float) -> AlleleTest:
    ref = expected.reference.codon(codon)
    changed = [i for i in range(3) if ref[i] != alt[i]]
    by_quality = 0
    if len(changed) == 1:
        at = 3 * codon - 3 + changed[0]
        misread = qualities.to_base(int(tally.target[at]), "ACGT".index(alt[changed[0]]))
        by_quality = quality_threshold(tally.fragments.histogram[at], misread, alpha)
    allele = codon - 1, hgvs.CODONS.index(alt)
    return AlleleTest(expected.of(*allele), alpha, by_quality, allele)


def _single_base_tests(
    tally: Tally, expected: Expected, qualities: Recalibration, codon: int, alpha: float
) -> list[AlleleTest]:
    ref = expected.reference.codon(codon)
    single = [alt for alt in hgvs.CODONS if sum(a != b for a, b in zip(ref, alt, strict=True)) == 1]
    return [_test(tally, expected, qualities, codon, alt, alpha) for alt in single]


def _amplified(tally: Tally, codon: int) -> bool:
    """Does the codon lie between the primers of any tile of this sample? True where no amplicon is known."""
    spans = tally.primers[tally.products]
    inside = (spans[:, 1] <= 3 * codon - 3) & ((spans[:, 2] == 0) | (3 * codon <= spans[:, 2]))
    return bool(inside.any()) or not len(spans)


def _site(tally: Tally, limit: Limit, codon: int, tests: list[AlleleTest], mutation: Mutation | None) -> Site:
    """An allele, or a codon, whose limit is the worst of its tests."""
    n, gap = int(tally.containing[codon - 1]), ""
    lod, worst = limit.worst(n, tests) if n else (None, tests[0])
    if n == 0:
        gap = "primer" if tally.masked[codon - 1] else "not_covered"
    elif n < MIN_DEPTH:
        gap = "depth"
    limits = int(tally.depth[codon - 1]), lod, gap, partial(limit.cause, worst)
    return allele_site(mutation, *limits) if mutation else codon_site(limit.expected.reference, codon, *limits)
