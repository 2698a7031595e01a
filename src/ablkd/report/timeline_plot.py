"""The patient's picture: treatments, measurements, fractions, haplotypes and events over one month axis."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ablkd.clinical import measured
from ablkd.records import TimelinePoint
from ablkd.report.svg import BLUE, INK, MUTED, ORANGE, PALE, draw, spread
from ablkd.report.timeline_axis import Months, months_of
from ablkd.report.timeline_lanes import cut, events, lane_lines, legend, quiet, treatments
from ablkd.report.timeline_measurements import Panel, measurement_panels
from ablkd.report.timeline_words import label
from ablkd.wording import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = (BLUE, ORANGE, "#00795a", "#7a3b6b", INK, "#8a6d00", "#3a86b8", "#a3473c")
MARKERS = "os^DvPX*"
FILLS = ("#e69f00", "#7fb8a4", "#cc79a7", "#56b4e9", "#8a8f94", "#f0e442", "#b5651d")
HATCHES = ("///", "...", "\\\\\\", "xx", "++", "oo")


def patient_picture(points: Sequence[TimelinePoint], numbered: Sequence[TimelinePoint]) -> str:
    """One drawing of all dated points; `numbered` are the responses and events, told by their number."""
    dated = [p for p in points if p.date and p.kind != "remark"]
    months = months_of(dated)
    levels = [p for p in points if p.kind == "level"]
    panels = _panels(dated, levels, numbered, months)

    def paint(figure: Figure) -> None:
        heights = [height for height, _ in panels]
        axes = figure.subplots(
            len(panels), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": heights, "hspace": 0.16}
        )[:, 0]
        total = sum(heights) + 0.5
        figure.subplots_adjust(left=0.17, right=0.78, top=1 - 0.08 / total, bottom=0.42 / total)
        for axis, (_, fill) in zip(axes, panels, strict=True):
            months.draw(axis, named=axis is axes[-1])
            for sample in sorted({p.date for p in dated if p.kind == "sample"}):
                axis.axvline(months.at(sample), color=PALE, linewidth=0.8, zorder=0)
            fill(axis)

    spoken = f"Timeline from {min(p.date for p in dated)}: treatments, measurements, mutations and haplotypes"
    return draw("course", spoken, (10, sum(height for height, _ in panels) + 0.5), paint)


def _panels(
    dated: list[TimelinePoint], levels: list[TimelinePoint], numbered: Sequence[TimelinePoint], months: Months
) -> list[Panel]:
    panels: list[Panel] = []
    names, lines = lane_lines([p for p in dated if p.kind == "treatment"], months)
    if names:
        panels.append((0.27 * len(lines) + 0.1, lambda axes: treatments(axes, months, names, lines)))
    if numbered:
        panels.append((0.42, lambda axes: events(axes, months, numbered)))
    series = [p for p in dated if p.kind in ("mutation", "splicing") and p.unit == "fraction"]
    styles = _styles(series)
    panels += measurement_panels([*dated, *levels], months, styles)
    if series:
        panels.append((max(2.3, 0.17 * len(styles)), lambda axes: _fractions(axes, months, series, styles)))
    molecules = [p for p in dated if p.kind == "haplotype" and p.unit == "fraction"]
    if any(p.status == "detected" for p in molecules):
        panels.append((1.7, lambda axes: _haplotypes(axes, months, molecules, styles)))
    return panels or [(0.4, quiet)]


def _styles(series: Sequence[TimelinePoint]) -> dict[str, dict[str, Any]]:
    """A colour and a marker for each mutation and event, the same in every panel."""
    names = list(dict.fromkeys(row.name for row in series))
    # The second time round the colours each has the next marker.
    marks = [MARKERS[(i + i // len(COLOURS)) % len(MARKERS)] for i in range(len(names))]
    colours = [COLOURS[i % len(COLOURS)] for i in range(len(names))]
    return {
        name: {"color": colour, "marker": mark, "markersize": 5.5}
        for name, colour, mark in zip(names, colours, marks, strict=True)
    }


def _fractions(axes: Axes, months: Months, rows: list[TimelinePoint], styles: dict[str, dict[str, Any]]) -> None:
    """A line a mutation or event: filled where detected, open at its limit where not, else a cross."""
    found = [n[1] for r in rows if (n := measured(r.value)) and n[1] > 0]
    floor = 0.4 * min([0.01, *found])
    step = _step(sorted({months.at(row.date) for row in rows}), months, len(styles))
    for i, (name, style) in enumerate(styles.items()):
        shift = (i - (len(styles) - 1) / 2) * step
        mine = sorted((r for r in rows if r.name == name), key=lambda r: months.at(r.date))
        _join(axes, [(months.at(r.date) + shift, r) for r in mine], style["color"])
        for row in mine:
            x, told = months.at(row.date) + shift, measured(row.value)
            if row.low is not None and row.high is not None:
                axes.vlines(x, max(row.low, floor), max(row.high, floor), color=style["color"], linewidth=1.8)
            if row.status == "not_assessable":
                axes.plot(x, floor * 1.6, "x", color=style["color"], markersize=6)
            elif told and told[1] > 0:
                fill = style["color"] if row.status == "detected" else "white"
                axes.plot(x, told[1], markerfacecolor=fill, linestyle="none", **style)
        axes.plot([], [], label=plain(cut(name)), linewidth=0.9, **style)
    axes.set_yscale("log")
    axes.set_ylim(floor, 1.3)
    axes.set_yticks([t for t in (1e-5, 1e-4, 1e-3, 0.01, 0.1, 1.0) if t >= floor])
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    axes.minorticks_off()
    axes.set_ylabel("fraction", fontsize=8.5)
    legend(axes)


def _step(places: Sequence[float], months: Months, series: int) -> float:
    """How far marks of one date are moved apart: all of them stay nearer to their sample than to the next."""
    room = min((b - a for a, b in pairwise(places)), default=months.span)
    return min(0.006 * months.span, 0.7 * room / max(1, series - 1))


def _join(axes: Axes, marks: Sequence[tuple[float, TimelinePoint]], colour: str) -> None:
    """Lines from detection to detection, dashed to a limit below one.

    Between limits, and to a limit above what was detected, there is none: it would draw a rise that nobody saw.
    """
    told = [(x, n[1], row.status == "detected") for x, row in marks if (n := measured(row.value)) and n[1] > 0]
    for (x, y, seen), (later, then, again) in pairwise(told):
        if (seen and again) or (seen and then < y) or (again and y < then):
            stroke: Any = "-" if seen and again else (0, (3, 2))
            axes.plot([x, later], [y, then], color=colour, linewidth=0.9, linestyle=stroke)


def _haplotypes(axes: Axes, months: Months, rows: list[TimelinePoint], styles: dict[str, dict[str, Any]]) -> None:
    """A stacked bar a sample: what each molecule carried; bars moved apart where they would touch."""
    low, high = axes.get_xlim()
    names = list(dict.fromkeys(r.name for r in rows if r.status == "detected"))
    samples = list(dict.fromkeys((r.date, r.sample) for r in sorted(rows, key=lambda r: (months.at(r.date), r.sample))))
    width = 0.026 * (high - low)
    feet = spread([months.at(date) for date, _ in samples], 1.25 * width, low + width, high - width)
    for (date, sample), foot in zip(samples, feet, strict=True):
        axes.plot([months.at(date), foot], [1.18, 1.02], color=MUTED, linewidth=0.7)
        bottom = 0.0
        for row in (r for r in rows if r.sample == sample and r.status == "detected"):
            share = float(row.value)
            axes.bar(foot, share, width, bottom, **_fill(names, row.name, styles))
            bottom += share
        if bottom == 0:
            axes.plot(foot, 0.06, "x", color=MUTED, markersize=6)
    for name in names:
        axes.bar(0, 0, 0, label=cut(label(name), 34), **_fill(names, name, styles))
    axes.set_ylim(0, 1.18)
    axes.set_yticks([0, 0.5, 1.0])
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    axes.set_ylabel("haplotypes", fontsize=8.5)
    legend(axes)


def _fill(names: list[str], name: str, styles: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """How a haplotype's part of a bar looks: a lone change as its line, several hatched, none pale."""
    edge: dict[str, Any] = {"edgecolor": "white", "linewidth": 0.6}
    if name == "unmutated":
        return {"color": PALE, **edge}
    if name in styles:
        return {"color": styles[name]["color"], **edge}
    i = [n for n in names if n != "unmutated" and n not in styles].index(name)
    return {"color": FILLS[i % len(FILLS)], "hatch": HATCHES[i % len(HATCHES)], **edge}
