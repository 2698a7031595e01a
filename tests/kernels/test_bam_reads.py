"""Reads out of raw BAM records, against the list of reads that pysam was given to write."""

from __future__ import annotations

import numpy as np
import pysam
import pytest
from numba import config

from ablkd.alignment import bam_reads
from ablkd.errors import UnusableSample

OTHER = str.maketrans("ACGTN", "TGCAN")
FIRST, SECOND, REVERSE, SECONDARY, SUPPLEMENTARY = 1 | 64, 1 | 128, 16, 256, 2048
SAMPLES = 3 if config.DISABLE_JIT else 40


def drawn(rng) -> list[tuple[str, int, str, str]]:
    """(name, flag, bases, qualities) as sequenced: pairs, lone mates, single reads and secondary records, shuffled."""
    records = []
    for k in range(int(rng.integers(0, 60))):
        name = f"r{k}" * int(rng.integers(1, 20))
        kind = rng.random()
        flags = [FIRST, SECOND] if kind < 0.6 else [int(rng.choice([FIRST, SECOND]))] if kind < 0.8 else [0]
        for flag in flags:
            bases = "".join(rng.choice([*"ACGTN"], int(rng.integers(0, 40))))
            quals = "".join(rng.choice([*"!5IJ~"], len(bases))) if rng.random() < 0.9 else ""
            records.append((name, flag | int(rng.choice([0, REVERSE])), bases, quals))
            if rng.random() < 0.2:
                records.append((name, flag | int(rng.choice([SECONDARY, SUPPLEMENTARY])), bases, quals))
    return [records[i] for i in rng.permutation(len(records))]


def write(path, records):
    header = {"HD": {"VN": "1.6"}, "SQ": [{"SN": "chr9", "LN": 1000}]}
    with pysam.AlignmentFile(str(path), "wb", header=header) as stream:
        for number, (name, flag, bases, quals) in enumerate(records):
            record = pysam.AlignedSegment(stream.header)
            back = flag & REVERSE
            record.query_name, record.flag = name, flag
            record.query_sequence = bases.translate(OTHER)[::-1] if back else bases
            record.query_qualities = pysam.qualitystring_to_array(quals[::-1] if back else quals) if quals else None
            if bases:
                record.reference_id, record.reference_start, record.cigarstring = 0, number, f"{len(bases)}M"
            record.tags = [("NM", number), ("MD", "5A4"), ("rq", 0.999), ("xb", [1, 2, 3])]
            stream.write(record)
    return path


def shown(block) -> list[tuple[str, str, str]]:
    """(name, bases, qualities) of each read of a block."""
    out = []
    for r in range(len(block)):
        name, read = slice(*block.name_offsets[r : r + 2]), slice(*block.offsets[r : r + 2])
        bases = "".join("ACGTN"[c] for c in block.codes[read])
        out.append((block.names[name].tobytes().decode(), bases, "".join(chr(q + 33) for q in block.quals[read])))
    return out


def expected(records) -> tuple[set, set]:
    """(pairs, first mates first; reads without a mate)."""
    primary = [(n, f, b, q or "!" * len(b)) for n, f, b, q in records if not f & (SECONDARY | SUPPLEMENTARY)]
    first = {n: (n, b, q) for n, f, b, q in primary if f & 64}
    second = {n: (n, b, q) for n, f, b, q in primary if f & 128}
    lone = {(n, b, q) for n, f, b, q in primary if not (n in first and n in second)}
    return {(first[n], second[n]) for n in first if n in second}, lone


@pytest.mark.parametrize("chunk", [90, 700, 1 << 24])
def test_mates_are_found_whatever_the_pieces(tmp_path, monkeypatch, chunk):
    """Small pieces make reads wait in the pool, small tables make it grow."""
    monkeypatch.setattr(bam_reads, "CHUNK", chunk)
    monkeypatch.setattr(bam_reads, "ROOM", 2)
    for seed in range(SAMPLES):
        rng = np.random.default_rng(seed)
        records = drawn(rng)
        blocks = list(bam_reads.read_bam(write(tmp_path / "r.bam", records), int(rng.integers(1, 20))))
        pairs, lone = expected(records)
        found = [p for one, two in blocks if two is not None for p in zip(shown(one), shown(two), strict=True)]
        alone = [read for one, two in blocks if two is None for read in shown(one)]
        assert (sorted(found), sorted(alone)) == (sorted(pairs), sorted(lone))


def test_two_first_mates_of_one_name_are_no_pair(tmp_path):
    """Lanes joined under equal names: each first mate takes a second one."""
    records = [("a", flag, "ACGT", "IIII") for flag in (FIRST, FIRST, SECOND, SECOND)]
    blocks = list(bam_reads.read_bam(write(tmp_path / "r.bam", records), 9))
    assert [(len(one), two is not None and len(two)) for one, two in blocks] == [(2, 2)]


def test_poor_consensus_reads_are_counted(tmp_path):
    path = tmp_path / "r.bam"
    with pysam.AlignmentFile(str(path), "wb", header={"HD": {"VN": "1.6"}}) as stream:
        for number, accuracy in enumerate([0.98, 0.995, 0.99, 0.5]):
            record = pysam.AlignedSegment(stream.header)
            record.query_name, record.flag, record.query_sequence = str(number), 4, "ACGT"
            record.set_tag("np", 12)
            record.set_tag("rq", accuracy, "f")
            stream.write(record)
    blocks = list(bam_reads.read_bam(path, 9))
    assert [read[0] for one, _ in blocks for read in shown(one)] == ["1", "2"]
    assert sum(one.left_out for one, _ in blocks) == 2


def test_a_record_that_lies_about_its_length_is_told(tmp_path):
    """Damage that the checksums of the file cover, as by a faulty writer."""
    records = [("a", 0, "ACGT" * 5, "I" * 20)] * 3
    with pysam.BGZFile(str(write(tmp_path / "r.bam", records)), "r") as stream:
        text = stream.read()
    at = text.index(b"a\0") - 36
    for place in range(at, at + 36):
        for value in (0, 3, 255):
            with pysam.BGZFile(str(tmp_path / "bad.bam"), "w") as stream:
                stream.write(text[:place] + bytes([value]) + text[place + 1 :])
            try:
                list(bam_reads.read_bam(tmp_path / "bad.bam", 9))
            except UnusableSample as problem:
                assert str(problem).startswith("bad.bam: is not a readable BAM: ")
