"""The fraction of a codon state among fragments of whose codon some base is below the quality cut.

Where the mutated base is read with poorer quality than the unmutated one, or with better, fragments that show the whole
codon misstate the fraction. Here the others are read too, each base for what its recalibrated quality is worth.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablkd.background.allele import ErrorRate, Part
from ablkd.background.classes import bases_of
from ablkd.counting.recalibration import Recalibration, orientations
from ablkd.counting.tally import Tally
from ablkd.fragments import DELETED, POOR, QUALITIES
from ablkd.kernels.pileup import NOT_OBSERVED

# METHOD: how likely a base is read below the cut may differ between the allele and the rest: the logarithm of the odds
# ratio is taken to be normal with this standard deviation, around none, before the poor bases are looked at.
ODDS_SD = 1.0
# METHOD: a site that errs more often than others with good bases does so with poor ones. Where the poor bases of the
# sample's sites differ less (log-sd) than the platform's sites do, by as much less; up to every second base.
HIGHEST_CHANCE = 0.5
# The posterior is summed on a grid that is laid out anew around what it found; rates of less weight do not matter.
POINTS, HALF_WIDTH, ROUNDS, LEAST_WEIGHT = 41, 6.0, 4, 1e-4
# A base of good quality, whose error is the site's mean, in the place of (orientation, quality) of a poor one.
GOOD = 3 * QUALITIES
NOTHING = 4


@dataclass(frozen=True, eq=False)
class CodonBases:
    """Fragments that cover a codon and do not show all of it, equal ones together: U kinds.

    count int64[U]; base int64[U, 3]: code, or NOTHING; error float64[U, 3]: chance that it is misread; poor bool[U, 3].
    """

    count: NDArray[np.int64]
    base: NDArray[np.int64]
    error: NDArray[np.float64]
    poor: NDArray[np.bool_]
    target: NDArray[np.int64]
    qualities: Recalibration
    site_error: NDArray[np.float64]

    def chance(self, state: int) -> NDArray[np.float64]:
        """float64[U]: P(bases | the molecule has the codon state)."""
        chances = np.ones(len(self.count))
        for i, true in enumerate(bases_of(state)):
            of_kind = np.array([self.qualities.of_kind(true, shown) for shown in range(4)] + [0.0])
            shown, error = self.base[:, i], self.error[:, i]
            read = np.where(shown == true, 1 - error, error * of_kind[shown])
            chances *= np.where(shown == NOTHING, 1.0, read)
        return chances

    def part(self, kept: NDArray[np.bool_]) -> CodonBases:
        """Some of the kinds."""
        arrays = self.count[kept], self.base[kept], self.error[kept], self.poor[kept]
        return CodonBases(*arrays, self.target, self.qualities, self.site_error)


def codon_bases(tally: Tally, qualities: Recalibration, codon: int) -> CodonBases:
    """What is read of a 0-based codon in fragments that do not show all of it; those with a deletion there are not."""
    f, first = tally.fragments, 3 * codon
    near = np.flatnonzero((f.position >= first) & (f.position < first + 3))
    owner = np.searchsorted(f.offsets, near, side="right") - 1
    hidden = tally.states([codon + 1])[owner, 0] == NOT_OBSERVED
    near, owner = near[hidden], owner[hidden]
    allele, column = f.allele[near].astype(np.int64), f.position[near] - first
    fragment, row = np.unique(owner, return_inverse=True)
    target = tally.target[first : first + 3].astype(np.int64)
    base, cell = np.tile(target, (len(fragment), 1)), np.full((len(fragment), 3), GOOD)
    poor = allele >= POOR
    base[row, column] = np.where(poor, allele - POOR, np.minimum(allele, NOTHING))
    cell[row[poor], column[poor]] = orientations(f, near[poor]) * QUALITIES + f.quality[near[poor]]
    whole = np.bincount(row, allele == DELETED, len(fragment)) == 0
    keys, count = np.unique(_key(base[whole], cell[whole]), return_counts=True)
    base, cell = _of_key(keys)
    observed = f.histogram[first : first + 3]
    site_error = (observed * qualities.errors).sum(axis=(1, 2)) / np.maximum(observed.sum(axis=(1, 2)), 1)
    by_cell = np.concatenate([np.tile(qualities.errors.ravel(), (3, 1)), site_error[:, None]], axis=1)
    error = by_cell[np.arange(3), cell]
    return CodonBases(count, base, error, cell < GOOD, target, qualities, site_error)


def _key(base: NDArray[np.int64], cell: NDArray[np.int64]) -> NDArray[np.int64]:
    single = base * (GOOD + 1) + cell
    return single @ np.array([1, 5 * (GOOD + 1), (5 * (GOOD + 1)) ** 2])


def _of_key(keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    size = 5 * (GOOD + 1)
    single = np.stack([keys % size, keys // size % size, keys // size**2], axis=1)
    return single // (GOOD + 1), single % (GOOD + 1)


def parts(
    bases: CodonBases,
    state: int,
    others: Collection[int],
    seen: NDArray[np.int64],
    error: ErrorRate,
    carried: float,
    log_sd: float,
) -> list[Part]:
    """The fraction of a codon state among fragments that read its changed bases well, and among those that do not.

    `others` are the states that molecules have besides, in the proportions of `seen` int64[64], the fragments that show
    them; `error` is the rate of the state as an error, `carried` of it from the run's other samples, which is no part
    of the fractions; `log_sd`: how much the rates of sites differ (the platform's). Fragments that show nothing where
    the states differ say nothing.
    """
    differing = np.array([len({bases_of(s)[i] for s in (state, *others)}) > 1 for i in range(3)])
    read = (bases.base[:, differing] != NOTHING).any(axis=1)
    poor = (bases.poor | (bases.base == NOTHING))[:, differing].any(axis=1)
    observed = int(seen.sum())
    share = float(np.clip(seen[state] / observed - max(error.mean - carried, 0), 0.5 / observed, 1 - 0.5 / observed))
    prior = np.log(share / (1 - share)), np.sqrt(ODDS_SD**2 + 1 / (observed * share * (1 - share)))
    factors = _factors(bases, state, error, carried)
    power = min(1.0, bases.qualities.poor_log_sd / log_sd)
    # Raised to the power, factors around 1 of that spread have a mean of 1 again.
    poor_factors = factors**power * np.exp((power - power**2) * log_sd**2 / 2)
    # METHOD: poor bases are read in two halves, because the poorest are the least like the good ones.
    worst = np.where(bases.poor, bases.error, 0.0)[:, differing].max(axis=1)
    poorest = poor & (worst > _median(worst[read & poor], bases.count[read & poor]))
    made = []
    for kept, own in (
        (read & ~poor, factors),
        (read & poor & ~poorest, poor_factors),
        (read & poorest, poor_factors),
    ):
        kinds = bases.part(kept)
        if len(kinds.count):
            chances = kinds.chance(state), _chances_of_others(kinds, state, others, seen, own)
            fraction, variance = posterior(kinds.count, *chances, error.weights[_heavy(error)], *prior)
            made.append(Part(int(kinds.count.sum()), max(0.0, fraction - carried), variance))
    return made


def _median(values: NDArray[np.float64], count: NDArray[np.int64]) -> float:
    """The median of values, each as often as it counts; 0.0 of none."""
    order = np.argsort(values, kind="stable")
    total = np.cumsum(count[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)]) if len(values) else 0.0


def _heavy(error: ErrorRate) -> NDArray[np.bool_]:
    return error.weights > LEAST_WEIGHT * error.weights.max()


def _factors(bases: CodonBases, state: int, error: ErrorRate, carried: float) -> NDArray[np.float64]:
    """float64[nodes]: how much more often this site errs to the state than its qualities say; 1 for several bases."""
    changed = [i for i in range(3) if bases.target[i] != bases_of(state)[i]]
    rates = np.maximum(error.rates[_heavy(error)] - carried, 0.0)
    if len(changed) != 1:
        return np.ones(len(rates))
    i = changed[0]
    return rates / (bases.site_error[i] * bases.qualities.of_kind(int(bases.target[i]), bases_of(state)[i]))


def _chances_of_others(
    bases: CodonBases, state: int, others: Collection[int], seen: NDArray[np.int64], factors: NDArray[np.float64]
) -> NDArray[np.float64]:
    """float64[nodes, U]: P(bases | the molecule has one of the other states), for each possible rate of the site."""
    wild = int(bases.target @ [16, 4, 1])
    # Half a fragment more, for states that no fragment shows as a whole.
    total = sum(int(seen[other]) + 0.5 for other in others)
    chances = np.zeros((len(factors), len(bases.count)))
    for other in others:
        likely = bases.chance(other)[None, :]
        if other == wild:
            likely = likely * _scaled(bases, state, factors)
        chances += (int(seen[other]) + 0.5) / total * likely
    return chances


def _scaled(bases: CodonBases, state: int, factors: NDArray[np.float64]) -> NDArray[np.float64]:
    """float64[nodes, U]: what the site's own rate does to the chance of bases on an unmutated molecule."""
    scaled = np.ones((len(factors), len(bases.count)))
    for i, (true, alt) in enumerate(zip(bases.target.tolist(), bases_of(state), strict=True)):
        if true == alt:
            continue
        plain = bases.error[:, i] * bases.qualities.of_kind(true, alt)
        own = np.minimum(plain * factors[:, None], HIGHEST_CHANCE)
        right = 1 - bases.error[:, i]
        scaled *= np.where(bases.base[:, i] == alt, own / plain, 1.0)
        scaled *= np.where(bases.base[:, i] == true, np.maximum(right + plain - own, HIGHEST_CHANCE / 2) / right, 1.0)
    return scaled


def posterior(
    count: NDArray[np.int64],
    chance: NDArray[np.float64],
    others: NDArray[np.float64],
    weights: NDArray[np.float64],
    logit: float,
    logit_sd: float,
) -> tuple[float, float]:
    """(mean, variance) of the fraction of molecules that make bases with `chance` float64[U] and not with `others`.

    `others` float64[nodes, U], each node with its weight float64[nodes]; the logit of the fraction is normal before
    `count` int64[U] fragments of each kind are seen.
    """
    centre, width = logit, HALF_WIDTH * logit_sd
    for _ in range(ROUNDS):
        z = np.linspace(centre - width, centre + width, POINTS)
        fraction = 1 / (1 + np.exp(-z))
        has = fraction[:, None, None]
        seen: NDArray[np.float64] = np.log(chance * has + others * (1 - has)) @ count
        logs = seen + np.log(weights) - 0.5 * ((z - logit) / logit_sd)[:, None] ** 2
        likely = np.exp(logs - logs.max()).sum(axis=1)
        mass = likely / likely.sum()
        centre = float(mass @ z)
        step = 2 * width / (POINTS - 1)
        width = HALF_WIDTH * max(float(np.sqrt(mass @ (z - centre) ** 2)), step / 3)
    mean = float(mass @ fraction)
    return mean, float(mass @ (fraction - mean) ** 2)
