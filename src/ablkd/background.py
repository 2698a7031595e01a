"""Expected error per allele, the tail probability of a count, and the limit of detection that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ablkd.records import Platform
from ablkd.reference import encode

# METHOD: site error rates live on a grid of 60 values, log-spaced in units of the class mean; no site errs more often
# than 2 % (on a platform with more errors: ten times its mean), or it would be known as bad.
GRID = np.exp(np.linspace(np.log(1e-3), np.log(1e3), 60))
HIGHEST_RATE, HIGHEST_FACTOR = 0.02, 10.0
# METHOD: an error of reverse transcription (5e-5 per nt, Traverse and Ochman 2016: 3-6e-5; a third of it per
# allele) is a clone of one template: it has a VAF near 1/N that no control contains.
RT_ERROR = 1.7e-5
# METHOD: squared coefficient of variation of the family size of a template after PCR.
FAMILY_CV2 = 0.25
MANY_TEMPLATES = 100.0
# Numbers of such clones that are together less probable than this are left out of a tail.
LEAST_CLONES = 1e-13
# METHOD: templates assumed when nobody says how many went in; stated in the report.
DEFAULT_TEMPLATES = 500.0
# METHOD: two errors in one codon are independent, but never rarer than this, nor than a tenth of the platform's indel
# errors: an insertion beside a deletion is aligned as neighbouring mismatches.
DOUBLE_ERROR, INDEL_AS_MISMATCHES = 1e-6, 0.1
# What wild-type controls show of an allele: (fragments with it, fragments) of each.
Controls = tuple[tuple[int, float], ...]
TRANSITIONS = {(0, 2), (2, 0), (1, 3), (3, 1)}


@dataclass(frozen=True)
class Background:
    """What errors alone do on one platform, with N templates in the tube.

    `cv` is the between-sample coefficient of variation, `log_sd` the spread of site rates around the class mean.
    """

    transition: float
    transversion: float
    indel: float
    log_sd: float
    cv: float
    templates: float

    def rate(self, ref: int, alt: int) -> float:
        """Class mean of the error rate per base from one base code to another."""
        return self.transition if (ref, alt) in TRANSITIONS else self.transversion

    def double_rate(self, rates: list[float]) -> float:
        """Class mean of the rate at which one codon is misread at several bases with these single rates."""
        return max(DOUBLE_ERROR, float(np.prod(rates)), INDEL_AS_MISMATCHES * self.indel)

    def change_rate(self, ref: str, alt: str) -> float:
        """Class mean of the rate at which one codon is misread as another."""
        codes = zip(encode(ref), encode(alt), strict=True)
        rates = [self.rate(int(a), int(b)) for a, b in codes if a != b]
        return rates[0] if len(rates) == 1 else self.double_rate(rates)

    def weights(self, mean_rate: float, controls: Controls = ()) -> NDArray[np.float64]:
        """Weight of each grid value, float64[60], for an allele with this mean error rate.

        METHOD: empirical Bayes: the prior of the platform times the likelihood of what wild-type controls show at
        the same allele, negative binomial with the between-sample variation (Gerstung 2014, shearwater). Without
        controls it is the prior alone (a-priori mode).
        """
        highest = max(HIGHEST_RATE, HIGHEST_FACTOR * max(self.transition, mean_rate))
        possible = np.where(mean_rate * GRID <= highest, _lognormal(self.log_sd), 0.0)
        size = 1 / self.cv**2
        for x, n in controls:
            mean = n * mean_rate * GRID
            likelihood = special.gammaln(x + size) + special.xlogy(x, mean) - (x + size) * np.log(size + mean)
            possible = possible * np.exp(likelihood - likelihood[possible > 0].max())
        return possible / possible.sum()

    def tail(self, x: int, n: int, mean_rate: float, jackpots: float, controls: Controls = ()) -> float:
        """P(at least x of n fragments show the allele by error).

        `mean_rate` is the expected error rate per fragment, `jackpots` the expected number of templates that carry
        the allele by an error of reverse transcription. Each grid rate and each number of jackpots gives a negative
        binomial with the mean and variance of the sum; size r = mean^2 / (variance - mean).
        """
        if x <= 0:
            return 1.0
        most = 0
        while special.pdtrc(most, jackpots) > LEAST_CLONES:
            most += 1
        clones = np.arange(most + 2)
        clone_weights = np.exp(special.xlogy(clones, jackpots) - jackpots - special.gammaln(clones + 1))
        errors = n * mean_rate * GRID[:, None]
        families = n * clones[None, :] / self.templates
        mean = errors + families
        extra = (self.cv * errors) ** 2 + n**2 * clones[None, :] * FAMILY_CV2 / self.templates**2
        size = mean**2 / extra
        tails = special.betainc(x, size, mean / (mean + size))
        return float(self.weights(mean_rate, controls) @ (tails @ clone_weights))

    def threshold(self, n: int, mean_rate: float, jackpots: float, alpha: float, controls: Controls = ()) -> int:
        """Smallest count whose tail is below alpha; n + 1 where even all fragments would not do."""
        low, high = 1, 2
        while high <= n and self.tail(high, n, mean_rate, jackpots, controls) >= alpha:
            low, high = high, 2 * high
        high = min(high, n + 1)
        while low < high:
            middle = (low + high) // 2
            if middle <= n and self.tail(middle, n, mean_rate, jackpots, controls) >= alpha:
                low = middle + 1
            else:
                high = middle
        return low

    def lod95(self, n: int, mean_rate: float, jackpots: float, alpha: float, controls: Controls = ()) -> float:
        """Smallest true fraction that is called with 95 % probability at n fragments; 1.0 where none is.

        METHOD: templates are drawn first, each with its own family size, then fragments of them.
        """
        needed = self.threshold(n, mean_rate, jackpots, alpha, controls)
        if needed > n:
            return 1.0
        # The answer lies above what makes `needed` likely at all, and mostly not far above it.
        low = needed / n / 4
        high = min(1.0, 8 * max(needed / n, 4 / self.templates))
        if self._power(needed, n, high, mean_rate) < 0.95:
            low, high = high, 1.0
        for _ in range(12):
            middle = np.sqrt(low * high)
            if self._power(needed, n, float(middle), mean_rate) >= 0.95:
                high = middle
            else:
                low = middle
        return float(high)

    def _power(self, needed: int, n: int, fraction: float, rate: float) -> float:
        """P(at least `needed` of n fragments) at a true fraction, with errors at `rate` on top."""
        share, weight = self._template_shares(fraction)
        variance = np.maximum(FAMILY_CV2 * share / self.templates, 1e-18)
        concentration = np.maximum(share * (1 - share) / variance - 1, 1.0)
        quantiles = (np.arange(8) + 0.5) / 8
        drawn = special.betaincinv(
            (share * concentration)[:, None], ((1 - share) * concentration)[:, None], quantiles[None, :]
        )
        reached = special.betainc(needed, n - needed + 1, np.minimum(drawn + rate, 1 - 1e-9)).mean(axis=1)
        return float(weight @ reached)

    def _template_shares(self, fraction: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(shares of templates with the allele, their probability) at a true fraction: binomial, 0 left out.

        Above MANY_TEMPLATES expected, 60 equally likely shares of the normal approximation.
        """
        mean = self.templates * fraction
        if mean > MANY_TEMPLATES:
            spread = np.sqrt(fraction * (1 - fraction) / self.templates)
            shares = fraction + spread * special.ndtri((np.arange(60) + 0.5) / 60)
            return np.clip(shares, 1e-9, 1 - 1e-9), np.full(60, 1 / 60)
        m = np.arange(1, min(int(self.templates), int(mean + 9 * np.sqrt(mean) + 12)) + 1)
        choices = special.gammaln(self.templates + 1) - special.gammaln(m + 1)
        choices = choices - special.gammaln(self.templates - m + 1)
        weight = np.exp(choices + special.xlogy(m, fraction) + special.xlog1py(self.templates - m, -fraction))
        return np.minimum(m / self.templates, 1 - 1e-9), weight

    def interval(self, x: int, n: int, rate: float) -> tuple[float, float, float]:
        """(fraction, low, high) at 95 %: Jeffreys interval on the effective number of molecules."""
        share = max(0.0, (x / n - rate) / (1 - rate))
        variance = share * (1 - share) * (1 / n + (1 + FAMILY_CV2) / self.templates)
        effective = share * (1 - share) / variance if variance > 0 else 1 / (1 / n + (1 + FAMILY_CV2) / self.templates)
        a, b = effective * share + 0.5, effective * (1 - share) + 0.5
        low, high = special.betaincinv(a, b, [0.025, 0.975])
        return share, float(min(low, share)), float(max(high, share))


@cache
def _lognormal(log_sd: float) -> NDArray[np.float64]:
    """Density on the grid of a lognormal with mean 1, whose median is exp(-sd^2 / 2)."""
    return np.exp(-0.5 * ((np.log(GRID) + log_sd**2 / 2) / log_sd) ** 2)


def prior_background(platform: Platform, templates: float | None) -> Background:
    """The background of a platform as its row in platforms.tsv assumes it."""
    return Background(
        transition=platform.transition_error,
        transversion=platform.transversion_error,
        indel=platform.indel_error,
        log_sd=platform.error_log_sd,
        cv=platform.between_sample_cv,
        templates=templates or DEFAULT_TEMPLATES,
    )


def quality_tail(x: int, qualities: NDArray[np.integer]) -> float:
    """P(at least x errors to one given base) from Phred qualities alone, an upper bound.

    `qualities` int[41] is the histogram of the base qualities at the site. METHOD: the Poisson with the same mean
    bounds the Poisson-binomial from above from one over the mean on (Hoeffding 1956); it is used as it stands.
    """
    expected = float((qualities * 10 ** (-np.arange(len(qualities)) / 10)).sum()) / 3
    return float(special.gammainc(x, expected)) if x >= expected + 1 else 1.0
