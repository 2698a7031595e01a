"""Which molecules are told apart: haplotypes where phase is known, else each finding and what is not excluded."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from ablkd.interpretation.findings import Findings
from ablkd.interpretation.named_calls import named_calls
from ablkd.records import APART, Clone, Haplotype, SampleTables

UNMUTATED = "unmutated"
NONE = "none"  # the clone without any finding
Share = tuple[float | None, float | None, float | None]


def clones_of(sample: str, findings: Findings, tables: SampleTables) -> list[Clone]:
    """The clones of a sample in transcript order, molecules without a finding last.

    METHOD: a haplotype stands for itself where its fraction is identified and the phase of no set on it is open. The
    other findings stand one by one, with the sets that are proven or not excluded.
    """
    order = [*findings.events, *findings.mutations]
    whole = _haplotypes(findings, tables, order)
    covered = {name for members in whole for name in members}
    rows = [_clone(sample, findings, m, "haplotype", share) for m, share in whole.items() if m]
    for names in findings.compounds:
        members = tuple(names.split("+"))
        if not any(set(members) <= set(other) for other in whole):
            rows.append(_clone(sample, findings, members, "compound", _bounds(tables, findings, members)))
    singles = _singles(tables)
    for name in order:
        if name not in covered and (name in findings.named or _also_alone(tables, findings, name)):
            kind = "isoform" if name in findings.events else "mutation"
            rows.append(_clone(sample, findings, (name,), kind, singles.get(name, (None, None, None))))
    for names in findings.unresolved:
        members = tuple(names.split("+"))
        rows.append(_clone(sample, findings, members, "not_excluded", _bounds(tables, findings, members)))
    for fusion in (f for f in tables.fusion if f.fusion in findings.fusions):
        share = (fusion.fraction, fusion.fraction_low, fusion.fraction_high)
        rows.append(Clone(sample, fusion.fusion, "transcript", *share, ""))
    for name in findings.germline:
        rows.append(Clone(sample, name, "germline", *singles.get(name, (None, None, None)), ""))
    told_apart = tables.haplotypes and all(h.identifiable == "yes" for h in tables.haplotypes)
    if () in whole or not told_apart:
        rows.append(Clone(sample, NONE, "none", *whole.get((), (None, None, None)), ""))
    return rows


def _also_alone(tables: SampleTables, findings: Findings, name: str) -> bool:
    """Whether a member of proven compounds is on other molecules too.

    METHOD: beside an isoform event where it may be on molecules without it; beside other mutations where the lower
    bound of its own share lies above what the compounds can have. What is known of the mutation alone makes its
    compound worse in any case.
    """
    if name not in findings.standing:
        return False
    whole = [names.split("+") for names in findings.compounds if names not in findings.on_isoform]
    most = [_bounds(tables, findings, members)[2] for members in whole if name in members]
    low = _singles(tables).get(name, (None, None, None))[1]
    return not most or (low is not None and None not in most and low > sum(filter(None, most)))


def _clone(sample: str, findings: Findings, members: Sequence[str], kind: str, share: Share) -> Clone:
    # All of a set are on no more molecules than the rarest of them.
    low = bool(findings.low_level & set(members))
    return Clone(sample, "+".join(members), kind, *share, "low_level" if low else "reported")


def _haplotypes(findings: Findings, tables: SampleTables, order: Sequence[str]) -> dict[tuple[str, ...], Share]:
    """Findings of each haplotype that stands for itself -> its share; what is no finding drops out and shares add up.

    METHOD: the bounds of haplotypes that are added up are added as well, which is wider than any joint interval.
    """
    undecided = [set(names.split("+")) for names in findings.unresolved]
    apart = [frozenset(p.mutations.split("+")) for p in tables.phase if p.verdict in APART]
    groups: dict[tuple[str, ...], list[Haplotype]] = {}
    for h in tables.haplotypes:
        names = set() if h.haplotype == UNMUTATED else set(h.haplotype.split("+"))
        members = tuple(name for name in order if name in names)
        groups.setdefault(members, []).append(h)
    told = {}
    for members, group in groups.items():
        identified = all(h.identifiable == "yes" and h.fraction is not None for h in group)
        contradicted = any(pair <= set(members) for pair in apart)
        if identified and not contradicted and not any(names <= set(members) for names in undecided):
            told[members] = _added(group)
    return told


def _added(group: Sequence[Haplotype]) -> Share:
    lows = [h.fraction_low for h in group]
    low = min(1.0, sum(x for x in lows if x is not None)) if None not in lows else None
    return (
        min(1.0, sum(h.fraction or 0.0 for h in group)),
        low,
        min(1.0, sum(h.fraction_high if h.fraction_high is not None else 1.0 for h in group)),
    )


def _singles(tables: SampleTables) -> dict[str, Share]:
    """Share of molecules with at least one finding, of mutations that passed and of isoform events."""
    shares: dict[str, Share] = {
        c.name: (c.fraction, c.fraction_low, c.fraction_high)
        for c in reversed(named_calls(tables.calls))
        if c.level != "evidence_only"
    }
    return shares | {e.event: (e.fraction, e.fraction_low, e.fraction_high) for e in tables.splicing}


def _bounds(tables: SampleTables, findings: Findings, members: Collection[str]) -> Share:
    """Bounds of the share of molecules with all of a set, as its phase has them; else up to its rarest member's."""
    known = {*findings.mutations, *findings.events}
    for row in tables.phase:
        if {n for n in row.mutations.split("+") if n in known} == set(members):
            return None, row.compound_low, row.compound_high
    singles = _singles(tables)
    return None, 0.0, _least(singles[name][2] for name in members if name in singles)


def _least(values: Iterable[float | None]) -> float | None:
    return min((value for value in values if value is not None), default=None)
