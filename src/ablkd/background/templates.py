"""How many templates were in the tube, as the sample's own errors of reverse transcription tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablkd.background.allele import DEFAULT_TEMPLATES, FAMILY_CV2, RT_ERROR, TemplateNumbers, one_number
from ablkd.kernels import tails

# An error of reverse transcription is a clone of about 1/N of all molecules: its size tells N.
CANDIDATES = np.geomspace(30, 30_000, 19)
# METHOD: the rate of such errors is not known well: it is any that the literature allows, or none at all.
RT_ERRORS = np.array([1e-8, 5e-6, 1e-5, RT_ERROR, 2.5e-5, 4e-5])
RT_CHANCES = np.array([0.05, 0.05, 0.20, 0.35, 0.20, 0.15])
# METHOD: one site in ten thousand, a fourth of a site in a sample, is something else (a real change, a contamination),
# of any fraction alike on a log scale; else one real mutation would pass for a clone of very few templates.
ELSE = 1e-4
# METHOD: before its fragments are seen a sample has 140 to 7,100 templates (95 %), and hardly ever fewer than a
# hundred: so few must be shown by their clones, or the fear of them would hide mutations in every sample without any.
USUAL, USUAL_LOG_SD = 1000.0, 1.0
FEW, HARDLY_EVER = 100.0, 8.0
LOG_PRIOR = -0.5 * (np.log(CANDIDATES / USUAL) / USUAL_LOG_SD) ** 2 - HARDLY_EVER * (CANDIDATES < FEW)
# Numbers of templates that are less probable than this are left out.
NO_CHANCE = 1e-4
# Numbers of clones at one site that are together less probable than this are left out.
UNLIKELY = 1e-6
# METHOD: numbers of templates that are worse by more than this in log likelihood are excluded (99.3 %, one-sided).
EXCLUDED = 3.0
# METHOD: where the fragments show few templates, the lowest number that is no worse than this is used: a number too
# high makes false calls of clones.
AS_GOOD = 1.0
# METHOD: a number that a person states is doubted only when it is worse by more than this (0.03 %), and more than twice
# what fits: nobody counts molecules more closely.
RULED_OUT, TOLERATED = 6.0, 2.0


@dataclass(frozen=True, eq=False)
class TemplateEstimate:
    """What the fragments say: joint float64[C, R], the log posterior of each of CANDIDATES with each of RT_ERRORS.

    Up to a constant, and without the chance of the rate itself.
    """

    joint: NDArray[np.float64]

    @property
    def log_likelihood(self) -> NDArray[np.float64]:
        """float64[C]: of each of CANDIDATES, with the rate of errors that suits it."""
        return self.joint.max(axis=1)

    @property
    def best(self) -> float:
        """The number that fits best."""
        return float(CANDIDATES[self.log_likelihood.argmax()])

    @property
    def allowed(self) -> tuple[float, float]:
        """Lowest and highest number that is not excluded."""
        numbers = CANDIDATES[self.log_likelihood >= self.log_likelihood.max() - EXCLUDED]
        return float(numbers.min()), float(numbers.max())

    def fewer_than(self, number: float, by: float) -> float | None:
        """A number that fits better than `number` by more than `by`, the lowest of those as good; None if none does.

        Only fewer are asked about: more templates than are reckoned with make no false call.
        """
        fits = float(np.interp(np.log(number), np.log(CANDIDATES), self.log_likelihood))
        fewer = self.log_likelihood[number > CANDIDATES]
        if not len(fewer) or fewer.max() <= fits + by:
            return None
        return float(CANDIDATES[: len(fewer)][fewer >= fewer.max() - AS_GOOD].min())

    def used(self, stated: float | None) -> tuple[float, str]:
        """(number of templates to reckon with, where it is from).

        METHOD: what the sheet states holds unless the fragments rule out that there were so many. Without a statement
        the usual assumption is lowered to what the fragments show, and never raised: that clones are not seen does
        not say that there are many templates.
        """
        if stated is not None:
            fewer = self.fewer_than(stated, RULED_OUT)
            return (
                (fewer, f"the sheet says {stated:g}, but the fragments show far fewer")
                if fewer
                else (
                    stated,
                    "given in the sheet",
                )
            )
        fewer = self.fewer_than(DEFAULT_TEMPLATES, EXCLUDED)
        if fewer:
            return fewer, "not given: estimated from the fragments"
        return DEFAULT_TEMPLATES, "not given: this number is assumed"

    def numbers(self, stated: float | None) -> TemplateNumbers:
        """Numbers of templates to ask whether errors explain a count.

        METHOD: a number that is not stated stays uncertain: every one that the fragments allow counts by its posterior
        chance, so that neither few templates make false calls nor the fear of them hides a mutation.
        """
        used, _ = self.used(stated)
        if used == stated:
            return one_number(used)
        chance = np.exp(self.joint - self.joint.max()) * RT_CHANCES
        each = chance.sum(axis=1)
        kept = each >= NO_CHANCE * each.sum()
        chance, each, number = chance[kept], each[kept], CANDIDATES[kept]
        clones = number * (chance @ RT_ERRORS) / each
        return TemplateNumbers(number, each / each.sum(), clones / (used * RT_ERROR))


def estimate_templates(
    x: NDArray[np.int64], n: NDArray[np.int64], rates: NDArray[np.float64], spreads: NDArray[np.float64], cv: float
) -> TemplateEstimate:
    """Maximum likelihood over A alleles that are not in the catalogue.

    x, n int64[A]: fragments with the allele, and all; rates float64[A, 60]: possible error rates of each. spreads
    float64[K, A or 1, 60]: K alternatives for the weights of these rates, the best of which counts.
    """
    # Nodes taken two by two will do here.
    rates, spreads = np.sqrt(rates[:, ::2] * rates[:, 1::2]), spreads[:, :, ::2] + spreads[:, :, 1::2]
    something_else = ELSE / ((x + 1) * np.log(n + 2)) / (1 - ELSE)
    shares = _clone_shares(CANDIDATES[:, None] * RT_ERRORS)
    likelihood = tails.clone_likelihoods(x, n, rates, spreads, cv, CANDIDATES, shares, FAMILY_CV2, something_else)
    return TemplateEstimate(likelihood + LOG_PRIOR[:, None])


def _clone_shares(expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """Chance of 0, 1, ... clones where so many are `expected`, float64[T, R, M]; 0 for what is together UNLIKELY."""
    term = np.exp(-expected)
    shares = [term]
    while np.any(term := np.where(1 - sum(shares) > UNLIKELY, term * expected / len(shares), 0.0)):
        shares.append(term)
    return np.stack(shares, axis=-1)
