"""What every result must satisfy: checked before one is written, so that a contradiction never becomes a report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from ablkd.hgvs import parse_codon_change
from ablkd.records import APART, Call, Fusion, SampleTables, SpliceEvent
from ablkd.reference import Reference
from ablkd.verdicts.calls import PASS, held_back
from ablkd.verdicts.coverage import concerns
from ablkd.verdicts.events import HOLDING_BACK
from ablkd.verdicts.thresholds import SURE, UNLIKELY
from ablkd.verdicts.variants import SUBSTITUTIONS, codon_variant

# Tables keep six significant digits of a fraction.
ROUNDING = 1e-5


class InconsistentTables(RuntimeError):
    """The tables of a sample contradict each other: a fault of the program, not of its input."""


def check_tables(tables: SampleTables, reference: Reference, settings: Mapping[str, str]) -> None:
    """Check a sample's tables against the thresholds in force (`required_lod`, `reporting_cut`, fractions as text).

    Raises
    ------
    InconsistentTables
        With every contradiction that was found.
    """
    required, reporting = (float(settings[k]) if k in settings else None for k in ("required_lod", "reporting_cut"))
    found = [*_names(tables, reference), *_bounds(tables), *_both(tables), *_phased(tables)]
    found += list(_absent(tables, required)) if required is not None else []
    found += list(_levels(tables, reporting)) if reporting is not None else []
    if found:
        raise InconsistentTables("; ".join(found))


def _absent(tables: SampleTables, required: float) -> Iterator[str]:
    """No variant or event that was seen, and may be as frequent as the required limit, is not detected."""
    suspects = [c for c in tables.calls if held_back(c) and c.vaf_high >= required * (1 + ROUNDING)]
    listed = {row.hgvs_c for row in tables.coverage if row.kind == "allele"}
    for row in tables.coverage:
        if row.status == "not_detected" and any(concerns(row, call, listed) for call in suspects):
            yield f"{row.name} was seen and held back, but is reported as not detected"
    junctions: list[SpliceEvent | Fusion] = [*tables.splicing, *tables.fusion]
    for one in junctions:
        held = HOLDING_BACK & set(one.filter.split(";"))
        if held and one.call == "not_detected" and (one.fraction_high or 0.0) >= required * (1 + ROUNDING):
            name = one.event if isinstance(one, SpliceEvent) else one.fusion
            yield f"{name} was seen and held back, but is reported as not detected"


def _both(tables: SampleTables) -> Iterator[str]:
    """No allele is both detected and not assessed, and what passed is detected wherever it is listed."""
    passed = [c for c in tables.calls if c.filter == PASS]
    listed = {row.hgvs_c for row in tables.coverage if row.kind == "allele"}
    for row in (row for row in tables.coverage if row.kind != "codon"):
        called = any(concerns(row, call, listed) for call in passed)
        if called and (row.status != "detected" or row.assessable != "yes"):
            yield f"{row.name} is called, but {row.hgvs_c} is reported as {row.status.replace('_', ' ')}"
        if row.status == "detected" and not called:
            yield f"{row.hgvs_c} is reported as detected, but was not called"


def _names(tables: SampleTables, reference: Reference) -> Iterator[str]:
    """Every substitution has the name and the annotation of the one look-up."""
    for call in tables.calls:
        if call.kind not in SUBSTITUTIONS:
            continue
        one = codon_variant(reference, *parse_codon_change(reference.sequence, call.hgvs_c))
        if (call.name, call.hgvs_p, call.tier) != (one.name, one.hgvs_p, one.tier):
            yield f"{call.hgvs_c} is named {call.name} ({call.tier}), not {one.name} ({one.tier})"


def _bounds(tables: SampleTables) -> Iterator[str]:
    """No upper bound is 0: nothing that was measured excludes every molecule."""
    bounds = [
        *((c.name, c.vaf_high) for c in tables.calls),
        *((h.haplotype, h.fraction_high) for h in tables.haplotypes),
        *((p.mutations, p.compound_high) for p in tables.phase),
        *((e.event, e.fraction_high) for e in tables.splicing),
        *((f.fusion, f.fraction_high) for f in tables.fusion),
    ]
    for name, bound in bounds:
        if bound is not None and bound <= 0:
            yield f"the upper bound of {name} is 0"


def _phased(tables: SampleTables) -> Iterator[str]:
    """A verdict on a set of changes is the one that its probability says, where it has one."""
    for row in tables.phase:
        if row.probability is None:
            fits = row.verdict != "explained_by_recombination"
        elif row.verdict == "compound":
            fits = row.probability >= SURE - ROUNDING
        elif row.verdict in APART:
            fits = row.probability <= UNLIKELY + ROUNDING
        else:
            fits = row.verdict == "not_proven" and UNLIKELY - ROUNDING < row.probability < SURE + ROUNDING
        if not fits:
            yield f"{row.mutations} is {row.verdict.replace('_', ' ')} at a probability of {row.probability}"


def _levels(tables: SampleTables, reporting: float) -> Iterator[str]:
    """Every nucleotide change of one amino-acid change has the level of their sum."""
    named: defaultdict[str, list[Call]] = defaultdict(list)
    for call in tables.calls:
        if call.filter == PASS:
            named[call.name].append(call)
        elif call.level != "evidence_only":
            yield f"{call.hgvs_c} is held back, but its level is {call.level}"
    for name, calls in named.items():
        total = sum(call.vaf for call in calls)
        level = "reported" if total >= reporting else "low_level"
        if abs(total - reporting) > ROUNDING and {call.level for call in calls} != {level}:
            yield f"{name} sums to {total:.4g}, but is not {level}"
