"""The splice graph of the knowledge folder beside isoforms that are spelled without it."""

from __future__ import annotations

from pathlib import Path

import pytest
from isoform_panel import Isoform, Label, all_isoforms

from ablkd.alignment.align import Aligner
from ablkd.isoforms import SpliceGraph, build_graph
from ablkd.reference import Reference


@pytest.fixture(scope="session")
def isoforms(root: Path) -> list[Isoform]:
    """Every transcript, alone and with each event."""
    return all_isoforms(root / "reference")


@pytest.fixture(scope="session")
def graph(reference: Reference) -> SpliceGraph:
    return build_graph(reference)


@pytest.fixture(scope="session")
def aligner(reference: Reference) -> Aligner:
    return Aligner(reference, "short")


@pytest.fixture(scope="session")
def node_at(reference: Reference, graph: SpliceGraph) -> dict[Label, int]:
    """Graph node of every label; that the nodes spell the isoforms is tested in test_graph_paths."""
    found: dict[Label, int] = {("target", p): p for p in range(graph.target_length)}
    partner = {t.name: t.partner_length for t in reference.transcripts}
    for edge in graph.edges:
        if edge.transcript and not edge.events:
            node = edge.origin
            for depth in reversed(range(partner[edge.transcript])):
                found[edge.transcript, depth] = node
                node = int(graph.arrays.preceding[node])
        elif edge.origin < graph.target_length <= edge.goal:
            node, k = edge.goal, 0
            while node >= 0:
                found[edge.events[0], k] = node
                node, k = int(graph.arrays.following[node]), k + 1
    return found
