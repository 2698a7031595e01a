"""What the tables of a knowledge folder say that cannot be so: of positions, of words, and of each other."""

from __future__ import annotations

import math
import re
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ablkd.records import (
    ANY_DISEASE,
    Amplicon,
    Exon,
    Mutation,
    Note,
    Platform,
    Polymorphism,
    ResponseLevel,
    Rule,
    Screened,
    Sensitivity,
    SpliceVariant,
    Transcript,
)

if TYPE_CHECKING:
    from ablkd.reference import Reference

CATEGORIES = ("", "sensitive", "reported", "reduced", "resistant")
# Strongest first. `clinical` is a trial, a cohort or a review of them, `reported` that a change was found in patients
# with resistance, `screen` a value of `Screened`, which has no category.
EVIDENCE = ("guideline", "label", "clinical", "reported", "in_vitro")
SCREEN_CLASSES = ("resistant", "intermediate", "sensitive")
PLACEHOLDERS = ("event", "mutation", "call")
NUMBER = re.compile(r"\d+(\.\d+)?")
# What makes a row the only one of its kind.
KEYS: dict[str, tuple[str, ...]] = {
    "transcripts.tsv": ("name",),
    "exons.tsv": ("exon",),
    "amplicons.tsv": ("name", "tile"),
    "platforms.tsv": ("platform",),
    "mutations.tsv": ("codon", "alt_codon"),
    "polymorphisms.tsv": ("codon", "alt_codon"),
    "splicing.tsv": ("event",),
    "diseases.tsv": ("disease",),
    "responses.tsv": ("level",),
    "tki/drugs.tsv": ("drug",),
    "tki/screen.tsv": ("change", "source"),
    "notes.tsv": ("key",),
    "sources.tsv": ("source",),
}


def inconsistencies(reference: Reference, tables: Mapping[str, Sequence[tuple[int, Any]]]) -> list[str]:
    """Every row that cannot be right, as `FILE:LINE: what is wrong (what to do)`.

    `tables` holds (line, row) of each file of the folder. Where the transcripts do not fit their sequences nothing
    else can be placed, and only that is said.
    """
    place = reference.folder / "transcripts.tsv"
    targets = sum(row.kind == "target" for _, row in tables["transcripts.tsv"])
    if targets != 1:
        return [f"{place}: {targets} rows of kind 'target' (exactly one is needed)"]
    checks: dict[str, Callable[[Any, Reference], Iterator[str]]] = {
        "exons.tsv": _exon,
        "amplicons.tsv": _amplicon,
        "platforms.tsv": _platform,
        "mutations.tsv": _codon_change,
        "polymorphisms.tsv": _codon_change,
        "splicing.tsv": _splice,
        "notes.tsv": _note,
        "tki/sensitivity.tsv": _sensitivity,
        "tki/rules.tsv": _rule,
        "tki/screen.tsv": _screened,
        "responses.tsv": _response,
    }
    said = [
        ("transcripts.tsv", line, text)
        for line, row in tables["transcripts.tsv"]
        for text in _transcript(row, reference)
    ]
    if not said:
        said = [
            (name, line, t)
            for name, check in checks.items()
            for line, row in tables[name]
            for t in check(row, reference)
        ]
        said += [(name, line, text) for name in tables for line, text in _against_others(name, tables[name], reference)]
    return [f"{reference.folder / name}:{line}: {text}" for name, line, text in said]


def _against_others(name: str, rows: Sequence[tuple[int, Any]], reference: Reference) -> Iterator[tuple[int, str]]:
    """Rows that stand twice, evidence of no known source, rows that begin before the row above ends."""
    seen: dict[tuple[Any, ...], int] = {}
    for line, row in rows:
        key = tuple(getattr(row, column) for column in KEYS.get(name, ()))
        if key and seen.setdefault(key, line) != line:
            yield line, f"{' '.join(map(str, key))} is also on line {seen[key]} (remove one)"
        if key and not str(key[0]).strip():
            yield line, f"{KEYS[name][0]} is empty (fill it in)"
        if name.startswith("tki/"):  # what a report cites
            unknown = [s for s in row.source.split(", ") if s not in reference.sources]
            if unknown:
                yield line, f"source '{unknown[0]}' is not in sources.tsv (add it there)"
    if name == "exons.tsv":
        for (_, before), (line, row) in zip(rows, rows[1:], strict=False):
            if row.start != before.end + 1:
                yield line, f"exon {row.exon} does not begin behind exon {before.exon} (order the rows, close the gap)"


def _transcript(row: Transcript, reference: Reference) -> Iterator[str]:
    sequence = reference.sequences.get(row.name, "")
    if not sequence:
        yield f"no sequence of {row.name} in transcripts.fasta (add it)"
    elif not reference.sequences.get(reference.target.name):
        return  # said in the row of the target
    elif not 1 <= row.target_start <= row.target_end <= len(reference.sequence) or row.partner_length < 0:
        yield f"target_start to target_end is no part of the target's 1 to {len(reference.sequence)} (correct it)"
    elif row.kind == "target" and (row.partner_length or row.target_end != len(sequence) or row.target_start != 1):
        yield "the target is whole and has no partner (correct partner_length, target_start and target_end)"
    elif sequence[row.partner_length :] != reference.sequence[row.target_start - 1 : row.target_end]:
        yield (
            f"after its first {row.partner_length} bases {row.name} is not the target's {row.target_start} to "
            f"{row.target_end} (correct the row or the sequence)"
        )
    if row.kind not in ("target", "fusion", "normal"):
        yield f"kind '{row.kind}' is not target, fusion or normal (correct it)"
    for other in sorted(reference.together.get(row.name, ())):
        if row.name not in reference.together.get(other, ()):
            yield f"{row.name} occurs with '{other}', which is no fusion that names it back (correct occurs_with)"


def _exon(row: Exon, reference: Reference) -> Iterator[str]:
    if not 1 <= row.start <= row.end <= len(reference.sequence):
        yield f"start to end is no part of the target's 1 to {len(reference.sequence)} (correct it)"
    if row.genome_end - row.genome_start != row.end - row.start or row.genome_start < 1:
        yield "the exon is not as long in the genome as on the target (correct it)"
    if row.strand not in ("+", "-"):
        yield f"strand '{row.strand}' is not + or - (correct it)"


def _amplicon(row: Amplicon, reference: Reference) -> Iterator[str]:
    if row.transcript not in {t.name for t in reference.transcripts}:
        yield f"transcript '{row.transcript}' is not in transcripts.tsv (correct it)"
        return
    ends = (1, row.forward_start, row.forward_end, row.reverse_start, row.reverse_end)
    if list(ends) != sorted(ends) or row.reverse_end > len(reference.sequences[row.transcript]):
        length = len(reference.sequences[row.transcript])
        yield f"the primers do not lie one behind the other on {row.transcript}'s 1 to {length} (correct them)"


def _platform(row: Platform, _: Reference) -> Iterator[str]:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", row.platform):
        yield f"platform '{row.platform}' is not a name (use letters, digits, _ and -)"
    if row.reads not in ("short", "long", "trace"):
        yield f"reads '{row.reads}' is not short, long or trace (correct it)"
    if not 0 <= row.min_base_quality <= 93:
        yield f"min_base_quality {row.min_base_quality} is not 0 to 93 (correct it)"
    for name in ("transition_error", "transversion_error", "indel_error", "junction_error"):
        if not 0 < getattr(row, name) < 1:
            yield f"{name} {getattr(row, name)} is not between 0 and 1 (correct it)"
    for name in ("error_log_sd", "between_sample_cv"):
        if not 0 <= getattr(row, name) < 10:
            yield f"{name} {getattr(row, name)} is not 0 to 10 (correct it)"
    for name in ("required_lod", "reporting_cut", "carry_over", "heteroduplex"):
        if not 0 <= getattr(row, name) <= 1:
            yield f"{name} {getattr(row, name)} is not a fraction of 0 to 1 (correct it)"


def _codon_change(row: Mutation | Polymorphism, reference: Reference) -> Iterator[str]:
    if not 1 <= row.codon <= reference.codons:
        yield f"{row.name}: codon {row.codon} is not on the target (correct it)"
    elif reference.codon(row.codon) != row.ref_codon:
        yield (
            f"{row.name} says codon {row.codon} is {row.ref_codon}, the sequence says {reference.codon(row.codon)} "
            "(correct the row)"
        )
    if not row.name:
        yield "name is empty (fill it in)"
    if not re.fullmatch(r"[ACGT]{3}", row.alt_codon) or row.alt_codon == row.ref_codon:
        yield f"{row.name}: alt_codon '{row.alt_codon}' is no other codon (correct it)"
    if isinstance(row, Mutation) and (row.codon, row.alt_codon) in reference.benign:
        yield f"{row.name} is in polymorphisms.tsv as well (remove one: a polymorphism decides on no drug)"


def _splice(row: SpliceVariant, reference: Reference) -> Iterator[str]:
    if row.kind not in ("skip", "insertion"):
        yield f"kind '{row.kind}' is not skip or insertion (correct it)"
    elif not 1 <= row.start <= row.end < len(reference.sequence):
        yield f"{row.event}: start to end does not lie inside the target (correct it)"
    elif row.kind == "insertion" and not (re.fullmatch(r"[ACGT]+", row.inserted_sequence) and row.end == row.start + 1):
        yield f"{row.event}: an insertion stands between two neighbours and has bases (correct it)"
    if row.meaning not in reference.notes:
        yield f"{row.event}: no note '{row.meaning}' in notes.tsv (add it)"
    if row.linked_mutation and row.linked_mutation not in {m.hgvs_c for m in reference.mutations}:
        yield f"{row.event}: linked_mutation '{row.linked_mutation}' is no hgvs_c of mutations.tsv (correct it)"


def _note(row: Note, _: Reference) -> Iterator[str]:
    try:
        names = [name for _, name, _, _ in string.Formatter().parse(row.text) if name is not None]
    except ValueError:
        yield f"{row.key}: a brace stands alone (write {{event}}, or leave it out)"
        return
    unknown = [name for name in names if name not in PLACEHOLDERS]
    if unknown:
        yield f"{row.key}: {{{unknown[0]}}} is not one of {', '.join(PLACEHOLDERS)} (correct it)"


def _statement(row: Sensitivity | Rule, reference: Reference) -> Iterator[str]:
    if row.drug not in {d.drug for d in reference.drugs}:
        yield f"drug '{row.drug}' is not in tki/drugs.tsv (correct it, or add it there)"
    if row.category not in CATEGORIES:
        yield f"category '{row.category}' is not one of {', '.join(filter(None, CATEGORIES))} (correct it, or empty it)"
    if row.evidence not in EVIDENCE:
        yield f"evidence '{row.evidence}' is not one of {', '.join(EVIDENCE)} (correct it)"
    if (row.category == "reported") != (row.evidence == "reported"):
        yield "category and evidence 'reported' go together (a stronger category needs stronger evidence)"
    if row.category and not row.source:
        yield f"category '{row.category}' has no source (name it)"
    if row.favours not in ("", "yes") or (row.favours and row.category not in ("", "sensitive")):
        yield f"favours '{row.favours}' beside category '{row.category}' is not empty or yes (correct it)"
    known = [d.disease for d in reference.diseases]
    words = row.disease.split(";")
    if words != [ANY_DISEASE] and not set(words) <= set(known):
        yield f"disease '{row.disease}' is not {ANY_DISEASE} or some of {', '.join(known)} (say where it holds)"


def _sensitivity(row: Sensitivity, reference: Reference) -> Iterator[str]:
    yield from _statement(row, reference)
    known = {m.name for m in reference.mutations} | {v.event for v in reference.splicing}
    known |= {t.name for t in reference.transcripts if t.kind == "fusion"}
    unknown = [name for name in row.finding.split("+") if name not in known]
    if unknown:
        yield f"finding '{unknown[0]}' is no known mutation, event or fusion (correct it, or add it to its table)"
    yield from _on_a_polymorphism(row.finding.split("+"), reference)
    if row.evidence == "label" and not row.region:
        yield "a label holds for a region (name it)"
    for name, value in (("ic50_nm", row.ic50_nm.removeprefix(">")), ("unmutated_ic50_nm", row.unmutated_ic50_nm)):
        if value and not NUMBER.fullmatch(value):
            yield f"{name} '{value}' is not a number of nM (correct it)"
    if row.fold is not None and not 0 < row.fold < math.inf:
        yield f"fold {row.fold} is not a number above 0 (correct it)"


def _rule(row: Rule, reference: Reference) -> Iterator[str]:
    yield from _statement(row, reference)
    kind, _, rest = row.applies_to.partition(":")
    names = {m.name for m in reference.mutations}
    good = {
        "any_compound": not rest,
        "compound_with": rest in names,
        "compound_without": rest in names,
        "further": rest in names,
        "except": rest in names,
        "region": rest in {m.region for m in reference.mutations if m.region},
    }
    if not good.get(kind):
        yield (
            f"applies_to '{row.applies_to}' is not any_compound, compound_with:MUTATION, "
            "compound_without:MUTATION, further:MUTATION, except:MUTATION or region:LABEL (correct it)"
        )
    if kind in ("compound_with", "further"):
        yield from _on_a_polymorphism([rest], reference)
    if row.category == "sensitive":
        yield "a statement on a class makes no single change sensitive (empty the category, write yes under favours)"


def _on_a_polymorphism(names: Sequence[str], reference: Reference) -> Iterator[str]:
    """A statement on drugs that speaks of what healthy people have."""
    benign = {p.name for p in reference.polymorphisms}
    for name in names:
        if name in benign:
            yield f"'{name}' is a polymorphism and decides on no drug (remove the row, or the one in polymorphisms.tsv)"


def _screened(row: Screened, reference: Reference) -> Iterator[str]:
    drugs, classes = "|".join(d.drug for d in reference.drugs), "|".join(SCREEN_CLASSES)
    good = rf"(?:{drugs}):(?:{classes}):-?\d+(?:\.\d+)?"
    if re.fullmatch(rf"{good}(?:;{good})*", row.results):  # one question for thousands of rows
        return
    for result in row.results.split(";"):
        if not re.fullmatch(good, result):
            told = f"result '{result}' is not DRUG:CLASS:NUMBER with a class of {', '.join(SCREEN_CLASSES)}"
            yield f"{row.change}: {told} (correct it)"


def _response(row: ResponseLevel, reference: Reference) -> Iterator[str]:
    unknown = set(row.fusions.split(";")) - set(reference.together)
    if unknown:
        yield f"{row.level}: '{sorted(unknown)[0]}' is no fusion of transcripts.tsv (correct fusions)"
    if not 0 < row.percent_is <= 100:
        yield f"{row.level}: percent_is {row.percent_is} is not a per cent above 0 (correct it)"
