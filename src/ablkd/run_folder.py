"""Run folders: a sheet written from the files of a sequencing run, and a new folder to run in."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

from ablkd.errors import InputError
from ablkd.home import home
from ablkd.naming import Part, part_of
from ablkd.samples import READS, TRACES
from ablkd.tables import write_text

SHEET_COLUMNS = ("sample", "patient", "run", "collected", "platform", "role", "reads_1", "reads_2")
SNAKEFILE = """\
# The workflow that came with ablkd; this folder holds the settings and the samples.
from ablkd.config import stop_if_unreadable
from ablkd.home import snakefile

stop_if_unreadable("config.yaml")


configfile: "config.yaml"


module ablkd:
    snakefile:
        snakefile()
    config:
        config


use rule * from ablkd
"""
SHEET_HELP = """\
# A line for each sample, cells separated by tabs; lines that begin with # are not read.
# Columns you can add: amplicon expected template_copies disease. Several files of a cell are joined by ;
# `ablkd sheet FOLDER` writes these lines for a folder of reads or traces; `ablkd check` checks them.
"""


def sheet_from_folder(folder: str | Path) -> str:
    """A sample sheet for the reads and traces in a folder and the folders within, with questions as `#` lines.

    Lanes of a sample are joined; `_R1`/`_R2` and `_1`/`_2` are mates; traces that differ only in a direction and what
    follows it are one sample; what sequencers put aside (failed, undetermined, unclassified) is left out. A platform
    that cannot be told is left empty. A name that was sequenced twice has two lines and a question: a person says
    whether it is one sample. Barcodes of several places take the place's name in theirs.

    Raises
    ------
    InputError
        If the folder holds none, or a file's name cannot stand in a sheet.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder (give the folder of a sequencing run)")
    parts = [(path, part) for path in sorted(folder.rglob("*")) if path.is_file() and (part := part_of(path, folder))]
    problems = [
        f"{path}: a sheet cannot hold this name (rename the file: no ; no tab, no line end, no blank at its ends)"
        for path, _ in parts
        if set(str(path)) & set(";\t\r\n") or path.as_posix() != path.as_posix().strip()
    ]
    if not parts:
        problems = [f"{folder}: no {' '.join((*READS, *TRACES))} files in it (give another folder)"]
    if problems:
        raise InputError(problems)
    lines = ["\t".join(SHEET_COLUMNS)]
    told: set[str] = set()
    for name, platform, files in sorted(_samples(parts), key=lambda s: (s[0], s[1], s[2]["reads_1"])):
        if name in told:
            lines.append(f"# {name}: sequenced twice? Then join the files of both lines by ; else rename one")
        told.add(name)
        lines.append("\t".join([name, "", "", "", platform, "", *(";".join(files[c]) for c in ("reads_1", "reads_2"))]))
    return "\n".join(lines) + "\n"


def _samples(parts: list[tuple[Path, Part]]) -> list[tuple[str, str, dict[str, list[str]]]]:
    """(name, platform, files by column) of each sample; a part that comes again begins another sample."""
    groups: dict[tuple[str, str, str, int], dict[str, list[str]]] = {}
    times: dict[tuple[str, ...], int] = {}
    for path, part in parts:
        key = (part.name, part.platform, part.origin)
        turn = times[(*key, part.part)] = times.get((*key, part.part), -1) + 1 if part.part else 0
        files = groups.setdefault((*key, turn), {"reads_1": [], "reads_2": []})
        files[part.column].append(path.as_posix())
    places: dict[str, set[str]] = {}
    for _, part in parts:
        if part.barcode:
            places.setdefault(part.name, set()).add(part.origin)
    return [
        (_clean(f"{Path(origin).name}_{name}" if len(places.get(name, ())) > 1 else name), platform, files)
        for (name, platform, origin, _), files in groups.items()
    ]


def _clean(text: str) -> str:
    """A name the sheet takes, from a file name."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", text).lstrip("_.-")[:64] or "sample"


def init_folder(folder: str | Path) -> str:
    """Make a run folder: config.yaml, samples.tsv, a Snakefile and its profiles. What to do next, as text.

    Raises
    ------
    InputError
        If the folder has one of these already, or the workflow is not found beside the package.
    """
    folder = Path(folder)
    source = home()
    profiles = [Path("profiles") / name / "config.yaml" for name in ("default", "slurm")]
    texts = {
        Path("config.yaml"): _settings((source / "config.yaml").read_text("utf-8"), source),
        Path("samples.tsv"): SHEET_HELP + "\t".join(SHEET_COLUMNS) + "\n",
        Path("Snakefile"): SNAKEFILE,
        **{profile: (source / profile).read_text("utf-8") for profile in profiles},
    }
    present = [name for name in texts if (folder / name).exists()]
    if present:
        raise InputError([f"{folder / name}: is there already (choose another folder)" for name in present])
    for name, text in texts.items():
        write_text(folder / name, text)
    return (
        f"Made {folder}: add your samples to {folder / 'samples.tsv'}, then\n"
        f"  cd {shlex.quote(str(folder))} && snakemake --cores all\n"
    )


def _settings(text: str, source: Path) -> str:
    """The shipped config.yaml with the paths of a run folder."""
    paths = {"samples": "samples.tsv", "clinical": "", "site": "", "reference": json.dumps(str(source / "reference"))}
    lines = []
    for line in text.splitlines():
        key = line.partition(":")[0]
        lines.append(f"{key}: {paths[key]}".rstrip() if key in paths else line)
    return "\n".join(lines) + "\n"
