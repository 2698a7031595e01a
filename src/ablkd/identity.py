"""Whether serial samples are from one person: fusion type and polymorphisms compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ablkd.records import Result
from ablkd.wording import joined

# METHOD: only one allele carries the fusion, so a polymorphism is on all of its transcripts or on none;
# between these bounds a polymorphism says nothing of who the sample is from.
ON_ALL, ON_NONE = 0.9, 0.1


@dataclass(frozen=True)
class Identity:
    """One sample against those before it: `pass`, `review` or `not_assessable`, and why."""

    status: str
    reason: str


def compare(earlier: Sequence[Result], later: Result) -> Identity:
    """Whether a sample's fusion type and polymorphisms fit those of the samples before it."""
    agree: list[str] = []
    differ: list[str] = []
    for other in earlier:
        for what, same in _compared(other, later):
            (agree if same else differ).append(f"{what} (with {other.sample.sample})")
    if differ:
        return Identity("review", f"differs: {joined(differ)}; check that this is the same person")
    if agree:
        return Identity("pass", f"agrees: {joined(agree)}")
    return Identity("not_assessable", "nothing to compare")


def _compared(earlier: Result, later: Result) -> Iterable[tuple[str, bool]]:
    """(what was compared, whether it agrees). Transcripts of one fusion may be present together."""
    before, after = (sorted({f.fusion for f in r.fusion if f.call == "present"}) for r in (earlier, later))
    if before and after:
        same = bool(set(before) & set(after))
        yield f"fusion {joined(after)}" if same else f"fusion {joined(after)}, before {joined(before)}", same
    names = {c.name: c.codon for r in (earlier, later) for c in r.calls if c.tier == "polymorphism"}
    for name, codon in sorted(names.items()):
        shares = [_share(r, name, codon) for r in (earlier, later)]
        sides = [share > ON_ALL for share in shares if share is not None and not ON_NONE <= share <= ON_ALL]
        if len(sides) == 2:
            yield f"polymorphism {name}", sides[0] == sides[1]


def _share(result: Result, name: str, codon: int) -> float | None:
    called = [c.vaf for c in result.calls if c.name == name and c.filter == "PASS"]
    if called:
        return sum(called)
    seen = any(r.kind == "codon" and r.codon == codon and r.assessable == "yes" for r in result.coverage)
    return 0.0 if seen else None
