"""Run folders: a sheet written from the files of a sequencing run, and a new folder to run in."""

from __future__ import annotations

import gzip
import json
import re
import shlex
from pathlib import Path

from ablkd.errors import InputError
from ablkd.home import home
from ablkd.samples import FASTQ, READS, TRACES
from ablkd.tables import write_text

SHEET_COLUMNS = ("sample", "patient", "run", "collected", "platform", "role", "reads_1", "reads_2")
LANE = re.compile(r"(?P<sample>.+)_S\d+(_L\d{3})?_(?P<read>R1|R2|I1|I2)_\d{3}")
MATE = re.compile(r"(?P<sample>.+?)[_.]R?(?P<read>[12])")
DIRECTION = re.compile(r"[_-](f|r|fwd|rev|forward|reverse)\d*([_-].*)?", re.IGNORECASE)
BARCODE = re.compile(r"barcode\d+")
# How the first read or the BAM header of a long-read file names its machine.
LONG_READS = {
    "ont": re.compile(rb"^@[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|^@RG\t.*PL:ONT", re.MULTILINE),
    "pacbio_hifi": re.compile(rb"^@m\w+/\d+/ccs|^@RG\t.*PL:PACBIO", re.MULTILINE),
}
SNAKEFILE = """\
# The workflow that came with ablkd; this folder holds the settings and the samples.
from ablkd.home import snakefile


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
# Columns you can add: amplicon expected template_copies. Several files of a cell are joined by ;
# `ablkd sheet FOLDER` writes these lines for a folder of reads or traces; `ablkd check` checks them.
"""


def sheet_from_folder(folder: str | Path) -> str:
    """A sample sheet for the reads and traces in a folder and the folders within.

    Lanes of a sample are joined; `_R1`/`_R2` and `_1`/`_2` are mates; traces that differ only in a
    direction and what follows it are one sample; long reads are told by the name of their first read, and
    a platform that cannot be told is left empty for a person to fill in.

    Raises
    ------
    InputError
        If the folder holds none.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder (give the folder of a sequencing run)")
    groups: dict[tuple[str, str], dict[str, list[str]]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and (place := _place(path)):
            sample, platform, column = place
            row = groups.setdefault((sample, platform), {"reads_1": [], "reads_2": []})
            row[column].append(path.as_posix())
    if not groups:
        raise InputError(f"{folder}: no {' '.join((*READS, *TRACES))} files in it (give another folder)")
    lines = ["\t".join(SHEET_COLUMNS)]
    for (sample, platform), row in sorted(groups.items()):
        files = [";".join(row["reads_1"]), ";".join(row["reads_2"])]
        lines.append("\t".join([sample, "", "", "", platform, "", *files]))
    return "\n".join(lines) + "\n"


def _place(path: Path) -> tuple[str, str, str] | None:
    """(sample, platform, column) of a file; None for what is no read or trace of a sample."""
    name = path.name
    suffix = next((s for s in (*READS, *TRACES) if name.lower().endswith(s)), None)
    if suffix is None:
        return None
    stem = name[: -len(suffix)]
    if suffix in TRACES:
        return _clean(DIRECTION.split(stem)[0] or stem), "sanger", "reads_1"
    if lane := LANE.fullmatch(stem):
        if lane["read"].startswith("I") or lane["sample"] == "Undetermined":
            return None
        return _clean(lane["sample"]), "illumina", f"reads_{lane['read'][1]}"
    if suffix in FASTQ and (mate := MATE.fullmatch(stem)) and _other_mate(path, mate).is_file():
        return _clean(mate["sample"]), "illumina", f"reads_{mate['read']}"
    sample = path.parent.name if BARCODE.fullmatch(path.parent.name) else stem
    return _clean(sample), _long_platform(path), "reads_1"


def _other_mate(path: Path, mate: re.Match[str]) -> Path:
    start, end = mate.span("read")
    return path.with_name(path.name[:start] + {"1": "2", "2": "1"}[mate["read"]] + path.name[end:])


def _long_platform(path: Path) -> str:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path) if packed else path.open("rb") as stream:
            head = stream.read(1 << 14)
    except (OSError, EOFError):
        return ""
    return next((name for name, pattern in LONG_READS.items() if pattern.search(head)), "")


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
    paths = {"samples": "samples.tsv", "clinical": "", "reference": json.dumps(str(source / "reference"))}
    lines = []
    for line in text.splitlines():
        key = line.partition(":")[0]
        lines.append(f"{key}: {paths[key]}".rstrip() if key in paths else line)
    return "\n".join(lines) + "\n"
