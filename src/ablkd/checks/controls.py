"""What the control samples of a run showed, and whether the run can be trusted for it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from ablkd.records import APART, Call, ControlVerdict, Coverage, Phase, QcMetric, Sample, SampleTables, SpliceEvent
from ablkd.samples import Expected, expected_findings
from ablkd.wording import joined, per_cent

# METHOD: an expected fraction is met within this factor, or within the 99.9 % interval, whichever is wider.
FACTOR = 1.5
# 99.9 % over 95 % half-width of a normal variable.
WIDER = 3.2905 / 1.9600
# METHOD: a no-template control may hold fewer on-target fragments than any position needs to be assessable.
NO_TEMPLATE_LIMIT = 100
# What steps say of files in which nothing of the target was found; any other reason leaves open what was there.
NOTHING_THERE = ("no read", "resembles none", "no called bases")
# METHOD: controls answer whether the run is contaminated and whether its positives are to be believed. A listed
# mutation or an abnormal isoform in one fails it, and a polymorphism where no template was. A variant of no list does
# not: in a wild type it is a variant of the donor, or an artefact, and neither says anything against the patients'
# findings. Whether it came from a patient is asked by the contamination check, which looks for every sample's own
# variants, listed or not, in every control. It is named with its fraction, for a person to judge.
UNLISTED = ("novel", "synonymous")
MOST_NAMED = 4


def judge_controls(
    samples: Sequence[Sample], tables: SampleTables, abnormal: Collection[str], any_listed: bool = True
) -> list[ControlVerdict]:
    """One verdict (`pass` or `fail`, and why) for each control of a run, in the order of the sheet.

    `tables` has the rows of all controls of the run; `abnormal` names the isoform events that healthy samples do not
    show, and without a listed mutation (`any_listed`) a wild type has none to be assessed. Patients and recombination
    controls, which only measure a rate, are not judged.
    """
    rows = _Rows(tables, abnormal, any_listed)
    judges = {
        "positive_control": _positive,
        "wild_type_control": _wild_type,
        "no_template_control": _no_template,
    }
    verdicts = []
    for sample in samples:
        if sample.role in judges:
            passed, reason = judges[sample.role](sample, rows)
            status = "pass" if passed else "fail"
            verdicts.append(ControlVerdict(sample.sample, sample.role, status, reason))
    return verdicts


class _Rows:
    """The rows of all controls, by sample."""

    def __init__(self, tables: SampleTables, abnormal: Collection[str], any_listed: bool) -> None:
        self.any_listed = any_listed
        self.passed: dict[str, list[Call]] = defaultdict(list)
        self.coverage: dict[str, list[Coverage]] = defaultdict(list)
        self.phase = {(row.sample, frozenset(row.mutations.split("+"))): row for row in tables.phase}
        self.splicing = {(row.sample, row.event): row for row in tables.splicing}
        self.abnormal: dict[str, list[SpliceEvent]] = defaultdict(list)
        self.qc: dict[str, dict[str, QcMetric]] = defaultdict(dict)
        for call in tables.calls:
            if call.filter == "PASS":
                self.passed[call.sample].append(call)
        for event in tables.splicing:
            if event.call == "present" and event.event in abnormal:
                self.abnormal[event.sample].append(event)
        for row in tables.coverage:
            self.coverage[row.sample].append(row)
        for metric in tables.qc:
            known = self.qc[metric.sample].get(metric.metric)
            if known is None or known.status == "pass" or metric.status == "fail":
                self.qc[metric.sample][metric.metric] = metric

    def unusable(self, sample: str) -> str:
        """Why a sample cannot be used; empty if it can. Traces that contradict each other cannot."""
        usable, agreement = self.qc[sample].get("usable"), self.qc[sample].get("trace_agreement")
        if usable is not None and usable.status == "fail":
            return usable.reason or "not usable"
        return agreement.reason if agreement is not None and agreement.status == "review" else ""


def _positive(sample: Sample, rows: _Rows) -> tuple[bool, str]:
    if reason := rows.unusable(sample.sample):
        return False, reason
    expected = expected_findings(sample.expected)
    if not expected:
        return False, "the sheet expects nothing of it (fill in `expected`)"
    problems = [_problem(sample.sample, e, rows) for e in expected]
    return not any(problems), "; ".join(filter(None, problems))


def _problem(sample: str, expected: Expected, rows: _Rows) -> str:
    """What is wrong with one expected finding; empty where it is as it should be."""
    name, fraction = expected.name, expected.fraction
    found, why_not = _measured(sample, name, rows)
    if found is None and fraction > 0:
        return f"{name} expected at {per_cent(fraction)} was not found ({why_not})"
    if found is None:
        return "" if _absent(sample, name, rows) else f"{name} expected to be absent could not be assessed ({why_not})"
    seen, low, high = found
    if fraction > 0 and _agrees(seen, low, high, fraction):
        return ""
    return f"{name} expected at {per_cent(fraction)} was found at {per_cent(seen)}"


def _measured(sample: str, name: str, rows: _Rows) -> tuple[tuple[float, float, float] | None, str]:
    """(fraction, low, high) of a mutation, an isoform event or a compound; or None, and what is known of it."""
    if event := rows.splicing.get((sample, name)):
        if event.call != "present" or event.fraction is None:
            return None, event.call.replace("_", " ")
        return _bounded(event.fraction, event.fraction_low, event.fraction_high), ""
    if "+" in name:
        return _measured_compound(rows.phase.get((sample, frozenset(name.split("+")))))
    # METHOD: codon states of one name are summed, and so are their bounds, which is wider than any joint interval.
    calls = [c for c in rows.passed[sample] if c.name == name]
    if calls:
        return (sum(c.vaf for c in calls), sum(c.vaf_low for c in calls), sum(c.vaf_high for c in calls)), ""
    limits = _limits(rows.coverage[sample], name)
    return (
        None,
        "not assessable" if None in limits or not limits else f"{per_cent(max(filter(None, limits)))} would have shown",
    )


def _measured_compound(row: Phase | None) -> tuple[tuple[float, float, float] | None, str]:
    """A compound must be proven to be one; its fraction is told by its bounds, so their middle stands for it."""
    if row is None:
        return None, "its members were not all called"
    if row.verdict != "compound" or row.compound_low is None or row.compound_high is None:
        return None, row.verdict.replace("_", " ")
    middle = (row.compound_low + row.compound_high) / 2
    return (middle, row.compound_low, row.compound_high), ""


def _limits(coverage: Sequence[Coverage], name: str) -> list[float | None]:
    """LoD95 of each row of a change, else of its codon; None where not assessable."""
    codon = next(iter(re.findall(r"\d+", name)), "")
    exact = [row for row in coverage if row.kind == "allele" and row.name == name]
    places = exact or [row for row in coverage if row.kind == "codon" and str(row.codon) == codon]
    return [row.lod95 if row.assessable == "yes" else None for row in places]


def _absent(sample: str, name: str, rows: _Rows) -> bool:
    """Whether what was not found was looked for: a compound is absent without one of its members, or when refuted."""
    if event := rows.splicing.get((sample, name)):
        return event.call == "not_detected"
    if "+" in name:
        row = rows.phase.get((sample, frozenset(name.split("+"))))
        if row is not None:
            return row.verdict in APART
        missing = [n for n in name.split("+") if _measured(sample, n, rows)[0] is None]
        return any(_absent(sample, n, rows) for n in missing)
    limits = _limits(rows.coverage[sample], name)
    return bool(limits) and None not in limits


def _bounded(fraction: float, low: float | None, high: float | None) -> tuple[float, float, float]:
    return fraction, fraction if low is None else low, fraction if high is None else high


def _agrees(seen: float, low: float, high: float, expected: float) -> bool:
    wide_low, wide_high = _widened(low, high)
    return min(wide_low, seen / FACTOR) <= expected <= max(wide_high, seen * FACTOR)


def _widened(low: float, high: float) -> tuple[float, float]:
    """99.9 % bounds from 95 % ones.

    METHOD: the intervals are of a beta distribution, which is lopsided where molecules are few. The cube root of
    such a small fraction is close to normal (Wilson and Hilferty 1931), so the bounds are widened on that scale; a
    fraction above one half is taken from the other side.
    """
    if low + high > 1:
        other_low, other_high = _widened(max(0.0, 1 - high), 1 - low)
        return 1 - other_high, 1 - other_low
    a, b = low ** (1 / 3), high ** (1 / 3)
    centre, half = (a + b) / 2, WIDER * (b - a) / 2
    return max(0.0, centre - half) ** 3, (centre + half) ** 3


def _wild_type(sample: Sample, rows: _Rows) -> tuple[bool, str]:
    if reason := rows.unusable(sample.sample):
        return False, reason
    coverage, passed = rows.coverage[sample.sample], rows.passed[sample.sample]
    if rows.any_listed and not any(row.assessable == "yes" for row in coverage):
        return False, "nothing could be assessed in it"
    names = _found((c for c in passed if c.tier == "catalogue"), rows.abnormal[sample.sample])
    found = f"{names} found where nothing should be" if names else ""
    unlisted = "" if rows.any_listed else "the knowledge folder lists no mutation that it could contain"
    return not names, _joined(found, unlisted, _note(passed))


def _no_template(sample: Sample, rows: _Rows) -> tuple[bool, str]:
    passed = rows.passed[sample.sample]
    names = _found((c for c in passed if c.tier not in UNLISTED), rows.abnormal[sample.sample])
    if names:
        return False, _joined(f"{names} found where no template was", _note(passed))
    reason = rows.unusable(sample.sample)
    # An empty control is the cleanest one; a file that cannot be read shows nothing.
    if reason and not all(any(words in part for words in NOTHING_THERE) for part in reason.split("; ")):
        return False, reason
    if (traces := rows.qc[sample.sample].get("traces")) is not None and not reason:
        return False, f"{traces.value} traces read as the target where no template was"
    metric = rows.qc[sample.sample].get("fragments")
    if metric is None or not metric.value:
        return (True, reason) if reason else (False, "the number of its fragments is not known")
    count = int(float(metric.value))
    if count >= NO_TEMPLATE_LIMIT:
        return False, f"{count} fragments on target (fewer than {NO_TEMPLATE_LIMIT} are allowed)"
    return True, _joined(f"{count} fragments on target (fewer than {NO_TEMPLATE_LIMIT} are allowed)", _note(passed))


def _note(passed: Iterable[Call]) -> str:
    """The most frequent variants that passed and are in no list, which fail no control; empty where there are none."""
    fractions = sorted(_fractions((c for c in passed if c.tier in UNLISTED), ()).items(), key=lambda item: -item[1])
    if not fractions:
        return ""
    named = [f"{name} {per_cent(fraction)}" for name, fraction in fractions[:MOST_NAMED]]
    more = [f"{len(fractions) - MOST_NAMED} more"] if len(fractions) > MOST_NAMED else []
    return f"also found, in no list of mutations: {joined([*named, *more])} (artefacts, or variants of the donor)"


def _joined(*parts: str) -> str:
    return "; ".join(filter(None, parts))


def _found(calls: Iterable[Call], events: Iterable[SpliceEvent]) -> str:
    """Names and fractions."""
    return ", ".join(f"{name} {per_cent(fraction)}" for name, fraction in _fractions(calls, events).items())


def _fractions(calls: Iterable[Call], events: Iterable[SpliceEvent]) -> dict[str, float]:
    """Name -> fraction; codon states of one name are summed."""
    fractions: dict[str, float] = defaultdict(float)
    for call in calls:
        fractions[call.name] += call.vaf
    for event in events:
        fractions[event.event] += event.fraction or 0.0
    return fractions
