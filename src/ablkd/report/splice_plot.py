"""Isoform events as arcs over the exons: what is present, what was looked for, what could not be seen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ablkd.records import Result, SpliceEvent
from ablkd.report.plots import Region, exon_track
from ablkd.report.svg import INK, MUTED, ORANGE, draw
from ablkd.wording import number, plain, with_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARGIN = 12  # codons beside the outermost event
Placed = tuple[SpliceEvent, float, float]  # the event, and the codons its junction joins

LINES: dict[str, dict[str, Any]] = {
    "present": {"edgecolor": ORANGE, "linewidth": 2.4},
    "evidence_only": {"edgecolor": ORANGE, "linewidth": 1.0, "linestyle": (0, (1, 2.5))},
    "not_detected": {"edgecolor": "#9aa5ae", "linewidth": 1.0},
    "not_assessable": {"edgecolor": MUTED, "linewidth": 1.0, "linestyle": (0, (1, 2.5))},
}


def splice_arcs(result: Result, exons: list[Region]) -> str:
    """Arcs of every known event over `exons`; those present are named, with their share of the molecules."""
    events = [placed for e in result.splicing if (placed := place(e))]
    present = [e for e in events if e[0].call == "present"]
    quiet = [e for e in events if e[0].call != "present"]
    height = 1.5 + 0.45 * len(present)
    first = min((int(start) for _, start, _ in events), default=1) - MARGIN
    last = max((int(end) for *_, end in events), default=first) + MARGIN

    def paint(figure: Figure) -> None:
        arcs, track = figure.subplots(
            2, 1, sharex=True, gridspec_kw={"height_ratios": [height - 0.8, 0.3], "hspace": 0.0}
        )
        figure.subplots_adjust(left=0.075, right=0.945, top=0.98, bottom=0.45 / height)
        arcs.set_xlim(first - 0.5, last + 0.5)
        arcs.set_ylim(0, 1.2 + len(present))
        arcs.set_axis_off()
        for event in quiet:
            _arc(arcs, event, 0.3 + 0.6 * min(1.0, (event[2] - event[1]) / (last - first)))
        for level, event in enumerate(sorted(present, key=lambda e: e[2] - e[1])):
            _arc(arcs, event, 1.05 + level)
            _name(arcs, event, 1.1 + level)
        exon_track(track, exons, [])

    told = [f"{plain(e.event)} {with_interval(e.fraction, e.fraction_low, e.fraction_high)}" for e, _, _ in present]
    return draw("splicing", f"Isoform events: {'; '.join(told) or 'none present'}", (10, height), paint)


def place(event: SpliceEvent) -> Placed | None:
    """The codons between which an event joins; None where its name says no positions."""
    span = re.search(r"(?:r|c)\.(\d+)_(\d+)", event.hgvs_r) or re.search(r"c\.(\d+)_(\d+)", event.event)
    return (event, int(span[1]) / 3, int(span[2]) / 3) if span else None


def _arc(axes: Axes, event: Placed, height: float) -> None:
    """Half an ellipse over what is left out; an insertion is a wedge at its place."""
    from matplotlib.patches import Arc

    row, start, end = event
    if end - start < 1:
        colour = LINES[row.call]["edgecolor"]
        axes.plot([start - 2, start, start + 2], [height * 0.5, 0, height * 0.5], color=colour, linewidth=1.6)
        return
    axes.add_patch(Arc(((start + end) / 2, 0), end - start, 2 * height, theta1=0, theta2=180, **LINES[row.call]))


def _name(axes: Axes, event: Placed, height: float) -> None:
    row, start, end = event
    words = f"{plain(row.event)} {with_interval(row.fraction, row.fraction_low, row.fraction_high)}"
    if row.junction_reads is not None and row.reference_reads is not None:
        words += f", {number(row.junction_reads)} reads across it, {number(row.reference_reads)} without it"
    low, high = axes.get_xlim()
    # Words of this size take about 0.0064 of the axis a letter: kept inside it.
    half = 0.0032 * len(words) * (high - low)
    middle = min(max((start + end) / 2, low + half), high - half)
    axes.text(middle, height, words, ha="center", va="bottom", fontsize=8.5, color=INK)
