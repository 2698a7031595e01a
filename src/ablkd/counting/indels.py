"""Small insertions and deletions: which fragments show each, and how many could have shown it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablkd import hgvs
from ablkd.counting.counts import Counts, Indel
from ablkd.counting.reach import MARGIN, reach_of
from ablkd.counting.tally import Tally, deletions
from ablkd.counting.told import Told
from ablkd.fragments import Fragments
from ablkd.reference import Reference

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SeenIndel:
    """owners int64[X]: fragments that show it, ascending; depth: fragments that could tell, those included."""

    owners: Ints
    depth: int


def seen_indels(fragments: Fragments, reference: Reference) -> dict[Indel, SeenIndel]:
    """Every indel that a fragment shows which could tell, in the order of the target.

    Candidates are counted by the scores of fragments (`counting.told`), what is rarer where it was placed: the same
    change may be placed at several places of a repeat, and the most 3' place is its name. Longer gaps are junctions
    (`counting.new_junctions`).
    """
    placed: defaultdict[Indel, list[Ints]] = defaultdict(list)
    for indel, shown in _placed(fragments):
        placed[hgvs.shift_indel_right(reference.sequence, *indel)].append(shown)
    reach = reach_of(fragments, reference)
    told = Told(fragments, reference, reach)
    owners: dict[Indel, Ints] = {}
    for indel, parts in placed.items():
        shown = told.unexplained(indel, np.unique(np.concatenate(parts)))
        telling = shown[reach.covers(shown, *_window(reference, indel))]
        if len(telling):
            owners[indel] = telling
    windows = np.array([_window(reference, indel) for indel in owners], np.int64).reshape(-1, 2)
    depths = reach.depth(*windows.T).tolist()
    seen = {indel: SeenIndel(shown, n) for (indel, shown), n in zip(owners.items(), depths, strict=True)}
    seen |= {c.indel: SeenIndel(c.owners, c.depth(reach)) for c in told.candidates.values() if len(c.owners)}
    return dict(sorted(seen.items()))


def telling(fragments: Fragments, reference: Reference, indel: Indel) -> NDArray[np.bool_]:
    """bool[N]: fragments that could tell whether they have an indel."""
    reach = reach_of(fragments, reference)
    if candidate := Told(fragments, reference, reach).candidates.get(indel):
        return candidate.telling(reach, len(fragments))
    return reach.covers(np.arange(len(fragments)), *_window(reference, indel))


def spanning(fragments: Fragments, reference: Reference) -> Ints:
    """int64[L + 1]: fragments that could tell an indel which stands before each target base and nowhere else."""
    points = np.arange(len(reference.sequence) + 1)
    return reach_of(fragments, reference).depth(points - MARGIN, points + MARGIN)


def as_counts(sample: str, platform: str, tally: Tally, indels: dict[Indel, SeenIndel], reference: Reference) -> Counts:
    """What errors are learned from; `indels` as `seen_indels` gives them."""
    counted = {indel: (len(seen.owners), seen.depth) for indel, seen in indels.items()}
    return Counts(sample, platform, tally.counts, counted, spanning=spanning(tally.fragments, reference))


def _window(reference: Reference, indel: Indel) -> tuple[int, int]:
    """Target bases [first, past) that a mate must cover to tell."""
    first, past = hgvs.ambiguous_span(reference.sequence, *indel)
    return first - MARGIN, past + MARGIN


def _placed(fragments: Fragments) -> Iterator[tuple[Indel, Ints]]:
    """Indels as they were placed, 0-based, and the fragments that show each."""
    for (start, end), owners in deletions(fragments, long=False).items():
        yield (start, end, ""), owners
    offsets = fragments.ins_offsets
    lengths = np.diff(offsets)
    for length in np.unique(lengths).tolist():
        which = np.flatnonzero(lengths == length)
        bases = fragments.ins_bases[offsets[which, None] + np.arange(length)]
        keys = np.hstack([fragments.ins_position[which, None], bases])
        distinct, group = np.unique(keys, axis=0, return_inverse=True)
        order = np.argsort(group, kind="stable")
        by_key = np.split(fragments.ins_fragment[which][order].astype(np.int64), np.cumsum(np.bincount(group))[:-1])
        for (position, *inserted), owners in zip(distinct.tolist(), by_key, strict=True):
            yield (position, position, "".join(hgvs.BASES[b] for b in inserted)), owners
