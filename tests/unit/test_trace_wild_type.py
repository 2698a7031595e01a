"""Known traces: what wild type shows is taken off, mixtures tell how high a changed peak is, and rows say so."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from chromatogram import SPACING, draw, read_from

from ablkd.errors import InputError
from ablkd.samples import read_library
from ablkd.traces import call as trace_call
from ablkd.traces import wild_type as trace_wild_type
from ablkd.traces.abif import Trace

STARTS = {"F": (True, 420), "R": (False, 1450)}


def traces(target: str, share: float, seed: int, name: str = "", start: int = 0) -> list[Trace]:
    """Forward and reverse of `share` T315I in wild type."""
    drawn = []
    for letter, (forward, first) in STARTS.items():
        first += start
        reads = [
            (share, read_from(target, "944C>T", forward, first)),
            (1 - share, read_from(target, "-", forward, first)),
        ]
        drawn.append(draw(f"{name}{letter}.ab1", reads, 750, 2 * seed + forward, 0.004))
    return drawn


def with_false_peak(trace: Trace, letter: str, height: float) -> Trace:
    """The trace with a false T (read forward; A in reverse) at c.944, as the sequence makes it every time."""
    forward, first = STARTS[letter]
    base = 944 - first if forward else first - 944
    shape = height * 1000 * np.exp(-0.5 * ((np.arange(trace.channels.shape[1]) - (base + 2) * SPACING) / 3) ** 2)
    channels = trace.channels.copy()
    channels[3 if forward else 0] += shape
    return replace(trace, channels=channels)


def call(monkeypatch, tmp_path: Path, reference, sample: list[Trace], wild: list[Trace], library: Path | None = None):
    """`call_traces` with drawn traces in place of files."""
    drawn = {t.name: t for t in [*sample, *wild]}
    for name in drawn:
        (tmp_path / name).write_text(name)
    for module in (trace_call, trace_wild_type):
        monkeypatch.setattr(module, "read_trace", lambda path: drawn[path.name])
    beside = [] if library else [tmp_path / t.name for t in wild]
    return trace_call.call_traces("S", [tmp_path / t.name for t in sample], reference, 0.2, 0.2, beside, library)


def passed(found) -> list[str]:
    return [c.name for c in found.calls if c.filter == "PASS"]


def test_a_false_peak_of_the_sequence_is_taken_off(monkeypatch, tmp_path, reference):
    target = reference.sequence[:1678]
    wild, sample, mutated = (
        [with_false_peak(t, letter, 0.14) for t, letter in zip(traces(target, share, seed, name), "FR", strict=True)]
        for share, seed, name in ((0.0, 1, "W"), (0.0, 2, ""), (0.25, 3, ""))
    )
    alone = call(monkeypatch, tmp_path, reference, sample, [])
    assert passed(alone) == ["T315I"], "without wild type nothing tells it from a change"
    assert passed(call(monkeypatch, tmp_path, reference, sample, wild)) == []
    found = call(monkeypatch, tmp_path, reference, mutated, wild)
    assert passed(found) == ["T315I"]
    assert next(c for c in found.calls if c.name == "T315I").vaf == pytest.approx(0.25, abs=0.09)


def test_wild_type_lowers_the_limit_and_is_named(monkeypatch, tmp_path, reference):
    target = reference.sequence[:1678]
    sample, wild = traces(target, 0.0, 4), traces(target, 0.0, 5, "W")
    with_wild = call(monkeypatch, tmp_path, reference, sample[:1], wild)
    alone = call(monkeypatch, tmp_path, reference, sample[:1], [])
    limits = [next(c.lod95 for c in found.coverage if c.name == "T315I") for found in (with_wild, alone)]
    assert limits[0] < 0.20 <= limits[1], "one orientation promises no less than 20 % without wild type"
    rows = {q.unit: q for q in with_wild.qc if q.metric == "wild_type_traces"}
    assert rows["F.ab1"].reason == "F.ab1: WF.ab1 taken off"
    assert "WF.ab1 (known trace)" in [q.unit for q in with_wild.qc if q.metric == "input_sha256"]


def test_wild_type_from_another_primer_is_not_used(monkeypatch, tmp_path, reference):
    target = reference.sequence[:1678]
    found = call(monkeypatch, tmp_path, reference, traces(target, 0.0, 6), traces(target, 0.0, 7, "W", start=60))
    rows = [q for q in found.qc if q.metric == "wild_type_traces"]
    assert [q.value for q in rows] == ["0", "0"]
    assert all("no known trace was read from the same primer" in q.reason for q in rows)


def test_a_mixture_of_known_fraction_calibrates_its_change(monkeypatch, tmp_path, reference):
    """A T that is half as high as the C it replaces reads as a third where it is half."""
    target = reference.sequence[:1678]

    def low(trace: Trace, letter: str) -> Trace:
        forward, first = STARTS[letter]
        middle = ((944 - first if forward else first - 944) + 2) * SPACING
        channels = trace.channels.copy()
        channels[3 if forward else 0, middle - 6 : middle + 7] *= 0.5
        return replace(trace, channels=channels)

    sample = [low(t, letter) for t, letter in zip(traces(target, 0.5, 8), "FR", strict=True)]
    known = [low(t, letter) for t, letter in zip(traces(target, 0.5, 9, "K"), "FR", strict=True)]
    table = tmp_path / "library.tsv"
    table.write_text("file\texpected\nKF.ab1\tT315I:0.5\nKR.ab1\tT315I:0.5\n")
    plain = call(monkeypatch, tmp_path, reference, sample, [])
    calibrated = call(monkeypatch, tmp_path, reference, sample, known, table)
    assert next(c.vaf for c in plain.calls if c.name == "T315I") < 0.42
    assert next(c.vaf for c in calibrated.calls if c.name == "T315I") == pytest.approx(0.5, abs=0.1)
    assert [q.value for q in calibrated.qc if q.metric == "calibrated_changes"] == ["1", "1"]


def test_a_library_that_cannot_be_followed_is_told_line_by_line(tmp_path):
    table = tmp_path / "library.tsv"
    table.write_text("file\texpected\nnone.ab1\t\nlibrary.tsv\tT315I:2\n")
    with pytest.raises(InputError) as problem:
        read_library(table)
    assert [line.split(": ")[0] for line in problem.value.problems] == [f"{table}:2", f"{table}:3"]
