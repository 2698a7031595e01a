"""Writing BGZF: gzip members of at most 64 KB that can be read alone (SAM specification 1.6, section 4.1)."""

from __future__ import annotations

import struct
from typing import BinaryIO

import deflate

BLOCK = 0xFF00
HEADER = struct.Struct("<4BI2BH2B2H")
END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
# Of libdeflate, which gives the same bytes for the same data always: ISA-L is nearly three times as fast, but of 8,000
# blocks in each of eighteen runs it packed three otherwise than before, for a reason that was not found.
LEVEL = 1


class BgzfWriter:
    """A stream of bytes in BGZF blocks; `close` writes the empty block that ends a whole file."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.pending = bytearray()
        self.size = 0
        self.blocks: list[int] = []  # where each block begins in the file

    def write(self, data: bytes) -> None:
        """Add bytes."""
        self.size += len(data)
        view, begin = memoryview(data), 0
        if self.pending:
            begin = BLOCK - len(self.pending)
            self.pending += view[:begin]
            if len(self.pending) < BLOCK:
                return
            self._block(self.pending)
            self.pending = bytearray()
        while len(view) - begin >= BLOCK:
            self._block(view[begin : begin + BLOCK])
            begin += BLOCK
        self.pending += view[begin:]

    def close(self) -> None:
        """Write what is left; the stream under it stays open."""
        if self.pending:
            self._block(self.pending)
            self.pending = bytearray()
        self.blocks.append(self.stream.tell())
        self.stream.write(END)

    def virtual(self, place: int) -> int:
        """Virtual offset of a place in the bytes that were written, after `close`."""
        return self.blocks[place // BLOCK] << 16 | place % BLOCK

    def _block(self, data: bytearray | memoryview) -> None:
        self.blocks.append(self.stream.tell())
        packed = deflate.deflate_compress(data, LEVEL)
        self.stream.write(HEADER.pack(31, 139, 8, 4, 0, 0, 255, 6, 66, 67, 2, len(packed) + 25))
        self.stream.write(packed)
        self.stream.write(struct.pack("<2I", deflate.crc32(data), len(data)))
