"""Exhaustive affine alignment of a read to every isoform at once, by code that shares nothing with ablkd.

The bases of all isoforms, spelled from the tables of reference/ by `isoform_panel.py`, are the nodes of a graph; an
edge joins what follows each other in any isoform; Gotoh's recursion runs over all pairs of a node and a read base,
without seeds and without a band. Scores: match 1, mismatch -4, a gap of n bases -(6 + n), each end of the read that is
not aligned -5.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

import numba
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1] / "kernels"))

from isoform_panel import Isoform, Label  # noqa: E402

MATCH, MISMATCH, OPEN, EXTEND, CLIP = 1, -4, -6, -1, -5
FAR = -20_000
LONGEST_DELETION = 30
Alignment = list[tuple[int, int]]  # (read base, node) of every aligned base


class Panel:
    """Every isoform as one graph: nodes in an order in which all edges point forward.

    Bases of fusion partners that begin with the same bases are one node, as they cannot be told apart.
    """

    def __init__(self, isoforms: list[Isoform]) -> None:
        self.alias: dict[Label, Label] = {}
        bases: dict[Label, str] = {}
        place: dict[Label, float] = {}
        prefixes: dict[str, Label] = {}
        for isoform in isoforms:
            for i, (label, base) in enumerate(zip(isoform.labels, isoform.bases, strict=True)):
                if label in self.alias:
                    continue
                name, k = label
                if name == "target":
                    self.alias[label], where = label, float(k)
                elif i == k:  # a partner: it begins its isoform
                    self.alias[label], where = prefixes.setdefault(isoform.bases[: k + 1], label), k - 1e6
                else:
                    self.alias[label], where = label, isoform.labels[i - k - 1][1] + (k + 1) / 1000
                bases[self.alias[label]], place[self.alias[label]] = base, where
        order = sorted(place, key=lambda label: (place[label], label))
        index = {label: i for i, label in enumerate(order)}
        self.node = {label: index[known] for label, known in self.alias.items()}
        self.bases = np.array(["ACGT".index(bases[label]) for label in order], np.uint8)
        pairs = {(self.node[a], self.node[b]) for i in isoforms for a, b in zip(i.labels, i.labels[1:], strict=False)}
        assert all(a < b for a, b in pairs)
        self.edges = pairs
        self.before, after = np.array(sorted(pairs, key=lambda pair: pair[::-1]), np.int32).T.copy()
        self.first = np.searchsorted(after, np.arange(len(order) + 1)).astype(np.int32)
        self.labels: defaultdict[int, set[Label]] = defaultdict(set)
        for known, at in self.node.items():
            self.labels[at].add(known)

    def best(self, read: NDArray[np.uint8]) -> tuple[int, Alignment]:
        """(score, alignment) of the best path of all."""
        match, insertion, deletion, score, v, i = _fill(read, self.bases, self.first, self.before)
        path = _trace(read, self.bases, self.first, self.before, match, insertion, deletion, v, i)
        return int(score), [(i, v) for i, v in enumerate(path.tolist()) if v >= 0]

    def best_score(self, read: NDArray[np.uint8]) -> int:
        return int(_fill(read, self.bases, self.first, self.before)[3])

    def score(self, read: NDArray[np.uint8], found: Alignment) -> int:
        """What an alignment scores, along the shortest way between its nodes."""
        total = CLIP * (found[0][0] > 0) + CLIP * (found[-1][0] < len(read) - 1)
        total += sum(MATCH if read[i] == self.bases[v] else MISMATCH for i, v in found)
        for (i, u), (j, v) in zip(found, found[1:], strict=False):
            left_out = 0 if (u, v) in self.edges else self._between(u, v)
            total += sum(OPEN + EXTEND * gap for gap in (j - i - 1, left_out) if gap)
        return total

    def _between(self, u: int, v: int) -> int:
        """Fewest nodes between u and v; so many that no score is as low where there is no way."""
        reached = {u: -1}
        for w in range(u + 1, v + 1):
            ways = [reached[e] for e in self.before[self.first[w] : self.first[w + 1]].tolist() if e in reached]
            if ways:
                reached[w] = min(ways) + 1
        return reached.get(v, -FAR)

    def jumps(self, found: Alignment) -> list[tuple[int, int]]:
        """Steps between neighbours of the read that are no plain neighbours, and no short deletion."""
        steps = [(u, v) for (_, u), (_, v) in zip(found, found[1:], strict=False)]
        return [s for s in steps if not self._is_near(*s, 1 if s in self.edges else LONGEST_DELETION + 1)]

    def _is_near(self, u: int, v: int, most: int) -> bool:
        """Whether v follows u on one sequence, at most so many bases on."""
        pairs = ((a, b) for a in self.labels[u] for b in self.labels[v])
        return any(a[0] == b[0] and 0 < b[1] - a[1] <= most for a, b in pairs)


@numba.njit(inline="always")
def _sum(a, b):
    """Sums of int16 stay int16, of which a processor adds many at once."""
    return np.int16(a + b)


@numba.njit(inline="always")
def _larger(a, b):
    return a if a > b else b


@numba.njit
def _fill(read, bases, first, before):
    """Gotoh over the graph; `before` int32[E] are the origins of edges, first[v] the first of those that end in v.

    Returns the states match, insertion, deletion int16[V, n], the best score and its node and read base.
    """
    n, nodes = len(read), len(bases)
    match = np.empty((nodes, n), np.int16)
    insertion, deletion = np.empty_like(match), np.empty_like(match)
    come, leave = np.empty(n + 1, np.int16), np.empty(n, np.int16)
    step = np.full((4, n), MISMATCH, np.int16)
    start, end = np.full(n, CLIP, np.int16), np.full(n, CLIP, np.int16)
    start[0], end[n - 1] = 0, 0
    for i in range(n):
        if read[i] < 4:
            step[read[i], i] = MATCH
    top, top_v = np.int16(0), -1
    for v in range(nodes):
        come[:], leave[:] = FAR, FAR
        for e in range(first[v], first[v + 1]):
            m, s, d = match[before[e]], insertion[before[e]], deletion[before[e]]
            for i in range(n):
                come[i + 1] = _larger(come[i + 1], _larger(m[i], _larger(s[i], d[i])))
                leave[i] = _larger(leave[i], _larger(_sum(m[i], OPEN), d[i]))
        m, s, d, equal = match[v], insertion[v], deletion[v], step[bases[v]]
        final = np.int16(FAR)
        for i in range(n):
            m[i] = _sum(_larger(start[i], come[i]), equal[i])
            d[i] = _larger(np.int16(FAR), _sum(leave[i], EXTEND))
            final = _larger(final, _sum(m[i], end[i]))
        s[0] = FAR
        for i in range(1, n):
            s[i] = _sum(_larger(_sum(m[i - 1], OPEN), s[i - 1]), EXTEND)
        if final > top:
            top, top_v = final, v
    top_i = -1
    for i in range(n):
        if top_v >= 0 and top_i < 0 and match[top_v, i] + end[i] == top:
            top_i = i
    return match, insertion, deletion, top, top_v, top_i


@numba.njit
def _trace(read, bases, first, before, match, insertion, deletion, v, i):
    """Node, or -1, of every read base int32[n] of the path that ends with read base i at node v."""
    path = np.full(len(read), -1, np.int32)
    state = 0
    while v >= 0:
        if state == 1:
            state = 0 if insertion[v, i] == match[v, i - 1] + OPEN + EXTEND else 1
            i -= 1
            continue
        if state == 0:
            path[i] = v
            value = match[v, i] - (MATCH if read[i] == bases[v] else MISMATCH)
            if value == (CLIP if i else 0):
                break
            i -= 1
        origin, next_state = -1, 0
        for e in range(first[v], first[v + 1]):
            u = before[e]
            if state == 0:
                for kind in range(3):
                    come_from = match[u, i] if kind == 0 else insertion[u, i] if kind == 1 else deletion[u, i]
                    if origin < 0 and come_from == value:
                        origin, next_state = u, kind
            elif origin < 0 and match[u, i] + OPEN + EXTEND == deletion[v, i]:
                origin, next_state = u, 0
            elif origin < 0 and deletion[u, i] + EXTEND == deletion[v, i]:
                origin, next_state = u, 2
        v, state = origin, next_state
    return path
