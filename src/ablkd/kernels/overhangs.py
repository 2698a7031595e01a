"""Which bases of a placed read count: away from clipped ends, and past no boundary by too little."""

import numpy as np

from ablkd.kernels.jit import jit

UNMATCHED_MARGIN = 5
LONGEST_OVERHANG = 64


@jit
def _observed_span(nodes, graph):
    """Half-open span of a read's bases that count: away from clipped ends, and past no boundary by too little."""
    n = len(nodes)
    a, b = 0, n
    while a < n and nodes[a] < 0:
        a += 1
    while b > a and nodes[b - 1] < 0:
        b -= 1
    if a > 0:
        a += UNMATCHED_MARGIN
    if b < n:
        b -= UNMATCHED_MARGIN
    while a < b and nodes[a] < 0:
        a += 1
    while b > a and nodes[b - 1] < 0:
        b -= 1
    # METHOD: an overhang too short to tell isoforms apart is not observed at all, on the plain path as well.
    i = b - 1
    while i > a and b - i < LONGEST_OVERHANG:
        before = nodes[i - 1]
        if before >= 0 and nodes[i] >= 0 and b - i < graph.right_overhang[before]:
            b = i
        i -= 1
    i = a + 1
    while i < b and i - a < LONGEST_OVERHANG:
        after = nodes[i]
        if after >= 0 and nodes[i - 1] >= 0 and i - a < graph.left_overhang[after]:
            a = i
        i += 1
    return a, b


@jit
def trims(graph):
    """Bases at the left end of a straight read that begins with a node, and at the right end of one that ends with it,
    which tell no isoforms apart: int64[V], int64[V]. What `_observed_span` finds where the ends are far apart."""
    nodes = len(graph.bases)
    left, right = np.zeros(nodes, np.int64), np.zeros(nodes, np.int64)
    for v in range(nodes):
        d = 1
        while d - left[v] < LONGEST_OVERHANG and v + d < nodes and graph.chain[v + d] == graph.chain[v]:
            if d - left[v] < graph.left_overhang[v + d]:
                left[v] = d
            d += 1
        d = 1
        while d - right[v] < LONGEST_OVERHANG and v >= d and graph.chain[v - d] == graph.chain[v]:
            if d - right[v] < graph.right_overhang[v - d]:
                right[v] = d
            d += 1
    return left, right


@jit
def observed_spans(reads, graph, left, right):
    """Half-open spans int32[R, 2] of the bases that count, of reads as `placed.PlacedArrays`; (0, 0) for no place.

    left, right int64[V] are the `trims` of the graph.
    """
    spans = np.zeros((len(reads.placed), 2), np.int32)
    for r in range(len(reads.placed)):
        nodes = reads.nodes[reads.offsets[r] : reads.offsets[r + 1]]
        n = len(nodes)
        if not reads.placed[r]:
            continue
        if reads.straight[r] and left[nodes[0]] + right[nodes[-1]] + LONGEST_OVERHANG <= n:
            spans[r, 0], spans[r, 1] = left[nodes[0]], n - right[nodes[-1]]
        else:
            spans[r, 0], spans[r, 1] = _observed_span(nodes, graph)
    return spans
