"""Pictures of traces: a window of a chromatogram with the bases called and those expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ablkd.records import PeakWindow
from ablkd.svg import INK, MUTED, ORANGE, draw

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Colour and stroke both tell the channel, so that a grey print still does.
CHANNELS = (
    ("A", "#009e73", "-"),
    ("C", "#0072b2", (0, (4, 1.5))),
    ("G", "#1c2733", (0, (1, 1))),
    ("T", "#d55e00", (0, (6, 1.5, 1, 1.5))),
)


def chromatogram(window: PeakWindow, name: str, codon: int | None = None) -> str:
    """The four channels over one window; `codon` is shaded, a base that is not the expected one is boxed."""
    first, last = (window.peaks[0], window.peaks[-1]) if window.peaks else (0, 1)

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        figure.subplots_adjust(left=0.09, right=0.99, top=0.84, bottom=0.27)
        for (letter, colour, stroke), signal in zip(CHANNELS, window.channels, strict=True):
            axes.plot(range(len(signal)), signal, color=colour, linestyle=stroke, linewidth=1.2, label=letter)
        pad = (last - first) / max(1, len(window.peaks) - 1) * 0.7 + 1
        axes.set_xlim(first - pad, last + pad)
        axes.set_ylim(bottom=0)
        for x, position in zip(window.peaks, window.positions, strict=True):
            if codon is not None and 3 * codon - 2 <= position <= 3 * codon:
                axes.axvspan(x - pad / 1.4, x + pad / 1.4, color="#eef1f4", zorder=0, linewidth=0)
        axes.set_yticks([])
        axes.set_xticks([])
        below = axes.get_xaxis_transform()
        for y, word in ((-0.1, "called"), (-0.22, "expected"), (-0.34, "position")):
            axes.text(-0.01, y, word, transform=axes.transAxes, ha="right", va="center", fontsize=8, color=MUTED)
        rows = zip(window.peaks, window.bases, window.reference, window.positions, strict=True)
        for i, (x, base, expected, position) in enumerate(rows):
            differs = base != expected
            box = {"boxstyle": "square,pad=0.15", "facecolor": "none", "edgecolor": ORANGE} if differs else None
            axes.text(x, -0.1, base, transform=below, ha="center", va="center", bbox=box, color=INK,
                      weight="bold" if differs else "normal")  # fmt: skip
            axes.text(x, -0.22, expected, transform=below, ha="center", va="center", color=MUTED)
            if position and (i % 5 == 0):
                axes.text(x, -0.34, str(position), transform=below, ha="center", va="center", fontsize=7.5)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncol=4, frameon=False, fontsize=8, handlelength=2.6)

    return draw(name, f"Chromatogram {window.title} of {window.trace}", (8, 2.6), paint)
