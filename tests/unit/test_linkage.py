"""What each fragment shows of the called changes: tables written by hand."""

from dataclasses import replace

import numpy as np
import pytest
from drawn import Kind, call_row, draw, event_row

from ablkd.isoforms import build_graph
from ablkd.phasing.linkage import MISSING, WITHIN, observe
from ablkd.phasing.patterns import same_rows


@pytest.fixture(scope="module")
def graph(reference):
    return build_graph(reference)


@pytest.fixture(scope="module")
def look(reference, graph):
    def observed(kinds, calls, events=()):
        return observe(draw(reference, kinds), reference, graph, calls, list(events))

    return observed


G250E, T315I, T315M = "749G>A", "944C>T", "944_945delinsTG"
TAIL = (900, 1000)


def calls_of(reference, *names):
    rows = {
        "G250E": call_row(reference, "G250E", G250E, 0.3),
        "T315I": call_row(reference, "T315I", T315I, 0.4),
        "T315M": call_row(reference, "T315M", T315M, 0.1, kind="multinucleotide"),
    }
    return [rows[n] for n in names]


SHOWN = """
fragment                          forward    reverse    changes          G250E  T315I
both mutated                      700 1000   -          749G>A,944C>T    1      1
wild type                         700 1000   -          -                0      0
one each, by two mates            700 800    900 1000   749G>A           1      0
left only                         700 800    -          749G>A           1      -1
right only                        -          900 1000   944C>T           -1     1
base not observed                 700 1000   -          749N,944C>T      -1     1
another change of that codon      700 1000   -          748G>C           -1     0
two bases of the codon            700 1000   -          944C>T,945T>G    0      -1
codon cut by the end              748 1000   -          -                -1     0
between the mates                 600 700    1100 1200  -                -1     -1
"""


@pytest.mark.parametrize("line", SHOWN.strip().splitlines()[1:])
def test_a_fragment_shows_a_change_its_absence_or_nothing(reference, look, line):
    words = line[34:].replace("-1", "none").split()
    spans = []
    for _ in range(2):
        spans.append(None if words[0] == "-" else (int(words.pop(0)), int(words[0])))
        words.pop(0)
    changes = "" if words[0] == "-" else words[0].replace(",", " ")
    expected = [-1 if w == "none" else int(w) for w in words[1:]]
    found = look([Kind(3, changes, *spans)], calls_of(reference, "G250E", "T315I"))
    assert [s.name for s in found.sites] == ["G250E", "T315I"]
    assert found.shown.tolist() == [expected] * 3
    rows, counts = found.patterns((0, 1))
    assert rows.tolist() == ([] if expected == [-1, -1] else [expected]) and counts.sum() == 3 * len(rows)


def test_two_called_changes_of_one_codon_each_deny_the_other(reference, look):
    kinds = [
        Kind(1, "944C>T", TAIL, None),
        Kind(1, "944C>T 945T>G", TAIL, None),
        Kind(1, "", TAIL, None),
        Kind(1, "943A>C", TAIL, None),
    ]
    found = look(kinds, calls_of(reference, "T315I", "T315M"))
    assert [s.name for s in found.sites] == ["T315I", "T315M"]
    assert found.shown.tolist() == [[1, 0], [0, 1], [0, 0], [MISSING, MISSING]]


def test_which_calls_and_events_are_sites(reference, look):
    passed = calls_of(reference, "T315I")
    others = [
        call_row(reference, "G250E", G250E, 0.4, filter="background", level="evidence_only"),
        call_row(reference, "E316=", "948G>A", 0.4, tier="synonymous"),
        call_row(reference, "I314del", "941_943del", 0.4, kind="deletion"),
        call_row(reference, "K247R", "740A>G", 0.4, tier="polymorphism"),
        call_row(reference, "E316A", "947A>C", 0.4, tier="novel", level="low_level"),
    ]
    events = [
        event_row("exon4_skipping", 0.3),
        event_row("exon7_skipping", 0.3),
        event_row("exon8_skipping", 0.0, "not_detected"),
        event_row("35INS", 0.2),
    ]
    found = look([Kind(5)], [*passed, *others], events)
    # In transcript order, an event at its first base; exon 7 skipping is expected in healthy people.
    assert [s.name for s in found.sites] == ["exon4_skipping", "K247R", "I314del", "T315I", "E316A", "35INS"]


def test_of_more_than_six_the_most_frequent_are_phased_together(reference, look):
    changes = {
        "G250E": G250E,
        "Y253H": "757T>C",
        "E255K": "763G>A",
        "T315I": T315I,
        "F317L": "951C>A",
        "M351T": "1052T>C",
        "F359V": "1075T>G",
    }
    fractions = {"G250E": 0.3, "Y253H": 0.02, "E255K": 0.2, "T315I": 0.4, "F317L": 0.1, "M351T": 0.05, "F359V": 0.5}
    rows = [call_row(reference, n, c, fractions[n]) for n, c in changes.items()]
    found = look([Kind(5)], rows)
    assert [s.name for s in found.sites] == list(changes)
    assert [found.sites[k].name for k in found.together] == ["G250E", "E255K", "T315I", "F317L", "M351T", "F359V"]
    # What healthy people have takes no place from a mutation.
    found = look([Kind(5)], [*rows[:6], call_row(reference, "K247R", "740A>G", 0.9, tier="polymorphism")])
    assert [found.sites[k].name for k in found.together] == list(changes)[:6]


FACING = """
fragment                      span        events           before T315I  alone
skips                         400 1000    exon4_skipping   1             1
crosses both junctions        400 1000    -                0             0
crosses the right one         700 1000    -                0             within
crosses the left one          400 700     -                within        0
inside the exon               600 800     -                within        within
behind the exon               850 1000    -                missing       missing
before the exon               400 500     -                missing       missing
"""


@pytest.mark.parametrize("line", FACING.strip().splitlines()[1:])
def test_an_event_is_judged_at_the_junction_that_faces_the_other_sites(reference, look, line):
    """A skipping molecule has one junction where a whole one has two: only one of these may count."""
    first, last, event, before, alone = line[30:].split()
    kind = Kind(2, "", (int(first), int(last)), None, () if event == "-" else (event,))
    found = look([kind], calls_of(reference, "T315I"), [event_row("exon4_skipping", 0.3)])
    codes = {"0": 0, "1": 1, "within": WITHIN, "missing": MISSING}
    for which, code in (((0, 1), before), ((0,), alone)):
        rows, counts = found.patterns(which)
        seen = {int(row[0]) for row in rows} or {MISSING}
        assert seen == {codes[code]} and counts.sum() in (0, 2)


def test_molecules_that_skip_do_not_carry_the_changes_inside(reference, look):
    kinds = [
        Kind(1, "", (400, 1000), None, ("exon4_skipping",)),
        Kind(1, "749G>A", (400, 1000), None),
        Kind(1, "944C>T", (400, 1000), None, ("exon4_skipping",)),
    ]
    found = look(kinds, calls_of(reference, "G250E", "T315I"), [event_row("exon4_skipping", 0.3)])
    assert [s.name for s in found.sites] == ["exon4_skipping", "G250E", "T315I"]
    assert found.shown.tolist() == [[1, 0, 0], [0, 1, 0], [1, 0, 1]]
    assert found.exclusive.tolist() == [[False, True, False], [True, False, False], [False, False, False]]
    # Recombination acts between the junction and the codon, not over the exon that is skipped.
    assert found.distances((0, 2)).tolist() == [943 - 822]


def test_an_insertion_is_seen_by_its_jumps_and_denied_by_plain_crossing(reference, look):
    span = (1300, 1600)
    kinds = [Kind(1, "", span, None, ("35INS",)), Kind(1, "", span, None), Kind(1, "", (1300, 1400), None)]
    found = look(kinds, [], [event_row("35INS", 0.4)])
    assert found.shown[:, 0].tolist() == [1, 0, MISSING]


def test_a_deletion_is_a_site_however_it_was_aligned(reference, look):
    """c.937-942 is ATCATC: three fragments have lost one ATC, written in three ways; one covers no such base."""
    kinds = [
        Kind(1, "937_939del", (700, 1000), None),
        Kind(1, "939_941del 944C>T", (700, 1000), None),
        Kind(1, "941_943del", (700, 1000), None),
        Kind(2, "", (700, 1000), None),
        Kind(1, "944C>T", (700, 1000), None),
        Kind(1, "749G>A", (700, 900), None),
    ]
    indel = call_row(reference, "I314del", "941_943del", 0.4, kind="deletion")
    found = look(kinds, [*calls_of(reference, "G250E"), indel])
    assert [s.name for s in found.sites] == ["G250E", "I314del"]
    assert found.shown.tolist() == [[0, 1], [0, 1], [0, 1], [0, 0], [0, 0], [0, 0], [1, MISSING]]
    assert not found.exclusive.any()


def test_what_a_deletion_takes_away_cannot_be_on_the_same_molecule(reference, look):
    kinds = [Kind(3, "946_951del", (700, 1000), None), Kind(2, "951C>A", (700, 1000), None)]
    indel = call_row(reference, "E316_F317del", "946_951del", 0.6, kind="deletion")
    found = look(kinds, [*calls_of(reference, "G250E"), call_row(reference, "F317L", "951C>A", 0.4), indel])
    assert [s.name for s in found.sites] == ["G250E", "E316_F317del", "F317L"]
    assert found.shown.tolist() == [[0, 1, 0]] * 3 + [[0, 0, 1]] * 2
    assert found.exclusive.tolist() == [[False] * 3, [False, False, True], [False, True, False]]


def test_two_codons_of_one_change_are_one_site(reference, look):
    kinds = [Kind(1, "944C>T", TAIL, None), Kind(1, "944C>T 945T>A", TAIL, None), Kind(1, "", TAIL, None)]
    calls = [
        call_row(reference, "T315I", "944C>T", 0.3),
        call_row(reference, "T315I", "944_945delinsTA", 0.2, kind="multinucleotide"),
    ]
    found = look(kinds, calls)
    assert [(s.name, s.fraction) for s in found.sites] == [("T315I", 0.5)]
    assert found.shown.tolist() == [[1], [1], [0]]


def test_a_synonymous_change_denies_the_others_of_its_codon(reference, look):
    """Molecules with it have no T315I; it is itself no site."""
    kinds = [Kind(1, "945T>C", TAIL, None), Kind(1, "944C>T", TAIL, None)]
    found = look(kinds, [*calls_of(reference, "T315I"), call_row(reference, "T315=", "945T>C", 0.5, tier="synonymous")])
    assert [s.name for s in found.sites] == ["T315I"] and found.shown.tolist() == [[0], [1]]


def test_of_several_products_the_one_that_spans_the_set_is_taken(reference, look):
    """Half of the products hold both changes at 50 %, half neither: pooled, that would look like association."""
    kinds = [Kind(c, changes) for changes, c in (("749G>A", 30), ("944C>T", 30), ("749G>A 944C>T", 30), ("", 30))]
    fragments = draw(reference, [*kinds, Kind(100)])
    tiles = replace(fragments, tile=np.repeat([0, 1], [120, 100]).astype(np.int16))
    found = observe(tiles, reference, build_graph(reference), calls_of(reference, "G250E", "T315I"), [])
    rows, counts = found.patterns((0, 1))
    assert dict(zip(map(tuple, rows.tolist()), counts.tolist(), strict=True)) == {
        (0, 0): 30,
        (0, 1): 30,
        (1, 0): 30,
        (1, 1): 30,
    }


def test_an_insertion_of_bases_is_a_site(reference, look):
    kinds = [
        Kind(3, "1033_1034insTTC", (900, 1200), None),
        Kind(2, "1033_1034insAAA", (900, 1200), None),
        Kind(2, "", (900, 1200), None),
    ]
    name = "1033_1034insTTC"
    found = look(kinds, [call_row(reference, "x", name, 0.4, kind="insertion")])
    assert found.shown[:, 0].tolist()[:3] == [1, 1, 1]
    assert found.shown[:, 0].tolist()[5:] == [0, 0]


def test_covering_is_the_best_codon_of_the_catalogue(reference, look):
    kinds = [Kind(50, "", (708, 1521), None), Kind(30, "", (708, 1200), None), Kind(90, "", (0, 300), None)]
    assert look(kinds, []).covering == 80
    assert look([Kind(70, "", (0, 300), None)], []).covering == 0


def test_without_sites_there_is_nothing_to_show(reference, look):
    found = look([Kind(5)], [])
    assert found.sites == () and found.shown.shape == (5, 0)
    assert np.array_equal(found.shown, np.zeros((5, 0)))


@pytest.mark.parametrize("columns", [1, 4, 60])
def test_same_rows_are_those_of_a_comparison_of_whole_rows(columns):
    rows = np.random.default_rng(columns).integers(-1, 4, (500, columns)) // 2
    first, counts = same_rows(list(rows.T))
    wanted = np.unique(rows, axis=0, return_index=True, return_counts=True)
    assert (first == wanted[1]).all() and (counts == wanted[2]).all()
