"""Changes that single reads suggest: gaps as they were placed, and clipped ends that lie elsewhere on the target."""

from __future__ import annotations

import numpy as np
import pytest
from drawing import unbranched

from ablkd.alignment.placed import PlacedArrays
from ablkd.kernels.departures import changes, departing, splits
from ablkd.kernels.seeds import index_kmers
from ablkd.reference import encode

RNG = np.random.default_rng(41)
TARGET = "".join("ACGT"[base] for base in RNG.integers(0, 4, 300))
GRAPH = unbranched(TARGET).arrays
TABLE = index_kmers(GRAPH.bases, GRAPH.following)
OTHER = {"A": "C", "C": "G", "G": "T", "T": "A"}
CLIPPED, INSERTED = -2, -1
SHORT, LONG = 1, 3


def laid(*parts: str | tuple[int, int]) -> tuple[str, list[int]]:
    """A read of target stretches (first, past), of inserted bases (upper case) and of clipped ones (lower case)."""
    bases, nodes = "", []
    for part in parts:
        if isinstance(part, tuple):
            bases += TARGET[slice(*part)]
            nodes += range(*part)
        else:
            bases += part.upper()
            nodes += [CLIPPED if part.islower() else INSERTED] * len(part)
    return bases, nodes


def arrays(*reads):
    codes = encode("".join(bases for bases, _ in reads))
    nodes = np.array([node for _, places in reads for node in places], np.int32)
    return codes, nodes, np.cumsum([0, *(len(bases) for bases, _ in reads)], dtype=np.int64)


def suggested(read, least):
    """(start, end, bases that stand there) of a read's gaps."""
    return [(a, b, read[0][i:j]) for _, a, b, i, j in changes(*arrays(read), least, least == SHORT, GRAPH).tolist()]


@pytest.mark.parametrize(
    ("read", "least", "found"),
    [
        pytest.param(laid((20, 60), (66, 110)), SHORT, [(60, 66, "")], id="deletion"),
        pytest.param(laid((20, 60), "GATTACA", (60, 110)), SHORT, [(60, 60, "GATTACA")], id="insertion"),
        pytest.param(laid((20, 60), (61, 110)), LONG, [], id="too short for a noisy read"),
        pytest.param(
            laid((20, 60), "GATTA", (60, 64), "GATT", (64, 110)),
            LONG,
            [(60, 64, "GATTA" + TARGET[60:64] + "GATT")],
            id="parts near each other are one",
        ),
        pytest.param(laid((20, 60), "GATTA", (60, 70), (75, 110)), LONG, [(60, 60, "GATTA"), (70, 75, "")], id="apart"),
        pytest.param(laid((20, 110)), SHORT, [], id="none"),
    ],
)
def test_gaps_suggest_changes(read, least, found):
    assert suggested(read, least) == found


def test_mismatches_beside_a_gap_are_part_of_the_change_where_reads_are_exact():
    read, nodes = laid((20, 60), (66, 110))
    read = read[:39] + OTHER[read[39]] + read[40:]
    assert suggested((read, nodes), SHORT) == [(59, 66, read[39])]
    assert suggested((read, nodes), LONG) == [(60, 66, "")]


def meets(read):
    """(x, y, bases between) of a read's clipped ends."""
    return [(x, y, read[0][i:j]) for _, x, y, i, j in splits(*arrays(read), TABLE, GRAPH).tolist()]


@pytest.mark.parametrize(
    ("read", "found"),
    [
        pytest.param(laid((60, 160), TARGET[110:150].lower()), (160, 110, ""), id="duplication, right end"),
        pytest.param(laid(TARGET[60:100].lower(), (50, 150)), (100, 50, ""), id="duplication, left end"),
        pytest.param(laid((60, 160), TARGET[180:220].lower()), (160, 180, ""), id="deletion"),
        pytest.param(
            laid((60, 160), "gattaca" + TARGET[130:170].lower()), (160, 130, "GATTACA"), id="more bases between"
        ),
        pytest.param(laid((60, 160), "gattacagattacagattaca"), None, id="nowhere"),
        pytest.param(laid((60, 160), TARGET[110:118].lower()), None, id="too short"),
    ],
)
def test_clipped_ends_lie_elsewhere(read, found):
    """Bases at the meeting point that suit both parts may be told as either's, so that sequences are compared."""
    told = meets(read)
    if found is None:
        assert told == []
        return
    ((x, y, between),) = told
    assert x - y + len(between) == found[0] - found[1] + len(found[2])
    assert abs(found[0] - x) <= 3
    assert read[0] in TARGET[:x] + between + TARGET[y:]


def test_where_two_parts_meet_is_where_they_mismatch_least():
    """Three bases of the second copy were aligned on past its border, two of them as mismatches."""
    read, nodes = laid((60, 160), TARGET[110:150].lower())
    nodes = nodes[:100] + [160, 161, 162] + nodes[103:]
    ((x, y, between),) = meets((read, nodes))
    assert (x - y, between) == (50, "")
    assert read in TARGET[:x] + TARGET[y:]


def test_only_reads_that_depart_are_kept():
    reads = [
        laid((20, 120)),
        laid((20, 60), (61, 120)),
        laid((20, 60), (64, 120)),
        laid((20, 60), (61, 80), (82, 120)),
        laid((20, 60), (61, 110), (112, 160)),
        laid((20, 120), "g" * 12),
        laid((20, 120), "g" * 11),
    ]
    codes, nodes, offsets = arrays(*reads)
    n = len(reads)
    placed = PlacedArrays(codes, codes, offsets, nodes, np.zeros(n, "u1"), np.ones(n, "u1"), np.zeros(n, "u1"))
    assert departing(placed, np.arange(n), SHORT, GRAPH).tolist() == [1, 2, 3, 4, 5]
    assert departing(placed, np.arange(n), LONG, GRAPH).tolist() == [2, 3, 5]
    dropped = np.where(np.arange(n) == 2, -1, np.arange(n))
    assert departing(placed, dropped, LONG, GRAPH).tolist() == [3, 5]
