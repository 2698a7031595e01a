"""Small insertions and deletions: which fragments show each, and how many could have shown it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablkd import hgvs
from ablkd.amplicons import primer_spans
from ablkd.counting.counts import Counts, Indel
from ablkd.counting.junctions import left_out
from ablkd.counting.tally import Tally, deletions
from ablkd.fragments import Fragments
from ablkd.isoforms import SpliceGraph, build_graph
from ablkd.reference import Reference

Ints = NDArray[np.int64]
# METHOD: a fragment could show an indel where one mate covers every place the indel can stand and 12 bases to either
# side: nearer to the end of a read a gap is placed as mismatches. Base qualities do not matter, or reads with the indel
# would be counted by another rule than those without it.
MARGIN = 12


@dataclass(frozen=True, eq=False)
class SeenIndel:
    """owners int64[X]: fragments that show it, ascending; depth: fragments that could tell, those included."""

    owners: Ints
    depth: int


def seen_indels(fragments: Fragments, reference: Reference) -> dict[Indel, SeenIndel]:
    """Every indel that a fragment shows which could tell, in the order of the target.

    The same change may be placed at several places of a repeat; the most 3' place is its name. Longer gaps are
    junctions (`counting.new_junctions`).
    """
    placed: defaultdict[Indel, list[Ints]] = defaultdict(list)
    for indel, shown in _placed(fragments):
        placed[hgvs.shift_indel_right(reference.sequence, *indel)].append(shown)
    reach, owners = _Reach(fragments, reference), {}
    for indel, parts in sorted(placed.items()):
        shown = np.unique(np.concatenate(parts))
        telling = shown[reach.covers(shown, *_window(reference, indel))]
        if len(telling):
            owners[indel] = telling
    windows = np.array([_window(reference, indel) for indel in owners], np.int64).reshape(-1, 2)
    depths = reach.depth(*windows.T).tolist()
    return {indel: SeenIndel(shown, n) for (indel, shown), n in zip(owners.items(), depths, strict=True)}


def telling(fragments: Fragments, reference: Reference, indel: Indel) -> NDArray[np.bool_]:
    """bool[N]: fragments that could tell whether they have an indel."""
    reach = _Reach(fragments, reference)
    return reach.covers(np.arange(len(fragments)), *_window(reference, indel))


def spanning(fragments: Fragments, reference: Reference) -> Ints:
    """int64[L + 1]: fragments that could tell an indel which stands before each target base and nowhere else."""
    points = np.arange(len(reference.sequence) + 1)
    return _Reach(fragments, reference).depth(points - MARGIN, points + MARGIN)


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


class _Reach:
    """What the mates of fragments cover as a whole: no jump of an isoform and no longer gap inside, and no primer."""

    def __init__(self, fragments: Fragments, reference: Reference) -> None:
        self.length = len(reference.sequence)
        graph = build_graph(reference)
        low, high = _between_primers(fragments, reference, graph)
        breaks = _breaks(fragments, graph)
        clipped = [
            np.stack([np.maximum(span[:, 0], low), np.where(span[:, 1] > 0, np.minimum(span[:, 1], high), 0)], axis=1)
            for span in (fragments.forward, fragments.reverse)
        ]
        self.mates = [_Stretches(span, breaks) for span in clipped]
        shared = np.stack([np.maximum(*(s[:, 0] for s in clipped)), np.minimum(*(s[:, 1] for s in clipped))], axis=1)
        self.both = _Stretches(shared, breaks)

    def covers(self, owners: Ints, first: int, past: int) -> NDArray[np.bool_]:
        """bool[len(owners)]: whether one mate covers target bases [first, past), which lie on the target."""
        if first < 0 or past > self.length:
            return np.zeros(len(owners), bool)
        one, two = (mate.cover(owners, first, past) for mate in self.mates)
        return one | two

    def depth(self, first: Ints, past: Ints) -> Ints:
        """int64[K]: fragments of which one mate covers each of K stretches of target bases."""
        on_target = (first >= 0) & (past <= self.length)
        first, past = np.where(on_target, first, 0), np.where(on_target, past, 2 * MARGIN)
        one, two, both = (s.depth(first, past, self.length) for s in (*self.mates, self.both))
        return np.where(on_target, one + two - both, 0)


class _Stretches:
    """Target bases [first, past) without a break: one for each of N fragments, then more of those that have breaks."""

    def __init__(self, spans: NDArray[np.int32], breaks: tuple[Ints, Ints, Ints]) -> None:
        owner, first, past = breaks
        broken = np.unique(owner)
        spans = spans.astype(np.int64)
        # Before each break ends a stretch, past each another one begins.
        owners = np.concatenate([broken, owner])
        starts, ends = np.concatenate([spans[broken, 0], past]), np.concatenate([spans[broken, 1], first])
        starts = np.maximum(starts[np.lexsort((starts, owners))], np.repeat(spans[broken, 0], _sizes(owners)))
        ends = np.minimum(ends[np.lexsort((ends, owners))], np.repeat(spans[broken, 1], _sizes(owners)))
        spans[broken] = 0
        self.owner = np.sort(owners)
        self.first, self.past = np.concatenate([spans[:, 0], starts]), np.concatenate([spans[:, 1], ends])

    def cover(self, owners: Ints, first: int, past: int) -> NDArray[np.bool_]:
        """bool[len(owners)]: whether a stretch of each fragment covers [first, past)."""
        whole = (self.first[owners] <= first) & (past <= self.past[owners])
        if not len(self.owner):
            return whole
        parts = slice(len(self.first) - len(self.owner), None)
        return whole | np.isin(owners, self.owner[(self.first[parts] <= first) & (past <= self.past[parts])])

    def depth(self, first: Ints, past: Ints, length: int) -> Ints:
        """int64[K]: stretches that cover each [first, past), which is at least two margins long.

        Those that begin early enough, less those that end too early, which have begun before unless they lie within.
        """
        size = self.past - self.first
        kept = size >= 2 * MARGIN
        starts, ends, size = self.first[kept], self.past[kept], size[kept]
        begun, ended = (np.cumsum(np.bincount(at, minlength=max(length, 2 * MARGIN) + 1)) for at in (starts, ends))
        found = begun[first] - np.r_[0, ended][past]
        short = np.flatnonzero(size < (past - first).max(initial=0))
        short = short[np.argsort(size[short], kind="stable")]
        shorter = np.searchsorted(size[short], past - first)
        for i in np.flatnonzero(shorter).tolist():
            within = short[: shorter[i]]
            found[i] += np.count_nonzero((starts[within] > first[i]) & (ends[within] < past[i]))
        return found


def _sizes(owners: Ints) -> Ints:
    return np.unique(owners, return_counts=True)[1]


def _between_primers(fragments: Fragments, reference: Reference, graph: SpliceGraph) -> tuple[Ints, Ints]:
    """(first, past) int64[N] of what a window may reach of a fragment's product: a primer is not the patient's."""
    primers = primer_spans(reference, graph).astype(np.int64)
    low = np.where(primers[:, 1] > 0, primers[:, 1] - MARGIN, 0)
    high = np.where(primers[:, 3] > 0, primers[:, 2] + MARGIN, len(reference.sequence))
    # The last entry is that of tile -1, no tile.
    return np.append(low, 0)[fragments.tile], np.append(high, len(reference.sequence))[fragments.tile]


def _breaks(fragments: Fragments, graph: SpliceGraph) -> tuple[Ints, Ints, Ints]:
    """(fragment, first, past) int64[B]: bases [first, past) that a jump or a long gap of a fragment leaves out."""
    found = [(owners, *place) for place, owners in deletions(fragments, long=True).items()]
    for e, edge in enumerate(graph.edges):
        # A fragment that comes from a partner begins at its breakpoint: nothing on the target is interrupted.
        if edge.origin < graph.target_length or not edge.transcript:
            found.append((np.flatnonzero(fragments.junctions & (np.int64(1) << np.int64(e))), *left_out(graph, e)))
    owner = np.concatenate([owners for owners, _, _ in found])
    first, past = (np.concatenate([np.full(len(b[0]), b[i], np.int64) for b in found]) for i in (1, 2))
    return owner, first, past
