"""The stretches of chromatogram that the report shows: each finding, and the codon people ask for first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ablkd.records import Call, PeakWindow, SpliceEvent
from ablkd.reference import Reference
from ablkd.trace_isoforms import Mixture

BASES_AROUND = 12
LETTERS = "ACGTN"


def peak_windows(
    mixtures: Sequence[Mixture],
    calls: Sequence[Call],
    splicing: Sequence[SpliceEvent],
    reference: Reference,
) -> list[PeakWindow]:
    """Windows around each passed call, each present junction and the most cited codon, in both orientations.

    Of several traces of an orientation the one with the most trusted bases around the place is shown.
    """
    codons = {c.codon: c.name for c in calls if c.filter == "PASS"}
    cited = most_cited_codon(reference)
    if cited:
        codons.setdefault(cited, f"codon {cited}")
    places = [(name, 3 * codon - 1) for codon, name in sorted(codons.items())]
    variants = {v.event: v for v in reference.splicing}
    for row in splicing:
        if row.call == "present":
            places.append((row.event, variants[row.event].start))
    windows = []
    for title, position in places:
        for forward in (True, False):
            shown = [(m, _base_at(m, position)) for m in mixtures if m.placed.forward == forward]
            shown = [(m, base) for m, base in shown if base >= 0]
            if shown:
                mixture, base = max(shown, key=lambda one: int(one[0].good[_around(one[0], one[1])].sum()))
                windows.append(_window(title, mixture, base))
    return windows


def most_cited_codon(reference: Reference) -> int | None:
    """The codon of the listed change with the most rows of drug sensitivity; None without any."""
    codons = {m.name: m.codon for m in reference.mutations}
    cited = Counter(s.finding for s in reference.sensitivity if s.finding in codons)
    return codons[min(cited, key=lambda name: (-cited[name], codons[name]))] if cited else None


def _base_at(mixture: Mixture, position: int) -> int:
    """The base of the trace at which most molecules show a target position; -1 where none does."""
    placed = mixture.placed
    best, most = -1, 0.0
    for member, share in zip(mixture.members, mixture.shares, strict=True):
        index, origin = placed.index[member], placed.isoforms[member].origin
        there = np.where((index >= 0) & (origin[index] >= 0), placed.positions[origin[index]], 0)
        found = np.flatnonzero(there == position)
        if len(found) and share > most:
            best, most = int(found[0]), float(share)
    return best


def _around(mixture: Mixture, base: int) -> slice:
    return slice(max(0, base - BASES_AROUND), min(len(mixture.good), base + BASES_AROUND + 1))


def _window(title: str, mixture: Mixture, base: int) -> PeakWindow:
    placed = mixture.placed
    trace, shown = placed.trace, _around(mixture, base)
    margin = int(np.median(np.diff(trace.peaks)))
    first = max(0, int(trace.peaks[shown][0]) - margin)
    last = min(trace.channels.shape[1], int(trace.peaks[shown][-1]) + margin + 1)
    member = mixture.members[int(mixture.shares.argmax())]
    isoform, index = placed.isoforms[member], placed.index[member][shown]
    origin = np.where(index >= 0, isoform.origin[index], -1)
    return PeakWindow(
        trace=trace.name,
        title=f"{title}, {'forward' if placed.forward else 'reverse'}",
        forward=placed.forward,
        channels=tuple(tuple(int(v) for v in channel) for channel in trace.channels[:, first:last]),
        peaks=tuple(int(p) - first for p in trace.peaks[shown]),
        bases="".join(LETTERS[b] for b in trace.bases[shown]),
        reference="".join(LETTERS[isoform.bases[i]] if i >= 0 else "N" for i in index),
        positions=tuple(int(placed.positions[o]) if o >= 0 else 0 for o in origin),
    )
