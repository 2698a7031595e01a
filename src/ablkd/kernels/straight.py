"""Straight reads -> fragments, as `merging` does for any: without jumps, gaps and clips there is little to ask."""

import numpy as np

from ablkd.kernels.jit import jit
from ablkd.kernels.poor import poor_base, poor_of_two

UNOBSERVED = 5
FORWARD, REVERSE, BOTH = 0, 1, 2
MOST_QUALITY, QUALITIES = 40, 41


@jit
def _covering(begin, end, read):
    """Codes and qualities of a read over target positions [begin, end), in arrays of their own: their indices need no
    check, so that a base takes half the time."""
    codes, quals, shift = read
    return codes[shift + begin : shift + end], quals[shift + begin : shift + end]


@jit
def _place(k, strand, quality):
    """Where a base is counted in a flat histogram, k positions on; unsigned, which needs no check either."""
    return np.uint64((3 * k + strand) * QUALITIES + np.int64(quality))


@jit
def _one_strand(begin, end, strand, read, target, min_quality, histogram, out, at):
    """Count the bases of one mate over target positions [begin, end); append what differs; returns the new end."""
    codes, quals = _covering(begin, end, read)
    bases, counts = target[begin:end], histogram[_place(begin, 0, 0) :]
    position, allele, quality = out
    for k in range(end - begin):
        q = min(quals[k], MOST_QUALITY)
        if q < min_quality or codes[k] > 3:
            position[at] = begin + k
            allele[at], quality[at] = poor_base(codes[k], q)
            at += 1
            continue
        counts[_place(k, strand, q)] += 1
        if codes[k] != bases[k]:
            position[at], allele[at], quality[at] = begin + k, codes[k], q
            at += 1
    return at


@jit
def _two_strands(begin, end, one, two, target, min_quality, histogram, out, at):
    """The same where both mates cover the positions."""
    codes, quals = _covering(begin, end, one)
    other_codes, other_quals = _covering(begin, end, two)
    bases, counts = target[begin:end], histogram[_place(begin, 0, 0) :]
    position, allele, quality = out
    for k in range(end - begin):
        code, q = codes[k], min(quals[k], MOST_QUALITY)
        other, other_q = other_codes[k], min(other_quals[k], MOST_QUALITY)
        strand = BOTH
        if q < min_quality or code > 3:
            if other_q < min_quality or other > 3:
                (code, q), (other, other_q) = poor_base(code, q), poor_base(other, other_q)
                code, q = poor_of_two(code, q, other, other_q)
            else:
                strand, code, q = REVERSE, other, other_q
        elif other_q < min_quality or other > 3:
            strand = FORWARD
        elif code == other:
            q = min(q + other_q, MOST_QUALITY)
        else:
            # METHOD: mates that disagree are not observed, whichever has the higher quality.
            code, q = UNOBSERVED, 0
        if code < UNOBSERVED:
            counts[_place(k, strand, q)] += 1
        if code != bases[k]:
            position[at], allele[at], quality[at] = begin + k, code, q
            at += 1
    return at


@jit
def merge_straight(one, two, spans_one, spans_two, which, graph, min_quality, histogram):
    """Fragments of the straight reads `which` int64[W], or of pairs of straight mates on opposite strands.

    Parameters and results are those of `merging.merge_fragments`.
    """
    paired, length, flat = len(two.offsets) > 1, graph.target_length, histogram.reshape(-1)
    size, room = len(which), len(one.codes) + len(two.codes)
    junctions, offsets = np.zeros(size, np.int64), np.zeros(size + 1, np.int64)
    spans, ends = np.zeros((2, size, 2), np.int32), np.zeros((size, 2), np.int32)
    out = np.empty(room, np.int32), np.empty(room, np.uint8), np.empty(room, np.uint8)
    begin, stop = np.zeros(2, np.int64), np.zeros(2, np.int64)
    mate_on, shift = np.zeros(2, np.int64), np.zeros(2, np.int64)
    made, at = 0, 0
    for r in which:
        left, right = -1, -1
        begin[:], stop[:] = 0, 0
        for mate in range(2 if paired else 1):
            reads = one if mate == 0 else two
            a, b = spans_one[r] if mate == 0 else spans_two[r]
            if a >= b:
                continue
            side = reads.reverse[r]
            first, last = reads.nodes[reads.offsets[r]], reads.nodes[reads.offsets[r + 1] - 1]
            left = first if side == FORWARD or left < 0 else left
            right = last if side == REVERSE or right < 0 else right
            if first < length:
                begin[side], stop[side] = first + a, first + b
            mate_on[side], shift[side] = mate, reads.offsets[r] - first
        if max(stop[0], stop[1]) == 0:
            continue
        one_read = (one.codes, one.quals, shift[0]) if mate_on[0] == 0 else (two.codes, two.quals, shift[0])
        two_read = (one.codes, one.quals, shift[1]) if mate_on[1] == 0 else (two.codes, two.quals, shift[1])
        inner, outer = max(begin[0], begin[1]), min(stop[0], stop[1])
        cuts = min(begin[0], begin[1]), min(inner, outer), max(inner, outer), max(stop[0], stop[1])
        for k in range(3):
            low, high = cuts[k], cuts[k + 1]
            forward, reverse = begin[0] <= low < stop[0], begin[1] <= low < stop[1]
            if forward and reverse:
                at = _two_strands(low, high, one_read, two_read, graph.bases, min_quality, flat, out, at)
            elif forward:
                at = _one_strand(low, high, FORWARD, one_read, graph.bases, min_quality, flat, out, at)
            elif reverse:
                at = _one_strand(low, high, REVERSE, two_read, graph.bases, min_quality, flat, out, at)
        for side in range(2):
            spans[side, made, 0], spans[side, made, 1] = begin[side], stop[side]
        ends[made, 0], ends[made, 1] = left, right
        made += 1
        offsets[made] = at
    whole = junctions[:made], spans[0, :made], spans[1, :made], ends[:made], offsets[: made + 1]
    changes = out[0][:at].copy(), out[1][:at].copy(), out[2][:at].copy()
    no_insertions = np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(1, np.int64), np.zeros(0, np.uint8)
    return *whole, *changes, *no_insertions, np.array([made, 0, 0])
