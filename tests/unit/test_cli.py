"""The command line: every subcommand explains itself, mistakes are sentences, bugs keep their traceback."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys

import pytest
from counted import shown

from ablkd import cli, steps
from ablkd.background.run import load
from ablkd.config import checked_settings, read_config
from ablkd.counting.counts import write_counts
from ablkd.errors import InputError
from ablkd.home import code_hash


def ablkd(*words: str, **options) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "ablkd", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **options)


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_subcommand_is_a_step_with_the_same_arguments(name, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main([name, "--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    example = text.partition("example:")[2].split()
    assert example[:2] == ["ablkd", name]
    words = example[1 : example.index(">") if ">" in example else None]
    given = vars(cli.parser().parse_args(words))
    del given["command"], given["version"]
    assert set(given) == set(inspect.signature(getattr(steps, name)).parameters)


def test_only_wanted_modules_are_loaded_for_help():
    code = "import sys, ablkd.cli as c; c.parser(); print([m for m in ('numpy', 'numba', 'pandas', 'pysam') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_a_mistake_is_one_line_and_status_2(tmp_path):
    done = ablkd("check", str(tmp_path / "config.yaml"))
    assert done.returncode == 2
    assert done.stderr == f"{tmp_path}/config.yaml: no such file (check the path)\n"
    assert done.stdout == ""


def test_several_mistakes_are_a_line_each(tmp_path):
    (tmp_path / "config.yaml").write_text("sampels: x\nrequired_lod_reads: 3\npdf: maybe\n")
    done = ablkd("check", cwd=tmp_path)
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert [line.split(" (")[0] for line in lines] == [
        "config.yaml: unknown key 'sampels'",
        "config.yaml: required_lod_reads is 3",
        "config.yaml: pdf is 'maybe'",
        "reference: no such folder",
    ]
    assert all(line.endswith(")") for line in lines)


def test_a_bug_keeps_its_traceback(monkeypatch):
    def broken(folder):
        raise ZeroDivisionError

    monkeypatch.setattr(steps, "init", broken)
    with pytest.raises(ZeroDivisionError):
        cli.main(["init", "x"])


def test_no_subcommand_prints_help_and_fails(capsys):
    assert cli.main([]) == 2
    assert "COMMAND" in capsys.readouterr().out


def test_an_unusable_sample_writes_all_its_files_and_says_why(tmp_path, root, capsys):
    (tmp_path / "t.ab1").write_text("this is no trace")
    tables = ["calls", "coverage", "haplotypes", "phase", "splicing", "fusion", "qc", "peaks"]
    words = [word for table in tables for word in (f"--{table}", str(tmp_path / table))]
    limits = ["--required-lod", "0.2", "--reporting-cut", "0.2"]
    traces = ["--traces", str(tmp_path / "t.ab1"), "--reference", str(root / "reference")]
    assert cli.main(["trace", "--sample", "S1", *traces, *limits, *words]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("S1: not usable: ")
    assert all((tmp_path / table).is_file() for table in tables)
    assert "S1\tusable\tno\t" in (tmp_path / "qc").read_text()


def test_settings_take_the_defaults_that_config_yaml_shows(root):
    shown = read_config(root / "config.yaml")
    defaults = checked_settings({})
    assert list(shown) == list(defaults)
    differ = {key for key in shown if shown[key] != defaults[key]}
    assert differ == {"samples", "clinical", "site"}


@pytest.mark.parametrize(
    ("setting", "good"),
    [
        ({"required_lod_reads": 0}, False),
        ({"required_lod_reads": 0.5}, True),
        ({"required_lod_reads": True}, False),
        ({"required_lod_sanger": "0.2"}, False),
        ({"reporting_cut_reads": 1}, True),
        ({"reporting_cut_reads": -0.1}, False),
        ({"results": ""}, False),
        ({"results": "out/{sample}"}, False),
        ({"results": "-out"}, False),
        ({"clinical": None}, True),
        ({"samples": None}, False),
    ],
)
def test_settings_keep_their_ranges(setting, good):
    if good:
        assert checked_settings(setting).items() >= setting.items()
    else:
        with pytest.raises(InputError, match="config.yaml: "):
            checked_settings(setting)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: [1", "config.yaml:2: is not YAML"),
        ("- a", "is not a table"),
        ("# a", "config.yaml: holds no setting"),
        ("pdf: true\nsamples: x\npdf: false", "config.yaml:3: 'pdf' stands twice"),
    ],
)
def test_a_config_that_is_no_table_of_settings_is_refused(tmp_path, text, place):
    (tmp_path / "config.yaml").write_text(text + "\n")
    with pytest.raises(InputError, match=place):
        read_config(tmp_path / "config.yaml")


def test_the_code_hash_changes_with_the_code_only(tmp_path, monkeypatch):
    from ablkd import home

    (tmp_path / "a.py").write_text("x = 1")
    monkeypatch.setattr(home, "PACKAGE", tmp_path)
    first = code_hash()
    (tmp_path / "a.pyc").write_text("compiled")
    assert code_hash() == first
    (tmp_path / "a.py").write_text("x = 2")
    assert code_hash() != first


SHEET = "sample\tpatient\trun\tcollected\tplatform\tamplicon\trole\treads_1\n"


def test_counts_make_a_panel_and_a_background_that_names_it(tmp_path, root, reference, capsys):
    """Two past controls, one patient and his run's control; what the background holds is read back."""
    for name in ("W1", "W2", "P1", "C1"):
        write_counts(tmp_path / f"{name}.tsv", [shown(reference, {(315, "ATT"): 1}, 200, name)])
        (tmp_path / f"{name}.fastq").write_text("@r\nACGT\n+\nIIII\n")
    roles = {"P1": "patient", "C1": "wild_type_control"}
    rows = [f"{s}\tP\trun1\t2026-01-01\tillumina\t\t{role}\t{s}.fastq\n" for s, role in roles.items()]
    (tmp_path / "samples.tsv").write_text(SHEET + "".join(rows))
    known, panel = ["--reference", str(root / "reference")], ["--panel", str(tmp_path / "panel.tsv")]

    def counts(*names):
        return ["--run-counts", *(str(tmp_path / f"{name}.tsv") for name in names)]

    assert cli.main(["panel", "--name", "lab-1", *known, *counts("W1", "W2"), *panel]) == 0
    assert "panel lab-1 with 2 controls (illumina)" in capsys.readouterr().out
    words = ["background", "--sheet", str(tmp_path / "samples.tsv"), "--platform", "illumina", *known]
    words += ["--background", str(tmp_path / "background.npz"), *counts("P1", "C1")]
    assert cli.main([*words, *panel]) == 0
    found = load(tmp_path / "background.npz")
    assert (found.samples.tolist(), found.controls.tolist()) == (["P1", "C1", "", ""], [False, True, True, True])
    assert re.fullmatch(r"lab-1 \([0-9a-f]{12}\)", found.panel)
    first = (tmp_path / "background.npz").read_bytes()
    assert cli.main([*words, *panel]) == 0 and (tmp_path / "background.npz").read_bytes() == first


def test_a_mutated_sample_in_a_panel_is_a_sentence_and_status_2(tmp_path, root, reference, capsys):
    write_counts(tmp_path / "m.tsv", [shown(reference, {(315, "ATT"): 90}, 200, "M")])
    words = ["--reference", str(root / "reference"), "--run-counts", str(tmp_path / "m.tsv")]
    assert cli.main(["panel", "--name", "lab-1", *words, "--panel", str(tmp_path / "panel.tsv")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"{tmp_path}/m.tsv: shows T315I (leave it out: a panel holds wild-type samples)"]
    assert not (tmp_path / "panel.tsv").exists()


def test_a_damaged_table_of_counts_is_a_sentence_and_status_2(tmp_path, root, reference, capsys):
    write_counts(tmp_path / "c.tsv", [shown(reference, {}, 200, "C")])
    text = (tmp_path / "c.tsv").read_text().replace("\tcodon\t237\t237\t", "\tcodon\t237000\t237\t")
    (tmp_path / "c.tsv").write_text(text)
    words = ["--reference", str(root / "reference"), "--run-counts", str(tmp_path / "c.tsv")]
    assert cli.main(["panel", "--name", "lab-1", *words, "--panel", str(tmp_path / "panel.tsv")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{tmp_path}/c.tsv:2: ") and line.endswith(")")
