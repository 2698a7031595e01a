"""The splice graph: every known isoform and fusion at once, as one sequence of nodes and a few extra edges.

Node v < L is target base v (0-based). Behind them stand the partner bases of fusions and other normal forms,
stored as a trie so that bases which several transcripts share are one node, and the bases of known insertions.
`following` and `preceding` are the plain neighbours; `edge_from`/`edge_to` are the jumps that make an isoform:
a fusion breakpoint, a skip, an insertion. An isoform is a path; which jumps it takes names it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ablkd.errors import InputError
from ablkd.reference import Reference, encode

# METHOD: a junction counts as seen from 10 nt beyond it, and only where those nt differ in at least 4 places
# from every other way to go on; a shorter overhang stays ambiguous and is not observed.
MIN_OVERHANG = 10
MIN_DIFFERENCES = 4
LONGEST_OVERHANG = 60
MAX_EDGES = 62


@dataclass(frozen=True)
class Edge:
    """A jump: its transcript (fusion or other normal form; empty inside the target) and its events."""

    origin: int
    goal: int
    transcript: str
    events: tuple[str, ...]


class GraphArrays(NamedTuple):
    """The graph as kernels see it; V nodes, J jumps.

    bases uint8[V]; following, preceding int32[V] (-1 at an end); chain, place int32[V]: which run of plain
    neighbours a node is in, and where. depth int32[V] (0-based place on a fusion contig, -1 for target and
    insertion nodes); home int32[V] (index of the transcript a partner node is shown on, the target's for the
    rest). exon_start uint8[V]: 1 where a target base is the first of an exon. edge_from, edge_to int32[J];
    out_offsets, in_offsets int32[V+1] with out_edges, in_edges int32[J] (jumps by origin and by goal); event uint8[J]:
    1 for jumps of a splice event.
    right_overhang, left_overhang int32[V]: bases needed beyond a node's outgoing (before its incoming) boundary, 0
    where nothing branches. skipped int32[J, 2]: target bases that a jump leaves out, (0, 0) for other jumps.
    """

    target_length: int
    bases: NDArray[np.uint8]
    following: NDArray[np.int32]
    preceding: NDArray[np.int32]
    chain: NDArray[np.int32]
    place: NDArray[np.int32]
    depth: NDArray[np.int32]
    home: NDArray[np.int32]
    exon_start: NDArray[np.uint8]
    edge_from: NDArray[np.int32]
    edge_to: NDArray[np.int32]
    out_offsets: NDArray[np.int32]
    out_edges: NDArray[np.int32]
    in_offsets: NDArray[np.int32]
    in_edges: NDArray[np.int32]
    event: NDArray[np.uint8]
    right_overhang: NDArray[np.int32]
    left_overhang: NDArray[np.int32]
    skipped: NDArray[np.int32]


@dataclass(frozen=True)
class SpliceGraph:
    """The jumps by name, and the arrays; jump j of `edges` is bit j of a fragment's `junctions`."""

    edges: tuple[Edge, ...]
    arrays: GraphArrays

    def with_target(self, bases: NDArray[np.uint8]) -> SpliceGraph:
        """The same graph with other target bases, uint8[L], as a sample may have them by birth."""
        everything = self.arrays.bases.copy()
        everything[: len(bases)] = bases
        return replace(self, arrays=self.arrays._replace(bases=everything))

    @property
    def target_length(self) -> int:
        """Number of target bases; nodes from here on are partner or inserted bases."""
        return self.arrays.target_length

    def edges_of(self, event: str) -> list[int]:
        """Indices of the edges that belong to a splice event."""
        return [i for i, edge in enumerate(self.edges) if event in edge.events]


class _Builder:
    """Grows nodes and edges; kept apart so that the finished graph is plain arrays."""

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        length = len(reference.sequence)
        self.bases = list(reference.sequence)
        self.following = [*range(1, length), -1]
        self.preceding = [-1, *range(length - 1)]
        self.depth = [-1] * length
        target = reference.transcripts.index(reference.target)
        self.home = [target] * length
        self.roots: dict[str, int] = {}
        self.children: dict[int, dict[str, int]] = {}
        self.edges: dict[tuple[int, int], Edge] = {}

    def node(self, base: str, before: int, depth: int, home: int) -> int:
        """A new node behind `before` (-1: a start)."""
        index = len(self.bases)
        self.bases.append(base)
        self.following.append(-1)
        self.preceding.append(before)
        self.depth.append(depth)
        self.home.append(home)
        if before >= 0:
            if self.following[before] < 0:
                self.following[before] = index
            else:
                self.edge(Edge(before, index, "", ()))
        return index

    def edge(self, edge: Edge) -> None:
        """Add a jump unless the same jump already has a name."""
        self.edges.setdefault((edge.origin, edge.goal), edge)

    def partner(self, home: int, sequence: str) -> int:
        """The trie node that ends `sequence`."""
        node = -1
        for depth, base in enumerate(sequence):
            known = self.roots if node < 0 else self.children.setdefault(node, {})
            if base not in known:
                known[base] = self.node(base, node, depth, home)
            node = known[base]
        return node

    def skip(self, event: str, start: int, end: int) -> None:
        """Jumps over target bases [start, end), from the base before and from every breakpoint at `start`."""
        if end >= len(self.reference.sequence):
            return
        for edge in [e for e in self.edges.values() if e.goal == start and not e.events]:
            self.edge(Edge(edge.origin, end, edge.transcript, (*edge.events, event)))
        if start > 0:
            self.edge(Edge(start - 1, end, "", (event,)))

    def insertion(self, event: str, before: int, sequence: str) -> None:
        """A detour of `sequence` between target bases `before` and `before` + 1."""
        target = self.home[0]
        first = self.node(sequence[0], -1, -1, target)
        node = first
        for base in sequence[1:]:
            node = self.node(base, node, -1, target)
        self.edge(Edge(before, first, "", (event,)))
        self.edge(Edge(node, before + 1, "", (event,)))


def build_graph(reference: Reference) -> SpliceGraph:
    """The splice graph of a knowledge folder.

    Raises
    ------
    InputError
        When the knowledge has more jumps than a fragment's bit mask can hold.
    """
    builder = _Builder(reference)
    for index, transcript in enumerate(reference.transcripts):
        if transcript.partner_length:
            sequence = reference.sequences[transcript.name][: transcript.partner_length]
            end = builder.partner(index, sequence)
            builder.edge(Edge(end, transcript.target_start - 1, transcript.name, ()))
    for variant in reference.splicing:
        if variant.kind == "skip":
            builder.skip(variant.event, variant.start - 1, variant.end)
        else:
            builder.insertion(variant.event, variant.start - 1, variant.inserted_sequence)
    if len(builder.edges) > MAX_EDGES:
        raise InputError(
            f"{reference.folder}: the isoforms have {len(builder.edges)} junctions, at most {MAX_EDGES} can be "
            "told apart (remove transcripts or splice events that are not needed)"
        )
    return _finish(builder)


def _finish(builder: _Builder) -> SpliceGraph:
    edges = tuple(builder.edges.values())
    nodes = len(builder.bases)
    following = np.array(builder.following, np.int32)
    preceding = np.array(builder.preceding, np.int32)
    bases = encode("".join(builder.bases))
    origin = np.array([e.origin for e in edges], np.int32)
    goal = np.array([e.goal for e in edges], np.int32)
    out_offsets, out_edges = _by_node(origin, nodes)
    in_offsets, in_edges = _by_node(goal, nodes)
    chain, place = _chains(following)
    length = len(builder.reference.sequence)
    exon_start = np.zeros(nodes, np.uint8)
    exon_start[np.array([exon.start - 1 for exon in builder.reference.exons], np.int64)] = 1
    arrays = GraphArrays(
        target_length=length,
        bases=bases,
        following=following,
        preceding=preceding,
        chain=chain,
        place=place,
        depth=np.array(builder.depth, np.int32),
        home=np.array(builder.home, np.int32),
        exon_start=exon_start,
        edge_from=origin,
        edge_to=goal,
        out_offsets=out_offsets,
        out_edges=out_edges,
        in_offsets=in_offsets,
        in_edges=in_edges,
        event=np.array([bool(e.events) for e in edges], np.uint8),
        right_overhang=_overhangs(bases, following, out_offsets, goal[out_edges]),
        left_overhang=_overhangs(bases, preceding, in_offsets, origin[in_edges]),
        skipped=_skipped(edges, length),
    )
    return SpliceGraph(edges, arrays)


def _skipped(edges: tuple[Edge, ...], length: int) -> NDArray[np.int32]:
    """int32[J, 2]: target bases [from, to) that each jump leaves out; (0, 0) for other jumps."""
    spans = np.zeros((len(edges), 2), np.int32)
    for index, edge in enumerate(edges):
        if edge.origin < length and edge.goal < length:
            spans[index] = edge.origin + 1, edge.goal
    return spans


def _chains(following: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """For each node the number of its run of plain neighbours and its place in the run."""
    chain = np.full(len(following), -1, np.int32)
    place = np.zeros(len(following), np.int32)
    starts = np.setdiff1d(np.arange(len(following)), following[following >= 0])
    for number, start in enumerate(starts):
        node, position = int(start), 0
        while node >= 0:
            chain[node], place[node] = number, position
            node, position = int(following[node]), position + 1
    return chain, place


def _by_node(ends: NDArray[np.int32], nodes: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Edges grouped by the node at one of their ends: offsets int32[V+1] and edge indices int32[J]."""
    order = np.argsort(ends, kind="stable").astype(np.int32)
    counts = np.bincount(ends, minlength=nodes) if len(ends) else np.zeros(nodes, np.int64)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32), order


def _overhangs(
    bases: NDArray[np.uint8],
    plain: NDArray[np.int32],
    offsets: NDArray[np.int32],
    jumps: NDArray[np.int32],
) -> NDArray[np.int32]:
    """int32[V]: bases needed to tell the ways on from a node apart; 0 where there is one way only."""
    needed = np.zeros(len(plain), np.int32)
    for node in np.flatnonzero(np.diff(offsets)):
        ways = [*jumps[offsets[node] : offsets[node + 1]]]
        if plain[node] >= 0 and plain[node] not in ways:
            ways.append(plain[node])
        runs = [_run(bases, plain, way) for way in ways]
        pairs = [(a, b) for i, a in enumerate(runs) for b in runs[:i]]
        needed[node] = max((_told_apart(a, b) for a, b in pairs), default=0)
    return needed


def _run(bases: NDArray[np.uint8], plain: NDArray[np.int32], node: int) -> list[int]:
    run: list[int] = []
    while node >= 0 and len(run) < LONGEST_OVERHANG:
        run.append(int(bases[node]))
        node = int(plain[node])
    return run


def _told_apart(first: list[int], second: list[int]) -> int:
    differences = 0
    for length, (a, b) in enumerate(zip(first, second, strict=False), start=1):
        differences += a != b
        if differences >= MIN_DIFFERENCES and length >= MIN_OVERHANG:
            return length
    return LONGEST_OVERHANG
