"""Junction evidence -> which isoform events and which fusion are there, and how much."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ablkd.amplicons import primer_spans
from ablkd.background.allele import Background, assumed, prior_background
from ablkd.background.detection import Limits, limiting
from ablkd.background.run import RunBackground
from ablkd.counting.junctions import Boundaries, Ends, event_key, find_junctions, fusion_key
from ablkd.fragments import Fragments
from ablkd.isoforms import build_graph
from ablkd.records import Fusion, Platform, SpliceEvent, SpliceVariant
from ablkd.reference import Reference
from ablkd.splicing.fusions import fusion_rows
from ablkd.verdicts.events import WARNING, EventObservation, event_row, new_junction_row
from ablkd.verdicts.rule import carried_over
from ablkd.verdicts.thresholds import JUNCTION_ALPHA, MIN_ALT_FRAGMENTS, MIN_DEPTH

# METHOD: the two ends of an event disagree where their intervals do not overlap and the shares of fragments that go on
# over them differ by half, more than coverage does from place to place.
DISAGREEMENT, NEXT_TO_IT = 1.5, (10, 30)
LONGER_GAP = 0.3


def splice_sample(
    sample: str,
    platform: Platform,
    reference: Reference,
    fragments: Fragments,
    template_copies: float | None,
    required_lod: float,
    run: RunBackground,
) -> tuple[list[SpliceEvent], list[Fusion]]:
    """A row for every isoform event of splicing.tsv, then for every new junction that is seen; and a row for every
    transcript of transcripts.tsv that has a junction.

    `required_lod` is a fraction; `run` is the background of the sample's run and platform.
    """
    graph = build_graph(reference)
    background = prior_background(platform, template_copies)
    junctions = find_junctions(fragments, reference, graph)
    tiles = primer_spans(reference, graph)[np.flatnonzero(np.bincount(fragments.tile[fragments.tile >= 0]))]
    tested = len(reference.splicing)
    carried = {key: run.carried_junction(sample, key, *n, platform.carry_over) for key, n in junctions.counts.items()}

    def observe(variant: SpliceVariant, ends: Ends, spanned: bool) -> EventObservation:
        rate = carried[event_key(variant.event)]
        one = observe_event(variant, ends, spanned, platform, background, tested, rate)
        return _with_agreement(one, variant, ends, junctions.boundaries, background)

    rows = []
    for variant, ends in junctions.known:
        spanned = bool(graph.edges_of(variant.event)) and _amplifiable(variant, tiles)
        spanned &= ends.event > 0 or (ends.left > 0 and ends.right > 0)
        rows.append(event_row(sample, variant, observe(variant, ends, spanned), required_lod))
    for new, ends in junctions.new:
        one = observe(new.variant, ends, True)
        one = replace(one, filters=(*new.doubts, *one.filters))
        rows.append(new_junction_row(sample, new.variant, one, required_lod))
    rates = {name: carried[fusion_key(name)] for name in junctions.fusions}
    shown = junctions.fusions
    return rows, fusion_rows(sample, platform, background, reference, graph, fragments, shown, rates, required_lod)


def observe_event(
    variant: SpliceVariant,
    ends: Ends,
    spanned: bool,
    platform: Platform,
    background: Background,
    tested: int,
    carried: float,
) -> EventObservation:
    """What the counts say of one event; `spanned`: could any fragment show it; `tested`: events of the sample;
    `carried`: the rate per fragment at which the other samples of the run are expected to show it here.
    """
    x, n = ends.event, ends.event + ends.reference
    alpha = JUNCTION_ALPHA / max(1, tested)
    alone = assumed(_error(variant, platform), platform.error_log_sd)
    error = alone.carrying(carried)
    lod = None
    if n:
        lod = Limits(background.templates).lod95(background.threshold(n, error, alpha), n, error.mean)
    enough = n > 0 and x >= MIN_ALT_FRAGMENTS
    seen = enough and background.tail(x, n, alone) < alpha
    filters = []
    if seen and carried_over(x, n, carried, background.tail(x, n, error) >= alpha):
        filters.append("carry_over")
    if seen and n < MIN_DEPTH:
        filters.append("depth")
    fraction, low, high = background.interval(x, n, 0.0) if n else (None, None, None)
    return EventObservation(
        seen=seen,
        junction_reads=x,
        reference_reads=n - x,
        fraction=fraction,
        low=low,
        high=high,
        lod95=lod,
        filters=tuple(filters),
        gap="not_covered" if not spanned or not n else "depth" if n < MIN_DEPTH else "",
        cause=partial(limiting, background, error, alpha),
        reference_left=ends.left,
        reference_right=ends.right,
    )


def _error(variant: SpliceVariant, platform: Platform) -> float:
    """Chance that a fragment shows the event by error.

    METHOD: a sequencing gap looks like an event that leaves out as few bases; each base beyond its first has a chance
    of 0.3.
    """
    size = variant.end - variant.start + 1 if variant.kind == "skip" else len(variant.inserted_sequence)
    return max(platform.junction_error, platform.indel_error * LONGER_GAP ** (size - 1))


def _with_agreement(
    one: EventObservation, variant: SpliceVariant, ends: Ends, boundaries: Boundaries, background: Background
) -> EventObservation:
    """The same, with a warning where the fractions at the event's two ends contradict each other."""
    if not one.seen or variant.kind != "skip" or ends.left == ends.right:
        return one
    x = ends.event
    _, low, high = background.interval(x, x + ends.left, 0.0)
    _, other_low, other_high = background.interval(x, x + ends.right, 0.0)
    # Where fragments are scarcer on one side altogether, towards a primer, fewer of them cross that end.
    near, far = NEXT_TO_IT
    before = boundaries.covering(variant.start - 1 - far, variant.start - 1 - near)
    after = boundaries.covering(variant.end + near, variant.end + far)
    going_on, other_going_on = (x + ends.left) * max(after, 1), (x + ends.right) * max(before, 1)
    unequal = max(going_on, other_going_on) > DISAGREEMENT * min(going_on, other_going_on)
    if unequal and (high < other_low or other_high < low):
        return replace(one, filters=(*one.filters, WARNING))
    return one


def _amplifiable(variant: SpliceVariant, tiles: NDArray[np.int32]) -> bool:
    """Can any tile of this sample hold both flanks of the event? True where none is known; `tiles` int32[T, 4] as of
    `amplicons.primer_spans`.
    """
    last = variant.end if variant.kind == "skip" else variant.start
    holding = (tiles[:, 1] < variant.start) & ((tiles[:, 2] == 0) | (tiles[:, 2] > last))
    return bool(holding.any()) or not len(tiles)
