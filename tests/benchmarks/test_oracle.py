"""The exhaustive alignment finds what can be seen by eye, and a few reads are placed as it says."""

import shutil
from collections import Counter

import numpy as np
import pytest
from exhaustive import CLIP, OPEN, Isoform, Panel
from oracle import compare

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
    assert best == score == PANEL.score(codes(read), found) == PANEL.best_score(codes(read))
    wanted = [(i, p) for i, p in enumerate(places) if p is not None]
    assert PANEL.score(codes(read), wanted) == score


def test_what_no_isoform_leaves_out_is_a_deletion():
    other = Isoform("y", TARGET * 3, tuple(("y", k) for k in range(60)))
    panel = Panel([isoform((0, 20)), isoform((0, 8), (12, 20)), other])
    a, b, c = (panel.node["target", p] for p in (7, 12, 14))
    assert panel.jumps([(0, a), (1, b)]) == [(a, b)]
    assert panel.jumps([(0, a), (1, c)]) == []
    d, e, f = (panel.node["y", p] for p in (3, 9, 50))
    assert panel.jumps([(0, d), (1, e), (2, f)]) == [(e, f)]


@pytest.mark.parametrize("way, reads", [("hifi", 6), ("ont", 6), ("2x150", 400)])
def test_reads_are_placed_as_the_best_of_all_alignments(way, reads, tmp_path):
    if way == "2x150" and not shutil.which("art_illumina"):
        pytest.skip("needs art_illumina")
    counts, lines = compare(way, reads, 3, tmp_path)
    found = sum(counts.values(), Counter())
    total = found["the same"] + found["tie"]
    assert total >= reads and found["lower"] + found["not placed"] + found["isoform another"] == 0, lines
