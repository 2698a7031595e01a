"""What the tables say of molecules with a given set of findings and one drug, and which category follows from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache

from ablkd.consistency import EVIDENCE
from ablkd.hgvs import is_missense
from ablkd.records import ANY_DISEASE, Rule, Sensitivity
from ablkd.reference import Reference

# The gravest last. A change that was found in patients with resistance is worse than one of which nothing is known.
SEVERITY = ("sensitive", "unknown", "reported", "reduced", "resistant")
UNKNOWN = "unknown"
# Kinds of evidence as people read them.
KINDS = {
    "guideline": "guideline",
    "label": "label",
    "clinical": "clinical",
    "reported": "reported in resistant patients",
    "in_vitro": "in vitro",
}


@dataclass(frozen=True)
class Told:
    """A row of the tables and the findings it is told of here, joined by `+`."""

    about: str
    row: Sensitivity | Rule


@dataclass(frozen=True)
class Decision:
    """The category in one disease, and the rows that word it, strongest kind of evidence first."""

    category: str
    deciding: tuple[Told, ...]


def words_of(category: str) -> str:
    """A category as people read it: `reported in resistant patients`."""
    return category.replace("reported", KINDS["reported"])


def severity(category: str) -> int:
    """Rank of a category, higher is worse."""
    return SEVERITY.index(category)


def strength(told: Told) -> int:
    """Rank of a kind of evidence, lower is stronger."""
    return EVIDENCE.index(told.row.evidence)


def holds(row: Sensitivity | Rule, disease: str) -> bool:
    """Whether a statement holds in a disease (a row of diseases.tsv)."""
    return row.disease == ANY_DISEASE or disease in row.disease.split(";")


class Evidence:
    """The rows on one drug, found by what they are about."""

    def __init__(self, reference: Reference, drug: str) -> None:
        self.drug = drug
        self.events = frozenset(v.event for v in reference.splicing)
        self.listed = frozenset(m.name for m in reference.mutations if m.tier == "catalogue")
        self.regions = {m.name: m.region for m in reference.mutations if m.region}
        self.rules = tuple(rule for rule in reference.rules if rule.drug == drug)
        self.exact: defaultdict[frozenset[str], list[Sensitivity]] = defaultdict(list)
        for row in reference.sensitivity:
            if row.drug == drug:
                self.exact[frozenset(row.finding.split("+"))].append(row)
        self._larger = [members for members in self.exact if len(members) > 1]

    def own(self, members: Collection[str], others: Collection[str] = ()) -> list[Told]:
        """Rows on exactly these findings, and on the classes they are in; `others` are elsewhere in the sample."""
        name = "+".join(members)
        found = [Told(name, row) for row in self.exact.get(frozenset(members), [])]
        return found + [Told(name, rule) for rule in self.rules if self._applies(rule, members, others)]

    def parts(self, members: Collection[str]) -> dict[str, list[Told]]:
        """Rows on some of the findings of a molecule, by these.

        METHOD: what is known of mutations is of a whole kinase. Of a molecule that lacks part of it only its own rows
        tell anything.
        """
        if len(members) < 2 or self.events & set(members):
            return {}
        subsets = [frozenset([m]) for m in members if frozenset([m]) in self.exact]
        subsets += [larger for larger in self._larger if larger < set(members)]
        named = {"+".join(m for m in members if m in subset): subset for subset in subsets}
        return {name: [Told(name, row) for row in self.exact[subset]] for name, subset in named.items()}

    def _applies(self, rule: Rule, members: Collection[str], others: Collection[str]) -> bool:
        kind, _, name = rule.applies_to.partition(":")
        # METHOD: classes are of single amino-acid changes; of insertions, deletions and lost exons they tell nothing.
        if not members or not all(is_missense(m) for m in members):
            return False
        several = len(members) > 1
        if kind == "any_compound":
            return several
        if kind in ("compound_with", "compound_without"):
            return several and (name in members) == (kind == "compound_with")
        if kind == "further":
            return name in members and (several or any(is_missense(other) for other in others if other != name))
        only = next(iter(members))
        if several or only not in self.listed:
            return False
        return only != name if kind == "except" else self.regions.get(only) == name

    def decide(self, members: Collection[str], disease: str, others: Collection[str] = ()) -> Decision:
        """The category of molecules with exactly these findings in a disease.

        METHOD: the strongest kind of evidence that words a category decides, of one kind the worst. What is known of
        some of the findings can make a molecule with all of them worse, and never better.
        """
        found = [_strongest(self.own(members, others), disease)]
        found += [
            part
            for told in self.parts(members).values()
            if severity((part := _strongest(told, disease)).category) > severity(UNKNOWN)
        ]
        worst = max((d.category for d in found), key=severity)
        deciding = [told for d in found if d.category == worst for told in d.deciding]
        return Decision(worst, tuple(sorted(deciding, key=strength)))

    def decisive(self) -> set[str]:
        """Every name that a row with a category speaks of, alone or with others."""
        names = {name for members, rows in self.exact.items() if any(r.category for r in rows) for name in members}
        return names | {rule.applies_to.partition(":")[2] for rule in self.rules if rule.category} - {""}


@lru_cache(maxsize=16)
def evidence_of(reference: Reference, drug: str) -> Evidence:
    """The rows on one drug; they are indexed once."""
    return Evidence(reference, drug)


def _strongest(told: Iterable[Told], disease: str) -> Decision:
    """The worst category of the strongest kind that words one, with all rows that word it."""
    worded = [t for t in told if t.row.category and holds(t.row, disease)]
    if not worded:
        return Decision(UNKNOWN, ())
    first = min(map(strength, worded))
    worst = max((t.row.category for t in worded if strength(t) == first), key=severity)
    return Decision(worst, tuple(t for t in worded if t.row.category == worst))
