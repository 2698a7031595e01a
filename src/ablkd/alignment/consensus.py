"""The target as most molecules of a sample have it: what differs by birth is no error beside a gap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ablkd.fragments import DELETED, Fragments
from ablkd.verdicts.thresholds import MIN_ALT_FRAGMENTS, MIN_DEPTH

# METHOD: a base that four of five fragments show instead of the target's is fixed in the sample. A gap is cheaper than
# a few such bases beside the end of a read, so that one within 12 bases may be no gap.
FIXED, NEAR = 0.8, 12


def consensus(fragments: Fragments, target: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8[L]: the target's bases, with those that are fixed in the sample."""
    f, length = fragments, len(target)
    depth = f.histogram.sum(axis=(1, 2))
    changed = f.allele < DELETED
    seen = np.bincount(f.position[changed] * np.int64(4) + f.allele[changed], minlength=4 * length).reshape(length, 4)
    fixed = (depth >= MIN_DEPTH) & (seen.max(axis=1) >= FIXED * depth)
    return np.where(fixed, seen.argmax(axis=1), target).astype(np.uint8)


def gaps_beside(fragments: Fragments, changed: NDArray[np.bool_]) -> bool:
    """Whether several fragments have an insertion or deletion near a fixed base; `changed` bool[L] are these."""
    f, length = fragments, len(changed)
    fixed = np.flatnonzero(changed)
    if not len(fixed):
        return False
    gaps = np.r_[f.position[f.allele == DELETED], f.ins_position]
    places = np.bincount(gaps, minlength=length + 1)
    return any(places[max(0, p - NEAR) : p + NEAR + 1].max() >= MIN_ALT_FRAGMENTS for p in fixed)
