"""Junction evidence -> which isoform events and which fusion are there, and how much."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ablkd.amplicons import primer_spans
from ablkd.background import Background, assumed, prior_background
from ablkd.detection import Limits
from ablkd.fragments import Fragments
from ablkd.isoforms import SpliceGraph, build_graph
from ablkd.records import Fusion, Platform, SpliceEvent, SpliceVariant
from ablkd.reference import Reference

# METHOD: family-wise error of all isoform events of a sample.
JUNCTION_ALPHA = 0.001
MIN_DEPTH = 100
# METHOD: the shorter product may have amplified up to five times better; the true odds lie between a fifth and all
# of the apparent ones.
LENGTH_BIAS = 5.0
# METHOD: a fusion is present from three junction fragments that are at least 0.5 % of all; fewer are carry-over.
FUSION_COUNT, FUSION_SHARE = 3, 0.005
UNREARRANGED = "unrearranged"


def taking(fragments: Fragments, edges: list[int]) -> NDArray[np.bool_]:
    """bool[N]: fragments that take any of the jumps."""
    mask = np.int64(0)
    for edge in edges:
        mask |= np.int64(1) << np.int64(edge)
    return (fragments.junctions & mask) != 0


def crossing(fragments: Fragments, graph: SpliceGraph, position: int) -> NDArray[np.bool_]:
    """bool[N]: fragments that run plainly from target base `position` - 1 to `position` (0-based)."""
    plain = np.zeros(len(fragments), bool)
    for span in (fragments.forward, fragments.reverse):
        plain |= (span[:, 0] < position) & (position < span[:, 1])
    skipped = graph.arrays.skipped
    over = [e for e in range(len(graph.edges)) if skipped[e, 0] <= position <= skipped[e, 1] and skipped[e, 1]]
    inside = [e for e, edge in enumerate(graph.edges) if edge.origin == position - 1 or edge.goal == position]
    return plain & ~taking(fragments, sorted({*over, *inside}))


def splice_sample(
    sample: str,
    platform: Platform,
    reference: Reference,
    fragments: Fragments,
    template_copies: float | None,
) -> tuple[list[SpliceEvent], list[Fusion]]:
    """A row for every isoform event of splicing.tsv and for every transcript of transcripts.tsv that has a junction."""
    graph = build_graph(reference)
    background = prior_background(platform, template_copies)
    events = [_event(sample, v, platform, background, reference, graph, fragments) for v in reference.splicing]
    return events, _fusions(sample, background, reference, graph, fragments)


def _event(
    sample: str,
    variant: SpliceVariant,
    platform: Platform,
    background: Background,
    reference: Reference,
    graph: SpliceGraph,
    fragments: Fragments,
) -> SpliceEvent:
    edges = graph.edges_of(variant.event)
    x = int(taking(fragments, edges).sum())
    left, right = _reference_reads(variant, graph, fragments)
    n = x + round((left + right) / 2)
    alpha = JUNCTION_ALPHA / max(1, len(reference.splicing))
    error = assumed(platform.junction_error, platform.error_log_sd)
    needed = background.threshold(n, error, alpha)
    lod = Limits(background.templates).lod95(needed, n, error.mean) if n else None
    fraction = low = high = None
    call = "not_detected"
    spanned = bool(edges) and _amplifiable(variant, reference, graph, fragments) and (x > 0 or (left > 0 and right > 0))
    if not spanned or n < MIN_DEPTH or lod is None or lod > platform.required_lod:
        call = "not_assessable"
    if n and x >= 3 and background.tail(x, n, error) < alpha:
        call = "present"
        fraction, low, high = background.interval(x, n, 0.0)
    elif call == "not_detected":
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
        bias_low=_divided(fraction) if call == "present" else None,
        bias_high=fraction if call == "present" else None,
        lod95=lod,
        call=call,
        meaning=variant.meaning,
    )


def _reference_reads(variant: SpliceVariant, graph: SpliceGraph, fragments: Fragments) -> tuple[int, int]:
    """Fragments across the plain junction at the event's left and at its right end."""
    if variant.kind == "insertion":
        across = int(crossing(fragments, graph, variant.start).sum())
        return across, across
    breakpoints = [
        i for i, e in enumerate(graph.edges) if e.transcript and not e.events and e.goal == variant.start - 1
    ]
    left = crossing(fragments, graph, variant.start - 1) | taking(fragments, breakpoints)
    return int(left.sum()), int(crossing(fragments, graph, variant.end).sum())


def _amplifiable(variant: SpliceVariant, reference: Reference, graph: SpliceGraph, fragments: Fragments) -> bool:
    """Can any amplicon of this sample hold both flanks of the event? True where the amplicon is not known."""
    tiles = np.unique(fragments.tile[fragments.tile >= 0])
    if not len(tiles):
        return True
    spans = primer_spans(reference, graph)
    last = variant.end if variant.kind == "skip" else variant.start
    for tile in tiles:
        forward_end, reverse_start = spans[tile, 1], spans[tile, 2]
        if forward_end < variant.start and (reverse_start == 0 or reverse_start > last):
            return True
    return False


def _divided(fraction: float | None) -> float | None:
    if fraction is None or fraction >= 1:
        return fraction
    odds = fraction / (1 - fraction) / LENGTH_BIAS
    return odds / (1 + odds)


def _fusions(
    sample: str, background: Background, reference: Reference, graph: SpliceGraph, fragments: Fragments
) -> list[Fusion]:
    junctions = [t for t in reference.transcripts if t.partner_length]
    if not junctions:
        return []
    seen = {
        t.name: int(taking(fragments, [i for i, e in enumerate(graph.edges) if e.transcript == t.name]).sum())
        for t in junctions
    }
    first = min(t.target_start for t in junctions)
    seen[UNREARRANGED] = int(crossing(fragments, graph, first - 1).sum())
    labels = {t.name: t.label for t in junctions} | {UNREARRANGED: f"{reference.target.label}, unrearranged"}
    total = sum(seen.values())
    rows = []
    for name, x in seen.items():
        share, low, high = background.interval(x, total, 0.0) if total else (None, None, None)
        present = x >= FUSION_COUNT and share is not None and share >= FUSION_SHARE
        call = "present" if present else "not_detected" if total >= FUSION_COUNT else "not_assessable"
        rows.append(Fusion(sample, name, labels[name], x, share, low, high, call))
    return rows
