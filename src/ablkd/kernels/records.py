"""Raw BAM records: their numbers, and putting them into another order."""

import numpy as np

from ablkd.kernels.jit import jit


@jit
def number(records, at, size):
    """The number of `size` bytes at `at` of uint8[B], without a sign, the lowest byte first: int64."""
    value = np.int64(0)
    for i in range(size):
        value |= np.int64(records[at + i]) << np.int64(8 * i)
    return value


@jit
def gather_records(records, offsets, order, out):
    """Write R records, which begin at offsets int64[R+1] of `records`, to `out` in `order` int64[R]; both uint8[.]."""
    at = 0
    for r in order:
        size = offsets[r + 1] - offsets[r]
        place, record = out[at : at + size], records[offsets[r] :]
        for i in range(size):
            place[i] = record[i]
        at += size
