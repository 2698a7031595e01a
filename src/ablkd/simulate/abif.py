"""Writing ABIF files (.ab1), the format of capillary sequencers.

Layout after Applied Biosystems' "Genetic Analysis Data File Format"; every number is big-endian. Which tags
the common readers need was tried: both the edited (1) and the basecaller's (2) numbers of bases, qualities
and peak places are written, and the directory comes last.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from ablkd.tables import write_bytes
from ablkd.traces.abif import Trace

VERSION = 101
HEADER_SIZE = 128
ENTRY_SIZE = 28
CHANNEL_ORDER = "GATC"
BASE_ORDER = "ACGT"
CHAR, SHORT, LONG, FLOAT, PASCAL_STRING, DIRECTORY = 2, 4, 5, 7, 18, 1023
ELEMENT_SIZE = {CHAR: 1, SHORT: 2, LONG: 4, FLOAT: 4, PASCAL_STRING: 1}
HIGHEST_SIGNAL = 32767


def write_trace(path: Path, trace: Trace, sample: str) -> None:
    """Write one trace atomically; `sample` is the name inside the file (at most 255 ASCII letters)."""
    bases = "".join((BASE_ORDER + "N")[code] for code in trace.bases).encode()
    qualities = trace.quality.astype(np.uint8).tobytes()
    peaks = trace.peaks.astype(">i2").tobytes()
    signals = np.clip(np.rint(trace.channels), 0, HIGHEST_SIGNAL).astype(">i2")
    name = sample.encode("ascii")
    spacing = (int(trace.peaks[-1]) - int(trace.peaks[0])) / max(len(trace.peaks) - 1, 1)
    strength = [int(signals[BASE_ORDER.index(base)].max()) for base in CHANNEL_ORDER]
    tags: list[tuple[str, int, int, bytes]] = [
        ("DATA", 9 + channel, SHORT, signals[BASE_ORDER.index(base)].tobytes())
        for channel, base in enumerate(CHANNEL_ORDER)
    ]
    tags.append(("FWO_", 1, CHAR, CHANNEL_ORDER.encode()))
    for number in (1, 2):
        tags += [
            ("PBAS", number, CHAR, bases),
            ("PCON", number, CHAR, qualities),
            ("PLOC", number, SHORT, peaks),
        ]
    tags.append(("LANE", 1, SHORT, struct.pack(">h", 1)))
    tags.append(("SMPL", 1, PASCAL_STRING, bytes([len(name)]) + name))
    tags.append(("SPAC", 1, FLOAT, struct.pack(">f", spacing)))
    tags.append(("S/N%", 1, SHORT, struct.pack(">4h", *strength)))
    write_bytes(path, _file(sorted(tags)))


def _file(tags: list[tuple[str, int, int, bytes]]) -> bytes:
    """Header, contents and directory of (name, number, type, content) entries."""
    contents, entries = b"", b""
    for name, number, kind, content in tags:
        size = ELEMENT_SIZE[kind]
        # Content of up to four bytes stands in the entry itself, in place of its offset.
        place = struct.pack(">I", HEADER_SIZE + len(contents)) if len(content) > 4 else content.ljust(4, b"\0")
        entries += struct.pack(
            ">4siHHII4sI", name.encode(), number, kind, size, len(content) // size, len(content), place, 0
        )
        contents += content if len(content) > 4 else b""
    directory = struct.pack(
        ">4siHHIIII",
        b"tdir",
        1,
        DIRECTORY,
        ENTRY_SIZE,
        len(tags),
        len(entries),
        HEADER_SIZE + len(contents),
        0,
    )
    header = b"ABIF" + struct.pack(">H", VERSION) + directory
    return header.ljust(HEADER_SIZE, b"\0") + contents + entries
