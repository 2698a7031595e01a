"""How sequencers and their programs name files: which sample a file is of, and which part of it."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from pathlib import Path

from ablkd.samples import FASTQ, READS, TRACES

# bcl2fastq and BCL Convert: SAMPLE_S1_L001_R1_001.fastq.gz, with and without the lane
LANE = re.compile(r"(?P<sample>.+)_(?P<number>S\d+)(_(?P<lane>L\d{3}))?_(?P<read>R1|R2|I1|I2)_\d{3}")
MATE = re.compile(r"(?P<sample>.+?)[_.]R?(?P<read>[12])")
# A trace: [WELL_]SAMPLE_DIRECTION[_anything], or a primer's name that ends in F or R, as in SAMPLE_M13F
WELL = re.compile(r"[A-H](0?[1-9]|1[0-2])[_. -]")
DIRECTION = re.compile(r"[_. -](?P<way>f|r|fw|rv|fwd|rev|forward|reverse)\d*([_. -].*)?$", re.IGNORECASE)
PRIMER = re.compile(r"[_. -](?P<primer>[A-Za-z0-9]*?)(?P<way>F|R)\d*([_. -].*)?$")
BARCODE = re.compile(r"(?<![A-Za-z0-9])(barcode\d+|bc\d{4})(?![A-Za-z0-9])")
# Folders and files in which sequencers put what failed or is nobody's.
ASIDE = re.compile(r"(fastq|bam|pod5)_(fail|skip)|unclassified|mixed")
NOBODY = re.compile(r"Undetermined|(.*[._])?(fail_reads|unassigned|scraps|unclassified)([._].*)?|(.*\.)?subreads")
# How the first read or the BAM header of a long-read file names its machine.
LONG_READS = {
    "ont": re.compile(rb"^@[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|^@RG\t.*PL:ONT", re.MULTILINE),
    "pacbio_hifi": re.compile(rb"^@m\w+/\d+/ccs|^@RG\t.*PL:PACBIO", re.MULTILINE),
}


@dataclass(frozen=True)
class Part:
    """A file as a part of a sample: `name` as it is in the file's name, `column` of the sheet.

    Files with the same `name`, `platform` and `origin` are one sample, as long as no two have the same `part`; an empty
    part may come as often as it likes. `barcode`: the name says which tube it was, not who.
    """

    name: str
    platform: str
    column: str
    origin: str = ""
    part: str = ""
    barcode: bool = False


def part_of(path: Path, below: Path) -> Part | None:
    """What a file is by its name and its folders within `below`; None for what is no read or trace of a sample."""
    suffix = next((s for s in (*READS, *TRACES) if path.name.lower().endswith(s)), None)
    if suffix is None or path.name.startswith(".") or any(map(ASIDE.fullmatch, path.relative_to(below).parts[:-1])):
        return None
    stem = path.name[: -len(suffix)]
    if suffix in TRACES:
        return Part(_trace_name(stem, path), "sanger", "reads_1", path.parent.as_posix())
    lane = LANE.fullmatch(stem)
    if NOBODY.fullmatch(lane["sample"] if lane else stem) or (lane and lane["read"].startswith("I")):
        return None
    if lane:
        part = f"{lane['lane'] or ''} {lane['read']}"
        return Part(lane["sample"], "illumina", f"reads_{lane['read'][1]}", lane["number"], part)
    if suffix in FASTQ and (mate := MATE.fullmatch(stem)) and _other_mate(path, mate).is_file():
        return Part(mate["sample"], "illumina", f"reads_{mate['read']}", "", mate["read"])
    if barcode := BARCODE.fullmatch(path.parent.name) or BARCODE.search(stem):
        above = path.parent.parent if BARCODE.fullmatch(path.parent.name) else path.parent
        origin = above.parent if above.name in ("fastq_pass", "bam_pass") else above
        return Part(barcode[1], _long_platform(path), "reads_1", origin.as_posix(), barcode=True)
    return Part(stem, _long_platform(path), "reads_1", path.parent.as_posix(), "1")


def _trace_name(stem: str, path: Path) -> str:
    """The sample of a trace: what stands before its direction, or before a primer that was used both ways."""
    bare = stem[len(well[0]) :] if (well := WELL.match(stem)) else stem
    if (found := DIRECTION.search(bare)) and found.start():
        return bare[: found.start()]
    if found := PRIMER.search(bare):
        other = {"F": "R", "R": "F"}[found["way"]]
        start = stem[: len(stem) - len(bare) + found.start("way")]
        mates = start if not well else f"*{bare[: found.start('way')]}"
        if found.start() and any(path.parent.glob(f"{_escaped(mates)}{other}*")):
            return bare[: found.start()]
    return stem


def _escaped(pattern: str) -> str:
    """A start of a file name for glob; a leading `*` stays one."""
    star, rest = ("*", pattern[1:]) if pattern.startswith("*") else ("", pattern)
    return star + re.sub(r"([\[*?])", r"[\1]", rest)


def _other_mate(path: Path, mate: re.Match[str]) -> Path:
    start, end = mate.span("read")
    return path.with_name(path.name[:start] + {"1": "2", "2": "1"}[mate["read"]] + path.name[end:])


def _long_platform(path: Path) -> str:
    return next((name for name, pattern in LONG_READS.items() if pattern.search(first_bytes(path))), "")


def first_bytes(path: Path) -> bytes:
    """The first bytes of a file, unpacked; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(1 << 14)
        return zlib.decompressobj(wbits=31).decompress(data, 1 << 16) if data.startswith(b"\x1f\x8b") else data
    except (OSError, zlib.error):
        return b""
