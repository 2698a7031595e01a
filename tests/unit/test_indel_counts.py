"""Which fragments show an indel and which could tell, against a walk over every fragment and base."""

import numpy as np
import pytest
from drawn import Kind, draw

from ablkd.counting.indels import MARGIN, seen_indels, spanning, telling
from ablkd.isoforms import build_graph


def draw_any(reference, rng, number=40):
    """Kinds of fragments with mates anywhere, a few with jumps, long gaps and indels at places that mates may not span."""
    events = [(), (), (), ("exon4_skipping",), ("exon5_skipping",)]
    changes = ["", "", "826_828del", "941_943del", "1068_1069insTTC", "752del", "826_870del", "944N 945N", "944C>T"]
    kinds = []
    for _ in range(number):
        spans = []
        for _ in range(2):
            start = int(rng.integers(560, 1100))
            spans.append((start, start + int(rng.integers(20, 400))) if rng.random() < 0.8 else None)
        if any(spans):
            kinds.append(Kind(int(rng.integers(1, 4)), str(rng.choice(changes)), *spans, events[rng.integers(5)]))
    return draw(reference, kinds)


def bases_without_jump(fragments, reference, n):
    """For each mate of a fragment the set of boundaries p such that it runs plainly over bases p-1 and p."""
    graph, left_out = build_graph(reference), set()
    for e, (first, past) in enumerate(graph.arrays.skipped.tolist()):
        if past and fragments.junctions[n] >> e & 1:
            left_out.update(range(first, past + 1))
    own = slice(fragments.offsets[n], fragments.offsets[n + 1])
    gone = sorted(fragments.position[own][fragments.allele[own] == 4].tolist())
    runs = np.split(np.array(gone, int), np.flatnonzero(np.diff(gone) != 1) + 1) if gone else []
    for run in runs:
        if len(run) > 30:
            left_out.update(range(run[0], run[-1] + 2))
    mates = [fragments.forward[n], fragments.reverse[n]]
    return [{p for p in range(int(first) + 1, int(past)) if p not in left_out} for first, past in mates]


def could_tell(boundaries, first, past):
    return any(set(range(first - MARGIN + 1, past + MARGIN)) <= mate for mate in boundaries)


@pytest.mark.parametrize("seed", range(3))
def test_could_tell_is_one_mate_over_all_places_and_twelve_bases_more(reference, seed):
    fragments = draw_any(reference, np.random.default_rng(seed))
    plain = [bases_without_jump(fragments, reference, n) for n in range(len(fragments))]
    counted = spanning(fragments, reference)
    assert counted.max() > 3 and len(counted) == len(reference.sequence) + 1
    for p in range(600, 1400, 7):
        assert counted[p] == sum(could_tell(mates, p, p) for mates in plain)
    # c.937-942 is ATCATC: losing ATC can be written from c.937 to c.943.
    places = {(825, 828, ""): (825, 828), (940, 943, ""): (936, 943), (1068, 1068, "TTC"): (1068, 1068)}
    seen = seen_indels(fragments, reference)
    for indel, (first, past) in places.items():
        able = [could_tell(mates, first, past) for mates in plain]
        assert telling(fragments, reference, indel).tolist() == able
        if indel in seen:
            assert seen[indel].depth == sum(able) and all(able[n] for n in seen[indel].owners)
    assert len(seen) >= 2


def test_base_qualities_count_for_neither_side(reference):
    """The old depth took fragments whose codon was read well, and the count took all."""
    masked = "820N 821N 826N 827N"
    fragments = draw(reference, [Kind(30, "826_828del"), Kind(50, masked), Kind(20)])
    assert {k: (len(v.owners), v.depth) for k, v in seen_indels(fragments, reference).items()} == {
        (825, 828, ""): (30, 100)
    }


@pytest.mark.parametrize(("start", "seen"), [(825 - MARGIN, True), (826 - MARGIN, False)])
def test_a_fragment_that_ends_too_near_neither_shows_it_nor_could(reference, start, seen):
    fragments = draw(reference, [Kind(5, "826_828del", (start, 1200), None), Kind(5, "", (start, 1200), None)])
    assert bool(seen_indels(fragments, reference)) is seen
    assert int(telling(fragments, reference, (825, 828, "")).sum()) == (10 if seen else 0)


def test_an_indel_in_a_primer_is_no_patients(reference):
    """Whole products of a tile: from the base behind its primer on fragments speak for the patient."""
    tile = next(i for i, a in enumerate(reference.amplicons) if a.transcript == reference.target.name)
    forward_end = reference.amplicons[tile].forward_end
    span = (reference.amplicons[tile].forward_start - 1, reference.amplicons[tile].reverse_end)
    fragments = draw(reference, [Kind(5, "", span, None)], tile=tile)
    counted = spanning(fragments, reference)
    assert counted[forward_end - 1] == 0 and counted[forward_end] == 5


def test_equal_insertions_are_one_and_different_ones_are_not(reference):
    fragments = draw(reference, [Kind(3, "1068_1069insTTC"), Kind(2, "1068_1069insTTG"), Kind(4, "1068_1069insT")])
    found = {k: v.owners.tolist() for k, v in seen_indels(fragments, reference).items()}
    assert sorted(found.values()) == [[0, 1, 2], [3, 4], [5, 6, 7, 8]]
    assert {len(inserted) for _, _, inserted in found} == {1, 3}


def test_without_fragments_nothing_is_seen(reference):
    fragments = draw(reference, [])
    assert seen_indels(fragments, reference) == {} and not spanning(fragments, reference).any()
