"""Small deletions and insertions in traces: candidates from gaps and shifts, placed, tested, and told as calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from ablkd.records import QcMetric
from ablkd.reference import Reference
from ablkd.traces.align import Indel, PlacedTrace, place_trace
from ablkd.traces.combine import combine, extremes, stouffer
from ablkd.traces.indel_places import unique_indel
from ablkd.traces.isoforms import LEAST_ERROR, SMALLEST_LOD, Share, disagree, event_shares, explain, interval
from ablkd.traces.shifts import LONGEST_INDEL, TRIED_AROUND, Shift, start_of, unexplained
from ablkd.verdicts.calls import Observation
from ablkd.verdicts.thresholds import MIN_P, TRACE_ALPHA
from ablkd.verdicts.variants import indel_variant

# METHOD: a shift is the best of all that were tried, so its p value counts that many times.
TRIED = 2 * LONGEST_INDEL
# METHOD: below this share a shift is found by chance of the sequence now and then.
SMALLEST_SHARE = 0.08


@dataclass(frozen=True)
class FoundIndel:
    """An indel that traces show, with what each says of it; `reasons` speak against it."""

    indel: Indel
    event: str
    shares: tuple[Share, ...]
    share: float
    error: float
    p: float
    reasons: tuple[str, ...]


def find_indels(
    placed: Sequence[PlacedTrace], events: Sequence[str], reference: Reference
) -> tuple[list[PlacedTrace], list[FoundIndel]]:
    """The traces placed again with the indels that they show, and these.

    `events` are the isoform events present, which explain shifts of their own.
    """
    candidates: dict[str, Indel] = {}
    for ahead, position in _starts(placed, events):
        indel = unique_indel(ahead, position, placed, events, reference)
        if indel is not None:
            candidates.setdefault(indel.hgvs_c(reference), indel)
    if not candidates:
        return list(placed), []
    again = [_placed_with(p, list(candidates.values()), reference) for p in placed]
    shares = [event_shares(p, set(candidates) | set(events)) for p in again]
    tested = [_tested(indel, name, [s[name] for s in shares if name in s]) for name, indel in candidates.items()]
    found = _plainest([one for one in tested if one is not None])
    if not found:
        return list(placed), []
    kept = [one.indel for one in found if not one.reasons]
    return [_placed_with(p, kept, reference) for p in placed], found


def _placed_with(placed: PlacedTrace, indels: Sequence[Indel], reference: Reference) -> PlacedTrace:
    """The trace placed anew, now that molecules may have these indels."""
    as_read = placed.trace if placed.forward else placed.trace.reverse_complement()
    return place_trace(as_read, reference, indels)


def _starts(traces: Sequence[PlacedTrace], events: Sequence[str]) -> list[tuple[int, int]]:
    """(bases ahead, target position) at which gaps of the called bases and shifts say that an indel may be."""
    found: list[tuple[int, int]] = []
    for placed in traces:
        places = [(gap.ahead, gap.start) for gap in placed.gaps if 0 < abs(gap.ahead) <= LONGEST_INDEL]
        members = [0, *(i for i, isoform in enumerate(placed.isoforms) if isoform.event in events)]
        shift = unexplained(explain(placed, members))
        start = start_of(shift, placed) if shift else None
        if shift and start is not None:
            places.append((shift.ahead, start))
        found += [p for p in places if not any(p[0] == k[0] and abs(p[1] - k[1]) < TRIED_AROUND for k in found)]
    return found


def _tested(indel: Indel, name: str, shares: Sequence[Share]) -> FoundIndel | None:
    """What all traces that can show an indel say of it; None where that is nothing."""
    if not shares:
        return None
    forward = [s.forward for s in shares]
    share, error = combine([s.share for s in shares], [s.error for s in shares], forward)
    p = min(1.0, TRIED * float(norm.sf(stouffer([s.z for s in shares], forward))))
    if p >= TRACE_ALPHA or share < SMALLEST_LOD / 2:
        return None
    reasons = []
    if disagree(shares):
        reasons.append("traces_disagree")
    if share < SMALLEST_SHARE:
        reasons.append("below_limit")
    return FoundIndel(indel, name, tuple(shares), share, float(np.hypot(error, LEAST_ERROR)), p, tuple(reasons))


def _plainest(found: Sequence[FoundIndel]) -> list[FoundIndel]:
    """Of indels of one length at nearly one place the most frequent one."""
    kept: list[FoundIndel] = []
    for one in sorted(found, key=lambda f: (bool(f.reasons), -f.share)):
        near = [
            k
            for k in kept
            if k.indel.ahead == one.indel.ahead and abs(k.indel.start - one.indel.start) <= LONGEST_INDEL
        ]
        if not near:
            kept.append(one)
    return sorted(kept, key=lambda f: f.indel.start)


def indel_observation(found: FoundIndel, reference: Reference) -> Observation:
    """What was measured of an indel; it has no limit of detection."""
    strands = {s: combine(*zip(*[(x.share, x.error, s) for x in found.shares if x.forward == s], strict=True))
               for s in {x.forward for x in found.shares}}  # fmt: skip
    contradicted = "traces_disagree" in found.reasons
    low, high = interval(found.shares) if contradicted else extremes([found.share], [found.error])
    return Observation(
        variant=indel_variant(reference, found.indel.start, found.indel.end, found.indel.inserted),
        depth=len(found.shares),
        alt_count=sum(s.share >= SMALLEST_SHARE for s in found.shares),
        vaf=min(1.0, found.share),
        vaf_low=low,
        vaf_high=high,
        filters=found.reasons,
        evidence="both_orientations" if len(strands) == 2 else "single_orientation",
        p_value=max(found.p, MIN_P),
        q_value=None,
        background=0.0,
        lod95=None,
        vaf_forward=strands[True][0] if True in strands else None,
        vaf_reverse=strands[False][0] if False in strands else None,
    )


def unnamed_row(sample: str, shift: Shift, placed: PlacedTrace) -> QcMetric:
    """The qc row of a shift that no isoform and no named indel explains."""
    position = int(placed.positions[placed.index[0][shift.first]])
    place = f"c.{position}" if position else f"base {shift.first + 1}"
    reason = (
        f"{placed.trace.name}: one or more indels, net {-shift.ahead:+d} nt, {100 * shift.surplus:.0f} %, from about "
        f"{place} on in reading order; no single place and sequence fits clearly best"
    )
    return QcMetric(sample, "unexplained_sequence", f"{shift.surplus:.2f}", placed.trace.name, "", "review", reason)
