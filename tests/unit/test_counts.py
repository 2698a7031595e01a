"""counts.tsv: written, read again, and refused where it is not of this target."""

import numpy as np
import pytest
from drawn import Kind, draw
from learned import counted

from ablkd.counting.counts import Counts, read_counts, write_counts
from ablkd.errors import InputError
from ablkd.hgvs import CODONS

HEADER = "panel sample platform kind position end change forward reverse both"
FORWARD = (600, 1650), None
REVERSE = None, (600, 1650)


def table(tmp_path, *rows):
    """A counts.tsv; cells are separated by spaces, `.` is an empty one."""
    path = tmp_path / "counts.tsv"
    lines = ["\t".join("" if c == "." else c for c in line.split(" ")) for line in (HEADER, *rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_rows_are_read_as_they_stand(tmp_path, reference):
    path = table(
        tmp_path,
        ". S1 illumina codon 315 315 ACT 10 20 30",
        ". S1 illumina codon 315 315 ATT 1 2 3",
        ". S1 illumina indel 826 828 . 7 90 0",
        ". S1 illumina indel 751 750 ACT 4 60 0",
        ". S1 illumina span 700 830 . 60 0 0",
        "lab-1 S1 illumina codon 1 1 ATG 5 0 0",
        "lab-1 S1 illumina span 1 700 . 0 0 0",
    )
    first, second = read_counts(path, reference)
    assert (first.sample, first.platform, first.panel) == ("S1", "illumina", "")
    assert first.codons[314, :, CODONS.index("ACT")].tolist() == [10, 20, 30]
    assert first.codons[314, :, CODONS.index("ATT")].tolist() == [1, 2, 3]
    assert first.codons.sum() == 66
    # c.826_828del; ACT between c.750 and c.751.
    assert first.indels == {(825, 828, ""): (7, 90), (750, 750, "ACT"): (4, 60)}
    # Bases before which an indel could stand, 700 to 830, are 131 places.
    assert (np.flatnonzero(first.spanning) == np.arange(699, 830)).all() and (first.spanning[699:830] == 60).all()
    assert first.indel((825, 828, "")) == (7, 90) and first.indel((800, 801, "")) == (0, 60)
    assert first.indel((829, 832, "")) == (0, 0)
    assert (second.sample, second.panel, int(second.codons[0, 0].sum())) == ("S1", "lab-1", 5)


def test_what_is_written_is_read_again(tmp_path, reference):
    kinds = [
        Kind(30, "944C>T", *FORWARD), Kind(20, "944C>T 945T>G", *REVERSE), Kind(400), Kind(9, "826_828del"),
        Kind(5, "1068_1069insTTC", *FORWARD), Kind(50, "945N"), Kind(40, "", events=("exon4_skipping",)),
    ]  # fmt: skip
    one = counted(reference, draw(reference, kinds), "S1")
    two = counted(reference, draw(reference, [Kind(100, "749G>A")]), "S2", "ont")
    write_counts(tmp_path / "counts.tsv", [one, two])
    again = read_counts(tmp_path / "counts.tsv", reference)
    assert [(c.sample, c.platform, c.panel) for c in again] == [("S1", "illumina", ""), ("S2", "ont", "")]
    for before, after in zip((one, two), again, strict=True):
        assert (before.codons == after.codons).all() and before.indels == after.indels
        assert (before.spanning == after.spanning).all()
    assert one.codons[314, :, CODONS.index("ATT")].tolist() == [30, 0, 0]
    assert one.codons[314, :, CODONS.index("ATG")].tolist() == [0, 20, 0]
    first = (tmp_path / "counts.tsv").read_bytes()
    write_counts(tmp_path / "counts.tsv", again)
    assert (tmp_path / "counts.tsv").read_bytes() == first


def test_any_counts_survive(tmp_path, reference):
    rng = np.random.default_rng(3)
    codons = rng.poisson(0.05, (reference.codons, 3, 64)).astype(np.int64)
    end = len(reference.sequence)
    indels = {(0, 1, ""): (3, 9), (end - 3, end, ""): (2, 2), (0, 0, "A"): (1, 4), (end, end, "ACGT"): (8, 10)}
    spanning = rng.poisson(1.0, end + 1).astype(np.int64)
    write_counts(tmp_path / "c.tsv", [Counts("S", "illumina", codons, indels, "lab", spanning=spanning)])
    (again,) = read_counts(tmp_path / "c.tsv", reference)
    assert (again.codons == codons).all() and again.indels == indels and again.panel == "lab"
    assert (again.spanning == spanning).all()


def test_a_table_without_fragments_holds_no_sample(tmp_path, reference):
    write_counts(tmp_path / "c.tsv", [counted(reference, draw(reference, []))])
    assert read_counts(tmp_path / "c.tsv", reference) == []


DAMAGED = [
    ". S1 illumina codon 0 0 ACT 1 1 1",
    ". S1 illumina codon 5000 5000 ACT 1 1 1",
    ". S1 illumina codon 315 315 ACX 1 1 1",
    ". S1 illumina indel 828 826 . 1 1 0",
    ". S1 illumina indel 100 90000 . 1 1 0",
    ". S1 illumina span 0 5 . 1 0 0",
    ". S1 illumina span 700 830 . 60 1 0",
    ". S1 illumina indel 826 828 . 1 1 1",
    ". S1 illumina base 10 10 A 1 1 1",
]


@pytest.mark.parametrize("row", DAMAGED)
def test_a_row_of_another_target_is_a_sentence_with_its_place(tmp_path, reference, row):
    path = table(tmp_path, ". S1 illumina codon 315 315 ACT 10 20 30", row)
    with pytest.raises(InputError) as error:
        read_counts(path, reference)
    assert str(error.value).startswith(f"{path}:3: ") and str(error.value).endswith(")")


def test_every_damaged_row_is_named(tmp_path, reference):
    with pytest.raises(InputError) as error:
        read_counts(table(tmp_path, *DAMAGED), reference)
    assert [line.split(": ")[0].split(":")[1] for line in str(error.value).splitlines()] == [*"23456789", "10"]


@pytest.mark.parametrize(
    "row",
    [
        ". S1 illumina codon three 315 ACT 1 1 1",
        ". S1 illumina codon 315 315 ACT 1 1 .",
        ". S1 illumina codon 315 315 ACT 1 1.5 1",
        ". S1 illumina codon 315 315 ACT -1 1 1",
        ". S1 illumina indel 826 828 . -4 0 0",
        ". S1 illumina indel 826 828 . 4 3 0",
        ". S1 illumina indel 826 828 . 4 0 0",
        ". S1 illumina indel 826 828 AXT 4 0 0",
    ],
)
def test_a_cell_that_is_no_count_is_a_sentence_with_its_place(tmp_path, reference, row):
    path = table(tmp_path, row)
    with pytest.raises(InputError, match=f"{path}:2: "):
        read_counts(path, reference)


def test_counts_on_another_target_are_refused(reference, tmp_path):
    codons = np.zeros((reference.codons, 3, 64), np.int64)
    codons[300:330, 0, 0] = 500  # lysine codons throughout: no stretch of the target
    write_counts(tmp_path / "c.tsv", [Counts("S", "illumina", codons, {})])
    with pytest.raises(InputError, match="sample S was counted on another target"):
        read_counts(tmp_path / "c.tsv", reference)


def test_counts_of_another_target_are_refused(tmp_path, reference):
    """Every base read two to the left: codons that are not there."""
    at = range(300, 340)
    moved = [f". S1 illumina codon {c} {c} {reference.sequence[3 * c - 5 : 3 * c - 2]} 500 0 0" for c in at]
    with pytest.raises(InputError, match="S1 was counted on another target"):
        read_counts(table(tmp_path, *moved), reference)
    # Fewer than 20 such codons may be anything.
    spanned = ". S1 illumina span 1 3000 . 0 0 0"
    assert len(read_counts(table(tmp_path, *moved[:10], spanned), reference)) == 1


def test_counts_without_places_that_fragments_span_are_of_an_older_version(tmp_path, reference):
    path = table(tmp_path, "lab S1 illumina codon 315 315 ACT 10 20 30", "lab S1 illumina indel 826 828 . 7 90 0")
    with pytest.raises(InputError) as error:
        read_counts(path, reference)
    assert str(error.value) == f"{path}: sample S1 has no rows `span` (make the table again from its reads)"


def test_a_sample_whose_fragments_span_nothing_is_read_again(tmp_path, reference):
    one = counted(reference, draw(reference, [Kind(5, "", (940, 950), None)]))
    assert not one.spanning.any() and one.codons.any()
    write_counts(tmp_path / "c.tsv", [one])
    assert len(read_counts(tmp_path / "c.tsv", reference)) == 1
