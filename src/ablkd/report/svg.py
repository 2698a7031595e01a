"""A matplotlib drawing as inline SVG: the same bytes twice, whoever draws it and wherever."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Colour-blind safe (Okabe and Ito), and apart from each other in grey.
INK, MUTED, PALE, BLUE, ORANGE = "#1c2733", "#5b6770", "#d9dee3", "#0b5c94", "#c45a00"
GAP: dict[str, Any] = {"facecolor": "#f4f4f4", "edgecolor": "#9a9a9a", "hatch": "////", "linewidth": 0}

STYLE: Any = {
    "svg.hashsalt": "ablkd",
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.size": 9,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "hatch.linewidth": 0.5,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
}


def draw(name: str, title: str, size: tuple[float, float], paint: Callable[[Figure], None]) -> str:
    """Inline SVG text of what `paint` draws on a figure of `size` inches.

    `name` makes the ids of the drawing its own, so that several stand on one page; `title` is what a
    screen reader says. A user's own matplotlib settings are set aside.
    """
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        figure = Figure(figsize=size)
        paint(figure)
        out = io.StringIO()
        metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(out, format="svg", transparent=True, metadata=metadata)
    return _inline(out.getvalue(), name, title)


def _inline(document: str, name: str, title: str) -> str:
    """The `<svg>` element alone, with ids of its own and a spoken title."""
    text = document[document.index("<svg") :]
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'(xlink:href="#|url\(#)', rf"\g<1>{name}-", text)
    text = re.sub(r'font-family: [^;"]+', "font-family: 'DejaVu Sans', Verdana, sans-serif", text)
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    head, body = text.split(">", 1)
    view = re.search(r'viewBox="[^"]*"', head)
    assert view is not None
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {view.group()} '
        f'role="img" aria-label="{escape(title)}"><title>{escape(title)}</title>{body.strip()}'
    )


def spread(places: list[float], gap: float, low: float, high: float) -> list[float]:
    """Places for labels: in order, at least `gap` apart, within [low, high], moved as little as can be.

    Least squares by pooling neighbours (isotonic regression of `place - i * gap`). `places` must be
    sorted; where they do not fit, the gap shrinks to what does.
    """
    if not places:
        return []
    gap = min(gap, (high - low) / max(1, len(places) - 1))
    pools: list[tuple[float, int]] = []
    for i, place in enumerate(places):
        total, count = place - i * gap, 1
        while pools and pools[-1][0] / pools[-1][1] > total / count:
            before, many = pools.pop()
            total, count = total + before, count + many
        pools.append((total, count))
    flat = [total / count for total, count in pools for _ in range(count)]
    last = high - (len(places) - 1) * gap
    return [min(max(place, low), last) + i * gap for i, place in enumerate(flat)]
