"""Long reads settled where gaps lie near, before they become fragments."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ablkd import hgvs
from ablkd.alignment.placed import Placed
from ablkd.background.indels import gap_rates
from ablkd.isoforms import SpliceGraph
from ablkd.kernels.realign import realign
from ablkd.records import Platform
from ablkd.reference import Reference, encode


class Realigner:
    """What a platform's reads are aligned with again: chances of gaps at each node, and the codons to choose from."""

    def __init__(self, reference: Reference, graph: SpliceGraph, platform: Platform) -> None:
        self.graph = graph.arrays
        self.mismatch = platform.transition_error + 2 * platform.transversion_error
        self.single = np.log(platform.indel_error)
        self.gaps = np.log(gap_rates(self.graph.bases, platform.indel_error))
        self.first, self.candidates = _candidates(reference, self.graph.bases[: graph.target_length])

    def settle(self, placed: Placed) -> Placed:
        """The reads with better places, for fragments: bases of codons that are not told have quality 0.

        Places are changed in the reads given, too.
        """
        a = placed.arrays
        quals = realign(
            a.codes, a.quals, a.offsets, a.nodes, a.placed, self.graph, self.gaps, self.single,
            self.mismatch, self.first, self.candidates,
        )  # fmt: skip
        return replace(placed, arrays=a._replace(quals=quals))


def _candidates(reference: Reference, target: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Codons to choose from: offsets int64[C+1] into codes uint8[., 3]; what most molecules have, the wild type, then
    those of the catalogue.
    """
    sequence = "".join(hgvs.BASES[code] for code in target)
    codons = [[sequence[p : p + 3]] for p in range(0, len(sequence) - 2, 3)]
    wild = [(p // 3 + 1, reference.sequence[p : p + 3]) for p in range(0, len(sequence) - 2, 3)]
    listed = [(row.codon, row.alt_codon) for row in reference.mutations]
    for codon, change in wild + listed + [(row.codon, row.alt_codon) for row in reference.polymorphisms]:
        if change not in codons[codon - 1]:
            codons[codon - 1].append(change)
    offsets = np.cumsum([0, *(len(c) for c in codons)], dtype=np.int64)
    return offsets, encode("".join("".join(c) for c in codons)).reshape(-1, 3)
