"""How many templates were in the tube, as the sample's own errors of reverse transcription tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ablkd.background import DEFAULT_TEMPLATES, FAMILY_CV2, RT_ERROR
from ablkd.kernels import tails

# An error of reverse transcription is a clone of about 1/N of all molecules: its size tells N.
CANDIDATES = np.geomspace(30, 30_000, 19)
# METHOD: the rate of such errors is not known well; it is profiled over what the literature allows.
RT_ERRORS = np.array([5e-6, 1e-5, RT_ERROR, 2.5e-5, 4e-5])
# METHOD: one site in a thousand is something else (a real change, a contamination), of any fraction alike on a log
# scale; else one real mutation would pass for a clone of very few templates.
ELSE = 1e-3
# Numbers of clones at one site that are together less probable than this are left out.
UNLIKELY = 1e-6
# METHOD: numbers of templates that are worse by more than this in log likelihood are excluded (95 %, one-sided).
EXCLUDED = 1.35


@dataclass(frozen=True)
class TemplateEstimate:
    """What the fragments say: best number, and the lowest and highest that they do not exclude."""

    best: float
    low: float
    high: float

    def used(self, stated: float | None) -> tuple[float, str]:
        """(number of templates to reckon with, where it is from).

        METHOD: what the sheet states holds unless the fragments exclude that there were so many. Without a statement
        the usual assumption is moved to the nearest number that the fragments allow.
        """
        if stated is not None:
            if stated > self.high:
                return self.best, f"the sheet says {stated:g}, but the fragments show far fewer"
            return stated, "given in the sheet"
        if self.high < DEFAULT_TEMPLATES:
            return self.best, "not given: estimated from the fragments"
        if self.low > DEFAULT_TEMPLATES:
            return self.low, "not given: at least so many, estimated from the fragments"
        return DEFAULT_TEMPLATES, "not given: this number is assumed"


def estimate_templates(
    x: NDArray[np.int64], n: NDArray[np.int64], rates: NDArray[np.float64], weights: NDArray[np.float64], cv: float
) -> TemplateEstimate:
    """Maximum likelihood over A alleles that are not in the catalogue.

    x, n int64[A]: fragments with the allele, and all; rates, weights float64[A, 60]: the error rate of each.
    """
    # Nodes taken two by two will do here.
    rates, weights = np.sqrt(rates[:, ::2] * rates[:, 1::2]), weights[:, ::2] + weights[:, 1::2]
    something_else = ELSE / ((x + 1) * np.log(n + 2))
    without = tails.by_clones(x, n, rates, weights, cv, 1.0, FAMILY_CV2, 0, 1)
    likelihood = np.empty(len(CANDIDATES))
    for i, templates in enumerate(CANDIDATES):
        most = int(special.pdtrik(1 - UNLIKELY, templates * RT_ERRORS.max())) + 2
        carrying = tails.by_clones(x, n, rates, weights, cv, templates, FAMILY_CV2, 1, most)
        by_clones = (1 - ELSE) * np.hstack([without, carrying])
        expected = templates * RT_ERRORS[:, None]
        clones = np.arange(most)
        shares = np.exp(special.xlogy(clones, expected) - expected - special.gammaln(clones + 1))
        likelihood[i] = np.log(by_clones @ shares.T + something_else[:, None]).sum(axis=0).max()
    allowed = CANDIDATES[likelihood >= likelihood.max() - EXCLUDED]
    return TemplateEstimate(float(CANDIDATES[likelihood.argmax()]), float(allowed.min()), float(allowed.max()))
