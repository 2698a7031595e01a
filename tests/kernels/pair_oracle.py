"""The best alignment of a read to a sequence, spelled as a recursion over everything that can come next."""

from __future__ import annotations

from functools import cache

import numpy as np

MATCH, INSERTION, DELETION = 0, 1, 2


def best_by_enumeration(read, hit, miss, sequence, gap, single, ends=(MATCH,), free_end=False):
    """Log likelihood of the read; `ends` are the states that it may end in, `free_end`: anywhere in the sequence."""

    @cache
    def best(i, j, state):
        ways = [-np.inf]
        if i == len(read) and (free_end or j == len(sequence)) and state in ends:
            ways.append(0.0)
        if i < len(read) and j < len(sequence):
            ways.append((hit if read[i] == sequence[j] else miss)[i] + best(i + 1, j + 1, MATCH))
        if i < len(read) and state != DELETION:
            chance = single + np.log(0.25)
            if j and read[i] == sequence[j - 1]:
                chance = gap[j - 1]
            elif j < len(sequence) and read[i] == sequence[j]:
                chance = gap[j]
            ways.append((np.log(0.3 * 0.25) if state == INSERTION else chance) + best(i + 1, j, INSERTION))
        if j < len(sequence) and state != INSERTION:
            ways.append((np.log(0.3) if state == DELETION else gap[j]) + best(i, j + 1, DELETION))
        return max(ways)

    return best(0, 0, MATCH)
