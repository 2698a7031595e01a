"""What could have been seen: depth, limit of detection and status of every listed allele and codon."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from ablkd import hgvs
from ablkd.background import RT_ERROR, Background, Controls
from ablkd.records import Call, Coverage, Mutation
from ablkd.reference import Reference
from ablkd.tally import Tally

if TYPE_CHECKING:
    from ablkd.call import Alphas

MIN_DEPTH = 100
# METHOD: the limit of detection is computed at depths 10 % apart and told at the next lower one, on the safe side.
DEPTH_STEP = 1.1
AMPLE = 10**6


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
    limit = _Limit(background)
    passed = {c.hgvs_c for c in calls if c.filter == "PASS"}
    found = {c.codon for c in calls if c.filter == "PASS" and c.tier in ("catalogue", "novel")}
    rows = []
    worst: dict[int, float] = {}
    for mutation in reference.mutations:
        n = int(tally.containing[mutation.codon - 1])
        controls = tally.in_controls(mutation.codon - 1, hgvs.CODONS.index(mutation.alt_codon))
        rate = background.change_rate(mutation.ref_codon, mutation.alt_codon)
        lod = limit.of(n, rate, levels.catalogue, controls)
        worst[mutation.codon] = max(worst.get(mutation.codon, 0.0), lod or 0.0)
        rows.append(_row(sample, tally, reference, limit, mutation, mutation.codon, lod, levels.catalogue,
                         required_lod, mutation.hgvs_c in passed))  # fmt: skip
    for codon in range(min(listed), max(listed) + 1):
        n = int(tally.containing[codon - 1])
        lod = worst[codon] if n and codon in worst else _worst_single(tally, reference, limit, codon, levels.novel)
        rows.append(_row(sample, tally, reference, limit, None, codon, lod, levels.novel,
                         required_lod, codon in found))  # fmt: skip
    return rows, min((int(tally.depth[c - 1]) for c in listed if _amplified(tally, c)), default=0)


def _amplified(tally: Tally, codon: int) -> bool:
    """Does the codon lie between the primers of any tile of this sample? True where no amplicon is known."""
    tiles = np.unique(tally.fragments.tile[tally.fragments.tile >= 0])
    spans = tally.primers[tiles]
    inside = (spans[:, 1] <= 3 * codon - 3) & ((spans[:, 2] == 0) | (3 * codon <= spans[:, 2]))
    return bool(inside.any()) or not len(tiles)


class _Limit:
    """Limits of detection, computed once per depth step, error rate and level."""

    def __init__(self, background: Background) -> None:
        self.background = background
        self.unlimited = replace(background, templates=float(AMPLE))
        self.at = cache(self._at)

    def _at(self, n: int, rate: float, alpha: float, controls: Controls, ample_templates: bool = False) -> float:
        if ample_templates:
            return self.unlimited.lod95(n, rate, 0.0, alpha, controls)
        return self.background.lod95(n, rate, self.background.templates * RT_ERROR, alpha, controls)

    def of(self, n: int, rate: float, alpha: float, controls: Controls = ()) -> float | None:
        """LoD95 at a depth of n; None where nothing was covered."""
        if n < 1:
            return None
        return self.at(_stepped(n), rate, alpha, tuple((x, _stepped(m)) for x, m in controls))

    def cause(self, rate: float, alpha: float, required: float) -> str:
        """Why the limit is missed: would more depth mend it, would more templates, or is it the background?"""
        if (self.of(AMPLE, rate, alpha) or 1.0) <= required:
            return "depth"
        return "templates" if self.at(AMPLE, rate, alpha, (), True) <= required else "background"


def _stepped(n: int) -> int:
    """The next lower depth of the steps."""
    return max(1, int(DEPTH_STEP ** int(np.log(n) / np.log(DEPTH_STEP))))


def _worst_single(tally: Tally, reference: Reference, limit: _Limit, codon: int, alpha: float) -> float | None:
    """LoD95 of the single-base change of a codon that is seen last."""
    n, ref = int(tally.containing[codon - 1]), reference.codon(codon)
    limits = []
    for state, alt in enumerate(hgvs.CODONS):
        if sum(a != b for a, b in zip(ref, alt, strict=True)) == 1:
            rate = limit.background.change_rate(ref, alt)
            limits.append(limit.of(n, rate, alpha, tally.in_controls(codon - 1, state)) or 0.0)
    return max(limits) if n else None


def _row(
    sample: str,
    tally: Tally,
    reference: Reference,
    limit: _Limit,
    mutation: Mutation | None,
    codon: int,
    lod: float | None,
    alpha: float,
    required_lod: float,
    detected: bool,
) -> Coverage:
    n, depth = int(tally.containing[codon - 1]), int(tally.depth[codon - 1])
    reason = ""
    if n == 0:
        reason = "primer" if tally.masked[codon - 1] else "not_covered"
    elif n < MIN_DEPTH:
        reason = "depth"
    elif lod is None or lod > required_lod:
        background = limit.background
        rate = background.transition
        if mutation:
            rate = background.change_rate(mutation.ref_codon, mutation.alt_codon)
        reason = limit.cause(rate, alpha, required_lod)
    status = "not_assessable" if reason else "not_detected"
    residue = hgvs.AMINO_ACIDS[reference.codon(codon)]
    return Coverage(
        sample=sample,
        kind="allele" if mutation else "codon",
        name=mutation.name if mutation else f"{residue}{codon}",
        hgvs_c=mutation.hgvs_c if mutation else "",
        codon=codon,
        exon=reference.exon_at(3 * codon - 2),
        depth=depth,
        lod95=lod,
        assessable="no" if reason else "yes",
        reason=reason,
        status="detected" if detected else status,
    )
