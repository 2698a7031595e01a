"""How much of each changed base a trace shows, against the noise of the same trace.

What a change would add to the signal is measured at every base, also where nothing is expected; those places
tell the noise (the idea of EditR, Kluesner et al., CRISPR J 2018;1:239). What traces of wild-type molecules show at
a base is taken off first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from ablkd.trace_isoforms import Mixture
from ablkd.trace_noise import NEARLY_ZERO, PEAK_HEIGHT_CV, SAME_PEAK_CV, Noise, fit_noise, local_units

# METHOD: a base is covered where nearly all molecules that hold it are read well.
SMALLEST_SEEN = 0.95
# METHOD: noise is not learnt from fewer bases than these of each kind.
FEWEST_NOISE = 60
HEIGHT_WINDOW = 31
# The three kinds of base that have a noise of their own.
ALONE, MIXED, REFERENCED = range(3)


@dataclass(frozen=True)
class WildType:
    """What traces of wild-type molecules from the same primer show of the target (L bases).

    share float64[L, 4]: false share of each changed base; height float64[L]: the target's own peak over its
    neighbours; known bool[L]; names: the files. kappa float64[L, 4]: how much higher the peak of the changed base is
    than the target's for as many molecules, from traces of known fractions; 1 without.
    """

    share: NDArray[np.float64]
    height: NDArray[np.float64]
    known: NDArray[np.bool_]
    names: tuple[str, ...]
    kappa: NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """What one trace says of every base of the target (L bases, 4 changed bases, K isoforms).

    share float64[L, 4]: molecules with that base instead of the target's, of all molecules; z float64[L, 4];
    covered bool[L, 4]; containing float64[L]: molecules that hold the base; height float64[L]: the target's own
    peak over its neighbours; drop bool[L, 4]: that peak is not too high for the share; alone bool[L, 4]: no
    neighbour shows half as much of the same base; kind int8[L] (`ALONE`, `MIXED` or `REFERENCED`); noise: a Noise or
    None for each kind and base; unit float64[L]: noise at a base over that of the trace; places: target base -> bases
    of the trace at which its molecules stand; by_isoform float64[K, L, 4]: the share among the molecules of one
    isoform, nan where they stand at one place with others.
    """

    forward: bool
    share: NDArray[np.float64]
    z: NDArray[np.float64]
    covered: NDArray[np.bool_]
    containing: NDArray[np.float64]
    height: NDArray[np.float64]
    drop: NDArray[np.bool_]
    alone: NDArray[np.bool_]
    kind: NDArray[np.int8]
    noise: tuple[tuple[Noise | None, ...], ...]
    unit: NDArray[np.float64]
    places: dict[int, tuple[int, ...]]
    by_isoform: NDArray[np.float64]

    def noise_at(self, site: tuple[int, int]) -> Noise | None:
        """The noise of a changed base (0-based position, code) at its place."""
        noise = self.noise[self.kind[site[0]]][site[1]]
        return noise and replace(noise, unit=float(self.unit[site[0]]))


@dataclass
class _Shares:
    """What is gathered base by base; arrays as in `Measured`, signal float64[L]: all channels over neighbours."""

    share: NDArray[np.float64]
    seen: NDArray[np.float64]
    containing: NDArray[np.float64]
    height: NDArray[np.float64]
    signal: NDArray[np.float64]
    drop: NDArray[np.bool_]
    kind: NDArray[np.int8]
    by_isoform: NDArray[np.float64]
    places: dict[int, tuple[int, ...]]


def measure(
    mixture: Mixture, codes: NDArray[np.uint8], listed_codons: set[int], wild: WildType | None = None
) -> Measured:
    """Shares of all single-base changes in one trace, with the noise learnt outside `listed_codons`.

    Behind a junction the same base stands at one place of the trace for each isoform; what the other isoforms
    show there is taken off first, and the shares of the places are added.
    """
    length = len(codes)
    found = _gather(mixture, codes, wild)
    changed = codes[:, None] != np.arange(4)
    share = np.where(changed, found.share, 0.0)
    covered = (found.containing > 1 - SMALLEST_SEEN) & (found.seen >= SMALLEST_SEEN * found.containing)
    unit = np.ones(length)
    for kind in (ALONE, MIXED, REFERENCED):
        same = found.kind == kind
        unit[same] = local_units(share, found.signal, covered & same)[same]
    noise = _noises(share / unit[:, None], covered & _unlisted(length, listed_codons), found.kind, changed)
    z = np.zeros((length, 4))
    known = covered[:, None] & changed
    for kind, models in enumerate(noise):
        rows = found.kind == kind
        for base, model in enumerate(models):
            if model is None:
                known[rows, base] = False
            else:
                z[rows, base] = model.z(share[rows, base] / unit[rows])
    return Measured(
        forward=mixture.placed.forward,
        share=share,
        z=z,
        covered=known,
        containing=found.containing,
        height=found.height,
        drop=found.drop,
        alone=_alone(share),
        kind=found.kind,
        noise=noise,
        unit=unit,
        places=found.places,
        by_isoform=found.by_isoform,
    )


def _gather(mixture: Mixture, codes: NDArray[np.uint8], wild: WildType | None) -> _Shares:
    """Shares of every base the trace reads, place by place."""
    length, members = len(codes), len(mixture.members)
    got = _Shares(
        share=np.zeros((length, 4)),
        seen=np.zeros(length),
        containing=np.zeros(length),
        height=np.zeros(length),
        signal=np.zeros(length),
        drop=np.ones((length, 4), bool),
        kind=np.zeros(length, np.int8),
        by_isoform=np.full((members, length, 4), np.nan),
        places={},
    )
    heights = _relative_heights(mixture)
    for position, found in _places(mixture):
        got.containing[position] = sum(sum(m.values()) for m in found.values())
        read = {b: m for b, m in found.items() if b >= 0 and sum(m.values()) >= NEARLY_ZERO and mixture.good[b]}
        got.places[position] = tuple(read)
        ref = int(codes[position])
        if any(mixture.mixed[base] for base in read):
            got.kind[position] = MIXED
        elif wild is not None and wild.known[position]:
            got.kind[position] = REFERENCED
        for base, holding in read.items():
            molecules = sum(holding.values())
            part, own = _share_at(mixture, base, ref, molecules, heights[base])
            usual, cv = 1.0, PEAK_HEIGHT_CV
            if got.kind[position] == REFERENCED and wild is not None:
                part = np.maximum(part - wild.share[position], 0.0) / (1 - wild.share[position])
                usual, cv = float(wild.height[position]), SAME_PEAK_CV
            if wild is not None:
                part = part / (part + wild.kappa[position] * (1 - part))
            got.share[position] += molecules * part
            got.height[position] += own
            got.signal[position] += float(heights[base].sum()) / len(read)
            # METHOD: a true change takes from the target's peak, a dye blob only adds. Peak heights vary, so only a
            # peak that is clearly too high for the share (2.2 sd) speaks against the change.
            got.drop[position] &= own <= usual * molecules * (1 - part + 2.2 * cv)
            got.seen[position] += molecules
            if len(holding) == 1:
                got.by_isoform[next(iter(holding)), position] = part
    return got


def _share_at(
    mixture: Mixture, base: int, ref: int, molecules: float, height: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """(share of each changed base among these molecules float64[4], relative height of the target's own peak)."""
    others = mixture.expected[base].copy()
    others[ref] -= molecules * mixture.scale
    own = np.maximum(mixture.placed.fractions[base] - others, 0.0)
    part = np.minimum(own / np.maximum(own + own[ref], 0.5 * molecules * mixture.scale), 1.0)
    return part, float(height[ref] - others[ref])


def _relative_heights(mixture: Mixture) -> NDArray[np.float64]:
    """Signal of each channel over the median signal of the neighbouring bases, float64[B, 4]."""
    heights = mixture.placed.heights
    usual = median_filter(heights.sum(axis=1), HEIGHT_WINDOW, mode="nearest")
    return heights / np.maximum(usual, 1e-9)[:, None]


def _places(mixture: Mixture) -> Iterator[tuple[int, dict[int, dict[int, float]]]]:
    """Each target base (0-based) and where its molecules stand: base of the trace (-1: unread) -> isoform -> share.

    Isoforms are counted among the members of the mixture.
    """
    placed = mixture.placed
    places: dict[int, dict[int, dict[int, float]]] = {}
    for k, (member, molecules) in enumerate(zip(mixture.members, mixture.shares, strict=True)):
        isoform, index = placed.isoforms[member], placed.index[member]
        read = np.full(len(isoform.bases), -1)
        bases = np.flatnonzero(index >= 0)
        read[index[bases]] = bases
        held = isoform.origin >= 0
        targets = placed.positions[isoform.origin[held]] - 1
        for target, base in zip(targets.tolist(), read[held].tolist(), strict=True):
            if target >= 0:
                places.setdefault(target, {}).setdefault(base, {})[k] = float(molecules)
    yield from sorted(places.items())


def _unlisted(length: int, listed_codons: set[int]) -> NDArray[np.bool_]:
    """Bases outside the given codons, bool[L]."""
    return ~np.isin(np.arange(length) // 3 + 1, list(listed_codons))


def _noises(
    share: NDArray[np.float64],
    rows: NDArray[np.bool_],
    kinds: NDArray[np.int8],
    changed: NDArray[np.bool_],
) -> tuple[tuple[Noise | None, ...], ...]:
    """The noise of each kind of base and each base code; None where too few bases tell it."""
    found = []
    for kind in (ALONE, MIXED, REFERENCED):
        usable = (rows & (kinds == kind))[:, None] & changed
        values = [share[usable[:, base], base] for base in range(4)]
        enough = min(len(v) for v in values) >= FEWEST_NOISE
        found.append(fit_noise(values) if enough else (None,) * 4)
    return tuple(found)


def _alone(share: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where no base within 2 of it shows half as much of the same change, bool[L, 4]."""
    padded = np.pad(share, ((2, 2), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, 5, axis=0)
    return windows[:, :, [0, 1, 3, 4]].max(axis=2) < 0.5 * share
