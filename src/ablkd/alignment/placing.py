"""All reads of a sample, placed on its target; a second time where bases that it has by birth make gaps beside them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablkd.alignment.aligner import Aligner
from ablkd.alignment.consensus import consensus, gaps_beside
from ablkd.alignment.kept import KeptReads
from ablkd.alignment.merged import Merger
from ablkd.alignment.plausible import check_scale, named
from ablkd.alignment.realigned import Realigner
from ablkd.errors import UnusableSample
from ablkd.fragments import Fragments
from ablkd.isoforms import SpliceGraph
from ablkd.records import Platform
from ablkd.reference import Reference


@dataclass(frozen=True, eq=False)
class SampleReads:
    """The fragments of a sample and what else was seen of its reads.

    kept: reads that may hold an insertion or deletion; target uint8[L]: the bases that reads were compared with; pairs
    int64[3] as of `Merger`; chimeric: reads with a second stretch of the target; left_out: reads too poor to be used.
    """

    fragments: Fragments
    kept: KeptReads
    target: NDArray[np.uint8]
    pairs: NDArray[np.int64]
    chimeric: int
    left_out: int


def read_sample(
    reference: Reference, graph: SpliceGraph, platform: Platform, reads_1: list[Path], reads_2: list[Path]
) -> SampleReads:
    """Read and place all reads of a sample.

    Raises UnusableSample where a file cannot be read, there are no reads, or their qualities are of an old scale.
    """
    read = _placed(reference, graph, platform, reference.codes, reads_1, reads_2)
    own = consensus(read.fragments, reference.codes)
    if not gaps_beside(read.fragments, own != reference.codes, platform.indel_error):
        return read
    del read  # A sample is in memory once.
    return _placed(reference, graph, platform, own, reads_1, reads_2)


def _placed(
    reference: Reference,
    graph: SpliceGraph,
    platform: Platform,
    target: NDArray[np.uint8],
    reads_1: list[Path],
    reads_2: list[Path],
) -> SampleReads:
    """All reads placed on these target bases; fragments tell how they differ from those of the knowledge folder."""
    aligner = Aligner(reference, platform.reads, target)
    realigner = Realigner(reference, aligner.graph, platform)
    merger = Merger(graph, platform.min_base_quality, platform.reads)
    chimeric = left_out = 0
    for first, second in aligner.place_all(reads_1, reads_2):
        if platform.reads == "short":
            check_scale(first.block, [*reads_1, *reads_2])
        else:
            first = realigner.settle(first)
            chimeric += aligner.chimeras(first)
        left_out += first.block.left_out
        merger.add(first, second)
    if merger.reads == 0:
        raise UnusableSample(f"{named([*reads_1, *reads_2])}: no reads in them (check the sequencing run)")
    kept = merger.kept()
    return SampleReads(merger.fragments(), kept, target, merger.counts, chimeric, left_out)
