"""Which insertions, deletions and complex changes a sample may have: what several fragments show alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ablkd import hgvs
from ablkd.alignment.kept import LEAST_CHANGE, KeptReads
from ablkd.alignment.scores import score_fragments
from ablkd.counting.counts import Indel
from ablkd.counting.indels import spanning
from ablkd.counting.tally import LONGEST_DELETION
from ablkd.fragments import Fragments
from ablkd.isoforms import GraphArrays, SpliceGraph
from ablkd.kernels.departures import LONGEST_INSERTION, changes, splits
from ablkd.kernels.seeds import index_kmers
from ablkd.records import Platform
from ablkd.reference import Reference, encode
from ablkd.verdicts.thresholds import MIN_ALT_FRAGMENTS

# METHOD: what is rarer than this share of the fragments is counted where it was placed; noisy reads show many changes
# by chance. Of more than 100 candidates those that most fragments show count.
LEAST_SHARE = {"short": 0.001, "long": 0.003}
MOST_CANDIDATES = 100
# METHOD: a noisy copy of the bases beside it, alike in seven of ten, is a duplication. What differs from a commoner
# candidate by an eighth of its length, in place or size, is the same one.
LEAST_COPY, ALIKE, SAME = 6, 0.7, 8


def with_candidates(
    fragments: Fragments,
    kept: KeptReads,
    target: NDArray[np.uint8],
    platform: Platform,
    reference: Reference,
    graph: SpliceGraph,
) -> Fragments:
    """The fragments of a sample with its candidates and what each says of them; `target` as of `SampleReads`."""
    sequence = "".join(hgvs.BASES[code] for code in target)
    found = _candidates(fragments, kept, sequence, platform.reads, reference, graph.with_target(target).arrays)
    inserted = [encode(bases) for _, _, bases in found]
    return replace(
        fragments,
        candidates=np.array([place for *place, _ in found], np.int32).reshape(-1, 2),
        candidate_offsets=np.cumsum([0, *map(len, inserted)], dtype=np.int64),
        candidate_bases=np.concatenate([*inserted, np.zeros(0, np.uint8)]),
        told=score_fragments(kept, found, sequence, platform),
    )


def _candidates(
    fragments: Fragments, kept: KeptReads, target: str, kind: str, reference: Reference, graph: GraphArrays
) -> list[Indel]:
    """The candidates of a sample, in transcript order; `kind`: short or long reads."""
    owners: defaultdict[Indel, set[int]] = defaultdict(set)
    for fragment, change in _suggested(kept, kind, target, graph):
        start, end, inserted = change
        if end - start <= LONGEST_DELETION and len(inserted) <= LONGEST_INSERTION and start >= 0:
            owners[change].add(fragment)
    for variant in reference.splicing:
        if variant.inserted_sequence:
            owners.pop(normalised(target, variant.start - 1, variant.start - 1, variant.inserted_sequence), None)
    depth = spanning(fragments, reference)
    found: list[Indel] = []
    for change in sorted(owners, key=lambda change: (-len(owners[change]), change)):
        count = len(owners[change])
        if count < MIN_ALT_FRAGMENTS or len(found) == MOST_CANDIDATES:
            break
        common = count >= LEAST_SHARE[kind] * depth[change[0]]
        if common and not any(_is_same(change, other, kind) for other in found):
            found.append(change)
    return sorted(found)


def _suggested(kept: KeptReads, kind: str, target: str, graph: GraphArrays) -> Iterator[tuple[int, Indel]]:
    """(fragment, change) of every gap and every clipped end that lies elsewhere."""
    laid = kept.codes, kept.nodes, kept.offsets
    for read, start, end, first, past in changes(*laid, LEAST_CHANGE[kind], graph).tolist():
        bases = _bases(kept, read, first, past)
        if "N" not in bases:
            change = normalised(target, start, end, bases)
            yield int(kept.fragment[read]), change if kind == "short" else _cleaned(target, change)
    table = index_kmers(graph.bases, graph.following)
    for read, x, y, first, past in splits(*laid, table, graph).tolist():
        bases = _bases(kept, read, first, past)
        if "N" not in bases and (bases or x != y):
            change = normalised(target, x, max(x, y), bases + target[y:x])
            yield int(kept.fragment[read]), change


def _bases(kept: KeptReads, read: int, first: int, past: int) -> str:
    begin = kept.offsets[read]
    return "".join("ACGTN"[code] for code in kept.codes[begin + first : begin + past])


def normalised(target: str, start: int, end: int, inserted: str) -> Indel:
    """The smallest change that makes the same sequence of target bases [start, end) replaced by `inserted`, at its most
    3' place."""
    while start < end and inserted and target[start] == inserted[0]:
        start, inserted = start + 1, inserted[1:]
    while start < end and inserted and target[end - 1] == inserted[-1]:
        end, inserted = end - 1, inserted[:-1]
    return hgvs.shift_indel_right(target, start, end, inserted)


def _cleaned(target: str, change: Indel) -> Indel:
    """A duplication for an insertion of noisy reads that is nearly a copy of the bases beside it."""
    start, end, inserted = change
    size = len(inserted)
    if start != end or size < LEAST_COPY or start < size or start + size > len(target):
        return change
    codes = np.frombuffer(inserted.encode(), np.uint8)
    around = np.frombuffer(target[start - size : start + size].encode(), np.uint8)
    # Of the copied bases the last ones come first where the insertion was placed inside the copied stretch.
    behind = np.r_[0, np.cumsum(codes == around[size:])]
    before = np.r_[np.cumsum((codes == around[:size])[::-1])[::-1], 0]
    split = int(np.argmax(behind + before))
    if behind[split] + before[split] < ALIKE * size:
        return change
    first = start - size + split
    return normalised(target, first + size, first + size, target[first : first + size])


def _is_same(change: Indel, other: Indel, kind: str) -> bool:
    """Whether noise may make the change of another, commoner one."""
    size = len(other[2]) - (other[1] - other[0])
    apart = abs(size - len(change[2]) + (change[1] - change[0]))
    # Bases read wrongly in an insertion.
    wrong = sum(a != b for a, b in zip(change[2], other[2], strict=False))
    if kind == "short":
        return change[:2] == other[:2] and not apart and wrong * SAME <= len(other[2])
    slack = max(1, abs(size) // SAME)
    shifted = max(abs(change[0] - other[0]), abs(change[1] - other[1]))
    return apart <= slack and shifted <= slack + (abs(size) if size > 0 else 0) and apart + shifted > 0
