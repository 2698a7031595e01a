"""One line a drug from the cells of its clones, and the rules that keep cells and lines on the safe side."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sampled import BY_NAME, REFERENCE, call, events, fusions, haplotype, lines, phase, tables, told

from ablkd.interpretation.drug_lines import clones_by_drugs
from ablkd.interpretation.evidence import SEVERITY
from ablkd.records import Coverage, SampleTables, Screened, Sensitivity, SpliceEvent

SENSITIVE = {(s.finding, s.drug) for s in REFERENCE.sensitivity if s.category == "sensitive"}
DISEASES = [d.disease for d in REFERENCE.diseases]


def row(finding, category, evidence="guideline", disease="any", drug="ponatinib", **more):
    """A made-up row of sensitivity.tsv."""
    cells = {"region": "", "date": "", "favours": "", "ic50_nm": "", "unmutated_ic50_nm": "", "fold": None}
    cells |= {"assay": "", "statement": f"{finding} is {category}, made up.", "source": "eln_2020", "note": ""} | more
    return Sensitivity(finding, drug, category, evidence, disease, **cells)


def knowing(*rows):
    """The shipped knowledge without what it says of ponatinib, and with these rows."""
    others = tuple(s for s in REFERENCE.sensitivity if s.drug != "ponatinib")
    rules = tuple(r for r in REFERENCE.rules if r.drug != "ponatinib" or r.applies_to == "compound_with:T315I")
    return replace(REFERENCE, sensitivity=(*others, *rows), rules=rules, screened=())


# ---------------------------------------------------------------- never sensitive without a row

NAMES = sorted(BY_NAME)
FIXED = {"deadline": None, "derandomize": True, "database": None}


@st.composite
def samples(draw):
    """A random sample: findings, their phase, isoforms, a fusion, a disease and gaps."""
    names = draw(st.lists(st.sampled_from([*NAMES, "T315I", "T315I"]), max_size=4, unique=True))
    names.sort(key=lambda n: (BY_NAME[n].codon, n))
    skips = draw(st.lists(st.sampled_from([v.event for v in REFERENCE.splicing]), max_size=2, unique=True))
    verdicts = st.sampled_from(
        ["compound", "polyclonal", "not_proven", "cannot_be_phased", "explained_by_recombination"]
    )
    members = [*skips, *names]
    pairs = st.lists(st.lists(st.sampled_from(members or ["x"]), min_size=2, unique=True), max_size=3)
    sets = draw(pairs) if len(members) > 1 else []
    return {
        "calls": [call(n, draw(st.sampled_from(["reported", "low_level"]))) for n in names],
        "missing": draw(st.sets(st.sampled_from([BY_NAME[n].codon for n in NAMES]), max_size=2)),
        "phases": [phase("+".join(sorted(s, key=members.index)), draw(verdicts)) for s in sets],
        "splicing": events(*skips),
        "fusion": fusions(draw(st.sampled_from(["e14a2", "e1a2", "e14a3", ""]))),
        "disease": draw(st.sampled_from(["", *DISEASES])),
    }


@settings(max_examples=150, **FIXED)
@given(samples())
def test_sensitive_only_with_a_row_for_every_finding(sample):
    for drug, line in lines(**sample).items():
        if line.category.startswith("sensitive"):
            assert sample["calls"]
            assert all((c.name, drug) in SENSITIVE for c in sample["calls"])


@settings(max_examples=60, **FIXED)
@given(samples())
def test_what_does_not_hold_in_every_disease_never_stands_bare(sample):
    def asked(disease):
        found = tables(**{key: rows for key, rows in sample.items() if key != "disease"})
        _, cells, drugs = clones_by_drugs("S", REFERENCE, found, disease)
        return {(c.clone, c.drug): c.category for c in cells} | {line.drug: line.category for line in drugs}

    each = [asked(disease) for disease in DISEASES]
    for key, category in asked("").items():
        known = {found[key] for found in each}
        assert (category in known) == (len(known) == 1)


@settings(max_examples=100, **FIXED)
@given(samples(), st.sets(st.sampled_from([BY_NAME[n].codon for n in NAMES]), max_size=3))
def test_gaps_change_no_category_and_are_told(sample, gaps):
    seen = lines(**{**sample, "missing": set()})
    for drug, line in lines(**{**sample, "missing": gaps}).items():
        assert line.category == seen[drug].category
        codons = set(map(int, filter(None, line.missing_codons.split(";"))))
        assert codons <= gaps and bool(codons) == ("not assessed" in line.provisional)


@settings(max_examples=100, **FIXED)
@given(samples())
def test_a_line_is_as_bad_as_its_worst_clone(sample):
    order = {"not_assessable": "unknown"}
    clones, cells = told(**sample)
    kinds = {clone.clone: clone.kind for clone in clones}
    for drug, line in lines(**sample).items():
        worst = [cells[c, drug].category for c in kinds if kinds[c] not in ("none", "germline", "transcript")]
        plain = [w for w in worst if w in SEVERITY]
        own = order.get(line.category, line.category)
        if own in SEVERITY:
            assert all(SEVERITY.index(own) >= SEVERITY.index(w) for w in plain)


# ---------------------------------------------------------------- which statement decides


@pytest.mark.parametrize(
    ("rows", "category", "evidence"),
    [
        ([], "unknown", ""),
        ([row("T315I", "sensitive")], "sensitive", "guideline"),
        ([row("T315I", "reduced", "clinical"), row("T315I", "sensitive", "guideline")], "sensitive", "guideline"),
        ([row("T315I", "sensitive", "label"), row("T315I", "reduced", "label")], "reduced", "label"),
        ([row("T315I", "reported", "reported")], "reported", "reported"),
        ([row("T315I", "reported", "reported"), row("T315I", "sensitive", "clinical")], "sensitive", "clinical"),
        ([row("T315I", "resistant", "in_vitro"), row("T315I", "reported", "reported")], "reported", "reported"),
        ([row("T315I", "", "guideline", favours="yes"), row("T315I", "reduced", "clinical")], "reduced", "clinical"),
        ([row("T315I", "sensitive", disease="ph_all")], "unknown", ""),
        ([row("T315I", "sensitive", "label", disease="cml_ap;cml_cp")], "sensitive", "label"),
    ],
)
def test_the_strongest_kind_that_words_a_category_decides_and_of_equals_the_worse(rows, category, evidence):
    line = lines([call("T315I")], disease="cml_cp", reference=knowing(*rows))["ponatinib"]
    assert (line.category, line.evidence) == (category, evidence)
    for other in rows:
        assert other.statement in line.statement  # what does not decide is listed under it


def test_a_statement_out_of_scope_is_told_as_such():
    reference = knowing(row("T315I", "sensitive", "label", disease="cml_cp", region="US"))
    line = lines([call("T315I")], disease="ph_all", reference=reference)["ponatinib"]
    assert line.category == "unknown"
    assert "Not for Ph+ ALL: T315I is sensitive, made up. [eln_2020; CML-CP]" in line.statement


@pytest.mark.parametrize(
    ("rows", "category"),
    [
        ([row("T315I", "sensitive", disease="cml_cp")], "sensitive, CML-CP only"),
        ([row("T315I", "sensitive", disease="cml_cp;cml_ap;cml_bp")], "sensitive, CML only"),
        (
            [row("T315I", "sensitive", disease="cml_cp"), row("T315I", "resistant", disease="ph_all")],
            "resistant, Ph+ ALL only; sensitive, CML-CP only",
        ),
        ([row("T315I", "sensitive"), row("T315I", "sensitive", disease="cml_cp")], "sensitive"),
    ],
)
def test_where_the_disease_is_not_known_a_category_carries_its_scope(rows, category):
    assert lines([call("T315I")], reference=knowing(*rows))["ponatinib"].category == category


@pytest.mark.parametrize(
    ("rows", "category"),
    [
        ([row("G250E", "sensitive"), row("M351T", "sensitive")], "unknown"),  # members never reassure
        ([row("G250E+M351T", "sensitive")], "sensitive"),  # a row on exactly this compound
        ([row("G250E+M351T", "sensitive"), row("G250E", "reduced")], "reduced"),  # members worsen
        ([row("G250E+M351T", "reduced"), row("G250E+M351T", "sensitive")], "reduced"),  # the worse of two rows
    ],
)
def test_the_row_of_a_compound_comes_first_and_its_members_only_worsen(rows, category):
    sample = {"phases": [phase("G250E+M351T", "compound")], "reference": knowing(*rows)}
    assert lines([call("G250E"), call("M351T")], **sample)["ponatinib"].category == category


@pytest.mark.parametrize(
    ("verdict", "category"),
    [("polyclonal", "sensitive"), ("not_proven", "resistant"), (None, "resistant"), ("compound", "resistant")],
)
def test_two_sensitive_mutations_are_sensitive_only_when_they_are_apart(verdict, category):
    reference = knowing(row("T315I", "sensitive"), row("M351T", "sensitive"))
    phases = [phase("T315I+M351T", verdict)] if verdict else []
    line = lines([call("T315I"), call("M351T")], phases=phases, reference=reference)["ponatinib"]
    assert line.category == category
    assert bool(line.provisional) == (verdict in ("not_proven", None))  # not shown to be on one molecule
    assert ("if on one molecule" in line.line) == (verdict in ("not_proven", None))


def test_a_member_that_a_study_calls_resistant_is_named_for_the_compound():
    reference = knowing(row("T315I", "resistant", "clinical"))
    line = lines([call("T315I"), call("M351T")], phases=[phase("T315I+M351T", "compound")], reference=reference)[
        "ponatinib"
    ]
    assert (line.category, line.evidence, line.because) == ("resistant", "clinical;in_vitro", "T315I;T315I+M351T")


# ---------------------------------------------------------------- classes look at the partner


@pytest.mark.parametrize(
    ("other", "category"),
    [
        (call("M351T"), "resistant"),  # a listed mutation
        (call("R473Q", tier="novel", codon=473), "resistant"),  # an unlisted missense change of unknown origin
        (call("R473=", tier="synonymous", codon=473), "sensitive"),
        (call("R473Q", tier="polymorphism", codon=473), "sensitive"),
        (call("L472_R473insG", tier="novel", codon=473), "unknown"),  # the class is of amino-acid changes
    ],
)
def test_a_class_of_compounds_fires_on_missense_partners_only(other, category):
    reference = knowing(row("T315I", "sensitive"))
    phases = [phase(f"T315I+{other.name}", "compound")]
    haplotypes = [haplotype(f"T315I+{other.name}", 0.1), haplotype("unmutated", 0.9)]
    found = lines([call("T315I"), other], phases=phases, haplotypes=haplotypes, reference=reference)
    assert found["ponatinib"].category == category


def test_an_unlisted_change_in_every_molecule_is_a_condition():
    sample = {
        "calls": [call("T315I", vaf=0.5), call("R473W", vaf=0.99, codon=473)],
        "phases": [phase("T315I+R473W", "compound")],
        "haplotypes": [haplotype("T315I+R473W", 0.5), haplotype("R473W", 0.5)],
        "reference": knowing(row("T315I", "sensitive")),
    }
    clones, _ = told(**sample)
    assert [(c.clone, c.kind) for c in clones] == [("T315I", "haplotype"), ("R473W", "germline"), ("none", "none")]
    line = lines(**sample)["ponatinib"]
    assert (line.category, line.clone) == ("sensitive", "T315I")
    assert line.provisional == "R473W possibly germline; if it is somatic, this is resistant"


def test_an_unlisted_change_in_every_molecule_of_a_sweeping_clone_is_no_condition():
    sample = {
        "calls": [call("T315I", vaf=0.97), call("R473W", vaf=0.97, codon=473)],
        "phases": [phase("T315I+R473W", "compound")],
        "haplotypes": [haplotype("T315I+R473W", 0.97)],
        "reference": knowing(row("T315I", "sensitive")),
    }
    assert lines(**sample)["ponatinib"].category == "resistant"


def test_a_study_that_counted_mutations_without_phase_is_asked_of_the_sample():
    apart = {"phases": [phase("T315I+M351T", "polyclonal")], "disease": "cml_cp"}
    statement = "responded worse to ponatinib"
    assert statement in lines([call("T315I"), call("M351T")], **apart)["ponatinib"].statement
    assert statement not in lines([call("T315I")], disease="cml_cp")["ponatinib"].statement


# ---------------------------------------------------------------- screens and other changes of a codon


def test_a_screen_gives_no_category():
    screened = Screened("M351T", "score", "ponatinib:resistant:9.1", "eln_2020")
    reference = replace(knowing(), screened=(screened,))
    _, cells = told(calls=[call("M351T")], reference=reference)
    cell = cells["M351T", "ponatinib"]
    assert (cell.category, cell.evidence, cell.screen) == ("unknown", "", "resistant")
    assert "a screen gives no category" in cell.statement


def test_of_an_unlisted_change_the_other_changes_of_its_codon_are_told():
    reference = knowing(row("T315I", "sensitive"), row("T315M", "resistant", "in_vitro"), row("T315A", "", "clinical"))
    cell = told(calls=[call("T315W", codon=315)], reference=reference)[1]["T315W", "ponatinib"]
    assert cell.category == "unknown"
    assert "Other changes of this codon: T315M resistant, T315I sensitive; they are other proteins." in cell.statement


# ---------------------------------------------------------------- what is open


def test_a_change_that_was_seen_and_held_back_makes_the_line_provisional():
    found = lines([call("T315I", "evidence_only", filter="orientation")])
    assert {line.clone for line in found.values()} == {""}
    for drug in ("imatinib", "dasatinib", "nilotinib", "bosutinib"):
        assert (found[drug].category, found[drug].missing_codons) == ("unknown", "315")
        assert found[drug].provisional


def test_low_level_findings_count_and_are_marked():
    line = lines([call("T315I", "low_level")], disease="cml_cp")["dasatinib"]
    assert (line.category, line.level) == ("resistant", "low_level") and "(low level)" in line.line
    both = lines([call("T315I"), call("M351T", "low_level")], phases=[phase("T315I+M351T", "polyclonal")])
    assert both["dasatinib"].level == ""  # a reported finding decides


def test_a_codon_that_was_not_assessed_does_not_replace_the_answer():
    found = lines([call("T315I")], missing={253}, reference=knowing(row("T315I", "sensitive")))["ponatinib"]
    assert found.category == "sensitive"
    assert found.provisional == "codon 253 was not assessed (with a listed change there: resistant)"
    assert found.missing_codons == "253"


def test_what_cannot_get_worse_is_not_provisional():
    line = lines([call("T315I")], missing={253, 317}, disease="cml_cp")["dasatinib"]
    assert (line.category, line.provisional, line.missing_codons) == ("resistant", "", "")


def test_without_a_finding_the_line_says_so_and_is_no_evidence_for_the_drug():
    line = lines()["ponatinib"]
    assert (line.category, line.evidence, line.clone, line.line) == ("unknown", "", "", "")
    assert line.lead == (
        "No resistance mutation was found where it could be looked for; this is not evidence that ponatinib works."
    )
    assert "codon 315 was not assessed" in lines(missing={315})["dasatinib"].provisional


def test_where_nothing_could_be_assessed_the_line_is_not_assessable():
    made = clones_by_drugs("S", REFERENCE, SampleTables(splicing=tuple(events()), fusion=tuple(fusions())), "")[2]
    assert {line.category for line in made} == {"not_assessable"}
    assert {line.lead for line in made} == {"No listed position could be assessed."}


def test_codon_rows_do_where_there_are_no_allele_rows():
    rows = [Coverage("S", "codon", "", "", c, "", 5000, 0.005, "yes", "", "not_detected") for c in range(1, 1131)]
    found = SampleTables(coverage=tuple(rows), splicing=tuple(events()), fusion=tuple(fusions()))
    assert {line.category for line in clones_by_drugs("S", REFERENCE, found, "")[2]} == {"unknown"}


# ---------------------------------------------------------------- isoforms and fusions


@pytest.mark.parametrize("event", ["exon7_skipping", "a2_alternative_acceptor", "35INS"])
def test_background_and_disputed_isoforms_give_no_advice(event):
    assert lines([call("T315I")], splicing=events(event)) == lines([call("T315I")])


def test_an_unknown_isoform_is_unknown_for_every_drug():
    novel = SpliceEvent("S", "novel:c.600_700", "", "", 50, 500, 0.1, 0.08, 0.12, 0.02, 0.1, 0.005, "present", "")
    for line in lines(splicing=[novel]).values():
        assert (line.category, line.clone, line.because) == ("unknown", "novel:c.600_700", "")


def test_what_is_known_of_a_mutation_is_not_used_for_molecules_that_lack_part_of_the_kinase():
    sample = {
        "calls": [call("T315I")],
        "phases": [phase("exon4_skipping+T315I", "compound")],
        "haplotypes": [haplotype("exon4_skipping+T315I", 0.3), haplotype("unmutated", 0.7)],
        "splicing": events("exon4_skipping"),
    }
    clones, cells = told(**sample)
    assert [c.clone for c in clones] == ["exon4_skipping+T315I", "none"]
    assert {cells["exon4_skipping+T315I", d.drug].category for d in REFERENCE.drugs} == {"unknown"}
    assert "not about molecules that lack part of it" in cells["exon4_skipping+T315I", "dasatinib"].statement


def test_without_haplotypes_a_mutation_counts_beside_its_isoform():
    phases = [phase("exon4_skipping+T315I", "compound")]
    found = lines([call("T315I")], phases=phases, splicing=events("exon4_skipping"), disease="cml_cp")
    assert found["dasatinib"].category == "resistant"
    assert found["ponatinib"].category == "unknown"


def test_an_a3_fusion_resists_asciminib_and_says_nothing_of_the_others():
    found = lines(fusion=fusions("e14a3"))
    assert (found["asciminib"].category, found["asciminib"].because) == ("resistant", "e14a3")
    assert (found["ponatinib"].category, found["ponatinib"].because) == ("unknown", "")


def test_a_fusion_that_could_not_be_typed_makes_the_line_of_its_drug_provisional():
    found = lines([call("T315I")], fusion=fusions("", otherwise="not_assessable"), disease="cml_cp")
    assert found["asciminib"].category == "sensitive" and "e14a3" in found["asciminib"].provisional
    assert "e14a3" not in found["ponatinib"].provisional


# ---------------------------------------------------------------- which clones there are


def test_clones_are_haplotypes_where_phase_is_known_the_most_resistant_first():
    clones, _ = told(
        calls=[call("T315I", vaf=0.91), call("E255K", vaf=0.2)],
        phases=[phase("E255K+T315I", "compound")],
        haplotypes=[haplotype("T315I", 0.71), haplotype("E255K+T315I", 0.2), haplotype("unmutated", 0.09)],
        disease="cml_cp",
    )
    assert [(c.clone, c.kind, c.fraction) for c in clones] == [
        ("E255K+T315I", "haplotype", 0.2), ("T315I", "haplotype", 0.71), ("none", "none", 0.09)
    ]  # fmt: skip


def test_polymorphisms_drop_out_of_haplotypes_and_their_shares_add_up():
    benign = call("K247R", tier="polymorphism", codon=247)
    clones, _ = told(
        calls=[benign, call("T315I")],
        phases=[phase("K247R+T315I", "compound")],
        haplotypes=[haplotype("K247R+T315I", 0.2), haplotype("T315I", 0.1), haplotype("K247R", 0.7)],
    )
    assert [(c.clone, round(c.fraction, 6)) for c in clones] == [("T315I", 0.3), ("none", 0.7)]


@pytest.mark.parametrize("verdict", ["not_proven", "cannot_be_phased", None])
def test_where_phase_is_open_each_mutation_stands_alone_and_the_compound_is_not_excluded(verdict):
    phases = [phase("T315I+M351T", verdict)] if verdict else []
    clones, cells = told(calls=[call("T315I"), call("M351T")], phases=phases, disease="cml_cp")
    assert {(c.clone, c.kind) for c in clones} == {
        ("T315I", "mutation"), ("M351T", "mutation"), ("T315I+M351T", "not_excluded"), ("none", "none")
    }  # fmt: skip
    assert "to be on one molecule" in cells["T315I+M351T", "ponatinib"].provisional


def test_changes_that_exclude_each_other_need_no_phase():
    same_codon = told(calls=[call("E255K"), call("E255V")])[0]
    skipped = told(calls=[call("G250E")], splicing=events("exon4_skipping"))[0]
    assert not [c for c in (*same_codon, *skipped) if c.kind == "not_excluded"]


@pytest.mark.parametrize("disease", ["", "cml_cp"])
def test_the_line_is_that_of_the_most_resistant_clone_in_each_disease(disease):
    """T315I is sensitive in CML and nothing is known of F359V: nothing is sensitive where both are."""
    reference = knowing(row("T315I", "sensitive", disease="cml_cp;cml_ap;cml_bp"))
    phases = [phase("T315I+F359V", "polyclonal")]
    line = lines([call("T315I"), call("F359V")], phases=phases, reference=reference, disease=disease)["ponatinib"]
    assert (line.category, line.clone) == ("unknown", "F359V")


def test_clones_that_are_bad_in_different_diseases_are_told_of_each():
    reference = knowing(row("T315I", "resistant", disease="ph_all"), row("F359V", "reduced", disease="cml_cp"))
    line = lines([call("T315I"), call("F359V")], phases=[phase("T315I+F359V", "polyclonal")], reference=reference)
    assert line["ponatinib"].category == "resistant, Ph+ ALL only; reduced, CML-CP only"


def test_a_large_clone_decides_before_a_low_level_one_with_stronger_evidence():
    reference = knowing(row("M351T", "resistant", "in_vitro"), row("M244V", "resistant", "clinical"))
    found = lines(
        [call("M244V", "low_level", vaf=0.01), call("M351T", vaf=0.4)],
        phases=[phase("M244V+M351T", "polyclonal")],
        reference=reference,
    )["ponatinib"]
    assert (found.clone, found.level, found.because) == ("M351T", "", "M244V;M351T")


def test_an_open_pair_with_a_rare_change_leaves_the_other_haplotypes_as_they_are():
    calls = [call("G250E", vaf=0.3), call("T315I", vaf=0.31), call("M351T", "low_level", vaf=0.01)]
    phases = [phase("G250E+T315I", "compound"), phase("T315I+M351T", "not_proven"), phase("G250E+M351T", "polyclonal")]
    haplotypes = [haplotype("G250E+T315I", 0.3), haplotype("unmutated", 0.7)]
    clones, _ = told(calls=calls, phases=phases, haplotypes=haplotypes)
    assert {(c.clone, c.kind) for c in clones} == {
        ("G250E+T315I", "haplotype"), ("M351T", "mutation"), ("T315I+M351T", "not_excluded"), ("none", "none")
    }  # fmt: skip


def test_what_speaks_for_a_drug_holds_for_the_patients_disease():
    for disease, regions in (
        ("ph_all", {"ponatinib", "asciminib"}),
        ("cml_cp", {"ponatinib", "asciminib", "olverembatinib"}),
    ):
        found = lines([call("T315I")], disease=disease)
        assert {drug for drug, line in found.items() if line.favours} == regions
    assert not any("CML" in line.favours for line in lines([call("T315I")], disease="ph_all").values())


def test_a_change_in_every_molecule_alone_is_named_and_nothing_is_known_of_it():
    line = lines([call("R473W", vaf=0.97, codon=473)])["ponatinib"]
    assert line.lead.startswith("Only R473W was found, in practically every molecule: possibly germline.")
    reference = knowing(row("R473W", "resistant", "in_vitro"))
    line = lines([call("R473W", vaf=0.97, codon=473)], reference=reference)["ponatinib"]
    assert line.provisional == "R473W possibly germline; if it is somatic, this is resistant"


def test_a_condition_of_any_clone_is_in_the_line():
    """T315I makes a compound with R473W, F359V alone decides the line: the condition is still told."""
    sample = {
        "calls": [call("T315I", vaf=0.4), call("F359V", vaf=0.3), call("R473W", vaf=0.99, codon=473)],
        "phases": [phase("T315I+F359V", "polyclonal")],
        "haplotypes": [haplotype("T315I+R473W", 0.4), haplotype("F359V+R473W", 0.3), haplotype("R473W", 0.3)],
        "reference": knowing(row("T315I", "sensitive")),
    }
    line = lines(**sample)["ponatinib"]
    assert line.category == "unknown" and "if it is somatic, this is resistant" in line.provisional


def test_haplotypes_tell_what_is_in_every_molecule_beside_a_sweeping_clone():
    sample = {
        "calls": [call("T315I", vaf=0.93), call("R473W", vaf=0.99, codon=473)],
        "phases": [phase("T315I+R473W", "compound")],
        "haplotypes": [haplotype("T315I+R473W", 0.93), haplotype("R473W", 0.07)],
        "reference": knowing(row("T315I", "sensitive")),
    }
    line = lines(**sample)["ponatinib"]
    assert (line.category, line.clone) == ("sensitive", "T315I") and "germline" in line.provisional


def test_a_compound_is_low_level_where_one_of_its_changes_is():
    calls = [call("T315I", vaf=0.4), call("E453K", "low_level", vaf=0.02)]
    haplotypes = [haplotype("T315I", 0.38), haplotype("T315I+E453K", 0.02), haplotype("unmutated", 0.6)]
    clones, _ = told(calls=calls, phases=[phase("T315I+E453K", "compound")], haplotypes=haplotypes)
    assert {c.clone: c.level for c in clones} == {"T315I+E453K": "low_level", "T315I": "reported", "none": ""}


def test_a_study_in_one_phase_makes_nothing_clinical_in_the_others():
    sample = {"calls": [call("T315I"), call("E453K")], "phases": [phase("T315I+E453K", "compound")]}
    assert told(**sample)[1]["T315I+E453K", "ponatinib"].evidence == "in_vitro"
    assert told(**sample, disease="cml_ap")[1]["T315I+E453K", "ponatinib"].evidence == "clinical;in_vitro"


def test_every_clone_that_decides_in_any_disease_is_named():
    reference = knowing(
        row("Y253H", "reduced", "clinical", disease="cml_cp;cml_ap;cml_bp"),
        row("Y253H", "reported", "reported"),
        row("F359I", "reported", "reported"),
    )
    line = lines([call("Y253H"), call("F359I")], phases=[phase("Y253H+F359I", "polyclonal")], reference=reference)
    assert line["ponatinib"].category == "reduced, CML only; reported, Ph+ ALL only"
    assert line["ponatinib"].because == "Y253H;F359I"


def test_molecules_without_a_finding_have_a_row_where_phase_is_open():
    haplotypes = [
        replace(haplotype(name, 0.3), fraction=None, identifiable="bounds_only") for name in ("T315I", "F359V")
    ]
    clones, _ = told(calls=[call("T315I"), call("F359V")], haplotypes=haplotypes)
    assert clones[-1].kind == "none" and clones[-1].fraction is None
