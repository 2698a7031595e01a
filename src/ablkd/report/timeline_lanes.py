"""Treatment lanes and the numbered responses and events of a course."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ablkd.records import TimelinePoint
from ablkd.report.svg import BLUE, MUTED, spread
from ablkd.report.timeline_axis import Months

if TYPE_CHECKING:
    from matplotlib.axes import Axes


NO_END = "no end given"


def treatments(axes: Axes, months: Months, names: list[str], rows: list[list[TimelinePoint]]) -> None:
    """A bar a dose, on lines of its own where doses would touch. Without an end it runs on, open, to the last date."""
    for y, line in enumerate(rows):
        for row in line:
            start, end = _bar(row, months)
            edge = BLUE if row.end_date else "none"
            axes.barh(y, end - start, left=start, height=0.66, color="#cfdde8", edgecolor=edge, linewidth=0.8)
            if not row.end_date:
                outline = [end, start, start, end], [y - 0.33, y - 0.33, y + 0.33, y + 0.33]
                axes.plot(*outline, color=BLUE, linewidth=0.8)
                axes.plot(end, y, marker=">", color=BLUE, markersize=7, clip_on=False)
            words, inside = _dose(row), _fits(row, months)
            x = start + 0.005 * months.span if inside else end + 0.012 * months.span
            axes.text(x, y, words, va="center", fontsize=7.5, zorder=10)  # above the band of a break
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_yticks(range(len(rows)), [cut(lane, 26) for lane in names], fontsize=8)
    quiet(axes)


def lane_lines(rows: list[TimelinePoint], months: Months) -> tuple[list[str], list[list[TimelinePoint]]]:
    """Treatments on as few lines as keep bars and doses apart; a name stands at its first line only."""
    names: list[str] = []
    lines: list[list[TimelinePoint]] = []
    for name in dict.fromkeys(row.name for row in rows):
        own: list[list[TimelinePoint]] = []
        for row in sorted((r for r in rows if r.name == name), key=lambda r: months.at(r.date, 0.0)):
            free = next((line for line in own if _reach(line[-1], months) <= months.at(row.date, 0.0) + 0.01), None)
            if free is None:
                own.append([row])
            else:
                free.append(row)
        names += [name, *[""] * (len(own) - 1)]
        lines += own
    return names, lines


def _bar(row: TimelinePoint, months: Months) -> tuple[float, float]:
    start = months.at(row.date, 0.0)
    if row.end_date:
        return start, months.at(row.end_date, 1.0)
    return start, max(months.place(months.end), start + 0.012 * months.span)


def _reach(row: TimelinePoint, months: Months) -> float:
    """Where a bar and its dose end."""
    _, end = _bar(row, months)
    return end if not _dose(row) or _fits(row, months) else end + _width(_dose(row), months.span) + 0.012 * months.span


def _fits(row: TimelinePoint, months: Months) -> bool:
    start, end = _bar(row, months)
    return end - start > _width(_dose(row), months.span)


def _dose(row: TimelinePoint) -> str:
    dose = f"{row.value} {row.unit}" if row.value else ""
    return ", ".join(filter(None, (dose.strip(), "" if row.end_date else NO_END)))


def _width(words: str, span: float) -> float:
    """Months that words of the small size take on an axis of `span` months."""
    return 0.0098 * len(words) * span


def events(axes: Axes, months: Months, numbered: Sequence[TimelinePoint]) -> None:
    """Numbers at their dates, moved apart where they would touch; squares for responses."""
    low, high = axes.get_xlim()
    order = sorted(range(len(numbered)), key=lambda i: months.at(numbered[i].date))
    places = [months.at(numbered[i].date) for i in order]
    feet = spread(places, 0.024 * (high - low), low, high)
    for i, place, foot in zip(order, places, feet, strict=True):
        shape = "square,pad=0.25" if numbered[i].kind == "response" else "circle,pad=0.2"
        axes.plot([place, foot], [0, 0.35], color=MUTED, linewidth=0.7)
        box: dict[str, Any] = {"boxstyle": shape, "facecolor": "white", "edgecolor": MUTED, "linewidth": 0.8}
        axes.text(foot, 0.65, str(i + 1), ha="center", va="center", fontsize=7.5, bbox=box)
    axes.set_ylim(0, 1)
    axes.set_yticks([0.6], ["events"])
    quiet(axes)


def legend(axes: Axes) -> None:
    """Next to the panel, where it can hide nothing."""
    axes.legend(loc="center left", bbox_to_anchor=(1.005, 0.5), frameon=False, fontsize=7.5)


def quiet(axes: Axes) -> None:
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)


def cut(name: str, length: int = 24) -> str:
    return name if len(name) <= length else f"{name[: length - 1]}…"
