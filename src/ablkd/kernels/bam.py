"""Placed reads -> raw BAM records (SAM specification 1.6, section 4.2), unsorted and uncompressed."""

import numpy as np

from ablkd.kernels.jit import jit

INSERTED, CLIPPED = -1, -2
OP_M, OP_I, OP_D, OP_N, OP_S = 0, 1, 2, 3, 4
# As in merging and in tally: bases lost beside a jump, and the longest gap that is a deletion.
MOST_LOST, LONGEST_DELETION = 6, 30
WITHOUT_PLACE = 1 << 62
FIXED = 36  # bytes of a record before its name


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
def _place(nodes, straight, graph, contig_of_edge, shift, lengths):
    """(contig, its position of the first aligned base or -1 where none is) of a read that has a place."""
    if straight:
        contig = np.int64(graph.home[nodes[-1]])
        nodes = nodes[:1]
    else:
        contig = np.int64(_contig(nodes, graph, contig_of_edge))
    for i in range(len(nodes)):
        v = np.int64(nodes[i])
        if 0 <= v < graph.target_length and v + shift[contig] < lengths[contig]:
            return contig, v + shift[contig]
        if v >= graph.target_length and graph.depth[v] >= 0:
            return contig, np.int64(graph.depth[v])
    return contig, np.int64(-1)


@jit
def places(reads, graph, contig_of_edge, shift, lengths):
    """Contigs and first positions int64[R, 2] of `placed.PlacedArrays`; position -1 where a read has none.

    contig_of_edge int32[J], shift int64[contigs] (contig position of target base 0) and lengths int64[contigs] place
    them on contigs.
    """
    found = np.full((len(reads.placed), 2), -1, np.int64)
    for r in range(len(reads.placed)):
        if reads.placed[r]:
            nodes = reads.nodes[reads.offsets[r] : reads.offsets[r + 1]]
            found[r, 0], found[r, 1] = _place(nodes, reads.straight[r], graph, contig_of_edge, shift, lengths)
    return found


@jit
def _is_one_match(nodes, straight, shift, length, graph):
    """Whether every base of a read is aligned, each behind the one before it."""
    if nodes[-1] < graph.target_length:
        return straight and nodes[-1] + shift < length
    return straight and graph.depth[nodes[0]] >= 0


@jit
def _room(reads, name_offsets):
    """Bytes that records of these reads take at the most."""
    size = 0
    for r in range(len(reads.offsets) - 1):
        length = reads.offsets[r + 1] - reads.offsets[r]
        operations = 4 if reads.straight[r] else 4 * length + 4
        size += 36 + name_offsets[r + 1] - name_offsets[r] + 2 + 4 * operations + (length + 1) // 2 + length
    return size


@jit
def _write(out, at, values):
    """Bytes to out[at:]; returns where they end."""
    place = out[at : at + len(values)]
    for i in range(len(values)):
        place[i] = values[i]
    return at + len(values)


@jit
def _write_name(out, at, letters):
    """A name of printable letters, at most 254 of them, ended by a zero; `*` where there is none."""
    short = min(len(letters), 254)
    name = out[at : at + max(short, 1) + 1]
    name[0] = 42
    for i in range(short):
        name[i] = letters[i] if 33 <= letters[i] <= 126 else 95
    if name[0] == 64:  # @ begins a line of the header
        name[0] = 95
    name[-1] = 0
    return at + len(name)


@jit
def _write_bases(out, at, codes, quals):
    n = len(codes)
    packed = out[at : at + (n + 1) // 2]
    for k in range(n // 2):
        packed[k] = _letter(codes[2 * k]) << 4 | _letter(codes[2 * k + 1])
    if n % 2:
        packed[n // 2] = _letter(codes[n - 1]) << 4
    at += (n + 1) // 2
    scores = out[at : at + n]
    for k in range(n):
        scores[k] = quals[k]
    return at + n


@jit
def _letter(code):
    """A base code A C G T, or 4 for any other, as the 4-bit letter 1 2 4 8 or 15 of BAM: reckoned without a branch."""
    return np.uint8(code + 1 + (code == 2) + 4 * (code == 3) + 10 * (code == 4))


@jit
def _pair(number, r, reads, own, mates, others):
    """(flag, contig, start, contig and start of the mate) of a read without or with a mate."""
    contig, start = own[r, 0], own[r, 1]
    flag = (0 if start >= 0 else 4) | 16 * np.int64(reads.reverse[r])
    if start < 0:
        contig = np.int64(-1)
    if not number:
        return flag, contig, start, np.int64(-1), np.int64(-1)
    flag |= 1 | (64 if number == 1 else 128) | 32 * np.int64(mates.reverse[r])
    mate_contig, mate_start = others[r, 0], others[r, 1]
    # A read without a place is kept beside its mate (SAM recommended practice).
    if mate_start < 0:
        flag |= 8
        mate_contig, mate_start = contig, start
    elif flag & 4:
        contig, start = mate_contig, mate_start
    if not flag & 12 and contig == mate_contig and reads.reverse[r] != mates.reverse[r]:
        flag |= 2
    return flag, contig, start, mate_contig, mate_start


@jit
def encode_records(reads, own, mates, others, number, names, name_offsets, graph, shift, lengths):
    """BAM records of R reads, and keys that sort them by contig, position and strand, those without a place last.

    `reads` and `mates` are `placed.PlacedArrays`, `own` and `others` their `places`, which tell of shift and lengths;
    `number` is 0 for single reads, 1 or 2 for a mate of a pair.
    Returns (records uint8[B], where each begins int64[R+1], keys int64[R]).
    """
    out = np.empty(_room(reads, name_offsets), np.uint8)
    size = len(reads.placed)
    begins, keys = np.zeros(size + 1, np.int64), np.empty(size, np.int64)
    longest = 1
    for r in range(size):
        longest = max(longest, reads.offsets[r + 1] - reads.offsets[r])
    ops, sizes = np.empty(4 * longest + 4, np.int64), np.empty(4 * longest + 4, np.int64)
    fixed, operations = np.zeros(9, np.int32), np.empty(4 * longest + 4, np.uint32)
    at = 0
    for r in range(size):
        s, e = reads.offsets[r], reads.offsets[r + 1]
        nodes = reads.nodes[s:e]
        flag, contig, start, mate_contig, mate_start = _pair(number, r, reads, own, mates, others)
        end, count = start + 1, 0
        if not flag & 4 and _is_one_match(nodes, reads.straight[r], shift[contig], lengths[contig], graph):
            ops[0], sizes[0], count, end = OP_M, e - s, 1, start + e - s
        elif not flag & 4:
            count, _, end = _cigar(nodes, shift[contig], lengths[contig], graph, ops, sizes)
        name = names[name_offsets[r] : name_offsets[r + 1]]
        at = _write_name(out, begins[r] + FIXED, name)
        for k in range(count):
            operations[k] = sizes[k] << 4 | ops[k]
        at = _write(out, at, operations[:count].view(np.uint8))
        at = _write_bases(out, at, reads.codes[s:e], reads.quals[s:e])
        bin_number = _bin(start, end) if start >= 0 else 4680
        quality = 0 if flag & 4 else 60
        fixed[0], fixed[1], fixed[2] = at - begins[r] - 4, contig, start
        fixed[3] = bin_number << 16 | quality << 8 | max(min(len(name), 254), 1) + 1
        fixed[4], fixed[5], fixed[6], fixed[7] = flag << 16 | count, e - s, mate_contig, mate_start
        _write(out, begins[r], fixed.view(np.uint8))
        begins[r + 1] = at
        keys[r] = contig << 33 | start << 1 | np.int64(reads.reverse[r]) if start >= 0 else WITHOUT_PLACE
    return out[:at], begins, keys
