"""What the qc table says of traces: limits beside values, dye blobs where they lie, templates that are not one."""

from dataclasses import replace

import numpy as np
import pytest
from chromatogram import SPACING, draw, read_from

from ablkd.plan import Plan
from ablkd.records import Sample
from ablkd.traces.abif import Trace
from ablkd.traces.align import place_trace
from ablkd.traces.blobs import without_blobs
from ablkd.traces.isoforms import explain
from ablkd.traces.quality import dye_blobs, quality_rows, unexplained_peaks

START = 420


def trace(target: str, *molecules: tuple[float, str], seed: int = 1) -> Trace:
    reads = [(share, read_from(target, changes, True, START)) for share, changes in molecules]
    return draw("F.ab1", reads, 700, seed, 0.005)


def mixture(drawn: Trace, reference):
    return explain(place_trace(drawn, reference), [0])


def test_good_traces_pass_and_poor_ones_say_why(reference):
    target = reference.sequence[:1678]
    good = trace(target, (1.0, "-"))
    rows = {q.metric: q for q in quality_rows("S", [mixture(good, reference)], 1, [])}
    assert {q.status for q in rows.values()} == {"pass"}
    assert rows["read_length"].limit == "200"
    short = replace(good, bases=good.bases[:150], quality=good.quality[:150] // 2, peaks=good.peaks[:150])
    rows = {q.metric: q for q in quality_rows("S", [mixture(short, reference)], 1, [])}
    assert rows["read_length"].status == rows["mean_quality"].status == "review"
    assert "few bases could be read" in rows["read_length"].reason


@pytest.mark.parametrize(("base", "channel"), [(80, 3), (200, 1)])
def test_a_dye_blob_is_placed(base, channel, reference):
    drawn = trace(reference.sequence[:1678], (1.0, "-"))
    samples = np.arange(drawn.channels.shape[1])
    channels = drawn.channels.copy()
    channels[channel] += 250 * np.exp(-0.5 * ((samples - base * SPACING) / 50) ** 2)
    blobs = dye_blobs(mixture(replace(drawn, channels=channels), reference))
    assert [letter for _, letter in blobs] == ["ACGT"[channel]]
    first, last = (int(p) for p in blobs[0][0].removeprefix("c.").split("_"))
    assert first <= START + base - 2 <= last
    assert last - first < 20
    assert dye_blobs(mixture(drawn, reference)) == []


def test_a_dye_blob_is_taken_off_and_a_change_under_it_stays(reference):
    drawn = trace(reference.sequence[:1678], (0.8, "-"), (0.2, "944C>T"))
    base = 944 - START
    channels = drawn.channels.copy()
    samples = np.arange(channels.shape[1])
    channels[3] += 250 * np.exp(-0.5 * ((samples - (base + 2) * SPACING) / 40) ** 2)
    clean, dirty = (mixture(t, reference) for t in (drawn, replace(drawn, channels=channels)))
    others = [i for i in range(base - 6, base + 7) if clean.placed.trace.bases[i] != 3 and i != base]
    blob = dirty.placed.heights[others, 3] - clean.placed.heights[others, 3]
    left = without_blobs(dirty)[others, 3] - without_blobs(clean)[others, 3]
    assert blob.max() > 200
    assert np.abs(left).max() < 60
    assert without_blobs(dirty)[base, 3] == pytest.approx(without_blobs(clean)[base, 3], rel=0.25)


def test_a_second_template_is_told(reference):
    target = reference.sequence[:1678]
    alone = mixture(trace(target, (1.0, "-")), reference)
    other = "".join(np.random.default_rng(1).choice(list("ACGT"), 700))
    mixed = draw("F.ab1", [(0.82, read_from(target, "-", True, START)), (0.18, other)], 700, 1, 0.005)
    assert unexplained_peaks(alone) < 0.01
    assert unexplained_peaks(mixture(mixed, reference)) > 0.2


def test_wild_type_traces_are_those_of_other_controls_of_the_run(reference, tmp_path):
    def line(name: str, run: str, role: str, platform: str = "sanger") -> Sample:
        cells = {"sample": name, "patient": "", "run": run, "collected": "", "platform": platform, "amplicon": ""}
        files = {"reads_1": f"{name}_F.ab1;{name}_R.ab1", "reads_2": "", "expected": "", "template_copies": None}
        return Sample(**cells, role=role, **files)

    rows = [
        line("A", "r1", "patient"),
        line("W", "r1", "wild_type_control"),
        line("X", "r1", "wild_type_control", "illumina"),
        line("P", "r1", "positive_control"),
        line("V", "r2", "wild_type_control"),
    ]
    plan = Plan({"trace_library": None}, reference, {row.sample: row for row in rows})
    assert [name.rpartition("/")[2] for name in plan.wild_types("A")] == ["W_F.ab1", "W_R.ab1"]
    assert plan.wild_types("W") == plan.wild_types("V") == plan.library_traces() == []
