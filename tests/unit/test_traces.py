"""ABIF files: what is read is what Biopython reads, and nothing a file can hold is more than one sentence."""

import csv
import struct

import numpy as np
import pytest
from Bio import SeqIO
from chromatogram import draw

from ablkd.errors import InputError, UnusableSample
from ablkd.traces.abif import Trace, base_fractions, base_signals, read_trace

# file, called bases, whether it has qualities; or the words of the one line it earns.
EDGE_CASES = """
310.ab1                868  no
3100.ab1               795  yes
3730.ab1               1165 yes
empty.ab1              5    no
no_smpl1.ab1           164  yes
nonascii_encoding.ab1  1076 yes
fake.ab1               not a trace in ABIF format
uncalled.ab1           no called bases
"""


@pytest.mark.parametrize("line", EDGE_CASES.strip().splitlines())
def test_real_edge_cases(line, real_data):
    name, expected = line.split(maxsplit=1)
    path = real_data / "sanger_edge_cases" / name
    if expected[0].isdigit():
        bases, quality = expected.split()
        trace = read_trace(path)
        assert len(trace.bases) == int(bases)
        assert trace.quality.any() == (quality == "yes")
        assert base_signals(trace).shape == (int(bases), 4)
    else:
        with pytest.raises(UnusableSample, match=expected) as problem:
            read_trace(path)
        assert str(problem.value).startswith(f"{name}: ")
        assert "\n" not in str(problem.value)


def test_reads_what_biopython_reads(real_data):
    files = sorted((real_data / "sanger_base_edits").glob("*.ab1"))[::4]
    assert len(files) > 4
    for path in files:
        trace, record = read_trace(path), SeqIO.read(path, "abi")
        raw = record.annotations["abif_raw"]
        order = raw["FWO_1"].decode()
        assert "".join("ACGTN"[b] for b in trace.bases) == str(record.seq)
        assert trace.quality.tolist() == record.letter_annotations["phred_quality"]
        assert trace.peaks.tolist() == list(raw["PLOC2"])
        for channel, base in zip(trace.channels, "ACGT", strict=True):
            assert channel.tolist() == list(raw[f"DATA{9 + order.index(base)}"])


def test_fractions_follow_the_published_ones(real_data):
    """21 edited bases, measured by EditR: r 0.9988, mean absolute difference 0.96 points when this was written."""
    folder = real_data / "sanger_base_edits"
    ours, published = [], []
    with (folder / "sites.tsv").open() as lines:
        for site in csv.DictReader(lines, delimiter="\t"):
            base = int(site["base_index_in_trace_0based"])
            fractions = base_fractions(base_signals(read_trace(folder / site["file"])))[base]
            # The table's strand is the other one, so its A is this trace's T.
            assert site["strand_in_trace"] == "-"
            ours.append(100 * fractions[::-1])
            published.append([float(site[f"EditR_{b}"]) for b in "ACGT"])
    ours, published = np.array(ours), np.array(published)
    assert ours.shape == (21, 4)
    assert np.corrcoef(ours.ravel(), published.ravel())[0, 1] > 0.998
    assert np.abs(ours - published).mean() < 1.0


def corrupted(data: bytes, random: np.random.Generator) -> bytes:
    """One of the accidents that happen to files: cut, zeroed, overwritten, or a number of the directory changed."""
    data = bytearray(data)
    directory = struct.unpack(">I", data[26:30])[0]
    kind = random.integers(0, 5)
    if kind == 0:
        return bytes(data[: random.integers(0, len(data))])
    if kind == 1:
        place = random.integers(0, len(data))
        data[place : place + 3000] = bytes(len(data[place : place + 3000]))
    elif kind == 2:
        for place in random.integers(0, len(data), 200):
            data[place] = random.integers(0, 256)
    elif kind == 3:
        for place in random.integers(directory, len(data), 20):
            data[place] = random.integers(0, 256)
    else:
        place = random.integers(4, 30)
        data[place : place + 2] = random.bytes(2)
    return bytes(data)


def test_a_damaged_file_is_a_trace_or_one_sentence(real_data, tmp_path):
    random = np.random.default_rng(20)
    originals = [p.read_bytes() for p in sorted(real_data.glob("sanger_*/*.ab1")) if p.stat().st_size > 1000]
    outcomes = {"trace": 0, "sentence": 0}
    path = tmp_path / "damaged.ab1"
    for number in range(200):
        path.write_bytes(corrupted(originals[number % len(originals)], random))
        try:
            trace = read_trace(path)
        except UnusableSample as problem:
            assert str(problem).startswith("damaged.ab1: ")
            assert str(problem).endswith(")")
            assert "\n" not in str(problem)
            outcomes["sentence"] += 1
        else:
            assert len(trace.bases) == len(trace.quality) == len(trace.peaks)
            if len(trace.bases) < 600:
                assert np.isfinite(base_signals(trace)).all()
            outcomes["trace"] += 1
    assert min(outcomes.values()) > 30, outcomes


def abif(tags: dict[str, bytes], width: dict[str, int] | None = None) -> bytes:
    """A minimal ABIF file: `NAMEn` -> content."""
    body, entries, start = b"", b"", 128
    for tag, content in tags.items():
        size = (width or {}).get(tag, 2 if tag[:4] in ("DATA", "PLOC") else 1)
        inline = content.ljust(4, b"\0") if len(content) <= 4 else struct.pack(">I", start + len(body))
        entries += struct.pack(">4sIHHII", tag[:4].encode(), int(tag[4:]), 4, size, len(content) // size, len(content))
        entries += inline + bytes(4)
        if len(content) > 4:
            body += content
    head = b"ABIF" + struct.pack(">H4sIHHIII", 101, b"tdir", 1, 1023, 28, len(tags), 0, start + len(body))
    return head.ljust(128, b"\0") + body + entries


def tags(number: int = 2, **changed: bytes | None) -> dict[str, bytes]:
    """ACGT with one clean peak each; `changed` replaces tags, None takes one away."""
    content = {"FWO_1": b"GATC"}
    for channel, base in enumerate("GATC"):
        signal = np.zeros(60, ">i2")
        signal[10 * "ACGT".index(base) + 10] = 900
        content[f"DATA{9 + channel}"] = signal.tobytes()
    content |= {
        f"PBAS{number}": b"ACGT",
        f"PCON{number}": bytes([40, 41, 42, 43]),
        f"PLOC{number}": np.array([10, 20, 30, 40], ">i2").tobytes(),
    }
    return {name: c for name, c in {**content, **changed}.items() if c is not None}


@pytest.mark.parametrize("number", [1, 2])
def test_a_minimal_file_is_enough(tmp_path, number):
    path = tmp_path / "minimal.ab1"
    path.write_bytes(abif(tags(number)))
    trace = read_trace(path)
    assert trace.bases.tolist() == [0, 1, 2, 3]
    assert trace.quality.tolist() == [40, 41, 42, 43]
    assert trace.peaks.tolist() == [10, 20, 30, 40]
    assert base_fractions(base_signals(trace)).tolist() == np.eye(4).tolist()


def test_called_bases_come_before_edited_ones(tmp_path):
    path = tmp_path / "edited.ab1"
    path.write_bytes(abif({**tags(), "PBAS1": b"TTTT", "PLOC1": tags()["PLOC2"]}))
    assert read_trace(path).bases.tolist() == [0, 1, 2, 3]


def test_without_qualities_they_are_zero(tmp_path):
    path = tmp_path / "plain.ab1"
    path.write_bytes(abif(tags(PCON2=None)))
    assert read_trace(path).quality.tolist() == [0, 0, 0, 0]


SENTENCES = {
    "no called bases": {"PBAS2": None},
    "which channel is which base": {"FWO_1": b"GGTC"},
    "signals of four channels": {"DATA11": None},
    "peak of each called base": {"PLOC2": np.array([10, 20, 30], ">i2").tobytes()},
    "out of order": {"PLOC2": np.array([10, 30, 20, 40], ">i2").tobytes()},
    "outside its signals": {"PLOC2": np.array([10, 20, 30, 60], ">i2").tobytes()},
}


@pytest.mark.parametrize(("words", "changed"), SENTENCES.items())
def test_what_is_missing_is_named(tmp_path, words, changed):
    path = tmp_path / "x.ab1"
    path.write_bytes(abif(tags(**changed)))
    with pytest.raises(UnusableSample, match=words):
        read_trace(path)


def test_a_huge_declared_count_does_not_send_us_round(tmp_path):
    data = bytearray(abif(tags()))
    data[18:22] = struct.pack(">I", 2**32 - 1)
    path = tmp_path / "huge.ab1"
    path.write_bytes(data)
    with pytest.raises(UnusableSample, match="damaged"):
        read_trace(path)


def test_a_missing_file_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_trace(tmp_path / "nothing.ab1")
    with pytest.raises(InputError, match="cannot be read"):
        read_trace(tmp_path)


def test_the_other_strand_of_the_other_strand_is_the_trace():
    trace = draw("x", [(1.0, "ACGGTTACCATTGCA")])
    other = trace.reverse_complement()
    assert "".join("ACGT"[b] for b in other.bases) == "TGCAATGGTAACCGT"
    for name in ("bases", "quality", "peaks", "channels"):
        assert (getattr(other.reverse_complement(), name) == getattr(trace, name)).all()
    assert np.allclose(base_signals(other), base_signals(trace)[::-1, ::-1])


def test_a_constant_baseline_changes_nothing():
    trace = draw("x", [(1.0, "ACGGTTACCATTGCATTGACCAGGAT" * 6)])
    raised = Trace(trace.name, trace.bases, trace.quality, trace.peaks, trace.channels + 150)
    assert np.allclose(base_signals(raised), base_signals(trace))
