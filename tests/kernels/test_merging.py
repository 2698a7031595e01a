"""Mates -> fragments: drawn by hand, and against a merger written with dictionaries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from drawing import GOOD, LEAST, TARGET, drawn, jumps, merged, placed, read_along, read_of, toy
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import config

from ablkd.alignment.merged import merge
from ablkd.fragments import POOR, UNOBSERVED

EXAMPLES = 25 if config.DISABLE_JIT else 300
PLAIN, BRANCHED = toy(branched=False), toy()


# target                    GTTGCAACGGATCCTTAGCATCGGACTATTCC
DRAWN = {
    "mates agree": ["GTTGCAACGGATCCTT", "        ggatccttagcatcgg", "GTTGCAACGGATCCTTAGCATCGG"],
    "mates with a gap between them": ["GTTGCAAC", "                agcatcgg", "GTTGCAAC        AGCATCGG"],
    "mates share a change": ["GTTGCAACTGATCCTT", "        tgatccttagcatcgg", "GTTGCAACTGATCCTTAGCATCGG"],
    "mates disagree: not observed": ["GTTGCAACTGATCCTT", "        ggatccttagcatcgg", "GTTGCAAC.GATCCTTAGCATCGG"],
    "the better mate is heard": ["GTTGCAAC..ATCCTT", "        ggatccttagcatcgg", "GTTGCAACGGATCCTTAGCATCGG"],
    "both too poor": ["GTTGCAAC.GATCCTT", "        .gatccttagcatcgg", "GTTGCAAC.GATCCTTAGCATCGG"],
    "an N is not observed": ["GTTGCAANGGATCCTT", "", "GTTGCAA.GGATCCTT"],
    "one mate deletes, the other does not": ["GTTGC--CGGATCCTT", "    caacggatcc", "GTTGC..CGGATCCTT"],
    "both delete": ["GTTGC--CGGATCCTT", "    c--cggatcc", "GTTGC--CGGATCCTT"],
    "the mate ends inside the deletion": ["GTTGC---GGATCCTT", "      acggatcc", "GTTGC-..GGATCCTT"],
    "an insertion that one mate covers": ["GTTG(CC)CAACGG", "          atccttag", "GTTG(CC)CAACGGATCCTTAG"],
    "an insertion that both show": ["GTTG(CC)CAACGGATCC", " ttg(cc)caacggatcctt", "GTTG(CC)CAACGGATCCTT"],
    "mates over the same bases": ["GTTG(CC)CAACGG", "gttg(cc)caacgg", "GTTG(CC)CAACGG"],
    "an insertion that the mate lacks": ["GTTG(CC)CAACGGATCC", " ttgcaacggatcctt", "GTTGCAACGGATCCTT"],
    "insertions of other lengths": ["GTTG(CC)CAACGGATCC", " ttg(c)caacggatcctt", "GTTGCAACGGATCCTT"],
    "insertions of other bases": ["GTTG(CC)CAACGGATCC", " ttg(ag)caacggatcctt", "GTTGCAACGGATCCTT"],
    "the mate starts at the insertion": ["GTTG(CC)CAACGGATCC", "    caacggatcctt", "GTTG(CC)CAACGGATCCTT"],
    "five bases beside a clip": ["GTTGCAACGGATCCTT**", "", "GTTGCAACGGA"],
    "clips on both sides": ["*TTGCAACGGATCCTT*", "", "      ACGGA"],
    "a clipped insertion": ["*TTGCA(CC)ACGGATCCTT", "", "      ACGGATCCTT"],
    "only the reverse mate has a place": ["", "    caacggatcc", "    CAACGGATCC"],
}


@pytest.mark.parametrize("name", DRAWN)
def test_drawn_mates(name):
    *mates, wanted = DRAWN[name]
    fragments, counts = merged(PLAIN, *(read_of(mate) for mate in mates))
    assert counts == [1, 0, 0]
    assert drawn(fragments, 0, PLAIN) == wanted


# Of column 8: what is drawn of the two mates, as (base, quality), and what is kept of it.
POOR_MATES = {
    "one mate": ([("T", 12)], (POOR + 3, 12)),
    "one mate, as the target": ([("G", 12)], (POOR + 2, 12)),
    "an N": ([("N", 12)], (UNOBSERVED, 0)),
    "mates agree": ([("T", 12), ("T", 15)], (POOR + 3, 27)),
    "mates disagree": ([("T", 12), ("G", 19)], (UNOBSERVED, 0)),
    "the other has an N": ([("N", 38), ("T", 12)], (POOR + 3, 12)),
    "the other is good": ([("T", 12), ("A", 38)], (0, 38)),
}


@pytest.mark.parametrize("lost", ["", "-"])
@pytest.mark.parametrize("name", POOR_MATES)
def test_what_a_poor_base_reads_is_kept(name, lost):
    """In reads without a gap, and in those with one at column 5, which another kernel merges."""
    shown, kept = POOR_MATES[name]
    mates = []
    for (base, quality), side in zip(shown, (False, True), strict=False):
        bases, quals, nodes, _ = read_of(f"GTTGC{lost or 'A'}AC{base}GATCCTT")
        mates.append((bases, [quality if v == 8 else q for q, v in zip(quals, nodes, strict=True)], nodes, side))
    fragments, _ = merged(PLAIN, *mates)
    at = np.flatnonzero(fragments.position == 8)
    assert [(int(fragments.allele[k]), int(fragments.quality[k])) for k in at] == [kept]
    assert fragments.histogram[8].sum() == (kept[0] < UNOBSERVED)


def test_an_insertion_counts_whatever_its_qualities():
    """A read without it counts whatever its own are; an insertion of which a base is unknown has no name."""
    bases, quals, nodes, reverse = read_of("GTTG(CC)CAACGG")
    poor, unknown = quals[:5] + [LEAST - 1] + quals[6:], "GTTGCNCAACGG"
    for read, wanted in (((bases, poor), "GTTG(CC)CAACGG"), ((unknown, quals), "GTTGCAACGG")):
        fragments, _ = merged(PLAIN, (*read, nodes, reverse))
        assert drawn(fragments, 0, PLAIN) == wanted


def test_spans_orientation_and_quality():
    fragments, _ = merged(PLAIN, read_of("  TGCAACTGAT"), read_of("     aactgatccttag"))
    assert fragments.forward.tolist() == [[2, 12]]
    assert fragments.reverse.tolist() == [[5, 18]]
    assert fragments.ends.tolist() == [[2, 17]]
    assert (fragments.starts().tolist(), fragments.stops().tolist()) == ([2], [18])
    assert fragments.quality.tolist() == [40]  # 30 + 30, at most 40
    seen = [(p, o, q) for p in range(20) for o in range(3) for q in range(41) if fragments.histogram[p, o, q]]
    assert seen == (
        [(p, 0, GOOD) for p in range(2, 5)] + [(p, 2, 40) for p in range(5, 12)] + [(p, 1, GOOD) for p in range(12, 18)]
    )


def test_the_mates_of_a_file_may_come_in_either_order():
    forward, reverse = read_of("GTTGC--CGG(C)ATCC"), read_of("    c--cggatccttag")
    one, other = merged(PLAIN, forward, reverse)[0], merged(PLAIN, reverse, forward)[0]
    assert drawn(one, 0, PLAIN) == drawn(other, 0, PLAIN)
    assert one.forward.tolist() == other.forward.tolist() and one.ends.tolist() == other.ends.tolist()


def test_mates_on_one_strand_are_counted_and_the_first_is_used():
    fragments, counts = merged(PLAIN, read_of("GTTGCAAC"), read_of("    CAACGGAT"))
    assert (drawn(fragments, 0, PLAIN), counts) == ("GTTGCAAC", [1, 0, 1])


def test_a_pair_without_a_place_makes_no_fragment():
    fragments, counts = merged(PLAIN, read_of(""), read_of(""))
    assert (len(fragments), counts, fragments.reads, fragments.placed) == (0, [0, 0, 0], 2, 0)


def test_a_later_pair_sees_nothing_of_an_earlier_one():
    rows = [("GTTG-AACGG", "     aacttatcc"), ("", "gttgc"), ("   GCAACGG", ""), ("GTTGCAACGGATCC", "gttgcaacggatcc")]
    alone = [drawn(merged(PLAIN, *map(read_of, row))[0], 0, PLAIN) for row in rows]
    together, _ = merge(*(placed([read_of(row[m]) for row in rows]) for m in (0, 1)), PLAIN, LEAST)
    assert sorted(drawn(together, n, PLAIN) for n in range(4)) == sorted(alone)


# Junctions: where the read goes, what is left of it (target columns), and which jumps count.
OVERHANGS = {
    "skipping with room": ([("target", 10, 30), ("target", 60, 80)], [(10, 30), (60, 80)], ["skipping"]),
    "skipping by 10": ([("target", 10, 30), ("target", 60, 70)], [(10, 30), (60, 70)], ["skipping"]),
    "skipping by 9": ([("target", 10, 30), ("target", 60, 69)], [(10, 30)], []),
    "skipping by 9 on the left": ([("target", 21, 30), ("target", 60, 80)], [(60, 80)], []),
    "no skipping by 10": ([("target", 10, 40)], [(10, 40)], []),
    "no skipping by 9": ([("target", 10, 39)], [(10, 30)], []),
    "no skipping by 9 on the left": ([("target", 21, 50)], [(30, 50)], []),
    "fusion by 10": ([("fusion", 14, 24), ("target", 30, 50)], [(30, 50)], ["fusion"]),
    "fusion by 9": ([("fusion", 15, 24), ("target", 30, 50)], [(30, 50)], []),
    "fusion, skipping": ([("fusion", 4, 24), ("target", 60, 80)], [(60, 80)], ["fusion", "skipping"]),
    "insertion": (
        [("target", 40, 60), ("insertion", 0, 17), ("target", 60, 70)],
        [(40, 60), (60, 70)],
        ["insertion"],
    ),
    "insertion, its start": ([("target", 40, 60), ("insertion", 0, 10)], [(40, 60)], ["insertion"]),
    "insertion by 9": ([("target", 40, 60), ("insertion", 0, 9)], [(40, 60)], []),
    "too little on both sides": ([("target", 25, 34)], [(25, 30)], []),
}


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("name", OVERHANGS)
def test_ambiguous_overhangs_are_not_observed(name, reverse):
    stretches, kept, names = OVERHANGS[name]
    fragments, _ = merged(BRANCHED, read_along(*stretches, reverse=reverse))
    wanted = "".join(base if any(a <= i < b for a, b in kept) else " " for i, base in enumerate(TARGET)).rstrip()
    assert (drawn(fragments, 0, BRANCHED), jumps(fragments, 0, BRANCHED)) == (wanted, names)


# A jump beside which the read lacks bases: what is drawn, and the jumps.
LOST = {
    "the last base before": (
        [("target", 10, 29), ("target", 60, 80)],
        "          ATCCTTAGCATCGGACTAT-",
        ["skipping"],
    ),
    "two bases behind": ([("target", 10, 30), ("target", 62, 80)], "          ATCCTTAGCATCGGACTATT", ["skipping"]),
    "of a fusion": ([("fusion", 4, 23), ("target", 31, 50)], "", ["fusion"]),
    "more than belong to a jump": ([("target", 10, 26), ("target", 64, 80)], "          ATCCTTAGCATCGGAC----", []),
}


@pytest.mark.parametrize("name", LOST)
def test_bases_lost_beside_a_jump_do_not_hide_it(name):
    stretches, begins, names = LOST[name]
    fragments, _ = merged(BRANCHED, read_along(*stretches))
    row = drawn(fragments, 0, BRANCHED)
    assert jumps(fragments, 0, BRANCHED) == names and row.startswith(begins)
    assert row.count("-") == {"the last base before": 1, "two bases behind": 2, "of a fusion": 0}.get(name, 38)


def test_a_deletion_that_ends_at_a_boundary_is_no_jump():
    fragments, _ = merged(BRANCHED, read_along(("target", 10, 40), ("target", 60, 80)))
    assert jumps(fragments, 0, BRANCHED) == [] and drawn(fragments, 0, BRANCHED).count("-") == 20


CONTRADICTIONS = {
    "one skips, the other covers": ([("target", 10, 30), ("target", 60, 80)], [("target", 35, 55)], True),
    "one skips, the other goes on": ([("target", 10, 30), ("target", 60, 80)], [("target", 15, 45)], True),
    "both skip": ([("target", 10, 30), ("target", 60, 75)], [("target", 12, 30), ("target", 60, 80)], False),
    "the other lies outside": ([("target", 10, 30), ("target", 60, 75)], [("target", 65, 85)], False),
    "one is fused, the other is not": ([("fusion", 10, 24), ("target", 30, 50)], [("target", 15, 60)], True),
    "one inserts, the other goes on": (
        [("target", 45, 60), ("insertion", 0, 17)],
        [("target", 45, 80)],
        True,
    ),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_mates_of_other_isoforms_contradict_each_other(name):
    one, other, contradict = CONTRADICTIONS[name]
    for first, second in ((one, other), (other, one)):
        _, counts = merged(BRANCHED, read_along(*first), read_along(*second, reverse=True))
        assert counts == [0 if contradict else 1, int(contradict), 0]


@dataclass
class Mate:
    """A read as (base, quality, place) with place a column, "inserted" or "clipped"."""

    letters: list[tuple[str, int, int | str]]
    reverse: bool

    def row(self):
        nodes = [p if isinstance(p, int) else {"inserted": -1, "clipped": -2}[p] for *_, p in self.letters]
        return "".join(b for b, *_ in self.letters), [q for _, q, _ in self.letters], nodes, self.reverse


@st.composite
def mates(draw, reverse: bool):
    """A read of matches, changes, poor bases, gaps and clips on the first 60 bases of the target."""
    column = draw(st.integers(0, 30))
    letters = [("A", GOOD, "clipped")] * draw(st.integers(0, 2))
    runs = draw(st.lists(st.tuples(st.sampled_from("MMMXPNID"), st.integers(1, 6)), min_size=1, max_size=7))
    for kind, size in [("M", 2), *runs, ("M", 2)]:
        for _ in range(min(size, 3) if kind in "ID" else size):
            if kind == "I":
                letters.append((draw(st.sampled_from("ACGTN")), draw(st.sampled_from([19, 20, 38])), "inserted"))
                continue
            right = TARGET[column]
            base = {"X": "ACGT"[("ACGT".index(right) + 1) % 4], "N": "N"}.get(kind, right)
            if kind != "D":
                letters.append((base, 12 if kind == "P" else draw(st.sampled_from([20, 30, 41])), column))
            column += 1
    return Mate(letters + [("A", GOOD, "clipped")] * draw(st.integers(0, 2)), reverse)


def observed(mate: Mate):
    """({column: base, `-` or `.`}, {column: bases inserted before it}) that one mate lets count."""
    letters = mate.letters
    aligned = [i for i, letter in enumerate(letters) if letter[2] != "clipped"]
    start = aligned[0] + 5 * (aligned[0] > 0)
    stop = aligned[-1] + 1 - 5 * (aligned[-1] + 1 < len(letters))
    kept = letters[start : max(stop, start)]
    while kept and kept[0][2] == "inserted":
        kept = kept[1:]
    while kept and kept[-1][2] == "inserted":
        kept = kept[:-1]
    seen, inserted, waiting = {}, {}, []
    for base, quality, place in kept:
        if place == "inserted":
            waiting.append(base)
            continue
        before = max(seen, default=place - 1)
        seen.update(dict.fromkeys(range(before + 1, place), "-"))
        seen[place] = base if quality >= LEAST and base != "N" else "."
        if waiting and before == place - 1 and "N" not in waiting:
            inserted[place] = "".join(waiting)
        waiting = []
    return seen, inserted


def brute_force(pair: list[Mate]) -> str:
    (one, put_one), (two, put_two) = (observed(mate) for mate in pair)
    row = [" "] * len(TARGET)
    for p in {*one, *two}:
        said = {seen[p] for seen in (one, two) if p in seen} - {"."}
        row[p] = said.pop() if len(said) == 1 else "."
    for p in {*put_one, *put_two}:
        told = {put.get(p) for seen, put in ((one, put_one), (two, put_two)) if p in seen and p - 1 in seen}
        if len(told) == 1:
            row[p] = f"({told.pop()})" + row[p]
    return "".join(row).rstrip()


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(mates(False), mates(True), st.booleans())
def test_any_two_mates_merge_as_by_hand(forward, reverse, swapped):
    pair = [reverse, forward] if swapped else [forward, reverse]
    fragments, counts = merged(PLAIN, *(mate.row() for mate in pair))
    wanted = brute_force(pair)
    assert counts[1:] == [0, 0]
    assert (drawn(fragments, 0, PLAIN) if counts[0] else "") == wanted


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(mates(False), mates(True))
def test_every_observed_base_is_what_a_mate_says(forward, reverse):
    fragments, counts = merged(PLAIN, forward.row(), reverse.row())
    if not counts[0]:
        return
    spans = {*range(*fragments.forward[0]), *range(*fragments.reverse[0])}
    changed = dict(zip(fragments.position.tolist(), np.minimum(fragments.allele, UNOBSERVED).tolist(), strict=True))
    assert list(changed) == sorted(changed) and set(changed) <= spans
    for p in spans:
        allele = "ACGT-."[changed[p]] if p in changed else TARGET[p]
        said = {
            base
            for mate in (forward, reverse)
            for base, quality, place in mate.letters
            if place == p and quality >= LEAST
        }
        assert allele in ".-" or allele in said
