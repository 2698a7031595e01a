"""The benchmark of insertions and deletions stays alive: its alleles, its readers, and how it reads tables."""

import shutil

import numpy as np
import pytest
from indels import power_rows, power_summary, within_reach
from indels_errors import CODES, read_hifi, read_nanopore, runs
from indels_peers import Contig, by_length, insertions, vcf_alleles
from indels_reads import (
    AMPLICON,
    CLASSES,
    SHEARED,
    Allele,
    Drawn,
    Pool,
    alleles_of_samples,
    draw,
    longest_run,
    make_allele,
    turned,
)
from indels_run import Tables, applied, found

SEQUENCE = "ACGTTTTGCA"


@pytest.fixture
def target(reference):
    return reference.sequence


def test_every_class_has_its_place_between_the_primers_and_far_from_its_company(target):
    samples = alleles_of_samples(target, CLASSES, 5)
    assert sorted((a.kind, a.length) for s in samples for a in s) == sorted(CLASSES)
    for alleles in samples:
        first = sorted(alleles, key=lambda a: a.start)
        assert all(b.start - b.length - a.end > -20 for a, b in zip(first, first[1:], strict=False))
        for allele in alleles:
            assert AMPLICON[0] + 30 < allele.start and allele.end < AMPLICON[1] - 100
            change = {"dup": 1, "ins": 1, "del": -1}[allele.kind] * allele.length
            assert len(allele.applied(target)) - len(target) == change == allele.shift


def test_alleles_are_what_they_are_called():
    rng = np.random.default_rng(1)
    assert make_allele(SEQUENCE, "dup", 3, 1, rng).applied(SEQUENCE) == "ACGTCGTTTTGCA"
    assert make_allele(SEQUENCE, "del", 2, 7, rng).applied(SEQUENCE) == "ACGTTTTA"
    assert longest_run(SEQUENCE, Allele("del", 1, 3, 4, "")) == 4
    assert longest_run(SEQUENCE, Allele("del", 1, 0, 1, "")) == 1


@pytest.mark.parametrize(
    ("name", "mutated"),
    [
        ("c.2C>A", "AAGTTTTGCA"),
        ("X:c.4del", "ACGTTTGCA"),
        ("c.2_3del", "ATTTTGCA"),
        ("c.2_3dup", "ACGCGTTTTGCA"),
        ("c.1_2insGG", "AGGCGTTTTGCA"),
        ("c.2_3delinsTTT", "ATTTTTTTGCA"),
    ],
)
def test_names_are_applied(name, mutated):
    assert applied(SEQUENCE, name) == mutated
    assert applied(SEQUENCE, "r.(2_3)") is None


def test_a_variant_is_found_under_any_name_of_it():
    def call(name, passed):
        return {"hgvs_c": name, "filter": passed, "vaf": "0.1"}

    mutated = "ACGTTTGCA"
    assert found(SEQUENCE, Tables([call("c.5del", "PASS")], [], []), mutated)[0] == "pass"
    assert found(SEQUENCE, Tables([call("c.7del", "depth")], [], []), mutated)[0] == "held_back"
    junction = {"hgvs_r": "X:r.4_4del", "call": "present", "fraction": "0.3", "fraction_low": "", "fraction_high": ""}
    assert found(SEQUENCE, Tables([], [], [junction]), mutated)[1]["vaf"] == "0.3"
    assert found(SEQUENCE, Tables([], [{"hgvs_c": "c.4del", "kind": "indel"}], []), mutated)[0] == "listed"
    assert found(SEQUENCE, Tables([call("c.1del", "PASS")], [], []), mutated)[0] == "absent"


def test_rows_and_summary_tell_what_passed_and_what_else_did():
    allele = Allele("del", 1, 3, 4, "")
    names = (("c.5del", "0.19"), ("c.1_2insT", "0.02"), ("c.1A>T", "0.02"))
    tables = Tables([{"hgvs_c": n, "filter": "PASS", "vaf": f} for n, f in names], [], [])
    (row,) = power_rows(SEQUENCE, [allele], Drawn((), (200.0,), (1000.0,)), tables)
    assert (row["status"], row["other_indels"], row["other_substitutions"]) == ("pass", "c.1_2insT", "1")
    text = power_summary([{"way": "2x150", "seed": "1", "controls": "0", "nominal": "0.2", **row}])
    assert "2x150\t0\tdel1\tyes\t1/1\t0.95" in text and "other PASS indels 1\tother PASS substitutions 1" in text
    assert within_reach("2x150", "dup", 100) and not within_reach("2x150", "dup", 111)


def test_a_fragment_counts_where_one_of_its_reads_covers_both_sides():
    pool = Pool("", None, np.array([0, 100]), np.array([400, 500]))
    counted = [pool.across(point, 150, 0) for point in (0, 1, 149, 150, 200, 300, 350, 400, 499)]
    assert counted == [0, 1, 2, 1, 1, 1, 1, 1, 1]


@pytest.mark.parametrize(("way", "low", "high"), [("hifi", 0.0003, 0.003), ("r10", 0.006, 0.016), ("r9", 0.04, 0.08)])
def test_long_readers_err_as_often_as_they_say(target, way, low, high):
    """Without an aligner: a seed of 20 bases is in the read unless one of them was misread, lost or has one more."""
    rng, whole, seed = np.random.default_rng(4), target[slice(*AMPLICON)], 20
    read = read_hifi(rng) if way == "hifi" else read_nanopore(way, 7, rng)
    kept = []
    for _ in range(60):
        bases, quality = read(whole)
        assert len(bases) == len(quality) and quality.min() >= 2 and quality.max() <= 93
        text = bases.decode()
        kept.append(np.mean([whole[i : i + seed] in text for i in range(0, len(whole) - seed, seed)]))
    rate = 1 - np.mean(kept) ** (1 / seed)
    assert low < rate < high


def test_nanopore_samples_of_a_run_err_at_the_same_places(target):
    whole, lost = target[slice(*AMPLICON)], {}
    for run, sample in ((1, 1), (1, 2), (2, 3)):
        read = read_nanopore("r9", run, np.random.default_rng(sample))
        texts = [read(whole)[0].decode() for _ in range(80)]
        lost[sample] = [np.mean([whole[i : i + 9] not in text for text in texts]) for i in range(len(whole) - 9)]
    alike, unlike = np.corrcoef(lost[1], lost[2])[0, 1], np.corrcoef(lost[1], lost[3])[0, 1]
    assert alike - unlike > 0.15


def test_runs_cover_all_bases():
    starts, sizes = runs(CODES[np.frombuffer(b"AACGGG", np.uint8)])
    assert starts.tolist() == [0, 2, 3] and sizes.tolist() == [2, 1, 3]


@pytest.mark.skipif(shutil.which("art_illumina") is None, reason="art_illumina is not installed")
def test_short_reads_hold_the_fraction_they_are_said_to(target, tmp_path):
    allele = make_allele(target, "dup", 24, 900, np.random.default_rng(2))
    reads = draw(target, [allele], 0.2, "2x150", 400, [1, 2], tmp_path / "s")
    junction = target[914:924] + target[900:910]
    assert 0.15 < reads.shown[0] / reads.depth[0] < 0.26 and 300 < reads.depth[0] < 450
    ones, twos = (path.read_text().splitlines()[1::4] for path in reads.files)
    shown = sum(any(junction in x or junction in turned(x) for x in pair) for pair in zip(ones, twos, strict=True))
    # A fragment counts from the first base beyond the junction on, the search needs ten on both sides.
    assert 0.75 < shown / reads.shown[0] <= 1.0


def test_the_same_seeds_draw_the_same_reads(target, tmp_path):
    for name in ("one", "two"):
        draw(target, [], 0, "r10", 20, [1, 2], tmp_path / name)
    assert (tmp_path / "one.fastq").read_bytes() == (tmp_path / "two.fastq").read_bytes()


def test_peers_are_read_right(target, tmp_path):
    bases = target[slice(*SHEARED)]
    line = "c\t4\t.\tGA\tG,GAA\t1\t.\t.\tGT:DP:AO\t0/1:100:20,5"
    assert dict(vcf_alleles(f"#\n{line}", "TTTGACC")) == {"TTTGCC": 0.2, "TTTGAACC": 0.05}
    allele = make_allele(target, "dup", 24, 900, np.random.default_rng(2))
    mutated = allele.applied(target)
    reads = [mutated[850:1000], turned(mutated[860:1010]), target[850:1000], target[880:1030], target[1100:1250]]
    path = tmp_path / "r.fq"
    path.write_text("".join(f"@r\n{bases}\n+\n{'I' * len(bases)}\n" for bases in reads))
    spans, gaps = insertions(Contig(path, bases, SHEARED[0]), [path])
    assert by_length(Contig(path, bases, SHEARED[0]), allele, spans, gaps) == 0.5
