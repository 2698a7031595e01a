"""Serial samples of one patient and the clinical events -> the rows of patients/<patient>.tsv."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ablkd.checks.identity import compare
from ablkd.course.burden import Burden, burden_change, burdens
from ablkd.course.response_levels import Grading
from ablkd.course.sights import Sight, haplotype_sight, mutation_sight, splice_sight
from ablkd.course.words import gained, measurement_change, what_changed
from ablkd.interpretation.named_calls import passed
from ablkd.records import OPEN, ClinicalEvent, ResponseLevel, Result, TimelinePoint

NEWS = {"compound": "on one molecule", "not excluded": "may be on one molecule; this sample cannot tell"}
UNMUTATED = "unmutated"  # may hold transcripts of no fusion: its burden is not known
KINDS = (
    "remark",
    "level",
    "treatment",
    "measurement",
    "sample",
    "mutation",
    "haplotype",
    "splicing",
    "phase",
    "identity",
    "response",
    "event",
)


def timeline_points(
    patient: str,
    results: Sequence[Result],
    events: Sequence[ClinicalEvent],
    fusions: Collection[str],
    levels: Sequence[ResponseLevel] = (),
) -> list[TimelinePoint]:
    """All that is known of one patient over time, in the order of dates, what is undated last.

    A thing that any sample showed has a row for every sample: detected, not detected at a limit, or not
    assessable. `change` compares with the samples before; undated samples are compared with none. `fusions` are the
    names of transcripts that are fusions; `levels` are all molecular response levels.
    """
    ordered = sorted(results, key=lambda r: (not r.sample.collected, r.sample.collected, r.sample.sample))
    own = sorted((e for e in events if e.patient == patient), key=lambda e: (not e.date, e.date))
    points = _clinical(own, Grading(ordered, fusions, levels))
    points += [
        _point(patient, r, "sample", r.sample.platform, status=r.summary.status, note=r.summary.reason) for r in ordered
    ]
    for name, sights in _mutations(ordered).items():
        points += _series(patient, ordered, "mutation", name, sights)
        points += _burden(patient, ordered, "mutation", name, sights, own)
    for event_name in dict.fromkeys(e.event for r in ordered for e in r.splicing if e.call == "present"):
        sights = [splice_sight(r, event_name) for r in ordered]
        points += _series(patient, ordered, "splicing", event_name, sights)
        points += _burden(patient, ordered, "splicing", event_name, sights, own)
    points += _haplotypes(patient, ordered, own)
    points += _together(patient, ordered)
    for i, result in enumerate(ordered[1:], start=1):
        same = compare(ordered[:i], result, fusions)
        points.append(_point(patient, result, "identity", "same person", status=same.status, note=same.reason))
    return sorted(points, key=lambda p: (not p.date, p.date, KINDS.index(p.kind), p.sample))


def _clinical(events: Sequence[ClinicalEvent], grading: Grading) -> list[TimelinePoint]:
    """A row an event, those of measurements with the level they reach; before them the levels that apply."""
    points, levels = [], {}
    before: dict[tuple[str, str], str] = {}
    for e in events:
        grade = grading.grade(e)
        change = ""
        if e.kind == "measurement" and e.date:
            change = measurement_change(before.get((e.name, e.unit), ""), e.value, e.unit)
            before[e.name, e.unit] = e.value
        note = "; ".join(filter(None, (e.note, grade.reason)))
        points.append(
            TimelinePoint(e.patient, e.date, "", e.kind, e.name, e.value, None, None, e.unit, grade.status, change,
                          e.end_date, note)
        )  # fmt: skip
        for level in grade.levels:
            row = TimelinePoint(e.patient, "", "", "level", level.level, f"{level.percent_is:.6g}", None, None, e.unit,
                                "", "", "", "")  # fmt: skip
            levels[level.level, e.unit] = row
    return [*levels.values(), *points]


def _point(
    patient: str,
    result: Result,
    kind: str,
    name: str,
    value: float | str | None = None,
    low: float | None = None,
    high: float | None = None,
    unit: str = "",
    status: str = "",
    change: str = "",
    note: str = "",
) -> TimelinePoint:
    text = value if isinstance(value, str) else "" if value is None else f"{value:.6g}"
    date, sample = result.sample.collected, result.sample.sample
    return TimelinePoint(patient, date, sample, kind, name, text, low, high, unit, status, change, "", note)


# ---------------------------------------------------------------- series of one thing


def _series(
    patient: str,
    results: Sequence[Result],
    kind: str,
    name: str,
    sights: Sequence[Sight],
    news: dict[int, str] | None = None,
) -> list[TimelinePoint]:
    """One row a sample; a thing not detected has its limit as the value, `<0.004`."""
    points = []
    for i, (result, sight) in enumerate(zip(results, sights, strict=True)):
        dated = [s for r, s in zip(results[:i], sights[:i], strict=True) if r.sample.collected]
        change = what_changed(dated, sight) if result.sample.collected else ""
        words = (news or {}).get(i, change)
        value = f"<{sight.limit:.6g}" if sight.status == "not_detected" and sight.limit else sight.value
        points.append(
            _point(patient, result, kind, name, value, sight.low, sight.high, "fraction", sight.status, words)
        )
    return points


def _mutations(results: Sequence[Result]) -> dict[str, list[Sight]]:
    """Every change that passed in any sample -> what each sample says of it, in transcript order."""
    found = sorted({(c.codon, c.name) for r in results for c in passed(r.calls)})
    states = {name: {c.hgvs_c for r in results for c in r.calls if c.name == name} for _, name in found}
    return {name: [mutation_sight(r, name, codon, states[name]) for r in results] for codon, name in found}


def _burden(
    patient: str,
    results: Sequence[Result],
    kind: str,
    name: str,
    sights: Sequence[Sight],
    events: Sequence[ClinicalEvent],
) -> list[TimelinePoint]:
    """Fraction times the copies or `% IS` of that time; of a thing not detected, its limit of detection times these."""
    points: list[TimelinePoint] = []
    before: list[Burden] = []
    for result, sight in zip(results, sights, strict=True):
        found = burdens(result.sample.collected, sight, events)
        for burden in found:
            absent = burden.value is None
            value = f"<{burden.high:.6g}" if absent else burden.value
            low, high = (None, None) if absent else (burden.low, burden.high)
            note = f"{'limit of detection' if absent else 'fraction'} times {burden.measurement:.12g} {burden.unit}"
            change = burden_change(before, burden)
            row = _point(patient, result, kind, name, value, low, high, burden.unit, sight.status, change, note)
            points.append(row)
        before += found
    # Where it was never detected there is no burden to follow.
    return points if any(p.status == "detected" for p in points) else []


# ---------------------------------------------------------------- haplotypes


def _together(patient: str, results: Sequence[Result]) -> list[TimelinePoint]:
    """Sets on one molecule, and those that may be, as each sample's summary has them; news where the word is new."""
    points: list[TimelinePoint] = []
    before: dict[str, str] = {}
    for i, result in enumerate(results):
        parts = [part for part in result.summary.compound.split(";") if part]
        told = {part.removesuffix(OPEN): "not excluded" if part.endswith(OPEN) else "compound" for part in parts}
        for name, status in told.items():
            news = i > 0 and result.sample.collected and status != before.get(name)
            points.append(_point(patient, result, "phase", name, status=status, change=NEWS[status] if news else ""))
        before = told
    return points


def _haplotypes(patient: str, results: Sequence[Result], events: Sequence[ClinicalEvent]) -> list[TimelinePoint]:
    names = dict.fromkeys(h.haplotype for r in results for h in r.haplotypes)
    codons = {c.name: c.codon for r in results for c in r.calls}
    series = {name: [haplotype_sight(r, name, codons) for r in results] for name in names}
    points: list[TimelinePoint] = []
    for name, sights in series.items():
        news = {}
        for i, sight in enumerate(sights):
            dated = [j for j in range(i) if results[j].sample.collected]
            earlier = [n for n in series if any(series[n][j].shown for j in dated)]
            absent = dated and series[name][dated[-1]].status == "not_detected" and name not in earlier
            words = gained(name, earlier) if sight.shown and absent else ""
            if words and results[i].sample.collected:
                news[i] = words
        points += _series(patient, results, "haplotype", name, sights, news)
        if name != UNMUTATED:
            points += _burden(patient, results, "haplotype", name, sights, events)
    return points
