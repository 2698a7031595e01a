"""A few fragments under each haplotype for the report: what the sequencer saw, not what was concluded from it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ablkd.fragments import Fragments
from ablkd.phasing.linkage import MISSING, Observations
from ablkd.records import DrawnFragment, Haplotype, PileUp

MOST_HAPLOTYPES, MOST_FRAGMENTS = 6, 14


def pile_ups(fragments: Fragments, seen: Observations, haplotypes: Sequence[Haplotype]) -> list[PileUp]:
    """Fragments that fit one of the largest haplotypes and no other, and those that fit none of all haplotypes.

    Of each the fragments that show most sites are drawn, evenly over where they start. Without a called change there
    is nothing to tell apart, and the list is empty.
    """
    if not seen.sites or not haplotypes:
        return []
    fits = np.column_stack([_fits(seen, row.haplotype) for row in haplotypes])
    ranked = sorted(range(len(haplotypes)), key=lambda h: -(haplotypes[h].fraction or haplotypes[h].fraction_high or 0))
    only = fits.sum(axis=1) == 1
    starts = fragments.starts()
    groups = [(haplotypes[h].haplotype, only & fits[:, h]) for h in ranked[:MOST_HAPLOTYPES]]
    groups.append(("", ~fits.any(axis=1)))
    return [
        PileUp(name, int(chosen.sum()), tuple(_drawn(fragments, seen, starts, np.flatnonzero(chosen))))
        for name, chosen in groups
        if chosen.any()
    ]


def _fits(seen: Observations, haplotype: str) -> NDArray[np.bool_]:
    """bool[N]: fragments that show nothing against a haplotype. A part of a whole exon speaks against its skipping."""
    members = haplotype.split("+")
    fits = np.ones(len(seen.shown), bool)
    for k in seen.together:
        shown = seen.shown[:, k]
        fits &= (shown == MISSING) | ((shown == 1) if seen.sites[k].name in members else (shown != 1))
    return fits


def _drawn(
    fragments: Fragments, seen: Observations, starts: NDArray[np.int32], chosen: NDArray[np.int64]
) -> list[DrawnFragment]:
    shown = seen.shown[chosen]
    known = ((shown == 0) | (shown == 1)).sum(axis=1)
    # The longest evidence first; of equals, evenly over the places where fragments start.
    best = chosen[np.lexsort((chosen, starts[chosen], -known))]
    most = int((known == known.max()).sum())
    which = np.unique(np.linspace(0, max(most, MOST_FRAGMENTS) - 1, MOST_FRAGMENTS).astype(int))
    picked = best[which[which < len(best)]]
    return [_one(fragments, seen, int(n)) for n in sorted(picked, key=lambda n: (starts[n], n))]


def _one(fragments: Fragments, seen: Observations, n: int) -> DrawnFragment:
    mates = sorted(tuple(map(int, mates[n])) for mates in (fragments.forward, fragments.reverse) if mates[n, 1] > 0)
    spans = [mates[0]]
    for start, end in mates[1:]:
        if start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((start, end))
    names = [site.name for site in seen.sites]
    return DrawnFragment(
        spans=tuple((start + 1, end) for start, end in spans),
        changed=tuple(name for name, shown in zip(names, seen.shown[n], strict=True) if shown == 1),
        unchanged=tuple(name for name, shown in zip(names, seen.shown[n], strict=True) if shown == 0),
    )
