"""Sources, drug tables and the README of the folder: nothing without a source, nothing from a bare fold."""

import re
from pathlib import Path

import pytest

from ablkd.reference import SEQUENCES, TABLES, sha256
from ablkd.tables import read_rows

FOLDER = Path(__file__).parents[2] / "reference"
DRUGS = ["imatinib", "bosutinib", "dasatinib", "nilotinib", "ponatinib", "asciminib"]


def all_rows(name):
    return read_rows(FOLDER / name, TABLES[name])


def test_every_source_exists_and_is_used():
    keys = [row.source for row in all_rows("sources.tsv")]
    rows = [row for name in TABLES if name != "sources.tsv" for row in all_rows(name)]
    used = {key for row in rows for key in row.source.split(", ")}
    assert len(keys) == len(set(keys))
    assert used == set(keys)


def test_notes_that_name_a_source_name_a_known_one(reference):
    for row in reference.mutations:
        for key in re.findall(r"also listed by ([a-z0-9_, ]+)", row.note):
            assert set(key.split(", ")) <= set(reference.sources)


def test_drugs_are_the_six_of_the_report(reference):
    assert [d.drug for d in reference.drugs] == DRUGS


def test_every_finding_of_the_drug_tables_is_known(reference):
    mutations = {m.name for m in reference.mutations}
    others = {v.event for v in reference.splicing} | {t.name for t in reference.transcripts if t.kind == "fusion"}
    for row in reference.sensitivity:
        assert set(row.finding.split("+")) <= mutations | others, row.finding
        assert row.drug in DRUGS
    for rule in reference.rules:
        kind, _, name = rule.applies_to.partition(":")
        assert kind in ("compound_with", "any_compound", "ic50_above") and rule.drug in DRUGS
        assert (kind == "ic50_above") == bool(re.fullmatch(r"[\d.]+", name))
        assert (name in mutations) == (kind == "compound_with")


def test_compounds_are_named_in_transcript_order(reference):
    places = {m.name: m.codon * 3 for m in reference.mutations} | {v.event: v.start for v in reference.splicing}
    for row in reference.sensitivity:
        members = row.finding.split("+")
        if len(members) > 1:
            assert [places[m] for m in members] == sorted(places[m] for m in members)


def test_categories_and_evidence_use_the_known_words(reference):
    for row in (*reference.sensitivity, *reference.rules):
        assert row.category in ("", "sensitive", "reduced", "resistant")
        assert row.evidence in ("guideline", "label", "clinical", "in_vitro")


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


def test_doubtful_values_are_left_out(reference):
    rows = reference.sensitivity
    assert not [r for r in rows if r.finding == "Y253F" and r.source == "gozgit_2013"]
    assert not [r for r in rows if r.finding == "G250E" and r.drug == "ponatinib" and r.source == "gozgit_2013"]
    values = [r for r in rows if r.drug == "asciminib" and r.ic50_nm]
    assert {r.source for r in values} == {"abl_dms_asciminib"}


@pytest.mark.parametrize(
    ("finding", "drug", "category", "evidence", "source"),
    [
        ("T315I", "imatinib", "resistant", "clinical", "soverini_resistant_table"),
        ("T315I", "nilotinib", "resistant", "clinical", "branford_2009"),
        ("T315I", "dasatinib", "resistant", "clinical", "branford_2009"),
        ("T315I", "bosutinib", "resistant", "clinical", "soverini_resistant_table"),
        ("T315I", "ponatinib", "sensitive", "guideline", "nice_ta451"),
        ("T315I", "asciminib", "sensitive", "label", "label_scemblix"),
        ("T315M", "ponatinib", "resistant", "in_vitro", "deininger_2016"),
        ("Y253H", "nilotinib", "reduced", "clinical", "branford_2009"),
        ("F317L", "dasatinib", "reduced", "clinical", "branford_2009"),
        ("T315A", "dasatinib", "resistant", "clinical", "branford_2009"),
        ("V299L", "bosutinib", "resistant", "clinical", "soverini_resistant_table"),
        ("M244V", "asciminib", "resistant", "clinical", "leyte_vidal_2024"),
        ("e14a3", "asciminib", "resistant", "in_vitro", "leukemia_2024_asciminib"),
    ],
)
def test_statements_of_the_sources(reference, finding, drug, category, evidence, source):
    assert (category, evidence, source) in {
        (r.category, r.evidence, r.source) for r in reference.sensitivity if (r.finding, r.drug) == (finding, drug)
    }


def test_only_t315i_is_called_sensitive_and_only_to_two_drugs(reference):
    found = {(r.finding, r.drug) for r in reference.sensitivity if r.category == "sensitive"}
    assert found == {("T315I", "ponatinib"), ("T315I", "asciminib")}
    assert not [r for r in reference.rules if r.category == "sensitive"]


def test_no_guideline_row_is_invented_for_t315i_and_imatinib(reference):
    rows = [r for r in reference.sensitivity if (r.finding, r.drug) == ("T315I", "imatinib")]
    assert rows and not [r for r in rows if r.evidence in ("guideline", "label")]


def test_the_asciminib_label_row_names_its_dose(reference):
    row = next(r for r in reference.sensitivity if r.source == "label_scemblix")
    assert "200 mg twice daily" in row.statement


def test_exon_4_skipping_has_no_category(reference):
    assert not [r for r in reference.sensitivity if "exon4_skipping" in r.finding and r.category]


def test_every_note_fills_its_placeholders(reference):
    for note in reference.notes.values():
        assert "{" not in note.text.format(event="exon9_skipping", mutation="M1V", call="present")


def test_the_readme_gives_true_digests_of_all_files():
    text = (FOLDER / "README.md").read_text("utf-8")
    digests = dict(re.findall(r"^\| (\S+) \|.*\| `([0-9a-f]{64})` \|$", text, re.MULTILINE))
    assert digests == {name: sha256(FOLDER / name) for name in [SEQUENCES, *TABLES]}


def test_no_file_tells_of_a_place_on_somebodys_disk():
    for path in sorted(FOLDER.rglob("*.*")):
        text = path.read_text("utf-8")
        assert "/home/" not in text and "/tmp/" not in text, path
