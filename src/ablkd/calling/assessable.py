"""What could have been seen: depth, limit of detection and status of every listed allele and codon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ablkd import hgvs
from ablkd.background.allele import Background, ErrorRate
from ablkd.background.detection import Limits
from ablkd.background.expected import Expected
from ablkd.counting.levels import Alphas
from ablkd.counting.recalibration import Recalibration, quality_threshold
from ablkd.counting.tally import Tally
from ablkd.records import Call, Coverage, Mutation

MIN_DEPTH = 100
# Fewer fragments are never a call.
LEAST_COUNT = 3
AMPLE = 10**5


@dataclass(frozen=True, eq=False)
class AlleleTest:
    """What decides whether an allele is called: its error rate, its level, and the count that the qualities need."""

    error: ErrorRate
    alpha: float
    by_quality: int

    def needed(self, n: int, background: Background, least: int = LEAST_COUNT) -> int:
        """Smallest count of at least `least` that is called at n fragments."""
        return background.threshold(n, self.error, self.alpha, max(least, self.by_quality))


class _Limit:
    """Limits of detection of one sample."""

    def __init__(self, expected: Expected) -> None:
        self.background = expected.background
        self.limits = expected.limits

    def worst(self, n: int, tests: Sequence[AlleleTest]) -> tuple[float, AlleleTest]:
        """(LoD95, test) of the allele that needs most fragments."""
        most, worst = 0, tests[0]
        for test in sorted(tests, key=lambda test: test.error.mean, reverse=True):
            # Whether it needs more than those before is soon told; only then is asked how many.
            needed = test.needed(n, self.background, max(most, LEAST_COUNT))
            if needed > most:
                most, worst = needed, test
        return self.limits.lod95(most, n, worst.error.mean), worst

    def cause(self, test: AlleleTest, required: float) -> str:
        """Why the limit is missed: would more depth mend it, would more templates, or is it the background?"""
        needed = self.background.threshold(AMPLE, test.error, test.alpha)
        if self.limits.lod95(needed, AMPLE, test.error.mean) <= required:
            return "depth"
        many = Background(self.background.cv, float(AMPLE))
        needed = many.threshold(AMPLE, ErrorRate(test.error.rates, test.error.weights), test.alpha)
        return "templates" if Limits(float(AMPLE)).lod95(needed, AMPLE, test.error.mean) <= required else "background"


def coverage_rows(
    tally: Tally,
    expected: Expected,
    qualities: Recalibration,
    levels: Alphas,
    calls: list[Call],
    required_lod: float,
) -> tuple[list[Coverage], int]:
    """A row for every catalogue allele and every codon from the first to the last one that the catalogue lists.

    Also returns the lowest depth over the catalogue's codons between the primers.
    """
    reference = expected.reference
    if not reference.mutations:
        return [], 0
    listed = [m.codon for m in reference.mutations]
    limit = _Limit(expected)
    seen = _Seen(calls)
    rows = []
    tests: dict[int, list[AlleleTest]] = {}
    for mutation in reference.mutations:
        test = _test(tally, expected, qualities, mutation.codon, mutation.alt_codon, levels.catalogue)
        tests.setdefault(mutation.codon, []).append(test)
        status = seen.allele(mutation.hgvs_c)
        rows.append(_row(tally, expected, limit, mutation.codon, [test], required_lod, status, mutation))
    for codon in range(min(listed), max(listed) + 1):
        single = tests.get(codon) or _single_base_tests(tally, expected, qualities, codon, levels.novel)
        rows.append(_row(tally, expected, limit, codon, single, required_lod, seen.codon(codon), None))
    return rows, min((int(tally.depth[c - 1]) for c in listed if _amplified(tally, c)), default=0)


class _Seen:
    """What calling made of alleles and codons: `detected`, `doubtful` (more than errors explain, but a filter speaks
    against it: neither there nor absent), or nothing.
    """

    def __init__(self, calls: list[Call]) -> None:
        self.passed = [c for c in calls if c.filter == "PASS"]
        self.doubtful = [c for c in calls if "PASS" not in c.filter and "background" not in c.filter.split(";")]

    def allele(self, hgvs_c: str) -> str:
        """Of one allele."""
        if any(c.hgvs_c == hgvs_c for c in self.passed):
            return "detected"
        return "doubtful" if any(c.hgvs_c == hgvs_c for c in self.doubtful) else ""

    def codon(self, codon: int) -> str:
        """Of any change of the protein at a codon."""
        if any(c.codon == codon and c.tier in ("catalogue", "novel") for c in self.passed):
            return "detected"
        return "doubtful" if any(c.codon == codon for c in self.doubtful) else ""


def _test(tally: Tally, expected: Expected, qualities: Recalibration, codon: int, alt: str, alpha: float) -> AlleleTest:
    ref = expected.reference.codon(codon)
    changed = [i for i in range(3) if ref[i] != alt[i]]
    by_quality = 0
    if len(changed) == 1:
        at = 3 * codon - 3 + changed[0]
        misread = qualities.to_base(int(tally.target[at]), "ACGT".index(alt[changed[0]]))
        by_quality = quality_threshold(tally.fragments.histogram[at], misread, alpha)
    return AlleleTest(expected.of(codon - 1, hgvs.CODONS.index(alt)), alpha, by_quality)


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


def _row(
    tally: Tally,
    expected: Expected,
    limit: _Limit,
    codon: int,
    tests: list[AlleleTest],
    required_lod: float,
    seen: str,
    mutation: Mutation | None,
) -> Coverage:
    """The row of an allele, or of a codon, whose limit is the worst of its tests."""
    n = int(tally.containing[codon - 1])
    reason, lod = "", None
    if n == 0:
        reason = "primer" if tally.masked[codon - 1] else "not_covered"
    else:
        lod, worst = limit.worst(n, tests)
        if n < MIN_DEPTH:
            reason = "depth"
        elif lod > required_lod:
            reason = limit.cause(worst, required_lod)
        elif seen == "doubtful":
            reason = "background"
    residue = hgvs.AMINO_ACIDS[expected.reference.codon(codon)]
    return Coverage(
        sample=expected.counts.sample,
        kind="allele" if mutation else "codon",
        name=mutation.name if mutation else f"{residue}{codon}",
        hgvs_c=mutation.hgvs_c if mutation else "",
        codon=codon,
        exon=expected.reference.exon_at(3 * codon - 2),
        depth=int(tally.depth[codon - 1]),
        lod95=lod,
        assessable="no" if reason else "yes",
        reason=reason,
        status="detected" if seen == "detected" else "not_assessable" if reason else "not_detected",
    )
