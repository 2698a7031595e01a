"""Serial samples in words: emerged, increased, expanded, lost, gained; what could not be seen is never lost."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from unittest.mock import MagicMock

import pytest
import results as examples

from ablkd.checks.identity import compare
from ablkd.clinical import measured, read_clinical
from ablkd.course.burden import Burden, burden_change
from ablkd.course.rows import timeline_points
from ablkd.course.sights import Sight
from ablkd.course.words import gained, measurement_change, what_changed
from ablkd.records import Fusion, ResponseLevel
from ablkd.report.patient import write_patient
from ablkd.report.timeline_axis import month, months_of
from ablkd.report.timeline_lanes import _bar, lane_lines
from ablkd.report.timeline_measurements import measurement_panels
from ablkd.report.timeline_plot import _join, _step, _styles
from ablkd.report.timeline_table import date_rows
from ablkd.report.timeline_words import news_of
from ablkd.tables import read_rows

NOT_ABLE = Sight("not_assessable", platform="illumina")
FUSIONS = {"e1a2", "e14a2"}


def seen(value: float, low: float, high: float, platform: str = "illumina") -> Sight:
    return Sight("detected", value, low, high, 0.004, platform)


def absent(limit: float | None) -> Sight:
    return Sight("not_detected", limit=limit, platform="illumina")


T, B = seen(0.45, 0.44, 0.46), seen(0.10, 0.08, 0.12)


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        ([], T, ""),
        ([absent(0.004)], T, "emerged (not seen before at LoD95 0.40 %)"),
        ([absent(None)], T, "emerged"),
        ([absent(0.2)], B, "seen now; LoD95 20.0 % before would not have shown it"),
        ([NOT_ABLE], T, "first seen; no earlier sample could show it"),
        ([NOT_ABLE], absent(0.004), ""),
        ([absent(0.004), NOT_ABLE], T, "emerged (not seen before at LoD95 0.40 %)"),
        ([T, absent(0.004)], T, "came back (not seen before at LoD95 0.40 %)"),
        ([B], T, "increased (10.0 % to 45.0 %)"),
        ([T], B, "decreased (45.0 % to 10.0 %)"),
        ([B, NOT_ABLE], T, "increased (10.0 % to 45.0 %)"),
        ([T], seen(0.455, 0.445, 0.465), "no clear change (45.0 % to 45.5 %)"),
        ([T], seen(0.1, 0.05, 0.2, "sanger"), "decreased (45.0 % to 10.0 %, on another platform)"),
        ([T], absent(0.004), "lost below LoD95 0.40 %"),
        ([B], absent(0.2), "not detected, but LoD95 20.0 % could have missed 10.0 %"),
        ([T], absent(None), "not detected"),
        ([T], NOT_ABLE, "could not be assessed"),
        ([absent(0.004)], NOT_ABLE, ""),
        ([absent(0.004)], absent(0.004), ""),
        ([T], Sight("evidence_only", 0.01, 0.005, 0.02), "no longer called; evidence only"),
        ([T], Sight("bounds_only", None, 0.0, 0.3), "may still be there"),
        ([absent(None)], Sight("bounds_only", None, 0.0, 0.3), ""),
        ([T], Sight("bounds_only", None, 0.2, 0.3, None, "illumina"), "still there"),
    ],
)
def test_words(before, now, words):
    assert what_changed(before, now) == words


@pytest.mark.parametrize(
    ("name", "earlier", "words"),
    [
        ("exon4_skipping+T315I", ["T315I"], "T315I gained exon 4 skipping"),
        ("G250E+D276G+T315I", ["T315I", "unmutated"], "T315I gained G250E and D276G"),
        ("G250E+D276G+T315I", ["T315I", "D276G+T315I"], "D276G and T315I gained G250E"),
        ("T315I", ["unmutated"], ""),
        ("T315I", ["T315I"], ""),
    ],
)
def test_gained(name, earlier, words):
    assert gained(name, earlier) == words


def course():
    return timeline_points("P1", examples.course(), examples.COURSE, FUSIONS)


def change(points, name: str, sample: str, kind: str = "mutation") -> str:
    return next(p.change for p in points if (p.name, p.sample, p.kind) == (name, sample, kind) and p.unit == "fraction")


def test_the_course_of_a_patient():
    points = course()
    assert change(points, "T315I", "S1") == ""
    assert change(points, "T315I", "S2") == "increased (45.2 % to 93.0 %)"
    assert change(points, "G250E", "S2") == "emerged (not seen before at LoD95 0.40 %)"
    assert change(points, "G250E+D276G+T315I", "S2", "haplotype") == "T315I gained G250E and D276G"
    assert change(points, "T315I", "S7") == "lost below LoD95 0.40 %"
    assert change(points, "T315I", "S8") == "could not be assessed"


def test_every_sample_has_a_row_for_everything_any_sample_showed():
    points = [p for p in course() if p.unit == "fraction"]
    names = {(p.kind, p.name) for p in points}
    assert len(points) == 4 * len(names)
    failed = [p for p in points if p.sample == "S8"]
    assert {p.status for p in failed} == {"not_assessable"} and {p.value for p in failed} == {""}
    limits = {p.value for p in points if p.status == "not_detected" and p.kind == "mutation"}
    assert limits == {"<0.004"}


def test_rows_run_in_the_order_of_dates_and_the_undated_last():
    dates = [p.date for p in course()]
    assert dates == sorted(dates, key=lambda d: (not d, d)) and dates[-1] == ""


def burden(points, unit: str, kind: str = "mutation") -> dict:
    return {(p.name, p.sample): p for p in points if p.unit == unit and p.kind == kind}


def test_burden_is_fraction_times_copies_of_that_time():
    found = burden(course(), "copies")
    assert {key for key, p in found.items() if p.status == "detected"} == {
        ("E255K", "S1"),
        ("T315I", "S1"),
        ("G250E", "S2"),
        ("D276G", "S2"),
        ("T315I", "S2"),
    }
    assert found["T315I", "S1"].value == "63280"  # 0.452 x 140,000, the month's measurement
    assert found["T315I", "S2"].note == "fraction times 25000 copies"
    assert found["G250E", "S1"].value == "<560"  # the LoD, 0.004, x 140,000
    assert found["G250E", "S1"].note == "limit of detection times 140000 copies"
    haplotypes = burden(course(), "copies", "haplotype")
    assert haplotypes["G250E+D276G+T315I", "S2"].value == "15000"
    assert "unmutated" not in {name for name, _ in haplotypes}  # may be transcripts of no fusion


def measurement(date: str, value: str, unit: str = "% IS", name: str = "BCR::ABL1 e14a2"):
    return examples.event(date, "", "measurement", name, value, unit)


@pytest.mark.parametrize("unit", ["% IS", "%IS", "% (IS)"])
def test_burden_from_the_international_scale(unit):
    events = [measurement("2018-05-14", "8.5", unit), measurement("2018-11", "2", unit)]
    points = timeline_points("P1", examples.course(), events, FUSIONS)
    found = burden(points, unit)
    assert found["T315I", "S1"].value == "3.842" and found["T315I", "S2"].value == "1.86"
    assert found["T315I", "S2"].change == f"regressed (3.84 to 1.86 {unit})"
    assert change(points, "T315I", "S2") == "increased (45.2 % to 93.0 %)"
    assert found["G250E", "S2"].change == f"expanded (below 0.034 to 1.24 {unit})"


@pytest.mark.parametrize("unit", ["%", "ng/ml", "/ul", "IS"])
def test_other_units_give_no_burden(unit):
    points = timeline_points("P1", examples.course(), [measurement("2018-05", "8", unit)], FUSIONS)
    assert {p.unit for p in points if p.kind == "mutation"} == {"fraction"}


def test_copies_that_are_not_one_number_give_no_burden():
    two = (
        *examples.COURSE,
        examples.event("2018-05", "", "measurement", "another test", "9", "copies"),
        examples.event("2018-11", "", "measurement", "censored", "<10", "copies"),
    )
    points = timeline_points("P1", examples.course(), two, FUSIONS)
    assert {p.sample for p in points if p.unit == "copies" and p.kind == "mutation"} == {"S2"}


def amount(value: float | None, low: float, high: float, name: str = "PCR", unit: str = "copies") -> Burden:
    return Burden(name, unit, 1.0, value, low, high)


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        ([], amount(9, 8, 10), ""),
        ([amount(9, 8, 10)], amount(20, 18, 22), "expanded (9 to 20 copies)"),
        ([amount(20, 18, 22)], amount(9, 8, 10), "regressed (20 to 9 copies)"),
        ([amount(20, 9, 30)], amount(9, 8, 10), "no clear change (20 to 9 copies)"),
        ([amount(20, 18, 22)], amount(None, 0, 10), "regressed (20 to below 10 copies)"),
        ([amount(20, 18, 22)], amount(None, 0, 19), "no clear change (20 to below 19 copies)"),
        ([amount(None, 0, 10)], amount(None, 0, 19), ""),
        ([amount(20, 18, 22, "another test")], amount(9, 8, 10), ""),
        ([amount(20, 18, 22), amount(1, 1, 1, unit="% IS")], amount(9, 8, 10), "regressed (20 to 9 copies)"),
    ],
)
def test_a_burden_is_compared_with_the_last_one_by_the_same_measurement(before, now, words):
    assert burden_change(before, now) == words


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        ("140000", "25000", "fell 5.6-fold (140\u202f000 to 25\u202f000 copies)"),
        ("0.1", "0.8", "rose 8-fold (0.1 to 0.8 copies)"),
        ("10", "<0.1", "fell at least 100-fold (10 to <0.1 copies)"),
        ("<0.1", "10", "rose at least 100-fold (<0.1 to 10 copies)"),
        ("<10", "0.1", ""),  # which of the two is higher is not known
        (">10", "20", ""),
        ("5", "5", "no change (5 to 5 copies)"),
        ("5", "0", ""),
        ("", "5", ""),
    ],
)
def test_what_a_measurement_did(before, now, words):
    assert measurement_change(before, now, "copies") == words


# ---------------------------------------------------------------- molecular response levels

LEVELS = [
    ResponseLevel(name, value, "e13a2;e14a2", "made up")
    for name, value in (("MR4", 0.01), ("MR2", 1.0), ("MR4.5", 0.0032), ("MR3", 0.1))
]
KNOWN = {"e1a2", "e13a2", "e14a2"}


def graded(results, events, levels=LEVELS):
    return timeline_points("P1", results, events, KNOWN, levels)


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("12", "none reached"),
        ("1.0", "MR2"),
        ("0.11", "MR2"),
        ("0.1", "MR3"),
        ("0.01", "MR4"),
        ("0.0032", "MR4.5"),
        ("<0.01", "MR4"),
        ("<0.001", "MR4.5"),
        ("<5", "not graded"),
        (">10", "none reached"),
        (">0.05", "not graded"),
        ("0", "not graded"),  # how deep the test was is not said
    ],
)
def test_the_level_a_measurement_reaches(value, level):
    points = graded([], [measurement("2020-01", value)])
    (row,) = [p for p in points if p.kind == "measurement"]
    assert row.status == level
    assert [p.name for p in points if p.kind == "level"] == ["MR2", "MR3", "MR4", "MR4.5"]


def fused(*names: str):
    rows = tuple(Fusion("S1", name, "", 9, 1.0, 0.9, 1.0, "present") for name in names)
    return [examples.result("S1", fusion=rows)]


@pytest.mark.parametrize(
    ("results", "name", "unit", "why"),
    [
        (fused("e14a2"), "BCR::ABL1", "copies", ""),
        (fused("e14a2"), "BCR::ABL1", "%", ""),
        (fused("e1a2"), "BCR::ABL1", "% IS", "none is defined for e1a2"),
        (fused("e14a2"), "BCR::ABL1 e1a2", "% IS", "none is defined for e1a2"),
        (fused("e1a2", "e14a2"), "BCR::ABL1", "% IS", "none is defined for e14a2 and e1a2"),
        ([], "BCR::ABL1", "% IS", "the fusion transcript is not known"),
    ],
)
def test_no_level_for_copies_nor_for_a_fusion_without_levels(results, name, unit, why, tmp_path):
    points = graded(results, [measurement("2020-01", "0.05", unit, name)])
    (row,) = [p for p in points if p.kind == "measurement"]
    assert row.status == "" and why in row.note
    assert not [p for p in points if p.kind == "level"]
    assert "MR3" not in page(points, tmp_path)


@pytest.mark.parametrize(
    ("results", "name"),
    [(fused("e14a2"), "BCR::ABL1"), (fused("e13a2", "e14a2"), "BCR::ABL1"), ([], "BCR::ABL1 e14a2")],
)
def test_levels_are_drawn_and_named_in_the_table(results, name, tmp_path):
    html = page(graded(results, [measurement("2020-01", "0.05", name=name)]), tmp_path)
    assert {"MR2", "MR3", "MR4", "MR4.5"} <= drawn(html)
    assert '<td data-label="Response level">MR3</td>' in html
    assert "0.05\u00a0%\u00a0IS (MR3)" in html


def test_levels_are_not_drawn_with_measurements_they_do_not_apply_to(tmp_path):
    events = [measurement("2020-01", "0.05"), measurement("2020-01", "0.05", name="BCR::ABL1 e1a2")]
    html = page(graded([], events), tmp_path)
    svg = html[html.index("<svg") : html.index("</svg>")]
    assert svg.count(">% IS</text>") == 2 and svg.count(">MR3</text>") == 1


def test_the_shipped_levels(root):
    rows = read_rows(root / "reference/responses.tsv", ResponseLevel)
    assert {row.level: row.percent_is for row in rows if row.level != "MR2"} == {
        "MR3": 0.1,
        "MR4": 0.01,
        "MR4.5": 0.0032,
    }
    assert {row.fusions for row in rows} == {"e13a2;e14a2"}


def test_an_undated_sample_is_compared_with_none():
    undated = examples.compound("S2", sample=examples.sample("S2", collected=""))
    points = timeline_points("P1", [undated, examples.t315i("S1")], [], FUSIONS)
    assert not [p for p in points if p.change]
    assert points[-1].sample == "S2" and points[-1].date == ""


def polymorphic(name: str, vaf: float | None, fusion: str = "e1a2"):
    calls = () if vaf is None else (replace(examples.call("M244V", vaf), name="K247R", codon=247, tier="polymorphism"),)
    return examples.result(name, calls=calls, fusion=(Fusion(name, fusion, "", 9, 1.0, 0.9, 1.0, "present"),))


def with_normal(rows):
    """The same with unrearranged transcripts beside the fusion."""
    normal = Fusion(rows.sample.sample, "unrearranged", "", 9, 0.5, 0.4, 0.6, "present")
    return replace(rows, fusion=(*rows.fusion, normal))


def test_unrearranged_transcripts_make_no_two_samples_one_person():
    pair = with_normal(polymorphic("A", None)), with_normal(polymorphic("B", None, "e14a2"))
    assert compare(pair[:1], pair[1], FUSIONS).status == "review"


def test_what_agrees_with_several_samples_is_said_once():
    found = compare([polymorphic("A", None), polymorphic("B", None)], polymorphic("C", None), FUSIONS)
    assert found.reason == "agrees: fusion e1a2 (with A and B)"


@pytest.mark.parametrize(
    ("earlier", "later", "status", "words"),
    [
        (polymorphic("A", None), polymorphic("B", None), "pass", "agrees: fusion e1a2 (with A)"),
        (
            polymorphic("A", None),
            polymorphic("B", None, "e14a2"),
            "review",
            "fusion e14a2 here, e1a2 there (with A)",
        ),
        (polymorphic("A", 0.99), polymorphic("B", None), "review", "polymorphism K247R there, not here (with A)"),
        (polymorphic("A", 0.99), polymorphic("B", 0.97), "pass", "polymorphism K247R (with A)"),
        (polymorphic("A", 0.5), polymorphic("B", None), "pass", "agrees: fusion e1a2 (with A)"),
        (examples.blind("A"), polymorphic("B", 0.99), "not_assessable", "nothing to compare"),
    ],
)
def test_identity(earlier, later, status, words):
    found = compare([earlier], later, FUSIONS)
    assert found.status == status and words in found.reason


def test_months_and_values():
    assert month("2018-01", 0.0) == 2018 * 12 and month("2018-02", 1.0) == 2018 * 12 + 2
    assert month("2018-01-31") > month("2018-01") > month("2018-01-01")
    assert measured(">23") == (">", 23.0) and measured("1e3") == ("=", 1000.0) and measured("negative") is None


def test_long_quiet_stretches_are_drawn_short_and_nothing_else_moves():
    dates = ["2008-04", "2010-06", "2017-10", "2019-02"]
    points = timeline_points("P1", [], [examples.event(d, "", "event", "seen") for d in dates], FUSIONS)
    axis = months_of(points)
    ((start, end),) = axis.breaks
    assert month("2010-06") < start < end < month("2017-10")
    places = [axis.at(date) for date in dates]
    assert places[1] - places[0] == pytest.approx(26) and places[3] - places[2] == pytest.approx(16)
    assert places[2] - places[1] < 12 < month("2017-10") - month("2010-06")
    assert axis.span < 60
    steps = [axis.place(month("2008-04") + i / 4) for i in range(500)]
    assert steps == sorted(steps)
    assert months_of([p for p in course() if p.date]).breaks == ()


def test_what_may_be_on_one_molecule_is_said():
    sanger = examples.sanger("S3")
    doubtful = replace(sanger, summary=replace(sanger.summary, compound="exon4_skipping+T315I (not excluded)"))
    points = timeline_points("P1", [examples.t315i("S1"), doubtful], [], FUSIONS)
    (row,) = [p for p in points if p.kind == "phase"]
    assert (row.name, row.status) == ("exon4_skipping+T315I", "not excluded")
    assert row.change == "may be on one molecule; this sample cannot tell"
    proven = [p for p in course() if p.kind == "phase"]
    assert [(p.name, p.sample, p.status) for p in proven] == [("G250E+D276G+T315I", "S2", "compound")]


class Axes:
    """Remembers what is drawn on it: joined values, spans of one value, and marks by their shape."""

    def __init__(self):
        self.lines, self.spans, self.marks = [], [], {}

    def plot(self, x, y, mark="", **style):
        if mark:
            self.marks.setdefault(mark, []).append(y)
        elif len(y) == 2 and y[0] == y[1] and "label" not in style:
            self.spans.append((tuple(x), tuple(y)))
        else:
            self.lines.append((tuple(y), "solid" if style.get("linestyle", "-") == "-" else "dashed"))

    def __getattr__(self, name):
        return MagicMock()


def drawn(html: str) -> set[str]:
    """The words of the drawing."""
    return set(re.findall(r"<text[^>]*>([^<]*)</text>", html[html.index("<svg") : html.index("</svg>")]))


def test_burdens_are_drawn_with_the_copies(tmp_path):
    assert {"with T315I", "with G250E", "with E255K"} <= drawn(page(course(), tmp_path))


# ---------------------------------------------------------------- undated facts, treatments, the table of dates


def test_what_has_no_date_is_listed_and_not_drawn(tmp_path):
    undated = [
        examples.event("", "", "measurement", "ponatinib level", ">23", "ng/ml", "kept above"),
        examples.event("", "2020-01", "treatment", "blinatumomab", "28", "ug/day"),
        examples.event("", "", "response", "MRD negative"),
    ]
    events = [examples.event("2018-05", "", "treatment", "ponatinib", "15", "mg/day"), *undated]
    html = page(timeline_points("P1", [], events, FUSIONS), tmp_path)
    assert "ponatinib" in drawn(html) and not drawn(html) & {"ng/ml", "blinatumomab", "1"}
    section = html[html.index("Without a date") : html.index("What is known at each date")]
    for words in ("ponatinib level &gt;23 ng/ml", "blinatumomab 28 ug/day, to 2020-01", "MRD negative"):
        assert words in section
    rows = date_rows(timeline_points("P1", [], events, FUSIONS))
    assert [row.date for row in rows] == ["2018-05"]


def panel(events) -> Axes:
    """What the last panel of measurements draws."""
    points = timeline_points("P1", [], events, FUSIONS)
    axes = Axes()
    measurement_panels(points, months_of([p for p in points if p.date]), {})[-1][1](axes)
    return axes


@pytest.mark.parametrize(("date", "begin"), [("2018-01", "2018-05"), ("2018-08", "2018-08")])
def test_a_drug_level_has_no_line_before_the_drug_began(date, begin):
    events = [
        examples.event("2018-05", "", "treatment", "ponatinib", "15", "mg/day"),
        examples.event(date, "2019-01", "measurement", "ponatinib level", ">23", "ng/ml"),
    ]
    axes = panel(events)
    ((x, _),) = axes.spans
    assert x == (month(begin, 0.0), month("2019-01", 1.0))
    assert not axes.marks


def test_a_target_that_ends_before_the_drug_began_is_not_drawn():
    events = [
        examples.event("2018-05", "", "treatment", "ponatinib", "15", "mg/day"),
        examples.event("2018-01", "2018-03", "measurement", "ponatinib level", ">23", "ng/ml"),
    ]
    axes = panel(events)
    assert not axes.spans and not axes.marks


def test_a_measurement_of_zero_is_drawn_on_the_lower_edge():
    axes = panel([measurement("2018-01", "5"), measurement("2018-06", "0")])
    assert axes.marks == {"o": [5.0], "v": [2.0]}


def test_a_treatment_without_an_end_runs_on_to_the_last_date(tmp_path):
    events = [
        examples.event("2018-05", "", "treatment", "ponatinib", "15", "mg/day"),
        examples.event("2019-06", "", "event", "seen"),
    ]
    points = timeline_points("P1", [], events, FUSIONS)
    (row,) = [p for p in points if p.kind == "treatment"]
    axis = months_of(points)
    assert _bar(row, axis) == (month("2018-05", 0.0), month("2019-06"))
    html = page(points, tmp_path)
    assert "15 mg/day, no end given" in drawn(html)
    assert '<td class="nowrap" data-label="To">no end given</td>' in html


def test_treatments_without_an_end_take_lines_of_their_own():
    events = [examples.event(f"2018-0{i}", "", "treatment", "ponatinib", str(i), "mg") for i in (1, 4, 7)]
    rows = timeline_points("P1", [], events, FUSIONS)
    names, lines = lane_lines(rows, months_of(rows))
    assert names == ["ponatinib", "", ""] and [len(line) for line in lines] == [1, 1, 1]


def test_what_is_known_at_each_date():
    rows = {row.date: row for row in date_rows(course())}
    assert list(rows) == sorted(rows)
    relapse = rows["2018-05"]
    assert relapse.treatments == ("dasatinib 140 mg/day (ends)", "ponatinib 15 mg/day (begins, no end given)")
    assert relapse.measurements == ("minor BCR::ABL1 140\u202f000 copies",)
    assert [p.name for p in relapse.events] == ["molecular relapse"] and relapse.samples == ()
    (first,) = rows["2018-05-14"].samples
    assert first.lines[:2] == ("E255K 0.31 % (0.20–0.42 %)", "T315I 45.2 % (44.2–46.2 %)")
    assert first.lines[-1] == "not detected: G250E, D276G"
    second = rows["2018-11"]
    assert second.trends == ("minor BCR::ABL1 fell 5.6-fold (140\u202f000 to 25\u202f000 copies)",)
    (sample,) = second.samples
    assert "compound: G250E + D276G + T315I 60.0 % (58.0–62.0 %)" in sample.lines
    assert "haplotype T315I alone 33.0 % (31.0–35.0 %)" in sample.lines
    assert "T315I" in [c.name for c in sample.news.changes]
    (failed,) = rows["2019-06"].samples
    assert failed.lines == ("not assessed: G250E, E255K, D276G, T315I",)
    assert rows["2020-01"].treatments == (
        "ponatinib 15 mg/day (no end given)",
        "blinatumomab 9 then 28 ug/day (ends)",
    )
    assert "dasatinib" not in " ".join(rows["2018-11"].treatments)


def test_a_day_is_in_the_month_that_only_the_month_is_known_of():
    events = [
        examples.event("2018-05", "2018-06", "treatment", "A"),
        examples.event("2018-05-20", "2018-05-30", "treatment", "B"),
        examples.event("2018-05-10", "", "event", "seen"),
        examples.event("2018-07-01", "", "event", "seen"),
    ]
    rows = {row.date: row.treatments for row in date_rows(timeline_points("P1", [], events, FUSIONS))}
    assert rows["2018-05"] == ("A (begins)", "B (begins, ends)")
    assert rows["2018-05-10"] == ("A",) and rows["2018-05-30"] == ("A", "B (ends)") and rows["2018-07-01"] == ()


def test_both_are_stated_where_the_fraction_and_the_burden_go_opposite_ways():
    sentences = {(c.what, c.name): c.words for c in news_of(course(), "S2").changes}
    assert sentences["", "T315I"] == (
        "increased (45.2 % to 93.0 %), but its burden regressed (63\u202f300 to 23\u202f200 copies)"
    )
    assert sentences["haplotype", "T315I alone"] == (
        "decreased (45.2 % to 33.0 %); burden regressed (63\u202f300 to 8\u202f250 copies)"
    )


def test_remarks_are_in_the_heading(tmp_path):
    remark = examples.event("", "", "remark", "simulated", note="no reads of a patient")
    html = page(timeline_points("P1", [examples.t315i("S1")], [remark], FUSIONS), tmp_path)
    assert html.index("<strong>simulated</strong>: no reads of a patient") < html.index("What changed")
    assert "Remark" not in html  # not listed once more with the undated facts
    dated = examples.event("2020-01", "", "remark", "simulated")
    assert "there is no timeline" in page(timeline_points("P1", [], [dated], FUSIONS), tmp_path)


# ---------------------------------------------------------------- the example

PRINTED = {  # what the report prints with a date: patient, date, end_date, name, value
    ("patient1", "2016-04", "2016-06", "dasatinib", "100"),
    ("patient1", "2018-01", "2018-05", "dasatinib", "140"),
    ("patient1", "2018-05", "2020-01", "ponatinib", "15"),
    ("patient1", "2018-12", "2018-12", "vincristine", "1.5"),
    ("patient1", "2018-12", "2018-12", "dexamethasone", "15"),
    ("patient1", "2020-02", "", "ponatinib", ""),
    ("patient1", "2018-05", "", "BCR::ABL1 e1a2", "140000"),
    ("patient1", "2018-11", "", "BCR::ABL1 e1a2", "25000"),
    ("patient1", "2018-12", "", "BCR::ABL1 e1a2", "2000"),
    ("patient1", "2018-11", "", "leukaemia cells, marrow", "8.2"),
    ("patient1", "2018-11", "", "white blood cells", "6100"),
    ("patient2", "2008-04", "2010-06", "chemotherapy", ""),
    ("patient2", "2008-04", "2010-06", "imatinib", ""),
    ("patient2", "2010-06", "2017-10", "imatinib", "600"),
    ("patient2", "2017-10", "", "ponatinib", "15"),
    ("patient2", "2017-10", "", "BCR::ABL1 e1a2", "440"),
    ("patient2", "2019-02", "", "BCR::ABL1 e1a2", "330"),
}
UNDATED = {
    ("patient1", "blinatumomab"),
    ("patient1", "no adverse event"),
    ("patient1", "ponatinib plasma concentration"),
    ("patient1", "fluconazole"),
    ("patient2", "blinatumomab"),
    ("patient2", "cytokine release syndrome"),
    ("patient2", "dexamethasone"),
    ("patient2", "ponatinib plasma concentration"),
    ("patient2", "fluconazole"),
}


def test_the_example_dates_what_the_report_dates(root):
    events = read_clinical(root / "tests/example/clinical.tsv")
    rows = {(e.patient, e.date, e.end_date, e.name, e.value) for e in events}
    assert rows >= PRINTED
    for patient, name in UNDATED:
        assert {e.date for e in events if (e.patient, e.name) == (patient, name)} == {""}, name
    assert {(e.patient, e.name) for e in events if e.kind == "remark" and e.name != "patient"} == {
        ("patient1", "simulated"),
        ("patient2", "simulated"),
    }
    switched = next(e for e in events if (e.name, e.value) == ("dasatinib", "140"))
    assert "text" in switched.note and "abstract" in switched.note


@pytest.mark.parametrize("patient", ["patient1", "patient2"])
def test_the_pages_of_the_example_say_simulated_and_have_no_levels(root, patient, tmp_path):
    events = read_clinical(root / "tests/example/clinical.tsv")
    points = timeline_points(patient, examples.course(), events, KNOWN, LEVELS)
    assert not [p for p in points if p.kind == "level" or (p.kind == "measurement" and p.status)]
    write_patient(patient, points, tmp_path / "page.html")
    html = (tmp_path / "page.html").read_text("utf-8")
    assert "<strong>simulated</strong>: The reads" in html and "MR3" not in html
    assert not drawn(html) & {"blinatumomab", "fluconazole", "ng/ml", "cytokine release syndrome"}


def page(points, tmp_path) -> str:
    write_patient("P1", points, tmp_path / "P1.html")
    return (tmp_path / "P1.html").read_text("utf-8")


def test_the_page_of_a_patient(tmp_path):
    html = page(course(), tmp_path)
    assert page(course(), tmp_path) == html
    assert "<script" not in html and "default-src 'none'" in html
    words = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    for sentence in (
        "T315I increased (45.2 % to 93.0 %), but its burden regressed (63 300 to 23 200 copies)",
        "haplotype G250E + D276G + T315I : T315I gained G250E and D276G", "not assessed: G250E, E255K, D276G, T315I", "fluconazole given too",
    ):  # fmt: skip
        assert sentence in words, sentence
    assert 'href="../samples/S1/report.html"' in html
    ids = re.findall(r'\bid="([^"]*)"', html)
    assert len(ids) == len(set(ids))


def test_the_same_bytes_whatever_the_hash_seed(tmp_path):
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import test_timeline as t; from pathlib import Path;"
        "sys.stdout.write(t.page(t.course(), Path(sys.argv[2])))"
    )
    words = [sys.executable, "-c", program, str(Path(__file__).parent), str(tmp_path)]
    pages = [
        subprocess.run(words, check=True, env={**os.environ, "PYTHONHASHSEED": seed}, stdout=subprocess.PIPE).stdout
        for seed in ("1", "2", "3")
    ]
    assert pages[0] and pages[1:] == pages[:-1]


def test_identity_in_doubt_is_said_first(tmp_path):
    other = polymorphic("S9", None, "e14a2")
    other = replace(other, sample=replace(other.sample, collected="2020-01"))
    html = page(timeline_points("P1", [*examples.course(), other], [], FUSIONS), tmp_path)
    assert html.index("Identity in doubt") < html.index("What changed")


@pytest.mark.parametrize("results", [[], [examples.blind("A")], [examples.result("A")]])
def test_a_patient_of_little_still_has_a_page(results, tmp_path):
    html = page(timeline_points("P1", results, [], FUSIONS), tmp_path)
    assert "nothing to compare" in html and "No sample showed a mutation" in html


@pytest.mark.parametrize(
    ("values", "lines"),
    [
        (["0.1", "0.4"], [((0.1, 0.4), "solid")]),
        (["<0.02", "0.4", "<0.004"], [((0.02, 0.4), "dashed"), ((0.4, 0.004), "dashed")]),
        (["0.08", "<0.2", "0.05"], []),  # a limit above what is there tells of no rise
        (["<0.004", "<0.2", "<0.004"], []),
        (["0.1", "", "0.4"], [((0.1, 0.4), "solid")]),  # not assessable is passed over
    ],
)
def test_lines_join_what_was_seen(values, lines):
    row = next(p for p in course() if p.unit == "fraction")
    status = {"<": "not_detected", "": "not_assessable"}
    marks = [(i, replace(row, value=v, status=status.get(v[:1], "detected"))) for i, v in enumerate(values)]
    axes = Axes()
    _join(axes, marks, "black")
    assert axes.lines == lines


def test_marks_of_one_sample_stay_nearer_to_it_than_to_the_next():
    dates = [f"{2010 + i}-{m:02d}" for i in range(6) for m in (1, 7)]
    axis = months_of(timeline_points("P1", [], [examples.event(d, "", "event", "seen") for d in dates], FUSIONS))
    places = [axis.at(date) for date in dates]
    assert _step(places, axis, 1) == _step(places[:1], axis, 2) == pytest.approx(0.006 * axis.span)
    assert 12 * _step(places, axis, 13) < min(b - a for a, b in pairwise(places))


def test_every_series_looks_its_own():
    row = next(p for p in course() if p.unit == "fraction")
    looks = _styles([replace(row, name=f"M{i}") for i in range(30)])
    assert len({(look["color"], look["marker"]) for look in looks.values()}) == 30


def test_an_event_that_is_evidence_only_is_not_told_as_detected():
    sanger = examples.sanger("S3")
    doubted = tuple(replace(e, call="evidence_only") if e.call == "present" else e for e in sanger.splicing)
    later = examples.sample("S4", collected="2019-06")
    points = timeline_points("P1", [sanger, replace(sanger, sample=later, splicing=doubted)], [], FUSIONS)
    assert {p.sample: p.status for p in points if p.kind == "splicing"} == {"S3": "detected", "S4": "evidence_only"}
    assert change(points, "exon4_skipping", "S4", "splicing") == "no longer called; evidence only"


def test_many_sets_that_may_be_on_one_molecule_are_told_by_their_number(tmp_path):
    later = examples.compound("S2")
    sets = ";".join(f"E255K+X{i} (not excluded)" for i in range(6))
    doubtful = replace(later, summary=replace(later.summary, compound=sets))
    html = page(timeline_points("P1", [examples.t315i("S1"), doubtful], [], FUSIONS), tmp_path)
    assert "E255K + X3" in html and "E255K + X4" not in html
    assert "and 2 more sets that may be on one molecule" in html


def test_a_sample_that_needs_a_look_says_so_beside_its_changes(tmp_path):
    html = page(course(), tmp_path)
    row = html[html.index('<th scope="row">2019-06') :]
    assert '<span class="chip failed">failed</span></th>' in row[: row.index("<td")]


def test_hostile_words_stay_words(tmp_path):
    script = examples.HOSTILE[0]
    events = [
        replace(examples.COURSE[0], name=script, note=script),
        replace(examples.COURSE[-1], name=script),
    ]
    html = page(timeline_points("P1", [examples.hostile("A")], events, FUSIONS), tmp_path)
    assert "<script" not in html
