"""The splice graph of the knowledge folder beside isoforms that are spelled without it."""

from __future__ import annotations

from pathlib import Path

import pytest
from isoform_panel import Isoform, Label, all_isoforms
from simulated import nodes_of_labels

from ablkd.alignment.aligner import Aligner
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
    return nodes_of_labels(reference, graph)
