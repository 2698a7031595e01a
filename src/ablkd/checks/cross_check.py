"""The samples of one run against each other: swapped samples, cross-contamination, fusions that do not fit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ablkd.checks.contamination import Contamination, person
from ablkd.checks.identity import compare, present_fusions
from ablkd.checks.markers import NOVEL_EVENT
from ablkd.records import Call, Coverage, Fusion, QcMetric, Sample, SampleTables, SpliceEvent
from ablkd.wording import joined, per_cent

Row = TypeVar("Row", Call, Coverage, Fusion, SpliceEvent)
METRICS = ("identity", "contamination", "fusion_agreement")


@dataclass(frozen=True)
class Shown:
    """What one sample of the run showed."""

    sample: Sample
    calls: tuple[Call, ...]
    coverage: tuple[Coverage, ...]
    fusion: tuple[Fusion, ...]
    splicing: tuple[SpliceEvent, ...]


def cross_check(
    samples: Sequence[Sample],
    tables: SampleTables,
    together: Mapping[str, Collection[str]],
    abnormal: Collection[str],
) -> list[QcMetric]:
    """Three rows (METRICS) for each sample of one run, in the order of the sheet.

    `tables` has the rows of all samples of the run. `together` maps each fusion to those that a source reports
    together with it; `abnormal` names the known isoform events that healthy samples do not show. `value` says
    `not assessable` where there was nothing to compare.
    """
    telling = [e for e in tables.splicing if e.event in abnormal or e.event.startswith(NOVEL_EVENT)]
    called, seen = _by_sample(tables.calls), _by_sample(tables.coverage)
    fused, spliced = _by_sample(tables.fusion), _by_sample(telling)
    shown = [
        Shown(s, tuple(called[s.sample]), tuple(seen[s.sample]), tuple(fused[s.sample]), tuple(spliced[s.sample]))
        for s in samples
    ]
    persons = defaultdict(list)
    for one in shown:
        if one.sample.role == "patient":
            persons[person(one.sample)].append(one)
    contamination = Contamination(shown, together)
    checked = []
    for one in shown:
        others = [other for other in persons[person(one.sample)] if other is not one]
        groups = [group for group in persons.values() if one not in group]
        identity = _identity(one, others, groups, together)
        checked += [identity, contamination.check(one)]
        checked.append(_fusion_agreement(one, others, identity.reason, shown, together))
    return checked


def _by_sample(rows: Iterable[Row]) -> defaultdict[str, list[Row]]:
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.sample].append(row)
    return found


# ---------------------------------------------------------------- the same person


def _identity(one: Shown, others: list[Shown], groups: list[list[Shown]], fusions: Collection[str]) -> QcMetric:
    same = compare(others, one, fusions)
    if not others:
        reason = (
            "no other sample of this patient in the run" if one.sample.role == "patient" else "not a patient's sample"
        )
        return _row(one, "identity", "not assessable", "pass", reason)
    if same.status == "review":
        swapped = [x.sample.sample for group in groups for x in group if _fits(x, others, one, group, fusions)]
        hint = f"; exchanged with {' or '.join(swapped)}, both patients' samples would agree" if swapped else ""
        return _row(one, "identity", "differs", "review", same.reason + hint)
    return _row(one, "identity", "agrees" if same.status == "pass" else "not assessable", "pass", same.reason)


def _fits(x: Shown, others: list[Shown], one: Shown, group: list[Shown], fusions: Collection[str]) -> bool:
    """Whether exchanging two samples would make both patients' samples agree."""
    rest = [y for y in group if y is not x]
    return all(compare(a, b, fusions).status == "pass" for a, b in ((others, x), (rest, one)))


# ---------------------------------------------------------------- fusions


def _fusion_agreement(
    one: Shown, others: list[Shown], doubt: str, shown: list[Shown], together: Mapping[str, Collection[str]]
) -> QcMetric:
    """`doubt` is what the identity row says: a fusion that differs is told once, in the same words."""
    found = present_fusions(one, together)
    if not found:
        return _row(one, "fusion_agreement", "not assessable", "pass", "no fusion of this sample was told")
    minor = "; ".join(_minor(one, found, shown, together))
    told = [(other, present_fusions(other, together)) for other in others]
    told = [(other, theirs) for other, theirs in told if theirs]
    names = {f.fusion for f in found}
    if any(names.isdisjoint(f.fusion for f in theirs) for _, theirs in told):
        return _row(one, "fusion_agreement", "differs", "review", doubt)
    if told:
        agreed = f"{found[0].fusion} as in {joined([other.sample.sample for other, _ in told])}"
        return _row(one, "fusion_agreement", "agrees", "pass", "; ".join(filter(None, (agreed, minor))))
    nothing = "no other sample of this patient in the run" if one.sample.role == "patient" else "not a patient's sample"
    return _row(one, "fusion_agreement", "not assessable", "pass", "; ".join(filter(None, (nothing, minor))))


def _minor(
    one: Shown, found: list[Fusion], shown: list[Shown], together: Mapping[str, Collection[str]]
) -> Iterable[str]:
    """Each minor fusion that is the main one of other persons' samples.

    METHOD: it is told and not judged: no pair of fusions is known to exclude each other. Beside an allele of the same
    sample at the same ratio it proves a contamination.
    """
    for minor in found[1:]:
        if minor.fusion in together[found[0].fusion]:
            continue
        owners = [
            other.sample.sample
            for other in shown
            if person(other.sample) != person(one.sample)
            and [f.fusion for f in present_fusions(other, together)[:1]] == [minor.fusion]
        ]
        if owners:
            whose = joined(owners) if len(owners) < 4 else f"{len(owners)} samples"
            yield f"{per_cent(minor.fraction)} is {minor.fusion}, the main fusion of {whose}"


def _row(one: Shown, metric: str, value: str, status: str, reason: str) -> QcMetric:
    return QcMetric(one.sample.sample, metric, value, "", "", status, reason)
