"""Every row of the drug tables, made again from the curated facts they were taken from.

The facts are kept beside the repository; without them these tests are skipped. Statements are ours, so of a row the
finding, drug, category, kind of evidence, values and source are compared, and both ways: no row more, no row less.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

FOUND = "found in samples resistant to "
REFUSED = {
    "LABEL CONFLICT": "the label of the value is in doubt",
    "typing error": "the value is misprinted",
    "low provenance": "no source is stated",
}
MEASURED = [  # how the facts name a source, and its key here
    ("Gozgit 2013", "gozgit_2013"), ("Redaelli 2009", "redaelli_2009"), ("Redaelli 2012", "redaelli_2012"),
    ("Zabriskie 2014", "zabriskie_2014"), ("Pritchard lab (data set of Leighow", "leighow_2020"),
    ("Pritchard lab (Inam", "inam_hill"), ("O'Hare 2009", "ohare_2009"), ("ASH abstract", "ash_2008_2122"),
    ("Pritchard lab abl_dms, pilot", "abl_dms_asciminib"),
]  # fmt: skip
# Guideline rows of the facts whose mutations have statements here: how the row starts, its key here, the kind of
# evidence, and the category of its preferred and of its contraindicated drugs (`None`: its preferred drugs are
# about the other class of mutations and are no statement on these).
WORDED = [
    ("ELN 2020 (as tabulated", "T315I", "eln_2020", "guideline", "sensitive", ""),
    ("NICE TA451", "T315I", "nice_ta451", "guideline", "sensitive", ""),
    ("US label Scemblix", "T315I", "label_scemblix", "label", "sensitive", ""),
    ("Hughes, Hematology 2022", "T315I", "hughes_2022", "clinical", "", ""),
    ("Branford 2009", "Y253H", "branford_2009", "clinical", None, "reduced"),
    ("Branford 2009", "F317L, V299L", "branford_2009", "clinical", None, "reduced"),
    ("Branford 2009", "T315I", "branford_2009", "clinical", None, "resistant"),
    ("Soverini table", "", "soverini_resistant_table", "clinical", None, "resistant"),
]
# The same review words these as "less sensitive / insensitive" in the table of statements: the worse is kept.
WORSE = "less sensitive / insensitive"


@pytest.fixture(scope="module")
def facts(root):
    """Rows of a table of the curated facts."""
    folder = root.parent / "shared" / "facts"
    if not folder.is_dir():
        pytest.skip(f"no curated facts in {folder}")

    def rows(name: str) -> list[dict[str, str]]:
        with Path(folder / name).open(encoding="utf-8", newline="") as stream:
            return [{k: v or "" for k, v in row.items()} for row in csv.DictReader(stream, delimiter="\t")]

    return rows


def names_in(text: str) -> list[str]:
    """`Y253F/H, E255K/V` as the four names; words that are no change are left out."""
    found = []
    for part in re.split(r"[,;]\s*", text):
        if change := re.fullmatch(r"([A-Z]\d+)([A-Z](?:/[A-Z])*)", part.strip()):
            found += [change[1] + letter for letter in change[2].split("/")]
    return found


def source_key(words: str) -> str:
    return next((key for start, key in MEASURED if words.startswith(start)), "")


def measured(facts, catalogue):
    """(finding, drug, IC50, unmutated IC50, source) of every value that is held to be usable."""
    rows = [row for row in facts("tki_sensitivity.tsv") if row["ic50_nM"]]
    unmutated = {
        (row["tki"], source_key(row["source"])): row["ic50_nM"] for row in rows if row["mutation"] == "unmutated"
    }
    made = set()
    for row in rows:
        key = source_key(row["source"])
        usable = key and not any(words in row["note"] for words in REFUSED) and "(" not in row["ic50_nM"]
        if row["mutation"] == "unmutated" or not usable or row["mutation"] not in catalogue:
            continue
        told = re.search(r"\(WT ([\d.]+) nM same file\)", row["fold_basis"])
        base = told[1] if told else unmutated.get((row["tki"], key), "")
        bound = ">" if "capped" in row["note"] else ""
        made.add((row["mutation"], row["tki"], bound + row["ic50_nM"], base, key))
    return made


def test_values_measured_in_vitro(facts, reference):
    catalogue = {m.name for m in reference.mutations}
    ours = {(s.finding, s.drug, s.ic50_nm, s.unmutated_ic50_nm, s.source) for s in reference.sensitivity if s.ic50_nm}
    assert ours == measured(facts, catalogue)
    assert len(ours) == len([s for s in reference.sensitivity if s.ic50_nm])


def test_folds_of_the_facts_agree_with_ours(facts, reference):
    told = {
        (row["mutation"], row["tki"], source_key(row["source"])): row["fold_change_vs_unmutated"]
        for row in facts("tki_sensitivity.tsv")
    }
    compared = 0
    for s in reference.sensitivity:
        if s.fold is not None:
            assert s.fold == pytest.approx(float(told[s.finding, s.drug, s.source]), rel=0.01), s
            compared += 1
    assert compared > 150


# ---------------------------------------------------------------- statements


def of_guidelines(facts):
    """(finding, drug, category, evidence, source) of the guideline, label, review and resistance tables."""
    worse = {
        (name, row["tki"])
        for row in facts("tki_sensitivity.tsv")
        if row["category"] == WORSE
        for name in names_in(row["mutation"])
    }
    made = set()
    for row in facts("guideline_rules.tsv"):
        for start, first, key, evidence, preferred, contraindicated in WORDED:
            if not (row["guideline"].startswith(start) and row["mutations_or_situation"].startswith(first)):
                continue
            for name in names_in(row["mutations_or_situation"]):
                against = row["contraindicated_TKIs"].split(", ") if contraindicated else []
                for drug in against:
                    category = "resistant" if (name, drug) in worse and key == "branford_2009" else contraindicated
                    made.add((name, drug, category, evidence, key))
                favoured = re.findall(r"ponatinib|asciminib", row["preferred_TKIs"]) if preferred is not None else []
                made |= {(name, drug, preferred, evidence, key) for drug in favoured}
    return made


def of_resistant_samples(facts):
    """The same of the catalogue's notes: changes found in samples that resisted a drug."""
    made = set()
    for row in facts("mutations.tsv"):
        note = row["clinical_note"]
        if note.startswith(FOUND) and (change := row["protein_change_ABL1_1a_numbering"].removeprefix("p.")):
            drugs = note.removeprefix(FOUND).split(";")[0].split(",")
            made |= {(change, drug, "resistant", "clinical", "soverini_resistant_table") for drug in drugs}
    return made


def of_statements(facts, fusions):
    """The same of the statements among the sensitivities, each read by hand; all that is not here is left out."""
    rows = [row for row in facts("tki_sensitivity.tsv") if row["category_basis"] == "as worded in source"]

    def told(start: str, drug: str = "") -> bool:
        return any(row["mutation"].startswith(start) and row["tki"].startswith(drug) for row in rows)

    made = set()
    if told("T315M", "ponatinib"):
        made.add(("T315M", "ponatinib", "resistant", "in_vitro", "deininger_2016"))
    if told("M244V", "asciminib"):
        made.add(("M244V", "asciminib", "resistant", "clinical", "leyte_vidal_2024"))
    if told("e13a3 / e14a3 transcript (ABL1 exon 2 lost)", "asciminib"):
        lost = [name for name in fusions if name.endswith("a3")] + ["exon2_skipping"]
        made |= {(name, "asciminib", "resistant", "in_vitro", "leukemia_2024_asciminib") for name in lost}
    for row in rows:
        if row["category"] == "treated as non-resistant controls":
            made |= {(n, row["tki"], "", "in_vitro", "abl_dms_roc") for n in names_in(row["mutation"])}
        if row["mutation"].endswith("35INS"):
            made |= {("35INS", drug, "", "in_vitro", "ohare_2011") for drug in row["tki"].split("/")}
    return made


def test_statements_on_findings(facts, reference):
    fusions = [t.name for t in reference.transcripts if t.kind == "fusion"]
    expected = of_guidelines(facts) | of_resistant_samples(facts) | of_statements(facts, fusions)
    # The two published patients: a compound, and a mutation with exon 4 skipping (case_report.md).
    expected |= {
        (name, "ponatinib", "", "clinical", "case_reports") for name in ("G250E+D276G+T315I", "exon4_skipping+T315I")
    }
    rows = [s for s in reference.sensitivity if not s.ic50_nm]
    ours = {(s.finding, s.drug, s.category, s.evidence, s.source) for s in rows}
    assert ours == expected
    assert len(ours) == len(rows)


def test_rules_on_classes_of_findings(facts, reference):
    expected = set()
    for row in facts("tki_sensitivity.tsv"):
        if row["mutation"] == "T315I-inclusive compound (any)":
            expected.add(("compound_with:T315I", row["tki"], "resistant", "in_vitro", "zabriskie_2014"))
        if row["mutation"] == "T315I-inclusive compound (most)":
            expected.add(("compound_with:T315I", row["tki"], "resistant", "in_vitro", "gleixner_2021"))
        if row["mutation"] == "mutations with dasatinib IC50 >3 nM":
            expected.add(("ic50_above:3", row["tki"], "", "clinical", "muller_2009"))
    guidelines = {row["guideline"].split(" Blood")[0] for row in facts("guideline_rules.tsv")}
    if "Parker 2016" in guidelines:
        expected.add(("compound_with:T315I", "ponatinib", "", "clinical", "parker_2016"))
    if "Deininger 2016" in guidelines:
        expected.add(("any_compound", "ponatinib", "", "clinical", "deininger_2016"))
    ours = {(r.applies_to, r.drug, r.category, r.evidence, r.source) for r in reference.rules}
    assert ours == expected and len(ours) == len(reference.rules)
