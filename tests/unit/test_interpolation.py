"""The curve that phasing draws through rates, beside the same curve of scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import interpolate

from ablkd.phasing.interpolation import monotone_cubic


@pytest.mark.parametrize("points", [3, 4, 13])
@pytest.mark.parametrize("rising", [True, False])
def test_the_curve_is_that_of_scipy(points, rising):
    random = np.random.default_rng(points)
    for _ in range(200):
        x, y = np.sort(random.normal(size=points)), random.normal(size=(points, 3))
        y[random.random(y.shape) < 0.3] = 0.0
        if rising:
            y.sort(axis=0)
        at = np.concatenate([x, np.linspace(x[0] - 0.1, x[-1] + 0.1, 31)])
        assert np.array_equal(monotone_cubic(x, y, at), interpolate.pchip_interpolate(x, y, at))
        assert np.array_equal(monotone_cubic(x, y[:, 0], at), interpolate.pchip_interpolate(x, y[:, 0], at))
