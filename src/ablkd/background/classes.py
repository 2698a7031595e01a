"""Every single-base change of a target's codons, and the class of errors that makes it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from ablkd.records import Platform
from ablkd.reference import Reference

# A class is 16 * (beside a homopolymer) + 4 * (base there) + (base read).
CLASSES = 32
# METHOD: bases in or beside a run of at least four equal ones err in their own way.
LONG_RUN = 4
TRANSITIONS = np.array([abs(a - b) == 2 for a in range(4) for b in range(4)])


@dataclass(frozen=True, eq=False)
class SingleChanges:
    """A = 9 changes for each codon of the target, in its order.

    codon int64[A] (0-based), state int64[A] (of 64), kind int64[A] (class), listed bool[A]: in the catalogue.
    beside bool[L]: which bases are in or beside a homopolymer.
    """

    codon: NDArray[np.int64]
    state: NDArray[np.int64]
    kind: NDArray[np.int64]
    listed: NDArray[np.bool_]
    beside: NDArray[np.bool_]

    @property
    def transition(self) -> NDArray[np.bool_]:
        """bool[A]."""
        return TRANSITIONS[self.kind % 16]

    @cached_property
    def index(self) -> dict[tuple[int, int], int]:
        """(codon, state) -> which of the A changes it is."""
        pairs = zip(self.codon.tolist(), self.state.tolist(), strict=True)
        return {pair: i for i, pair in enumerate(pairs)}


@lru_cache(maxsize=4)
def single_changes(reference: Reference) -> SingleChanges:
    """All changes of one base in one codon."""
    codes = reference.codes[: 3 * reference.codons].astype(np.int64)
    beside = beside_homopolymer(reference.codes)
    position = np.repeat(np.arange(len(codes)), 3)
    shift = np.tile([1, 2, 3], len(codes))
    ref = codes[position]
    alt = (ref + shift) % 4
    codon = position // 3
    wild = codes.reshape(-1, 3) @ [16, 4, 1]
    state = wild[codon] + (alt - ref) * np.array([16, 4, 1])[position % 3]
    bases = "ACGT"
    names = ("".join(bases[(s >> k) & 3] for k in (4, 2, 0)) for s in state.tolist())
    listed = [(c + 1, name) in reference.catalogue for c, name in zip(codon.tolist(), names, strict=True)]
    kind = 16 * beside[position] + 4 * ref + alt
    return SingleChanges(codon, state, kind, np.array(listed, bool), beside)


def beside_homopolymer(codes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """bool[L]: base is in a long run of equal bases, or next to one."""
    edges = np.flatnonzero(np.diff(codes)) + 1
    starts, ends = np.r_[0, edges], np.r_[edges, len(codes)]
    marked = np.zeros(len(codes), bool)
    for start, end in zip(starts, ends, strict=True):
        if end - start >= LONG_RUN:
            marked[max(0, start - 1) : end + 1] = True
    return marked


def prior_means(platform: Platform) -> NDArray[np.float64]:
    """float64[CLASSES]: mean error rate of each class as platforms.tsv assumes it."""
    return np.tile(np.where(TRANSITIONS, platform.transition_error, platform.transversion_error), 2)


def bases_of(state: int) -> tuple[int, int, int]:
    """Base codes of a codon state 0-63."""
    return state // 16, state // 4 % 4, state % 4
