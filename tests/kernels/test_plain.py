"""Reads that one jump explains exactly, against every way to take one jump."""

from __future__ import annotations

import numpy as np
import pytest
from isoform_panel import junctions
from numba import config

from ablkd.kernels import plain

READS = 30 if config.DISABLE_JIT else 400
LENGTH = 40


def plainly(first, n, graph):
    """Nodes from `first` on by plain neighbours, as many as there are up to n."""
    nodes = [first]
    while len(nodes) < n and nodes[-1] >= 0:
        nodes.append(int(graph.following[nodes[-1]]))
    return nodes if nodes[-1] >= 0 else []


def ways(read, i, v, graph):
    """Every exact way with one jump on which the bases before i, or those from i on, are plain neighbours of v."""
    found = []
    for origin, goal in zip(graph.edge_from.tolist(), graph.edge_to.tolist(), strict=True):
        for cut in range(1, len(read)):
            before = [origin]
            while len(before) < cut and before[0] >= 0:
                before.insert(0, int(graph.preceding[before[0]]))
            nodes = before + plainly(goal, len(read) - cut, graph)
            if before[0] < 0 or len(nodes) != len(read) or (graph.bases[nodes] != read).any():
                continue
            if v - i in (nodes[0], nodes[-1] - len(read) + 1):
                found.append(nodes)
    return found


@pytest.mark.parametrize("changed", [False, True])
def test_what_is_laid_is_the_only_exact_way(isoforms, graph, node_at, changed):
    rng, laid, several = np.random.default_rng(8), 0, 0
    spliced = [isoform for isoform in isoforms if junctions(isoform)]
    arrays = graph.arrays
    for _ in range(READS):
        isoform = spliced[rng.integers(len(spliced))]
        border = int(rng.choice(junctions(isoform)))
        start = min(max(0, border - int(rng.integers(1, LENGTH))), len(isoform.labels) - LENGTH)
        whole = [node_at[label] for label in isoform.labels[start : start + LENGTH]]
        read = arrays.bases[whole].copy()
        i = int(rng.integers(0, LENGTH - 11))
        v = whole[i]
        if changed:
            read[rng.integers(LENGTH)] ^= 1
        if plain.mismatches_along(read, v - i, arrays.bases, arrays.chain, arrays.place) == 0:
            continue
        nodes = np.full(LENGTH, -7, np.int32)
        done = bool(plain.lay_over_jump(read, nodes, i, v, arrays))
        exact = ways(read, i, v, arrays)
        assert done == (len(exact) == 1)
        assert nodes.tolist() == (exact[0] if done else [-7] * LENGTH)
        laid, several = laid + done, several + (len(exact) > 1)
    # A changed base may by chance be what another way has.
    assert laid < READS / 50 if changed else laid > READS / 3 and several > 0
