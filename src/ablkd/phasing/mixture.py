"""Molecules of 2^K haplotypes, recombined by PCR, read with errors and gaps: what the fragments say of their fractions.

With K sites in a row and R_j = rate x distance, every interval j is cut with chance 1 - exp(-R_j) on its own, and the
parts come from independent molecules: the closed form of single cross-overs (Geiringer 1944; Baake and Baake 2003).
For two sites f11 = pA pB + (h11 - pA pB) exp(-R).

A fragment that is a consensus of two strands can be a heteroduplex, whose strands come from independent molecules of
these: each site is read from either, whatever the distance. With a share s of them, the association of two sites
shrinks by s / 2 more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ablkd.kernels import mixture as kernel
from ablkd.phasing.interpolation import monotone_cubic
from ablkd.phasing.linkage import MISSING, WITHIN, Observations, seen

# METHOD: an error rate is never taken for lower than one in ten thousand bases.
ERROR_FLOOR = 1e-4
# The likelihood is computed at RATES of the prior's quantiles, up to three standard deviations, and interpolated.
RATES, FINE_RATES, WIDEST = 13, 61, 3.0
# The same for the share of heteroduplexes, where there can be any.
SHARES, FINE_SHARES = 4, 13
# Square roots of twice the loss of log likelihood at which the fraction is known for every rate.
LEVELS = np.array([-4.0, -3.0, -2.2, -1.4, -0.7, 0.0, 0.7, 1.4, 2.2, 3.0, 4.0])
FINE_ROOTS = np.linspace(-4.0, 4.0, 33)
TRIES = 6
# A rate at which nothing recombines.
LOWEST = 1e-9
# A gain of log likelihood that says nothing.
NEGLIGIBLE = 0.05
Floats = NDArray[np.float64]
# What the kernel takes of a rate and a share: chances that intervals stay whole, and that sites are of one molecule.
Made = tuple[Floats, Floats]


@dataclass(frozen=True)
class PcrPrior:
    """What is known of recombinations per bp over all cycles: ln rate is normal around ln median with `log_sd`.

    There are at most `heteroduplex` of the fragments heteroduplexes; METHOD: the root of their share is uniform, as
    Jeffreys' prior of a small share says. What was measured by a control over `distance` bp is recombination and
    heteroduplexes together, so that with more of these there is less recombination.
    """

    median: float
    log_sd: float
    heteroduplex: float = 0.0
    distance: float = np.inf

    def rates(self, share: float, number: int) -> tuple[Floats, Floats]:
        """(rates, weights that add up to 1), float64[number], if `share` of the fragments are heteroduplexes."""
        z = deviates(number)
        weights = np.exp(-0.5 * z**2)
        rates = self.median * np.exp(self.log_sd * z) + np.log1p(-share / 2) / self.distance
        return np.maximum(rates, LOWEST), weights / weights.sum()

    def shares(self, number: int) -> Floats:
        """Shares of heteroduplexes, all as likely, float64[number]; 0 alone where there are none."""
        return self.heteroduplex * np.linspace(0.0, 1.0, number if self.heteroduplex else 1) ** 2


@dataclass(frozen=True, eq=False)
class Mixture:
    """patterns int8[P, K] (0, 1, WITHIN, MISSING) with counts int64[P]; distances float64[K-1] in bp; errors float64[K]
    per fragment; possible bool[2^K]: haplotypes that can exist before PCR. Site i is bit i of a haplotype. exclusive:
    pairs of sites that no molecule has both of.
    """

    patterns: NDArray[np.int8]
    counts: NDArray[np.int64]
    distances: Floats
    errors: Floats
    possible: NDArray[np.bool_]
    exclusive: tuple[tuple[int, int], ...] = ()

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

    def fit(self, rate: float, share: float = 0.0) -> tuple[Floats, float]:
        """(fractions before PCR float64[2^K], log likelihood) at the maximum for one rate of recombination and one
        share of heteroduplexes.
        """
        return self._fit(self._even, self._made(rate, share))

    def likelihoods(self, prior: PcrPrior) -> tuple[Floats, Floats]:
        """(fractions float64[A, 2^K], log likelihood plus log prior float64[A]) at each share and each of RATES."""
        fractions, totals = [self._even], []
        shares = prior.shares(SHARES)
        for share in shares:
            for rate, weight in zip(*prior.rates(share, RATES), strict=True):
                h, total = self._fit(fractions[-1], self._made(rate, share))
                fractions.append(h)
                totals.append(total + np.log(weight / len(shares)))
        return np.array(fractions[1:]), np.array(totals)

    def weigh(self, target: int, prior: PcrPrior) -> Weighed:
        """Posterior of the target haplotype's fraction among the molecules that were amplified.

        METHOD: half the prior is a spike at zero, half is uniform up to the rarest of what the haplotype has. All other
        fractions are at their best for each fraction of the target, each rate and each share of heteroduplexes (profile
        likelihood); rate and share are integrated over their prior.
        """
        shares = prior.shares(SHARES)
        rates = np.array([prior.rates(share, RATES)[0] for share in shares])
        top, none = np.zeros((2, len(shares), RATES))
        levels = np.zeros((len(shares), RATES, len(LEVELS)))
        h = without = self._even
        most = 0.0
        for s, r in np.ndindex(top.shape):
            made = self._made(float(rates[s, r]), float(shares[s]))
            h, top[s, r] = self._fit(h, made)
            without, none[s, r] = self._fit(without if (s, r) > (0, 0) else h, made, target, 0.0)
            if none[s, r] > top[s, r]:
                h, top[s, r] = without, none[s, r]
            levels[s, r] = self._levels(h, float(top[s, r]), made, target)
            most = max(most, float((h @ (self.states == self.states[target])).min()))
        return _integrate(prior, top, none, levels, most)

    def _levels(self, h: Floats, top: float, made: Made, target: int) -> Floats:
        """The target's fraction at each of LEVELS, from a few tries on either side of its best value."""
        best = float(h[target])
        found = []
        for sign in (-1, 1):
            values, roots = [best], [0.0]
            offset = 1 / np.sqrt(self.counts.sum())
            for wanted in LEVELS[LEVELS > 0]:
                for _ in range(TRIES):
                    value = min(max(best + sign * offset, 0.0), 1.0)
                    root = np.sqrt(2 * max(0.0, top - self._fit(h, made, target, value)[1]))
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

    def _made(self, rate: float, share: float) -> Made:
        return np.exp(-rate * self.distances), self._mixing(share)

    def _mixing(self, share: float) -> Floats:
        """Chance that a fragment has exactly this set of sites from its first molecule, float64[2^K]; empty if always
        all. METHOD: changes that exclude each other lie at one place, which is read from one strand."""
        if share <= 0:
            return np.zeros(0)
        apart = np.ones(len(self.states), bool)
        for i, j in self.exclusive:
            apart &= self.states[:, i] == self.states[:, j]
        mixing = share * apart / apart.sum()
        mixing[-1] += 1 - share
        return mixing

    def _fit(self, start: Floats, made: Made, target: int = -1, value: float = 0.0) -> tuple[Floats, float]:
        return kernel.fit(start, self.possible, target, value, *made, *self._data)

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
    pairs = combinations(range(len(which)), 2)
    exclusive = tuple((i, j) for i, j in pairs if observations.exclusive[which[i], which[j]])
    for i, j in exclusive:
        possible &= ~(table[:, i] & table[:, j])
    for members in never:
        if set(members) <= set(which):
            possible &= ~table[:, [list(which).index(m) for m in members]].all(axis=1)
    errors = np.array([max(observations.sites[k].error, ERROR_FLOOR) for k in which])
    return Mixture(patterns, counts, observations.distances(which), errors, possible, exclusive)


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


def _integrate(prior: PcrPrior, top: Floats, none: Floats, levels: Floats, most: float) -> Weighed:
    """Spike and slab over a fine grid of rates and shares; what is smooth in both is interpolated (monotone cubic).

    `none` can fall steeply with the rate, but the root of its loss is smooth; it changes its sign where PCR makes more
    than was seen, and then passes 0 only if nothing else is lost there.
    """
    highest = float(max(top.max(), none.max()))
    lost, missed = highest - top, highest - none
    less = missed - lost >= np.minimum(lost, NEGLIGIBLE)
    signed = np.where(less, 1.0, -1.0) * np.sqrt(2 * missed)
    weights = prior.rates(0.0, FINE_RATES)[1] / len(prior.shares(FINE_SHARES))
    apart = _finer(prior, np.sqrt(2 * _else(lost, less)))
    none_fine = np.exp(-0.5 * np.maximum(_finer(prior, signed) ** 2, apart**2))
    top_fine = np.exp(-0.5 * _finer(prior, np.sqrt(2 * lost)) ** 2)
    levels_fine = _finer(prior, levels).reshape(-1, len(LEVELS))
    values = np.array([np.interp(FINE_ROOTS, LEVELS, row) for row in levels_fine])
    density = np.exp(-0.5 * FINE_ROOTS**2)
    slab = np.diff(values, axis=1) * (density[1:] + density[:-1]) / 2 / most
    slab *= (weights * top_fine).reshape(-1, 1)
    spike = float((none_fine @ weights).sum())
    total = spike + float(slab.sum())
    middle = (values[:, 1:] + values[:, :-1]) / 2
    return Weighed(spike / total, most, middle.ravel(), slab.ravel() / total)


def _else(lost: Floats, less: NDArray[np.bool_]) -> Floats:
    """The part of the loss float64[shares, RATES] that is not the target's.

    All where PCR makes `less` of the target than was seen; beyond, at most what it was at the rate or share before.
    """
    part = lost.copy()
    for s, r in np.ndindex(lost.shape):
        if not less[s, r] and (s, r) > (0, 0):
            part[s, r] = min(part[s, r], part[s, r - 1] if r else part[s - 1, r])
    return part


def _finer(prior: PcrPrior, values: Floats) -> Floats:
    """Values [shares, RATES, ...] at FINE_SHARES and FINE_RATES."""
    fine = np.moveaxis(monotone_cubic(deviates(RATES), np.moveaxis(values, 1, 0), deviates(FINE_RATES)), 1, 0)
    if len(fine) == 1:
        return fine
    return monotone_cubic(prior.shares(SHARES), fine, prior.shares(FINE_SHARES))


def deviates(number: int) -> Floats:
    """Where the prior of ln rate is looked at, float64[number], in standard deviations."""
    return np.linspace(-WIDEST, WIDEST, number)
