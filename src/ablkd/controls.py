"""What the control samples of a run showed, and whether the run can be trusted for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from ablkd.records import Call, ControlVerdict, Coverage, QcMetric, Sample
from ablkd.samples import expected_findings

# METHOD: an expected fraction is met within this factor, or within the 99.9 % interval, whichever is wider.
FACTOR = 1.5
# 99.9 % over 95 % half-width of a normal interval.
WIDER = 3.2905 / 1.9600
# METHOD: a no-template control may hold fewer on-target fragments than any position needs to be assessable.
NO_TEMPLATE_LIMIT = 100
CHANGED = ("catalogue", "novel")


def judge_controls(
    samples: Sequence[Sample], calls: Sequence[Call], coverage: Sequence[Coverage], qc: Sequence[QcMetric]
) -> list[ControlVerdict]:
    """One verdict (`pass` or `fail`, and why) for each control of a run, in the order of the sheet.

    The rows are those of all controls of the run together. Patients and recombination controls, which only
    measure a rate, are not judged.
    """
    rows = _Rows(calls, coverage, qc)
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

    def __init__(self, calls: Sequence[Call], coverage: Sequence[Coverage], qc: Sequence[QcMetric]) -> None:
        self.passed: dict[str, list[Call]] = defaultdict(list)
        self.coverage: dict[str, list[Coverage]] = defaultdict(list)
        self.qc: dict[str, dict[str, QcMetric]] = defaultdict(dict)
        for call in calls:
            if call.filter == "PASS":
                self.passed[call.sample].append(call)
        for row in coverage:
            self.coverage[row.sample].append(row)
        for metric in qc:
            known = self.qc[metric.sample].get(metric.metric)
            if known is None or metric.status == "fail":
                self.qc[metric.sample][metric.metric] = metric

    def unusable(self, sample: str) -> str:
        """Why a sample cannot be used; empty if it can."""
        usable = self.qc[sample].get("usable")
        return usable.reason or "not usable" if usable is not None and usable.status == "fail" else ""


def _positive(sample: Sample, rows: _Rows) -> tuple[bool, str]:
    if reason := rows.unusable(sample.sample):
        return False, reason
    expected = expected_findings(sample.expected)
    if not expected:
        return False, "the sheet expects nothing of it (fill in `expected`)"
    problems = []
    for name, fraction in ((e.name, e.fraction) for e in expected):
        found = [c for c in rows.passed[sample.sample] if c.name == name]
        if not found and fraction > 0:
            problems.append(f"{name} expected at {fraction:.3g} was not found")
        elif found and not _agrees(found, fraction):
            seen = sum(c.vaf for c in found)
            problems.append(f"{name} expected at {fraction:.3g} was found at {seen:.3g}")
    return not problems, "; ".join(problems)


def _agrees(found: Sequence[Call], expected: float) -> bool:
    """Whether a fraction, summed over the codon states of one name, meets the expected one."""
    vaf = sum(c.vaf for c in found)
    low = vaf - WIDER * sum(c.vaf - c.vaf_low for c in found)
    high = vaf + WIDER * sum(c.vaf_high - c.vaf for c in found)
    return min(low, vaf / FACTOR) <= expected <= max(high, vaf * FACTOR)


def _wild_type(sample: Sample, rows: _Rows) -> tuple[bool, str]:
    if reason := rows.unusable(sample.sample):
        return False, reason
    if not any(row.assessable == "yes" for row in rows.coverage[sample.sample]):
        return False, "nothing could be assessed in it"
    names = _names(c for c in rows.passed[sample.sample] if c.tier in CHANGED)
    return not names, f"{names} found where nothing should be" if names else ""


def _no_template(sample: Sample, rows: _Rows) -> tuple[bool, str]:
    names = _names(rows.passed[sample.sample])
    if names:
        return False, f"{names} found where no template was"
    reason = rows.unusable(sample.sample)
    # An empty control is the cleanest one; a file that cannot be read shows nothing.
    if reason and "no read" not in reason:
        return False, reason
    metric = rows.qc[sample.sample].get("fragments")
    if metric is None or not metric.value:
        return (True, reason) if reason else (False, "the number of its fragments is not known")
    count = int(float(metric.value))
    if count >= NO_TEMPLATE_LIMIT:
        return False, f"{count} fragments on target (fewer than {NO_TEMPLATE_LIMIT} are allowed)"
    return True, f"{count} fragments on target (fewer than {NO_TEMPLATE_LIMIT} are allowed)"


def _names(calls: Iterable[Call]) -> str:
    return ", ".join(dict.fromkeys(c.name for c in calls))
