"""Which called changes each fragment shows: the observations that phasing works on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablkd import hgvs
from ablkd.fragments import Fragments
from ablkd.indels import LISTED_COUNT
from ablkd.isoforms import SpliceGraph
from ablkd.records import Call, SpliceEvent
from ablkd.reference import Reference
from ablkd.splicing import crossing, taking
from ablkd.tally import Tally, count, seen_indels

# METHOD: WITHIN is a fragment that shows bases which an event skips, without crossing a junction of the event: it is
# whole, but no skipping molecule could have given it, so it may not be counted against the event. LEFT and RIGHT
# cross one plain junction of the event only. A skipping molecule has one junction where a whole one has two, so only
# the one that faces the other sites counts.
MISSING, WITHIN, LEFT, RIGHT = -1, 2, 3, 4
INDEL = -1
# METHOD: at most six sites are phased together (64 haplotypes); of more, the six most frequent.
MOST_SITES = 6


@dataclass(frozen=True)
class Site:
    """A called change, or an isoform event at its first base.

    `position` is 1-based, `error` per fragment, `codon` 0 for an event; `state` is the changed codon 0-63, or INDEL
    for a deletion or insertion, whose name is `hgvs_c`.
    """

    name: str
    position: int
    fraction: float
    error: float
    codon: int
    state: int
    event: str
    hgvs_c: str = ""


@dataclass(frozen=True)
class Observations:
    """sites K, in transcript order; shown int8[N, K]: 1 the change, 0 not the change, or a code above; covering: the
    most fragments that show any one codon of the catalogue.
    """

    sites: tuple[Site, ...]
    shown: NDArray[np.int8]
    covering: int

    def facing(self, which: tuple[int, ...]) -> NDArray[np.int8]:
        """int8[N, len(which)] of 0, 1, WITHIN, MISSING: events judged at the junction that faces the other sites."""
        part = self.shown[:, which].copy()
        for column, k in enumerate(which):
            if self.sites[k].event:
                counted = RIGHT if any(i > k for i in which) else LEFT
                part[part[:, column] == counted, column] = 0
                part[part[:, column] > WITHIN, column] = WITHIN
        return part

    def spanning(self, which: tuple[int, ...]) -> NDArray[np.int8]:
        """int8[n, len(which)]: the rows in which every site of `which` was seen, 0 or 1."""
        part = self.facing(which)
        return part[((part == 0) | (part == 1)).all(axis=1)]


def observe(
    fragments: Fragments,
    reference: Reference,
    graph: SpliceGraph,
    calls: list[Call],
    splicing: list[SpliceEvent],
) -> Observations:
    """The sites of a sample and what each fragment shows of them.

    Sites are passed changes that are not synonymous, and present isoform events that are not expected in
    healthy samples. A codon that a fragment's isoform leaves out does not carry the change.
    """
    sites = sorted([*_codon_sites(reference, calls), *_event_sites(reference, splicing)], key=lambda s: s.fraction)
    sites = sorted(sites[-MOST_SITES:], key=lambda s: (s.position, s.name))
    tally = count(fragments, reference, graph)
    shown = np.full((len(fragments), len(sites)), MISSING, np.int8)
    for k, site in enumerate(sites):
        if site.event:
            shown[:, k] = _event_shown(fragments, reference, graph, site.event)
        elif site.state == INDEL:
            shown[:, k] = _indel_shown(tally, reference, site)
        else:
            shown[:, k] = _codon_shown(tally, sites, site)
    for k, site in enumerate(sites):
        if site.event:
            _cannot_carry(reference, sites, shown, k)
    covering = max((int(tally.containing[m.codon - 1]) for m in reference.mutations), default=len(fragments))
    return Observations(tuple(sites), shown, covering)


def _codon_sites(reference: Reference, calls: list[Call]) -> list[Site]:
    passed = [c for c in calls if c.filter == "PASS" and c.tier != "synonymous"]
    sites = []
    for call in passed:
        state = INDEL
        if call.kind in ("substitution", "multinucleotide"):
            _, changed = hgvs.parse_codon_change(reference.sequence, call.hgvs_c)
            state = hgvs.CODONS.index(changed)
        error = call.background or 0.0
        sites.append(Site(call.name, 3 * call.codon - 2, call.vaf, error, call.codon, state, "", call.hgvs_c))
    return sites


def _event_sites(reference: Reference, splicing: list[SpliceEvent]) -> list[Site]:
    variants = {v.event: v for v in reference.splicing}
    return [
        Site(e.event, variants[e.event].start, e.fraction or 0.0, 1e-5, 0, 0, e.event)
        for e in splicing
        if e.call == "present" and e.event in variants and variants[e.event].expected != "yes"
    ]


def _codon_shown(tally: Tally, sites: list[Site], site: Site) -> NDArray[np.int8]:
    states = tally.states([site.codon])[:, 0]
    wild = hgvs.CODONS.index("".join(hgvs.BASES[b] for b in tally.target[3 * site.codon - 3 : 3 * site.codon]))
    others = [wild, *(s.state for s in sites if s.codon == site.codon and s.state != site.state)]
    shown = np.full(len(states), MISSING, np.int8)
    shown[np.isin(states, others)] = 0
    shown[states == site.state] = 1
    return shown


def _indel_shown(tally: Tally, reference: Reference, site: Site) -> NDArray[np.int8]:
    shown = np.where(tally.states([site.codon])[:, 0] >= 0, 0, MISSING).astype(np.int8)
    for change, fragments in seen_indels(tally.fragments, reference).items():
        if len(fragments) >= LISTED_COUNT and hgvs.indel_names(reference, *change)[1] == site.hgvs_c:
            shown[fragments] = 1
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


def _cannot_carry(reference: Reference, sites: list[Site], shown: NDArray[np.int8], event: int) -> None:
    """Molecules of a skip do not carry the changes inside the skipped bases."""
    variant = next(v for v in reference.splicing if v.event == sites[event].event)
    for k, site in enumerate(sites):
        if variant.kind == "skip" and site.codon and variant.start <= site.position <= variant.end:
            shown[shown[:, event] == 1, k] = 0
