"""Rows of one sample and the knowledge folder -> what they mean: drug lines, summary, Result.

Pure functions: no reads, no arrays, no files. The order of lookup is "safe side first": a line is never
better than what a source says of exactly this finding, and what could not be seen never reads as absent.
"""

from __future__ import annotations

from collections.abc import Sequence

from ablkd import __version__
from ablkd.cross_check import METRICS
from ablkd.findings import Findings, find, unseen
from ablkd.records import (
    Call,
    ControlVerdict,
    Coverage,
    DrugCall,
    Fusion,
    Haplotype,
    PeakWindow,
    Phase,
    QcMetric,
    Result,
    Rule,
    Sample,
    Sensitivity,
    SpliceEvent,
    Summary,
)
from ablkd.reference import Reference
from ablkd.statements import Verdict, sentences

SCHEMA_VERSION = "1"
SEVERITY = ("sensitive", "unknown", "reduced", "resistant")
EVIDENCE = ("guideline", "label", "clinical", "in_vitro")


# ---------------------------------------------------------------- lookup


def look_up(reference: Reference, findings: Findings, finding: str, drug: str) -> Verdict:
    """Exact row, else class row, else `unknown`; of several categories the worst."""
    members = set(finding.split("+"))
    exact = [s for s in reference.sensitivity if s.drug == drug and set(s.finding.split("+")) == members]
    scopes = {"any_finding"}
    if len(members) > 1:
        scopes |= {"any_compound", *(f"compound_with:{m}" for m in members)}
    # METHOD: class rows speak of point mutations in a whole kinase. A molecule that lacks part of it is
    # another protein, on which only a row of its own can say something.
    partial = bool(members & set(findings.events))
    classes = [r for r in reference.rules if r.drug == drug and r.applies_to in scopes and not partial]
    shown: tuple[Sensitivity | Rule, ...] = (*exact, *classes)
    category = _worst([s.category for s in exact if s.category])
    category = category or _worst([r.category for r in classes if r.category])
    deciding = tuple(row for row in shown if row.category and row.category == category)
    return Verdict(finding, category or "unknown", deciding, shown)


def _worst(categories: Sequence[str]) -> str:
    """The gravest category; an unheard-of word counts as `unknown`, no category at all as empty."""
    known = [c if c in SEVERITY else "unknown" for c in categories]
    return max(known, key=SEVERITY.index, default="")


def _verdicts(reference: Reference, findings: Findings, drug: str) -> list[Verdict]:
    """One verdict for each thing that counts for this drug, compounds first."""
    verdicts = [look_up(reference, findings, name, drug) for name in findings.named]
    members = [n for n in findings.mutations if n not in findings.named and n in findings.standing]
    # METHOD: a member of a compound can worsen the line and never reassure. Exon skipping with a mutation is
    # unknown for every drug until a source is seen, so a mutation that is only on such molecules does not
    # count by itself; if it may also be on whole ones, its own rows hold, the worst of each.
    for name in members:
        compounds = [v.category for v in verdicts if name in v.finding.split("+")]
        verdict = look_up(reference, findings, name, drug)
        if SEVERITY.index(verdict.category) > SEVERITY.index(_worst([*compounds, "unknown"])):
            verdicts.append(verdict)
    # A fusion counts for the drugs that a source ties to it.
    fusions = [look_up(reference, findings, name, drug) for name in findings.fusions]
    return verdicts + [v for v in fusions if any(isinstance(row, Sensitivity) for row in v.shown)]


# ---------------------------------------------------------------- drug lines


def decisive(reference: Reference, drug: str) -> set[str]:
    """Every name whose presence could change this drug's line: it has a categorised row or is part of one."""
    rows = [s.finding for s in reference.sensitivity if s.drug == drug and s.category]
    rows += [r.applies_to.partition(":")[2] for r in reference.rules if r.drug == drug and r.category]
    return {name for row in rows for name in row.split("+") if name}


def _untyped(names: set[str], splicing: Sequence[SpliceEvent], fusion: Sequence[Fusion]) -> list[str]:
    """Of the decisive names, isoform events that were not assessable and fusions that could not be typed."""
    events = [s.event for s in splicing if s.event in names and s.call == "not_assessable"]
    if any(f.call == "present" for f in fusion):
        return events
    return events + [f.fusion for f in fusion if f.fusion in names and f.call == "not_assessable"]


def drug_lines(
    sample: str,
    reference: Reference,
    calls: Sequence[Call],
    coverage: Sequence[Coverage],
    haplotypes: Sequence[Haplotype],
    phase: Sequence[Phase],
    splicing: Sequence[SpliceEvent],
    fusion: Sequence[Fusion],
) -> list[DrugCall]:
    """One line for each drug of the knowledge folder, in its order."""
    findings = find(reference, calls, haplotypes, phase, splicing, fusion)
    hidden = unseen(reference, coverage)
    lines = []
    for drug in (row.drug for row in reference.drugs):
        names = decisive(reference, drug)
        codons = sorted({m.codon for m in hidden if m.name in names})
        untyped = _untyped(names, splicing, fusion)
        lines.append(_line(sample, drug, findings, _verdicts(reference, findings, drug), codons, untyped))
    return lines


def _line(
    sample: str,
    drug: str,
    findings: Findings,
    verdicts: list[Verdict],
    codons: list[int],
    untyped: list[str],
) -> DrugCall:
    # METHOD: findings that are not one proven compound combine as the worst of each; a compound that is not
    # excluded keeps a line from being better than unknown; no finding is no evidence of sensitivity.
    open_question = ["unknown"] if findings.unresolved else []
    category = _worst([v.category for v in verdicts] + open_question) or "unknown"
    if (codons or untyped) and category not in ("resistant", "reduced"):
        category = "not_assessable"
    basis = [row for v in verdicts if v.category == category for row in v.rows or v.shown]
    fusions = [v.finding for v in verdicts if v.finding in findings.fusions]
    return DrugCall(
        sample=sample,
        drug=drug,
        category=category,
        because=";".join([*findings.named, *fusions]),
        evidence=min((row.evidence for row in basis), key=EVIDENCE.index, default=""),
        source=";".join(dict.fromkeys(row.source for row in basis)),
        statement=" ".join(sentences(drug, category, findings, verdicts, codons, untyped)),
        missing_codons=";".join(map(str, codons)),
    )


# ---------------------------------------------------------------- the whole sample


def interpret(
    sample: Sample,
    reference: Reference,
    calls: Sequence[Call],
    coverage: Sequence[Coverage],
    haplotypes: Sequence[Haplotype],
    phase: Sequence[Phase],
    splicing: Sequence[SpliceEvent],
    fusion: Sequence[Fusion],
    qc: Sequence[QcMetric],
    controls: Sequence[ControlVerdict],
    settings: dict[str, str],
    peaks: Sequence[PeakWindow],
) -> Result:
    """Everything known of one sample. `controls` are the verdicts on the controls of its run."""
    findings = find(reference, calls, haplotypes, phase, splicing, fusion)
    drugs = drug_lines(sample.sample, reference, calls, coverage, haplotypes, phase, splicing, fusion)
    names = {*findings.named, *findings.mutations, *findings.fusions, *_present(splicing)}
    return Result(
        schema_version=SCHEMA_VERSION,
        software_version=__version__,
        sample=sample,
        knowledge=dict(reference.hashes),
        settings=dict(settings),
        summary=_summary(sample, reference, findings, coverage, splicing, fusion, qc, controls, drugs),
        calls=tuple(calls),
        coverage=tuple(coverage),
        haplotypes=tuple(haplotypes),
        phase=tuple(phase),
        splicing=tuple(splicing),
        fusion=tuple(fusion),
        drugs=tuple(drugs),
        qc=tuple(qc),
        controls=tuple(controls),
        evidence=tuple(row for row in reference.sensitivity if row.finding in names),
        notes=tuple(_notes(reference, splicing)),
        peaks=tuple(peaks),
    )


def _present(splicing: Sequence[SpliceEvent]) -> list[str]:
    return [s.event for s in splicing if s.call == "present"]


def _notes(reference: Reference, splicing: Sequence[SpliceEvent]) -> list[str]:
    """What each present isoform means, then the sentences that every report carries (keys `report_*`)."""
    meanings = [(s.meaning, s.event) for s in splicing if s.call == "present"]
    notes = [reference.notes[key].text.format(event=e) for key, e in meanings if key in reference.notes]
    general = [note.text for key, note in reference.notes.items() if key.startswith("report_")]
    return list(dict.fromkeys(notes + general))


def _summary(
    sample: Sample,
    reference: Reference,
    findings: Findings,
    coverage: Sequence[Coverage],
    splicing: Sequence[SpliceEvent],
    fusion: Sequence[Fusion],
    qc: Sequence[QcMetric],
    controls: Sequence[ControlVerdict],
    drugs: Sequence[DrugCall],
) -> Summary:
    listed = [m for m in reference.mutations if m.tier == "catalogue"]
    hidden = unseen(reference, coverage)
    codons = {m.codon for m in listed}
    depths = [row.depth for row in coverage if row.kind == "codon" and row.codon in codons]
    measured = {row.metric: row.value for row in reversed(qc)}
    low = {n: " (low level)" for n in findings.low_level}
    status, reason = _status(sample, qc, controls, drugs, covered=len(hidden) < len(listed) or not listed)
    return Summary(
        sample=sample.sample,
        patient=sample.patient,
        run=sample.run,
        role=sample.role,
        platform=sample.platform,
        fusion=_fusion(fusion),
        reads=int(float(measured["reads"])) if measured.get("reads") else None,
        on_target=float(measured["on_target"]) if measured.get("on_target") else None,
        min_depth=int(float(measured["min_depth"])) if measured.get("min_depth") else min(depths, default=None),
        findings=";".join(n + low.get(n, "") for n in findings.mutations),
        compound=";".join([*findings.compounds, *(f"{u} (not excluded)" for u in findings.unresolved)]),
        splicing=";".join(_present(splicing)),
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
) -> tuple[str, str]:
    """(`reportable` | `review` | `failed`, why). A control stands or falls with its own verdict and its own checks."""
    own = next((c for c in controls if c.control == sample.sample), None)
    if own is not None:
        doubts = [row.reason for row in qc if row.metric in METRICS and row.status == "review"]
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
    gaps = [line.drug for line in drugs if line.missing_codons and line.category == "not_assessable"]
    if gaps:
        review.append(f"codons that could not be assessed could change the line of {', '.join(gaps)}")
    return ("review" if review else "reportable"), "; ".join(dict.fromkeys(review))
