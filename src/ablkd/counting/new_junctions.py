"""Junctions that no table has, from long gaps that fragments show."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablkd import hgvs
from ablkd.counting.tally import deletions
from ablkd.fragments import Fragments
from ablkd.records import SpliceVariant
from ablkd.reference import Reference
from ablkd.verdicts.thresholds import MIN_ALT_FRAGMENTS

Mask = NDArray[np.bool_]

# METHOD: errors next to a junction shift where a read places it: what lies up to 3 (12, 40) bases from a place that is
# more (5 times, 20 times) as frequent is the same junction.
SHIFTS = ((1, 3), (5, 12), (20, 40))
# METHOD: reverse transcriptase that leaves its template goes on where the next bases are the same; from five such bases
# on a junction between no exon borders may be made by it.
REPEAT = 5


@dataclass(frozen=True, eq=False)
class NewJunction:
    """A new junction: the variant it would be, carriers bool[N], and what speaks against it."""

    variant: SpliceVariant
    carriers: Mask
    doubts: tuple[str, ...]


def new_junctions(fragments: Fragments, reference: Reference, known: dict[tuple[int, int], int]) -> list[NewJunction]:
    """Every gap of more than `tally.LONGEST_DELETION` bases that at least three fragments show, by position.

    `known` are the bases [start, end) that known events leave out, and the fragments that show each: what lies beside
    them is theirs.
    """
    exact: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    for (start, end), fragments_of in deletions(fragments, long=True).items():
        exact[_placed(reference, start, end)].update(fragments_of.tolist())
    found: dict[tuple[int, int], set[int]] = {}
    for place, owners in sorted(exact.items(), key=lambda item: (-len(item[1]), item[0])):
        if any(_same(event, place, count / len(owners)) for event, count in known.items()):
            continue
        home = next((p for p in found if _same(p, place, len(exact[p]) / len(owners))), place)
        found.setdefault(home, set()).update(owners)
    return [
        _new_junction(fragments, reference, place, sorted(owners))
        for place, owners in sorted(found.items())
        if len(owners) >= MIN_ALT_FRAGMENTS
    ]


def _same(place: tuple[int, int], other: tuple[int, int], times: float) -> bool:
    """Whether `other` is a misplaced `place`, which is so many times as frequent."""
    apart = max(abs(place[0] - other[0]), abs(place[1] - other[1]))
    return any(times >= least and apart <= far for least, far in SHIFTS)


def _new_junction(fragments: Fragments, reference: Reference, place: tuple[int, int], owners: list[int]) -> NewJunction:
    start, end = place
    target = reference.target.name
    at_borders = _borders(reference, start, end)
    variant = SpliceVariant(
        event=f"novel:c.{start + 1}_{end}",
        kind="skip",
        start=start + 1,
        end=end,
        inserted_sequence="",
        hgvs_r=f"{target}:r.{start + 1}_{end}del",
        hgvs_p=hgvs.indel_names(reference, start, end, "")[2],
        expected="no",
        meaning="splice_novel" if at_borders == 2 else "splice_novel_inside",
        source="",
    )
    doubts = []
    if at_borders < 2 and _repeat(reference, start, end) >= REPEAT:
        doubts.append("template_switch")
    ends = fragments.ends
    sheared = len(np.unique(ends, axis=0)) > len(ends) / 2
    if sheared and len(np.unique(ends[owners], axis=0)) < 2:
        doubts.append("one_fragment_end")
    carriers = np.zeros(len(fragments), bool)
    carriers[owners] = True
    return NewJunction(variant, carriers, tuple(doubts))


def _shifts(reference: Reference, start: int, end: int) -> tuple[int, int]:
    """How far a gap [start, end) can be moved left and right without a change of the sequence."""
    sequence = reference.sequence
    left = 0
    while left < start and sequence[start - left - 1] == sequence[end - left - 1]:
        left += 1
    return left, hgvs.shift_right(sequence, start, end)[0] - start


def _repeat(reference: Reference, start: int, end: int) -> int:
    """Bases that the two ends of a gap share."""
    return sum(_shifts(reference, start, end))


def _placed(reference: Reference, start: int, end: int) -> tuple[int, int]:
    """The place of a gap among those that leave the same sequence: at most exon borders, else the most 3'."""
    left, right = _shifts(reference, start, end)
    choices = range(right, -left - 1, -1)
    best = max(choices, key=lambda shift: _borders(reference, start + shift, end + shift))
    return start + best, end + best


def _borders(reference: Reference, start: int, end: int) -> int:
    """How many ends of a gap [start, end) are exon borders."""
    firsts = {exon.start - 1 for exon in reference.exons}
    return (start in firsts) + (end in firsts)
