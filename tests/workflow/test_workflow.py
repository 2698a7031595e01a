"""The workflow on a tiny run: what runs, what does not run again, and what a person reads when something is wrong."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from faults import differing, kill, next_run, torn
from tiny_run import all_bytes, first_reads

from ablkd.records import QcMetric, Summary
from ablkd.run_folder import init_folder
from ablkd.tables import read_rows

HEADER = "sample\tpatient\trun\tplatform\trole\treads_1\treads_2\n"
AFTER_KNOWLEDGE = {"interpret", "report", "timeline", "summarize", "index", "manifest", "manifest_of_all"}


def snakemake(folder: Path, *words: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900)


def planned(folder: Path, *words: str) -> set[str]:
    """The rules a dry run would execute."""
    done = snakemake(folder, "--dry-run", *words)
    assert done.returncode == 0, done.stderr
    return set(re.findall(r"^(?:local)?rule (\w+):", done.stdout + done.stderr, re.MULTILINE)) - {"all"}


@pytest.fixture(scope="module")
def run(tmp_path_factory, root) -> Path:
    """A run folder, run once: a read sample, a sample of noise, an empty control and traces."""
    folder = tmp_path_factory.mktemp("runs") / "my run"
    init_folder(folder)
    shutil.copytree(root / "reference", folder / "knowledge")
    settings = (folder / "config.yaml").read_text()
    (folder / "config.yaml").write_text(re.sub(r"(?m)^reference:.*$", "reference: knowledge", settings))
    example = root / "tests/example/reads"
    reads = folder / "reads $(touch executed)"
    for mate in "12":
        first_reads(example / f"P1_2018-05_{mate}.fastq.gz", reads / f"A_{mate}.fastq", 1500)
        first_reads(example / f"NTC_{mate}.fastq.gz", reads / f"N_{mate}.fastq", 50)
    (reads / "noise.fastq").write_text("this is no FASTQ\n")
    for trace in example.glob("P2_2017-10*.ab1"):
        shutil.copy(trace, reads)
    traces = ";".join(sorted(f"{reads.name}/{path.name}" for path in reads.glob("*.ab1")))
    (folder / "samples.tsv").write_text(
        HEADER
        + f"A\tpatient1\tr1\tillumina\t\t{reads.name}/A_1.fastq\t{reads.name}/A_2.fastq\n"
        + f"N\t\tr1\tillumina\tno_template_control\t{reads.name}/N_1.fastq\t{reads.name}/N_2.fastq\n"
        + f"Noise\t\tr1\tillumina\t\t{reads.name}/noise.fastq\t\n"
        + f"S\tpatient1\tr2\tsanger\t\t{traces}\t\n"
    )
    done = snakemake(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Noise: not usable: " in done.stdout
    return folder


def test_writes_every_promised_file(run):
    tables = "calls coverage haplotypes phase splicing fusion clones clone_drugs drugs qc"
    files = {f"{table}.tsv" for table in tables.split()} | {
        "calls.vcf.gz",
        "calls.vcf.gz.tbi",
        "result.json",
        "report.html",
    }
    for sample in ("A", "N", "Noise", "S"):
        bam = {"aligned.bam", "aligned.bam.bai"} if sample != "S" else set()
        assert {p.name for p in (run / "results/samples" / sample).iterdir()} == files | bam
    pages = {"report.html", "summary.tsv", "results.tsv", "summary.xlsx", "ablkd_mqc.json", "manifest.json"}
    for name in ("r1", "r2"):
        assert {p.name for p in (run / "results/runs" / name).iterdir()} == pages
    assert {p.name for p in (run / "results/patients").iterdir()} == {"patient1.html", "patient1.tsv"}
    assert (run / "results/index.html").is_file()


def test_no_name_is_ever_executed(run):
    assert not list(run.rglob("executed"))


def test_an_unusable_sample_is_failed_and_the_others_go_on(run):
    rows = {row.sample: row for row in read_rows(run / "results/runs/r1/summary.tsv", Summary)}
    assert set(rows) == {"A", "N", "Noise"}
    assert rows["Noise"].status == "failed" and rows["Noise"].reason
    assert rows["A"].status != "failed"
    qc = read_rows(run / "results/samples/Noise/qc.tsv", QcMetric)
    assert [row.value for row in qc if row.metric == "usable"] == ["no"]


def test_results_name_no_place_on_this_machine(run):
    for path in (run / "results").rglob("*"):
        if path.is_file():
            assert str(run).encode() not in path.read_bytes(), path


def test_a_second_run_does_nothing_even_where_the_folder_was_moved(run, tmp_path):
    moved = tmp_path / "moved"
    shutil.copytree(run, moved, symlinks=True)
    assert planned(moved) == set()


def test_what_drugs_are_said_to_do_repeats_no_analysis(run):
    for name in ("tki/sensitivity.tsv", "notes.tsv"):
        table = run / "knowledge" / name
        before = table.read_bytes()
        table.write_bytes(before + b"# reviewed\n")
        try:
            assert planned(run) == AFTER_KNOWLEDGE
        finally:
            table.write_bytes(before)


def test_a_threshold_does_not_realign(run):
    again = planned(run, "--config", "required_lod_reads=0.05")
    assert again == AFTER_KNOWLEDGE | {"call", "phase", "crosscheck"}
    assert planned(run, "--config", "reporting_cut_sanger=0.3") == AFTER_KNOWLEDGE | {"trace", "crosscheck"}


def jobs_of(run: Path, change) -> dict[str, str]:
    """How many jobs of each rule a dry run plans with a changed sheet."""
    sheet = run / "samples.tsv"
    before = sheet.read_text()
    sheet.write_text(change(before))
    try:
        done = snakemake(run, "--dry-run")
    finally:
        sheet.write_text(before)
    jobs = dict(re.findall(r"^(\w+) +(\d+)$", done.stdout + done.stderr, re.MULTILINE))
    assert jobs.pop("total"), done.stdout + done.stderr
    return jobs


def test_a_sample_sequenced_again_is_aligned_alone(run):
    """Its run is called again with it; the other run is left as it is."""
    folder = "reads $(touch executed)"
    for mate in "12":
        shutil.copy(run / folder / f"A_{mate}.fastq", run / f"more_{mate}.fastq")
    jobs = jobs_of(run, lambda t: re.sub(r"(A_([12])\.fastq)", r"\1;more_\2.fastq", t))
    once = ("align", "bam", "background", "crosscheck", "summarize", "timeline", "manifest", "manifest_of_all")
    assert {name: jobs[name] for name in once} == dict.fromkeys(once, "1")
    assert (jobs["call"], jobs["report"], jobs["interpret"]) == ("3", "3", "3") and "trace" not in jobs


def test_a_sample_taken_out_has_its_pages_made_again_without_it(run):
    jobs = jobs_of(run, lambda text: "".join(line for line in text.splitlines(True) if not line.startswith("S\t")))
    assert jobs == dict.fromkeys(("timeline", "index", "manifest_of_all", "all"), "1")


def test_a_sample_of_a_new_run_changes_no_older_result(run):
    shutil.copy(run / "reads $(touch executed)" / "A_1.fastq", run / "new.fastq")
    jobs = jobs_of(run, lambda text: text + "B\tp2\tr3\tillumina\t\tnew.fastq\t\n")
    rules = AFTER_KNOWLEDGE | {*("align", "bam", "background", "call", "recombination", "phase", "crosscheck", "all")}
    assert jobs == dict.fromkeys(rules, "1")


def test_a_sample_taken_out_leaves_no_row_behind(run, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy, symlinks=True)
    sheet = copy / "samples.tsv"
    sheet.write_text("".join(line for line in sheet.open() if not line.startswith("Noise\t")))
    done = snakemake(copy, "results/runs/r1/summary.tsv", "results/index.html")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {r.sample for r in read_rows(copy / "results/runs/r1/summary.tsv", Summary)} == {"A", "N"}
    assert "Noise" not in (copy / "results/index.html").read_text()


def test_a_run_killed_twice_leaves_nothing_half_written_and_finishes_with_the_same_bytes(run, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy, symlinks=True)
    whole, target = all_bytes(run / "results"), "results/samples/S/result.json"
    for folder in ("samples/S", "work/S", "work/runs/r2"):
        shutil.rmtree(copy / "results" / folder)
    chance = random.Random(20261125)
    for victim in ("a step", "everything"):
        assert kill(copy, chance.uniform(0.2, 0.8), victim, target, in_step=True) == 1
        assert torn(all_bytes(copy / "results"), whole) == []
    done = next_run(copy, target)
    assert done.returncode == 0, done.stderr
    missing = {"report.html", "calls.vcf.gz", "calls.vcf.gz.tbi"}
    assert set(differing(all_bytes(copy / "results"), whole)) == {f"samples/S/{name}" for name in missing}


def test_a_wrong_sheet_is_told_whole_before_any_job(tmp_path):
    init_folder(tmp_path / "new")
    (tmp_path / "new/samples.tsv").write_text(HEADER + "A\t\t\tpacbio\t\tgone.fastq\t\n../x\t\t\tont\t\tgone.bam\t\n")
    done = snakemake(tmp_path / "new")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr and "Error" not in done.stderr
    assert re.findall(r"^samples\.tsv:\d: \w+", done.stderr, re.MULTILINE) == [
        "samples.tsv:2: platform",
        "samples.tsv:2: reads_1",
        "samples.tsv:3: sample",
        "samples.tsv:3: reads_1",
    ]
    assert not (tmp_path / "new/results").exists()


def test_wrong_settings_and_wrong_knowledge_are_sentences(tmp_path, root):
    init_folder(tmp_path / "new")
    done = snakemake(tmp_path / "new", "--config", "required_lod_reads=3", "smaples=x")
    assert done.returncode == 2
    assert "config.yaml: unknown key 'smaples'" in done.stderr
    assert "config.yaml: required_lod_reads is 3 (" in done.stderr
    (tmp_path / "new/config.yaml").write_bytes("site: Gerät\n".encode("latin-1"))
    done = snakemake(tmp_path / "new")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        2, "config.yaml: is not UTF-8 text at byte 9 (save it as UTF-8)",
    )  # fmt: skip
    (tmp_path / "new/config.yaml").write_text("pdf: false\n")
    done = snakemake(tmp_path / "new", "--config", f"reference={tmp_path}/nothing")
    assert done.returncode == 2
    assert f"{tmp_path}/nothing: no such folder (give the knowledge folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_new_run_folder_says_what_to_do_next(tmp_path):
    words = init_folder(tmp_path / "new")
    assert words.splitlines()[1].strip() == f"cd {tmp_path}/new && snakemake --cores all"
    done = snakemake(tmp_path / "new")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        2,
        "samples.tsv: no samples yet (add a line for each sample)",
    )
