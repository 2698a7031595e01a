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

# METHOD: an allele of 0.5 % and more (where errors are frequent: ten times their mean) is no error to learn from.
MUTATED, MUTATED_COUNT = 0.005, 4
# METHOD: a wild-type control that shows an unlisted allele in a fifth of its fragments has it in its germline.
INBORN = 0.2
# METHOD: errors of a site recur in every sample, a contamination does not: a sample lacks an allele that it should show
# (30 fragments expected) where it shows at most a tenth of the control's fraction. With a variation of 40 % between
# samples, the errors of one site differ tenfold in one pair of samples in 10,000. An allele of a control that exceeds
# errors contaminates it
# - if it is listed and any other sample lacks it. One contamination often reaches all controls of a run, so patients
#   count here. No other sample is needed above 2 % (where errors are frequent: 30 times their mean, which one site in
#   20,000 reaches with a log sd of 1; ten times is reached by a listed site in a third of the runs).
# - if it is not listed and all other controls that should show it lack it: sites with many errors are mostly unlisted,
#   and a site may err in one lot of reagents alone.
# Below, a contamination cannot be distinguished from the errors of a site, and the allele is learned as background.
EXPECTED_ELSEWHERE, MOST_ELSEWHERE = 30.0, 0.1
UNMISTAKABLE, UNMISTAKABLE_FACTOR = 0.02, 30.0
# Columns of a contaminant.
SAMPLE, CODON, STATE = range(3)

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
    mean, listed, wild = _highest_mean(platform), listed_states(reference), _wild_states(reference)
    rows = []
    for i, (counts, wild_type) in enumerate(samples):
        if not wild_type:
            continue
        x = counts.codons.sum(axis=1)
        n = x.sum(axis=1)
        exceeding = exceeds_errors(x, n[:, None], mean) & (np.arange(64) != wild[:, None])
        for codon, state in np.argwhere(exceeding).tolist():
            fraction = float(x[codon, state] / n[codon])
            lacking = _lacking([s for j, s in enumerate(samples) if j != i], codon, state, fraction)
            if listed[codon, state]:
                unmistakable = fraction > max(UNMISTAKABLE, UNMISTAKABLE_FACTOR * mean)
                contaminated = unmistakable or any(lacks for _, lacks in lacking)
            else:
                in_controls = [lacks for control, lacks in lacking if control]
                contaminated = fraction <= INBORN and bool(in_controls) and all(in_controls)
            if contaminated:
                rows.append((i, codon, state, int(x[codon, state]), int(n[codon])))
    return np.array(rows, np.int64).reshape(-1, 5)


def _lacking(others: Sequence[tuple[Counts, bool]], codon: int, state: int, fraction: float) -> list[tuple[bool, bool]]:
    """(whether it is a control, whether it lacks the state) of each sample that should show it at this fraction."""
    found = []
    for counts, wild_type in others:
        lacking = lacks(int(counts.codons[codon, :, state].sum()), int(counts.codons[codon].sum()), fraction)
        if lacking is not None:
            found.append((wild_type, lacking))
    return found


def lacks(x: int, n: int, fraction: float) -> bool | None:
    """Whether a sample with x of n fragments lacks what another one has at a fraction; None where n is too small."""
    return x <= MOST_ELSEWHERE * fraction * n if fraction * n >= EXPECTED_ELSEWHERE else None


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

    Both are 0 at a state that contaminates the control, and at one that errors make from it rather than from the wild
    type. `contaminated` is bool[C, 64].
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
