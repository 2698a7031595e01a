"""What one sample says of a mutation, an isoform event or a haplotype: seen, not seen, or not assessable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ablkd.hgvs import CODON_CHANGE, indel_sizes
from ablkd.interpretation.named_calls import named_calls
from ablkd.records import Coverage, Result
from ablkd.verdicts.coverage import class_name
from ablkd.verdicts.thresholds import INDEL_LIMIT_LENGTH
from ablkd.verdicts.variants import indel_class


@dataclass(frozen=True)
class Sight:
    """What one sample says of a mutation, an isoform event or a haplotype.

    `status` is `detected`, `bounds_only`, `evidence_only`, `not_detected` or `not_assessable`; `limit` is
    the LoD95; fractions are 0-1.
    """

    status: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    limit: float | None = None
    platform: str = ""

    @property
    def shown(self) -> bool:
        """Whether it is there beyond doubt: detected, or bounded away from nothing."""
        return self.status == "detected" or (self.status == "bounds_only" and (self.low or 0) > 0)


def mutation_sight(result: Result, name: str, codon: int, states: set[str]) -> Sight:
    """A change by its name; `states` are its names on the coding sequence wherever it was called.

    Without a call the limit is that of the same codon states, else of the codon; of an indel that of its class. An
    insertion longer than those the limit holds for has none, and one that the reads do not span is not assessable.
    """
    platform = result.sample.platform
    for call in named_calls(result.calls):
        if call.name == name:
            status = "evidence_only" if call.level == "evidence_only" else "detected"
            return Sight(status, call.fraction, call.fraction_low, call.fraction_high, call.lod95, platform)
    rows = [row for row in result.coverage if row.kind != "codon" and row.hgvs_c in states]
    inserted = 0
    if not rows:
        rows = _rows_of_place(result.coverage, codon, states)
        inserted = max((len(indel_sizes(s)[1]) for s in states if not CODON_CHANGE.match(s)), default=0)
    spanned = [int(metric.value) for metric in result.qc if metric.metric == "longest_insertion"]
    if not rows or any(row.assessable != "yes" for row in rows) or any(inserted > longest for longest in spanned):
        return Sight("not_assessable", platform=platform)
    limits = [row.lod95 if inserted <= INDEL_LIMIT_LENGTH else None for row in rows]
    worst = None if None in limits else max(limit for limit in limits if limit is not None)
    return Sight("not_detected", limit=worst, platform=platform)


def _rows_of_place(coverage: Sequence[Coverage], codon: int, states: set[str]) -> list[Coverage]:
    """The rows that say what could have been seen of a change without a row of its own: those of its codon, or those of
    its class in its exon where it is an indel in an assessed part of it."""
    codons = [row for row in coverage if row.kind == "codon" and row.codon == codon]
    if all(CODON_CHANGE.match(state) for state in states):
        return codons
    if any(row.reason in ("primer", "not_covered") for row in codons):
        return []
    classes = {class_name(indel_class(*indel_sizes(state)), row.exon) for state in states for row in codons}
    return [row for row in coverage if row.name in classes]


def splice_sight(result: Result, name: str) -> Sight:
    """An isoform event by its name."""
    platform = result.sample.platform
    row = next((e for e in result.splicing if e.event == name), None)
    if row is None or row.call == "not_assessable":
        return Sight("not_assessable", platform=platform)
    if row.call == "not_detected":
        return Sight("not_detected", limit=row.lod95, platform=platform)
    status = "detected" if row.call == "present" else "evidence_only"
    return Sight(status, row.fraction, row.fraction_low, row.fraction_high, row.lod95, platform)


def haplotype_sight(result: Result, name: str, codons: dict[str, int]) -> Sight:
    """A haplotype by its name; `codons` says where each change that any sample called is.

    One that has no row was looked for only where molecules were told apart at all and each of its members
    could have been seen.
    """
    platform = result.sample.platform
    row = next((h for h in result.haplotypes if h.haplotype == name), None)
    if row is not None:
        status = "detected" if row.fraction is not None else "bounds_only"
        return Sight(status, row.fraction, row.fraction_low, row.fraction_high, None, platform)
    assessable = {row.codon for row in result.coverage if row.kind == "codon" and row.assessable == "yes"}
    assessable -= {row.codon for row in result.coverage if row.status == "not_assessable" and row.filter}
    events = {e.event for e in result.splicing if e.call in ("present", "not_detected")}
    members = [] if name == "unmutated" else name.split("+")
    able = all(codons[m] in assessable if m in codons else m in events for m in members)
    return Sight("not_detected" if result.haplotypes and able else "not_assessable", platform=platform)
