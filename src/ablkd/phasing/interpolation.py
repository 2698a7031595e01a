"""Curves through points that rise and fall only where the points do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def monotone_cubic(x: Floats, y: Floats, at: Floats) -> Floats:
    """Values float64[M, ...] at `at` float64[M] of the curve through y float64[N, ...] at ascending x float64[N].

    N is at least 3. Piecewise cubic Hermite polynomials with the slopes of Fritsch and Butland 1984; scipy's own takes
    longer to import than all that phasing computes.
    """
    shape = (-1,) + (1,) * (y.ndim - 1)
    width = np.diff(x).reshape(shape)
    rise = np.diff(y, axis=0) / width
    slope = np.zeros_like(y)
    with np.errstate(divide="ignore", invalid="ignore"):
        one, two = 2 * width[1:] + width[:-1], width[1:] + 2 * width[:-1]
        mean = 1 / ((one / rise[:-1] + two / rise[1:]) / (one + two))
    slope[1:-1] = np.where(np.sign(rise[1:]) * np.sign(rise[:-1]) > 0, mean, 0.0)
    slope[0] = _slope_at_end(width[0], width[1], rise[0], rise[1])
    slope[-1] = _slope_at_end(width[-1], width[-2], rise[-1], rise[-2])
    bend = (slope[:-1] + slope[1:] - 2 * rise) / width
    k = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
    s = (at - x[k]).reshape(shape)
    return y[k] + slope[k] * s + ((rise - slope[:-1]) / width - bend)[k] * (s * s) + (bend / width)[k] * (s * s * s)


def _slope_at_end(width: Floats, next_width: Floats, rise: Floats, next_rise: Floats) -> Floats:
    """The slope of the parabola through three points, kept from overshooting."""
    slope = ((2 * width + next_width) * rise - width * next_rise) / (width + next_width)
    turns = (np.sign(rise) != np.sign(next_rise)) & (np.abs(slope) > 3 * np.abs(rise))
    return np.where(np.sign(slope) != np.sign(rise), 0.0, np.where(turns, 3 * rise, slope))
