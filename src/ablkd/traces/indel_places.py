"""Where an indel is, and whether one indel at that place explains what all traces of a sample show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ablkd.reference import Reference
from ablkd.traces.align import Indel, PlacedTrace, with_indel
from ablkd.traces.isoforms import Mixture, explain, strong_bases
from ablkd.traces.shifts import TRIED_AROUND, indels_around, shifted_bases

# A place is judged by this many bases on either side of it.
JUDGED_BASES = 40
# METHOD: log-likelihood ratio (normal errors of the signal of each channel, variance from the traces) by which the best
# indel must fit better than every other one. Errors of neighbouring peaks and channels correlate and have heavy tails,
# so it is three times the ln(20) that independent errors would need.
MIN_LOG_RATIO = 9.0
MIN_LETTER_LOG_RATIO = 3.0
# The variance is at least this, so that noise-free traces divide by something.
MIN_VARIANCE = 1e-5
# METHOD: the bases by which a pure indel is distinguished from a replacement of a few bases.
LETTERS_CHECKED = 15
# METHOD: next to the place of a single indel the fit is as good as further away, and the fraction is the same in all
# stretches after it. Both must differ by this part of the fraction and by this many standard errors.
MIN_DEVIATION, MIN_DEVIATION_ERRORS = 0.25, 4.0
STRETCHES, FURTHEST = (8, 16, 32), 250
MIN_STRETCH_BASES = 5
# METHOD: products one base short are 4 to 5 % in 2 of 21 public traces; so much of a shift may show before the place.
MAX_USUAL = 0.05
# The bases after the place of which the fit must explain half.
READ_ON = 80
# The place is tried again around a best place at the edge of those that were tried.
ROUNDS = 3


@dataclass(frozen=True)
class Fit:
    """A trace explained with one indel.

    distance int64[B]: bases from the first one that molecules with the indel read elsewhere, less than 0 before it in
    reading order. used bool[B]: bases with signal, as far as the trace is read well. residual float64[B, 4]: signal
    fractions less the expected ones. letters uint8[B]: what molecules with the indel show, 4 where that is unknown.
    """

    mixture: Mixture
    share: float
    distance: NDArray[np.int64]
    used: NDArray[np.bool_]
    residual: NDArray[np.float64]
    letters: NDArray[np.uint8]


def fit(placed: PlacedTrace, indel: Indel, events: Sequence[str], reference: Reference) -> Fit:
    """The trace explained by the contig, the isoforms of some events, and the contig with the indel."""
    changed = with_indel(placed, indel, reference)
    last = len(changed.isoforms) - 1
    known = [i for i, form in enumerate(placed.isoforms) if form.event in events]
    mixture = explain(changed, [0, *known, last])
    position = np.where(changed.index[0] >= 0, changed.positions[changed.index[0]] - 1, -(10**6))
    distance = position - indel.start if placed.forward else indel.end - 1 - position
    good = np.flatnonzero(mixture.good)
    used = strong_bases(changed) & (position >= 0)
    used &= (np.arange(len(used)) >= good[0]) & (np.arange(len(used)) <= good[-1]) if len(good) else False
    index = changed.index[last]
    letters = np.where(index >= 0, changed.isoforms[last].bases[index], 4).astype(np.uint8)
    residual = placed.fractions - mixture.expected
    return Fit(mixture, float(mixture.shares[-1]), distance, used, residual, letters)


def unique_indel(
    ahead: int, position: int, traces: Sequence[PlacedTrace], events: Sequence[str], reference: Reference
) -> Indel | None:
    """The indel that makes molecules run `ahead` bases ahead from about a target position (0-based) on.

    None where several places or sequences explain the traces about equally well, or where no single one explains them.
    """
    for _ in range(ROUNDS):
        around = [_read(indel, traces, events, reference) for indel in indels_around(ahead, position)]
        indels = list({indel.hgvs_c(reference): indel for indel in around}.values())
        if not indels:
            return None
        ratios = _log_likelihoods(indels, position, traces, events, reference)
        order = np.argsort(-ratios, kind="stable")
        best = indels[order[0]]
        if abs(best.start - position) < TRIED_AROUND:
            break
        position = best.start
    if len(order) > 1 and ratios[order[0]] - ratios[order[1]] < MIN_LOG_RATIO:
        return None
    fits = [fit(placed, best, events, reference) for placed in traces]
    return best if all(explains_all(one, ahead) for one in fits) else None


def _read(indel: Indel, traces: Sequence[PlacedTrace], events: Sequence[str], reference: Reference) -> Indel:
    """The indel with the inserted bases that the traces show; N where no base fits clearly better than the others."""
    if not indel.inserted:
        return indel
    ratios = np.zeros((len(indel.inserted), 4))
    for placed in traces:
        one = fit(placed, indel, events, reference)
        form = one.mixture.placed.isoforms[-1]
        index = one.mixture.placed.index[-1]
        inserted = np.flatnonzero(form.origin < 0)
        shown = np.flatnonzero(np.isin(index, inserted) & one.used)
        near = one.used & (np.abs(one.distance) <= JUDGED_BASES)
        variance = max(float((one.residual[near] ** 2).mean()), MIN_VARIANCE) if near.any() else 1.0
        gained = one.share * (2 * one.residual[shown] - one.share) / (2 * variance)
        ratios[index[shown] - inserted[0]] += gained
    ordered = np.sort(ratios, axis=1)
    clear = ordered[:, 3] - ordered[:, 2] >= MIN_LETTER_LOG_RATIO
    letters = ["ACGT"[base] if sure else "N" for base, sure in zip(ratios.argmax(axis=1), clear, strict=True)]
    return replace(indel, inserted="".join(letters))


def _log_likelihoods(
    indels: Sequence[Indel], position: int, traces: Sequence[PlacedTrace], events: Sequence[str], reference: Reference
) -> NDArray[np.float64]:
    """Log-likelihoods of indels over all traces, each at the same bases, float64[indels]; only differences count."""
    total = np.zeros(len(indels))
    reach = JUDGED_BASES + TRIED_AROUND + abs(indels[0].ahead)
    for placed in traces:
        fits = [fit(placed, indel, events, reference) for indel in indels]
        there = np.where(placed.index[0] >= 0, placed.positions[placed.index[0]] - 1, -(10**6))
        near = np.abs(there - position) <= reach
        squares = np.array([(one.residual[near] ** 2).sum() for one in fits])
        if near.any():
            total -= squares / (2 * max(float(squares.min()) / (4 * near.sum()), MIN_VARIANCE))
    return total


def explains_all(one: Fit, ahead: int) -> bool:
    """Whether nothing in a trace contradicts the indel as the only one of its kind."""
    return not (_ends_there(one) or _other_letters(one) or _poor_fit_nearby(one) or _uneven(one, ahead))


def _ends_there(one: Fit) -> bool:
    """Whether the trace goes on after the place but the fit does not."""
    after = strong_bases(one.mixture.placed) & (one.distance >= 0) & (one.distance < READ_ON)
    return bool(after.sum() >= READ_ON // 2 and one.mixture.good[after].mean() < 0.5)


def _other_letters(one: Fit) -> bool:
    """Whether molecules with the indel show another base than it predicts, next to its place."""
    near = one.used & (np.abs(one.distance) <= JUDGED_BASES)
    rows = np.flatnonzero(near & (np.abs(one.distance) <= LETTERS_CHECKED) & (one.letters < 4))
    if not len(rows):
        return False
    variance = max(float((one.residual[near] ** 2).mean()), MIN_VARIANCE)
    own = one.residual[rows, one.letters[rows]]
    gained = one.share * (one.residual[rows] - own[:, None] - one.share) / variance
    gained[np.arange(len(rows)), one.letters[rows]] = -np.inf
    return bool(gained.max() >= MIN_LOG_RATIO)


def _poor_fit_nearby(one: Fit) -> bool:
    """Whether the signal next to the place is explained less well than that further away, on either side."""
    unexplained = np.abs(one.residual).sum(axis=1) / 2
    for side in (one.distance >= 0, one.distance < 0):
        away = np.where(one.distance >= 0, one.distance, -1 - one.distance)
        values, away = unexplained[one.used & side], away[one.used & side]
        further = values[(away >= STRETCHES[-1]) & (away < FURTHEST)]
        if len(further) < MIN_STRETCH_BASES:
            continue
        if any(_deviates(values[away < length] - further.mean(), further, one.share) > 0 for length in STRETCHES):
            return True
    return False


def _uneven(one: Fit, ahead: int) -> bool:
    """Whether molecules run ahead by as many bases before the place, or in another fraction in a part after it."""
    shifted, plain = shifted_bases(one.mixture, ahead)
    rows = np.arange(len(shifted))
    informative = one.used & (shifted < 4) & (plain < 4) & (shifted != plain)
    # Before the place expectation has nothing of the shifted sequence, so the whole surplus counts there.
    own, other = np.where(shifted < 4, shifted, 0), np.where(plain < 4, plain, 0)
    surplus = (one.residual[rows, own] - one.residual[rows, other]) / 2
    after = np.flatnonzero(informative & (one.distance >= 0) & (one.distance < FURTHEST))
    before = np.flatnonzero(informative & (one.distance < 0) & (one.distance >= -FURTHEST))
    after, before = after[np.argsort(one.distance[after])], before[np.argsort(-one.distance[before])]
    values = surplus[before]
    far = values[STRETCHES[-1] :]
    short = abs(ahead) == 1 and len(far) >= MIN_STRETCH_BASES
    usual = float(np.clip(far.mean(), 0.0, MAX_USUAL)) if short else 0.0
    if any(_deviates(values[:length] - usual, values, one.share) > 0 for length in (*STRETCHES, len(values))):
        return True
    parts = [surplus[after][start : start + JUDGED_BASES] for start in range(0, len(after), JUDGED_BASES)]
    parts = [part for part in parts if len(part) >= JUDGED_BASES // 2]
    return any(_deviates(part - parts[0].mean(), part, one.share) for part in parts[1:])


def _deviates(values: NDArray[np.float64], like: NDArray[np.float64], share: float) -> int:
    """1 or -1 where the mean of values is clearly above or below 0 for the scatter of `like`, else 0."""
    if len(values) < MIN_STRETCH_BASES:
        return 0
    mean = float(values.mean())
    error = float(like.std()) / np.sqrt(len(values))
    return int(np.sign(mean)) if abs(mean) > max(MIN_DEVIATION * share, MIN_DEVIATION_ERRORS * error) else 0
