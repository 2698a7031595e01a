"""A sequencing run through ablkd's commands, and what its tables say of an allele: by the commands and columns alone.

A checkout is measured by its src in PYTHONPATH; nothing but the command line and the tables of a sample is used.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ablkd.cli import main as ablkd

HGVS = re.compile(r"c\.(\d+)(?:_(\d+))?(?:([ACGT])>([ACGT])|(del)[ACGT]*(?:ins([ACGT]+))?|(dup)[ACGT]*|ins([ACGT]+))$")
SHEET = "sample\trun\tplatform\trole\treads_1\treads_2"
REQUIRED_LOD = REPORTING_CUT = "0.03"
JUNCTIONS = {"present": "pass", "evidence_only": "held_back"}  # calls of splicing.tsv
Row = dict[str, str]


@dataclass(frozen=True)
class Library:
    """A sample of a run: its name, FASTQ files (one, or two mates) and whether it is a wild-type control."""

    name: str
    files: tuple[Path, ...]
    control: bool = False


@dataclass(frozen=True)
class Tables:
    """calls.tsv, coverage.tsv and splicing.tsv of a sample."""

    calls: list[Row]
    coverage: list[Row]
    splicing: list[Row]


def rows(path: Path) -> list[Row]:
    """The rows of a table."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def step(command: str, **options: object) -> None:
    """A command in this process. Raises SystemExit when it refuses."""
    words = [command]
    for name, value in options.items():
        values = value if isinstance(value, (list, tuple)) else [value]
        words += [f"--{name.replace('_', '-')}", *map(str, values)]
    if ablkd(words):
        raise SystemExit(f"ablkd {' '.join(words)} failed")


class Run:
    """Samples of one platform, aligned once; called as often as asked, with or without the controls among them."""

    def __init__(self, reference: Path, platform: str, folder: Path, libraries: Sequence[Library]) -> None:
        self.reference, self.platform, self.folder = reference, platform, folder
        self.libraries = list(libraries)
        for library in self.libraries:
            self._align(library)

    def _part(self, library: Library, name: str) -> Path:
        return self.folder / f"{library.name}.{name}"

    def _align(self, library: Library) -> None:
        options: dict[str, object] = {"sample": library.name, "platform": self.platform, "reference": self.reference}
        for number, path in enumerate(library.files, start=1):
            options[f"reads_{number}"] = path
        outputs = {"fragments": "fragments.npy", "counts": "counts.tsv", "qc": "align_qc.tsv"}
        step("align", **options, **{key: self._part(library, name) for key, name in outputs.items()})

    def called(self, controls: bool, names: Sequence[str] | None = None) -> dict[str, Tables]:
        """The tables of the run's patients (those of `names`), learned from all of them, and from controls or not."""
        used = [library for library in self.libraries if controls or not library.control]
        sheet, background = self.folder / "samples.tsv", self.folder / "background.npz"
        lines = [SHEET]
        for x in used:
            mates = [*map(str, x.files), ""][:2]
            lines.append("\t".join([x.name, "run", self.platform, "wild_type_control" if x.control else "", *mates]))
        sheet.write_text("\n".join(lines) + "\n")
        common = {"platform": self.platform, "reference": self.reference, "background": background}
        counts = [self._part(library, "counts.tsv") for library in used]
        step("background", sheet=sheet, run_counts=counts, **common)
        tables = {}
        for library in used:
            if library.control or (names is not None and library.name not in names):
                continue
            outputs = {key: self._part(library, f"{key}.tsv") for key in ("calls", "coverage", "splicing", "fusion")}
            step(
                "call",
                sample=library.name,
                fragments=self._part(library, "fragments.npy"),
                required_lod=REQUIRED_LOD,
                reporting_cut=REPORTING_CUT,
                qc=self._part(library, "call_qc.tsv"),
                **common,
                **outputs,
            )
            tables[library.name] = Tables(*(rows(outputs[key]) for key in ("calls", "coverage", "splicing")))
        return tables


def applied(target: str, name: str) -> str | None:
    """The target with the variant of a c. name; None for a name of another form."""
    match = HGVS.search(name)
    if match is None:
        return None
    first, last, _, other, deleted, replaced, doubled, inserted = match.groups()
    start, end = int(first) - 1, int(last or first)
    if inserted:
        return target[: start + 1] + inserted + target[start + 1 :]
    if doubled:
        return target[:end] + target[start:end] + target[end:]
    return target[:start] + (other or replaced or "") + target[end:]


def found(target: str, tables: Tables, mutated: str) -> tuple[str, Row]:
    """How a sample's tables tell a variant, whatever it is called: `pass`, `held_back` (a row of calls.tsv with a
    filter), `listed` (a row of coverage.tsv alone) or `absent`; and the row. A deletion may be told as a new junction."""
    for row in tables.calls:
        if applied(target, row["hgvs_c"]) == mutated:
            return ("pass" if row["filter"] == "PASS" else "held_back"), row
    for row in tables.splicing:
        if row["call"] in JUNCTIONS and applied(target, row["hgvs_r"].replace("r.", "c.")) == mutated:
            return JUNCTIONS[row["call"]], row | {
                "vaf": row["fraction"],
                "vaf_low": row["fraction_low"],
                "vaf_high": row["fraction_high"],
            }
    for row in tables.coverage:
        if row["kind"] != "codon" and applied(target, row["hgvs_c"]) == mutated:
            return "listed", row
    return "absent", {}


def is_indel(target: str, row: Row) -> bool:
    """Whether a call changes the length."""
    mutated = applied(target, row["hgvs_c"])
    return mutated is None or len(mutated) != len(target)
