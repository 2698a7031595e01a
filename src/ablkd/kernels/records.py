"""Putting raw records into another order."""

import numpy as np

from ablkd.kernels.jit import jit


@jit
def gather_records(records, offsets, order):
    """The bytes uint8[B] of R records that begin at offsets int64[R+1], in `order` int64[R]."""
    out = np.empty(len(records), np.uint8)
    at = 0
    for r in order:
        size = offsets[r + 1] - offsets[r]
        place, record = out[at : at + size], records[offsets[r] :]
        for i in range(size):
            place[i] = record[i]
        at += size
    return out
