"""What a manifest names, and what `ablkd verify` says of files that are not as they were written."""

from __future__ import annotations

import hashlib
import json

import pytest
import results as examples

from ablkd import cli
from ablkd.documents import write_json
from ablkd.manifest import software

FILES = ("calls.tsv", "result.json")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A results folder of two samples, a run and its pages, with both manifests."""
    monkeypatch.chdir(tmp_path)
    made = [examples.t315i(), examples.blind()]
    for result in made:
        place = tmp_path / "results/samples" / result.sample.sample
        write_json(place / "result.json", result)
        (place / "calls.tsv").write_text("sample\n")
    for page in ("runs/run1/report.html", "index.html", "patients/P1.html"):
        (tmp_path / "results" / page).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "results" / page).write_text("<html>")
    (tmp_path / "results/logs").mkdir()
    (tmp_path / "results/logs/align.log").write_text("")
    files = [f"results/samples/{r.sample.sample}/result.json" for r in made]
    own = [
        "--folder",
        "results",
        "--pages",
        "results/runs/run1/report.html",
        "--manifest",
        "results/runs/run1/manifest.json",
    ]
    assert cli.main(["manifest", *own, "--run", "run1", "--results", *files, "--names", *FILES, "report.pdf"]) == 0
    pages = ["results/index.html", "results/patients/P1.html", "results/runs/run1/manifest.json"]
    assert cli.main(["manifest", "--folder", "results", "--pages", *pages, "--manifest", "results/manifest.json"]) == 0
    return tmp_path / "results"


def empty(value) -> bool:
    """Whether a field anywhere holds nothing."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return value in ("", None, {}, []) or any(map(empty, inside))


def test_a_manifest_names_what_made_the_run(folder):
    told = json.loads((folder / "runs/run1/manifest.json").read_text("utf-8"))
    first = examples.t315i()
    assert told["run"] == "run1" and told["knowledge"] == examples.KNOWLEDGE
    assert told["software"] == software() and {"ablkd", "code", "python", "numba", "pysam"} <= set(told["software"])
    assert told["samples"][first.sample.sample]["inputs"][0] == {"file": "a_R1.fastq.gz", "sha256": "12" * 32}
    assert told["samples"][first.sample.sample]["settings"]["required_lod"] == "0.03"
    samples = [f"samples/{r.sample.sample}/{name}" for r in (first, examples.blind()) for name in FILES]
    assert set(told["files"]) == {*samples, "runs/run1/report.html"}
    for name, digest in told["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert not empty(told) and not empty(json.loads((folder / "manifest.json").read_text("utf-8")))


def test_untouched_results_are_as_they_were_written(folder, capsys):
    assert cli.main(["verify"]) == 0
    assert capsys.readouterr().out == "results: 8 files, all as they were written\n"


def test_each_changed_missing_and_extra_file_is_a_sentence(folder, capsys):
    sample = examples.t315i().sample.sample
    (folder / f"samples/{sample}/calls.tsv").write_text("sample \n")
    (folder / "index.html").unlink()
    (folder / "samples/OLD").mkdir()
    for name in FILES:
        (folder / "samples/OLD" / name).write_text("")
    (folder / "patients/P0.html").write_text("")
    (folder / ".hidden").write_text("")
    assert cli.main(["verify", "results"]) == 2
    left = "stands in no manifest (left by a sample that was taken out or renamed? then remove it)"
    assert capsys.readouterr().err.splitlines() == [
        "results/index.html: is missing (run the workflow again)",
        f"results/samples/{sample}/calls.tsv: was changed after it was written (delete it and run the workflow again)",
        f"results/patients/P0.html: {left}",
        f"results/samples/OLD: {left}",
    ]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": 3}', '{"files": {"../../x": "1"}}', "\0"])
def test_a_manifest_that_is_none_is_told(folder, capsys, text):
    (folder / "runs/run1/manifest.json").write_text(text)
    assert cli.main(["verify", "results"]) == 2
    told = capsys.readouterr().err
    assert "results/runs/run1/manifest.json: was changed after it was written" in told and "Traceback" not in told


def test_a_folder_without_results_is_told(tmp_path, capsys):
    assert cli.main(["verify", str(tmp_path)]) == 2
    assert (
        capsys.readouterr().err == f"{tmp_path}: no manifest.json in it (give the results folder of a finished run)\n"
    )
