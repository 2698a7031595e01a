"""What made the results and the digest of every file of them; and whether they still are what was written."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Iterator, Sequence
from importlib.metadata import requires, version
from pathlib import Path
from typing import Any

from ablkd.errors import InputError
from ablkd.home import code_hash
from ablkd.records import Result
from ablkd.reference import sha256
from ablkd.tables import write_text

NAME = "manifest.json"
# What no manifest names: intermediates, logs, and what a person or a system puts there under a hidden name.
ASIDE = ("work", "logs")


def write_manifest(path: Path, folder: Path, files: Sequence[Path], run: str | None, results: Sequence[Result]) -> None:
    """Write versions, knowledge, settings, inputs and the digests of `files`, told as they stand in `folder`.

    No field is empty: what a run does not have has no field.

    Raises
    ------
    InputError
        Where a file is not there or not in the folder.
    """
    problems = [
        f"{f}: no such file in {folder} (make it first)" for f in files if not (f.is_file() and folder in f.parents)
    ]
    if problems:
        raise InputError(problems)
    first = results[0] if results else None
    told = {
        "run": run,
        "software": software(),
        "schema_version": first.schema_version if first else "",
        "knowledge": first.knowledge if first else {},
        "samples": {r.sample.sample: _sample(r) for r in results},
        "files": {file.relative_to(folder).as_posix(): sha256(file) for file in sorted(files)},
    }
    write_text(path, json.dumps(_filled(told), indent=1, ensure_ascii=False) + "\n")


def software() -> dict[str, str]:
    """Name -> version of the program, its code, Python and the libraries it asks for."""
    needed = [re.split(r"[ ;<>=!~\[]", text)[0] for text in requires("ablkd") or [] if "extra ==" not in text]
    own = {"ablkd": version("ablkd"), "code": code_hash(), "python": platform.python_version()}
    return {**own, **{name: version(name) for name in sorted(needed)}}


def _sample(result: Result) -> dict[str, Any]:
    return {
        "status": result.summary.status,
        "line": dict(vars(result.sample)),
        "settings": result.settings,
        "inputs": [{"file": q.unit, "sha256": q.value} for q in result.qc if q.metric == "input_sha256"],
    }


def _filled(value: Any) -> Any:
    """The value without fields that hold nothing."""
    if isinstance(value, dict):
        kept = {key: _filled(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item not in ("", None, {}, [])}
    return [_filled(item) for item in value] if isinstance(value, list) else value


def verify(folder: Path) -> int:
    """How many files of a results folder are as their manifests say.

    Raises
    ------
    InputError
        With a sentence for each file that was changed, is missing, or stands in no manifest.
    """
    manifests = [path for path in (folder / NAME, *sorted(folder.glob(f"runs/*/{NAME}"))) if path.is_file()]
    if not manifests:
        raise InputError(f"{folder}: no {NAME} in it (give the results folder of a finished run)")
    problems: list[str] = []
    if not (folder / NAME).is_file():
        problems.append(f"{folder / NAME}: is missing (run the workflow again)")
    listed: dict[str, str] = {}
    for path in manifests:
        try:
            listed.update(
                {str(name): str(digest) for name, digest in json.loads(path.read_text("utf-8"))["files"].items()}
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            problems.append(f"{path}: is no manifest any more (delete it and run the workflow again)")
    for name, digest in sorted(listed.items()):
        file = folder / name
        if folder.resolve() not in file.resolve().parents or not file.is_file():
            problems.append(f"{file}: is missing (run the workflow again)")
        elif sha256(file) != digest:
            problems.append(f"{file}: was changed after it was written (delete it and run the workflow again)")
    problems += [
        f"{extra}: stands in no manifest (left by a sample that was taken out or renamed? then remove it)"
        for extra in _extra(folder, {*listed, NAME})
    ]
    if problems:
        raise InputError(problems)
    return len(listed)


def _extra(folder: Path, known: set[str]) -> Iterator[Path]:
    """Files that no manifest names; a folder of nothing else is told as one."""
    for place in sorted(folder.iterdir()):
        if place.name.startswith(".") or place.name in ASIDE:
            continue
        groups = [place] if place.is_file() else sorted(place.iterdir())
        for group in groups:
            files = [group] if group.is_file() else sorted(p for p in group.rglob("*") if p.is_file())
            extra = [f for f in files if f.relative_to(folder).as_posix() not in known and not f.name.startswith(".")]
            yield from [group] if len(extra) == len(files) > 1 else extra
