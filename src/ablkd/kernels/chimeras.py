"""Reads that hold two stretches of the target: ligated products, or a product and its other strand."""

import numpy as np

from ablkd.kernels.jit import jit

K = 11
# METHOD: an unaligned end is a second stretch where it is long and a quarter of its k-mers are those of the graph; of
# random bases, 1 in 400 are.
LEAST, SHARE = 60, 0.25


@jit
def _on_graph(read, first, past, table, turned):
    """How many k-mers of read[first:past], or of its other strand, are in the graph."""
    count = 0
    for i in range(first, past - K + 1):
        code, good = 0, True
        for k in range(K):
            base = np.int64(read[i + K - 1 - k] if turned else read[i + k])
            good = good and base < 4
            code = code * 4 + (3 - base if turned else base)
        count += good and table[code] >= 0
    return count


@jit
def count_chimeras(codes, offsets, nodes, placed, table):
    """Number of placed reads whose unaligned ends hold more of the target; `table` as `seeds.index_kmers` makes it."""
    count = 0
    for r in range(len(offsets) - 1):
        if not placed[r]:
            continue
        read, own = codes[offsets[r] : offsets[r + 1]], nodes[offsets[r] : offsets[r + 1]]
        first, past = 0, len(read)
        while own[first] < 0:
            first += 1
        while own[past - 1] < 0:
            past -= 1
        for a, b in ((0, first), (past, len(read))):
            if b - a < LEAST:
                continue
            hits = max(_on_graph(read, a, b, table, False), _on_graph(read, a, b, table, True))
            if hits >= SHARE * (b - a - K + 1):
                count += 1
                break
    return count
