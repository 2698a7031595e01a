"""How far the mates of fragments reach without a break: what they could tell of an insertion or deletion."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ablkd.amplicons import primer_spans
from ablkd.counting.junctions import left_out
from ablkd.counting.tally import deletions
from ablkd.fragments import Fragments
from ablkd.isoforms import SpliceGraph, build_graph
from ablkd.reference import Reference

Ints = NDArray[np.int64]
# METHOD: a fragment could show an indel where one mate covers every place the indel can stand and 12 bases to either
# side: nearer to the end of a read a gap is placed as mismatches. Base qualities do not matter, or reads with the indel
# would be counted by another rule than those without it.
MARGIN = 12


@lru_cache(maxsize=1)
def reach_of(fragments: Fragments, reference: Reference) -> Reach:
    """The reach of a sample's fragments; of those that were asked for last it is made once."""
    return Reach(fragments, reference)


class Reach:
    """What the mates of fragments cover as a whole: no jump of an isoform and no longer gap inside, and no primer."""

    def __init__(self, fragments: Fragments, reference: Reference) -> None:
        self.length = len(reference.sequence)
        graph = build_graph(reference)
        low, high = self.low, self.high = _between_primers(fragments, reference, graph)
        breaks = _breaks(fragments, graph)
        one, two = (
            (np.maximum(span[:, 0], low), np.minimum(span[:, 1], high))
            for span in (fragments.forward, fragments.reverse)
        )
        self.mates = [_Stretches(*mate, breaks) for mate in (one, two)]
        self.both = _Stretches(np.maximum(one[0], two[0]), np.minimum(one[1], two[1]), breaks)

    def between_primers(self, owners: Ints, first: int, past: int) -> NDArray[np.bool_]:
        """bool[len(owners)]: whether target bases [first, past) lie between the primers of each fragment."""
        return (self.low[owners] <= first) & (past <= self.high[owners])

    def covers(self, owners: Ints, first: int, past: int) -> NDArray[np.bool_]:
        """bool[len(owners)]: whether one mate covers target bases [first, past), which lie on the target."""
        if first < 0 or past > self.length:
            return np.zeros(len(owners), bool)
        one, two = (mate.cover(owners, first, past) for mate in self.mates)
        return one | two

    def depth(self, first: Ints, past: Ints) -> Ints:
        """int64[K]: fragments of which one mate covers each of K stretches of target bases."""
        on_target = (first >= 0) & (past <= self.length)
        first, past = first[on_target], past[on_target]
        one, two, both = (s.depth(first, past, self.length) for s in (*self.mates, self.both))
        depth = np.zeros(len(on_target), np.int64)
        depth[on_target] = one + two - both
        return depth


class _Stretches:
    """Target bases [first, past) without a break: one for each of N fragments, then more of those that have breaks."""

    def __init__(self, begin: NDArray[np.int32], end: NDArray[np.int32], breaks: tuple[Ints, Ints, Ints]) -> None:
        owner, first, past = breaks
        broken = np.unique(owner)
        # Before each break ends a stretch, past each another one begins.
        owners = np.concatenate([broken, owner])
        starts, ends = np.concatenate([begin[broken], past]), np.concatenate([end[broken], first])
        starts = np.maximum(starts[np.lexsort((starts, owners))], np.repeat(begin[broken], _sizes(owners)))
        ends = np.minimum(ends[np.lexsort((ends, owners))], np.repeat(end[broken], _sizes(owners)))
        self.owner = np.sort(owners)
        self.first = np.concatenate([begin, starts.astype(begin.dtype)])
        self.past = np.concatenate([end, ends.astype(end.dtype)])
        # A broken fragment is there by its stretches alone.
        self.first[broken] = self.past[broken] = 0

    def cover(self, owners: Ints, first: int, past: int) -> NDArray[np.bool_]:
        """bool[len(owners)]: whether a stretch of each fragment covers [first, past)."""
        whole = (self.first[owners] <= first) & (past <= self.past[owners])
        if not len(self.owner):
            return whole
        parts = slice(len(self.first) - len(self.owner), None)
        return whole | np.isin(owners, self.owner[(self.first[parts] <= first) & (past <= self.past[parts])])

    def depth(self, first: Ints, past: Ints, length: int) -> Ints:
        """int64[K]: stretches that cover each [first, past).

        Those that begin early enough, less those that end too early, which have begun before unless they lie within.
        """
        if not len(first):
            return np.zeros(0, np.int64)
        size = self.past - self.first
        kept = size >= (past - first).min()
        starts, ends, size = self.first[kept], self.past[kept], size[kept]
        begun, ended = (np.cumsum(np.bincount(at, minlength=length + 1)) for at in (starts, ends))
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


def _between_primers(
    fragments: Fragments, reference: Reference, graph: SpliceGraph
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """(first, past) int32[N] of what a window may reach of a fragment's product: a primer is not the patient's."""
    primers = primer_spans(reference, graph)
    low = np.where(primers[:, 1] > 0, primers[:, 1] - MARGIN, 0)
    high = np.where(primers[:, 3] > 0, primers[:, 2] + MARGIN, len(reference.sequence))
    # The last entry is that of tile -1, no tile.
    low, high = np.append(low, 0), np.append(high, len(reference.sequence))
    return low.astype(np.int32)[fragments.tile], high.astype(np.int32)[fragments.tile]


def _breaks(fragments: Fragments, graph: SpliceGraph) -> tuple[Ints, Ints, Ints]:
    """(fragment, first, past) int64[B]: bases [first, past) that a jump or a long gap of a fragment leaves out."""
    found = [(owners, *place) for place, owners in deletions(fragments, long=True).items()]
    for e, edge in enumerate(graph.edges):
        # A fragment that comes from a partner begins at its breakpoint: nothing on the target is interrupted.
        if edge.origin < graph.target_length or not edge.transcript:
            found.append((np.flatnonzero(fragments.junctions & (np.int64(1) << np.int64(e))), *left_out(graph, e)))
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64)
    owner = np.concatenate([owners for owners, _, _ in found])
    first, past = (np.concatenate([np.full(len(b[0]), b[i], np.int64) for b in found]) for i in (1, 2))
    return owner, first, past
