"""One function per subcommand: read the named files, do the step, write the named files.

Whatever is heavy is imported inside the step, so that `ablkd --help` is quick and a step loads only its own.
A sample that cannot be used gives tables without rows and a failed qc row, one printed line, and no error.
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import TypeVar

from ablkd import records as r
from ablkd.documents import read_peaks, read_result, write_json
from ablkd.errors import InputError, UnusableSample
from ablkd.reference import load_reference
from ablkd.samples import read_files, read_sheet
from ablkd.tables import read_rows, write_rows

Row = TypeVar("Row")


def init(folder: Path) -> None:
    """Make a run folder and say what to do next."""
    from ablkd.run_folder import init_folder

    print(init_folder(folder), end="")


def sheet(folder: Path) -> None:
    """Print a sample sheet for the files in a folder."""
    from ablkd.run_folder import sheet_from_folder

    print(sheet_from_folder(folder), end="")


def check(config: Path) -> None:
    """Check a run without running it."""
    from ablkd.config import read_config
    from ablkd.plan import read_plan

    plan = read_plan(read_config(config), str(config))
    print(f"{config}: {len(plan.samples)} samples, nothing to correct")


def align(
    sample: str,
    platform: str,
    amplicon: str,
    reference: Path,
    reads_1: list[Path],
    reads_2: list[Path],
    fragments: Path,
    bam: Path,
    qc: Path,
) -> None:
    """Reads -> fragments, BAM and qc rows."""
    from ablkd.align import align_sample

    known = load_reference(reference)
    metrics = align_sample(
        sample, known.platform(platform), amplicon, known, reads_1, reads_2, fragments, bam
    )
    for row in metrics:
        if row.metric == "usable" and row.status == "fail":
            _say(sample, row.reason)
    write_rows(qc, r.QcMetric, metrics)


def call(
    sample: str,
    platform: str,
    reference: Path,
    fragments: Path,
    template_copies: float | None,
    required_lod: float,
    reporting_cut: float,
    calls: Path,
    coverage: Path,
    qc: Path,
) -> None:
    """Fragments -> calls, coverage and qc rows."""
    from ablkd.call import call_sample
    from ablkd.fragments import load

    known = load_reference(reference)
    try:
        found, seen, metrics = call_sample(
            sample,
            known.platform(platform),
            known,
            load(fragments),
            template_copies,
            required_lod,
            reporting_cut,
        )
    except UnusableSample as problem:
        found, seen, metrics = [], [], _unusable(sample, problem)
    write_rows(calls, r.Call, found)
    write_rows(coverage, r.Coverage, seen)
    write_rows(qc, r.QcMetric, metrics)


def splice(
    sample: str, platform: str, reference: Path, fragments: Path, splicing: Path, fusion: Path
) -> None:
    """Fragments -> isoform events and fusion type."""
    from ablkd.fragments import load
    from ablkd.splicing import splice_sample

    known = load_reference(reference)
    events, fusions = splice_sample(sample, known.platform(platform), known, load(fragments))
    write_rows(splicing, r.SpliceEvent, events)
    write_rows(fusion, r.Fusion, fusions)


def phase(
    sample: str, reference: Path, fragments: Path, calls: Path, splicing: Path, haplotypes: Path, phase: Path
) -> None:
    """Fragments, calls and events -> haplotypes and compound verdicts."""
    from ablkd.fragments import load
    from ablkd.phase import phase_sample

    molecules, verdicts = phase_sample(
        sample,
        load_reference(reference),
        load(fragments),
        read_rows(calls, r.Call),
        read_rows(splicing, r.SpliceEvent),
    )
    write_rows(haplotypes, r.Haplotype, molecules)
    write_rows(phase, r.Phase, verdicts)


def trace(
    sample: str,
    reference: Path,
    traces: list[Path],
    required_lod: float,
    reporting_cut: float,
    calls: Path,
    coverage: Path,
    haplotypes: Path,
    phase: Path,
    splicing: Path,
    fusion: Path,
    peaks: Path,
    qc: Path,
) -> None:
    """Traces -> the same tables as reads, and chromatogram windows for the report."""
    from ablkd.trace_call import call_traces

    known = load_reference(reference)
    try:
        found = call_traces(sample, traces, known, required_lod, reporting_cut)
        rows = (found.calls, found.coverage, found.haplotypes, found.phase, found.splicing, found.fusion)
        metrics, windows = found.qc, found.peaks
    except UnusableSample as problem:
        rows, metrics, windows = ([],) * 6, _unusable(sample, problem), []
    paths = (calls, coverage, haplotypes, phase, splicing, fusion)
    types = (r.Call, r.Coverage, r.Haplotype, r.Phase, r.SpliceEvent, r.Fusion)
    for path, row_type, table in zip(paths, types, rows, strict=True):
        write_rows(path, row_type, table)
    write_rows(qc, r.QcMetric, metrics)
    write_json(peaks, windows)


def interpret(
    sheet: Path,
    sample: str,
    reference: Path,
    calls: Path,
    coverage: Path,
    haplotypes: Path,
    phase: Path,
    splicing: Path,
    fusion: Path,
    qc_parts: list[Path],
    peaks: Path | None,
    control_calls: list[Path],
    control_coverage: list[Path],
    control_qc: list[Path],
    setting: list[str],
    drugs: Path,
    qc: Path,
    result: Path,
) -> None:
    """Tables and knowledge -> the result, with the drug lines and all qc rows as tables of their own."""
    from ablkd.controls import judge_controls
    from ablkd.interpret import interpret as interpreted

    known = load_reference(reference)
    lines = {row.sample: row for row in read_sheet(sheet, known)}
    if sample not in lines:
        raise InputError(f"{sheet}: no sample '{sample}' (add its line, or correct the name)")
    line = lines[sample]
    beside = [row for row in lines.values() if row.run == line.run and row.role != "patient"]
    controls = judge_controls(
        beside,
        _all_rows(control_calls, r.Call),
        _all_rows(control_coverage, r.Coverage),
        _all_rows(control_qc, r.QcMetric),
    )
    found = interpreted(
        _without_folders(line),
        known,
        read_rows(calls, r.Call),
        read_rows(coverage, r.Coverage),
        read_rows(haplotypes, r.Haplotype),
        read_rows(phase, r.Phase),
        read_rows(splicing, r.SpliceEvent),
        read_rows(fusion, r.Fusion),
        _all_rows(qc_parts, r.QcMetric),
        controls,
        _settings(setting),
        read_peaks(peaks) if peaks else [],
    )
    write_rows(drugs, r.DrugCall, found.drugs)
    write_rows(qc, r.QcMetric, found.qc)
    write_json(result, found)


def report(result: Path, reference: Path, html: Path | None, vcf: Path | None, pdf: Path | None) -> None:
    """Result -> page, VCF and PDF, those asked for."""

    known = load_reference(reference)
    found = read_result(result)
    if html:
        from ablkd.report import write_report

        write_report(found, html, known)
    if vcf:
        from ablkd.vcf import write_vcf

        write_vcf(found, known, vcf)
    if pdf:
        from ablkd.report import write_pdf

        write_pdf(found, pdf, known)


def timeline(patient: str, results: list[Path], clinical: Path | None, html: Path, table: Path) -> None:
    """A patient's results and clinical events -> page and table."""
    from ablkd.patient_page import write_patient
    from ablkd.timeline import timeline_points

    events = (
        [row for row in read_rows(clinical, r.ClinicalEvent) if row.patient == patient] if clinical else []
    )
    found = [read_result(path) for path in results]
    points = timeline_points(patient, found, events)
    write_rows(table, r.TimelinePoint, points)
    write_patient(patient, points, html)


def summarize(results: list[Path], run: str | None, folder: Path | None, index: Path | None) -> None:
    """Results -> the pages and tables of a run, or the index page."""
    from ablkd.run_report import write_index, write_run

    found = [read_result(path) for path in results]
    if index:
        write_index(found, index)
    if run is not None and folder:
        write_run(run, found, folder)


def simulate(truth: Path, reference: Path, folder: Path, seed: int) -> None:
    """Truth table -> reads and traces."""
    from ablkd.simulate import simulate as simulated

    simulated(truth, load_reference(reference), folder, seed)


# ---------------------------------------------------------------- small parts of the steps


def _say(sample: str, sentence: object) -> None:
    print(f"{sample}: not usable: {sentence}", file=sys.stderr)


def _unusable(sample: str, problem: UnusableSample) -> list[r.QcMetric]:
    """Say that a sample cannot be used, and the qc row that records it."""
    _say(sample, problem)
    return [r.QcMetric(sample, "usable", "no", "", "yes", "fail", str(problem))]


def _all_rows(paths: list[Path], row_type: type[Row]) -> list[Row]:
    return [row for path in paths for row in read_rows(path, row_type)]


def _without_folders(line: r.Sample) -> r.Sample:
    """The sample with bare file names: results do not depend on where the files are."""
    reads_1, reads_2 = (
        ";".join(path.name for path in read_files(cell)) for cell in (line.reads_1, line.reads_2)
    )
    return dataclasses.replace(line, reads_1=reads_1, reads_2=reads_2)


def _settings(words: list[str]) -> dict[str, str]:
    settings = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise InputError(f"--setting {word}: is not KEY=VALUE (write for example required_lod=0.03)")
        settings[key] = value
    return settings
