"""The index of a sorted BAM, made from its records as they are written (SAM specification 1.6, section 5.2)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ablkd.kernels.bai import index_runs

# A bin that no record has: where a contig's records lie, and how many are aligned and not.
OF_ALL = 37450


@dataclass
class _Contig:
    """Chunks [begin, end) of each bin, the first record of each window, and all records: places in unpacked bytes."""

    chunks: dict[int, list[list[int]]] = field(default_factory=dict)
    windows: dict[int, int] = field(default_factory=dict)
    begin: int = 0
    end: int = 0
    aligned: int = 0
    other: int = 0

    def add(self, number: int, first: int, last: int, begin: int, end: int) -> None:
        """Note a run of records of bin `number`."""
        if not self.chunks:
            self.begin = begin
        self.end = end
        chunks = self.chunks.setdefault(number, [])
        if chunks and chunks[-1][1] == begin:
            chunks[-1][1] = end
        else:
            chunks.append([begin, end])
        for window in range(first, last + 1):
            self.windows.setdefault(window, begin)

    def packed(self, virtual: Callable[[int], int]) -> bytes:
        """Its part of the index."""
        if not self.chunks:
            return struct.pack("<2i", 0, 0)
        parts = [struct.pack("<i", len(self.chunks) + 1)]
        for number, chunks in sorted(self.chunks.items()):
            parts.append(struct.pack("<Ii", number, len(chunks)))
            parts += [struct.pack("<2Q", virtual(begin), virtual(end)) for begin, end in chunks]
        parts.append(struct.pack("<Ii", OF_ALL, 2))
        parts.append(struct.pack("<4Q", virtual(self.begin), virtual(self.end), self.aligned, self.other))
        first = self.begin
        parts.append(struct.pack("<i", max(self.windows) + 1))
        for window in range(max(self.windows) + 1):
            first = self.windows.get(window, first)  # a window without a record: that of the window before
            parts.append(struct.pack("<Q", virtual(first)))
        return b"".join(parts)


class BaiIndex:
    """Takes the records of a BAM in their order, and gives its index."""

    def __init__(self, contigs: int) -> None:
        self.contigs = [_Contig() for _ in range(contigs)]
        self.without_place = 0

    def add(self, records: NDArray[np.uint8], at: int) -> None:
        """Note whole records uint8[B], which begin `at` so many bytes of the unpacked file."""
        for contig, number, first, last, begin, end, aligned, other in index_runs(records).tolist():
            if contig < 0:
                self.without_place += other
                continue
            known = self.contigs[contig]
            known.add(number, first, last, at + begin, at + end)
            known.aligned, known.other = known.aligned + aligned, known.other + other

    def packed(self, virtual: Callable[[int], int]) -> bytes:
        """The file's bytes; `virtual` tells the virtual offset of a place in the unpacked file."""
        parts = [contig.packed(virtual) for contig in self.contigs]
        return b"BAI\1" + struct.pack("<i", len(parts)) + b"".join(parts) + struct.pack("<Q", self.without_place)
