"""The BAM that people look at: reads on the contigs of transcripts.fasta, skipped bases as N, sorted and indexed."""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path
from types import TracebackType

import numpy as np
import pysam

from ablkd.alignment.placed import Placed
from ablkd.isoforms import SpliceGraph
from ablkd.kernels.bam import encode_records
from ablkd.reference import Reference
from ablkd.tables import atomic, unfinished, writing


class BamWriter:
    """Collects placed reads and, when it is closed without an error, leaves a sorted BAM and its index."""

    def __init__(self, path: Path, reference: Reference, graph: SpliceGraph) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.graph = graph
        names = [t.name for t in reference.transcripts]
        self.lengths = [len(reference.sequences[n]) for n in names]
        self.names = names
        self.shift = np.array([t.partner_length - t.target_start + 1 for t in reference.transcripts], np.int64)
        self.contig_of_edge = np.array(
            [names.index(e.transcript) if e.transcript else graph.arrays.home[e.origin] for e in graph.edges],
            np.int32,
        )
        folder = self.path.parent
        self.folder = tempfile.TemporaryDirectory(prefix=unfinished(folder / "unsorted.bam"), dir=folder)
        self.unsorted = Path(self.folder.name) / "unsorted.bam"
        self._start()

    def _start(self) -> None:
        self.stream = pysam.BGZFile(str(self.unsorted), "w0")  # type: ignore[call-arg]
        lines = ["@HD\tVN:1.6\tSO:unsorted"]
        lines += [f"@SQ\tSN:{n}\tLN:{size}" for n, size in zip(self.names, self.lengths, strict=True)]
        text = ("\n".join(lines) + "\n").encode()
        header = b"BAM\1" + struct.pack("<i", len(text)) + text + struct.pack("<i", len(self.names))
        for name, length in zip(self.names, self.lengths, strict=True):
            header += struct.pack("<i", len(name) + 1) + name.encode() + b"\0" + struct.pack("<i", length)
        self.stream.write(header)

    def clear(self) -> None:
        """Forget every read written so far."""
        self.stream.close()
        self._start()

    def write(self, first: Placed, second: Placed | None) -> None:
        """Add a block of reads, or of pairs."""
        sides = [(first, second or first, 1 if second else 0)]
        if second:
            sides.append((second, first, 2))
        for read, mate, number in sides:
            names, offsets = read.block.names, read.block.name_offsets
            records = encode_records(
                read.arrays,
                mate.arrays,
                number,
                names,
                offsets,
                self.graph.arrays,
                self.contig_of_edge,
                self.shift,
                np.array(self.lengths, np.int64),
            )
            with writing(self.path):
                self.stream.write(records.tobytes())

    def __enter__(self) -> BamWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with writing(self.path):
                self.stream.close()
            if kind is None:
                with atomic(self.path) as temporary:
                    self._sort(temporary)
                with atomic(Path(f"{self.path}.bai")) as temporary:
                    pysam.index("-o", str(temporary), str(self.path))
        finally:
            self.folder.cleanup()

    def _sort(self, sorted_path: Path) -> None:
        try:
            pysam.sort("--no-PG", "-o", str(sorted_path), str(self.unsorted))
        except pysam.SamtoolsError as error:  # it says what it is about in a line of its own
            raise OSError(str(error).strip().splitlines()[-1]) from None
