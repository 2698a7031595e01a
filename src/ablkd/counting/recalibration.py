"""What base qualities are worth in this sample, and how often errors of such bases alone make a count."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from ablkd.fragments import DELETED, POOR, QUALITIES, Fragments
from ablkd.kernels import poisson, poisson_binomial
from ablkd.kernels.pileup import BOTH, FORWARD, REVERSE

ONE_OF_TWO = 3
# METHOD: a site is silent unless its non-reference share exceeds half a percent and ten times the mean of the silent
# sites, by more than chance (p < 0.001: at a depth of 100 a single error is one percent); found in two rounds.
LEAST_SHARE, TIMES_MEAN, BY_CHANCE, ROUNDS = 0.005, 10.0, 1e-3, 2
# METHOD: what a quality promises counts as one error, in as many bases as it promises one in. A base drawn blindly is
# wrong in three of four cases; none is trusted to err less than once in a million.
PSEUDO_ERRORS = 1.0
HIGHEST_ERROR, LEAST_ERROR = 0.75, 1e-6
PROMISED = np.minimum(10 ** (-np.arange(QUALITIES) / 10), HIGHEST_ERROR)
# Of more poor bases than these every second, third ... one is read: their errors are common enough.
MOST_POOR = 1_000_000
# METHOD: the spread of sites with poor bases is that of the first two moments, with the weight of a hundred expected
# errors (squared) on a log-sd of 0.9, which real nanopore reads show (0.7 to 1.2). The hundredth of the errors that is
# most frequent is left out, because variants are among them.
USUAL_LOG_SD, WEIGHT_OF_USUAL, LEFT_OUT = 0.9, 100.0, 0.01
# METHOD: the tail is exact from ten times alpha down; above, the Poisson's upper bound says enough.
EXACT_BELOW = 10.0


@dataclass(frozen=True)
class Recalibration:
    """Empirical error rates of a sample's bases.

    errors float64[3, QUALITIES]: share of bases misread, by orientation (forward, reverse, both mates) and quality.
    transitions: share of the misread bases that are a transition. poor_log_sd: how much the error rates of poor
    bases differ between sites and kinds of error, beyond what the qualities say (sd of the natural logarithm).

    METHOD: rates are by orientation and quality, not by cycle: within an amplicon a cycle is a position, and errors
    of a position are what its own background is for.
    """

    errors: NDArray[np.float64]
    transitions: float
    poor_log_sd: float

    def to_base(self, ref: int, alt: int) -> NDArray[np.float64]:
        """Share of bases misread as one given base, float64[3, QUALITIES]; base codes A C G T = 0-3.

        METHOD: a third of the errors, or the share that transitions (transversions) take in this sample where that
        is more. Sites and contexts differ beyond that; their background governs, since a call must pass both tests
        (p is the larger one): this one holds back what a site with many poor bases would show anyway.
        """
        return self.errors * max(1 / 3, self.of_kind(ref, alt))

    def of_kind(self, ref: int, alt: int) -> float:
        """Share of the misread bases `ref` that are read as `alt`."""
        return self.transitions if ref ^ alt == 2 else (1 - self.transitions) / 2


def recalibrate(fragments: Fragments, target: NDArray[np.uint8], primers: NDArray[np.int32]) -> Recalibration:
    """Error rates at the silent sites of a sample; those the qualities promise where it has no bases.

    `target` uint8[L] base codes, `primers` int32[T, 4] as of `amplicons.primer_spans`. A site that is primer in any
    tile of the sample is left out. A deleted base was read, and not misread. Bases below the quality cut have rates of
    their own: no observed base has the same orientation and quality.
    """
    misread, transitions = _misread(fragments, target)
    patient = np.ones(len(target), bool)
    for a, b, c, d in primers[np.unique(fragments.tile[fragments.tile >= 0])]:
        patient[a:b] = patient[c:d] = False
    silent = _silent(misread.sum(axis=(1, 2)), fragments.histogram.sum(axis=(1, 2)), patient)
    wrong, read = misread[silent].sum(axis=0), fragments.histogram[silent].sum(axis=0)
    poor, cells = _poor(fragments, silent)
    is_wrong = fragments.allele[poor] - POOR != target[fragments.position[poor]]
    poor_wrong, poor_read = (np.bincount(c, minlength=read.size).reshape(read.shape) for c in (cells[is_wrong], cells))
    errors = (wrong + poor_wrong + PSEUDO_ERRORS) / (read + poor_read + PSEUDO_ERRORS / PROMISED)
    errors = np.clip(errors, LEAST_ERROR, HIGHEST_ERROR)
    # One error to each of the three other bases, one of which is the transition.
    share = float((transitions[silent].sum() + 1) / (wrong.sum() + 3))
    spread = _spread(fragments.position[poor], fragments.allele[poor] - POOR, errors.ravel()[cells], target, share)
    return Recalibration(errors, share, spread)


def _silent(misread: NDArray[np.float64], read: NDArray[np.int64], patient: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Sites without a call, bool[L]; `misread` and `read` by site."""
    silent = patient & (read > 0)
    for _ in range(ROUNDS):
        mean = misread[silent].sum() / max(read[silent].sum(), 1)
        most = read * max(LEAST_SHARE, TIMES_MEAN * mean)
        silent &= poisson.tails(misread, most) >= BY_CHANCE
    return silent


def _misread(fragments: Fragments, target: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(bases that differ from the target float64[L, 3, QUALITIES], those that are transitions int64[L]).

    By orientation and quality as in the histogram. METHOD: where both mates cover a base that was seen with the
    highest quality, they agreed (their qualities add up to it); with less, only one of them observed it, and which
    one goes by the site's histogram.
    """
    f, length = fragments, len(target)
    at = np.flatnonzero(f.allele < DELETED)
    position, quality = f.position[at], f.quality[at]
    which = orientations(f, at)
    which[(which == BOTH) & (quality < QUALITIES - 1)] = ONE_OF_TWO
    counts = np.bincount((position * 4 + which) * QUALITIES + quality, minlength=length * 4 * QUALITIES)
    counts = counts.reshape(length, 4, QUALITIES)
    share = f.histogram / np.maximum(f.histogram.sum(axis=1, keepdims=True), 1)
    is_transition = (f.allele[at] ^ target[position]) == 2
    return counts[:, :3] + counts[:, 3:] * share, np.bincount(position[is_transition], minlength=length)


def _poor(f: Fragments, silent: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(bases below the quality cut at silent sites, as exceptions; orientation and quality of each in one number).

    Where both mates cover such a base both show it: one observed alone would not be below the cut.
    """
    at = np.flatnonzero(f.allele >= POOR)
    at = at[:: 1 + len(at) // MOST_POOR]
    at = at[silent[f.position[at]]]
    return at, orientations(f, at) * QUALITIES + f.quality[at]


def _spread(
    position: NDArray[np.int32],
    base: NDArray[np.uint8],
    error: NDArray[np.float64],
    target: NDArray[np.uint8],
    share: float,
) -> float:
    """Log-sd of the rate of each error at each site around what the qualities of its poor bases say.

    `position`, `base`, `error`: of each poor base; `share` of the errors are transitions.
    """
    sites = len(target)
    total = np.bincount(position, error, sites)
    seen = np.bincount(position * 4 + base.astype(np.int64), minlength=4 * sites).reshape(sites, 4)
    kind = target[:, None] ^ np.arange(4)
    expected = total[:, None] * np.where(kind == 2, share, (1 - share) / 2)
    pairs = (kind > 0) & (expected > 0)
    seen, expected = seen[pairs], expected[pairs]
    excess = (seen - expected) / np.sqrt(expected)
    kept = excess <= np.quantile(excess, 1 - LEFT_OUT) if len(excess) else np.zeros(0, bool)
    beyond = ((seen - expected) ** 2 - expected)[kept].sum() + WEIGHT_OF_USUAL * np.expm1(USUAL_LOG_SD**2)
    return float(np.sqrt(np.log1p(max(0.0, beyond / ((expected[kept] ** 2).sum() + WEIGHT_OF_USUAL)))))


def orientations(f: Fragments, at: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which mates cover the bases of chosen exceptions: FORWARD, REVERSE or BOTH."""
    owner, position = np.searchsorted(f.offsets, at, side="right") - 1, f.position[at]
    forward, reverse = (
        (span[:, 0][owner] <= position) & (position < span[:, 1][owner]) for span in (f.forward, f.reverse)
    )
    return np.where(forward & reverse, BOTH, np.where(forward, FORWARD, REVERSE))


def quality_tail(x: int, histogram: NDArray[np.integer], errors: NDArray[np.float64], alpha: float) -> float:
    """P(at least x errors to one given base) at a site, from its qualities alone; at least 1e-300.

    `histogram` int[3, QUALITIES] of the site, `errors` float64[3, QUALITIES] to that base. 1.0 up to the mean. From
    one over the mean on the Poisson of the same mean is an upper bound (Hoeffding 1956, Anderson and Samuels 1967):
    it is returned where it is no less than EXACT_BELOW times `alpha`, the exact tail elsewhere.
    """
    counts, rates = histogram.ravel().astype(np.int64), errors.ravel()
    mean = float(counts @ rates)
    if x <= mean:
        return 1.0
    if x >= mean + 1:
        bound = float(poisson.tail(float(x), mean))
        if bound >= EXACT_BELOW * alpha:
            return bound
        if bound <= poisson_binomial.LEAST:
            return poisson_binomial.LEAST
    return float(poisson_binomial.tail(x, counts, rates))


def quality_threshold(histogram: NDArray[np.integer], errors: NDArray[np.float64], alpha: float) -> int:
    """A count whose `quality_tail` is below alpha: the smallest by the Poisson bound, one more than all bases if none.

    The bound is never below the exact tail, so the count is never too small: a limit of detection is on the safe side.
    """
    mean = float((histogram * errors).sum())
    return int(poisson.smallest_below(alpha, ceil(mean) + 1, int(histogram.sum()) + 1, mean))
