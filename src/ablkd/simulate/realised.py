"""What the simulated reads really hold: the counts that chance made of the truth table's fractions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablkd.simulate.pcr import Products, Templates


@dataclass(frozen=True)
class Realised:
    """A line of molecules.tsv: one haplotype of one product (`tile`; 0 for whole transcripts) of a sample.

    `templates` and `template_fraction` count cDNA molecules, before the PCR; haplotypes that only template
    switching made have 0. `share` is of the molecules that were read (of the signal, for traces), `molecules`
    their number (0 for traces).
    """

    sample: str
    tile: int
    fusion: str
    haplotype: str
    templates: int
    template_fraction: float
    molecules: int
    share: float


def realised_rows(
    sample: str, products: Products, templates: Templates, shares: NDArray[np.float64], molecules: int
) -> list[Realised]:
    """Rows of one product; `shares` float64 of the distinct molecules of `products`, adding up to 1."""
    counts = np.bincount(templates.haplotype, minlength=len(products.molecules))
    total = max(int(counts.sum()), 1)
    tile = 0 if products.amplicon is None else products.amplicon.tile
    return [
        Realised(
            sample,
            tile,
            molecule.fusion,
            molecule.haplotype,
            int(count),
            float(count) / total,
            round(float(share) * molecules),
            float(share),
        )
        for molecule, count, share in zip(products.molecules, counts, shares, strict=True)
    ]
