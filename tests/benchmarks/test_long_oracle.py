"""The exhaustive alignment finds what can be seen by eye, and a few long reads are placed as it says."""

import numpy as np
import pytest
from long_oracle import CLIP, OPEN, Isoform, Panel, compare

TARGET = "ACGTTGCAAGGCTTACCGAT"


def isoform(*stretches: tuple[int, int]) -> Isoform:
    places = [p for a, b in stretches for p in range(a, b)]
    return Isoform("x", "".join(TARGET[p] for p in places), tuple(("target", p) for p in places))


def codes(read: str):
    return np.array(["ACGT".index(b) for b in read], np.uint8)


PANEL = Panel([isoform((0, 20)), isoform((0, 8), (12, 20))])


@pytest.mark.parametrize(
    "read, score, places",
    [
        (TARGET[3:15], 12, range(3, 15)),
        (TARGET[2:8] + TARGET[12:18], 12, [*range(2, 8), *range(12, 18)]),  # along the jump
        (TARGET[:12] + "CC" + TARGET[12:], 20 + OPEN - 2, [*range(12), None, None, *range(12, 20)]),
        (TARGET[:9] + TARGET[11:], 18 + OPEN - 2, [*range(9), *range(11, 20)]),
        (TARGET[:14] + "TTTTTT", 14 + CLIP, [*range(14), *[None] * 6]),
    ],
)
def test_the_oracle_aligns_as_by_hand(read, score, places):
    best, found = PANEL.best(codes(read))
    assert best == score == PANEL.score(codes(read), found)
    wanted = [(i, p) for i, p in enumerate(places) if p is not None]
    assert PANEL.score(codes(read), wanted) == score


@pytest.mark.parametrize("way", ["hifi", "ont"])
def test_long_reads_are_placed_as_the_best_of_all_alignments(way, tmp_path):
    counts, lines = compare(way, 6, 3, tmp_path)
    assert (counts["alignment the same"] + counts["alignment tie"], counts["isoform another"]) == (6, 0), lines
