"""Columns of fragments as they come, block by block, each in one array: a sample is in memory once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Growing:
    """An array that rows are added to. It grows where it lies: of a large one the C library moves no byte."""

    def __init__(self, like: NDArray[Any]) -> None:
        self.array, self.size = np.empty((0, *like.shape[1:]), like.dtype), 0

    def extend(self, rows: NDArray[Any]) -> None:
        """Add rows at the end."""
        end = self.size + len(rows)
        if end > len(self.array):
            self._resize(end + end // 8)
        self.array[self.size : end] = rows
        self.size = end

    def taken(self) -> NDArray[Any]:
        """The array as long as it is filled, which grows no more."""
        self._resize(self.size)
        return self.array

    def _resize(self, rows: int) -> None:
        self.array.resize((rows, *self.array.shape[1:]), refcheck=False)


class Columns:
    """Columns of fragments (`fragments.Fragments`), by name; blocks number their fragments and exceptions from 0."""

    def __init__(self) -> None:
        self.columns: dict[str, Growing] = {}

    @property
    def size(self) -> int:
        """Fragments so far."""
        return self.columns["junctions"].size if self.columns else 0

    def extend(self, block: Mapping[str, NDArray[Any]]) -> None:
        """Add the fragments of a block."""
        for name, part in block.items():
            self.columns.setdefault(name, Growing(part))
        behind = {"offsets": "position", "ins_offsets": "ins_bases", "ins_fragment": "junctions"}
        before = {name: self.columns[other].size for name, other in behind.items()}
        for name, part in block.items():
            column = self.columns[name]
            rows = part[1:] if name in ("offsets", "ins_offsets") and column.size else part
            column.extend(rows + rows.dtype.type(before[name]) if name in before else rows)

    def taken(self) -> dict[str, Any]:
        """The whole columns, which grow no more."""
        return {name: column.taken() for name, column in self.columns.items()}
