"""Which called changes each fragment shows: the observations that phasing works on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ablkd import hgvs
from ablkd.counting.counts import Indel
from ablkd.counting.indels import SeenIndel, seen_indels, telling
from ablkd.counting.junctions import crossing, taking
from ablkd.counting.tally import Tally, count
from ablkd.fragments import Fragments
from ablkd.isoforms import SpliceGraph
from ablkd.phasing.patterns import merged, same_rows
from ablkd.records import Call, SpliceEvent
from ablkd.reference import Reference
from ablkd.verdicts.thresholds import MIN_ALT_FRAGMENTS

# METHOD: WITHIN is a fragment that shows bases which an event skips, without crossing a junction of the event: it is
# whole, but no skipping molecule could have given it, so it may not be counted against the event. LEFT and RIGHT
# cross one plain junction of the event only. A skipping molecule has one junction where a whole one has two, so only
# the one that faces the other sites counts.
MISSING, WITHIN, LEFT, RIGHT = -1, 2, 3, 4
# METHOD: of more than six sites the pairs are phased, and the six most frequent together (64 haplotypes); what healthy
# people have takes none of the six places from a mutation.
MOST_SITES = 6


@dataclass(frozen=True)
class Site:
    """A called change, or an isoform event at its first base.

    `first` and `last` are the 1-based ends of what is changed: recombination acts between one site's last base and the
    next one's first. `error` is per fragment. Of a substitution `codon` and `states` (0-63) are set, of a deletion or
    insertion `indels`, of an isoform event `event`. `neutral`: a polymorphism.
    """

    name: str
    first: int
    last: int
    fraction: float
    error: float
    codon: int = 0
    states: tuple[int, ...] = ()
    indels: tuple[Indel, ...] = ()
    event: str = ""
    neutral: bool = False


@dataclass(frozen=True)
class Observations:
    """K sites in transcript order; shown int8[N, K]: 1 the change, 0 not the change, or a code above; tile int16[N]:
    the PCR product of a fragment; exclusive bool[K, K]: no molecule can have both; covering: of a sample without sites
    the most fragments that show any one codon of the catalogue.
    """

    sites: tuple[Site, ...]
    shown: NDArray[np.int8]
    tile: NDArray[np.int16]
    exclusive: NDArray[np.bool_]
    covering: int

    @cached_property
    def together(self) -> tuple[int, ...]:
        """The sites that are phased all together, at most MOST_SITES."""
        ranked = sorted(range(len(self.sites)), key=lambda k: (self.sites[k].neutral, -self.sites[k].fraction))
        return tuple(sorted(ranked[:MOST_SITES]))

    def distances(self, which: Sequence[int]) -> NDArray[np.float64]:
        """Bases between each of these sites and the next, float64[len(which) - 1]."""
        chosen = [self.sites[k] for k in which]
        return np.array([max(0, b.first - a.last) for a, b in zip(chosen, chosen[1:], strict=False)], float)

    def patterns(self, which: Sequence[int]) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
        """(int8[P, len(which)] of 0, 1, WITHIN, MISSING, fragments of each int64[P]); events are judged at the junction
        that faces the other sites.

        METHOD: of several PCR products only the one whose fragments span the sites most often is taken, because
        pooling products with unequal fractions looks like association. All are taken where none spans them.
        """
        rows, tiles, counts = self._distinct
        shown = rows[:, list(which)].copy()
        for column, k in enumerate(which):
            if self.sites[k].event:
                counted = RIGHT if any(i > k for i in which) else LEFT
                shown[shown[:, column] == counted, column] = 0
                shown[shown[:, column] > WITHIN, column] = WITHIN
        spans = counts * seen(shown).all(axis=1)
        if spans.any():
            products = np.unique(tiles)
            best = products[np.argmax([spans[tiles == t].sum() for t in products])]
            shown, counts = shown[tiles == best], counts[tiles == best]
        known = (shown != MISSING).any(axis=1)
        return merged(shown[known], counts[known])

    @cached_property
    def _distinct(self) -> tuple[NDArray[np.int8], NDArray[np.int16], NDArray[np.int64]]:
        """(rows, product, fragments) of everything that is shown."""
        first, counts = same_rows([self.tile, *self.shown.T])
        return self.shown[first], self.tile[first], counts


def seen(shown: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Where a site was seen, with the change or without."""
    return (shown == 0) | (shown == 1)


def observe(
    fragments: Fragments,
    reference: Reference,
    graph: SpliceGraph,
    calls: list[Call],
    splicing: list[SpliceEvent],
) -> Observations:
    """The sites of a sample and what each fragment shows of them.

    Sites are passed changes that are not synonymous, and present isoform events that are not expected in
    healthy samples. A codon that a fragment's isoform or deletion leaves out does not carry the change.
    """
    passed = [c for c in calls if c.filter == "PASS"]
    owners = _indel_owners(fragments, reference, passed)
    sites = [*_codon_sites(reference, passed), *_indel_sites(passed, owners), *_event_sites(reference, splicing)]
    sites.sort(key=lambda s: (s.first, s.name))
    tally = count(fragments, reference, graph)
    shown = np.full((len(fragments), len(sites)), MISSING, np.int8)
    for k, site in enumerate(sites):
        if site.event:
            shown[:, k] = _event_shown(fragments, reference, graph, site.event)
        elif not site.states:
            shown[:, k] = _indel_shown(fragments, reference, site, owners)
        else:
            shown[:, k] = _codon_shown(tally, reference, passed, site)
    exclusive = np.array([[_exclude(reference, a, b) for b in sites] for a in sites], bool).reshape(2 * [len(sites)])
    for k, site in enumerate(sites):
        if not site.states:
            carrying = np.ix_(shown[:, k] == 1, exclusive[k])
            shown[carrying] = 0
    covering = 0 if sites else _covering(tally, reference)
    return Observations(tuple(sites), shown, fragments.tile, exclusive, covering)


def _covering(tally: Tally, reference: Reference) -> int:
    return max((int(tally.containing[m.codon - 1]) for m in reference.mutations), default=len(tally.fragments))


def _codon_sites(reference: Reference, passed: list[Call]) -> list[Site]:
    """A site for each name: several codons can spell one change of the protein."""
    named: defaultdict[str, list[Call]] = defaultdict(list)
    for call in passed:
        if call.tier != "synonymous" and call.kind in ("substitution", "multinucleotide"):
            named[call.name].append(call)
    return [
        Site(
            name,
            first=3 * rows[0].codon - 2,
            last=3 * rows[0].codon - 2,
            fraction=sum(c.vaf for c in rows),
            error=sum(c.background or 0.0 for c in rows),
            codon=rows[0].codon,
            states=tuple(_state(reference, c) for c in rows),
            neutral=all(c.tier == "polymorphism" for c in rows),
        )
        for name, rows in named.items()
    ]


def _state(reference: Reference, call: Call) -> int:
    return hgvs.CODONS.index(hgvs.parse_codon_change(reference.sequence, call.hgvs_c)[1])


def _is_indel(call: Call) -> bool:
    return call.kind not in ("substitution", "multinucleotide")


def _indel_owners(fragments: Fragments, reference: Reference, passed: list[Call]) -> dict[str, dict[Indel, SeenIndel]]:
    """hgvs_c of each called deletion or insertion -> as what it is seen, and the fragments that show it."""
    owners: dict[str, dict[Indel, SeenIndel]] = {c.hgvs_c: {} for c in passed if _is_indel(c)}
    if owners:
        for change, which in seen_indels(fragments, reference).items():
            if len(which.owners) >= MIN_ALT_FRAGMENTS and (name := hgvs.indel_names(reference, *change)[1]) in owners:
                owners[name][change] = which
    return owners


def _indel_sites(passed: list[Call], owners: dict[str, dict[Indel, SeenIndel]]) -> list[Site]:
    named: defaultdict[str, list[Call]] = defaultdict(list)
    for call in passed:
        if call.hgvs_c in owners:
            named[call.name].append(call)
    sites = []
    for name, rows in named.items():
        changes = tuple(change for c in rows for change in owners[c.hgvs_c])
        place = 3 * rows[0].codon - 2
        first = min((start + 1 for start, _, _ in changes), default=place)
        last = max((end for _, end, _ in changes), default=place)
        fraction, error = sum(c.vaf for c in rows), sum(c.background or 0.0 for c in rows)
        sites.append(Site(name, first, max(first, last), fraction, error, rows[0].codon, indels=changes))
    return sites


def _event_sites(reference: Reference, splicing: list[SpliceEvent]) -> list[Site]:
    variants = {v.event: v for v in reference.splicing}
    found = [e for e in splicing if e.call == "present" and e.event in variants]
    sites = []
    for event in found:
        variant = variants[event.event]
        if variant.expected != "yes":
            last = variant.end if variant.kind == "skip" else variant.start
            sites.append(Site(event.event, variant.start, last, event.fraction or 0.0, 1e-5, event=event.event))
    return sites


def _exclude(reference: Reference, one: Site, other: Site) -> bool:
    """Whether no molecule can have both: two states of one codon, or a codon that the other leaves out or breaks up."""
    if one == other:
        return False
    if one.states and other.states:
        return one.codon == other.codon
    return any(a.codon in _broken(reference, b) for a, b in ((one, other), (other, one)) if a.states)


def _broken(reference: Reference, site: Site) -> set[int]:
    """1-based codons of which an isoform event, deletion or insertion leaves no whole codon, wherever it is placed."""
    broken = {
        base // 3 + 1
        for v in reference.splicing
        if v.event == site.event and v.kind == "skip"
        for base in range(v.start - 1, v.end)
    }
    for start, end, _ in site.indels:
        if start == end:
            broken |= {start // 3 + 1} if start % 3 else set()
            continue
        everywhere = _codons(start, end)
        # In a repeat the same deletion may lie further left.
        while start > 0 and reference.sequence[start - 1] == reference.sequence[end - 1]:
            start, end = start - 1, end - 1
            everywhere &= _codons(start, end)
        broken |= everywhere
    return broken


def _codons(start: int, end: int) -> set[int]:
    """1-based codons of 0-based bases start to end - 1."""
    return set(range(start // 3 + 1, (end - 1) // 3 + 2))


def _codon_shown(tally: Tally, reference: Reference, passed: list[Call], site: Site) -> NDArray[np.int8]:
    """1 for a state of the site, 0 for any other that molecules have: unchanged, or called."""
    states = tally.states([site.codon])[:, 0]
    real = [_state(reference, c) for c in passed if c.codon == site.codon and not _is_indel(c)]
    real.append(hgvs.CODONS.index(reference.codon(site.codon)))
    shown = np.full(len(states), MISSING, np.int8)
    shown[np.isin(states, real)] = 0
    shown[np.isin(states, site.states)] = 1
    return shown


def _indel_shown(
    fragments: Fragments, reference: Reference, site: Site, owners: dict[str, dict[Indel, SeenIndel]]
) -> NDArray[np.int8]:
    """1 where it is seen, 0 where a fragment without it could tell any of the indels of the site."""
    shown = np.full(len(fragments), MISSING, np.int8)
    for change in site.indels:
        shown[telling(fragments, reference, change)] = 0
    for changes in owners.values():
        for change in changes.keys() & set(site.indels):
            shown[changes[change].owners] = 1
    return shown


def _event_shown(fragments: Fragments, reference: Reference, graph: SpliceGraph, event: str) -> NDArray[np.int8]:
    """1 where the jump is seen, 0 where both plain junctions of the event are crossed, else LEFT, RIGHT or WITHIN."""
    variant = next(v for v in reference.splicing if v.event == event)
    shown = np.full(len(fragments), MISSING, np.int8)
    if variant.kind == "skip":
        for span in (fragments.forward, fragments.reverse):
            shown[(span[:, 0] < variant.end) & (variant.start - 1 < span[:, 1])] = WITHIN
        left = crossing(fragments, graph, variant.start - 1)
        right = crossing(fragments, graph, variant.end)
        shown[left], shown[right] = LEFT, RIGHT
        shown[left & right] = 0
    else:
        shown[crossing(fragments, graph, variant.start)] = 0
    shown[taking(fragments, graph.edges_of(event))] = 1
    return shown
