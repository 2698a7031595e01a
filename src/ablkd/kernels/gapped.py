"""Gapped placement: a read is aligned to the sequence of nodes that its seeds follow, with affine gaps in a band
around them (Gotoh 1982).

Output node codes: v >= 0 a graph node, INSERTED a base between nodes, CLIPPED a base that is not aligned.
"""

import numpy as np

from ablkd.kernels.jit import jit

INSERTED = -1
CLIPPED = -2
MATCH, MISMATCH, OPEN, EXTEND, CLIP = 1, 4, 6, 1, 5
BAND = 16
# METHOD: within a run of 32 equal bases the best alignment follows the run, but for 12 at either end, where a gap may
# lie as well: to leave the diagonal of such a run and to come back costs more than any shift within the band can win.
RUN, RUN_END = 32, 12
FAR = -(10**8)


@jit
def _sure(read, sequence, centre):
    """Marks uint8[n] the bases within a run of equal bases along the path, away from the run's ends.

    A run that reaches the end of the read is sure up to there.
    """
    n, m = len(read), len(sequence)
    sure = np.zeros(n, np.uint8)
    start = 0
    for i in range(n + 1):
        on = i < n and 0 <= centre[i] < m and read[i] == sequence[centre[i]]
        if on and (i == start or centre[i] == centre[i - 1] + 1):
            continue
        if i - start >= RUN:
            first = start + RUN_END if start else 0
            last = i - RUN_END if i < n else n
            for k in range(first, last):
                sure[k] = 1
        start = i if on else i + 1
    return sure


@jit
def _align(read, sequence, centre, width):
    """Banded affine alignment; returns int32[n]: index in `sequence`, INSERTED or CLIPPED for each read base."""
    n, m = len(read), len(sequence)
    band = 2 * width + 1
    sure = _sure(read, sequence, centre)
    # One row per read base; column b stands for sequence index centre[i] - width + b.
    move = np.empty((n, band), np.uint8)
    match, new_match = np.full(band, FAR, np.int32), np.full(band, FAR, np.int32)
    insertion, new_insertion = match.copy(), match.copy()
    deletion, new_deletion = match.copy(), match.copy()
    best, best_i, best_b = 0, -1, -1
    for i in range(n):
        if sure[i]:
            if i == 0 or not sure[i - 1]:
                reached = match[width] if i else 0
                match[:], insertion[:], deletion[:] = FAR, FAR, FAR
                match[width] = reached
            match[width] += MATCH
            move[i, width] = 1 if i else 0
            final = match[width] - (CLIP if i < n - 1 else 0)
            if final > best:
                best, best_i, best_b = final, i, width
            continue
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
def place_gapped(codes, offsets, which, nodes, bases, path_offsets, path, centre, widest, min_matches, min_identity):
    """Place the reads `which` int64[W] of a batch along their paths (`ways.lay_paths`).

    Writes their rows of `nodes` int32[B] and returns placed uint8[W]: 1 where at least `min_matches` bases and
    a fraction `min_identity` of the aligned ones match. `bases` uint8[V] are those of the graph.
    """
    placed = np.zeros(len(which), np.uint8)
    base = 0
    for w in range(len(which)):
        start, stop = offsets[which[w]], offsets[which[w] + 1]
        read = codes[start:stop]
        nodes[start:stop] = CLIPPED
        base += stop - start
        along = path[path_offsets[w] : path_offsets[w + 1]]
        if len(along) == 0:
            continue
        sequence = np.empty(len(along), np.uint8)
        for j in range(len(along)):
            sequence[j] = bases[along[j]]
        found = _align(read, sequence, centre[base - len(read) : base], BAND + widest[w])
        matches, aligned = 0, 0
        for i in range(len(read)):
            if found[i] >= 0:
                aligned += 1
                matches += read[i] == sequence[found[i]]
        if matches < min_matches or matches < min_identity * aligned:
            continue
        placed[w] = 1
        for i in range(len(read)):
            nodes[start + i] = along[found[i]] if found[i] >= 0 else found[i]
    return placed
