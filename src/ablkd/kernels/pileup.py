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
def _outer(forward, reverse):
    """First base and past the last one of a fragment; a mate that is not there ends at 0."""
    if forward[1] and reverse[1]:
        return min(forward[0], reverse[0]), max(forward[1], reverse[1])
    return (forward[0], forward[1]) if forward[1] else (reverse[0], reverse[1])


@jit
def _is_skipped(first, past, mask, skipped):
    """Does a jump of the fragment leave out any base of [first, past)?"""
    e = 0
    while mask:
        if mask & 1 and skipped[e, 0] < past and first < skipped[e, 1]:
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
def _codons(span, codons):
    """Codons [first, past) that lie within a span of bases as a whole."""
    return (span[0] + 2) // 3, min(span[1] // 3, codons)


@jit
def _add(total, first, past):
    """Note a range in differences: the sum up to c is how many ranges hold c."""
    if first < past:
        total[first] += 1
        total[past] -= 1


@jit
def _add_as_target(forward, reverse, codons, states, by_range, counts):
    """Count a fragment as if it were the target wherever it is covered."""
    one, two = _codons(forward, codons), _codons(reverse, codons)
    _add(by_range[FORWARD], one[0], one[1])
    _add(by_range[REVERSE], two[0], two[1])
    _add(by_range[BOTH], max(one[0], two[0]), min(one[1], two[1]))
    # One mate may end and the other begin within a codon.
    for start in (forward[0], reverse[0]):
        c = start // 3
        inside = one[0] <= c < one[1] or two[0] <= c < two[1]
        if start % 3 and not inside and c < codons and _covering(3 * c, forward, reverse) == BOTH:
            counts[c, BOTH, states[c]] += 1


@jit
def _target_states(target):
    states = np.zeros(len(target) // 3, np.int64)
    for c in range(len(states)):
        states[c] = 16 * np.int64(target[3 * c]) + 4 * np.int64(target[3 * c + 1]) + np.int64(target[3 * c + 2])
    return states


@jit
def _count_each(start, stop, n, fragments, target, skipped, primers, counts, skipping, masked):
    """Count a fragment codon by codon from base `start` to `stop`."""
    junctions, forward, reverse, tile, offsets, position, allele = fragments
    k, last = offsets[n], offsets[n + 1]
    for c in range((start + 2) // 3, min(stop // 3, len(counts))):
        p = 3 * c
        while k < last and position[k] < p:
            k += 1
        if _is_skipped(p, p + 3, junctions[n], skipped):
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


@jit
def _mask_primers(start, stop, n, fragments, states, primers, counts, masked):
    """Take a fragment's primers, between its bases `start` and `stop`, out of the target that was counted."""
    _, forward, reverse, tile, _, _, _ = fragments
    left, right = primers[tile[n], :2], primers[tile[n], 2:]
    for side, span in enumerate((left, right)):
        for c in range(max(start, span[0]) // 3, min(len(counts), (min(stop, span[1]) + 2) // 3)):
            by_left = side == 1 and left[0] < 3 * c + 3 and 3 * c < left[1]
            orientation = _covering(3 * c, forward[n], reverse[n])
            if not by_left and orientation != NOT_COVERED:
                counts[c, orientation, states[c]] -= 1
                masked[c] += 1


@jit
def _put_changes_right(n, fragments, target, states, primers, counts):
    """Count the changed codons of a fragment as what they are, not as the target; primers were taken out."""
    _, forward, reverse, tile, offsets, position, allele = fragments
    k, last = offsets[n], offsets[n + 1]
    while k < last:
        c = position[k] // 3
        if c < len(counts) and not _is_primer(3 * c, tile[n], primers):
            orientation = _covering(3 * c, forward[n], reverse[n])
            if orientation != NOT_COVERED:
                counts[c, orientation, states[c]] -= 1
                state = _state(3 * c, k, last, position, allele, target)
                if state >= 0:
                    counts[c, orientation, state] += 1
        while k < last and position[k] < 3 * c + 3:
            k += 1


@jit
def count_codons(junctions, forward, reverse, tile, offsets, position, allele, target, skipped, primers):
    """Codon states of all fragments on a target of the codes 0-3.

    Fragments from which no jump leaves out a base are counted by exception: as the target, in ranges; then primers and
    changes are put right.
    Returns counts int64[C, 3, 64] (by codon, orientation, state), skipping int64[C] (fragments that span the
    codon and whose isoform leaves it out) and masked int64[C] (fragments whose codon bases are primer).
    """
    codons, states = len(target) // 3, _target_states(target)
    counts = np.zeros((codons, 3, 64), np.int64)
    skipping, masked = np.zeros(codons, np.int64), np.zeros(codons, np.int64)
    by_range = np.zeros((3, codons + 1), np.int64)
    fragments = junctions, forward, reverse, tile, offsets, position, allele
    for n in range(len(junctions)):
        start, stop = _outer(forward[n], reverse[n])
        if _is_skipped(start, stop, junctions[n], skipped):
            _count_each(start, stop, n, fragments, target, skipped, primers, counts, skipping, masked)
            continue
        _add_as_target(forward[n], reverse[n], codons, states, by_range, counts)
        if tile[n] >= 0:
            _mask_primers(start, stop, n, fragments, states, primers, counts, masked)
        _put_changes_right(n, fragments, target, states, primers, counts)
    for c in range(codons):
        if c:
            by_range[:, c] += by_range[:, c - 1]
        counts[c, BOTH, states[c]] += by_range[BOTH, c]
        for side in (FORWARD, REVERSE):
            counts[c, side, states[c]] += by_range[side, c] - by_range[BOTH, c]
    return counts, skipping, masked


@jit
def codon_states(junctions, forward, reverse, tile, offsets, position, allele, target, skipped, primers, codons):
    """State of every fragment at chosen codons (0-based, int64[K]): int8[N, K].

    0-63, or NOT_COVERED, SKIPPED by the isoform, NOT_OBSERVED, MASKED as primer.
    """
    states = np.full((len(junctions), len(codons)), NOT_COVERED, np.int8)
    for n in range(len(junctions)):
        start, stop = _outer(forward[n], reverse[n])
        for k in range(len(codons)):
            p = 3 * codons[k]
            if p < start or p + 3 > stop:
                continue
            if junctions[n] and _is_skipped(p, p + 3, junctions[n], skipped):
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
