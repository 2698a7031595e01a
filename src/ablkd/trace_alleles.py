"""How much of each changed base a trace shows, against the noise of the same trace.

What a change would add to the signal is measured at every base, also where nothing is expected; those places
tell the noise (the idea of EditR, Kluesner et al., CRISPR J 2018;1:239).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter
from scipy.stats import gamma, norm

from ablkd.trace_isoforms import Mixture

# METHOD: a base is covered where nearly all molecules that hold it are read well.
SMALLEST_SEEN = 0.95
NEARLY_ZERO = 0.005
# METHOD: noise is not learnt from fewer bases than these of each kind.
FEWEST_NOISE = 60
# METHOD: heights of neighbouring peaks differ by about 0.27 of their median on 21 public traces, so a share v
# is known to about this fraction of v(1-v).
PEAK_HEIGHT_CV = 0.27
HEIGHT_WINDOW = 31


@dataclass(frozen=True)
class Noise:
    """Zero-adjusted gamma of the share that an absent change seems to have, above `NEARLY_ZERO`."""

    zeros: float
    shape: float
    scale: float

    def z(self, share: NDArray[np.float64]) -> NDArray[np.float64]:
        """Normal deviate of the probability of at least this share without the change; any shape."""
        above = (1 - self.zeros) * gamma.sf(share, self.shape, NEARLY_ZERO, self.scale)
        return norm.isf(np.clip(np.where(share > NEARLY_ZERO, above, 1.0), 1e-300, 0.999))

    def error(self, share: float) -> float:
        """Standard error of a measured share: the noise and the peaks' own variation."""
        above = NEARLY_ZERO + self.shape * self.scale
        second = (1 - self.zeros) * (above**2 + self.shape * self.scale**2)
        noise = math.sqrt(max(second - self.mean**2, NEARLY_ZERO**2))
        return math.hypot(noise, PEAK_HEIGHT_CV * share * (1 - share))

    @property
    def mean(self) -> float:
        """Expected share of an absent change."""
        return (1 - self.zeros) * (NEARLY_ZERO + self.shape * self.scale)


@dataclass(frozen=True)
class Measured:
    """What one trace says of every base of the target (L bases, 4 changed bases).

    share float64[L, 4]: molecules with that base instead of the target's, of all molecules; z float64[L, 4];
    covered bool[L, 4]; containing float64[L]: molecules that hold the base; drop bool[L, 4]: the target's own
    peak is not too high for that share; alone bool[L, 4]: no neighbour shows half as much of the same base;
    mixed bool[L]; noise: a Noise or None for each mixed (0, 1) and base; places: target base -> bases of the
    trace at which its molecules stand.
    """

    forward: bool
    share: NDArray[np.float64]
    z: NDArray[np.float64]
    covered: NDArray[np.bool_]
    containing: NDArray[np.float64]
    drop: NDArray[np.bool_]
    alone: NDArray[np.bool_]
    mixed: NDArray[np.bool_]
    noise: tuple[tuple[Noise | None, ...], ...]
    places: dict[int, tuple[int, ...]]


def measure(mixture: Mixture, codes: NDArray[np.uint8], listed_codons: set[int]) -> Measured:
    """Shares of all single-base changes in one trace, with the noise learnt outside `listed_codons`.

    Behind a junction the same base stands at one place of the trace for each isoform; what the other isoforms
    show there is taken off first, and the shares of the places are added.
    """
    length = len(codes)
    share = np.zeros((length, 4))
    seen, containing = np.zeros(length), np.zeros(length)
    drop = np.ones((length, 4), bool)
    mixed = np.zeros(length, bool)
    heights = _relative_heights(mixture)
    places: dict[int, tuple[int, ...]] = {}
    for position, found in _places(mixture):
        containing[position] = sum(found.values())
        read = {b: m for b, m in found.items() if b >= 0 and m >= NEARLY_ZERO and mixture.good[b]}
        places[position] = tuple(read)
        for base, molecules in read.items():
            part, kept = _share_at(mixture, base, int(codes[position]), molecules, heights[base])
            share[position] += molecules * part
            drop[position] &= kept
            seen[position] += molecules
            mixed[position] |= mixture.mixed[base]
    changed = codes[:, None] != np.arange(4)
    share[~changed] = 0.0
    covered = (containing > 1 - SMALLEST_SEEN) & (seen >= SMALLEST_SEEN * containing)
    noise = _noises(share, covered & _unlisted(length, listed_codons), mixed, changed)
    z = np.zeros((length, 4))
    known = covered[:, None] & changed
    for base in range(4):
        for flag in (False, True):
            rows, model = mixed == flag, noise[flag][base]
            if model is None:
                known[rows, base] = False
            else:
                z[rows, base] = model.z(share[rows, base])
    alone = _alone(share)
    forward = mixture.placed.forward
    return Measured(forward, share, z, known, containing, drop, alone, mixed, noise, places)


def _share_at(
    mixture: Mixture, base: int, ref: int, molecules: float, height: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(share of each changed base among these molecules, whether the target's peak allows it), each [4]."""
    others = mixture.expected[base].copy()
    others[ref] -= molecules * mixture.scale
    own = np.maximum(mixture.placed.fractions[base] - others, 0.0)
    part = np.minimum(own / np.maximum(own + own[ref], 0.5 * molecules * mixture.scale), 1.0)
    # METHOD: a true change takes from the target's peak, a dye blob only adds. Peak heights vary, so only a
    # peak that is clearly too high for the share (2.2 sd) speaks against the change.
    return part, height[ref] - others[ref] <= molecules * (1 - part + 2.2 * PEAK_HEIGHT_CV)


def _relative_heights(mixture: Mixture) -> NDArray[np.float64]:
    """Signal of each channel over the median signal of the neighbouring bases, float64[B, 4]."""
    heights = mixture.placed.heights
    usual = median_filter(heights.sum(axis=1), HEIGHT_WINDOW, mode="nearest")
    return heights / np.maximum(usual, 1e-9)[:, None]


def _places(mixture: Mixture) -> Iterator[tuple[int, dict[int, float]]]:
    """Each target base (0-based) and where its molecules stand: base of the trace (-1: unread) -> share."""
    placed = mixture.placed
    places: dict[int, dict[int, float]] = {}
    for member, molecules in zip(mixture.members, mixture.shares, strict=True):
        isoform, index = placed.isoforms[member], placed.index[member]
        read = np.full(len(isoform.bases), -1)
        bases = np.flatnonzero(index >= 0)
        read[index[bases]] = bases
        held = isoform.origin >= 0
        targets = placed.positions[isoform.origin[held]] - 1
        for target, base in zip(targets, read[held], strict=True):
            if target >= 0:
                there = places.setdefault(int(target), {})
                there[int(base)] = there.get(int(base), 0.0) + float(molecules)
    yield from sorted(places.items())


def _unlisted(length: int, listed_codons: set[int]) -> NDArray[np.bool_]:
    """Bases outside the given codons, bool[L]."""
    return ~np.isin(np.arange(length) // 3 + 1, list(listed_codons))


def _noises(
    share: NDArray[np.float64],
    rows: NDArray[np.bool_],
    mixed: NDArray[np.bool_],
    changed: NDArray[np.bool_],
) -> tuple[tuple[Noise | None, ...], ...]:
    """The noise of each base code, apart where isoforms overlap; None where too few bases tell it."""
    found = []
    for flag in (False, True):
        usable = (rows & (mixed == flag))[:, None] & changed
        values = [share[usable[:, base], base] for base in range(4)]
        enough = min(len(v) for v in values) >= FEWEST_NOISE
        found.append(fit_noise(values) if enough else (None,) * 4)
    return tuple(found)


def fit_noise(values: Sequence[NDArray[np.float64]]) -> tuple[Noise, ...]:
    """Zero-adjusted gammas of one shape for the shares of several bases.

    Maximum likelihood for the shape in the closed form of Minka 2002 (Estimating a Gamma), over all bases:
    each alone has too few values to tell how light its tail is.
    """
    # METHOD: the largest value of a base is left out: it may be a true change that is not listed, and in a
    # clean trace that one would be most of the noise.
    values = [np.sort(v)[:-1] for v in values]
    # A gamma from zero on would take the cut for a mode and promise too light a tail.
    above = [np.maximum(v[v > NEARLY_ZERO] - NEARLY_ZERO, NEARLY_ZERO / 100) for v in values]
    means = [float(a.mean()) if len(a) > 1 else NEARLY_ZERO for a in above]
    logs = np.concatenate([np.log(a / mean) for a, mean in zip(above, means, strict=True)])
    spread = max(-float(logs.mean()), 1e-3) if len(logs) > 1 else 1.0
    shape = float((3 - spread + np.sqrt((spread - 3) ** 2 + 24 * spread)) / (12 * spread))
    return tuple(
        Noise(1 - max(len(a), 1) / len(v), shape, mean / shape) for v, a, mean in zip(values, above, means, strict=True)
    )


def _alone(share: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where no base within 2 of it shows half as much of the same change, bool[L, 4]."""
    padded = np.pad(share, ((2, 2), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, 5, axis=0)
    return windows[:, :, [0, 1, 3, 4]].max(axis=2) < 0.5 * share
