"""What could have been seen: depth, limit of detection and status of every listed allele and codon."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ablkd import hgvs
from ablkd.background import RT_ERROR, Background, Controls
from ablkd.levels import Alphas
from ablkd.records import Call, Coverage, Mutation
from ablkd.reference import Reference
from ablkd.tally import Tally

MIN_DEPTH = 100
# METHOD: a limit of detection is computed at depths 10 % apart and told at the next lower one, on the safe side.
DEPTH_STEP = 1.1
AMPLE = 10**6


@dataclass(frozen=True)
class AlleleTest:
    """What decides whether an allele is called: its mean error rate, its level, and what controls show of it."""

    rate: float
    alpha: float
    controls: Controls


@dataclass(frozen=True)
class Limits:
    """Limits of detection of one background, computed once per depth step and test."""

    background: Background
    known: dict[tuple[int, AlleleTest, float], float] = field(default_factory=dict)

    def lod95(self, n: int, test: AlleleTest) -> float | None:
        """LoD95 at a depth of n; None where nothing was covered."""
        return self._at(n, test, self.background.templates) if n else None

    def _at(self, n: int, test: AlleleTest, templates: float) -> float:
        test = replace(test, controls=tuple((x, _stepped(m)) for x, m in test.controls))
        key = (_stepped(n), test, templates)
        if key not in self.known:
            background = replace(self.background, templates=templates)
            jackpots = templates * RT_ERROR if templates < AMPLE else 0.0
            self.known[key] = background.lod95(key[0], test.rate, jackpots, test.alpha, test.controls)
        return self.known[key]

    def cause(self, test: AlleleTest, required: float) -> str:
        """Why the limit is missed: would more depth mend it, would more templates, or is it the background?"""
        if self._at(AMPLE, test, self.background.templates) <= required:
            return "depth"
        return "templates" if self._at(AMPLE, test, float(AMPLE)) <= required else "background"


def _stepped(n: float) -> int:
    """The next lower depth of the steps."""
    return max(1, int(DEPTH_STEP ** int(np.log(max(n, 1)) / np.log(DEPTH_STEP))))


def coverage_rows(
    sample: str,
    tally: Tally,
    background: Background,
    reference: Reference,
    levels: Alphas,
    calls: list[Call],
    required_lod: float,
) -> tuple[list[Coverage], int]:
    """A row for every catalogue allele and every codon from the first to the last one that the catalogue lists.

    Also returns the lowest depth over the catalogue's codons between the primers.
    """
    if not reference.mutations:
        return [], 0
    listed = [m.codon for m in reference.mutations]
    limits = Limits(background)
    seen = _Seen(calls)
    rows = []
    tests: dict[int, list[AlleleTest]] = {}
    for mutation in reference.mutations:
        test = _test(tally, background, mutation.codon, mutation.ref_codon, mutation.alt_codon, levels.catalogue)
        tests.setdefault(mutation.codon, []).append(test)
        status = seen.allele(mutation.hgvs_c)
        rows.append(_row(sample, tally, reference, limits, mutation.codon, [test], required_lod, status, mutation))
    for codon in range(min(listed), max(listed) + 1):
        single = tests.get(codon) or _single_base_tests(tally, background, reference, codon, levels.novel)
        rows.append(_row(sample, tally, reference, limits, codon, single, required_lod, seen.codon(codon), None))
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


def _test(tally: Tally, background: Background, codon: int, ref: str, alt: str, alpha: float) -> AlleleTest:
    controls = tally.in_controls(codon - 1, hgvs.CODONS.index(alt))
    return AlleleTest(background.change_rate(ref, alt), alpha, controls)


def _single_base_tests(
    tally: Tally, background: Background, reference: Reference, codon: int, alpha: float
) -> list[AlleleTest]:
    ref = reference.codon(codon)
    single = [alt for alt in hgvs.CODONS if sum(a != b for a, b in zip(ref, alt, strict=True)) == 1]
    return list(dict.fromkeys(_test(tally, background, codon, ref, alt, alpha) for alt in single))


def _amplified(tally: Tally, codon: int) -> bool:
    """Does the codon lie between the primers of any tile of this sample? True where no amplicon is known."""
    tiles = np.unique(tally.fragments.tile[tally.fragments.tile >= 0])
    spans = tally.primers[tiles]
    inside = (spans[:, 1] <= 3 * codon - 3) & ((spans[:, 2] == 0) | (3 * codon <= spans[:, 2]))
    return bool(inside.any()) or not len(tiles)


def _row(
    sample: str,
    tally: Tally,
    reference: Reference,
    limits: Limits,
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
        lod, worst = max(((limits.lod95(n, test) or 1.0, test) for test in tests), key=lambda pair: pair[0])
        if n < MIN_DEPTH:
            reason = "depth"
        elif lod > required_lod:
            reason = limits.cause(worst, required_lod)
        elif seen == "doubtful":
            reason = "background"
    residue = hgvs.AMINO_ACIDS[reference.codon(codon)]
    return Coverage(
        sample=sample,
        kind="allele" if mutation else "codon",
        name=mutation.name if mutation else f"{residue}{codon}",
        hgvs_c=mutation.hgvs_c if mutation else "",
        codon=codon,
        exon=reference.exon_at(3 * codon - 2),
        depth=int(tally.depth[codon - 1]),
        lod95=lod,
        assessable="no" if reason else "yes",
        reason=reason,
        status="detected" if seen == "detected" else "not_assessable" if reason else "not_detected",
    )
