"""What each fragment says of each candidate: counted from both sides, so that long and short alleles weigh alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ablkd import hgvs
from ablkd.alignment.kept import KeptReads
from ablkd.background.indels import gap_rates
from ablkd.counting.counts import Indel
from ablkd.kernels.alleles import FLANK, HAS, HAS_NOT, REACH, UNTOLD, score
from ablkd.records import Platform
from ablkd.reference import encode

ROOM = 2 * REACH


class Allele(NamedTuple):
    """A candidate as it is scored: [a, b) are the target bases among which it can be placed, `sequences` those of the
    target and of the candidate with ROOM bases on either side (fewer at an end of the target: `flank` on the left),
    equal_left and equal_right the bases that both have alike from a on, and before b."""

    change: Indel
    a: int
    b: int
    flank: int
    sequences: tuple[str, str]
    equal_left: int
    equal_right: int


def allele(target: str, change: Indel) -> Allele:
    """A normalised change (`candidates.normalised`) laid out for scoring."""
    start, _, inserted = change
    a, b, equal_left, equal_right = hgvs.bases_alike(target, *change)
    flank = min(a, ROOM)
    left, right = target[a - flank : a], target[b : b + ROOM]
    old, new = target[a:b], target[a:start] + inserted
    return Allele(change, a, b, flank, (left + old + right, left + new + right), equal_left, equal_right)


def score_fragments(kept: KeptReads, candidates: Sequence[Indel], target: str, platform: Platform) -> NDArray[np.int32]:
    """What fragments with kept reads say: int32[T, 4] of fragment, candidate, HAS | HAS_NOT | UNTOLD, and sides.

    In the order of candidates, then of fragments. `sides` are bits of `kernels.alleles`, 0 where it is UNTOLD.
    """
    if not candidates or not len(kept.fragment):
        return np.zeros((0, 4), np.int32)
    alleles = [allele(target, change) for change in candidates]
    sequences = [sequence for one in alleles for sequence in one.sequences]
    spans = np.array([(one.a, one.b, one.flank, _longer(one.change)) for one in alleles], np.int64)
    rows, odds = score(
        *kept[:4],
        spans,
        np.cumsum([0, *map(len, sequences)]),
        encode("".join(sequences)),
        np.log(np.concatenate([gap_rates(encode(sequence), platform.indel_error) for sequence in sequences])),
        np.array([(one.equal_left, one.equal_right) for one in alleles], np.int64),
        np.log(platform.indel_error),
        platform.transition_error + 2 * platform.transversion_error,
    )
    _keep_likeliest(rows, odds, spans)
    return _by_fragment(kept.fragment[rows[:, 0]], rows[:, 1:])


def _longer(change: Indel) -> int:
    start, end, inserted = change
    return len(inserted) - (end - start)


def _keep_likeliest(rows: NDArray[np.int32], odds: NDArray[np.float64], spans: NDArray[np.int64]) -> None:
    """Of candidates at one place a read has only the likeliest; changes `rows`."""
    by_read: defaultdict[int, list[int]] = defaultdict(list)
    for i in np.flatnonzero(rows[:, 2] == HAS).tolist():
        by_read[int(rows[i, 0])].append(i)
    for those in by_read.values():
        taken: list[int] = []
        for i in sorted(those, key=lambda i: -odds[i]):
            a, b = spans[rows[i, 1], :2]
            if any(a - FLANK <= spans[c, 1] and spans[c, 0] <= b + FLANK for c in taken):
                rows[i, 2] = HAS_NOT
            else:
                taken.append(int(rows[i, 1]))


def _by_fragment(fragment: NDArray[np.int64], rows: NDArray[np.int32]) -> NDArray[np.int32]:
    """Rows of reads -> rows of fragments; mates that contradict each other tell nothing."""
    candidate, has, sides = rows.T
    order = np.lexsort((fragment, candidate))
    fragment, candidate, has, sides = fragment[order], candidate[order], has[order], sides[order]
    first = np.flatnonzero(np.r_[True, (np.diff(fragment) != 0) | (np.diff(candidate) != 0)])
    told = has != UNTOLD
    positive = np.add.reduceat((has == HAS).astype(np.int32), first) > 0
    negative = np.add.reduceat(((has == HAS_NOT) & (sides > 0)).astype(np.int32), first) > 0
    every = np.bitwise_or.reduceat(np.where(told, sides, 0), first)
    verdict = np.where(positive & negative | (every == 0), UNTOLD, np.where(positive, HAS, HAS_NOT))
    every = np.where(verdict == UNTOLD, 0, every)
    return np.stack([fragment[first], candidate[first], verdict, every], axis=1).astype(np.int32)
