"""BAM -> blocks of reads, from raw records: mates found by name wherever they stand, unpacked a piece at a time."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from ablkd.alignment.block import ReadBlock
from ablkd.errors import UnusableSample
from ablkd.kernels import bam_reads as kernels

CHUNK = 1 << 23
# The empty block that ends every BGZF file (SAM specification, section 4.1.2).
BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
ROOM = 1 << 10


def read_bam(path: Path, block: int) -> Iterator[tuple[ReadBlock, ReadBlock | None]]:
    """(first reads, their mates or None) of an aligned or unaligned BAM; primary records, as sequenced.

    Consensus reads whose predicted accuracy (tag rq) is below 0.99 are left out, as their maker does for HiFi reads.
    A pair is given where its second record stands; a read whose mate is missing is given alone, at the end.

    Raises
    ------
    UnusableSample
        For a file that is no BAM, ends early, or is damaged.
    """
    waiting = _Waiting()
    poor = 0
    for text, starts, left_out in _chunks(path):
        poor += left_out
        pairs, alone = waiting.find(text, starts)
        for start in range(0, len(pairs), block):
            part = pairs[start : start + block]
            yield waiting.reads(text, part[:, 0].copy()), waiting.reads(text, part[:, 1].copy())
        for start in range(0, len(alone), block):
            yield waiting.reads(text, alone[start : start + block]), None
        waiting.keep(text)
    nothing, rest = np.zeros(0, np.uint8), waiting.places()
    for start in range(0, len(rest), block):
        yield waiting.reads(nothing, rest[start : start + block]), None
    if poor:
        last = waiting.reads(nothing, rest[:0])
        last.left_out = poor
        yield last, None


class _Waiting:
    """Records whose mates have not come: their bytes in a pool, and a hash table of their names."""

    def __init__(self) -> None:
        self.pool, self.used = np.empty(0, np.uint8), 0
        self.where, self.keys = np.full(ROOM, kernels.FREE, np.int64), np.zeros(ROOM, np.int64)
        self.filled = 0  # slots that are not free, or more
        self.new = np.zeros(0, np.int64)

    def places(self) -> NDArray[np.int64]:
        """Of all that wait, in the order of the file."""
        return np.sort(self.where[self.where >= 0])

    def find(self, text: NDArray[np.uint8], starts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Places of pairs int64[p, 2] and of single reads int64[s]."""
        self.filled += len(starts)
        if 2 * self.filled > len(self.where):
            room = 1 << int(4 * (np.count_nonzero(self.where >= 0) + len(starts))).bit_length()
            where, keys = np.full(room, kernels.FREE, np.int64), np.zeros(room, np.int64)
            kernels.put_again(self.where, self.keys, where, keys)
            self.where, self.keys = where, keys
            self.filled = int(np.count_nonzero(where >= 0)) + len(starts)
        pairs, alone, self.new = kernels.find_mates(text, starts, self.pool, self.where, self.keys)
        return pairs, alone

    def reads(self, text: NDArray[np.uint8], places: NDArray[np.int64]) -> ReadBlock:
        """The reads at these places."""
        codes, quals, offsets, names, name_offsets = kernels.gather(text, self.pool, places)
        return ReadBlock(codes, quals, offsets, names, name_offsets, first_line=0)

    def keep(self, text: NDArray[np.uint8]) -> None:
        """Bring the records of `text` that wait into the pool; a full pool is first rid of what waits no longer."""
        if self.used + len(text) > len(self.pool):
            old = np.flatnonzero((self.where >= 0) & (self.where < kernels.TEXT))
            old = old[np.argsort(self.where[old])]
            packed = np.empty(self.used, np.uint8)
            self.where[old], self.used = kernels.store(self.pool, self.where[old], packed, 0)
            self.pool = np.empty(2 * (self.used + len(text)), np.uint8)
            self.pool[: self.used] = packed[: self.used]
        new = np.unique(self.new[self.where[self.new] >= kernels.TEXT])
        new = new[np.argsort(self.where[new])]
        self.where[new], self.used = kernels.store(text, self.where[new] - kernels.TEXT, self.pool, self.used)


def _chunks(path: Path) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.int64], int]]:
    """Unpacked pieces of the file, each gone when the next comes: (text, starts of its primary records, reads that are
    too poor)."""
    from isal import igzip
    from isal.igzip_lib import IsalError

    try:
        _check_end(path)
        with igzip.open(path, "rb") as stream:
            _skip_header(stream)
            buffer, left = np.empty(2 * CHUNK, np.uint8), 0
            while size := stream.readinto(buffer[left : left + CHUNK].data):
                text = buffer[: left + size]
                starts, used, poor, damaged = kernels.split_records(text)
                if damaged:
                    raise ValueError("a record is damaged")
                yield text, starts, poor
                left = len(text) - used
                if left + CHUNK > len(buffer):
                    buffer = np.empty(left + 2 * CHUNK, np.uint8)
                buffer[:left] = text[used:]
        if left:
            raise ValueError("the last record is cut off")
    except FileNotFoundError:
        raise
    except (OSError, EOFError, ValueError, struct.error, IsalError) as error:  # type: ignore[misc]
        told = str(error).replace(str(path), path.name)  # folders are nobody's business in a result
        raise UnusableSample(f"{path.name}: is not a readable BAM: {told} (copy or convert it again)") from None


def _check_end(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(4) == b"CRAM":
            raise UnusableSample(f"{path.name}: is CRAM, which is not read (convert it: samtools view -b)")
        size = file.seek(0, os.SEEK_END)
        if size == 0:
            raise ValueError("the file is empty")
        file.seek(max(0, size - len(BGZF_END)))
        if file.read() != BGZF_END:
            raise ValueError("the end of the file is missing")


def _skip_header(stream: BinaryIO) -> None:
    """Read up to the first record: text and names of contigs, which do not matter here."""
    if stream.read(4) != b"BAM\1":
        raise ValueError("it does not begin as a BAM")
    _skip(stream, _number(stream))
    for _ in range(_number(stream)):
        _skip(stream, _number(stream) + 4)


def _number(stream: BinaryIO) -> int:
    value: int = struct.unpack("<i", stream.read(4))[0]
    return value


def _skip(stream: BinaryIO, size: int) -> None:
    if size < 0 or len(stream.read(size)) != size:
        raise ValueError("its header is cut off")
