"""Inputs that once ended in something else than a sentence: `input_*/case.tsv` says what reads which file, and what is said.

They were found with `tests/benchmarks/fuzz.py` and made small by it. An empty `said` means that the file is read.
"""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from ablkd.alignment.reads import read_blocks
from ablkd.config import checked_settings, read_config
from ablkd.errors import InputError, UnusableSample
from ablkd.reference import load_reference, read_fasta
from ablkd.samples import read_library, read_sheet

CASES = sorted(p.parent for p in Path(__file__).parent.glob("input_*/case.tsv"))


def knowledge(root: Path, folder: Path, file: Path) -> None:
    """The knowledge folder with the rows of a file put behind those of its table."""
    shutil.copytree(root / "reference", folder)
    table = folder / file.name
    table.write_bytes(table.read_bytes() + file.read_bytes())
    load_reference(folder)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_input(case, tmp_path, root, reference):
    text = [line for line in (case / "case.tsv").read_text("utf-8").splitlines() if not line.startswith("#")]
    what = {row["what"]: row["value"] for row in csv.DictReader(text, delimiter="\t")}
    readers = {
        "reads": lambda file: list(read_blocks([file], [], 5)),
        "sheet": lambda file: read_sheet(file, reference),
        "library": read_library,
        "settings": lambda file: checked_settings(read_config(file)),
        "sequences": read_fasta,
        "knowledge": lambda file: knowledge(root, tmp_path / "reference", file),
    }
    told: list[str] = []
    try:
        readers[what["reader"]](case / what["file"])
    except InputError as error:
        told = error.problems
    except UnusableSample as error:
        told = [str(error)]
    said = what.get("said", "")
    assert bool(told) == bool(said) and all(line.isprintable() and line.endswith(")") for line in told)
    assert any(said in line for line in told) or not said
