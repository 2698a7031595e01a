"""What a whole sample means: its summary, its status, its notes, and that they come from one decision."""

from dataclasses import replace

import pytest
from sampled import REFERENCE, call, coverage, events, fusions, phase

from ablkd.interpretation.interpret import interpret
from ablkd.records import ControlVerdict, Fusion, QcMetric, Sample, SampleTables

# ---------------------------------------------------------------- the whole sample

SAMPLE = Sample("S", "P1", "run1", "2018-05", "illumina", "", "patient", "a.fastq.gz", "", "", None)
QC = [
    QcMetric("S", "reads", "20000", "reads", "", "pass", ""),
    QcMetric("S", "on_target", "0.97", "fraction", "", "pass", ""),
]


def result(calls=(), missing=(), qc=QC, controls=(), sample=SAMPLE, rows=None, **more):
    return interpret(
        sample,
        REFERENCE,
        SampleTables(
            calls=tuple(calls),
            coverage=tuple(coverage(missing, calls) if rows is None else rows),
            phase=tuple(more.get("phases", [])),
            splicing=tuple(more.get("splicing", events())),
            fusion=tuple(more.get("fusion", fusions())),
            qc=tuple(qc),
        ),
        controls,
        {"required_lod": "0.03"},
    )


def test_the_summary_and_the_lines_are_made_from_the_same_findings():
    made = result(
        [call("G250E", "low_level"), call("T315I")],
        phases=[phase("G250E+T315I", "compound")],
        splicing=events("exon7_skipping"),
    )
    row = made.summary
    assert (row.findings, row.compound) == ("G250E (low level);T315I", "G250E+T315I")
    assert (row.splicing, row.fusion, row.reads, row.on_target) == ("exon7_skipping", "e14a2", 20000, 0.97)
    assert (row.status, row.reason) == ("reportable", "")
    assert {line.clone for line in made.drugs} == {row.compound}
    assert {e.finding for e in made.evidence} == {"G250E", "T315I", "G250E+T315I"}
    assert any("exon 7 skipping" in note for note in made.notes)
    assert made.knowledge == REFERENCE.hashes and made.settings == {"required_lod": "0.03"}


@pytest.mark.parametrize(
    ("present", "said"), [((), "del 248-274 is not detected here"), (("del248-274",), "del 248-274 is present here")]
)
def test_a_mutation_that_makes_a_splice_site_says_what_became_of_it(present, said):
    made = result([call("L248V")], splicing=events(*present))
    assert any(note.startswith("L248V makes the splice site") and said in note for note in made.notes)
    assert not any("makes the splice site" in note for note in result([call("L248R")], splicing=events()).notes)
    assert not any("makes the splice site" in note for note in result([call("L248V", filter="depth")]).notes)


def test_an_isoform_without_the_mutation_that_makes_it_tells_of_it():
    assert any("L248V" in note for note in result(splicing=events("del248-274")).notes)


def test_ends_of_an_event_that_contradict_each_other_are_said():
    rows = [replace(e, filter="ends_disagree") if e.call == "present" else e for e in events("exon4_skipping")]
    assert any("exon 4 skipping: the fractions at its two ends" in note for note in result(splicing=rows).notes)


def test_an_open_compound_is_not_left_out_of_the_summary():
    assert result([call("G250E"), call("T315I")]).summary.compound == "G250E+T315I (not excluded)"


def test_codons_that_could_change_a_line_ask_for_review():
    row = result(missing={315}).summary
    assert row.status == "review" and row.codons_not_assessable == "315" and "imatinib" in row.reason


def test_codons_that_change_no_line_are_listed_and_the_sample_is_reportable():
    row = result(missing={507}).summary
    assert (row.status, row.codons_not_assessable) == ("reportable", "507")


def test_a_sample_whose_kinase_domain_is_not_covered_is_failed_and_names_its_fusion():
    made = result(missing={m.codon for m in REFERENCE.mutations})
    assert (made.summary.status, made.summary.fusion) == ("failed", "e14a2")
    assert "kinase domain is not covered" in made.summary.reason
    assert {line.category for line in made.drugs} == {"not_assessable"}


def test_a_failed_qc_row_fails_the_sample_with_its_reason():
    bad = QcMetric("S", "usable", "no", "", "yes", "fail", "the files hold no reads")
    made = result(qc=[bad], rows=[], splicing=[], fusion=[])
    assert (made.summary.status, made.summary.reason) == ("failed", "the files hold no reads")
    assert (made.summary.fusion, made.summary.reads) == ("not_assessable", None)


def test_a_failed_control_asks_for_review_of_every_patient_sample():
    bad = ControlVerdict("NTC1", "no_template_control", "fail", "T315I found where no template was")
    row = result(controls=[bad]).summary
    assert row.status == "review" and "NTC1" in row.reason and row.controls == "NTC1 fail"


def test_a_clean_no_template_control_is_reportable():
    control = Sample(**{**vars(SAMPLE), "role": "no_template_control"})
    bad = QcMetric("S", "usable", "no", "", "yes", "fail", "the files hold no reads")
    clean = ControlVerdict("S", "no_template_control", "pass", "")
    made = result(sample=control, qc=[bad], rows=[], controls=[clean], fusion=fusions("", "not_assessable"))
    assert (made.summary.status, made.summary.reason) == ("reportable", "")
    assert {line.category for line in made.drugs} == {"not_assessable"}


@pytest.mark.parametrize(
    ("fusion", "missing", "key"),
    [
        (fusions(), (), None),
        (fusions("", otherwise="not_assessable"), (), "normal_possible"),
        ([*fusions(), Fusion("S", "unrearranged", "", 90, 0.4, 0.3, 0.5, "present")], (), "normal_present"),
        (fusions("", otherwise="not_assessable"), {m.codon for m in REFERENCE.mutations}, None),
    ],
)
def test_normal_transcripts_that_dilute_fractions_are_told(fusion, missing, key):
    notes = result([] if missing else [call("T315I")], missing=missing, fusion=fusion).notes
    told = [k for k in ("normal_possible", "normal_present") if REFERENCE.notes[k].text in notes]
    assert told == ([key] if key else [])
