"""The sentences on a clone and a drug: what decides, what else is known, what does not hold here, and what is open."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from ablkd.interpretation.cells import Cell, Question
from ablkd.interpretation.evidence import (
    SEVERITY,
    UNKNOWN,
    Told,
    evidence_of,
    holds,
    severity,
    strength,
    words_of,
)
from ablkd.interpretation.scope import label, possible, scope_of
from ablkd.records import Screened, Sensitivity
from ablkd.reference import Reference
from ablkd.wording import joined, plain, ranges

MOST_CODONS = 12  # in a sentence; the rows have them all
MOST_NEIGHBOURS = 6
CODON = re.compile(r"[A-Z](\d+)[A-Z]")


def named(finding: str) -> str:
    """A set of findings as people write it."""
    return " + ".join(plain(name) for name in finding.split("+"))


def category_told(cell: Cell) -> str:
    """The category with what it rests on: `resistant in vitro`, `reported in resistant patients`, `sensitive`."""
    told = words_of(cell.category)
    return told.replace("resistant", "resistant in vitro", 1) if cell.evidence[:1] == ("in_vitro",) else told


def sentences(reference: Reference, cell: Cell, question: Question) -> list[str]:
    """All that is known of one clone and one drug; what decides comes first, no sentence twice."""
    if not cell.members:
        return []
    diseases = possible(reference, question.disease)
    rest = sorted((t for t in cell.told if t not in cell.deciding), key=strength)
    here = [t for t in rest if any(holds(t.row, d) for d in diseases)]
    elsewhere = [t for t in rest if t not in here]
    said = [statement(reference, cell, t) for t in cell.deciding if t.row.statement]
    if cell.worst == UNKNOWN and not cell.deciding:
        said.append(f"No source seen gives a category for {named(cell.clone.clone)} with {cell.drug}.")
    said += [statement(reference, cell, t) for t in here if t.row.statement]
    for told in (t for t in elsewhere if t.row.statement):
        said.append(f"Not for {label(reference, diseases)}: {statement(reference, cell, told)}")
    said += _folds_told(cell) + _screens_told(reference, cell) + _neighbours(reference, cell, question)
    if evidence_of(reference, cell.drug).events & set(cell.members):
        said.append("What is known of mutations is about the whole kinase, not about molecules that lack part of it.")
    return list(dict.fromkeys(said))


def statement(reference: Reference, cell: Cell, told: Told) -> str:
    """A row's statement with its source and scope; of a part of the findings it says so."""
    scope = scope_of(reference, told.row.disease)
    cited = f"{told.row.statement} [{told.row.source}{f'; {scope}' if scope else ''}]"
    alone = told.about != cell.clone.clone
    return f"{named(told.about)} by {'themselves' if '+' in told.about else 'itself'}: {cited}" if alone else cited


# ---------------------------------------------------------------- in vitro


def fold_range(rows: Iterable[Sensitivity]) -> str:
    """`2 to 22 times`; `or more` where a value was above the highest dose. Empty where no fold is known.

    METHOD: a range over studies and no category: one scale of folds does not fit all drugs.
    """
    told = [(row.fold, row.ic50_nm.startswith(">")) for row in rows if row.fold is not None]
    if not told:
        return ""
    low, high = (_three_digits(end(fold for fold, _ in told)) for end in (min, max))
    # A value above the highest dose bounds its fold from below, so that the range has no known upper end.
    open_above = any(above for _, above in told)
    return (low if low == high else f"{low} to {high}") + (" times or more" if open_above else " times")


def _folds_told(cell: Cell) -> list[str]:
    said = []
    for about in dict.fromkeys(t.about for t in cell.told):
        rows = [t.row for t in cell.told if t.about == about and isinstance(t.row, Sensitivity)]
        measured = [row for row in rows if row.fold is not None]
        if measured:
            keys = ", ".join(sorted({row.source for row in measured}))
            said.append(
                f"In vitro, the IC50 of {named(about)} is {fold_range(measured)} that of the unmutated kinase [{keys}]."
            )
        bare = [row for row in rows if row.ic50_nm and row.fold is None]
        if bare:
            listed = ", ".join(f"{row.ic50_nm} nM ({row.assay}) [{row.source}]" for row in bare)
            said.append(f"In vitro, the IC50 of {named(about)} is {listed}; no value of the unmutated kinase was seen.")
    return said


def _three_digits(value: float) -> str:
    return f"{float(f'{value:.3g}'):g}"


# ---------------------------------------------------------------- screens


def screens(reference: Reference, finding: str, drug: str) -> list[tuple[str, str, Screened]]:
    """(class, value, row) of every screen that tested a single change with a drug."""
    found = []
    for row in (row for row in reference.screened if row.change == finding):
        for result in row.results.split(";"):
            tested, category, value = result.split(":")
            if tested == drug:
                found.append((category, value, row))
    return found


def _screens_told(reference: Reference, cell: Cell) -> list[str]:
    return [
        f"Screen of many changes in cells: {named(name)} {category} ({row.measure} {value}) [{row.source}]; "
        "a screen gives no category."
        for name in cell.members
        for category, value, row in screens(reference, name, cell.drug)
    ]


def _neighbours(reference: Reference, cell: Cell, question: Question) -> list[str]:
    """Of one change of which no category is known: what is known of other changes of its codon."""
    place = CODON.fullmatch(cell.members[0]) if len(cell.members) == 1 else None
    if place is None or cell.worst != UNKNOWN or cell.deciding:
        return []
    evidence, told = evidence_of(reference, cell.drug), []
    names = dict.fromkeys(m.name for m in reference.mutations if m.codon == int(place[1]) and m.name != cell.members[0])
    for name in names:
        found = [evidence.decide((name,), d).category for d in possible(reference, question.disease)]
        worst = max(found, key=severity)
        if worst != UNKNOWN:
            told.append(f"{name} {words_of(worst)}")
    if not told:
        return []
    return [f"Other changes of this codon: {', '.join(told[:MOST_NEIGHBOURS])}; they are other proteins."]


# ---------------------------------------------------------------- what is open


def codons_told(codons: Sequence[int]) -> str:
    """`codon 315`, `codons 299, 315–317`; many by their number and ends."""
    if len(codons) > MOST_CODONS:
        return f"{len(codons)} codons between {min(codons)} and {max(codons)}"
    return f"codon{'s' if len(codons) > 1 else ''} {ranges(codons)}"


def not_assessed(worse: Mapping[int, str], doubtful: Sequence[int]) -> list[str]:
    """What was not assessed, and what a listed change there would make of the cell or line."""
    said = []
    for category in reversed(SEVERITY):
        codons = [codon for codon, found in worse.items() if found == category]
        if codons:
            verb = "was" if len(codons) == 1 else "were"
            made = words_of(category)
            said.append(f"{codons_told(codons)} {verb} not assessed (with a listed change there: {made})")
    held = [codon for codon in doubtful if codon not in worse]
    if held:
        said.append(f"a change seen at {codons_told(held)} is held back")
    return said


def untyped_told(names: Sequence[str]) -> list[str]:
    """Isoforms and fusions that could not be told and would matter."""
    return [f"whether {joined([plain(name) for name in names])} is present could not be told"] if names else []
