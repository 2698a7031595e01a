"""Kinds of small insertions and deletions, and how often errors make each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ablkd import hgvs
from ablkd.counting.counts import Counts, Indel
from ablkd.counting.tally import LONGEST_DELETION
from ablkd.records import Platform
from ablkd.reference import Reference

Ints = NDArray[np.int64]
# A kind is (insertion, bin of lengths, copies): lengths 1, 2, 3, 4-6, 7-12 and more; copies of the base, or of the two
# bases, that the indel takes away or adds again: 0 (an insertion of anything else) to 6 and more.
SHORTEST = np.array([1, 2, 3, 4, 7, 13])
LENGTHS, COPIES = len(SHORTEST), 7
KINDS = 2 * LENGTHS * COPIES
# METHOD: each base that a homopolymer has beyond two triples the chance of an indel in it, until data say otherwise.
HOMOPOLYMER_FACTOR, MOST_GAPS = 3.0, 0.3
# METHOD: each further base of an indel has a chance of 0.3, as in `kernels.realign`: real R9 reads have 0.4 for
# deletions (0.29 to 0.65 up to 9 bases), 0.2 for insertions. No kind is rarer than one in a hundred million.
FURTHER_BASE, RAREST = 0.3, 1e-8
# METHOD: a class mean counts as if ten errors at the platform's rate had been seen besides.
PSEUDO_ERRORS = 10.0
# METHOD: an indel of 0.5 % and more (where they are frequent: ten times the mean, never half) is not learned from.
MUTATED, MUTATED_FACTOR, HIGHEST = 0.005, 10.0, 0.5


def gap_rates(codes: NDArray[np.uint8], indel_error: float) -> NDArray[np.float64]:
    """float64[L]: chance that a read gains or loses a base at each base of a sequence, by the homopolymer it lies in.

    METHOD: no place loses or gains bases in more than three of ten reads.
    """
    runs = touched_runs(codes)[: len(codes)]
    return np.minimum(indel_error * HOMOPOLYMER_FACTOR ** np.maximum(0, runs - 2), MOST_GAPS)


def touched_runs(codes: NDArray[np.uint8]) -> Ints:
    """int64[L + 1]: length of the longest run of equal bases that holds a base or ends before it."""
    edges = np.flatnonzero(np.diff(codes)) + 1
    lengths = np.diff(np.r_[0, edges, len(codes)])
    run = np.repeat(lengths, lengths)
    return np.maximum(np.r_[run, 1], np.r_[1, run])


@lru_cache(maxsize=1 << 16)
def indel_kind(sequence: str, indel: Indel) -> int:
    """The kind of a pure insertion or deletion on a sequence."""
    start, end, inserted = indel
    changed = inserted or sequence[start:end]
    first, past = hgvs.ambiguous_span(sequence, *indel)
    unit = 1 if len(set(changed)) == 1 else 2 if changed[2:] == changed[:-2] and len(changed) % 2 == 0 else 0
    least = 0 if inserted else 1
    copies = min(max((past - first) // unit, least), COPIES - 1) if unit else least
    return _kind(bool(inserted), len(changed), copies)


def _kind(insertion: bool, length: int, copies: int) -> int:
    return (insertion * LENGTHS + int(np.searchsorted(SHORTEST, length, side="right")) - 1) * COPIES + copies


def prior_indel_means(platform: Platform) -> NDArray[np.float64]:
    """float64[KINDS]: mean rate per site of each kind as platforms.tsv assumes it."""
    by_copies = HOMOPOLYMER_FACTOR ** np.maximum(0, np.arange(COPIES) - 2)
    by_length = FURTHER_BASE ** (SHORTEST - 1)
    means = platform.indel_error * np.outer(by_length, by_copies).ravel()
    return np.tile(np.clip(means, RAREST, HIGHEST), 2)


def kind_means(samples: Sequence[Counts], platform: Platform, reference: Reference) -> NDArray[np.float64]:
    """float64[KINDS]: errors per site of each kind, over what is not mutated."""
    prior = prior_indel_means(platform)
    errors, sites = np.zeros(KINDS), np.zeros(KINDS)
    kinds, places, weights = possible_indels(reference)
    for counts in samples:
        if len(counts.spanning):
            sites += np.bincount(kinds, weights * counts.spanning[places], KINDS)
        for indel, (x, n) in counts.indels.items():
            kind = indel_kind(reference.sequence, indel)
            if x <= max(MUTATED, min(MUTATED_FACTOR * prior[kind], HIGHEST)) * n:
                errors[kind] += x
    return np.minimum((errors + PSEUDO_ERRORS) / (sites + PSEUDO_ERRORS / prior), HIGHEST)


@lru_cache(maxsize=4)
def possible_indels(reference: Reference) -> tuple[Ints, Ints, Ints]:
    """(kind, place, how many) int64[K] of the indels of up to LONGEST_DELETION bases, each at its most 3' place.

    METHOD: insertions of bases that do not stand there already are one site for each place and length, whatever bases.
    """
    codes, found = reference.codes.astype(np.int64), []
    everywhere = np.arange(len(codes) + 1)
    for length in range(1, LONGEST_DELETION + 1):
        found.append((np.full(len(everywhere), _kind(True, length, 0)), everywhere))
        start = np.flatnonzero(np.r_[codes[:-length] != codes[length:], True])
        copies = np.ones(len(start), np.int64)
        for unit in (2, 1):
            if length % unit == 0:
                before = _repeated(codes, unit)
                # Bases of the deletion, and those before it, that repeat what stands one unit before them.
                alike = before[start + length - 1]
                copies = np.where(alike >= length - unit, (alike + unit) // unit, copies)
                ends = np.append(np.flatnonzero(codes[unit:] != codes[:-unit]) + unit, len(codes))
                ends = ends[codes[ends - 1] != codes[ends - 2]] if unit == 2 else ends
                shown = (before[ends - 1] + unit) // unit
                found.append((_kinds(True, length, shown), ends))
        found.append((_kinds(False, length, copies), start))
    kinds, places = (np.concatenate(part) for part in zip(*found, strict=True))
    distinct, number = np.unique(kinds * len(everywhere) + places, return_counts=True)
    return distinct // len(everywhere), distinct % len(everywhere), number


def _kinds(insertion: bool, length: int, copies: Ints) -> Ints:
    return _kind(insertion, length, 0) + np.minimum(copies, COPIES - 1)


def _repeated(codes: Ints, unit: int) -> Ints:
    """int64[L]: how many bases in a row, up to each one, equal the base one unit before them."""
    equal = np.r_[np.zeros(unit, bool), codes[unit:] == codes[:-unit]]
    at = np.arange(len(codes))
    return at - np.maximum.accumulate(np.where(equal, -1, at))
