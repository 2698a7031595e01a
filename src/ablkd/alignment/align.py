"""Reads -> fragments and a BAM, isoforms competing."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablkd.alignment.bam import BamWriter
from ablkd.alignment.block import ReadBlock
from ablkd.alignment.merged import Merger
from ablkd.alignment.placed import Placed, PlacedArrays
from ablkd.alignment.plausible import check_scale, check_target, mates_row, named
from ablkd.alignment.reads import read_blocks
from ablkd.alignment.realigned import Realigner
from ablkd.amplicons import assign_tiles, find_amplicon
from ablkd.counting.counts import write_counts
from ablkd.counting.tally import as_counts, count, seen_indels
from ablkd.errors import UnusableSample
from ablkd.fragments import Fragments, empty, save
from ablkd.isoforms import build_graph
from ablkd.kernels import chaining, chimeras, gapless, gapped, placement, seeds, ways
from ablkd.records import Platform, QcMetric
from ablkd.reference import Reference, sha256

# A block of reads and what is known of them stays in the cache of the processor.
BLOCK_BASES = 1_200_000
TYPICAL_LENGTH = {"short": 150, "long": 1500}
SEED_STRIDE = {"short": 1, "long": 3}
# METHOD: a gapped placement stands on at least 30 matching bases and 75 % identity; less is not this target.
MIN_MATCHES = 30
MIN_IDENTITY = 0.75


class Aligner:
    """The splice graph with its k-mer index, ready to place blocks of reads."""

    def __init__(self, reference: Reference, kind: str) -> None:
        self.graph = build_graph(reference)
        self.kind = kind
        self.table = seeds.index_kmers(self.graph.arrays.bases, self.graph.arrays.following)

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


def align_sample(
    sample: str,
    platform: Platform,
    amplicon: str,
    reference: Reference,
    reads_1: list[Path],
    reads_2: list[Path],
    fragments: Path,
    counts: Path,
    bam: Path | None,
) -> list[QcMetric]:
    """Align a sample's reads; write its fragments, their counts and, where a path is given, its sorted, indexed BAM.

    Returns its qc rows. Reads that cannot be used give empty outputs and a failed `usable` row, not an exception.
    """
    files = named([*reads_1, *reads_2])
    aligner = Aligner(reference, platform.reads)
    realigner = Realigner(reference, aligner.graph, platform)
    rows = []
    merger = Merger(aligner.graph, platform.min_base_quality)
    chimeric = poor = 0
    with BamWriter(bam, reference, aligner.graph) if bam else nullcontext() as writer:
        try:
            rows = _input_rows(sample, [*reads_1, *reads_2])
            size = BLOCK_BASES // TYPICAL_LENGTH[platform.reads] // 2
            for one, two in read_blocks(reads_1, reads_2, size):
                if platform.reads == "short":
                    check_scale(one, files)
                first = aligner.place(one)
                second = aligner.place(two) if two is not None else None
                settled = first
                if platform.reads == "long":
                    settled = realigner.settle(first)
                    chimeric += aligner.chimeras(settled)
                poor += one.left_out
                merger.add(settled, second)
                if writer:
                    writer.write(first, second)
            if merger.reads == 0:
                raise UnusableSample(f"{files}: no reads in them (check the sequencing run)")
            joined = merger.fragments()
            if len(joined) == 0:
                raise UnusableSample(f"{files}: no read lies on the target (another gene, another species or adapters)")
            check_target(joined, reference.codes, files)
            reason = ""
        except UnusableSample as problem:
            nothing = empty(aligner.graph.target_length)
            joined = replace(nothing, reads=merger.reads, placed=merger.placed)
            reason = str(problem)
            if writer:
                writer.clear()
    name = amplicon or find_amplicon(reference, aligner.graph, joined.ends)
    tile = assign_tiles(reference, aligner.graph, name, joined.ends)
    joined = replace(joined, tile=tile)
    save(joined, fragments)
    tally, indels = count(joined, reference, aligner.graph), seen_indels(joined, reference)
    write_counts(counts, [as_counts(sample, platform.platform, tally, indels)])
    rows += _qc_rows(sample, joined, merger.counts, name, reason)
    if platform.reads == "long":
        rows.append(QcMetric(sample, "chimeric_reads", str(chimeric), "reads", "", "pass", ""))
        rows.append(QcMetric(sample, "reads_left_out", str(poor), "reads", "", "pass", ""))
    return rows


def _input_rows(sample: str, paths: list[Path]) -> list[QcMetric]:
    rows = []
    for path in paths:
        try:
            rows.append(QcMetric(sample, "input_sha256", sha256(path), path.name, "", "pass", ""))
        except FileNotFoundError:
            raise UnusableSample(f"{path.name}: no such file (check the sheet)") from None
        except OSError as error:
            raise UnusableSample(f"{path.name}: cannot be read: {error.strerror} (check the file)") from None
    return rows


def _qc_rows(sample: str, joined: Fragments, pairs: NDArray[np.int64], amplicon: str, reason: str) -> list[QcMetric]:
    share = joined.placed / joined.reads if joined.reads else 0.0
    rows = [
        QcMetric(sample, "reads", str(joined.reads), "reads", "", "pass", ""),
        QcMetric(sample, "on_target", f"{share:.4f}", "fraction", "", "pass", ""),
        QcMetric(sample, "fragments", str(len(joined)), "fragments", "", "pass", ""),
        QcMetric(sample, "contradicting_mates", str(int(pairs[1])), "fragments", "", "pass", ""),
        mates_row(sample, int(pairs[2]), int(pairs[0])),
        QcMetric(sample, "amplicon", amplicon or "not recognised", "", "", "pass", ""),
    ]
    usable = QcMetric(sample, "usable", "no" if reason else "yes", "", "yes", "fail" if reason else "pass", reason)
    return [*rows, usable]
