"""The sentences of the patient page: what changed since the sample before, of a fraction and of its burden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ablkd.records import TimelinePoint
from ablkd.wording import plain

UNMUTATED = "unmutated"  # the haplotype without a change; it is no news
NONE_OF_THESE = "none of these mutations"
MOST_OPEN = 4  # sets of one sample that may be on one molecule
ORDER = ("mutation", "splicing", "haplotype", "phase")
OPPOSITE = {("increased", "regressed"), ("decreased", "expanded")}


@dataclass(frozen=True)
class Change:
    """`what` (a word such as `haplotype`, or none), `name` and `words`: the parts of a sentence."""

    what: str
    name: str
    words: str


@dataclass(frozen=True)
class News:
    """What a sample changed: sentences, further sets that are not excluded, and the names that were not assessed."""

    changes: tuple[Change, ...]
    further: int
    unseen: str


def label(name: str) -> str:
    """`A+B` as `A + B`, isoform events in plain words."""
    return NONE_OF_THESE if name == UNMUTATED else " + ".join(plain(part) for part in name.split("+"))


def news_of(points: Sequence[TimelinePoint], sample: str) -> News:
    """The changes of one sample: a sentence for each mutation, isoform event, haplotype and set."""
    news = [p for p in points if p.sample == sample and p.change and p.name != UNMUTATED]
    named = {p.name for p in news if p.kind == "haplotype"}
    news = [p for p in news if p.kind != "phase" or p.status != "compound" or p.name not in named]
    unseen = [p.name for p in news if p.status == "not_assessable" and p.kind != "haplotype"]
    further = [p for p in news if p.status == "not excluded"][MOST_OPEN:]
    told = [p for p in news if p.status != "not_assessable" and p not in further]
    told.sort(key=lambda p: ORDER.index(p.kind) if p.kind in ORDER else len(ORDER))
    groups: dict[tuple[str, str], list[TimelinePoint]] = {}
    for p in told:
        groups.setdefault((p.kind, p.name), []).append(p)
    return News(tuple(_change(group) for group in groups.values()), len(further), ", ".join(map(plain, unseen)))


def _change(group: Sequence[TimelinePoint]) -> Change:
    """One sentence of the fraction and of its burdens, with `but` where they go opposite ways."""
    first = group[0]
    words = [p.change for p in group if p.unit in ("fraction", "")]
    for p in group:
        if p.unit not in ("fraction", ""):
            pair = (words[0].split(" ")[0] if words else "", p.change.split(" ")[0])
            words.append(f"{'but its burden' if pair in OPPOSITE else 'burden'} {p.change}")
    what = "haplotype" if first.kind == "haplotype" else ""
    name = label(first.name)
    if what and "+" not in first.name:
        name = f"{name} alone"
    return Change(what, name, "; ".join(words).replace("; but", ", but"))
