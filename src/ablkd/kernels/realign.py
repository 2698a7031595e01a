"""Noisy reads again, where a gap lies near: which of few candidates makes a stretch of the read likeliest?

A gap that is placed a base off turns a codon into another one, and makes one splice site of another a few bases on.
Around them the read is aligned to each candidate with the platform's own rates (Viterbi); a codon that does not win by
MARGIN is not observed.
"""

import numpy as np

from ablkd.kernels.jit import jit

INSERTED = -1
# METHOD: a candidate must be 20 times (3 nats) as likely as the next; stretches reach 10 bases past what is asked.
MARGIN, FLANK, LEAST_FLANK = 3.0, 10, 4
# METHOD: a gap matters to a codon up to 6 bases away; splice sites up to 12 bases apart are taken for each other.
NEAR_GAP, NEAR_SITE = 6, 12
LONGEST_GAP, LONGEST = 30, 60
# METHOD: each further base of a gap has a chance of 0.3; an inserted base is any of four, or that of a homopolymer.
EXTEND, ANY_BASE = np.log(0.3), np.log(0.25)
SURPLUS = 6
FAR = -1e9


@jit
def _align(read, n, hit, miss, sequence, m, gap, single, score, move):
    """Log-likelihood of the best alignment of n bases of `read` to m of `sequence`; fills move uint8[n+1, m+1].

    hit, miss float64[n]: log chance of each base of the read where it equals, or differs from, what was sequenced;
    gap float64[m]: log chance of a gap at each base of the sequence, `single` where it is no part of a homopolymer.
    """
    reach = abs(n - m) + SURPLUS
    for i in range(n + 1):
        for j in range(max(0, i - reach - 1), min(m, i + reach + 1) + 1):
            score[0, i, j], score[1, i, j], score[2, i, j] = FAR, FAR, FAR
            move[i, j] = 0
    score[0, 0, 0] = 0.0
    for i in range(n + 1):
        for j in range(max(0, i - reach), min(m, i + reach) + 1):
            flags = 0
            if i and j:
                best, origin = score[0, i - 1, j - 1], 0
                for state in range(1, 3):
                    if score[state, i - 1, j - 1] > best:
                        best, origin = score[state, i - 1, j - 1], state
                score[0, i, j] = best + (hit[i - 1] if read[i - 1] == sequence[j - 1] else miss[i - 1])
                flags = origin
            if i:
                # The base of a homopolymer comes again more easily than any other.
                chance = single + ANY_BASE
                if j and read[i - 1] == sequence[j - 1]:
                    chance = gap[j - 1]
                elif j < m and read[i - 1] == sequence[j]:
                    chance = gap[j]
                opened, longer = score[0, i - 1, j] + chance, score[1, i - 1, j] + EXTEND + ANY_BASE
                score[1, i, j] = max(opened, longer)
                flags |= 4 * (longer > opened)
            if j:
                opened, longer = score[0, i, j - 1] + gap[j - 1], score[2, i, j - 1] + EXTEND
                score[2, i, j] = max(opened, longer)
                flags |= 8 * (longer > opened)
            move[i, j] = flags
    return score[0, n, m]


@jit
def _trace(n, m, move, places):
    """Index in the sequence of each base of the read, or INSERTED, along the moves of `_align`."""
    i, j, state = n, m, 0
    while i > 0 or j > 0:
        flags = move[i, j]
        if state == 0:
            i, j = i - 1, j - 1
            places[i] = j
            state = flags & 3
        elif state == 1:
            i -= 1
            places[i] = INSERTED
            state = 1 if flags & 4 else 0
        else:
            j -= 1
            state = 2 if flags & 8 else 0


@jit
def _walk(nodes, graph, path, shown):
    """The nodes that a read passes, deleted ones too, and the base that shows each (-1: none); how many."""
    count, last = 0, -1
    for i in range(len(nodes)):
        v = nodes[i]
        if v < 0:
            continue
        if last >= 0 and graph.chain[v] == graph.chain[last]:
            lost = graph.place[v] - graph.place[last] - 1
            known = False
            for e in range(graph.out_offsets[last], graph.out_offsets[last + 1]):
                known |= graph.edge_to[graph.out_edges[e]] == v
            if 0 < lost <= LONGEST_GAP and not known:
                for _ in range(lost):
                    last = graph.following[last]
                    path[count], shown[count] = last, -1
                    count += 1
        path[count], shown[count] = v, i
        count += 1
        last = v
    return count


@jit
def _gaps(path, shown, count, near):
    """Marks in near uint8[.] the places of a path that have a gap within NEAR_GAP."""
    for k in range(count):
        near[k] = 0
    for k in range(count):
        inserted = k > 0 and shown[k] >= 0 and shown[k - 1] >= 0 and shown[k] > shown[k - 1] + 1
        if shown[k] < 0 or inserted:
            for j in range(max(0, k - NEAR_GAP), min(count, k + NEAR_GAP + 1)):
                near[j] = 1


@jit
def _stretch(shown, count, first, last):
    """Places from FLANK before `first` to FLANK behind `last` at which the read has a base; (0, -1) where too near an
    end or too long."""
    a, b = max(0, first - FLANK), min(count - 1, last + FLANK)
    while a > 0 and shown[a] < 0:
        a -= 1
    while b < count - 1 and shown[b] < 0:
        b += 1
    if first - a < LEAST_FLANK or b - last < LEAST_FLANK or shown[b] - shown[a] >= LONGEST or b - a >= LONGEST:
        return 0, -1
    return a, b


@jit
def _chances(qual, first, count, mismatch, hit, miss):
    """Fills the log chances that the `count` bases from `first` on are right, and that they are one wrong base."""
    for i in range(count):
        error = min(0.75, max(mismatch, 10.0 ** (-0.1 * qual[first + i])))
        hit[i], miss[i] = np.log(1 - error), np.log(error / 3)


@jit
def _has_event(u, v, graph):
    """Whether the way from u to v is a jump of a splice event."""
    for e in range(graph.out_offsets[u], graph.out_offsets[u + 1]):
        if graph.edge_to[graph.out_edges[e]] == v:
            return graph.event[graph.out_edges[e]] == 1
    return False


@jit
def _rewrite(placed, first, count, nodes, places):
    for i in range(count):
        placed[first + i] = nodes[places[i]] if places[i] >= 0 else INSERTED


@jit
def _better_site(read, qual, placed, path, shown, count, k, mismatch, graph, gaps, single, work):
    """Compare the site that a read joins behind place k of its path with the others near it; True where one is better.

    METHOD: a site of a splice event must win by MARGIN over one of no event: what cannot be told is the commoner one.
    """
    hit, miss, gap, score, move, places = work
    u, v = path[k], path[k + 1]
    a, b = _stretch(shown, count, k, min(count - 1, k + 1 + NEAR_SITE))
    if b < 0:
        return False
    first, n = shown[a], shown[b] + 1 - shown[a]
    _chances(qual, first, n, mismatch, hit, miss)
    nodes, bases = np.empty(LONGEST, np.int32), np.empty(LONGEST, np.uint8)
    best_nodes, best, m_best = nodes, FAR, 0
    for e in range(-1, graph.out_offsets[u + 1] - graph.out_offsets[u]):
        way = graph.following[u] if e < 0 else graph.edge_to[graph.out_edges[graph.out_offsets[u] + e]]
        if way < 0 or graph.chain[way] != graph.chain[v] or abs(graph.place[way] - graph.place[v]) > NEAR_SITE:
            continue
        m = k + 1 - a
        nodes = np.empty(LONGEST, np.int32)
        for j in range(m):
            nodes[j] = path[a + j]
        node = way
        while m < LONGEST and node >= 0:
            nodes[m] = node
            m += 1
            if node == path[b]:
                break
            node = graph.following[node]
        if nodes[m - 1] != path[b]:
            continue
        for j in range(m):
            bases[j], gap[j] = graph.bases[nodes[j]], gaps[nodes[j]]
        value = _align(read[first:], n, hit, miss, bases, m, gap, single, score, move)
        value -= MARGIN * _has_event(u, way, graph)
        if value > best:
            best, best_nodes, m_best = value, nodes, m
            _trace(n, m, move, places)
    if m_best == 0 or best_nodes[k + 1 - a] == v:
        return False
    _rewrite(placed, first, n, best_nodes, places)
    return True


@jit
def _codon(read, qual, kept, placed, path, shown, count, k, mismatch, graph, gaps, single, candidates, work):
    """Settle the codon at places k to k + 2 of a path; `candidates` uint8[., 3] begin with the wild type."""
    hit, miss, gap, score, move, places = work
    whole = shown[k] >= 0 and shown[k + 1] == shown[k] + 1 and shown[k + 2] == shown[k] + 2
    known = False
    for c in range(len(candidates)):
        alike = 0
        for j in range(3):
            alike += whole and read[shown[k] + j] == candidates[c, j]
        known |= alike == 3
    if len(candidates) == 1 and (known or not whole):
        return
    a, b = _stretch(shown, count, k, k + 2)
    if b < 0:
        return
    first, n, m = shown[a], shown[b] + 1 - shown[a], b + 1 - a
    _chances(qual, first, n, mismatch, hit, miss)
    bases = np.empty(LONGEST, np.uint8)
    # What else differs in the read, another mutation perhaps, is not for this codon to explain.
    for j in range(m):
        i = shown[a + j]
        bases[j], gap[j] = read[i] if i >= 0 else graph.bases[path[a + j]], gaps[path[a + j]]
    best, second, winner = FAR, FAR, -1
    for c in range(len(candidates) + (whole and not known)):
        for j in range(3):
            bases[k - a + j] = candidates[c, j] if c < len(candidates) else read[shown[k] + j]
        value = _align(read[first:], n, hit, miss, bases, m, gap, single, score, move)
        if value > best:
            best, second = value, best
            winner = c
            _trace(n, m, move, places)
        elif value > second:
            second = value
    if best - second >= MARGIN:
        _rewrite(placed, first, n, path[a:], places)
        for j in range(a, b + 1):
            shown[j] = -1
        for i in range(n):
            if places[i] >= 0:
                shown[a + places[i]] = first + i
    for j in range(3):
        i = shown[k + j]
        wins = best - second >= MARGIN and (winner == len(candidates) or read[i] == candidates[winner, j])
        if i >= 0 and not wins:
            kept[i] = 0


@jit
def realign(codes, quals, offsets, nodes, placed, graph, gaps, single, mismatch, first_candidate, candidates):
    """Settle splice sites and codons beside gaps in the placed reads of a batch.

    `gaps` float64[V] is the log chance of a gap at each node, `single` that outside homopolymers, `mismatch` the least
    chance of a wrong base; candidates uint8[., 3] of codon c are those from first_candidate[c] (int64[C+1]) to that of
    the next, the wild type first. Rewrites `nodes` where a candidate wins; returns the qualities uint8[B], 0 at bases
    of codons that none wins.
    """
    kept = quals.copy()
    longest = 0
    for r in range(len(offsets) - 1):
        longest = max(longest, offsets[r + 1] - offsets[r])
    room = (LONGEST_GAP + 1) * longest + 1
    path, shown, near = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.uint8)
    size = LONGEST + 2
    work = (
        np.empty(size), np.empty(size), np.empty(size), np.empty((3, size, size)),
        np.empty((size, size), np.uint8), np.empty(size, np.int32),
    )  # fmt: skip
    for r in range(len(offsets) - 1):
        if not placed[r]:
            continue
        read, qual = codes[offsets[r] : offsets[r + 1]], quals[offsets[r] : offsets[r + 1]]
        own, low = nodes[offsets[r] : offsets[r + 1]], kept[offsets[r] : offsets[r + 1]]
        count = _walk(own, graph, path, shown)
        _gaps(path, shown, count, near)
        k = 0
        while k < count - 1:
            branches = graph.out_offsets[path[k] + 1] > graph.out_offsets[path[k]]
            if (
                near[k]
                and branches
                and _better_site(read, qual, own, path, shown, count, k, mismatch, graph, gaps, single, work)
            ):
                count = _walk(own, graph, path, shown)
                _gaps(path, shown, count, near)
            k += 1
        for k in range(count - 2):
            v = path[k]
            inside = v < graph.target_length and v % 3 == 0 and path[k + 1] == v + 1 and path[k + 2] == v + 2
            if inside and (near[k] or near[k + 1] or near[k + 2]):
                these = candidates[first_candidate[v // 3] : first_candidate[v // 3 + 1]]
                if len(these):
                    _codon(read, qual, low, own, path, shown, count, k, mismatch, graph, gaps, single, these, work)
    return kept
