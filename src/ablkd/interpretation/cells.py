"""What the evidence says of each clone and each drug: the cells from which page, tables and drug lines are made."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ablkd.consistency import EVIDENCE
from ablkd.interpretation.clones import NONE
from ablkd.interpretation.evidence import (
    SEVERITY,
    UNKNOWN,
    Decision,
    Evidence,
    Told,
    evidence_of,
    severity,
    strength,
    words_of,
)
from ablkd.interpretation.scope import possible, worded
from ablkd.records import Clone
from ablkd.reference import Reference

# Clones that are no finding of the leukaemia by themselves, and decide on no drug.
SILENT = ("germline", "none")
NOT_SHOWN = "not excluded, and not shown, to be on one molecule"


@dataclass(frozen=True)
class Question:
    """Of what the evidence is asked: the patient's disease (empty: unknown), all findings, and what was not seen.

    `unseen` are listed mutations that were not assessed, by codon; `doubtful` codons where a change is held back.
    """

    disease: str
    findings: tuple[str, ...]
    germline: tuple[str, ...] = ()
    unseen: tuple[tuple[int, str], ...] = ()
    doubtful: tuple[int, ...] = ()


@dataclass(frozen=True)
class Cell:
    """One clone and one drug.

    `by_disease` are the categories in the diseases the patient may have, `worst` the gravest, `told` all that is known,
    `deciding` what words the category, `evidence` their kinds, strongest first. `open` are sentences on what is not
    known, `worse` the codons that were not assessed with what a listed change there would make of it.
    """

    clone: Clone
    drug: str
    members: tuple[str, ...]
    category: str
    by_disease: tuple[tuple[str, str], ...]
    worst: str
    evidence: tuple[str, ...]
    deciding: tuple[Told, ...]
    told: tuple[Told, ...]
    open: tuple[str, ...]
    worse: tuple[tuple[int, str], ...]

    @property
    def because(self) -> tuple[str, ...]:
        """The findings that decide, in the order of their evidence."""
        return tuple(dict.fromkeys(t.about for t in self.deciding))

    @property
    def decides(self) -> bool:
        """Whether it counts for the drug's line: a fusion only where a source ties it to this drug."""
        return self.clone.kind not in SILENT and (self.clone.kind != "transcript" or bool(self.told))


def members_of(clone: Clone) -> tuple[str, ...]:
    """The findings of a clone."""
    return () if clone.clone == NONE else tuple(clone.clone.split("+"))


def cell_of(reference: Reference, clone: Clone, drug: str, question: Question) -> Cell:
    """What the evidence says of one clone and one drug."""
    evidence, members = evidence_of(reference, drug), members_of(clone)
    decisions = _decisions(reference, evidence, members, question)
    categories = {disease: decision.category for disease, decision in decisions.items()}
    told = [*evidence.own(members, question.findings)]
    told += [t for part in evidence.parts(members).values() for t in part]
    worst = max(categories.values(), key=severity)
    evidence_kinds = _kinds(decisions.values())
    # What decides in any disease the patient may have; a category without one is told by its scope.
    deciding = dict.fromkeys(t for d in decisions.values() if d.category != UNKNOWN for t in d.deciding)
    return Cell(
        clone=clone,
        drug=drug,
        members=members,
        category=worded(reference, categories),
        by_disease=tuple(categories.items()),
        worst=worst,
        evidence=evidence_kinds,
        deciding=tuple(sorted(deciding, key=lambda t: (t.row.evidence not in evidence_kinds, strength(t)))),
        told=tuple(told),
        open=_open(reference, drug, clone, members, worst, question),
        worse=_worse(reference, drug, clone, members, worst, question),
    )


def _kinds(decisions: Collection[Decision]) -> tuple[str, ...]:
    """Kinds of evidence that word a cell's category, strongest first.

    METHOD: where the category is the same in every disease the patient may have, the kinds that word it in all of them:
    a study in one phase makes nothing clinical in the others.
    """
    each = [dict.fromkeys(t.row.evidence for t in d.deciding) for d in decisions if d.category != UNKNOWN]
    found = {kind for kinds in each for kind in kinds}
    in_all = {kind for kind in found if all(kind in kinds for kinds in each)}
    alike = len({d.category for d in decisions}) == 1
    return tuple(kind for kind in EVIDENCE if kind in (in_all if alike and in_all else found))


def _decisions(
    reference: Reference, evidence: Evidence, members: Sequence[str], question: Question
) -> dict[str, Decision]:
    return {d: evidence.decide(members, d, question.findings) for d in possible(reference, question.disease)}


def worst_of(reference: Reference, drug: str, members: Sequence[str], question: Question) -> str:
    """The gravest category of molecules with these findings over the diseases the patient may have."""
    decisions = _decisions(reference, evidence_of(reference, drug), members, question)
    return max((d.category for d in decisions.values()), key=severity)


def _open(
    reference: Reference, drug: str, clone: Clone, members: Sequence[str], worst: str, question: Question
) -> tuple[str, ...]:
    """What is not known of a clone and could make its cell worse."""
    said = [NOT_SHOWN] if clone.kind == "not_excluded" else []
    if clone.kind not in SILENT:
        said += if_somatic(reference, drug, members, worst, question)
    return tuple(said)


def if_somatic(reference: Reference, drug: str, members: Sequence[str], worst: str, question: Question) -> list[str]:
    """What the changes that are possibly germline would make of molecules, where it is worse than `worst`."""
    found = {name: worst_of(reference, drug, [*members, name], question) for name in question.germline}
    return [
        f"{name} possibly germline; if it is somatic, this is {words_of(category)}"
        for name, category in found.items()
        if severity(category) > severity(worst)
    ]


def _worse(
    reference: Reference, drug: str, clone: Clone, members: Sequence[str], worst: str, question: Question
) -> tuple[tuple[int, str], ...]:
    """Codons that were not assessed -> the category with a listed change there, where it is worse.

    METHOD: a change that was not seen may be on the same molecules; what it would make of them is asked of the same
    rows.
    """
    if clone.kind in ("transcript", "germline") or worst == SEVERITY[-1]:
        return ()
    found: dict[int, str] = {}
    for codon, name in question.unseen:
        category = worst_of(reference, drug, [*members, name], question)
        if severity(category) > severity(worst):
            found[codon] = max(category, found.get(codon, category), key=severity)
    return tuple(sorted(found.items()))
