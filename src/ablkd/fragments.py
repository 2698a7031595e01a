"""The one array shape: fragments as what they cover and where they differ.

A fragment is a merged mate pair or a long read. A match is implied; a base that was not observed (low quality,
mates disagree, ambiguous overhang) is an exception and never counts as wild type. What was read below the quality cut
is kept with its quality, for fractions (`calling.fraction`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from ablkd.errors import InputError
from ablkd.tables import atomic

DELETED, UNOBSERVED, POOR = 4, 5, 8
QUALITIES = 41


class CodonCounts(NamedTuple):
    """Fragments by what they show of each codon, as `kernels.pileup.count_codons` counts them.

    counts int64[C, 3, 64] by codon, orientation (forward, reverse, both mates) and codon state; skipping int64[C]:
    fragments that span the codon and whose isoform leaves it out; masked int64[C]: those in which it is primer.
    """

    counts: NDArray[np.int64]
    skipping: NDArray[np.int64]
    masked: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Fragments:
    """N fragments with E exceptions and I insertions; positions are 0-based on the target transcript of length L.

    junctions int64[N]: bit j set where the fragment takes jump j of the splice graph. forward, reverse int32[N, 2]:
    half-open target span of the mate on each strand, (0, 0) where there is none; bases that a jump leaves out are
    not covered. ends int32[N, 2]: outermost graph nodes. tile int16[N]: row of amplicons.tsv, -1 where none.
    offsets int64[N+1] into position int32[E], allele uint8[E] (A C G T = 0-3, DELETED, UNOBSERVED, or POOR + code of a
    base below the quality cut), quality uint8[E]. ins_fragment int32[I], ins_position int32[I] (inserted before it),
    ins_offsets int64[I+1] into ins_bases uint8. histogram int32[L, 3, QUALITIES]: observed bases by orientation
    (forward, reverse, both) and quality. reads: how many reads came in; placed: how many were aligned. Of K candidate
    indels, candidates int32[K, 2] are the target bases [start, end) that candidate_bases uint8 replace
    (candidate_offsets int64[K+1]); told int32[T, 4] is what fragments say of them: fragment, candidate, whether it has
    it and from which sides it tells, as in `kernels.alleles.score`. codons: their counts where they are made.
    """

    junctions: NDArray[np.int64]
    forward: NDArray[np.int32]
    reverse: NDArray[np.int32]
    ends: NDArray[np.int32]
    tile: NDArray[np.int16]
    offsets: NDArray[np.int64]
    position: NDArray[np.int32]
    allele: NDArray[np.uint8]
    quality: NDArray[np.uint8]
    ins_fragment: NDArray[np.int32]
    ins_position: NDArray[np.int32]
    ins_offsets: NDArray[np.int64]
    ins_bases: NDArray[np.uint8]
    histogram: NDArray[np.int32]
    reads: int
    placed: int
    candidates: NDArray[np.int32] = field(default_factory=lambda: np.zeros((0, 2), np.int32))
    candidate_offsets: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, np.int64))
    candidate_bases: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))
    told: NDArray[np.int32] = field(default_factory=lambda: np.zeros((0, 4), np.int32))
    codons: CodonCounts | None = None

    def __len__(self) -> int:
        return len(self.junctions)

    def starts(self) -> NDArray[np.int32]:
        """int32[N]: first target position of either mate."""
        big = np.int32(2**31 - 1)
        first = np.where(self.forward[:, 1] > 0, self.forward[:, 0], big)
        return np.minimum(first, np.where(self.reverse[:, 1] > 0, self.reverse[:, 0], big))

    def stops(self) -> NDArray[np.int32]:
        """int32[N]: past the last target position of either mate."""
        return np.maximum(self.forward[:, 1], self.reverse[:, 1])


FIELDS = [f.name for f in fields(Fragments) if f.name != "codons"]


def empty(length: int) -> Fragments:
    """No fragments on a target of `length` bases."""
    return Fragments(
        junctions=np.zeros(0, np.int64),
        forward=np.zeros((0, 2), np.int32),
        reverse=np.zeros((0, 2), np.int32),
        ends=np.zeros((0, 2), np.int32),
        tile=np.zeros(0, np.int16),
        offsets=np.zeros(1, np.int64),
        position=np.zeros(0, np.int32),
        allele=np.zeros(0, np.uint8),
        quality=np.zeros(0, np.uint8),
        ins_fragment=np.zeros(0, np.int32),
        ins_position=np.zeros(0, np.int32),
        ins_offsets=np.zeros(1, np.int64),
        ins_bases=np.zeros(0, np.uint8),
        histogram=np.zeros((length, 3, QUALITIES), np.int32),
        reads=0,
        placed=0,
    )


def save(fragments: Fragments, path: Path) -> None:
    """Write one array behind the other, as numpy writes each; the same fragments give the same bytes."""
    with atomic(path) as temporary, temporary.open("wb") as stream:
        for array in (*(getattr(fragments, name) for name in FIELDS), *(fragments.codons or ())):
            np.save(stream, array, allow_pickle=False)


def load(path: Path) -> Fragments:
    """Read what `save` wrote.

    Raises
    ------
    InputError
        Where there is no such file, it is none of `save`, or it is cut off.
    """
    arrays = []
    try:
        with path.open("rb") as stream:
            while stream.peek(1):
                arrays.append(npy.read_array(stream, allow_pickle=False))
        values: dict[str, Any] = dict(zip(FIELDS, arrays[: len(FIELDS)], strict=True))
        codons = CodonCounts(*arrays[len(FIELDS) :]) if arrays[len(FIELDS) :] else None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror} (check the path)") from None
    except (ValueError, TypeError):
        raise InputError(f"{path}: holds no fragments, or not all (make it again with ablkd align)") from None
    values["reads"], values["placed"] = int(values["reads"]), int(values["placed"])
    return Fragments(**values, codons=codons)
