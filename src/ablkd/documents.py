"""The JSON files between steps: result.json, peaks.json and pile_ups.json, written and read as records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ablkd.errors import InputError
from ablkd.records import PeakWindow, PileUp, Result
from ablkd.tables import from_plain, to_plain, write_text


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
