"""The stretches of chromatogram that the report shows: each finding, and the codons people ask for first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ablkd.records import Call, PeakWindow, SpliceEvent
from ablkd.reference import Reference
from ablkd.traces.isoforms import Mixture

BASES_AROUND = 12
LETTERS = "ACGTN"
# A second peak is written out from this share of the signal on.
GOOD_PART = 0.15


def peak_windows(
    mixtures: Sequence[Mixture],
    calls: Sequence[Call],
    splicing: Sequence[SpliceEvent],
    reference: Reference,
) -> list[PeakWindow]:
    """Windows around each passed call, each present junction and what is always shown, in both orientations.

    Of several traces of an orientation the one with the most trusted bases around the place is shown.
    """
    codons = {c.codon: c.name for c in calls if c.filter == "PASS"}
    for codon, title in always_shown(reference).items():
        codons.setdefault(codon, title)
    places = [(name, 3 * codon - 1, 3 * codon - 1) for codon, name in sorted(codons.items())]
    variants = {v.event: v for v in reference.splicing}
    for row in splicing:
        if row.call == "present":
            # Read forward isoforms run apart from the first base of the event on, in reverse from its last one.
            places.append((row.event, variants[row.event].start, variants[row.event].end))
    windows = []
    for title, *ends in places:
        for forward, position in zip((True, False), ends, strict=True):
            shown = [(m, _base_at(m, position)) for m in mixtures if m.placed.forward == forward]
            shown = [(m, base) for m, base in shown if base >= 0]
            if shown:
                mixture, base = max(shown, key=lambda one: int(one[0].good[_around(one[0], one[1])].sum()))
                windows.append(_window(title, mixture, base))
    return windows


def always_shown(reference: Reference) -> dict[int, str]:
    """Codons whose chromatogram is shown whatever is found, with the title: note `always_shown`, `CODON NAME;...`."""
    note = reference.notes.get("always_shown")
    parts = [part.split(maxsplit=1) for part in note.text.split(";")] if note else []
    return {int(part[0]): f"codon {part[0]}" + (f" ({part[1]})" if part[1:] else "") for part in parts}


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
    overlap, overlapping = _overlap(mixture, member, shown)
    return PeakWindow(
        trace=trace.name,
        title=f"{title}, {'forward' if placed.forward else 'reverse'}",
        forward=placed.forward,
        channels=tuple(tuple(int(v) for v in channel) for channel in trace.channels[:, first:last]),
        peaks=tuple(int(p) - first for p in trace.peaks[shown]),
        bases="".join(LETTERS[b] for b in trace.bases[shown]),
        reference="".join(LETTERS[isoform.bases[i]] if i >= 0 else "N" for i in index),
        positions=tuple(int(placed.positions[o]) if o >= 0 else 0 for o in origin),
        minor="".join(_minor(f) for f in placed.fractions[shown]),
        overlap=overlap,
        overlapping=overlapping,
    )


def _minor(fractions: NDArray[np.float64]) -> str:
    """The second highest base where it is a good part of the signal; a blank elsewhere."""
    second = int(np.argsort(fractions)[-2])
    return LETTERS[second] if fractions[second] >= GOOD_PART else " "


def _overlap(mixture: Mixture, shown_member: int, shown: slice) -> tuple[str, str]:
    """Bases and name of the next most frequent isoform, where its molecules stand elsewhere; blanks where not."""
    placed = mixture.placed
    order = np.argsort(-mixture.shares, kind="stable")
    for member in (mixture.members[i] for i in order if mixture.members[i] != shown_member):
        isoform, plain = placed.isoforms[member], placed.isoforms[shown_member]
        index, own = placed.index[member][shown], placed.index[shown_member][shown]
        there = np.where(index >= 0, isoform.origin[index], -1)
        apart = (index >= 0) & (there != np.where(own >= 0, plain.origin[own], -1))
        if apart.any():
            bases = (LETTERS[isoform.bases[i]] if differs else " " for i, differs in zip(index, apart, strict=True))
            return "".join(bases), isoform.event or placed.contig.label
    return "", ""
