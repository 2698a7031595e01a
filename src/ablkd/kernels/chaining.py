"""Chains of seeds across the jumps of the splice graph.

A chain may also leave out target bases where no jump does: a junction that is not known, or a long deletion. It pays
as much as a gap of NOVEL_COST bases for it, so both sides need more bases than a chance match has.
"""

import numpy as np

from ablkd.kernels.jit import jit

K = 11
OPEN = 6
LOOKBACK = 40
LONGEST_DELETION, LONGEST_INSERTION = 60, 250
JUMP_COST, NOVEL_COST, TOO_MUCH = 2, 16, 10**6
MISMATCH = 5  # what a base that does not match costs beside one that does
PLAIN, NOVEL = -1, -2
FAR = -(10**8)


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
def _is_just_before(a, b, expected, worth, graph):
    """Whether a jump that ends a few bases behind b leads there from a, for no more than a new junction is `worth`.

    Then b begins with bases that only happen to be those before the border, and the seed behind it counts.
    """
    chain, place = graph.chain, graph.place
    for e in range(len(graph.edge_from)):
        u, v = graph.edge_from[e], graph.edge_to[e]
        if chain[u] == chain[a] and place[u] >= place[a] and chain[v] == chain[b] and 0 < place[v] - place[b] <= K // 2:
            d = place[u] - place[a] + 1 + place[b] - place[v]
            if abs(d - expected) + OPEN + JUMP_COST <= worth:
                return True
    return False


@jit
def _fewest_wrong(read, i, u, j, v, graph):
    """Mismatches of the best junction between target nodes u, of read index i, and v, of read index j."""
    wrong = 0
    for k in range(i + 1, j):
        wrong += read[k] != graph.bases[v - j + k]
    fewest = wrong
    for k in range(i + 1, j):
        wrong += np.int64(read[k] != graph.bases[u - i + k]) - np.int64(read[k] != graph.bases[v - j + k])
        fewest = min(fewest, wrong)
    return fewest


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
def _chain(read, at, node, count, graph, parent, via):
    """Best-scoring chain of seeds; fills parent and via, returns the last seed (-1: none).

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
            if indel > (LONGEST_DELETION if d > step else LONGEST_INSERTION):
                cost, edge = TOO_MUCH, PLAIN
            if cost > NOVEL_COST and left_out > NOVEL_COST - OPEN:
                # Bases put in beside a known jump explain a read better than a new junction that mismatches.
                worth = NOVEL_COST + MISMATCH * _fewest_wrong(read, at[i], node[i], at[j], node[j], graph)
                if _is_just_before(node[i], node[j], step, worth, graph):
                    continue
                if edge < 0 or cost > worth:
                    cost, edge = NOVEL_COST, NOVEL
            if cost == TOO_MUCH:
                continue
            value = score[i] + min(step, K) - cost
            if value > score[j]:
                score[j], parent[j], via[j] = value, i, edge
        if score[j] > top:
            last, top = j, score[j]
    return last


@jit
def _links(at, node, parent, via, last, following):
    """(seeds of a chain from left to right, what leads to each).

    The first seed, and one that a jump or a gap leads to, can begin with bases that two ways share, so those that
    overlap it are left out but for the last, and of this one the first half: the way is chosen up to there.
    """
    links = np.empty(last + 1, np.int32)
    count = 0
    j = last
    while j >= 0:
        links[count] = j
        count += 1
        j = parent[j]
    links = links[:count][::-1].copy()
    ways = np.empty(count, np.int32)
    kept, k = 0, 0
    while k < count:
        way, begin = via[links[k]], at[links[k]]
        straight = k > 0 and way == PLAIN and _same_diagonal(at, node, links[k - 1], links[k])
        if not straight and way != NOVEL:
            while (
                k + 1 < count
                and at[links[k + 1]] - begin < K
                and via[links[k + 1]] == PLAIN
                and _same_diagonal(at, node, links[k], links[k + 1])
            ):
                k += 1
            room = at[links[k + 1]] - at[links[k]] - 1 if k + 1 < count else K
            for _ in range(min(K // 2, room)):
                at[links[k]], node[links[k]] = at[links[k]] + 1, following[node[links[k]]]
        links[kept], ways[kept] = links[k], way
        kept += 1
        k += 1
    return links[:kept], ways[:kept]


@jit
def _same_diagonal(at, node, a, b):
    return node[b] - node[a] == at[b] - at[a]


@jit
def chain_seeds(codes, offsets, which, table, graph, stride):
    """The best chain of seeds of each of the reads `which` int64[W] of a batch, in the orientation they are stored in.

    Returns link_offsets int64[W+1] into at, node, via int32[.]: of each seed its place in the read, the node where it
    begins, and what leads to it from the seed before: a jump of the graph, PLAIN or NOVEL.
    """
    total = 0
    for w in range(len(which)):
        total += offsets[which[w] + 1] - offsets[which[w]]
    link_offsets = np.zeros(len(which) + 1, np.int64)
    all_at, all_node, all_via = np.empty(total, np.int32), np.empty(total, np.int32), np.empty(total, np.int32)
    for w in range(len(which)):
        read = codes[offsets[which[w]] : offsets[which[w] + 1]]
        n, begin = len(read), link_offsets[w]
        at, node = np.empty(n, np.int32), np.empty(n, np.int32)
        parent, via = np.empty(n, np.int32), np.empty(n, np.int32)
        count = _hits(read, table, stride, at, node)
        last = _chain(read, at, node, count, graph, parent, via)
        link_offsets[w + 1] = begin
        if last < 0:
            continue
        links, ways = _links(at, node, parent, via, last, graph.following)
        for k in range(len(links)):
            all_at[begin + k], all_node[begin + k], all_via[begin + k] = at[links[k]], node[links[k]], ways[k]
        link_offsets[w + 1] = begin + len(links)
    end = link_offsets[-1]
    return link_offsets, all_at[:end].copy(), all_node[:end].copy(), all_via[:end].copy()
