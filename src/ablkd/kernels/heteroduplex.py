"""What is read where a consensus takes some sites from one molecule and the others from a second: a heteroduplex.

Sets of sites are bits, as haplotypes are: site i is bit i.
"""

import numpy as np

from ablkd.kernels.jit import jit


@jit
def consensus(fractions, mixing, read, grows):
    """read float64[2^K] gets how often each haplotype is read, grows[y, x] how the reading of y grows with x.

    fractions float64[2^K] of the molecules; mixing float64[2^K]: chance that exactly this set of sites is of the first
    molecule, the others of an independent second one. grows[y] holds the same constant on top for every x, which no
    change of fractions that add up to 1 feels.
    """
    size = len(fractions)
    has = np.zeros((size, size))
    # has[y, s]: how many molecules have what y has at the sites s; of a set from that with its first missing site.
    for s in range(size - 1, -1, -1):
        for y in range(size):
            if s == size - 1:
                has[y, s] = fractions[y]
            else:
                more = ~s & (s + 1)
                has[y, s] = has[y, s | more] + has[y ^ more, s | more]
    part = np.zeros(size)
    for y in range(size):
        read[y] = 0.0
        for s in range(size):
            rest = size - 1 - s
            read[y] += mixing[s] * has[y, s] * has[y, rest]
            part[s] = (mixing[s] + mixing[rest]) * has[y, rest]
        # Molecule x gives y all sets of sites at which the two agree: sums over subsets.
        bit = 1
        while bit < size:
            for s in range(size):
                if s & bit:
                    part[s] += part[s ^ bit]
            bit <<= 1
        for x in range(size):
            grows[y, x] = part[size - 1 - (x ^ y)]


@jit
def before(slope, grows):
    """slope float64[2^K] over what is read becomes that over the molecules; in place."""
    own = slope.copy()
    for x in range(len(slope)):
        slope[x] = 0.0
        for y in range(len(own)):
            slope[x] += own[y] * grows[y, x]


@jit
def after(change, grows):
    """change float64[2^K] of the molecules becomes that of what is read; in place."""
    own = change.copy()
    for y in range(len(change)):
        change[y] = 0.0
        for x in range(len(own)):
            change[y] += grows[y, x] * own[x]
