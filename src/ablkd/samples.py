"""The sample sheet: read, and checked as a whole before anything runs."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from ablkd.clinical import is_date
from ablkd.errors import InputError
from ablkd.records import LibraryTrace, Sample
from ablkd.reference import Reference
from ablkd.tables import column_types, read_lines, read_numbered_rows

COLUMNS = tuple(column_types(Sample))
REQUIRED = ("sample", "platform", "reads_1")
DEFAULTS = {"run": "run1", "role": "patient"}
ROLES = (
    "patient",
    "wild_type_control",
    "no_template_control",
    "positive_control",
    "recombination_control",
)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
FASTQ = (".fastq.gz", ".fq.gz", ".fastq", ".fq")
READS = (*FASTQ, ".bam")
TRACES = (".ab1",)


@dataclass(frozen=True)
class Expected:
    """One finding a control is known to hold, and its fraction (0-1)."""

    name: str
    fraction: float


def expected_findings(text: str) -> tuple[Expected, ...]:
    """The `expected` cell, `NAME:FRACTION;NAME:FRACTION`, as rows. Raises ValueError with a sentence."""
    findings = []
    for part in _parts(text):
        name, colon, fraction = part.rpartition(":")
        try:
            value = float(fraction)
        except ValueError:
            value = -1.0
        if not colon or not name.strip() or not 0.0 <= value <= 1.0:
            raise ValueError(f"expected '{part}' is not NAME:FRACTION with a fraction of 0 to 1")
        findings.append(Expected(name.strip(), value))
    return tuple(findings)


def read_files(cell: str) -> list[Path]:
    """The files of a `reads_1` or `reads_2` cell."""
    return [Path(part) for part in _parts(cell)]


def without_folders(sample: Sample) -> Sample:
    """The sample with bare file names: results do not depend on where the files are."""
    reads_1, reads_2 = (";".join(path.name for path in read_files(c)) for c in (sample.reads_1, sample.reads_2))
    return replace(sample, reads_1=reads_1, reads_2=reads_2)


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


def read_library(path: Path) -> list[tuple[Path, str]]:
    """(file, expected) of each line of a laboratory's trace library; files are relative to it.

    Raises
    ------
    InputError
        With every line that names no file or expects no fraction.
    """
    found, problems = [], []
    for line, row in read_numbered_rows(path, LibraryTrace, {"expected": ""}):
        file = Path(path).parent / row.file
        if not os.path.isfile(file):  # noqa: PTH113  # Path.is_file raises where a name is too long
            problems.append(f"{path}:{line}: no file '{row.file}' beside the library (correct the name)")
        try:
            expected_findings(row.expected)
        except ValueError as error:
            problems.append(f"{path}:{line}: {error} (correct it, or leave it empty for wild type)")
        found.append((file, row.expected))
    if problems:
        raise InputError(problems)
    return found


def read_sheet(path: str | Path, reference: Reference) -> list[Sample]:
    """Read and check a sample sheet; its rows in file order, with file names as seen from the folder we run in.

    Raises
    ------
    InputError
        With every problem of the sheet, one a line, `FILE:LINE: what is wrong (what to do)`.
    """
    path = Path(path)
    lines = list(read_lines(path))
    if not lines:
        raise InputError(f"{path}:1: the sheet has no header line (write one: {' '.join(COLUMNS)})")
    number, header = lines[0]
    header = [cell.strip() for cell in header]
    problems = _header_problems(f"{path}:{number}", header)
    if problems:
        raise InputError(problems)
    if len(lines) == 1:
        raise InputError(f"{path}: no samples yet (add a line for each sample)")
    rows: list[tuple[int, dict[str, str]]] = []
    for number, cells in lines[1:]:
        if len(cells) > len(header):
            problems.append(f"{path}:{number}: {len(cells)} cells under {len(header)} columns (remove a tab)")
        given = dict(zip(header, (cell.strip() for cell in cells), strict=False))
        rows.append((number, {name: given.get(name) or DEFAULTS.get(name, "") for name in COLUMNS}))
    for number, row in rows:
        problems += [f"{path}:{number}: {text}" for text in _row_problems(row, reference, path.parent)]
    problems += _between_rows(path, rows)
    if problems:
        raise InputError(sorted(problems, key=_line_of))
    return [_sample(row, path.parent) for _, row in rows]


def _line_of(problem: str) -> int:
    found = re.search(r":(\d+): ", problem)
    return int(found.group(1)) if found else 0


def _sample(row: dict[str, str], folder: Path) -> Sample:
    files = {name: ";".join(_from_here(folder / part) for part in _parts(row[name])) for name in ("reads_1", "reads_2")}
    copies = float(row["template_copies"]) if row["template_copies"] else None
    return Sample(**{**row, **files, "template_copies": copies})  # type: ignore[arg-type]


def _from_here(path: Path) -> str:
    """Relative where the file lies below the folder we run in, so that the folder can be moved; else absolute."""
    path, here = path.resolve(), Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _header_problems(place: str, header: list[str]) -> list[str]:
    if len(header) == 1 and ("," in header[0] or ";" in header[0]):
        return [f"{place}: the header has no tabs (save the sheet as tab-separated text)"]
    problems = [f"{place}: unknown column '{name}' ({_meant(name, COLUMNS)})" for name in header if name not in COLUMNS]
    problems += [
        f"{place}: column '{name}' stands twice (remove one)"
        for name in dict.fromkeys(header)
        if header.count(name) > 1
    ]
    missing = [name for name in REQUIRED if name not in header]
    return problems + [f"{place}: column '{name}' is missing (add it)" for name in missing]


def _meant(text: str, known: Iterable[str]) -> str:
    """A remedy for a word that is not one of `known`."""
    close = difflib.get_close_matches(text.lower(), list(known), n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else f"known: {', '.join(known)}"


def _one_of(column: str, text: str, known: Iterable[str]) -> list[str]:
    known = list(known)
    if text in known:
        return []
    close = difflib.get_close_matches(text.lower(), known, n=1, cutoff=0.6)
    remedy = f"did you mean '{close[0]}'?" if close else "correct it"
    return [f"{column} '{text}' is not one of {', '.join(known)} ({remedy})"]


def _row_problems(row: dict[str, str], reference: Reference, folder: Path) -> list[str]:
    problems = [f"{name} is empty (fill it in)" for name in REQUIRED if not row[name]]
    problems += [
        f"{name} '{row[name]}' is not a name (use A-Z a-z 0-9 _ . -, starting with a letter or digit, "
        "64 characters at most)"
        for name in ("sample", "patient", "run")
        if row[name] and not NAME.fullmatch(row[name])
    ]
    if row["collected"] and not is_date(row["collected"]):
        problems.append(f"collected '{row['collected']}' is not a date (write YYYY-MM-DD or YYYY-MM)")
    if row["platform"]:
        problems += _one_of("platform", row["platform"], reference.platforms)
    if row["amplicon"]:
        names = list(dict.fromkeys(a.name for a in reference.amplicons))
        problems += _one_of("amplicon", row["amplicon"], names)
    problems += _one_of("role", row["role"], ROLES)
    if row["disease"]:
        problems += _one_of("disease", row["disease"], [d.disease for d in reference.diseases])
    problems += _expected_problems(row) + _copies_problems(row["template_copies"])
    if row["platform"] in reference.platforms:
        problems += _reads_problems(row, reference.platforms[row["platform"]].reads)
    for name in ("reads_1", "reads_2"):
        problems += _missing_files(name, _parts(row[name]), folder)
    return problems


def _expected_problems(row: dict[str, str]) -> list[str]:
    try:
        findings = expected_findings(row["expected"])
    except ValueError as error:
        return [f"{error} (write for example NAME:0.05)"]
    if findings and row["role"] == "patient":
        return ["expected is for controls (set the role, or empty the cell)"]
    if (
        row["role"] == "recombination_control"
        and len([e for e in findings if e.fraction > 0 and "+" not in e.name]) < 2
    ):
        return ["a recombination control mixes single mutations (name two or more in expected, NAME:0.5;NAME:0.5)"]
    return []


def _copies_problems(text: str) -> list[str]:
    try:
        good = not text or 0 < float(text) < float("inf")
    except ValueError:
        good = False
    return [] if good else [f"template_copies '{text}' is not a number above 0 (correct it or leave it empty)"]


def _reads_problems(row: dict[str, str], reads: str) -> list[str]:
    """What the files of a row should not be on its platform; `reads` is short, long or trace."""
    first, second = _parts(row["reads_1"]), _parts(row["reads_2"])
    problems = []
    for name in [*first, *second]:
        lower = name.lower()
        if set(name) & set("<>{}"):
            problems.append(f"'{name}' has one of < > {{ }} in its name (rename the file)")
        elif lower.endswith(".cram"):
            problems.append(f"'{name}' is CRAM, which is not read (convert it: samtools view -b)")
        elif reads == "trace" and not lower.endswith(TRACES):
            problems.append(f"'{name}' is not a trace file (platform {row['platform']} reads .ab1)")
        elif reads != "trace" and lower.endswith(TRACES):
            problems.append(f"'{name}' is a trace file, platform {row['platform']} reads none (set the platform)")
        elif reads != "trace" and not lower.endswith(READS):
            problems.append(f"'{name}' is not one of {' '.join(READS)} (give reads in one of these)")
    if reads == "trace" and row["role"] == "recombination_control":
        problems.append("traces show no recombination (read the control on another platform, or set another role)")
    if second and reads != "short":
        problems.append(f"reads_2 is not for platform {row['platform']} (put all files into reads_1)")
    elif second and any(name.lower().endswith(".bam") for name in [*first, *second]):
        problems.append("a BAM file holds both mates (leave reads_2 empty)")
    elif second and len(first) != len(second):
        problems.append(
            f"reads_1 names {len(first)} files and reads_2 {len(second)} (give the mates in the same order)"
        )
    return problems


def _missing_files(column: str, names: list[str], folder: Path) -> list[str]:
    problems = []
    for name in names:
        path = folder / name
        if os.path.isdir(path):  # noqa: PTH112
            problems.append(f"{column} '{name}' is a folder (name its files, joined by ;)")
        elif not os.path.isfile(path):  # noqa: PTH113
            problems.append(f"{column} '{name}': no such file (paths are relative to the sheet)")
        elif not os.access(path, os.R_OK):
            problems.append(f"{column} '{name}': you may not read it (ask its owner for the right)")
        elif _from_here(path).startswith("-"):
            problems.append(f"{column} '{name}' begins with a dash, as an option does (rename it)")
    return problems


def _between_rows(path: Path, rows: list[tuple[int, dict[str, str]]]) -> list[str]:
    """What only shows when rows are compared: names that differ by case only, and files used twice."""
    problems = []
    samples: dict[str, int] = {}
    files: dict[Path, int] = {}
    spelled: dict[tuple[str, str], str] = {}
    for number, row in rows:
        key = row["sample"].casefold()
        if key and samples.setdefault(key, number) != number:
            problems.append(
                f"{path}:{number}: sample '{row['sample']}' is also on line {samples[key]} (rename one; "
                "upper and lower case count as the same)"
            )
        for column in ("patient", "run"):
            name = row[column]
            first = spelled.setdefault((column, name.casefold()), name)
            if first != name:
                problems.append(f"{path}:{number}: {column} '{name}' is also spelled '{first}' (choose one)")
        seen: set[Path] = set()
        for name in [*_parts(row["reads_1"]), *_parts(row["reads_2"])]:
            file = (path.parent / name).resolve()
            if file in seen:
                problems.append(f"{path}:{number}: '{name}' stands twice on this line (remove one)")
            elif files.setdefault(file, number) != number:
                problems.append(f"{path}:{number}: '{name}' is also on line {files[file]} (remove one)")
            seen.add(file)
    return problems
