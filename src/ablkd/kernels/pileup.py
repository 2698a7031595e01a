"""Counting fragments by codon state and orientation."""

import numpy as np

from ablkd.kernels.jit import jit

FORWARD, REVERSE, BOTH = 0, 1, 2
NOT_COVERED, SKIPPED, NOT_OBSERVED, MASKED = -1, -2, -3, -4


@jit
def _covering(p, forward, reverse):
    """Orientation that observes codon bases p to p+2; NOT_COVERED where a base is missing."""
    by_forward = forward[0] <= p and p + 3 <= forward[1]
    by_reverse = reverse[0] <= p and p + 3 <= reverse[1]
    if by_forward and by_reverse:
        return BOTH
    if by_forward:
        return FORWARD
    if by_reverse:
        return REVERSE
    for i in range(p, p + 3):
        if not (forward[0] <= i < forward[1] or reverse[0] <= i < reverse[1]):
            return NOT_COVERED
    return BOTH


@jit
def _is_skipped(p, mask, skipped):
    """Does a jump of the fragment leave out any base of the codon at p?"""
    e = 0
    while mask:
        if mask & 1 and skipped[e, 0] < p + 3 and p < skipped[e, 1]:
            return True
        mask >>= np.int64(1)
        e += 1
    return False


@jit
def _is_primer(p, tile, primers):
    if tile < 0:
        return False
    return (primers[tile, 0] < p + 3 and p < primers[tile, 1]) or (primers[tile, 2] < p + 3 and p < primers[tile, 3])


@jit
def _state(p, first, last, position, allele, target):
    """Codon state 0-63 of a fragment whose exceptions from `first` on lie at or behind p; NOT_OBSERVED."""
    state = 0
    k = first
    for i in range(p, p + 3):
        code = np.int64(target[i])
        if k < last and position[k] == i:
            code = np.int64(allele[k])
            k += 1
        if code > 3:
            return NOT_OBSERVED
        state = 4 * state + code
    return state


@jit
def count_codons(junctions, forward, reverse, tile, offsets, position, allele, target, skipped, primers):
    """Codon states of all fragments.

    Returns counts int64[C, 3, 64] (by codon, orientation, state), skipping int64[C] (fragments that span the
    codon and whose isoform leaves it out) and masked int64[C] (fragments whose codon bases are primer).
    """
    codons = len(target) // 3
    counts = np.zeros((codons, 3, 64), np.int64)
    skipping = np.zeros(codons, np.int64)
    masked = np.zeros(codons, np.int64)
    for n in range(len(junctions)):
        start, stop = forward[n, 0], forward[n, 1]
        if stop == 0:
            start, stop = reverse[n, 0], reverse[n, 1]
        elif reverse[n, 1] > 0:
            start, stop = min(start, reverse[n, 0]), max(stop, reverse[n, 1])
        k, last = offsets[n], offsets[n + 1]
        for c in range((start + 2) // 3, min(stop // 3, codons)):
            p = 3 * c
            while k < last and position[k] < p:
                k += 1
            if junctions[n] and _is_skipped(p, junctions[n], skipped):
                skipping[c] += 1
                continue
            orientation = _covering(p, forward[n], reverse[n])
            if orientation == NOT_COVERED:
                continue
            if _is_primer(p, tile[n], primers):
                masked[c] += 1
                continue
            state = _state(p, k, last, position, allele, target)
            if state >= 0:
                counts[c, orientation, state] += 1
    return counts, skipping, masked


@jit
def codon_states(junctions, forward, reverse, tile, offsets, position, allele, target, skipped, primers, codons):
    """State of every fragment at chosen codons (0-based, int64[K]): int8[N, K].

    0-63, or NOT_COVERED, SKIPPED by the isoform, NOT_OBSERVED, MASKED as primer.
    """
    states = np.full((len(junctions), len(codons)), NOT_COVERED, np.int8)
    for n in range(len(junctions)):
        start = (
            min(forward[n, 0], reverse[n, 0])
            if forward[n, 1] and reverse[n, 1]
            else (forward[n, 0] if forward[n, 1] else reverse[n, 0])
        )
        stop = max(forward[n, 1], reverse[n, 1])
        for k in range(len(codons)):
            p = 3 * codons[k]
            if p < start or p + 3 > stop:
                continue
            if junctions[n] and _is_skipped(p, junctions[n], skipped):
                states[n, k] = SKIPPED
            elif _covering(p, forward[n], reverse[n]) == NOT_COVERED:
                continue
            elif _is_primer(p, tile[n], primers):
                states[n, k] = MASKED
            else:
                low, high = offsets[n], offsets[n + 1]
                while low < high:
                    middle = (low + high) // 2
                    if position[middle] < p:
                        low = middle + 1
                    else:
                        high = middle
                states[n, k] = _state(p, low, offsets[n + 1], position, allele, target)
    return states
