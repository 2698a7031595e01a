"""Traces -> their place on the target, and on every known isoform that shares their start.

A trace is a mixture of molecules that were all read from one primer, so the molecules of two isoforms agree
up to the first junction and run apart by the length of the event behind it. The place of each base is found
once, on the isoform most molecules have; on every other isoform it is the same number of bases away from the
start of the reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from Bio.Align import PairwiseAligner
from numpy.typing import NDArray

from ablkd.errors import UnusableSample
from ablkd.hgvs import indel_names
from ablkd.records import SpliceVariant, Transcript
from ablkd.reference import Reference, encode
from ablkd.traces.abif import Trace, base_fractions, base_signals

SEED = 12
# METHOD: fewer seeds than these are found between unrelated sequences of this length now and then.
FEWEST_SEEDS = 30


# METHOD: a base that the basecaller missed leaves a wide step between peaks, one too many a narrow one.
EVEN_STEPS = (0.6, 1.5)


@dataclass(frozen=True)
class Indel:
    """Target bases [start, end) (0-based) replaced by `inserted`; N where the inserted bases could not be read."""

    start: int
    end: int
    inserted: str

    @property
    def ahead(self) -> int:
        """Bases that molecules with it run ahead behind it; less than 0 for insertions."""
        return self.end - self.start - len(self.inserted)

    def hgvs_c(self, reference: Reference) -> str:
        """Its name on the target."""
        return indel_names(reference, self.start, self.end, self.inserted)[1]


@dataclass(frozen=True)
class Isoform:
    """A sequence that molecules may have. `event` is empty for the contig as it is.

    bases uint8[L]; origin int32[L]: index on the contig, -1 for bases that an event inserts.
    """

    event: str
    bases: NDArray[np.uint8]
    origin: NDArray[np.int32]


@dataclass(frozen=True)
class PlacedTrace:
    """A trace in the orientation of the target, with the place of each base on I isoforms.

    `isoforms[0]` is the contig without an event. index int32[I, B]: index on the isoform, -1 where none.
    positions int32[Lc]: 1-based target position of each base of the contig, 0 for the partner's. heights
    float64[B, 4]: signal of A, C, G, T above baseline. `forward` tells the strand that was read; `gaps` are the
    indels that the called bases show.
    """

    trace: Trace
    forward: bool
    contig: Transcript
    isoforms: tuple[Isoform, ...]
    index: NDArray[np.int32]
    positions: NDArray[np.int32]
    heights: NDArray[np.float64]
    gaps: tuple[Indel, ...]

    @property
    def fractions(self) -> NDArray[np.float64]:
        """Share of each channel in the signal of each base, float64[B, 4]; 0.25 each without signal."""
        return base_fractions(self.heights)


def contig_isoforms(reference: Reference, contig: Transcript, indels: Sequence[Indel] = ()) -> list[Isoform]:
    """The contig as it is, then with each known splice event that changes it, then with each of some indels."""
    bases = encode(reference.sequences[contig.name])
    plain = Isoform("", bases, np.arange(len(bases), dtype=np.int32))
    shift = contig.partner_length - contig.target_start
    changed = (_with_event(plain, variant, shift) for variant in reference.splicing)
    known = [isoform for isoform in changed if isoform is not None]
    return [plain, *known, *(_with_indel(plain, indel, shift + 1, reference) for indel in indels)]


def _with_indel(plain: Isoform, indel: Indel, shift: int, reference: Reference) -> Isoform:
    """The isoform with one indel, named after its change."""
    first, last = indel.start + shift, indel.end + shift
    inserted = encode(indel.inserted)
    return Isoform(
        indel.hgvs_c(reference),
        np.concatenate([plain.bases[:first], inserted, plain.bases[last:]]),
        np.concatenate([plain.origin[:first], np.full(len(inserted), -1, np.int32), plain.origin[last:]]),
    )


def with_indel(placed: PlacedTrace, indel: Indel, reference: Reference) -> PlacedTrace:
    """The same trace with one more isoform, whose bases stand as far from the start as those of the contig."""
    plain = placed.isoforms[0]
    shift = placed.contig.partner_length - placed.contig.target_start + 1
    isoform = _with_indel(plain, indel, shift, reference)
    row = _index_on(isoform, plain, placed.index[0], placed.forward)
    return replace(placed, isoforms=(*placed.isoforms, isoform), index=np.vstack([placed.index, row]))


def _with_event(plain: Isoform, variant: SpliceVariant, shift: int) -> Isoform | None:
    """The isoform after one event; None where the contig does not hold the whole place."""
    first, last = variant.start + shift, variant.end + shift
    if first < 1 or last >= len(plain.bases) - 1:
        return None
    if variant.kind == "skip":
        kept = np.r_[0:first, last + 1 : len(plain.bases)]
        return Isoform(variant.event, plain.bases[kept], plain.origin[kept])
    inserted = encode(variant.inserted_sequence)
    return Isoform(
        variant.event,
        np.concatenate([plain.bases[: first + 1], inserted, plain.bases[last:]]),
        np.concatenate([plain.origin[: first + 1], np.full(len(inserted), -1, np.int32), plain.origin[last:]]),
    )


def target_positions(contig: Transcript, length: int) -> NDArray[np.int32]:
    """1-based target position of each contig base, int32[length]; 0 for the partner's."""
    position = np.arange(length, dtype=np.int32) - contig.partner_length + contig.target_start
    return np.where(np.arange(length) >= contig.partner_length, position, 0).astype(np.int32)


def place_trace(trace: Trace, reference: Reference, indels: Sequence[Indel] = ()) -> PlacedTrace:
    """Orient a trace and place it on the contig and the isoform it resembles most, those with `indels` among them.

    Raises
    ------
    UnusableSample
        When it does not resemble any.
    """
    heights = base_signals(trace)
    # Ambiguity codes say little; the strongest channel is one of the molecules for sure.
    trace = replace(trace, bases=np.where(trace.bases < 4, trace.bases, heights.argmax(axis=1)).astype(np.uint8))
    strands = {True: trace, False: trace.reverse_complement()}
    contigs = sorted(reference.transcripts, key=lambda t: t.kind != "target")
    shared = {
        (forward, contig.name): _shared_seeds(strand.bases, encode(reference.sequences[contig.name]))
        for forward, strand in strands.items()
        for contig in contigs
    }
    forward, name = max(shared, key=lambda key: shared[key])
    if shared[forward, name] < FEWEST_SEEDS:
        raise UnusableSample(f"{trace.name}: resembles none of the known transcripts (check the sample)")
    contig = next(t for t in contigs if t.name == name)
    oriented = strands[forward]
    isoforms = contig_isoforms(reference, contig, indels)
    main = max(isoforms, key=lambda isoform: _shared_seeds(oriented.bases, isoform.bases))
    place, gaps = _align(oriented, main, forward)
    positions = target_positions(contig, len(isoforms[0].bases))
    return PlacedTrace(
        trace=oriented,
        forward=forward,
        contig=contig,
        isoforms=tuple(isoforms),
        index=np.array([_index_on(isoform, main, place, forward) for isoform in isoforms]),
        positions=positions,
        heights=heights if forward else heights[::-1, ::-1],
        gaps=_indels(gaps, main, positions),
    )


def _seeds(codes: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Every run of SEED bases as a number, int64[n]; runs with an unknown base are left out."""
    if len(codes) < SEED:
        return np.empty(0, np.int64)
    runs = np.lib.stride_tricks.sliding_window_view(codes, SEED).astype(np.int64)
    return runs[(runs < 4).all(axis=1)] @ (4 ** np.arange(SEED, dtype=np.int64))


def _shared_seeds(read: NDArray[np.uint8], sequence: NDArray[np.uint8]) -> int:
    """How many runs of SEED bases of a read stand somewhere in a sequence."""
    return int(np.isin(_seeds(read), _seeds(sequence)).sum())


def _align(
    trace: Trace, main: Isoform, forward: bool
) -> tuple[NDArray[np.int32], list[tuple[int, int, NDArray[np.uint8]]]]:
    """Place of each base on an isoform, int32[B] (-1 where none), and the gaps of an alignment to it.

    A gap is (first, last + 1 on the isoform, bases in its place). It is an indel of the molecules if the peaks around
    stand evenly: then the placing goes on as if there were none, for that is where molecules without it stand. Else
    the basecaller missed a base or called one too many. A local alignment may end early where molecules of several
    lengths overlap; the placing goes on to where the reading ends.
    """
    # METHOD: gaps cost as much as six mismatches: in a mixture the calls follow one isoform by only 5 in 8.
    aligner = PairwiseAligner(mode="local", match_score=1, mismatch_score=-1, open_gap_score=-6, extend_gap_score=-1)
    targets, queries = aligner.align(_letters(main.bases), _letters(trace.bases))[0].coordinates
    place = np.full(len(trace.bases), -1, np.int32)
    gaps = []
    side = 1 if forward else -1
    moved = 0
    for step in list(range(len(targets) - 1))[::side]:
        (first, last), (start, end) = queries[step : step + 2], targets[step : step + 2]
        aligned = last - first == end - start
        if not aligned and _evenly(trace, int(first), int(last)):
            gaps.append((int(start), int(end), trace.bases[first:last]))
            place[first:last] = (
                start + np.arange(last - first) if forward else end - np.arange(last - first, 0, -1)
            ) - moved
            moved += side * int(end - start - last + first)
        elif aligned:
            place[first:last] = np.arange(start, end) - moved
    placed = np.flatnonzero(place >= 0)
    last_placed = placed[-1] if forward else placed[0]
    rest = np.arange(last_placed + 1, len(place)) if forward else np.arange(last_placed)
    place[rest] = place[last_placed] + rest - last_placed
    return np.where((place >= 0) & (place < len(main.bases)), place, -1).astype(np.int32), gaps


def _evenly(trace: Trace, first: int, last: int) -> bool:
    """Whether the peaks around called bases [first, last) stand as far apart as elsewhere."""
    steps = np.diff(trace.peaks)
    around = steps[max(0, first - 2) : last + 1] / max(float(np.median(steps)), 1.0)
    return bool(around.min() >= EVEN_STEPS[0] and around.max() <= EVEN_STEPS[1])


def _indels(
    gaps: Sequence[tuple[int, int, NDArray[np.uint8]]], main: Isoform, positions: NDArray[np.int32]
) -> tuple[Indel, ...]:
    """Gaps on the contig as it is as indels of the target; those over a junction of `main` or the partner left out."""
    found = []
    for first, last, bases in gaps:
        span = main.origin[max(first - 1, 0) : last + 1]
        start = int(positions[span[1]]) - 1 if len(span) > 1 and span.min() >= 0 else -1
        if start > 0 and (np.diff(span) == 1).all():
            found.append(Indel(start, start + last - first, _letters(bases)))
    return tuple(found)


def _letters(codes: NDArray[np.uint8]) -> str:
    return np.frombuffer(b"ACGTN", np.uint8)[codes].tobytes().decode()


def _index_on(isoform: Isoform, main: Isoform, place: NDArray[np.int32], forward: bool) -> NDArray[np.int32]:
    """Index of each base on another isoform, int32[B], -1 where none.

    All -1 where the isoform lacks the place at which the reading starts: such molecules have no primer site
    that we know of.
    """
    index = np.full(len(place), -1, np.int32)
    known = np.flatnonzero(place >= 0)
    known = known[main.origin[place[known]] >= 0]
    start = known[0] if forward else known[-1]
    anchor = np.flatnonzero(isoform.origin == main.origin[place[start]])
    if len(anchor):
        there = anchor[0] + place - place[start]
        fits = (place >= 0) & (there >= 0) & (there < len(isoform.bases))
        index[fits] = there[fits]
    return index
