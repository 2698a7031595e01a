"""The time axis of a course: months, with long quiet stretches drawn short."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ablkd.records import TimelinePoint
from ablkd.report.svg import MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# METHOD: more than three years in which nothing begins, ends or is measured are drawn as half a year, and marked.
QUIET, SHORT = 36.0, 6.0


def month(date: str, where: float = 0.5) -> float:
    """Months since year 0 of `YYYY-MM-DD`, or of `YYYY-MM` at `where` of the month (0 start, 1 end)."""
    year, number, *day = map(int, date.split("-"))
    return year * 12 + number - 1 + ((day[0] - 0.5) / 31 if day else where)


@dataclass(frozen=True)
class Months:
    """Where dates are on the axis, in months of its own scale; `breaks` are the quiet stretches in true months.

    `end` is the last date of the page, `first` and `last` the ends of the axis.
    """

    first: float
    end: float
    last: float
    breaks: tuple[tuple[float, float], ...]

    def at(self, date: str, where: float = 0.5) -> float:
        """The place of `YYYY-MM-DD`, or of `YYYY-MM` at `where` of the month (0 start, 1 end)."""
        return self.place(month(date, where))

    def place(self, true: float) -> float:
        """The place of a true month."""
        lost = 0.0
        for start, end in self.breaks:
            share = min(max((true - start) / (end - start), 0.0), 1.0)
            lost += share * (end - start - SHORT)
        return true - lost

    @property
    def span(self) -> float:
        """Length of the axis."""
        return self.place(self.last) - self.place(self.first)

    def draw(self, axes: Axes, named: bool) -> None:
        """Break marks on a panel; on the last one (`named`) also the months and how long a break is."""
        axes.set_xlim(self.place(self.first), self.place(self.last))
        for start, end in self.breaks:
            middle = self.place((start + end) / 2)
            axes.axvspan(middle - 0.9, middle + 0.9, facecolor="white", linewidth=0, zorder=8)
            for side in (-0.9, 0.9):
                axes.axvline(middle + side, color=MUTED, linewidth=0.7, linestyle=(0, (1, 2)), zorder=9)
            if named:
                axes.annotate(f"{(end - start) / 12:.0f} years", (middle, 0), (0, -18), ("data", "axes fraction"),
                              "offset points", ha="center", va="top", fontsize=7, color=MUTED)  # fmt: skip
        if named:
            ticks = list(self._ticks())
            axes.set_xticks([self.place(t) for t, _ in ticks], [words for _, words in ticks])

    def _ticks(self) -> Iterable[tuple[float, str]]:
        step = next((s for s in (1, 2, 3, 6, 12, 24, 60, 120) if self.span / s <= 11), 240)
        for t in range(int(self.first), int(self.last) + 2):
            inside = any(start < t < end for start, end in self.breaks)
            if t % step == 0 and self.first <= t <= self.last and not inside:
                yield t, f"{t // 12}" if step % 12 == 0 else f"{t // 12}-{t % 12 + 1:02d}"


def months_of(dated: Iterable[TimelinePoint]) -> Months:
    """The axis for all points that have a date."""
    rows = list(dated)
    ends = [month(p.date, where) for p in rows for where in (0.0, 0.5)]
    ends = sorted({*ends, *(month(p.end_date, 1.0) for p in rows if p.end_date)})
    breaks = tuple((a + 1, b - 1) for a, b in zip(ends, ends[1:], strict=False) if b - a > QUIET + 2)
    drawn = ends[-1] - ends[0] - sum(end - start - SHORT for start, end in breaks)
    pad = max(1.5, 0.06 * drawn)
    return Months(ends[0] - pad, ends[-1], ends[-1] + pad, breaks)
