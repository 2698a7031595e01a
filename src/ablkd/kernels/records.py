"""Putting raw records into another order."""

from ablkd.kernels.jit import jit


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
