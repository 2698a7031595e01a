"""Ungapped placement of reads on the splice graph: one seed diagonal, extended along the best isoform.

Node codes in the output: v >= 0 a graph node, CLIPPED a base that is not aligned.
"""

import numpy as np

from ablkd.kernels.bound import gap_could_help
from ablkd.kernels.jit import inlined, jit
from ablkd.kernels.plain import differences, lay_over_jump, mismatches_along
from ablkd.kernels.strand import reverse_in_place, turn

K = 11
CLIPPED = -2
STRIDE = 7
MATCH, MISMATCH, CLIP = 1, 4, 5
MOST_HITS = 96
ENOUGH_MISMATCHES = 3
# A diagonal with no more mismatches than one in so many bases has more seeds than any other; with far more, most.
BASES_A_MISMATCH, BASES_A_MISMATCH_AT_LEAST = 25, 8

UNPLACED, PLACED, NEEDS_GAPS, STRAIGHT, ROUGH = 0, 1, 2, 3, 4


@jit
def _node_of(read, i, table, reverse):
    """Node of the k-mer at index i of a read or of its reverse complement; negative where none is known."""
    n = len(read)
    code = 0
    for k in range(K):
        base = np.int64(read[n - 1 - i - k] if reverse else read[i + k])
        if base > 3:
            return -1
        code = code * 4 + (3 - base if reverse else base)
    return table[code]


@jit
def _seeds(read, table, reverse, at, node):
    """Collect up to MOST_HITS unique seeds (at, node) of a read or of its reverse complement."""
    n = len(read)
    count = 0
    stride = max(STRIDE, (n - K) // (MOST_HITS - 1) + 1)
    for i in range(0, n - K + 1, stride):
        found = _node_of(read, i, table, reverse)
        if found >= 0 and count < MOST_HITS:
            at[count] = i
            node[count] = found
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
def _best_jump(read, i, step, node, bases, plain, offsets, edges, jumps):
    """(read index from which, node to which) the jump that suits the rest of the read best leaves the plain neighbours.

    Read index i is at `node`. (0, -1) where none suits it better than going on without: what cannot be told apart is
    trimmed later, by position. Of equal jumps the nearest counts.
    """
    n = len(read)
    best, leave, goal = _tail_mismatches(read, i, step, bases, plain, node, n + 1), 0, -1
    wrong = 0
    while 0 <= i < n and node >= 0:
        wrong += read[i] != bases[node]
        if wrong >= best:
            break
        for e in range(offsets[node], offsets[node + 1]):
            jump = jumps[edges[e]]
            mismatches = wrong + _tail_mismatches(read, i + step, step, bases, plain, jump, best - wrong)
            if mismatches < best:
                best, leave, goal = mismatches, i, jump
        node = plain[node]
        i += step
    return leave, goal


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
def _first_seed(read, table):
    """(index, node, reverse) of the first known k-mer of a read or of its reverse complement; node -1 for none."""
    for i in range(0, len(read) - K + 1, STRIDE):
        for reverse in (False, True):
            node = _node_of(read, i, table, reverse)
            if node >= 0:
                return i, np.int64(node), reverse
    return 0, np.int64(-1), False


@inlined
def _jump_is_better(read, first, i, graph):
    """Whether a jump suits the rest of the read strictly better than plain neighbours from node `first` on.

    As `_extend` asks: to the right from the seed at read index i, to the left from the end of that seed.
    """
    n = len(read)
    bases = graph.bases[first : first + n]
    for k in range(graph.out_offsets[first + i], graph.out_offsets[first + n]):
        e = graph.out_edges[k]
        j = graph.edge_from[e] - first + 1
        rest = differences(read[j:], bases[j:])
        if rest and _tail_mismatches(read, j, 1, graph.bases, graph.following, graph.edge_to[e], rest) < rest:
            return True
    for k in range(graph.in_offsets[first], graph.in_offsets[first + i + K]):
        e = graph.in_edges[k]
        j = graph.edge_to[e] - first
        rest = differences(read[:j], bases[:j])
        if rest and _tail_mismatches(read, j - 1, -1, graph.bases, graph.preceding, graph.edge_from[e], rest) < rest:
            return True
    return False


@inlined
def _straight_state(read, nodes, first, i, wrong, graph):
    """STRAIGHT or ROUGH where a read with `wrong` mismatches lies best on plain neighbours from node `first` on; else
    UNPLACED."""
    n = len(read)
    if wrong > n // BASES_A_MISMATCH_AT_LEAST or _jump_is_better(read, first, i, graph):
        return UNPLACED
    _lay_straight(nodes, first)
    if wrong == 1 and n >= BASES_A_MISMATCH:
        return STRAIGHT
    if wrong > min(ENOUGH_MISMATCHES, n // BASES_A_MISMATCH) or gap_could_help(read, nodes, graph):
        return ROUGH
    _clip_end(read, nodes, i, 1, graph.bases)
    _clip_end(read, nodes, i - 1, -1, graph.bases)
    if nodes[0] >= 0 and nodes[n - 1] >= 0:
        return STRAIGHT
    _lay_straight(nodes, first)
    return ROUGH


@jit
def _lay_straight(nodes, first):
    for j in range(len(nodes)):
        nodes[j] = first + j


@jit
def _extend(read, nodes, i, node, step, graph):
    """Write nodes from read index i to the end in direction `step`, by the jumps that suit the read best."""
    n, bases = len(read), graph.bases
    plain, offsets, edges, jumps = graph.following, graph.out_offsets, graph.out_edges, graph.edge_to
    if step < 0:
        plain, offsets, edges, jumps = graph.preceding, graph.in_offsets, graph.in_edges, graph.edge_from
    while 0 <= i < n:
        rest = n - i if step > 0 else i + 1
        low, first = (i, node) if step > 0 else (0, node - i)
        if mismatches_along(read[low : low + rest], first, bases, graph.chain, graph.place) == 0:
            for k in range(rest):
                nodes[low + k] = first + k
            return
        leave, goal = _best_jump(read, i, step, node, bases, plain, offsets, edges, jumps)
        while 0 <= i < n and node >= 0:
            nodes[i] = node
            if goal >= 0 and i == leave:
                break
            i += step
            node = plain[node]
        if goal < 0:
            return
        i, node = i + step, goal


@jit
def _search(read, nodes, table, graph, at, node):
    """Place a read without gaps by the diagonal with most seeds; returns (state, reverse), the read turned by it."""
    n = len(read)
    nodes[:] = CLIPPED
    count = _seeds(read, table, False, at[0], node[0])
    seed, support = _best_diagonal(at[0], node[0], count)
    side = 0
    if support * 2 * STRIDE < n:
        other_count = _seeds(read, table, True, at[1], node[1])
        other, other_support = _best_diagonal(at[1], node[1], other_count)
        if other_support > support:
            seed, support, side = other, other_support, 1
    if support == 0:
        return UNPLACED, 0
    if side == 1:
        turn(read)
    i, v = at[side, seed], node[side, seed]
    bases = graph.bases
    _extend(read, nodes, i, v, 1, graph)
    # A seed can run over a boundary by bases that two ways share, so the way to the left is chosen from its end.
    i, v = i + K - 1, nodes[i + K - 1]
    _extend(read, nodes, i, v, -1, graph)
    i -= K - 1
    mismatches = _clip_end(read, nodes, i, 1, bases) + _clip_end(read, nodes, i - 1, -1, bases)
    clipped = nodes[0] < 0 or nodes[n - 1] < 0
    if clipped or mismatches > ENOUGH_MISMATCHES or (mismatches > 1 and gap_could_help(read, nodes, graph)):
        return NEEDS_GAPS, side
    return PLACED, side


@jit
def place_ungapped(codes, quals, offsets, table, graph):
    """Place every read of a batch without gaps.

    Parameters: codes, quals uint8[B] (reads on the reverse strand are turned in place), offsets int64[R+1],
    table int32[4**K] from `seeds.index_kmers`, graph `isoforms.GraphArrays`.
    Returns (nodes int32[B], reverse uint8[R], state uint8[R] UNPLACED | PLACED | NEEDS_GAPS | STRAIGHT | ROUGH).
    NEEDS_GAPS are those that could be placed better with gaps: a base is clipped, more than three mismatch, or `bound`
    says so. STRAIGHT lie on plain neighbours with consecutive numbers, ROUGH the same among those that need gaps.
    """
    reads = len(offsets) - 1
    nodes = np.empty(len(codes), np.int32)
    reverse = np.zeros(reads, np.uint8)
    state = np.zeros(reads, np.uint8)
    at = np.empty((2, MOST_HITS), np.int32)
    node = np.empty((2, MOST_HITS), np.int32)
    for r in range(reads):
        start, stop = offsets[r], offsets[r + 1]
        read, laid = codes[start:stop], nodes[start:stop]
        if len(read) < K:
            laid[:] = CLIPPED
            continue
        i, v, turned = _first_seed(read, table)
        if turned:
            turn(read)
        if v >= 0 and len(read) <= MOST_HITS * STRIDE:
            # Few reads need the graph, and to hand all of it on takes as long as to compare a read.
            wrong = mismatches_along(read, v - i, graph.bases, graph.chain, graph.place)
            if wrong == 0:
                _lay_straight(laid, v - i)
                state[r] = STRAIGHT
            elif wrong > 0:
                state[r] = _straight_state(read, laid, v - i, i, wrong, graph)
            if state[r] == UNPLACED and lay_over_jump(read, laid, i, v, graph):
                state[r] = PLACED
        side = 0
        if state[r] == UNPLACED:
            state[r], side = _search(read, laid, table, graph, at, node)
        reverse[r] = turned != (side == 1)
        if state[r] == UNPLACED and reverse[r]:
            turn(read)
            reverse[r] = 0
        elif reverse[r]:
            reverse_in_place(quals[start:stop])
    return nodes, reverse, state
