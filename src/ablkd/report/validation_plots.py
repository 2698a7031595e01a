"""Pictures of a validation: false calls, sensitivity, limits of detection, intervals."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

from ablkd.report.svg import BLUE, INK, MUTED, ORANGE, PALE, draw
from ablkd.validation.rows import COVERAGE, FALSE_CALLS, LIMIT_RATIO, FalseCalls, Intervals, Limit, Sensitivity
from ablkd.wording import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Colour, mark and stroke all tell the line, so that a grey print still does.
LINES: tuple[tuple[str, str, Any], ...] = (
    (BLUE, "o", "-"),
    (ORANGE, "s", (0, (5, 2))),
    ("#009e73", "^", (0, (1, 1.2))),
    (INK, "D", (0, (6, 2, 1, 2))),
    ("#b0588f", "v", (0, (3, 1))),
)


def false_calls(rows: Sequence[FalseCalls], labels: Sequence[str]) -> str:
    """Calls a wild-type sample with the upper bound, a line for each condition, against the target."""

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        figure.subplots_adjust(left=0.46, right=0.97, top=0.98, bottom=0.75 / (0.9 + 0.3 * len(rows)))
        highest = max([2 * FALSE_CALLS, *(1.1 * row.upper for row in rows)])
        axes.axvspan(0, FALSE_CALLS, color="#eef3f7", linewidth=0)
        axes.axvline(FALSE_CALLS, color=ORANGE, linewidth=1, linestyle=(0, (4, 3)))
        for y, row in enumerate(rows):
            axes.plot([row.per_sample, row.upper], [y, y], color=INK, linewidth=1.6)
            axes.plot(row.upper, y, "|", color=INK, markersize=8)
            axes.plot(row.per_sample, y, "o", color=BLUE, markersize=6, clip_on=False)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_yticks(range(len(rows)), labels, fontsize=8.5, color=INK)
        axes.set_xlim(0, highest)
        axes.set_xlabel("false calls a wild-type sample, with the upper 95 % bound")

    spoken = f"False calls a wild-type sample under {len(rows)} conditions"
    return draw("false-calls", spoken, (10, 0.9 + 0.3 * len(rows)), paint)


def sensitivity(groups: Sequence[tuple[str, Sequence[Sensitivity]]]) -> str:
    """Share of catalogue alleles called against the true fraction, a curve for each condition."""

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        figure.subplots_adjust(left=0.08, right=0.98, top=0.97, bottom=0.15)
        axes.axhline(0.95, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
        for i, (label, rows) in enumerate(groups):
            colour, mark, stroke = LINES[i % len(LINES)]
            x = [row.fraction for row in rows]
            axes.vlines(x, [row.low for row in rows], [row.high for row in rows], color=colour, linewidth=1.5)
            axes.plot(x, [row.sensitivity for row in rows], marker=mark, color=colour, linestyle=stroke, label=label,
                      clip_on=False)  # fmt: skip
        _fractions(axes, sorted({row.fraction for _, rows in groups for row in rows}))
        axes.set_ylim(0, 1)
        axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        axes.set_ylabel("alleles called")
        axes.legend(loc="lower right", frameon=False, fontsize=8.5)

    return draw("sensitivity", "Share of catalogue alleles called by true fraction", (10, 3.6), paint)


def limits(rows: Sequence[Limit]) -> str:
    """LoD95 as reported (lines) and measured (marks) by depth and templates; and their ratio for each allele."""
    templates = sorted({row.templates for row in rows})

    def paint(figure: Figure) -> None:
        left, right = figure.subplots(1, 2, gridspec_kw={"width_ratios": [1.25, 1], "wspace": 0.24})
        figure.subplots_adjust(left=0.08, right=0.985, top=0.97, bottom=0.14)
        right.axhspan(1 / LIMIT_RATIO, LIMIT_RATIO, color="#eef3f7", linewidth=0)
        right.axhline(1, color=MUTED, linewidth=0.8)
        for i, copies in enumerate(templates):
            colour, mark, stroke = LINES[i % len(LINES)]
            chosen = [row for row in rows if row.templates == copies]
            depths = sorted({row.depth for row in chosen})
            reported = [median(row.reported for row in chosen if row.depth == d) for d in depths]
            measured = [median(row.measured for row in chosen if row.depth == d) for d in depths]
            left.plot(depths, reported, color=colour, linestyle=stroke, linewidth=1.4)
            left.plot(
                depths, measured, mark, color=colour, markerfacecolor="white", label=f"{number(copies)} templates"
            )
            x, y = [row.reported for row in chosen], [row.ratio for row in chosen]
            right.plot(x, y, mark, color=colour, markersize=4, markerfacecolor="white")
        for axes in (left, right):
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.minorticks_off()
        left.set_xticks(sorted({row.depth for row in rows}))
        left.xaxis.set_major_formatter(lambda value, _: number(round(value)))
        _percent(left.yaxis, [row.reported for row in rows])
        left.set_xlabel("depth")
        left.set_ylabel("LoD95: line reported, marks measured")
        left.legend(loc="upper right", frameon=False, fontsize=8.5)
        _percent(right.xaxis, [row.reported for row in rows])
        right.set_ylim(0.7, 1.45)
        right.set_yticks([1 / LIMIT_RATIO, 1, LIMIT_RATIO])
        right.yaxis.set_major_formatter(lambda value, _: f"{value:.2f}")
        right.set_xlabel("reported LoD95")
        right.set_ylabel("reported / measured")

    return draw("limits", f"Reported and measured LoD95 of {len(rows)} alleles", (10, 4), paint)


def intervals(rows: Sequence[Intervals]) -> str:
    """Coverage against the true fraction, a panel for each number of templates."""
    templates = sorted({row.templates for row in rows})
    series = sorted({(row.controls, row.depth) for row in rows})
    lowest = min([0.9, *(row.coverage for row in rows)])

    def paint(figure: Figure) -> None:
        panels = figure.subplots(1, len(templates), sharey=True, squeeze=False)[0]
        figure.subplots_adjust(left=0.08, right=0.985, top=0.9, bottom=0.33, wspace=0.08)
        for axes, copies in zip(panels, templates, strict=True):
            axes.axhspan(*COVERAGE, color="#eef3f7", linewidth=0)
            axes.axhline(0.95, color=MUTED, linewidth=0.8)
            for i, (controls, depth) in enumerate(series):
                chosen = [r for r in rows if (r.templates, r.controls, r.depth) == (copies, controls, depth)]
                colour, mark, _ = LINES[i % len(LINES)]
                where = 2 ** ((i - (len(series) - 1) / 2) / 12)
                for judged, fill in (("yes", colour), ("no", "white")):
                    part = [row for row in chosen if row.judged == judged]
                    x, y = [where * row.fraction for row in part], [row.coverage for row in part]
                    axes.plot(x, y, mark, color=colour, markerfacecolor=fill, markersize=4.5)
                axes.plot([], [], mark, color=colour, label=f"{controls} controls, depth {number(depth)}")
            _fractions(axes, sorted({row.fraction for row in rows}))
            axes.set_title(f"{number(copies)} templates", fontsize=9)
        panels[0].set_ylim(lowest, 1)
        panels[0].yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        panels[0].set_ylabel("intervals that hold it")
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="lower center", ncol=3, frameon=False, fontsize=8.5)

    return draw("intervals", "Share of 95 % intervals that hold the true fraction", (10, 4), paint)


def _fractions(axes: Axes, ticks: Sequence[float]) -> None:
    """A log axis of true fractions with these ticks."""
    axes.set_xscale("log")
    axes.set_xticks(ticks)
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g}")
    axes.minorticks_off()
    axes.set_xlabel("true fraction (%)")
    axes.grid(axis="x", color=PALE, linewidth=0.5)


def _percent(axis: Any, values: Sequence[float]) -> None:
    """Ticks in per cent over the values on a log axis."""
    ticks = [
        t
        for t in (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
        if min(values) / 2 < t < 2 * max(values)
    ]
    axis.set_ticks(ticks)
    axis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
