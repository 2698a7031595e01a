"""The target as most molecules of a sample have it: what differs by birth is no error beside a gap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ablkd.fragments import DELETED, Fragments
from ablkd.verdicts.thresholds import MIN_ALT_FRAGMENTS, MIN_DEPTH

# METHOD: a base that four of five fragments show instead of the target's is fixed in the sample. A gap is cheaper than
# a few such bases beside the end of a read, so that one within 12 bases may be no gap.
FIXED, NEAR = 0.8, 12
# METHOD: in fewer fragments than half a percent, or three times as many as errors make, gaps do not matter.
LEAST_GAPPED, TIMES_ERROR = 0.005, 3.0


def consensus(fragments: Fragments, target: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8[L]: the target's bases, with those that are fixed in the sample."""
    f, length = fragments, len(target)
    depth = f.histogram.sum(axis=(1, 2))
    changed = f.allele < DELETED
    seen = np.bincount(f.position[changed] * np.int64(4) + f.allele[changed], minlength=4 * length).reshape(length, 4)
    fixed = (depth >= MIN_DEPTH) & (seen.max(axis=1) >= FIXED * depth)
    return np.where(fixed, seen.argmax(axis=1), target).astype(np.uint8)


def gaps_beside(fragments: Fragments, changed: NDArray[np.bool_], indel_error: float) -> bool:
    """Whether near a fixed base more fragments have an insertion or deletion than errors make.

    `changed` bool[L] are the fixed bases, `indel_error` is the platform's rate.
    """
    f, length = fragments, len(changed)
    gaps = np.bincount(np.r_[f.position[f.allele == DELETED], f.ins_position], minlength=length + 1)[:length]
    depth = f.histogram.sum(axis=(1, 2))
    many = gaps >= np.maximum(MIN_ALT_FRAGMENTS, max(LEAST_GAPPED, TIMES_ERROR * indel_error) * depth)
    return any(many[max(0, p - NEAR) : p + NEAR + 1].any() for p in np.flatnonzero(changed))
