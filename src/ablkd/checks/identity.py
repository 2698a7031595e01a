"""Whether samples are from one person: fusion type and polymorphisms compared."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ablkd.records import Call, Coverage, Fusion, Sample, SpliceEvent
from ablkd.wording import joined

# METHOD: only one allele carries the fusion, so a polymorphism is on all of its transcripts or on none;
# between these bounds a polymorphism says nothing of who the sample is from.
ON_ALL, ON_NONE = 0.9, 0.1


class Rows(Protocol):
    """What one sample showed: a result, or the tables of a sample of the run."""

    @property
    def sample(self) -> Sample:
        """Its line of the sheet."""

    @property
    def calls(self) -> Sequence[Call]:
        """Its changed codon states."""

    @property
    def coverage(self) -> Sequence[Coverage]:
        """What could have been seen."""

    @property
    def fusion(self) -> Sequence[Fusion]:
        """Its fusions, and its unrearranged transcripts."""

    @property
    def splicing(self) -> Sequence[SpliceEvent]:
        """Its isoform events."""


@dataclass(frozen=True)
class Identity:
    """One sample against others that should be of the same person: `pass`, `review` or `not_assessable`, and why."""

    status: str
    reason: str


def compare(others: Sequence[Rows], one: Rows, fusions: Collection[str]) -> Identity:
    """Whether a sample's fusion type and polymorphisms fit those of the others.

    `fusions` are the names that are fusions; unrearranged transcripts say nothing of a person.
    """
    agree: dict[str, list[str]] = {}
    differ: dict[str, list[str]] = {}
    for other in others:
        for what, same in (*_fusion(other, one, fusions), *_polymorphisms(other, one)):
            (agree if same else differ).setdefault(what, []).append(other.sample.sample)
    if differ:
        return Identity(
            "review", f"differs from other samples of the patient: {_told(differ)}; check that this is the same person"
        )
    if agree:
        return Identity("pass", f"agrees: {_told(agree)}")
    return Identity("not_assessable", "nothing to compare")


def _told(points: dict[str, list[str]]) -> str:
    return joined([f"{what} (with {joined(samples)})" for what, samples in points.items()])


def present_fusions(rows: Rows, fusions: Collection[str]) -> list[Fusion]:
    """The fusions of a sample, the most frequent one first."""
    found = [f for f in rows.fusion if f.call == "present" and f.fusion in fusions]
    return sorted(found, key=lambda f: (-(f.fraction or 0.0), f.fusion))


def _fusion(other: Rows, one: Rows, fusions: Collection[str]) -> Iterable[tuple[str, bool]]:
    """(what was compared, whether it agrees). Transcripts of one fusion may be present together."""
    there, here = ([f.fusion for f in present_fusions(rows, fusions)] for rows in (other, one))
    if there and here:
        same = bool(set(there) & set(here))
        yield f"fusion {joined(sorted(here))}" if same else f"fusion {joined(here)} here, {joined(there)} there", same


def _polymorphisms(other: Rows, one: Rows) -> Iterable[tuple[str, bool]]:
    names = {c.name: c.codon for rows in (other, one) for c in rows.calls if c.tier == "polymorphism"}
    for name, codon in sorted(names.items()):
        there, here = (_on_all(rows, name, codon) for rows in (other, one))
        if there is not None and here is not None:
            sides = "" if there == here else " here, not there" if here else " there, not here"
            yield f"polymorphism {name}{sides}", there == here


def _on_all(rows: Rows, name: str, codon: int) -> bool | None:
    """Whether a polymorphism is on all molecules or on none; None where that cannot be told."""
    called = [c.vaf for c in rows.calls if c.name == name and c.filter == "PASS"]
    seen = any(r.kind == "codon" and r.codon == codon and r.assessable == "yes" for r in rows.coverage)
    if not called and not seen:
        return None
    share = sum(called)
    return None if ON_NONE <= share <= ON_ALL else share > ON_ALL
