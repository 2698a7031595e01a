"""Ungapped placement of reads on the splice graph: one seed diagonal, extended along the best isoform.

Node codes in the output: v >= 0 a graph node, CLIPPED a base that is not aligned.
"""

import numpy as np

from ablkd.kernels.jit import jit

K = 11
CLIPPED = -2
STRIDE = 7
MATCH, MISMATCH, CLIP = 1, 4, 5
MOST_HITS = 96
ENOUGH_MISMATCHES = 3

UNPLACED, PLACED, NEEDS_GAPS = 0, 1, 2


@jit
def flip(codes, quals):
    """Reverse-complement a read in place."""
    n = len(codes)
    for i in range((n + 1) // 2):
        j = n - 1 - i
        a, b = codes[i], codes[j]
        codes[i] = 3 - b if b < 4 else b
        codes[j] = 3 - a if a < 4 else a
        quals[i], quals[j] = quals[j], quals[i]


@jit
def _seeds(read, table, reverse, at, node):
    """Collect up to MOST_HITS unique seeds (at, node) of a read or of its reverse complement."""
    n = len(read)
    count = 0
    stride = max(STRIDE, (n - K) // (MOST_HITS - 1) + 1)
    for i in range(0, n - K + 1, stride):
        code = 0
        good = True
        for k in range(K):
            base = np.int64(read[n - 1 - i - k] if reverse else read[i + k])
            if base > 3:
                good = False
                break
            code = code * 4 + (3 - base if reverse else base)
        if good and table[code] >= 0 and count < MOST_HITS:
            at[count] = i
            node[count] = table[code]
            count += 1
    return count


@jit
def _best_diagonal(at, node, count):
    """(index of a seed on the most frequent diagonal, how many seeds share it)."""
    best, support = -1, 0
    for a in range(count):
        if support > count - a:
            break
        same = 0
        for b in range(a, count):
            same += node[b] - at[b] == node[a] - at[a]
        if same > support:
            best, support = a, same
    return best, support


@jit
def _tail_mismatches(read, i, step, bases, plain, node, bound):
    """Mismatches of the rest of the read along plain neighbours, counted to at most `bound`."""
    mismatches = 0
    n = len(read)
    while 0 <= i < n and mismatches < bound:
        if node < 0:
            return bound
        mismatches += read[i] != bases[node]
        i += step
        node = plain[node]
    return mismatches


@jit
def _extend(read, nodes, i, node, step, bases, plain, offsets, edges, jumps):
    """Write nodes from read index i to the end in direction `step`; at a branch the best rest of the read wins.

    Ties go to the plain neighbour: what cannot be told apart is trimmed later, by position.
    """
    n = len(read)
    while True:
        nodes[i] = node
        i += step
        if i < 0 or i >= n:
            return
        way = plain[node]
        if offsets[node + 1] > offsets[node]:
            best = _tail_mismatches(read, i, step, bases, plain, way, n + 1)
            for e in range(offsets[node], offsets[node + 1]):
                jump = jumps[edges[e]]
                mismatches = _tail_mismatches(read, i, step, bases, plain, jump, best)
                if mismatches < best:
                    best, way = mismatches, jump
        if way < 0:
            return
        node = way


@jit
def _clip_end(read, nodes, i, step, bases):
    """Clip the end in direction `step` where that scores better; returns mismatches kept."""
    n = len(read)
    score, best, best_i = 0, 0, i - step
    kept, kept_best = 0, 0
    j = i
    while 0 <= j < n and nodes[j] >= 0:
        if read[j] == bases[nodes[j]]:
            score += MATCH
        else:
            score -= MISMATCH
            kept += 1
        if score >= best:
            best, best_i, kept_best = score, j, kept
        j += step
    if score >= best - CLIP:
        return kept
    j = best_i + step
    while 0 <= j < n:
        nodes[j] = CLIPPED
        j += step
    return kept_best


@jit
def place_ungapped(codes, quals, offsets, table, graph):
    """Place every read of a batch without gaps.

    Parameters: codes, quals uint8[B] (reads on the reverse strand are turned in place), offsets int64[R+1],
    table int32[4**K] from `seeds.index_kmers`, graph `isoforms.GraphArrays`.
    Returns (nodes int32[B], reverse uint8[R], state uint8[R] UNPLACED | PLACED | NEEDS_GAPS). NEEDS_GAPS also
    holds for reads whose ungapped placement clips a base or has more than three mismatches: they, and only
    they, could be placed better with gaps.
    """
    bases = graph.bases
    reads = len(offsets) - 1
    nodes = np.full(len(codes), CLIPPED, np.int32)
    reverse = np.zeros(reads, np.uint8)
    state = np.zeros(reads, np.uint8)
    at = np.empty((2, MOST_HITS), np.int32)
    node = np.empty((2, MOST_HITS), np.int32)
    for r in range(reads):
        read = codes[offsets[r] : offsets[r + 1]]
        n = len(read)
        if n < K:
            continue
        count = _seeds(read, table, False, at[0], node[0])
        seed, support = _best_diagonal(at[0], node[0], count)
        side = 0
        if support * 2 * STRIDE < n:
            other_count = _seeds(read, table, True, at[1], node[1])
            other, other_support = _best_diagonal(at[1], node[1], other_count)
            if other_support > support:
                seed, support, side = other, other_support, 1
        if support == 0:
            continue
        reverse[r] = side
        if side == 1:
            flip(read, quals[offsets[r] : offsets[r + 1]])
        placed = nodes[offsets[r] : offsets[r + 1]]
        i, v = at[side, seed], node[side, seed]
        _extend(read, placed, i, v, 1, bases, graph.following, graph.out_offsets, graph.out_edges, graph.edge_to)
        # A seed can run over a boundary by bases that two ways share, so the way to the left is chosen from its end.
        v = placed[i + K - 1]
        _extend(
            read, placed, i + K - 1, v, -1, bases, graph.preceding, graph.in_offsets, graph.in_edges, graph.edge_from
        )
        mismatches = _clip_end(read, placed, i, 1, bases) + _clip_end(read, placed, i - 1, -1, bases)
        clipped = placed[0] < 0 or placed[n - 1] < 0
        state[r] = NEEDS_GAPS if clipped or mismatches > ENOUGH_MISMATCHES else PLACED
    return nodes, reverse, state
