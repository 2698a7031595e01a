"""What could not be seen: every negative has its own limit of detection, and its reason where that is not enough."""

from collections import Counter
from dataclasses import replace

import pytest
from drawn import Kind, draw

from ablkd.background import prior_background
from ablkd.call import call_sample
from ablkd.levels import alphas

KINASE = (708, 1521)


@pytest.fixture(scope="module")
def seen(reference):
    """(calls, coverage) of drawn fragments."""

    def covered(kinds, templates=None, platform="illumina", required=0.03, tile=-1, controls=()):
        row = platform if not isinstance(platform, str) else reference.platform(platform)
        fragments = draw(reference, kinds, tile=tile)
        drawn = [draw(reference, k) for k in controls]
        calls, coverage, _ = call_sample("S", row, reference, fragments, templates, required, 0.03, drawn)
        return calls, coverage

    return covered


def sound(reference, coverage):
    """What holds for every sample."""
    alleles = [c.hgvs_c for c in coverage if c.kind == "allele"]
    assert Counter(alleles) == Counter(m.hgvs_c for m in reference.mutations)
    assert [c.codon for c in coverage if c.kind == "codon"] == list(range(237, 508))
    for row in coverage:
        assert row.assessable in ("yes", "no")
        assert (row.reason == "") == (row.assessable == "yes")
        assert row.status in ("detected", "not_detected", "not_assessable")
        if row.status == "not_detected":
            assert row.assessable == "yes" and row.lod95 is not None and 0 < row.lod95 <= 1 and row.depth >= 100
        if row.status == "not_assessable":
            assert row.reason in ("primer", "depth", "templates", "not_covered", "background")


def listed(reference, coverage):
    """Rows of the catalogue's alleles and of the codons they are in; other codons are tested more strictly."""
    codons = {m.codon for m in reference.mutations}
    return [c for c in coverage if c.codon in codons]


def test_the_catalogue_is_seen_at_2000_fragments_and_every_codon_at_5_percent(reference, seen):
    _, coverage = seen([Kind(2000)])
    sound(reference, coverage)
    assert {c.status for c in listed(reference, coverage)} == {"not_detected"}
    assert all(c.lod95 <= 0.03 and c.depth == 2000 for c in listed(reference, coverage))
    _, coverage = seen([Kind(2000)], required=0.05)
    sound(reference, coverage)
    assert {c.status for c in coverage} == {"not_detected"}


def test_every_negative_has_its_own_limit(reference, seen):
    """Depth falls from 2,000 to 300 along the target; each limit is that of its own depth, rate and level."""
    kinds = [
        Kind(300, "", KINASE, KINASE),
        Kind(700, "", (708, 1200), (708, 1200)),
        Kind(1000, "", (708, 960), (708, 960)),
    ]
    _, coverage = seen(kinds, templates=5_000)
    sound(reference, coverage)
    depth = {237: 2000, 320: 2000, 321: 1000, 400: 1000, 401: 300, 507: 300}
    found = {c.codon: c.depth for c in coverage if c.kind == "codon"}
    assert {codon: found[codon] for codon in depth} == depth
    background = prior_background(reference.platform("illumina"), 5_000)
    alpha, novel = 0.005 / len(reference.mutations), 0.004 / (63 * 271)
    assert (alpha, novel) == (alphas(reference, 271).catalogue, alphas(reference, 271).novel)
    checked = 0
    for row in coverage:
        if row.kind == "allele" and ">" in row.hgvs_c and row.codon % 9 == 0:
            ref, alt = row.hgvs_c[-3], row.hgvs_c[-1]
            rate = 3e-4 if {ref, alt} in ({"A", "G"}, {"C", "T"}) else 6e-5
            own = background.lod95(row.depth, rate, 5_000 * 1.7e-5, alpha)
            # Told for the next lower of depths 10 % apart: never better than its own, at most a little worse.
            assert own * 0.999 <= row.lod95 <= own * 1.12
            checked += 1
    assert checked > 8
    limits = {c.codon: c.lod95 for c in coverage if c.kind == "codon" and c not in listed(reference, coverage)}
    for codon, lod in limits.items():
        own = background.lod95(depth[320 if codon < 321 else 400 if codon < 401 else 507], 3e-4, 0.085, novel)
        assert own * 0.999 <= lod <= own * 1.12
    assert len(set(limits.values())) == 3


def test_a_codon_is_as_good_as_its_worst_allele(reference, seen):
    _, coverage = seen([Kind(1000)], templates=5_000)
    alleles = {}
    for row in coverage:
        if row.kind == "allele":
            alleles[row.codon] = max(alleles.get(row.codon, 0), row.lod95)
    codons = {c.codon: c.lod95 for c in coverage if c.kind == "codon"}
    assert all(codons[codon] == worst for codon, worst in alleles.items())


def test_without_any_fragment_nothing_is_assessable(reference, seen):
    calls, coverage = seen([])
    sound(reference, coverage)
    assert calls == []
    assert {(c.status, c.reason, c.lod95) for c in coverage} == {("not_assessable", "not_covered", None)}


def test_few_fragments_and_none(reference, seen):
    """99 fragments up to codon 320, 100 up to 400, none behind: the number alone decides between the first two."""
    _, coverage = seen([Kind(99, "", (708, 960), None)], templates=100_000, required=0.5)
    sound(reference, coverage)
    reasons = {c.codon: c.reason for c in coverage}
    assert {reasons[c] for c in range(237, 321)} == {"depth"}
    assert {reasons[c] for c in range(321, 508)} == {"not_covered"}
    _, coverage = seen([Kind(100, "", (708, 960), None)], templates=100_000, required=0.5)
    assert {c.status for c in listed(reference, coverage) if c.codon <= 320} == {"not_detected"}


def test_depth_that_misses_the_required_limit_is_the_reason(reference, seen):
    _, coverage = seen([Kind(150)], templates=100_000)
    sound(reference, coverage)
    assert {(c.status, c.reason) for c in coverage} == {("not_assessable", "depth")}
    assert all(c.lod95 > 0.03 for c in coverage)


@pytest.mark.parametrize("depth", [2_000, 20_000])
def test_with_100_templates_the_templates_are_the_reason(reference, seen, depth):
    _, coverage = seen([Kind(depth, "", KINASE, KINASE)], templates=100)
    sound(reference, coverage)
    assert {(c.status, c.reason) for c in coverage} == {("not_assessable", "templates")}


def test_too_many_errors_are_the_reason(reference, seen):
    noisy = replace(reference.platform("illumina"), transition_error=0.01, transversion_error=0.01)
    _, coverage = seen([Kind(20_000, "", KINASE, KINASE)], templates=100_000, platform=noisy)
    sound(reference, coverage)
    # Alleles of several bases need several errors at once and can still be seen.
    single = [c for c in coverage if ">" in c.hgvs_c]
    assert {(c.status, c.reason) for c in single} == {("not_assessable", "background")}


def test_bases_under_a_primer_are_not_the_patients(reference, seen):
    nested = next(i for i, a in enumerate(reference.amplicons) if a.name == "kinase_nested")
    kinds = [Kind(2000, "", (657, 1267), (657, 1267))]
    _, coverage = seen(kinds, templates=5_000, tile=nested, required=0.05)
    sound(reference, coverage)
    reason = {c.codon: c.reason for c in coverage}
    # The reverse primer covers c.1244 to c.1267: codon 414 is whole before it, 415 to 422 are not, 424 lies behind it.
    assert {reason[c] for c in range(237, 415)} == {""}
    assert {reason[c] for c in range(416, 423)} == {"primer"}
    assert {reason[c] for c in range(424, 508)} == {"not_covered"}


def test_what_is_found_is_detected_allele_and_codon(reference, seen):
    _, coverage = seen([Kind(400, "944C>T"), Kind(1600)])
    sound(reference, coverage)
    detected = {(c.kind, c.name) for c in coverage if c.status == "detected"}
    assert detected == {("allele", "T315I"), ("codon", "T315")}


def test_a_novel_change_detects_its_codon_and_no_allele(reference, seen):
    """943A>T (T315S) is not in the catalogue."""
    assert not any(m.hgvs_c.endswith(":c.943A>T") for m in reference.mutations)
    _, coverage = seen([Kind(400, "943A>T"), Kind(1600)])
    assert {(c.kind, c.name) for c in coverage if c.status == "detected"} == {("codon", "T315")}


def test_changes_without_effect_detect_nothing(reference, seen):
    _, coverage = seen([Kind(400, "740A>G"), Kind(400, "948G>A"), Kind(1200)])
    sound(reference, coverage)
    assert {c.status for c in listed(reference, coverage)} == {"not_detected"}


def test_molecules_that_skip_a_codon_do_not_help_to_see_it(reference, seen):
    _, coverage = seen([Kind(60), Kind(1940, "", events=("exon4_skipping",))], templates=5_000)
    sound(reference, coverage)
    inside = [c for c in coverage if 237 <= c.codon <= 274]
    behind = [c for c in coverage if c.codon > 276]
    assert {(c.status, c.reason, c.depth) for c in inside} == {("not_assessable", "depth", 2000)}
    assert {c.status for c in listed(reference, behind)} == {"not_detected"}


def test_unobserved_bases_are_not_depth(reference, seen):
    _, coverage = seen([Kind(1950, "944N"), Kind(50)], templates=5_000)
    sound(reference, coverage)
    assert {c.reason for c in coverage if c.codon == 315} == {"depth"}
    # Codon 311 is in the catalogue too.
    assert {c.reason for c in coverage if c.codon == 311} == {""}


@pytest.mark.parametrize("platform", ["pacbio_hifi", "ont"])
@pytest.mark.parametrize("templates", [None, 5_000])
def test_rows_are_sound_on_other_platforms(reference, seen, platform, templates):
    _, coverage = seen([Kind(400, "944C>T"), Kind(600)], templates=templates, platform=platform)
    sound(reference, coverage)
    assert {c.status for c in coverage if c.codon == 315 and c.name == "T315I"} == {"detected"}


def test_controls_lower_the_limits_and_a_control_with_the_allele_hides_it_openly(reference, seen):
    limits, rows = [], []
    for controls in ([], [[Kind(2000)]] * 2, [[Kind(40, "944C>T"), Kind(1960)]] * 2):
        _, coverage = seen([Kind(2000)], templates=10_000, controls=controls)
        sound(reference, coverage)
        row = next(c for c in coverage if c.hgvs_c.endswith(":c.944C>T"))
        limits.append(row.lod95)
        rows.append(row)
    assert limits[1] < 0.7 * limits[0] < limits[2]
    assert [r.status for r in rows] == ["not_detected", "not_detected", "not_assessable"]


def test_where_controls_show_the_allele_the_background_is_the_reason(seen):
    _, coverage = seen([Kind(20_000, "", KINASE, KINASE)], templates=10_000, controls=[[Kind(40, "944C>T"), Kind(960)]])
    row = next(c for c in coverage if c.hgvs_c.endswith(":c.944C>T"))
    assert (row.status, row.reason) == ("not_assessable", "background")


def test_a_change_that_only_a_filter_keeps_from_passing_is_not_said_to_be_absent(reference, seen):
    """30 % of the forward fragments, none of the reverse ones: an artefact, perhaps; not a negative."""
    kinds = [Kind(300, "944C>T", KINASE, None), Kind(700, "", KINASE, None), Kind(1000, "", None, KINASE)]
    calls, coverage = seen(kinds)
    sound(reference, coverage)
    assert [(c.name, c.level) for c in calls] == [("T315I", "evidence_only")]
    assert {c.status for c in coverage if c.kind == "allele" and c.name == "T315I"} == {"not_assessable"}
