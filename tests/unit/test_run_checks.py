"""A failed control and a contamination, from the tables of a run to every place where a person would look."""

from __future__ import annotations

import re
import shutil
import zipfile
from dataclasses import replace

import pytest

from ablkd import cli
from ablkd.documents import read_result
from ablkd.hgvs import codon_hgvs_c
from ablkd.records import Call, Coverage, Fusion, Haplotype, Phase, QcMetric, SpliceEvent, Summary
from ablkd.tables import read_rows, write_rows

SHEET = """\
sample\tpatient\trun\tplatform\trole\treads_1\texpected
S\tpatient1\tr1\tillumina\tpatient\treads.fastq\t
R\tpatient2\tr1\tillumina\tpatient\treads2.fastq\t
POS\t\tr1\tillumina\tpositive_control\treads3.fastq\tT315I:0.05
"""
SHARES = {
    "S": {"T315I": 0.6, "G250E": 0.4},
    "R": {"T315I": 0.012, "G250E": 0.008},
    "POS": {"T315I": 0.02},
}
CONTAMINATED = (
    "contamination: about 2.0 % may be S (patient1): T315I 1.2 % (there 60.0 %) and G250E 0.80 % (there 40.0 %)"
)
FAILED = "control POS failed: T315I expected at 5.0 % was found at 2.0 %"


def tables(reference, sample: str) -> dict[str, tuple[type, list]]:
    """What calling would have written: every listed allele seen, those of SHARES found."""
    listed = {m.name: m for m in reference.mutations if m.name in SHARES[sample]}
    calls = [
        Call(
            sample, name, codon_hgvs_c(reference.target.name, m.codon, m.ref_codon, m.alt_codon), m.hgvs_p, m.codon,
            m.exon, "substitution", "catalogue", 20000, round(20000 * share), share, 0.95 * share, 1.05 * share, None,
            None, None, 1e-4, 1e-30, None, 0.003, "both_orientations", "PASS", "low_level" if share < 0.03 else "reported",
            "",
        )
        for name, share in SHARES[sample].items() for m in [listed[name]]
    ]  # fmt: skip
    coverage = [
        Coverage(
            sample, "allele", m.name, m.hgvs_c, m.codon, m.exon, 20000, 0.003, "yes", "",
            "detected" if m.hgvs_c in {c.hgvs_c for c in calls} else "not_detected",
        )
        for m in reference.mutations
    ]  # fmt: skip
    events = [
        SpliceEvent(sample, v.event, v.hgvs_r, v.hgvs_p, 0, 5000, 0.0, 0.0, 0.001, None, None, 0.002, "not_detected", v.meaning)
        for v in reference.splicing
    ]  # fmt: skip
    return {
        "calls": (Call, calls),
        "coverage": (Coverage, coverage),
        "haplotypes": (Haplotype, []),
        "phase": (Phase, []),
        "splicing": (SpliceEvent, events),
        "fusion": (Fusion, [Fusion(sample, "e14a2", "", 900, 1.0, 0.99, 1.0, "present")]),
        "measured": (QcMetric, [QcMetric(sample, "reads", "40000", "reads", "", "pass", "")]),
    }


@pytest.fixture(scope="module")
def run(tmp_path_factory, root, reference):
    """The folder of a run, each step made by its command."""
    folder = tmp_path_factory.mktemp("run")
    for name in ("reads", "reads2", "reads3"):
        (folder / f"{name}.fastq").write_text("@r\nA\n+\nI\n")
    (folder / "samples.tsv").write_text(SHEET)
    for sample in SHARES:
        for table, (row_type, rows) in tables(reference, sample).items():
            write_rows(folder / sample / f"{table}.tsv", row_type, rows)
    common = ["--sheet", f"{folder}/samples.tsv", "--reference", f"{root}/reference"]

    def of(table: str, *samples: str) -> list[str]:
        return [f"{folder}/{sample}/{table}.tsv" for sample in samples]

    across = ["--run-tables", *(f"{folder}/{sample}" for sample in SHARES)]
    assert cli.main(["crosscheck", *common, "--run", "r1", *across, "--qc", f"{folder}/cross_check.tsv"]) == 0
    for sample in SHARES:
        own = ["--tables", f"{folder}/{sample}"]
        controls = ["--control-tables", f"{folder}/POS", "--control-qc", *of("measured", "POS")]
        written = ["--clones", f"{folder}/{sample}/clones.tsv", "--clone-drugs", f"{folder}/{sample}/clone_drugs.tsv"]
        written += ["--drugs", f"{folder}/{sample}/drugs.tsv", "--qc", f"{folder}/{sample}/qc.tsv"]
        result = f"{folder}/{sample}/result.json"
        checks = ["--qc-parts", *of("measured", sample), "--cross-check", f"{folder}/cross_check.tsv"]
        words = [*common, "--sample", sample, *own, *controls, *checks, *written, "--result", result]
        assert cli.main(["interpret", *words]) == 0
        page = ["--html", f"{folder}/{sample}/report.html", "--reference", f"{root}/reference"]
        assert cli.main(["report", "--result", result, *page]) == 0
    results = [f"{folder}/{sample}/result.json" for sample in SHARES]
    assert cli.main(["summarize", "--results", *results, "--run", "r1", "--folder", f"{folder}/pages"]) == 0
    return folder


def text(path) -> str:
    """The words of a page."""
    html = re.sub(r"<style.*?</style>|<[^>]+>", " ", path.read_text("utf-8"), flags=re.DOTALL)
    return " ".join(html.replace("&gt;", ">").replace("&lt;", "<").split())


def sheets(path) -> dict[str, list[list[str]]]:
    """Worksheet name -> rows of texts, read without the library that wrote them."""
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name).decode("utf-8") for name in book.namelist()}
    names = re.findall(r'<sheet name="([^"]+)"', parts["xl/workbook.xml"])
    shared = re.findall(r"<si><t[^>]*>(.*?)</t></si>", parts["xl/sharedStrings.xml"], flags=re.DOTALL)
    found = {}
    for number, name in enumerate(names, start=1):
        rows = re.findall(r"<row [^>]*>(.*?)</row>", parts[f"xl/worksheets/sheet{number}.xml"])
        cells = [re.findall(r'<c [^>]*?(t="s")?><v>([^<]*)</v>', row) for row in rows]
        found[name] = [[shared[int(value)] if kind else value for kind, value in row] for row in cells]
    return found


def test_a_failed_control_puts_every_sample_of_the_run_under_review(run):
    rows = {row.sample: row for row in read_rows(run / "pages/summary.tsv", Summary)}
    assert (rows["S"].status, rows["R"].status, rows["POS"].status) == ("review", "review", "failed")
    assert FAILED in rows["S"].reason and FAILED in rows["R"].reason
    assert rows["POS"].reason == FAILED.removeprefix("control POS failed: ")
    book = sheets(run / "pages/summary.xlsx")
    assert [any(FAILED in cell for cell in row) for row in book["summary"]].count(True) == 2
    assert book["controls"][1][:3] == ["POS", "positive_control", "fail"]
    page = text(run / "pages/report.html")
    assert "POS positive control fail T315I expected at 5.0 % was found at 2.0 %" in page
    assert page.count(FAILED) == 2
    for sample in ("S", "R"):
        page = text(run / sample / "report.html")
        assert "review : " in page[:600] and FAILED in page[:900]


def test_a_contamination_reaches_every_place(run):
    places = {
        "summary": next(r for r in read_rows(run / "pages/summary.tsv", Summary) if r.sample == "R").reason,
        "qc": "\n".join(row.reason for row in read_rows(run / "R/qc.tsv", QcMetric)),
        "result": read_result(run / "R/result.json").summary.reason,
        "page": text(run / "R/report.html"),
        "run page": text(run / "pages/report.html"),
        "xlsx summary": str(sheets(run / "pages/summary.xlsx")["summary"]),
        "xlsx cross-check": str(sheets(run / "pages/summary.xlsx")["cross-check"]),
    }
    assert [name for name, words in places.items() if CONTAMINATED not in words] == []
    assert CONTAMINATED not in text(run / "S/report.html")


def test_every_sample_says_what_was_compared(run):
    for sample in SHARES:
        page = text(run / sample / "report.html")
        assert "Beside the other samples of the run" in page and "identity not assessable" in page
    rows = sheets(run / "pages/summary.xlsx")["cross-check"]
    assert len(rows) == 1 + 3 * len(SHARES)


def test_a_sample_that_the_cross_check_does_not_know_is_refused(run, capsys, root):
    rows = [row for row in read_rows(run / "cross_check.tsv", QcMetric) if row.sample != "R"]
    write_rows(run / "old.tsv", QcMetric, rows)
    own = ["--tables", f"{run}/R"]
    common = ["--sheet", f"{run}/samples.tsv", "--reference", f"{root}/reference", "--sample", "R"]
    written = [
        "--clones",
        f"{run}/c",
        "--clone-drugs",
        f"{run}/cd",
        "--drugs",
        f"{run}/d",
        "--qc",
        f"{run}/q",
        "--result",
        f"{run}/r",
        "--qc-parts",
        f"{run}/R/measured.tsv",
    ]
    assert cli.main(["interpret", *common, *own, *written, "--cross-check", f"{run}/old.tsv"]) == 2
    assert f"{run}/old.tsv: no row of sample 'R' (make it again with this sheet)" in capsys.readouterr().err
    assert not (run / "r").exists()


def test_a_run_that_the_sheet_does_not_have_is_refused(run, capsys, root):
    words = ["--sheet", f"{run}/samples.tsv", "--reference", f"{root}/reference", "--qc", f"{run}/x"]
    assert cli.main(["crosscheck", *words, "--run", "r2", "--run-tables", f"{run}/S"]) == 2
    assert f"{run}/samples.tsv: no run 'r2' (add its samples, or correct the name)" in capsys.readouterr().err


def test_isoform_events_of_patients_are_compared_and_those_of_healthy_samples_are_not(run, root, tmp_path):
    """S skips exons 5 and 7 in half of its transcripts, R in 1 %: only the skipping of exon 5 may be from S."""
    for sample, fraction in (("S", 0.5), ("R", 0.01), ("POS", 0.0)):
        rows = [
            replace(
                row, junction_reads=50, fraction=fraction, fraction_low=fraction, fraction_high=fraction, call="present"
            )
            if fraction and row.event in ("exon5_skipping", "exon7_skipping")
            else row
            for row in read_rows(run / sample / "splicing.tsv", SpliceEvent)
        ]
        shutil.copytree(run / sample, tmp_path / sample)
        write_rows(tmp_path / sample / "splicing.tsv", SpliceEvent, rows)
    words = ["--sheet", f"{run}/samples.tsv", "--reference", f"{root}/reference", "--qc", f"{tmp_path}/qc.tsv"]
    words += ["--run-tables", *(f"{tmp_path}/{sample}" for sample in SHARES)]
    assert cli.main(["crosscheck", *words, "--run", "r1"]) == 0
    rows = read_rows(tmp_path / "qc.tsv", QcMetric)
    (reason,) = (row.reason for row in rows if (row.sample, row.metric) == ("R", "contamination"))
    assert "exon5_skipping 1.0 % (there 50.0 %)" in reason and "exon7" not in reason
