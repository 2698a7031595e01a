"""Whether a gap could make a read score more that lies well without one: a bound, so that few need to be asked."""

import numpy as np

from ablkd.kernels.jit import jit

# What a mismatch costs beside a match, and a gap before its bases; the bases of the longest gap that three are worth.
WRONG, OPEN, LONGEST = 5, 6, 8
NOTHING = 255


@jit
def _bases_along(nodes, graph):
    """Bases of the nodes that a read lies on, and of LONGEST plain neighbours before and behind."""
    n = len(nodes)
    bases = np.full(n + 2 * LONGEST, NOTHING, np.uint8)
    for i in range(n):
        bases[LONGEST + i] = graph.bases[nodes[i]]
    left, right = nodes[0], nodes[n - 1]
    for k in range(LONGEST):
        left = graph.preceding[left] if left >= 0 else left
        right = graph.following[right] if right >= 0 else right
        if left >= 0:
            bases[LONGEST - 1 - k] = graph.bases[left]
        if right >= 0:
            bases[LONGEST + n + k] = graph.bases[right]
    return bases


@jit
def _gains(read, bases, wrong, size):
    """Whether the bases from the first of the last mismatches `wrong` int64[W] on score more behind a gap.

    `size` bases are left out of the target, or -size put into the read. bases uint8[n + 2 LONGEST] lie around the read.
    """
    n = len(read)
    worth = WRONG * len(wrong) - OPEN - abs(size)
    begin = wrong[0]
    if size < 0:
        # Bases that were put in match nothing.
        worth += size
        begin -= size
    for i in range(begin, n):
        if worth <= 0:
            return False
        if read[i] != bases[LONGEST + i + size]:
            worth -= WRONG
    return worth > 0


@jit
def gap_could_help(read, nodes, graph):
    """Whether a read that lies on nodes int32[n], none missing, with few mismatches could score more with one gap.

    A gap must mend at least two mismatches, all on one side of it, where each base must match shifted as it does now.
    """
    n = len(read)
    bases = _bases_along(nodes, graph)
    wrong = np.flatnonzero(read != bases[LONGEST : LONGEST + n])
    # The same from the other side: read and target backwards.
    back, bases_back, wrong_back = read[::-1], bases[::-1], (n - 1 - wrong)[::-1]
    for few in range(2, len(wrong) + 1):
        for size in range(-LONGEST, LONGEST + 1):
            if size and (_gains(read, bases, wrong[-few:], size) or _gains(back, bases_back, wrong_back[-few:], size)):
                return True
    return False
