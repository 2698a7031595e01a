"""Clones by drugs, and from these one line a drug: safe side first.

A cell is never better than what a source says of exactly these molecules, and what could not be seen never reads as
absent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ablkd.interpretation.cells import NOT_SHOWN, Cell, Question, cell_of, if_somatic, worst_of
from ablkd.interpretation.clones import NONE, clones_of
from ablkd.interpretation.evidence import EVIDENCE, SEVERITY, UNKNOWN, Told, evidence_of, holds, severity, strength
from ablkd.interpretation.findings import Findings, find, held_back, unseen
from ablkd.interpretation.scope import possible, worded
from ablkd.interpretation.statements import (
    category_told,
    fold_range,
    named,
    not_assessed,
    screens,
    sentences,
    statement,
    untyped_told,
)
from ablkd.records import Clone, CloneDrug, DrugCall, Fusion, Mutation, SampleTables, Sensitivity, SpliceEvent
from ablkd.reference import Reference
from ablkd.wording import bounded, joined, per_cent

NOT_ASSESSABLE = "not_assessable"
MOST_OPEN = 3  # sets that are not excluded, in a line; the rows have them all
IF_JOINED = ", if on one molecule"


def clones_by_drugs(
    sample: str, reference: Reference, tables: SampleTables, disease: str
) -> tuple[list[Clone], list[CloneDrug], list[DrugCall]]:
    """The clones of a sample, their cells for each drug of the knowledge folder, and a line for each drug."""
    findings = find(reference, tables)
    question = _question(reference, tables, findings, disease)
    clones = [clone for clone in clones_of(sample, findings, tables) if _matters(reference, clone)]
    drugs = [row.drug for row in reference.drugs]
    table = {clone: [cell_of(reference, clone, drug, question) for drug in drugs] for clone in clones}
    clones = sorted(clones, key=lambda clone: _rank(clone, table[clone]))
    cells = [cell for clone in clones for cell in table[clone]]
    lines = [_line(sample, reference, [c for c in cells if c.drug == drug], tables, question) for drug in drugs]
    by_drug = {line.drug: line for line in lines}
    rows = [_row(sample, reference, cell, question) for cell in cells]
    found = {cell.drug for cell in cells if cell.decides}
    return clones, [row if row.drug in found else _without_finding(row, by_drug[row.drug]) for row in rows], lines


def _without_finding(row: CloneDrug, line: DrugCall) -> CloneDrug:
    """Molecules without a finding where no other clone counts: they are as open as the line."""
    if row.clone != NONE:
        return row
    return replace(row, category=line.category, provisional=line.provisional, missing_codons=line.missing_codons)


def _question(reference: Reference, tables: SampleTables, findings: Findings, disease: str) -> Question:
    # METHOD: what was seen and is held back may be there; only of listed changes is it known which drugs they concern.
    doubtful = sorted({codon for codon, _ in held_back(tables).values() if codon is not None})
    # METHOD: of a change that was not seen a category must be known with some drug, or it is no resistance mutation.
    known = {name for drug in reference.drugs for name in evidence_of(reference, drug.drug).decisive()}
    hidden = tuple((m.codon, m.name) for m in unseen(reference, tables.coverage) if m.name in known)
    return Question(disease, findings.mutations, findings.germline, hidden, tuple(doubtful))


def _matters(reference: Reference, clone: Clone) -> bool:
    """Whether a clone has a row: a fusion has one where a source ties it to a drug."""
    return clone.kind != "transcript" or any(row.finding == clone.clone for row in reference.sensitivity)


def _rank(clone: Clone, cells: Sequence[Cell]) -> tuple[bool, bool, list[int], float]:
    """Molecules without a finding last, then by how many drugs fail, then by fraction.

    METHOD: clones are counted by the drugs they resist, then by those they reduce and so on; of equals the larger one
    comes first.
    """
    failed = [-sum(cell.worst == category for cell in cells) for category in reversed(SEVERITY[2:])]
    share = clone.fraction if clone.fraction is not None else clone.fraction_high or 0.0
    return clone.kind == "none", not cells or not cells[0].decides, failed, -share


# ---------------------------------------------------------------- cells


def _row(sample: str, reference: Reference, cell: Cell, question: Question) -> CloneDrug:
    """A cell as a row of clone_drugs.tsv."""
    doubtful = question.doubtful if cell.decides and cell.worst != SEVERITY[-1] else ()
    worse = dict(cell.worse) if cell.decides or cell.clone.kind == "none" else {}
    alone = [t.row for t in cell.told if t.about == cell.clone.clone and isinstance(t.row, Sensitivity)]
    classes = [found for name in cell.members for found, _, _ in screens(reference, name, cell.drug)]
    return CloneDrug(
        sample=sample,
        clone=cell.clone.clone,
        drug=cell.drug,
        category=cell.category,
        evidence=";".join(cell.evidence),
        because=";".join(cell.because),
        source=";".join(dict.fromkeys(t.row.source for t in cell.deciding)),
        screen=";".join(dict.fromkeys(classes)) if len(cell.members) == 1 else "",
        folds=fold_range(alone),
        provisional="; ".join([*cell.open, *not_assessed(worse, doubtful)]),
        missing_codons=";".join(map(str, sorted({*worse, *doubtful}))),
        statement=" ".join(sentences(reference, cell, question)),
    )


# ---------------------------------------------------------------- drug lines


def _line(
    sample: str, reference: Reference, cells: Sequence[Cell], tables: SampleTables, question: Question
) -> DrugCall:
    """A drug's line: the category of its most resistant clone, and every clone it hits or spares.

    METHOD: the most resistant clone is asked for in each disease that the patient may have; the one that is named is
    worst in most of them.
    """
    drug = cells[0].drug
    counted = [cell for cell in cells if cell.decides]
    categories = {
        disease: max((dict(cell.by_disease)[disease] for cell in counted), key=severity, default=UNKNOWN)
        for disease in possible(reference, question.disease)
    }
    worst = max(categories.values(), key=severity)
    top = sorted((cell for cell in counted if cell.worst == worst), key=_most_resistant)
    worse = _worse_of_line(reference, drug, cells, worst, question)
    untyped = _untyped(reference, drug, worst, tables.splicing, tables.fusion, question)
    doubtful = question.doubtful if worst != SEVERITY[-1] else ()
    deciding = _deciding(counted, top, categories)
    nothing_seen = not counted and len(unseen(reference, tables.coverage)) == len(_listed(reference))
    category = NOT_ASSESSABLE if nothing_seen else worded(reference, categories)
    said = [text for cell in counted for text in sentences(reference, cell, question)]
    lead = _lead(reference, drug, top, category, question)
    opened = [NOT_SHOWN] if top and top[0].clone.kind == "not_excluded" else []
    opened += [
        text for members in _molecules(counted) for text in if_somatic(reference, drug, members, worst, question)
    ]
    opened += [*not_assessed(worse, doubtful), *untyped_told(untyped)]
    return DrugCall(
        sample=sample,
        drug=drug,
        category=category,
        evidence=";".join(top[0].evidence) if top else "",
        clone=top[0].clone.clone if top else "",
        fraction=top[0].clone.fraction if top else None,
        fraction_low=top[0].clone.fraction_low if top else None,
        fraction_high=top[0].clone.fraction_high if top else None,
        level="low_level" if top and top[0].clone.level == "low_level" else "",
        provisional="" if nothing_seen else "; ".join(dict.fromkeys(opened)),
        because=";".join(dict.fromkeys(t.about for t in deciding)),
        source=";".join(dict.fromkeys(t.row.source for t in deciding)),
        missing_codons=";".join(map(str, sorted({*worse, *doubtful}))),
        line=_hits(cells),
        lead=lead,
        favours=" ".join(_favours(reference, counted, question)),
        statement=" ".join(dict.fromkeys([lead, *said])),
    )


def _deciding(counted: Sequence[Cell], top: Sequence[Cell], categories: Mapping[str, str]) -> list[Told]:
    """What words the line's category in each disease, of every clone that has it there; strongest evidence first."""
    ordered = [*top, *(cell for cell in counted if cell not in top)]
    told = {
        told: None
        for disease, category in categories.items()
        for cell in ordered
        for told in cell.deciding
        if dict(cell.by_disease)[disease] == category == told.row.category and holds(told.row, disease)
    }
    return sorted(told, key=strength)


def _molecules(counted: Sequence[Cell]) -> list[tuple[str, ...]]:
    """What is on the molecules that count, or, where none does, on any."""
    return [cell.members for cell in counted] or [()]


def _most_resistant(cell: Cell) -> tuple[bool, int, bool, int, float]:
    """What is shown before what is only not excluded, then by how bad it is over the diseases, reported findings, the
    strongest evidence, the largest.
    """
    over_all = -sum(severity(category) for _, category in cell.by_disease)
    low = cell.clone.level == "low_level"
    return cell.clone.kind == "not_excluded", over_all, low, _strongest(cell), -(cell.clone.fraction or 0.0)


def _strongest(cell: Cell) -> int:
    return min((EVIDENCE.index(kind) for kind in cell.evidence), default=len(EVIDENCE))


def _listed(reference: Reference) -> list[Mutation]:
    return [m for m in reference.mutations if m.tier == "catalogue"]


def _lead(reference: Reference, drug: str, top: Sequence[Cell], category: str, question: Question) -> str:
    """The sentence that decides a line."""
    if category == NOT_ASSESSABLE:
        return "No listed position could be assessed."
    for cell in top:
        for told in (t for t in cell.deciding if t.row.statement):
            return statement(reference, cell, told)
    if top:
        return f"No source seen gives a category for {named(top[0].clone.clone)} with {drug}."
    if question.germline:
        names = joined(list(question.germline))
        return f"Only {names} was found, in practically every molecule: possibly germline. What it means is not known."
    return f"No resistance mutation was found where it could be looked for; this is not evidence that {drug} works."


def _favours(reference: Reference, cells: Sequence[Cell], question: Question) -> list[str]:
    """What speaks for the drug in the patient's disease, of exactly these molecules, the strongest evidence first."""
    diseases = possible(reference, question.disease)
    found = [
        (EVIDENCE.index(t.row.evidence), statement(reference, cell, t))
        for cell in cells
        for t in cell.told
        if t.about == cell.clone.clone and t.row.statement and (t.row.favours or t.row.category == SEVERITY[0])
        if any(holds(t.row, disease) for disease in diseases)
    ]
    return list(dict.fromkeys(text for _, text in sorted(found, key=lambda pair: pair[0])))


def _worse_of_line(
    reference: Reference, drug: str, cells: Sequence[Cell], worst: str, question: Question
) -> dict[int, str]:
    """Codons that were not assessed -> the category of the line with a listed change there, where it is worse."""
    found: dict[int, str] = {}
    alone = [(codon, worst_of(reference, drug, [name], question)) for codon, name in question.unseen]
    for codon, category in [*alone, *(pair for cell in cells for pair in cell.worse)]:
        if severity(category) > severity(worst):
            found[codon] = max(category, found.get(codon, category), key=severity)
    return dict(sorted(found.items()))


def _untyped(
    reference: Reference,
    drug: str,
    worst: str,
    splicing: Sequence[SpliceEvent],
    fusion: Sequence[Fusion],
    question: Question,
) -> list[str]:
    """Isoform events that were not assessable and fusions that could not be typed, which could worsen the line."""
    names = evidence_of(reference, drug).decisive()
    hidden = [s.event for s in splicing if s.event in names and s.call == NOT_ASSESSABLE]
    if not any(f.call == "present" for f in fusion):
        hidden += [f.fusion for f in fusion if f.fusion in names and f.call == NOT_ASSESSABLE]
    return [n for n in hidden if severity(worst_of(reference, drug, [n], question)) > severity(worst)]


def _hits(cells: Sequence[Cell]) -> str:
    """Which clones the drug hits and which not, strongest evidence first: `sensitive: T315I 71 %; resistant in vitro:
    G250E + T315I 20 %`.
    """
    groups: dict[str, list[str]] = {}
    counted = (cell for cell in cells if cell.decides)
    for cell in sorted(counted, key=lambda c: (_strongest(c), c.clone.kind == "not_excluded", -severity(c.worst))):
        condition = IF_JOINED if cell.clone.kind == "not_excluded" else ""
        groups.setdefault(category_told(cell) + condition, []).append(_with_share(cell.clone))
    said = [f"{category}: {_named(clones, category.endswith(IF_JOINED))}" for category, clones in groups.items()]
    none = next((c.clone for c in cells if c.clone.kind == "none" and c.clone.fraction is not None), None)
    if none is not None and said:
        said.append(f"none of these findings: {per_cent(none.fraction)}")
    return "; ".join(said)


def _named(clones: Sequence[str], open_sets: bool) -> str:
    """Clones in a line, of the sets that are not excluded the first ones only where there are many."""
    if not open_sets or len(clones) <= MOST_OPEN + 1:
        return ", ".join(clones)
    return f"{', '.join(clones[:MOST_OPEN])} and {len(clones) - MOST_OPEN} more sets"


def _with_share(clone: Clone) -> str:
    """A clone with its fraction, or what bounds it."""
    share = bounded(clone.fraction, clone.fraction_low, clone.fraction_high)
    low_level = " (low level)" if clone.level == "low_level" else ""
    return f"{named(clone.clone)} {share}".rstrip() + low_level
