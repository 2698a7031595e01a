"""Mixtures of sequencing products -> chromatograms, as dye-terminator capillary sequencing shows them.

The signal is the sum over molecules: where isoforms of different length meet, their peaks overlap from the
junction on. METHOD: errors of RT and PCR stay below what a trace can show and are left out; only the shares
of the templates count. Peak heights, false signal, spacing and qualities were set to what 21 public traces of a
3730xl show between bases 50 and 380; five pairs of them read the same sequence, and tell what a sequence does
every time from what is chance. `tests/benchmarks/traces.py --realism` prints both beside each other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ablkd.simulate.molecules import NOWHERE, Product
from ablkd.traces.abif import Trace

LONGEST_READ = 750
PRIMER_LENGTH = 20
SPACING = 12.0
SPACING_JITTER = 0.85
LEAD = 40
PEAK_WIDTH = (2.7, 3.9)
PEAK_REACH = 16
SIGNAL = 1200.0
SIGNAL_HALF_LIFE = 600.0
BASELINE_NOISE = 4.0
# Log peak heights vary by 0.25 in real traces; a base and the two before it explain 0.21 of it, a wider context
# most of what is left, and two traces of one sequence differ by 0.06 each.
CONTEXT_LOG_SD, WIDE_CONTEXT_LOG_SD, HEIGHT_LOG_SD = 0.21, 0.12, 0.06
CHEMISTRY_SEED = 3730
# False signal of a channel, as a share of the mean peak: gamma with a heavy tail, set to the median trace. Part of it
# comes back with the sequence: traces of one sequence and series correlate with 0.92 and 0.58, of others with 0.2.
FALSE_SIGNAL, FALSE_SHAPE, FALSE_FROM_CONTEXT = 0.011, 0.35, 0.63
# Where a neighbour has the base its peak reaches over: the share of its height from the base before and after.
REACH_OVER = (0.006, 0.008)
START_NOISE, START_BASES = 15.0, 8.0
MOBILITY_SHIFT = np.array([0.4, -0.3, 0.2, -0.4])
# Unbound dye: broad and low, mostly C and T, early in the read.
BLOBS, BLOB_BASES, BLOB_HEIGHT, BLOB_WIDTH = 0.7, (45, 130), 0.05, (15.0, 30.0)
BLOB_CHANNELS = (1, 3)
# Median quality by the second highest channel's share of the highest, and by the number of bases read before.
QUALITY_BY_RATIO = (
    (0.03, 62),
    (0.08, 61),
    (0.10, 59),
    (0.15, 50),
    (0.21, 34),
    (0.33, 31),
    (0.5, 25),
    (0.8, 18),
    (1, 10),
)
QUALITY_BY_RANK = ((0, 5), (8, 6), (12, 10), (16, 20), (20, 26), (24, 41), (32, 48), (40, 62))
END_COST, END_BASES = 40.0, 180


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
    before, after = REACH_OVER
    reached = before * np.roll(amounts, 1, axis=1) + after * np.roll(amounts, -1, axis=1)
    amounts += reached + _false_signal(amounts.argmax(axis=0), rng) * (1 + START_NOISE * np.exp(-rank / START_BASES))
    amounts *= SIGNAL * 0.5 ** (rank / SIGNAL_HALF_LIFE)
    centres = LEAD + np.cumsum(SPACING + rng.normal(0, SPACING_JITTER, number))
    channels = _render(amounts, centres, rng)
    peaks = np.rint(centres).astype(np.int32)
    heights = channels[:, peaks]
    bases = heights.argmax(axis=0).astype(np.uint8)
    return Trace(name, bases, _qualities(heights), peaks, channels)


def _contexts(read: NDArray[np.integer], width: int) -> NDArray[np.int64]:
    """A number for each base and the `width` - 1 before it, int64[B]."""
    padded = np.concatenate((np.zeros(width - 1, np.int64), read))
    return np.lib.stride_tricks.sliding_window_view(padded, width) @ 4 ** np.arange(width)


def _context_heights(read: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Relative peak heights, which depend on a base and those before it in the same way in every trace."""
    chemistry = np.random.default_rng(CHEMISTRY_SEED)
    near, wide = chemistry.normal(0, CONTEXT_LOG_SD, 4**3), chemistry.normal(0, WIDE_CONTEXT_LOG_SD, 4**5)
    return np.exp(near[_contexts(read, 3)] + wide[_contexts(read, 5)])


def _false_signal(main: NDArray[np.intp], rng: np.random.Generator) -> NDArray[np.float64]:
    """False signal of every channel as a share of the mean peak, float64[4, B]; `main` are the highest channels."""
    scale = FALSE_SIGNAL / FALSE_SHAPE
    every_time = np.random.default_rng(CHEMISTRY_SEED + 1).gamma(FALSE_SHAPE, scale, (4, 4**5))[:, _contexts(main, 5)]
    by_chance = rng.gamma(FALSE_SHAPE, scale, (4, len(main)))
    return FALSE_FROM_CONTEXT * every_time + (1 - FALSE_FROM_CONTEXT) * by_chance


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
    _add_blobs(channels, centres, rng)
    channels += np.abs(rng.normal(0, BASELINE_NOISE, channels.shape))
    return np.clip(np.rint(channels), 0, np.iinfo(np.int16).max)


def _add_blobs(channels: NDArray[np.float64], centres: NDArray[np.float64], rng: np.random.Generator) -> None:
    """Add dye blobs where the read is long enough for them."""
    samples = np.arange(channels.shape[1])
    for _ in range(rng.poisson(BLOBS)):
        base, channel = int(rng.integers(*BLOB_BASES)), rng.choice(BLOB_CHANNELS)
        height, width = rng.exponential(BLOB_HEIGHT * SIGNAL), rng.uniform(*BLOB_WIDTH)
        if base < len(centres):
            channels[channel] += height * np.exp(-0.5 * ((samples - centres[base]) / width) ** 2)


def _qualities(heights: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Phred-like qualities uint8[B] of the called bases: the worst that the peak, the start or the end allows."""
    ordered = np.sort(heights, axis=0)
    rank = np.arange(heights.shape[1])
    by_ratio = np.interp(ordered[2] / np.maximum(ordered[3], 1.0), *np.transpose(QUALITY_BY_RATIO))
    by_rank = np.interp(rank, *np.transpose(QUALITY_BY_RANK))
    left = heights.shape[1] - rank
    end = END_COST * np.maximum(0, 1 - left / END_BASES) ** 2
    return np.clip(np.rint(np.minimum(by_ratio, by_rank) - end), 1, 62).astype(np.uint8)
