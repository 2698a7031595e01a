"""A block of reads and where they lie on the splice graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ablkd.alignment.block import ReadBlock


class PlacedArrays(NamedTuple):
    """Reads on the graph as kernels see them: codes, quals uint8[B]; offsets int64[R+1]; nodes int32[B] (a graph
    node, or INSERTED, CLIPPED, see `kernels.gapped`); reverse, placed uint8[R]; straight uint8[R]: 1 where all bases
    of a read are aligned to nodes that are plain neighbours with consecutive numbers, which kernels make use of.
    """

    codes: NDArray[np.uint8]
    quals: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    nodes: NDArray[np.int32]
    reverse: NDArray[np.uint8]
    placed: NDArray[np.uint8]
    straight: NDArray[np.uint8]


NO_READS = PlacedArrays(
    *(np.zeros(n, t) for n, t in ((0, "u1"), (0, "u1"), (1, "i8"), (0, "i4"), (0, "u1"), (0, "u1"), (0, "u1")))
)


@dataclass(frozen=True)
class Placed:
    """A block of reads and where they lie."""

    block: ReadBlock
    arrays: PlacedArrays
