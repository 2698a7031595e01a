"""BAM records read back by pysam, against positions worked out from the tables of reference/."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pysam
import pytest
from drawing import is_straight
from isoform_panel import contigs, rows
from numba import config
from simulated import block, cut, long_read, short_reads, turned

from ablkd.alignment.bam import BamWriter
from ablkd.alignment.placed import Placed, PlacedArrays

FEW = bool(config.DISABLE_JIT)
TARGET = "NM_005157.6"


@pytest.fixture(scope="module")
def isoforms(isoforms):
    """Without fusions that, with an event, are another listed fusion."""
    plain = {i.bases for i in isoforms if "+" not in i.name}
    return [i for i in isoforms if "+" not in i.name or i.bases not in plain]


@pytest.fixture(scope="module")
def transcripts(root):
    return {row["name"]: row for row in rows(root / "reference" / "transcripts.tsv")}


def records(path, reference, graph, *blocks: tuple[Placed, Placed | None]) -> list[pysam.AlignedSegment]:
    with BamWriter(path, reference, graph) as writer:
        for first, second in blocks:
            writer.write(first, second)
    with pysam.AlignmentFile(str(path)) as bam:
        return list(bam.fetch(until_eof=True))


def by_hand(nodes: list[list[int]], placed=None, reverse=None) -> Placed:
    """Reads of A with given nodes; every base has quality 35."""
    made = block(["A" * len(row) for row in nodes])
    size = len(nodes)
    return Placed(
        made,
        PlacedArrays(
            made.codes,
            made.quals,
            made.offsets,
            np.array([v for row in nodes for v in row], np.int32),
            np.array(reverse or [0] * size, np.uint8),
            np.array([1] * size if placed is None else placed, np.uint8),
            np.array([is_straight(row) for row in nodes], np.uint8),
        ),
    )


def expected_place(labels, transcripts):
    """(contig, first position, CIGAR) of a read with these labels; on a fusion where it shows one."""
    fusions = [name for name, _ in labels if name in transcripts]
    contig = fusions[-1] if fusions else TARGET
    partner, start = int(transcripts[contig]["partner_length"]), int(transcripts[contig]["target_start"])
    places = [i if name in transcripts else partner + i - start + 1 if name == "target" else None for name, i in labels]
    aligned = [k for k, place in enumerate(places) if place is not None]
    operations = [("S", aligned[0])]
    for k in range(aligned[0], aligned[-1] + 1):
        if places[k] is None:
            operations.append(("I", 1))
            continue
        before = next((p for p in reversed(places[aligned[0] : k]) if p is not None), places[k] - 1)
        operations += [("N", places[k] - before - 1), ("M", 1)]
    operations.append(("S", len(labels) - 1 - aligned[-1]))
    runs = []
    for operation, size in operations:
        if size and runs and runs[-1][0] == operation:
            runs[-1][1] += size
        elif size:
            runs.append([operation, size])
    return contig, places[aligned[0]], "".join(f"{size}{operation}" for operation, size in runs)


def test_error_free_reads_lie_where_the_tables_say(tmp_path, reference, graph, aligner, isoforms, transcripts):
    """Over every junction of every isoform, and what surrounds it."""
    cuts = []
    for isoform in isoforms[:: 50 if FEW else 3]:
        for start in range(0, min(len(isoform.bases), 1600) - 150, 170 if FEW else 45):
            piece = cut(isoform, start, 150, reverse=start % 2 == 1)
            partners = [i for i in range(start, start + 150) if isoform.labels[i][0] in transcripts]
            if len(partners) in (0, *range(40, 110)):  # with enough of both sides to name the fusion
                cuts.append(piece)
    placed = aligner.place(block([c.read for c in cuts], quality=33))
    found = {int(r.query_name): r for r in records(tmp_path / "a.bam", reference, graph, (placed, None))}
    assert len(found) == len(cuts)
    for k, piece in enumerate(cuts):
        labels = piece.isoform.labels[piece.start : piece.start + 150]
        record, where = found[k], f"{piece.isoform.name} {piece.start}"
        overhangs = {
            j for j in range(1, 150) if labels[j - 1][0] != labels[j][0] or labels[j][1] != labels[j - 1][1] + 1
        }
        if all(15 <= j <= 135 for j in overhangs):  # nearer to an end the plain neighbours may fit as well
            contig, start, cigar = expected_place(labels, transcripts)
            assert (record.reference_name, record.reference_start) == (contig, start), where
            assert record.cigarstring == cigar, where
        assert record.query_sequence == piece.isoform.bases[piece.start : piece.start + 150]
        assert record.flag == (16 if piece.reverse else 0) and record.mapping_quality == 60
        assert record.query_qualities.tolist() == [33] * 150


def test_gaps_and_clips_drawn_by_hand(tmp_path, reference, graph):
    run = lambda a, b: list(range(a, b))  # noqa: E731
    rows_ = {
        "2S10M2I10M5D16M": [-2, -2, *run(100, 110), -1, -1, *run(110, 120), *run(125, 141)],
        "20M273N20M": [*run(529, 549), *run(822, 842)],
        "4M1D4M1S": [*run(100, 104), *run(105, 109), -2],
        "1M": [3392],
        "3M1I3M": [*run(0, 3), -1, *run(3, 6)],
    }
    found = records(tmp_path / "a.bam", reference, graph, (by_hand(list(rows_.values())), None))
    cigars = {int(r.query_name): (r.cigarstring, r.reference_start) for r in found}
    firsts = [next(v for v in row if v >= 0) for row in rows_.values()]
    assert [cigars[k] for k in range(len(rows_))] == list(zip(rows_, firsts, strict=True))


@pytest.mark.parametrize("reverse_1", [0, 1])
@pytest.mark.parametrize("reverse_2", [0, 1])
@pytest.mark.parametrize("placed_1", [0, 1])
@pytest.mark.parametrize("placed_2", [0, 1])
def test_flags_of_pairs(tmp_path, reference, graph, placed_1, placed_2, reverse_1, reverse_2):
    one = by_hand([list(range(700, 750))], [placed_1], [reverse_1])
    two = by_hand([list(range(800, 840))], [placed_2], [reverse_2])
    found = {r.is_read2: r for r in records(tmp_path / "a.bam", reference, graph, (one, two))}
    for mine, mate, has, mate_has, side, mate_side in (
        (found[False], found[True], placed_1, placed_2, reverse_1, reverse_2),
        (found[True], found[False], placed_2, placed_1, reverse_2, reverse_1),
    ):
        assert (mine.is_paired, mine.is_read1, mine.is_read2) == (True, mine is found[False], mine is found[True])
        assert (mine.is_unmapped, mine.mate_is_unmapped) == (not has, not mate_has)
        assert (mine.is_reverse, mine.mate_is_reverse) == (bool(side), bool(mate_side))
        assert mine.is_proper_pair == bool(has and mate_has and side != mate_side)
        assert (mine.next_reference_id, mine.next_reference_start) == (mate.reference_id, mate.reference_start)
        assert not (mine.is_secondary or mine.is_supplementary or mine.is_duplicate or mine.is_qcfail)
        if not has:
            assert mine.cigarstring is None and mine.mapping_quality == 0
            assert mine.reference_id == (mate.reference_id if mate_has else -1)


def test_names_bases_and_qualities_come_back(tmp_path, reference, graph):
    """Names that BAM cannot hold are made fit: blanks become _, nothing is *, and 254 letters are the most."""
    names = [b"read/x:1", b"", b"a" * 300, b"two words", b"@at", b"x"]
    reads = ["ACGTN", "", "A" * 60, "GATTACA", "T", "CG"]
    quals = np.arange(sum(map(len, reads)), dtype=np.uint8) % 94
    made = replace(
        block(reads),
        quals=quals,
        names=np.frombuffer(b"".join(names), np.uint8),
        name_offsets=np.cumsum([0, *map(len, names)], dtype=np.int64),
    )
    nothing = np.zeros(len(reads), np.uint8)
    nodes = np.full(len(made.codes), -2, np.int32)
    placed = Placed(made, PlacedArrays(made.codes, quals, made.offsets, nodes, nothing, nothing, nothing))
    found = records(tmp_path / "a.bam", reference, graph, (placed, None))
    fit = ["read/x:1", "*", "a" * 254, "two_words", "_at", "x"]
    assert [r.query_name or "*" for r in found] == fit
    assert [r.query_sequence or "" for r in found] == reads
    parts = np.split(quals, made.offsets[1:-1])
    assert [list(r.query_qualities or []) for r in found] == [p.tolist() for p in parts]


@pytest.fixture(scope="module")
def many(aligner, isoforms):
    """Pairs as they come: with errors, adapters, of every isoform, and some that are foreign."""
    rng = np.random.default_rng(6)
    cuts = short_reads(rng, isoforms, 20 if FEW else 400)
    foreign = ["".join(rng.choice([*"ACGT"], 90)) for _ in range(4 if FEW else 40)]
    mates = [turned(c.read[20:]) for c in cuts] + foreign
    return aligner.place(block([c.read for c in cuts] + foreign[::-1])), aligner.place(block(mates))


def test_the_file_is_whole_sorted_and_indexed_and_every_record_fits_its_contig(tmp_path, root, reference, graph, many):
    path = tmp_path / "a.bam"
    found = records(path, reference, graph, many, many)
    lengths = {name: len(bases) for name, bases in contigs(root / "reference" / "transcripts.fasta").items()}
    with pysam.AlignmentFile(str(path)) as bam:
        assert dict(zip(bam.references, bam.lengths, strict=True)) == lengths
        assert bam.header["HD"]["SO"] == "coordinate" and "PG" not in bam.header
        indexed = sum(1 for name in bam.references for _ in bam.fetch(name))
    keys = [(r.reference_id if r.reference_id >= 0 else 10**9, r.reference_start) for r in found]
    assert keys == sorted(keys)
    assert indexed == sum(r.reference_id >= 0 for r in found)
    for r in found:
        if not r.is_unmapped:
            assert r.reference_end <= lengths[r.reference_name]
            assert r.infer_query_length() == len(r.query_sequence)
    if shutil.which("samtools"):
        subprocess.run(["samtools", "quickcheck", "-v", str(path)], check=True)
        subprocess.run(["samtools", "view", "-c", str(path)], check=True, capture_output=True)


def test_long_reads_fit_their_contig_too(tmp_path, reference, graph, aligner, isoforms):
    rng = np.random.default_rng(7)
    fusions = [i for i in isoforms if i.name.startswith("e14a2")][: 1 if FEW else None]
    placed = aligner.place(block([long_read(rng, i, 0.04).read for i in fusions]))
    for record in records(tmp_path / "a.bam", reference, graph, (placed, None)):
        assert record.reference_name == "e14a2"
        assert record.infer_query_length() == len(record.query_sequence)
        assert record.reference_end <= len(reference.sequences["e14a2"])


def test_the_same_reads_give_the_same_bytes(tmp_path, reference, graph, many):
    for name in ("a.bam", "b.bam"):
        records(tmp_path / name, reference, graph, many)
    for end in ("", ".bai"):
        assert (tmp_path / f"a.bam{end}").read_bytes() == (tmp_path / f"b.bam{end}").read_bytes()


def test_nothing_is_left_of_a_writer_that_failed(tmp_path, reference, graph, many):
    with pytest.raises(RuntimeError), BamWriter(tmp_path / "a.bam", reference, graph) as writer:
        writer.write(*many)
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_base_lost_beside_a_jump_is_a_deletion_beside_the_skip(tmp_path, reference, graph):
    """Exon 4 skipped, with one base lost before and two behind; the skip keeps its length of 273."""
    nodes = [*range(500, 548), *range(824, 880)]
    (record,) = records(tmp_path / "a.bam", reference, graph, (by_hand([nodes]), None))
    assert record.cigarstring == "48M1D273N2D56M"


@pytest.mark.parametrize(("past", "operation"), [(531, "31N"), (530, "30D")])
def test_a_long_gap_is_shown_as_a_junction(tmp_path, reference, graph, past, operation):
    nodes = [*range(450, 500), *range(past, past + 50)]
    (record,) = records(tmp_path / "a.bam", reference, graph, (by_hand([nodes]), None))
    assert record.cigarstring == f"50M{operation}50M"


def test_bases_past_the_end_of_a_contig_are_clipped(tmp_path, reference, graph, node_at):
    """The contigs of fusions end with exon 10; a longer product reads on."""
    nodes = [node_at["e14a2", 250 + k] for k in range(6)] + [*range(79, 1690)]
    (record,) = records(tmp_path / "a.bam", reference, graph, (by_hand([nodes]), None))
    length = len(reference.sequences["e14a2"])
    assert (record.reference_name, record.reference_end) == ("e14a2", length)
    assert record.cigarstring == f"{length - 250}M12S"
