"""Questions about a sheet that is right as a sheet: what its files show at their beginning that looks like a slip."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from ablkd.naming import LANE, LONG_READS, first_bytes, part_of
from ablkd.records import Sample
from ablkd.reference import Reference
from ablkd.samples import read_files
from ablkd.tables import read_lines

# The mate number behind a read's name: `NAME 1:N:0:...` or `NAME/1`.
NUMBER = re.compile(rb"@\S*?(?:/([12])|\s([12]):\S*)?\s*$")
LONGEST_SHORT_READ = 600
BEGINNINGS = {".bam": b"BAM\1", ".ab1": b"ABIF", "": b"@"}
SAMPLED = 1 << 16


def questions(sheet: str | Path, samples: dict[str, Sample], reference: Reference) -> list[str]:
    """One `FILE:LINE: what is odd (what it may mean)` for each thing a person should look at before the run."""
    lines = _lines(Path(sheet))
    told: list[str] = []
    seen: dict[str, tuple[Path, str]] = {}
    for row in samples.values():
        place = f"{sheet}:{lines[row.sample]}"
        kind = reference.platforms[row.platform].reads
        told += [f"{place}: {text}" for text in (*_of_files(row, kind), *_of_names(row, lines))]
        for path in (*read_files(row.reads_1), *read_files(row.reads_2)):
            content = _fingerprint(path)
            if content and (other := seen.setdefault(content, (path, place)))[0] != path:
                where = "" if other[1] == place else f" of {other[1]}"
                told.append(f"{place}: '{path.name}' holds the same as '{other[0].name}'{where} (the same file twice?)")
    return told


def _of_files(row: Sample, kind: str) -> Iterator[str]:
    """What the first bytes of a sample's files show."""
    first, second = read_files(row.reads_1), read_files(row.reads_2)
    heads = {path: first_bytes(path) for path in (*first, *second)}
    for path, head in heads.items():
        suffix = next((s for s in BEGINNINGS if s and path.name.lower().endswith(s)), "")
        if not path.stat().st_size:
            yield f"'{path.name}' is empty (copied before it was written?)"
        elif not head.startswith(BEGINNINGS[suffix]):
            yield f"'{path.name}' does not begin like {suffix or 'FASTQ'} (another file, or damaged?)"
        elif path.name.lower().endswith(".gz") and not _packed(path):
            yield f"'{path.name}' is not gzip, whatever its name says (unpacked without renaming?)"
        if kind == "trace":
            continue
        machine = next((name for name, pattern in LONG_READS.items() if pattern.search(head)), row.platform)
        if machine != row.platform:
            yield f"the reads of '{path.name}' are named as {machine} does, the platform is {row.platform} (which?)"
        bases = head.split(b"\n", 2)[1:2] if not suffix else []
        if kind == "short" and bases and len(bases[0]) > LONGEST_SHORT_READ:
            yield f"the first read of '{path.name}' has {len(bases[0])} bases or more (is it {row.platform}?)"
    for one, two in zip(first, second, strict=False):
        yield from _of_mates(one, two, heads[one].split(b"\n")[0], heads[two].split(b"\n")[0])


def _of_mates(one: Path, two: Path, first: bytes, second: bytes) -> Iterator[str]:
    """Whether two files are mates, the right way round, by the names of their first reads and their own."""
    numbers = [next(filter(None, found.groups()), b"") if (found := NUMBER.match(t)) else b"" for t in (first, second)]
    lanes = [lane["read"] if (lane := LANE.match(path.name)) else "" for path in (one, two)]
    if numbers == [b"2", b"1"] or lanes == ["R2", "R1"]:
        yield f"'{one.name}' in reads_1 looks like the second mates (R1 and R2 swapped?)"
    elif numbers[0] and numbers[0] == numbers[1]:
        yield f"'{one.name}' and '{two.name}' both say they are mate {numbers[0].decode()} (one file of each?)"
    names = [re.split(rb"\s|/[12]\b", text, maxsplit=1)[0] for text in (first, second)]
    if all(names) and names[0] != names[1]:
        yield f"the first reads of '{one.name}' and '{two.name}' differ in name (mates of another lane or sample?)"


def _of_names(row: Sample, lines: dict[str, int]) -> Iterator[str]:
    """Files that are named after another sample of the sheet."""
    for path in (*read_files(row.reads_1), *read_files(row.reads_2)):
        part = part_of(path, path.parent)
        if part and part.name != row.sample and part.name in lines:
            yield f"'{path.name}' is named like '{part.name}' of line {lines[part.name]} (files of another line?)"


def _lines(sheet: Path) -> dict[str, int]:
    """Sample -> line of the sheet."""
    (_, header), *rows = read_lines(sheet)
    column = [cell.strip() for cell in header].index("sample")
    return {cells[column].strip(): number for number, cells in rows}


def _packed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _fingerprint(path: Path) -> str:
    """The same for files with the same content: size and digest of both ends; empty for an empty file."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(SAMPLED)
        file.seek(max(0, size - SAMPLED))
        return f"{size} {hashlib.sha256(start + file.read(SAMPLED)).hexdigest()}" if size else ""
