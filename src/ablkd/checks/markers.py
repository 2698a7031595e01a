"""Alleles, isoform events and fusions of one sample, by which it is recognized in another sample of its run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ablkd.checks.identity import Rows
from ablkd.records import Call, Fusion, SpliceEvent

# METHOD: what a sample has at a fifth or more, and no sample of another person has, is its own: its marker. At a lower
# fraction, a contamination of a few per cent would be below every limit of detection.
OWN = 0.2
# METHOD: ratios agree where their 95 % intervals overlap when widened by this factor, for what PCR adds to sampling.
# Shorter products amplify better: where the contamination was amplified too, an isoform event may not agree with the
# alleles, and then it is no trace.
SPREAD = 1.5
# METHOD: three junction fragments are no chance misplacement (an error of about 1e-5 a fragment).
JUNCTIONS = 3
# METHOD: rows that failed only because errors may explain them are traces too. Rows that failed for their strand, their
# position in the reads or their depth are none; nor are those that index hopping at the platform's rate explains
# (`carry_over`), because it is expected in every sample of the run.
USABLE = {"PASS", "background"}
# Names of isoform events that no table has begin with it.
NOVEL_EVENT = "novel:"


@dataclass(frozen=True)
class Marker:
    """An allele, an isoform event or a fusion that is a sample's own. `recurrent` ones arise in unrelated people.

    `key` is its name in the tables; `codon` is 0 but for alleles.
    """

    name: str
    key: str
    codon: int
    recurrent: bool
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Trace:
    """A marker of the source as the receiver shows it; `sure`: it is proof without another one."""

    marker: Marker
    share: float
    low: float
    high: float
    sure: bool

    @property
    def ratio(self) -> tuple[float, float]:
        """Bounds of the share of the receiver that would have to be the source's."""
        return self.low / self.marker.high / SPREAD, SPREAD * self.high / max(self.marker.low, 1e-9)


@dataclass(frozen=True)
class Sign:
    """A marker as one sample shows it, however little. `passed`: by its own row, it is there.

    `p_value` is of its being an error; None where no test was made.
    """

    marker: Marker
    passed: bool
    p_value: float | None

    def as_trace_of(self, marker: Marker, alpha: float) -> Trace:
        """The sign as a trace of a source's marker; what did not pass proves nothing by itself above `alpha`."""
        rare = self.passed or (self.p_value is not None and self.p_value < alpha)
        here = self.marker
        return Trace(marker, here.share, here.low, here.high, rare and not marker.recurrent)


def own_markers(rows: Rows) -> dict[str, Marker]:
    """What a sample has for certain at OWN and more, fusions left out, by key."""
    return {key: s.marker for key, s in signs(rows).items() if s.passed and s.marker.share >= OWN}


def signs(rows: Rows) -> dict[str, Sign]:
    """Every allele and isoform event that a sample shows and that may be a trace of another sample, by key."""
    found = {}
    for call in rows.calls:
        if _usable(call):
            found[call.hgvs_c] = Sign(_of_call(call), call.filter == "PASS", call.p_value)
    for event in seen_events(rows):
        if _usable(event):
            passed = event.call == "present" and event.filter == "PASS"
            found[event.event] = Sign(of_event(event), passed, None)
    return found


def seen_events(rows: Rows) -> Iterator[SpliceEvent]:
    """Isoform events with a fraction that are present, or that JUNCTIONS fragments show."""
    for event in rows.splicing:
        if event.fraction and (event.call == "present" or (event.junction_reads or 0) >= JUNCTIONS):
            yield event


def highest_shown(rows: Rows) -> dict[str, float]:
    """Upper bound of the fraction of each allele and isoform event that a sample shows, trusted or not, by key."""
    return {
        **{call.hgvs_c: call.vaf_high for call in rows.calls},
        **{event.event: of_event(event).high for event in seen_events(rows)},
    }


def limits(rows: Rows) -> dict[str, float | None]:
    """LoD95 of each listed allele and isoform event, and of each codon under its number; None where not assessable."""
    keys = (
        (r.hgvs_c if r.kind == "allele" else str(r.codon), r) for r in rows.coverage if r.kind in ("allele", "codon")
    )
    found = {key: r.lod95 if r.assessable == "yes" else None for key, r in keys}
    return found | {e.event: e.lod95 if e.call != "not_assessable" else None for e in rows.splicing}


def of_event(event: SpliceEvent) -> Marker:
    """An isoform event; a known one recurs in unrelated people."""
    recurrent = not event.event.startswith(NOVEL_EVENT)
    return _bounded(event.event, recurrent, event.fraction, event.fraction_low, event.fraction_high)


def of_fusion(row: Fusion) -> Marker:
    """A fusion."""
    return _bounded(row.fusion, True, row.fraction, row.fraction_low, row.fraction_high)


def _of_call(call: Call) -> Marker:
    recurrent = call.tier == "catalogue"
    return Marker(call.name, call.hgvs_c, call.codon, recurrent, call.vaf, call.vaf_low, call.vaf_high)


def _bounded(name: str, recurrent: bool, fraction: float | None, low: float | None, high: float | None) -> Marker:
    share = fraction or 0.0
    bounds = (share if bound is None else bound for bound in (low, high))
    return Marker(name, name, 0, recurrent, share, *bounds)


def _usable(row: Call | SpliceEvent) -> bool:
    return set(row.filter.split(";")) <= USABLE
