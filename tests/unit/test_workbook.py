"""The workbook: numbers as numbers, words as words, the same bytes twice."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from xml.etree.ElementTree import fromstring as parse

import pytest
import results as examples

from ablkd.records import ResultRow, Summary
from ablkd.report.run_tables import clones_by_drugs, result_rows
from ablkd.report.workbook import sheet_of, write_workbook
from ablkd.tables import column_types

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def made(path, results):
    rows = [row for r in results for row in result_rows(r)]
    summaries = [r.summary for r in results]
    sheets = {
        "summary": sheet_of(Summary, summaries),
        "results": sheet_of(ResultRow, rows),
        "clones x drugs": clones_by_drugs(results),
    }
    write_workbook(path, sheets)
    with zipfile.ZipFile(path) as book:
        return {name: book.read(name).decode() for name in book.namelist()}


def cell(sheet: str, place: str) -> tuple[str, str]:
    """(type, raw value) of a cell; `n` for a number, `s` for a shared string."""
    found = re.search(rf'<c r="{place}"([^>]*)><v>([^<]*)</v>', sheet)
    assert found, place
    kind = re.search(r't="(\w+)"', found[1])
    return (kind[1] if kind else "n"), found[2]


def column(row_type, name: str) -> str:
    return chr(ord("A") + list(column_types(row_type)).index(name))


def test_numbers_are_numbers_and_empty_stays_empty(tmp_path):
    parts = made(tmp_path / "x.xlsx", [examples.t315i(), examples.sanger()])
    sheet = parts["xl/worksheets/sheet1.xml"]
    assert cell(sheet, column(Summary, "reads") + "2") == ("n", "250000")
    assert cell(sheet, column(Summary, "on_target") + "2") == ("n", "0.98")
    assert f'r="{column(Summary, "reads")}3"' not in sheet
    results = parts["xl/worksheets/sheet2.xml"]
    assert cell(results, column(ResultRow, "fraction") + "3") == ("n", "0.452")
    assert cell(results, column(ResultRow, "name") + "3")[0] == "s"


def sheet_cells(parts: dict[str, str], number: int) -> list[list[str | float | None]]:
    """Every cell of a sheet, row by row, as another program reads it."""
    strings = ["".join(t.text or "" for t in one.iter(f"{MAIN}t")) for one in parse(parts["xl/sharedStrings.xml"])]
    rows = []
    for row in parse(parts[f"xl/worksheets/sheet{number}.xml"]).iter(f"{MAIN}row"):
        cells = {re.sub(r"\d", "", c.get("r") or ""): c for c in row if c.find(f"{MAIN}v") is not None}
        told = {k: (c.get("t"), c.findtext(f"{MAIN}v") or "") for k, c in cells.items()}
        rows.append({k: strings[int(v)] if kind == "s" else float(v) for k, (kind, v) in told.items()})
    return [[row.get(chr(ord("A") + i)) for i in range(26)] for row in rows]


def test_every_cell_is_read_back_as_it_was_written(tmp_path):
    results = [examples.crowded(), examples.sanger("S3"), examples.blind("S4"), examples.hostile("S6")]
    parts = made(tmp_path / "x.xlsx", results)
    tables = ([r.summary for r in results], [row for r in results for row in result_rows(r)])
    for number, (row_type, rows) in enumerate(zip((Summary, ResultRow), tables, strict=True), start=1):
        columns = list(column_types(row_type))
        header, *cells = sheet_cells(parts, number)
        assert header[: len(columns)] == columns and len(cells) == len(rows)
        for line, row in zip(cells, rows, strict=True):
            for cell, column in zip(line, columns, strict=False):
                value = getattr(row, column)
                wanted = None if value in (None, "") else value
                assert cell == (pytest.approx(wanted, rel=1e-5) if isinstance(wanted, float) else wanted), column


def test_clones_by_drugs_never_show_a_category_without_its_scope(tmp_path):
    results = [examples.t315i("S1"), examples.compound("S2"), examples.t315i("S3", sample=in_blast_phase())]
    results += [examples.blind("S4"), examples.result("S5", coverage=examples.coverage(gap=(315, 315)))]
    header, *rows = sheet_cells(made(tmp_path / "x.xlsx", results), 3)
    assert header[:7] == ["sample", "clone", "kind", "fraction", "fraction_low", "fraction_high", "level"]
    cells = {(row[0], row[1]): dict(zip(header, row, strict=True)) for row in rows}
    assert len(cells) == sum(len(r.clones) for r in results)
    alone = cells["S1", "T315I"]
    assert alone["ponatinib"] == "sensitive, CML only (guideline), provisional" and alone["fraction"] == 0.452
    assert alone["imatinib"] == "reported (reported in resistant patients), provisional"
    assert cells["S1", "E255K"]["nilotinib"] == "unknown; screen: resistant, provisional"
    assert cells["S1", "E255K"]["level"] == "low_level"
    assert cells["S2", "G250E+D276G+T315I"]["ponatinib"] == "resistant (in vitro)"
    assert cells["S3", "T315I"]["ponatinib"] == "sensitive (guideline), provisional"
    assert cells["S3", "T315I"]["asciminib"] == "unknown, provisional"  # the label covers another phase
    assert {cells["S4", "none"][drug] for drug in examples.DRUGS} == {"not assessable"}
    assert cells["S5", "none"]["dasatinib"] == "unknown, provisional"


def in_blast_phase():
    return examples.sample("S3", disease="cml_bp")


def test_words_never_become_formulas_or_links(tmp_path):
    parts = made(tmp_path / "x.xlsx", [examples.hostile()])
    assert not any("<f>" in text or "<hyperlink" in text for text in parts.values())
    strings = parts["xl/sharedStrings.xml"]
    for word in ("=cmd()", "+SUM(A1)", "@x", "&lt;script&gt;"):
        assert word in strings


def test_headers_are_frozen_and_filtered(tmp_path):
    parts = made(tmp_path / "x.xlsx", [examples.t315i()])
    for name in ("sheet1", "sheet2"):
        sheet = parts[f"xl/worksheets/{name}.xml"]
        assert 'state="frozen"' in sheet and 'ySplit="1"' in sheet and "<autoFilter ref=" in sheet


def test_the_same_bytes_twice(tmp_path):
    made(tmp_path / "a.xlsx", [examples.crowded()])
    made(tmp_path / "b.xlsx", [examples.crowded()])
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.xlsx") as book:
        assert "2000-01-01" in book.read("docProps/core.xml").decode()


def test_a_table_without_rows_has_its_header(tmp_path):
    parts = made(tmp_path / "x.xlsx", [])
    assert "codons_not_assessable" in parts["xl/sharedStrings.xml"]


def test_a_very_long_text_is_cut_not_dropped(tmp_path):
    long = replace(examples.t315i().summary, reason="x" * 40000)
    write_workbook(tmp_path / "x.xlsx", {"summary": sheet_of(Summary, [long])})
    with zipfile.ZipFile(tmp_path / "x.xlsx") as book:
        assert "x" * 32767 in book.read("xl/sharedStrings.xml").decode()
