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

from ablkd.traces.abif import base_fractions
from ablkd.traces.blobs import REPLACED, usual_heights, without_blobs
from ablkd.traces.isoforms import Mixture
from ablkd.traces.noise import NEARLY_ZERO, PEAK_HEIGHT_CV, SAME_PEAK_CV, Noise, fit_noise, local_units

# METHOD: a base is covered where nearly all molecules that hold it are read well.
SMALLEST_SEEN = 0.95
# METHOD: noise is not learnt from fewer bases than these of each kind.
FEWEST_NOISE = 60
MOSTLY_BLOB = 0.5
LARGEST_CHANCE = 0.90
# METHOD: the tail of false peaks is heavier than its upper tenth suggests: 50 values beyond z 3.5 in 21 public traces
# where 5 were expected, a few of them true, 3 false calls in 200 simulated pairs with a wild-type pair at 1.4 times the
# scale, 1 at 1.6 times, and 3 in 150 where isoforms overlap. So the scale of the tail is multiplied, by kind of base.
ALONE, MIXED, REFERENCED = range(3)
HEAVIER_TAIL = {ALONE: 1.2, MIXED: 1.1, REFERENCED: 1.6}


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
    """What one trace says of every base of the target (L bases, 4 changed bases).

    share float64[L, 4]: molecules with that base instead of the target's, of all molecules, without what a dye blob
    shows; blob float64[L, 4]: what a dye blob shows of the base, where that is at least half of its signal, else 0;
    doubt float64[L, 4]: part of the share by which false signal may raise or lower it; z float64[L, 4]: of share and
    blob together, so that nothing is lost under a blob. covered bool[L, 4]; containing float64[L]: molecules that hold
    the base; height float64[L]: the target's own peak over its neighbours; drop bool[L, 4]: that peak is not too high
    for the share; kind int8[L] (`ALONE`, `MIXED` or `REFERENCED`); noise: a Noise or None for each kind and base; unit
    float64[L]: noise at a base over that of the trace; places: target base -> bases of the trace that show it.
    """

    forward: bool
    share: NDArray[np.float64]
    blob: NDArray[np.float64]
    doubt: NDArray[np.float64]
    z: NDArray[np.float64]
    covered: NDArray[np.bool_]
    containing: NDArray[np.float64]
    height: NDArray[np.float64]
    drop: NDArray[np.bool_]
    kind: NDArray[np.int8]
    noise: tuple[tuple[Noise | None, ...], ...]
    unit: NDArray[np.float64]
    places: dict[int, tuple[int, ...]]

    def noise_at(self, site: tuple[int, int]) -> Noise | None:
        """The noise of a changed base (0-based position, code) at its place."""
        noise = self.noise[self.kind[site[0]]][site[1]]
        return noise and replace(noise, unit=float(self.unit[site[0]]))


@dataclass
class _Shares:
    """What is gathered base by base; arrays as in `Measured`, signal float64[L]: all channels over neighbours."""

    share: NDArray[np.float64]
    blob: NDArray[np.float64]
    doubt: NDArray[np.float64]
    seen: NDArray[np.float64]
    containing: NDArray[np.float64]
    height: NDArray[np.float64]
    signal: NDArray[np.float64]
    drop: NDArray[np.bool_]
    kind: NDArray[np.int8]
    places: dict[int, tuple[int, ...]]


def measure(
    mixture: Mixture, codes: NDArray[np.uint8], listed_codons: set[int], wild: WildType | None = None
) -> Measured:
    """Shares of all single-base changes in one trace, with the noise learnt outside `listed_codons`.

    Behind a junction the same base stands at one place of the trace for each isoform; what the other isoforms
    show there is taken off first, and the shares of the places are added.
    """
    length = len(codes)
    found = _gather(mixture, codes)
    changed = codes[:, None] != np.arange(4)
    found.share[~changed] = found.blob[~changed] = 0.0
    unlisted = _unlisted(length, listed_codons)
    plain, clear = found.share.copy(), found.kind != MIXED
    if wild is not None:
        _take_off(found, wild, unlisted)
    share = found.share
    # METHOD: where the wild-type trace cannot be read a base has the noise of a trace without one.
    learnt = {ALONE: (plain, clear), MIXED: (share, ~clear), REFERENCED: (share, found.kind == REFERENCED)}
    covered = (found.containing > 1 - SMALLEST_SEEN) & (found.seen >= SMALLEST_SEEN * found.containing)
    known = covered[:, None] & changed
    unit, z = np.ones(length), np.zeros((length, 4))
    noise = []
    for kind, (values, rows) in learnt.items():
        units = local_units(values, found.signal, covered & rows)
        noise.append(_noises(values / units[:, None], covered & unlisted & rows, changed, kind))
        own = found.kind == kind
        unit[own] = units[own]
        for base, model in enumerate(noise[kind]):
            if model is None:
                known[own, base] = False
            else:
                z[own, base] = model.z((share + found.blob)[own, base] / unit[own])
    return Measured(
        forward=mixture.placed.forward,
        share=share,
        blob=found.blob,
        doubt=found.doubt,
        z=z,
        covered=known,
        containing=found.containing,
        height=found.height,
        drop=found.drop,
        kind=found.kind,
        noise=tuple(noise),
        unit=unit,
        places=found.places,
    )


def _gather(mixture: Mixture, codes: NDArray[np.uint8]) -> _Shares:
    """Shares of every base the trace reads, place by place."""
    length = len(codes)
    got = _Shares(
        share=np.zeros((length, 4)),
        blob=np.zeros((length, 4)),
        doubt=np.zeros((length, 4)),
        seen=np.zeros(length),
        containing=np.zeros(length),
        height=np.zeros(length),
        signal=np.zeros(length),
        drop=np.ones((length, 4), bool),
        kind=np.zeros(length, np.int8),
        places={},
    )
    raw, cleaned = mixture.placed.heights, without_blobs(mixture)
    heights, fractions = cleaned / usual_heights(raw)[:, None], base_fractions(cleaned)
    blob = _blob_shares(raw, raw - cleaned)
    for position, found in _places(mixture):
        got.containing[position] = sum(found.values())
        read = {b: m for b, m in found.items() if b >= 0 and m >= NEARLY_ZERO and mixture.good[b]}
        got.places[position] = tuple(read)
        got.kind[position] = MIXED if any(mixture.mixed[base] for base in read) else ALONE
        # Where isoforms overlap, the peaks of all of them vary.
        varying = 1.0 if got.kind[position] == MIXED else None
        for base, molecules in read.items():
            ref = int(codes[position])
            part, doubt, own = _share_at(mixture, base, ref, molecules, heights[base], fractions[base])
            got.share[position] += molecules * part
            got.doubt[position] = np.maximum(got.doubt[position], doubt)
            got.blob[position] += molecules * np.maximum(blob[base] - part, 0.0)
            got.height[position] += own
            got.signal[position] += float(heights[base].sum()) / len(read)
            # METHOD: a true change takes from the target's peak, a dye blob only adds. Peak heights vary, so only a
            # peak that is clearly too high for the share (2.2 sd) speaks against the change.
            got.drop[position] &= own <= molecules * (1 - part) + 2.2 * PEAK_HEIGHT_CV * (varying or molecules)
            got.seen[position] += molecules
    return got


def _take_off(got: _Shares, wild: WildType, rows: NDArray[np.bool_]) -> None:
    """Take what wild type shows off the shares, where no isoforms overlap; `rows` may be learnt from.

    METHOD: a false peak of the wild-type trace is partly chance. Of it is taken off what comes back in this trace: the
    slope of a regression through nothing over the bases outside the listed codons. Chance is no larger than nine in ten
    false peaks are: what is beyond comes from the sequence.
    """
    beside = wild.known & (got.kind == ALONE) & (got.seen > 0)
    got.kind[beside] = REFERENCED
    learnt = beside & rows
    usual = np.minimum(got.share, 0.15)[learnt]
    squares = float((wild.share[learnt] ** 2).sum())
    slope = min(1.0, float((usual * wild.share[learnt]).sum()) / squares) if squares else 0.0
    molecules = np.maximum(got.seen, 1e-9)[:, None]
    most = float(np.quantile(wild.share[learnt], LARGEST_CHANCE)) if learnt.any() else 0.0
    part, false = np.minimum(got.share / molecules, 1.0), wild.share - (1 - slope) * np.minimum(wild.share, most)
    part = np.where(beside[:, None], np.maximum(part - false, 0.0) / (1 - false), part)
    amounts = part / wild.kappa
    part = amounts / np.maximum(np.maximum(1 - part.sum(axis=1), 0.0) + amounts.sum(axis=1), 1e-9)[:, None]
    got.share = part * got.seen[:, None]
    allowed = wild.height[:, None] * (1 - part + 2.2 * SAME_PEAK_CV) * molecules
    got.drop = np.where(beside[:, None], got.height[:, None] <= allowed, got.drop)


def _share_at(
    mixture: Mixture,
    base: int,
    ref: int,
    molecules: float,
    height: NDArray[np.float64],
    fractions: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """(share of each changed base among these molecules, its doubt, both float64[4]; the target's own peak)."""
    others = mixture.expected[base].copy()
    others[ref] -= molecules * mixture.scale
    own = np.maximum(fractions - others, 0.0)
    if mixture.mixed[base]:
        # The other channels show the molecules of other isoforms.
        part = own / np.maximum(own + own[ref], 0.5 * molecules * mixture.scale)
        return np.minimum(part, 1.0), np.zeros(4), float(height[ref] - others[ref])
    # METHOD: a share is one of all molecules, so of the signal of all four channels: with two variants at one base,
    # each is that. Of variant and target alone it reads 3 points high at the edits of 23 public traces, where false
    # signal is higher than what is left of the target's peak. Whether false signal adds to peaks or comes from
    # molecules is not known: with all of it as molecules shares read low on simulated traces, with none high on public
    # ones. So half of it counts, and the other half is doubt. More than the background in a channel is a variant.
    background = 0.75 * max(1 - mixture.scale, 0.0)
    every = own.sum() + background
    false = np.minimum(own, background)
    false = false.sum() - false - false[ref] + background
    part = own / np.maximum(every - false / 2, 0.5 * molecules * mixture.scale)
    doubt = false / np.maximum(2 * every - false, NEARLY_ZERO)
    return np.minimum(part, 1.0), doubt, float(height[ref] - others[ref])


def _blob_shares(raw: NDArray[np.float64], broad: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fraction of the signal float64[B, 4] of each channel that is mostly a blob; 0 elsewhere."""
    return np.where(broad >= MOSTLY_BLOB * raw, base_fractions(raw), 0.0) * (broad > 0)


def _places(mixture: Mixture) -> Iterator[tuple[int, dict[int, float]]]:
    """Each target base (0-based) and where its molecules stand: base of the trace (-1: unread) -> share."""
    placed = mixture.placed
    places: dict[int, dict[int, float]] = {}
    for member, molecules in zip(mixture.members, mixture.shares, strict=True):
        isoform, index = placed.isoforms[member], placed.index[member]
        read = np.full(len(isoform.bases), -1)
        bases = np.flatnonzero(index >= 0)
        read[index[bases]] = bases
        held = isoform.origin >= 0
        targets = placed.positions[isoform.origin[held]] - 1
        for target, base in zip(targets.tolist(), read[held].tolist(), strict=True):
            if target >= 0:
                there = places.setdefault(target, {})
                there[base] = there.get(base, 0.0) + float(molecules)
    yield from sorted(places.items())


def _unlisted(length: int, listed_codons: set[int]) -> NDArray[np.bool_]:
    """Bases outside the given codons, bool[L]."""
    return ~np.isin(np.arange(length) // 3 + 1, list(listed_codons))


def _noises(
    share: NDArray[np.float64], rows: NDArray[np.bool_], changed: NDArray[np.bool_], kind: int
) -> tuple[Noise | None, ...]:
    """The noise of each base code in bases of one kind; None where too few bases tell it."""
    usable = rows[:, None] & changed
    # METHOD: no false peak replaces half of the target's base, so such a one is a variant and no noise.
    usable &= share < REPLACED
    values = [share[usable[:, base], base] for base in range(4)]
    if min(len(v) for v in values) < FEWEST_NOISE:
        return (None,) * 4
    return tuple(replace(m, scale=HEAVIER_TAIL[kind] * m.scale) for m in fit_noise(values))
