"""Fragments -> codon states per codon and orientation, on the target of the knowledge folder."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablkd.amplicons import primer_spans
from ablkd.fragments import DELETED, CodonCounts, Fragments
from ablkd.isoforms import SpliceGraph
from ablkd.kernels import pileup
from ablkd.reference import Reference

# METHOD: a gap of more than 30 bases is told as a junction of an isoform, a shorter one as a deletion.
LONGEST_DELETION = 30


@dataclass(frozen=True, eq=False)
class Tally:
    """Fragments of a sample on its target: states of single codons, and counts of all, made when they are asked for."""

    fragments: Fragments
    target: NDArray[np.uint8]
    skipped_spans: NDArray[np.int32]
    primers: NDArray[np.int32]

    @cached_property
    def codons(self) -> CodonCounts:
        """All counts."""
        return self.fragments.codons or CodonCounts(*pileup.count_codons(*self._kernel_arrays))

    @property
    def _kernel_arrays(self) -> tuple[NDArray[Any], ...]:
        f = self.fragments
        mates = f.junctions, f.forward, f.reverse, f.tile, f.offsets, f.position, f.allele
        return *mates, self.target, self.skipped_spans, self.primers

    @property
    def counts(self) -> NDArray[np.int64]:
        """int64[C, 3, 64] by codon, orientation (forward, reverse, both mates) and codon state."""
        return self.codons.counts

    @property
    def skipping(self) -> NDArray[np.int64]:
        """int64[C]: fragments that span the codon and whose isoform leaves it out."""
        return self.codons.skipping

    @property
    def masked(self) -> NDArray[np.int64]:
        """int64[C]: fragments in which it is primer, not patient."""
        return self.codons.masked

    @cached_property
    def states_seen(self) -> NDArray[np.int64]:
        """int64[C, 64] by codon and codon state."""
        return self.counts.sum(axis=1)

    @cached_property
    def containing(self) -> NDArray[np.int64]:
        """int64[C]: fragments in which all three bases of the codon were observed."""
        return self.states_seen.sum(axis=1)

    @cached_property
    def depth(self) -> NDArray[np.int64]:
        """int64[C]: fragments that span the codon, those whose isoform skips it included."""
        return self.containing + self.skipping

    @cached_property
    def products(self) -> NDArray[np.int16]:
        """int16[T]: the tiles that fragments belong to."""
        tiles = self.fragments.tile
        return np.flatnonzero(np.bincount(tiles[tiles >= 0])).astype(np.int16)

    def states(self, codons: list[int]) -> NDArray[np.int8]:
        """int8[N, K]: state of every fragment at 1-based codons; negative codes as in `kernels.pileup`."""
        return pileup.codon_states(*(*self._kernel_arrays, np.array(codons, np.int64) - 1))


def count(fragments: Fragments, reference: Reference, graph: SpliceGraph) -> Tally:
    """Tally all fragments of a sample."""
    return Tally(fragments, reference.codes, graph.arrays.skipped, primer_spans(reference, graph))


def deletions(f: Fragments, long: bool) -> dict[tuple[int, int], NDArray[np.int64]]:
    """Gaps as they were placed, [start, end) 0-based -> the fragments that show them, ascending.

    Those of more than LONGEST_DELETION bases, or the others.
    """
    gone = np.flatnonzero(f.allele == DELETED)
    if not len(gone):
        return {}
    owner, position = np.searchsorted(f.offsets, gone, side="right") - 1, f.position[gone].astype(np.int64)
    breaks = np.flatnonzero((np.diff(owner) != 0) | (np.diff(position) != 1)) + 1
    first, last = np.r_[0, breaks], np.r_[breaks, len(owner)] - 1
    chosen = (last - first >= LONGEST_DELETION) == long
    if not chosen.any():
        return {}
    owner, start, end = owner[first[chosen]], position[first[chosen]], position[last[chosen]] + 1
    order = np.lexsort((owner, end, start))
    owner, start, end = owner[order], start[order], end[order]
    new = np.flatnonzero(np.r_[True, (np.diff(start) != 0) | (np.diff(end) != 0)])
    places = zip(start[new].tolist(), end[new].tolist(), strict=True)
    return dict(zip(places, np.split(owner, new[1:]), strict=True))
