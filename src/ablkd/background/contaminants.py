"""Codon states of wild-type controls that are no errors: what got into a control is not learned as its background."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ablkd.background.allele import HIGHEST_FACTOR
from ablkd.counting.counts import Counts
from ablkd.hgvs import CODONS
from ablkd.records import Platform
from ablkd.reference import Reference

# METHOD: an allele of 0.5 % and more (where errors are frequent: ten times their mean) is no error to learn from. On a
# platform with 1 % errors that is 10 %: sites that err ten times as often as the mean of their class are rare (0.3 %
# with a log sd of 1), those that err five times as often are not (2 %). Below it, a contaminated control cannot be
# distinguished from a site with many errors, and the allele is learned as background.
MUTATED, MUTATED_COUNT = 0.005, 4
# METHOD: a wild-type control that shows an unlisted allele in a fifth of its fragments has it in its germline.
INBORN = 0.2
# METHOD: errors of a site recur in every control, a contamination does not. An unlisted allele is a contamination where
# all other controls that should show it (30 fragments expected) show at most a tenth of its fraction; with a variation
# of 40 % between samples, the errors of one site differ tenfold in one pair of samples in 10,000. A listed allele needs
# no such comparison: one contamination often reaches all controls of a run.
EXPECTED_ELSEWHERE, MOST_ELSEWHERE = 30.0, 0.1
# Columns of a contaminant.
SAMPLE, CODON, STATE, COUNT, DEPTH = range(5)

BASES = np.array([[state // 16, state // 4 % 4, state % 4] for state in range(64)])
# int64[64, 64]: bases in which two codon states differ.
DISTANCE = (BASES[:, None] != BASES[None]).sum(axis=2)


def exceeds_errors(x: NDArray[np.int64], n: NDArray[np.int64], mean: float) -> NDArray[np.bool_]:
    """Whether x of n fragments are more than errors make; `mean` is the highest mean error rate of any class."""
    return (x >= MUTATED_COUNT) & (x > max(MUTATED, HIGHEST_FACTOR * mean) * n)


def listed_states(reference: Reference) -> NDArray[np.bool_]:
    """bool[C, 64]: codon states that the catalogue lists."""
    listed = np.zeros((reference.codons, 64), bool)
    for mutation in reference.mutations:
        listed[mutation.codon - 1, CODONS.index(mutation.alt_codon)] = True
    return listed


def mutated_states(counts: Counts, reference: Reference, platform: Platform) -> NDArray[np.bool_]:
    """bool[C, 64]: listed codon states that a sample shows more often than errors do."""
    x = counts.codons.sum(axis=1)
    return listed_states(reference) & exceeds_errors(x, x.sum(axis=1, keepdims=True), _highest_mean(platform))


def find_contaminants(
    samples: Sequence[tuple[Counts, bool]], reference: Reference, platform: Platform
) -> NDArray[np.int64]:
    """int64[K, 5]: what contaminates the controls, sorted: sample, codon (both 0-based), state, count, depth.

    `samples` are counts, and whether the sample is a wild-type control; the index of a sample is its place there.
    """
    controls = [i for i, (_, wild_type) in enumerate(samples) if wild_type]
    if not controls:
        return np.zeros((0, 5), np.int64)
    x = np.array([samples[i][0].codons.sum(axis=1) for i in controls])
    n = x.sum(axis=2, keepdims=True)
    listed = np.array([mutated_states(samples[i][0], reference, platform) for i in controls])
    unlisted = exceeds_errors(x, n, _highest_mean(platform)) & (x <= INBORN * n) & ~listed_states(reference)
    unlisted &= ~_wild(reference)
    fraction = x / np.maximum(n, 1)
    for i in range(len(controls)):
        should = fraction[i] * n >= EXPECTED_ELSEWHERE
        should[i] = False
        lacking = ~should | (fraction <= MOST_ELSEWHERE * fraction[i])
        unlisted[i] &= should.any(axis=0) & lacking.all(axis=0)
    which, codon, state = np.nonzero(listed | unlisted)
    rows = [np.array(controls, np.int64)[which], codon, state, x[which, codon, state], n[which, codon, 0]]
    return np.stack(rows, axis=1).astype(np.int64)


def contaminated_states(contaminants: NDArray[np.int64], sample: int, codons: int) -> NDArray[np.bool_]:
    """bool[C, 64]: states that contaminate one sample."""
    found = np.zeros((codons, 64), bool)
    own = contaminants[contaminants[:, SAMPLE] == sample]
    found[own[:, CODON], own[:, STATE]] = True
    return found


def without(counts: Counts, contaminated: NDArray[np.bool_]) -> NDArray[np.int64]:
    """int64[C, 3, 64]: codons of a sample without the fragments that show a contaminating state, bool[C, 64]."""
    return np.where(contaminated[:, None, :], 0, counts.codons)


def evidence(
    counts: Counts, contaminated: NDArray[np.bool_], reference: Reference
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(x, n) int64[C, 64]: fragments of a control with each state, and all from which its errors can be learned.

    Both are 0 at a state that contaminates the control, and at one that errors make of it rather than of the wild type.
    """
    x = without(counts, contaminated).sum(axis=1)
    near = (contaminated.astype(np.int64) @ (DISTANCE == 1)) > 0
    nothing = contaminated | (near & (DISTANCE[_wild_states(reference)] > 1))
    n = np.where(nothing, 0, x.sum(axis=1, keepdims=True))
    return np.where(nothing, 0, x), n


def _highest_mean(platform: Platform) -> float:
    return max(platform.transition_error, platform.transversion_error)


def _wild_states(reference: Reference) -> NDArray[np.int64]:
    codes = reference.codes[: 3 * reference.codons].astype(np.int64)
    return codes.reshape(-1, 3) @ np.array([16, 4, 1])


def _wild(reference: Reference) -> NDArray[np.bool_]:
    """bool[C, 64]: the unmutated state of each codon."""
    return np.arange(64) == _wild_states(reference)[:, None]
