"""Indels that no table lists: found by their shift, named where they can be, and told where they cannot."""

from __future__ import annotations

import numpy as np
import pytest
from chromatogram import draw, read_from

from ablkd import hgvs
from ablkd.traces.align import Indel, place_trace, with_indel
from ablkd.traces.indels import find_indels, unnamed_row
from ablkd.traces.isoforms import explain
from ablkd.traces.shifts import find_shift, unexplained, up_to

BOTH = ((True, 420), (False, 1450))


def placed(reference, *molecules: tuple[float, str], seed: int = 1, starts=BOTH, noise: float = 0.01):
    target = reference.sequence[:1678]
    traces = []
    for forward, start in starts:
        reads = [(share, read_from(target, changes, forward, start)) for share, changes in molecules]
        traces.append(draw(f"{'FR'[not forward]}.ab1", reads, 750, 2 * seed + forward, noise))
    return [place_trace(t, reference) for t in traces]


@pytest.mark.parametrize("seed", range(6))
def test_drawn_indels_are_named(seed, reference):
    """Lengths and places drawn; the name is checked against hgvs alone."""
    random = np.random.default_rng(seed)
    start, length = int(random.integers(700, 1150)), int(random.integers(1, 60))
    share = (0.3, 0.5, 1.0)[seed % 3]
    if seed % 2:
        inserted = "".join(random.choice(list("ACGT"), min(length, 20)))
        change = f"{start}_{start + 1}ins{inserted}"
        name = hgvs.indel_names(reference, start, start, inserted)[1]
    else:
        change = f"{start}_{start + length - 1}del"
        name = hgvs.indel_names(reference, start - 1, start - 1 + length, "")[1]
    traces = placed(reference, (share, change), (1 - share, "-"), seed=seed, noise=0.005)
    _, found = find_indels(traces, [], reference)
    assert [(f.event, f.reasons) for f in found] == [(name, ())]
    assert found[0].share == pytest.approx(share, abs=0.07)


@pytest.mark.parametrize("seed", range(3))
def test_wild_type_has_no_shift(seed, reference):
    traces = placed(reference, (1.0, "-"), seed=seed, noise=0.03)
    assert [find_shift(explain(t, [0])) for t in traces] == [None, None]
    assert find_indels(traces, [], reference)[1] == []


def test_a_skipped_exon_is_no_indel(reference):
    traces = placed(reference, (0.4, "550_822del"), (0.6, "-"))
    assert find_indels(traces, ["exon4_skipping"], reference)[1] == []


def test_a_shift_on_the_contig_is_the_same_bases_further_on(reference):
    """An isoform made by `with_indel` against plain string surgery."""
    (trace,) = placed(reference, (1.0, "-"), starts=BOTH[:1])
    changed = with_indel(trace, Indel(899, 905, "TT"), reference)
    bases = "".join("ACGT"[c] for c in changed.isoforms[-1].bases)
    sequence = reference.sequence
    assert bases == sequence[:899] + "TT" + sequence[905:]
    index = changed.index[-1]
    assert (index[trace.index[0] >= 0] == trace.index[0][trace.index[0] >= 0])[:400].all()


def test_what_cannot_be_named_is_told_and_not_trusted(reference):
    (trace,) = placed(reference, (0.6, "-"), (0.4, "900_920del"), starts=BOTH[:1])
    mixture = explain(trace, [0])
    shift = unexplained(mixture)
    assert shift.ahead == 21
    row = unnamed_row("S", shift, trace)
    assert row.status == "review"
    assert "one or more indels, net -21 nt, " in row.reason
    trusted = up_to(mixture, shift)
    assert not trusted.good[shift.base :].any()
    assert trusted.good[: shift.base - 30].any()


def reported(reference, traces) -> tuple[list[str], list[str]]:
    """(names of the indels that pass, reasons of the rows of what is not named)."""
    again, found = find_indels(traces, [], reference)
    kept = [f.event for f in found if not f.reasons]
    mixtures = [explain(p, [0, *(i for i, form in enumerate(p.isoforms) if form.event in kept)]) for p in again]
    shifts = [unexplained(mixture) for mixture in mixtures]
    for mixture, shift in zip(mixtures, shifts, strict=True):
        if shift is not None:
            after = np.arange(len(mixture.good)) >= shift.first
            after = after if mixture.placed.forward else np.arange(len(mixture.good)) <= shift.first
            assert not up_to(mixture, shift).good[after].any()
    return kept, [unnamed_row("S", s, p).reason for s, p in zip(shifts, again, strict=True) if s is not None]


@pytest.mark.parametrize("starts", [BOTH, BOTH[:1], BOTH[1:]])
@pytest.mark.parametrize("further", [60, 100])
def test_the_same_shift_at_two_places_is_not_named(starts, further, reference):
    """A quarter of the molecules lacks 4 bases at one place, another quarter 4 bases at another."""
    other = f"{900 + further}_{903 + further}del"
    traces = placed(reference, (0.25, "900_903del"), (0.25, other), (0.5, "-"), starts=starts)
    names, reasons = reported(reference, traces)
    assert names == []
    assert len(reasons) == len(starts)
    assert all("one or more indels, net -4 nt, " in reason for reason in reasons)


@pytest.mark.parametrize("share", [0.4, 1.0])
@pytest.mark.parametrize("further", [8, 30, 60])
def test_two_deletions_of_one_molecule_are_not_named_as_one(share, further, reference):
    changes = f"900_900del;{900 + further}_{900 + further}del"
    molecules = [(share, changes), (1 - share, "-")] if share < 1 else [(share, changes)]
    names, reasons = reported(reference, placed(reference, *molecules))
    assert names == []
    assert all("one or more indels, net -2 nt, " in reason for reason in reasons)
    assert len(reasons) == 2


def test_no_base_after_the_first_of_two_shifts_is_trusted(reference):
    """Read forward 15 % run ahead from c.850 on and 55 % from c.1000 on."""
    (trace,) = placed(reference, (0.15, "850_855del"), (0.4, "1000_1005del"), (0.45, "-"), starts=BOTH[:1])
    shift = unexplained(explain(trace, [0]))
    assert shift.ahead == 6
    assert trace.positions[trace.index[0][shift.first]] < 870


@pytest.mark.parametrize("noise", [0.005, 0.06])
def test_a_place_that_noise_hides_is_not_named(noise, reference):
    traces = placed(reference, (0.15, "900_906del"), (0.85, "-"), starts=BOTH[:1], noise=noise, seed=4)
    names, _ = reported(reference, traces)
    expected = hgvs.indel_names(reference, 899, 906, "")[1]
    assert names == ([expected] if noise < 0.01 else [])


def test_an_indel_of_one_trace_alone_is_no_average(reference):
    """Two forward traces, one of which has the deletion in every molecule."""
    (first,) = placed(reference, (1.0, "900_906del"), starts=BOTH[:1], seed=1)
    (second,) = placed(reference, (1.0, "-"), starts=BOTH[:1], seed=2)
    _, found = find_indels([first, second], [], reference)
    assert all(f.reasons == ("traces_disagree",) for f in found)
