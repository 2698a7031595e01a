"""Junction evidence -> which isoform events and which fusion are there, and how much."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ablkd.amplicons import primer_spans
from ablkd.background.allele import Background, assumed, prior_background
from ablkd.background.detection import Limits
from ablkd.fragments import Fragments
from ablkd.isoforms import build_graph
from ablkd.records import Fusion, Platform, SpliceEvent, SpliceVariant
from ablkd.reference import Reference
from ablkd.splicing.fusions import fusion_rows
from ablkd.splicing.junctions import Boundaries, Ends
from ablkd.splicing.novel import Novel, novel_junctions

# METHOD: family-wise error of all isoform events of a sample.
JUNCTION_ALPHA = 0.001
MIN_DEPTH, LISTED_COUNT = 100, 3
# METHOD: the shorter product may have amplified up to five times better; the true odds lie between a fifth and all
# of the apparent ones.
LENGTH_BIAS = 5.0
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
) -> tuple[list[SpliceEvent], list[Fusion]]:
    """A row for every isoform event of splicing.tsv, then for every new junction that is seen; and a row for every
    transcript of transcripts.tsv that has a junction.
    """
    graph = build_graph(reference)
    background = prior_background(platform, template_copies)
    boundaries = Boundaries(fragments, graph)
    tiles = primer_spans(reference, graph)[np.flatnonzero(np.bincount(fragments.tile[fragments.tile >= 0]))]
    rows = []
    known: dict[tuple[int, int], int] = {}
    for variant in reference.splicing:
        ends = boundaries.ends(variant)
        if variant.kind == "skip":
            known[variant.start - 1, variant.end] = ends.event
        spanned = bool(graph.edges_of(variant.event)) and _amplifiable(variant, tiles)
        spanned &= ends.event > 0 or (ends.left > 0 and ends.right > 0)
        row = event_row(sample, variant, ends, spanned, platform, background, len(reference.splicing))
        rows.append(_with_agreement(row, variant, ends, boundaries, background))
    for novel in novel_junctions(fragments, reference, known):
        ends = boundaries.ends(novel.variant, novel.carriers)
        row = event_row(sample, novel.variant, ends, True, platform, background, len(reference.splicing))
        row = _with_agreement(row, novel.variant, ends, boundaries, background)
        rows.append(_judged(row, novel))
    return rows, fusion_rows(sample, background, reference, graph, fragments)


def event_row(
    sample: str,
    variant: SpliceVariant,
    ends: Ends,
    spanned: bool,
    platform: Platform,
    background: Background,
    tested: int,
) -> SpliceEvent:
    """The row of one event from its counts; `spanned`: could any fragment show it; `tested`: events of the sample."""
    x, n = ends.event, ends.event + ends.reference
    alpha = JUNCTION_ALPHA / max(1, tested)
    error = assumed(_error(variant, platform), platform.error_log_sd)
    needed = background.threshold(n, error, alpha)
    lod = Limits(background.templates).lod95(needed, n, error.mean) if n else None
    fraction = low = high = None
    call = "not_detected"
    if not spanned or n < MIN_DEPTH or lod is None or lod > platform.required_lod:
        call = "not_assessable"
    if n and x >= LISTED_COUNT and background.tail(x, n, error) < alpha:
        call = "present"
    if call != "not_assessable":
        fraction, low, high = background.interval(x, n, 0.0)
    return SpliceEvent(
        sample=sample,
        event=variant.event,
        hgvs_r=variant.hgvs_r,
        hgvs_p=variant.hgvs_p,
        junction_reads=x,
        reference_reads=n - x,
        fraction=fraction,
        fraction_low=low,
        fraction_high=high,
        bias_low=_biased(fraction, variant)[0] if call == "present" else None,
        bias_high=_biased(fraction, variant)[1] if call == "present" else None,
        lod95=lod,
        call=call,
        meaning=variant.meaning,
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
    row: SpliceEvent, variant: SpliceVariant, ends: Ends, boundaries: Boundaries, background: Background
) -> SpliceEvent:
    """The row, with a filter where the fractions at the event's two ends contradict each other."""
    if row.call != "present" or variant.kind != "skip" or ends.left == ends.right:
        return row
    x = ends.event
    _, low, high = background.interval(x, x + ends.left, 0.0)
    _, other_low, other_high = background.interval(x, x + ends.right, 0.0)
    # Where fragments are scarcer on one side altogether, towards a primer, fewer of them cross that end.
    near, far = NEXT_TO_IT
    before = boundaries.covering(variant.start - 1 - far, variant.start - 1 - near)
    behind = boundaries.covering(variant.end + near, variant.end + far)
    going_on, other_going_on = (x + ends.left) * max(behind, 1), (x + ends.right) * max(before, 1)
    unequal = max(going_on, other_going_on) > DISAGREEMENT * min(going_on, other_going_on)
    if unequal and (high < other_low or other_high < low):
        return replace(row, filter="ends_disagree")
    return row


def _judged(row: SpliceEvent, novel: Novel) -> SpliceEvent:
    """A new junction that something speaks against is evidence only."""
    untold = {"not_assessable": "depth", "not_detected": "background"}
    reasons = [*novel.doubts, *([untold[row.call]] if row.call in untold else [])]
    if reasons:
        row = replace(row, call="evidence_only", bias_low=None, bias_high=None)
    reasons += [row.filter] if row.filter != "PASS" else []
    return replace(row, filter=";".join(reasons) or "PASS")


def _amplifiable(variant: SpliceVariant, tiles: NDArray[np.int32]) -> bool:
    """Can any tile of this sample hold both flanks of the event? True where none is known; `tiles` int32[T, 4] as of
    `amplicons.primer_spans`.
    """
    last = variant.end if variant.kind == "skip" else variant.start
    holding = (tiles[:, 1] < variant.start) & ((tiles[:, 2] == 0) | (tiles[:, 2] > last))
    return bool(holding.any()) or not len(tiles)


def _biased(fraction: float | None, variant: SpliceVariant) -> tuple[float | None, float | None]:
    """The range in which the true fraction lies if the shorter product amplified better."""
    if fraction is None or fraction >= 1:
        return fraction, fraction
    factor = 1 / LENGTH_BIAS if variant.kind == "skip" else LENGTH_BIAS
    odds = fraction / (1 - fraction) * factor
    low, high = sorted((fraction, odds / (1 + odds)))
    return low, high
