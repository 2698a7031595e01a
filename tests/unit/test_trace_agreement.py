"""Traces of one sample are compared before they are combined: contradictions are found and files named."""

from __future__ import annotations

import math
import re

import pytest
from chromatogram import draw, read_from
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from ablkd.traces.agreement import Agreement, agreement_rows, compare
from ablkd.traces.align import place_trace
from ablkd.traces.alleles import measure
from ablkd.traces.candidates import candidates
from ablkd.traces.combine import heterogeneity
from ablkd.traces.isoforms import explain

START = {True: 420, False: 1450}
T315I = (943, 3)
WILD = [(1.0, "-")]


def t315i(vaf: float) -> list[tuple[float, str]]:
    return [(share, changes) for share, changes in ((vaf, "944C>T"), (1 - vaf, "-")) if share]


def compared(reference, *traces: tuple[str, list[tuple[float, str]]], noise: float = 0.01, seed: int = 1) -> Agreement:
    """The comparison of drawn traces, each (name, molecules); the name ends with the strand, F or R."""
    target, measured = reference.sequence[:1678], []
    for number, (name, molecules) in enumerate(traces):
        forward = name.endswith("F")
        reads = [(share, read_from(target, changes, forward, START[forward])) for share, changes in molecules]
        trace = draw(name, reads, 750, 100 * seed + number, noise)
        mixture = explain(place_trace(trace, reference), [0])
        measured.append(measure(mixture, reference.codes, {m.codon for m in reference.mutations}))
    listed = [a.sites[0] for a in candidates(reference) if a.listed and len(a.sites) == 1]
    return compare(measured, [name for name, _ in traces], listed)


def reasons(agreement: Agreement, names: list[str], reference) -> list[str]:
    rows = agreement_rows("S", agreement, names, reference.codes)
    assert {row.metric for row in rows} == {"trace_agreement"}
    return [row.reason for row in rows if row.status == "review"]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("forward", "reverse"), [(0.6, 0.15), (0.15, 0.6), (0.5, 0.0)])
def test_strands_that_contradict_each_other_are_found(forward, reverse, seed, reference):
    found = compared(reference, ("aF", t315i(forward)), ("aR", t315i(reverse)), seed=seed)
    (one,) = found.disagreements
    assert one.site == T315I
    assert one.between_strands
    assert not one.within_strand
    assert not one.opposite
    assert one.high == (("aF",) if forward > reverse else ("aR",))
    assert found.contradicted([T315I])
    (reason,) = reasons(found, ["aF", "aR"], reference)
    assert re.fullmatch(r"aF shows c\.944C>T in \d+ % of the signal, aR in \d+ %", reason)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("vaf", [0.0, 0.2, 0.3, 0.5, 1.0])
def test_traces_of_one_sample_agree(vaf, seed, reference):
    names = ["aF", "bF", "aR"]
    found = compared(reference, *((name, t315i(vaf) if vaf else WILD) for name in names), noise=0.02, seed=seed)
    assert found.disagreements == ()
    assert (T315I in found.seen) == (vaf > 0) or vaf == 0.2  # see the next test
    assert not found.contradicted([T315I])
    (row,) = agreement_rows("S", found, names, reference.codes)
    assert (row.value, row.status, row.reason) == ("0", "pass", "")


def test_a_fifth_of_the_molecules_is_seen_by_most_traces(reference):
    """With noise of 2 % of the signal, by those of 29 draws in 40; here of ten."""
    draws = (compared(reference, *((n, t315i(0.2)) for n in ("aF", "bF", "aR")), noise=0.02, seed=s) for s in range(10))
    assert sum(T315I in found.seen for found in draws) >= 5


def test_a_contradiction_within_a_strand_is_not_averaged_away(reference):
    """Each strand has one pure and one wild-type trace, so the means of both strands are equal."""
    names = ["aF", "aR", "bF", "bR"]
    found = compared(reference, *((name, t315i(1.0) if name[0] == "a" else WILD) for name in names))
    (one,) = found.disagreements
    assert one.within_strand
    assert not one.between_strands
    assert one.opposite
    assert (one.low, one.high) == (("bF", "bR"), ("aF", "aR"))
    (reason,) = reasons(found, names, reference)
    assert reason.startswith("aF and aR may come from a different sample than bF and bR (c.944C>T ")


def test_one_trace_against_two(reference):
    names = ["bF", "aF", "bR"]
    found = compared(reference, ("bF", WILD), ("aF", t315i(1.0)), ("bR", WILD))
    (reason,) = reasons(found, names, reference)
    assert reason.startswith("aF may come from a different sample than bF and bR (c.944C>T ")


def test_traces_that_differ_at_many_positions_may_be_of_two_samples(reference):
    molecules = [(0.5, "700A>G;763G>A;944C>T;1052T>C"), (0.5, "-")]
    sequence = reference.sequence
    molecules = [(f, re.sub(r"(\d+)[ACGT]>", lambda m: f"{m[1]}{sequence[int(m[1]) - 1]}>", c)) for f, c in molecules]
    found = compared(reference, ("aF", molecules), ("aR", WILD))
    assert len(found.disagreements) >= 3
    (reason,) = reasons(found, ["aF", "aR"], reference)
    assert reason.startswith("aF may come from a different sample than aR (")


def test_one_trace_has_nothing_to_compare(reference):
    found = compared(reference, ("aF", t315i(0.5)))
    (row,) = agreement_rows("S", found, ["aF"], reference.codes)
    assert (row.value, row.status, row.reason) == ("not applicable", "pass", "not applicable: one trace")
    assert not found.contradicted([T315I])


def test_an_allele_of_several_bases_is_contradicted_only_if_all_of_them_are_seen(reference):
    found = compared(reference, ("aF", t315i(1.0)), ("aR", WILD))
    assert not found.contradicted([T315I, (944, 0)])
    both = compared(reference, ("aF", [(1.0, "943A>C;944C>T")]), ("aR", WILD))
    assert both.contradicted([(942, 1), T315I])


fractions = st.floats(0, 1)
errors = st.floats(0.01, 0.3)


@settings(deadline=None)
@given(fractions, fractions, errors, errors, st.booleans())
def test_two_values_are_tested_by_their_difference(first, second, one, other, same_strand):
    """Whichever strand, against the normal test of a difference."""
    p = 2 * norm.sf(abs(first - second) / math.hypot(one, other))
    tested = heterogeneity([first, second], [one, other], [True, same_strand])
    assert tested.p == pytest.approx(p, abs=1e-9)


@settings(deadline=None)
@given(st.lists(st.tuples(fractions, errors, st.booleans()), min_size=2, max_size=6), st.randoms())
def test_the_order_of_traces_does_not_matter(traces, random):
    shuffled = list(traces)
    random.shuffle(shuffled)
    first, second = (heterogeneity(*map(list, zip(*some, strict=True))).p for some in (traces, shuffled))
    assert first == pytest.approx(second, abs=1e-9)
    assert heterogeneity([0.3] * len(traces), [e for _, e, _ in traces], [f for _, _, f in traces]).p > 0.99
