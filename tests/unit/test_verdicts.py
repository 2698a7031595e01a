"""The one rule for what was seen and what could have been: substitutions, indels, events and fusions alike."""

import re
from dataclasses import replace

import pytest
import results as examples
from hypothesis import given
from hypothesis import strategies as st

from ablkd.course.sights import mutation_sight
from ablkd.hgvs import indel_sizes
from ablkd.records import Coverage, Fusion, Haplotype, Phase, QcMetric, SampleTables, SpliceVariant
from ablkd.verdicts.calls import Observation, call_rows
from ablkd.verdicts.coverage import allele_site, codon_site, coverage_rows
from ablkd.verdicts.events import EventObservation, event_row, fusion_row, new_junction_row
from ablkd.verdicts.invariants import InconsistentTables, check_tables
from ablkd.verdicts.variants import codon_variant, indel_class, indel_variant

T315I, F317L = (315, "ATT"), [(317, "CTC"), (317, "TTA"), (317, "TTG")]
SKIP = SpliceVariant("exon4_skipping", "skip", 550, 822, "", "r.550_822del", "p.?", "no", "meaning", "source")
FILTERS = ("background", "depth", "carry_over", "orientation", "context", "traces_disagree", "amplicon",
           "recurrent", "control_contaminated")  # fmt: skip


def observed(variant, vaf=0.1, high=None, filters=(), lod95=0.01):
    bounds = max(0.0, vaf - 0.02), min(1.0, vaf + 0.02) if high is None else high
    return Observation(variant, 5000, round(5000 * vaf), vaf, *bounds, tuple(filters), "both_orientations",
                       1e-9, 1e-9, 1e-4, lod95)  # fmt: skip


def site_of(reference, codon, alt="", lod95=0.01, gap="", cause="templates"):
    if alt:
        return allele_site(reference.catalogue[codon, alt], 5000, lod95, gap, lambda _: cause)
    return codon_site(reference, codon, 5000, lod95, gap, lambda _: cause)


def rows(reference, observations, sites, required=0.03):
    """(calls, coverage), checked as every result is."""
    calls = call_rows("S", observations, 0.03)
    coverage = coverage_rows("S", reference, sites, calls, required)
    tables = SampleTables(calls=tuple(calls), coverage=tuple(coverage))
    check_tables(tables, reference, {"required_lod": str(required), "reporting_cut": "0.03"})
    return calls, coverage


# ---------------------------------------------------------------- substitutions

CASES = """
seen  filters          vaf   high   lod95  gap      -> status          reason         shown
yes   -                0.50  0.55   0.01   -           detected        -              -
yes   -                0.50  0.55   0.08   -           detected        -              -
yes   -                0.50  0.55   0.08   depth       detected        -              -
yes   orientation      0.15  0.19   0.01   -           not_assessable  orientation    orientation
yes   orientation      0.01  0.02   0.01   -           not_detected    -              orientation
yes   carry_over       0.002 0.03   0.01   -           not_assessable  carry_over     carry_over
yes   carry_over       0.002 0.004  0.05   -           not_assessable  templates      carry_over
no    background       0.02  0.05   0.01   -           not_detected    -              -
no    background       0.02  0.05   0.08   -           not_assessable  templates      -
no    -                -     -      0.03   -           not_detected    -              -
no    -                -     -      0.04   -           not_assessable  templates      -
no    -                -     -      -      primer      not_assessable  primer         -
no    -                -     -      0.01   depth       not_assessable  depth          -
"""


@pytest.mark.parametrize("line", CASES.strip().splitlines()[1:])
def test_the_rule(line, reference):
    """Of an allele, and of a codon in which nothing else is."""
    _, filters, vaf, high, lod95, gap, status, reason, shown = ("" if w == "-" else w for w in line.split())
    found = [observed(codon_variant(reference, *T315I), float(vaf), float(high), filters.split())] if vaf else []
    limits = {"lod95": float(lod95) if lod95 else None, "gap": gap}
    _, coverage = rows(reference, found, [site_of(reference, *T315I, **limits), site_of(reference, 315, **limits)])
    assert [row.name for row in coverage] == ["T315I", "T315"]
    for row in coverage:
        assert (row.status, row.reason, row.filter) == (status, reason, shown)
        assert row.assessable == ("no" if reason else "yes")
        assert (row.vaf, row.vaf_high) == ((float(vaf), float(high)) if shown else (None, None))


def test_one_nucleotide_change_may_pass_where_another_of_its_codon_is_held_back(reference):
    found = [observed(codon_variant(reference, *F317L[0])), observed(codon_variant(reference, *F317L[1]), 0.2,
             filters=["orientation"])]  # fmt: skip
    sites = [*(site_of(reference, *one) for one in F317L), site_of(reference, 317)]
    _, coverage = rows(reference, found, sites)
    assert [(row.status, row.reason) for row in coverage] == [
        ("detected", ""),
        ("not_assessable", "orientation"),
        ("not_detected", ""),
        ("detected", ""),
    ]


def test_a_silent_change_does_not_make_its_codon_detected(reference):
    found = [observed(codon_variant(reference, 315, "ACC"))]
    _, coverage = rows(reference, found, [site_of(reference, 315)])
    assert coverage[0].status == "not_detected"


def test_the_level_is_that_of_the_amino_acid_change(reference):
    """F317L spelled in three ways, 1.2 % each: 3.6 % is reported, and so is each row; what is held back is not added."""
    found = [observed(codon_variant(reference, *one), 0.012) for one in F317L]
    assert {c.level for c in rows(reference, found, [])[0]} == {"reported"}
    held = replace(found[0], filters=("orientation",))
    levels = [c.level for c in rows(reference, [held, *found[1:]], [])[0]]
    assert sorted(levels) == ["evidence_only", "low_level", "low_level"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([T315I, *F317L, (317, "GTC"), (315, "ACC")]),
            st.floats(0.0005, 1),
            st.floats(0, 1),
            st.sets(st.sampled_from(FILTERS), max_size=3),
        ),
        unique_by=lambda one: one[0],
        max_size=6,
    ),
    st.floats(0.001, 0.5),
    st.one_of(st.none(), st.floats(0.001, 1)),
    st.sampled_from(["", "depth", "primer"]),
)
def test_whatever_was_seen_no_result_contradicts_itself(reference, found, required, lod95, gap):
    """`rows` checks every invariant; what may be there at the required fraction is never absent."""
    observations = [
        observed(codon_variant(reference, *key), vaf, vaf + wider * (1 - vaf), sorted(filters))
        for key, vaf, wider, filters in found
    ]
    sites = [site_of(reference, *key, lod95=lod95, gap=gap) for key in (T315I, *F317L)]
    sites += [site_of(reference, codon, lod95=lod95, gap=gap) for codon in (315, 317)]
    calls, coverage = rows(reference, observations, sites, required)
    for row in coverage:
        own = [c for c in calls if c.hgvs_c == row.hgvs_c or (row.kind == "codon" and c.codon == row.codon)]
        open_ones = [c for c in own if "background" not in c.filter and c.vaf_high >= required]
        passed = [c for c in own if c.filter == "PASS" and c.tier in ("catalogue", "novel")]
        assert (row.status == "detected") == bool(passed)
        if any(c.filter != "PASS" for c in open_ones) and not passed:
            assert row.status == "not_assessable"
        if row.status == "not_detected":
            assert row.lod95 is not None and row.lod95 <= required and not gap


# ---------------------------------------------------------------- names


def test_names_and_annotations_come_from_one_look_up(reference):
    """T277S by another codon than the listed one is the listed change; a polymorphism is none of the catalogue."""
    listed = [m for m in reference.mutations if m.name == "T277S"]
    spelled = {m.alt_codon for m in listed}
    other = next(alt for alt in ("TCA", "TCC", "TCG", "TCT", "AGC", "AGT") if alt not in spelled)
    made = codon_variant(reference, 277, other)
    assert (made.name, made.tier) == ("T277S", listed[0].tier)
    benign = reference.polymorphisms[0]
    assert codon_variant(reference, benign.codon, benign.alt_codon).tier == "polymorphism"


def test_an_indel_has_one_name_wherever_its_bases_are_placed(reference):
    """Any of three equal bases may be the one that is missing."""
    at = reference.sequence.index("GGG", 700)
    made = {indel_variant(reference, start, start + 1, "") for start in range(at, at + 3)}
    assert len(made) == 1 and made.pop().kind == "deletion"
    unread = indel_variant(reference, 900, 900, "NNN")
    assert (unread.hgvs_p, unread.kind) == ("p.?", "insertion") and unread.hgvs_c.endswith("c.900_901insN[3]")


# ---------------------------------------------------------------- indels


def test_an_indel_of_traces_follows_the_rule_and_has_no_limit_of_detection(reference):
    deletion = indel_variant(reference, 990, 993, "")
    for filters, high, status, reason in (
        ([], 0.12, "detected", ""),
        (["carry_over"], 0.04, "not_assessable", "carry_over"),
        (["carry_over"], 0.004, "not_detected", ""),
        (["background"], 0.04, "not_assessable", "no_limit_of_detection"),
    ):
        _, (row,) = rows(reference, [observed(deletion, min(0.1, high), high, filters, None)], [])
        assert (row.kind, row.name, row.status, row.reason) == ("indel", deletion.name, status, reason)


# ---------------------------------------------------------------- events and fusions

EVENTS = """
seen  filters        high   lod95  gap           -> call            filter
yes   -              0.30   0.08   -                present         PASS
yes   ends_disagree  0.30   0.01   -                present         ends_disagree
yes   carry_over     0.004  0.01   -                not_detected    carry_over
yes   carry_over     0.30   0.01   -                not_assessable  carry_over
no    -              0.01   0.01   -                not_detected    PASS
no    -              0.01   0.08   -                not_assessable  background
no    -              -      -      not_covered      not_assessable  not_covered
no    -              0.01   0.01   depth            not_assessable  depth
"""


@pytest.mark.parametrize("line", EVENTS.strip().splitlines()[1:])
def test_events_and_fusions_follow_the_same_rule(line):
    seen, filters, high, lod95, gap, call, label = ("" if w == "-" else w for w in line.split())
    one = EventObservation(
        seen == "yes", 8, 4000, 0.002, 0.001, float(high) if high else None, float(lod95) if lod95 else None,
        tuple(filters.split()), gap,
    )  # fmt: skip
    event, fusion = event_row("S", SKIP, one, 0.03), fusion_row("S", "f", "F", one, 0.03)
    assert (event.call, event.filter) == (fusion.call, fusion.filter) == (call, label)
    assert (event.fraction is None) == (call == "not_assessable" and seen == "no")
    new = new_junction_row("S", SKIP, one, 0.03)
    assert new.call == ("present" if call == "present" else "evidence_only")
    assert new.filter == (label if seen == "yes" else gap or "background")


@given(st.booleans(), st.sets(st.sampled_from(["carry_over", "below_limit"])), st.floats(0, 1), st.floats(0.001, 1))
def test_an_event_that_was_seen_is_never_absent_at_the_required_fraction(seen, filters, high, required):
    one = EventObservation(seen, 8, 4000, high / 2, high / 4, high, 0.0005, tuple(sorted(filters)))
    for row in (event_row("S", SKIP, one, required), fusion_row("S", "f", "F", one, required)):
        if seen and high >= required:
            assert row.call == ("not_assessable" if filters else "present")
        if row.call == "not_detected":
            assert not seen or high < required


def test_the_fraction_of_a_longer_product_may_be_larger(reference):
    insertion = replace(SKIP, kind="insertion", start=821, end=822, inserted_sequence="ACG")
    one = EventObservation(True, 100, 900, 0.1, 0.08, 0.12, 0.01)
    skip, ins = (event_row("S", v, one, 0.03) for v in (SKIP, insertion))
    assert skip.bias_low < skip.bias_high == 0.1 and ins.bias_low == 0.1 < ins.bias_high
    # Odds of 1 to 9: a fifth is 1 to 45, five times are 5 to 9.
    assert (skip.bias_low, ins.bias_high) == (pytest.approx(1 / 46), pytest.approx(5 / 14))


# ---------------------------------------------------------------- invariants


def broken(reference):
    """Tables, each with one contradiction, and the words that name it."""
    site = [site_of(reference, *T315I)]
    calls, coverage = rows(reference, [observed(codon_variant(reference, *T315I))], site)
    held, unseen = rows(reference, [observed(codon_variant(reference, *T315I), filters=["orientation"])], site)
    event = event_row("S", SKIP, EventObservation(False, 0, 4000, 0.0, 0.0, 0.001, 0.001), 0.03)
    absent = replace(unseen[0], status="not_detected", assessable="yes")
    good = SampleTables(calls=tuple(calls), coverage=tuple(coverage))
    yield replace(good, calls=tuple(held), coverage=(absent,)), "T315I was seen and held back"
    yield replace(good, coverage=(replace(coverage[0], assessable="no"),)), "T315I is called"
    yield replace(good, coverage=(absent,)), "T315I is called"
    yield replace(good, calls=()), "reported as detected, but was not called"
    yield replace(good, calls=(replace(calls[0], tier="novel"),)), "is named T315I (novel)"
    yield replace(good, calls=(replace(calls[0], vaf_high=0.0),)), "the upper bound of T315I is 0"
    yield replace(good, calls=(replace(calls[0], level="low_level"),)), "T315I sums to 0.1, but is not reported"
    yield replace(good, splicing=(replace(event, fraction_high=0.0),)), "the upper bound of exon4_skipping is 0"
    doubtful = replace(event, filter="carry_over", fraction_high=0.05)
    yield replace(good, splicing=(doubtful,)), "exon4_skipping was seen and held back"
    yield replace(good, phase=(Phase("S", "A+B", "polyclonal", 0, 9, 0, 0, 0, 0.0, 0.0),)), "upper bound of A+B is 0"
    for verdict, probability, words in (
        ("compound", 0.002, "A+B is compound at a probability of 0.002"),
        ("polyclonal", 0.2, "A+B is polyclonal at"),
        ("not_proven", 0.97, "A+B is not proven at"),
        ("not_proven", 0.01, "A+B is not proven at"),
        ("cannot_be_phased", 0.5, "A+B is cannot be phased at"),
        ("explained_by_recombination", None, "A+B is explained by recombination at a probability of None"),
    ):
        yield replace(good, phase=(Phase("S", "A+B", verdict, probability, 9, 0, 0, 0, 0.0, 0.1),)), words
    yield replace(good, haplotypes=(Haplotype("S", "A", 0, 0, 0.0, 0, "yes"),)), "the upper bound of A is 0"
    yield replace(good, fusion=(Fusion("S", "f", "F", 0, 0.0, 0.0, 0.0, "not_detected"),)), "the upper bound of f is 0"


def test_every_contradiction_is_an_error_of_the_program(reference):
    for tables, words in broken(reference):
        with pytest.raises(InconsistentTables, match=re.escape(words)):
            check_tables(tables, reference, {"required_lod": "0.03", "reporting_cut": "0.03"})


@pytest.mark.parametrize("name", ["t315i", "compound", "sanger", "blind", "crowded"])
def test_the_results_that_pages_are_tested_with_do_not_contradict_themselves(name, reference):
    result = getattr(examples, name)()
    tables = SampleTables(**{field: getattr(result, field) for field in SampleTables.__dataclass_fields__})
    check_tables(tables, reference, result.settings)


# ---------------------------------------------------------------- classes of indels


CLASSES = """
change                 name
944_945del             frameshifts
826_828del             in-frame deletions
826_837del             in-frame deletions
826_828dup             in-frame insertions
828dup                 frameshifts
828_829insTTC          in-frame insertions
828_829insN[7]         frameshifts
826_831delinsTTC       in-frame deletions
826_828delinsTTCTTC    in-frame insertions
"""


@pytest.mark.parametrize("line", CLASSES.strip().splitlines()[1:])
def test_the_class_of_an_indel_is_read_from_its_name(line):
    change, name = line.split(maxsplit=1)
    assert indel_class(*indel_sizes(f"NM_005157.6:c.{change}")) == name.strip()


def test_an_indel_that_another_sample_of_the_course_has_is_absent_up_to_the_limit_of_its_class():
    def row(kind, name, status="not_detected", lod95=0.02, reason=""):
        assessable = "no" if status == "not_assessable" else "yes"
        return Coverage("S", kind, name, "", 301, "6", 900, lod95, assessable, reason, status)

    def sight(change, *rows):
        qc = (QcMetric("S", "longest_insertion", "110", "nt", "", "pass", ""),)
        result = replace(examples.t315i(), coverage=tuple(rows), calls=(), qc=qc)
        one = mutation_sight(result, "X", 301, {f"NM_005157.6:c.{change}"})
        return one.status, one.limit

    codon = row("codon", "L301", lod95=0.001)
    classes = [row("indel_class", "in-frame deletions, exon 6")]
    classes.append(row("indel_class", "frameshifts, exon 6", "not_assessable"))
    assert sight("901_903del", codon, *classes) == ("not_detected", 0.02)
    assert sight("901_902del", codon, *classes) == ("not_assessable", None)
    assert sight("901_902insTTC", codon, *classes) == ("not_assessable", None)
    assert sight("901C>A", codon, *classes) == ("not_detected", 0.001)
    # A primer covers the codon, but not the whole exon.
    masked = row("codon", "L301", "not_assessable", None, "primer")
    assert sight("901_903del", masked, *classes) == ("not_assessable", None)
    # The limit is that of indels of up to 30 bases, and the reads span insertions of up to 110.
    insertions = row("indel_class", "in-frame insertions, exon 6")
    assert sight("872_901dup", codon, insertions) == ("not_detected", 0.02)
    assert sight("794_901dup", codon, insertions) == ("not_detected", None)
    assert sight("782_901dup", codon, insertions) == ("not_assessable", None)
