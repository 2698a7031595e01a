"""How numbers and names are told to people: per cent, intervals, ranges of codons."""

from __future__ import annotations

import re
from collections.abc import Iterable

NOT_COMPUTED = "–"


def per_cent(fraction: float | None, sign: bool = True) -> str:
    """`45.2 %`, `0.31 %`, `100 %`: one decimal from 1 % on, two significant digits below.

    Rounding never makes a fraction complete or absent: 0.9999 is `>99.9 %`. None is an en dash.
    """
    if fraction is None:
        return NOT_COMPUTED
    percent = 100 * fraction
    if percent in (0, 100):
        text = f"{percent:.0f}"
    elif 99.95 <= percent < 100:
        text = ">99.9"
    elif percent >= 0.995:
        text = f"{percent:.1f}"
    elif percent < 0.0001:
        text = "<0.0001"
    else:
        digits = 2
        while percent * 10**digits < 9.95:
            digits += 1
        text = f"{percent:.{digits}f}"
    return f"{text} %" if sign else text


def interval(low: float | None, high: float | None) -> str:
    """`43.9–46.5 %`; an en dash where a bound was not computed."""
    if low is None or high is None:
        return NOT_COMPUTED
    return f"{per_cent(low, sign=False)}–{per_cent(high)}"


def with_interval(fraction: float | None, low: float | None, high: float | None) -> str:
    """`45.2 % (43.9–46.5 %)`; only the part that was computed."""
    if fraction is None:
        return NOT_COMPUTED if low is None else interval(low, high)
    return per_cent(fraction) if low is None else f"{per_cent(fraction)} ({interval(low, high)})"


def bounded(fraction: float | None, low: float | None, high: float | None) -> str:
    """`20.0 %`; of a share that is only bounded `5.0–15.0 %` or `up to 12.0 %`; empty where nothing bounds it."""
    if fraction is not None:
        return per_cent(fraction)
    if high is None:
        return ""
    return interval(low, high) if low else f"up to {per_cent(high)}"


def number(value: float | int | None) -> str:
    """`12 345` with thin groups for counts, at most 3 significant digits for other numbers."""
    if value is None:
        return NOT_COMPUTED
    if isinstance(value, int):
        return f"{value:,}".replace(",", "\u202f")
    short = float(f"{value:.3g}")
    return number(int(short)) if abs(short) >= 100 else f"{short:g}"


def rounded(value: float) -> str:
    """`63 300`: a quantity to 3 significant digits, with thin groups."""
    return number(int(float(f"{value:.3g}")))


def ranges(values: Iterable[int]) -> str:
    """`1–3, 7, 9–12` of any whole numbers."""
    parts: list[list[int]] = []
    for value in sorted(set(values)):
        if parts and value == parts[-1][1] + 1:
            parts[-1][1] = value
        else:
            parts.append([value, value])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in parts)


def plain(name: str) -> str:
    """A table's word as people write it: `exon4_skipping` is `exon 4 skipping`; `Y353_E355del` is a name and stays."""
    return re.sub(r"\b([a-z]{3,})(\d)", r"\1 \2", re.sub(r"_(?=[a-z])", " ", name))


def joined(words: list[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
