"""The nodes that a read follows along its chain of seeds: the sequence that it is aligned to with gaps.

Between two seeds around a jump, and from the outer seeds to the ends of the read, the way through the graph is the one
of the best affine alignment: a gap beside a border shifts the bases, so that counting mismatches would mislead.
"""

import numpy as np

from ablkd.kernels.jit import jit

MATCH, MISMATCH, OPEN, EXTEND, CLIP = 1, 4, 6, 1, 5
PLAIN, NOVEL = -1, -2
K = 11
# What a mismatch costs where a new junction is placed, and what each end that is an exon border is worth.
WRONG, BORDER = 4, 3
# Nodes past the end of the read; bases by which a way to choose may differ from the read; bases that choose one.
SLACK, SHIFT, WINDOW = 24, 16, 64
LONGEST_DELETION = 60
FAR = -(10**8)


@jit
def _row(read, i, step, base, match, insertion, deletion, depth):
    """Fill row `depth` of Gotoh's three states int32[., n+1], of a node with `base`, from the row before.

    Column j stands for j bases from read index i on. Returns a score that no way on from here exceeds.
    """
    n = match.shape[1] - 1
    match[depth, 0], insertion[depth, 0] = FAR, FAR
    deletion[depth, 0] = max(match[depth - 1, 0] - OPEN, deletion[depth - 1, 0]) - EXTEND
    most = deletion[depth, 0] + n * MATCH
    for j in range(1, n + 1):
        before = max(match[depth - 1, j - 1], max(insertion[depth - 1, j - 1], deletion[depth - 1, j - 1]))
        match[depth, j] = before + (MATCH if read[i + step * (j - 1)] == base else -MISMATCH)
        insertion[depth, j] = max(match[depth, j - 1] - OPEN, insertion[depth, j - 1]) - EXTEND
        deletion[depth, j] = max(match[depth - 1, j] - OPEN, deletion[depth - 1, j]) - EXTEND
        here = max(match[depth, j], max(insertion[depth, j], deletion[depth, j]))
        most = max(most, here + (n - j) * MATCH)
    return most


@jit
def _best_way(read, i, step, n, node, goal, room, bases, plain, offsets, edges, jumps):
    """Of all ways of at most `room` nodes behind `node`, that of the best alignment of n bases from read index i on.

    It ends at `goal`, or, where that is negative, with the last base that is aligned. Returns (the way int32[.], how
    many of the bases are aligned up to its end). Of equal ways that along plain neighbours counts.
    """
    match = np.full((room + 1, n + 1), FAR, np.int32)
    insertion, deletion = match.copy(), match.copy()
    match[0, 0] = 0
    for j in range(1, n + 1):
        insertion[0, j] = -OPEN - j * EXTEND
    # The stack of a walk over all ways, depth first: nodes, and which way on of each is the next to be tried.
    way, choice = np.empty(room + 1, np.int32), np.full(room + 1, -1, np.int32)
    found, length, shown = way.copy(), 0, 0
    best = -CLIP if goal < 0 else FAR
    way[0] = node
    depth = 0
    while depth >= 0:
        v = way[depth]
        if depth == room or choice[depth] == offsets[v + 1] - offsets[v] or (depth and v == goal):
            depth -= 1
            continue
        after = plain[v] if choice[depth] < 0 else jumps[edges[offsets[v] + choice[depth]]]
        choice[depth] += 1
        if after < 0:
            continue
        depth += 1
        way[depth], choice[depth] = after, -1
        most = _row(read, i, step, bases[after], match, insertion, deletion, depth)
        for j in range(1 if goal < 0 else n, n + 1):
            final = match[depth, j] - (CLIP if j < n else 0)
            if final > best and (goal < 0 or after == goal):
                best, length, shown = final, depth, j
                found[: depth + 1] = way[: depth + 1]
        if most <= best:
            depth -= 1
    return found[1 : length + 1], shown


@jit
def _is_only(read, i, step, n, node, bases, plain, offsets):
    """Whether no way behind `node` could suit n bases better than plain neighbours: all equal, or no jump near."""
    alone, equal = True, True
    for k in range(n + SHIFT):
        alone = alone and offsets[node + 1] == offsets[node]
        node = plain[node]
        if node < 0:
            return alone
        equal = equal and (k >= n or read[i + step * k] == bases[node])
        if not alone and not equal:
            return False
    return True


@jit
def _lay_end(read, i, step, node, path, bases, plain, offsets, edges, jumps):
    """Write to `path` what follows `node`, from read index i to the read's end in direction `step` and SLACK nodes on.

    Returns how many nodes these are.
    """
    count = len(read) - i if step > 0 else i + 1
    left, length = count, 0
    while left and not _is_only(read, i, step, left, node, bases, plain, offsets):
        n = min(left, WINDOW)
        way, shown = _best_way(read, i, step, n, node, -1, n + SHIFT, bases, plain, offsets, edges, jumps)
        path[length : length + len(way)] = way
        length += len(way)
        if len(way):
            node = way[-1]
        if shown < n:
            break
        i, left = i + step * n, left - n
    while length < count + SLACK and plain[node] >= 0:
        node = plain[node]
        path[length] = node
        length += 1
    return length


@jit
def _split(read, i, u, j, v, graph):
    """Read index in (i, j] from which the read goes on along target node v of index j, no longer along u of i.

    Where several places are as good, exon borders count.
    """
    start = graph.exon_start
    wrong = 0
    for k in range(i, j):
        wrong += WRONG * (read[k] != graph.bases[v - j + k])
    best, least = j, 10**6
    for t in range(i + 1, j + 1):
        wrong += WRONG * (read[t - 1] != graph.bases[u - i + t - 1]) - WRONG * (
            read[t - 1] != graph.bases[v - j + t - 1]
        )
        cost = wrong - BORDER * (np.int64(start[u - i + t]) + np.int64(start[v - j + t]))
        if cost < least:
            best, least = t, cost
    return best


@jit
def _lay_link(read, i, u, j, v, via, path, graph):
    """Write to `path` the nodes that follow u, at read index i, up to v at read index j; returns how many these are."""
    leave, enter = -1, -1
    if via >= 0:
        leave, enter = graph.edge_from[via], graph.edge_to[via]
    elif via == NOVEL:
        t = _split(read, i, u, j, v, graph)
        leave, enter = u + t - 1 - i, v + t - j
    length, node, branches = 0, u, via >= 0
    while node != v:
        branches |= graph.out_offsets[node + 1] > graph.out_offsets[node]
        node = enter if node == leave else graph.following[node]
        path[length] = node
        length += 1
    equal = length == j - i
    for k in range(j - i):
        equal = equal and read[i + 1 + k] == graph.bases[path[k]]
    if via != NOVEL and branches and not equal:
        room = max(length, j - i) + SHIFT
        way, _ = _best_way(
            read, i + 1, 1, j - i, u, v, room, graph.bases, graph.following, graph.out_offsets, graph.out_edges,
            graph.edge_to,
        )  # fmt: skip
        length = len(way)
        path[:length] = way
    return length


@jit
def _path(read, at, node, via, graph):
    """Lay a chain out: (path nodes int32[P], path index expected at each read base int32[n], widest indel)."""
    n, count = len(read), len(at)
    room = 2 * n + 2 * SLACK + (LONGEST_DELETION + SHIFT) * (count + 1)
    path, centre = np.empty(room, np.int32), np.empty(n, np.int32)
    length = _lay_end(
        read, at[0] - 1, -1, node[0], path, graph.bases, graph.preceding, graph.in_offsets, graph.in_edges,
        graph.edge_from,
    )  # fmt: skip
    path[:length] = path[:length][::-1].copy()
    for i in range(at[0] + 1):
        centre[i] = length - (at[0] - i)
    path[length] = node[0]
    widest = 0
    for c in range(1, count):
        start, step = length, at[c] - at[c - 1]
        # Most seeds overlap the next: nothing is to be chosen.
        if via[c] == PLAIN and step <= K and node[c] - node[c - 1] == step:
            for i in range(at[c - 1] + 1, at[c] + 1):
                path[length + 1] = graph.following[path[length]]
                length += 1
                centre[i] = length
            continue
        length += _lay_link(read, at[c - 1], node[c - 1], at[c], node[c], via[c], path[length + 1 :], graph)
        widest = max(widest, abs(length - start - step))
        for i in range(step):
            centre[at[c - 1] + 1 + i] = start + (i + 1) * (length - start) // step
    i = at[count - 1] + 1
    for k in range(n - i):
        centre[i + k] = length + 1 + k
    length += _lay_end(
        read, i, 1, path[length], path[length + 1 :], graph.bases, graph.following, graph.out_offsets, graph.out_edges,
        graph.edge_to,
    )  # fmt: skip
    return path[: length + 1], centre, widest


@jit
def _grown(array, need):
    """A copy with room for `need` and as much again."""
    larger = np.empty(2 * need, array.dtype)
    larger[: len(array)] = array
    return larger


@jit
def lay_paths(codes, offsets, which, link_offsets, at, node, via, graph):
    """The path that each of the reads `which` int64[W] of a batch follows along its chain (`chaining.chain_seeds`).

    Returns path_offsets int64[W+1] into path int32[.] (nodes; none where no seed is found), centre int32[B'] (place
    on the path at which each base of these reads is expected, read after read) and widest int64[W] (bases by which
    any gap between seeds departs from it).
    """
    total = 0
    for w in range(len(which)):
        total += offsets[which[w] + 1] - offsets[which[w]]
    path_offsets, widest = np.zeros(len(which) + 1, np.int64), np.zeros(len(which), np.int64)
    centre, path = np.zeros(total, np.int32), np.empty(2 * total + 1, np.int32)
    base = 0
    for w in range(len(which)):
        read = codes[offsets[which[w]] : offsets[which[w] + 1]]
        begin, span = path_offsets[w], slice(link_offsets[w], link_offsets[w + 1])
        path_offsets[w + 1] = begin
        base += len(read)
        if len(at[span]) == 0:
            continue
        laid, expected, widest[w] = _path(read, at[span], node[span], via[span], graph)
        if begin + len(laid) > len(path):
            path = _grown(path, begin + len(laid))
        path[begin : begin + len(laid)] = laid
        path_offsets[w + 1] = begin + len(laid)
        centre[base - len(read) : base] = expected
    return path_offsets, path[: path_offsets[-1]].copy(), centre, widest
