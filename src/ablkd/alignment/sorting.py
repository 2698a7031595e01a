"""Sorting BAM records by place in bounded memory: runs of sorted records in a file, read back place by place."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablkd.kernels.records import gather_records

RUN = 1 << 25


class Sorter:
    """Takes records with a key each and gives them in the order of keys; of equal keys in the order they came.

    `folder` holds the runs, in a file without a name.
    """

    def __init__(self, folder: Path) -> None:
        # Without a buffer of its own: one would write large pieces in many small ones.
        self.file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115  # `close` ends it
        self.waiting, self.sorted = np.empty(0, np.uint8), np.empty(0, np.uint8)
        self.sizes: list[NDArray[np.int64]] = []
        self.keys: list[NDArray[np.int64]] = []
        self.stretches: list[NDArray[np.int64]] = []
        self.size = self.written = 0

    def add(self, records: NDArray[np.uint8], offsets: NDArray[np.int64], keys: NDArray[np.int64]) -> None:
        """Add R records uint8[B], which begin at offsets int64[R+1], with keys int64[R]."""
        if self.size + len(records) > len(self.waiting):
            self._write_run()
            if len(records) > len(self.waiting):
                room = max(RUN, len(records))
                self.waiting, self.sorted = np.empty(room, np.uint8), np.empty(room, np.uint8)
        self.waiting[self.size : self.size + len(records)] = records
        self.size += len(records)
        self.sizes.append(np.diff(offsets))
        self.keys.append(keys)

    def _write_run(self) -> None:
        """Sort what waits and append it to the file; remember where the records of each key lie."""
        if not self.size:
            return
        keys, sizes = np.concatenate(self.keys), np.concatenate(self.sizes)
        order = np.argsort(keys, kind="stable")
        offsets = np.concatenate([[0], np.cumsum(sizes)])
        gather_records(self.waiting, offsets, order, self.sorted)
        left = self.sorted[: self.size].data
        while left:
            left = left[self.file.write(left) :]
        self.sizes, self.keys, self.size = [], [], 0
        keys, ends = keys[order], self.written + np.cumsum(sizes[order])
        last = np.flatnonzero(np.append(keys[1:] != keys[:-1], True))
        ends = ends[last]
        self.stretches.append(np.stack([keys[last], np.append(self.written, ends[:-1]), ends]))
        self.written = int(ends[-1])

    def in_order(self) -> Iterator[bytes]:
        """The records, a stretch with one key at a time."""
        self._write_run()
        if not self.stretches:
            return
        keys, begins, ends = np.concatenate(self.stretches, axis=1)
        for k in np.argsort(keys, kind="stable"):
            self.file.seek(begins[k])
            yield self.file.read(int(ends[k] - begins[k]))

    def close(self) -> None:
        """Give the room back."""
        self.file.close()
