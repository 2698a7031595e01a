"""Amplicons told by where fragments end, and primers as spans of the target."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ablkd.amplicons import assign_tiles, contig_node, find_amplicon, primer_spans
from ablkd.isoforms import build_graph
from ablkd.records import Amplicon


@pytest.fixture(scope="module")
def graph(reference):
    return build_graph(reference)


@pytest.fixture(scope="module")
def tiled(reference):
    """The knowledge folder with an amplicon of two overlapping tiles before the shipped ones."""
    tiles = (
        Amplicon("tiles", 1, reference.target.name, 601, 620, 1001, 1020, ""),
        Amplicon("tiles", 2, reference.target.name, 901, 920, 1401, 1420, ""),
    )
    return replace(reference, amplicons=(*tiles, *reference.amplicons))


def outer(reference, graph, amplicon: Amplicon, shift=(0, 0)) -> tuple[int, int]:
    """Nodes at which a fragment of the whole amplicon ends, shifted along the transcript."""
    places = (amplicon.forward_start + shift[0], amplicon.reverse_end + shift[1])
    return tuple(contig_node(reference, graph, amplicon.transcript, p) for p in places)


def ends_of(pairs) -> np.ndarray:
    return np.array(pairs, np.int32).reshape(-1, 2)


def test_every_base_of_every_contig_has_its_node(reference, graph):
    for transcript in reference.transcripts:
        for position, base in enumerate(reference.sequences[transcript.name], start=1):
            node = contig_node(reference, graph, transcript.name, position)
            assert "ACGT"[graph.arrays.bases[node]] == base, (transcript.name, position)
            target = position - transcript.partner_length + transcript.target_start - 1
            assert node == target - 1 if position > transcript.partner_length else node >= graph.target_length


def test_every_shipped_amplicon_is_found_from_its_own_fragments(reference, graph):
    """Sheared fragments in between, ends a base or two off, one fragment in a hundred elsewhere."""
    rng = np.random.default_rng(1)
    for amplicon in reference.amplicons:
        first, last = amplicon.forward_start, amplicon.reverse_end
        inside = [sorted(rng.integers(first, last + 1, 2)) for _ in range(250)]
        whole = [(first + rng.integers(-2, 3), last + rng.integers(-2, 3)) for _ in range(150)]
        nodes = [
            tuple(contig_node(reference, graph, amplicon.transcript, p) for p in pair) for pair in (*inside, *whole)
        ]
        assert find_amplicon(reference, graph, ends_of(nodes + [(3000, 3090)] * 4)) == amplicon.name
        assert find_amplicon(reference, graph, ends_of(nodes + [(3000, 3090)] * 5)) == ""


def test_a_fusion_without_the_next_partner_exon_is_the_same_amplicon(reference, graph):
    """The forward primer of the major breakpoint lies in e13, which e13a2 shares."""
    major = next(a for a in reference.amplicons if a.transcript == "e14a2")
    as_e13a2 = contig_node(reference, graph, "e13a2", major.forward_start)
    assert as_e13a2 == outer(reference, graph, major)[0]


def test_ends_that_reach_no_primer_are_of_no_known_amplicon(reference, graph):
    assert find_amplicon(reference, graph, ends_of([])) == ""
    assert find_amplicon(reference, graph, ends_of([(700, 900)] * 50)) == ""


def test_one_end_reached_is_not_enough(reference, graph):
    nested = next(a for a in reference.amplicons if a.name == "kinase_nested")
    left, right = outer(reference, graph, nested)
    assert find_amplicon(reference, graph, ends_of([(left, right - 200)] * 50)) == ""
    assert (
        find_amplicon(reference, graph, ends_of([(left, right - 200)] * 50 + [(left + 200, right)] * 50)) == nested.name
    )


def test_tiles_by_the_ends_they_match(tiled, graph):
    one, two = (outer(tiled, graph, tile) for tile in tiled.amplicons[:2])
    rows = {
        one: 0,
        two: 1,
        (one[0], one[1] - 100): 0,
        (two[0] + 3, two[1] - 90): 1,
        (two[0] + 4, two[1] - 90): -1,
        (one[0] + 50, two[1] + 3): 1,
        (one[0] + 50, one[1] - 50): -1,
    }
    assert assign_tiles(tiled, graph, "tiles", ends_of(list(rows))).tolist() == list(rows.values())
    assert find_amplicon(tiled, graph, ends_of([one, two] * 10)) == "tiles"
    assert find_amplicon(tiled, graph, ends_of([one] * 20)) == ""


def test_an_amplicon_of_one_tile_holds_every_fragment(tiled, graph):
    row = next(i for i, a in enumerate(tiled.amplicons) if a.name == "kinase_nested")
    assert assign_tiles(tiled, graph, "kinase_nested", ends_of([(0, 9), (700, 900)])).tolist() == [row, row]
    for unknown in ("", "no such"):
        assert assign_tiles(tiled, graph, unknown, ends_of([(700, 900)])).tolist() == [-1]


def test_primer_spans_are_the_target_bases_of_the_primers(tiled, graph):
    """Spelled out for the tiles; elsewhere the bases under the span are those that the contig has there."""
    spans = primer_spans(tiled, graph)
    assert spans[:2].tolist() == [[600, 620, 1000, 1020], [900, 920, 1400, 1420]]
    for amplicon, row in zip(tiled.amplicons, spans.tolist(), strict=True):
        contig = tiled.sequences[amplicon.transcript]
        partner = next(t.partner_length for t in tiled.transcripts if t.name == amplicon.transcript)
        places = ((amplicon.forward_start, amplicon.forward_end), (amplicon.reverse_start, amplicon.reverse_end))
        for (start, end), (a, b) in zip(places, (row[:2], row[2:]), strict=True):
            on_target = contig[max(start - 1, partner) : end]
            assert tiled.sequence[a:b] == on_target
