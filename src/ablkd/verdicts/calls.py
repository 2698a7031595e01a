"""Observations -> rows of calls.tsv: each built once, with its filter and its level."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from ablkd.records import Call
from ablkd.verdicts.variants import Variant

PASS = "PASS"
# Errors explain what was measured: the variant was not seen.
BACKGROUND = "background"


@dataclass(frozen=True)
class Observation:
    """What was measured of one variant, and what speaks against it.

    `filters` are the reasons that hold it back; one of them is `background` where errors explain it, and it is seen
    in all other cases. Fractions are 0-1; the other fields are the columns of calls.tsv.
    """

    variant: Variant
    depth: int
    alt_count: int
    vaf: float
    vaf_low: float
    vaf_high: float
    filters: tuple[str, ...]
    evidence: str
    p_value: float
    q_value: float | None
    background: float
    lod95: float | None
    vaf_full_length: float | None = None
    vaf_forward: float | None = None
    vaf_reverse: float | None = None


def call_rows(sample: str, observations: Iterable[Observation], reporting_threshold: float) -> list[Call]:
    """A row for each observation, in transcript order.

    METHOD: the level is that of the amino-acid change: the fractions of all nucleotide changes of one name that passed
    are added before they are compared with the reporting threshold.
    """
    observed = sorted(observations, key=lambda o: (o.variant.codon, o.variant.hgvs_c))
    passed: defaultdict[str, float] = defaultdict(float)
    for one in observed:
        passed[one.variant.name] += 0.0 if one.filters else one.vaf
    return [_call(sample, one, passed[one.variant.name] >= reporting_threshold) for one in observed]


def _call(sample: str, one: Observation, reported: bool) -> Call:
    return Call(
        sample=sample,
        **vars(one.variant),
        depth=one.depth,
        alt_count=one.alt_count,
        vaf=one.vaf,
        vaf_low=one.vaf_low,
        vaf_high=one.vaf_high,
        vaf_full_length=one.vaf_full_length,
        vaf_forward=one.vaf_forward,
        vaf_reverse=one.vaf_reverse,
        background=one.background,
        p_value=one.p_value,
        q_value=one.q_value,
        lod95=one.lod95,
        evidence=one.evidence,
        filter=";".join(one.filters) or PASS,
        level="evidence_only" if one.filters else "reported" if reported else "low_level",
    )


def seen(call: Call) -> bool:
    """Whether errors do not explain a row, whatever else holds it back."""
    return BACKGROUND not in call.filter.split(";")


def held_back(call: Call) -> bool:
    """Whether a row was seen and a filter holds it back."""
    return call.filter != PASS and seen(call)
