"""What could not be seen: every negative has its own limit of detection, and its reason where that is not enough."""

import hashlib
import re
from collections import Counter

import numpy as np
import pytest
from drawn import Kind, draw, misread
from hypothesis import given, settings
from hypothesis import strategies as st
from learned import counted, run_of, trust_the_sheet

from ablkd.background.detection import Limits
from ablkd.background.expected import Expected
from ablkd.background.learning import learn
from ablkd.background.panel import libraries, make_panel
from ablkd.background.templates import CANDIDATES, TemplateEstimate
from ablkd.calling.call import call_sample
from ablkd.counting.counts import write_counts
from ablkd.hgvs import CODONS

KINASE = (708, 1527)


@pytest.fixture(autouse=True)
def stated(monkeypatch):
    trust_the_sheet(monkeypatch)


@pytest.fixture(scope="module")
def seen(reference):
    """(calls, coverage) of drawn fragments; classes of indels are in `test_indels.py`."""

    def covered(kinds, templates=None, platform="illumina", required=0.03, tile=-1, controls=()):
        row = platform if not isinstance(platform, str) else reference.platform(platform)
        fragments = draw(reference, kinds, tile=tile)
        run = learn(row, reference, [])
        if controls:
            run = run_of(reference, row, fragments, templates, [draw(reference, k) for k in controls])
        calls, coverage, _ = call_sample("S", row, reference, fragments, run, templates, required, 0.03)
        return calls, [c for c in coverage if c.kind != "indel_class"]

    return covered


def sound(reference, coverage):
    """What holds for every sample."""
    alleles = [c.hgvs_c for c in coverage if c.kind == "allele"]
    assert Counter(alleles) == Counter(m.hgvs_c for m in reference.mutations)
    listed_codons = [m.codon for m in reference.mutations]
    between = list(range(min(listed_codons), max(listed_codons) + 1))
    assert [c.codon for c in coverage if c.kind == "codon"] == between
    for row in coverage:
        assert row.assessable in ("yes", "no")
        assert (row.reason == "") == (row.assessable == "yes")
        assert row.status in ("detected", "not_detected", "not_assessable")
        if row.status == "not_detected":
            assert row.assessable == "yes" and row.lod95 is not None and 0 < row.lod95 <= 1 and row.depth >= 100
        if row.status == "not_assessable":
            limits = ("primer", "depth", "templates", "not_covered", "background", "control_contaminated")
            assert row.reason in limits or (row.reason == row.filter and row.vaf_high is not None)


def listed(reference, coverage):
    """Rows of the catalogue's alleles and of the codons they are in; other codons are tested more strictly."""
    codons = {m.codon for m in reference.mutations}
    return [c for c in coverage if c.codon in codons]


def test_the_catalogue_is_seen_at_2000_fragments_and_every_codon_at_6_percent(reference, seen):
    _, coverage = seen([Kind(2000)])
    sound(reference, coverage)
    assert {c.status for c in listed(reference, coverage)} == {"not_detected"}
    assert all(c.lod95 <= 0.03 and c.depth == 2000 for c in listed(reference, coverage))
    _, coverage = seen([Kind(2000)], required=0.06)
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
    row, fragments = reference.platform("illumina"), draw(reference, kinds)
    expected = Expected(counted(reference, fragments), learn(row, reference, []), row, reference, 5_000.0)
    # Shares of the family-wise error over the catalogue's alleles, and over all others of the 271 codons.
    levels = {True: 0.005 / len(reference.mutations), False: 0.004 / (63 * 271)}
    listed_codons = {m.codon for m in reference.mutations}
    checked = 0
    for found in coverage:
        if found.codon % 9:
            continue
        changed = [
            m.alt_codon for m in reference.mutations if found.hgvs_c in (m.hgvs_c, "") and m.codon == found.codon
        ]
        ref = reference.codon(found.codon)
        changed = changed or [c for c in CODONS if sum(a != b for a, b in zip(ref, c, strict=True)) == 1]
        limits = []
        for codon in changed:
            error = expected.of(found.codon - 1, CODONS.index(codon))
            needed = expected.background.threshold(found.depth, error, levels[found.codon in listed_codons])
            limits.append(Limits(5_000.0).lod95(max(needed, 3), found.depth, error.mean))
        # The qualities may ask for a fragment or two more.
        assert max(limits) * 0.999 <= found.lod95 <= max(limits) * 1.2
        checked += 1
    assert checked > 30
    limits = {c.codon: c.lod95 for c in listed(reference, coverage) if c.kind == "codon"}
    worst = [max(limits[c] for c in limits if low <= c <= high) for low, high in ((237, 320), (321, 400), (401, 507))]
    assert worst[0] < worst[1] < worst[2]


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
    assert {(c.status, c.reason) for c in listed(reference, coverage)} == {("not_assessable", "depth")}
    # Codons outside the catalogue are tested so strictly that for some of them the background would be too much too.
    assert {(c.status, c.reason) for c in coverage} <= {("not_assessable", "depth"), ("not_assessable", "background")}
    assert all(c.lod95 > 0.03 for c in coverage)


@pytest.mark.parametrize("depth", [2_000, 20_000])
def test_with_100_templates_the_templates_are_the_reason(reference, seen, depth):
    """A fraction of 2.9 % is in none of 100 templates in 5 % of the samples, however rare the errors."""
    _, coverage = seen([Kind(depth, "", KINASE, KINASE)], templates=100, required=0.028)
    sound(reference, coverage)
    assert {(c.status, c.reason) for c in listed(reference, coverage)} == {("not_assessable", "templates")}
    assert {c.status for c in coverage} == {"not_assessable"} and min(c.lod95 for c in coverage) > 0.0295


def test_too_many_errors_are_the_reason(reference):
    """A sample that errs in 2.5 % of all bases, each way."""
    row = reference.platform("illumina")
    rates = np.zeros((len(reference.sequence), 3))
    rates[slice(*KINASE)] = 0.025
    clean = draw(reference, [Kind(1_000, "", KINASE, KINASE)])
    fragments = misread(reference, clean, rates, np.random.default_rng(1))
    run = run_of(reference, row, fragments, 100_000)
    calls, coverage, _ = call_sample("S", row, reference, fragments, run, 100_000, 0.03, 0.03)
    sound(reference, coverage)
    # Alleles of several bases need several errors at once and can still be seen, also those that spell a listed change.
    passed = {c.name for c in calls if c.filter == "PASS"}
    single = [c for c in coverage if ">" in c.hgvs_c and c.name not in passed]
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


def limit_of_t315i(reference, seen, controls, depth=2_000):
    _, coverage = seen([Kind(depth, "", KINASE, KINASE)], templates=10_000, controls=controls)
    sound(reference, coverage)
    return next(c for c in coverage if c.hgvs_c.endswith(":c.944C>T"))


def test_controls_lower_the_limits_and_controls_with_the_allele_raise_them(reference, seen):
    alone = limit_of_t315i(reference, seen, [])
    clean = limit_of_t315i(reference, seen, [[Kind(2000)]] * 2)
    with_it = limit_of_t315i(reference, seen, [[Kind(10, "944C>T"), Kind(1990)]] * 2)
    assert clean.lod95 < 0.9 * alone.lod95 and with_it.lod95 > 2 * clean.lod95
    # 0.5 % in controls is 10 fragments here; as many are no finding.
    assert with_it.lod95 > 0.01
    assert {r.status for r in (alone, clean, with_it)} == {"not_detected"}


def test_contaminated_controls_hide_nothing_and_say_why_where_nothing_else_is_known(reference, seen):
    """T315I at 2 % in both controls is no error of its site: without a clean control the limit is the one a priori."""
    contaminated = [[Kind(40, "944C>T"), Kind(1960)]] * 2
    row, alone = limit_of_t315i(reference, seen, contaminated), limit_of_t315i(reference, seen, [])
    assert row.status == "not_detected" and row.lod95 == pytest.approx(alone.lod95, rel=0.2)
    kinds = [Kind(2_000, "", KINASE, KINASE)]
    _, coverage = seen(kinds, templates=10_000, required=0.9 * row.lod95, controls=contaminated)
    row = next(c for c in coverage if c.hgvs_c.endswith(":c.944C>T"))
    assert (row.status, row.reason) == ("not_assessable", "control_contaminated")


@pytest.mark.parametrize(
    ("share", "filter"), [(20, "control_contaminated"), (100, "control_contaminated"), (200, "PASS")]
)
def test_what_may_be_the_contamination_of_a_control_is_held_back(seen, share, filter):
    """T315I at 1, 5 and 10 % of the patient's fragments, 3 % in both controls; a third control-like patient lacks it."""
    kinds = [Kind(share, "944C>T", KINASE, KINASE), Kind(2_000 - share, "", KINASE, KINASE)]
    controls = [[Kind(60, "944C>T"), Kind(1940)]] * 2
    calls, coverage = seen(kinds, templates=10_000, controls=controls)
    assert [(c.name, c.filter) for c in calls] == [("T315I", filter)]
    row = next(c for c in coverage if c.hgvs_c.endswith(":c.944C>T"))
    assert row.status == {20: "not_detected", 100: "not_assessable", 200: "detected"}[share]
    assert row.filter == ("" if filter == "PASS" else filter)


def test_where_a_control_shows_an_unlisted_allele_the_background_is_the_reason(seen):
    """N297T, which no list has, in 4 % of the only control."""
    controls = [[Kind(40, "890A>C"), Kind(960)]]
    _, coverage = seen([Kind(20_000, "", KINASE, KINASE)], templates=10_000, controls=controls)
    row = next(c for c in coverage if c.kind == "codon" and c.codon == 297)
    assert (row.status, row.reason) == ("not_assessable", "background")


def test_a_change_that_only_a_filter_keeps_from_passing_is_not_said_to_be_absent(reference, seen):
    """30 % of the forward fragments, none of the reverse ones: an artefact, perhaps; not a negative."""
    kinds = [Kind(300, "944C>T", KINASE, None), Kind(700, "", KINASE, None), Kind(1000, "", None, KINASE)]
    calls, coverage = seen(kinds)
    sound(reference, coverage)
    assert [(c.name, c.level) for c in calls] == [("T315I", "evidence_only")]
    allele, codon = (next(c for c in coverage if c.name == name) for name in ("T315I", "T315"))
    assert {(c.status, c.reason) for c in (allele, codon)} == {("not_assessable", "orientation")}
    assert (allele.vaf, allele.vaf_high) == (calls[0].vaf, calls[0].vaf_high)


def test_a_change_held_back_far_below_the_required_limit_is_not_detected_and_shown(reference, seen):
    """The same at 1 % of the forward fragments: its upper bound excludes the 3 % that must be seen."""
    kinds = [Kind(30, "944C>T", KINASE, None), Kind(2970, "", KINASE, None), Kind(3000, "", None, KINASE)]
    calls, coverage = seen(kinds, templates=20_000)
    sound(reference, coverage)
    row = next(c for c in coverage if c.name == "T315I")
    assert (row.status, row.filter, row.reason) == ("not_detected", "orientation", "")
    assert row.vaf == calls[0].vaf and row.vaf < row.vaf_high < 0.03
    _, coverage = seen(kinds, templates=20_000, required=0.005)
    assert next(c for c in coverage if c.name == "T315I").reason == "orientation"


@settings(max_examples=8, deadline=None)
@given(
    forward=st.integers(0, 1_000),
    reverse=st.integers(0, 1_000),
    required=st.sampled_from([0.005, 0.03, 0.2, 0.5]),
    controls=st.sampled_from([(), (0, 0), (30, 40)]),
)
def test_whatever_the_strands_show_what_was_seen_is_never_absent(reference, seen, forward, reverse, required, controls):
    """T315I in some of 1,000 forward and of 1,000 reverse fragments, with controls of 1,000 that show it or not."""
    kinds = [
        Kind(forward, "944C>T", KINASE, None),
        Kind(1_000 - forward, "", KINASE, None),
        Kind(reverse, "944C>T", None, KINASE),
        Kind(1_000 - reverse, "", None, KINASE),
    ]
    others = [[Kind(x, "944C>T"), Kind(1_000 - x)] for x in controls]
    calls, coverage = seen(kinds, templates=5_000, required=required, controls=others)
    (call,) = [c for c in calls if c.name == "T315I"] or [None]
    allele, codon = (next(c for c in coverage if c.name == name) for name in ("T315I", "T315"))
    if call is None or "background" in call.filter:
        assert {allele.status, codon.status} <= {"not_detected", "not_assessable"} and allele.filter == ""
    elif call.filter == "PASS":
        assert {allele.status, codon.status} == {"detected"}
    else:
        assert allele.filter == call.filter and allele.vaf_high == call.vaf_high
        assert (allele.status == "not_assessable") == (call.vaf_high >= required)
        assert codon.status == "not_assessable" or call.vaf_high < required
    assert min(forward, reverse) < 700 or call.filter == "PASS"


def test_a_detected_change_is_never_listed_as_not_assessed(reference, seen):
    """T315I at half of 150 fragments: its codon misses the required limit, but T315I is there."""
    calls, coverage = seen([Kind(75, "944C>T"), Kind(75)])
    assert [(c.name, c.filter) for c in calls] == [("T315I", "PASS")]
    rows = [c for c in coverage if c.codon == 315 and c.name in ("T315I", "T315")]
    assert {(c.status, c.assessable, c.reason) for c in rows} == {("detected", "yes", "")}
    assert all(c.lod95 > 0.03 for c in rows)
    sound(reference, coverage)


def test_a_call_tells_the_limit_of_its_allele_or_else_of_its_codon(seen):
    calls, coverage = seen([Kind(400, "944C>T"), Kind(300, "943A>T"), Kind(1300)])
    limits = {(c.kind, c.name): c.lod95 for c in coverage}
    assert {c.name: c.lod95 for c in calls} == {"T315I": limits["allele", "T315I"], "T315S": limits["codon", "T315"]}


# ---------------------------------------------------------------- qc rows


def qc_rows(reference, templates, controls=(), others=()):
    row, fragments = reference.platform("illumina"), draw(reference, [Kind(200)])
    run = run_of(reference, row, fragments, templates, controls, others)
    return {q.metric: q for q in call_sample("S", row, reference, fragments, run, templates, 0.03, 0.03)[2]}


def test_qc_rows_say_what_was_assumed(reference):
    wild = draw(reference, [Kind(200)])
    qc = qc_rows(reference, None)
    assert (qc["template_copies"].value, qc["template_copies"].status) == ("500", "pass")
    assert "assumed" in qc["template_copies"].reason
    assert (qc["background"].value, qc["min_depth"].value, qc["between_sample_cv"].value) == ("a priori", "200", "0.4")
    assert re.fullmatch(
        r"a listed change needs \S+ % \(median\) .* two wild-type controls \S+ %", qc["background"].reason
    )
    qc = qc_rows(reference, 1234.0, [wild])
    assert (qc["template_copies"].value, qc["template_copies"].status) == ("1234", "pass")
    assert "given" in qc["template_copies"].reason
    assert qc["background"].value == "1 wild-type control of the run" and qc["background"].reason == ""
    assert qc_rows(reference, 500.0, [], [wild] * 4)["background"].value == "4 other samples of the run"


def test_a_stated_number_that_the_fragments_rule_out_is_to_be_reviewed(reference, monkeypatch):
    few = TemplateEstimate(-40 * np.log(CANDIDATES / 140)[:, None] ** 2)  # 139 is a candidate
    monkeypatch.setattr("ablkd.background.expected.estimate_templates", lambda *_: few)
    qc = qc_rows(reference, 9_000.0)
    assert (qc["template_copies"].value, qc["template_copies"].status) == ("139.248", "review")
    assert "9000" in qc["template_copies"].reason and qc["templates_in_fragments"].value == "139-139"
    qc = qc_rows(reference, 160.0)
    assert (qc["template_copies"].value, qc["template_copies"].status) == ("160", "pass")


def test_a_panel_and_its_version_are_named(reference, tmp_path):
    row, fragments = reference.platform("illumina"), draw(reference, [Kind(200)])
    write_counts(tmp_path / "w.tsv", [counted(reference, draw(reference, [Kind(300)]), "W")])
    panel = tmp_path / "panel.tsv"
    make_panel("lab-2026-1", reference, [tmp_path / "w.tsv"], panel)
    run = learn(row, reference, libraries(reference, "illumina", {}, [], panel))
    qc = {q.metric: q for q in call_sample("S", row, reference, fragments, run, None, 0.03, 0.03)[2]}
    version = hashlib.sha256(panel.read_bytes()).hexdigest()[:12]
    assert qc["background"].value == f"1 wild-type control of panel lab-2026-1 ({version})"
