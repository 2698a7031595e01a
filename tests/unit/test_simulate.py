"""Simulated FASTQ files: what is in them is what the truth table says, and nothing else."""

import gzip
import re
import shutil
from pathlib import Path

import pytest
from Bio import SeqIO
from scipy.stats import binom

from ablkd.errors import InputError
from ablkd.reference import load_reference
from ablkd.simulate import Realised, simulate
from ablkd.tables import read_rows

ROOT = Path(__file__).parents[2]
CONTIGS = {record.id: str(record.seq) for record in SeqIO.parse(ROOT / "reference/transcripts.fasta", "fasta")}
MINOR = CONTIGS["e1a2"][150:1792]
TARGET = CONTIGS["NM_005157.6"]
FAULTLESS = "rt_error=0 pcr_error=0 sequencing_error=0 indel_error=0 recombination=0"


def truth_file(folder: Path, rows: str, **columns: str) -> Path:
    """Lines of the six columns below (`-` is an empty cell); the other columns are the same in all."""
    names = ["sample", "platform", "fusion", "haplotype", "fraction", "amplicon", *columns]
    lines = [[*("" if c == "-" else c for c in line.split()), *columns.values()] for line in rows.split("\n")]
    path = folder / "truth.tsv"
    path.write_text("\n".join("\t".join(cells) for cells in [names, *lines]) + "\n")
    return path


def faultless(**columns: str) -> dict[str, str]:
    return {**dict(pair.split("=") for pair in FAULTLESS.split()), **columns}


def fastq(path: Path) -> list[tuple[str, str, str]]:
    """(name, bases, quality letters) of each record, checked line by line."""
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    assert len(lines) % 4 == 0
    records = []
    for name, bases, plus, quality in zip(*(lines[i::4] for i in range(4)), strict=True):
        assert name.startswith("@") and plus == "+"
        assert re.fullmatch("[ACGT]+", bases) and re.fullmatch("[!-~]+", quality)
        assert len(bases) == len(quality)
        records.append((name[1:], bases, quality))
    return records


def other_strand(sequence: str) -> str:
    return sequence[::-1].translate(str.maketrans("ACGT", "TGCA"))


def both_strands(sequence: str) -> set[str]:
    return {sequence, other_strand(sequence)}


PAIR = "A illumina e1a2 T315I 0.5 minor_long\nA illumina e1a2 unmutated 0.5 minor_long"


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path, reference):
    rows = f"{PAIR}\nL ont e1a2 unmutated 1 minor_long\nT sanger e1a2 T315I 1 minor_long"
    truth = truth_file(tmp_path, rows, depth="20")
    contents = [
        {file.name: file.read_bytes() for file in simulate(truth, reference, tmp_path / name, seed)}
        for name, seed in (("one", 7), ("two", 7), ("three", 8))
    ]
    assert contents[0] == contents[1]
    expected = ["A_1.fastq.gz", "A_2.fastq.gz", "L.fastq.gz", "T_F.ab1", "T_R.ab1"]
    assert sorted(contents[0]) == expected
    assert all(contents[0][name] != contents[2][name] for name in expected)


def test_a_sample_does_not_depend_on_the_others_of_its_table(tmp_path, reference):
    alone = truth_file(tmp_path, PAIR, depth="20")
    simulate(alone, reference, tmp_path / "alone", 7)
    among = truth_file(tmp_path, f"Z illumina e1a2 T315I 1 minor_long\n{PAIR}", depth="20")
    simulate(among, reference, tmp_path / "among", 7)
    for name in ("A_1.fastq.gz", "A_2.fastq.gz"):
        assert (tmp_path / "alone" / name).read_bytes() == (tmp_path / "among" / name).read_bytes()


def test_without_errors_long_reads_equal_their_molecules(tmp_path, reference):
    rows = """A pacbio_hifi e1a2 unmutated 0.4 minor_long
A pacbio_hifi e1a2 T315I 0.3 minor_long
A pacbio_hifi e1a2 exon4_skipping 0.2 minor_long
A pacbio_hifi e1a2 c.750_752del 0.1 minor_long"""
    simulate(truth_file(tmp_path, rows, **faultless(depth="200")), reference, tmp_path, 1)
    changed = MINOR.replace("ATATCATCACTGAG", "ATATCATCATTGAG")
    left, right = "ACACTGCTTCTGATGGCAAG", "GAGGACACCATGGAGGTGGA"
    skipped = MINOR[: MINOR.index(left) + 20] + MINOR[MINOR.index(right) :]
    c750 = 750 + 272 - 151
    deleted = MINOR[:c750] + MINOR[c750 + 3 :]
    assert len(MINOR) - len(skipped) == 273
    expected = [both_strands(m) for m in (MINOR, changed, skipped, deleted)]
    reads = [bases for _, bases, _ in fastq(tmp_path / "A.fastq.gz")]
    counts = [sum(read in strands for read in reads) for strands in expected]
    assert sum(counts) == len(reads) == 200
    assert all(count > 0 for count in counts)
    assert 60 <= sum(read.startswith(MINOR[:20]) for read in reads) <= 140


def test_without_errors_read_pairs_lie_in_their_molecule_and_cover_it_evenly(tmp_path, reference):
    rows = "A illumina e1a2 unmutated 1 minor_long"
    simulate(truth_file(tmp_path, rows, **faultless(depth="300", insert_sd="30")), reference, tmp_path, 1)
    one, two = fastq(tmp_path / "A_1.fastq.gz"), fastq(tmp_path / "A_2.fastq.gz")
    assert [r[0] for r in one] == [r[0] for r in two]
    assert len({r[0] for r in one}) == len(one)
    depth = [0] * len(MINOR)
    forward = 0
    for (_, first, _), (_, second, _) in zip(one, two, strict=True):
        if first in MINOR:
            forward += 1
            left, right = first, other_strand(second)
        else:
            left, right = second, other_strand(first)
        start, end = MINOR.index(left), MINOR.index(right) + len(right)
        assert 40 <= end - start < 450
        for position in range(start, end):
            depth[position] += 1
    assert 0.45 < forward / len(one) < 0.55
    assert sum(depth) / len(depth) == pytest.approx(300, rel=0.1)
    assert min(depth) > 200


def test_uncut_products_are_read_from_both_ends(tmp_path, reference):
    rows = "A illumina e1a2 unmutated 1 kinase_nested"
    simulate(truth_file(tmp_path, rows, **faultless(depth="10", insert_mean="0")), reference, tmp_path, 1)
    product = TARGET[657:1267]
    ends = both_strands(product[:150]) | both_strands(product[-150:])
    reads = fastq(tmp_path / "A_1.fastq.gz") + fastq(tmp_path / "A_2.fastq.gz")
    assert len(reads) == 20
    assert {bases for _, bases, _ in reads} <= ends


def test_fractions_follow_chance_and_nothing_more(tmp_path, reference):
    rows = "A pacbio_hifi e1a2 T315I 0.3 minor_long\nA pacbio_hifi e1a2 unmutated 0.7 minor_long"
    simulate(truth_file(tmp_path, rows, **faultless(depth="1000")), reference, tmp_path, 3)
    realised = {row.haplotype: row for row in read_rows(tmp_path / "molecules.tsv", Realised)}
    templates = realised["T315I"].templates
    assert binom.ppf(1e-4, 5000, 0.3) <= templates <= binom.ppf(1 - 1e-4, 5000, 0.3)
    reads = [bases for _, bases, _ in fastq(tmp_path / "A.fastq.gz")]
    mutated = both_strands("ATATCATCATTGAG")
    count = sum(any(m in read for m in mutated) for read in reads)
    assert count == realised["T315I"].molecules
    # 1,000 reads of 5,000 templates whose families differ with CV^2 = 0.25: 1.15 times the sampling sd.
    fraction = templates / 5000
    assert abs(count / 1000 - fraction) < 4 * 1.15 * (fraction * (1 - fraction) / 1000) ** 0.5


def test_a_primer_inside_the_skipped_exon_never_sees_the_skipping(tmp_path, reference):
    rows = "A pacbio_hifi e1a2 exon4_skipping 0.5 kinase_nested\nA pacbio_hifi e1a2 unmutated 0.5 kinase_nested"
    simulate(truth_file(tmp_path, rows, depth="50"), reference, tmp_path, 1)
    realised = {row.haplotype: row for row in read_rows(tmp_path / "molecules.tsv", Realised)}
    assert realised["exon4_skipping"].templates > 2000
    assert realised["exon4_skipping"].molecules == 0
    assert realised["unmutated"].molecules == 50


def test_a_primer_overwrites_a_mutation_below_it(tmp_path, reference):
    rows = "A pacbio_hifi e1a2 c.1504A>C 1 minor_long"
    simulate(truth_file(tmp_path, rows, **faultless(depth="20")), reference, tmp_path, 1)
    assert {bases for _, bases, _ in fastq(tmp_path / "A.fastq.gz")} <= both_strands(MINOR)


def test_length_bias_favours_the_shorter_product(tmp_path, reference):
    rows = "A pacbio_hifi e1a2 exon4_skipping 0.5 minor_long\nA pacbio_hifi e1a2 unmutated 0.5 minor_long"
    columns = faultless(depth="2000", length_bias="1.8")
    simulate(truth_file(tmp_path, rows, **columns), reference, tmp_path, 1)
    realised = {row.haplotype: row for row in read_rows(tmp_path / "molecules.tsv", Realised)}
    odds = realised["exon4_skipping"].molecules / realised["unmutated"].molecules
    assert odds == pytest.approx(1.8**2.73, rel=0.15)


def test_a_no_template_control_is_valid_and_holds_nothing_of_the_target(tmp_path, reference):
    row = "N illumina - unrelated 1 minor_long"
    simulate(truth_file(tmp_path, row, depth="5"), reference, tmp_path, 1)
    reads = fastq(tmp_path / "N_1.fastq.gz")
    assert 10 < len(reads) < 100
    words = {MINOR[i : i + 20] for i in range(len(MINOR) - 19)}
    assert not any(bases[i : i + 20] in words for _, bases, _ in reads for i in range(len(bases) - 19))


def test_depth_nothing_gives_valid_files_without_reads(tmp_path, reference):
    simulate(truth_file(tmp_path, "E illumina - unrelated 1 -", depth="0"), reference, tmp_path, 1)
    assert fastq(tmp_path / "E_1.fastq.gz") == fastq(tmp_path / "E_2.fastq.gz") == []


@pytest.mark.parametrize(
    ("platform", "errors", "qualities"),
    [
        ("illumina", "0.005", (2, 12, 23, 37)),
        ("pacbio_hifi", "0.0005", range(20, 41)),
        ("ont", "0.03", range(2, 31)),
    ],
)
def test_qualities_mean_what_they_say(tmp_path, reference, platform, errors, qualities):
    columns = faultless(depth="200", insert_mean="0", read_length="300", sequencing_error=errors)
    columns |= {"site_error_log_sd": "0"}
    simulate(truth_file(tmp_path, f"A {platform} e1a2 unmutated 1 minor_long", **columns), reference, tmp_path, 1)
    stated = observed = bases_read = 0.0
    for path in sorted(tmp_path.glob("*.fastq.gz")):
        for _, bases, quality in fastq(path):
            origin = min(both_strands(MINOR), key=lambda m: sum(a != b for a, b in zip(bases[:300], m, strict=False)))
            observed += sum(a != b for a, b in zip(bases, origin, strict=False))
            stated += sum(10 ** (-(ord(q) - 33) / 10) for q in quality)
            bases_read += len(bases)
            assert {ord(q) - 33 for q in quality} <= set(qualities)
    assert observed / bases_read == pytest.approx(float(errors), rel=0.2)
    assert observed == pytest.approx(stated, rel=0.2)


def test_indels_come_at_the_rate_asked_for(tmp_path, reference):
    columns = faultless(depth="100", indel_error="0.02")
    simulate(truth_file(tmp_path, "A ont e1a2 unmutated 1 minor_long", **columns), reference, tmp_path, 1)
    reads = [bases for _, bases, _ in fastq(tmp_path / "A.fastq.gz")]
    assert len({len(read) for read in reads}) > 10
    assert sum(map(len, reads)) / len(reads) == pytest.approx(len(MINOR), abs=5)
    # Half of 20-base words without an indel: 0.98 ** 20 = 0.67 of them, more as the rate varies along reads.
    words = {m[i : i + 20] for m in both_strands(MINOR) for i in range(len(m) - 19)}
    whole = [read[i : i + 20] in words for read in reads for i in range(0, len(read) - 19, 20)]
    assert 0.62 < sum(whole) / len(whole) < 0.78


def test_tiles_share_the_rt_errors_of_their_templates(tmp_path, reference):
    knowledge = tmp_path / "reference"
    shutil.copytree(ROOT / "reference", knowledge)
    with (knowledge / "amplicons.tsv").open("a") as table:
        table.write("tiled\t1\tNM_005157.6\t400\t420\t880\t900\tprimers_minor_long\n")
        table.write("tiled\t2\tNM_005157.6\t700\t720\t1180\t1200\tprimers_minor_long\n")
    columns = faultless(depth="10", template_molecules="1") | {"rt_error": "0.03"}
    truth = truth_file(tmp_path, "A ont e1a2 unmutated 1 tiled", **columns)
    simulate(truth, load_reference(knowledge), tmp_path, 1)
    strands = {bases for _, bases, _ in fastq(tmp_path / "A.fastq.gz")}
    primers = TARGET[399:420], TARGET[699:720]
    one, two = (next(s for s in strands if s.startswith(primer)) for primer in primers)
    assert len(strands) == 4 and len(one) == len(two) == 501
    # Both tiles copy c.721 to c.879; each has its own primers around that.
    assert one[321:480] == two[21:180] != TARGET[720:879]
    assert one[-21:] == TARGET[879:900] and two[:21] == TARGET[699:720]


def test_every_problem_of_a_truth_table_is_named_with_its_line(tmp_path, reference):
    rows = """A illumina e1a2 T315I 0.5 minor_long
A illumina e1a2 T315Z 0.3 minor_long
B solexa e1a2 c.944A>T 1 minor_long
C illumina e9a9 unmutated 1 nowhere
D illumina e1a2 G250E+exon4_skipping 1 minor_long"""
    with pytest.raises(InputError) as raised:
        simulate(truth_file(tmp_path, rows, cycles="99"), reference, tmp_path, 1)
    text = str(raised.value)
    for part in (
        "truth.tsv:2: A: the fractions add up to 0.8",
        "truth.tsv:3: haplotype name 'T315Z' is not known",
        "truth.tsv:4: c.944A>T: the transcript has C there",
        "no platform 'solexa'",
        "truth.tsv:5: transcript 'e9a9' is not known",
        "truth.tsv:5: no amplicon 'nowhere'",
        "truth.tsv:6: G250E lies within exon4_skipping",
        "truth.tsv:2: cycles '99' is not allowed (1 to 40)",
    ):
        assert part in text
    assert not list(tmp_path.glob("*.gz"))


def test_the_example_is_what_its_truth_table_makes(tmp_path, reference):
    example = ROOT / "tests/example"
    for made in simulate(example / "truth.tsv", reference, tmp_path, 2020):
        kept = (example / "reads" / made.name).read_bytes()
        if made.suffix == ".gz":
            assert gzip.decompress(made.read_bytes()) == gzip.decompress(kept), made.name
        else:
            assert made.read_bytes() == kept, made.name
    assert (tmp_path / "molecules.tsv").read_text() == (example / "reads/molecules.tsv").read_text()
