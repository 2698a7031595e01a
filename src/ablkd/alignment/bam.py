"""The BAM that people look at: reads on the contigs of transcripts.fasta, skipped bases as N, sorted and indexed."""

from __future__ import annotations

import struct
from pathlib import Path
from types import TracebackType

import numpy as np

from ablkd.alignment.aligner import Aligner
from ablkd.alignment.bai import BaiIndex
from ablkd.alignment.bgzf import BgzfWriter
from ablkd.alignment.placed import Placed
from ablkd.alignment.realigned import Realigner
from ablkd.alignment.sorting import Sorter
from ablkd.isoforms import SpliceGraph
from ablkd.kernels.bam import encode_records, places
from ablkd.records import Platform
from ablkd.reference import Reference
from ablkd.tables import atomic, write_bytes, writing


def write_bam(platform: Platform, reference: Reference, reads_1: list[Path], reads_2: list[Path], path: Path) -> None:
    """Place reads where `align` places them and write them as a BAM with its index.

    Raises UnusableSample where a file cannot be read.
    """
    aligner = Aligner(reference, platform.reads)
    realigner = Realigner(reference, aligner.graph, platform)
    with BamWriter(path, reference, aligner.graph) as writer:
        for first, second in aligner.place_all(reads_1, reads_2):
            if platform.reads == "long":
                realigner.settle(first)  # their places; the qualities stay those of the file
            writer.write(first, second)


class BamWriter:
    """Collects placed reads and, when it is closed without an error, leaves a sorted BAM and its index."""

    def __init__(self, path: Path, reference: Reference, graph: SpliceGraph) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.graph = graph
        names = [t.name for t in reference.transcripts]
        self.lengths = np.array([len(reference.sequences[n]) for n in names], np.int64)
        self.names = names
        self.shift = np.array([t.partner_length - t.target_start + 1 for t in reference.transcripts], np.int64)
        self.contig_of_edge = np.array(
            [names.index(e.transcript) if e.transcript else graph.arrays.home[e.origin] for e in graph.edges],
            np.int32,
        )
        with writing(self.path):
            self.sorter = Sorter(self.path.parent)

    def write(self, first: Placed, second: Placed | None) -> None:
        """Add a block of reads, or of pairs."""
        contigs = self.shift, self.lengths
        placed = [first] if second is None else [first, second]
        where = [places(side.arrays, self.graph.arrays, self.contig_of_edge, *contigs) for side in placed]
        for k, side in enumerate(placed):
            # The mate of the one is the other; a single read stands for its own.
            mate, number = len(placed) - 1 - k, k + 1 if second else 0
            pair = side.arrays, where[k], placed[mate].arrays, where[mate]
            names = side.block.names, side.block.name_offsets
            records = encode_records(*pair, number, *names, self.graph.arrays, *contigs)
            with writing(self.path):
                self.sorter.add(*records)

    def _header(self) -> bytes:
        lines = ["@HD\tVN:1.6\tSO:coordinate"]
        lines += [f"@SQ\tSN:{n}\tLN:{size}" for n, size in zip(self.names, self.lengths, strict=True)]
        text = ("\n".join(lines) + "\n").encode()
        header = b"BAM\1" + struct.pack("<i", len(text)) + text + struct.pack("<i", len(self.names))
        for name, length in zip(self.names, self.lengths, strict=True):
            header += struct.pack("<i", len(name) + 1) + name.encode() + b"\0" + struct.pack("<i", length)
        return header

    def _finish(self) -> None:
        with atomic(self.path) as temporary, temporary.open("wb", 1 << 20) as stream:
            packed, index = BgzfWriter(stream), BaiIndex(len(self.names))
            packed.write(self._header())
            for records in self.sorter.in_order():
                index.add(np.frombuffer(records, np.uint8), packed.size)
                packed.write(records)
            packed.close()
        write_bytes(Path(f"{self.path}.bai"), index.packed(packed.virtual))

    def __enter__(self) -> BamWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                with writing(self.path):
                    self._finish()
        finally:
            self.sorter.close()
