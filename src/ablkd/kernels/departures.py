"""Reads that depart from the target by more than single bases: which they are, and the changes that they suggest."""

import numpy as np

from ablkd.kernels.jit import jit
from ablkd.kernels.seeds import K

INSERTED, CLIPPED = -1, -2
# METHOD: an end of at least 12 bases that is not aligned may lie elsewhere; gaps within 40 bases may be one change that
# was placed in parts, those within 6 bases of each other are, and so are mismatches with fewer than 3 bases in between.
LEAST_CLIP, WINDOW, JOIN, BESIDE = 12, 40, 6, 3
# METHOD: a clipped end lies elsewhere on the target with at most one mismatch in ten of the bases compared; where the
# two parts of a read meet is searched among the last 30 bases that are aligned.
COMPARED, BASES_A_MISMATCH, SLIDE = 40, 10, 30
LONGEST_INSERTION = 250


@jit
def _left_out(u, v, graph):
    """Bases of one chain that a read leaves out between its nodes u and v, where no jump of the graph does."""
    if graph.following[u] == v or graph.chain[u] != graph.chain[v]:
        return 0
    for k in range(graph.out_offsets[u], graph.out_offsets[u + 1]):
        if graph.edge_to[graph.out_edges[k]] == v:
            return 0
    return max(0, graph.place[v] - graph.place[u] - 1)


@jit
def _clips(nodes):
    """Bases at the left and at the right end of a read that are not aligned."""
    n, left, right = len(nodes), 0, 0
    while left < n and nodes[left] == CLIPPED:
        left += 1
    while right < n - left and nodes[n - 1 - right] == CLIPPED:
        right += 1
    return left, right


@jit
def _departs(nodes, least, graph):
    """Whether a read gains or loses `least` bases within WINDOW, or has an end of LEAST_CLIP that is not aligned."""
    if max(_clips(nodes)) >= LEAST_CLIP:
        return True
    last, pending, net, since = -1, 0, 0, 0
    for i in range(len(nodes)):
        v = nodes[i]
        if v < 0:
            pending += v == INSERTED
            continue
        if last >= 0:
            lost = _left_out(last, v, graph)
            if lost or pending:
                if graph.place[v] - since > WINDOW:
                    net, since = 0, graph.place[v]
                net += pending - lost
                if abs(net) >= least or max(pending, lost) >= max(least, 1):
                    return True
        last, pending = v, 0
    return False


@jit
def departing(reads, fragment, least, graph):
    """The reads of a block (`placed.PlacedArrays`) that depart from the target: int64[.].

    `fragment` int64[R] numbers the fragment of each read, -1 for none; `least`: bases that a read must gain or lose.
    """
    found, count = np.empty(len(fragment), np.int64), 0
    for r in range(len(fragment)):
        if fragment[r] < 0 or not reads.placed[r] or reads.straight[r]:
            continue
        if _departs(reads.nodes[reads.offsets[r] : reads.offsets[r + 1]], least, graph):
            found[count] = r
            count += 1
    return found[:count]


@jit
def _past_mismatches(read, nodes, i, step, graph):
    """The aligned base past the mismatches that lie BESIDE the one at read index i, or each other, in one direction."""
    best, k = i, i
    while 0 <= k + step < len(nodes) and nodes[k + step] == nodes[k] + step and abs(k - best) < BESIDE:
        wrong = read[k] != graph.bases[nodes[k]]
        k += step
        best = k if wrong else best
    return best


@jit
def _block(read, nodes, i, j, exact, graph):
    """(first, past) read indices of a change between the aligned bases i and j; where reads are `exact`, the mismatches
    beside it are part of it."""
    if exact:
        i, j = _past_mismatches(read, nodes, i, -1, graph), _past_mismatches(read, nodes, j, 1, graph)
    return i + 1, j


@jit
def changes(codes, nodes, offsets, least, exact, graph):
    """Target bases that reads replace: int32[., 5] of read, start, end (0-based half-open), first and past base of the
    read that stand there instead. Only changes by `least` bases and more, or, where reads are `exact`, that many lost
    or inserted; there the mismatches beside them are part of the change.
    """
    found, count = np.empty((len(codes) // 4 + 1, 5), np.int32), 0
    for r in range(len(offsets) - 1):
        read, laid = codes[offsets[r] : offsets[r + 1]], nodes[offsets[r] : offsets[r + 1]]
        begun, last = count, -1
        for i in range(len(laid)):
            v = np.int64(laid[i])
            if v < 0:
                continue
            u = np.int64(laid[last]) if last >= 0 else -1
            gap = last >= 0 and (i > last + 1 or _left_out(u, v, graph) > 0)
            if gap and u < v < graph.target_length:
                first, past = _block(read, laid, last, i, exact, graph)
                start, end = np.int64(laid[first - 1]) + 1, np.int64(laid[past])
                if count > begun and start - found[count - 1, 2] <= JOIN:
                    found[count - 1, 2], found[count - 1, 4] = end, past
                elif count < len(found):
                    found[count] = r, start, end, first, past
                    count += 1
            last = i
        kept = begun
        for k in range(begun, count):
            lost, inserted = found[k, 2] - found[k, 1], found[k, 4] - found[k, 3]
            if abs(inserted - lost) >= least or exact and max(inserted, lost) >= least:
                found[kept] = found[k]
                kept += 1
        count = kept
    return found[:count]


@jit
def _seed(read, at, table):
    """Node of the k-mer at a read index; negative for none."""
    code = 0
    for k in range(K):
        if read[at + k] > 3:
            return -1
        code = code * 4 + np.int64(read[at + k])
    return table[code]


@jit
def _is_like(read, at, node, step, graph):
    """Whether the bases from read index `at` on, in direction `step`, are those of the target from `node` on."""
    wrong, compared = 0, 0
    while compared < COMPARED and 0 <= at < len(read) and 0 <= node < graph.target_length:
        wrong += read[at] != graph.bases[node]
        compared += 1
        at, node = at + step, node + step
    return compared >= LEAST_CLIP and wrong * BASES_A_MISMATCH <= compared


@jit
def _meeting(read, i, u, v, step, graph):
    """Bases, from read index i on against `step`, that suit the other part of the read, from node v on, better than u.

    Read index i lies at node u, and would lie at node v on the other part.
    """
    best, shift, wrong = 0, 0, 0
    for t in range(SLIDE):
        j, one, two = i - step * t, u - step * t, v - step * t
        if not (0 <= j < len(read) and 0 <= one < graph.target_length and 0 <= two < graph.target_length):
            break
        wrong += np.int64(read[j] != graph.bases[two]) - np.int64(read[j] != graph.bases[one])
        if wrong < best:
            best, shift = wrong, t + 1
    return shift


@jit
def _right_split(read, nodes, clip, table, graph):
    """(x, y, first, past): the read goes on at target base y behind base x - 1, with read bases [first, past) between;
    x is -1 where its right end lies nowhere."""
    n = len(read)
    i = n - clip - 1
    v = np.int64(nodes[i])
    for at in range(i + 1, n - K + 1):
        u = np.int64(_seed(read, at, table))
        if u < 0 or not _is_like(read, at, u, 1, graph):
            continue
        while at > i + 1 and u > 0 and read[at - 1] == graph.bases[u - 1]:
            at, u = at - 1, u - 1
        t = _meeting(read, i, v, u - 1, 1, graph) if at == i + 1 else 0
        return v + 1 - t, u - t, i + 1, at
    return -1, -1, 0, 0


@jit
def _left_split(read, nodes, clip, table, graph):
    """The same for a left end: the read comes from target base x - 1 and goes on at base y."""
    v = np.int64(nodes[clip])
    for at in range(clip - K, -1, -1):
        u = np.int64(_seed(read, at, table))
        if u < 0 or not _is_like(read, at + K - 1, u + K - 1, -1, graph):
            continue
        past, x = at + K, u + K
        while past < clip and x < graph.target_length and read[past] == graph.bases[x]:
            past, x = past + 1, x + 1
        t = _meeting(read, clip, v, x, -1, graph) if past == clip else 0
        return x + t, v + t, past, clip
    return -1, -1, 0, 0


@jit
def splits(codes, nodes, offsets, table, graph):
    """Where clipped ends of reads lie elsewhere on the target: int32[., 5] of read, x, y, first and past base.

    The read goes on at target base y behind base x - 1, with its bases [first, past) in between: y behind x is a
    deletion, before it a duplication of [y, x). `table` is that of `seeds.index_kmers`.
    """
    found, count = np.empty((2 * len(offsets), 5), np.int32), 0
    for r in range(len(offsets) - 1):
        read, laid = codes[offsets[r] : offsets[r + 1]], nodes[offsets[r] : offsets[r + 1]]
        clips = _clips(laid)
        for side in range(2):
            if clips[side] < LEAST_CLIP or clips[0] + clips[1] >= len(read):
                continue
            anchor = laid[clips[0]] if side == 0 else laid[len(read) - clips[1] - 1]
            if anchor >= graph.target_length:
                continue
            if side == 0:
                x, y, first, past = _left_split(read, laid, clips[0], table, graph)
            else:
                x, y, first, past = _right_split(read, laid, clips[1], table, graph)
            if x >= 0 and x - y + past - first <= LONGEST_INSERTION:
                found[count] = r, x, y, first, past
                count += 1
    return found[:count]
