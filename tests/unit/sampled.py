"""Samples as rows for the tests of what they mean: calls, phase, haplotypes, isoforms, and clones by drugs of them."""

from __future__ import annotations

from pathlib import Path

from ablkd.interpretation.drug_lines import clones_by_drugs
from ablkd.records import (
    Call,
    Clone,
    CloneDrug,
    Coverage,
    DrugCall,
    Fusion,
    Haplotype,
    Phase,
    SampleTables,
    SpliceEvent,
)
from ablkd.reference import load_reference

REFERENCE = load_reference(Path(__file__).parents[2] / "reference")
BY_NAME = {m.name: m for m in reversed(REFERENCE.mutations)}


def call(name, level="reported", tier="", filter="PASS", vaf=0.1, codon=0, hgvs_c=""):
    """A call of a listed change, or of one that no list has at `codon`."""
    m = BY_NAME.get(name)
    place = (m.hgvs_c, m.hgvs_p, m.codon, m.exon) if m else (hgvs_c or f"NM_005157.6:{name}", f"p.({name})", codon, "")
    return Call(
        "S", name, *place, "substitution", tier or (m.tier if m else "novel"), 5000, round(5000 * vaf), vaf, 0.9 * vaf,
        min(1.0, 1.1 * vaf), None, 0.1, 0.1, 1e-4, 1e-9, 1e-9, 0.005, "both_orientations", filter, level,
        m.genome_grch38 if m else "",
    )  # fmt: skip


def coverage(missing=(), calls=()):
    filters = {c.hgvs_c: c.filter for c in calls}
    rows = []
    for m in REFERENCE.mutations:
        end = ("no", "depth", "not_assessable") if m.codon in missing else ("yes", "", "not_detected")
        if m.hgvs_c in filters:
            passed = filters[m.hgvs_c] == "PASS"
            end = ("yes", "", "detected") if passed else ("no", filters[m.hgvs_c], "not_assessable")
        rows.append(Coverage("S", "allele", m.name, m.hgvs_c, m.codon, m.exon, 5000, 0.005, *end))
    return rows


def phase(mutations, verdict):
    return Phase("S", mutations, verdict, 0.99, 500, 0.1, 0.01, None, 0.05, 0.15)


def haplotype(name, fraction, low=None, high=None):
    low, high = low or 0.9 * fraction, high or min(1.0, 1.1 * fraction)
    return Haplotype("S", name, fraction, low, high, 100, "yes")


def fusions(present="e14a2", otherwise="not_detected"):
    return [
        Fusion("S", t.name, t.label, 500, 1.0, 0.9, 1.0, "present" if t.name == present else otherwise)
        for t in REFERENCE.transcripts
        if t.kind == "fusion"
    ]


def events(*present, not_assessable=()):
    return [
        SpliceEvent(
            "S", v.event, v.hgvs_r, v.hgvs_p, 50, 500, 0.1, 0.08, 0.12, 0.02, 0.1, 0.005,
            "present" if v.event in present else
            "not_assessable" if v.event in not_assessable else "not_detected", v.meaning,
        )
        for v in REFERENCE.splicing
    ]  # fmt: skip


def tables(calls=(), missing=(), haplotypes=(), phases=(), splicing=None, fusion=None):
    """The tables of a sample."""
    return SampleTables(
        calls=tuple(calls),
        coverage=tuple(coverage(missing, calls)),
        haplotypes=tuple(haplotypes),
        phase=tuple(phases),
        splicing=tuple(events() if splicing is None else splicing),
        fusion=tuple(fusions() if fusion is None else fusion),
    )


def told(disease="", reference=REFERENCE, **sample) -> tuple[list[Clone], dict[tuple[str, str], CloneDrug]]:
    """The clones of a sample, and (clone, drug) -> cell."""
    clones, cells, _ = clones_by_drugs("S", reference, tables(**sample), disease)
    return clones, {(cell.clone, cell.drug): cell for cell in cells}


def lines(calls=(), disease="", reference=REFERENCE, **sample) -> dict[str, DrugCall]:
    """Drug -> its line."""
    made = clones_by_drugs("S", reference, tables(calls, **sample), disease)[2]
    return {line.drug: line for line in made}
