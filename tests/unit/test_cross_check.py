"""Samples of a run beside each other: what is one person, what is in another's tube, and what nobody can tell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ablkd.checks.cross_check import METRICS, cross_check
from ablkd.records import Call, Coverage, Fusion, Sample, SampleTables, SpliceEvent

TOGETHER = {"e1a2": frozenset(), "e13a2": frozenset({"e14a2"}), "e14a2": frozenset({"e13a2"}), "e19a2": frozenset()}
# Name, codon, tier; Q300= stands for any change that no table lists.
ALLELES = {
    "T315I": (315, "catalogue"), "G250E": (250, "catalogue"), "F359V": (359, "catalogue"),
    "K247R": (247, "polymorphism"), "Q300=": (300, "synonymous"), "L301P": (301, "novel"),
}  # fmt: skip


def sample(name, patient="", role="patient", expected=""):
    return Sample(name, patient, "r", "", "illumina", "", role, "x.fastq", "", expected, None)


def call(owner, name, vaf, filter="PASS", p=1e-12):
    codon, tier = ALLELES[name]
    return Call(
        owner, name, f"c.{name}", "", codon, "6", "substitution", tier, 10000, round(vaf * 10000), vaf, vaf * 0.9,
        min(1.0, vaf * 1.1), None, None, None, 1e-4, p, None, 0.004, "both_orientations", filter, "reported", "",
    )  # fmt: skip


def seen(owner, lod=0.004, assessable="yes"):
    return [
        Coverage(owner, "codon", "", "", codon, "6", 10000, lod, assessable, "", "not_detected")
        for codon, _ in ALLELES.values()
    ]


def fused(owner, shares):
    return [
        Fusion(owner, name, "", round(1000 * share), share, share * 0.9, share * 1.1, "present")
        for name, share in shares.items()
    ]


# Any other known one, and a junction that no table has.
EVENTS = ("exon5_skipping", "exon9_skipping", "novel:c.823_855")


def spliced(owner, fraction, event="exon5_skipping", call="present", filter="PASS", lod=0.004):
    x = None if fraction is None else round(10_000 * fraction)
    bounds = (fraction, 0.9 * fraction, min(1.0, 1.1 * fraction)) if fraction is not None else (None,) * 3
    return SpliceEvent(
        owner, event, "", "", x, 10_000 - (x or 0), *bounds, None, None, lod, call, "", filter=filter
    )  # fmt: skip


def deleted(owner, vaf, filter="PASS"):
    """A deletion of three bases."""
    return replace(call(owner, "L301P", vaf, filter), name="L301del", hgvs_c="c.901_903del", kind="deletion")


class Run:
    """A run drawn line by line: a sample, its alleles with their fractions, its fusions, its isoform events."""

    def __init__(self):
        self.samples, self.calls, self.coverage, self.fusion, self.splicing = [], [], [], [], []

    def add(self, line, alleles=None, fusion=None, coverage=None, events=()):
        if isinstance(line, str):
            line = sample(line, f"patient {line}")
        self.samples.append(line)
        for name, vaf in (alleles or {}).items():
            self.calls.append(vaf if isinstance(vaf, Call) else call(line.sample, name, vaf))
        self.coverage += seen(line.sample) if coverage is None else coverage
        self.fusion += fused(line.sample, {"e14a2": 1.0} if fusion is None else fusion)
        given = {row.event for row in events}
        absent = [spliced(line.sample, 0.0, name, "not_detected") for name in EVENTS[:2] if name not in given]
        self.splicing += [*events, *absent]
        return self

    def row(self, name, metric="contamination"):
        tables = SampleTables(*map(tuple, (self.calls, self.coverage, (), (), self.splicing, self.fusion)))
        rows = cross_check(self.samples, tables, TOGETHER, EVENTS[:2])
        assert [(r.sample, r.metric) for r in rows] == [(s.sample, m) for s in self.samples for m in METRICS]
        assert {r.status for r in rows} <= {"pass", "review"}
        assert all(r.reason for r in rows), "never silent"
        return next(r for r in rows if (r.sample, r.metric) == (name, metric))


# ---------------------------------------------------------------- contamination


def test_two_alleles_at_one_ratio_name_their_source_and_its_share():
    run = Run().add("S", {"T315I": 0.6, "G250E": 0.4}).add("R", {"T315I": 0.012, "G250E": 0.008})
    row = run.row("R")
    assert (row.status, row.unit) == ("review", "fraction") and float(row.value) == pytest.approx(0.02)
    assert row.reason == (
        "contamination: about 2.0 % may be S (patient S): T315I 1.2 % (there 60.0 %) and G250E 0.80 % (there 40.0 %); "
        "check for carry-over between the samples"
    )
    assert run.row("S").status == "pass"


def test_two_alleles_at_different_ratios_are_its_own():
    run = Run().add("S", {"T315I": 0.6, "G250E": 0.4}).add("R", {"T315I": 0.012, "G250E": 0.1})
    assert run.row("R").status == "pass"


def test_an_own_mutation_beside_the_traces_does_not_hide_them():
    source = {"T315I": 0.6, "G250E": 0.4, "L301P": 0.5}
    run = Run().add("S", source).add("R", {"T315I": 0.18, "G250E": 0.008, "L301P": 0.01})
    row = run.row("R")
    assert row.status == "review" and "T315I" not in row.reason and "G250E 0.80 %" in row.reason


@pytest.mark.parametrize(("name", "status"), [("T315I", "pass"), ("L301P", "review"), ("Q300=", "review")])
def test_one_allele_is_proof_unless_it_arises_anew_in_many(name, status):
    row = Run().add("S", {name: 0.5}).add("R", {name: 0.01}).row("R")
    assert row.status == status and f"{name} 1.0 % (there 50.0 %)" in row.reason
    assert ("recurs in other people is no proof" in row.reason) == (status == "pass")


def test_a_hotspot_without_the_other_alleles_of_the_source_is_not_even_a_doubt():
    row = Run().add("S", {"T315I": 0.5, "K247R": 1.0}).add("R", {"T315I": 0.02}).row("R")
    assert (row.status, row.value) == ("pass", "not found") and "T315I" not in row.reason


def test_an_allele_that_could_not_have_shown_speaks_neither_for_nor_against():
    blind = [replace(r, assessable="no") if r.codon == 247 else r for r in seen("R")]
    row = Run().add("S", {"L301P": 0.5, "K247R": 1.0}).add("R", {"L301P": 0.01}, coverage=blind).row("R")
    assert row.status == "review"
    faint = [replace(r, lod95=0.03) if r.codon == 247 else r for r in seen("R")]
    row = Run().add("S", {"L301P": 0.5, "K247R": 1.0}).add("R", {"L301P": 0.01}, coverage=faint).row("R")
    assert row.status == "review"  # at 2 % of S, K247R would be at 2 %: below its limit


def test_traces_that_calling_did_not_pass_still_count_but_artefacts_do_not():
    source = {"T315I": 0.6, "G250E": 0.4}
    faint = {n: call("R", n, v, "background", 5e-4) for n, v in (("T315I", 0.012), ("G250E", 0.008))}
    assert Run().add("S", source).add("R", faint).row("R").status == "review"
    for reason in ("orientation", "background;read_end", "depth"):
        false = {n: replace(c, filter=reason) for n, c in faint.items()}
        assert Run().add("S", source).add("R", false).row("R").status == "pass", reason


def test_one_faint_allele_must_be_beyond_the_chance_of_the_whole_run():
    # Three receivers of one marker each: 0.01 / 3 tests; L301P is the only marker of the run.
    for p, status in ((4e-3, "pass"), (3e-3, "review")):
        run = Run().add("S", {"L301P": 0.5}).add("R", {"L301P": call("R", "L301P", 0.01, "background", p)})
        assert run.add("X").add("Y").row("R").status == status


def test_what_two_people_hold_is_a_marker_of_neither():
    run = Run().add("S", {"L301P": 0.5}).add("T", {"L301P": 0.4}).add("R", {"L301P": 0.01})
    row = run.row("R")
    assert (row.status, row.value) == ("pass", "not assessable")


def test_a_patients_own_samples_share_alleles_freely():
    first, second, third = (sample(n, "P") for n in ("P1", "P2", "P3"))
    run = Run().add(first, {"T315I": 0.5, "L301P": 0.5}).add(second, {"T315I": 0.01, "L301P": 0.01}).add("R")
    assert run.row("P2").status == "pass"
    # The source has two samples: they are one person, so its alleles are still its own.
    run = Run().add(first, {"L301P": 0.5}).add(third, {"L301P": 0.3}).add("R", {"L301P": 0.01})
    assert run.row("R").status == "review" and run.row("R").reason.count("may be") == 1


def test_samples_without_a_patient_are_their_own_people_and_the_remedy_says_so():
    run = Run().add(sample("S"), {"L301P": 0.5}).add(sample("R"), {"L301P": 0.01})
    assert run.row("R").status == "review" and "name the patient in the sheet" in run.row("R").reason
    named = Run().add("S", {"L301P": 0.5}).add("R", {"L301P": 0.01})
    assert "name the patient" not in named.row("R").reason


def test_a_positive_control_in_a_patient_is_named_as_one():
    control = sample("POS", role="positive_control", expected="T315I:0.5;G250E:0.5")
    run = Run().add(control, {"T315I": 0.5, "G250E": 0.5}).add("R", {"T315I": 0.01, "G250E": 0.01})
    assert run.row("R").status == "review" and "POS (positive control)" in run.row("R").reason


def test_what_a_control_is_made_to_hold_is_no_contamination():
    dilution = sample("LOW", role="positive_control", expected="T315I+L301P:0.01")
    run = Run().add("S", {"T315I": 0.5, "L301P": 0.5}).add(dilution, {"T315I": 0.01, "L301P": 0.01})
    assert run.row("LOW").status == "pass"
    assert run.row("S").value == "not assessable"


def test_dilutions_of_one_material_are_one_source():
    high = sample("HIGH", role="positive_control", expected="T315I:0.5;G250E:0.5")
    mixed = sample("MIX", role="recombination_control")
    alleles = {"T315I": 0.5, "G250E": 0.5}
    run = Run().add(high, alleles).add(mixed, alleles).add("R", {"T315I": 0.01, "G250E": 0.01})
    assert run.row("R").status == "review"
    assert run.row("MIX").reason == "a mixture by design"


def test_what_runs_into_an_empty_control_is_traced_and_does_not_stop_being_the_sources():
    alleles = {"L301P": 0.5, "G250E": 0.4}
    empty = sample("NTC", role="no_template_control")
    run = Run().add("S", alleles).add(empty, alleles).add("R", {"L301P": 0.01, "G250E": 0.008})
    assert "about 100 % may be S" in run.row("NTC").reason
    assert run.row("R").status == "review"


def test_at_half_of_the_source_nobody_can_tell_who_gave_to_whom():
    for vaf, status in ((0.19, "review"), (0.21, "pass")):
        run = Run().add("S", {"L301P": 0.4, "Q300=": 0.4}).add("R", {"L301P": vaf, "Q300=": vaf})
        assert run.row("R").status == status, vaf


def test_a_rare_allele_may_be_inherited_where_normal_transcripts_are_in_the_product():
    for fusion, status in (({"e14a2": 0.5, "unrearranged": 0.5}, "pass"), ({}, "pass"), ({"e14a2": 1.0}, "review")):
        run = Run().add("S", {"K247R": 1.0}).add("R", {"K247R": 0.02}, fusion=fusion)
        assert run.row("R").status == status, fusion


def test_a_negative_says_how_far_it_reaches():
    run = Run().add("S", {"T315I": 0.5}).add("T", {"L301P": 0.2}).add("U").add("R")
    row = run.row("R")
    assert (row.status, row.value) == ("pass", "not found")
    assert float(row.limit) == pytest.approx(0.02)  # 0.004 / 0.2, the worse of the two sources
    assert row.reason.startswith(
        "2 of 3 samples of other persons would have shown from 2.0 % on; nothing can be said of 1"
    )


@pytest.mark.parametrize("coverage", [[], seen("R", assessable="no"), seen("R", lod=0.3)])
def test_nothing_to_look_for_or_no_way_to_see_it_is_not_assessable(coverage):
    assert Run().add("R").add("S").row("R").value == "not assessable"
    assert Run().add("S", {"T315I": 0.5}).add("R", coverage=coverage).row("R").value == "not assessable"


def test_a_lone_sample_is_compared_with_nothing():
    run = Run().add("R", {"T315I": 0.5})
    assert {run.row("R", m).value for m in METRICS} == {"not assessable"}


# ---------------------------------------------------------------- isoform events and indels


def test_an_isoform_event_and_an_allele_at_one_ratio_name_their_source():
    run = Run().add("S", {"T315I": 0.5}, events=[spliced("S", 1.0)])
    run.add("R", {"T315I": 0.005}, events=[spliced("R", 0.01)])
    row = run.row("R")
    assert row.status == "review" and float(row.value) == pytest.approx(0.01)
    assert "T315I 0.50 % (there 50.0 %) and exon5_skipping 1.0 % (there 100 %)" in row.reason


@pytest.mark.parametrize(("event", "status"), [("exon5_skipping", "pass"), ("novel:c.823_855", "review")])
def test_one_event_is_proof_unless_it_is_a_known_one(event, status):
    run = Run().add("S", events=[spliced("S", 0.5, event)]).add("R", events=[spliced("R", 0.01, event)])
    row = run.row("R")
    assert row.status == status and f"{event} 1.0 % (there 50.0 %)" in row.reason
    assert ("recurs in other people is no proof" in row.reason) == (status == "pass")


def test_a_novel_event_is_no_proof_where_normal_transcripts_are_in_the_product():
    event = "novel:c.823_855"
    run = Run().add("S", events=[spliced("S", 0.5, event)])
    run.add("R", fusion={"e14a2": 0.5, "unrearranged": 0.5}, events=[spliced("R", 0.01, event)])
    assert run.row("R").status == "pass"


def test_two_events_at_one_ratio_are_proof():
    names = EVENTS[:2]
    run = Run().add("S", events=[spliced("S", f, name) for f, name in zip((0.6, 0.3), names, strict=True)])
    run.add("R", events=[spliced("R", f, name) for f, name in zip((0.012, 0.006), names, strict=True)])
    assert run.row("R").status == "review" and float(run.row("R").value) == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("here", "status"),
    [
        # A count that is not called: what errors may explain is a trace beside others.
        (dict(call="not_detected", filter="background"), "review"),
        (dict(call="not_detected"), "review"),
        (dict(call="evidence_only", filter="background"), "review"),
        # What is held back for another reason is none, and speaks neither for nor against the source.
        (dict(call="evidence_only", filter="template_switch"), "pass"),
        (dict(call="not_detected", filter="carry_over"), "pass"),
        (dict(call="not_detected", filter="background;carry_over"), "pass"),
    ],
)
def test_which_rows_of_an_event_are_traces(here, status):
    run = Run().add("S", {"T315I": 0.5}, events=[spliced("S", 1.0)])
    run.add("R", {"T315I": 0.005}, events=[spliced("R", 0.01, **here)])
    assert run.row("R").status == status


def test_two_fragments_across_a_junction_are_no_trace():
    few = replace(spliced("R", 0.0002, call="not_detected"), junction_reads=2)
    run = Run().add("S", {"G250E": 0.5}, events=[spliced("S", 1.0)]).add("R", {"G250E": 0.0001}, events=[few])
    assert run.row("R").status == "pass"


def test_a_novel_event_that_did_not_pass_proves_nothing_alone():
    event = "novel:c.823_855"
    faint = spliced("R", 0.0004, event, "evidence_only", "background")
    run = Run().add("S", events=[spliced("S", 0.5, event)]).add("R", events=[faint])
    assert run.row("R").status == "pass"


def test_an_event_of_the_source_that_is_lacking_refutes_it():
    """At 2 % of S, its skipping would be at 2 %: five times the limit."""
    for lod, known in ((0.004, True), (0.03, False)):
        absent = spliced("R", 0.0, call="not_detected", lod=lod)
        run = Run().add("S", {"T315I": 0.5}, events=[spliced("S", 1.0)]).add("R", {"T315I": 0.01}, events=[absent])
        row = run.row("R")
        assert row.status == "pass" and ("T315I" not in row.reason) == known
    blind = spliced("R", None, call="not_assessable", lod=0.004)
    run = Run().add("S", {"T315I": 0.5}, events=[spliced("S", 1.0)]).add("R", {"T315I": 0.01}, events=[blind])
    assert "T315I 1.0 % (there 50.0 %)" in run.row("R").reason


def test_a_negative_counts_isoform_events_among_what_would_have_shown():
    run = Run().add("S", events=[spliced("S", 0.8)]).add("R")
    row = run.row("R")
    assert row.value == "not found" and float(row.limit) == pytest.approx(0.004 / 0.8)


def test_an_event_that_two_people_have_or_that_a_control_is_made_of_is_no_marker():
    both = Run().add("S", events=[spliced("S", 0.8)]).add("T", events=[spliced("T", 0.5)])
    assert both.add("R", events=[spliced("R", 0.01)]).row("R").value == "not assessable"
    control = sample("LOW", role="positive_control", expected="exon5_skipping:0.01")
    run = Run().add("S", events=[spliced("S", 0.8)]).add(control, events=[spliced("LOW", 0.01)])
    assert run.row("LOW").value == "not assessable"


def test_a_deletion_is_a_marker_and_a_trace_like_any_other_allele():
    source = {"L301del": deleted("S", 1.0)}
    alone = Run().add("S", source).add("R", {"L301del": deleted("R", 0.01)}).row("R")
    assert alone.status == "review" and "L301del 1.0 % (there 100 %)" in alone.reason
    with_event = Run().add("S", source, events=[spliced("S", 0.5)])
    with_event.add("R", {"L301del": deleted("R", 0.01)}, events=[spliced("R", 0.005)])
    assert "L301del 1.0 % (there 100 %) and exon5_skipping 0.50 %" in with_event.row("R").reason
    hopped = Run().add("S", source).add("R", {"L301del": deleted("R", 0.002, "carry_over")}).row("R")
    assert hopped.status == "pass"


# ---------------------------------------------------------------- fusions


def test_a_hotspot_together_with_the_fusion_of_its_source_is_proof():
    run = Run().add("S", {"T315I": 0.5}, {"e1a2": 1.0}).add("R", {"T315I": 0.01}, {"e14a2": 0.98, "e1a2": 0.02})
    row = run.row("R")
    assert row.status == "review" and "e1a2 2.0 % (there 100 %)" in row.reason
    fusion = run.row("R", "fusion_agreement")
    assert fusion.status == "pass" and "2.0 % is e1a2, the main fusion of S" in fusion.reason


def test_a_minor_fusion_alone_is_told_and_not_judged():
    run = Run().add("S", {"T315I": 0.5}, {"e1a2": 1.0}).add("R", {}, {"e14a2": 0.98, "e1a2": 0.02})
    assert run.row("R").status == "pass"
    assert "2.0 % is e1a2" in run.row("R", "fusion_agreement").reason


def test_fusions_that_occur_together_are_no_sign():
    run = Run().add("S", {"T315I": 0.5}, {"e13a2": 1.0}).add("R", {"T315I": 0.01}, {"e14a2": 0.98, "e13a2": 0.02})
    assert run.row("R").status == "pass"
    assert "e13a2" not in run.row("R", "fusion_agreement").reason


def test_two_junction_fragments_are_no_fusion():
    run = Run().add("S", {"T315I": 0.5}, {"e1a2": 1.0}).add("R", {"T315I": 0.002}, {"e14a2": 0.998, "e1a2": 0.002})
    assert run.row("R").status == "pass"
    run.fusion[-1] = replace(run.fusion[-1], junction_reads=3)
    assert run.row("R").status == "review"


# ---------------------------------------------------------------- one person


def serial(*fusions, **more):
    run = Run()
    for i, fusion in enumerate(fusions, start=1):
        run.add(sample(f"P{i}", "P"), more.get(f"P{i}"), {fusion: 1.0})
    return run


def test_samples_of_one_patient_agree():
    run = serial("e14a2", "e14a2", P1={"K247R": 1.0}, P2={"K247R": 0.99})
    row = run.row("P2", "identity")
    assert (row.status, row.value) == ("pass", "agrees")
    assert "fusion e14a2 (with P1)" in row.reason and "polymorphism K247R (with P1)" in row.reason
    assert run.row("P2", "fusion_agreement").value == "agrees"


def test_another_fusion_is_told_once_in_the_same_words():
    run = serial("e14a2", "e1a2")
    identity, fusion = run.row("P2", "identity"), run.row("P2", "fusion_agreement")
    assert identity.status == fusion.status == "review" and identity.reason == fusion.reason
    assert "fusion e1a2 here, e14a2 there (with P1)" in identity.reason


def test_a_polymorphism_of_one_sample_only_is_in_doubt_though_the_fusion_agrees():
    run = serial("e14a2", "e14a2", P1={"K247R": 1.0})
    assert run.row("P1", "identity").status == run.row("P2", "identity").status == "review"
    assert run.row("P2", "fusion_agreement").value == "agrees"


def test_a_swap_between_two_patients_names_the_partner():
    run = Run()
    for name, patient, fusion in (("A1", "A", "e14a2"), ("A2", "A", "e1a2"), ("B1", "B", "e1a2"), ("B2", "B", "e14a2")):
        run.add(sample(name, patient), {}, {fusion: 1.0})
    assert "exchanged with B2, both patients' samples would agree" in run.row("A2", "identity").reason
    run.samples[3] = replace(run.samples[3], patient="C")
    assert "exchanged" not in run.row("A2", "identity").reason


def test_controls_are_never_compared_as_people():
    run = Run()
    for name, fusion in (("W1", "e14a2"), ("W2", "e1a2")):
        run.add(sample(name, "P", role="wild_type_control"), {}, {fusion: 1.0})
    assert run.row("W1", "identity").reason == run.row("W1", "fusion_agreement").reason == "not a patient's sample"
    assert run.row("W1", "identity").status == "pass"


def test_a_sample_whose_fusion_was_not_told_agrees_with_nobody():
    run = Run().add(sample("P1", "P"), {}, {}).add(sample("P2", "P"))
    assert run.row("P1", "fusion_agreement").reason == "no fusion of this sample was told"
    assert run.row("P1", "identity").value == run.row("P2", "fusion_agreement").value == "not assessable"
