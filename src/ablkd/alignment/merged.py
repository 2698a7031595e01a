"""Blocks of placed reads -> the fragments of a sample."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ablkd.alignment.columns import Columns
from ablkd.alignment.kept import Keeper, KeptReads
from ablkd.alignment.placed import NO_READS, Placed, PlacedArrays
from ablkd.fragments import QUALITIES, Fragments
from ablkd.isoforms import SpliceGraph
from ablkd.kernels import merging, overhangs, straight

READS = "junctions forward reverse ends offsets"
CHANGES = "position allele quality ins_fragment ins_position ins_offsets ins_bases"
COLUMNS = (*READS.split(), *CHANGES.split())


class Merger:
    """Merges mates block by block.

    counts int64[3]: fragments made, dropped because the mates contradict each other, pairs with both mates on one
    strand (one of them is used).
    """

    def __init__(self, graph: SpliceGraph, min_quality: int, kind: str = "short") -> None:
        self.graph, self.min_quality = graph, min_quality
        self.keeper = Keeper(graph.arrays, kind)
        self.trims = overhangs.trims(graph.arrays)
        # Fragments of straight reads come before the others, whatever the blocks are.
        self.columns = Columns(), Columns()
        self.histogram = np.zeros((graph.target_length, 3, QUALITIES), np.int32)
        self.counts = np.zeros(3, np.int64)
        self.reads = self.placed = 0

    def add(self, first: Placed, second: Placed | None) -> None:
        """Add a block of reads, or of pairs."""
        one, two = first.arrays, second.arrays if second else NO_READS
        spans = [overhangs.observed_spans(reads, self.graph.arrays, *self.trims) for reads in (one, two)]
        plain = _is_plain(one, two)
        settings = self.graph.arrays, self.min_quality, self.histogram
        kernels: list[tuple[Callable, NDArray]] = [(straight.merge_straight, plain), (merging.merge_fragments, ~plain)]
        whole, others = (merge(one, two, *spans, np.flatnonzero(which), *settings) for merge, which in kernels)
        # Only reads that are not straight can hold an insertion or deletion.
        fragment = np.where(others[-2] < 0, -1, others[-2] + self.columns[1].size)
        self.keeper.add(one, fragment)
        if len(two.placed):
            # Of mates on one strand only the first is used.
            used = (one.placed == 0) | (one.reverse != two.reverse)
            self.keeper.add(two, np.where(used, fragment, -1))
        for made, columns in zip((whole, others), self.columns, strict=True):
            columns.extend(dict(zip(COLUMNS, made, strict=False)))
            self.counts += made[-1]
        self.reads += len(one.placed) + len(two.placed)
        self.placed += int(one.placed.sum() + two.placed.sum())

    def kept(self) -> KeptReads:
        """The reads of all blocks that may hold an insertion or deletion, which are given up with it."""
        return self.keeper.taken(before=self.columns[0].size)

    def fragments(self) -> Fragments:
        """The fragments of all blocks, which are given up with it; ask for the kept reads first."""
        whole, others = self.columns
        whole.extend(others.taken())
        columns = whole.taken()
        tile = np.full(len(columns["junctions"]), -1, np.int16)
        return Fragments(**columns, tile=tile, histogram=self.histogram, reads=self.reads, placed=self.placed)


def merge(
    first: Placed, second: Placed | None, graph: SpliceGraph, min_quality: int
) -> tuple[Fragments, NDArray[np.int64]]:
    """Fragments and counts of one block alone."""
    merger = Merger(graph, min_quality)
    merger.add(first, second)
    return merger.fragments(), merger.counts


def _is_plain(one: PlacedArrays, two: PlacedArrays) -> NDArray[np.bool_]:
    """bool[R]: straight reads, or pairs of straight mates on opposite strands."""
    if not len(two.placed):
        return one.straight > 0
    return (one.straight > 0) & (two.straight > 0) & (one.reverse != two.reverse)
