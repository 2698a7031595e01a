"""Which fusion transcripts are there, and in what shares; unrearranged transcripts apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ablkd.background.allele import Background, assumed
from ablkd.background.detection import Limits, limiting
from ablkd.counting.junctions import UNREARRANGED
from ablkd.counting.new_junctions import Mask
from ablkd.fragments import Fragments
from ablkd.isoforms import SpliceGraph
from ablkd.records import Fusion, Platform
from ablkd.reference import Reference
from ablkd.verdicts.events import EventObservation, fusion_row
from ablkd.verdicts.rule import carried_over
from ablkd.verdicts.thresholds import CARRY_OVER_FACTOR, JUNCTION_ALPHA, MIN_ALT_FRAGMENTS, MIN_FUSION_FRACTION

# METHOD: of a partner that is short between primer and junction fewer sheared fragments reach over the junction. Only
# fragments count that begin as near to it as nearly all of those of the shortest partner, where most of these begin
# between primer and junction; whole products, which begin at the primer, all count.
NEARLY_ALL, MOSTLY = 0.95, 0.5


def fusion_rows(
    sample: str,
    platform: Platform,
    background: Background,
    reference: Reference,
    graph: SpliceGraph,
    fragments: Fragments,
    shown: Mapping[str, Mask],
    carried: Mapping[str, float],
    required_lod: float,
) -> list[Fusion]:
    """A row for every transcript of transcripts.tsv that has a junction, and one for unrearranged ones.

    shown bool[N] by name: fragments across each junction; `carried` by name: the rate per fragment at which the other
    samples of the run are expected to show it here; `required_lod` is a fraction.
    """
    labels = {t.name: t.label for t in reference.transcripts if t.partner_length}
    labels[UNREARRANGED] = f"{reference.target.label}, unrearranged"
    whole = {name: int(np.count_nonzero(mask)) for name, mask in shown.items()}
    counted = _comparable(shown, whole, reference, graph, fragments) if whole else {}
    total = sum(counted.values())
    rows = []
    for name, x in whole.items():
        one = _observe(platform, background, x, sum(whole.values()), carried[name], len(whole))
        if total:
            share, low, high = background.interval(counted[name], total, 0.0)
            one = replace(one, fraction=share, low=low, high=high, filters=_filters(one, share))
        rows.append(fusion_row(sample, name, labels[name], one, required_lod))
    return rows


def _observe(
    platform: Platform, background: Background, x: int, n: int, carried: float, tested: int
) -> EventObservation:
    """What x of n junction fragments say of one transcript, its fraction left open."""
    if not n:
        return EventObservation(seen=False, junction_reads=0, gap="not_covered")
    alpha = JUNCTION_ALPHA / tested
    alone = assumed(platform.junction_error, platform.error_log_sd)
    error = alone.carrying(carried)
    needed = max(
        background.threshold(n, error, alpha, MIN_ALT_FRAGMENTS),
        int(np.ceil(max(CARRY_OVER_FACTOR * carried, MIN_FUSION_FRACTION) * n)),
    )
    seen = x >= MIN_ALT_FRAGMENTS and background.tail(x, n, alone) < alpha
    theirs = seen and carried_over(x, n, carried, background.tail(x, n, error) >= alpha)
    return EventObservation(
        seen=seen,
        junction_reads=x,
        lod95=Limits(background.templates).lod95(needed, n, error.mean),
        filters=("carry_over",) if theirs else (),
        cause=partial(limiting, background, error, alpha),
    )


def _filters(one: EventObservation, share: float) -> tuple[str, ...]:
    """The filters, now that the fraction is known."""
    small = one.seen and share < MIN_FUSION_FRACTION
    return ("carry_over",) if small or one.filters else ()


def _before(reference: Reference, graph: SpliceGraph, left: NDArray[np.int32]) -> dict[str, NDArray[np.int64]]:
    """Bases from `left` ends of fragments, nodes int32[N], to the junction of each transcript, by name."""
    fusions = [t for t in reference.transcripts if t.partner_length]
    on_partner = np.where(left < graph.target_length, 0, graph.arrays.depth[left]).astype(np.int64)
    first = min(t.target_start for t in fusions)
    return {t.name: t.partner_length - on_partner for t in fusions} | {UNREARRANGED: first - 1 - left.astype(np.int64)}


def _comparable(
    shown: Mapping[str, Mask], whole: dict[str, int], reference: Reference, graph: SpliceGraph, fragments: Fragments
) -> dict[str, int]:
    """Those of the `whole` fragments of each transcript that begin where those of every other present one can, too."""
    present = [name for name, n in whole.items() if n >= MIN_ALT_FRAGMENTS]
    if len(present) < 2:
        return whole
    before = _before(reference, graph, fragments.ends[:, 0])
    reach = {name: float(np.quantile(before[name][shown[name]], NEARLY_ALL)) for name in present}
    shortest = min(present, key=lambda name: reach[name])
    inside = {name: int((shown[name] & (before[name] < reach[shortest])).sum()) for name in shown}
    return inside if inside[shortest] >= MOSTLY * whole[shortest] else whole
