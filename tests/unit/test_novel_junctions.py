"""Junctions that no table has: from drawn fragments, and from reads that cross them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from drawn import Kind, draw

from ablkd.alignment.aligner import Aligner
from ablkd.alignment.block import ReadBlock
from ablkd.alignment.merged import merge
from ablkd.background.learning import learn
from ablkd.counting.indels import seen_indels
from ablkd.counting.new_junctions import _placed
from ablkd.counting.tally import deletions
from ablkd.reference import encode
from ablkd.splicing.events import splice_sample

ACROSS = (400, 1650)
OTHER_STRAND = str.maketrans("ACGT", "TGCA")


@pytest.fixture(scope="module")
def found(reference):
    """Rows of new junctions of drawn fragments, by event; ends differ from fragment to fragment unless told."""

    def rows(kinds, same_ends=False):
        fragments = draw(reference, kinds)
        number = np.arange(len(fragments), dtype=np.int32)
        number = np.stack([number // 3000, number % 3000])  # nodes of the target
        if not same_ends:
            fragments = replace(fragments, ends=number.T.copy())
        row = reference.platform("illumina")
        events, _ = splice_sample("S", row, reference, fragments, 5_000, 0.03, learn(row, reference, []))
        return {e.event: e for e in events if e.event.startswith("novel:")}

    return rows


def test_a_skip_of_two_exons_is_found_with_its_fraction(found):
    """Exons 5 and 6 together are in no table; the row is one of the right place, name and share."""
    rows = found([Kind(100, "823_1085del", ACROSS, ACROSS), Kind(900, "", ACROSS, ACROSS)])
    (row,) = rows.values()
    assert (row.event, row.hgvs_r) == ("novel:c.823_1085", "NM_005157.6:r.823_1085del")
    assert (row.call, row.filter, row.meaning) == ("present", "PASS", "splice_novel")
    assert (row.junction_reads, row.reference_reads) == (100, 900)
    assert row.fraction == pytest.approx(0.1) and row.fraction_low < 0.1 < row.fraction_high


def test_at_100_per_cent(found):
    (row,) = found([Kind(500, "823_1085del", ACROSS, ACROSS)]).values()
    assert (row.call, row.fraction, row.reference_reads) == ("present", 1.0, 0)


def test_a_large_deletion_inside_an_exon_says_that_it_is_between_no_exon_borders(found):
    (row,) = found([Kind(100, "932_991del", ACROSS, ACROSS), Kind(900, "", ACROSS, ACROSS)]).values()
    assert (row.event, row.call, row.meaning) == ("novel:c.932_991", "present", "splice_novel_inside")


@pytest.mark.parametrize(("change", "told"), [("932_961del", False), ("932_962del", True)])
def test_up_to_thirty_bases_are_an_indel_and_more_are_a_junction(found, reference, change, told):
    kinds = [Kind(100, change, ACROSS, ACROSS), Kind(900, "", ACROSS, ACROSS)]
    assert bool(found(kinds)) is told
    assert bool(seen_indels(draw(reference, kinds), reference)) is not told


@pytest.mark.parametrize(("count", "listed"), [(2, False), (3, True)])
def test_three_fragments_make_a_row(found, count, listed):
    assert bool(found([Kind(count, "823_1085del", ACROSS, ACROSS), Kind(500, "", ACROSS, ACROSS)])) is listed


def test_three_of_very_many_are_evidence_only(found):
    (row,) = found([Kind(3, "823_1085del", ACROSS, ACROSS), Kind(60_000, "", ACROSS, ACROSS)]).values()
    assert (row.call, row.filter) == ("evidence_only", "background")


def repeat_of(sequence: str, size: int) -> tuple[int, int]:
    """The first two places, at least 40 bases apart and between no exon borders, that share exactly `size` bases."""
    for a in range(600, 800):
        for b in range(a + 40, 820):
            alike = sequence[a : a + size] == sequence[b : b + size]
            if alike and sequence[a + size] != sequence[b + size] and sequence[a - 1] != sequence[b - 1]:
                return a, b
    raise AssertionError(size)


@pytest.mark.parametrize(("size", "call"), [(4, "present"), (5, "evidence_only"), (6, "evidence_only")])
def test_ends_that_share_five_bases_may_be_a_template_switch(found, reference, size, call):
    a, b = repeat_of(reference.sequence, size)
    (row,) = found([Kind(100, f"{a + 1}_{b}del", ACROSS, ACROSS), Kind(900, "", ACROSS, ACROSS)]).values()
    assert (row.call, row.filter) == (call, "PASS" if call == "present" else "template_switch")


def test_copies_of_one_fragment_are_no_evidence_where_fragments_are_sheared(reference, found):
    fragments = draw(reference, [Kind(100, "823_1085del", ACROSS, ACROSS), Kind(900, "", ACROSS, ACROSS)])
    number = np.arange(len(fragments), dtype=np.int32)
    ends = np.stack([number, number], axis=1)
    ends[:100] = 7
    row, fragments = reference.platform("illumina"), replace(fragments, ends=ends)
    events, _ = splice_sample("S", row, reference, fragments, 5_000, 0.03, learn(row, reference, []))
    (row,) = [e for e in events if e.event.startswith("novel:")]
    assert (row.call, row.filter) == ("evidence_only", "one_fragment_end")
    # Whole amplicons all have the primers' ends.
    kinds = [Kind(100, "823_1085del", ACROSS, ACROSS), Kind(900, "", ACROSS, ACROSS)]
    assert [r.call for r in found(kinds, same_ends=True).values()] == ["present"]


def test_places_a_few_bases_off_are_the_same_junction(found):
    kinds = [Kind(100, "932_991del", ACROSS, ACROSS), Kind(900, "", ACROSS, ACROSS)]
    kinds += [Kind(30, "934_993del", ACROSS, ACROSS), Kind(10, "941_1000del", ACROSS, ACROSS)]
    (row,) = found(kinds).values()
    assert (row.event, row.junction_reads, row.reference_reads) == ("novel:c.932_991", 140, 900)


# ---------------------------------------------------------------- from reads


def placed(reference, read: str, kind: str = "short"):
    codes = encode(read)
    ends = np.array([0, len(codes)], np.int64)
    block = ReadBlock(codes, np.full(len(codes), 35, np.uint8), ends, encode("A"), np.array([0, 1], np.int64), 1)
    aligner = Aligner(reference, kind)
    return merge(aligner.place(block), None, aligner.graph, 20)[0]


def gaps(fragments, reference):
    """Every gap that a fragment shows, at exon borders where it can lie there, 1-based; and no other change."""
    assert (fragments.allele == 4).all()
    return [(a + 1, b) for a, b in (_placed(reference, *gap) for gap in deletions(fragments, long=True))]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("overhang", [18, 30, 75, 120, 132])
@pytest.mark.parametrize(("first", "last"), [(823, 1085), (908, 1423), (600, 749), (930, 974)])
def test_a_read_over_a_new_junction_shows_the_gap(reference, first, last, overhang, reverse):
    sequence = reference.sequence
    read = sequence[first - 1 - overhang : first - 1] + sequence[last : last + 150 - overhang]
    fragments = placed(reference, read.translate(OTHER_STRAND)[::-1] if reverse else read)
    (novel,) = gaps(fragments, reference)
    assert novel == (first, last)
    assert len(fragments.ins_position) == 0


def test_a_read_may_hold_a_known_and_a_new_junction(reference):
    """2 kb without exon 4 and without exons 6 to 8, one molecule."""
    s = reference.sequence
    fragments = placed(reference, s[300:549] + s[822:907] + s[1423:1700], "long")
    assert gaps(fragments, reference) == [(908, 1423)]
    assert fragments.junctions[0] != 0


def test_foreign_bases_behind_a_read_make_no_junction(reference):
    """Random tails of 20 to 100 bases on 300 reads."""
    rng = np.random.default_rng(11)
    for _ in range(300):
        at, tail = int(rng.integers(300, 1500)), "".join(rng.choice([*"ACGT"], int(rng.integers(20, 100))))
        fragments = placed(reference, reference.sequence[at : at + 100] + tail)
        assert (fragments.allele == 4).sum() < 30
