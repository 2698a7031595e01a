"""Placed reads -> raw BAM records (SAM specification 1.6, section 4.2), unsorted and uncompressed."""

import numpy as np

from ablkd.kernels.jit import jit

INSERTED, CLIPPED = -1, -2
OP_M, OP_I, OP_D, OP_N, OP_S = 0, 1, 2, 3, 4


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
def _joined(u, v, out_offsets, out_edges, edge_to):
    for e in range(out_offsets[u], out_offsets[u + 1]):
        if edge_to[out_edges[e]] == v:
            return out_edges[e]
    return -1


@jit
def _contig(nodes, target_length, depth, home, contig_of_edge, out_offsets, out_edges, edge_to):
    """Contig a read is shown on: its fusion where it crosses one, else where its nodes are at home."""
    contig, last = -1, -1
    for i in range(len(nodes)):
        v = nodes[i]
        if v < 0:
            continue
        if contig < 0 or depth[v] >= 0:
            contig = home[v]
        if last >= 0 and depth[last] >= 0 and v < target_length:
            e = _joined(last, v, out_offsets, out_edges, edge_to)
            return contig_of_edge[e] if e >= 0 else contig
        last = v
    return contig


@jit
def _cigar(nodes, contig, target_length, depth, shift, out_offsets, out_edges, edge_to, ops, sizes):
    """Fill run-length operations; returns (count, first contig position, past the last)."""
    count, start, end = 0, -1, -1
    last = -1
    first_aligned, last_aligned = len(nodes), -1
    for i in range(len(nodes)):
        if nodes[i] >= 0 and (nodes[i] < target_length or depth[nodes[i]] >= 0):
            first_aligned = min(first_aligned, i)
            last_aligned = i
    for i in range(len(nodes)):
        v = nodes[i]
        if i < first_aligned or i > last_aligned:
            op, p = OP_S, -1
        elif v < 0 or (v >= target_length and depth[v] < 0):
            op, p = OP_I, -1
        else:
            op = OP_M
            p = v + shift[contig] if v < target_length else depth[v]
            if start < 0:
                start = p
            elif p > end:
                gap = OP_D
                if _joined(last, v, out_offsets, out_edges, edge_to) >= 0:
                    gap = OP_N
                ops[count], sizes[count] = gap, p - end
                count += 1
            end = p + 1
            last = v
        if count and ops[count - 1] == op:
            sizes[count - 1] += 1
        else:
            ops[count], sizes[count] = op, 1
            count += 1
    return count, start, end


@jit
def encode_records(
    codes, quals, offsets, nodes, reverse, placed, names, name_offsets,
    mate, mate_nodes, mate_offsets, mate_reverse, mate_placed,
    target_length, depth, home, contig_of_edge, shift, out_offsets, out_edges, edge_to,
):
    """BAM records of R reads as bytes uint8[.]; `mate` is 0 for single reads, 1 or 2 for the mates of a pair."""
    size = 0
    for r in range(len(offsets) - 1):
        length = offsets[r + 1] - offsets[r]
        size += 4 + 32 + name_offsets[r + 1] - name_offsets[r] + 1 + 8 * (length + 2) + (length + 1) // 2 + length
    out = np.empty(size, np.uint8)
    longest = 0
    for r in range(len(offsets) - 1):
        longest = max(longest, offsets[r + 1] - offsets[r])
    ops = np.empty(2 * longest + 2, np.int64)
    sizes = np.empty(2 * longest + 2, np.int64)
    letters = np.array([1, 2, 4, 8, 15], np.uint8)
    at = 0
    for r in range(len(offsets) - 1):
        s, e = offsets[r], offsets[r + 1]
        n = e - s
        contig, start, end, count = -1, -1, 0, 0
        if placed[r]:
            contig = _contig(nodes[s:e], target_length, depth, home, contig_of_edge, out_offsets, out_edges, edge_to)
            count, start, end = _cigar(
                nodes[s:e], contig, target_length, depth, shift, out_offsets, out_edges, edge_to, ops, sizes
            )
        mate_contig, mate_start = -1, -1
        flag = 0 if placed[r] and start >= 0 else 4
        if flag:
            contig, start, count = -1, -1, 0
        if reverse[r]:
            flag |= 16
        if mate:
            flag |= 1 | (64 if mate == 1 else 128)
            ms, me = mate_offsets[r], mate_offsets[r + 1]
            if mate_placed[r]:
                mate_contig = _contig(
                    mate_nodes[ms:me], target_length, depth, home, contig_of_edge, out_offsets, out_edges, edge_to
                )
                for i in range(ms, me):
                    v = mate_nodes[i]
                    if v >= 0 and (v < target_length or depth[v] >= 0):
                        mate_start = v + shift[mate_contig] if v < target_length else depth[v]
                        break
            if mate_start < 0:
                flag |= 8
                mate_contig = -1
                if not flag & 4:
                    mate_contig, mate_start = contig, start
            if mate_reverse[r]:
                flag |= 32
            if flag & 4 and mate_start >= 0:
                contig, start = mate_contig, mate_start
            if not flag & 12 and contig == mate_contig and reverse[r] != mate_reverse[r]:
                flag |= 2
        begin = at
        at = _put(out, at, 0, 4)
        at = _put(out, at, contig, 4)
        at = _put(out, at, start, 4)
        name_length = name_offsets[r + 1] - name_offsets[r]
        short = min(name_length, 254)
        at = _put(out, at, max(short, 1) + 1, 1)
        at = _put(out, at, 0 if flag & 4 else 60, 1)
        at = _put(out, at, _bin(start, max(end, start + 1)) if start >= 0 else 4680, 2)
        at = _put(out, at, count, 2)
        at = _put(out, at, flag, 2)
        at = _put(out, at, n, 4)
        at = _put(out, at, mate_contig, 4)
        at = _put(out, at, mate_start, 4)
        at = _put(out, at, 0, 4)
        if short == 0:
            out[at] = 42
            at += 1
        for i in range(short):
            letter = names[name_offsets[r] + i]
            out[at] = letter if 33 <= letter <= 126 and (letter != 64 or i) else 95
            at += 1
        at = _put(out, at, 0, 1)
        for k in range(count):
            at = _put(out, at, sizes[k] << 4 | ops[k], 4)
        for i in range(0, n, 2):
            low = letters[codes[s + i + 1]] if i + 1 < n else 0
            out[at] = letters[codes[s + i]] << 4 | low
            at += 1
        for i in range(n):
            out[at] = quals[s + i]
            at += 1
        _put(out, begin, at - begin - 4, 4)
    return out[:at]
