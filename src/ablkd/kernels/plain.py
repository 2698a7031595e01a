"""Reads on runs of plain neighbours, which can be compared many bases at once: on one run, or exactly on two."""

from ablkd.kernels.jit import inlined, jit


@jit
def is_plain(first, n, chain, place):
    """Whether nodes first, first + 1, ... of n bases are plain neighbours."""
    last = first + n - 1
    return first >= 0 and last < len(chain) and chain[first] == chain[last] and place[last] - place[first] == n - 1


@jit
def differences(one, other):
    """How many bases of two arrays of one length differ."""
    differ = 0
    for j in range(len(one)):
        differ += one[j] != other[j]
    return differ


@jit
def mismatches_along(read, first, bases, chain, place):
    """Bases of a read that differ from plain neighbours from node `first` on; -1 where it has no such neighbours."""
    n = len(read)
    return differences(read, bases[first : first + n]) if is_plain(first, n, chain, place) else -1


@jit
def _is_exact(read, first, bases, chain, place):
    """Whether there are none; the ends of most others tell it."""
    last = first + len(read) - 1
    if first < 0 or last >= len(bases) or read[0] != bases[first] or read[len(read) - 1] != bases[last]:
        return False
    return mismatches_along(read, first, bases, chain, place) == 0


@jit
def _matching(read, first, bases, chain):
    """How many bases of a read match plain neighbours from node `first` on, up to the first that does not."""
    n = len(read)
    for j in range(n):
        v = first + j
        if v >= len(bases) or chain[v] != chain[first] or read[j] != bases[v]:
            return j
    return n


@inlined
def lay_over_jump(read, nodes, i, v, graph):
    """Lay a read whose base i is at node v where exactly one jump makes all its bases match; whether it did.

    The bases before or behind i match plain neighbours of v, and `nodes` is written. Where two jumps would do, or none,
    nothing is done.
    """
    n, first = len(read), v - i
    run = graph.bases, graph.chain, graph.place
    jumps, before, behind = 0, 0, 0
    j = n
    if i == 0 or _is_exact(read[:i], first, *run):
        # Every jump from a node up to which all match.
        until = v + _matching(read[i:], v, graph.bases, graph.chain)
        for k in range(graph.out_offsets[max(first, 0)], graph.out_offsets[min(until, first + n - 1)]):
            e = graph.out_edges[k]
            cut, goal = graph.edge_from[e] - first + 1, graph.edge_to[e]
            if _is_exact(read[cut:], goal, *run):
                jumps, before, behind, j = jumps + 1, first, goal, cut
    elif _is_exact(read[i:], v, *run):
        at = i
        while at > 0 and v - i + at > 0 and graph.chain[first + at - 1] == graph.chain[v]:
            if read[at - 1] != graph.bases[first + at - 1]:
                break
            at -= 1
        for k in range(graph.in_offsets[first + max(at, 1)], graph.in_offsets[first + n]):
            e = graph.in_edges[k]
            cut = graph.edge_to[e] - first
            start = graph.edge_from[e] - cut + 1
            if _is_exact(read[:cut], start, *run):
                jumps, before, behind, j = jumps + 1, start, graph.edge_to[e], cut
    if jumps != 1:
        return False
    for k in range(j):
        nodes[k] = before + k
    for k in range(n - j):
        nodes[j + k] = behind + k
    return True
