"""Upper bounds of phase and haplotypes: what was not seen is bounded by what was read, and what cannot be, by nothing."""

import numpy as np
import pytest
from drawn import Kind, call_row, draw, event_row
from hypothesis import given, settings
from hypothesis import strategies as st
from molecules import CHANGES
from scipy import stats

from ablkd.isoforms import build_graph
from ablkd.phasing import phase
from ablkd.phasing.mixture import Mixture
from ablkd.phasing.phase import phase_sample
from ablkd.phasing.recombination import ASSUMED
from ablkd.report.sample import leading_sets
from ablkd.traces import bounds
from ablkd.traces.joint import Joint
from ablkd.wording import NOT_COMPUTED, interval

SPAN = (400, 1000)
FAMILY_SHAPE = 4.0  # gamma families with a CV^2 of 0.25


@pytest.fixture(scope="module")
def phased(reference):
    """(haplotypes, phase rows) of fragments, with the graph built once."""
    graph = build_graph(reference)

    def found(kinds, calls, events=(), templates=5_000):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(phase, "build_graph", lambda _: graph)
            return phase_sample("S", reference, draw(reference, kinds), calls, list(events), templates, ASSUMED)

    return found


def chance_of_none(fraction, spanning, templates):
    """Chance that no fragment is of a haplotype: each template has it or not, and a gamma family of fragments."""
    lost = (1 + spanning / (FAMILY_SHAPE * templates)) ** -FAMILY_SHAPE
    return (1 - fraction * (1 - lost)) ** templates


def excluded(spanning, templates):
    """Upper Jeffreys bound (97.5 %) of a fraction of which none of the effective molecules is."""
    effective = 1 / (1 / spanning + 1.25 / templates)
    return stats.beta.ppf(0.975, 0.5, effective + 0.5)


# ---------------------------------------------------------------- reads


@pytest.mark.parametrize("templates, low, high", [(1_000_000, 0.003, 0.005), (500, 0.008, 0.011)])
def test_exon_4_skipping_and_t315i_on_none_of_769_fragments(reference, phased, templates, low, high):
    """About 0.4 % by the fragments alone, about 1 % where 500 templates were amplified; it was 0-0 %."""
    kinds = [
        Kind(230, "", SPAN, SPAN, ("exon4_skipping",)),
        Kind(230, "944C>T", SPAN, SPAN),
        Kind(309, "", SPAN, SPAN),
    ]
    calls = [call_row(reference, "T315I", CHANGES["T315I"], 230 / 769)]
    haplotypes, (row,) = phased(kinds, calls, [event_row("exon4_skipping", 230 / 769)], templates)
    assert (row.mutations, row.verdict) == ("exon4_skipping+T315I", "polyclonal")
    assert (row.spanning, row.observed, row.compound_low) == (769, 0.0, 0.0)
    assert low < row.compound_high < high
    assert 0.005 < chance_of_none(row.compound_high, 769, templates) < 0.05
    assert all(h.fraction < h.fraction_high for h in haplotypes)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    one=st.integers(10, 400),
    other=st.integers(10, 400),
    both=st.sampled_from([0, 0, 1, 5, 30]),
    neither=st.integers(0, 2_000),
    templates=st.sampled_from([10, 50, 500, 5_000, 1_000_000]),
)
def test_no_upper_bound_is_below_what_fragments_and_templates_exclude(
    reference, phased, one, other, both, neither, templates
):
    kinds = [
        Kind(count, changes, SPAN, SPAN)
        for count, changes in ((one, "827A>G"), (other, "944C>T"), (both, "827A>G 944C>T"), (neither, ""))
        if count
    ]
    n = one + other + both + neither
    calls = [
        call_row(reference, name, CHANGES[name], (count + both) / n)
        for name, count in (("D276G", one), ("T315I", other))
    ]
    haplotypes, (row,) = phased(kinds, calls, templates=templates)
    rarest = (min(one, other) + both) / n
    # The posterior goes through fragments and templates one after the other, which is up to 5 % below their sum.
    assert row.compound_high >= 0.9 * min(excluded(n, templates), rarest) > 0
    assert 0 <= row.compound_low <= row.compound_high <= 1
    for h in haplotypes:
        assert h.fraction_high > 0 and h.fraction_low <= h.fraction_high


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    first=st.integers(50, 3_000),
    second=st.integers(50, 3_000),
    carriers=st.integers(5, 40),
    templates=st.sampled_from([30, 500, 100_000]),
)
def test_sets_that_no_fragment_spans_have_upper_bounds_above_0(reference, phased, first, second, carriers, templates):
    """Three sites; fragments over the first two never show both, fragments over the last two always do."""
    left, right = (700, 900), (820, 1000)
    kinds = [
        Kind(carriers, "749G>A", left, left),
        Kind(carriers, "827A>G", left, left),
        Kind(first, "", left, left),
        Kind(carriers, "827A>G 944C>T", right, right),
        Kind(second, "", right, right),
    ]
    calls = [call_row(reference, name, CHANGES[name], 0.05) for name in ("G250E", "D276G", "T315I")]
    haplotypes, rows = phased(kinds, calls, templates=templates)
    n = first + 2 * carriers
    for row in rows:
        assert 0 <= row.compound_low <= row.compound_high <= 1 and row.compound_high > 0
        if row.spanning == 0:
            assert row.compound_high >= min(excluded(n, templates), carriers / n, carriers / (carriers + second))
    triple = next(r for r in rows if r.mutations == "G250E+D276G+T315I")
    assert triple.spanning == 0 and triple.compound_high < 1
    for h in haplotypes:
        assert h.fraction_high > 0 and (h.fraction_low or 0.0) <= h.fraction_high


def test_an_upper_bound_includes_what_recombination_explains_only_in_part():
    """30 of 3,000 fragments have both at 40 and 40 %: more than 0 of 3,000 leave, less than all 30."""
    patterns = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], np.int8)
    errors, possible = np.full(2, 1e-4), np.ones(4, bool)

    def upper(both):
        counts = np.array([600 + both, 1_200 - both, 1_200 - both, both])
        found = Mixture(patterns, counts, np.array([117.0]), errors, possible).weigh(3, ASSUMED)
        return phase.through_templates(found, 1_000_000).upper()

    assert 0 < upper(0) < upper(30) < stats.beta.ppf(0.975, 31, 2_970)


def test_what_no_molecule_can_have_has_no_interval(reference, phased):
    kinds = [
        Kind(300, "", SPAN, SPAN, ("exon4_skipping",)),
        Kind(300, "749G>A", SPAN, SPAN),
        Kind(200, "944C>T", SPAN, SPAN),
        Kind(200, "944C>T 945T>G", SPAN, SPAN),
    ]
    calls = [
        call_row(reference, "G250E", CHANGES["G250E"], 0.3),
        call_row(reference, "T315I", CHANGES["T315I"], 0.2),
        call_row(reference, "T315M", "944_945delinsTG", 0.2, kind="multinucleotide"),
    ]
    haplotypes, rows = phased(kinds, calls, [event_row("exon4_skipping", 0.3)])
    never = [{"exon4_skipping", "G250E"}, {"T315I", "T315M"}]
    for row in rows:
        impossible = any(pair <= set(row.mutations.split("+")) for pair in never)
        assert ((row.compound_low, row.compound_high) == (None, None)) == impossible
        assert (row.compound_high is None or row.compound_high > 0) and row.verdict == "polyclonal"
        assert (interval(row.compound_low, row.compound_high) == NOT_COMPUTED) == impossible
    assert len(rows) == 11 and haplotypes
    shown, _ = leading_sets(tuple(r for r in rows if r.mutations.count("+") == 1))
    assert [r.compound_high is None for r in shown] == sorted(r.compound_high is None for r in shown)


# ---------------------------------------------------------------- traces

SHARES, ERRORS = st.floats(0.0, 1.0), st.floats(1e-6, 0.1)


@given(
    sites=st.lists(st.tuples(SHARES, ERRORS), min_size=2, max_size=4),
    joint=st.none() | st.tuples(st.floats(-0.2, 1.0), ERRORS, st.floats(-5, 20)),
)
def test_no_upper_bound_of_traces_is_0(sites, joint):
    sites = [bounds.Site("abcd"[i], 3 * i + 1, share, error, range(0)) for i, (share, error) in enumerate(sites)]
    joints = {frozenset("ab"): Joint(*joint)} if joint else {}
    for row in bounds.phase_rows("S", sites, joints):
        assert 0 <= row.compound_low <= row.compound_high <= 1 and row.compound_high > 0
        assert row.compound_high >= min(1.0, 1.96 * min(s.error for s in sites)) * (1 - 1e-9)
    for h in bounds.haplotype_rows("S", sites, joints):
        assert h.fraction_high > 0
