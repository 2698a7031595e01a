"""What errors alone do at one allele: the tail of its count, the count that is too many, and intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from ablkd.kernels import beta, tails
from ablkd.records import Platform

# METHOD: site error rates live on a grid of 60 values, log-spaced in units of the class mean. No site is believed to
# err more often than 2 % (on a platform with more errors: ten times its mean), unless wild-type controls show that it
# does: before them, such rates together have a chance of one in a billion.
GRID = np.exp(np.linspace(np.log(1e-2), np.log(1e5), 60))
HIGHEST_RATE, HIGHEST_FACTOR, UNBELIEVED = 0.02, 10.0, 1e-9
# Rates above this are no errors in any case.
LIMIT = 0.5
# METHOD: an error of reverse transcription (5e-5 per nt, Traverse and Ochman 2016: 3-6e-5; a third of it per
# allele) is a clone of one template: it has a VAF near 1/N that no control contains.
RT_ERROR = 1.7e-5
# METHOD: squared coefficient of variation of the family size of a template after PCR.
FAMILY_CV2 = 0.25
# METHOD: templates assumed when nobody says how many went in and the fragments do not show it; stated in the report.
DEFAULT_TEMPLATES = 500.0
# METHOD: how much the loss to errors differs between the states of one codon (two of its three bases are the same).
LOST_SPREAD = 0.4
# Relative precision of a tail that is reported; far inside the 1e-9 that is promised.
PRECISION = 1e-10


@dataclass(frozen=True, eq=False)
class ErrorRate:
    """What is known of the error rate at one allele: possible rates per fragment, ascending, and their weights.

    rates, weights float64[60]; clones: templates expected to carry the allele by an error of reverse transcription.
    """

    rates: NDArray[np.float64]
    weights: NDArray[np.float64]
    clones: float = 0.0

    @property
    def mean(self) -> float:
        """Expected rate."""
        return float(self.rates @ self.weights)

    @property
    def spread(self) -> float:
        """Standard deviation of the rate."""
        return float(np.sqrt(np.maximum(self.rates**2 @ self.weights - self.mean**2, 0.0)))

    def without(self, carried: float) -> ErrorRate:
        """The rate of errors alone, where `carried` per fragment is what the other samples of the run add to it."""
        return ErrorRate(np.maximum(self.rates - carried, 0.0), self.weights, self.clones)

    def carrying(self, carried: float) -> ErrorRate:
        """The rate with `carried` per fragment that the other samples of the run add to it."""
        return ErrorRate(self.rates + carried, self.weights, self.clones)


def possible(rates: NDArray[np.float64], weights: NDArray[np.float64], mean: float) -> NDArray[np.float64]:
    """Weights [..., 60] that add up to 1, none left where a rate is above what a site of this class can have."""
    kept = np.where(believed(rates, mean), weights, 0.0)
    return kept / kept.sum(axis=-1, keepdims=True)


def believed(rates: NDArray[np.float64], mean: float) -> NDArray[np.bool_]:
    """Rates that a site can have as far as anyone knows without controls; `mean` is the highest class mean around."""
    return rates <= max(HIGHEST_RATE, HIGHEST_FACTOR * mean)


def with_unbelieved(rates: NDArray[np.float64], weights: NDArray[np.float64], mean: float) -> NDArray[np.float64]:
    """The same with a little weight left on every higher rate, for controls to speak of."""
    higher = ~believed(rates, mean) & (rates <= LIMIT)
    return possible(rates, weights, mean) + UNBELIEVED / rates.shape[-1] * higher


def assumed(mean: float, log_sd: float, clones: float = 0.0, highest: float = 0.0) -> ErrorRate:
    """The rate of an allele of which only the class mean is known; `highest` is the largest class mean around."""
    return ErrorRate(mean * GRID, possible(mean * GRID, lognormal(log_sd), max(mean, highest)), clones)


@cache
def lognormal(log_sd: float) -> NDArray[np.float64]:
    """Weights on the grid of a lognormal with mean 1, whose median is exp(-sd^2 / 2)."""
    density = np.exp(-0.5 * ((np.log(GRID) + log_sd**2 / 2) / log_sd) ** 2)
    return density / density.sum()


@dataclass(frozen=True, eq=False)
class TemplateNumbers:
    """How many templates there may be: number float64[K], chance float64[K], which adds up to 1.

    clones float64[K]: templates expected to carry an allele by an error of reverse transcription, as a multiple of
    what is expected of the one number that is reckoned with.
    """

    number: NDArray[np.float64]
    chance: NDArray[np.float64]
    clones: NDArray[np.float64]


def one_number(templates: float) -> TemplateNumbers:
    """No doubt of the number."""
    return TemplateNumbers(np.array([templates]), np.ones(1), np.ones(1))


@dataclass(frozen=True)
class Part:
    """Fragments of whose codon some base is below the quality cut: how many, and the allele's fraction among them.

    `variance` is that of the fraction.
    """

    count: int
    fraction: float
    variance: float


@dataclass(frozen=True)
class Background:
    """How counts of one sample vary: `cv` between samples at one site, `templates` molecules in the tube.

    Intervals and limits of detection reckon with `templates`; whether errors explain a count is asked of every number
    in `numbers`, by its chance.
    """

    cv: float
    templates: float
    numbers: TemplateNumbers | None = field(default=None, compare=False)

    @cached_property
    def _numbers(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        numbers = self.numbers or one_number(self.templates)
        return numbers.number, numbers.chance, numbers.clones

    def tail(self, x: int, n: int, error: ErrorRate) -> float:
        """P(at least x of n fragments show the allele by error)."""
        return tails.mixed_tail(
            x, n, error.rates, error.weights, error.clones, self.cv, *self._numbers, FAMILY_CV2, PRECISION
        )

    def threshold(self, n: int, error: ErrorRate, alpha: float, least: int = 1) -> int:
        """Smallest count of at least `least` whose tail is below alpha; n + 1 where even all fragments would not do."""
        return tails.smallest_count(
            n, error.rates, error.weights, error.clones, self.cv, *self._numbers, FAMILY_CV2, alpha, least
        )

    def interval(
        self, x: int, n: int, rate: float, spread: float = 0.0, lost: float = 0.0, parts: Sequence[Part] = ()
    ) -> tuple[float, float, float]:
        """(fraction, low, high) at 95 %: Jeffreys interval on the effective number of molecules.

        `rate` is the expected error rate that makes the allele of others and `spread` its standard deviation; `lost` is
        the share of fragments that errors make into something else; `parts`: fragments that are not among the n.
        """
        total = n + sum(part.count for part in parts)
        own, observed = n / total, corrected(x, n, rate, lost)
        share = own * observed + sum(part.count * part.fraction for part in parts) / total
        others = sum((part.count / total) ** 2 * part.variance for part in parts)
        drawn, templates = own**2 / (n * (1 - lost)), (1 + FAMILY_CV2) / self.templates
        variance = observed * (1 - observed) * drawn + share * (1 - share) * templates
        # METHOD: not to know the error rate of this site in this sample is one more source of variance, and so is
        # that mutated molecules are lost at a rate of their own.
        lost_spread = observed * (1 - observed) * LOST_SPREAD * lost
        errors = own**2 * (spread**2 + (self.cv * rate) ** 2 + lost_spread**2) + others
        effective = share * (1 - share) / (variance + errors) if variance > 0 else 1 / (drawn + templates)
        a, b = effective * share + 0.5, effective * (1 - share) + 0.5
        low, high = beta.quantile(0.025, a, b), beta.quantile(0.975, a, b)
        return share, min(low, share), max(high, share)


def corrected(x: int, n: int, rate: float, lost: float) -> float:
    """The fraction that x of n fragments show, without errors: `rate` make the allele, `lost` something else."""
    return min(1.0, max(0.0, (x / n - rate) / (1 - rate - lost)))


def prior_background(platform: Platform, templates: float | None) -> Background:
    """The variation that a platform's row in platforms.tsv assumes."""
    return Background(platform.between_sample_cv, templates or DEFAULT_TEMPLATES)
