"""Measured isoform events and fusions -> rows of splicing.tsv and fusion.tsv."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ablkd.records import Fusion, SpliceEvent, SpliceVariant
from ablkd.verdicts.calls import PASS
from ablkd.verdicts.rule import Held, decide
from ablkd.verdicts.thresholds import LENGTH_BIAS

# A filter that warns and does not hold an event back.
WARNING = "ends_disagree"
# Filters of what was seen and is held back; what else a row's filter says is why it was not assessed.
HOLDING_BACK = {"carry_over", "depth", "below_limit", "traces_disagree", "template_switch", "one_fragment_end"}


@dataclass(frozen=True)
class EventObservation:
    """What was measured of one isoform event or fusion.

    Counts are fragments (or traces), fractions 0-1 of molecules, None where nothing was measured. seen: errors do not
    explain it; `filters` hold it back where it was; `gap` says why it was not assessed (`not_covered`, `depth`, ...)
    and `cause` why the limit of detection misses a required one.
    """

    seen: bool
    junction_reads: int | None = None
    reference_reads: int | None = None
    fraction: float | None = None
    low: float | None = None
    high: float | None = None
    lod95: float | None = None
    filters: tuple[str, ...] = ()
    gap: str = ""
    cause: Callable[[float], str] = lambda _required: "background"
    reference_left: int | None = None
    reference_right: int | None = None


def _verdict(one: EventObservation, required_lod: float) -> tuple[str, str]:
    """(`present` | `not_detected` | `not_assessable`, filter)."""
    filters = ";".join(one.filters)
    passed = one.seen and set(one.filters) <= {WARNING}
    held = Held(filters, one.high) if one.seen and not passed else None
    status, reason = decide(passed, held, one.lod95, one.gap, one.cause, required_lod)
    if status == "not_assessable":
        return status, reason
    return "present" if passed else status, (filters if one.seen else "") or PASS


def event_row(sample: str, variant: SpliceVariant, one: EventObservation, required_lod: float) -> SpliceEvent:
    """The row of an isoform event of splicing.tsv, or of a new junction."""
    call, filters = _verdict(one, required_lod)
    # What was neither seen nor could have been has no fraction.
    measured = one.seen or call != "not_assessable"
    bias = _biased(one.fraction, variant) if call == "present" else (None, None)
    return SpliceEvent(
        sample=sample,
        event=variant.event,
        hgvs_r=variant.hgvs_r,
        hgvs_p=variant.hgvs_p,
        junction_reads=one.junction_reads,
        reference_reads=one.reference_reads,
        fraction=one.fraction if measured else None,
        fraction_low=one.low if measured else None,
        fraction_high=one.high if measured else None,
        bias_low=bias[0],
        bias_high=bias[1],
        lod95=one.lod95,
        call=call,
        meaning=variant.meaning,
        reference_left=one.reference_left,
        reference_right=one.reference_right,
        filter=filters,
    )


def new_junction_row(sample: str, variant: SpliceVariant, one: EventObservation, required_lod: float) -> SpliceEvent:
    """The row of a junction that no table lists: nobody looked for it, so that it is present or below calling criteria.

    METHOD: `not_detected` and `not_assessable` would be answers to a question that was not asked.
    """
    row = event_row(sample, variant, one, required_lod)
    if row.call == "present":
        return row
    reasons = [*one.filters, *([] if one.seen else [one.gap or "background"])]
    return replace(
        row,
        call="evidence_only",
        filter=";".join(reasons),
        fraction=one.fraction,
        fraction_low=one.low,
        fraction_high=one.high,
    )


def fusion_row(sample: str, fusion: str, label: str, one: EventObservation, required_lod: float) -> Fusion:
    """The row of a fusion or of the unrearranged transcript."""
    call, filters = _verdict(one, required_lod)
    return Fusion(
        sample=sample,
        fusion=fusion,
        label=label,
        junction_reads=one.junction_reads or 0,
        fraction=one.fraction,
        fraction_low=one.low,
        fraction_high=one.high,
        call=call,
        lod95=one.lod95,
        filter=filters,
    )


def _biased(fraction: float | None, variant: SpliceVariant) -> tuple[float | None, float | None]:
    """The range of the true fraction if the shorter product amplified up to `LENGTH_BIAS` times better."""
    if fraction is None or fraction >= 1:
        return fraction, fraction
    odds = fraction / (1 - fraction) * (1 / LENGTH_BIAS if variant.kind == "skip" else LENGTH_BIAS)
    low, high = sorted((fraction, odds / (1 + odds)))
    return low, high
