"""Pictures of traces: a window of a chromatogram with the bases called and those expected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ablkd.records import PeakWindow
from ablkd.report.svg import BLUE, INK, MUTED, ORANGE, draw
from ablkd.wording import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Colour and stroke both tell the channel, so that a grey print still does.
CHANNELS = (
    ("A", "#009e73", "-"),
    ("C", "#0072b2", (0, (4, 1.5))),
    ("G", "#1c2733", (0, (1, 1))),
    ("T", "#d55e00", (0, (6, 1.5, 1, 1.5))),
)

# Height of the picture with three rows of letters, and of a row, in inches.
HEIGHT, ROW = 2.6, 0.2
BOXED: dict[str, Any] = {
    "bbox": {"boxstyle": "square,pad=0.15", "facecolor": "none", "edgecolor": ORANGE},
    "weight": "bold",
}


def chromatogram(window: PeakWindow, name: str, codon: int | None = None) -> str:
    """The four channels over one window and rows of letters below it.

    `codon` is shaded, a called base that is not the expected one is boxed; a second peak is written out.
    """
    first, last = (window.peaks[0], window.peaks[-1]) if window.peaks else (0, 1)

    rows = _rows(window)
    height = HEIGHT + ROW * (len(rows) - 3)

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        figure.subplots_adjust(left=0.12, right=0.99, top=1 - 0.4 / height, bottom=(0.1 + ROW * len(rows)) / height)
        for (letter, colour, stroke), signal in zip(CHANNELS, window.channels, strict=True):
            axes.plot(range(len(signal)), signal, color=colour, linestyle=stroke, linewidth=1.2, label=letter)
        pad = (last - first) / max(1, len(window.peaks) - 1) * 0.7 + 1
        axes.set_xlim(first - pad, last + pad)
        axes.set_ylim(bottom=0)
        axes.set_yticks([])
        axes.set_xticks([])
        shaded = [x for x, p in zip(window.peaks, window.positions, strict=True) if codon and (p + 2) // 3 == codon]
        if shaded:
            axes.axvspan(min(shaded) - pad / 1.4, max(shaded) + pad / 1.4, color="#eef1f4", zorder=0, linewidth=0)
        for line, (word, letters, style) in enumerate(rows, start=1):
            y = (0.03 - line * ROW) / (height - 0.5 - ROW * len(rows))
            axes.text(-0.01, y, word, transform=axes.transAxes, ha="right", va="center", fontsize=8, color=MUTED)
            for x, letter, expected in zip(window.peaks, letters, window.reference, strict=True):
                boxed = BOXED if word == "called" and letter != expected else {}
                _write(axes, x, y, letter, {**style, **boxed})
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncol=4, frameon=False, fontsize=8, handlelength=2.6)

    return draw(name, f"Chromatogram {plain(window.title)} of {window.trace}", (8, height), paint)


def _rows(window: PeakWindow) -> list[tuple[str, Sequence[str], dict[str, Any]]]:
    """What is written under the peaks: (word, a text for each called base, its style), top down."""
    positions = [str(p) if p and i % 5 == 0 else "" for i, p in enumerate(window.positions)]
    rows: list[tuple[str, Sequence[str], dict[str, Any]]] = [("called", window.bases, {"color": INK})]
    if window.minor.strip():
        rows.append(("second peak", window.minor, {"color": ORANGE, "weight": "bold"}))
    rows.append(("expected", window.reference, {"color": MUTED}))
    if window.overlap:
        rows.append((plain(window.overlapping).split(":")[-1], window.overlap, {"color": BLUE}))
    return [*rows, ("position", positions, {"color": INK, "fontsize": 7.5})]


def _write(axes: Axes, x: int, y: float, text: str, style: dict[str, Any]) -> None:
    if text.strip():
        axes.text(x, y, text, transform=axes.get_xaxis_transform(), ha="center", va="center", **style)
