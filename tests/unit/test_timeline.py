"""Serial samples in words: emerged, expanded, lost, gained; and what could not be seen is never lost."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import results as examples

from ablkd.checks.identity import compare
from ablkd.course.rows import timeline_points
from ablkd.course.sights import Sight
from ablkd.course.words import gained, what_changed
from ablkd.records import Fusion
from ablkd.report.patient import write_patient
from ablkd.report.timeline_axis import month, months_of, number
from ablkd.report.timeline_plot import _join, _step, _styles

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
        ([B], T, "expanded (10.0 % to 45.0 %)"),
        ([T], B, "regressed (45.0 % to 10.0 %)"),
        ([B, NOT_ABLE], T, "expanded (10.0 % to 45.0 %)"),
        ([T], seen(0.455, 0.445, 0.465), "no clear change (45.0 % to 45.5 %)"),
        ([T], seen(0.1, 0.05, 0.2, "sanger"), "regressed (45.0 % to 10.0 %, on another platform)"),
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
    assert change(points, "T315I", "S2") == "expanded (45.2 % to 93.0 %)"
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


def test_burden_is_fraction_times_copies_of_that_time():
    burden = {(p.name, p.sample): p for p in course() if p.unit == "copies" and p.kind == "mutation"}
    assert set(burden) == {
        ("E255K", "S1"),
        ("T315I", "S1"),
        ("G250E", "S2"),
        ("D276G", "S2"),
        ("T315I", "S2"),
    }
    assert burden["T315I", "S1"].value == "63280"  # 0.452 x 140,000, the month's measurement
    assert burden["T315I", "S2"].note == "fraction times 25000 copies"


def test_copies_that_are_not_one_number_give_no_burden():
    two = (
        *examples.COURSE,
        examples.event("2018-05", "", "measurement", "another test", "9", "copies"),
        examples.event("2018-11", "", "measurement", "censored", "<10", "copies"),
    )
    points = timeline_points("P1", examples.course(), two, FUSIONS)
    assert {p.sample for p in points if p.unit == "copies" and p.kind == "mutation"} == {"S2"}


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
    assert number(">23") == (">", 23.0) and number("1e3") == ("=", 1000.0) and number("negative") is None


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


def test_burdens_are_drawn_beside_the_copies(tmp_path):
    words = re.findall(r"<text[^>]*>([^<]*)</text>", page(course(), tmp_path))
    assert {"with T315I", "with G250E", "with E255K"} <= set(words)


def page(points, tmp_path) -> str:
    write_patient("P1", points, tmp_path / "P1.html")
    return (tmp_path / "P1.html").read_text("utf-8")


def test_the_page_of_a_patient(tmp_path):
    html = page(course(), tmp_path)
    assert page(course(), tmp_path) == html
    assert "<script" not in html and "default-src 'none'" in html
    words = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    for sentence in (
        "T315I expanded (45.2 % to 93.0 %)", "molecules: T315I gained G250E and D276G",
        "could not be assessed: G250E, E255K, D276G, T315I", "fluconazole given too", "63 300",
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


class Axes:
    """Remembers the lines drawn on it."""

    def __init__(self):
        self.lines = []

    def plot(self, x, y, **style):
        self.lines.append((tuple(y), "solid" if style["linestyle"] == "-" else "dashed"))


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
