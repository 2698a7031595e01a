"""Traces -> their place on the target, and on every known isoform that shares their start.

A trace is a mixture of molecules that were all read from one primer, so the molecules of two isoforms agree
up to the first junction and run apart by the length of the event behind it. The place of each base is found
once, on the isoform most molecules have; on every other isoform it is the same number of bases away from the
start of the reading.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from Bio.Align import PairwiseAligner
from numpy.typing import NDArray

from ablkd.errors import UnusableSample
from ablkd.records import SpliceVariant, Transcript
from ablkd.reference import Reference, encode
from ablkd.traces import Trace, base_fractions, base_signals

SEED = 12
# METHOD: fewer seeds than these are found between unrelated sequences of this length now and then.
FEWEST_SEEDS = 30
CONFIDENT = 30


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
    float64[B, 4]: signal of A, C, G, T above baseline. `forward` tells the strand that was read; `gaps`
    counts the gaps of the alignment between confident bases.
    """

    trace: Trace
    forward: bool
    contig: Transcript
    isoforms: tuple[Isoform, ...]
    index: NDArray[np.int32]
    positions: NDArray[np.int32]
    heights: NDArray[np.float64]
    gaps: int

    @property
    def fractions(self) -> NDArray[np.float64]:
        """Share of each channel in the signal of each base, float64[B, 4]; 0.25 each without signal."""
        return base_fractions(self.heights)


def contig_isoforms(reference: Reference, contig: Transcript) -> list[Isoform]:
    """The contig as it is, then with each known splice event that changes it."""
    bases = encode(reference.sequences[contig.name])
    plain = Isoform("", bases, np.arange(len(bases), dtype=np.int32))
    shift = contig.partner_length - contig.target_start
    changed = (_with_event(plain, variant, shift) for variant in reference.splicing)
    return [plain, *(isoform for isoform in changed if isoform is not None)]


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


def place_trace(trace: Trace, reference: Reference) -> PlacedTrace:
    """Orient a trace and place it on the contig and the isoform it resembles most.

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
    isoforms = contig_isoforms(reference, contig)
    main = max(isoforms, key=lambda isoform: _shared_seeds(oriented.bases, isoform.bases))
    place, gaps = _align(oriented, main, forward)
    return PlacedTrace(
        trace=oriented,
        forward=forward,
        contig=contig,
        isoforms=tuple(isoforms),
        index=np.array([_index_on(isoform, main, place, forward) for isoform in isoforms]),
        positions=target_positions(contig, len(isoforms[0].bases)),
        heights=heights if forward else heights[::-1, ::-1],
        gaps=gaps,
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


def _align(trace: Trace, main: Isoform, forward: bool) -> tuple[NDArray[np.int32], int]:
    """Place of each base on an isoform, int32[B] (-1 where none), and the confident bases beside gaps.

    A local affine alignment; where molecules of several lengths overlap it may end early, so the placing
    goes on without gaps to where the reading ends.
    """
    # METHOD: gaps cost as much as six mismatches: in a mixture the calls follow one isoform by only 5 in 8.
    aligner = PairwiseAligner(mode="local", match_score=1, mismatch_score=-1, open_gap_score=-6, extend_gap_score=-1)
    best = aligner.align(_letters(main.bases), _letters(trace.bases))[0]
    place = np.full(len(trace.bases), -1, np.int32)
    targets, queries = best.coordinates
    gaps = 0
    for step in range(len(targets) - 1):
        first, last = queries[step], queries[step + 1]
        if last - first == targets[step + 1] - targets[step]:
            place[first:last] = np.arange(targets[step], targets[step + 1])
        else:
            gaps += int(min(trace.quality[first - 1], trace.quality[min(last, len(place) - 1)]) >= CONFIDENT)
    placed = np.flatnonzero(place >= 0)
    end = placed[-1] if forward else placed[0]
    rest = np.arange(end + 1, len(place)) if forward else np.arange(end)
    beyond = place[end] + rest - end
    place[rest] = np.where((beyond >= 0) & (beyond < len(main.bases)), beyond, -1)
    return place, gaps


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
