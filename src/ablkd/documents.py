"""The files between steps: a sample's tables, and result.json, peaks.json and pile_ups.json, as records."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ablkd.errors import InputError
from ablkd.records import (
    Call,
    Coverage,
    Fusion,
    Haplotype,
    PeakWindow,
    Phase,
    PileUp,
    Result,
    SampleTables,
    SpliceEvent,
)
from ablkd.tables import from_plain, read_rows, to_plain, write_rows, write_text

# Files of a sample's folder, by field of `SampleTables`.
TABLES: dict[str, type] = {
    "calls": Call,
    "coverage": Coverage,
    "haplotypes": Haplotype,
    "phase": Phase,
    "splicing": SpliceEvent,
    "fusion": Fusion,
}


def read_tables(folder: Path, names: Iterable[str] = tuple(TABLES)) -> SampleTables:
    """The tables of these names in the folder of a sample (`NAME.tsv`); the others are left empty.

    Raises
    ------
    InputError
        Where one is missing or cannot be read.
    """
    return SampleTables(**{name: tuple(read_rows(folder / f"{name}.tsv", TABLES[name])) for name in names})


def read_all_tables(folders: Iterable[Path], names: Sequence[str]) -> SampleTables:
    """The rows of several samples together, of the tables of these names."""
    each = [read_tables(folder, names) for folder in folders]
    return SampleTables(**{name: tuple(row for one in each for row in getattr(one, name)) for name in names})


def write_tables(paths: Mapping[str, Path], tables: SampleTables) -> None:
    """Write the tables that `paths` names, each atomically."""
    for name, path in paths.items():
        write_rows(path, TABLES[name], getattr(tables, name))


def write_json(path: Path, value: object) -> None:
    """Write records as JSON, atomically; the same records give the same bytes."""
    write_text(path, json.dumps(to_plain(value), indent=1, ensure_ascii=False) + "\n")


def read_result(path: Path) -> Result:
    """A result.json. Raises InputError if it is not one."""
    return _read(path, Result)


def read_peaks(path: Path) -> list[PeakWindow]:
    """A peaks.json. Raises InputError if it is not one."""
    return list(_read(path, tuple[PeakWindow, ...]))


def read_pile_ups(path: Path) -> list[PileUp]:
    """A pile_ups.json. Raises InputError if it is not one."""
    return list(_read(path, tuple[PileUp, ...]))


def _read(path: Path, hint: Any) -> Any:
    try:
        return from_plain(hint, json.loads(Path(path).read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(f"{path}: is not a file this version wrote (make it again)") from None
