"""The run page and its tables agree with the results and with each other."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
import results as examples

from ablkd.errors import InputError
from ablkd.records import Coverage, ResultRow, Summary
from ablkd.report.patient import write_patient
from ablkd.report.run import write_index, write_run
from ablkd.report.run_tables import result_rows
from ablkd.report.sample import write_report
from ablkd.tables import read_rows

FILES = {"report.html", "summary.tsv", "results.tsv", "summary.xlsx", "ablkd_mqc.json"}


def run():
    control = examples.sample("WT", role="wild_type_control", patient="", collected="")
    return [
        examples.compound("S2"), examples.t315i("S1"), examples.sanger("S3"), examples.blind("S4"),
        examples.crowded("S5"), examples.result("WT", sample=control),
    ]  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    write_run("run1", run(), tmp_path)
    return tmp_path


def rows_of_matrix(folder) -> dict[str, list[str]]:
    html = (folder / "report.html").read_text("utf-8")
    matrix = html[html.index('class="matrix"') : html.index("TKI interpretation by sample</h2>")]
    head = re.findall(r'<th scope="col">([^<]*)</th>', matrix)
    found = {"head": head}
    for row in matrix.split("<tr>")[2:]:
        name = re.search(r">([^<>]+)</a>", row)
        assert name
        found[name[1]] = re.findall(r"<td class=\"([^\"]*)\">(.*?)</td>", row)
    return found


def test_all_files_are_written(folder):
    assert {p.name for p in folder.iterdir()} == FILES


def test_the_matrix_tells_the_three_tiers_and_what_was_not_assessable(folder):
    matrix = rows_of_matrix(folder)
    names = matrix["head"][1:]
    cell = {s: dict(zip(names, row, strict=True)) for s, row in matrix.items() if s != "head"}
    assert cell["S1"]["T315I"] == ("s4", "<strong>45.2</strong>")
    assert "○" in cell["S1"]["E255K"][1] and "0.31" in cell["S1"]["E255K"][1]
    assert cell["S1"]["F317L"] == ("s0", "(0.12)")
    assert cell["S1"]["G250E"] == ("s0 small", "&lt;0.40")
    assert {c for c, _ in cell["S4"].values()} == {"hatched"}
    assert cell["S3"]["exon 4 skipping"] == ("s4", "<strong>31.0</strong>")
    assert cell["WT"]["T315I"][1] == "&lt;0.40"


def test_tables_can_be_read_back(folder):
    summaries = read_rows(folder / "summary.tsv", Summary)
    assert [s.sample for s in summaries] == ["S1", "S2", "S3", "S4", "S5", "WT"]
    assert summaries == [r.summary for r in sorted(run(), key=lambda r: r.sample.sample)]
    rows = read_rows(folder / "results.tsv", ResultRow)
    t315i = next(r for r in rows if (r.sample, r.kind, r.name) == ("S1", "mutation", "T315I"))
    assert (t315i.fraction, t315i.status, t315i.hgvs_c) == (0.452, "reported", "NM_005157.6:c.944C>T")
    drugs = {r.name: r.status for r in rows if r.sample == "S1" and r.kind == "drug"}
    assert drugs == {d.drug: d.category for d in examples.t315i().drugs}
    unseen = [r for r in rows if r.sample == "S5" and r.kind == "not_assessable"]
    assert ("codons 318-341", "depth") in {(r.name, r.comment) for r in unseen}
    assert {r.status for r in rows if r.sample == "S4" and r.kind in ("splicing", "drug")} == {"not_assessable"}


def test_clones_and_what_they_mean_are_results():
    rows = {(r.kind, r.name): r for r in result_rows(examples.compound(sample=examples.sample("S2", disease="ph_all")))}
    triple = rows["clone", "G250E+D276G+T315I"]
    assert (triple.fraction, triple.fraction_low, triple.status) == (0.6, 0.58, "haplotype")
    cell = rows["clone_drug", "G250E+D276G+T315I | ponatinib"]
    assert (cell.status, cell.source, cell.fraction) == ("resistant", "zabriskie_2014", 0.6)
    assert cell.comment == "in_vitro; G250E+D276G+T315I; disease: ph_all"
    line = rows["drug", "ponatinib"]
    assert (line.status, line.fraction, line.fraction_high) == ("resistant", 0.6, 0.62)
    assert line.comment == "in_vitro; G250E+D276G+T315I; clone: G250E+D276G+T315I; disease: ph_all"


def test_a_scope_and_what_is_open_go_with_a_category():
    rows = {(r.kind, r.name): r for r in result_rows(examples.t315i())}
    cell = rows["clone_drug", "T315I | asciminib"]
    assert cell.status == "sensitive, CML-CP only"
    assert cell.comment.startswith("label; T315I; provisional: codon 507 was not assessed")
    line = rows["drug", "asciminib"]  # of E255K nothing is known
    assert (line.status, line.fraction) == ("unknown", 0.003) and "clone: E255K; low level" in line.comment
    assert rows["clone", "E255K"].comment == "low level"
    assert "screen: resistant" in rows["clone_drug", "E255K | nilotinib"].comment


def by_drug(folder, drug: str) -> dict[str, str]:
    """The cell of a drug for each sample of the run page."""
    html = (folder / "report.html").read_text("utf-8")
    table = html[html.index("TKI interpretation by sample</h2>") : html.index("Controls</h2>")]
    place = re.findall(r'<th scope="col">([^<]*)</th>', table).index(drug) - 1
    rows = {re.search(r">([^<>]+)</a>", row)[1]: re.findall(r"<td.*?</td>", row) for row in table.split("<tr>")[2:]}  # type: ignore[index]
    return {sample: cells[place] for sample, cells in rows.items()}


def plain(cell: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", cell).split())


def test_the_drugs_of_each_patient_sample_are_on_one_table(folder):
    cells = by_drug(folder, "ponatinib")
    assert list(cells) == ["S1", "S2", "S3", "S4", "S5"]  # of a control nobody is treated
    assert plain(cells["S1"]) == "unknown ○ low level 0.30 % provisional"
    assert plain(cells["S2"]) == "resistant 60.0 %" and "resistant hollow" in cells["S2"]
    assert 'class="hatched"' in cells["S4"] and plain(cells["S4"]) == "n.a."
    assert plain(by_drug(folder, "dasatinib")["S1"]) == "resistant 45.2 %"
    assert "hollow" not in by_drug(folder, "dasatinib")["S1"]


def test_a_low_level_finding_is_marked_and_never_solid(tmp_path):
    calls = (examples.call("T315I", 0.012, "low_level"),)
    low = examples.result(calls=calls, coverage=examples.coverage(calls=calls), haplotypes=())
    write_run("run1", [low], tmp_path)
    cell = by_drug(tmp_path, "dasatinib")["S1"]
    assert plain(cell) == "resistant ○ low level 1.2 %" and "resistant hollow" in cell


def test_classes_of_indels_that_were_not_assessed_are_results():
    result = examples.t315i()
    name = "in-frame deletions, exon 10"
    row = Coverage("S1", "indel_class", name, "", 500, "10", 0, None, "no", "primer", "not_assessable")
    added = set(result_rows(replace(result, coverage=(*result.coverage, row)))) - set(result_rows(result))
    assert {(r.kind, r.name, r.status, r.comment) for r in added} == {
        ("not_assessable", name, "not_assessable", "primer")
    }


def test_multiqc_reads_a_table(folder):
    told = json.loads((folder / "ablkd_mqc.json").read_text("utf-8"))
    assert told["plot_type"] == "table" and set(told["data"]) == {"S1", "S2", "S3", "S4", "S5", "WT"}
    assert told["data"]["S1"]["on_target"] == 98.0 and "reads" not in told["data"]["S3"]
    assert set(told["headers"]) >= set(told["data"]["S1"])


def test_the_page_names_settings_that_differ(folder):
    words = " ".join(re.sub(r"<[^>]+>", " ", (folder / "report.html").read_text("utf-8")).split())
    assert "required lod 0.03 (S1, S2, S4, S5, WT) ; 0.2 (S3)" in words


def test_a_run_without_cross_checks_says_so(folder):
    assert "The samples of this run were not held against each other" in (folder / "report.html").read_text("utf-8")


def levels(html: str) -> list[int]:
    return [int(level) for level in re.findall(r"<h([1-6])", html)]


def test_headings_go_down_one_step_at_a_time(folder, tmp_path):
    write_index(run(), tmp_path / "index.html")
    write_patient("P1", [], tmp_path / "patient.html")
    write_report(examples.sanger("S3"), tmp_path / "sample.html")
    for path in (folder / "report.html", *(tmp_path / f"{name}.html" for name in ("index", "patient", "sample"))):
        found = levels(path.read_text("utf-8"))
        assert found[0] == 1 and all(b - a <= 1 for a, b in zip(found, found[1:], strict=False)), path.name


def test_links_lead_to_the_samples(folder):
    html = (folder / "report.html").read_text("utf-8")
    assert 'href="../../samples/S1/report.html"' in html and "<script" not in html


def test_the_same_bytes_in_any_order(folder, tmp_path):
    other = tmp_path / "other"
    write_run("run1", run()[::-1], other)
    for name in FILES:
        assert (other / name).read_bytes() == (folder / name).read_bytes(), name


def test_results_of_two_makings_are_refused(tmp_path):
    odd = replace(examples.compound("S2"), knowledge={"mutations.tsv": "00" * 32})
    with pytest.raises(InputError, match="run run1: S2 made with another version or knowledge than S1"):
        write_run("run1", [odd, examples.t315i("S1")], tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_run_without_findings_says_so(tmp_path):
    write_run("run1", [examples.result("S1")], tmp_path)
    assert "No sample of the run showed a mutation" in (tmp_path / "report.html").read_text("utf-8")


def test_hostile_words_stay_words(tmp_path):
    write_run("run1", [examples.hostile()], tmp_path)
    write_index([examples.hostile()], tmp_path / "index.html")
    for name in ("report.html", "index.html"):
        assert "<script" not in (tmp_path / name).read_text("utf-8")


def test_the_index_links_everything(tmp_path):
    write_index(run(), tmp_path / "index.html")
    html = (tmp_path / "index.html").read_text("utf-8")
    links = set(re.findall(r'href="([^"]+)"', html))
    assert links >= {
        "runs/run1/report.html",
        "patients/P1.html",
        "samples/S1/report.html",
        "samples/WT/report.html",
    }
    write_index([], tmp_path / "empty.html")
    assert "No sample." in (tmp_path / "empty.html").read_text("utf-8")


def test_no_finding_and_nothing_to_be_said_are_two_things(tmp_path):
    results = [examples.result("S1"), examples.blind("S4")]
    write_run("run1", results, tmp_path)
    write_index(results, tmp_path / "index.html")
    for name in ("report.html", "index.html"):
        html = (tmp_path / name).read_text("utf-8")
        assert re.findall(r'data-label="(Findings|Isoforms)">([^<]*)<', html) == [
            ("Findings", "none"), ("Isoforms", "none"), ("Findings", "not assessable"), ("Isoforms", "not assessable"),
        ], name  # fmt: skip
