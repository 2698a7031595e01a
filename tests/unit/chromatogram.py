"""Chromatograms drawn from sequences, for tests; nothing here knows how the package reads them.

A molecule is written as `fraction changes`, its changes as they are in tables: `944C>T`, `550_822del`,
`1423_1424insACGT`; changes of one molecule are joined by `;`, `-` is none.
"""

from __future__ import annotations

import re

import numpy as np

from ablkd.traces.abif import Trace

COMPLEMENT = str.maketrans("ACGT", "TGCA")
SPACING = 12


def molecule(target: str, changes: str) -> tuple[str, list[int]]:
    """(bases, 1-based target position of each base, 0 for inserted ones)."""
    bases, positions = list(target), list(range(1, len(target) + 1))
    for change in sorted(changes.split(";"), key=_start, reverse=True) if changes != "-" else []:
        start = _start(change)
        if ">" in change:
            assert bases[start - 1] == change[-3], change
            bases[start - 1] = change[-1]
        elif change.endswith("del"):
            end = int(change.split("_")[1][:-3])
            del bases[start - 1 : end], positions[start - 1 : end]
        else:
            inserted = change.split("ins")[1]
            bases[start:start], positions[start:start] = inserted, [0] * len(inserted)
    return "".join(bases), positions


def _start(change: str) -> int:
    return int(re.match(r"\d+", change).group())


def read_from(target: str, changes: str, forward: bool, start: int) -> str:
    """What a primer reads on a molecule whose first read base is target position `start`; empty if it lacks it."""
    bases, positions = molecule(target, changes)
    if start not in positions:
        return ""
    place = positions.index(start)
    return bases[place:] if forward else bases[: place + 1][::-1].translate(COMPLEMENT)


def draw(name: str, reads: list[tuple[float, str]], length: int = 700, seed: int = 0, noise: float = 0.01) -> Trace:
    """A trace of a mixture of (fraction, bases in reading order): Gaussian peaks, uneven heights, false signal.

    Heights vary by a fifth, the same for all molecules with the same base there; `noise` is the mean false
    signal of every channel as a share of a peak.
    """
    random = np.random.default_rng(seed)
    number = min(length, max(len(r) for _, r in reads))
    heights = np.exp(random.normal(0, 0.2, (4, number)))
    amounts = random.exponential(noise, (4, number))
    total = sum(fraction for fraction, bases in reads if bases)
    for fraction, bases in reads:
        codes = np.array(["ACGT".index(b) for b in bases[:number]], int)
        there = np.arange(len(codes))
        amounts[codes, there] += fraction / total * heights[codes, there]
    peaks = np.arange(2, number + 2) * SPACING
    channels = np.zeros((4, (number + 4) * SPACING))
    reach = np.arange(-15, 16)
    for k in range(4):
        np.add.at(channels[k], peaks[:, None] + reach, amounts[k][:, None] * np.exp(-0.5 * (reach / 3) ** 2))
    channels = np.rint(1000 * channels) + random.integers(0, 5, channels.shape)
    ordered = np.sort(amounts, axis=0)
    quality = np.clip(60 - 60 * ordered[2] / ordered[3], 2, 60).astype(np.uint8)
    return Trace(name, amounts.argmax(axis=0).astype(np.uint8), quality, peaks.astype(np.int32), channels)
