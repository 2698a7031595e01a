"""The mixture of haplotypes that PCR has recombined: its likelihood and the fractions that make it greatest.

Site i is bit i of a haplotype h of K sites. keep float64[K-1] is the chance that an interval stays whole.
"""

import numpy as np

from ablkd.kernels import heteroduplex
from ablkd.kernels.jit import jit

# A fit has converged when the next step promises less log likelihood than this.
GAIN = 5e-5
MOST_STEPS, SWEEPS, HALVINGS = 60, 400, 12
# Growth steps before Newton's; there every possible haplotype has at least this share, for from zero none can grow.
GROWTH_STEPS, SEED = 3, 1e-7
# A fraction may lose all but this share of the largest one in a step.
RESERVE = 0.05
LEAST = 1e-300


@jit
def _places(sites):
    """Where the sums of each block start, int64[K, K+1], and how many there are."""
    first = np.zeros((sites, sites + 1), np.int64)
    at = 0
    for i in range(sites):
        for j in range(i + 1, sites + 1):
            first[i, j] = at
            at += 1 << (j - i)
    return first, at


@jit
def _chance(i, j, keep):
    """Chance that a molecule's last block is i to j-1: its own intervals whole, the one before it cut."""
    chance = 1.0 if i == 0 else 1.0 - keep[i - 1]
    for between in range(i, j - 1):
        chance *= keep[between]
    return chance


@jit
def _after(h, sites, keep, sums, first, prefix):
    """sums[first[i, j]:] gets how often the bits of each block i to j-1 occur before PCR, and prefix[2^j - 1:] the
    fractions of the first j sites after it: every interval is cut on its own, and the parts meet at random."""
    for x in range(1 << sites):
        sums[first[0, sites] + x] = h[x]
    for j in range(sites - 1, 0, -1):
        here, above, half = first[0, j], first[0, j + 1], 1 << j
        for p in range(half):
            sums[here + p] = sums[above + p] + sums[above + half + p]
    for i in range(1, sites):
        for j in range(i + 1, sites + 1):
            here, wider = first[i, j], first[i - 1, j]
            for p in range(1 << (j - i)):
                sums[here + p] = sums[wider + 2 * p] + sums[wider + 2 * p + 1]
    prefix[0] = 1.0
    for j in range(1, sites + 1):
        start = (1 << j) - 1
        for p in range(1 << j):
            prefix[start + p] = 0.0
        for i in range(j):
            chance = _chance(i, j, keep)
            if chance > 0.0:
                low, block = (1 << i) - 1, first[i, j]
                for p in range(1 << j):
                    prefix[start + p] += chance * prefix[low + (p & low)] * sums[block + (p >> i)]


@jit
def _change(x, sign, sites, keep, sums, first, prefix, d_prefix, change):
    """change float64[2^K] gets how the fractions after PCR grow with haplotype x before it, times sign, on top."""
    d_prefix[0] = 0.0
    for j in range(1, sites + 1):
        start = (1 << j) - 1
        for p in range(1 << j):
            d_prefix[start + p] = 0.0
        for i in range(j):
            chance = _chance(i, j, keep)
            if chance > 0.0:
                low, block = (1 << i) - 1, first[i, j]
                mine = (x >> i) & ((1 << (j - i)) - 1)
                for p in range(1 << j):
                    d_prefix[start + p] += chance * d_prefix[low + (p & low)] * sums[block + (p >> i)]
                for q in range(1 << i):
                    d_prefix[start + (mine << i) + q] += chance * prefix[low + q]
    for y in range(1 << sites):
        change[y] += sign * d_prefix[(1 << sites) - 1 + y]


@jit
def _pull_back(slope, sites, keep, sums, first, prefix, d_sums, d_prefix):
    """d_sums[first[0, K]:] gets the slope of the log likelihood before PCR, from that after PCR."""
    for x in range(len(d_sums)):
        d_sums[x] = 0.0
    for x in range(len(d_prefix)):
        d_prefix[x] = 0.0
    for x in range(1 << sites):
        d_prefix[(1 << sites) - 1 + x] = slope[x]
    for j in range(sites, 0, -1):
        start = (1 << j) - 1
        for i in range(j):
            chance = _chance(i, j, keep)
            if chance > 0.0:
                low, block = (1 << i) - 1, first[i, j]
                for p in range(1 << j):
                    d = chance * d_prefix[start + p]
                    d_sums[block + (p >> i)] += d * prefix[low + (p & low)]
                    d_prefix[low + (p & low)] += d * sums[block + (p >> i)]
    for i in range(sites - 1, 0, -1):
        for j in range(i + 1, sites + 1):
            here, wider = first[i, j], first[i - 1, j]
            for p in range(1 << (j - i)):
                d_sums[wider + 2 * p] += d_sums[here + p]
                d_sums[wider + 2 * p + 1] += d_sums[here + p]
    for j in range(1, sites):
        here, above, half = first[0, j], first[0, j + 1], 1 << j
        for p in range(half):
            d_sums[above + p] += d_sums[here + p]
            d_sums[above + half + p] += d_sums[here + p]


@jit
def _likelihood(after, shows, whole, partial, counts, slope, growing):
    """Log likelihood of fractions after PCR; slope float64[2^K] gets its slope.

    A fragment of a pattern in `partial` is seen of whole molecules only (`whole`), so its chance is divided by theirs.
    In growth steps what the others would have shown counts as if seen, which keeps the slope positive and moves no
    maximum (EM of a truncated sample).
    """
    total = 0.0
    for x in range(len(slope)):
        slope[x] = 0.0
    for c in range(len(counts)):
        chance = LEAST
        for x in range(len(after)):
            chance += shows[c, x] * after[x]
        total += counts[c] * np.log(chance)
        for x in range(len(after)):
            slope[x] += counts[c] / chance * shows[c, x]
        if partial[c]:
            seen = LEAST
            for x in range(len(after)):
                seen += whole[c, x] * after[x]
            total -= counts[c] * np.log(seen)
            for x in range(len(after)):
                slope[x] += counts[c] / seen * ((1.0 if growing else 0.0) - whole[c, x])
    return total


@jit
def _share(h, target, value):
    """Scale the other fractions so that all add up to 1 with the target's at its value; in place."""
    others = 0.0
    for x in range(len(h)):
        if x != target:
            others += h[x]
    for x in range(len(h)):
        if x == target:
            h[x] = value
        elif others > 0.0:
            h[x] *= (1.0 - value) / others


@jit
def _scores(after, change, shows, whole, partial, score):
    """score float64[C] gets how the log chance of each pattern changes with a change of the fractions after PCR."""
    for c in range(len(score)):
        chance, grows = LEAST, 0.0
        for y in range(len(after)):
            chance += shows[c, y] * after[y]
            grows += shows[c, y] * change[y]
        score[c] = grows / chance
        if partial[c]:
            chance, grows = LEAST, 0.0
            for y in range(len(after)):
                chance += whole[c, y] * after[y]
                grows += whole[c, y] * change[y]
            score[c] -= grows / chance


@jit
def _towards(h, moving, scores, counts, step):
    """step float64[A] to the top of the parabola of A moving fractions that stay positive; returns what it promises.

    scores float64[A, C]; by coordinates, each clipped where its fraction reaches 0.
    """
    number = len(moving)
    curve, slope = np.zeros((number, number)), np.zeros(number)
    for a in range(number):
        for c in range(len(counts)):
            slope[a] += counts[c] * scores[a, c]
        for b in range(a + 1):
            total = 0.0
            for c in range(len(counts)):
                total += counts[c] * scores[a, c] * scores[b, c]
            curve[a, b] = curve[b, a] = total
        step[a] = 0.0
    left = slope.copy()
    for _ in range(SWEEPS):
        gained = 0.0
        for a in range(number):
            if curve[a, a] > 0.0:
                wanted = max(step[a] + left[a] / curve[a, a], -h[moving[a]])
                d = wanted - step[a]
                gained += d * left[a] - 0.5 * d * d * curve[a, a]
                step[a] = wanted
                for b in range(number):
                    left[b] -= d * curve[a, b]
        if gained < 0.02 * GAIN:
            break
    promise = 0.0
    for a in range(number):
        promise += 0.5 * step[a] * (slope[a] + left[a])
    return promise


@jit
def fit(start, possible, target, value, keep, mixing, shows, whole, partial, counts):
    """(fractions before PCR float64[2^K], log likelihood) at the maximum.

    start float64[2^K]: where to begin; possible bool[2^K]; target: haplotype whose fraction is `value`, or -1 with
    value 0; mixing float64[2^K] as in `heteroduplex.consensus`, empty where every fragment is one molecule; shows
    float64[C, 2^K]: chance of pattern c if the haplotype is x; counts float64[C]. A few growth steps (Baum and Eagon
    1967), then Newton's with the fractions kept positive.
    """
    size, sites, mixed = len(start), len(keep) + 1, len(mixing) > 0
    read, grows = np.zeros(len(mixing)), np.zeros((len(mixing), len(mixing)))
    first, space = _places(sites)
    sums, d_sums, prefix, d_prefix = np.zeros(space), np.zeros(space), np.zeros(2 * size - 1), np.zeros(2 * size - 1)
    h, at, slope, change = np.zeros(size), np.zeros(size), np.zeros(size), np.zeros(size)
    scores, step, moving = np.zeros((size, len(counts))), np.zeros(size), np.zeros(size, np.int64)
    now, promise, along, number, pivot, halved = -np.inf, np.inf, 1.0, 0, 0, 0
    for x in range(size):
        at[x] = max(start[x], SEED) if possible[x] else 0.0
    _share(at, target, value)
    for steps in range(MOST_STEPS):
        growing = steps < GROWTH_STEPS
        _after(at, sites, keep, sums, first, prefix)
        after = prefix[size - 1 :]
        if mixed:
            heteroduplex.consensus(after, mixing, read, grows)
            after = read
        there = _likelihood(after, shows, whole, partial, counts, slope, growing)
        if not growing and there < now:
            # Too far: half the way.
            halved += 1
            if halved > HALVINGS:
                break
            along /= 2
        else:
            halved = 0
            for x in range(size):
                h[x] = at[x]
            now = there
            if mixed:
                heteroduplex.before(slope, grows)
            _pull_back(slope, sites, keep, sums, first, prefix, d_sums, d_prefix)
            grad = d_sums[first[0, sites] :]
            if growing:
                for x in range(size):
                    at[x] = h[x] * grad[x]
                _share(at, target, value)
                continue
            pivot = 1 if target == 0 else 0
            for x in range(size):
                if x != target and h[x] > h[pivot]:
                    pivot = x
            number = 0
            for x in range(size):
                if possible[x] and x != target and x != pivot and (h[x] > 0.0 or grad[x] > grad[pivot]):
                    for y in range(size):
                        change[y] = 0.0
                    _change(x, 1.0, sites, keep, sums, first, prefix, d_prefix, change)
                    _change(pivot, -1.0, sites, keep, sums, first, prefix, d_prefix, change)
                    if mixed:
                        heteroduplex.after(change, grows)
                    _scores(after, change, shows, whole, partial, scores[number])
                    moving[number] = x
                    number += 1
            promise = _towards(h, moving[:number], scores, counts, step)
            if promise < GAIN:
                break
            taken = 0.0
            for a in range(number):
                taken += step[a]
            along = min(1.0, (1.0 - RESERVE) * h[pivot] / taken) if taken > 0.0 else 1.0
        for x in range(size):
            at[x] = h[x]
        for a in range(number):
            at[moving[a]] = max(0.0, h[moving[a]] + along * step[a])
            at[pivot] -= at[moving[a]] - h[moving[a]]
    return h, now
