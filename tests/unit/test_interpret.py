"""What findings mean for six drugs: the golden lines, and the rules that keep a line on the safe side."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablkd.interpretation.drug_lines import drug_lines
from ablkd.interpretation.interpret import interpret
from ablkd.records import (
    Call,
    ControlVerdict,
    Coverage,
    Fusion,
    Haplotype,
    Phase,
    QcMetric,
    Sample,
    SampleTables,
    Sensitivity,
    SpliceEvent,
)
from ablkd.reference import load_reference
from ablkd.tables import read_lines

ROOT = Path(__file__).parents[2]
REFERENCE = load_reference(ROOT / "reference")
BY_NAME = {m.name: m for m in reversed(REFERENCE.mutations)}
SENSITIVE = {(s.finding, s.drug) for s in REFERENCE.sensitivity if s.category == "sensitive"}
RESISTANT = {(s.finding, s.drug) for s in REFERENCE.sensitivity if s.category == "resistant"}


def call(name, level="reported", tier="", filter="PASS"):
    m = BY_NAME[name]
    return Call(
        "S", name, m.hgvs_c, m.hgvs_p, m.codon, m.exon, "substitution", tier or m.tier, 5000, 500, 0.1, 0.09,
        0.11, None, 0.1, 0.1, 1e-4, 1e-9, 1e-9, 0.005, "both_orientations", filter, level, m.genome_grch38,
    )  # fmt: skip


def coverage(missing=(), calls=()):
    filters = {c.hgvs_c: c.filter for c in calls}
    rows = []
    for m in REFERENCE.mutations:
        end = ("no", "depth", "not_assessable") if m.codon in missing else ("yes", "", "not_detected")
        if m.hgvs_c in filters:
            passed = filters[m.hgvs_c] == "PASS"
            end = ("yes", "", "detected") if passed else ("no", filters[m.hgvs_c], "not_assessable")
        rows.append(Coverage("S", "allele", m.name, m.hgvs_c, m.codon, m.exon, 5000, 0.005, *end))
    return rows


def phase(mutations, verdict):
    return Phase("S", mutations, verdict, 0.99, 500, 0.1, 0.01, None, 0.05, 0.15)


def haplotype(name, fraction, low, high):
    return Haplotype("S", name, fraction, low, high, 100, "yes")


def fusions(present="e14a2", otherwise="not_detected"):
    return [
        Fusion("S", t.name, t.label, 500, 1.0, 0.9, 1.0, "present" if t.name == present else otherwise)
        for t in REFERENCE.transcripts
        if t.kind == "fusion"
    ]


def events(*present, not_assessable=()):
    return [
        SpliceEvent(
            "S", v.event, v.hgvs_r, v.hgvs_p, 50, 500, 0.1, 0.08, 0.12, 0.02, 0.1, 0.005,
            "present" if v.event in present else
            "not_assessable" if v.event in not_assessable else "not_detected", v.meaning,
        )
        for v in REFERENCE.splicing
    ]  # fmt: skip


def lines(calls=(), missing=(), haplotypes=(), phases=(), splicing=None, fusion=None, reference=REFERENCE):
    """Drug -> its line."""
    made = drug_lines(
        "S",
        reference,
        SampleTables(
            calls=tuple(calls),
            coverage=tuple(coverage(missing, calls)),
            haplotypes=tuple(haplotypes),
            phase=tuple(phases),
            splicing=tuple(events() if splicing is None else splicing),
            fusion=tuple(fusions() if fusion is None else fusion),
        ),
    )
    return {line.drug: line for line in made}


ALONE = ("T315M", "T315L", "T315A", "V299L", "F317L", "E255K", "M244V", "A337V", "P465S", "V468F", "I502L")
NOVEL = replace(call("M351T"), name="N336S", hgvs_c="NM_005157.6:c.1007A>G", codon=336, tier="novel")
TRIPLE = ["G250E+D276G", "G250E+T315I", "D276G+T315I", "G250E+D276G+T315I"]
SCENARIOS = {
    "T315I": lambda: lines([call("T315I")]),
    "G250E/D276G/T315I in cis": lambda: lines(
        [call("G250E"), call("D276G"), call("T315I")], phases=[phase(s, "compound") for s in TRIPLE]
    ),
    "T315I only with exon 4 skipping": lambda: lines(
        [call("T315I")],
        phases=[phase("exon4_skipping+T315I", "compound")],
        haplotypes=[
            haplotype("exon4_skipping+T315I", 0.3, 0.2, 0.4),
            haplotype("T315I", 0.002, 0, 0.01),
            haplotype("unmutated", 0.698, 0.6, 0.8),
        ],
        splicing=events("exon4_skipping"),
    ),
    "T315I with exon 4 skipping and without": lambda: lines(
        [call("T315I")],
        phases=[phase("exon4_skipping+T315I", "compound")],
        haplotypes=[haplotype("exon4_skipping+T315I", 0.3, 0.2, 0.4), haplotype("T315I", 0.1, 0.05, 0.2)],
        splicing=events("exon4_skipping"),
    ),
    "no finding": lines,
    "no finding, codon 315 not assessable": lambda: lines(missing={315}),
    "T315I low level": lambda: lines([call("T315I", "low_level")]),
    "G250E and T315I, polyclonal": lambda: lines(
        [call("G250E"), call("T315I")], phases=[phase("G250E+T315I", "polyclonal")]
    ),
    "T315I and M351T, compound not proven": lambda: lines(
        [call("T315I"), call("M351T")], phases=[phase("T315I+M351T", "not_proven")]
    ),
    "Y253H/F359V in cis": lambda: lines([call("Y253H"), call("F359V")], phases=[phase("Y253H+F359V", "compound")]),
    "T315I and an allele no list has, in cis": lambda: lines(
        [call("T315I"), NOVEL], phases=[phase("T315I+N336S", "compound")]
    ),
    "an allele no list has": lambda: lines([NOVEL]),
    **{name: lambda name=name: lines([call(name)]) for name in ALONE},
    "T315I, codon 253 not assessable": lambda: lines([call("T315I")], missing={253}),
    "T315I, fusion not typed": lambda: lines([call("T315I")], fusion=fusions("", otherwise="not_assessable")),
    "e14a3, no mutation": lambda: lines(fusion=fusions("e14a3")),
    "35INS and exon 7 skipping": lambda: lines(splicing=events("35INS", "exon7_skipping")),
}


def golden():
    rows = [cells for _, cells in read_lines(ROOT / "tests/golden/drug_lines.tsv")]
    return [dict(zip(rows[0], cells, strict=True)) for cells in rows[1:]]


@pytest.mark.parametrize("row", golden(), ids=lambda row: f"{row['scenario']}-{row['drug']}")
def test_golden_lines(row):
    line = SCENARIOS[row["scenario"]]()[row["drug"]]
    for column in ("category", "because", "evidence", "source", "missing_codons"):
        assert getattr(line, column) == row[column], column


def test_the_golden_table_has_every_drug_for_every_scenario():
    pairs = [(row["scenario"], row["drug"]) for row in golden()]
    assert pairs == [(s, d.drug) for s in SCENARIOS for d in REFERENCE.drugs]


# ---------------------------------------------------------------- never sensitive without a row

NAMES = sorted(BY_NAME)
FIXED = {"deadline": None, "derandomize": True, "database": None}


@st.composite
def samples(draw):
    """A random sample: findings, their phase, isoforms, a fusion and gaps."""
    names = draw(st.lists(st.sampled_from([*NAMES, "T315I", "T315I"]), max_size=4, unique=True))
    names.sort(key=lambda n: (BY_NAME[n].codon, n))
    skips = draw(st.lists(st.sampled_from([v.event for v in REFERENCE.splicing]), max_size=2, unique=True))
    verdicts = st.sampled_from(
        ["compound", "polyclonal", "not_proven", "cannot_be_phased", "explained_by_recombination"]
    )
    members = [*skips, *names]
    sets = (
        draw(st.lists(st.lists(st.sampled_from(members), min_size=2, unique=True), max_size=3))
        if len(members) > 1
        else []
    )
    sets = [sorted(s, key=members.index) for s in sets]
    return {
        "calls": [call(n, draw(st.sampled_from(["reported", "low_level"]))) for n in names],
        "missing": draw(st.sets(st.sampled_from([BY_NAME[n].codon for n in NAMES]), max_size=2)),
        "phases": [phase("+".join(s), draw(verdicts)) for s in sets],
        "splicing": events(*skips),
        "fusion": fusions(draw(st.sampled_from(["e14a2", "e1a2", "e14a3", ""]))),
    }


@settings(max_examples=200, **FIXED)
@given(samples())
def test_sensitive_only_with_a_row_for_every_finding(sample):
    found = lines(**sample)
    for drug, line in found.items():
        if line.category == "sensitive":
            named = line.because.split(";")
            assert all((name, drug) in SENSITIVE for name in named)
            assert {c.name for c in sample["calls"]} == set(named)
            assert not line.missing_codons


@settings(max_examples=200, **FIXED)
@given(samples())
def test_a_resistant_mutation_is_never_worded_down_unless_an_isoform_holds_it(sample):
    found = lines(**sample)
    joined = {
        n
        for p in sample["phases"]
        if "_skipping" in p.mutations or "del" in p.mutations or "a2_" in p.mutations or "INS" in p.mutations
        for n in p.mutations.split("+")
    }
    for drug, line in found.items():
        if any((c.name, drug) in RESISTANT and c.name not in joined for c in sample["calls"]):
            assert line.category == "resistant"


@settings(max_examples=100, **FIXED)
@given(samples(), st.sets(st.sampled_from([BY_NAME[n].codon for n in NAMES]), max_size=3))
def test_more_gaps_never_make_a_line_better(sample, gaps):
    order = ["sensitive", "unknown", "not_assessable", "reduced", "resistant"]
    before = lines(**sample)
    after = lines(**{**sample, "missing": sample["missing"] | gaps})
    for drug in before:
        assert order.index(after[drug].category) >= order.index(before[drug].category)


# ---------------------------------------------------------------- the rules one by one


def test_the_asciminib_line_of_t315i_names_its_dose():
    assert "200 mg twice daily" in lines([call("T315I")])["asciminib"].statement


def test_in_vitro_folds_are_shown_as_a_range_and_make_no_category():
    line = lines([call("G250E")])["bosutinib"]
    assert (line.category, line.evidence, line.source) == ("unknown", "in_vitro", "gozgit_2013")
    assert "the IC50 of G250E is 1.2 times" in line.statement
    assert "2 to 22 times" in lines([call("T315I")])["ponatinib"].statement
    assert "5000 or more" in lines([call("T315I")])["dasatinib"].statement


def test_polyclonal_mutations_combine_as_the_worst():
    found = lines([call("G250E"), call("T315I")], phases=[phase("G250E+T315I", "polyclonal")])
    assert found["imatinib"].category == "resistant"
    assert found["ponatinib"].category == "unknown"  # nothing is known of G250E there
    assert found["ponatinib"].because == "G250E;T315I"
    assert "compound" not in found["asciminib"].statement


@pytest.mark.parametrize("verdict", ["not_proven", "cannot_be_phased", None])
def test_a_compound_that_is_not_excluded_is_said_and_never_reassures(verdict):
    phases = [phase("T315I+M351T", verdict)] if verdict else []
    found = lines([call("T315I"), call("M351T")], phases=phases)
    assert all(line.because == "T315I;M351T" for line in found.values())
    assert all("T315I and M351T may be on one molecule" in line.statement for line in found.values())
    assert found["imatinib"].category == "resistant"
    assert found["ponatinib"].category == "unknown"


def knowing(*rows):
    """The shipped knowledge with made-up rows on ponatinib: (finding, category)."""
    more = [
        Sensitivity(finding, "ponatinib", category, "guideline", "", "", None, "", "Made up.", "eln_2020", "")
        for finding, category in rows
    ]
    return replace(REFERENCE, sensitivity=(*REFERENCE.sensitivity, *more))


@pytest.mark.parametrize(
    ("verdict", "category"),
    [("polyclonal", "sensitive"), ("not_proven", "unknown"), (None, "unknown"), ("compound", "resistant")],
)
def test_two_sensitive_mutations_are_sensitive_only_when_they_are_apart(verdict, category):
    phases = [phase("T315I+M351T", verdict)] if verdict else []
    found = lines([call("T315I"), call("M351T")], phases=phases, reference=knowing(("M351T", "sensitive")))
    assert found["ponatinib"].category == category


@pytest.mark.parametrize(
    ("rows", "category"),
    [
        ([("G250E", "sensitive"), ("M351T", "sensitive")], "unknown"),  # members never reassure
        ([("G250E+M351T", "sensitive")], "sensitive"),  # a row on exactly this compound
        ([("G250E+M351T", "sensitive"), ("G250E", "reduced")], "reduced"),  # members worsen
        ([("G250E+M351T", "reduced"), ("G250E+M351T", "sensitive")], "reduced"),  # the worse of two rows
    ],
)
def test_the_row_of_a_compound_comes_first_and_its_members_only_worsen(rows, category):
    found = lines(
        [call("G250E"), call("M351T")],
        phases=[phase("G250E+M351T", "compound")],
        reference=knowing(*rows),
    )
    assert found["ponatinib"].category == category


def test_changes_that_exclude_each_other_need_no_phase():
    same_codon = lines([call("E255K"), call("E255V")])
    skipped = lines([call("G250E")], splicing=events("exon4_skipping"))
    for found in (same_codon, skipped):
        assert not any("one molecule" in line.statement for line in found.values())


def test_a_member_worsens_a_compound_that_no_source_knows():
    found = lines([call("M244V"), call("E255K")], phases=[phase("M244V+E255K", "compound")])
    assert found["imatinib"].category == "resistant"  # both members have rows
    assert found["asciminib"].category == "resistant"  # M244V alone has one
    assert found["ponatinib"].category == "unknown"
    assert {line.because for line in found.values()} == {"M244V+E255K"}


def test_a_polymorphism_does_not_make_a_compound():
    other = call("T315I")
    benign = Call(**{**vars(call("G250E")), "name": "K247R", "codon": 247, "tier": "polymorphism"})
    found = lines([benign, other], phases=[phase("K247R+T315I", "compound")])
    assert found["ponatinib"].category == "sensitive" and found["ponatinib"].because == "T315I"


def test_a_silent_change_is_no_finding():
    found = lines([call("E255K", tier="synonymous")])
    assert all(line.because == "" and line.category == "unknown" for line in found.values())


def test_a_change_that_was_seen_and_held_back_could_change_the_line():
    found = lines([call("T315I", "evidence_only", filter="orientation")])
    assert {line.because for line in found.values()} == {""}
    for drug in ("imatinib", "dasatinib", "nilotinib", "bosutinib"):
        assert (found[drug].category, found[drug].missing_codons) == ("not_assessable", "315")


def test_low_level_findings_count_and_are_marked():
    line = lines([call("T315I", "low_level")])["imatinib"]
    assert line.category == "resistant" and "Low level, below the reporting cut: T315I." in line.statement


@pytest.mark.parametrize("event", ["exon7_skipping", "a2_alternative_acceptor", "35INS"])
def test_background_and_disputed_isoforms_give_no_advice(event):
    with_event = lines([call("T315I")], splicing=events(event))
    assert with_event == lines([call("T315I")])


def test_an_unknown_isoform_is_unknown_for_every_drug():
    row = SpliceEvent(
        "S", "novel:c.600_700", "", "", 50, 500, 0.1, 0.08, 0.12, 0.02, 0.1, 0.005, "present", ""
    )  # fmt: skip
    for line in lines(splicing=[row]).values():
        assert (line.category, line.because) == ("unknown", "novel:c.600_700")


def test_without_haplotypes_a_mutation_counts_beside_its_isoform():
    found = lines(
        [call("T315I")],
        phases=[phase("exon4_skipping+T315I", "compound")],
        splicing=events("exon4_skipping"),
    )
    assert found["imatinib"].category == "resistant"
    assert found["ponatinib"].category == "unknown"


def test_a_compound_on_whole_molecules_counts_beside_the_isoform():
    found = lines(
        [call("D276G"), call("T315I")],
        phases=[
            phase("D276G+T315I", "compound"),
            phase("exon4_skipping+T315I", "compound"),
            phase("exon4_skipping+D276G", "compound"),
            phase("exon4_skipping+D276G+T315I", "compound"),
        ],
        haplotypes=[
            haplotype("D276G+T315I", 0.2, 0.1, 0.3),
            haplotype("exon4_skipping+D276G+T315I", 0.2, 0.1, 0.3),
        ],
        splicing=events("exon4_skipping"),
    )
    assert found["ponatinib"].category == "resistant"
    assert found["ponatinib"].because == "exon4_skipping+D276G+T315I;D276G+T315I"


def test_an_a3_fusion_resists_asciminib_and_says_nothing_of_the_others():
    found = lines(fusion=fusions("e14a3"))
    assert (found["asciminib"].category, found["asciminib"].because) == ("resistant", "e14a3")
    assert found["ponatinib"].because == "" and found["ponatinib"].category == "unknown"


def test_a_fusion_that_could_not_be_typed_keeps_asciminib_from_reading_well():
    found = lines([call("T315I")], fusion=fusions("", otherwise="not_assessable"))
    assert found["asciminib"].category == "not_assessable"
    assert "e14a3" in found["asciminib"].statement and found["asciminib"].missing_codons == ""
    assert found["ponatinib"].category == "sensitive"


def test_a_resistant_line_stays_and_still_lists_what_is_missing():
    line = lines([call("T315I")], missing={253, 315})["imatinib"]
    assert (line.category, line.missing_codons) == ("resistant", "253;315")


def test_a_position_without_a_coverage_row_counts_as_unseen():
    made = drug_lines("S", REFERENCE, SampleTables(splicing=tuple(events()), fusion=tuple(fusions())))
    assert {line.category for line in made} == {"not_assessable"}
    assert all("315" in line.missing_codons.split(";") for line in made)


def test_codon_rows_do_where_there_are_no_allele_rows():
    rows = [Coverage("S", "codon", "", "", c, "", 5000, 0.005, "yes", "", "not_detected") for c in range(1, 1131)]
    tables = SampleTables(coverage=tuple(rows), splicing=tuple(events()), fusion=tuple(fusions()))
    made = drug_lines("S", REFERENCE, tables)
    assert {line.category for line in made} == {"unknown"}


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
    assert {line.because for line in made.drugs} == {row.compound}
    assert {e.finding for e in made.evidence} == {"G250E", "T315I"}
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


def test_a_class_row_is_told_once_with_all_findings_it_covers():
    pairs = [phase("G250E+T315I", "compound"), phase("T315I+M351T", "compound"), phase("G250E+M351T", "polyclonal")]
    line = lines([call("G250E"), call("T315I"), call("M351T")], phases=pairs)["ponatinib"]
    assert line.lead.startswith("G250E + T315I and T315I + M351T: In vitro, compound mutants that include T315I")
    assert line.statement.count("responded worse to ponatinib") == 1
    many = lines([call("E255K"), call("V299L")], phases=[phase("E255K+V299L", "polyclonal")])["dasatinib"]
    assert "V299L and E255K: In the dasatinib trials" in many.statement


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
