"""Reads turned to the other strand, in place."""

import numpy as np

from ablkd.kernels.jit import jit


@jit
def turn(codes):
    """Reverse-complement the codes uint8[N] of a read."""
    for i in range(len(codes)):
        codes[i] ^= 3 * (codes[i] < 4)
    reverse_in_place(codes)


@jit
def reverse_in_place(values):
    """Reverse uint8[N]."""
    n = len(values)
    turned = np.empty(n, np.uint8)
    for i in range(n):
        # An unsigned index cannot count from the end, so that many values are moved at once.
        turned[i] = values[np.uint64(n - 1 - i)]
    for i in range(n):
        values[i] = turned[i]
