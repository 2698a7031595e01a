"""Reads of a sample, placed on the splice graph block by block."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablkd.alignment.block import ReadBlock
from ablkd.alignment.placed import Placed, PlacedArrays
from ablkd.alignment.reads import read_blocks
from ablkd.isoforms import build_graph
from ablkd.kernels import chaining, chimeras, gapless, gapped, placement, seeds, ways
from ablkd.reference import Reference

# A block of reads and what is known of them stays in the cache of the processor.
BLOCK_BASES = 1_200_000
TYPICAL_LENGTH = {"short": 150, "long": 1500}
SEED_STRIDE = {"short": 1, "long": 3}
# METHOD: a gapped placement stands on at least 30 matching bases and 75 % identity; less is not this target.
MIN_MATCHES = 30
MIN_IDENTITY = 0.75


class Aligner:
    """The splice graph with its k-mer index, ready to place blocks of reads.

    `target` uint8[L] are the target's bases as the sample has them; those of the knowledge folder without.
    """

    def __init__(self, reference: Reference, kind: str, target: NDArray[np.uint8] | None = None) -> None:
        graph = build_graph(reference)
        self.graph = graph if target is None else graph.with_target(target)
        self.kind = kind
        self.table = seeds.index_kmers(self.graph.arrays.bases, self.graph.arrays.following)

    def place_all(self, reads_1: list[Path], reads_2: list[Path]) -> Iterator[tuple[Placed, Placed | None]]:
        """Every read of the files, with its mate where there are mates, a block at a time.

        Raises UnusableSample where a file cannot be read.
        """
        size = BLOCK_BASES // TYPICAL_LENGTH[self.kind] // 2
        for one, two in read_blocks(reads_1, reads_2, size):
            yield self.place(one), self.place(two) if two is not None else None

    def place(self, block: ReadBlock) -> Placed:
        """Place every read; reads on the reverse strand are turned in the block itself."""
        graph = self.graph.arrays
        nodes, reverse, state = placement.place_ungapped(block.codes, block.quals, block.offsets, self.table, graph)
        rough = np.flatnonzero(state == placement.ROUGH)
        kept = gapless.keep_gapless(block.codes, block.offsets, rough, nodes, graph)
        state[rough] = np.array([placement.NEEDS_GAPS, placement.PLACED, placement.STRAIGHT], np.uint8)[kept]
        which = np.flatnonzero(state == placement.NEEDS_GAPS)
        straight = (state == placement.STRAIGHT).astype(np.uint8)
        placed = (state == placement.PLACED).astype(np.uint8) | straight
        links, at, node, via = chaining.chain_seeds(
            block.codes, block.offsets, which, self.table, graph, SEED_STRIDE[self.kind]
        )
        offsets, path, centre, widest = ways.lay_paths(block.codes, block.offsets, which, links, at, node, via, graph)
        placed[which] = gapped.place_gapped(
            block.codes,
            block.offsets,
            which,
            nodes,
            graph.bases,
            offsets,
            path,
            centre,
            widest,
            MIN_MATCHES,
            MIN_IDENTITY,
        )
        return Placed(block, PlacedArrays(block.codes, block.quals, block.offsets, nodes, reverse, placed, straight))

    def chimeras(self, placed: Placed) -> int:
        """Reads that hold a second stretch of the target beside the one that is placed; it is not used."""
        a = placed.arrays
        return int(chimeras.count_chimeras(a.codes, a.offsets, a.nodes, a.placed, self.table))
