"""The patient's picture: treatments, measurements, fractions, haplotypes and events over one month axis."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ablkd.records import TimelinePoint
from ablkd.svg import BLUE, INK, MUTED, ORANGE, PALE, draw, spread
from ablkd.wording import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Panel = tuple[float, Callable[["Axes"], None]]  # height in inches, what to paint

COLOURS = (BLUE, ORANGE, "#00795a", "#7a3b6b", INK, "#8a6d00", "#3a86b8", "#a3473c")
MARKERS = "os^DvPX*"
FILLS = (BLUE, "#e69f00", "#7fb8a4", "#cc79a7", "#56b4e9", "#8a8f94", "#f0e442", "#b5651d")
HATCHES = ("", "///", "...", "\\\\\\", "xx", "", "++", "oo")


def month(date: str, where: float = 0.5) -> float:
    """Months since year 0 of `YYYY-MM-DD`, or of `YYYY-MM` at `where` of the month (0 start, 1 end)."""
    year, number, *day = map(int, date.split("-"))
    return year * 12 + number - 1 + ((day[0] - 0.5) / 31 if day else where)


def number(value: str) -> tuple[str, float] | None:
    """(`=`, `<` or `>`, the number) of a measured value; None where it is not a number."""
    found = re.fullmatch(r"([<>]?)\s*(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)", value)
    return (found[1] or "=", float(found[2])) if found else None


def patient_picture(points: Sequence[TimelinePoint], numbered: Sequence[TimelinePoint]) -> str:
    """One drawing of all dated points; `numbered` are the responses and events, told by their number."""
    dated = [p for p in points if p.date]
    ends = [month(p.date) for p in dated] + [month(p.end_date, 1.0) for p in dated if p.end_date]
    first, last = min(ends), max(ends)
    pad = max(1.5, 0.04 * (last - first))
    # A bound without a date holds for no time in particular: it is drawn as a level all along.
    bounds = [p for p in points if not p.date and p.kind == "measurement" and (number(p.value) or "=")[0] != "="]
    panels = _panels(dated, bounds, numbered, last - first + 2 * pad)

    def paint(figure: Figure) -> None:
        heights = [height for height, _ in panels]
        axes = figure.subplots(
            len(panels), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": heights, "hspace": 0.16}
        )[:, 0]
        total = sum(heights) + 0.5
        figure.subplots_adjust(left=0.17, right=0.78, top=1 - 0.08 / total, bottom=0.42 / total)
        axes[0].set_xlim(first - pad, last + pad)
        for axis, (_, fill) in zip(axes, panels, strict=True):
            for sample in {p.date for p in dated if p.kind == "sample"}:
                axis.axvline(month(sample), color=PALE, linewidth=0.8, zorder=0)
            fill(axis)
        _month_axis(axes[-1], first - pad, last + pad)

    spoken = f"Course from {min(p.date for p in dated)}: treatments, measurements, mutations and haplotypes"
    return draw("course", spoken, (10, sum(height for height, _ in panels) + 0.5), paint)


def _panels(
    dated: list[TimelinePoint], bounds: list[TimelinePoint], numbered: Sequence[TimelinePoint], span: float
) -> list[Panel]:
    panels: list[Panel] = []
    lanes, lines = _lines([p for p in dated if p.kind == "treatment"], span)
    if lanes:
        panels.append((0.27 * len(lines) + 0.1, lambda axes: _treatments(axes, lanes, lines)))
    if numbered:
        panels.append((0.42, lambda axes: _events(axes, numbered)))
    measured = [p for p in (*dated, *bounds) if p.kind == "measurement" and number(p.value)]
    measured.sort(key=lambda p: p.unit)
    for unit, group in groupby(measured, key=lambda p: p.unit):
        panels.append((1.35, _later(_measurements, unit, list(group))))
    series = [p for p in dated if p.kind in ("mutation", "splicing") and p.unit == "fraction"]
    if series:
        panels.append((2.3, lambda axes: _fractions(axes, series)))
    molecules = [p for p in dated if p.kind == "haplotype"]
    if any(p.status == "detected" for p in molecules):
        panels.append((1.7, lambda axes: _haplotypes(axes, molecules)))
    return panels or [(0.4, _quiet)]


def _later(paint: Callable[..., None], *arguments: object) -> Callable[[Axes], None]:
    return lambda axes: paint(axes, *arguments)


def _month_axis(axes: Axes, first: float, last: float) -> None:
    step = next((s for s in (1, 2, 3, 6, 12, 24, 60, 120) if (last - first) / s <= 11), 240)
    ticks = [t for t in range(int(first), int(last) + 2) if t % step == 0 and first <= t <= last]
    axes.set_xticks(ticks, [f"{t // 12}" if step % 12 == 0 else f"{t // 12}-{t % 12 + 1:02d}" for t in ticks])


def _treatments(axes: Axes, lanes: list[str], rows: list[list[TimelinePoint]]) -> None:
    """A bar a dose, on lines of its own where doses would touch. Without an end only the start is drawn."""
    low, high = axes.get_xlim()
    for y, line in enumerate(rows):
        for row in line:
            start, end = _bar(row, high - low)
            colour = "#cfdde8" if row.end_date else "white"
            axes.barh(y, end - start, left=start, height=0.66, color=colour, edgecolor=BLUE, linewidth=0.8)
            if not row.end_date:
                axes.plot(end, y, marker=">", color=BLUE, markersize=5, clip_on=False)
            dose = _dose(row)
            inside = row.end_date and end - start > _width(dose, high - low)
            x = start + 0.005 * (high - low) if inside else end + 0.012 * (high - low)
            axes.text(x, y, dose, va="center", fontsize=7.5)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_yticks(range(len(rows)), [_cut(lane, 26) for lane in lanes], fontsize=8)
    _quiet(axes)


def _lines(rows: list[TimelinePoint], span: float) -> tuple[list[str], list[list[TimelinePoint]]]:
    """Treatments on as few lines as keep bars and doses apart; a name stands at its first line only."""
    names: list[str] = []
    lines: list[list[TimelinePoint]] = []
    for name in dict.fromkeys(row.name for row in rows):
        own: list[list[TimelinePoint]] = []
        for row in sorted((r for r in rows if r.name == name), key=lambda r: month(r.date, 0.0)):
            free = next((line for line in own if _reach(line[-1], span) <= month(row.date, 0.0) + 0.01), None)
            if free is None:
                own.append([row])
            else:
                free.append(row)
        names += [name, *[""] * (len(own) - 1)]
        lines += own
    return names, lines


def _bar(row: TimelinePoint, span: float) -> tuple[float, float]:
    start = month(row.date, 0.0)
    return start, month(row.end_date, 1.0) if row.end_date else start + 0.012 * span


def _reach(row: TimelinePoint, span: float) -> float:
    """Where a bar and its dose end."""
    start, end = _bar(row, span)
    width = _width(_dose(row), span)
    return end if not width or (row.end_date and end - start > width) else end + width + 0.012 * span


def _dose(row: TimelinePoint) -> str:
    return f"{row.value} {row.unit}".strip() if row.value else ""


def _width(words: str, span: float) -> float:
    """Months that words of the small size take on an axis of `span` months."""
    return 0.0098 * len(words) * span


def _events(axes: Axes, numbered: Sequence[TimelinePoint]) -> None:
    """Numbers at their dates, moved apart where they would touch; squares for responses."""
    low, high = axes.get_xlim()
    order = sorted(range(len(numbered)), key=lambda i: month(numbered[i].date))
    places = [month(numbered[i].date) for i in order]
    feet = spread(places, 0.024 * (high - low), low, high)
    for i, place, foot in zip(order, places, feet, strict=True):
        shape = "square,pad=0.25" if numbered[i].kind == "response" else "circle,pad=0.2"
        axes.plot([place, foot], [0, 0.35], color=MUTED, linewidth=0.7)
        box: dict[str, Any] = {"boxstyle": shape, "facecolor": "white", "edgecolor": MUTED, "linewidth": 0.8}
        axes.text(foot, 0.65, str(i + 1), ha="center", va="center", fontsize=7.5, bbox=box)
    axes.set_ylim(0, 1)
    axes.set_yticks([0.6], ["events"])
    _quiet(axes)


def _measurements(axes: Axes, unit: str, rows: list[TimelinePoint]) -> None:
    """Values of one unit on a log axis; `>` and `<` as triangles, without a date as a line all along."""
    names = list(dict.fromkeys(r.name for r in rows if r.date))
    told = [(row, *found) for row in rows if (found := number(row.value)) and found[1] > 0]
    axes.set_yscale("log")
    for row, sign, value in told:
        if not row.date:
            label = f"{_cut(row.name, 32)}\n{row.value}, no date"
            axes.axhline(value, color=INK, linestyle=(0, (5, 3)), linewidth=1, label=label)
        else:
            _measured(axes, row, sign, value, COLOURS[names.index(row.name) % len(COLOURS)])
    for i, name in enumerate(names):
        line = sorted((month(row.date), value) for row, sign, value in told if row.name == name and sign == "=")
        colour = COLOURS[i % len(COLOURS)]
        axes.plot([x for x, _ in line], [y for _, y in line], color=colour, linewidth=1, label=_cut(name))
    values = [value for *_, value in told] or [1.0]
    axes.set_ylim(0.4 * min(values), 6 * max(values))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.7g}".replace(",", "\u202f"))
    axes.minorticks_off()
    axes.set_ylabel(unit, fontsize=8.5)
    _legend(axes)


def _measured(axes: Axes, row: TimelinePoint, sign: str, value: float, colour: str) -> None:
    x, marker = month(row.date), {"<": "v", ">": "^", "=": "o"}[sign]
    fill = colour if sign == "=" else "white"
    axes.plot(x, value, marker, color=colour, markersize=6, markerfacecolor=fill)
    if row.end_date:
        span = [month(row.date, 0.0), month(row.end_date, 1.0)]
        axes.plot(span, [value] * 2, color=colour, linewidth=1, linestyle=(0, (1, 1)))
    axes.annotate(row.value, (x, value), xytext=(6, 4), textcoords="offset points", fontsize=7.5, color=colour)


def _fractions(axes: Axes, rows: list[TimelinePoint]) -> None:
    """A line a mutation or event: filled where detected, open at its limit where not, else a cross."""
    low, high = axes.get_xlim()
    names = list(dict.fromkeys(r.name for r in rows))
    found = [abs(n[1]) for r in rows if (n := number(r.value)) and n[1] > 0]
    floor = 0.4 * min([0.01, *found])
    for i, name in enumerate(names):
        shift = (i - (len(names) - 1) / 2) * 0.006 * (high - low)
        style: dict[str, Any] = {
            "color": COLOURS[i % len(COLOURS)],
            "marker": MARKERS[i % len(MARKERS)],
            "markersize": 5.5,
        }
        mine = sorted((r for r in rows if r.name == name), key=lambda r: month(r.date))
        line = [(month(r.date) + shift, n[1]) for r in mine if (n := number(r.value)) and n[1] > 0]
        axes.plot([x for x, _ in line], [y for _, y in line], color=style["color"], linewidth=0.9)
        for row in mine:
            x, told = month(row.date) + shift, number(row.value)
            if row.low is not None and row.high is not None:
                axes.vlines(x, max(row.low, floor), max(row.high, floor), color=style["color"], linewidth=1.8)
            if row.status == "not_assessable":
                axes.plot(x, floor * 1.6, "x", color=style["color"], markersize=6)
            elif told and told[1] > 0:
                fill = style["color"] if row.status == "detected" else "white"
                axes.plot(x, told[1], markerfacecolor=fill, linestyle="none", **style)
        axes.plot([], [], label=plain(_cut(name)), linewidth=0.9, **style)
    axes.set_yscale("log")
    axes.set_ylim(floor, 1.3)
    axes.set_yticks([t for t in (1e-5, 1e-4, 1e-3, 0.01, 0.1, 1.0) if t >= floor])
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    axes.minorticks_off()
    axes.set_ylabel("fraction", fontsize=8.5)
    _legend(axes)


def _haplotypes(axes: Axes, rows: list[TimelinePoint]) -> None:
    """A stacked bar a sample: what each molecule carried; bars moved apart where they would touch."""
    low, high = axes.get_xlim()
    names = list(dict.fromkeys(r.name for r in rows if r.status == "detected"))
    samples = list(dict.fromkeys((r.date, r.sample) for r in sorted(rows, key=lambda r: (month(r.date), r.sample))))
    width = 0.026 * (high - low)
    feet = spread([month(date) for date, _ in samples], 1.25 * width, low + width, high - width)
    for (date, sample), foot in zip(samples, feet, strict=True):
        axes.plot([month(date), foot], [1.18, 1.02], color=MUTED, linewidth=0.7)
        bottom = 0.0
        for row in (r for r in rows if r.sample == sample and r.status == "detected"):
            share = float(row.value)
            axes.bar(foot, share, width, bottom, **_fill(names, row.name))
            bottom += share
        if bottom == 0:
            axes.plot(foot, 0.06, "x", color=MUTED, markersize=6)
    for name in names:
        axes.bar(0, 0, 0, label=_cut(plain(name.replace("+", " + ")), 34), **_fill(names, name))
    axes.set_ylim(0, 1.18)
    axes.set_yticks([0, 0.5, 1.0])
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    axes.set_ylabel("haplotypes", fontsize=8.5)
    _legend(axes)


def _fill(names: list[str], name: str) -> dict[str, Any]:
    """How a haplotype's part of a bar looks; molecules without a change are pale."""
    edge: dict[str, Any] = {"edgecolor": "white", "linewidth": 0.6}
    if name == "unmutated":
        return {"color": PALE, **edge}
    i = [n for n in names if n != "unmutated"].index(name)
    return {"color": FILLS[i % len(FILLS)], "hatch": HATCHES[i % len(HATCHES)], **edge}


def _legend(axes: Axes) -> None:
    """Beside the panel, where it can hide nothing."""
    axes.legend(loc="center left", bbox_to_anchor=(1.005, 0.5), frameon=False, fontsize=7.5)


def _quiet(axes: Axes) -> None:
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _cut(name: str, length: int = 24) -> str:
    return name if len(name) <= length else f"{name[: length - 1]}…"
