"""The panel of measurements of one unit: values on a log axis, burdens in that unit, response levels as lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ablkd.clinical import measured
from ablkd.course.burden import is_amount
from ablkd.course.words import shown_value
from ablkd.records import TimelinePoint
from ablkd.report.svg import INK, MUTED
from ablkd.report.timeline_axis import Months
from ablkd.report.timeline_lanes import cut, legend
from ablkd.report.timeline_words import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Panel = tuple[float, Callable[["Axes"], None]]  # height in inches, what to paint
Styles = Mapping[str, Mapping[str, Any]]

COLOURS = (INK, "#7a3b6b", "#8a6d00", MUTED)
MOST_VALUES = 10  # written next to the marks of a panel; the table of measurements has them all


def measurement_panels(points: Sequence[TimelinePoint], months: Months, styles: Styles) -> list[Panel]:
    """A panel for each unit; measurements to which response levels do not apply have one of their own."""
    rows = [p for p in points if p.kind == "measurement" and p.date and measured(p.value)]
    rows.sort(key=lambda p: (not is_amount(p.unit), p.unit, not p.status))
    burdens = [p for p in points if p.kind in ("mutation", "splicing") and p.unit != "fraction" and p.name in styles]
    starts: dict[str, float] = {}
    for p in points:
        if p.kind == "treatment" and p.date:
            starts[p.name] = min(months.at(p.date, 0.0), starts.get(p.name, months.last))
    panels: list[Panel] = []
    units: set[str] = set()
    for (unit, graded), group in groupby(rows, key=lambda p: (p.unit, bool(p.status))):
        shares = [p for p in burdens if p.unit == unit] if unit not in units else []
        units.add(unit)
        levels = [p for p in points if p.kind == "level" and p.unit == unit] if graded else []
        panel = MeasurementPanel(months, unit, list(group), shares, levels, styles, starts)
        panels.append((panel.height, panel.paint))
    return panels


@dataclass
class MeasurementPanel:
    """One panel; `starts` has where each dated treatment begins."""

    months: Months
    unit: str
    rows: Sequence[TimelinePoint]
    burdens: Sequence[TimelinePoint]
    levels: Sequence[TimelinePoint]
    styles: Styles
    starts: Mapping[str, float]
    values: list[float] = field(default_factory=list)

    @property
    def height(self) -> float:
        lone = len({p.date for p in self.rows}) == 1 and not self.burdens
        return (0.7 if lone else 1.35) + 0.12 * len({p.name for p in self.burdens}) + 0.13 * len(self.levels)

    def paint(self, axes: Axes) -> None:
        """`>` and `<` as triangles; what was measured as 0 on the lower edge, which is then no value."""
        axes.set_yscale("log")
        told = [(row, *found) for row in self.rows if (found := measured(row.value))]
        self.values = [value for *_, value in told if value > 0] + [float(p.value) for p in self.levels]
        self._burdens(axes)
        low, high = (0.4 * min(self.values), 6 * max(self.values)) if self.values else (0.1, 10.0)
        axes.set_ylim(low, high)
        names = list(dict.fromkeys(row.name for row in self.rows))
        for row, sign, value in told:
            colour = COLOURS[names.index(row.name) % len(COLOURS)]
            words = shown_value(row.value) if len(told) <= MOST_VALUES else ""
            self._mark(axes, row, sign if value > 0 else "<", value or low, words, colour)
        for i, name in enumerate(names):
            line = [(r, v) for r, sign, v in told if r.name == name and sign == "=" and v > 0]
            line.sort(key=lambda pair: self.months.at(pair[0].date))
            x, y = [self.months.at(r.date) for r, _ in line], [v for _, v in line]
            axes.plot(x, y, color=COLOURS[i % len(COLOURS)], linewidth=1, marker="o", markersize=5, label=cut(name))
        self._levels(axes)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.7g}".replace(",", "\u202f"))
        axes.minorticks_off()
        axes.set_ylabel(self.unit, fontsize=8.5)
        legend(axes)

    def _levels(self, axes: Axes) -> None:
        """A line at each response level, with its name at the left edge."""
        left = self.months.place(self.months.first)
        for level in self.levels:
            axes.axhline(float(level.value), color=MUTED, linewidth=0.7, linestyle=(0, (4, 3)), zorder=1)
            axes.annotate(level.name, (left, float(level.value)), (3, 1.5), textcoords="offset points",
                          fontsize=7, color=MUTED)  # fmt: skip

    def _burdens(self, axes: Axes) -> None:
        """The amount with each mutation or isoform, dotted, with the interval of its fraction."""
        for name in (name for name in self.styles if any(p.name == name for p in self.burdens)):
            mine = [p for p in self.burdens if p.name == name and p.status == "detected"]
            mine = sorted(mine, key=lambda p: self.months.at(p.date))
            x, y = [self.months.at(p.date) for p in mine], [float(p.value) for p in mine]
            words = f"with {cut(label(name))}"
            axes.plot(x, y, linestyle=(0, (1, 2)), linewidth=1, label=words, **self.styles[name])
            for place, row in zip(x, mine, strict=True):
                if row.low is not None and row.high is not None and row.low > 0:
                    axes.vlines(place, row.low, row.high, color=self.styles[name]["color"], linewidth=1.4)
            self.values += [value for value in y if value > 0]

    def _mark(self, axes: Axes, row: TimelinePoint, sign: str, value: float, words: str, colour: str) -> None:
        """A mark at its date; a bound that lasts, such as a target, is a dashed line from the begin of its drug on."""
        x, marker = self.months.at(row.date), {"<": "v", ">": "^", "=": "o"}[sign]
        if row.end_date:
            start, end = max(self.months.at(row.date, 0.0), self._begin(row)), self.months.at(row.end_date, 1.0)
            if start < end:
                axes.plot([start, end], [value] * 2, color=colour, linewidth=1, linestyle=(0, (5, 3)))
            elif sign != "=":
                return
            x = x if sign == "=" else start
        if sign == "=" or not row.end_date:
            fill = colour if sign == "=" else "white"
            axes.plot(x, value, marker, color=colour, markersize=6, markerfacecolor=fill, clip_on=False)
        axes.annotate(words, (x, value), xytext=(6, 4), textcoords="offset points", fontsize=7.5, color=colour)

    def _begin(self, row: TimelinePoint) -> float:
        """Where the treatment begins that a measurement names: a drug has no level before it is given."""
        named = [
            start for name, start in self.starts.items() if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", row.name)
        ]
        return min(named, default=self.months.place(self.months.first))
