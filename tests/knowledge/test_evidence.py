"""Sources, drug tables and the README of the folder: nothing without a source, nothing from a bare fold."""

import re
from pathlib import Path

import pytest

from ablkd.reference import SEQUENCES, TABLES, sha256
from ablkd.tables import read_rows

FOLDER = Path(__file__).parents[2] / "reference"
DRUGS = ["imatinib", "bosutinib", "dasatinib", "nilotinib", "ponatinib", "asciminib", "olverembatinib"]


def all_rows(name):
    return read_rows(FOLDER / name, TABLES[name])


def test_every_source_exists_and_is_used():
    keys = [row.source for row in all_rows("sources.tsv")]
    cited = [row.source for name in TABLES if name != "sources.tsv" for row in all_rows(name)]
    used = {key for sources in cited for key in sources.split(", ")}
    assert len(keys) == len(set(keys))
    assert used == set(keys)


def test_notes_that_name_a_source_name_a_known_one(reference):
    for row in reference.mutations:
        for key in re.findall(r"also listed by ([a-z0-9_, ]+)", row.note):
            assert set(key.split(", ")) <= set(reference.sources)


def test_drugs_are_those_of_the_report(reference):
    assert [d.drug for d in reference.drugs] == DRUGS


def test_every_finding_of_the_drug_tables_is_known(reference):
    mutations = {m.name for m in reference.mutations}
    others = {v.event for v in reference.splicing} | {t.name for t in reference.transcripts if t.kind == "fusion"}
    for row in reference.sensitivity:
        assert set(row.finding.split("+")) <= mutations | others, row.finding
        assert row.drug in DRUGS
    regions = {m.region for m in reference.mutations}
    for rule in reference.rules:
        kind, _, name = rule.applies_to.partition(":")
        known = {"any_compound": {""}, "compound_with": mutations, "further": mutations, "except": mutations}
        known["compound_without"] = mutations
        assert name in (known | {"region": regions})[kind] and rule.drug in DRUGS


def test_compounds_are_named_in_transcript_order(reference):
    places = {m.name: m.codon * 3 for m in reference.mutations} | {v.event: v.start for v in reference.splicing}
    for row in reference.sensitivity:
        members = row.finding.split("+")
        if len(members) > 1:
            assert [places[m] for m in members] == sorted(places[m] for m in members)


def test_categories_and_evidence_use_the_known_words(reference):
    for row in (*reference.sensitivity, *reference.rules):
        assert row.category in ("", "sensitive", "reported", "reduced", "resistant")
        assert row.evidence in ("guideline", "label", "clinical", "reported", "in_vitro")
        assert (row.category == "reported") == (row.evidence == "reported")


def test_every_statement_has_a_scope(reference):
    for row in (*reference.sensitivity, *reference.rules):
        words = row.disease.split(";")
        assert words == ["any"] or set(words) <= {"cml_cp", "cml_ap", "cml_bp", "ph_all"}, row
        assert len(words) == len(set(words))
    for row in reference.sensitivity:
        assert bool(row.region) == (row.evidence in ("label", "guideline")), row
        assert re.fullmatch(r"(\d{4}(-\d\d-\d\d)?)?", row.date) and (row.region or not row.date)


def test_a_label_or_guideline_never_holds_for_any_disease(reference):
    for row in reference.sensitivity:
        assert row.evidence not in ("label", "guideline") or row.disease != "any", row


def test_what_favours_a_drug_or_speaks_of_a_class_makes_nothing_sensitive(reference):
    assert not [r for r in (*reference.sensitivity, *reference.rules) if r.favours and r.category]
    assert not [r for r in reference.rules if r.category == "sensitive"]


def test_no_statement_speaks_of_a_polymorphism(reference):
    benign = {p.name for p in reference.polymorphisms}
    assert not [r for r in reference.sensitivity if benign & set(r.finding.split("+"))]
    assert not [r for r in reference.rules if r.applies_to.partition(":")[2] in benign]


def test_what_is_less_than_sure_says_so(reference):
    """The facts give these a confidence below high."""
    doubtful = {"front_oncol_2021", "abl_dms_list"}
    for row in reference.sensitivity:
        transcribed = row.source == "zabriskie_2014" and row.ic50_nm and not row.unmutated_ic50_nm
        if row.source in doubtful or transcribed or (row.source, row.drug) == ("redaelli_2012", "dasatinib"):
            assert "medium confidence" in row.note, row
    for source in ("jho_2008", "cml_vus_screen", "inam_dms"):
        assert "medium confidence" in reference.sources[source].verification


def test_a_measured_value_never_carries_a_category(reference):
    for row in reference.sensitivity:
        if row.ic50_nm or row.fold is not None:
            assert row.category == "" and row.evidence == "in_vitro" and row.assay
        else:
            assert row.statement


def test_folds_are_the_quotient_of_the_two_values(reference):
    measured = [r for r in reference.sensitivity if r.fold is not None]
    assert len(measured) > 150
    for row in measured:
        quotient = float(row.ic50_nm.removeprefix(">")) / float(row.unmutated_ic50_nm)
        assert row.fold == pytest.approx(quotient, rel=0.01, abs=0.006), row


def test_values_of_the_pooled_screen_say_so(reference):
    pooled = [r for r in reference.sensitivity if r.source == "abl_dms_asciminib"]
    assert pooled
    assert all("pooled" in r.assay and "pooled" in r.note for r in pooled)


def test_doubtful_values_are_left_out_or_say_what_they_are(reference):
    rows = reference.sensitivity
    assert not [r for r in rows if r.finding == "Y253F" and r.source == "gozgit_2013"]
    recovered = [r for r in rows if r.finding == "Y253H" and r.source == "gozgit_2013"]
    assert len(recovered) == 5 and all("printed as Y253F" in r.note for r in recovered)
    (derived,) = [r for r in rows if (r.finding, r.drug, r.source) == ("G250E", "ponatinib", "gozgit_2013")]
    assert "derived" in derived.note and "derived" in derived.assay
    values = [r for r in rows if r.drug == "asciminib" and r.ic50_nm]
    assert {r.source for r in values} == {"abl_dms_asciminib"}


@pytest.mark.parametrize(
    ("finding", "drug", "category", "evidence", "source"),
    [
        ("T315I", "imatinib", "reported", "reported", "soverini_resistant_table"),
        ("T315I", "imatinib", "resistant", "clinical", "leukemia_2024_t315i"),
        ("T315I", "imatinib", "resistant", "clinical", "case_reports"),
        ("T315I", "nilotinib", "resistant", "clinical", "branford_2009"),
        ("T315I", "dasatinib", "resistant", "clinical", "branford_2009"),
        ("T315I", "bosutinib", "resistant", "clinical", "cortes_2011"),
        ("T315I", "ponatinib", "sensitive", "guideline", "nice_ta451"),
        ("T315I", "asciminib", "sensitive", "label", "label_scemblix"),
        ("T315I", "asciminib", "", "label", "hse_asciminib"),
        ("T315I", "olverembatinib", "sensitive", "label", "leukemia_2024_t315i"),
        ("T315M", "ponatinib", "resistant", "in_vitro", "deininger_2016"),
        ("Y253H", "nilotinib", "reduced", "clinical", "branford_2009"),
        ("F317L", "dasatinib", "reduced", "clinical", "branford_2009"),
        ("T315A", "dasatinib", "resistant", "clinical", "branford_2009"),
        ("V299L", "bosutinib", "reported", "reported", "soverini_resistant_table"),
        ("V299L", "bosutinib", "resistant", "clinical", "biologics_2013"),
        ("M244V", "asciminib", "resistant", "clinical", "leyte_vidal_2024"),
        ("e14a3", "asciminib", "resistant", "in_vitro", "leukemia_2024_asciminib"),
    ],
)
def test_statements_of_the_sources(reference, finding, drug, category, evidence, source):
    assert (category, evidence, source) in {
        (r.category, r.evidence, r.source) for r in reference.sensitivity if (r.finding, r.drug) == (finding, drug)
    }


def test_only_t315i_is_called_sensitive_and_only_to_three_drugs(reference):
    found = {}
    for row in reference.sensitivity:
        if row.category == "sensitive":
            found.setdefault((row.finding, row.drug), set()).update(row.disease.split(";"))
    assert found == {
        ("T315I", "ponatinib"): {"cml_cp", "cml_ap", "cml_bp", "ph_all"},
        ("T315I", "asciminib"): {"cml_cp"},
        ("T315I", "olverembatinib"): {"cml_cp", "cml_ap"},
    }


def test_sensitive_is_said_of_the_single_mutation_only(reference):
    for row in reference.sensitivity:
        assert row.category != "sensitive" or "not as part of a compound" in row.note


def test_imatinib_and_t315i_are_worded_in_every_disease(reference):
    rows = [r for r in reference.sensitivity if (r.finding, r.drug) == ("T315I", "imatinib")]
    worded = {word for r in rows if r.category == "resistant" for word in r.disease.split(";")}
    assert worded == {"cml_cp", "cml_ap", "cml_bp", "ph_all"}


def test_no_guideline_row_is_invented_for_t315i_and_imatinib(reference):
    rows = [r for r in reference.sensitivity if (r.finding, r.drug) == ("T315I", "imatinib")]
    assert rows and not [r for r in rows if r.evidence in ("guideline", "label")]


def test_the_asciminib_label_row_names_its_dose(reference):
    row = next(r for r in reference.sensitivity if r.source == "label_scemblix")
    assert "200 mg twice daily" in row.statement


def test_exon_4_skipping_and_the_disputed_insertion_have_no_category(reference):
    for event in ("exon4_skipping", "35INS"):
        rows = [r for r in reference.sensitivity if event in r.finding.split("+")]
        assert rows and not [r for r in rows if r.category]


def test_regions_of_rules_are_those_of_their_sources(reference):
    """The P-loop is codons 248 to 255 in the review; the N-lobe ends at the hinge."""
    places = {}
    for row in reference.mutations:
        places.setdefault(row.region, set()).add(row.codon)
    assert min(places["P-loop"]) == 248 and max(places["P-loop"]) == 255
    assert max(places["N-lobe"]) < 315 and places["alphaC helix"] <= set(range(279, 294))
    for label in ("P-loop", "N-lobe", "alphaC helix"):
        others = set().union(*(codons for region, codons in places.items() if region != label))
        assert not places[label] & others


def test_levels_of_molecular_response(reference):
    assert [(r.level, r.percent_is, r.fusions, r.source) for r in reference.responses] == [
        ("MR2", 1.0, "e13a2;e14a2", "eln_2013, ph_is, cross_2015"),
        ("MR3", 0.1, "e13a2;e14a2", "ph_is, cross_2015"),
        ("MR4", 0.01, "e13a2;e14a2", "ph_is, cross_2015"),
        ("MR4.5", 0.0032, "e13a2;e14a2", "ph_is, cross_2015"),
    ]
    for row in reference.responses:
        assert row.percent_is == pytest.approx(100 * 10 ** -float(row.level[2:]), rel=0.02)


def test_amplicons_with_the_exon_10_reverse_primer_name_the_polymorphism_under_it(reference):
    primer = reference.sequence[1495:1520]
    noted = {a.name for a in reference.amplicons if "E499=" in a.note}
    over = {a.name for a in reference.amplicons if a.reverse_end - a.reverse_start == 24 and primer
            == reference.sequences[a.transcript][a.reverse_start - 1 : a.reverse_end]}  # fmt: skip
    assert noted == over == {"major_long", "minor_long", "kinase_nested_long"}
    (row,) = [p for p in reference.polymorphisms if p.name == "E499="]
    assert row.hgvs_c.endswith("c.1497A>G") and primer[1] == "A" and row.frequency == 0.0947


def test_every_note_fills_its_placeholders(reference):
    for note in reference.notes.values():
        assert "{" not in note.text.format(event="exon9_skipping", mutation="M1V", call="present")


def test_the_readme_gives_true_digests_of_all_files():
    text = (FOLDER / "README.md").read_text("utf-8")
    digests = dict(re.findall(r"^\| (\S+) \|.*\| `([0-9a-f]{64})` \|$", text, re.MULTILINE))
    assert digests == {name: sha256(FOLDER / name) for name in {SEQUENCES, *TABLES}}


def test_no_file_tells_of_a_place_on_somebodys_disk():
    for path in sorted(FOLDER.rglob("*.*")):
        text = path.read_text("utf-8")
        assert "/home/" not in text and "/tmp/" not in text, path
