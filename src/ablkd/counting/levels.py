"""The level at which each kind of allele is tested."""

from __future__ import annotations

from dataclasses import dataclass

from ablkd.reference import Reference

# METHOD: family-wise error 0.01 per sample: half for the catalogue, 40 % for other codon changes, 10 % for indels.
CATALOGUE_ALPHA, NOVEL_ALPHA, INDEL_ALPHA = 0.005, 0.004, 0.001


@dataclass(frozen=True)
class Alphas:
    """The level each kind of allele is tested at: the share of its kind, divided by how many are possible."""

    catalogue: float
    novel: float
    indel: float


def alphas(reference: Reference, assessed_codons: int) -> Alphas:
    """Bonferroni levels of one sample."""
    codons = max(1, assessed_codons)
    return Alphas(
        catalogue=CATALOGUE_ALPHA / max(1, len(reference.mutations)),
        novel=NOVEL_ALPHA / (63 * codons),
        indel=INDEL_ALPHA / (6 * codons),
    )
