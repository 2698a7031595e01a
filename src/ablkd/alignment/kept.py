"""The reads that may hold an insertion or deletion, kept until all of a sample's candidates are known."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ablkd.alignment.columns import Growing
from ablkd.alignment.placed import PlacedArrays
from ablkd.isoforms import GraphArrays
from ablkd.kernels.departures import departing

# METHOD: short reads lose or gain no base but by a change; a long read is looked at again where it has three bases more
# or fewer than the target. What is smaller is counted where it was placed.
LEAST_CHANGE = {"short": 1, "long": 3}


class KeptReads(NamedTuple):
    """K reads as they were placed: codes, quals uint8[B]; nodes int16[B] or int32[B]; offsets int64[K+1]; fragment
    int64[K]: the number of each read's fragment."""

    codes: NDArray[np.uint8]
    quals: NDArray[np.uint8]
    nodes: NDArray[np.integer]
    offsets: NDArray[np.int64]
    fragment: NDArray[np.int64]


class Keeper:
    """Keeps reads block by block."""

    def __init__(self, graph: GraphArrays, kind: str) -> None:
        self.graph, self.least = graph, LEAST_CHANGE[kind]
        node = np.int16 if len(graph.bases) <= np.iinfo(np.int16).max else np.int32
        types = {"codes": np.uint8, "quals": np.uint8, "nodes": node, "lengths": np.int64, "fragment": np.int64}
        self.columns = {name: Growing(np.empty(0, kind_of)) for name, kind_of in types.items()}

    def add(self, reads: PlacedArrays, fragment: NDArray[np.int64]) -> None:
        """Keep those of a block that depart from the target; `fragment` int64[R] numbers their fragments, -1: none."""
        which = departing(reads, fragment, self.least, self.graph)
        lengths = np.diff(reads.offsets)[which]
        inside = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        at = np.repeat(reads.offsets[which], lengths) + inside
        for name in ("codes", "quals", "nodes"):
            column = self.columns[name]
            column.extend(getattr(reads, name)[at].astype(column.array.dtype))
        self.columns["lengths"].extend(lengths)
        self.columns["fragment"].extend(fragment[which])

    def taken(self, before: int) -> KeptReads:
        """All that were kept, which are given up with it; `before` fragments come before those that were numbered."""
        codes, quals, nodes, lengths, fragment = (self.columns[name].taken() for name in self.columns)
        return KeptReads(codes, quals, nodes, np.concatenate([[0], np.cumsum(lengths)]), fragment + before)
