"""The name and the annotation of a variant: one look-up for reads and for traces."""

from __future__ import annotations

from dataclasses import dataclass

from ablkd import hgvs
from ablkd.reference import Reference

SUBSTITUTIONS = ("substitution", "multinucleotide")
IN_FRAME_INSERTIONS, IN_FRAME_DELETIONS, FRAMESHIFTS = "in-frame insertions", "in-frame deletions", "frameshifts"


@dataclass(frozen=True)
class Variant:
    """What a variant is called and how the knowledge folder annotates it; the fields are columns of calls.tsv.

    codon: 1-based. `tier` is `catalogue`, `polymorphism`, `synonymous` or `novel`.
    """

    name: str
    hgvs_c: str
    hgvs_p: str
    codon: int
    exon: str
    kind: str
    tier: str
    genome_grch38: str


def codon_variant(reference: Reference, codon: int, alt: str) -> Variant:
    """The variant that changes the 1-based codon to the bases `alt`.

    A residue change of the catalogue is a catalogue variant whichever codon spells it.
    """
    ref = reference.codon(codon)
    known = reference.catalogue.get((codon, alt))
    name = known.name if known else hgvs.codon_name(codon, ref, alt)
    tier = reference.tiers.get(name, "synonymous" if name.endswith("=") else "novel")
    changed = [i for i in range(3) if ref[i] != alt[i]]
    return Variant(
        name=name,
        hgvs_c=hgvs.codon_hgvs_c(reference.target.name, codon, ref, alt),
        hgvs_p=hgvs.codon_hgvs_p(codon, ref, alt),
        codon=codon,
        exon=reference.exon_at(3 * codon - 2 + changed[0]),
        kind="substitution" if len(changed) == 1 else "multinucleotide",
        tier="polymorphism" if (codon, alt) in reference.benign else tier,
        genome_grch38=hgvs.codon_genome(reference, codon, ref, alt),
    )


def indel_class(deleted: int, inserted: str) -> str:
    """The class of a change that replaces so many bases of the target by `inserted`."""
    gained = len(inserted) - deleted
    if gained % 3:
        return FRAMESHIFTS
    return IN_FRAME_INSERTIONS if gained > 0 else IN_FRAME_DELETIONS


def indel_variant(reference: Reference, start: int, end: int, inserted: str) -> Variant:
    """The variant that replaces target bases [start, end) (0-based) by `inserted`, at its most 3' place.

    `inserted` may contain N for bases that could not be read; the protein is then not named.
    """
    if "N" not in inserted:
        start, end, inserted = hgvs.shift_indel_right(reference.sequence, start, end, inserted)
    name, hgvs_c, hgvs_p = hgvs.indel_names(reference, start, end, inserted)
    return Variant(
        name=name,
        hgvs_c=hgvs_c,
        hgvs_p=hgvs_p,
        codon=min(start // 3 + 1, reference.codons),
        exon=reference.exon_at(start + 1),
        kind="deletion" if not inserted else "insertion" if start == end else "delins",
        tier="novel",
        genome_grch38="",
    )
