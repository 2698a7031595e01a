"""The sample page says what the rows say, in the order people need, and runs nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
import results as examples

from ablkd.errors import InputError
from ablkd.records import QcMetric
from ablkd.report.clone_table import chips, clone_table
from ablkd.report.drug_sections import drug_sections, fold_range
from ablkd.report.fold_map import fold_map
from ablkd.report.pages import few_sets, mutations, render, words
from ablkd.report.sample import apart, gaps, leading_sets, phase_rows, report_view, write_pdf, write_report
from ablkd.wording import interval, per_cent, plain

EXAMPLES = ("result", "t315i", "compound", "sanger", "blind", "crowded", "hostile")


class Page(HTMLParser):
    """The tags and the visible text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.words: list[str] = []
        self.skipped = 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.skipped += tag == "style"

    def handle_endtag(self, tag):
        self.skipped -= tag == "style"

    def handle_data(self, data):
        if not self.skipped:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def page(result, tmp_path: Path) -> str:
    path = tmp_path / "report.html"
    write_report(result, path)
    return path.read_text("utf-8")


@cache
def made(name: str) -> str:
    """The page of an example, drawn once for all tests that only look."""
    return render("sample.html", **report_view(getattr(examples, name)(), None))


def section(text: str, heading: str) -> str:
    """What stands between a heading of the answer and the next one."""
    start = text.index(f"<h3>{heading}")
    return text[start : text.index("<h3>", start + 4)]


def test_the_answer_comes_first_and_in_order():
    text = Page(made("t315i")).text
    order = ["Disease", "TKI interpretation by clone", "45.2 %", "TKI interpretation by drug", "Findings",
             "Compound mutations", "Exon skipping", "Fusion transcript", "What could not be assessed", "Controls of the run", "Clones and phase", "Pictures",
             "All calls", "Listed positions", "Method", "Interpreted by"]  # fmt: skip
    places = [text.index(word) for word in order]
    assert places == sorted(places)


def test_three_tiers_are_told_apart():
    html = made("t315i")
    answer = Page(section(html, "Findings")).text
    assert "T315I 45.2 % (44.2–46.2 %) 10 000 ● reported" in answer
    assert "E255K 0.31 % (0.20–0.42 %) 10 000 ○ low level" in answer
    assert "F317L" not in answer and "Evidence only, not called: 1" in answer
    calls = Page(html[html.index('id="calls"') : html.index('id="positions"')]).text
    assert re.search(r"F317L .* evidence only .* strand", calls)


def cells(html: str, heading: str) -> dict[str, list[str]]:
    """The words of each row of a table of the answer, by its first cell."""
    part = section(html, heading)
    rows = [re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL) for row in part.split("<tr>")[1:]]
    return {Page(row[0]).text: [Page(cell).text for cell in row[1:]] for row in rows}


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_decision_is_shown_as_it_was_made(name):
    result, html = getattr(examples, name)(), made(name)
    by_clone, by_drug = list(cells(html, "TKI interpretation by clone").items()), cells(html, "TKI interpretation by d")
    assert by_clone[0] == ("Clone", [d.drug for d in result.drugs])
    rows = [row for _, row in by_clone[1:]]
    assert len(rows) == len(result.clones)
    for clone, row in zip(result.clones, rows, strict=True):
        for cell, text in zip((c for c in result.clone_drugs if c.clone == clone.clone), row, strict=True):
            assert all(said(part) in text for part in cell.category.split("; ")), (clone.clone, cell.drug)
    for drug in result.drugs:
        first, *others = by_drug[drug.drug]
        assert all(said(part) in first for part in drug.category.split("; "))
        assert drug.lead in others[-1] and (not drug.line or drug.line == others[0])
        assert bool(drug.provisional) == ("provisional" in first)


def said(category: str) -> str:
    """A category as the page has it."""
    return category.replace("_", " ")


def test_the_table_says_what_each_clone_is():
    rows = list(cells(made("compound"), "TKI interpretation by clone"))
    assert rows[1:] == [
        "G250E + D276G + T315I 60.0 % (58.0–62.0 %) compound",
        "T315I 33.0 % (31.0–35.0 %) alone",
        "none of these mutations 7.0 % (5.0–9.0 %)",
    ]
    rows = list(cells(made("crowded"), "TKI interpretation by clone"))
    assert rows[1].startswith("not excluded: T315I + F359V up to 11.0 % phase not resolved")
    assert any(row.startswith("G250E + D276G + T315I 20.0 %") and row.endswith("compound") for row in rows)
    assert any(row.startswith("T315I 17.0 % (16.0–18.0 %) alone") for row in rows)
    assert any(row.startswith("F359V 11.0 %") and row.endswith("at least this") for row in rows)
    assert any(row.startswith("M244V 1.2 %") and row.endswith("○ low level") for row in rows)
    assert list(cells(made("result"), "TKI interpretation by clone"))[1].startswith("no mutation found 100 %")
    assert list(cells(made("blind"), "TKI interpretation by clone"))[1] == "not assessed"


def test_a_category_carries_what_it_rests_on_and_where_it_holds():
    row = dict(zip(examples.DRUGS, cells(made("t315i"), "TKI interpretation by clone")["T315I 45.2 % (43.9–46.5 %) alone"],
                   strict=True))  # fmt: skip
    assert row["imatinib"] == "reported in resistant patients IC50 13.3 to 48.6 times or more provisional 1"
    assert row["dasatinib"] == "resistant clinical"
    assert row["ponatinib"] == "sensitive, CML only guideline IC50 2 to 22 times provisional 1"
    assert row["asciminib"] == "sensitive, CML-CP only label provisional 1"
    answer = Page(section(made("t315i"), "TKI interpretation by clone")).text
    assert "1 Provisional: codon 507 was not assessed (with a listed change there: resistant)." in answer


def test_a_screen_is_no_category():
    html = section(made("t315i"), "TKI interpretation by clone")
    assert '<span class="chip unknown hollow">unknown</span> <span class="screen">screen: resistant</span>' in html


@pytest.mark.parametrize(
    ("category", "evidence", "weak", "hollow"),
    [
        ("resistant", "clinical", False, [False]),
        ("resistant", "clinical;in_vitro", False, [False]),
        ("resistant", "in_vitro", False, [True]),
        ("resistant", "guideline", True, [True]),
        ("reported", "reported", False, [True]),
        ("resistant, CML only; reported, Ph+ ALL only", "clinical;reported", False, [False, True]),
        ("resistant, CML only; reported, Ph+ ALL only", "reported;in_vitro", False, [True, True]),
    ],
)
def test_what_is_weak_is_never_solid(category, evidence, weak, hollow):
    assert [chip.hollow for chip in chips(category, evidence, weak)] == hollow


def test_what_may_not_be_there_is_never_solid():
    table = clone_table(examples.crowded())
    weak = [row for row in table.rows if row.clone.kind == "not_excluded" or row.clone.level == "low_level"]
    assert len(weak) == 5 and all(chip.hollow for row in weak for cell in row.cells for chip in cell.chips)


def test_many_sets_that_are_not_excluded_do_not_hide_the_clones():
    calls = tuple(examples.call(name, 0.2) for name in ("G250E", "E255K", "T315I", "F359V"))
    html = page_of(examples.result(calls=calls, coverage=examples.coverage(calls=calls), haplotypes=()))
    rows = list(cells(html, "TKI interpretation by clone"))
    assert len([row for row in rows if row.startswith("not excluded")]) == 3
    assert "3 more sets are not excluded" in Page(section(html, "TKI interpretation by clone")).text


def page_of(result) -> str:
    return render("sample.html", **report_view(result, None))


def test_what_is_open_of_every_drug_of_a_clone_is_said_once():
    table = clone_table(examples.sanger())
    row = next(row for row in table.rows if row.clone.kind == "not_excluded")
    assert table.notes[row.note - 1] == "not excluded, and not shown, to be on one molecule"
    assert not any(cell.note for cell in row.cells)


def test_without_a_finding_the_line_says_what_was_not_assessed():
    gap = examples.result(coverage=examples.coverage(gap=(315, 315)))
    table = clone_table(gap)
    cells = dict(zip(table.drugs, table.rows[0].cells, strict=True))
    assert table.notes[cells["dasatinib"].note - 1] == (
        "codon 315 was not assessed (with a listed change there: resistant)"
    )
    assert cells["bosutinib"].note == 0


def test_the_disease_is_on_the_page(reference):
    known = render("sample.html", **report_view(examples.t315i(sample=examples.sample(disease="cml_bp")), reference))
    assert "<dt>Disease</dt><dd>CML-BP</dd>" in known and "Disease not given" not in known
    assert "a category that holds for some diseases only carries their name" in Page(made("t315i")).text


def test_what_was_not_assessable_never_reads_as_absent():
    text = Page(made("blind")).text
    assert "Nothing can be said of mutations: no read reaches the kinase domain." in text
    assert "Nothing can be said of compounds." in text
    assert "The fusion type could not be determined" in text
    assert "28 of 28 listed changes are not assessable: they are neither present nor absent" in text
    assert "No mutation passed" not in text and "not detected (each" in text
    assert "0 detected, 0 not detected (each at its LoD95), 28 not assessable" in text


def test_a_negative_says_how_many_changes_were_looked_at():
    text = Page(made("result")).text
    assert "No mutation passed among the 27 of 28 listed changes that could be assessed" in text


def test_every_listed_change_has_its_row():
    html = made("crowded")
    positions = html[html.index('id="positions"') : html.index('id="method"')]
    for name in examples.CATALOGUE:
        assert f'<th scope="row">{name}</th>' in positions
    assert "under or beside a primer" in positions


def rows_of(html: str, part: str) -> list[str]:
    """The words of each table row of a part of the page."""
    start = html.index(f'id="{part}"')
    body = html[start : html.index("</section>", start)]
    return [Page(f"<table>{row}").text for row in re.findall(r"<tr.*?</tr>", body, re.DOTALL)]


@pytest.mark.parametrize("name", ["t315i", "compound", "sanger", "blind", "crowded"])
def test_every_row_of_a_result_has_its_row_on_the_page(name):
    result, html = getattr(examples, name)(), made(name)

    def told(part: str, *words: str) -> bool:
        return any(all(word in row for word in words) for row in rows_of(html, part))

    for c in result.calls:
        assert told("calls", c.name, c.hgvs_c, c.hgvs_p, per_cent(c.vaf), words(c.level))
        assert c.filter == "PASS" or told("calls", c.name, words(c.filter))
    for row in (row for row in result.coverage if row.kind == "allele"):
        assert told("positions", row.name, row.hgvs_c, words(row.status), words(row.reason))
    for p in result.phase:
        in_a_line = (
            p.verdict == "polyclonal" and f" {mutations(p.mutations)}" in Page(html).text.split("Polyclonal, on")[-1]
        )
        row = (mutations(p.mutations), words(p.verdict), interval(p.compound_low, p.compound_high))
        assert in_a_line or told("clones", *row)
    for h in result.haplotypes:
        assert told("clones", mutations(h.haplotype), words(h.identifiable), interval(h.fraction_low, h.fraction_high))
    for e in result.splicing:
        assert told("isoforms", plain(e.event), words(e.call), per_cent(e.fraction), per_cent(e.lod95))
    for f in result.fusion:
        assert told("isoforms", f.label or f.fusion, words(f.call))
    for q in result.qc:
        assert told("method", q.unit if q.metric == "input_sha256" else plain(q.metric), q.value)


@pytest.mark.parametrize("name", ["t315i", "compound", "sanger", "blind", "crowded"])
def test_every_sentence_on_a_drug_is_on_the_page(name):
    result, text = getattr(examples, name)(), Page(made(name)).text
    for d in result.drugs:
        assert d.lead in text and all(part in text for part in d.favours.split("] "))
        assert d.provisional in text
    for section in drug_sections(result, clone_table(result)):
        for clone in section.clones:
            assert all(sentence in text for sentence in clone.told) and clone.cell.row.provisional in text
        assert all(name in text for name in section.silent)
    for e in result.evidence:
        assert e.statement in text and e.source in text


def test_the_sentences_of_a_clone_are_told_one_by_one():
    said = (
        "Compounds with it resist. [zabriskie_2014] exon 4 skipping by itself: A statement. [branford_2009; CML] "
        "In vitro, the IC50 of T315I is 2 times that of the unmutated kinase [gozgit_2013]. Not for CML: B. [eln_2020]"
    )
    cell = examples.clone_drug("T315I", "imatinib", "resistant", said)
    result = examples.t315i(clone_drugs=(cell,), drugs=(examples.drug("imatinib", "resistant", "T315I"),))
    section = drug_sections(result, clone_table(result))[0]
    assert [clone.told for clone in section.clones] == [
        (
            "Compounds with it resist. [zabriskie_2014]",
            "exon 4 skipping by itself: A statement. [branford_2009; CML]",
            "Not for CML: B. [eln_2020]",
        )
    ]


def test_clones_of_which_nothing_is_known_share_a_line():
    sections = {s.drug: s for s in drug_sections(examples.t315i(), clone_table(examples.t315i()))}
    assert [c.row.label for c in sections["dasatinib"].clones] == ["T315I"]
    assert sections["dasatinib"].silent == ("E255K",)
    assert [c.row.label for c in sections["nilotinib"].clones] == ["E255K"]  # a screen has it


def test_the_first_screen_has_the_strongest_evidence_for_a_drug():
    lines = cells(made("compound"), "TKI interpretation by d")
    assert lines["ponatinib"][-1] == (
        "Compounds with it resist. [zabriskie_2014] Evidence for ponatinib: Preferred for it. [eln_2020; CML]"
    )
    alone = cells(made("t315i"), "TKI interpretation by d")
    assert alone["ponatinib"][-1] == "Preferred for it. [eln_2020; CML]"  # the lead is not said twice


def test_what_was_not_computed_is_said(tmp_path):
    empty = dict(haplotypes=(), phase=(), splicing=(), fusion=(), drugs=(), clones=(), clone_drugs=(), coverage=(), qc=(),
                 controls=())  # fmt: skip
    text = Page(page(examples.result(**empty), tmp_path)).text
    for sentence in (
        "Haplotypes were not computed", "Isoforms were not computed", "The drug lines were not computed", "The clones were not computed",
        "No coverage was computed: nothing can be said of mutations", "No listed position was computed",
        "No input hash was recorded", "This run has no control sample", "take everything as not assessable",
        "The samples of the run were not held against each other",
    ):  # fmt: skip
        assert sentence in text, sentence


def test_in_vitro_values_stand_apart_from_statements():
    sections = {s.drug: s for s in drug_sections(examples.t315i(), clone_table(examples.t315i()))}
    assert [e.evidence for e in sections["asciminib"].statements] == ["label"]
    assert sections["asciminib"].in_vitro == ()
    assert [e.evidence for e in sections["imatinib"].statements] == ["reported"]
    assert sections["imatinib"].in_vitro[0].folds == "13.3–48.6 times or more (3 values)"
    assert sections["ponatinib"].in_vitro[0].folds == "2–22 times (3 values)"


def test_a_statement_has_its_disease_region_and_date(reference):
    html = render("sample.html", **report_view(examples.t315i(), reference))
    row = next(row for row in rows_of(html, "drugs") if "The label names a dose." in row and "label US, 2022" in row)
    assert row == "T315I label US, 2022 sensitive CML-CP The label names a dose. label_scemblix"


def test_folds_are_shaded_within_each_drug():
    known = [examples.in_vitro(f"M{i}", "ponatinib", "6", i, "s") for i in range(1, 10)]
    known += [examples.in_vitro(f"M{i}", "imatinib", "6", 100.0 * i, "s") for i in range(1, 10)]
    rows = dict(fold_map(examples.t315i(), [*known, *examples.EVIDENCE]))
    cells = {cell.drug: cell for cell in rows["T315I"]}
    assert list(cells) == list(examples.DRUGS)
    assert (cells["imatinib"].folds, cells["imatinib"].sources, cells["imatinib"].shade) == ("13.3–48.6 or more", 3, 1)
    assert (cells["ponatinib"].folds, cells["ponatinib"].shade) == ("2–22", 2)
    assert (cells["asciminib"].folds, cells["asciminib"].shade) == ("", 0)


def test_every_source_key_leads_to_its_source(reference):
    statement = "Looked at. [gozgit_2013, ohare_2009] Scoped. [eln_2020; CML] Not a source. [1] <b>"
    result = examples.t315i(drugs=(examples.drug("imatinib", "resistant", "T315I", statement),))
    html = render("sample.html", **report_view(result, reference))
    assert '[<a href="#source-gozgit_2013">gozgit_2013</a>, <a href="#source-ohare_2009">ohare_2009</a>]' in html
    assert '[<a href="#source-eln_2020">eln_2020</a>; CML]' in html
    assert "[1] &lt;b&gt;" in html
    targets = set(re.findall(r'href="#(source-[^"]+)"', html))
    assert targets and targets <= set(re.findall(r'id="(source-[^"]+)"', html))


def test_evidence_on_a_drug_without_a_line_is_not_lost():
    result = examples.t315i(drugs=(), clone_drugs=())
    found = [section.drug for section in drug_sections(result, clone_table(result))]
    assert found == ["imatinib", "nilotinib", "ponatinib", "dasatinib", "asciminib", "bosutinib"]


@pytest.mark.parametrize(
    ("folds", "ic50", "words"),
    [
        ([2.0], "6", "2 times (1 value)"),
        ([22.0, 2.0, 3.0], "6", "2–22 times (3 values)"),
        ([13.33, 48.62], ">10240", "13.3–48.6 times or more (2 values)"),
        ([], "6", ""),
    ],
)
def test_fold_range(folds, ic50, words):
    rows = [examples.in_vitro("T315I", "x", ic50, fold, "s") for fold in folds]
    assert fold_range(rows) == words


def test_changes_that_no_haplotype_holds_are_named():
    assert apart(examples.t315i()) == []
    assert apart(examples.crowded())[:4] == ["M244V", "L248V", "Y253H", "E255K"]
    assert "Not part of these haplotypes: M244V, L248V, Y253H" in Page(made("crowded")).text


def test_gaps_are_grouped_by_reason():
    found = {gap.reason: gap for gap in gaps(examples.crowded().coverage)}
    assert found["depth"].codons == "codons 318–341" and found["depth"].count == 24 and found["depth"].listed == ()
    assert found["primer"].listed == ("I502L",)
    assert found["not_covered"].codons == "codons 1–26, 508–559"


def test_the_page_says_which_insertions_were_not_assessed_as_the_qc_row_does(tmp_path):
    reason = "insertions longer than 110 nt were not assessed: fewer than one read in twenty spans them"
    row = QcMetric("S1", "longest_insertion", "110", "nt", "", "pass", reason)
    text = page(examples.result(qc=(row,)), tmp_path)
    assert f"{reason.capitalize()}." in section(text, "What could not be assessed")


def test_scattered_gaps_are_told_by_their_number():
    rows = [replace(row, assessable="no", reason="templates") for row in examples.coverage()[300:340:2]]
    assert gaps(tuple(rows))[0].codons == "20 codons between 301 and 339"


def test_the_first_screen_names_whole_compounds_only():
    shown, rest = leading_sets(examples.compound().phase)
    assert [p.mutations for p in shown] == ["G250E+D276G+T315I"] and rest == "3 compound"
    shown, rest = leading_sets(examples.crowded().phase)
    assert [p.verdict for p in shown] == ["compound", "cannot_be_phased"]
    assert rest == "3 compound and 62 polyclonal"


def test_what_is_open_is_told_largest_first():
    compound, *_ = examples.compound().phase
    bounds = {"A+B": 0.002, "A+C": None, "A+D": 0.03}
    open_sets = tuple(
        replace(compound, mutations=names, verdict="not_proven", compound_high=high) for names, high in bounds.items()
    )
    assert [p.mutations for p in leading_sets(open_sets)[0]] == ["A+C", "A+D", "A+B"]


def test_sets_that_are_apart_are_told_by_their_smallest():
    pair = next(p for p in examples.crowded().phase if p.verdict == "polyclonal")
    names = ["A+B", "A+B+C", *(f"A+X{i}" for i in range(11))]
    sets = tuple(replace(pair, mutations=name) for name in names)
    assert [p.mutations for p in phase_rows(sets)[1]] == ["A+B", *names[2:]]
    assert phase_rows(sets[:12]) == (list(sets[:12]), [])


def test_many_open_sets_do_not_hide_the_proven_ones():
    cell = "A+B;" + ";".join(f"A+X{i} (not excluded)" for i in range(9))
    told = "A + B, A + X0 (not excluded), A + X1 (not excluded), A + X2 (not excluded) and 6 more (not excluded)"
    assert few_sets(cell) == told
    assert few_sets("A+B;C+D (not excluded)") == "A + B, C + D (not excluded)" and few_sets("") == ""


def test_a_control_does_not_read_like_a_patient():
    control = examples.t315i(sample=examples.sample(role="positive_control", patient=""))
    assert "Positive control, not a patient's sample" in Page(render("sample.html", **report_view(control, None))).text
    assert "not a patient" not in Page(made("t315i")).text


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_page_is_sound(name):
    html = made(name)
    found = Page(html)
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids)), "an id stands twice"
    links = [a["href"] for t, a in found.tags if t == "a"]
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    assert all("scope" in a for t, a in found.tags if t == "th")
    assert [t for t, _ in found.tags].count("h1") == 1
    assert all(a.get("aria-label") for t, a in found.tags if t == "svg")
    scrolling = [a for _, a in found.tags if a.get("class") == "scroll"]
    assert scrolling and all(a["tabindex"] == "0" and a["aria-label"] for a in scrolling), (
        "no way to scroll by keyboard"
    )
    references = {m for m in re.findall(r'(?:xlink:href="#|url\(#)([^")]+)', html)}
    assert references <= set(ids)


@pytest.mark.parametrize("name", EXAMPLES)
def test_nothing_is_loaded_and_nothing_runs(name):
    html = made(name)
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert f'http-equiv="Content-Security-Policy" content="{policy}"' in html
    tags = Page(html).tags
    assert not {t for t, _ in tags} & {"script", "iframe", "object", "embed", "link", "img", "form"}
    assert not [a for _, a in tags for key in a if key.startswith("on")]
    outside = set(re.findall(r"https?://[^\s\"'<]+", html))
    assert outside <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_hostile_words_are_shown_and_not_run():
    html = made("hostile")
    assert "<script" not in html and "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    text = Page(html).text
    for word in examples.HOSTILE[:4]:
        assert word in text
    assert " 49 " not in text


def test_the_same_bytes_wherever_it_is_made(tmp_path):
    html = page(examples.crowded(), tmp_path)
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import results; from pathlib import Path;"
        "from ablkd.report.sample import write_report; write_report(results.crowded(), Path(sys.argv[2]))"
    )
    other = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C", "SOURCE_DATE_EPOCH": "1"}
    again = tmp_path / "elsewhere" / "again.html"
    subprocess.run(
        [sys.executable, "-c", program, str(Path(__file__).parent), str(again)],
        check=True,
        env=other,
        cwd="/",
    )
    assert again.read_bytes() == html.encode()
    assert str(tmp_path) not in html


def test_a_pdf_without_its_library_is_a_clear_error(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(InputError, match=r"report.pdf: a PDF needs WeasyPrint.*\(pip install 'ablkd\[pdf\]'"):
        write_pdf(examples.t315i(), tmp_path / "report.pdf")
    assert not (tmp_path / "report.pdf").exists()


def test_a_pdf_holds_the_page(tmp_path):
    pytest.importorskip(
        "weasyprint", reason="WeasyPrint is not installed (pip install 'ablkd[pdf]')", exc_type=ImportError
    )
    write_pdf(examples.t315i(), tmp_path / "report.pdf")
    data = (tmp_path / "report.pdf").read_bytes()
    assert data.startswith(b"%PDF-") and data.rstrip().endswith(b"%%EOF")
    assert len(data) > 20_000


def test_a_mutation_of_two_codon_states_is_one_finding(tmp_path):
    other = replace(examples.call("F317L", 0.02, "low_level"), hgvs_c="NM_005157.6:c.949T>C")
    calls = (examples.call("F317L", 0.05), other)
    html = page(examples.result(calls=calls, coverage=examples.coverage(calls=calls)), tmp_path)
    assert "F317L 7.0 %" in Page(section(html, "Findings")).text
    assert "NM_005157.6:c.949T&gt;C" in html
