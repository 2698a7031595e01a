"""Molecules -> reads: fragments, strands, qualities and sequencing errors.

A quality means what it says: errors are drawn at the probability its value states, times the site's own
factor, which the qualities do not show.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablkd.simulate.molecules import NOWHERE
from ablkd.simulate.pcr import TRANSITIONS, Ints, Pool
from ablkd.simulate.truth import TruthRow

# METHOD: short reads have four quality values, as current instruments report. The good one is the default; a
# share of bases, growing threefold along the read, has one of the others in these proportions, chosen so that
# the mean error is `sequencing_error`.
GOOD_QUALITY = 37
POOR_QUALITIES = np.array([23.0, 12.0, 2.0])
POOR_SHARES = np.array([0.75, 0.22, 0.03])
# METHOD: long reads differ in quality from read to read and along the read in stretches (sd of natural logs).
LONG_READ_LOG_SD = 0.3
LONG_STRETCH = 16
LONG_STRETCH_LOG_SD = 0.5
LONG_QUALITIES = (2, 40)
UNSURE_QUALITY = 8
SHORTEST_FRAGMENT = 40
SHORT_CHUNK, LONG_CHUNK = 20_000, 1_000


@dataclass(frozen=True, eq=False)
class Windows:
    """N stretches of molecules to be read: molecule index, half-open range in its product, strand.

    `molecule` int64[N], `start`, `end` int64[N], `forward` bool[N].
    """

    molecule: Ints
    start: Ints
    end: Ints
    forward: NDArray[np.bool_]

    def part(self, chunk: slice) -> Windows:
        return Windows(self.molecule[chunk], self.start[chunk], self.end[chunk], self.forward[chunk])


@dataclass(frozen=True, eq=False)
class Reads:
    """Read matrices, padded on the right: codes uint8[N, W], qualities uint8[N, W], lengths int64[N]."""

    codes: NDArray[np.uint8]
    qualities: NDArray[np.uint8]
    lengths: Ints


class Sites:
    """Each site's own error factors: mean 1, one per axis position, strand and wrong base.

    They belong to the run, not to the sample, so that a run's controls show what its patients have.
    """

    def __init__(self, log_sd: float, span: tuple[int, int], rng: np.random.Generator) -> None:
        self.first = span[0]
        draws = rng.standard_normal((2, span[1] - span[0] + 1, 3))
        self.factors = np.exp(log_sd * draws - log_sd**2 / 2)
        self.shares = np.array([(1 - TRANSITIONS) / 2, TRANSITIONS, (1 - TRANSITIONS) / 2])
        self.total = self.factors @ self.shares

    def index(self, axis: NDArray[np.int32]) -> Ints:
        """Row of each axis position; inserted bases share the last one."""
        return np.where(axis == NOWHERE, self.total.shape[1] - 1, axis.astype(np.int64) - self.first)

    def shifts(self, strand: Ints, site: Ints, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Which wrong base each error makes there: uint8 of 1, 2 or 3."""
        weights = np.cumsum(self.factors[strand, site] * self.shares, axis=-1)
        draws = rng.random(len(site)) * weights[:, -1]
        return (1 + (draws[:, None] > weights[:, :2]).sum(axis=1)).astype(np.uint8)


def number_of_molecules(settings: TruthRow, reads: str, length: int) -> int:
    """How many molecules must be read for the depth asked for, of a product of `length` bases."""
    if reads == "long" or settings.insert_mean == 0 or length == 0:
        return round(settings.depth)
    return round(settings.depth * (length + settings.insert_mean) / settings.insert_mean)


def cut_fragments(pool: Pool, settings: TruthRow, rng: np.random.Generator) -> Windows:
    """At most one fragment per molecule; whole products when `insert_mean` is 0.

    METHOD: random cuts: fragments start anywhere, the ends of the product included, where they are shorter;
    the depth is then even up to both ends. A shorter product gives fewer fragments, so that every base of every
    product is as deep as its share of the molecules. Fragments under 40 bases are lost.
    """
    number = len(pool.product)
    lengths = _product_lengths(pool)[pool.product]
    forward = rng.random(number) < 0.5
    everyone = np.arange(number)
    if settings.insert_mean == 0:
        return Windows(everyone, np.zeros(number, np.int64), lengths, forward)
    insert = np.rint(rng.normal(settings.insert_mean, settings.insert_sd, number)).astype(np.int64)
    insert = np.clip(insert, SHORTEST_FRAGMENT, lengths)
    start = np.floor(rng.random(number) * (lengths + insert)).astype(np.int64) - insert + 1
    end = np.minimum(start + insert, lengths)
    start = np.maximum(start, 0)
    kept = end - start >= SHORTEST_FRAGMENT
    if lengths.min() < lengths.max():
        kept &= rng.random(number) < (lengths + insert) / (lengths.max() + insert)
    return Windows(everyone[kept], start[kept], end[kept], forward[kept])


def whole_products(pool: Pool, rng: np.random.Generator) -> Windows:
    """Every molecule from end to end, on either strand."""
    number = len(pool.product)
    lengths = _product_lengths(pool)[pool.product]
    return Windows(np.arange(number), np.zeros(number, np.int64), lengths, rng.random(number) < 0.5)


def _product_lengths(pool: Pool) -> Ints:
    return np.array([0 if p is None else len(p.codes) for p in pool.products], np.int64)


class Template:
    """A pool laid out for reading: bases, axis positions and errors of any window."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        present = [p for p in pool.products if p is not None]
        self.lengths = _product_lengths(pool)
        self.offsets = np.cumsum(self.lengths) - self.lengths
        self.codes = np.concatenate([p.codes for p in present])
        self.axis = np.concatenate([p.axis for p in present])
        self.runs = np.concatenate([_run_lengths(p.codes) for p in present])
        on_axis = self.axis[self.axis != NOWHERE]
        self.span = (int(on_axis.min()), int(on_axis.max()) + 1)
        self.places = np.full((len(pool.products), self.span[1] - self.span[0]), -1, np.int64)
        for index, product in enumerate(pool.products):
            if product is not None:
                place = np.flatnonzero(product.copied)
                self.places[index, product.axis[place] - self.span[0]] = place

    def read(self, windows: Windows, width: int) -> tuple[NDArray[np.uint8], Ints, Ints]:
        """(codes uint8[N, width], index int64[N, width], lengths) of error-free reads of these windows.

        Each read starts at its window's first base on its strand. `index` is the base's place in
        `axis` and `runs`; past the end of a read both hold the base at the end.
        """
        lengths = np.minimum(windows.end - windows.start, width)
        step = np.minimum(np.arange(width), lengths[:, None] - 1)
        forward = windows.forward[:, None]
        inside = np.where(forward, windows.start[:, None] + step, windows.end[:, None] - 1 - step)
        index = inside + self.offsets[self.pool.product[windows.molecule]][:, None]
        codes = self.codes[index]
        self._add_errors(codes, windows, lengths)
        return np.where(forward, codes, 3 - codes).astype(np.uint8), index, lengths

    def _add_errors(self, codes: NDArray[np.uint8], windows: Windows, lengths: Ints) -> None:
        """Give the reads the errors of their molecules (windows are in the order of their molecules)."""
        errors = self.pool.errors
        first, end = np.searchsorted(errors.owner, (windows.molecule[0], windows.molecule[-1] + 1))
        chosen = slice(int(first), int(end))
        owner, axis = errors.owner[chosen], errors.axis[chosen].astype(np.int64) - self.span[0]
        row = np.searchsorted(windows.molecule, owner)
        known = (windows.molecule[row] == owner) & (axis >= 0) & (axis < self.span[1] - self.span[0])
        row, owner, axis, shift = row[known], owner[known], axis[known], errors.shift[chosen][known]
        place = self.places[self.pool.product[owner], axis]
        column = np.where(windows.forward[row], place - windows.start[row], windows.end[row] - 1 - place)
        seen = (place >= 0) & (column >= 0) & (column < lengths[row])
        np.add.at(codes, (row[seen], column[seen]), shift[seen])
        np.bitwise_and(codes, 3, out=codes)


def _run_lengths(codes: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Length of the homopolymer each base lies in, divided by the mean."""
    first = np.flatnonzero(np.diff(codes.astype(np.int16), prepend=-1))
    counts = np.diff(np.append(first, len(codes)))
    runs = np.repeat(counts, counts).astype(np.float64)
    return runs / runs.mean()


def read_pairs(
    template: Template, windows: Windows, settings: TruthRow, sites: Sites, rng: np.random.Generator
) -> Iterator[tuple[Reads, Reads]]:
    """Paired short reads, chunk by chunk: read 1 from the fragment's strand, read 2 from the other."""
    for at in range(0, len(windows.molecule), SHORT_CHUNK):
        one = windows.part(slice(at, at + SHORT_CHUNK))
        two = Windows(one.molecule, one.start, one.end, ~one.forward)
        yield _short(template, one, settings, sites, rng), _short(template, two, settings, sites, rng)


def _short(template: Template, windows: Windows, settings: TruthRow, sites: Sites, rng: np.random.Generator) -> Reads:
    codes, index, lengths = template.read(windows, settings.read_length)
    good_error = 10 ** (-GOOD_QUALITY / 10)
    poor_error = 10 ** (-POOR_QUALITIES / 10)
    poor = max(0.0, settings.sequencing_error - good_error) / (POOR_SHARES @ poor_error - good_error)
    draws = rng.random(codes.shape) / (poor * np.linspace(0.5, 1.5, settings.read_length) + 1e-300)
    which = np.searchsorted(np.cumsum(POOR_SHARES), draws, side="right")
    qualities = np.append(POOR_QUALITIES, GOOD_QUALITY).astype(np.uint8)[which]
    chance = np.append(poor_error, min(good_error, settings.sequencing_error))[which]
    _misread(codes, chance, template.axis[index], windows.forward, sites, rng)
    return Reads(codes, qualities, lengths)


def _misread(
    codes: NDArray[np.uint8],
    chance: NDArray[np.float64],
    axis: NDArray[np.int32],
    forward: NDArray[np.bool_],
    sites: Sites,
    rng: np.random.Generator,
) -> None:
    """Substitute bases in place with probability `chance` times the factor of site and strand."""
    site = sites.index(axis)
    strand = forward.astype(np.int64)[:, None]
    wrong = np.nonzero(rng.random(codes.shape) < chance * sites.total[strand, site])
    shifts = sites.shifts(strand[wrong[0], 0], site[wrong], rng)
    codes[wrong] = (codes[wrong] + shifts) % 4


def read_products(
    template: Template, windows: Windows, settings: TruthRow, sites: Sites, rng: np.random.Generator
) -> Iterator[Reads]:
    """Long reads, chunk by chunk.

    METHOD: a quality states substitutions and indels together. Half of the indels delete a base, half insert
    one (as often the same base again as a random one); their chance grows with the length of the homopolymer.
    """
    for at in range(0, len(windows.molecule), LONG_CHUNK):
        part = windows.part(slice(at, at + LONG_CHUNK))
        codes, index, lengths = template.read(part, int((part.end - part.start).max()))
        badness = _badness(codes.shape, rng)
        errors = settings.sequencing_error + settings.indel_error
        low, high = LONG_QUALITIES
        with np.errstate(divide="ignore"):
            qualities = np.clip(np.rint(-10 * np.log10(errors * badness)), low, high).astype(np.uint8)
        axis = template.axis[index]
        _misread(codes, settings.sequencing_error * badness, axis, part.forward, sites, rng)
        yield _with_indels(Reads(codes, qualities, lengths), settings.indel_error * badness * template.runs[index], rng)


def _badness(shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float64]:
    """Error rate of each base relative to the mean, float64[N, W]: one factor per read and per stretch."""
    reads, width = shape
    stretches = rng.standard_normal((reads, -(-width // LONG_STRETCH))) * LONG_STRETCH_LOG_SD
    logs = stretches + rng.standard_normal((reads, 1)) * LONG_READ_LOG_SD
    logs -= (LONG_STRETCH_LOG_SD**2 + LONG_READ_LOG_SD**2) / 2
    return np.repeat(np.exp(logs), LONG_STRETCH, axis=1)[:, :width]


def _with_indels(reads: Reads, chance: NDArray[np.float64], rng: np.random.Generator) -> Reads:
    """Reads with bases deleted and inserted, with `chance` for both together at each base."""
    draws = rng.random(reads.codes.shape)
    deleted, inserted = draws < chance / 2, draws > 1 - chance / 2
    copies = 1 + inserted.astype(np.int64) - deleted
    copies[np.arange(copies.shape[1]) >= reads.lengths[:, None]] = 0
    lengths = copies.sum(axis=1)
    unsure = inserted | np.roll(deleted, 1, axis=1)
    qualities = np.where(unsure, np.minimum(reads.qualities, UNSURE_QUALITY), reads.qualities)
    flat = np.repeat(reads.codes.ravel(), copies.ravel())
    flat_qualities = np.repeat(qualities.ravel(), copies.ravel())
    second = (np.cumsum(copies.ravel()) - 1)[(inserted.ravel()) & (copies.ravel() == 2)]
    random = second[rng.random(len(second)) < 0.5]
    flat[random] = rng.integers(0, 4, len(random))
    kept = np.arange(lengths.max(initial=0)) < lengths[:, None]
    codes, padded = np.zeros(kept.shape, np.uint8), np.zeros(kept.shape, np.uint8)
    codes[kept], padded[kept] = flat, flat_qualities
    return Reads(codes, padded, lengths)
