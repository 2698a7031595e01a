"""From files of reads to fragments, BAM and qc rows."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pysam
import pytest

from ablkd.alignment import aligner
from ablkd.alignment.align import align_sample
from ablkd.alignment.bam import write_bam
from ablkd.counting.counts import read_counts
from ablkd.counting.tally import count
from ablkd.errors import UnusableSample
from ablkd.fragments import FIELDS, Fragments, load
from ablkd.hgvs import CODONS
from ablkd.isoforms import build_graph

OTHER_STRAND = str.maketrans("ACGT", "TGCA")
PAIRS = 120


@pytest.fixture(scope="module")
def pairs(reference):
    """(name, first mate, second mate) of error-free 2 x 101 pairs of the long e14a2 amplicon, sheared; half of the
    molecules have c.944C>T, and every tenth pair is its whole length."""
    rng = np.random.default_rng(1)
    contig = reference.sequences["e14a2"]
    at = contig.index(reference.sequence[900:1000]) + 43
    tile = next(a for a in reference.amplicons if a.name == "major_long")
    made = []
    for k in range(PAIRS):
        molecule = contig[:at] + "T" + contig[at + 1 :] if k % 2 else contig
        start = tile.forward_start - 1 if k % 10 == 0 else int(rng.integers(tile.forward_start - 1, 1400))
        stop = tile.reverse_end if k % 10 == 0 else min(start + int(rng.integers(150, 400)), tile.reverse_end)
        mates = molecule[start : start + 101], turned(molecule[stop - 101 : stop])
        made.append((f"read:{k}", *(mates if k % 3 else mates[::-1])))
    return made


def turned(bases: str) -> str:
    return bases.translate(OTHER_STRAND)[::-1]


def write_fastq(path: Path, reads) -> Path:
    text = "".join(f"@{name}\n{bases}\n+\n{'I' * len(bases)}\n" for name, bases in reads)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory, pairs):
    folder = tmp_path_factory.mktemp("reads")
    return [write_fastq(folder / f"s_R{m}.fastq.gz", [(p[0], p[m]) for p in pairs]) for m in (1, 2)]


@pytest.fixture(scope="module")
def run(reference):
    """Align into a folder; returns (fragments, qc rows by metric)."""

    def aligned(folder: Path, reads_1, reads_2=(), amplicon="", platform="illumina"):
        folder.mkdir(exist_ok=True)
        files, outputs = (list(reads_1), list(reads_2)), (folder / "fragments.npy", folder / "counts.tsv")
        rows = align_sample("s", reference.platforms[platform], amplicon, reference, *files, *outputs)
        return load(folder / "fragments.npy"), {row.metric: row for row in rows}

    return aligned


@pytest.fixture(scope="module")
def usual(run, files, reference, tmp_path_factory):
    folder = tmp_path_factory.mktemp("usual")
    write_bam(reference.platforms["illumina"], reference, files[:1], files[1:], folder / "aligned.bam")
    return (*run(folder, files[:1], files[1:]), folder)


def as_rows(f: Fragments) -> list[tuple]:
    """Fragments as plain values, in an order of their own."""
    rows = []
    for n in range(len(f)):
        own = slice(f.offsets[n], f.offsets[n + 1])
        whole = [getattr(f, name)[n].tolist() for name in ("junctions", "forward", "reverse", "ends", "tile")]
        rows.append((*whole, *(a[own].tolist() for a in (f.position, f.allele, f.quality))))
    return sorted(rows, key=str)


def test_pairs_become_fragments_with_the_change_they_carry(usual, pairs, reference):
    fragments, qc, _ = usual
    assert (fragments.reads, fragments.placed) == (2 * PAIRS, 2 * PAIRS)
    assert len(fragments) == PAIRS == int(qc["fragments"].value)
    assert set(fragments.position.tolist()) == {943} and set(fragments.allele.tolist()) == {3}
    changed = reference.sequence[933:943] + "T" + reference.sequence[944:954]
    carriers = sum(any(changed in seen for mate in mates for seen in (mate, turned(mate))) for _, *mates in pairs)
    assert carriers <= len(fragments.position) <= carriers + 5  # in some it lies less than ten bases from a read's end
    assert len(fragments.ins_position) == 0


def test_every_base_seen_is_counted_once_with_its_quality(usual):
    """Depth by the histogram is depth by the spans; with both mates at most Q40."""
    fragments, *_ = usual
    depth = np.zeros(fragments.histogram.shape[0], int)
    both = depth.copy()
    for forward, reverse in zip(fragments.forward, fragments.reverse, strict=True):
        one, other = {*range(*forward)}, {*range(*reverse)}
        depth[list(one | other)] += 1
        both[list(one & other)] += 1
    assert (fragments.histogram.sum(axis=(1, 2)) == depth).all()
    assert (fragments.histogram[:, 2, 40] == both).all() and (fragments.histogram[:, :, :40].sum() == 0)


def test_qc_rows(usual, files):
    _, qc, _ = usual
    values = {metric: (row.value, row.status) for metric, row in qc.items() if metric != "input_sha256"}
    assert values == {
        "reads": (str(2 * PAIRS), "pass"),
        "on_target": ("1.0000", "pass"),
        "fragments": (str(PAIRS), "pass"),
        "contradicting_mates": ("0", "pass"),
        "mates_on_one_strand": ("0", "pass"),
        "amplicon": ("major_long", "pass"),
        "usable": ("yes", "pass"),
    }
    assert qc["input_sha256"].unit == files[1].name


def test_the_same_input_gives_the_same_bytes(run, files, usual, reference, tmp_path):
    *_, folder = usual
    run(tmp_path, files[:1], files[1:])
    write_bam(reference.platforms["illumina"], reference, files[:1], files[1:], tmp_path / "aligned.bam")
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "aligned.bam",
        "aligned.bam.bai",
        "counts.tsv",
        "fragments.npy",
    ]
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name


@pytest.mark.parametrize("bases", [400, 3000, 30_000])
def test_the_size_of_a_block_does_not_matter(run, files, usual, tmp_path, monkeypatch, bases):
    monkeypatch.setattr(aligner, "BLOCK_BASES", bases)
    fragments, _ = run(tmp_path, files[:1], files[1:])
    for name in FIELDS:
        assert np.array_equal(getattr(fragments, name), getattr(usual[0], name)), name


def test_codons_are_counted_once_and_kept_beside_the_fragments(usual, reference):
    fragments = usual[0]
    again = count(replace(fragments, codons=None), reference, build_graph(reference))
    assert fragments.codons is not None and fragments.codons.counts.sum() > 0
    for kept, counted in zip(fragments.codons, again.codons, strict=True):
        assert np.array_equal(kept, counted)


def test_lanes_are_joined(run, files, usual, tmp_path):
    fragments, qc = run(tmp_path, [files[0]] * 2, [files[1]] * 2)
    assert len(fragments) == 2 * PAIRS and qc["reads"].value == str(4 * PAIRS)
    assert as_rows(fragments) == sorted(as_rows(usual[0]) * 2, key=str)


def unaligned_bam(path: Path, reads) -> Path:
    with pysam.AlignmentFile(str(path), "wb", header={"HD": {"VN": "1.6"}}) as bam:
        for name, flag, bases in reads:
            record = pysam.AlignedSegment(bam.header)
            record.query_name, record.flag, record.query_sequence = name, flag, bases
            record.query_qualities = pysam.qualitystring_to_array("I" * len(bases))
            bam.write(record)
    return path


def test_bam_input_gives_the_fragments_of_fastq(run, pairs, usual, tmp_path):
    """Unaligned in order, unaligned out of order, and our own sorted BAM."""
    mates = [(name, flag, bases) for name, *two in pairs for flag, bases in zip((77, 141), two, strict=True)]
    shuffled = [mates[i] for i in np.random.default_rng(2).permutation(len(mates))]
    for k, path in enumerate(
        (
            unaligned_bam(tmp_path / "in_order.bam", mates),
            unaligned_bam(tmp_path / "shuffled.bam", shuffled),
            usual[2] / "aligned.bam",
        )
    ):
        fragments, qc = run(tmp_path / str(k), [path])
        assert as_rows(fragments) == as_rows(usual[0]), path.name
        assert (qc["amplicon"].value, qc["reads"].value) == ("major_long", str(2 * PAIRS))


def test_long_reads(run, reference, tmp_path):
    """Whole amplicons of e1a2 without exon 7; both strands; one span each, and both jumps."""
    tile = next(a for a in reference.amplicons if a.name == "minor_long")
    skip = next(v for v in reference.splicing if v.event == "exon7_skipping")
    contig, shift = reference.sequences["e1a2"], 351 - 79
    molecule = contig[tile.forward_start - 1 : skip.start - 1 + shift] + contig[skip.end + shift : tile.reverse_end]
    reads = [(str(k), molecule if k % 2 else turned(molecule)) for k in range(6)]
    fragments, qc = run(tmp_path, [write_fastq(tmp_path / "r.fastq.gz", reads)], platform="pacbio_hifi")
    assert qc["amplicon"].value == "minor_long"
    assert len(fragments) == 6 and len(fragments.position) == len(fragments.ins_position) == 0
    spans = [fragments.forward.tolist(), fragments.reverse.tolist()]
    assert spans[1][::2] == spans[0][1::2] == [[79, 1513]] * 3  # 7 bases of exon 10 tell too little
    assert len(set(fragments.junctions.tolist())) == 1 and bin(fragments.junctions[0]).count("1") == 2


def test_of_two_ligated_products_one_is_used_and_the_read_is_counted(run, reference, tmp_path):
    """Products joined head to tail or head to head, adapters at the ends; then reads with adapters alone."""
    tile = next(a for a in reference.amplicons if a.name == "minor_long")
    product = reference.sequences["e1a2"][tile.forward_start - 1 : tile.reverse_end]
    adapter = "AATGTACTTCGTTCAGTTACGTATTGCT"
    reads = [("a", adapter + product + product), ("b", product + turned(product)), ("c", turned(product) + product)]
    reads += [
        ("d", product[:700] + product[:900]),
        ("e", adapter + product + turned(adapter)),
        ("f", adapter * 3 + product),
    ]
    fragments, qc = run(tmp_path, [write_fastq(tmp_path / "r.fastq.gz", reads)], platform="ont")
    assert len(fragments) == len(reads) and qc["chimeric_reads"].value == "4"
    assert not (fragments.allele == 4).any() and len(fragments.ins_position) == 0
    covered = fragments.stops() - fragments.starts()
    assert covered[[0, 1, 2, 4, 5]].tolist() == [1513 - 79] * 5


def test_consensus_reads_that_their_maker_calls_poor_are_left_out(run, reference, tmp_path):
    """Tag rq of a HiFi BAM: below 0.99 a read is left out and counted; without the tag it stays."""
    path, molecule = tmp_path / "hifi.bam", reference.sequence[300:1500]
    with pysam.AlignmentFile(str(path), "wb", header={"HD": {"VN": "1.6"}}) as bam:
        for k, accuracy in enumerate((0.999, 0.99, 0.98, 0.5, None)):
            record = pysam.AlignedSegment(bam.header)
            record.query_name, record.flag, record.query_sequence = str(k), 4, molecule
            record.query_qualities = pysam.qualitystring_to_array("I" * len(molecule))
            if accuracy is not None:
                record.set_tag("rq", accuracy, "f")
            bam.write(record)
    fragments, qc = run(tmp_path / "out", [path], platform="pacbio_hifi")
    assert (len(fragments), qc["reads"].value, qc["reads_left_out"].value) == (3, "3", "2")


UNUSABLE = {
    "no reads": ([], "r.fastq.gz: no reads in them (check the sequencing run)"),
    "foreign": (
        [("x", "".join(np.random.default_rng(k).choice([*"ACGT"], 120))) for k in range(40)],
        "r.fastq.gz: no read lies on the target (another gene, another species or adapters)",
    ),
    "adapters": ([("x", "AGATCGGAAGAGCACACGTCTGAACTCCAGTCA" * 3)] * 9, "r.fastq.gz: no read lies on the target"),
    "one letter": ([("x", "A" * 100), ("y", "N" * 100), ("z", "ACG")], "r.fastq.gz: no read lies on the target"),
}


@pytest.mark.parametrize("what", UNUSABLE)
def test_unusable_content_is_said_in_a_qc_row_and_every_file_is_written(run, tmp_path, what):
    reads, sentence = UNUSABLE[what]
    fragments, qc = run(tmp_path, [write_fastq(tmp_path / "r.fastq.gz", reads)])
    assert (qc["usable"].value, qc["usable"].status) == ("no", "fail")
    assert qc["usable"].reason.startswith(sentence)
    assert qc["reads"].value == str(len(reads)) and qc["on_target"].value == "0.0000"
    assert len(fragments) == 0 and fragments.reads == len(reads)


def test_a_file_that_breaks_off_leaves_nothing_of_what_was_read_before(run, files, reference, tmp_path):
    whole = gzip.decompress(files[0].read_bytes())
    cut = tmp_path / "cut.fastq"
    cut.write_bytes(whole[: len(whole) // 2])
    fragments, qc = run(tmp_path / "a", [files[0], cut])
    assert qc["usable"].value == "no" and qc["usable"].reason.startswith("cut.fastq:")
    assert len(fragments) == 0 and fragments.histogram.sum() == 0 and len(fragments.tile) == 0
    with pytest.raises(UnusableSample, match="^cut.fastq:"):
        write_bam(reference.platforms["illumina"], reference, [files[0], cut], [], tmp_path / "a" / "aligned.bam")
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == ["counts.tsv", "fragments.npy"]


def test_the_bam_shows_long_reads_where_they_were_settled(reference, tmp_path):
    """AAG became CTA and the next base is gone: one gap, not 2I1M3D, which hides the change."""
    sequence = reference.sequence
    bases = sequence[500:738] + "CTA" + sequence[742:1400]
    path = write_fastq(tmp_path / "r.fastq.gz", [("r", bases)])
    write_bam(reference.platforms["ont"], reference, [path], [], tmp_path / "a.bam")
    with pysam.AlignmentFile(str(tmp_path / "a.bam")) as bam:
        (record,) = bam.fetch()
    assert (record.query_sequence, record.cigarstring) == (bases, "241M1D658M")


def test_a_missing_file_is_said(run, tmp_path):
    _, qc = run(tmp_path, [tmp_path / "gone.fastq.gz"])
    assert qc["usable"].reason == "gone.fastq.gz: no such file (check the sheet)"


def test_an_amplicon_that_is_given_is_not_guessed(run, files, tmp_path, reference):
    fragments, qc = run(tmp_path, files[:1], files[1:], amplicon="kinase_nested")
    row = next(i for i, a in enumerate(reference.amplicons) if a.name == "kinase_nested")
    assert qc["amplicon"].value == "kinase_nested" and set(fragments.tile.tolist()) == {row}


def test_poor_bases_are_not_observed(run, pairs, reference, tmp_path):
    """The same reads with every quality below the platform's least: covered, but nothing is seen."""
    text = "".join(f"@{name}\n{one}\n+\n{chr(33 + 19) * len(one)}\n" for name, one, _ in pairs[:10])
    path = tmp_path / "r.fastq"
    path.write_text(text)
    fragments, qc = run(tmp_path / "a", [path])
    assert reference.platforms["illumina"].min_base_quality == 20
    assert qc["usable"].value == "yes" and fragments.histogram.sum() == 0
    assert set(fragments.allele.tolist()) <= {8, 9, 10, 11} and set(fragments.quality.tolist()) == {19}
    assert len(fragments.position) == int((fragments.stops() - fragments.starts()).sum())


def test_counts_are_those_of_the_fragments(usual, reference):
    """By hand: which mates span c.943-945, and whether the pair is a changed one (ATT instead of ACT)."""
    fragments, _, folder = usual
    (counts,) = read_counts(folder / "counts.tsv", reference)
    assert (counts.sample, counts.platform, counts.panel, counts.indels) == ("s", "illumina", "", {})
    seen = np.zeros((3, 2), int)
    for n in range(len(fragments)):
        mates = [span[n][0] <= 942 and span[n][1] >= 945 for span in (fragments.forward, fragments.reverse)]
        if any(mates):
            changed = 943 in fragments.position[fragments.offsets[n] : fragments.offsets[n + 1]]
            seen[2 if all(mates) else mates.index(True), int(changed)] += 1
    assert seen.sum() > 15 and (seen > 0).sum() >= 3
    assert counts.codons[314][:, [CODONS.index("ACT"), CODONS.index("ATT")]].tolist() == seen.tolist()
    assert counts.codons[314].sum() == seen.sum()
