"""Mixtures of sequencing products -> chromatograms, as dye-terminator capillary sequencing shows them.

The signal is the sum over molecules: where isoforms of different length meet, their peaks overlap from the
junction on. METHOD: errors of RT and PCR stay below what a trace can show and are left out; only the shares
of the templates count. All sizes below are round numbers in the range of public traces, not fitted to any.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ablkd.simulate.molecules import NOWHERE, Product
from ablkd.traces import Trace

LONGEST_READ = 750
PRIMER_LENGTH = 20
SPACING = 12.0
SPACING_JITTER = 0.35
LEAD = 40
PEAK_WIDTH = (2.7, 3.9)
PEAK_REACH = 16
SIGNAL = 1200.0
SIGNAL_HALF_LIFE = 600.0
BASELINE_NOISE = 4.0
# Peak heights: the spread that two preceding bases cause (the same in every trace), and what is left.
CONTEXT_LOG_SD = 0.25
HEIGHT_LOG_SD = 0.06
CHEMISTRY_SEED = 3730
# False signal under each peak, as a share of the mean peak, and how much more at the start of a read.
FALSE_SIGNAL = 0.02
START_NOISE, START_BASES = 12.0, 12.0
MOBILITY_SHIFT = np.array([0.4, -0.3, 0.2, -0.4])
# METHOD: qualities fall with the second highest channel's share and towards both ends.
BEST_QUALITY, SHARE_COST, START_COST, END_COST, END_BASES = 60.0, 60.0, 50.0, 40.0, 180


def sequenced_bases(product: Product, forward: bool, first: int | None) -> NDArray[np.uint8]:
    """Codes, in reading order, that one sequencing primer reads on a product; empty where it cannot bind.

    `first` is the axis position of the first base read, behind a primer of 20 bases that must all be there;
    None is the base next to the amplification primer.
    """
    if first is None:
        start = product.left if forward else len(product.codes) - product.right - 1
    else:
        step = 1 if forward else -1
        found = np.flatnonzero(product.axis == first)
        start = int(found[0]) if len(found) else -1
        primer = start - step * np.arange(PRIMER_LENGTH + 1)
        if start < 0 or primer[-1] < 0 or primer[-1] >= len(product.axis):
            return np.empty(0, np.uint8)
        if NOWHERE in product.axis[primer] or (np.diff(product.axis[primer]) != -step).any():
            return np.empty(0, np.uint8)
    return product.codes[start:] if forward else 3 - product.codes[start::-1]


def draw_trace(
    name: str, strands: list[NDArray[np.uint8]], shares: NDArray[np.float64], rng: np.random.Generator
) -> Trace:
    """The chromatogram of a mixture of strands (codes in reading order) in these shares (they add up to 1).

    Called bases are those of the highest channel at each peak.
    """
    number = min(LONGEST_READ, max(len(s) for s in strands))
    amounts = np.zeros((4, number))
    for strand, share in zip(strands, shares, strict=True):
        read = strand[:number]
        np.add.at(amounts, (read, np.arange(len(read))), share * _context_heights(read))
    amounts *= np.exp(rng.normal(0, HEIGHT_LOG_SD, amounts.shape))
    rank = np.arange(number)
    false_signal = FALSE_SIGNAL * (1 + START_NOISE * np.exp(-rank / START_BASES))
    amounts += rng.exponential(1.0, amounts.shape) * false_signal
    amounts *= SIGNAL * 0.5 ** (rank / SIGNAL_HALF_LIFE)
    centres = LEAD + np.cumsum(SPACING + rng.normal(0, SPACING_JITTER, number))
    channels = _render(amounts, centres, rng)
    peaks = np.rint(centres).astype(np.int32)
    heights = channels[:, peaks]
    bases = heights.argmax(axis=0).astype(np.uint8)
    return Trace(name, bases, _qualities(heights), peaks, channels)


def _context_heights(read: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Relative peak heights, which depend on a base and the two before it in the same way in every trace."""
    table = np.exp(np.random.default_rng(CHEMISTRY_SEED).normal(0, CONTEXT_LOG_SD, (4, 4, 4)))
    padded = np.concatenate((np.zeros(2, np.uint8), read))
    return table[padded[:-2], padded[1:-1], padded[2:]]


def _render(
    amounts: NDArray[np.float64], centres: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Gaussian peaks of these heights float64[4, B] on a noisy baseline: whole numbers float64[4, T]."""
    number = len(centres)
    width = np.linspace(*PEAK_WIDTH, number)
    samples = np.rint(centres).astype(np.int64)[:, None] + np.arange(-PEAK_REACH, PEAK_REACH + 1)
    channels = np.zeros((4, int(samples[-1, -1]) + LEAD))
    for channel in range(4):
        distance = samples - (centres + MOBILITY_SHIFT[channel])[:, None]
        shape = np.exp(-0.5 * (distance / width[:, None]) ** 2)
        np.add.at(channels[channel], samples, amounts[channel][:, None] * shape)
    channels += np.abs(rng.normal(0, BASELINE_NOISE, channels.shape))
    return np.clip(np.rint(channels), 0, np.iinfo(np.int16).max)


def _qualities(heights: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Phred-like qualities uint8[B] of the called bases."""
    ordered = np.sort(heights, axis=0)
    share = ordered[2] / np.maximum(ordered[3], 1.0)
    rank = np.arange(heights.shape[1])
    left = heights.shape[1] - rank
    start = START_COST * np.exp(-rank / START_BASES)
    end = END_COST * np.maximum(0, 1 - left / END_BASES) ** 2
    return np.clip(np.rint(BEST_QUALITY - SHARE_COST * share - start - end), 1, 62).astype(np.uint8)
