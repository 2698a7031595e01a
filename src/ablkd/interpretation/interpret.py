"""Rows of one sample and the knowledge folder -> what they mean: drug lines, summary, Result.

Pure functions: no reads, no arrays, no files. Clones, their cells and the drug lines are made in `drug_lines`.
"""

from __future__ import annotations

from collections.abc import Sequence

from ablkd import __version__
from ablkd.checks.cross_check import METRICS
from ablkd.interpretation.drug_lines import NOT_ASSESSABLE, clones_by_drugs
from ablkd.interpretation.findings import Findings, find, held_back, unseen
from ablkd.records import (
    OPEN,
    Call,
    ControlVerdict,
    Coverage,
    DrugCall,
    Fusion,
    QcMetric,
    Result,
    Sample,
    SampleTables,
    SpliceEvent,
    Summary,
)
from ablkd.reference import Reference
from ablkd.verdicts.invariants import check_tables
from ablkd.wording import plain

SCHEMA_VERSION = "2"
GERMLINE = " (possibly germline)"
MOST_NAMED = 4  # variants in the reason of a review; the tables have them all


def interpret(
    sample: Sample,
    reference: Reference,
    tables: SampleTables,
    controls: Sequence[ControlVerdict],
    settings: dict[str, str],
) -> Result:
    """Everything known of one sample. `controls` are the verdicts on the controls of its run.

    Raises
    ------
    InconsistentTables
        Where the tables contradict each other, which is a fault of the program.
    """
    check_tables(tables, reference, settings)
    findings = find(reference, tables)
    clones, clone_drugs, drugs = clones_by_drugs(sample.sample, reference, tables, sample.disease)
    names = {*(c.clone for c in clones), *findings.mutations, *findings.fusions, *_present(tables.splicing)}
    return Result(
        schema_version=SCHEMA_VERSION,
        software_version=__version__,
        sample=sample,
        knowledge=dict(reference.hashes),
        settings=dict(settings),
        summary=_summary(sample, reference, findings, tables, controls, drugs),
        **vars(tables),
        clones=tuple(clones),
        clone_drugs=tuple(clone_drugs),
        drugs=tuple(drugs),
        controls=tuple(controls),
        evidence=tuple(row for row in reference.sensitivity if row.finding in names),
        notes=tuple(_notes(reference, tables)),
    )


def _present(splicing: Sequence[SpliceEvent]) -> list[str]:
    return [s.event for s in splicing if s.call == "present"]


def _notes(reference: Reference, tables: SampleTables) -> list[str]:
    """What each present isoform means and what normal transcripts do, then what every report says (keys `report_*`)."""
    splicing, normal = tables.splicing, _normal(reference, tables.coverage, tables.fusion)
    meanings = [(s.meaning, s.event) for s in splicing if s.call == "present"]
    meanings += [("splice_ends_disagree", s.event) for s in splicing if "ends_disagree" in s.filter.split(";")]
    notes = [reference.notes[key].text.format(event=plain(e)) for key, e in meanings if key in reference.notes]
    notes += [reference.notes[key].text for key in normal if key in reference.notes]
    general = [note.text for key, note in reference.notes.items() if key.startswith("report_")]
    return list(dict.fromkeys(notes + _linked(reference, tables.calls, splicing) + general))


def _linked(reference: Reference, calls: Sequence[Call], splicing: Sequence[SpliceEvent]) -> list[str]:
    """Mutations that passed and make the splice site of an event: what became of it, whether it is seen or not."""
    passed = {c.hgvs_c: c.name for c in calls if c.filter == "PASS"}
    rows = {s.event: s for s in splicing}
    linked = [v for v in reference.splicing if v.linked_mutation in passed and v.event in rows]
    return [
        reference.notes["splice_linked"].text.format(
            mutation=passed[v.linked_mutation], event=plain(v.event), call=rows[v.event].call.replace("_", " ")
        )
        for v in linked
        if "splice_linked" in reference.notes
    ]


def _normal(reference: Reference, coverage: Sequence[Coverage], fusion: Sequence[Fusion]) -> list[str]:
    """The key of what is to be said of normal transcripts in the product; nothing where nothing was seen at all."""
    fusions = {t.name for t in reference.transcripts if t.kind == "fusion"}
    if any(f.call == "present" and f.fusion not in fusions for f in fusion):
        return ["normal_present"]
    typed = any(f.call == "present" for f in fusion)
    return ["normal_possible"] if not typed and any(row.assessable == "yes" for row in coverage) else []


def _summary(
    sample: Sample,
    reference: Reference,
    findings: Findings,
    tables: SampleTables,
    controls: Sequence[ControlVerdict],
    drugs: Sequence[DrugCall],
) -> Summary:
    listed = [m for m in reference.mutations if m.tier == "catalogue"]
    hidden = unseen(reference, tables.coverage)
    codons = {m.codon for m in listed}
    depths = [row.depth for row in tables.coverage if row.kind == "codon" and row.codon in codons]
    qc = tables.qc
    measured = {row.metric: row.value for row in reversed(qc)}
    low = {n: " (low level)" for n in findings.low_level}
    doubtful = [(name, filters) for name, (_, filters) in held_back(tables).items()]
    covered = len(hidden) < len(listed) or not listed
    status, reason = _status(sample, qc, controls, drugs, covered, doubtful, findings.germline)
    return Summary(
        sample=sample.sample,
        patient=sample.patient,
        run=sample.run,
        role=sample.role,
        platform=sample.platform,
        fusion=_fusion(tables.fusion),
        reads=int(float(measured["reads"])) if measured.get("reads") else None,
        on_target=float(measured["on_target"]) if measured.get("on_target") else None,
        min_depth=int(float(measured["min_depth"])) if measured.get("min_depth") else min(depths, default=None),
        findings=";".join(
            [*(n + low.get(n, "") for n in findings.mutations), *(n + GERMLINE for n in findings.germline)]
        ),
        compound=";".join([*findings.compounds, *(u + OPEN for u in findings.unresolved)]),
        splicing=";".join(_present(tables.splicing)),
        codons_not_assessable=";".join(map(str, sorted({m.codon for m in hidden}))),
        controls=";".join(f"{c.control} {c.status}" for c in controls),
        status=status,
        reason=reason,
    )


def _fusion(fusion: Sequence[Fusion]) -> str:
    """The fusions that are present, else whether one could have been seen."""
    present = [f.fusion for f in fusion if f.call == "present"]
    looked = bool(fusion) and all(f.call == "not_detected" for f in fusion)
    return ";".join(present) or ("not_detected" if looked else "not_assessable")


def _status(
    sample: Sample,
    qc: Sequence[QcMetric],
    controls: Sequence[ControlVerdict],
    drugs: Sequence[DrugCall],
    covered: bool,
    doubtful: Sequence[tuple[str, str]],
    germline: Sequence[str],
) -> tuple[str, str]:
    """(`reportable` | `review` | `failed`, why). A control stands or falls with its own verdict and its own checks."""
    own = next((c for c in controls if c.control == sample.sample), None)
    if own is not None:
        doubts = [row.reason for row in qc if row.metric in (*METRICS, "trace_agreement") and row.status == "review"]
        if own.status == "pass":
            return ("review" if doubts else "reportable"), "; ".join(doubts)
        return "failed", "; ".join([own.reason, *doubts])
    failed = list(dict.fromkeys(row.reason or row.metric for row in qc if row.status == "fail"))
    if not covered and not failed:
        failed = ["the kinase domain is not covered: none of the listed codons could be assessed"]
    if failed:
        return "failed", "; ".join(failed)
    review = [f"control {c.control} failed: {c.reason}" for c in controls if c.status == "fail"]
    review += [row.reason or row.metric for row in qc if row.status == "review"]
    gaps = [line.drug for line in drugs if line.missing_codons or line.category == NOT_ASSESSABLE]
    review += [f"{plain(name)} was seen and is held back ({plain(why)})" for name, why in doubtful[:MOST_NAMED]]
    if len(doubtful) > MOST_NAMED:
        review.append(f"{len(doubtful) - MOST_NAMED} more variants were seen and are held back")
    review += [f"{name} is in practically every molecule and in no list: possibly germline" for name in germline]
    if gaps:
        review.append(f"codons that were not assessed could change the line of {', '.join(gaps)}")
    return ("review" if review else "reportable"), "; ".join(dict.fromkeys(review))
