"""How likely a read is with and without a candidate allele: best pair alignments by the platform's own rates, as in
`realign`, but between bases beside the change, or from one of them to a free end."""

import numpy as np

from ablkd.kernels.jit import jit
from ablkd.kernels.realign import ANY_BASE, EXTEND

# METHOD: a read is aligned to both alleles from a base at least 11 bases away from the change on, at most 40; it tells
# them apart where it reaches 12 bases past the point up to which they are equal, and one is 20 times (3 nats) likelier.
FLANK, REACH, PAST, MARGIN = 11, 40, 12, 3.0
# METHOD: a read that shows an allele is likelier with it than if its bases were drawn blindly. One that gains or loses
# another number of bases, by more than a quarter of the change and more than one, does not show it.
BLIND = np.log(0.25)
QUARTER = 4
SHIFT = 10
LONGEST = 640
HAS, HAS_NOT, UNTOLD = 1, 0, -1
LEFT, RIGHT = 1, 2
FAR = -1e9


@jit
def _viterbi(read, quals, first, step, n, hap, gaps, start, m, is_open, single, mismatch, rows):
    """Log likelihood of n bases of a read, from `first` on in direction `step`, given m bases of an allele.

    The allele begins at `start` and is read in the same direction; where `is_open` its end is free. gaps float64[.]:
    log chance of a gap at each base of it. `rows` float64[2, 3, LONGEST + 1] is work space.
    """
    low, high = (-SHIFT, SHIFT) if is_open else (min(0, m - n) - SHIFT, max(0, m - n) + SHIFT)
    rows[:] = FAR
    rows[0, 0, 0] = 0.0
    for j in range(1, min(m, high) + 1):
        rows[0, 2, j] = max(rows[0, 0, j - 1] + gaps[start + step * (j - 1)], rows[0, 2, j - 1] + EXTEND)
    for i in range(1, n + 1):
        now, before = rows[i % 2], rows[(i - 1) % 2]
        base = read[first + step * (i - 1)]
        error = min(0.75, max(mismatch, 10.0 ** (-0.1 * quals[first + step * (i - 1)])))
        hit, miss = np.log(1 - error), np.log(error / 3)
        begin = max(0, i + low)
        if begin > 0:
            now[:, begin - 1] = FAR
        for j in range(begin, min(m, i + high) + 1):
            chance = single + ANY_BASE
            if j and base == hap[start + step * (j - 1)]:
                chance = gaps[start + step * (j - 1)]
            elif j < m and base == hap[start + step * j]:
                chance = gaps[start + step * j]
            now[1, j] = max(before[0, j] + chance, before[1, j] + EXTEND + ANY_BASE)
            now[0, j] = now[2, j] = FAR
            if j:
                best = max(before[0, j - 1], max(before[1, j - 1], before[2, j - 1]))
                now[0, j] = best + (hit if base == hap[start + step * (j - 1)] else miss)
                now[2, j] = max(now[0, j - 1] + gaps[start + step * (j - 1)], now[2, j - 1] + EXTEND)
        if min(m, i + high) < m:
            now[:, min(m, i + high) + 1] = FAR
    final = rows[n % 2]
    if not is_open:
        return max(final[0, m], max(final[1, m], final[2, m]))
    best = FAR
    for j in range(max(0, n + low), min(m, n + high) + 1):
        best = max(best, max(final[0, j], final[1, j]))
    return best


@jit
def _anchors(nodes, a, b):
    """Read indices of the bases nearest to [a, b) on either side, FLANK to REACH away from it; -1 for none."""
    left, right = -1, -1
    for i in range(len(nodes)):
        v = nodes[i]
        if a - 1 - REACH <= v < a - FLANK:
            left = i
        elif right < 0 and b + FLANK <= v <= b + REACH:
            right = i
    return left, right


@jit
def _goes_elsewhere(nodes, left, right, a, b):
    """Whether a read that has one anchor alone is aligned to a place out of reach on the other side of the change.

    A long gap or a jump lies between, so that the read has neither allele.
    """
    for i in range(left + 1 if left >= 0 else 0, len(nodes) if left >= 0 else right):
        if nodes[i] >= 0 and not a - 1 - REACH <= nodes[i] <= b + REACH:
            return True
    return False


@jit
def _sides(n, at, length, equal_left, equal_right):
    """From which sides a read of n bases tells: its base `at` is the first of the change, which has `length` bases."""
    sides, behind = 0, at + length
    if at > FLANK and n - at >= equal_left + PAST:
        sides |= LEFT
    if n - behind > FLANK and behind >= equal_right + PAST:
        sides |= RIGHT
    return sides


@jit
def _judge(read, quals, nodes, span, haps, gaps, equal, single, mismatch, rows):
    """(HAS, HAS_NOT or UNTOLD, sides, log odds) of one read and one candidate; see `score`."""
    a, b, flank, longer = span
    left, right = _anchors(nodes, a, b)
    middle = b - a, b - a + longer
    if left < 0 and right < 0 or left >= 0 and 0 <= right <= left:
        return UNTOLD, 0, 0.0
    both = left >= 0 and right >= 0
    if not both and _goes_elsewhere(nodes, left, right, a, b):
        return UNTOLD, 0, 0.0
    first = left + 1 if left >= 0 else right - 1
    step = 1 if left >= 0 else -1
    n = right - left - 1 if both else (len(read) - first if step > 0 else first + 1)
    n = min(n, LONGEST if both else max(middle) + REACH)
    off = abs(n - (nodes[right] - nodes[left] - 1) - longer) if both else 0
    if off > max(1, abs(longer) // QUARTER):
        at = left + a - nodes[left]
        return HAS_NOT, _sides(len(read), at, n - (at - first) - (nodes[right] - b), equal[0], equal[1]), FAR
    values = np.zeros(2)
    for allele in range(2):
        hap = haps[allele]
        # Index in the allele's sequence, which begins `flank` bases before the change, of the first base to align.
        if step > 0:
            start = nodes[left] + 1 - (a - flank)
            m = min(len(hap) - start, n + SHIFT)
            if both:
                m = flank + middle[allele] + nodes[right] - b - start
        else:
            start = flank + middle[allele] + nodes[right] - 1 - b
            m = min(start + 1, n + SHIFT)
        if m > LONGEST or n > LONGEST:
            return UNTOLD, 0, 0.0
        values[allele] = _viterbi(
            read, quals, first, step, n, hap, gaps[allele], start, m, not both, single, mismatch, rows
        )
    odds = values[1] - values[0]
    has = HAS if odds >= MARGIN else HAS_NOT if odds <= -MARGIN else UNTOLD
    if has == HAS and values[1] < BLIND * n:
        has = UNTOLD
    if has == UNTOLD:
        return UNTOLD, 0, odds
    at = left + (a - nodes[left]) if left >= 0 else right - (nodes[right] - b) - middle[has]
    return has, _sides(len(read), at, middle[has], equal[0], equal[1]), odds


@jit
def score(codes, quals, nodes, offsets, spans, hap_offsets, haps, hap_gaps, equals, single, mismatch):
    """What each read shows of each candidate that it comes near to: int32[., 4] of read, candidate, HAS or HAS_NOT or
    UNTOLD, and the sides (LEFT, RIGHT) from which it tells; log odds float64[.].

    Reads are codes, quals uint8[B], nodes int[B], offsets int64[R+1]. Of candidate c, spans int64[C, 4] has [a, b), the
    target bases among which it can be placed, the flanking bases of its sequences, and the bases it is longer than the
    target. Its sequences are those from hap_offsets[2 * c] (int64[2 * C + 1]) on in haps uint8: the target's, then
    its own; hap_gaps float64 are log chances of a gap at each base. equals int64[C, 2]: bases from a on that both
    have alike, and before b. single: log chance of a gap outside homopolymers; mismatch: least chance of a wrong base.
    """
    found, odds, count = np.empty((len(offsets), 4), np.int32), np.empty(len(offsets)), 0
    rows = np.empty((2, 3, LONGEST + 2))
    for r in range(len(offsets) - 1):
        low, high = 1 << 30, -1
        for i in range(offsets[r], offsets[r + 1]):
            if nodes[i] >= 0:
                low, high = min(low, np.int64(nodes[i])), max(high, np.int64(nodes[i]))
        read, qual = codes[offsets[r] : offsets[r + 1]], quals[offsets[r] : offsets[r + 1]]
        laid = nodes[offsets[r] : offsets[r + 1]]
        for c in range(len(spans)):
            if spans[c, 1] + REACH < low or high < spans[c, 0] - REACH:
                continue
            cut = hap_offsets[2 * c], hap_offsets[2 * c + 1], hap_offsets[2 * c + 2]
            has, sides, value = _judge(
                read, qual, laid, spans[c], (haps[cut[0] : cut[1]], haps[cut[1] : cut[2]]),
                (hap_gaps[cut[0] : cut[1]], hap_gaps[cut[1] : cut[2]]), equals[c], single, mismatch, rows,
            )  # fmt: skip
            if count == len(found):
                wider, longer = np.empty((2 * count, 4), np.int32), np.empty(2 * count)
                wider[:count], longer[:count] = found, odds
                found, odds = wider, longer
            found[count] = r, c, has, sides
            odds[count] = value
            count += 1
    return found[:count], odds[:count]
