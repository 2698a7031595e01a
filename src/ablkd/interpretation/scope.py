"""In which diseases a category holds, and how that is told."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ablkd.interpretation.evidence import SEVERITY, UNKNOWN
from ablkd.records import ANY_DISEASE
from ablkd.reference import Reference


def possible(reference: Reference, disease: str) -> tuple[str, ...]:
    """The diseases that a patient may have: the one in the sheet, or all of diseases.tsv where it is not known."""
    return (disease,) if disease else tuple(row.disease for row in reference.diseases)


def label(reference: Reference, diseases: Collection[str]) -> str:
    """`CML-CP`, `CML-CP and CML-AP`; a family by its name where all of it is meant."""
    told: dict[str, None] = {}
    for row in reference.diseases:
        if row.disease in diseases:
            family = {other.disease for other in reference.diseases if other.family == row.family}
            told[row.family if family <= set(diseases) else row.label] = None
    names = list(told)
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def scope_of(reference: Reference, scope: str) -> str:
    """The label of a statement's scope; empty where it holds in every disease."""
    return "" if scope == ANY_DISEASE else label(reference, scope.split(";"))


def worded(reference: Reference, categories: Mapping[str, str]) -> str:
    """The category of a cell, from that in each disease the patient may have.

    METHOD: one that does not hold in all of them never stands without its scope: `sensitive, CML-CP only`. The gravest
    comes first; where nothing is known is not said.
    """
    if len(set(categories.values())) == 1:
        return next(iter(categories.values()))
    parts = []
    for category in reversed(SEVERITY):
        inside = [disease for disease, found in categories.items() if found == category]
        if inside and category != UNKNOWN:
            parts.append(f"{category}, {label(reference, inside)} only")
    return "; ".join(parts)
