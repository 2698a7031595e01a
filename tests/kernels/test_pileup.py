"""Codon states against a tally that walks over every base of every fragment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numba import config

from ablkd.fragments import DELETED, UNOBSERVED
from ablkd.kernels.pileup import MASKED, NOT_COVERED, NOT_OBSERVED, SKIPPED, codon_states, count_codons

EXAMPLES = 30 if config.DISABLE_JIT else 300
TARGET = "ATGGCTTGCGATGAACTGTTCGGCAAATAA"
CODONS = len(TARGET) // 3
SKIPS = [(0, 0), (6, 12), (10, 17), (14, 16)]
PRIMERS = [(0, 5, 25, 30), (0, 0, 0, 0), (4, 13, 10, 19)]


@dataclass
class Drawn:
    forward: tuple[int, int] | None
    reverse: tuple[int, int] | None
    jumps: set[int]
    tile: int
    changes: dict[int, int]

    def sees(self, p: int) -> str:
        """The mates that cover p, as letters."""
        spans = (("f", self.forward), ("r", self.reverse))
        return "".join(mate for mate, span in spans if span and span[0] <= p < span[1])


def spans():
    return st.tuples(st.integers(0, 26), st.integers(1, 20)).map(lambda v: (v[0], min(v[0] + v[1], len(TARGET))))


@st.composite
def fragments(draw):
    forward, reverse = draw(
        st.sampled_from([(True, True), (True, False), (False, True)]).flatmap(
            lambda has: st.tuples(*(spans() if h else st.none() for h in has))
        )
    )
    drawn = Drawn(forward, reverse, draw(st.sets(st.integers(0, 3))), draw(st.integers(-1, 2)), {})
    gone = {p for j in drawn.jumps for p in range(*SKIPS[j])}
    seen = [p for p in range(len(TARGET)) if drawn.sees(p) and p not in gone]
    for p in draw(st.sets(st.sampled_from(seen), max_size=5)) if seen else ():
        drawn.changes[p] = draw(st.sampled_from([0, 1, 2, 3, DELETED, UNOBSERVED]))
        if drawn.changes[p] == "ACGT".index(TARGET[p]):
            drawn.changes[p] = UNOBSERVED
    return drawn


def arrays(drawn: list[Drawn]):
    """The arguments that the kernels take."""
    changes = [(p, allele) for f in drawn for p, allele in sorted(f.changes.items())]
    return (
        np.array([sum(1 << j for j in f.jumps) for f in drawn], np.int64),
        np.array([f.forward or (0, 0) for f in drawn], np.int32).reshape(-1, 2),
        np.array([f.reverse or (0, 0) for f in drawn], np.int32).reshape(-1, 2),
        np.array([f.tile for f in drawn], np.int16),
        np.cumsum([0, *(len(f.changes) for f in drawn)], dtype=np.int64),
        np.array([p for p, _ in changes], np.int32),
        np.array([allele for _, allele in changes], np.uint8),
        np.array(["ACGT".index(b) for b in TARGET], np.uint8),
        np.array(SKIPS, np.int32),
        np.array(PRIMERS, np.int32),
    )


def slow_state(f: Drawn, codon: int) -> tuple[int, int]:
    """(state or code, orientation) of one codon of one fragment."""
    places = range(3 * codon, 3 * codon + 3)
    outer = [p for p in range(len(TARGET)) if f.sees(p)]
    if places[0] < outer[0] or places[-1] > outer[-1]:
        return NOT_COVERED, -1
    if any(a <= p < b for j in f.jumps for a, b in [SKIPS[j]] for p in places):
        return SKIPPED, -1
    if not all(f.sees(p) for p in places):
        return NOT_COVERED, -1
    if f.tile >= 0 and any(a <= p < b for a, b in (PRIMERS[f.tile][:2], PRIMERS[f.tile][2:]) for p in places):
        return MASKED, -1
    codes = [f.changes.get(p, "ACGT".index(TARGET[p])) for p in places]
    if max(codes) > 3:
        return NOT_OBSERVED, -1
    whole = [mate for mate in "fr" if all(mate in f.sees(p) for p in places)]
    return codes[0] * 16 + codes[1] * 4 + codes[2], "fr".index(whole[0]) if len(whole) == 1 else 2


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(st.lists(fragments(), max_size=6))
@example([])
@example([Drawn((0, 30), None, set(), -1, {})])
@example([Drawn((0, 8), (7, 30), {1}, 0, {8: 0, 12: DELETED})])
def test_counts_and_states_are_those_of_a_slow_tally(drawn):
    counts, skipping, masked = count_codons(*arrays(drawn))
    chosen = np.array([9, 0, 3, 3, 4, 2, 5], np.int64)
    states = codon_states(*arrays(drawn), chosen)
    slow = [[slow_state(f, c) for c in range(CODONS)] for f in drawn]
    expected = np.zeros((CODONS, 3, 64), np.int64)
    for row in slow:
        for codon, (state, orientation) in enumerate(row):
            if state >= 0:
                expected[codon, orientation, state] += 1
    np.testing.assert_array_equal(counts, expected)
    np.testing.assert_array_equal(skipping, [sum(row[c][0] == SKIPPED for row in slow) for c in range(CODONS)])
    np.testing.assert_array_equal(masked, [sum(row[c][0] == MASKED for row in slow) for c in range(CODONS)])
    assert states.shape == (len(drawn), len(chosen))
    assert states.tolist() == [[row[c][0] for c in chosen] for row in slow]


def test_jumps_up_to_the_last_bit_of_the_mask():
    skips = np.zeros((62, 2), np.int32)
    skips[61] = 6, 12
    many = list(arrays([Drawn((0, 30), None, {0}, -1, {}), Drawn((0, 30), None, set(), -1, {})]))
    many[0] = np.array([1 << 61, 0], np.int64)
    many[8] = skips
    assert count_codons(*many)[1].tolist() == [0, 0, 1, 1, 0, 0, 0, 0, 0, 0]
