"""Which insertions, deletions and complex changes a sample may have: what several fragments show alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ablkd import hgvs
from ablkd.alignment.kept import LEAST_CHANGE, KeptReads
from ablkd.alignment.remnants import without_remnants
from ablkd.alignment.scores import score_fragments
from ablkd.counting.counts import Indel
from ablkd.counting.tally import LONGEST_DELETION
from ablkd.fragments import Fragments
from ablkd.isoforms import GraphArrays, SpliceGraph
from ablkd.kernels.alleles import QUARTER
from ablkd.kernels.departures import LONGEST_INSERTION, changes, splits
from ablkd.kernels.seeds import index_kmers
from ablkd.records import Platform
from ablkd.reference import Reference, encode
from ablkd.verdicts.thresholds import MIN_ALT_FRAGMENTS

# METHOD: what is rarer than this share of the fragments is counted where it was placed; noisy reads show many changes
# by chance. Of more than 100 candidates those that most fragments show count.
LEAST_SHARE = {"short": 0.001, "long": 0.003}
MOST_CANDIDATES = 100
# METHOD: reads of a platform with fewer substitutions than this show a change as it is.
EXACT = 0.001
# METHOD: a noisy copy of the bases beside it, alike in seven of ten, is a duplication.
LEAST_COPY, ALIKE = 6, 0.7
# METHOD: a change at the place of a commoner one, as long but for a quarter or two bases, is the same with an error;
# where reads show changes as they are, only if it is less than a fifth as common.
RARER = 0.2


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
    found = _candidates(fragments, kept, sequence, platform, reference, graph.with_target(target).arrays)
    inserted = [encode(bases) for _, _, bases in found]
    told = score_fragments(kept, found, sequence, platform)
    return replace(
        without_remnants(fragments, found, told),
        candidates=np.array([place for *place, _ in found], np.int32).reshape(-1, 2),
        candidate_offsets=np.cumsum([0, *map(len, inserted)], dtype=np.int64),
        candidate_bases=np.concatenate([*inserted, np.zeros(0, np.uint8)]),
        told=told,
    )


def _candidates(
    fragments: Fragments, kept: KeptReads, target: str, platform: Platform, reference: Reference, graph: GraphArrays
) -> list[Indel]:
    """The candidates of a sample, in transcript order."""
    exact = platform.transition_error + 2 * platform.transversion_error < EXACT
    owners: defaultdict[Indel, set[int]] = defaultdict(set)
    for fragment, change in _suggested(kept, LEAST_CHANGE[platform.reads], exact, target, graph):
        start, end, inserted = change
        if end - start <= LONGEST_DELETION and len(inserted) <= LONGEST_INSERTION and (end > start or inserted):
            owners[change].add(fragment)
    for variant in reference.splicing:
        if variant.inserted_sequence:
            owners.pop(normalised(target, variant.start - 1, variant.start - 1, variant.inserted_sequence), None)
    depth = _depth(fragments, len(target))
    found: list[Indel] = []
    for change in sorted(owners, key=lambda change: (-len(owners[change]), change)):
        count = len(owners[change])
        if count < MIN_ALT_FRAGMENTS or len(found) == MOST_CANDIDATES:
            break
        common = count >= LEAST_SHARE[platform.reads] * depth[change[0]]
        if common and not any(_is_same(change, o, count / len(owners[o]), exact) for o in found):
            found.append(change)
    return sorted(found)


def _depth(fragments: Fragments, length: int) -> NDArray[np.int64]:
    """int64[length + 1]: fragments that reach over each base."""
    begun, ended = (np.bincount(at, minlength=length + 1) for at in (fragments.starts(), fragments.stops()))
    return np.cumsum(begun - ended)


def _suggested(
    kept: KeptReads, least: int, exact: bool, target: str, graph: GraphArrays
) -> Iterator[tuple[int, Indel]]:
    """(fragment, change) of every gap of `least` bases and more, and of every clipped end that lies elsewhere."""
    laid = kept.codes, kept.nodes, kept.offsets
    for read, start, end, first, past in changes(*laid, least, exact, graph).tolist():
        bases = _bases(kept, read, first, past)
        if "N" not in bases:
            change = normalised(target, start, end, bases)
            yield int(kept.fragment[read]), change if exact else _cleaned(target, change)
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
    return hgvs.shift_indel_right(target, start, end, inserted) if end > start or inserted else (start, start, "")


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


def _is_same(change: Indel, other: Indel, rarer: float, exact: bool) -> bool:
    """Whether errors may make the change of another one, of which it is a `rarer` part."""
    size = len(other[2]) - (other[1] - other[0])
    apart = abs(size - len(change[2]) + (change[1] - change[0]))
    if exact and rarer >= RARER:
        return False
    slack = max(2, abs(size) // QUARTER)
    reach = slack + max(0, size)
    return apart <= slack and change[0] <= other[1] + reach and other[0] <= change[1] + reach
