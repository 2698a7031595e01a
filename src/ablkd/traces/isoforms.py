"""Which isoforms a trace is a mixture of, and how much of each.

Behind a junction the signal is the sum of the isoforms' sequences, so their shares follow from non-negative
least squares over all known isoforms, and their significance from shifts that no isoform has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter, percentile_filter
from scipy.optimize import nnls
from scipy.stats import norm

from ablkd.records import SpliceEvent, SpliceVariant
from ablkd.traces.align import PlacedTrace
from ablkd.traces.combine import combine, contradict, extremes, holm, stouffer
from ablkd.verdicts.events import EventObservation, event_row
from ablkd.verdicts.thresholds import TRACE_ALPHA

# METHOD: a share is an average over many bases; with fewer than these it is not estimated.
FEWEST_BASES = 80
# METHOD: bases that must be read before a junction, so that the place of the start is sure.
BASES_BEFORE = 20
# METHOD: bases are trusted while the median of their unexplained signal stays below this share and, where
# only one isoform is read, the lower quartile of their qualities above this value (assumptions, to be
# replaced by validation data). In a mixture of isoforms qualities are low by nature and say nothing.
MOST_UNEXPLAINED = 0.15
LEAST_QUALITY = 25
WINDOW = 21
# METHOD: behind the end of the molecules basecallers go on calling noise: signal below this part of the usual one.
LEAST_SIGNAL = 0.15
DECOY_STEP = 7
DECOYS_BEYOND = 60
BLOCK = 10
RESAMPLES = 100
# METHOD: mixtures made from real traces were recovered from 5 % on, but idealised; 10 % is claimed until
# wet-lab mixtures are measured.
SMALLEST_SHARE = 0.05
SMALLEST_LOD = 0.10
# METHOD: dyes bias a share whatever the number of bases: its standard error is 2 points at least, until calibrated.
LEAST_ERROR = 0.02


@dataclass(frozen=True)
class Mixture:
    """A trace explained as a mixture of some of its isoforms.

    members: indices into the trace's isoforms, the contig as it is first. shares float64[K], sum 1; `scale`
    is what they summed to beside the background. expected float64[B, 4]: the signal fractions that shares and
    background give. mixed bool[B]: molecules of several lengths overlap. good bool[B]: bases to trust.
    """

    placed: PlacedTrace
    members: tuple[int, ...]
    shares: NDArray[np.float64]
    scale: float
    expected: NDArray[np.float64]
    mixed: NDArray[np.bool_]
    good: NDArray[np.bool_]


@dataclass(frozen=True)
class Share:
    """What one trace (a file) says of one event or indel: its share, its standard error, and z against wrong shifts."""

    trace: str
    forward: bool
    share: float
    error: float
    z: float


def _columns(placed: PlacedTrace, members: Sequence[int]) -> NDArray[np.float64]:
    """The base each isoform would show, one-hot float64[B, 4, K]; zeros where it has none."""
    columns = np.zeros((len(placed.trace.bases), 4, len(members)))
    for k, member in enumerate(members):
        index = placed.index[member]
        bases = placed.isoforms[member].bases
        there = np.flatnonzero((index >= 0) & (bases[index] < 4))
        columns[there, bases[index[there]], k] = 1.0
    return columns


def explain(placed: PlacedTrace, members: Sequence[int]) -> Mixture:
    """Shares of the given isoforms in a trace, by non-negative least squares with an even background.

    Fitted twice: the second time only at the bases that the first fit lets trust.
    """
    columns = _columns(placed, members)
    observed = placed.fractions
    reached = np.asarray(columns.any(axis=(1, 2)))
    design = np.concatenate([columns, np.full((*observed.shape, 1), 0.25)], axis=2)
    clean, strong = _clean(placed.trace.quality), strong_bases(placed)
    good = reached
    for _ in range(2):
        if not good.any():
            break
        weights, _ = nnls(design[good].reshape(-1, design.shape[2]), observed[good].ravel())
        scale = max(float(weights[:-1].sum()), 1e-9)
        shares = weights[:-1] / scale
        expected = design @ weights
        mixed = _mixed(placed, [m for m, share in zip(members, shares, strict=True) if share >= SMALLEST_SHARE])
        # The background counts as unexplained: where it is most of the signal there is no sequence to read.
        unexplained = np.abs(observed - columns @ shares).sum(axis=1) / 2
        usual = median_filter(unexplained, WINDOW, mode="nearest")
        good = reached & (usual <= MOST_UNEXPLAINED) & strong & (clean | mixed)
    return Mixture(placed, tuple(members), shares, scale, expected, mixed, good)


def _clean(quality: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Bases among bases of good quality, bool[B]; all of them where the file has no qualities."""
    if not quality.any():
        return np.ones(len(quality), bool)
    return percentile_filter(quality, 25, WINDOW, mode="nearest") >= LEAST_QUALITY


def strong_bases(placed: PlacedTrace) -> NDArray[np.bool_]:
    """Bases where the signal has not faded to a small part of what it was, bool[B]."""
    total = median_filter(placed.heights.sum(axis=1), WINDOW, mode="nearest")
    clean = _clean(placed.trace.quality)
    return total >= LEAST_SIGNAL * float(np.median(total[clean] if clean.any() else total))


def _mixed(placed: PlacedTrace, members: Sequence[int]) -> NDArray[np.bool_]:
    """Bases at which the molecules of some isoforms stand at different places of the contig, bool[B]."""
    origins = [np.where(placed.index[m] >= 0, placed.isoforms[m].origin[placed.index[m]], -1) for m in members]
    return np.any([origin != origins[0] for origin in origins], axis=0)


def distinguishable(placed: PlacedTrace, good: NDArray[np.bool_]) -> dict[int, NDArray[np.intp]]:
    """Isoforms that a trace can show -> the good bases at which they run apart from the contig."""
    plain = placed.index[0]
    found = {}
    for member in range(1, len(placed.isoforms)):
        index = placed.index[member]
        both = (index >= 0) & (plain >= 0)
        apart = both & (placed.isoforms[member].origin[index] != plain)
        together = np.flatnonzero(both & ~apart)
        bases = np.flatnonzero(apart & good)
        if len(bases) >= FEWEST_BASES and len(together) >= BASES_BEFORE:
            found[member] = bases
    return found


def event_shares(placed: PlacedTrace, among: set[str] | None = None) -> dict[str, Share]:
    """Every event that a trace can show -> what it says of it; `among` some of them where it is given."""
    members = [0, *(i for i, form in enumerate(placed.isoforms[1:], 1) if among is None or form.event in among)]
    first = explain(placed, members)
    seen = {m: bases for m, bases in distinguishable(placed, first.good).items() if m in members}
    if not seen:
        return {}
    members = [0, *seen]
    mixture = explain(placed, members)
    columns = _columns(placed, members)[mixture.good]
    observed = placed.fractions[mixture.good]
    errors = _bootstrap(columns, observed)
    residual = placed.fractions - mixture.expected
    shares = {}
    for k, (member, bases) in enumerate(seen.items(), start=1):
        wrong = _decoys(placed, mixture, member, bases, residual)
        share = float(mixture.shares[k])
        spread = float(np.hypot(wrong.std(ddof=1), errors[k]))
        z = (share - max(0.0, float(wrong.mean()))) / spread
        shares[placed.isoforms[member].event] = Share(placed.trace.name, placed.forward, share, spread, z)
    return shares


def _bootstrap(columns: NDArray[np.float64], observed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard errors float64[K] of the shares over resampled blocks of BLOCK neighbouring bases."""
    # The noise of neighbouring peaks is not independent, single bases would promise too much.
    design = np.concatenate([columns, np.full((*observed.shape, 1), 0.25)], axis=2)
    blocks = [slice(b, b + BLOCK) for b in range(0, len(design), BLOCK)]
    products = np.array([np.einsum("bck,bcl->kl", design[b], design[b]) for b in blocks])
    targets = np.array([np.einsum("bck,bc->k", design[b], observed[b]) for b in blocks])
    random = np.random.default_rng(len(design))
    drawn = []
    for _ in range(RESAMPLES):
        pick = random.integers(0, len(blocks), len(blocks))
        values, vectors = np.linalg.eigh(products[pick].sum(axis=0))
        roots = np.sqrt(np.maximum(values, 1e-9))
        weights, _ = nnls((vectors * roots).T, vectors.T @ targets[pick].sum(axis=0) / roots)
        drawn.append(weights[:-1] / max(float(weights[:-1].sum()), 1e-9))
    return np.std(drawn, axis=0, ddof=1)


def _decoys(
    placed: PlacedTrace,
    mixture: Mixture,
    member: int,
    bases: NDArray[np.intp],
    residual: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The shares that shifts no isoform has would take from what is left unexplained, float64[decoys]."""
    plain = placed.index[0]
    own = placed.isoforms[member].origin[placed.index[member][bases]] - plain[bases]
    known = np.array(
        [
            np.where(placed.index[m][bases] >= 0, placed.isoforms[m].origin[placed.index[m][bases]], -1) - plain[bases]
            for m in range(len(placed.isoforms))
        ]
    )
    direction = int(np.sign(np.median(own)))
    furthest = abs(int(np.median(own))) + DECOYS_BEYOND
    contig = placed.isoforms[0].bases
    shares = []
    for shift in range(DECOY_STEP, furthest, max(1, furthest // RESAMPLES)):
        place = plain[bases] + direction * shift
        near = (np.abs(known - direction * shift) < DECOY_STEP).mean(axis=1)
        inside = (place >= 0) & (place < len(contig)) & (plain[bases] >= 0)
        if near.max() > 0.2 or inside.sum() < FEWEST_BASES:
            continue
        rows = bases[inside]
        column = -mixture.expected[rows]
        column[np.arange(len(rows)), contig[place[inside]]] += 1.0
        shares.append(float((column * residual[rows]).sum() / (column**2).sum()))
    return np.array(shares) if len(shares) > 1 else np.array([0.0, MOST_UNEXPLAINED])


def splice_rows(
    sample: str, variants: Sequence[SpliceVariant], shares: Sequence[dict[str, Share]], required_lod: float
) -> list[SpliceEvent]:
    """A row for every event; `shares` are those of each trace, `required_lod` is a fraction.

    Holm's adjustment is over the events that any trace can show.
    """
    seen = {v.event: [s[v.event] for s in shares if v.event in s] for v in variants}
    tested = [event for event, found in seen.items() if found]
    p = [norm.sf(stouffer([s.z for s in seen[e]], [s.forward for s in seen[e]])) for e in tested]
    adjusted = dict(zip(tested, holm(p), strict=True))
    critical = float(norm.isf(TRACE_ALPHA / max(1, len(tested))))
    rows = []
    for variant in variants:
        one = EventObservation(seen=False, gap="not_covered")
        if variant.event in adjusted:
            one = _observed(seen[variant.event], float(adjusted[variant.event]), critical)
        rows.append(event_row(sample, variant, one, required_lod))
    return rows


def interval(found: Sequence[Share]) -> tuple[float, float]:
    """(low, high) of an event or indel about which traces contradict each other."""
    return extremes([s.share for s in found], [float(np.hypot(s.error, LEAST_ERROR)) for s in found])


def disagree(found: Sequence[Share]) -> bool:
    """Whether the traces contradict each other about an event or indel."""
    errors = [float(np.hypot(s.error, LEAST_ERROR)) for s in found]
    return contradict([s.share for s in found], errors, [s.forward for s in found])


def _observed(found: Sequence[Share], adjusted: float, critical: float) -> EventObservation:
    """What the traces that can show an event say of it: adjusted p-value, and the normal deviate of a lone finding."""
    share, error = combine(*zip(*[(s.share, s.error, s.forward) for s in found], strict=True))
    contradicted = disagree(found)
    low, high = interval(found) if contradicted else extremes([share], [float(np.hypot(error, LEAST_ERROR))])
    filters = ["traces_disagree"] if contradicted else ["below_limit"] if share < SMALLEST_SHARE else []
    seen = adjusted < TRACE_ALPHA or (contradicted and max(s.z for s in found) >= critical)
    return EventObservation(
        seen=seen,
        junction_reads=sum(s.z >= critical and s.share >= SMALLEST_SHARE for s in found),
        reference_reads=sum(s.share <= 1 - SMALLEST_SHARE for s in found),
        fraction=share,
        low=low,
        high=high,
        lod95=float(max(SMALLEST_LOD, (critical + norm.isf(0.05)) * error)),
        filters=tuple(filters) if seen else (),
    )
