"""Boundaries of the splice graph: how much overhang tells the ways apart, by walking every way on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ablkd.errors import InputError
from ablkd.isoforms import MIN_DIFFERENCES, MIN_OVERHANG, build_graph


@pytest.fixture(scope="module")
def graph(reference):
    return build_graph(reference)


def ways_on(graph, node: int, towards: int) -> list[int]:
    """Nodes that may follow (1) or come before (-1) a node."""
    plain = graph.arrays.following if towards == 1 else graph.arrays.preceding
    ends = [(e.origin, e.goal)[::towards] for e in graph.edges]
    return sorted({int(plain[node]), *(goal for origin, goal in ends if origin == node)} - {-1})


def walks(graph, node: int, towards: int, length: int) -> list[str]:
    """Up to `length` bases along every path from `node` on, over every jump further on."""
    base, ways = "ACGT"[graph.arrays.bases[node]], ways_on(graph, node, towards)
    if length == 1 or not ways:
        return [base]
    return [base + rest for way in ways for rest in walks(graph, way, towards, length - 1)]


def differences(one: str, other: str) -> int:
    return sum(x != y for x, y in zip(one, other, strict=False))


def boundaries(graph):
    """(node, side, overhang needed) of every node, on both sides."""
    for towards, needed in ((1, graph.arrays.right_overhang), (-1, graph.arrays.left_overhang)):
        yield from ((node, towards, int(n)) for node, n in enumerate(needed))


def test_an_overhang_is_needed_exactly_where_there_is_a_choice(graph):
    for node, towards, needed in boundaries(graph):
        assert (needed > 0) == (len(ways_on(graph, node, towards)) > 1), (node, towards)


def test_so_many_bases_tell_any_two_ways_on_apart(graph):
    """At least 4 differences in at least 10 bases, however the ways branch again; with one base fewer too few."""
    for node, towards, needed in boundaries(graph):
        if not needed:
            continue
        runs = [(way, run) for way in ways_on(graph, node, towards) for run in walks(graph, way, towards, needed)]
        pairs = [(a, b) for i, (way, a) in enumerate(runs) for other, b in runs[:i] if way != other]
        assert min(differences(a, b) for a, b in pairs) >= MIN_DIFFERENCES, (node, towards)
        fewer = min(differences(a[:-1], b[:-1]) for a, b in pairs)
        assert needed == MIN_OVERHANG or fewer < MIN_DIFFERENCES, (node, towards)


def test_known_overhangs(graph, reference):
    """Exons 3 and 4 both end in AAG, and so do the sequences before exon 2's two acceptors."""
    exon = {e.exon: e for e in reference.exons}
    assert (
        reference.sequence[exon["3"].end - 3 : exon["3"].end] == reference.sequence[exon["4"].end - 3 : exon["4"].end]
    )
    right, left = graph.arrays.right_overhang, graph.arrays.left_overhang
    for name in "34578":
        assert MIN_OVERHANG <= right[exon[name].end - 1] <= 15
        assert MIN_OVERHANG <= left[exon[name].end] <= 15


def test_jumps_of_an_event(graph):
    assert [graph.edges[j].events for j in graph.edges_of("exon4_skipping")] == [("exon4_skipping",)]
    assert len(graph.edges_of("35INS")) == 2
    assert graph.edges_of("unheard of") == []


def test_more_jumps_than_a_mask_holds_are_refused(reference):
    skip = next(v for v in reference.splicing if v.event == "exon4_skipping")
    many = tuple(replace(skip, event=f"e{k}", start=600 + 3 * k, end=650 + 3 * k) for k in range(63))
    with pytest.raises(InputError, match="the isoforms have 7[0-9] junctions, at most 62 can be told apart"):
        build_graph(replace(reference, splicing=many))


@pytest.mark.parametrize("start, end", [(1, 79), (3300, 3393)])
def test_an_event_at_an_end_of_the_target(reference, start, end):
    """Without bases on both sides there is nothing to jump from or to; with a fusion before the start there is."""
    skip = replace(reference.splicing[0], kind="skip", start=start, end=end)
    graph = build_graph(replace(reference, splicing=(skip,)))
    inside = [e for e in graph.edges if skip.event in e.events]
    assert inside == []
