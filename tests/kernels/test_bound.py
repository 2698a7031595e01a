"""What the bound lets pass without a gap, against the best affine alignment by Biopython."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from affine_oracle import CLIP, MATCH, MISMATCH, _aligner
from numba import config

from ablkd.kernels import bound
from ablkd.reference import encode


class Graph(NamedTuple):
    bases: np.ndarray
    following: np.ndarray
    preceding: np.ndarray


READS = 200 if config.DISABLE_JIT else 1500
LENGTH, AROUND, REACH = 50, 20, 9


def drawn(rng: np.random.Generator, letters: str) -> tuple[str, str]:
    """(a target, a read of its middle with bases changed, and lost or put in near an end)."""
    target = "".join(rng.choice([*letters], LENGTH + 2 * AROUND))
    bases = [*target[AROUND : AROUND + LENGTH + 4]]
    for _ in range(rng.integers(0, 3)):
        bases[rng.integers(LENGTH)] = str(rng.choice([*letters]))
    at = int(rng.choice([rng.integers(2, 10), rng.integers(LENGTH - 10, LENGTH - 2)]))
    size = int(rng.integers(1, 5))
    kind = rng.integers(3)
    if kind == 1:
        bases[at : at + size] = []
    elif kind == 2:
        bases[at:at] = rng.choice([*letters], size)
    return target, "".join(bases[:LENGTH])


@pytest.mark.parametrize("letters", ["ACGT", "AC", "AAAC"])
def test_no_gap_is_better_where_the_bound_says_so(letters):
    rng, asked, could = np.random.default_rng(len(letters)), 0, 0
    number = np.arange(LENGTH + 2 * AROUND, dtype=np.int32)
    for _ in range(READS):
        target, bases = drawn(rng, letters)
        following = np.where(number < len(target) - 1, number + 1, -1).astype(np.int32)
        preceding = np.where(number > 0, number - 1, -1).astype(np.int32)
        graph = Graph(encode(target), following, preceding)
        shift = int(rng.choice([0, 0, 1, -1]))  # the diagonal of either side of a gap
        nodes = number[AROUND + shift : AROUND + shift + LENGTH]
        if (encode(bases) != graph.bases[nodes]).sum() > 3:
            continue
        asked += 1
        helps = bound.gap_could_help(encode(bases), nodes, graph)
        could += helps
        if not helps:
            around = target[nodes[0] - REACH : nodes[-1] + 1 + REACH]
            best = _aligner().score(f"N{around}N", f"X{bases}X") + 2 * CLIP
            assert best <= without_gaps(bases, around), (target, bases, nodes[0])
    assert could > READS // 100 and asked - could > READS // 100


def without_gaps(bases: str, around: str) -> int:
    """The best score along any diagonal, of any part of the read."""
    best = 0
    for shift in range(len(around) - len(bases) + 1):
        match = [MATCH if a == b else MISMATCH for a, b in zip(bases, around[shift:], strict=False)]
        for first in range(len(bases)):
            scores = CLIP * (first > 0) + np.cumsum(match[first:])
            scores[:-1] += CLIP
            best = max(best, int(scores.max()))
    return best
