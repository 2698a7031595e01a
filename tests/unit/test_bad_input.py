"""Whatever stands in a file of reads: a result, or one line `FILE:LINE: what is wrong (what to do)`; never more."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import numpy as np
import pysam
import pytest

from ablkd import cli
from ablkd.alignment import reads
from ablkd.errors import UnusableSample
from ablkd.records import QcMetric
from ablkd.reference import load_reference
from ablkd.tables import read_rows

PAIRS, READ, INSERT = 60, 100, 180
TURNED = str.maketrans("ACGT", "TGCA")
ADAPTER = "AGATCGGAAGAGCACACGTCTGAACTCCAGTCA" * 4
Record = tuple[str, str, str]


def turned(bases: str) -> str:
    return bases.translate(TURNED)[::-1]


def pairs(sequence: str) -> tuple[list[Record], list[Record]]:
    """Mates of `PAIRS` fragments that begin a few bases apart at codon 300, with qualities of four values."""
    first, second = [], []
    for i in range(PAIRS):
        whole = sequence[900 + i % 7 :][:INSERT]
        quality = "".join("#5AI"[(i + k) % 4] for k in range(READ))
        first.append((f"r{i}", whole[:READ], quality))
        second.append((f"r{i}", turned(whole)[:READ], quality))
    return first, second


def fastq(records: list[Record], end: str = "\n") -> bytes:
    return "".join(f"@{name}{end}{bases}{end}+{end}{quals}{end}" for name, bases, quals in records).encode()


def changed(records: list[Record], bases=lambda s: s, quals=lambda q: q, name=lambda n: n) -> list[Record]:
    return [(name(n), bases(s), quals(q)) for n, s, q in records]


def bam(records: list[tuple[Record, int]], **header) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made"
        with pysam.AlignmentFile(str(path), "wb", header=header) as stream:
            for (name, bases, quals), flag in records:
                record = pysam.AlignedSegment(stream.header)
                record.query_name, record.flag, record.query_sequence = name, flag, bases
                record.query_qualities = pysam.qualitystring_to_array(quals)
                stream.write(record)
        return path.read_bytes()


def cases(sequence: str) -> dict[str, tuple[dict[str, bytes], str]]:
    """What -> (files, what is said); where nothing is said there is a result."""
    one, two = pairs(sequence)
    r1, r2 = fastq(one), fastq(two)
    packed = gzip.compress(r1, mtime=0)
    damaged = packed[: len(packed) // 2] + bytes(8) + packed[len(packed) // 2 + 8 :]
    rng = np.random.default_rng(7)
    other = "".join(rng.choice([*"ACGT".replace(c, "")]) if rng.random() < 0.1 else c for c in sequence)
    strange = [(f"r{i}", "".join(rng.choice([*"ACGT"], READ)), q) for i, (_, _, q) in enumerate(one)]
    mates = [(r, flag) for a, b in zip(one, two, strict=True) for r, flag in ((a, 77), (b, 141))]
    whole_bam = bam(mates, HD={"VN": "1.6"})
    swapped = [*one[:5], one[6], one[5], *one[7:]]
    ran = "no read lies on the target (another gene, another species or adapters)"
    again, damage = "(copy the file again)", "(check that the file is a whole FASTQ)"
    return {
        "a good pair": ({"1.fastq": r1, "2.fastq": r2}, ""),
        "swapped mates": ({"1.fastq": r2, "2.fastq": r1}, ""),
        "gzip cut short": ({"1.fastq.gz": packed[:-200]}, f"1.fastq.gz: the gzip data end early {again}"),
        "gzip with other bytes": ({"1.fastq.gz": damaged}, "1.fastq.gz: the gzip data are damaged: "),
        "a .gz that is none": ({"1.fastq.gz": r1, "2.fastq.gz": r2}, ""),
        "fewer mates": ({"1.fastq": r1, "2.fastq": fastq(two[:-9])}, "1.fastq and 2.fastq: the files do not hold the same number of reads (copy them again)"),
        "mates of another order": ({"1.fastq": fastq(swapped), "2.fastq": r2}, "1.fastq:21: the mate in 2.fastq has another name (give both files in the order they were sequenced)"),
        "mates of another sample": ({"1.fastq": r1, "2.fastq": fastq(changed(two, name=lambda n: f"x{n}"))}, "1.fastq:1: the mate in 2.fastq has another name "),
        "lengths that differ": ({"1.fastq": fastq([*one[:9], ("x", "ACGT", "II"), *one[9:]])}, f"1.fastq:40: bases and qualities differ in length {damage}"),
        "empty files": ({"1.fastq": b"", "2.fastq": b""}, "1.fastq, 2.fastq: no reads in them (check the sequencing run)"),
        "one empty mate": ({"1.fastq": r1, "2.fastq": b""}, "1.fastq and 2.fastq: the files do not hold the same number of reads "),
        "line ends of Windows": ({"1.fastq": fastq(one, "\r\n"), "2.fastq": fastq(two, "\r\n")}, ""),
        "line ends of an old Mac": ({"1.fastq": fastq(one, "\r")}, f"1.fastq:1: the last record is cut off {again}"),
        "lower case": ({"1.fastq": fastq(changed(one, str.lower)), "2.fastq": fastq(changed(two, str.lower))}, ""),
        "runs of N": ({"1.fastq": fastq(changed(one, lambda s: s[:30] + "N" * 30 + s[60:])), "2.fastq": r2}, ""),
        "nothing but N": ({"1.fastq": fastq(changed(one, lambda s: "N" * len(s)))}, f"1.fastq: {ran}"),
        "IUPAC letters": ({"1.fastq": fastq(changed(one, lambda s: s[:40] + "RYKMSWBDHV" + s[50:])), "2.fastq": r2}, ""),
        "other DNA": ({"1.fastq": fastq(strange)}, f"1.fastq: {ran}"),
        "another species": (dict(zip(("1.fastq", "2.fastq"), map(fastq, pairs(other)), strict=True)), "1.fastq, 2.fastq: most reads differ from the target at "),
        "adapters": ({"1.fastq": fastq(changed(one, lambda s: ADAPTER[: len(s)]))}, f"1.fastq: {ran}"),
        "reads without bases": ({"1.fastq": fastq(changed(one, lambda s: "", lambda q: ""))}, f"1.fastq: {ran}"),
        "qualities of before 2011": ({"1.fastq": fastq(changed(one, quals=lambda q: q.translate({35: 66, 53: 84, 65: 96, 73: 104})))}, "1.fastq: the qualities are on the scale of before 2011, Phred + 64 (convert them to Phred + 33"),
        "one quality for all": ({"1.fastq": fastq(changed(one, quals=lambda q: "h" * len(q)))}, ""),
        "a byte-order mark": ({"1.fastq": b"\xef\xbb\xbf" + r1}, f"1.fastq:1: a record does not begin with '@' {damage}"),
        "names of any letters": ({f"{m}.fastq": fastq(changed(r, name=lambda n: f"{n}é;$(touch x)'\"\\{'y' * 300} a b")) for m, r in ((1, one), (2, two))}, ""),
        "a read of 200,000 bases": ({"1.fastq": fastq([("r", (sequence * 60)[:200_000], "I" * 200_000), *one])}, ""),
        "a file name of any letters": ({"1 é;$(touch x)'\"\n.fastq": r1}, ""),
        "a file name in a message": ({"1 é\n.fastq": b"x\n"}, f"1 é\\n.fastq:1: the last record is cut off {again}"),
        "a zip": ({"1.fastq.gz": b"PK\3\4" + b"x" * 400}, "1.fastq.gz:1: the last record is cut off "),
        "FASTA": ({"1.fastq": b">a\nACGT\n>b\nACGT\n"}, f"1.fastq:1: a record does not begin with '@' {damage}"),
        "an unsorted BAM without index": ({"1.bam": bam(mates[::-1], HD={"VN": "1.6"})}, ""),
        "a BAM without @HD and @SQ": ({"1.bam": bam(mates, CO=["made for a test"])}, ""),
        "a BAM cut short": ({"1.bam": whole_bam[:-40]}, "1.bam: is not a readable BAM: "),
        "a BAM with other bytes": ({"1.bam": whole_bam[:60] + b"\xff" * 9 + whole_bam[69:]}, "1.bam: is not a readable BAM: "),
        "an empty BAM": ({"1.bam": b""}, "1.bam: is not a readable BAM: the file is empty "),
        "a CRAM called BAM": ({"1.bam": b"CRAM\3\1" + bytes(99)}, "1.bam: is CRAM, which is not read (convert it: samtools view -b)"),
    }  # fmt: skip


CASES = cases(load_reference(Path(__file__).parents[2] / "reference").sequence)


@pytest.mark.parametrize("what", CASES)
def test_a_result_or_one_line(tmp_path, root, capsys, what):
    files, said = CASES[what]
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    first, *second = (str(tmp_path / name) for name in files)
    outputs = {name: tmp_path / f"out/{name}" for name in ("fragments.npy", "counts.tsv", "qc.tsv")}
    common = ["--platform", "illumina", "--reference", str(root / "reference")]
    common += ["--reads-1", first, "--reads-2", *second]
    words = ["align", "--sample", "S", *common]
    words += [word for name, path in outputs.items() for word in (f"--{name.partition('.')[0]}", str(path))]
    assert cli.main(words) == 0
    assert all(path.stat().st_size for path in outputs.values())
    lines = capsys.readouterr().err.splitlines()
    qc = {row.metric: row for row in read_rows(outputs["qc.tsv"], QcMetric)}
    if said:
        assert len(lines) == 1 and lines[0].startswith(f"S: not usable: {said}") and lines[0].endswith(")")
        assert lines[0] == f"S: not usable: {qc['usable'].reason}" and qc["fragments"].value == "0"
        assert str(tmp_path) not in lines[0]
    else:
        assert (lines, qc["usable"].value) == ([], "yes")
        assert int(qc["fragments"].value) >= PAIRS
    path = str(tmp_path / "out/aligned.bam")
    assert cli.main(["bam", *common, "--align-qc", str(outputs["qc.tsv"]), "--bam", path]) == 0
    assert pysam.quickcheck(path) == ""
    with pysam.AlignmentFile(path) as bam_:
        assert sum(not r.is_secondary for r in bam_.fetch(until_eof=True)) == (0 if said else int(qc["reads"].value))


def test_a_file_without_end_fills_no_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(reads, "CHUNK", 1000)
    monkeypatch.setattr(reads, "LONGEST_RECORD", 50_000)
    (tmp_path / "1.fastq.gz").write_bytes(gzip.compress(bytes(10_000_000), mtime=0))
    with pytest.raises(UnusableSample, match=r"^1.fastq.gz:1: no record ends within 51,000 bytes \(is it FASTQ\?\)$"):
        list(reads.read_fastq(tmp_path / "1.fastq.gz", 10))


def test_fewer_files_of_mates_are_told(tmp_path, root, capsys):
    outputs = [word for name in ("fragments", "counts", "qc") for word in (f"--{name}", str(tmp_path / name))]
    words = ["align", "--sample", "S", "--platform", "illumina", "--reference", str(root / "reference"), *outputs]
    assert cli.main([*words, "--reads-1", "a.fastq", "b.fastq", "--reads-2", "c.fastq"]) == 2
    told = "--reads-1 names 2 files and --reads-2 1 (give the mates in the same order)\n"
    assert capsys.readouterr().err == told
    words = ["bam", *words[3:7], "--bam", str(tmp_path / "a.bam")]
    assert cli.main([*words, "--reads-1", "a.fastq", "b.fastq", "--reads-2", "c.fastq"]) == 2
    assert capsys.readouterr().err == told


def test_a_bam_of_a_file_that_cannot_be_read_is_an_error(tmp_path, root, capsys):
    (tmp_path / "1.fastq").write_text("x\n")
    words = ["bam", "--platform", "illumina", "--reference", str(root / "reference"), "--bam", str(tmp_path / "a.bam")]
    assert cli.main([*words, "--reads-1", str(tmp_path / "1.fastq")]) == 2
    assert capsys.readouterr().err.startswith("1.fastq:1: the last record is cut off ")
    assert [p.name for p in tmp_path.iterdir()] == ["1.fastq"]


def test_one_file_for_both_mates_is_asked_about(tmp_path, root, capsys):
    path = tmp_path / "1.fastq"
    path.write_bytes(CASES["a good pair"][0]["1.fastq"])
    outputs = [word for name in ("fragments", "counts", "qc") for word in (f"--{name}", str(tmp_path / name))]
    words = ["align", "--sample", "S", "--platform", "illumina", "--reference", str(root / "reference")]
    assert cli.main([*words, "--reads-1", str(path), "--reads-2", str(path), *outputs]) == 0
    row = next(row for row in read_rows(tmp_path / "qc", QcMetric) if row.metric == "mates_on_one_strand")
    assert (row.value, row.status) == (str(PAIRS), "review") and "was one file given" in row.reason
