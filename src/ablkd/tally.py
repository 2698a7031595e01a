"""Fragments -> codon states per codon and orientation, on the target of the knowledge folder."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ablkd.amplicons import primer_spans
from ablkd.fragments import Fragments
from ablkd.isoforms import SpliceGraph
from ablkd.kernels import pileup
from ablkd.reference import Reference


@dataclass(frozen=True)
class Tally:
    """counts int64[C, 3, 64] by codon, orientation (forward, reverse, both mates) and codon state; skipping
    int64[C]: fragments that span the codon and whose isoform leaves it out; masked int64[C]: primer, not patient;
    controls: int64[C, 64] for each wild-type control of the run.
    """

    fragments: Fragments
    counts: NDArray[np.int64]
    skipping: NDArray[np.int64]
    masked: NDArray[np.int64]
    target: NDArray[np.uint8]
    skipped_spans: NDArray[np.int32]
    primers: NDArray[np.int32]
    controls: tuple[NDArray[np.int64], ...] = ()

    def in_controls(self, codon: int, state: int) -> tuple[tuple[int, int], ...]:
        """(fragments with a codon state, fragments) of each control that covers the 0-based codon."""
        return tuple((int(c[codon, state]), int(c[codon].sum())) for c in self.controls if c[codon].any())

    @cached_property
    def containing(self) -> NDArray[np.int64]:
        """int64[C]: fragments in which all three bases of the codon were observed."""
        return self.counts.sum(axis=(1, 2))

    @cached_property
    def depth(self) -> NDArray[np.int64]:
        """int64[C]: fragments that span the codon, those whose isoform skips it included."""
        return self.containing + self.skipping

    def states(self, codons: list[int]) -> NDArray[np.int8]:
        """int8[N, K]: state of every fragment at 1-based codons; negative codes as in `kernels.pileup`."""
        f = self.fragments
        return pileup.codon_states(
            f.junctions,
            f.forward,
            f.reverse,
            f.tile,
            f.offsets,
            f.position,
            f.allele,
            self.target,
            self.skipped_spans,
            self.primers,
            np.array(codons, np.int64) - 1,
        )


def count(fragments: Fragments, reference: Reference, graph: SpliceGraph) -> Tally:
    """Tally all fragments of a sample."""
    spans, primers, target = graph.arrays.skipped, primer_spans(reference, graph), reference.codes
    f = fragments
    counts, skipping, masked = pileup.count_codons(
        f.junctions, f.forward, f.reverse, f.tile, f.offsets, f.position, f.allele, target, spans, primers
    )
    return Tally(fragments, counts, skipping, masked, target, spans, primers)
