"""What the evidence says of each drug for what was found: one line a drug, safe side first.

A line is never better than what a source says of exactly this finding, and what could not be seen never reads as
absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ablkd.interpretation.findings import Findings, find, held_back, unseen
from ablkd.interpretation.statements import EVIDENCE, Verdict, ordered, sentences
from ablkd.records import DrugCall, Fusion, Rule, SampleTables, Sensitivity, SpliceEvent
from ablkd.reference import Reference

SEVERITY = ("sensitive", "unknown", "reduced", "resistant")


# ---------------------------------------------------------------- lookup


def look_up(reference: Reference, findings: Findings, finding: str, drug: str) -> Verdict:
    """Exact row, else class row, else `unknown`; of several categories the worst."""
    members = set(finding.split("+"))
    exact = [s for s in reference.sensitivity if s.drug == drug and set(s.finding.split("+")) == members]
    scopes = {f"ic50_above:{limit}" for limit in _limits(reference) if any(_above(s, float(limit)) for s in exact)}
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


def _limits(reference: Reference) -> set[str]:
    """The IC50, in nM, from which a class row speaks."""
    return {r.applies_to.partition(":")[2] for r in reference.rules if r.applies_to.startswith("ic50_above:")}


def _above(row: Sensitivity, limit: float) -> bool:
    """Whether a measured IC50 is above a limit in nM; one given as `>x` is above x."""
    value = row.ic50_nm.removeprefix(">")
    return bool(value) and float(value) >= limit and (value != row.ic50_nm or float(value) > limit)


def _worst(categories: Sequence[str]) -> str:
    """The gravest category; an unheard-of word counts as `unknown`, no category at all as empty."""
    known = [c if c in SEVERITY else "unknown" for c in categories]
    return max(known, key=SEVERITY.index, default="")


def verdicts_on(reference: Reference, findings: Findings, drug: str) -> list[Verdict]:
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


def _partners(reference: Reference, drug: str, findings: Findings, category: str) -> set[str]:
    """Names that decide as well because of what was found.

    METHOD: beside a mutation whose compounds have a class row, any change known to resist any drug could be the other
    half; and one that is not known for this drug would make a `sensitive` line unknown. There all of them count.
    """
    scopes = {"any_compound", *(f"compound_with:{n}" for n in findings.mutations)} if findings.mutations else set()
    classes = {r.applies_to for r in reference.rules if r.drug == drug and r.category}
    if category != "sensitive" and not scopes & classes:
        return set()
    return {name for s in reference.sensitivity if s.category for name in s.finding.split("+")}


def _untyped(names: set[str], splicing: Sequence[SpliceEvent], fusion: Sequence[Fusion]) -> list[str]:
    """Of the decisive names, isoform events that were not assessable and fusions that could not be typed."""
    events = [s.event for s in splicing if s.event in names and s.call == "not_assessable"]
    if any(f.call == "present" for f in fusion):
        return events
    return events + [f.fusion for f in fusion if f.fusion in names and f.call == "not_assessable"]


def drug_lines(sample: str, reference: Reference, tables: SampleTables) -> list[DrugCall]:
    """One line for each drug of the knowledge folder, in its order."""
    findings = find(reference, tables)
    hidden = unseen(reference, tables.coverage)
    # METHOD: what was seen and is held back may be there; only of listed changes is it known which drugs they concern.
    doubtful = {codon for codon, _ in held_back(tables).values() if codon is not None}
    lines = []
    for drug in (row.drug for row in reference.drugs):
        verdicts = verdicts_on(reference, findings, drug)
        category = category_of(findings, verdicts)
        names = decisive(reference, drug)
        untyped = _untyped(names, tables.splicing, tables.fusion)
        names |= _partners(reference, drug, findings, category)
        codons = sorted({m.codon for m in hidden if m.name in names} | doubtful)
        lines.append(_line(sample, drug, findings, verdicts, category, codons, untyped))
    return lines


def category_of(findings: Findings, verdicts: Sequence[Verdict]) -> str:
    """The category of a drug's line if everything could have been seen.

    METHOD: findings that are not one proven compound combine as the worst of each; a compound that is not excluded
    keeps a line from being better than unknown; no finding is no evidence of sensitivity.
    """
    open_question = ["unknown"] if findings.unresolved else []
    return _worst([v.category for v in verdicts] + open_question) or "unknown"


def _line(
    sample: str,
    drug: str,
    findings: Findings,
    verdicts: list[Verdict],
    category: str,
    codons: list[int],
    untyped: list[str],
) -> DrugCall:
    if (codons or untyped) and category not in ("resistant", "reduced"):
        category = "not_assessable"
    basis = ordered([row for v in verdicts if v.category == category for row in v.rows or v.shown])
    said = sentences(drug, category, findings, sorted(verdicts, key=partial(_first_said, findings)), codons, untyped)
    fusions = [v.finding for v in verdicts if v.finding in findings.fusions]
    return DrugCall(
        sample=sample,
        drug=drug,
        category=category,
        because=";".join([*findings.named, *fusions]),
        evidence=basis[0].evidence if basis else "",
        source=";".join(dict.fromkeys(row.source for row in basis)),
        statement=" ".join(said),
        missing_codons=";".join(map(str, codons)),
        lead=said[0],
    )


def _first_said(findings: Findings, verdict: Verdict) -> tuple[int, int, bool]:
    """The gravest first; of equals the one with the strongest evidence, so that a line begins with its `evidence`; then
    what is reported before what is low level.
    """
    evidence = [EVIDENCE.index(row.evidence) for row in verdict.rows]
    low = set(verdict.finding.split("+")) <= findings.low_level
    return -SEVERITY.index(verdict.category), min(evidence, default=len(EVIDENCE)), low
