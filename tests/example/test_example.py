"""The shipped example, run as a user runs it: every result says what truth.tsv put in, and nothing else."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from mutalyzer_hgvs_parser import to_model

from ablkd.documents import read_result
from ablkd.records import Result, TimelinePoint
from ablkd.run_folder import init_folder
from ablkd.tables import read_rows

# What each sample was made of (truth.tsv): molecules with their fraction, and the fusion that could be seen.
MOLECULES = {
    "P1_2018-05": {"T315I": 0.45, "unmutated": 0.55},
    "P1_2018-11": {"G250E+D276G+T315I": 0.30, "T315I": 0.25, "unmutated": 0.45},
    "WT_control": {"unmutated": 1.0},
    "NTC": {},
    "POS_T315I_5pct": {"T315I": 0.05, "unmutated": 0.95},
    "HIFI_1": {"Y253H+T315I": 0.15, "F359V": 0.20, "unmutated": 0.65},
    "P2_2017-10": {"T315I": 0.50, "unmutated": 0.50},
    "P2_2019-02": {"T315I": 0.45, "exon4_skipping": 0.35, "unmutated": 0.20},
}
FUSION = {"HIFI_1": "e14a2", "NTC": "not_assessable", "P2_2017-10": "not_assessable", "P2_2019-02": "not_assessable"}
COMPOUND = {"P1_2018-11": "G250E+D276G+T315I", "HIFI_1": "Y253H+T315I"}
READS = [name for name in MOLECULES if not name.startswith("P2_")]


@pytest.fixture(scope="module")
def made(tmp_path_factory, root) -> Path:
    """The results folder, made by plain `snakemake --cores` in a run folder with the example's tables."""
    folder = tmp_path_factory.mktemp("example")
    init_folder(folder / "run")
    with (root / "tests/example/samples.tsv").open(newline="") as stream:
        rows = list(csv.reader((line for line in stream if not line.startswith("#")), delimiter="\t"))
    header = rows[0]
    for row in rows[1:]:
        for column in ("reads_1", "reads_2"):
            cell = row[header.index(column)]
            places = [str(root / "tests/example" / name) for name in cell.split(";")] if cell else []
            row[header.index(column)] = ";".join(places)
    (folder / "run/samples.tsv").write_text("".join("\t".join(row) + "\n" for row in rows))
    clinical = root / "tests/example/clinical.tsv"
    settings = [f"clinical={clinical}", f"site={root / 'tests/example/site'}"]
    command = [sys.executable, "-m", "snakemake", "--cores", "8", "--config", *settings]
    done = subprocess.run(command, cwd=folder / "run", capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "run/results"


@pytest.fixture(scope="module")
def results(made) -> dict[str, Result]:
    """result.json of every sample."""
    return {name: read_result(made / f"samples/{name}/result.json") for name in MOLECULES}


def fraction_of(sample: str, name: str) -> float:
    """The true fraction of all molecules that carry a change or an event."""
    return sum(share for molecule, share in MOLECULES[sample].items() if name in molecule.split("+"))


@pytest.mark.parametrize("sample", MOLECULES)
def test_finds_what_was_put_in_and_nothing_else(results, sample):
    result = results[sample]
    made_of = {n for molecule in MOLECULES[sample] for n in molecule.split("+")} - {"unmutated"}
    found = {c.name for c in result.calls if c.filter == "PASS"}
    found |= {s.event for s in result.splicing if s.call == "present"}
    assert found == made_of
    assert set(filter(None, result.summary.findings.split(";"))) == made_of - {"exon4_skipping"}
    assert result.summary.fusion == FUSION.get(sample, "e1a2")


@pytest.mark.parametrize("sample", MOLECULES)
def test_the_true_fraction_lies_in_every_interval(results, sample):
    result = results[sample]
    rows = [(c.name, c.vaf_low, c.vaf, c.vaf_high) for c in result.calls if c.filter == "PASS"]
    rows += [(s.event, s.fraction_low, s.fraction, s.fraction_high) for s in result.splicing if s.call == "present"]
    for name, low, estimate, high in rows:
        assert low <= fraction_of(sample, name) <= high, name
        assert low <= estimate <= high


@pytest.mark.parametrize("sample", READS)
def test_the_haplotypes_of_reads_are_the_molecules(results, sample):
    result = results[sample]
    assert {h.haplotype for h in result.haplotypes} == set(MOLECULES[sample])
    for row in result.haplotypes:
        low = 0.0 if row.fraction_low is None else row.fraction_low
        assert low <= MOLECULES[sample][row.haplotype] <= row.fraction_high


@pytest.mark.parametrize("sample", MOLECULES)
def test_says_which_changes_are_on_one_molecule(results, sample):
    result = results[sample]
    together = {p.mutations for p in result.phase if p.verdict == "compound"}
    whole = COMPOUND.get(sample)
    members = whole.split("+") if whole else []
    assert all(set(name.split("+")) <= set(members) for name in together)
    assert (whole in together) if whole else not together
    for row in result.phase:
        if row.mutations == whole:
            assert row.compound_low <= MOLECULES[sample][whole] <= row.compound_high
    assert result.summary.compound.split(";")[0] == (whole or result.summary.compound.split(";")[0])


def test_what_traces_cannot_phase_is_not_excluded(results):
    verdicts = {p.mutations: p.verdict for p in results["P2_2019-02"].phase}
    assert verdicts == {"exon4_skipping+T315I": "cannot_be_phased"}


def test_the_controls_pass_and_are_told(results):
    for sample in ("P1_2018-05", "P1_2018-11"):
        assert {c.control: c.status for c in results[sample].controls} == {
            "WT_control": "pass",
            "NTC": "pass",
            "POS_T315I_5pct": "pass",
        }
        assert results[sample].summary.status == "reportable"


def test_a_negative_is_looked_at_or_said_not_to_be(results):
    for result in results.values():
        for row in result.coverage:
            assert (row.status == "not_assessable") == (row.assessable == "no") or row.status == "detected"
            assert row.assessable == "yes" or row.reason
            if row.status == "not_detected":
                assert row.lod95 is not None and row.lod95 <= 0.20


def test_no_drug_is_sensitive_beside_the_triple_compound(results):
    later = {d.drug: d.category for d in results["P1_2018-11"].drugs}
    assert later.pop("olverembatinib") == "unknown" and set(later.values()) == {"resistant"}
    assert {d.drug: d.category for d in results["P1_2018-05"].drugs} == {
        "imatinib": "resistant",
        "bosutinib": "resistant",
        "dasatinib": "resistant",
        "nilotinib": "resistant",
        "ponatinib": "sensitive",
        "asciminib": "unknown",  # its label is for chronic-phase CML
        "olverembatinib": "unknown",
    }
    assert {d.category for d in results["WT_control"].drugs} == {"unknown"}


# ---------------------------------------------------------------- the files for other programs


def test_every_result_follows_the_published_schema(made, results):
    schema = json.loads(files("ablkd").joinpath("schemas/result.schema.json").read_text("utf-8"))
    for sample in results:
        plain = json.loads((made / f"samples/{sample}/result.json").read_text("utf-8"))
        jsonschema.Draft202012Validator(schema).validate(plain)


def test_every_name_is_hgvs(results):
    coding = {c.hgvs_c for r in results.values() for c in (*r.calls, *r.coverage) if c.hgvs_c}
    transcripts = {e.hgvs_r for r in results.values() for e in r.splicing if e.hgvs_r}
    proteins = {row.hgvs_p for r in results.values() for row in (*r.calls, *r.splicing) if row.hgvs_p}
    assert len(coding) > 150 and transcripts and proteins
    for name in coding | transcripts | {f"NP_005148.2:{protein}" for protein in proteins}:
        assert to_model(name), name


def test_bcftools_takes_every_vcf_without_a_word(made, results, root):
    if not shutil.which("bcftools"):
        pytest.skip("bcftools is not installed")
    fasta = shutil.copy(root / "reference/transcripts.fasta", made / "transcripts.fasta")
    for sample, result in results.items():
        vcf = made / f"samples/{sample}/calls.vcf.gz"
        for command in (["view", vcf], ["norm", "-c", "e", "-f", fasta, vcf], ["stats", "-F", fasta, vcf]):
            done = subprocess.run(["bcftools", *map(str, command)], capture_output=True, text=True, check=True)
            told = [line for line in done.stderr.splitlines() if not line.startswith("Lines ")]
            assert told == [] and "realigned" not in done.stderr or "/0/0\n" in done.stderr, (sample, command)
            if command[0] == "view":
                rows = [line for line in done.stdout.splitlines() if not line.startswith("#")]
                assert len(rows) == len(result.calls)


# ---------------------------------------------------------------- the course of the two patients


def course(made: Path, patient: str) -> list[TimelinePoint]:
    return read_rows(made / f"patients/{patient}.tsv", TimelinePoint)


def test_the_first_patient_gains_two_mutations_on_the_molecules_of_the_first(made):
    points = course(made, "patient1")
    changes = {
        (p.kind, p.name): p.change for p in points if p.sample == "P1_2018-11" and p.change and p.unit != "copies"
    }
    assert changes["haplotype", "G250E+D276G+T315I"] == "T315I gained G250E and D276G"
    assert changes["haplotype", "T315I"].startswith("decreased (")
    assert changes["mutation", "G250E"].startswith("emerged (not seen before at LoD95")
    copies = {p.date: p.value for p in points if p.kind == "measurement" and p.unit == "copies"}
    assert copies == {"2018-05": "140000", "2018-11": "25000", "2018-12": "2000"}
    burden = {p.date: float(p.value) for p in points if (p.kind, p.name, p.unit) == ("mutation", "T315I", "copies")}
    assert burden == {"2018-05": pytest.approx(63000, rel=0.15), "2018-11": pytest.approx(13750, rel=0.15)}


def test_the_second_patient_gains_exon_skipping_that_traces_cannot_place(made):
    points = course(made, "patient2")
    changes = {
        (p.kind, p.name): p.change for p in points if p.sample == "P2_2019-02" and p.change and p.unit != "copies"
    }
    assert changes["splicing", "exon4_skipping"].startswith("emerged (not seen before at LoD95")
    assert changes["phase", "exon4_skipping+T315I"] == "may be on one molecule; this sample cannot tell"
    assert {p.value for p in points if p.unit == "ng/ml"} == {">23"}


def test_the_pages_tell_the_course(made):
    for patient, words in (("patient1", ">23 ng/ml"), ("patient2", "7 years")):
        html = (made / f"patients/{patient}.html").read_text("utf-8")
        assert words.replace(">", "&gt;") in html and "<script" not in html
        assert "<strong>simulated</strong>" in html and "Simulated example" in html
        for point in (p for p in course(made, patient) if p.kind != "identity"):
            name = "none of these mutations" if point.name == "unmutated" else point.name.split("+")[0]
            assert name.replace("_", " ").replace("exon4", "exon 4") in html, point
            told_elsewhere = point.name == "unmutated" or (point.kind, point.status) == ("phase", "compound")
            assert not point.change or told_elsewhere or point.change in html, point
