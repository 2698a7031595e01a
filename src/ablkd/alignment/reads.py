"""FASTQ and BAM -> blocks of reads. Formats are registered by suffix; everything above sees `ReadBlock`s only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from ablkd.alignment.bam_reads import read_bam
from ablkd.alignment.block import ReadBlock
from ablkd.errors import UnusableSample
from ablkd.kernels import fastq

CHUNK = 1 << 23
NEWLINE = 10
LONGEST_RECORD = 1 << 28  # a file of zeros, packed a thousandfold, must not fill the memory
PROBLEMS = {
    fastq.NO_AT: "a record does not begin with '@'",
    fastq.NO_PLUS: "the line between bases and qualities does not begin with '+'",
    fastq.LENGTHS: "bases and qualities differ in length",
    fastq.BAD_QUALITY: "a quality character is outside '!' to '~'",
}


def _open_text(path: Path) -> BinaryIO:
    from isal import igzip

    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return igzip.open(path, "rb") if packed else path.open("rb")


def read_fastq(path: Path, block: int) -> Iterator[ReadBlock]:
    """Blocks of `block` records (the last may be shorter) of a FASTQ file, gzip told by content, not by name.

    Raises
    ------
    UnusableSample
        `FILE:LINE: ...` for text that is not FASTQ, or a gzip stream that ends early or is damaged.
    """
    lines = _Text(path)
    line = 1
    with _open_text(path) as stream:
        while True:
            spans, used, problem, within = fastq.split_records(lines.text, block)
            if not problem and len(spans) < block and lines.more(stream, line):
                continue
            if problem:
                raise UnusableSample(
                    f"{path.name}:{line + within - 1}: {PROBLEMS[problem]} (check that the file is a whole FASTQ)"
                )
            if not len(spans):
                break
            yield _block(lines.text, spans, line)
            line += 4 * len(spans)
            lines.start += used
    if lines.text.tobytes().strip():
        raise UnusableSample(f"{path.name}:{line}: the last record is cut off (copy the file again)")


class _Text:
    """The text of a file that is not split into records yet, in one buffer that is filled again and again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.buffer = np.empty(2 * CHUNK, np.uint8)
        self.start = self.stop = 0
        self.ended = False

    @property
    def text(self) -> NDArray[np.uint8]:
        """uint8[.]"""
        return self.buffer[self.start : self.stop]

    def more(self, stream: BinaryIO, line: int) -> bool:
        """Read on, a record of `line` being begun; False where the file has ended. Its last line ends with a newline.

        Raises
        ------
        UnusableSample
            Where the file cannot be unpacked, or no record ends within LONGEST_RECORD bytes.
        """
        if self.ended:
            return False
        rest = self.text
        if len(rest) > LONGEST_RECORD and np.count_nonzero(rest == NEWLINE) < 4:
            raise UnusableSample(f"{self.path.name}:{line}: no record ends within {len(rest):,} bytes (is it FASTQ?)")
        if len(rest) + CHUNK > len(self.buffer):
            self.buffer = np.empty(len(rest) + 2 * CHUNK, np.uint8)
        self.buffer[: len(rest)] = rest
        self.start, self.stop = 0, len(rest)
        size = _read(stream, self.buffer[self.stop : self.stop + CHUNK], self.path)
        self.ended = not size
        if self.ended and self.stop and self.buffer[self.stop - 1] != NEWLINE:
            self.buffer[self.stop] = NEWLINE
            size = 1
        self.stop += size
        return True


def _read(stream: BinaryIO, room: NDArray[np.uint8], path: Path) -> int:
    from isal.igzip_lib import IsalError

    try:
        return stream.readinto(room.data)  # type: ignore[attr-defined, no-any-return]
    except EOFError:
        raise UnusableSample(f"{path.name}: the gzip data end early (copy the file again)") from None
    except (OSError, ValueError, IsalError) as error:  # type: ignore[misc]  # its stub has no class
        raise UnusableSample(f"{path.name}: the gzip data are damaged: {error} (copy the file again)") from None


def _block(text: NDArray[np.uint8], spans: NDArray[np.int64], line: int) -> ReadBlock:
    codes, quals, offsets = fastq.gather(text, spans)
    names, name_offsets = fastq.gather_names(text, spans)
    return ReadBlock(codes, quals, offsets, names, name_offsets, line)


def read_pairs(first: Path, second: Path, block: int) -> Iterator[tuple[ReadBlock, ReadBlock | None]]:
    """Blocks of mates from two FASTQ files in the same order.

    Raises
    ------
    UnusableSample
        Where one file has more reads, or the names of two mates differ.
    """
    for one, two in zip_longest(read_fastq(first, block), read_fastq(second, block)):
        if one is None or two is None or len(one) != len(two):
            raise UnusableSample(
                f"{first.name} and {second.name}: the files do not hold the same number of reads (copy them again)"
            )
        where = fastq.first_difference(one.names, one.name_offsets, two.names, two.name_offsets)
        if where >= 0:
            raise UnusableSample(
                f"{first.name}:{one.first_line + 4 * where}: the mate in {second.name} has another name "
                "(give both files in the order they were sequenced)"
            )
        yield one, two


def _fastq_blocks(path: Path, mate: Path | None, size: int) -> Iterator[tuple[ReadBlock, ReadBlock | None]]:
    if mate is not None:
        yield from read_pairs(path, mate, size)
    else:
        for block in read_fastq(path, size):
            yield block, None


def _bam_blocks(path: Path, mate: Path | None, size: int) -> Iterator[tuple[ReadBlock, ReadBlock | None]]:
    yield from read_bam(path, size)


FORMATS: dict[str, Callable[[Path, Path | None, int], Iterator[tuple[ReadBlock, ReadBlock | None]]]] = {
    ".fastq": _fastq_blocks,
    ".fq": _fastq_blocks,
    ".fastq.gz": _fastq_blocks,
    ".fq.gz": _fastq_blocks,
    ".bam": _bam_blocks,
}


def read_blocks(reads_1: list[Path], reads_2: list[Path], block: int) -> Iterator[tuple[ReadBlock, ReadBlock | None]]:
    """Every block of at most `block` reads of a sample's files, mates together.

    `reads_2` is empty or as long as `reads_1`.

    Raises
    ------
    UnusableSample
        For a file that is missing, of an unknown kind, or not what its name says.
    """
    mates: list[Path | None] = [*reads_2] if reads_2 else [None] * len(reads_1)
    for path, mate in zip(reads_1, mates, strict=True):
        suffix = next((s for s in FORMATS if path.name.lower().endswith(s)), None)
        if suffix is None:
            raise UnusableSample(f"{path.name}: is none of {', '.join(FORMATS)} (convert it)")
        try:
            yield from FORMATS[suffix](path, mate, block)
        except FileNotFoundError as error:
            raise UnusableSample(f"{Path(error.filename).name}: no such file (check the sheet)") from None
