"""What a sample's rows say is there and can matter for a drug, and what could not have been seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from ablkd.hgvs import is_missense
from ablkd.interpretation.named_calls import NamedCall, named_calls
from ablkd.records import APART, Coverage, Haplotype, Mutation, Phase, SampleTables
from ablkd.reference import Reference
from ablkd.verdicts.events import HOLDING_BACK

# METHOD: a change counts as present without an isoform event unless such molecules are bounded below a tenth
# of those that have both: the same share that the phase verdicts use.
NEGLIGIBLE_SHARE = 0.1

# METHOD: an unlisted amino-acid change in practically every molecule, 95 % or more, those without any listed finding
# included, may be inherited. Beside a listed finding that is itself in 90 % or more only haplotypes can tell this.
EVERY_MOLECULE, NEARLY_EVERY = 0.95, 0.9


@dataclass(frozen=True)
class Findings:
    """Names in transcript order; sets of names are joined by `+`.

    `compounds` are proven to be on one molecule, `unresolved` may be. `standing` are the mutations that may
    be on molecules without the isoform event they are proven to be joined with. `germline` may be inherited, and are
    none of the others.
    """

    mutations: tuple[str, ...]
    low_level: frozenset[str]
    events: tuple[str, ...]
    fusions: tuple[str, ...]
    compounds: tuple[str, ...]
    unresolved: tuple[str, ...]
    standing: frozenset[str]
    germline: tuple[str, ...] = ()

    @property
    def on_isoform(self) -> dict[str, tuple[str, ...]]:
        """Compounds that include an isoform event -> their mutations."""
        sets = {c: c.split("+") for c in self.compounds}
        return {
            c: tuple(n for n in members if n in self.mutations)
            for c, members in sets.items()
            if set(members) & set(self.events)
        }

    @property
    def named(self) -> tuple[str, ...]:
        """Compounds, then what stands outside them."""
        whole = {n for c in self.compounds if c not in self.on_isoform for n in c.split("+")}
        partial = {n for c in self.on_isoform for n in c.split("+")}
        lone = [n for n in self.mutations if n not in whole and (n not in partial or n in self.standing)]
        return (*self.compounds, *lone, *(e for e in self.events if e not in partial))


def find(reference: Reference, tables: SampleTables) -> Findings:
    """The findings of one sample.

    Mutations are PASS calls, reported or low level, that are neither synonymous nor a polymorphism. Isoform
    events count when present, unless healthy samples show them too or sources dispute what they mean.
    """
    germline = possibly_germline(tables)
    passed = [
        c for c in tables.calls
        if c.filter == "PASS" and c.tier in ("catalogue", "novel") and c.name not in germline
    ]  # fmt: skip
    places = {c.name: c.codon for c in sorted(passed, key=lambda c: (c.codon, c.name))}
    neutral = {v.event for v in reference.splicing if v.expected != "no"}
    events = tuple(s.event for s in tables.splicing if s.call == "present" and s.event not in neutral)
    sets = _phased_sets(tables.phase, {*places, *events})
    proven = [s for s, verdict in sets.items() if verdict == "compound"]
    joined = _maximal(s for s in proven if set(s) & set(events))
    standing = frozenset(n for n in places if _stands(n, events, joined, tables.haplotypes))
    # A set of mutations that is only seen together with an event is named with the event alone.
    compounds = joined + _maximal(s for s in proven if set(s) <= standing)
    return Findings(
        mutations=tuple(places),
        low_level=frozenset(set(places) - {c.name for c in passed if c.level == "reported"}),
        events=events,
        fusions=tuple(f.fusion for f in tables.fusion if f.call == "present"),
        compounds=tuple("+".join(s) for s in compounds),
        unresolved=tuple("+".join(s) for s in _unresolved(reference, places, events, sets, proven)),
        standing=standing,
        germline=germline,
    )


def possibly_germline(tables: SampleTables) -> tuple[str, ...]:
    """Unlisted amino-acid changes in practically every molecule, with and without the listed findings."""
    found = [c for c in named_calls(tables.calls) if c.level != "evidence_only"]
    common = {c.name for c in found if c.tier == "catalogue" and c.fraction_high >= NEARLY_EVERY}
    everywhere = [c.name for c in found if _in_every_molecule(c)]
    return tuple(name for name in everywhere if not common or _without(name, common, tables.haplotypes))


def _in_every_molecule(call: NamedCall) -> bool:
    return call.tier == "novel" and is_missense(call.name) and call.fraction >= EVERY_MOLECULE


def _without(name: str, common: set[str], haplotypes: Sequence[Haplotype]) -> bool:
    """Whether molecules that lack the common findings are there, and all have the change."""
    others = [h for h in haplotypes if not common & set(h.haplotype.split("+")) and (h.fraction_low or 0) > 0]
    return bool(others) and all(name in h.haplotype.split("+") for h in others)


def _phased_sets(phase: Sequence[Phase], names: set[str]) -> dict[tuple[str, ...], str]:
    """Sets of findings -> verdict.

    Members that are no findings (polymorphisms, background events) drop out; what is left of their set is
    then known only where all of it was on one molecule.
    """
    sets: dict[tuple[str, ...], str] = {}
    for row in phase:
        whole = row.mutations.split("+")
        members = tuple(n for n in whole if n in names)
        if len(members) > 1 and (row.verdict == "compound" or len(members) == len(whole)):
            sets[members] = "compound" if sets.get(members) == "compound" else row.verdict
    return sets


def _maximal(sets: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The sets that are not part of a larger one, in their first order."""
    unique = list(dict.fromkeys(sets))
    return [s for s in unique if not any(set(s) < set(other) for other in unique)]


def _unresolved(
    reference: Reference,
    places: dict[str, int],
    events: Sequence[str],
    sets: dict[tuple[str, ...], str],
    proven: list[tuple[str, ...]],
) -> list[tuple[str, ...]]:
    """Sets that may be on one molecule: their verdict leaves it open, or there is no verdict on the pair."""
    judged = [frozenset(s) for s in sets]
    pairs = [
        pair
        for pair in combinations([*events, *places], 2)
        if frozenset(pair) not in judged and not _exclusive(reference, pair, places)
    ]
    undecided = [s for s, verdict in sets.items() if verdict != "compound" and verdict not in APART]
    return _maximal(s for s in [*undecided, *pairs] if not any(set(s) <= set(p) for p in proven))


def _exclusive(reference: Reference, pair: tuple[str, str], places: dict[str, int]) -> bool:
    """Whether two findings cannot be on one molecule: one codon twice, or an event that removes the codon."""
    codons = [places[n] for n in pair if n in places]
    if len(codons) == 2:
        return codons[0] == codons[1]
    skips = [v for v in reference.splicing if v.event in pair and v.kind == "skip"]
    return any(v.start <= 3 * codon - 2 and 3 * codon <= v.end for v in skips for codon in codons)


def _stands(name: str, events: Sequence[str], joined: list[tuple[str, ...]], haplotypes: Sequence[Haplotype]) -> bool:
    """Whether a mutation may be on molecules without the isoform event it is proven to be joined with."""
    partners = {e for s in joined if name in s for e in s if e in events}
    if not partners:
        return True
    carriers = [(h, set(h.haplotype.split("+"))) for h in haplotypes if name in h.haplotype.split("+")]
    both = [h.fraction for h, members in carriers if members & partners and h.identifiable == "yes"]
    without = [h.fraction_high for h, members in carriers if not members & partners]
    if not both or None in both or None in without:
        return True
    return sum(filter(None, without)) >= NEGLIGIBLE_SHARE * sum(filter(None, both))


def held_back(tables: SampleTables) -> dict[str, tuple[int | None, str]]:
    """What was seen and is not assessed because a filter holds it back: name -> (codon, None for an event; filter).

    A codon is named where none of its listed changes is, with whatever was seen there.
    """
    rows = [row for row in tables.coverage if row.status == "not_assessable" and row.filter]
    named = {row.name: (row.codon, row.filter) for row in rows if row.kind in ("allele", "indel")}
    codons = {codon for codon, _ in named.values()}
    others = {c.name: (c.codon, c.filter) for row in rows if row.kind == "codon" and row.codon not in codons
              for c in tables.calls if c.codon == row.codon and c.filter == row.filter}  # fmt: skip
    junctions = [(e.event, e.call, e.filter) for e in tables.splicing]
    junctions += [(f.fusion, f.call, f.filter) for f in tables.fusion]
    events = {
        name: (None, reason)
        for name, call, reason in junctions
        if call == "not_assessable" and HOLDING_BACK & set(reason.split(";")) - {"depth"}
    }
    return {**named, **others, **events}


def unseen(reference: Reference, coverage: Sequence[Coverage]) -> list[Mutation]:
    """Catalogue rows that could not have been seen; one without any coverage row counts as unseen."""
    seen: dict[tuple[str, str], bool] = {}
    for row in coverage:
        key = (row.kind, row.hgvs_c if row.kind == "allele" else str(row.codon))
        seen[key] = row.assessable == "yes" or row.status == "detected"
    listed = [m for m in reference.mutations if m.tier == "catalogue"]
    codon_seen = {m: seen.get(("codon", str(m.codon)), False) for m in listed}
    return [m for m in listed if not seen.get(("allele", m.hgvs_c), codon_seen[m])]
