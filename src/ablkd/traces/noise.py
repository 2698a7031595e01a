"""The noise of a trace: what share an absent change seems to have, and how well a share is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.stats import gamma, norm

NEARLY_ZERO = 0.005
TAIL_FROM = 0.9
# METHOD: the tail of one base rests on 5 to 20 values; the mean of the tails of all bases counts as so many more.
POOLED_TAIL = 20
# METHOD: heights of neighbouring peaks differ by about 0.27 of their median on 21 public traces, so a share v
# is known to about this fraction of v(1-v). The same peak in two traces of one sequence differs by 0.02 to 0.10 in
# each (five public pairs), so a peak beside its wild type is known better.
PEAK_HEIGHT_CV, SAME_PEAK_CV = 0.27, 0.12
# METHOD: noise rises towards both ends and where the product is dirty. It is told for each base by the bases around and
# twice as much by the whole trace: false peaks have so heavy a tail that those of 60 bases differ by a factor of two in
# even noise. Single outliers are cut, for one may be the change that is asked for. Noise does not know
# how high the peak above it is: its share goes with 1/height (21 public traces: 1.43 of the mean below peaks of less
# than 0.7 of the median, 0.59 below those of more than 1.4).
NOISE_WINDOW, WHOLE_TRACE, OUTLIERS = 61, 2.0, 0.95
UNIT_STEP = 1.1
LOWEST_HEIGHT, HIGHEST_HEIGHT = 0.33, 2.0


@dataclass(frozen=True)
class Noise:
    """Share that an absent change seems to have: `below` of them up to `cut`, above it a gamma of `shape`, `scale`.

    mean and sd are of all such shares. `unit` is the noise at a base over that of the whole trace; shares are
    divided by it.
    """

    below: float
    cut: float
    shape: float
    scale: float
    mean: float
    sd: float
    unit: float = 1.0

    def z(self, share: NDArray[np.float64]) -> NDArray[np.float64]:
        """Normal deviate of the probability of at least this share without the change; any shape."""
        share = share / self.unit
        above = (1 - self.below) * gamma.sf(share, self.shape, self.cut, self.scale)
        return norm.isf(np.clip(np.where(share > self.cut, above, 1.0), 1e-300, 0.999))

    def error(self, share: float) -> float:
        """Standard error of a measured share: the noise and the peaks' own variation."""
        return float(self.errors(np.array(share)))

    def errors(self, share: NDArray[np.float64]) -> NDArray[np.float64]:
        """The same for several shares; any shape."""
        return np.hypot(max(self.sd, NEARLY_ZERO) * self.unit, PEAK_HEIGHT_CV * share * (1 - share))


def fit_noise(values: Sequence[NDArray[np.float64]]) -> tuple[Noise, ...]:
    """Noise of one shape and one cut from the shares of several bases.

    The shape by maximum likelihood in the closed form of Minka 2002 (Estimating a Gamma), over all bases: each alone
    has too few values to tell how light its tail is.
    """
    # METHOD: the largest value of a base is left out: it may be a true change that is not listed, and in a
    # clean trace that one would be most of the noise.
    values = [np.sort(v)[:-1] for v in values]
    # METHOD: what matters is the tail; fitted to all values, small ones would promise too light a tail.
    cut = max(NEARLY_ZERO, float(np.quantile(np.concatenate(values), TAIL_FROM)))
    above = [np.maximum(v[v > cut] - cut, cut / 100) for v in values]
    together = np.concatenate(above)
    usual = float(together.mean()) if len(together) else cut
    rate = len(together) / sum(map(len, values))
    means = [(float(a.sum()) + POOLED_TAIL * usual) / (len(a) + POOLED_TAIL) for a in above]
    held = POOLED_TAIL / (1 - TAIL_FROM)
    rates = [max(len(a) + held * rate, 1) / (len(v) + held) for v, a in zip(values, above, strict=True)]
    logs = np.concatenate([np.log(a / mean) for a, mean in zip(above, means, strict=True)])
    spread = max(-float(logs.mean()), 1e-3) if len(logs) > 1 else 1.0
    shape = float((3 - spread + np.sqrt((spread - 3) ** 2 + 24 * spread)) / (12 * spread))
    return tuple(
        Noise(1 - part, cut, shape, mean / shape, float(v.mean()), float(v.std()))
        for v, part, mean in zip(values, rates, means, strict=True)
    )


def local_units(
    share: NDArray[np.float64], height: NDArray[np.float64], covered: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Noise at each base over that of all `covered` ones, float64[L], in steps of `UNIT_STEP`, not below.

    share float64[L, 4]; height float64[L]: signal over that of the neighbours; covered bool[L].
    """
    if not covered.any():
        return np.ones(len(share))
    by_height = 1 / np.clip(height, LOWEST_HEIGHT, HIGHEST_HEIGHT)
    total = np.where(covered, share.sum(axis=1) / by_height, 0.0)
    total = np.minimum(total, np.quantile(total[covered], OUTLIERS))
    whole = float(total[covered].mean())
    number = uniform_filter1d(covered.astype(float), NOISE_WINDOW, mode="constant")
    around = uniform_filter1d(total, NOISE_WINDOW, mode="constant") / np.maximum(number, 1e-9)
    local = (around / whole + WHOLE_TRACE) / (1 + WHOLE_TRACE) if whole > 0 else np.ones(len(share))
    unit = np.where(number > 1e-9, local, 1.0) * by_height
    return UNIT_STEP ** np.ceil(np.log(unit) / math.log(UNIT_STEP))
