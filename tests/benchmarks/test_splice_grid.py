"""The splice benchmark stays alive: its own molecules and readers, and a small table of intervals."""

import numpy as np
import pytest
import splice_grid
from splice_reads import Molecules, long_reads, noisy

from ablkd.alignment.align import align_sample
from ablkd.background.learning import learn
from ablkd.fragments import load
from ablkd.splicing.events import splice_sample


@pytest.fixture(scope="module")
def molecules(root):
    return Molecules(root / "reference")


def test_molecules_are_what_they_are_called(molecules):
    whole = molecules.made("e14a2")
    assert whole == molecules.contigs["e14a2"][118:1697]
    assert molecules.made("e14a2", ["exon4_skipping"]) == whole.replace(molecules.target[549:822], "")
    assert molecules.made("e14a2", ["944C>T"]) == whole.replace(
        molecules.target[930:950], molecules.target[930:943] + "T" + molecules.target[944:950]
    )
    inserted = molecules.events["35INS"]["inserted_sequence"]
    assert len(molecules.made("e14a2", ["35INS"])) == len(whole) + 35 and inserted in molecules.made("e14a2", ["35INS"])


def test_readers_make_as_many_errors_as_they_say(molecules):
    rng = np.random.default_rng(3)
    product = molecules.made("e14a2")
    for way, low, high in (("hifi", -0.005, 0.005), ("ont", -0.03, 0.02)):
        lengths = [len(noisy(product, way, rng)[0]) / len(product) - 1 for _ in range(50)]
        assert low < np.mean(lengths) < high


def test_a_sample_goes_from_reads_to_rows(molecules, reference, tmp_path):
    products = {molecules.made("e14a2", ["exon4_skipping"]): 0.5, molecules.made("e14a2"): 0.5}
    sample = splice_grid.Sample(products, "exon4_skipping", 0.5)
    events, fusions = splice_grid.rows_of(reference, sample, "hifi", 120, 1, tmp_path)
    row = next(e for e in events if e.event == "exon4_skipping")
    assert row.call == "present" and row.fraction_low < 0.5 < row.fraction_high
    assert [f.fusion for f in fusions if f.call == "present"] == ["e14a2"]


def test_chimeric_reads_make_no_junction(molecules, reference, tmp_path):
    reads = long_reads({molecules.made("e14a2"): 1.0}, "ont", 150, 4, tmp_path, chimeras=0.3)
    platform, paths = reference.platform("ont"), (tmp_path / "f.npy", tmp_path / "c.tsv")
    rows = {q.metric: q.value for q in align_sample("S", platform, "", reference, [reads], [], *paths)}
    events, _ = splice_sample("S", platform, reference, load(paths[0]), 5_000, 0.03, learn(platform, reference, []))
    assert len(load(paths[0])) == 150 and 25 < int(rows["chimeric_reads"]) < 65
    assert [e.event for e in events if e.call in ("present", "evidence_only")] == []


def test_the_interval_table_has_a_line_for_each_tube_and_share(reference, capsys):
    splice_grid.intervals(reference, 2, 1)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + len(splice_grid.TUBES) * len(splice_grid.SHARES)
