"""How often small insertions and deletions are errors, by kind, length and homopolymer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ablkd.background.run import RunBackground, indel_key
from ablkd.counting.counts import Counts, Indel
from ablkd.records import Platform
from ablkd.reference import Reference

# A kind is 18 * (insertion) + 6 * (length - 1, at most 2) + (homopolymer that it touches - 1, at most 5).
LENGTHS, RUNS = 3, 6
KINDS = 2 * LENGTHS * RUNS
# METHOD: each base that a homopolymer has beyond two triples the chance of an indel in it, until data say otherwise.
HOMOPOLYMER_FACTOR = 3.0
# METHOD: a class mean counts as if ten errors at the platform's rate had been seen besides.
PSEUDO_ERRORS = 10.0
# METHOD: an indel of 0.5 % and more (where they are frequent: ten times the mean, never half) is not learned from.
MUTATED, MUTATED_FACTOR, HIGHEST = 0.005, 10.0, 0.5
# METHOD: fewer fragments with an indel in one sample are too few to be carried over in a number that is ever called.
LEAST_CARRIED = 3


def touched_runs(codes: NDArray[np.uint8]) -> NDArray[np.int64]:
    """int64[L + 1]: length of the longest run of equal bases that holds a base or ends before it."""
    edges = np.flatnonzero(np.diff(codes)) + 1
    lengths = np.diff(np.r_[0, edges, len(codes)])
    run = np.repeat(lengths, lengths)
    return np.maximum(np.r_[run, 1], np.r_[1, run])


def miscounted_run(indel: Indel, touched: NDArray[np.int64]) -> int:
    """Length of the homopolymer that an indel may be a miscount of; 1 where it is longer than that."""
    start, end, inserted = indel
    run = int(touched[start])
    return run if (len(inserted) or end - start) <= run else 1


def indel_kind(indel: Indel, touched: NDArray[np.int64]) -> int:
    """The kind of one indel."""
    start, end, inserted = indel
    length = min(len(inserted) or end - start, LENGTHS)
    run = min(miscounted_run(indel, touched), RUNS)
    return (LENGTHS * RUNS if inserted else 0) + RUNS * (length - 1) + run - 1


def prior_indel_means(platform: Platform) -> NDArray[np.float64]:
    """float64[KINDS]: mean rate per site of each kind as platforms.tsv assumes it."""
    by_run = platform.indel_error * HOMOPOLYMER_FACTOR ** np.maximum(0, np.arange(RUNS) - 1)
    return np.tile(np.minimum(by_run, HIGHEST), 2 * LENGTHS)


def learn_indels(
    samples: Sequence[tuple[Counts, bool]], platform: Platform, reference: Reference
) -> tuple[NDArray[np.str_], NDArray[np.int64], NDArray[np.float64]]:
    """(keys, counts) of the indels that wild-type samples show, and the class means float64[KINDS].

    `samples` are counts, and whether the sample is wild type.
    """
    touched = touched_runs(reference.codes)
    prior = prior_indel_means(platform)
    errors, sites = np.zeros(KINDS), np.zeros(KINDS)
    controls: Counter[str] = Counter()
    for counts, wild_type in samples:
        depth = np.repeat(counts.codons.sum(axis=(1, 2)), 3)
        sites += _opportunities(depth, reference.codes, touched)
        for indel, (x, n) in counts.indels.items():
            kind = indel_kind(indel, touched)
            if x <= max(MUTATED, min(MUTATED_FACTOR * prior[kind], HIGHEST)) * n:
                errors[kind] += x
            if wild_type:
                controls[indel_key(indel)] += x
    keys = sorted(controls)
    means = np.minimum((errors + PSEUDO_ERRORS) / (sites + PSEUDO_ERRORS / prior), HIGHEST)
    if not any(wild_type for _, wild_type in samples):
        # METHOD: without a control nobody knows which places lose or gain bases far oftener than their kind.
        means = np.maximum(means, prior)
    return np.array(keys, np.str_), np.array([controls[k] for k in keys], np.int64), means


def run_indels(samples: Sequence[Counts]) -> tuple[NDArray[np.str_], NDArray[np.int64]]:
    """(keys, counts) of the indels that LEAST_CARRIED fragments or more of a sample show, over all samples of a run."""
    seen: Counter[str] = Counter()
    for counts in samples:
        seen.update({indel_key(indel): x for indel, (x, _) in counts.indels.items() if x >= LEAST_CARRIED})
    keys = sorted(seen)
    return np.array(keys, np.str_), np.array([seen[key] for key in keys], np.int64)


def carried_share(background: RunBackground, own: Counts | None, indel: Indel) -> float:
    """Share of the fragments of the run's other samples that show an indel; `own` is the run's sample to leave out.

    METHOD: fragments with the indel show no codon that it interrupts. The codons next to these give the depth.
    """
    x, states = background.indel_in_run(indel), background.run_states
    if own is not None:
        count = own.indels.get(indel, (0, 0))[0]
        x -= count if count >= LEAST_CARRIED else 0
    start, end, _ = indel
    around = slice(max(0, start // 3 - 1), max(end - 1, start) // 3 + 2)
    depth = states[around].sum(axis=1) - (0 if own is None else own.codons[around].sum(axis=(1, 2)))
    return float(min(1.0, x / max(int(depth.max(initial=0)), 1)))


def _opportunities(
    depth: NDArray[np.int64], codes: NDArray[np.uint8], touched: NDArray[np.int64]
) -> NDArray[np.float64]:
    """float64[KINDS]: fragments times places where an indel of each kind can have its name.

    The most 3' place of a deleted base is the last of its run.
    """
    runs = np.minimum(touched[: len(depth)], RUNS) - 1
    last = np.r_[codes[: len(depth) - 1] != codes[1 : len(depth)], True]
    anywhere = np.bincount(runs, depth, RUNS)
    at_ends = np.bincount(runs[last], depth[last], RUNS)
    return np.concatenate([at_ends, anywhere, anywhere, anywhere, anywhere, anywhere])
