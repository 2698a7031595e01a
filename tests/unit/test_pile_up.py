"""Fragments drawn under their haplotype: each fits it and no other, and what fits none is shown too."""

from __future__ import annotations

import re
from dataclasses import replace

import results as examples
from drawn import Kind, call_row, draw

from ablkd.isoforms import build_graph
from ablkd.phasing.linkage import observe
from ablkd.phasing.pile_up import MOST_FRAGMENTS, pile_ups
from ablkd.records import DrawnFragment, Haplotype, PileUp
from ablkd.report.pile_plot import pile_up

G250E, T315I = "749G>A", "944C>T"
HAPLOTYPES = [
    Haplotype("S", "G250E+T315I", 0.5, 0.4, 0.6, 50, "yes"),
    Haplotype("S", "unmutated", 0.4, 0.3, 0.5, 40, "yes"),
]


def kind(count: int, changes: str, first: int, last: int) -> Kind:
    """`count` fragments whose two mates lie on each other."""
    return Kind(count, changes, (first, last), (first, last))


def piled(reference, kinds, haplotypes=HAPLOTYPES) -> dict[str, PileUp]:
    calls = [call_row(reference, name, change, 0.5, 1e-4) for name, change in (("G250E", G250E), ("T315I", T315I))]
    return {p.haplotype: p for p in look(reference, kinds, calls, haplotypes)}


def look(reference, kinds, calls, haplotypes) -> list[PileUp]:
    fragments = draw(reference, kinds)
    return pile_ups(fragments, observe(fragments, reference, build_graph(reference), calls, []), haplotypes)


def test_each_fragment_stands_under_the_only_haplotype_it_fits(reference):
    found = piled(
        reference,
        [
            kind(30, f"{G250E} {T315I}", 700, 1000),
            kind(20, "", 700, 1000),
            kind(9, T315I, 900, 1000),  # sees one site only, and fits the compound alone
            kind(4, T315I, 700, 1000),  # fits none: a recombinant or an error
            kind(50, "", 1100, 1300),  # sees no site, and fits all
        ],
    )
    assert {name: pile.fragments for name, pile in found.items()} == {"G250E+T315I": 39, "unmutated": 20, "": 4}
    for fragment in found["G250E+T315I"].drawn:
        assert fragment == DrawnFragment(((701, 1000),), ("G250E", "T315I"), ())
    assert len(found["G250E+T315I"].drawn) == MOST_FRAGMENTS == len(found["unmutated"].drawn)
    assert found[""].drawn == (DrawnFragment(((701, 1000),), ("T315I",), ("G250E",)),) * 4


def test_fragments_that_show_less_fill_up(reference):
    found = piled(reference, [kind(3, f"{G250E} {T315I}", 700, 1000), kind(2, T315I, 900, 1000)])
    assert [f.changed for f in found["G250E+T315I"].drawn] == [("G250E", "T315I")] * 3 + [("T315I",)] * 2


def test_mates_apart_are_two_spans(reference):
    apart = [Kind(1, f"{G250E} {T315I}", (700, 800), (900, 1000))]
    (fragment,) = piled(reference, apart)["G250E+T315I"].drawn
    assert fragment.spans == ((701, 800), (901, 1000))


def test_without_changes_there_is_nothing_to_tell_apart(reference):
    assert look(reference, [kind(5, "", 700, 1000)], [], HAPLOTYPES[1:]) == []
    assert piled(reference, [kind(5, "", 700, 1000)], []) == {}


def test_the_drawing_names_each_haplotype_with_its_fragments():
    whole = DrawnFragment(((701, 800), (901, 1000)), ("T315I",), ("G250E",))
    skipped = DrawnFragment(((500, 1000),), ("exon4_skipping", "T315I"), ())
    piles = (PileUp("T315I", 265, (whole,) * 3), PileUp("exon4_skipping+T315I", 9, (skipped,)), PileUp("", 2, (whole,)))
    with_event = examples.compound(splicing=(examples.splice("exon4_skipping", "present", 0.3),), pile_ups=piles)
    svg = pile_up(with_event)
    words = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    for told in ("T315I: 3 of 265 fragments", "exon 4 skipping + T315I: 1 of 9 fragments",
                 "fit none of the haplotypes: 1 of 2 fragments", "G250E"):  # fmt: skip
        assert told in words, told
    assert "#c45a00" in svg and "#c45a00" not in pile_up(replace(with_event, pile_ups=piles[:1]))
