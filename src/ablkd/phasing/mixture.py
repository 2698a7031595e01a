"""Molecules of 2^K haplotypes, recombined by PCR, read with errors and gaps: what the fragments say of their fractions.

With K sites in a row and R_j = rate x distance, every interval j is cut with chance 1 - exp(-R_j) on its own, and the
parts come from independent molecules: the closed form of single cross-overs (Geiringer 1944; Baake and Baake 2003).
For two sites f11 = pA pB + (h11 - pA pB) exp(-R).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ablkd.kernels import mixture as kernel
from ablkd.phasing.interpolation import monotone_cubic
from ablkd.phasing.linkage import MISSING, WITHIN, Observations, seen

# METHOD: an error rate is never taken for lower than one in ten thousand bases.
ERROR_FLOOR = 1e-4
# The likelihood is computed at RATES of the prior's quantiles, up to three standard deviations, and interpolated.
RATES, FINE_RATES, WIDEST = 13, 61, 3.0
# Square roots of twice the loss of log likelihood at which the fraction is known for every rate.
LEVELS = np.array([-4.0, -3.0, -2.2, -1.4, -0.7, 0.0, 0.7, 1.4, 2.2, 3.0, 4.0])
FINE_ROOTS = np.linspace(-4.0, 4.0, 33)
TRIES = 6
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RatePrior:
    """What is known of recombinations per bp over all cycles: ln rate is normal around ln median with `log_sd`."""

    median: float
    log_sd: float

    def rates(self, number: int) -> tuple[Floats, Floats]:
        """(rates, weights that add up to 1), float64[number]."""
        z = np.linspace(-WIDEST, WIDEST, number)
        weights = np.exp(-0.5 * z**2)
        return self.median * np.exp(self.log_sd * z), weights / weights.sum()


@dataclass(frozen=True, eq=False)
class Mixture:
    """patterns int8[P, K] (0, 1, WITHIN, MISSING) with counts int64[P]; distances float64[K-1] in bp; errors float64[K]
    per fragment; possible bool[2^K]: haplotypes that can exist before PCR. Site i is bit i of a haplotype.
    """

    patterns: NDArray[np.int8]
    counts: NDArray[np.int64]
    distances: Floats
    errors: Floats
    possible: NDArray[np.bool_]

    @property
    def sites(self) -> int:
        """K."""
        return len(self.errors)

    @cached_property
    def states(self) -> NDArray[np.int8]:
        """int8[2^K, K]: what each haplotype has at each site."""
        return states(self.sites)

    def without(self, haplotype: int) -> Mixture:
        """The same with one haplotype less."""
        possible = self.possible.copy()
        possible[haplotype] = False
        return replace(self, possible=possible)

    def fit(self, rate: float) -> tuple[Floats, float]:
        """(fractions before PCR float64[2^K], log likelihood) at the maximum for one rate of recombination."""
        return self._fit(self._even, self._keep(rate))

    def likelihoods(self, prior: RatePrior) -> tuple[Floats, Floats]:
        """(fractions float64[RATES, 2^K], log likelihood plus log prior float64[RATES]) at each rate."""
        rates, weights = prior.rates(RATES)
        fractions, totals = [self._even], []
        for rate in rates:
            h, total = self._fit(fractions[-1], self._keep(rate))
            fractions.append(h)
            totals.append(total)
        return np.array(fractions[1:]), np.array(totals) + np.log(weights)

    def weigh(self, target: int, prior: RatePrior) -> Weighed:
        """Posterior of the target haplotype's fraction among the molecules that were amplified.

        METHOD: half the prior is a spike at zero, half is uniform up to the rarest of what the haplotype has. All other
        fractions are at their best for each fraction of the target and each rate (profile likelihood); the rate is
        integrated over its prior.
        """
        rates, _ = prior.rates(RATES)
        top, none, levels = np.zeros(RATES), np.zeros(RATES), np.zeros((RATES, len(LEVELS)))
        h = without = self._even
        most = 0.0
        for r, rate in enumerate(rates):
            keep = self._keep(rate)
            h, top[r] = self._fit(h, keep)
            without, none[r] = self._fit(without if r else h, keep, target, 0.0)
            if none[r] > top[r]:
                h, top[r] = without, none[r]
            levels[r] = self._levels(h, top[r], keep, target)
            most = max(most, float((h @ (self.states == self.states[target])).min()))
        return _integrate(prior, rates, top, none, levels, most)

    def _levels(self, h: Floats, top: float, keep: Floats, target: int) -> Floats:
        """The target's fraction at each of LEVELS, from a few tries on either side of its best value."""
        best = float(h[target])
        found = []
        for sign in (-1, 1):
            values, roots = [best], [0.0]
            offset = 1 / np.sqrt(self.counts.sum())
            for wanted in LEVELS[LEVELS > 0]:
                for _ in range(TRIES):
                    value = min(max(best + sign * offset, 0.0), 1.0)
                    root = np.sqrt(2 * max(0.0, top - self._fit(h, keep, target, value)[1]))
                    near = roots[-1] < root < 2 * wanted and root > wanted / 2
                    if near or (value in (0.0, 1.0) and root < 2 * wanted):
                        break
                    offset *= min(max(wanted / max(root, 1e-3), 0.1), 10.0)
                values.append(sign * max(sign * value, sign * values[-1]))
                roots.append(max(root, roots[-1]))
                if value in (0.0, 1.0):
                    break
                offset = abs(value - best) * min(max((wanted + 0.8) / max(root, 1e-3), 1.1), 4.0)
            found.append(_at_levels(np.array(values), np.array(roots)))
        return np.concatenate([found[0][::-1], [best], found[1]])

    def _keep(self, rate: float) -> Floats:
        return np.exp(-rate * self.distances)

    def _fit(self, start: Floats, keep: Floats, target: int = -1, value: float = 0.0) -> tuple[Floats, float]:
        return kernel.fit(start, self.possible, target, value, keep, *self._data)

    @cached_property
    def _even(self) -> Floats:
        return self.possible / self.possible.sum()

    @cached_property
    def _data(self) -> tuple[Floats, Floats, NDArray[np.bool_], Floats]:
        shows = _shows(self.patterns, self.errors)
        partial = (self.patterns == WITHIN).any(axis=1)
        whole = _shows(np.where(self.patterns == WITHIN, WITHIN, MISSING), self.errors)
        return shows, whole, partial, self.counts.astype(np.float64)


@dataclass(frozen=True)
class Weighed:
    """Posterior of a fraction: `none` is the weight at 0, `values` float64[A] have the `weights` float64[A].

    The prior was half at 0 and half uniform up to `most`.
    """

    none: float
    most: float
    values: Floats
    weights: Floats


def states(sites: int) -> NDArray[np.int8]:
    """int8[2^K, K]: the bits of each haplotype."""
    return (np.arange(2**sites)[:, None] >> np.arange(sites)[None, :] & 1).astype(np.int8)


def build(observations: Observations, which: Sequence[int], never: Sequence[Sequence[int]] = ()) -> Mixture:
    """The mixture over some of the sites; no molecule has two exclusive ones, nor all of a set in `never`."""
    patterns, counts = observations.patterns(which)
    table = states(len(which)).astype(bool)
    possible = np.ones(len(table), bool)
    for i, one in enumerate(which):
        for j in range(i):
            if observations.exclusive[one, which[j]]:
                possible &= ~(table[:, i] & table[:, j])
    for members in never:
        if set(members) <= set(which):
            possible &= ~table[:, [list(which).index(m) for m in members]].all(axis=1)
    errors = np.array([max(observations.sites[k].error, ERROR_FLOOR) for k in which])
    return Mixture(patterns, counts, observations.distances(which), errors, possible)


def _shows(patterns: NDArray[np.int8], errors: Floats) -> Floats:
    """float64[P, 2^K]: chance of each pattern given each haplotype; missing sites say nothing."""
    table = states(len(errors))
    chance = np.ones((len(patterns), len(table)))
    for i, error in enumerate(errors):
        shown, truth = patterns[:, i][:, None], table[:, i][None, :]
        known = np.where(shown == truth, 1 - error, error)
        chance *= np.where(seen(shown), known, np.where(shown == WITHIN, truth == 0, 1.0))
    return chance


def _at_levels(values: Floats, roots: Floats) -> Floats:
    """The fraction where LEVELS above 0 are lost, float64, from what was tried on one side, the best first."""
    wanted = LEVELS[LEVELS > 0]
    found = np.interp(wanted, roots, values)
    if roots[-1] > 0:
        # Beyond the last one tried as if the log likelihood were a parabola.
        found = np.where(wanted > roots[-1], values[0] + (values[-1] - values[0]) * wanted / roots[-1], found)
    return np.clip(found, 0.0, 1.0)


def _integrate(prior: RatePrior, rates: Floats, top: Floats, none: Floats, levels: Floats, most: float) -> Weighed:
    """Spike and slab over a fine grid of rates; what is smooth in ln rate is interpolated (monotone cubic).

    `none` can fall steeply with the rate, but the root of its loss is smooth; it changes its sign where recombination
    makes more than was seen.
    """
    highest = float(max(top.max(), none.max()))
    lost, missed = highest - top, highest - none
    signed = np.where(missed - lost >= lost, 1.0, -1.0) * np.sqrt(2 * missed)
    fine, weights = prior.rates(FINE_RATES)
    x, at = np.log(rates), np.log(fine)
    none_fine = np.exp(-0.5 * monotone_cubic(x, signed, at) ** 2)
    top_fine = np.exp(-0.5 * monotone_cubic(x, np.sqrt(2 * lost), at) ** 2)
    levels_fine = monotone_cubic(x, levels, at)
    values = np.array([np.interp(FINE_ROOTS, LEVELS, row) for row in levels_fine])
    density = np.exp(-0.5 * FINE_ROOTS**2)
    slab = np.diff(values, axis=1) * (density[1:] + density[:-1]) / 2 / most
    slab *= (weights * top_fine)[:, None]
    spike = float(weights @ none_fine)
    total = spike + float(slab.sum())
    middle = (values[:, 1:] + values[:, :-1]) / 2
    return Weighed(spike / total, most, middle.ravel(), slab.ravel() / total)
