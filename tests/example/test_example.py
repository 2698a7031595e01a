"""The shipped example, run as a user runs it: every result says what truth.tsv put in, and nothing else."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from ablkd.documents import read_result
from ablkd.records import Result
from ablkd.run_folder import init_folder

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
def results(tmp_path_factory, root) -> dict[str, Result]:
    """result.json of every sample, by plain `snakemake --cores` in a run folder with the example's sheet."""
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
    command = [sys.executable, "-m", "snakemake", "--cores", "8"]
    done = subprocess.run(command, cwd=folder / "run", capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    return {name: read_result(Path(folder / f"run/results/samples/{name}/result.json")) for name in MOLECULES}


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
    assert {d.category for d in results["P1_2018-11"].drugs} == {"resistant"}
    assert {d.drug: d.category for d in results["P1_2018-05"].drugs} == {
        "imatinib": "resistant",
        "bosutinib": "resistant",
        "dasatinib": "resistant",
        "nilotinib": "resistant",
        "ponatinib": "sensitive",
        "asciminib": "sensitive",
    }
    assert {d.category for d in results["WT_control"].drugs} == {"unknown"}
