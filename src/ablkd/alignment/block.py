"""A block of reads as they were sequenced, whatever file they came from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass
class ReadBlock:
    """R reads: codes (A 0, C 1, G 2, T 3, else 4) and Phred qualities uint8[B], offsets int64[R+1], names likewise.

    `first_line` is the line of the file at which the block begins (0 for BAM); `left_out` counts reads of the file that
    are not given because the file itself calls them too poor.
    """

    codes: NDArray[np.uint8]
    quals: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    names: NDArray[np.uint8]
    name_offsets: NDArray[np.int64]
    first_line: int
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.offsets) - 1
