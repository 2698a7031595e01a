"""Simulated chromatograms: read back by an independent parser, mixtures where they belong."""

from pathlib import Path

import numpy as np
import pytest
from Bio import SeqIO

from ablkd.errors import InputError
from ablkd.simulate import simulate
from ablkd.simulate.abif import write_trace
from ablkd.traces.abif import Trace, read_trace

ROOT = Path(__file__).parents[2]
CONTIGS = {record.id: str(record.seq) for record in SeqIO.parse(ROOT / "reference/transcripts.fasta", "fasta")}
TARGET = CONTIGS["NM_005157.6"]
HEADER = "sample platform fusion haplotype fraction amplicon template_molecules forward_starts reverse_starts"


def traces(folder, reference, haplotypes: str, forward="", reverse="") -> dict[str, Path]:
    """Simulate `NAME:FRACTION ...` on the long amplicon of e1a2; files by the letter in their names."""
    lines = [HEADER.split()]
    for part in haplotypes.split():
        name, fraction = part.split(":")
        lines.append(["S", "sanger", "e1a2", name, fraction, "minor_long", "100000", forward, reverse])
    truth = folder / "truth.tsv"
    truth.write_text("\n".join("\t".join(line) for line in lines) + "\n")
    return {path.stem.removeprefix("S_"): path for path in simulate(truth, reference, folder, 1)}


def signals(path: Path) -> np.ndarray:
    """Channels A, C, G, T at each called peak, float[4, B], by Biopython alone."""
    raw = SeqIO.read(path, "abi").annotations["abif_raw"]
    order = raw["FWO_1"].decode()
    peaks = np.array(raw["PLOC2"])
    return np.array([np.array(raw[f"DATA{9 + order.index(base)}"], float)[peaks] for base in "ACGT"])


def test_biopython_reads_back_the_bases_of_both_directions(tmp_path, reference):
    files = traces(tmp_path, reference, "unmutated:1", forward="380", reverse="1495;1300")
    assert sorted(files) == ["F", "R", "R2"]
    forward = TARGET[379 : 379 + 750]
    for letter, last in (("R", 1495), ("R2", 1300)):
        record = SeqIO.read(files[letter], "abi")
        expected = TARGET[last - 750 : last]
        called = str(record.seq.reverse_complement())
        assert agreement(called[20:-30], expected[20:-30]) > 0.995
    record = SeqIO.read(files["F"], "abi")
    assert record.id == "S"
    assert agreement(str(record.seq)[30:], forward[30:]) > 0.995
    qualities = record.letter_annotations["phred_quality"]
    assert np.median(qualities[100:500]) > 45
    assert np.mean(qualities[:20]) < 30


def agreement(one: str, other: str) -> float:
    assert len(one) == len(other)
    return np.mean([a == b for a, b in zip(one, other, strict=True)])


def test_without_starts_a_trace_begins_next_to_either_primer(tmp_path, reference):
    files = traces(tmp_path, reference, "unmutated:1")
    contig = CONTIGS["e1a2"]
    forward = str(SeqIO.read(files["F"], "abi").seq)
    reverse = str(SeqIO.read(files["R"], "abi").seq.reverse_complement())
    assert agreement(forward[30:], contig[172 : 172 + 750][30:]) > 0.995
    assert agreement(reverse[:-30], contig[1767 - 750 : 1767][:-30]) > 0.995


def test_a_mixed_peak_has_the_shares_of_its_molecules(tmp_path, reference):
    files = traces(tmp_path, reference, "T315I:0.4 unmutated:0.6", forward="500")
    signal = signals(files["F"])
    site = 944 - 500
    fraction = signal[3, site] / signal[:, site].sum()
    assert fraction == pytest.approx(0.4, abs=0.12)
    mixed = np.sort(signal, axis=0)[2] / signal.max(axis=0)
    assert np.argmax(mixed[40:700]) + 40 == site
    quality = read_trace(files["F"]).quality
    assert quality[site] < np.median(quality[site - 20 : site + 20]) - 15


def test_exon_skipping_overlaps_both_sequences_behind_the_junction(tmp_path, reference):
    files = traces(tmp_path, reference, "exon4_skipping:0.5 unmutated:0.5", forward="400", reverse="1000")
    for letter, offset in (("F", 549 - 400 + 1), ("R", 1000 - 823 + 1)):
        signal = signals(files[letter])
        second = np.sort(signal, axis=0)[2] / signal.max(axis=0)
        assert np.median(second[40:offset]) < 0.1
        assert np.median(second[offset + 1 : offset + 120]) > 0.4
    after = signals(files["F"])[:, 150:250]
    shifted = ["ACGT".index(base) for base in TARGET[822:922]]
    full = ["ACGT".index(base) for base in TARGET[549:649]]
    for codes in (shifted, full):
        assert np.mean(after[codes, np.arange(100)] / after.max(axis=0) > 0.3) > 0.9


def test_a_start_that_no_molecule_holds_is_refused(tmp_path, reference):
    with pytest.raises(InputError, match=r"no molecule can be sequenced from c\.700"):
        traces(tmp_path, reference, "exon4_skipping:1", forward="700")


def test_writing_and_reading_a_trace_keeps_all_of_it(tmp_path):
    rng = np.random.default_rng(4)
    channels = rng.integers(0, 30_000, (4, 200)).astype(float)
    bases = rng.integers(0, 5, 12).astype(np.uint8)
    peaks = np.arange(5, 197, 16).astype(np.int32)
    quality = rng.integers(1, 60, 12).astype(np.uint8)
    write_trace(tmp_path / "one.ab1", Trace("one.ab1", bases, quality, peaks, channels), "patient-7")
    back = read_trace(tmp_path / "one.ab1")
    assert (back.channels == channels).all()
    assert (back.bases == bases).all() and (back.peaks == peaks).all() and (back.quality == quality).all()
    record = SeqIO.read(tmp_path / "one.ab1", "abi")
    assert record.id == "patient-7"
    assert str(record.seq) == "".join("ACGTN"[b] for b in bases)
    assert record.letter_annotations["phred_quality"] == quality.tolist()
