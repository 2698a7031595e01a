"""Candidate indels: what the scores of fragments add up to, counted from both sides.

A read tells from the left where it reaches from before the first place of the change past all that both alleles have
alike, and from the right the same way round. Whichever allele it has, as many reads do. To count those that hold the
whole change would favour the shorter allele.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ablkd import hgvs
from ablkd.counting.counts import Indel
from ablkd.counting.reach import Reach
from ablkd.fragments import Fragments
from ablkd.kernels.alleles import FLANK, HAS, LEFT, PAST, RIGHT
from ablkd.reference import Reference

Ints = NDArray[np.int64]


class Candidate(NamedTuple):
    """A candidate, and what the fragments that were scored for it say: fragment int64[T], ascending, has bool[T], sides
    int64[T]. left and right are the target bases that one mate must cover to tell from that side without a score."""

    indel: Indel
    left: tuple[int, int]
    right: tuple[int, int]
    fragment: Ints
    has: NDArray[np.bool_]
    sides: Ints

    @property
    def owners(self) -> Ints:
        """Fragments that have it, int64[X]."""
        return self.fragment[self.has]

    def telling(self, reach: Reach, fragments: int) -> NDArray[np.bool_]:
        """bool[fragments]: those that tell from either side."""
        everybody = np.arange(fragments)
        tells = reach.covers(everybody, *self.left) | reach.covers(everybody, *self.right)
        tells[self.fragment] = self.sides > 0
        return tells

    def depth(self, reach: Reach) -> int:
        """Fragments that could tell, those that have it included, so that their quotient is the fraction.

        METHOD: a fragment counts once from each side it tells from; the depth is that of a fragment with the allele.
        """
        total = shown = 0
        for side, window in ((LEFT, self.left), (RIGHT, self.right)):
            scored = int(reach.covers(self.fragment, *window).sum())
            first, past = (np.array([end]) for end in window)
            total += int(reach.depth(first, past)[0]) - scored + int((self.sides & side > 0).sum())
            shown += int((self.sides[self.has] & side > 0).sum())
        return max(len(self.owners), round(len(self.owners) * total / shown)) if shown else total // 2


class Told:
    """The candidates of a sample by what they are."""

    def __init__(self, fragments: Fragments, reference: Reference, reach: Reach) -> None:
        self.fragments, self.sequence, self.reach = fragments, reference.sequence, reach

    @cached_property
    def candidates(self) -> Mapping[Indel, Candidate]:
        """In the order of the target."""
        f, found = self.fragments, {}
        cuts = np.searchsorted(f.told[:, 1], np.arange(len(f.candidates) + 1))
        for k, (start, end) in enumerate(f.candidates.tolist()):
            bases = f.candidate_bases[f.candidate_offsets[k] : f.candidate_offsets[k + 1]]
            inserted = "".join(hgvs.BASES[code] for code in bases)
            indel = hgvs.shift_indel_right(self.sequence, start, end, inserted)
            fragment, _, has, sides = f.told[cuts[k] : cuts[k + 1]].T.astype(np.int64)
            left, right = self._windows(indel)
            # What a primer made is not the patient's.
            for side, window in ((LEFT, left), (RIGHT, right)):
                sides = np.where(self.reach.between_primers(fragment, *window), sides, sides & ~side)
            found[indel] = Candidate(indel, left, right, fragment, (has == HAS) & (sides > 0), sides)
        return found

    def _windows(self, indel: Indel) -> tuple[tuple[int, int], tuple[int, int]]:
        """Target bases that tell from the left and from the right."""
        a, b, from_a, before_b = hgvs.bases_alike(self.sequence, *indel)
        return (a - FLANK - 1, a + from_a + PAST), (b - before_b - PAST, b + FLANK + 1)

    def unexplained(self, indel: Indel, owners: Ints) -> Ints:
        """Fragments that show an indel where it was placed, without those of which a candidate says more.

        METHOD: what noise left of a candidate lies where that can be placed, or beside it.
        """
        if indel in self.candidates:
            return owners[:0]
        start, end, _ = indel
        for one in self.candidates.values():
            if one.left[0] <= end and start <= one.right[1]:
                owners = np.setdiff1d(owners, one.owners, assume_unique=True)
        return owners
