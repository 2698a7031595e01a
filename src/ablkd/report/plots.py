"""Pictures of one sample: mutations along the target, depth and limit of detection, haplotypes."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from ablkd.interpretation.named_calls import NamedCall, named_calls
from ablkd.records import Coverage, Haplotype, Result
from ablkd.report.svg import BLUE, GAP, INK, MUTED, ORANGE, PALE, draw, spread
from ablkd.wording import per_cent, plain, with_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Region = tuple[str, int, int]  # label, first codon, last codon

LABEL_GAP = 15  # points between the feet of two slanted labels
MOST_HAPLOTYPES = 12


def lollipop(result: Result, regions: list[Region]) -> str:
    """Every call at its codon, its fraction on a log axis with its interval; gaps hatched."""
    codons = codon_rows(result)
    first, last = shown_span(codons)
    found = [f for f in named_calls(result.calls) if first <= f.codon <= last]
    named = [f for f in found if f.level != "evidence_only"]
    cut = setting(result, "reporting_cut")

    def paint(figure: Figure) -> None:
        names, main, track = figure.subplots(
            3, 1, sharex=True, gridspec_kw={"height_ratios": [1.15, 2.5, 0.8], "hspace": 0.0}
        )
        figure.subplots_adjust(left=0.075, right=0.945, top=0.99, bottom=0.1)
        main.set_xlim(first - 0.5, last + 0.5)
        labels = [f"{_short(f.name)} {per_cent(f.fraction)}" for f in named]
        slanted_names(names, [f.codon for f in named], labels)
        shade_gaps(main, codons)
        _fraction_axis(main, [f.fraction_low or f.fraction for f in found])
        if cut is not None:
            main.axhline(cut, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
        for finding in found:
            _stick(main, finding)
        exon_track(track, exons_of(codons), regions)

    spoken = ", ".join(f"{f.name} {per_cent(f.fraction)}" for f in named) or "no mutation"
    return draw("lollipop", f"Mutations along the target: {spoken}", (10, 4.6), paint)


def depth(result: Result) -> str:
    """Depth of every codon, and the smallest fraction it could have shown, with the limit asked for."""
    codons = codon_rows(result)
    first, last = shown_span(codons)
    rows = [row for row in codons if first <= row.codon <= last]
    required = setting(result, "required_lod")

    def paint(figure: Figure) -> None:
        top, bottom, track = figure.subplots(
            3, 1, sharex=True, gridspec_kw={"height_ratios": [2, 1.4, 0.5], "hspace": 0.12}
        )
        figure.subplots_adjust(left=0.075, right=0.945, top=0.98, bottom=0.12)
        top.set_xlim(first - 0.5, last + 0.5)
        x = [row.codon for row in rows]
        top.fill_between(x, [row.depth for row in rows], step="mid", color="#9db8cc", linewidth=0)
        top.set_ylim(0, max(1.0, 1.1 * max((row.depth for row in rows), default=0)))
        top.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}".replace(",", "\u202f"))
        top.set_ylabel("depth")
        limits = [row.lod95 if row.lod95 else float("nan") for row in rows]
        bottom.step(x, limits, where="mid", color=BLUE, linewidth=1.1)
        _fraction_axis(bottom, [v for v in (*limits, required) if v is not None and v == v])
        bottom.set_ylabel("LoD95")
        if required is not None:
            bottom.axhline(required, color=ORANGE, linewidth=0.9, linestyle=(0, (4, 3)))
        for axes in (top, bottom):
            shade_gaps(axes, codons)
        exon_track(track, exons_of(codons), [])

    seen = sum(row.assessable == "yes" for row in rows)
    return draw("depth", f"Depth per codon; {seen} of {len(rows)} codons could be assessed", (10, 3.6), paint)


def haplotypes(result: Result) -> str:
    """Each haplotype as a molecule with its changes, and its share with the interval."""
    codons = codon_rows(result)
    first, last = shown_span(codons)
    rows = ranked(result)[:MOST_HAPLOTYPES]
    places = {f.name: f.codon for f in named_calls(result.calls)}
    skips = {e.event: span for e in result.splicing if (span := skipped_codons(e.hgvs_r))}
    present = sorted({p for row in rows for p in row.haplotype.split("+") if p in places}, key=places.__getitem__)
    height = 1.4 + 0.42 * len(rows)

    def paint(figure: Figure) -> None:
        grid = {
            "height_ratios": [0.85, height - 1.35],
            "width_ratios": [3, 1.6],
            "hspace": 0.0,
            "wspace": 0.04,
        }
        (names, corner), (molecules, bars) = figure.subplots(2, 2, sharex="col", gridspec_kw=grid)
        figure.subplots_adjust(left=0.01, right=0.965, top=0.99, bottom=0.5 / height)
        corner.set_axis_off()
        molecules.set_xlim(first - 0.5, last + 0.5)
        molecules.set_ylim(len(rows) - 0.4, -0.6)
        slanted_names(names, [places[p] for p in present], [_short(p) for p in present])
        for place in {places[p] for p in present}:
            molecules.axvline(place, color=PALE, linewidth=0.7, zorder=0)
        for y, row in enumerate(rows):
            parts = row.haplotype.split("+")
            _molecule(molecules, y, first, last, [places[p] for p in parts if p in places],
                      [skips[p] for p in parts if p in skips])  # fmt: skip
            _share(bars, y, row)
        molecules.set_yticks([])
        molecules.spines["left"].set_visible(False)
        molecules.set_xlabel("codon")
        _share_axis(bars, len(rows))

    spoken = "; ".join(
        f"{plain(r.haplotype)} {with_interval(r.fraction, r.fraction_low, r.fraction_high)}" for r in rows
    )
    return draw("haplotypes", f"Haplotypes: {spoken}", (10, height), paint)


# ---------------------------------------------------------------- what the pictures show


def codon_rows(result: Result) -> list[Coverage]:
    """The rows of coverage.tsv that stand for codons, in order."""
    return sorted((row for row in result.coverage if row.kind == "codon"), key=lambda row: row.codon)


def shown_span(codons: list[Coverage]) -> tuple[int, int]:
    """First and last codon of the covered target; of all there is where nothing is covered."""
    seen = [row.codon for row in codons if row.depth] or [row.codon for row in codons] or [1]
    return min(seen), max(seen)


def setting(result: Result, key: str) -> float | None:
    """A fraction among the effective settings; None where there is none."""
    return float(result.settings[key]) if result.settings.get(key) else None


def ranked(result: Result) -> list[Haplotype]:
    """Haplotypes, the largest first; those known by bounds only after them."""
    return sorted(result.haplotypes, key=lambda h: (h.fraction is None, -(h.fraction or h.fraction_high or 0)))


def skipped_codons(hgvs_r: str) -> tuple[int, int] | None:
    """Codons that an isoform event takes out; None for an event that takes none."""
    span = re.search(r"r\.(\d+)_(\d+)del", hgvs_r)
    return (int(span[1]) // 3 + 1, int(span[2]) // 3) if span else None


def _short(name: str) -> str:
    return name if len(name) <= 20 else f"{name[:19]}…"


# ---------------------------------------------------------------- parts of pictures


def shade_gaps(axes: Axes, codons: list[Coverage]) -> None:
    """Hatch every run of codons that could not be assessed."""
    low, high = axes.get_xlim()
    for assessable, run in groupby(codons, key=lambda row: row.assessable):
        places = [row.codon for row in run]
        if assessable == "no" and places[0] < high and places[-1] > low:
            axes.axvspan(places[0] - 0.5, places[-1] + 0.5, zorder=0, **GAP)


def _fraction_axis(axes: Axes, fractions: list[float]) -> None:
    """A log axis from a tenth of a per cent, or lower where something is lower, to everything."""
    axes.set_yscale("log")
    axes.set_ylim(min([0.001, *(0.7 * f for f in fractions if f > 0)]), 1.0)
    axes.set_yticks([t for t in (1e-5, 1e-4, 1e-3, 0.01, 0.1, 1.0) if t >= axes.get_ylim()[0]])
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    axes.minorticks_off()
    axes.set_ylabel("fraction")


def _stick(axes: Axes, call: NamedCall) -> None:
    """One change: a stem, its mark by level, and a bar for the 95 % interval."""
    floor, top = axes.get_ylim()
    y, low, high = (max(f, floor) for f in (call.fraction, call.fraction_low, call.fraction_high))
    if call.level == "evidence_only":
        axes.vlines(call.codon, low, high, color=PALE, linewidth=2.2)
        axes.plot(call.codon, y, "x", color=MUTED, markersize=6, clip_on=False)
        return
    axes.vlines(call.codon, floor, y, color=BLUE, linewidth=0.8)
    axes.vlines(call.codon, low, high, color=INK, linewidth=2.2)
    fill = BLUE if call.level == "reported" else "white"
    axes.plot(call.codon, y, "o", markersize=7, markeredgecolor=BLUE, markeredgewidth=1.4,
              markerfacecolor=fill, clip_on=False)  # fmt: skip
    axes.vlines(call.codon, y * 1.12, top, color=PALE, linewidth=0.7, zorder=0)


def slanted_names(axes: Axes, places: list[int], labels: list[str]) -> None:
    """Labels above the drawing, slanted and led to their places; they never overlap."""
    axes.set_axis_off()
    axes.set_ylim(0, 1)
    low, high = axes.get_xlim()
    figure = axes.get_figure(root=True)
    assert figure is not None
    points = axes.get_position().width * figure.get_figwidth() * 72
    feet = spread([float(p) for p in places], LABEL_GAP * (high - low) / points, low, high)
    for place, foot, label in zip(places, feet, labels, strict=True):
        axes.plot([place, foot], [0, 0.2], color=PALE, linewidth=0.7, clip_on=False)
        axes.text(foot, 0.23, label, rotation=60, rotation_mode="anchor", fontsize=8.5, clip_on=False)


def exons_of(codons: list[Coverage]) -> list[Region]:
    """Exons of the covered codons, each with its first and last one."""
    runs = [(exon, [row.codon for row in run]) for exon, run in groupby(codons, key=lambda row: row.exon)]
    return [(exon, places[0], places[-1]) for exon, places in runs]


def exon_track(axes: Axes, exons: list[Region], regions: list[Region]) -> None:
    """Exons as blocks under the codon axis, and the named regions above them."""
    low, high = axes.get_xlim()
    axes.set_ylim(0, 2.9 if regions else 1)
    for i, (exon, first, last) in enumerate(exons):
        start, end = max(first - 0.5, low), min(last + 0.5, high)
        if exon and start < end:
            axes.axvspan(start, end, 0, 0.31 if regions else 0.9, facecolor=("#e4e9ed", "#cdd5dc")[i % 2])
            if end - start > 0.025 * (high - low):
                word = f"exon {exon}" if end - start > 0.06 * (high - low) else exon
                axes.text((start + end) / 2, 0.46, word, ha="center", va="center", fontsize=7.5)
    _region_names(axes, [(label, a, b) for label, a, b in regions if a <= high and b >= low])
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("codon")


def _region_names(axes: Axes, regions: list[Region]) -> None:
    """Bars over the exons, each with its name on the lower of two lines where it has room."""
    low, high = axes.get_xlim()
    room = [low, low]
    for label, start, end in regions:
        axes.plot([start - 0.5, end + 0.5], [1.12, 1.12], color=ORANGE, linewidth=3, solid_capstyle="butt")
        width = 0.0068 * len(label) * (high - low)
        left = max(low, min((start + end - width) / 2, high - width))
        line = next((i for i, taken in enumerate(room) if left >= taken), None)
        if line is not None:
            axes.text(left + width / 2, 1.3 + 0.75 * line, label, ha="center", fontsize=7, color=MUTED)
            room[line] = left + width


def _molecule(axes: Axes, y: int, first: int, last: int, marks: list[int], skips: list[tuple[int, int]]) -> None:
    axes.plot([first, last], [y, y], color="#9db8cc", linewidth=5, solid_capstyle="butt", zorder=1)
    for start, end in skips:
        axes.plot([start, end], [y, y], color="white", linewidth=6, solid_capstyle="butt", zorder=2)
        axes.plot([start, end], [y, y], color=ORANGE, linewidth=1.2, linestyle=(0, (2, 2)), zorder=3)
    axes.plot(marks, [y] * len(marks), "o", color=BLUE, markersize=6.5, markeredgecolor="white", zorder=4)


def _share(axes: Axes, y: int, row: Haplotype) -> None:
    name = plain(row.haplotype.replace("+", " + "))
    if row.fraction is not None:
        axes.barh(y, row.fraction, height=0.3, color="#9db8cc")
    if row.fraction_low is not None and row.fraction_high is not None:
        style = "-" if row.fraction is not None else (0, (3, 2))
        axes.plot([row.fraction_low, row.fraction_high], [y, y], color=INK, linewidth=1.6, linestyle=style)
    share = per_cent(row.fraction) if row.fraction is not None else "bounds only"
    axes.text(0, y - 0.22, f"{name if len(name) <= 34 else name[:33] + '…'}  {share}", fontsize=8, va="bottom")


def _share_axis(axes: Axes, rows: int) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(rows - 0.4, -0.6)
    axes.set_yticks([])
    axes.set_xticks([0.25, 0.5, 0.75, 1])
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    axes.set_xlabel("share of molecules")
