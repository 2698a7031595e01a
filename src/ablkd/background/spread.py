"""How much the error rates of sites differ around the mean of their class, from what each site showed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ablkd.background.allele import lognormal

# METHOD: 60 rounds of EM; a class counts as if 50 sites of the lognormal had been seen besides.
ROUNDS, PSEUDO_SITES = 60, 50.0
SPREADS = np.arange(0.3, 1.65, 0.1)
# METHOD: how sure the platform's row is of the spread (sd of the natural logarithm of log_sd).
SPREAD_SD = 0.3


def learn_spread(shown: NDArray[np.float64], usual: float) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """(found float64[60], smooth float64[60], sites) of one class from shown float64[A, 60], the log likelihood of each
    node at each of A sites; `usual` is the platform's log_sd.

    METHOD: the spread of site rates around their class mean is half what EM finds without a form (Kiefer and
    Wolfowitz 1956) and half a lognormal a little wider than the best one.
    """
    likelihood = np.exp(shown - shown.max(axis=1, keepdims=True))
    log_sd = _log_sd(likelihood, usual)
    shape = lognormal(log_sd)
    weights = shape
    for _ in range(ROUNDS):
        each = weights * likelihood
        each /= each.sum(axis=1, keepdims=True)
        weights = (each.sum(axis=0) + PSEUDO_SITES * shape) / (len(shown) + PSEUDO_SITES)
    smooth = 0.99 * lognormal(1.2 * log_sd + 0.15) + 0.01 * lognormal(1.2 * log_sd + 0.65)
    return weights, smooth, len(shown) + int(PSEUDO_SITES)


def without_site(
    found: NDArray[np.float64], sites: NDArray[np.int64], shown: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The found spread float64[A, 60] of `sites` int64[A, 1] sites without what each of A sites taught by itself."""
    part = found * np.exp(shown - shown.max(axis=1, keepdims=True))
    part /= part.sum(axis=1, keepdims=True)
    return np.maximum(found * sites - part, 0.0) / (sites - 1)


def _log_sd(likelihood: NDArray[np.float64], usual: float) -> float:
    """The lognormal's spread with the highest posterior."""
    scores = []
    for log_sd in SPREADS:
        with np.errstate(divide="ignore"):
            fits = np.log(likelihood @ lognormal(float(log_sd))).sum()
        scores.append(fits - 0.5 * (np.log(log_sd / usual) / SPREAD_SD) ** 2)
    return float(SPREADS[int(np.argmax(scores))])
