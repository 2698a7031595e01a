"""Straight reads that no gap could improve: the scores of all alignments in the band tell it, without their paths.

The scores are those of `gapped`; lanes beside each other are diagonals, and all lanes advance together.
"""

import numpy as np

from ablkd.kernels.jit import jit

K = 11
CLIPPED = -2
MATCH, MISMATCH, OPEN, EXTEND, CLIP = 1, 4, 6, 1, 5
BAND = 16
LANES = 2 * BAND + 1
FAR = -(10**8)
NO, CLIPS, WHOLE = 0, 1, 2


@jit
def _without_gaps(read, bases):
    """(score, first, last) of the best part of a read along bases of the same number."""
    n = len(read)
    score, start = FAR, 0
    best, first, last = 0, 0, -1
    for i in range(n):
        if score <= -(CLIP if i else 0):
            score, start = -(CLIP if i else 0), i
        score += MATCH if read[i] == bases[i] else -MISMATCH
        final = score - (CLIP if i < n - 1 else 0)
        if final > best:
            best, first, last = final, start, i
    return best, first, last


@jit
def _around(node, n, graph):
    """Bases of the plain neighbours from BAND before `node` to BAND behind n of them; 255 where there are none."""
    bases = np.full(n + 2 * BAND, 255, np.uint8)
    for k in range(n + 2 * BAND):
        v = node - BAND + k
        if 0 <= v < len(graph.bases) and graph.chain[v] == graph.chain[node]:
            bases[k] = graph.bases[v]
    return bases


@jit
def _has_rival(read, around, score):
    """Whether an alignment in the band with a gap, or on another diagonal, reaches `score`.

    `alone` is the middle diagonal without gaps, from which rivals begin; match, insertion and deletion are Gotoh's
    three states of rivals by lane.
    """
    n = len(read)
    match, insertion, deletion = np.full(LANES, FAR), np.full(LANES + 1, FAR), np.full(LANES, FAR)
    source = np.full(LANES + 1, FAR)
    alone = FAR
    for i in range(n):
        base, window = read[i], around[i : i + LANES]
        fresh = -(CLIP if i else 0)
        middle = max(match[BAND], insertion[BAND], deletion[BAND])
        for b in range(LANES):
            value = max(max(match[b], deletion[b]), max(insertion[b], fresh))
            match[b] = value + (MATCH if window[b] == base else -MISMATCH)
        step = MATCH if window[BAND] == base else -MISMATCH
        match[BAND] = middle + step
        alone = max(alone, fresh) + step
        top = FAR
        for b in range(LANES):
            top = max(top, match[b])
        if top - (CLIP if i < n - 1 else 0) >= score:
            return True
        for b in range(LANES):
            insertion[b] = max(source[b + 1] - OPEN, insertion[b + 1]) - EXTEND
        source[:LANES] = match
        source[BAND] = max(match[BAND], alone)
        gap = FAR
        for b in range(LANES):
            deletion[b] = gap
            gap = max(source[b] - OPEN, gap) - EXTEND
    return False


@jit
def _jump_in(laid, offsets):
    """Whether a jump leaves, or ends at, one of the nodes of a part that is not aligned or the base beside it."""
    return np.any(offsets[laid + 1] > offsets[laid])


@jit
def keep_gapless(codes, offsets, which, nodes, graph):
    """Which of the reads `which` int64[W], laid straight on `nodes` int32[B], no gap could improve: uint8[W].

    WHOLE, CLIPS (few bases at an end are not aligned; their nodes are written) or NO, for all that could hold a gap,
    a jump or a second place.
    """
    kept = np.zeros(len(which), np.uint8)
    for w in range(len(which)):
        start, stop = offsets[which[w]], offsets[which[w] + 1]
        read, laid = codes[start:stop], nodes[start:stop]
        n = len(read)
        around = _around(laid[0], n, graph)
        score, first, last = _without_gaps(read, around[BAND : BAND + n])
        # A part that is not aligned could have a seed elsewhere, or lie behind a jump.
        if 2 * score < n or first >= K or n - 1 - last >= K or _has_rival(read, around, score):
            continue
        if first and _jump_in(laid[: first + 1], graph.in_offsets):
            continue
        if last < n - 1 and _jump_in(laid[last:], graph.out_offsets):
            continue
        laid[:first] = CLIPPED
        laid[last + 1 :] = CLIPPED
        kept[w] = WHOLE if last - first == n - 1 else CLIPS
    return kept
