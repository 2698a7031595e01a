"""What the placement of a complex change left as substitutions, taken back where the change itself is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ablkd.counting.counts import Indel
from ablkd.counting.recalibration import orientations
from ablkd.fragments import DELETED, QUALITIES, UNOBSERVED, Fragments
from ablkd.kernels.alleles import HAS_NOT


def without_remnants(f: Fragments, candidates: Sequence[Indel], told: NDArray[np.int32]) -> Fragments:
    """Fragments that have a complex change, or cannot tell, show no bases of the codons that it replaces.

    `told` as of `fragments.Fragments`. Bases that happen to be those of the target still count as such.
    """
    remnants = np.zeros(len(f.position), bool)
    for k, (start, end, inserted) in enumerate(candidates):
        if inserted and end > start:
            owners = told[(told[:, 1] == k) & (told[:, 2] != HAS_NOT), 0]
            sizes = np.diff(f.offsets)[owners]
            inside = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
            at = np.repeat(f.offsets[owners], sizes) + inside
            codons = f.position[at] // 3
            remnants[at[(start // 3 <= codons) & (codons <= (end - 1) // 3)]] = True
    at = np.flatnonzero(remnants & (f.allele < DELETED))
    cells = (f.position[at].astype(np.int64) * 3 + orientations(f, at)) * QUALITIES + f.quality[at]
    observed = np.bincount(cells, minlength=f.histogram.size).reshape(f.histogram.shape)
    allele, quality = f.allele.copy(), f.quality.copy()
    hidden = remnants & (f.allele != DELETED)
    allele[hidden], quality[hidden] = UNOBSERVED, 0
    return replace(f, allele=allele, quality=quality, histogram=(f.histogram - observed).astype(f.histogram.dtype))
