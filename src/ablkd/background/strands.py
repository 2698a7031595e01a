"""How much the strands of errors differ, and whether two strands look like such errors or like one true fraction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ablkd.background.classes import SingleChanges
from ablkd.background.contaminants import exceeds_errors
from ablkd.counting.counts import Counts

# Natural logarithms of the ratio of the forward rate to the reverse rate, on a grid.
LOG_RATIOS = np.linspace(-6.0, 6.0, 241)
# METHOD: the log ratios of the error rates of sites are normal around 0. Their standard deviation is the one with the
# highest posterior; before the run is seen it is 1, give or take a factor of 1.6 (public nanopore R9 reads: 3).
USUAL_SPREAD, SPREAD_LOG_SD = 1.0, 0.5
SPREADS = np.array([0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0])
# METHOD: a site with fewer errors in all samples of a run says nearly nothing of its ratio and is left out.
LEAST_ERRORS = 5
# METHOD: molecules have two strands, so a true variant has one fraction. Its bases may pass the quality cut more often
# in reads of one strand: by a log ratio of -0.18 and -0.23 at the two substitutions of public R9 reads.
LOSS_SPREAD = 0.2


def strand_spread(samples: Sequence[Counts], changes: SingleChanges, mean: float) -> float:
    """Standard deviation of the log ratio of the error rates of both strands, over the sites that are not mutated.

    `mean` is the highest mean error rate of any class. The samples of a run are added up: a site has one ratio.
    """
    x, n = np.zeros((len(changes.codon), 2), np.int64), np.zeros((len(changes.codon), 2), np.int64)
    for counts in samples:
        seen = counts.codons[changes.codon, :, changes.state]
        depth = counts.codons.sum(axis=2)[changes.codon]
        error = ~exceeds_errors(seen.sum(axis=1), depth.sum(axis=1), mean)
        x += np.where(error[:, None], seen[:, :2], 0)
        n += np.where(error[:, None], depth[:, :2], 0)
    kept = (x.sum(axis=1) >= LEAST_ERRORS) & n.all(axis=1)
    prior = -0.5 * (np.log(SPREADS / USUAL_SPREAD) / SPREAD_LOG_SD) ** 2
    likelihood = _likelihood(x[kept], n[kept])
    return float(SPREADS[np.argmax(prior + np.log(likelihood @ _weights(SPREADS).T).sum(axis=0))])


def strand_factor(x: NDArray[np.int64], n: NDArray[np.int64], spread: float) -> float:
    """How many times better errors with a rate on each strand explain x of n fragments than one true fraction does.

    x, n int64[2]: fragments that show the allele and all, on the forward and the reverse strand; `spread` as learned
    from the run.

    METHOD: half of the errors are spread as those of the run, half as is usual: artefacts are the exceptions among
    the sites. The pooled rate is the one that gives the total count; only the ratio of the strands speaks.
    """
    likelihood = _likelihood(x[None], n[None])[0]
    learned, usual, true = _weights(np.array([spread, USUAL_SPREAD, LOSS_SPREAD])) @ likelihood
    return float((learned + usual) / 2 / true)


def _weights(spreads: NDArray[np.float64]) -> NDArray[np.float64]:
    """float64[S, R]: normal weights on LOG_RATIOS."""
    density = np.exp(-0.5 * (LOG_RATIOS / spreads[:, None]) ** 2)
    return density / density.sum(axis=1, keepdims=True)


def _likelihood(x: NDArray[np.int64], n: NDArray[np.int64]) -> NDArray[np.float64]:
    """float64[A, R] of counts int64[A, 2] at each of LOG_RATIOS, relative to the highest of each row."""
    halves = np.exp(np.array([0.5, -0.5])[:, None] * LOG_RATIOS)
    pooled = x.sum(axis=1)[:, None] / (n @ halves)
    logs = np.zeros((len(x), len(LOG_RATIOS)))
    for strand in range(2):
        rate = np.clip(pooled * halves[strand], 1e-12, 1 - 1e-12)
        seen, rest = x[:, strand, None], (n - x)[:, strand, None]
        logs += seen * np.log(rate) + rest * np.log1p(-rate)
    return np.exp(logs - logs.max(axis=1, keepdims=True))
