"""Counts of a run's samples -> how often errors make indels, how much sites differ, and what each sample shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablkd.background.allele import GRID
from ablkd.background.contaminants import INBORN, MUTATED, MUTATED_COUNT, lacks
from ablkd.background.indels import KINDS, SHORTEST, indel_kind, kind_means, possible_indels
from ablkd.background.run import indel_key
from ablkd.background.spread import learn_spread
from ablkd.counting.counts import Counts, Indel
from ablkd.kernels import tails
from ablkd.records import Platform
from ablkd.reference import Reference

# METHOD: fewer fragments with an indel are too few for a call; the run keeps what any sample shows as often as this.
KEPT = 3
# METHOD: the spread is found on deletions of up to three bases, at the 600 places that expect most errors; fewer than
# half an expected error says nothing.
SPREAD_SITES, LEAST_ERRORS, LONGEST_LEARNED = 600, 0.5, 3
# METHOD: a sample may hold the indel that it shows, with a chance of 1 %, at any fraction alike on a log scale.
IS_MUTATED = 0.01
# METHOD: a place may lose or gain bases a hundred times as often as its kind: in real R9 reads the worst lose one
# base in 43 % (mean 0.7 %), two in 13 % (0.3 %), four in 3 % (0.06 %), six in 1.6 % (0.02 %).
HIGHEST_FACTOR = 100.0


def learn_indels(
    samples: Sequence[tuple[Counts, bool]], platform: Platform, reference: Reference, cv: float
) -> dict[str, Any]:
    """The fields of RunBackground that are about indels; `samples` are counts, and whether the sample is wild type."""
    counts = [sample for sample, _ in samples]
    means = kind_means(counts, platform, reference)
    kept = sorted({indel for c in counts for indel, (x, _) in c.indels.items() if x >= KEPT})
    seen = np.array([[c.indel(indel) for c in counts] for indel in kept], np.int64).reshape(len(kept), len(counts), 2)
    learned, logs = _sites(counts, means, reference, cv)
    found, smooth, number = learn_spread(logs, platform.error_log_sd)
    length = len(reference.sequence) + 1
    spans = [c.spanning if len(c.spanning) else np.zeros(length, np.int64) for c in counts]
    return {
        "indel_keys": np.array([indel_key(indel) for indel in kept], np.str_),
        "indel_shown": seen[:, :, 0],
        "indel_depths": seen[:, :, 1],
        "indel_foreign": np.array(
            [_foreign(samples, indel, float(means[indel_kind(reference.sequence, indel)])) for indel in kept], bool
        ).reshape(len(kept), len(counts)),
        "spanning": np.array(spans, np.int64).reshape(len(counts), length),
        "indel_means": means,
        "indel_found": found,
        "indel_smooth": smooth,
        "indel_sites": number,
        "indel_learned": np.array([indel_key(indel) for indel in learned], np.str_),
    }


def log_likelihood(x: NDArray[np.int64], n: NDArray[np.int64], rates: NDArray[np.float64], cv: float) -> NDArray:
    """float64[A, 60]: what x of n fragments, int64[A], say of rates float64[A, 60]."""
    return tails.log_likelihoods(x, n, rates, np.zeros(len(x)), cv, 1.0, 0.0)


def maybe_mutated(x: NDArray[np.int64], n: NDArray[np.int64], logs: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same for samples that may hold the indel."""
    mutated = IS_MUTATED / ((x + 1) * np.log(n + 2))
    mixed = np.logaddexp(np.log1p(-IS_MUTATED) + logs, np.log(mutated)[:, None])
    return np.where(n[:, None] > 0, mixed, 0.0)


def _sites(
    counts: Sequence[Counts], means: NDArray[np.float64], reference: Reference, cv: float
) -> tuple[list[Indel], NDArray[np.float64]]:
    """(indels, float64[A, 60]) to find the spread on: what all samples together show of each node."""
    kinds, places, _ = possible_indels(reference)
    depth = sum((c.spanning for c in counts if len(c.spanning)), np.zeros(len(reference.sequence) + 1, np.int64))
    expected = means[kinds] * depth[places]
    short = kinds < KINDS // 2 * np.searchsorted(SHORTEST, LONGEST_LEARNED, side="right") // len(SHORTEST)
    chosen = np.flatnonzero(short & (expected >= LEAST_ERRORS))
    chosen = np.sort(chosen[np.argsort(-expected[chosen], kind="stable")[:SPREAD_SITES]])
    lengths = SHORTEST[kinds[chosen] // (KINDS // 2 // len(SHORTEST))]
    indels = [(start, start + length, "") for start, length in zip(places[chosen].tolist(), lengths, strict=True)]
    indels = [(start, int(end), inserted) for start, end, inserted in indels]
    total = np.zeros((len(indels), len(GRID)))
    rates = means[kinds[chosen], None] * GRID
    for c in counts:
        seen = np.array([c.indel(indel) for indel in indels], np.int64).reshape(-1, 2)
        x, n = seen[:, 0].copy(), seen[:, 1].copy()
        total += maybe_mutated(x, n, log_likelihood(x, n, rates, cv))
    return indels, total


def _foreign(samples: Sequence[tuple[Counts, bool]], indel: Indel, mean: float) -> list[bool]:
    """Whether an indel contaminates each sample, which only a wild-type control can be said to be.

    METHOD: errors of a place recur in every sample of a run, a contamination does not: it contaminates a control that
    shows it more often than errors do, where another sample of the run (or of the panel) that should show it lacks it.
    """
    found = []
    for i, (counts, wild_type) in enumerate(samples):
        x, n = counts.indel(indel)
        exceeds = wild_type and x >= MUTATED_COUNT and max(MUTATED, HIGHEST_FACTOR * mean) * n < x <= INBORN * n
        others = (
            [c.indel(indel) for j, (c, _) in enumerate(samples) if j != i and c.panel == counts.panel]
            if exceeds
            else []
        )
        found.append(any(lacks(*other, x / n) for other in others))
    return found
