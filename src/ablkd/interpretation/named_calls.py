"""Calls summed by name: two codon states of one amino-acid change are one line for people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ablkd.records import Call

LEVELS = ("reported", "low_level", "evidence_only")
# Tiers that say nothing of resistance; they are shown apart.
NEUTRAL_TIERS = ("polymorphism", "synonymous")


@dataclass(frozen=True)
class NamedCall:
    """One amino-acid change at one level of certainty, with the codon states that make it."""

    name: str
    level: str
    tier: str
    codon: int
    exon: str
    fraction: float
    fraction_low: float
    fraction_high: float
    depth: int
    calls: tuple[Call, ...]

    @property
    def hgvs_c(self) -> str:
        """Every codon state's name on the target, joined by `; `."""
        return "; ".join(call.hgvs_c for call in self.calls)

    @property
    def hgvs_p(self) -> str:
        """The protein's name; the codon states share it."""
        return "; ".join(dict.fromkeys(call.hgvs_p for call in self.calls))

    @property
    def lod95(self) -> float | None:
        """The worst limit of detection of the codon states; None where none was computed."""
        return max((call.lod95 for call in self.calls if call.lod95 is not None), default=None)


def named_calls(calls: Iterable[Call]) -> list[NamedCall]:
    """Calls by name in transcript order, those that passed before those that are evidence only.

    Passed calls of one name are summed; a call that is evidence only is never added to one that passed.
    """
    groups: dict[tuple[bool, str], list[Call]] = {}
    for call in calls:
        groups.setdefault((call.level == "evidence_only", call.name), []).append(call)
    summed = [_sum(group) for group in groups.values()]
    return sorted(summed, key=lambda c: (c.level == "evidence_only", c.codon, c.name))


def _sum(calls: list[Call]) -> NamedCall:
    first = min(calls, key=lambda call: LEVELS.index(call.level))
    # METHOD: the bounds of summed codon states are added, which is wider than any joint interval.
    return NamedCall(
        name=first.name,
        level=first.level,
        tier=first.tier,
        codon=first.codon,
        exon=first.exon,
        fraction=min(1.0, sum(call.vaf for call in calls)),
        fraction_low=min(1.0, sum(call.vaf_low for call in calls)),
        fraction_high=min(1.0, sum(call.vaf_high for call in calls)),
        depth=max(call.depth for call in calls),
        calls=tuple(calls),
    )


def passed(calls: Iterable[Call]) -> list[NamedCall]:
    """Reported and low-level changes that may mean something: neither polymorphisms nor synonymous."""
    return [c for c in named_calls(calls) if c.level != "evidence_only" and c.tier not in NEUTRAL_TIERS]
