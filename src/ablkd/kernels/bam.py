"""Placed reads -> raw BAM records (SAM specification 1.6, section 4.2), unsorted and uncompressed."""

import numpy as np

from ablkd.kernels.jit import jit

INSERTED, CLIPPED = -1, -2
OP_M, OP_I, OP_D, OP_N, OP_S = 0, 1, 2, 3, 4
# As in merging and in tally: bases lost beside a jump, and the longest gap that is a deletion.
MOST_LOST, LONGEST_DELETION = 6, 30
# Base codes A C G T and any other, as the 4-bit letters of BAM.
LETTERS = np.array([1, 2, 4, 8, 15], np.uint8)


@jit
def _bin(begin, end):
    """UCSC bin of a half-open region (SAM specification, section 5.3)."""
    end -= 1
    if begin >> 14 == end >> 14:
        return ((1 << 15) - 1) // 7 + (begin >> 14)
    if begin >> 17 == end >> 17:
        return ((1 << 12) - 1) // 7 + (begin >> 17)
    if begin >> 20 == end >> 20:
        return ((1 << 9) - 1) // 7 + (begin >> 20)
    if begin >> 23 == end >> 23:
        return ((1 << 6) - 1) // 7 + (begin >> 23)
    if begin >> 26 == end >> 26:
        return ((1 << 3) - 1) // 7 + (begin >> 26)
    return 0


@jit
def _put(out, at, value, size):
    for i in range(size):
        out[at + i] = (value >> (8 * i)) & 255
    return at + size


@jit
def _joined(u, v, graph):
    for e in range(graph.out_offsets[u], graph.out_offsets[u + 1]):
        if graph.edge_to[graph.out_edges[e]] == v:
            return graph.out_edges[e]
    return -1


@jit
def _contig(nodes, graph, contig_of_edge):
    """Contig a read is shown on: its fusion where it crosses one, else where its nodes are at home."""
    contig, last = -1, -1
    for i in range(len(nodes)):
        v = nodes[i]
        if v < 0:
            continue
        if contig < 0 or graph.depth[v] >= 0:
            contig = graph.home[v]
        if last >= 0 and graph.depth[last] >= 0 and v < graph.target_length:
            e = _joined(last, v, graph)
            return contig_of_edge[e] if e >= 0 else contig
        last = v
    return contig


@jit
def _gap(u, v, size, graph):
    """Bases deleted before and behind the jump that best explains a gap of `size` between nodes u and v.

    Where there is none, a long gap is a junction of its own, (0, 0), and a short one a deletion, (size, 0).
    """
    before, behind = (size, 0) if size <= LONGEST_DELETION else (0, 0)
    most = min(MOST_LOST, size - 1) if graph.chain[u] == graph.chain[v] else MOST_LOST
    for e in range(len(graph.edge_from)):
        a, b = graph.edge_from[e], graph.edge_to[e]
        if graph.chain[a] == graph.chain[u] and graph.chain[b] == graph.chain[v]:
            left, right = graph.place[a] - graph.place[u], graph.place[v] - graph.place[b]
            if left >= 0 and right >= 0 and left + right <= most:
                before, behind, most = left, right, left + right - 1
    return before, behind


@jit
def _add(ops, sizes, count, op, size):
    """Append an operation, joined to an equal one before it; returns the new count."""
    if size <= 0:
        return count
    if count and ops[count - 1] == op:
        sizes[count - 1] += size
        return count
    ops[count], sizes[count] = op, size
    return count + 1


@jit
def _cigar(nodes, shift, length, graph, ops, sizes):
    """Fill run-length operations; returns (count, first contig position, past the last).

    Bases that lie past the contig's `length` are clipped.
    """
    target_length, depth = graph.target_length, graph.depth
    count, start, end = 0, -1, -1
    last = -1
    first_aligned, last_aligned = len(nodes), -1
    for i in range(len(nodes)):
        v = nodes[i]
        if (0 <= v < target_length and v + shift < length) or (v >= target_length and depth[v] >= 0):
            first_aligned = min(first_aligned, i)
            last_aligned = i
    for i in range(len(nodes)):
        v = nodes[i]
        if i < first_aligned or i > last_aligned:
            count = _add(ops, sizes, count, OP_S, 1)
        elif v < 0 or (v >= target_length and depth[v] < 0):
            count = _add(ops, sizes, count, OP_I, 1)
        else:
            p = v + shift if v < target_length else depth[v]
            if start < 0:
                start = p
            elif p > end:
                before, behind = _gap(last, v, p - end, graph)
                count = _add(ops, sizes, count, OP_D, before)
                count = _add(ops, sizes, count, OP_N, p - end - before - behind)
                count = _add(ops, sizes, count, OP_D, behind)
            count = _add(ops, sizes, count, OP_M, 1)
            end = p + 1
            last = v
    return count, start, end


@jit
def _first_position(nodes, shift, length, graph):
    """Contig position of the first aligned base; -1 where none is."""
    for i in range(len(nodes)):
        v = nodes[i]
        if (0 <= v < graph.target_length and v + shift < length) or (v >= graph.target_length and graph.depth[v] >= 0):
            return v + shift if v < graph.target_length else graph.depth[v]
    return -1


@jit
def _room(reads, name_offsets):
    """Bytes that records of these reads take at the most."""
    size = 0
    for r in range(len(reads.offsets) - 1):
        length = reads.offsets[r + 1] - reads.offsets[r]
        size += 4 + 32 + name_offsets[r + 1] - name_offsets[r] + 2 + 16 * (length + 1) + (length + 1) // 2 + length
    return size


@jit
def _write_name(out, at, letters):
    """A name of printable letters, at most 254 of them, ended by a zero; `*` where there is none."""
    short = min(len(letters), 254)
    if short == 0:
        out[at] = 42
        at += 1
    for i in range(short):
        out[at] = letters[i] if 33 <= letters[i] <= 126 and (letters[i] != 64 or i) else 95
        at += 1
    return _put(out, at, 0, 1)


@jit
def _write_bases(out, at, codes, quals):
    n = len(codes)
    for i in range(0, n, 2):
        low = LETTERS[codes[i + 1]] if i + 1 < n else 0
        out[at] = LETTERS[codes[i]] << 4 | low
        at += 1
    for i in range(n):
        out[at] = quals[i]
        at += 1
    return at


@jit
def encode_records(reads, mates, number, names, name_offsets, graph, contig_of_edge, shift, lengths):
    """BAM records of R reads as bytes uint8[.].

    `reads` and `mates` are `align.PlacedArrays`; `number` is 0 for single reads, 1 or 2 for a mate of a pair.
    contig_of_edge int32[J], shift int64[contigs] (contig position of target base 0) and lengths int64[contigs] place
    them on contigs.
    """
    out = np.empty(_room(reads, name_offsets), np.uint8)
    longest = 0
    for r in range(len(reads.offsets) - 1):
        longest = max(longest, reads.offsets[r + 1] - reads.offsets[r])
    ops, sizes = np.empty(4 * longest + 4, np.int64), np.empty(4 * longest + 4, np.int64)
    at = 0
    for r in range(len(reads.offsets) - 1):
        s, e = reads.offsets[r], reads.offsets[r + 1]
        contig, start, end, count = -1, -1, 0, 0
        if reads.placed[r]:
            contig = _contig(reads.nodes[s:e], graph, contig_of_edge)
            count, start, end = _cigar(reads.nodes[s:e], shift[contig], lengths[contig], graph, ops, sizes)
        flag = 0
        if start < 0:
            flag, contig, count = 4, -1, 0
        flag |= 16 * reads.reverse[r]
        mate_contig, mate_start = -1, -1
        if number:
            flag |= 1 | (64 if number == 1 else 128) | 32 * mates.reverse[r]
            nodes = mates.nodes[mates.offsets[r] : mates.offsets[r + 1]]
            if mates.placed[r]:
                mate_contig = _contig(nodes, graph, contig_of_edge)
                mate_start = _first_position(nodes, shift[mate_contig], lengths[mate_contig], graph)
            # A read without a place is kept beside its mate (SAM recommended practice).
            if mate_start < 0:
                flag |= 8
                mate_contig, mate_start = contig, start
            elif flag & 4:
                contig, start = mate_contig, mate_start
            if not flag & 12 and contig == mate_contig and reads.reverse[r] != mates.reverse[r]:
                flag |= 2
        begin = at
        name = names[name_offsets[r] : name_offsets[r + 1]]
        at = _put(out, at, 0, 4)
        at = _put(out, at, contig, 4)
        at = _put(out, at, start, 4)
        at = _put(out, at, max(min(len(name), 254), 1) + 1, 1)
        at = _put(out, at, 0 if flag & 4 else 60, 1)
        at = _put(out, at, _bin(start, max(end, start + 1)) if start >= 0 else 4680, 2)
        at = _put(out, at, count, 2)
        at = _put(out, at, flag, 2)
        at = _put(out, at, e - s, 4)
        at = _put(out, at, mate_contig, 4)
        at = _put(out, at, mate_start, 4)
        at = _put(out, at, 0, 4)
        at = _write_name(out, at, name)
        for k in range(count):
            at = _put(out, at, sizes[k] << 4 | ops[k], 4)
        at = _write_bases(out, at, reads.codes[s:e], reads.quals[s:e])
        _put(out, begin, at - begin - 4, 4)
    return out[:at]
