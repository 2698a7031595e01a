"""Gapped placement: seeds are chained across the jumps of the splice graph, the chain is laid out as one sequence of
nodes, and the read is aligned to it with affine gaps in a band around the chain (Gotoh 1982).

Output node codes: v >= 0 a graph node, INSERTED a base between nodes, CLIPPED a base that is not aligned.
"""

import numpy as np

from ablkd.kernels.jit import jit

K = 11
INSERTED = -1
CLIPPED = -2
MATCH, MISMATCH, OPEN, EXTEND, CLIP = 1, 4, 6, 1, 5
LOOKBACK = 40
LONGEST_INDEL = 60
JUMP_COST = 2
BAND = 16
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
    """(nodes from a to b nearest to `expected`, edge taken or -1); FAR where no path of at most one jump exists."""
    chain, place = graph.chain, graph.place
    best, edge = FAR, -1
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
def _chain(at, node, count, graph, parent, via):
    """Best-scoring chain of seeds; fills parent and via, returns (last seed, score).

    A gap costs here what the alignment will pay for it, so that a known jump is cheaper than a small gap beside it.
    """
    score = np.zeros(count, np.int32)
    last, top = -1, 0
    for j in range(count):
        score[j], parent[j], via[j] = K, -1, -1
        for i in range(max(0, j - LOOKBACK), j):
            step = at[j] - at[i]
            d, edge = _distance(node[i], node[j], step, graph)
            indel = abs(d - step)
            if indel > LONGEST_INDEL:
                continue
            value = score[i] + min(step, K) - (OPEN + indel if indel else 0) - (JUMP_COST if edge >= 0 else 0)
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
        if at[goal] - at[links[0]] >= K or via[goal] >= 0 or node[goal] - node[here] != at[goal] - at[here]:
            break
        near += 1
    return links[near:]


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
        while v != node[goal]:
            edge = via[goal]
            v = graph.edge_to[edge] if edge >= 0 and v == graph.edge_from[edge] else graph.following[v]
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
def _align(read, sequence, centre, width):
    """Banded affine alignment; returns int32[n]: index in `sequence`, INSERTED or CLIPPED for each read base."""
    n, m = len(read), len(sequence)
    band = 2 * width + 1
    # One row per read base; column b stands for sequence index centre[i] - width + b.
    move = np.zeros((n, band), np.uint8)
    match, new_match = np.full(band, FAR, np.int32), np.full(band, FAR, np.int32)
    insertion, new_insertion = match.copy(), match.copy()
    deletion, new_deletion = match.copy(), match.copy()
    best, best_i, best_b = 0, -1, -1
    for i in range(n):
        shift = centre[i] - (centre[i - 1] if i else centre[0] - 1)
        new_match[:] = FAR
        new_insertion[:] = FAR
        new_deletion[:] = FAR
        for b in range(band):
            j = centre[i] - width + b
            if j < 0 or j >= m:
                continue
            flags = 0
            above = b + shift
            diagonal = above - 1
            value, origin = -(CLIP if i else 0), 0
            if 0 <= diagonal < band and i:
                if match[diagonal] > value:
                    value, origin = match[diagonal], 1
                if deletion[diagonal] > value:
                    value, origin = deletion[diagonal], 2
                if insertion[diagonal] > value:
                    value, origin = insertion[diagonal], 3
            new_match[b] = value + (MATCH if read[i] == sequence[j] else -MISMATCH)
            flags = origin
            if 0 <= above < band and i:
                opened = match[above] - OPEN
                if opened >= insertion[above]:
                    new_insertion[b] = opened - EXTEND
                else:
                    new_insertion[b] = insertion[above] - EXTEND
                    flags |= 4
            if b:
                opened = new_match[b - 1] - OPEN
                if opened >= new_deletion[b - 1]:
                    new_deletion[b] = opened - EXTEND
                else:
                    new_deletion[b] = new_deletion[b - 1] - EXTEND
                    flags |= 8
            move[i, b] = flags
            final = new_match[b] - (CLIP if i < n - 1 else 0)
            if final > best:
                best, best_i, best_b = final, i, b
        match, new_match = new_match, match
        insertion, new_insertion = new_insertion, insertion
        deletion, new_deletion = new_deletion, deletion
    placed = np.full(n, CLIPPED, np.int32)
    i, b, state = best_i, best_b, 1
    while i >= 0:
        flags = move[i, b]
        if state == 2:
            state = 2 if flags & 8 else 1
            b -= 1
            continue
        shift = centre[i] - (centre[i - 1] if i else centre[0] - 1)
        if state == 1:
            placed[i] = centre[i] - width + b
            state = flags & 3
            if state == 0:
                break
            b = b + shift - 1
        else:
            placed[i] = INSERTED
            state = 3 if flags & 4 else 1
            b = b + shift
        i -= 1
    return placed


@jit
def place_gapped(codes, offsets, which, nodes, table, graph, stride, min_matches, min_identity):
    """Place the reads `which` int64[W] of a batch with gaps, in the orientation they are stored in.

    Writes their rows of `nodes` int32[B] and returns placed uint8[W]: 1 where at least `min_matches` bases and
    a fraction `min_identity` of the aligned ones match.
    """
    placed = np.zeros(len(which), np.uint8)
    for w in range(len(which)):
        start, stop = offsets[which[w]], offsets[which[w] + 1]
        read = codes[start:stop]
        n = len(read)
        nodes[start:stop] = CLIPPED
        if n < K:
            continue
        at = np.empty(n, np.int32)
        node = np.empty(n, np.int32)
        parent = np.empty(n, np.int32)
        via = np.empty(n, np.int32)
        count = _hits(read, table, stride, at, node)
        last, score = _chain(at, node, count, graph, parent, via)
        if last < 0:
            continue
        room = 2 * n + 2 * SLACK + LONGEST_INDEL * (count + 1)
        path, centre, widest = _path(read, at, node, parent, via, last, graph, room)
        sequence = np.empty(len(path), np.uint8)
        for j in range(len(path)):
            sequence[j] = graph.bases[path[j]]
        found = _align(read, sequence, centre, BAND + widest)
        matches, aligned = 0, 0
        for i in range(n):
            if found[i] >= 0:
                aligned += 1
                matches += read[i] == sequence[found[i]]
        if matches < min_matches or matches < min_identity * aligned:
            continue
        placed[w] = 1
        for i in range(n):
            nodes[start + i] = path[found[i]] if found[i] >= 0 else found[i]
    return placed
