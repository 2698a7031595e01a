"""The recipes of CONTRIBUTING.md, followed to the letter: its rows and code go where it says, and do what it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from results import sample

from ablkd import records as r
from ablkd.interpretation.explain import explain
from ablkd.interpretation.interpret import interpret
from ablkd.reference import Reference, load_reference
from ablkd.run_folder import init_folder
from ablkd.samples import read_sheet
from ablkd.tables import read_rows, write_rows

BLOCK = re.compile(r"^```(?:tsv|python) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def recipes(root) -> dict[str, str]:
    """File -> what a recipe adds to it."""
    return dict(BLOCK.findall((root / "CONTRIBUTING.md").read_text("utf-8")))


@pytest.fixture(scope="module")
def changed(root, recipes, tmp_path_factory) -> Reference:
    """The knowledge folder with every row of the recipes."""
    folder = tmp_path_factory.mktemp("knowledge") / "reference"
    shutil.copytree(root / "reference", folder)
    for name, rows in recipes.items():
        if name.startswith("reference/"):
            with (folder.parent / name).open("a") as table:
                table.write(rows)
    return load_reference(folder)


def test_there_is_a_recipe_for_everything_people_add(recipes):
    assert {name.removeprefix("reference/") for name in recipes} == {
        *("samples.tsv", "sources.tsv", "amplicons.tsv", "platforms.tsv", "mutations.tsv", "notes.tsv"),
        *("tki/sensitivity.tsv", "src/ablkd/steps.py", "src/ablkd/commands.py", "workflow/rules/report.smk"),
    }


def test_a_sample(recipes, reference, tmp_path):
    for mate in "12":
        (tmp_path / f"S1_{mate}.fastq").write_text(
            f"@read\n{reference.sequence[800 + int(mate) :][:100]}\n+\n{'I' * 100}\n"
        )
    (tmp_path / "samples.tsv").write_text(recipes["samples.tsv"])
    assert [(s.sample, s.run, s.platform) for s in read_sheet(tmp_path / "samples.tsv", reference)] == [
        ("S1", "r1", "illumina")
    ]


def test_an_amplicon_and_a_platform(changed, tmp_path):
    (tmp_path / "S1.fastq").write_text(f"@read\n{changed.sequence[800:900]}\n+\n{'I' * 100}\n")
    sheet = "sample\tplatform\tamplicon\treads_1\nS1\texample_short\texample_nested\tS1.fastq\n"
    (tmp_path / "samples.tsv").write_text(sheet)
    (line,) = read_sheet(tmp_path / "samples.tsv", changed)
    assert changed.platform(line.platform).reads == "short"
    assert [tile.reverse_end for tile in changed.amplicons if tile.name == line.amplicon] == [1420]


def test_a_mutation_and_a_tki_row(changed, reference):
    said = explain(changed, "D276A")
    assert "D276A  NM_005157.6:c.827A>C  p.(Asp276Ala)  codon 276, exon 5" in said
    assert (
        "imatinib: reduced, CML-CP only (clinical)\n  reduced: D276A is an example. [clinical; CML-CP; example_2026]"
        in said
    )
    assert "asciminib: unknown" in said
    assert changed.codon(276) == "GAC" and "D276A" not in {row.name for row in reference.mutations}


def test_a_note(changed):
    result = interpret(sample(), changed, r.SampleTables(), [], {})
    assert "This sentence is an example." in result.notes


def test_a_step(root, recipes, tmp_path):
    for name in ("src", "workflow"):
        shutil.copytree(root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("Snakefile", "config.yaml", "reference", "profiles"):
        (tmp_path / name).symlink_to(root / name)
    add(tmp_path / "src/ablkd/steps.py", recipes, "\n\n", None)
    add(tmp_path / "src/ablkd/commands.py", recipes, "", "}\n")
    add(tmp_path / "workflow/rules/report.smk", recipes, "\n\n", None)
    init_folder(tmp_path / "run")
    (tmp_path / "run/Snakefile").write_text(f'configfile: "config.yaml"\ninclude: "{tmp_path}/Snakefile"\n')
    shutil.copy(next((root / "tests/example/reads").glob("*_F.ab1")), tmp_path / "run/S1.ab1")
    (tmp_path / "run/samples.tsv").write_text("sample\tplatform\treads_1\nS1\tsanger\tS1.ab1\n")
    shallow, deep = (
        r.Coverage("S1", "codon", name, "", 1, "1", depth, None, "no", "depth", "not_assessable")
        for name, depth in (("M1", 10), ("L2", 20))
    )
    write_rows(tmp_path / "run/results/samples/S1/coverage.tsv", r.Coverage, [deep, shallow])
    target = "results/samples/S1/deepest.tsv"
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--allowed-rules", "deepest", "--", target]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "src")}
    done = subprocess.run(command, cwd=tmp_path / "run", env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert read_rows(tmp_path / "run" / target, r.Coverage) == [deep]


def add(path: Path, recipes: dict[str, str], between: str, last: str | None) -> None:
    """Put a recipe's lines at the end of a file, or before its last line."""
    name = next(name for name in recipes if path.as_posix().endswith(name))
    text = path.read_text("utf-8")
    end = last or ""
    assert text.endswith(end)
    path.write_text(text.removesuffix(end) + between + recipes[name] + end, "utf-8")
