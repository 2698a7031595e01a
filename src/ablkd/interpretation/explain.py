"""What the knowledge folder says of one name, as text for a terminal: no sample, nothing that is not in a table."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from textwrap import fill

from ablkd.errors import InputError
from ablkd.interpretation.drug_lines import category_of, verdicts_on
from ablkd.interpretation.findings import Findings
from ablkd.records import Rule, Sensitivity
from ablkd.reference import Reference
from ablkd.wording import number, plain

WIDTH = 100


def explain(reference: Reference, name: str) -> str:
    """Where a finding lies, what it is, and what each source says of it and each drug.

    `name` is a mutation, an isoform event, a fusion, or several of these joined by `+`: then what is said is of
    molecules with all of them.

    Raises
    ------
    InputError
        For a name that no table has, with the nearest ones.
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
    lines = [part for member in members for part in _described(reference, member)]
    findings = _alone(reference, name)
    sources: dict[str, None] = {}
    for drug in (row.drug for row in reference.drugs):
        verdicts = verdicts_on(reference, findings, drug)
        lines += ["", f"{drug}: {category_of(findings, verdicts).replace('_', ' ')}"]
        for verdict in verdicts:
            lines += [f"  {plain(verdict.finding)}:"] if verdict.finding != name else []
            for row in verdict.shown:
                lines += _wrapped(f"{_told(row)} [{row.evidence.replace('_', ' ')}; {row.source}]")
                sources[row.source] = None
        if not any(verdict.shown for verdict in verdicts):
            lines.append("  no source seen says anything of it")
    lines += ["", *_notes(len(members), bool(findings.events)), "", "Sources"]
    for key in sources:
        source = reference.sources[key]
        lines += _wrapped(f"{key}: {source.citation} ({source.verification})")
    return "\n".join(lines) + "\n"


def _alone(reference: Reference, name: str) -> Findings:
    """The findings of a sample whose molecules all have exactly this."""
    members = name.split("+")
    changes = {m.name for m in reference.mutations}
    events = tuple(m for m in members if m in {v.event for v in reference.splicing})
    mutations = tuple(m for m in members if m in changes)
    return Findings(
        mutations=mutations,
        low_level=frozenset(),
        events=events,
        fusions=tuple(m for m in members if m not in (*events, *mutations)),
        compounds=(name,) if len(events + mutations) > 1 else (),
        unresolved=(),
        standing=frozenset() if events else frozenset(mutations),
    )


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


def _notes(members: int, with_event: bool) -> list[str]:
    said = ["A category stands only where a source words one; unknown does not mean sensitive."]
    if members > 1:
        said.append("What is known of the members alone can worsen a line of a sample and never reassures.")
    if with_event:
        said.append("What is known of mutations is about the whole kinase, not about molecules that lack part of it.")
    return [line for text in said for line in _wrapped(text, "")]


def _wrapped(text: str, indent: str = "  ") -> Sequence[str]:
    return fill(text, WIDTH, initial_indent=indent, subsequent_indent="    ", break_long_words=False).split("\n")
