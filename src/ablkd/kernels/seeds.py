"""k-mer seeds of the splice graph: a direct-address table from k-mer to node."""

import numpy as np

from ablkd.kernels.jit import jit

K = 11
ABSENT = -1
REPEATED = -2


@jit
def index_kmers(bases, following):
    """Table int32[4**K]: the node where a k-mer starts, ABSENT, or REPEATED.

    A k-mer runs along plain neighbours only; a read that crosses a jump has its seeds on both sides of it.
    """
    table = np.full(4**K, ABSENT, np.int32)
    for start in range(len(bases)):
        node = start
        code = 0
        length = 0
        while node >= 0 and length < K and bases[node] < 4:
            code = code * 4 + np.int64(bases[node])
            node = following[node]
            length += 1
        if length == K:
            table[code] = start if table[code] == ABSENT else REPEATED
    return table
