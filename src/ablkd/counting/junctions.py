"""Which fragments cross a junction: of a known isoform event, of a new one, of a fusion, or of none of these."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ablkd.counting.new_junctions import Mask, NewJunction, new_junctions
from ablkd.counting.tally import deletions
from ablkd.fragments import Fragments
from ablkd.isoforms import MIN_OVERHANG, SpliceGraph
from ablkd.records import SpliceVariant
from ablkd.reference import Reference

UNREARRANGED = "unrearranged"

# METHOD: a jump that is in no table is found by its own seeds, which takes more bases on either side of it.
NOVEL_OVERHANG = 20
# METHOD: where the plain junctions of the two ends are seen unequally often (beyond three standard deviations), the
# event's own junction lies where fragments are scarcer: a short product ends nearer to it. Else their mean is used.
UNEQUAL = 3.0
PARTNER = 10**6
EVERY = slice(None)
# METHOD: a fragment whose gap is that of an event but for up to 40 bases at either end does not speak against it.
ALIKE = 40


def taking(fragments: Fragments, edges: list[int]) -> Mask:
    """bool[N]: fragments that take any of the jumps."""
    mask = np.int64(0)
    for edge in edges:
        mask |= np.int64(1) << np.int64(edge)
    return (fragments.junctions & mask) != 0


def crossing(fragments: Fragments, graph: SpliceGraph, position: int) -> Mask:
    """bool[N]: fragments that run plainly from target base `position` - 1 to `position` (0-based)."""
    plain = np.zeros(len(fragments), bool)
    for span in (fragments.forward, fragments.reverse):
        plain |= (span[:, 0] < position) & (position < span[:, 1])
    skipped = graph.arrays.skipped
    over = [e for e in range(len(graph.edges)) if skipped[e, 0] <= position <= skipped[e, 1] and skipped[e, 1]]
    inside = [e for e, edge in enumerate(graph.edges) if edge.origin == position - 1 or edge.goal == position]
    return plain & ~taking(fragments, sorted({*over, *inside}))


@dataclass(frozen=True)
class Ends:
    """Fragments that show the event, and those that show something else at its left and at its right end."""

    event: int
    left: int
    right: int

    @property
    def reference(self) -> int:
        """Fragments that stand for molecules without the event."""
        low, high = sorted((self.left, self.right))
        return low if high - low > UNEQUAL * np.sqrt(low + high) else round((low + high) / 2)


class Boundaries:
    """Counts with the same overhang asked of every way over a boundary, so that the shares are those of molecules.

    The least overhangs that tell isoforms apart differ between jumps; a jump that needs less of it would be seen in
    more fragments.
    """

    def __init__(self, fragments: Fragments, graph: SpliceGraph) -> None:
        self.fragments = fragments
        self.graph = graph
        self.spans = [left_out(graph, e) for e in range(len(graph.edges))]
        self.gaps = deletions(fragments, long=True)
        self.takers = _takers(fragments, len(graph.edges))
        self.reach = [self._reach(span) for span in (fragments.forward, fragments.reverse)]

    def ends(self, variant: SpliceVariant, carriers: Mask | None = None) -> Ends:
        """Fragments of an event of the tables, or of a skip that `carriers` bool[N] show and no jump stands for."""
        own = self.graph.edges_of(variant.event)
        if variant.kind != "skip":
            return self._insertion(variant.start, own)
        first, past = variant.start - 1, variant.end
        left, right = self._needs(first, past) if carriers is None else (NOVEL_OVERHANG, NOVEL_OVERHANG)
        if carriers is None:
            carriers = np.zeros(len(self.fragments), bool)
            event = self._by_jumps(own, left, right)
            carriers[self._alike(first, past)] = True
        else:
            event = carriers & self._wide(first, past, left, right)
        sides = [int(np.count_nonzero(self._others(at, own, left, right) & ~event & ~carriers)) for at in (first, past)]
        return Ends(int(np.count_nonzero(event)), *sides)

    def _alike(self, first: int, past: int) -> list[int]:
        """Fragments with a long gap that is [first, past) but for few bases."""
        reach = min(ALIKE, (past - first) // 2)
        near = [gap for gap in self.gaps if max(abs(gap[0] - first), abs(gap[1] - past)) <= reach]
        return [owner for gap in near for owner in self.gaps[gap]]

    def covering(self, first: int, past: int) -> int:
        """Fragments of which one mate covers all target bases [first, past)."""
        return int(np.count_nonzero(self._wide(first, past, 0, 0)))

    def _reach(self, span: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """(first, past) of a mate on the target, int[N]; one that comes from a partner reaches back without end."""
        first, past = span.T.copy()
        for e, owners in self.takers.items():
            edge = self.graph.edges[e]
            if edge.origin >= self.graph.target_length > edge.goal and edge.transcript:
                first[owners[(span[owners, 0] == edge.goal) & (span[owners, 1] > 0)]] = -PARTNER
        return first, past

    def _insertion(self, at: int, own: list[int]) -> Ends:
        """An insertion has two junctions of its own; a fragment may show either."""
        left, right = self._needs(at, at)
        into = [e for e in own if self.graph.edges[e].origin == at - 1]
        out = [e for e in own if self.graph.edges[e].goal == at]
        wide_left = self._wide(at, at - right, left, right)
        wide_right = self._wide(at + left, at, left, right)
        shown = [int(np.count_nonzero(self._taking(e) & wide)) for e, wide in ((into, wide_left), (out, wide_right))]
        plain = int(np.count_nonzero(self._others(at, own, left, right)))
        return Ends(round(float(np.mean(shown))), plain, plain)

    def _needs(self, first: int, past: int) -> tuple[int, int]:
        """Bases asked for left and right of any way between the boundaries at `first` and at `past`."""
        a = self.graph.arrays
        left = max(a.left_overhang[first], a.left_overhang[past], MIN_OVERHANG)
        right = max(a.right_overhang[max(first - 1, 0)], a.right_overhang[past - 1], MIN_OVERHANG)
        return int(left), int(right)

    def _wide(self, first: int, past: int, left: int, right: int, of: NDArray[np.int64] | slice = EVERY) -> Mask:
        """bool[len(of)]: a mate reaches from `left` bases before `first` to `right` bases from `past` on."""
        one, two = ((a[of] <= first - left) & (past + right <= b[of]) for a, b in self.reach)
        return one | two

    def _taking(self, edges: list[int]) -> Mask:
        """bool[N]: fragments that take any of the jumps."""
        mask = np.zeros(len(self.fragments), bool)
        for e in self.takers.keys() & edges:
            mask[self.takers[e]] = True
        return mask

    def _by_jumps(self, edges: list[int], left: int, right: int) -> Mask:
        """bool[N]: fragments that take any of the jumps with bases enough on both sides."""
        seen = np.zeros(len(self.fragments), bool)
        for e in self.takers.keys() & edges:
            owners = self.takers[e]
            seen[owners[self._wide(*self.spans[e], left, right, owners)]] = True
        return seen

    def _others(self, at: int, own: list[int], left: int, right: int) -> Mask:
        """bool[N]: fragments over the boundary before target base `at` by any way but the jumps `own`."""
        over = [e for e, (first, past) in enumerate(self.spans) if first <= at <= past]
        plain = self._wide(at, at, left, right) & ~self._taking(over)
        return plain | (self._by_jumps([e for e in over if e not in own], left, right) & ~self._taking(own))


def _takers(fragments: Fragments, edges: int) -> dict[int, NDArray[np.int64]]:
    """Each jump that any fragment takes -> the fragments that take it."""
    jumping = np.flatnonzero(fragments.junctions)
    mine = fragments.junctions[jumping]
    taken = np.bitwise_or.reduce(mine, initial=0)
    return {e: jumping[(mine >> e) & 1 > 0] for e in range(edges) if taken >> e & 1}


def left_out(graph: SpliceGraph, e: int) -> tuple[int, int]:
    """Target bases [first, past) that molecules with a jump lack between its ends.

    A jump from a partner lacks what lies between the first breakpoint of all and its own; one into or out of an
    insertion lacks nothing; one inside a partner is nowhere on the target (-1, -2).
    """
    edge, length = graph.edges[e], graph.target_length
    if edge.origin < length and edge.goal < length:
        return edge.origin + 1, edge.goal
    if edge.origin < length:
        return edge.origin + 1, edge.origin + 1
    if edge.goal >= length:
        return -1, -2
    if not edge.transcript:
        return edge.goal, edge.goal
    breakpoints = [other.goal for other in graph.edges if other.transcript and not other.events]
    return min(breakpoints), edge.goal


def fusion_fragments(fragments: Fragments, reference: Reference, graph: SpliceGraph) -> dict[str, Mask]:
    """bool[N] for each transcript with a junction of its own, and for unrearranged ones: fragments across it."""
    fusions = [t for t in reference.transcripts if t.partner_length]
    if not fusions:
        return {}
    across = {}
    for t in fusions:
        across[t.name] = taking(fragments, [i for i, e in enumerate(graph.edges) if e.transcript == t.name])
    first = min(t.target_start for t in fusions)
    # From the exon before the first breakpoint on, plainly or by an event.
    spliced = [e for e, j in enumerate(graph.edges) if j.origin == first - 2 and j.goal < graph.target_length]
    whole = crossing(fragments, graph, first - 1) | taking(fragments, spliced)
    fused = taking(fragments, [e for e, j in enumerate(graph.edges) if j.transcript])
    return across | {UNREARRANGED: whole & ~fused}


def event_key(event: str) -> str:
    """The key of an isoform event in `junction_counts`."""
    return f"event:{event}"


def fusion_key(fusion: str) -> str:
    """The key of a fusion, or of unrearranged transcripts, in `junction_counts`."""
    return f"fusion:{fusion}"


@dataclass(frozen=True, eq=False)
class Junctions:
    """What the fragments of a sample show at junctions.

    known: every event of splicing.tsv with its `Ends`; new: every new junction that is seen with its `Ends`; fusions:
    bool[N] for each transcript.
    """

    boundaries: Boundaries
    known: list[tuple[SpliceVariant, Ends]]
    new: list[tuple[NewJunction, Ends]]
    fusions: dict[str, Mask]

    @cached_property
    def counts(self) -> dict[str, tuple[int, int]]:
        """(fragments that show it, all fragments that could) of every event, new junction and fusion, by key."""
        events = [*self.known, *((new.variant, ends) for new, ends in self.new)]
        counts = {event_key(v.event): (ends.event, ends.event + ends.reference) for v, ends in events}
        shown = {name: int(np.count_nonzero(mask)) for name, mask in self.fusions.items()}
        return counts | {fusion_key(name): (n, sum(shown.values())) for name, n in shown.items()}


def find_junctions(fragments: Fragments, reference: Reference, graph: SpliceGraph) -> Junctions:
    """Count every known event, new junction and fusion of a sample."""
    boundaries = Boundaries(fragments, graph)
    known = [(variant, boundaries.ends(variant)) for variant in reference.splicing]
    skips = {(v.start - 1, v.end): ends.event for v, ends in known if v.kind == "skip"}
    found = new_junctions(fragments, reference, skips)
    new = [(one, boundaries.ends(one.variant, one.carriers)) for one in found]
    return Junctions(boundaries, known, new, fusion_fragments(fragments, reference, graph))
