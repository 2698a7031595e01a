"""One function per subcommand: read the named files, do the step, write the named files.

Whatever is heavy is imported inside the step, so that `ablkd --help` is quick and a step loads only its own.
A sample that cannot be used gives tables that say so, a failed qc row, one printed line, and no error.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from ablkd import records as r
from ablkd.documents import write_json, write_tables
from ablkd.errors import InputError, UnusableSample
from ablkd.hand_steps import check, explain, init, sheet, simulate, validate, verify
from ablkd.reference import load_reference
from ablkd.result_steps import crosscheck, interpret, manifest, report, summarize, timeline
from ablkd.samples import read_sheet
from ablkd.tables import read_rows, write_rows, write_text

# The command line finds every step here.
__all__ = ["check", "crosscheck", "explain", "init", "interpret", "manifest", "report", "sheet", "simulate"]
__all__ += ["summarize", "timeline", "validate", "verify"]


def warm(reference: Path, done: Path) -> None:
    """Compile the inner loops."""
    from ablkd.warm import warm as warmed

    warmed(load_reference(reference))
    write_text(done, "compiled\n")


def align(
    sample: str,
    platform: str,
    amplicon: str,
    reference: Path,
    reads_1: list[Path],
    reads_2: list[Path],
    fragments: Path,
    counts: Path,
    qc: Path,
) -> None:
    """Reads -> fragments, their counts and qc rows."""
    from ablkd.alignment.align import align_sample

    _check_mates(reads_1, reads_2)
    known = load_reference(reference)
    row = known.platform(platform)
    metrics = align_sample(sample, row, amplicon, known, reads_1, reads_2, fragments, counts)
    _tell_unusable(metrics)
    write_rows(qc, r.QcMetric, metrics)


def bam(
    platform: str, reference: Path, reads_1: list[Path], reads_2: list[Path], align_qc: Path | None, bam: Path
) -> None:
    """Reads -> BAM; without reads where the qc rows of `align` say that they cannot be used."""
    from ablkd.alignment.bam import write_bam

    _check_mates(reads_1, reads_2)
    known = load_reference(reference)
    rows = read_rows(align_qc, r.QcMetric) if align_qc else []
    if any(row.metric == "usable" and row.status == "fail" for row in rows):
        reads_1 = reads_2 = []
    try:
        write_bam(known.platform(platform), known, reads_1, reads_2, bam)
    except UnusableSample as problem:
        raise InputError(str(problem)) from None


def _check_mates(reads_1: list[Path], reads_2: list[Path]) -> None:
    if reads_2 and len(reads_1) != len(reads_2):
        told = f"--reads-1 names {len(reads_1)} files and --reads-2 {len(reads_2)}"
        raise InputError(f"{told} (give the mates in the same order)")


def background(
    sheet: Path, platform: str, reference: Path, run_counts: list[Path], panel: Path | None, background: Path
) -> None:
    """Counts of a run's samples, and a laboratory panel -> the background of the run on one platform."""
    from ablkd.background.learning import learn
    from ablkd.background.panel import libraries
    from ablkd.background.run import save

    known = load_reference(reference)
    lines = {row.sample: row for row in read_sheet(sheet, known)}
    learned = learn(known.platform(platform), known, libraries(known, platform, lines, run_counts, panel))
    save(learned, background)


def panel(name: str, reference: Path, run_counts: list[Path], panel: Path) -> None:
    """Counts of past wild-type controls -> a laboratory panel."""
    from ablkd.background.panel import make_panel

    print(make_panel(name, load_reference(reference), run_counts, panel))


def call(
    sample: str,
    platform: str,
    reference: Path,
    fragments: Path,
    background: Path,
    template_copies: float | None,
    required_lod: float,
    reporting_cut: float,
    calls: Path,
    coverage: Path,
    splicing: Path | None,
    fusion: Path | None,
    qc: Path,
) -> None:
    """Fragments and the run's background -> calls, coverage and qc rows; where asked isoform events and fusion type."""
    from ablkd.background import run as run_background
    from ablkd.calling.call import call_sample
    from ablkd.fragments import load

    known = load_reference(reference)
    row, loaded, run = known.platform(platform), load(fragments), run_background.load(background)
    limits = (template_copies, required_lod, reporting_cut)
    found, seen, metrics = call_sample(sample, row, known, loaded, run, *limits)
    write_rows(calls, r.Call, found)
    write_rows(coverage, r.Coverage, seen)
    if splicing or fusion:
        from ablkd.splicing.events import splice_sample

        found_junctions = splice_sample(sample, row, known, loaded, template_copies, required_lod, run)
        _write_junctions(*found_junctions, splicing, fusion)
    write_rows(qc, r.QcMetric, metrics)


def splice(
    sample: str,
    platform: str,
    reference: Path,
    fragments: Path,
    background: Path,
    template_copies: float | None,
    required_lod: float,
    splicing: Path,
    fusion: Path,
) -> None:
    """Fragments and the run's background -> isoform events and fusion type."""
    from ablkd.background import run as run_background
    from ablkd.fragments import load
    from ablkd.splicing.events import splice_sample

    known = load_reference(reference)
    row, loaded, run = known.platform(platform), load(fragments), run_background.load(background)
    _write_junctions(*splice_sample(sample, row, known, loaded, template_copies, required_lod, run), splicing, fusion)


def recombination(
    sheet: Path,
    run: str,
    reference: Path,
    control_fragments: list[Path],
    control_calls: list[Path],
    recombination: Path,
) -> None:
    """Fragments and calls of a run's recombination controls, in the order of the sheet -> what they show."""
    from ablkd.fragments import load
    from ablkd.phasing.recombination import measure

    known = load_reference(reference)
    controls = [row for row in read_sheet(sheet, known) if row.run == run and row.role == "recombination_control"]
    if not len(controls) == len(control_fragments) == len(control_calls):
        raise InputError(f"{sheet}: run '{run}' has {len(controls)} recombination controls (give the files of each)")
    rows = [
        measure(line.sample, line.expected, known, load(fragments), read_rows(calls, r.Call))
        for line, fragments, calls in zip(controls, control_fragments, control_calls, strict=True)
    ]
    write_rows(recombination, r.RecombinationRate, rows)


def phase(
    sample: str,
    platform: str,
    reference: Path,
    fragments: Path,
    calls: Path,
    call_qc: Path,
    splicing: Path,
    recombination: Path,
    haplotypes: Path,
    phase: Path,
    pile_ups: Path,
    qc: Path,
) -> None:
    """Fragments, calls, events and the run's rate of recombination -> haplotypes, compound verdicts, fragments to draw
    under each haplotype, and qc rows."""
    from ablkd.fragments import load
    from ablkd.isoforms import build_graph
    from ablkd.phasing.linkage import observe
    from ablkd.phasing.phase import phase_observed
    from ablkd.phasing.pile_up import pile_ups as piled
    from ablkd.phasing.recombination import in_force, qc_rows

    known = load_reference(reference)
    changes = (read_rows(calls, r.Call), read_rows(splicing, r.SpliceEvent))
    controls = read_rows(recombination, r.RecombinationRate)
    heteroduplex = known.platform(platform).heteroduplex
    prior, loaded = in_force(controls, heteroduplex).prior, load(fragments)
    seen = observe(loaded, known, build_graph(known), *changes)
    molecules, verdicts = phase_observed(sample, seen, _templates(call_qc), prior)
    write_rows(haplotypes, r.Haplotype, molecules)
    write_rows(phase, r.Phase, verdicts)
    write_json(pile_ups, piled(loaded, seen, molecules))
    write_rows(qc, r.QcMetric, qc_rows(sample, controls, heteroduplex))


def trace(
    sample: str,
    reference: Path,
    traces: list[Path],
    wild_types: list[Path],
    trace_library: Path | None,
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
    from ablkd.traces.call import call_traces

    limits = (required_lod, reporting_cut)
    found = call_traces(sample, traces, load_reference(reference), *limits, wild_types, trace_library)
    _tell_unusable(found.qc)
    paths = {"calls": calls, "coverage": coverage, "haplotypes": haplotypes, "phase": phase}
    write_tables({**paths, "splicing": splicing, "fusion": fusion}, found)
    write_rows(qc, r.QcMetric, found.qc)
    write_json(peaks, found.peaks)


def _write_junctions(
    events: list[r.SpliceEvent], fusions: list[r.Fusion], splicing: Path | None, fusion: Path | None
) -> None:
    if splicing:
        write_rows(splicing, r.SpliceEvent, events)
    if fusion:
        write_rows(fusion, r.Fusion, fusions)


def _templates(call_qc: Path) -> float:
    """The number of templates that calling reckoned with."""
    for row in read_rows(call_qc, r.QcMetric):
        if row.metric == "template_copies":
            return float(row.value)
    raise InputError(f"{call_qc}: no row 'template_copies' (make it with ablkd call)")


def _tell_unusable(metrics: Iterable[r.QcMetric]) -> None:
    """One line for a sample that cannot be used; it is no error, the others go on."""
    for row in metrics:
        if row.metric == "usable" and row.status == "fail":
            print(f"{row.sample}: not usable: {row.reason}", file=sys.stderr)
