"""Placed reads -> fragments: ambiguous ends trimmed, mates merged, everything but a match written as an exception."""

import numpy as np

from ablkd.kernels.jit import inlined, jit
from ablkd.kernels.poor import poor_base, poor_of_two

DELETED, UNOBSERVED, ABSENT = 4, 5, 255
FORWARD, REVERSE, BOTH = 0, 1, 2
MOST_QUALITY = 40
MOST_INSERTIONS = 2048
# METHOD: noisy reads lose bases beside a jump as anywhere else; up to 6 lost ones do not hide it.
MOST_LOST = 6


@jit
def _edge(u, v, graph):
    """The jump between a read's neighbours u and v, or the only one that fits with few bases deleted; -1 for none."""
    chain, place = graph.chain, graph.place
    limit = min(MOST_LOST + 1, place[v] - place[u] - 1) if chain[u] == chain[v] else MOST_LOST + 1
    best, fewest, fitting = -1, limit, 0
    for e in range(len(graph.edge_from)):
        a, b = graph.edge_from[e], graph.edge_to[e]
        if chain[a] == chain[u] and chain[b] == chain[v] and place[u] <= place[a] and place[b] <= place[v]:
            lost = place[a] - place[u] + place[v] - place[b]
            fitting += lost < limit
            if lost < fewest:
                best, fewest = e, lost
    return best if fewest == 0 or fitting == 1 else -1


@jit
def _outer_nodes(nodes):
    """First and last node of a read; an insertion between them does not matter."""
    a, b = 0, len(nodes) - 1
    while nodes[a] < 0:
        a += 1
    while nodes[b] < 0:
        b -= 1
    return nodes[a], nodes[b]


@inlined
def _read_mask(nodes, a, b, graph):
    """Bit masks of the jumps that the bases [a, b) take, and of those that they pass by on the plain path."""
    taken, passed = np.int64(0), np.int64(0)
    last = -1
    for i in range(a, b):
        v = nodes[i]
        if v < 0:
            continue
        if last >= 0 and graph.following[last] != v:
            e = _edge(last, v, graph)
            if e >= 0:
                taken |= np.int64(1) << np.int64(e)
        elif last >= 0:
            for k in range(graph.out_offsets[last], graph.out_offsets[last + 1]):
                passed |= np.int64(1) << np.int64(graph.out_edges[k])
            for k in range(graph.in_offsets[v], graph.in_offsets[v + 1]):
                passed |= np.int64(1) << np.int64(graph.in_edges[k])
        last = v
    return taken, passed


@inlined
def _observe(codes, quals, nodes, a, b, graph, min_quality, base, qual, insertions):
    """Write a read's target bases into base, qual; returns (first, past the last target base, insertions found).

    `insertions` int32[., 3] get (target position they stand before, first base, length); their bases are kept
    in the read, whose offset is remembered by the caller.
    """
    target_length = graph.target_length
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
            if last >= 0 and v > last + 1:
                e = _edge(last, v, graph)
                for p in range(last + 1, v):
                    if e < 0 or not graph.skipped[e, 0] <= p < graph.skipped[e, 1]:
                        base[p], qual[p] = DELETED, min(quals[i], MOST_QUALITY)
            if pending and last >= 0 and v == last + 1 and count < MOST_INSERTIONS:
                known = True
                for k in range(pending_from, i):
                    known = known and codes[k] < 4
                if known:
                    insertions[count, 0], insertions[count, 1], insertions[count, 2] = v, pending_from, pending
                    count += 1
            q = min(quals[i], MOST_QUALITY)
            if q >= min_quality and codes[i] < 4:
                base[v], qual[v] = codes[i], q
            else:
                base[v], qual[v] = poor_base(codes[i], q)
            if first < 0:
                first = v
            stop = v + 1
        pending = 0
        last = v
    return first, stop, count


@jit
def _contradicts(mask, begin, end, base, skipped):
    """Does either mate cover target bases that a jump of their fragment leaves out?"""
    for e in range(len(skipped)):
        if mask >> np.int64(e) & 1 and skipped[e, 1] > skipped[e, 0]:
            for p in range(max(begin, skipped[e, 0]), min(end, skipped[e, 1])):
                if base[0, p] != ABSENT or base[1, p] != ABSENT:
                    return True
    return False


@jit
def _grown(array, need):
    """A copy with room for `need` and as much again."""
    larger = np.empty(2 * need, array.dtype)
    for i in range(len(array)):
        larger[i] = array[i]
    return larger


@jit
def _merged(one, two, quality_one, quality_two):
    """(state, quality, orientation) of a base that the forward read sees as `one`, the reverse read as `two`."""
    if one == ABSENT or (one > DELETED and two <= DELETED):
        return two, quality_two, REVERSE
    if two == ABSENT or (two > DELETED and one <= DELETED):
        return one, quality_one, FORWARD
    if one > DELETED:
        state, quality = poor_of_two(one, quality_one, two, quality_two)
        return state, quality, BOTH
    if one == two:
        return one, min(quality_one + quality_two, MOST_QUALITY), BOTH
    # METHOD: mates that disagree are not observed, whichever has the higher quality.
    return UNOBSERVED, 0, BOTH


@jit
def _write_exceptions(begin, end, base, qual, target, histogram, position, allele, quality, at):
    """Append what differs from the target in [begin, end) and count every observed base; returns the new end."""
    one, two, one_qual, two_qual = base[0, begin:end], base[1, begin:end], qual[0, begin:end], qual[1, begin:end]
    bases, counts = target[begin:end], histogram[begin:end]
    for k in range(end - begin):
        if one[k] == ABSENT and two[k] == ABSENT:
            continue
        state, q, orientation = _merged(one[k], two[k], one_qual[k], two_qual[k])
        if state <= DELETED:
            counts[k, orientation, q] += 1
        if state != bases[k]:
            position[at], allele[at], quality[at] = begin + k, state, q
            at += 1
    return at


@jit
def _is_confirmed(insertion, side, base, insertions, found, bases):
    """Where the other mate covers both neighbours it must show the insertion (`bases`: codes), told once by side 0."""
    p, at, size = insertion
    if base[1 - side, p - 1] == ABSENT or base[1 - side, p] == ABSENT:
        return True
    if side == 1:
        return False
    for m in range(found[1]):
        other, start, length = insertions[1, m]
        if other == p and length == size and (bases[0][at : at + size] == bases[1][start : start + size]).all():
            return True
    return False


@jit
def _bases_in(reads, which):
    """How many bases the reads `which` have."""
    bases = 0
    for r in which:
        bases += reads.offsets[r + 1] - reads.offsets[r]
    return bases


@jit
def _clear(base):
    for p in range(len(base)):
        base[p] = ABSENT


@inlined
def _bases_of(one, two, r, mate):
    """Codes of the first (0) or second mate of pair r, and of all reads behind it."""
    return one.codes[one.offsets[r] :] if mate == 0 else two.codes[two.offsets[r] :]


@jit
def merge_fragments(one, two, spans_one, spans_two, which, graph, min_quality, histogram):
    """Fragments of the reads `which` int64[W] of a block `one`, or of pairs with their mates `two` (no reads at all
    where single).

    Both are `placed.PlacedArrays`; spans int32[R, 2] their bases that count (`overhangs.observed_spans`).
    `histogram` int32[L, 3, 41] is added to: observed bases by target position, orientation (forward only,
    reverse only, both mates) and quality.

    Returns fragment arrays (junctions int64[N], forward int32[N, 2], reverse int32[N, 2], ends int32[N, 2]),
    exceptions (offsets int64[N+1], position int32[E], allele uint8[E], quality uint8[E]), insertions (fragment
    int32[I], position int32[I], offsets int64[I+1], bases uint8[.]), fragment int64[R]: the number of each read's
    fragment among those made here, -1 for none; and counts int64[3]: fragments made, fragments dropped because the
    mates contradict each other, pairs in the same orientation (one mate is used).
    """
    reads, paired = len(which), len(two.offsets) > 1
    room = _bases_in(one, which) + (_bases_in(two, which) if paired else 0) + 1
    length = graph.target_length
    junctions, offsets = np.zeros(reads, np.int64), np.zeros(reads + 1, np.int64)
    spans, ends = np.zeros((2, reads, 2), np.int32), np.zeros((reads, 2), np.int32)
    position, allele, quality = np.empty(room, np.int32), np.empty(room, np.uint8), np.empty(room, np.uint8)
    ins_fragment, ins_position = np.empty(room, np.int32), np.empty(room, np.int32)
    ins_offsets, ins_bases = np.empty(room + 1, np.int64), np.empty(room, np.uint8)
    ins_offsets[0] = 0
    # One row per strand: what the mate on it shows of every target base.
    base, qual = np.full((2, length), ABSENT, np.int16), np.zeros((2, length), np.int16)
    insertions = np.empty((2, MOST_INSERTIONS, 3), np.int32)
    first, stop, found = np.empty(2, np.int32), np.empty(2, np.int32), np.empty(2, np.int32)
    mate_on, counts = np.empty(2, np.int64), np.zeros(3, np.int64)
    fragment = np.full(len(one.placed), -1, np.int64)
    made, exceptions, inserted = 0, 0, 0
    for r in which:
        mask, passed, left, right = np.int64(0), np.int64(0), -1, -1
        for side in range(2):
            first[side], stop[side], found[side], mate_on[side] = -1, -1, 0, 0
        same = paired and one.placed[r] and two.placed[r] and one.reverse[r] == two.reverse[r]
        counts[2] += same
        for mate in range(1 if same or not paired else 2):
            reads_of = one if mate == 0 else two
            if not reads_of.placed[r]:
                continue
            side = reads_of.reverse[r]
            start, end = reads_of.offsets[r], reads_of.offsets[r + 1]
            nodes = reads_of.nodes[start:end]
            a, b = spans_one[r] if mate == 0 else spans_two[r]
            if a >= b:
                continue
            outer_left, outer_right = _outer_nodes(nodes)
            left = outer_left if side == 0 or left < 0 else left
            right = outer_right if side == 1 or right < 0 else right
            jumps, others = _read_mask(nodes, a, b, graph)
            mask, passed = mask | jumps, passed | others
            mate_on[side] = mate
            codes, quals = reads_of.codes[start:end], reads_of.quals[start:end]
            first[side], stop[side], found[side] = _observe(
                codes, quals, nodes, a, b, graph, min_quality, base[side], qual[side], insertions[side]
            )
        begin = first[0] if first[1] < 0 or (0 <= first[0] < first[1]) else first[1]
        end = max(stop[0], stop[1])
        if begin >= 0 and (mask & passed or _contradicts(mask, begin, end, base, graph.skipped)):
            counts[1] += 1
        elif begin >= 0:
            junctions[made], fragment[r] = mask, made
            for side in range(2):
                if first[side] >= 0:
                    spans[side, made, 0], spans[side, made, 1] = first[side], stop[side]
            ends[made, 0], ends[made, 1] = left, right
            if exceptions + end - begin > len(position):
                need = exceptions + end - begin
                position, allele, quality = _grown(position, need), _grown(allele, need), _grown(quality, need)
            exceptions = _write_exceptions(
                begin, end, base, qual, graph.bases, histogram, position, allele, quality, exceptions
            )
            bases = _bases_of(one, two, r, mate_on[0]), _bases_of(one, two, r, mate_on[1])
            for side in range(2):
                for k in range(found[side]):
                    insertion = insertions[side, k]
                    if not _is_confirmed(insertion, side, base, insertions, found, bases):
                        continue
                    ins_fragment[inserted], ins_position[inserted] = made, insertion[0]
                    at = ins_offsets[inserted]
                    for i in range(insertion[2]):
                        ins_bases[at + i] = bases[side][insertion[1] + i]
                    inserted += 1
                    ins_offsets[inserted] = at + insertion[2]
            made += 1
            offsets[made] = exceptions
        if begin >= 0:
            for side in range(2):
                _clear(base[side, begin:end])
    counts[0] = made
    whole = junctions[:made], spans[0, :made], spans[1, :made], ends[:made], offsets[: made + 1]
    changes = position[:exceptions].copy(), allele[:exceptions].copy(), quality[:exceptions].copy()
    added = ins_fragment[:inserted].copy(), ins_position[:inserted].copy(), ins_offsets[: inserted + 1].copy()
    return *whole, *changes, *added, ins_bases[: ins_offsets[inserted]].copy(), fragment, counts
