"""Files of reads as they come: what is read, and the one sentence for what cannot be."""

from __future__ import annotations

import gzip

import numpy as np
import pysam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablkd.alignment import reads
from ablkd.alignment.reads import read_blocks
from ablkd.errors import UnusableSample

RECORDS = [("a", "ACGTN", "IIIII"), ("b", "acgtn", "!~5:J"), ("c", "", ""), ("d", "GATTACA", "1234567")]


def fastq(records, end="\n", extra="") -> bytes:
    return "".join(f"@{n}{extra}{end}{s}{end}+{end}{q}{end}" for n, s, q in records).encode("latin-1")


def written(folder, name: str, data: bytes):
    path = folder / name
    path.write_bytes(data)
    return path


def seen(blocks) -> list[tuple[str, str, str]]:
    """(name, bases, qualities) of every read, mates one after the other."""
    found = []
    for pair in blocks:
        sides = [block for block in pair if block is not None]
        for r in range(len(sides[0])):
            for b in sides:
                s, n = slice(*b.offsets[r : r + 2]), slice(*b.name_offsets[r : r + 2])
                bases = "".join("ACGTN"[c] for c in b.codes[s])
                found.append((b.names[n].tobytes().decode("latin-1"), bases, "".join(chr(q + 33) for q in b.quals[s])))
    return found


def complaint(first, second=(), block=3) -> str:
    with pytest.raises(UnusableSample) as caught:
        seen(read_blocks(list(first), list(second), block))
    return str(caught.value)


UPPER = [(n, s.upper(), q) for n, s, q in RECORDS]


@pytest.mark.parametrize(
    "name, data",
    {
        "plain.fastq": fastq(RECORDS),
        "short.fq": fastq(RECORDS),
        "CAPITALS.FASTQ": fastq(RECORDS),
        "packed.fastq.gz": gzip.compress(fastq(RECORDS), mtime=0),
        "packed.fq.gz": gzip.compress(fastq(RECORDS), mtime=0),
        "plain_text_inside.fastq.gz": fastq(RECORDS),
        "packed_inside.fastq": gzip.compress(fastq(RECORDS), mtime=0),
        "two_members.fastq.gz": gzip.compress(fastq(RECORDS[:1]), mtime=0) + gzip.compress(fastq(RECORDS[1:]), mtime=0),
        "windows.fastq": fastq(RECORDS, "\r\n"),
        "no_last_newline.fastq": fastq(RECORDS)[:-1],
        "windows_no_last_newline.fastq": fastq(RECORDS, "\r\n")[:-2],
        "blank_lines_behind.fastq": fastq(RECORDS) + b"\n\n\n",
        "windows_blank_lines_behind.fastq": fastq(RECORDS, "\r\n") + b"\r\n" * 3,
        "words_behind_the_name.fastq": fastq(RECORDS, extra=" 1:N:0:ACGT"),
        "mate_number.fastq": fastq(RECORDS, extra="/1"),
        "tab.fastq": fastq(RECORDS, extra="\tBC:Z:A"),
    }.items(),
)
@pytest.mark.parametrize("block", [1, 3, 100])
def test_what_is_read(tmp_path, name, data, block):
    assert seen(read_blocks([written(tmp_path, name, data)], [], block)) == UPPER


def test_other_letters_are_bases_that_were_not_read(tmp_path):
    path = written(tmp_path, "r.fastq", fastq([("a", "ARYU-*.", "IIIIIII")]))
    assert seen(read_blocks([path], [], 3)) == [("a", "ANNNNNN", "IIIIIII")]


def test_several_files_and_mates(tmp_path):
    one, two = (written(tmp_path, f"l1_R{m}.fastq", fastq(RECORDS, extra=f" {m}:N:0")) for m in (1, 2))
    more, mates = (
        written(tmp_path, f"l2_R{m}.fastq.gz", gzip.compress(fastq(RECORDS[:2], extra=f"/{m}"), mtime=0))
        for m in (1, 2)
    )
    assert seen(read_blocks([one, more], [two, mates], 3)) == [r for r in UPPER + UPPER[:2] for _ in range(2)]
    assert seen(read_blocks([one, more], [], 3)) == UPPER + UPPER[:2]


@pytest.mark.parametrize("data", [b"", b"\n", gzip.compress(b"", mtime=0), b"\r\n"])
def test_an_empty_file_has_no_reads(tmp_path, data):
    assert seen(read_blocks([written(tmp_path, "r.fastq.gz", data)], [], 3)) == []


DAMAGED = {
    "cut off in the bases": (fastq(RECORDS)[:-13], "r.fastq:13: the last record is cut off (copy the file again)"),
    "cut off in the qualities": (
        fastq(RECORDS)[:-3],
        "r.fastq:16: bases and qualities differ in length (check that the file is a whole FASTQ)",
    ),
    "a line is missing": (
        fastq(RECORDS).replace(b"+\n!", b"!"),
        "r.fastq:7: the line between bases and qualities does not begin with '+' (check that the file is a whole FASTQ)",
    ),
    "FASTA": (
        b">a\nACGT\n>b\nACGT\n",
        "r.fastq:1: a record does not begin with '@' (check that the file is a whole FASTQ)",
    ),
    "a quality that is none": (
        fastq(RECORDS).replace(b"!~5", b"! 5"),
        "r.fastq:8: a quality character is outside '!' to '~' (check that the file is a whole FASTQ)",
    ),
    "a blank line in the middle": (
        fastq(RECORDS[:1]) + b"\n" + fastq(RECORDS[1:]),
        "r.fastq:5: a record does not begin with '@' (check that the file is a whole FASTQ)",
    ),
    "zeros": (b"\0" * 4096, "r.fastq:1: the last record is cut off (copy the file again)"),
    "a picture": (
        b"\x89PNG\r\n\x1a\n\0\0\n\n\n",
        "r.fastq:1: a record does not begin with '@' (check that the file is a whole FASTQ)",
    ),
}


@pytest.mark.parametrize("block", [1, 3, 100])
@pytest.mark.parametrize("what", DAMAGED)
def test_damaged_text_is_one_sentence_with_its_line(tmp_path, what, block):
    data, sentence = DAMAGED[what]
    assert complaint([written(tmp_path, "r.fastq", data)], block=block) == sentence


@pytest.mark.parametrize("kept", [3, 9, 15, 40, 200, -9, -8, -1])
def test_gzip_data_that_end_early(tmp_path, kept):
    rng = np.random.default_rng(1)
    many = [(str(i), "".join(rng.choice([*"ACGT"], 50)), "I" * 50) for i in range(50)]
    path = written(tmp_path, "r.fastq.gz", gzip.compress(fastq(many), mtime=0)[:kept])
    sentence = complaint([path])
    assert sentence.startswith("r.fastq.gz: the gzip data ") and "copy the file again" in sentence
    assert "\n" not in sentence


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(2, 10**6), st.integers(1, 255))
def test_gzip_data_with_a_changed_byte(tmp_path_factory, where, change):
    """Either everything is read as it was, or there is a sentence; never a traceback, never other bases."""
    rng = np.random.default_rng(2)
    many = [(str(i), "".join(rng.choice([*"ACGT"], 50)), "I" * 50) for i in range(40)]
    data = bytearray(gzip.compress(fastq(many), mtime=0))
    data[2 + where % (len(data) - 2)] ^= change
    path = written(tmp_path_factory.mktemp("gzip"), "r.fastq.gz", bytes(data))
    try:
        assert seen(read_blocks([path], [], 7)) == many
    except UnusableSample as problem:
        assert str(problem).startswith("r.fastq.gz") and "\n" not in str(problem)


def test_mates_that_do_not_match(tmp_path):
    one = written(tmp_path, "R1.fastq", fastq(RECORDS))
    other = written(tmp_path, "R2.fastq", fastq([*RECORDS[:2], ("x", "AC", "II"), RECORDS[3]]))
    fewer = written(tmp_path, "R3.fastq", fastq(RECORDS[:3]))
    for block in (1, 3, 100):
        assert complaint([one], [other], block) == (
            "R1.fastq:9: the mate in R2.fastq has another name (give both files in the order they were sequenced)"
        )
        for pair in ((one, fewer), (fewer, one)):
            sentence = complaint(pair[:1], pair[1:], block)
            assert "the files do not hold the same number of reads (copy them again)" in sentence


def test_files_that_are_not_there_or_of_no_known_kind(tmp_path):
    one = written(tmp_path, "R1.fastq", fastq(RECORDS))
    assert complaint([tmp_path / "gone.fastq.gz"]) == "gone.fastq.gz: no such file (check the sheet)"
    assert complaint([one], [tmp_path / "gone.fastq"]) == "gone.fastq: no such file (check the sheet)"
    assert complaint([tmp_path / "gone.bam"]).startswith("gone.bam: ")
    assert complaint([written(tmp_path, "r.txt", b"")]).startswith("r.txt: is none of .fastq, ")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(1, 40), st.integers(1, 9))
def test_reads_do_not_depend_on_the_chunks_they_arrive_in(tmp_path_factory, chunk, block):
    path = written(tmp_path_factory.mktemp("chunks"), "r.fastq", fastq(RECORDS * 3, "\r\n")[:-1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reads, "CHUNK", chunk)
        assert seen(read_blocks([path], [], block)) == UPPER * 3


def bam(path, records, mode="wb", **header):
    """An unaligned BAM of (name, bases, qualities, flag)."""
    with pysam.AlignmentFile(str(path), mode, header=header or {"HD": {"VN": "1.6"}}) as stream:
        for name, bases, quals, flag in records:
            record = pysam.AlignedSegment(stream.header)
            record.query_name, record.flag, record.query_sequence = name, flag, bases
            record.query_qualities = pysam.qualitystring_to_array(quals) if quals else None
            stream.write(record)
    return path


PAIR_1, PAIR_2, SINGLE, SECONDARY, SUPPLEMENTARY = 77, 141, 4, 256, 2048


def test_bam_pairs_are_found_wherever_they_stand(tmp_path):
    records = [
        ("p", "AAC", "123", PAIR_1),
        ("s", "GGT", "456", SINGLE),
        ("q", "CCG", "789", PAIR_2),
        ("t", "TTT", "III", PAIR_1),
        ("q", "CCA", "555", PAIR_1),
        ("p", "AAG", "321", PAIR_2),
        ("s", "AAA", "III", SINGLE | SECONDARY),
    ]
    path = bam(tmp_path / "r.bam", records)
    for block in (1, 2, 9):
        assert seen(read_blocks([path], [], block)) == [
            ("q", "CCA", "555"), ("q", "CCG", "789"), ("p", "AAC", "123"), ("p", "AAG", "321"),
            ("s", "GGT", "456"), ("t", "TTT", "III"),
        ]  # fmt: skip


def test_bam_reads_are_as_sequenced(tmp_path):
    """Turned back where they lie on the reverse strand; without qualities none of their bases is good."""
    path = bam(tmp_path / "r.bam", [("r", "AACGT", "12345", SINGLE | 16), ("n", "ACGTN", "", SINGLE)])
    assert seen(read_blocks([path], [], 9)) == [("r", "ACGTT", "54321"), ("n", "ACGTN", "!!!!!")]


def test_bam_files_that_are_none(tmp_path):
    """A byte changed anywhere is either noticed or does not matter."""
    rng = np.random.default_rng(3)
    reads_ = [(str(i), "".join(rng.choice([*"ACGT"], 60)), "I" * 60) for i in range(600)]
    whole = bam(tmp_path / "whole.bam", [(*read, SINGLE) for read in reads_]).read_bytes()
    changed = []
    for at in rng.integers(0, len(whole), 12):
        data = bytearray(whole)
        data[at] ^= 255
        changed.append(bytes(data))
    for data in (b"", b"\n", whole[: len(whole) // 2], whole[:-28], whole[:100], *changed):
        path = written(tmp_path, "r.bam", data)
        try:
            assert seen(read_blocks([path], [], 100)) == reads_
            assert data in changed
        except UnusableSample as problem:
            assert str(problem).startswith("r.bam: is not a readable BAM: ") and "\n" not in str(problem)
