"""Dye blobs: unbound dye runs as one broad peak of one channel, under several bases at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import grey_opening

from ablkd.traces.isoforms import Mixture

# METHOD: a change stands at one base, or at two beside each other; what a channel shows at this many neighbouring bases
# that have another base is a blob. 14 of 21 public traces have one of 0.1 to 0.3 of a peak between bases 70 and 82.
NARROWEST = 3
EXPECTED = 0.1


def without_blobs(mixture: Mixture) -> NDArray[np.float64]:
    """Heights float64[B, 4] less what is broad, where molecules of one length stand.

    A grey opening over the bases at which the channel is not expected: what is narrower stays as it is.
    """
    heights = mixture.placed.heights.copy()
    for channel in range(4):
        free = np.flatnonzero(~mixture.mixed & (mixture.expected[:, channel] < EXPECTED))
        if len(free):
            heights[free, channel] -= grey_opening(heights[free, channel], NARROWEST)
    return heights
