"""What traces show goes through the one rule: contradictions, neighbouring variants, names, public edits."""

from pathlib import Path

import numpy as np
import pytest
from chromatogram import read_from
from edited_traces import own_reference, public_edits

from ablkd.interpretation.interpret import interpret
from ablkd.records import Sample, SampleTables
from ablkd.simulate.capillary import draw_trace
from ablkd.traces import call as trace_call
from ablkd.traces import wild_type as trace_wild_type
from ablkd.traces.call import call_traces
from ablkd.verdicts.invariants import check_tables

SETTINGS = {"required_lod": "0.2", "reporting_cut": "0.2"}
STARTS = {"F": 420, "R": 1450}


@pytest.fixture
def called(monkeypatch, reference):
    """Tables of traces simulated as {file: molecules}, checked as every result is."""

    def call(traces, wild=()) -> SampleTables:
        made = {}
        for number, (name, molecules) in enumerate({**traces, **dict.fromkeys(wild, ((1.0, "-"),))}.items()):
            forward = Path(name).stem.endswith("F")
            start = STARTS["F" if forward else "R"]
            reads = [read_from(reference.sequence[:1678], change, forward, start) for _, change in molecules]
            strands = [np.array(["ACGT".index(base) for base in bases], np.uint8) for bases in reads]
            shares = np.array([share for share, _ in molecules])
            made[name] = draw_trace(name, strands, shares, np.random.default_rng(number + 1))
        for module in (trace_call, trace_wild_type):
            monkeypatch.setattr(module, "read_trace", lambda path: made[path.name])
            monkeypatch.setattr(module, "sha256", lambda _path: "")
        found = call_traces("S", list(map(Path, traces)), reference, 0.2, 0.2, list(map(Path, wild)))
        check_tables(found, reference, SETTINGS)
        return found

    return call


def mixed(fraction, change="944C>T"):
    return ((fraction, change), (1 - fraction, "-")) if fraction < 1 else ((1.0, change),)


WILD = ((1.0, "-"),)


# ---------------------------------------------------------------- contradictions


@pytest.mark.parametrize(
    ("traces", "named"),
    [
        ({"A_F.ab1": mixed(0.6), "A_R.ab1": mixed(0.15)}, ("A_F.ab1", "A_R.ab1")),
        ({"A_F.ab1": mixed(1.0), "B_F.ab1": WILD, "B_R.ab1": WILD}, ("A_F.ab1", "B_F.ab1", "B_R.ab1")),
        ({"A_F.ab1": mixed(1.0), "B_R.ab1": WILD}, ("A_F.ab1", "B_R.ab1")),
        ({"A_F.ab1": mixed(1.0), "A_R.ab1": mixed(1.0), "B_F.ab1": WILD, "B_R.ab1": WILD}, ("A_F.ab1", "B_R.ab1")),
    ],
    ids=["60 and 15 %", "two forward, one reverse", "one each", "all four"],
)
def test_traces_that_contradict_each_other_leave_their_codon_not_assessed(called, reference, traces, named):
    found = called(traces)
    (call,) = [c for c in found.calls if c.name == "T315I"]
    assert call.filter.startswith("traces_disagree") or "traces_disagree" in call.filter.split(";")
    assert call.level == "evidence_only"
    rows = [c for c in found.coverage if c.name in ("T315I", "T315")]
    assert {(c.status, c.assessable) for c in rows} == {("not_assessable", "no")}
    assert all("traces_disagree" in c.reason for c in rows)
    reasons = [q.reason for q in found.qc if q.metric == "trace_agreement" and q.status == "review"]
    assert reasons and all(any(name in reason for reason in reasons) for name in named)
    different = any("may come from a different sample" in reason for reason in reasons)
    assert different == (len(traces) > 2 or traces["A_F.ab1"] == mixed(1.0))
    line = Sample("S", "", "r", "", "sanger", "", "patient", "", "", "", None)
    result = interpret(line, reference, found, [], SETTINGS)
    assert result.summary.status == "review" and named[0] in result.summary.reason
    decided = [d for d in result.drugs if "315" in d.missing_codons.split(";")]
    assert {"imatinib", "dasatinib", "nilotinib", "bosutinib"} <= {d.drug for d in decided}
    assert all(d.provisional and d.category == "unknown" for d in decided)


def test_an_event_that_only_one_strand_shows_is_not_assessed(called):
    skipping = mixed(0.6, "550_822del")
    found = called({"A_F.ab1": WILD, "A_R.ab1": skipping})
    (row,) = [e for e in found.splicing if e.event == "exon4_skipping"]
    assert (row.call, row.filter) == ("not_assessable", "traces_disagree") and row.fraction_high > 0.2
    (reason,) = [q.reason for q in found.qc if q.metric == "trace_agreement" and "skipping" in q.reason]
    assert "A_F.ab1" in reason and "A_R.ab1" in reason
    agreeing = called({"A_F.ab1": skipping, "A_R.ab1": skipping})
    assert next(e.call for e in agreeing.splicing if e.event == "exon4_skipping") == "present"


def test_traces_that_agree_have_one_row_that_passes(called):
    found = called({"A_F.ab1": mixed(0.5), "A_R.ab1": mixed(0.5)})
    assert [(q.status, q.reason) for q in found.qc if q.metric == "trace_agreement"] == [("pass", "")]
    assert [(c.name, c.filter) for c in found.calls if c.level != "evidence_only"] == [("T315I", "PASS")]


# ---------------------------------------------------------------- neighbours


@pytest.mark.parametrize(
    ("first", "second", "names"),
    [
        ("949T>A", "951C>A", ("F317I", "F317L")),
        ("1075T>G", "1076T>G", ("F359V", "F359C")),
        ("1075T>A", "1076T>G", ("F359I", "F359C")),
        ("949T>A", "949T>G", ("F317I", "F317V")),
        ("944C>T", "943A>T", ("T315I", "T315S")),  # T315S is in no list
    ],
)
@pytest.mark.parametrize("strand", ["F", "R"])
def test_two_variants_within_two_bases_are_both_called_on_one_strand(called, first, second, names, strand):
    molecules = ((0.35, first), (0.4, second), (0.25, "-"))
    found = called({f"A_{strand}.ab1": molecules}, wild=[f"W_{strand}.ab1"])
    passed = {c.name: c for c in found.calls if c.filter == "PASS"}
    assert set(names) <= set(passed)
    for name, fraction in zip(names, (0.35, 0.4), strict=True):
        assert passed[name].vaf == pytest.approx(fraction, abs=0.2)
    status = {c.name: c.status for c in found.coverage if c.kind == "codon"}
    assert status[f"{names[0][0]}{passed[names[0]].codon}"] == "detected"


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(("name", "change"), [("T277S", "830C>G"), ("M351L", "1051A>C"), ("K262N", "786G>C")])
def test_names_and_annotations_are_those_of_reads(called, reference, name, change):
    from ablkd.verdicts.variants import codon_variant

    found = called({"A_F.ab1": mixed(0.6, change), "A_R.ab1": mixed(0.6, change)})
    (call,) = [c for c in found.calls if c.filter == "PASS"]
    codon = (int(change[:-3]) - 1) // 3 + 1
    bases = list(reference.codon(codon))
    bases[(int(change[:-3]) - 1) % 3] = change[-1]
    expected = codon_variant(reference, codon, "".join(bases))
    assert (call.name, call.tier) == (expected.name, expected.tier) == (name, "catalogue")


# ---------------------------------------------------------------- public traces


def test_no_public_edit_of_20_percent_and_more_is_not_detected(real_data: Path, reference, monkeypatch):
    """Each trace with its unedited sequence as target and the edit listed; at most three of them are missed."""
    missed = 0
    monkeypatch.setattr(trace_call, "sha256", lambda _path: "")
    for edit in public_edits(real_data):
        own = own_reference(reference, edit.unedited, True, edit)
        monkeypatch.setattr(trace_call, "read_trace", lambda _path, trace=edit.trace: trace)
        found = call_traces("S", [Path(edit.trace.name)], own, 0.2, 0.2)
        check_tables(found, own, SETTINGS)
        if edit.published < 0.20:
            continue
        codon = edit.base // 3 + 1
        rows = [c for c in found.coverage if c.codon == codon and c.kind in ("allele", "codon")]
        assert rows and "not_detected" not in {c.status for c in rows}
        missed += not any(c.codon == codon and c.filter == "PASS" for c in found.calls)
    assert missed <= 3
