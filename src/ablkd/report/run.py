"""The run: its page, its tables, its workbook, and the index of all results."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablkd.checks.cross_check import METRICS
from ablkd.course.sights import Sight, mutation_sight, splice_sight
from ablkd.interpretation.named_calls import passed
from ablkd.records import Clone, ControlVerdict, DrugCall, QcMetric, Result, ResultRow, Summary
from ablkd.report.clone_table import drug_lines, drugs_of
from ablkd.report.pages import NO_SITE, render
from ablkd.report.run_tables import check_same_making, clones_by_drugs, multiqc, result_rows
from ablkd.report.workbook import sheet_of, write_workbook
from ablkd.site import Site
from ablkd.tables import write_rows, write_text

# METHOD: steps of shading at these fractions; the printed number is what counts.
SHADES = (0.01, 0.03, 0.1, 0.3, 0.6)


@dataclass(frozen=True)
class Cell:
    """One sample and one mutation or event of the matrix; `shade` is 0 to 5."""

    sight: Sight
    level: str
    shade: int


def write_run(run: str, results: Sequence[Result], folder: Path, site: Site = NO_SITE) -> None:
    """Write report.html, summary.tsv, results.tsv, summary.xlsx and ablkd_mqc.json.

    Raises
    ------
    InputError
        Where the results were not all made by one version with one knowledge folder.
    """
    ordered = sorted(results, key=lambda r: (r.sample.role != "patient", r.sample.sample))
    check_same_making(run, ordered)
    summaries = [r.summary for r in ordered]
    rows = [row for r in ordered for row in result_rows(r)]
    write_text(folder / "report.html", render("run.html", site, **run_view(run, ordered)))
    write_rows(folder / "summary.tsv", Summary, summaries)
    write_rows(folder / "results.tsv", ResultRow, rows)
    sheets = {
        "summary": sheet_of(Summary, summaries),
        "clones x drugs": clones_by_drugs(ordered),
        "clones": sheet_of(Clone, [row for r in ordered for row in r.clones]),
        "drugs": sheet_of(DrugCall, [row for r in ordered for row in r.drugs]),
        "results": sheet_of(ResultRow, rows),
        "controls": sheet_of(ControlVerdict, _controls(ordered)),
        "cross-check": sheet_of(QcMetric, cross_checks(ordered)),
    }
    write_workbook(folder / "summary.xlsx", sheets)
    _write_json(folder / "ablkd_mqc.json", multiqc(run, ordered))


def run_view(run: str, results: Sequence[Result]) -> dict[str, Any]:
    """What the template needs: the matrix of samples and findings, the controls, the settings in force."""
    names = dict.fromkeys(key for r in results for key in r.settings)
    columns, matrix = _matrix(results)
    # Of a control nobody is treated.
    patients = [r for r in results if r.sample.role == "patient"]
    checked = [(r.sample, {row.metric: row for row in cross_checks([r])}) for r in results]
    return {
        "run": run,
        "results": results,
        "columns": columns,
        "matrix": matrix,
        "drugs": drugs_of(patients),
        "drug_matrix": [(r, drug_lines(r)) for r in patients],
        "controls": _controls(results),
        "metrics": METRICS,
        "checked": [pair for pair in checked if pair[1]],
        "settings": {key: _values(results, key) for key in names},
        "versions": sorted({r.software_version for r in results}),
        "knowledge": results[0].knowledge if results else {},
        "counts": {
            status: sum(r.summary.status == status for r in results) for status in ("reportable", "review", "failed")
        },
    }


def cross_checks(results: Sequence[Result]) -> list[QcMetric]:
    """What comparing the samples of the run gave: the qc rows of that kind."""
    return [row for r in results for row in r.qc if row.metric in METRICS]


def _values(results: Sequence[Result], key: str) -> list[tuple[str, list[str]]]:
    """(value, samples with it) of one setting, which may differ between platforms."""
    values: dict[str, list[str]] = {}
    for r in results:
        values.setdefault(r.settings.get(key, ""), []).append(r.sample.sample)
    return list(values.items())


def _found(results: Sequence[Result]) -> list[tuple[str, int]]:
    return [(name, codon) for codon, name in sorted({(c.codon, c.name) for r in results for c in passed(r.calls)})]


def _events(results: Sequence[Result]) -> list[str]:
    return list(dict.fromkeys(e.event for r in results for e in r.splicing if e.call == "present"))


def _controls(results: Sequence[Result]) -> list[ControlVerdict]:
    return list({c.control: c for r in results for c in r.controls}.values())


def _matrix(results: Sequence[Result]) -> tuple[list[str], list[tuple[Result, list[Cell]]]]:
    """(names of the columns, a row of cells for each sample)."""
    found, events = _found(results), _events(results)
    states: dict[str, set[str]] = {name: set() for name, _ in found}
    for call in (c for r in results for c in r.calls if c.name in states):
        states[call.name].add(call.hgvs_c)
    rows = [(r, [*_mutation_cells(r, found, states), *_event_cells(r, events)]) for r in results]
    return [*states, *events], rows


def _mutation_cells(result: Result, found: list[tuple[str, int]], states: dict[str, set[str]]) -> list[Cell]:
    levels = {c.name: c.level for c in passed(result.calls)}
    sights = [(name, mutation_sight(result, name, codon, states[name])) for name, codon in found]
    return [Cell(sight, levels.get(name, ""), _shade(sight)) for name, sight in sights]


def _event_cells(result: Result, events: list[str]) -> list[Cell]:
    sights = [splice_sight(result, event) for event in events]
    return [Cell(sight, "reported" if sight.status == "detected" else "", _shade(sight)) for sight in sights]


def _shade(sight: Sight) -> int:
    if sight.status != "detected" or sight.value is None:
        return 0
    return sum(sight.value >= step for step in SHADES)


def write_index(results: Sequence[Result], path: Path, site: Site = NO_SITE) -> None:
    """Write the page that links every run, patient and sample; links are relative to it."""
    ordered = sorted(results, key=lambda r: (r.sample.run, r.sample.sample))
    runs: dict[str, list[Result]] = {}
    for r in ordered:
        runs.setdefault(r.sample.run, []).append(r)
    patients: dict[str, list[Result]] = {}
    for r in ordered:
        if r.sample.patient:
            patients.setdefault(r.sample.patient, []).append(r)
    context = {"runs": runs, "patients": dict(sorted(patients.items())), "results": ordered}
    write_text(path, render("index.html", site, **context))


def _write_json(path: Path, value: Any) -> None:
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")
