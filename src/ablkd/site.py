"""What a laboratory puts on its pages: its name, address and logo, words of its own, templates of its own."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablkd.config import read_config
from ablkd.errors import InputError
from ablkd.home import PACKAGE

SETTINGS = "site.yaml"
LOGOS = {"logo.svg": "image/svg+xml", "logo.png": "image/png"}
TEMPLATES = PACKAGE / "templates"


@dataclass(frozen=True)
class Site:
    """What stands on the pages.

    `logo` is a data address, `words` pairs of a word of the tables and what to say for it; templates in `folder` take
    the place of those of the package.
    """

    laboratory: str = ""
    address: tuple[str, ...] = ()
    footer: str = ""
    logo: str = ""
    words: tuple[tuple[str, str], ...] = ()
    folder: Path | None = None


def load_site(folder: str | Path | None) -> Site:
    """The site folder of a laboratory; without one, nothing is added and nothing replaced.

    Raises
    ------
    InputError
        With every problem: an unknown key, a word that is no text, a file that is no template of ours.
    """
    if not folder:
        return Site()
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder (give the folder that holds {SETTINGS}, logo and templates)")
    told = read_config(folder / SETTINGS) if (folder / SETTINGS).is_file() else {}
    problems = _problems(folder, told)
    if problems:
        raise InputError(problems)
    address = told.get("address") or []
    return Site(
        laboratory=str(told.get("laboratory") or ""),
        address=tuple(map(str, [address] if isinstance(address, str) else address)),
        footer=str(told.get("footer") or ""),
        logo=_logo(folder),
        words=tuple((str(key), str(value)) for key, value in (told.get("words") or {}).items()),
        folder=folder,
    )


def site_files(folder: str | Path | None) -> list[str]:
    """The files a page depends on, for the workflow."""
    return sorted(str(path) for path in Path(folder).iterdir() if path.is_file()) if folder else []


def _problems(folder: Path, told: dict[str, Any]) -> list[str]:
    shape: dict[str, tuple[type, ...]] = {
        "laboratory": (str,),
        "address": (str, list),
        "footer": (str,),
        "words": (dict,),
    }
    place = folder / SETTINGS
    problems = [f"{place}: unknown key '{key}' (known keys: {', '.join(shape)})" for key in told if key not in shape]
    problems += [
        f"{place}: {key} is {value!r} (write {' or '.join(t.__name__ for t in shape[key])})"
        for key, value in told.items()
        if key in shape and value is not None and not isinstance(value, shape[key])
    ]
    ours = {path.name for path in TEMPLATES.iterdir()}
    known = {SETTINGS, *LOGOS, *ours}
    problems += [
        f"{path}: is no template of this version (use one of {', '.join(sorted(ours))}, {', '.join(LOGOS)})"
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name not in known and not path.name.startswith((".", "README"))
    ]
    return problems


def _logo(folder: Path) -> str:
    for name, kind in LOGOS.items():
        if (folder / name).is_file():
            return f"data:{kind};base64,{base64.b64encode((folder / name).read_bytes()).decode()}"
    return ""
