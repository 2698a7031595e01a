"""Which amplicon a sample is, which tile a fragment belongs to, and which target bases are primer, not patient."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ablkd.isoforms import SpliceGraph
from ablkd.records import Amplicon
from ablkd.reference import Reference

# METHOD: a fragment end belongs to a primer when it lies within 3 nt of the primer's outer end.
NEAR = 3
# METHOD: an amplicon is recognised when nearly all fragments lie inside it and both its ends are reached.
MOSTLY = 0.99
REACHED = 2


def contig_node(reference: Reference, graph: SpliceGraph, contig: str, position: int) -> int:
    """Graph node of a 1-based position on a contig of transcripts.fasta."""
    transcript = next(t for t in reference.transcripts if t.name == contig)
    if position > transcript.partner_length:
        return position - transcript.partner_length + transcript.target_start - 2
    end = next(e.origin for e in graph.edges if e.transcript == contig and not e.events)
    while graph.arrays.depth[end] > position - 1:
        end = int(graph.arrays.preceding[end])
    return end


def _line(graph: SpliceGraph, nodes: NDArray) -> NDArray[np.int64]:
    """A coordinate that grows along transcripts: target positions, partner bases before all of them."""
    nodes = np.asarray(nodes)
    return np.where(nodes < graph.target_length, nodes, graph.arrays.depth[nodes].astype(np.int64) - 1_000_000)


def find_amplicon(reference: Reference, graph: SpliceGraph, ends: NDArray[np.int32]) -> str:
    """Name of the tightest known amplicon that holds the fragments and whose ends they reach; empty if none.

    `ends` int32[N, 2] are outermost graph nodes.
    """
    if not len(ends):
        return ""
    left, right = _line(graph, ends[:, 0]), _line(graph, ends[:, 1])
    best, best_size = "", np.inf
    for name in dict.fromkeys(a.name for a in reference.amplicons):
        inside = np.zeros(len(ends), bool)
        reached, size = True, 0
        for tile in (a for a in reference.amplicons if a.name == name):
            first, last = _tile_ends(reference, graph, tile)
            inside |= (left >= first - NEAR) & (right <= last + NEAR)
            touches_left = (np.abs(left - first) <= NEAR).sum() >= REACHED
            touches_right = (np.abs(right - last) <= NEAR).sum() >= REACHED
            reached &= bool(touches_left and touches_right)
            size += tile.reverse_end - tile.forward_start
        if reached and inside.mean() >= MOSTLY and size < best_size:
            best, best_size = name, size
    return best


def _tile_ends(reference: Reference, graph: SpliceGraph, tile: Amplicon) -> tuple[int, int]:
    nodes = [contig_node(reference, graph, tile.transcript, p) for p in (tile.forward_start, tile.reverse_end)]
    first, last = _line(graph, np.array(nodes))
    return int(first), int(last)


def assign_tiles(reference: Reference, graph: SpliceGraph, name: str, ends: NDArray[np.int32]) -> NDArray[np.int16]:
    """Row of amplicons.tsv for every fragment, int16[N]; -1 where none fits.

    An amplicon of one tile holds every fragment, wherever it was sheared; of several tiles the one whose
    primers the fragment's ends match best.
    """
    tiles = [(i, a) for i, a in enumerate(reference.amplicons) if a.name == name]
    if len(tiles) == 1:
        return np.full(len(ends), tiles[0][0], np.int16)
    left, right = _line(graph, ends[:, 0]), _line(graph, ends[:, 1])
    chosen = np.full(len(ends), -1, np.int16)
    matched = np.zeros(len(ends), np.int64)
    for index, tile in tiles:
        first, last = _tile_ends(reference, graph, tile)
        score = (np.abs(left - first) <= NEAR).astype(np.int64) + (np.abs(right - last) <= NEAR)
        better = score > matched
        chosen[better], matched[better] = index, score[better]
    return chosen


def primer_spans(reference: Reference, graph: SpliceGraph) -> NDArray[np.int32]:
    """int32[T, 4] for the rows of amplicons.tsv: target spans [a, b) and [c, d) that primers cover."""
    spans = np.zeros((len(reference.amplicons), 4), np.int32)
    for index, tile in enumerate(reference.amplicons):
        pairs = ((tile.forward_start, tile.forward_end), (tile.reverse_start, tile.reverse_end))
        for side, (start, end) in enumerate(pairs):
            nodes = [contig_node(reference, graph, tile.transcript, p) for p in range(start, end + 1)]
            on_target = [n for n in nodes if n < graph.target_length]
            if on_target:
                spans[index, 2 * side : 2 * side + 2] = min(on_target), max(on_target) + 1
    return spans
