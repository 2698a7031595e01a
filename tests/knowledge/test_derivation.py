"""Every row of the drug tables, made again from the curated facts they were taken from.

The facts are kept beside the repository; without them these tests are skipped. Statements are ours, so of a row the
finding, drug, category, kind of evidence, scope, values and source are compared, and both ways: no row more, no row
less. What the facts have no table for is typed in expected_statements.py.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from expected_statements import CML, RULES, TYPED, VALUES

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
# evidence, and the category of its preferred and of its contraindicated drugs (a comparison of two drugs has none).
WORDED = [
    ("ELN 2020 (as tabulated", "T315I", "eln_2020", "guideline", "sensitive", ""),
    ("NICE TA451", "T315I", "nice_ta451", "guideline", "sensitive", ""),
    ("US label Scemblix", "T315I", "label_scemblix", "label", "sensitive", ""),
    ("Hughes, Hematology 2022", "T315I", "hughes_2022", "clinical", "", ""),
    ("Branford 2009", "Y253H", "branford_2009", "clinical", "", "reduced"),
    ("Branford 2009", "F317L, V299L", "branford_2009", "clinical", "", "reduced"),
    ("Branford 2009", "T315I", "branford_2009", "clinical", "", "resistant"),
    ("Soverini table", "", "soverini_resistant_table", "reported", "", "reported"),
]
# Disease and region of the sources whose statements are derived; all others hold for any and name no region.
SCOPE = {
    "eln_2020": (CML, "Europe"), "nice_ta451": (CML, "England"), "label_scemblix": ("cml_cp", "US"),
    "hughes_2022": ("cml_cp", ""), "branford_2009": (CML, ""),
}  # fmt: skip
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
    assert ours == measured(facts, catalogue) | VALUES
    assert len(ours) == len([s for s in reference.sensitivity if s.ic50_nm])


def test_folds_of_the_facts_agree_with_ours(facts, reference):
    told = {
        (row["mutation"], row["tki"], source_key(row["source"])): row["fold_change_vs_unmutated"]
        for row in facts("tki_sensitivity.tsv")
    }
    compared = 0
    for s in reference.sensitivity:
        if s.fold is not None and (s.finding, s.drug, s.ic50_nm, s.unmutated_ic50_nm, s.source) not in VALUES:
            assert s.fold == pytest.approx(float(told[s.finding, s.drug, s.source]), rel=0.01), s
            compared += 1
    assert compared > 150


def test_values_found_since_are_those_of_the_facts(facts):
    """The typed values against the facts: value, drug, finding and, where it is told, the fold."""
    told = {}
    for row in facts("tki_new_facts.tsv"):
        if row["kind"] == "ic50" and row["key"] != "WT":
            bound, value = re.match(r"(?:about )?(>=)?([\d.]+) nM", row["value"]).groups()
            fold = re.search(r"fold ([\d.]+)", row["value"])
            name = row["key"].split(" ")[0]
            told[name, row["drug"], (">" if bound else "") + value, source_key(row["source"])] = fold and float(fold[1])
    assert set(told) == {(name, drug, value, source) for name, drug, value, _, source in VALUES}
    for name, drug, value, base, source in VALUES:
        if fold := told[name, drug, value, source]:
            assert float(value) / float(base) == pytest.approx(fold, abs=0.05)


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
                favoured = re.findall(r"[a-z]+tinib|[a-z]+minib", row["preferred_TKIs"])
                made |= {(name, drug, preferred, evidence, key) for drug in favoured}
    return made


def of_resistant_samples(facts):
    """The same of the catalogue's notes: changes found in samples that resisted a drug."""
    made = set()
    for row in facts("mutations.tsv"):
        note = row["clinical_note"]
        if note.startswith(FOUND) and (change := row["protein_change_ABL1_1a_numbering"].removeprefix("p.")):
            drugs = note.removeprefix(FOUND).split(";")[0].split(",")
            made |= {(change, drug, "reported", "reported", "soverini_resistant_table") for drug in drugs}
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
    derived = of_guidelines(facts) | of_resistant_samples(facts) | of_statements(facts, fusions)
    expected = {(*row[:4], *SCOPE.get(row[4], ("any", "")), row[4]) for row in derived}
    expected |= {(*row[:6], row[7]) for row in TYPED}
    rows = [s for s in reference.sensitivity if not s.ic50_nm]
    ours = {(s.finding, s.drug, s.category, s.evidence, s.disease, s.region, s.source) for s in rows}
    assert ours == expected
    assert len(ours) == len(rows)


def test_what_favours_a_drug(facts, reference):
    """Comparisons and praise of a drug: those typed, and the preferred drugs of two expert reviews."""
    expected = {(row[0], row[1], row[7]) for row in TYPED if row[6]}
    for row in of_guidelines(facts):
        if row[4] in ("branford_2009", "hughes_2022") and not row[2]:
            expected.add((row[0], row[1], row[4]))
    ours = {(s.finding, s.drug, s.source) for s in reference.sensitivity if s.favours}
    assert ours == expected
    assert ("Y253H", "dasatinib", "branford_2009") in ours and ("T315A", "nilotinib", "branford_2009") in ours


def test_rules_on_classes_of_findings(reference):
    ours = [(r.applies_to, r.drug, r.category, r.evidence, r.disease, r.favours, r.source) for r in reference.rules]
    assert set(ours) == RULES and len(ours) == len(RULES)


def test_every_fact_on_classes_has_its_rule(facts):
    """The facts that speak of classes, by their first words, and the source of the rule here."""
    sources = {rule[-1] for rule in RULES}
    worded = {row["source"] for row in facts("tki_sensitivity.tsv") if "compound (" in row["mutation"]}
    assert all(any(s.startswith(word) for s in worded) for word in ("Zabriskie 2014", "Gleixner 2021"))
    keys = {"Muller 2009": "muller_2009", "Byrgazov 2018": "byrgazov_2018", "Khoury 2012": "khoury_2012",
            "Cortes 2011": "cortes_2011", "Parker 2016": "parker_2016", "Leyte-Vidal 2024": "leyte_vidal_2024"}  # fmt: skip
    told = [row["source"] for row in facts("tki_new_facts.tsv") if row["kind"] == "clinical"]
    for start, key in keys.items():
        assert any(source.startswith(start) for source in told) and key in sources


# ---------------------------------------------------------------- polymorphisms and screens


def test_frequencies_are_the_counts_divided_by_alleles(facts, reference):
    told = {
        row["key"]: re.match(r"AF [\d.]+ \((\d+)/(\d+)\), ClinVar ?(.*)", row["value"]).groups()
        for row in facts("tki_new_facts.tsv")
        if row["kind"] == "population"
    }
    for row in reference.polymorphisms:
        count, alleles, clinvar = told[row.name]
        assert row.frequency == pytest.approx(int(count) / int(alleles), rel=0.005)
        assert ("ClinVar: benign" in row.note) == (clinvar == "Benign")
    listed = {row.name for row in reference.polymorphisms}
    assert {name for name, (_, _, clinvar) in told.items() if clinvar == "Benign"} == listed - {"N331S"}
    assert not listed & {"Y320C", "F311V", "V422I"}


def test_the_screen_of_exons_4_to_9_is_the_file_of_the_facts(facts, reference):
    drugs = [d.drug for d in reference.drugs if d.drug != "olverembatinib"]
    ours = {s.change: s.results for s in reference.screened if s.source == "cml_vus_screen"}
    told = {}
    for row in facts("screen_k562_all.tsv"):
        parts = [
            (drug, *re.match(r"(\w+) \((.+)\)", part).groups()) for drug in drugs for part in row[drug].split("; ")
        ]
        told[row["aa"]] = ";".join(f"{drug}:{found.lower()}:{value}" for drug, found, value in parts)
    assert ours == told and len(told) == 1848


def test_the_pooled_scan_is_that_of_the_facts(facts, reference):
    told = {}
    for row in facts("tki_new_facts.tsv"):
        if row["kind"] == "dms":
            found = "sensitive" if row["category"] == "Sensitive" else "resistant"
            value = re.match(r"IC50 (\d+) nM", row["value"])[1]
            told[row["key"]] = f"{row['drug']}:{found}:{value}"
    assert {s.change: s.results for s in reference.screened if s.source == "inam_dms"} == told and len(told) == 49


def test_mutations_of_the_list_that_the_facts_name(facts, reference):
    """Each `mutation` row of the facts is listed, but for a polymorphism; those that resist have their row."""
    rows = [row for row in facts("tki_new_facts.tsv") if row["kind"] == "mutation"]
    listed = {m.name: m.source for m in reference.mutations if m.tier == "catalogue"}
    assert len(rows) == 24
    assert {row["key"] for row in rows} - set(listed) == {"R473Q"}
    assert {listed[row["key"]] for row in rows if row["key"] != "R473Q"} == {"abl_dms_list"}
    resistant = {row["key"] for row in rows if row["drug"]}
    ours = {s.finding for s in reference.sensitivity if s.source == "abl_dms_list"}
    assert resistant == {"S348L", "E255D", "T315V", "D325N"} and resistant <= ours
