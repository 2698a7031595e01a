"""Dye blobs: unbound dye runs as one broad peak of one channel, under several bases at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import grey_opening, median_filter

from ablkd.traces.isoforms import Mixture

# METHOD: variants rarely replace three neighbouring bases by the same one; what a channel shows at three or more
# neighbouring bases that have another base is a blob. 14 of 21 public traces have one of 0.1 to 0.3 of a peak between
# bases 70 and 82.
NARROWEST = 3
EXPECTED = 0.1
# METHOD: dye adds to the peak of the target's base; a variant replaces it. Where a channel is higher than the target's
# peak, and that peak is less than half as high as its neighbours, the channel shows a variant and no blob, whatever the
# bases around it show: base editors replace up to four neighbouring bases by the same one.
REPLACED = 0.5
HEIGHT_WINDOW = 31


def usual_heights(heights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median signal of the neighbouring bases, float64[B], of heights float64[B, 4]; above 0."""
    return np.maximum(median_filter(heights.sum(axis=1), HEIGHT_WINDOW, mode="nearest"), 1e-9)


def without_blobs(mixture: Mixture) -> NDArray[np.float64]:
    """Heights float64[B, 4] less what is broad, where molecules of one length overlap.

    A grey opening over the bases at which the channel is not expected; what is narrower than a blob stays as it is.
    """
    usual = usual_heights(mixture.placed.heights)
    heights = mixture.placed.heights
    broad = np.zeros_like(heights)
    own = (heights * (mixture.expected == mixture.expected.max(axis=1, keepdims=True))).max(axis=1)
    for channel in range(4):
        replaced = (heights[:, channel] > own) & (own < REPLACED * usual)
        free = np.flatnonzero(~mixture.mixed & (mixture.expected[:, channel] < EXPECTED) & ~replaced)
        if len(free):
            # METHOD: what all bases show is background, which the mixture's fit subtracts.
            opened = grey_opening(heights[free, channel], NARROWEST)
            broad[free, channel] = np.maximum(opened - np.median(opened), 0.0)
    return heights - broad
