"""TSV and JSON <-> rows of a dataclass, with FILE:LINE in every complaint; atomic writing."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import glob
import io
import os
import re
import shutil
import tempfile
import types
import typing
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from ablkd.errors import InputError

Row = TypeVar("Row")
HIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# How a system refuses a file: no room, no permission, no place of that name. pysam gives no number.
REFUSALS = {None, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM}
REFUSALS |= {errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG}


def column_types(row_type: Any) -> dict[str, tuple[type, bool]]:
    """Column -> (python type, may be empty) of a row dataclass, in column order."""
    return _column_types(row_type)


@cache
def _column_types(row_type: Any) -> dict[str, tuple[type, bool]]:
    hints = typing.get_type_hints(row_type)
    columns = {}
    for field in dataclasses.fields(row_type):
        hint = hints[field.name]
        optional = isinstance(hint, types.UnionType) and type(None) in hint.__args__
        base = next(t for t in hint.__args__ if t is not type(None)) if optional else hint
        columns[field.name] = (base, optional)
    return columns


def parse_cell(text: str, base: type, optional: bool) -> Any:
    """A cell's text as `base`; empty is None where the column allows it. Raises ValueError."""
    if text == "" and optional:
        return None
    if base is str:
        return text
    return base(text)


def format_cell(value: Any) -> str:
    """A value as a cell: None is empty, floats have at most 6 significant digits."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    text = str(value)
    if any(c in text for c in "\t\r\n"):
        return " ".join(text.split())
    return text


def read_text(path: Path) -> str:
    """What a person wrote in a text file: without byte-order mark, every line end as a newline.

    Control characters and marks that turn the direction of reading (Unicode UAX 9) are refused: with one of them a
    dose of 51 mg is shown as 15 mg.

    Raises
    ------
    InputError
        Where there is no such file, it cannot be read, it is not UTF-8, or it holds such a character.
    """
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file (check the path)") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror} (check the path)") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not UTF-8 text at byte {error.start} (save it as UTF-8)") from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    hidden = HIDDEN.search(text)
    if hidden:
        place, code = text.count("\n", 0, hidden.start()) + 1, f"U+{ord(hidden[0]):04X}"
        raise InputError(f"{path}:{place}: holds the invisible character {code} (remove it, or type the cell anew)")
    return text


def read_lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of a TSV; `#` lines and empty lines are passed over."""
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip() and not line.startswith("#"):
            yield number, line.split("\t")


def read_rows(path: Path, row_type: type[Row]) -> list[Row]:
    """All rows of a table written by `write_rows` or by a person.

    Column order is free, unknown and missing columns are refused, and every problem of the file is
    listed at once.

    Raises
    ------
    InputError
        `FILE:LINE: what is wrong (what to do)`, one problem a line.
    """
    return [row for _, row in read_numbered_rows(path, row_type)]


def read_numbered_rows(
    path: Path, row_type: type[Row], defaults: dict[str, str] | None = None
) -> list[tuple[int, Row]]:
    """As `read_rows`, with the line number of each row; columns in `defaults` may be missing or empty."""
    defaults = defaults or {}
    columns = column_types(row_type)
    lines = read_lines(path)
    number, header = next(lines, (1, []))
    problems = _header_problems(f"{path}:{number}", header, columns, defaults)
    if problems:
        raise InputError(problems)
    rows: list[tuple[int, Row]] = []
    for number, cells in lines:
        if len(cells) > len(header):
            problems.append(f"{path}:{number}: {len(cells)} cells under {len(header)} columns (remove a tab)")
            continue
        texts = dict(zip(header, (c.strip() for c in cells), strict=False))
        values = {}
        for name, (base, optional) in columns.items():
            text = texts.get(name, "") or defaults.get(name, "")
            try:
                values[name] = parse_cell(text, base, optional)
            except ValueError:
                kind = {int: "a whole number", float: "a number"}.get(base, base.__name__)
                problems.append(f"{path}:{number}: {name} '{text}' is not {kind} (correct the cell)")
        if len(values) == len(columns):
            rows.append((number, row_type(**values)))
    if problems:
        raise InputError(problems)
    return rows


def _header_problems(
    place: str, header: list[str], columns: dict[str, tuple[type, bool]], defaults: dict[str, str]
) -> list[str]:
    if not header:
        return [f"{place}: the table has no header line (write one: {' '.join(columns)})"]
    known = ", ".join(columns)
    problems = [f"{place}: unknown column '{name}' (known columns: {known})" for name in header if name not in columns]
    problems += [
        f"{place}: column '{name}' stands twice (remove one)"
        for name in dict.fromkeys(header)
        if header.count(name) > 1
    ]
    problems += [
        f"{place}: column '{name}' is missing (add it)"
        for name in columns
        if name not in header and name not in defaults
    ]
    return problems


def write_rows(path: Path, row_type: type[Row], rows: Iterable[Row]) -> None:
    """Write a table atomically; a table without rows still has its header."""
    columns = list(column_types(row_type))
    lines = ["\t".join(columns)]
    lines += ["\t".join(format_cell(getattr(row, name)) for name in columns) for row in rows]
    write_text(path, "\n".join(lines) + "\n")


def unfinished(path: Path) -> str:
    """How temporary names for `path` begin; what steps that were killed left under such names is removed.

    Each writer has a name of its own: a step that outlived its killed workflow can then never mix its bytes with
    those of the step that took its place.
    """
    prefix = f".{path.name}~"
    for left in path.parent.glob(glob.escape(prefix) + "*"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)
    return prefix


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what a disk or its owner says against a new file into a sentence.

    Raises
    ------
    InputError
        `FILE: cannot be written: why (what to do)`, for no space, no permission and the like.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in REFUSALS:
            raise
        why = os.strerror(error.errno) if error.errno else f"{error}"
        mend = "mend that" if error.errno else "make room on the disk or allow more memory"
        raise InputError(f"{path}: cannot be written: {why} ({mend}, then the same command again)") from None


@contextlib.contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that becomes `path` when the block ends well, and else is gone.

    The temporary name keeps the suffix, because some libraries choose a format by it.
    """
    path = Path(path)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=unfinished(path), suffix="".join(path.suffixes), dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            umask = os.umask(0)
            os.umask(umask)
            temporary.chmod(0o666 & ~umask)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically, UTF-8, with the line ends as given."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file atomically."""
    with atomic(path) as temporary:
        temporary.write_bytes(data)


def to_plain(value: Any) -> Any:
    """A record as plain dicts and lists for JSON; floats are rounded to 6 significant digits."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.6g}")
    return value


def from_plain(hint: Any, value: Any) -> Any:
    """The inverse of `to_plain` for a type hint made of dataclasses, tuples, dicts and plain values."""
    return _reader(hint)(value)


@cache
def _reader(hint: Any) -> Callable[[Any], Any]:
    """A function that reads values of a type hint; made once, because hints are slow to look up."""
    if dataclasses.is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        readers = [(f.name, _reader(hints[f.name])) for f in dataclasses.fields(hint)]
        return lambda value: hint(*[read(value[name]) for name, read in readers])  # type: ignore[operator]
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        item = _reader(parts[0])
        return lambda value: tuple(map(item, value))
    if origin is types.UnionType:
        read = _reader(next(t for t in parts if t is not type(None)))
        return lambda value: None if value is None else read(value)
    if hint is float:
        return lambda value: None if value is None else float(value)
    return lambda value: value


def as_table(row_type: type[Row], rows: Iterable[Row]) -> str:
    """The table as one string, for tests and for printing."""
    out = io.StringIO()
    columns = list(column_types(row_type))
    out.write("\t".join(columns) + "\n")
    for row in rows:
        out.write("\t".join(format_cell(getattr(row, name)) for name in columns) + "\n")
    return out.getvalue()
