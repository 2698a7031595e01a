"""Equal rows of what fragments show, each once and counted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def same_rows(columns: Sequence[NDArray]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows that differ, in the order of their values: (where each is first int64[P], how many are like it int64[P]).

    The columns are whole numbers [N] of few values each; a row is told by one number made of them.
    """
    code, size = np.zeros(len(columns[0]), np.int64), 1
    for column in columns:
        low, width = int(column.min(initial=0)), int(column.max(initial=0)) - int(column.min(initial=0)) + 1
        if size * width >= 1 << 62:
            code = np.unique(code, return_inverse=True)[1]
            size = len(code)
        code, size = code * width + (column.astype(np.int64) - low), size * width
    _, first, counts = np.unique(code, return_index=True, return_counts=True)
    return first, counts


def merged(shown: NDArray[np.int8], counts: NDArray[np.int64]) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
    """Every row of `shown` int8[P, S] once, and the sum of its `counts` int64[P]."""
    if not len(shown):
        return shown, counts
    rows, which = np.unique(shown, axis=0, return_inverse=True)
    return rows, np.bincount(which.ravel(), counts, len(rows)).astype(np.int64)
