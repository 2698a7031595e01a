"""What the knowledge folder says of one name, as text for a terminal: no sample, nothing that is not in a table."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from textwrap import fill

from ablkd.errors import InputError
from ablkd.interpretation.cells import Cell, Question, cell_of
from ablkd.interpretation.clones import NONE
from ablkd.interpretation.evidence import KINDS, Told, holds, strength
from ablkd.interpretation.scope import possible, scope_of
from ablkd.interpretation.statements import named, screens, sentences
from ablkd.records import Clone, Rule, Sensitivity
from ablkd.reference import Reference
from ablkd.wording import number, plain

WIDTH = 100


def explain(reference: Reference, name: str, disease: str = "") -> str:
    """Where a finding lies, what it is, and what each source says of it and each drug.

    `name` is a mutation, an isoform event, a fusion, or several of these joined by `+`: then what is said is of
    molecules with all of them. `disease` is a row of diseases.tsv, empty where it is not known.

    Raises
    ------
    InputError
        For a name or a disease that no table has, with the nearest ones.
    """
    members = name.split("+")
    for member in members:
        if member not in _known(reference):
            near = difflib.get_close_matches(member, sorted(_known(reference)), 3)
            written = f"write a change as {reference.mutations[0].name}" if reference.mutations else "correct it"
            raise InputError(
                f"{reference.folder}: no table has '{member}' "
                f"({'did you mean ' + ' or '.join(near) if near else written}; "
                "a change that no list has is unknown for every drug)"
            )
    known = [row.disease for row in reference.diseases]
    if disease and disease not in known:
        raise InputError(f"{reference.folder}: no disease '{disease}' (known: {', '.join(known)})")
    lines = [part for member in members for part in _described(reference, member)]
    benign = {p.name for p in reference.polymorphisms}
    telling = [member for member in members if member not in benign]
    question = Question(disease, tuple(telling))
    clone = Clone("", "+".join(telling) or NONE, "haplotype", None, None, None, "")
    sources: dict[str, None] = {}
    for drug in (row.drug for row in reference.drugs):
        cell = cell_of(reference, clone, drug, question)
        lines += ["", *_of_drug(reference, cell, question)]
        sources |= dict.fromkeys(told.row.source for told in cell.told)
        sources |= dict.fromkeys(row.source for member in members for *_, row in screens(reference, member, drug))
    with_event = bool({v.event for v in reference.splicing} & set(members))
    lines += ["", *_notes(len(telling), with_event, len(telling) < len(members)), "", "Sources"]
    for key in (part for keys in sources for part in keys.split(", ")):
        source = reference.sources[key]
        lines += _wrapped(f"{key}: {source.citation} ({source.verification})")
    return "\n".join(lines) + "\n"


def _of_drug(reference: Reference, cell: Cell, question: Question) -> list[str]:
    """A drug's category with what it rests on, then every row with its kind, scope and source."""
    kinds = ", ".join(KINDS[kind] for kind in cell.evidence)
    lines = [f"{cell.drug}: {cell.category}" + (f" ({kinds})" if kinds else "")]
    diseases = possible(reference, question.disease)
    for told in sorted(cell.told, key=strength):
        about = "" if told.about == cell.clone.clone else f"{named(told.about)}: "
        outside = "" if any(holds(told.row, d) for d in diseases) else "; not this disease"
        lines += _wrapped(f"{about}{_told(told.row)} [{_rests_on(reference, told)}{outside}; {told.row.source}]")
    # What is said of the whole beside its rows: screens, and other changes of the same codon.
    rows = {told.row.statement for told in cell.told}
    beside = [text for text in sentences(reference, cell, question) if not any(row and row in text for row in rows)]
    return lines + [line for text in beside if not text.startswith("In vitro, the IC50") for line in _wrapped(text)]


def _rests_on(reference: Reference, told: Told) -> str:
    """`label, US 2022; CML-CP`: the kind of evidence of a row, where and when, and its scope."""
    row = told.row
    place = " ".join(filter(None, (row.region, row.date))) if isinstance(row, Sensitivity) else ""
    scope = scope_of(reference, row.disease)
    return KINDS[row.evidence] + (f", {place}" if place else "") + (f"; {scope}" if scope else "")


def _known(reference: Reference) -> set[str]:
    rows: Iterable[str] = (
        *(m.name for m in reference.mutations),
        *(p.name for p in reference.polymorphisms),
        *(v.event for v in reference.splicing),
        *(t.name for t in reference.transcripts if t.kind == "fusion"),
    )
    return set(rows)


def _described(reference: Reference, name: str) -> list[str]:
    """What a name is: its codon states, or its event, or its fusion, each with its source."""
    lines: list[str] = []
    for m in (m for m in reference.mutations if m.name == name):
        place = f"codon {m.codon}, exon {m.exon}" + (f", {m.region}" if m.region else "")
        lines += _wrapped(f"{name}  {m.hgvs_c}  {m.hgvs_p}  {place}; {m.tier} [{m.source}]", "")
        lines += _wrapped(m.note) if m.note else []
    for p in (p for p in reference.polymorphisms if p.name == name):
        lines += _wrapped(f"{name}  {p.hgvs_c}  codon {p.codon}; polymorphism [{p.source}] {p.note}".rstrip(), "")
    for v in (v for v in reference.splicing if v.event == name):
        lines += _wrapped(f"{plain(name)}  {v.hgvs_r}  {v.hgvs_p}; in healthy samples: {v.expected} [{v.source}]", "")
        if v.meaning in reference.notes:
            note = reference.notes[v.meaning]
            lines += _wrapped(f"{note.text.format(event=plain(name))} [{note.source}]")
    for t in (t for t in reference.transcripts if t.name == name and t.kind == "fusion"):
        lines += _wrapped(f"{name}  {t.label} [{t.source}]", "")
    return lines


def _told(row: Sensitivity | Rule) -> str:
    """A row's category, statement and value."""
    parts = [f"{row.category}:" if row.category else "", row.statement]
    if isinstance(row, Sensitivity):
        if row.fold is not None:
            parts.append(f"IC50 {number(row.fold)} times that of the unmutated kinase")
        if row.ic50_nm:
            against = f" against {row.unmutated_ic50_nm} nM" if row.unmutated_ic50_nm else ""
            parts.append(f"({row.ic50_nm} nM{against}, {row.assay})")
        parts.append(f"({row.note})" if row.note else "")
    return " ".join(filter(None, parts))


def _notes(members: int, with_event: bool, with_polymorphism: bool) -> list[str]:
    said = ["A category stands only where a source words one; unknown does not mean sensitive."]
    if members > 1:
        said.append("What is known of the members alone can worsen a line of a sample and never reassures.")
    if with_polymorphism:
        said.append("Polymorphisms decide on no drug and make no compound.")
    if with_event:
        said.append("What is known of mutations is about the whole kinase, not about molecules that lack part of it.")
    return [line for text in said for line in _wrapped(text, "")]


def _wrapped(text: str, indent: str = "  ") -> Sequence[str]:
    return fill(
        text, WIDTH, initial_indent=indent, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    ).split("\n")
