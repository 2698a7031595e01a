"""Pictures: labels that never touch, gaps that show, the same bytes whatever the user's settings."""

from __future__ import annotations

import re
from dataclasses import replace

import matplotlib
import numpy as np
import pytest
import results as examples
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import isotonic_regression

from ablkd.report import plots
from ablkd.report.splice_plot import place, splice_arcs
from ablkd.report.svg import spread
from ablkd.report.trace_plot import chromatogram

REGIONS = [("P-loop", 247, 255), ("gatekeeper", 315, 315), ("activation loop", 381, 402)]


def texts(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def slanted(svg: str) -> list[tuple[float, str]]:
    """(x of the foot, words) of every slanted label."""
    found = re.findall(r'<text[^>]*rotate\(-60 ([\d.]+) [\d.]+\)"[^>]*>([^<]*)<', svg)
    return [(float(x), words) for x, words in found]


places = st.lists(st.floats(0, 100), max_size=30).map(sorted)


@given(places, st.floats(0.1, 10))
def test_labels_are_apart_in_order_and_inside(wanted, gap):
    got = spread(wanted, gap, 0, 100)
    least = min(gap, 100 / max(1, len(wanted) - 1))
    assert all(b - a >= least - 1e-6 for a, b in zip(got, got[1:], strict=False))
    assert all(-1e-6 <= x <= 100 + 1e-6 for x in got)


@given(places)
def test_labels_move_as_little_as_can_be(wanted):
    """Against scipy's isotonic regression, where the borders do not bind."""
    gap = 1.0
    if not wanted:
        assert spread(wanted, gap, -1000, 1000) == []
        return
    steps = gap * np.arange(len(wanted))
    best = isotonic_regression(np.array(wanted) - steps).x + steps
    assert np.allclose(spread(wanted, gap, -1000, 1000), best)


def test_labels_with_room_stay_where_they_are():
    assert spread([1, 5, 9], 2, 0, 10) == [1, 5, 9]


def test_the_lollipop_labels_what_passed_and_nothing_else():
    svg = plots.lollipop(examples.crowded(), REGIONS)
    labels = slanted(svg)
    assert [words for _, words in labels][:3] == ["M244V 1.2 %", "L248V 0.42 %", "G250E 21.0 %"]
    assert len(labels) == 12 and not any("E292V" in words for _, words in labels)
    feet = [x for x, _ in labels]
    assert all(b - a >= plots.LABEL_GAP - 0.1 for a, b in zip(feet, feet[1:], strict=False))


def test_a_screen_reader_hears_the_findings():
    svg = plots.lollipop(examples.t315i(), [])
    assert 'role="img"' in svg and "<title>Mutations along the target: E255K 0.31 %, T315I 45.2 %</title>" in svg
    assert "<title>Mutations along the target: no mutation</title>" in plots.lollipop(examples.result(), [])


def test_regions_are_named_where_given():
    assert {"P-loop", "gatekeeper", "activation loop"} <= set(texts(plots.lollipop(examples.t315i(), REGIONS)))


@pytest.mark.parametrize("draw", [lambda r: plots.lollipop(r, []), plots.depth])
def test_gaps_are_hatched(draw):
    assert "<pattern" in draw(examples.crowded())
    whole = examples.result(coverage=examples.coverage(covered=(1, 559)))
    assert "<pattern" not in draw(whole)


def test_the_depth_picture_says_how_much_was_seen():
    assert "450 of 474 codons could be assessed" in plots.depth(examples.crowded())
    assert "0 of 559 codons could be assessed" in plots.depth(examples.blind())


def test_haplotypes_are_ranked_and_bounds_come_last():
    assert [h.haplotype for h in plots.ranked(examples.crowded())] == [
        "unmutated", "G250E+D276G+T315I", "T315I", "F359V",
    ]  # fmt: skip
    words = texts(plots.haplotypes(examples.crowded()))
    assert any(w.startswith("F359V") and w.endswith("bounds only") for w in words)


def test_a_skipped_exon_is_drawn_as_missing():
    with_skip = plots.haplotypes(examples.sanger())
    assert with_skip.count("#c45a00") > plots.haplotypes(examples.t315i()).count("#c45a00")


EXONS = [("4", 184, 274), ("5", 275, 303), ("6", 303, 362)]


def test_arcs_name_what_is_present_and_draw_what_was_looked_for():
    svg = splice_arcs(examples.sanger(), EXONS)
    assert any(words.startswith("exon 4 skipping 31.0 %") for words in texts(svg))
    assert not any("exon 7" in words for words in texts(svg))  # looked for: an arc without a name
    assert svg.count("#c45a00") == 1 and "<title>Isoform events: exon 4 skipping 31.0 %" in svg
    assert "#c45a00" not in splice_arcs(examples.t315i(), EXONS)
    assert "none present" in splice_arcs(examples.blind(), [])


def test_arcs_join_the_codons_that_the_name_says():
    event = examples.splice("exon4_skipping")
    assert place(event)[1:] == (pytest.approx(550 / 3), pytest.approx(822 / 3))
    assert place(replace(event, event="novel:c.600_700", hgvs_r=""))[1:] == (200, pytest.approx(700 / 3))
    assert place(replace(event, event="?", hgvs_r="")) is None


def test_a_base_that_is_not_expected_is_boxed():
    mixed = examples.peak_window()
    same = replace(mixed, bases=mixed.reference)
    assert chromatogram(mixed, "t").count("#c45a00") == 1
    assert chromatogram(same, "t").count("#c45a00") == 0
    shaded = chromatogram(mixed, "t", 315)
    assert shaded.count("#eef1f4") == 1 and "#eef1f4" not in chromatogram(mixed, "t")
    assert "943" in texts(chromatogram(mixed, "t"))


def test_hostile_words_are_drawn_as_words():
    svg = plots.lollipop(examples.hostile(), [("<b>$x$", 300, 330)])
    assert "<script" not in svg and "<b>" not in svg and "&lt;b&gt;$x$" in svg


def test_a_users_settings_change_nothing():
    before = plots.lollipop(examples.t315i(), REGIONS)
    with matplotlib.rc_context({"font.size": 30, "svg.fonttype": "path", "axes.facecolor": "red"}):
        assert plots.lollipop(examples.t315i(), REGIONS) == before
        assert matplotlib.rcParams["font.size"] == 30
    assert "20\\d\\d-" not in before and "Matplotlib v" not in before


def test_ids_belong_to_their_drawing():
    svg = plots.depth(examples.crowded())
    assert all(found.startswith("depth-") for found in re.findall(r'\bid="([^"]*)"', svg))
