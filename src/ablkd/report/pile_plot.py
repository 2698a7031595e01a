"""Fragments as they were seen, under the haplotype they fit: the evidence behind the haplotypes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ablkd.interpretation.named_calls import named_calls
from ablkd.records import DrawnFragment, Result
from ablkd.report.plots import skipped_codons, slanted_names
from ablkd.report.svg import BLUE, INK, MUTED, ORANGE, PALE, draw
from ablkd.wording import number, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW, TITLE = 0.085, 0.3  # inches of a fragment and of a haplotype's name
MARGIN = 6  # codons beside the outermost fragment


def pile_up(result: Result) -> str:
    """A line a fragment: dots where it has a change, ticks where it has the usual base, a gap between mates."""
    places = {call.name: call.codon for call in named_calls(result.calls)}
    skips = {e.event: span for e in result.splicing if (span := skipped_codons(e.hgvs_r))}
    drawn = [fragment for pile in result.pile_ups for fragment in pile.drawn]
    ends = [position / 3 for fragment in drawn for span in fragment.spans for position in span]
    first, last = min(ends) - MARGIN, max(ends) + MARGIN
    sites = sorted({n for f in drawn for n in (*f.changed, *f.unchanged) if n in places}, key=places.__getitem__)
    tall = sum(TITLE + ROW * len(pile.drawn) for pile in result.pile_ups)
    height = 1.45 + tall

    def paint(figure: Figure) -> None:
        names, axes = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [0.85, tall], "hspace": 0.0})
        figure.subplots_adjust(left=0.02, right=0.965, top=0.99, bottom=0.5 / height)
        axes.set_xlim(first, last)
        axes.set_ylim(tall, 0)
        slanted_names(names, [places[name] for name in sites], sites)
        for name in sites:
            axes.axvline(places[name], color=PALE, linewidth=0.7, zorder=0)
        y = 0.0
        for pile in result.pile_ups:
            name = plain(pile.haplotype.replace("+", " + ")) or "fit none of the haplotypes"
            words = f"{name}: {number(len(pile.drawn))} of {number(pile.fragments)} fragments"
            axes.text(first, y + 0.6 * TITLE, words, fontsize=8.5, va="center", color=INK)
            y += TITLE
            for fragment in pile.drawn:
                _line(axes, y, fragment, places, skips)
                y += ROW
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("codon")

    spoken = "; ".join(f"{plain(p.haplotype) or 'none'} {p.fragments}" for p in result.pile_ups)
    return draw("pile", f"Fragments that fit one haplotype only: {spoken}", (10, height), paint)


def _line(
    axes: Axes, y: float, fragment: DrawnFragment, places: dict[str, int], skips: dict[str, tuple[int, int]]
) -> None:
    ends = [position / 3 for span in fragment.spans for position in span]
    if len(fragment.spans) > 1:
        axes.plot([ends[1], ends[2]], [y, y], color="#aab4bc", linewidth=0.8, zorder=1)
    for start, end in zip(ends[::2], ends[1::2], strict=True):
        axes.plot([start, end], [y, y], color="#9db8cc", linewidth=2.4, solid_capstyle="butt", zorder=2)
    for event in (name for name in fragment.changed if name in skips):
        axes.plot(skips[event], [y, y], color="white", linewidth=3.2, solid_capstyle="butt", zorder=3)
        axes.plot(skips[event], [y, y], color=ORANGE, linewidth=0.9, linestyle=(0, (2, 2)), zorder=4)
    has = [places[name] for name in fragment.changed if name in places]
    lacks = [places[name] for name in fragment.unchanged if name in places]
    axes.plot(has, [y] * len(has), "o", color=BLUE, markersize=4, markeredgewidth=0, zorder=6)
    axes.plot(lacks, [y] * len(lacks), "|", color=MUTED, markersize=4.5, markeredgewidth=0.9, zorder=5)
