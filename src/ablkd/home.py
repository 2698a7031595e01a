"""Where the workflow and the knowledge folder that came with this package are, and which code this is."""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from pathlib import Path

from ablkd.errors import InputError

PACKAGE = Path(__file__).resolve().parent


@cache
def home() -> Path:
    """The folder that holds Snakefile, workflow/ and reference/: a checkout, or where an install put them."""
    for folder in (PACKAGE.parent.parent, Path(sys.prefix) / "share" / "ablkd"):
        if (folder / "Snakefile").is_file() and (folder / "workflow").is_dir():
            return folder
    raise InputError(f"{PACKAGE}: the workflow is not beside the package (install from a checkout: pip install -e .)")


def snakefile() -> str:
    """The workflow's Snakefile, for `include:` in the Snakefile of a run folder."""
    return str(home() / "Snakefile")


def code_hash() -> str:
    """A hash of every file of the package: with it in a rule's `params`, a new version reruns the rule."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*")):
        name = path.relative_to(PACKAGE)
        if path.is_file() and path.suffix != ".pyc" and not any(part.startswith(".") for part in name.parts):
            digest.update(name.as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
