"""Placed reads -> fragments: ambiguous ends trimmed, mates merged, everything but a match written as an exception."""

import numpy as np

from ablkd.kernels.jit import jit

UNMATCHED_MARGIN = 5
DELETED, UNOBSERVED = 4, 5
FORWARD, REVERSE, BOTH = 0, 1, 2
MOST_QUALITY = 40
MOST_INSERTIONS = 2048


@jit
def _edge(u, v, out_offsets, out_edges, edge_to):
    """Index of the jump from node u to node v; -1 where they are not joined by one."""
    for e in range(out_offsets[u], out_offsets[u + 1]):
        if edge_to[out_edges[e]] == v:
            return out_edges[e]
    return -1


@jit
def _outer_nodes(nodes):
    """First and last node of a read; an insertion between them does not matter."""
    a, b = 0, len(nodes) - 1
    while nodes[a] < 0:
        a += 1
    while nodes[b] < 0:
        b -= 1
    return nodes[a], nodes[b]


@jit
def _observed_span(nodes, following, preceding, out_offsets, out_edges, edge_to, in_offsets, right_overhang, left_overhang):
    """Half-open span of a read's bases that count: away from clipped ends, and past no boundary by too little."""
    n = len(nodes)
    a, b = 0, n
    while a < n and nodes[a] < 0:
        a += 1
    while b > a and nodes[b - 1] < 0:
        b -= 1
    if a > 0:
        a += UNMATCHED_MARGIN
    if b < n:
        b -= UNMATCHED_MARGIN
    while a < b and nodes[a] < 0:
        a += 1
    while b > a and nodes[b - 1] < 0:
        b -= 1
    # METHOD: an overhang too short to tell isoforms apart is not observed at all, on the plain path as well.
    i = b - 1
    while i > a and b - i < 64:
        before = nodes[i - 1]
        if before >= 0 and nodes[i] >= 0:
            if right_overhang[before] > 0 and b - i < right_overhang[before]:
                b = i
        i -= 1
    i = a + 1
    while i < b and i - a < 64:
        after = nodes[i]
        if after >= 0 and nodes[i - 1] >= 0:
            if left_overhang[after] > 0 and i - a < left_overhang[after]:
                a = i
        i += 1
    return a, b


@jit
def _read_mask(nodes, a, b, following, out_offsets, out_edges, edge_to):
    """Bit mask of the jumps that the bases [a, b) take."""
    mask = np.int64(0)
    last = -1
    for i in range(a, b):
        if nodes[i] < 0:
            continue
        if last >= 0 and following[last] != nodes[i]:
            e = _edge(last, nodes[i], out_offsets, out_edges, edge_to)
            if e >= 0:
                mask |= np.int64(1) << np.int64(e)
        last = nodes[i]
    return mask


@jit
def _observe(codes, quals, nodes, a, b, target_length, following, out_offsets, out_edges, edge_to, min_quality,
             base, qual, insertions):
    """Write a read's target bases into base, qual; returns (first, past the last target base, insertions found).

    `insertions` int32[., 3] get (target position they stand before, first base, length); their bases are kept
    in the read, whose offset is remembered by the caller.
    """
    first, stop, count = -1, -1, 0
    last = -1
    pending, pending_from = 0, 0
    for i in range(a, b):
        v = nodes[i]
        if v < 0:
            if pending == 0:
                pending_from = i
            pending += 1
            continue
        if v < target_length:
            if last >= 0 and last < target_length and v > last + 1:
                if _edge(last, v, out_offsets, out_edges, edge_to) < 0:
                    for p in range(last + 1, v):
                        base[p] = DELETED
                        qual[p] = min(quals[i], MOST_QUALITY)
            if pending and last >= 0 and last < target_length and v == last + 1 and count < MOST_INSERTIONS:
                good = True
                for k in range(pending):
                    good = good and quals[pending_from + k] >= min_quality and codes[pending_from + k] < 4
                if good:
                    insertions[count, 0] = v
                    insertions[count, 1] = pending_from
                    insertions[count, 2] = pending
                    count += 1
            q = min(quals[i], MOST_QUALITY)
            if q < min_quality or codes[i] > 3:
                base[v] = UNOBSERVED
                qual[v] = 0
            else:
                base[v] = codes[i]
                qual[v] = q
            if first < 0:
                first = v
            stop = v + 1
        pending = 0
        last = v
    return first, stop, count


@jit
def _contradicts(mask, first, stop, base, skipped):
    """Does a read cover target bases that a jump of its fragment leaves out?"""
    for e in range(len(skipped)):
        if mask >> np.int64(e) & 1 and skipped[e, 1] > skipped[e, 0]:
            for p in range(max(first, skipped[e, 0]), min(stop, skipped[e, 1])):
                if base[p] != 255:
                    return True
    return False


@jit
def _grown(array, need):
    """A copy with room for `need` and as much again."""
    larger = np.empty(2 * need, array.dtype)
    larger[: len(array)] = array
    return larger


@jit
def merge_fragments(
    codes_1, quals_1, offsets_1, nodes_1, reverse_1, placed_1,
    codes_2, quals_2, offsets_2, nodes_2, reverse_2, placed_2,
    target, following, preceding, out_offsets, out_edges, edge_to, in_offsets, right_overhang, left_overhang,
    skipped, min_quality, histogram,
):
    """Fragments of a block of R reads or read pairs (`offsets_2` of length 1 where there are no mates).

    `histogram` int64[L, 3, 41] is added to: observed bases by target position, orientation (forward only,
    reverse only, both mates) and quality.

    Returns fragment arrays (junctions int64[N], forward int32[N, 2], reverse int32[N, 2], ends int32[N, 2]),
    exceptions (offsets int64[N+1], position int32[E], allele uint8[E], quality uint8[E]), insertions (fragment
    int32[I], position int32[I], offsets int64[I+1], bases uint8[.]) and counts int64[3]: fragments made, reads
    dropped because the mates contradict each other, pairs in the same orientation (one mate is used).
    """
    reads = len(offsets_1) - 1
    paired = len(offsets_2) > 1
    room = len(codes_1) + (len(codes_2) if paired else 0) + 1
    length = len(target)
    junctions = np.zeros(reads, np.int64)
    spans = np.zeros((2, reads, 2), np.int32)
    ends = np.zeros((reads, 2), np.int32)
    offsets = np.zeros(reads + 1, np.int64)
    position = np.empty(room, np.int32)
    allele = np.empty(room, np.uint8)
    quality = np.empty(room, np.uint8)
    ins_fragment = np.empty(room, np.int32)
    ins_position = np.empty(room, np.int32)
    ins_offsets = np.zeros(room + 1, np.int64)
    ins_bases = np.empty(room, np.uint8)
    base = np.full((2, length), 255, np.int16)
    qual = np.zeros((2, length), np.int16)
    insertions = np.empty((2, MOST_INSERTIONS, 3), np.int32)
    first = np.empty(2, np.int32)
    stop = np.empty(2, np.int32)
    found = np.empty(2, np.int32)
    starts = np.empty(2, np.int64)
    counts = np.zeros(3, np.int64)
    made, exceptions, inserted = 0, 0, 0
    for r in range(reads):
        mask = np.int64(0)
        first[:] = -1
        stop[:] = -1
        found[:] = 0
        outer_left, outer_right = -1, -1
        same = paired and placed_1[r] and placed_2[r] and reverse_1[r] == reverse_2[r]
        if same:
            counts[2] += 1
        for mate in range(2 if paired else 1):
            if mate == 1 and same:
                continue
            if mate == 0:
                good, side, s, e = placed_1[r], reverse_1[r], offsets_1[r], offsets_1[r + 1]
                codes, quals, nodes = codes_1[s:e], quals_1[s:e], nodes_1[s:e]
            else:
                good, side, s, e = placed_2[r], reverse_2[r], offsets_2[r], offsets_2[r + 1]
                codes, quals, nodes = codes_2[s:e], quals_2[s:e], nodes_2[s:e]
            if not good:
                continue
            a, b = _observed_span(
                nodes, following, preceding, out_offsets, out_edges, edge_to, in_offsets, right_overhang, left_overhang
            )
            if a >= b:
                continue
            mask |= _read_mask(nodes, a, b, following, out_offsets, out_edges, edge_to)
            outer_first, outer_last = _outer_nodes(nodes)
            if side == 0 or outer_left < 0:
                outer_left = outer_first
            if side == 1 or outer_right < 0:
                outer_right = outer_last
            starts[side] = mate
            first[side], stop[side], found[side] = _observe(
                codes, quals, nodes, a, b, length, following, out_offsets, out_edges, edge_to, min_quality,
                base[side], qual[side], insertions[side],
            )
        begin = first[0] if first[1] < 0 else (first[1] if first[0] < 0 else min(first[0], first[1]))
        end = max(stop[0], stop[1])
        contradiction = False
        for side in range(2):
            if first[side] >= 0:
                contradiction = contradiction or _contradicts(mask, first[side], stop[side], base[side], skipped)
        if begin >= 0 and not contradiction:
            junctions[made] = mask
            for side in range(2):
                if first[side] >= 0:
                    spans[side, made, 0], spans[side, made, 1] = first[side], stop[side]
            ends[made, 0], ends[made, 1] = outer_left, outer_right
            if exceptions + end - begin > len(position):
                position = _grown(position, exceptions + end - begin)
                allele = _grown(allele, exceptions + end - begin)
                quality = _grown(quality, exceptions + end - begin)
            for p in range(begin, end):
                one, two = base[0, p], base[1, p]
                if one == 255 and two == 255:
                    continue
                orientation = BOTH
                q = 0
                if two == 255:
                    state, q, orientation = one, qual[0, p], FORWARD
                elif one == 255:
                    state, q, orientation = two, qual[1, p], REVERSE
                elif one == UNOBSERVED:
                    state, q, orientation = two, qual[1, p], REVERSE
                elif two == UNOBSERVED:
                    state, q, orientation = one, qual[0, p], FORWARD
                elif one == two:
                    state, q = one, min(qual[0, p] + qual[1, p], MOST_QUALITY)
                else:
                    # METHOD: mates that disagree are not observed, whichever has the higher quality.
                    state = UNOBSERVED
                if state != UNOBSERVED:
                    histogram[p, orientation, q] += 1
                if state != target[p]:
                    position[exceptions] = p
                    allele[exceptions] = state
                    quality[exceptions] = q
                    exceptions += 1
            for side in range(2):
                for k in range(found[side]):
                    p, at, size = insertions[side, k, 0], insertions[side, k, 1], insertions[side, k, 2]
                    other = 1 - side
                    if first[other] >= 0 and base[other, p - 1] != 255 and base[other, p] != 255:
                        confirmed = False
                        for m in range(found[other]):
                            confirmed = confirmed or (
                                insertions[other, m, 0] == p and insertions[other, m, 2] == size and side == 0
                            )
                        if not confirmed:
                            continue
                    ins_fragment[inserted] = made
                    ins_position[inserted] = p
                    ins_offsets[inserted + 1] = ins_offsets[inserted] + size
                    for i in range(size):
                        if starts[side] == 0:
                            ins_bases[ins_offsets[inserted] + i] = codes_1[offsets_1[r] + at + i]
                        else:
                            ins_bases[ins_offsets[inserted] + i] = codes_2[offsets_2[r] + at + i]
                    inserted += 1
            made += 1
            offsets[made] = exceptions
        elif contradiction:
            counts[1] += 1
        for side in range(2):
            if first[side] >= 0:
                base[side, first[side] : stop[side]] = 255
    counts[0] = made
    return (
        junctions[:made], spans[0, :made], spans[1, :made], ends[:made],
        offsets[: made + 1], position[:exceptions].copy(), allele[:exceptions].copy(), quality[:exceptions].copy(),
        ins_fragment[:inserted].copy(), ins_position[:inserted].copy(), ins_offsets[: inserted + 1].copy(),
        ins_bases[: ins_offsets[inserted]].copy(), counts,
    )
