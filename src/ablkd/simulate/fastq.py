"""Reads -> FASTQ.gz, the same bytes every time."""

from __future__ import annotations

import contextlib
import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from ablkd.simulate.reads import Reads
from ablkd.tables import atomic

LETTERS = np.frombuffer(b"ACGT", np.uint8)
PHRED_ZERO = 33
COMPRESSION = 6


@contextlib.contextmanager
def fastq_writer(paths: list[Path], sample: str) -> Iterator[Callable[[tuple[Reads, ...]], None]]:
    """A function that appends one `Reads` to each of `paths`; mates share the name `SAMPLE:NUMBER`."""
    with contextlib.ExitStack() as stack:
        files = []
        for path in paths:
            raw = stack.enter_context(stack.enter_context(atomic(path)).open("wb"))
            # No file name and no clock in the header.
            files.append(stack.enter_context(gzip.GzipFile("", "wb", COMPRESSION, raw, mtime=0)))
        written = 0

        def write(reads: tuple[Reads, ...]) -> None:
            nonlocal written
            for file, ends in zip(files, reads, strict=True):
                file.write(_records(ends, sample, written + 1))
            written += len(reads[0].lengths)

        yield write


def _records(reads: Reads, sample: str, number: int) -> bytes:
    letters = LETTERS[reads.codes]
    qualities = reads.qualities + np.uint8(PHRED_ZERO)
    return b"".join(
        b"@%s:%d\n%s\n+\n%s\n"
        % (sample.encode(), number + row, letters[row, :length].tobytes(), qualities[row, :length].tobytes())
        for row, length in enumerate(reads.lengths.tolist())
    )
