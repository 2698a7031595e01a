"""The steps from tables to results and pages: read the named files, do the step, write the named files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from ablkd import records as r
from ablkd.clinical import read_clinical
from ablkd.documents import read_all_tables, read_peaks, read_pile_ups, read_result, read_tables, write_json
from ablkd.errors import InputError
from ablkd.reference import load_reference
from ablkd.samples import read_sheet, without_folders
from ablkd.site import load_site
from ablkd.tables import read_rows, write_rows

Row = TypeVar("Row")


def crosscheck(sheet: Path, run: str, reference: Path, run_tables: list[Path], qc: Path) -> None:
    """Tables of all samples of a run -> what a comparison of these samples shows, as qc rows."""
    from ablkd.checks.cross_check import cross_check

    known = load_reference(reference)
    lines = [row for row in read_sheet(sheet, known) if row.run == run]
    if not lines:
        raise InputError(f"{sheet}: no run '{run}' (add its samples, or correct the name)")
    tables = read_all_tables(run_tables, ("calls", "coverage", "splicing", "fusion"))
    write_rows(qc, r.QcMetric, cross_check(lines, tables, known.together, known.abnormal_events))


def interpret(
    sheet: Path,
    sample: str,
    reference: Path,
    tables: Path,
    qc_parts: list[Path],
    peaks: Path | None,
    pile_ups: Path | None,
    cross_check: Path | None,
    control_tables: list[Path],
    control_qc: list[Path],
    setting: list[tuple[str, str]],
    clones: Path,
    clone_drugs: Path,
    drugs: Path,
    qc: Path,
    result: Path,
) -> None:
    """Tables and knowledge -> the result, with clones, drugs and all qc rows as tables of their own."""
    from ablkd.checks.controls import judge_controls
    from ablkd.interpretation.interpret import interpret as interpreted

    known = load_reference(reference)
    lines = {row.sample: row for row in read_sheet(sheet, known)}
    if sample not in lines:
        raise InputError(f"{sheet}: no sample '{sample}' (add its line, or correct the name)")
    line = lines[sample]
    controls_of_run = [row for row in lines.values() if row.run == line.run and row.role != "patient"]
    of_controls = read_all_tables(control_tables, ("calls", "coverage", "phase", "splicing"))
    of_controls = replace(of_controls, qc=tuple(_all_rows(control_qc, r.QcMetric)))
    controls = judge_controls(controls_of_run, of_controls, known.abnormal_events, bool(known.mutations))
    found = interpreted(
        without_folders(line),
        known,
        replace(
            read_tables(tables),
            qc=(*_all_rows(qc_parts, r.QcMetric), *_own_rows(cross_check, sample)),
            peaks=tuple(read_peaks(peaks) if peaks else []),
            pile_ups=tuple(read_pile_ups(pile_ups) if pile_ups else []),
        ),
        controls,
        dict(setting),
    )
    write_rows(clones, r.Clone, found.clones)
    write_rows(clone_drugs, r.CloneDrug, found.clone_drugs)
    write_rows(drugs, r.DrugCall, found.drugs)
    write_rows(qc, r.QcMetric, found.qc)
    write_json(result, found)


def report(
    result: Path, reference: Path, html: Path | None, vcf: Path | None, pdf: Path | None, site: Path | None
) -> None:
    """Result -> page, VCF and PDF, those asked for."""

    known = load_reference(reference)
    found = read_result(result)
    if html:
        from ablkd.report.sample import write_report

        write_report(found, html, known, load_site(site))
    if vcf:
        from ablkd.report.vcf import write_vcf

        write_vcf(found, known, vcf)
    if pdf:
        from ablkd.report.sample import write_pdf

        write_pdf(found, pdf, known, load_site(site))


def timeline(
    patient: str,
    reference: Path,
    results: list[Path],
    clinical: Path | None,
    html: Path,
    table: Path,
    site: Path | None,
) -> None:
    """A patient's results and clinical events -> page and table."""
    from ablkd.course.rows import timeline_points
    from ablkd.report.patient import write_patient

    events = [row for row in read_clinical(clinical) if row.patient == patient] if clinical else []
    found = [read_result(path) for path in results]
    known = load_reference(reference)
    points = timeline_points(patient, found, events, known.together, known.responses)
    write_rows(table, r.TimelinePoint, points)
    write_patient(patient, points, html, load_site(site))


def summarize(results: list[Path], run: str | None, folder: Path | None, index: Path | None, site: Path | None) -> None:
    """Results -> the pages and tables of a run, or the index page."""
    from ablkd.report.run import write_index, write_run

    found = [read_result(path) for path in results]
    if index:
        write_index(found, index, load_site(site))
    if run is not None and folder:
        write_run(run, found, folder, load_site(site))


def manifest(
    folder: Path, manifest: Path, results: list[Path], run: str | None, names: list[str], pages: list[Path]
) -> None:
    """Results, the files of these names beside them, and pages -> what made them and their digests."""
    from ablkd.manifest import write_manifest

    beside = [path.parent / name for path in results for name in names]
    files = [*(path for path in beside if path.is_file()), *pages]
    write_manifest(manifest, folder, files, run, [read_result(path) for path in results])


def _own_rows(cross_check: Path | None, sample: str) -> list[r.QcMetric]:
    """The rows of one sample out of those of its run; where none are asked for, none."""
    if cross_check is None:
        return []
    rows = [row for row in read_rows(cross_check, r.QcMetric) if row.sample == sample]
    if not rows:
        raise InputError(f"{cross_check}: no row of sample '{sample}' (make it again with this sheet)")
    return rows


def _all_rows(paths: list[Path], row_type: type[Row]) -> list[Row]:
    return [row for path in paths for row in read_rows(path, row_type)]
