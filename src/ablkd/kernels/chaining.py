"""Chains of seeds across the jumps of the splice graph, laid out as the sequence of nodes that a read follows.

A chain may also leave out target bases where no jump does: a junction that is not known, or a long deletion. It pays
as much as a gap of NOVEL_COST bases for it, so both sides need more bases than a chance match has.
"""

import numpy as np

from ablkd.kernels.jit import jit

K = 11
OPEN = 6
LOOKBACK = 40
LONGEST_DELETION, LONGEST_INSERTION = 60, 250
JUMP_COST, NOVEL_COST = 2, 16
PLAIN, NOVEL = -1, -2
# What a mismatch costs where a new junction is placed, and what each end that is an exon border is worth.
WRONG, BORDER = 4, 3
SLACK = 24
FAR = -(10**8)
TAIL = 40


@jit
def _hits(read, table, stride, at, node):
    count = 0
    for i in range(0, len(read) - K + 1, stride):
        code = 0
        good = True
        for k in range(K):
            if read[i + k] > 3:
                good = False
                break
            code = code * 4 + np.int64(read[i + k])
        if good and table[code] >= 0:
            at[count] = i
            node[count] = table[code]
            count += 1
    return count


@jit
def _distance(a, b, expected, graph):
    """(nodes from a to b nearest to `expected`, edge taken or PLAIN); FAR where no path of at most one jump exists."""
    chain, place = graph.chain, graph.place
    best, edge = FAR, PLAIN
    if chain[a] == chain[b] and place[b] > place[a]:
        best = place[b] - place[a]
        if best == expected:
            return best, edge
    for e in range(len(graph.edge_from)):
        u, v = graph.edge_from[e], graph.edge_to[e]
        if chain[u] == chain[a] and place[u] >= place[a] and chain[v] == chain[b] and place[v] <= place[b]:
            d = place[u] - place[a] + 1 + place[b] - place[v]
            if abs(d - expected) + JUMP_COST < abs(best - expected):
                best, edge = d, e
    return best, edge


@jit
def _runs_on(step, here, goal, graph):
    """Whether `goal` lies `step` plain bases behind `here` and no jump ends in between.

    Then no other seed before `goal` does better than the one at `here`: whatever leads to `goal` leads there as well.
    """
    if step > K or graph.chain[here] != graph.chain[goal] or graph.place[goal] - graph.place[here] != step:
        return False
    for _ in range(step):
        here = graph.following[here]
        if graph.in_offsets[here + 1] > graph.in_offsets[here]:
            return False
    return True


@jit
def _chain(at, node, count, graph, parent, via):
    """Best-scoring chain of seeds; fills parent and via, returns (last seed, score).

    A gap costs here what the alignment will pay for it, so that a known jump is cheaper than a small gap beside it.
    """
    score = np.zeros(count, np.int32)
    last, top = -1, 0
    for j in range(count):
        score[j], parent[j], via[j] = K, -1, PLAIN
        if j and _runs_on(at[j] - at[j - 1], node[j - 1], node[j], graph):
            score[j], parent[j] = score[j - 1] + at[j] - at[j - 1], j - 1
            last, top = (j, score[j]) if score[j] > top else (last, top)
            continue
        for i in range(max(0, j - LOOKBACK), j):
            step = at[j] - at[i]
            d, edge = _distance(node[i], node[j], step, graph)
            indel = abs(d - step)
            cost = (OPEN + indel if indel else 0) + (JUMP_COST if edge >= 0 else 0)
            left_out = node[j] - node[i] - step if max(node[i], node[j]) < graph.target_length else 0
            if cost > NOVEL_COST and left_out > NOVEL_COST - OPEN:
                cost, edge = NOVEL_COST, NOVEL
            elif indel > (LONGEST_DELETION if d > step else LONGEST_INSERTION):
                continue
            value = score[i] + min(step, K) - cost
            if value > score[j]:
                score[j], parent[j], via[j] = value, i, edge
        if score[j] > top:
            last, top = j, score[j]
    return last, top


@jit
def _way_on(read, i, step, node, bases, plain, offsets, edges, jumps):
    """The node after `node` that suits the next TAIL bases of the read best."""
    way = plain[node]
    if offsets[node + 1] == offsets[node]:
        return way
    n = len(read)
    best = TAIL + 1
    for choice in range(-1, offsets[node + 1] - offsets[node]):
        v = plain[node] if choice < 0 else jumps[edges[offsets[node] + choice]]
        first = v
        mismatches, j, length = 0, i, 0
        while v >= 0 and 0 <= j < n and length < TAIL:
            mismatches += read[j] != bases[v]
            v = plain[v]
            j += step
            length += 1
        if first >= 0 and mismatches < best:
            best, way = mismatches, first
    return way


@jit
def _links(at, node, parent, via, last):
    """The seeds of a chain from left to right.

    The first seed can run over a boundary by bases that two ways share, so those that overlap it are left out but for
    the last: the way to the left is chosen from there.
    """
    links = np.empty(last + 1, np.int32)
    count = 0
    j = last
    while j >= 0:
        links[count] = j
        count += 1
        j = parent[j]
    links = links[:count][::-1]
    near = 0
    while near + 1 < count:
        here, goal = links[near], links[near + 1]
        if at[goal] - at[links[0]] >= K or via[goal] != PLAIN or node[goal] - node[here] != at[goal] - at[here]:
            break
        near += 1
    return links[near:]


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
def _path(read, at, node, parent, via, last, graph, room):
    """Lay the chain out: (path nodes int32[P], path index expected at each read base int32[n], widest indel)."""
    n = len(read)
    links = _links(at, node, parent, via, last)
    count = len(links)
    first = links[0]
    path = np.empty(room, np.int32)
    left = 0
    v, i = node[first], at[first] - 1
    for _ in range(at[first] + SLACK):
        v = _way_on(read, i, -1, v, graph.bases, graph.preceding, graph.in_offsets, graph.in_edges, graph.edge_from)
        if v < 0:
            break
        path[left] = v
        left += 1
        i -= 1
    for i in range(left // 2):
        path[i], path[left - 1 - i] = path[left - 1 - i], path[i]
    length = left
    centre = np.empty(n, np.int32)
    for i in range(at[first] + 1):
        centre[i] = length - (at[first] - i)
    path[length] = node[first]
    widest = 0
    for c in range(1, count):
        here, goal = links[c - 1], links[c]
        start = length
        v = path[length]
        edge, leave, enter = via[goal], -1, -1
        if edge >= 0:
            leave, enter = graph.edge_from[edge], graph.edge_to[edge]
        elif edge == NOVEL:
            t = _split(read, at[here], node[here], at[goal], node[goal], graph)
            leave, enter = node[here] + t - 1 - at[here], node[goal] + t - at[goal]
        while v != node[goal]:
            v = enter if v == leave else graph.following[v]
            length += 1
            path[length] = v
        step = at[goal] - at[here]
        widest = max(widest, abs(length - start - step))
        for i in range(step):
            centre[at[here] + 1 + i] = start + (i + 1) * (length - start) // step
    v = path[length]
    i = at[links[count - 1]] + 1
    tail = n - at[links[count - 1]] - 1
    for k in range(tail):
        centre[i + k] = length + 1 + k
    for _ in range(tail + SLACK):
        v = _way_on(read, i, 1, v, graph.bases, graph.following, graph.out_offsets, graph.out_edges, graph.edge_to)
        if v < 0:
            break
        length += 1
        path[length] = v
        i += 1
    return path[: length + 1], centre, widest


@jit
def _grown(array, need):
    """A copy with room for `need` and as much again."""
    larger = np.empty(2 * need, array.dtype)
    larger[: len(array)] = array
    return larger


@jit
def lay_paths(codes, offsets, which, table, graph, stride):
    """The path that each of the reads `which` int64[W] of a batch follows, in the orientation they are stored in.

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
        n, begin = len(read), path_offsets[w]
        path_offsets[w + 1] = begin
        base += n
        if n < K:
            continue
        at, node = np.empty(n, np.int32), np.empty(n, np.int32)
        parent, via = np.empty(n, np.int32), np.empty(n, np.int32)
        count = _hits(read, table, stride, at, node)
        last, score = _chain(at, node, count, graph, parent, via)
        if last < 0:
            continue
        room = 2 * n + 2 * SLACK + LONGEST_DELETION * (count + 1)
        laid, expected, widest[w] = _path(read, at, node, parent, via, last, graph, room)
        if begin + len(laid) > len(path):
            path = _grown(path, begin + len(laid))
        path[begin : begin + len(laid)] = laid
        path_offsets[w + 1] = begin + len(laid)
        centre[base - n : base] = expected
    return path_offsets, path[: path_offsets[-1]].copy(), centre, widest
