"""What reads show that cannot be right though the files can be read: an old scale, another species, one mate twice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablkd.alignment.reads import ReadBlock
from ablkd.errors import UnusableSample
from ablkd.fragments import DELETED, Fragments
from ablkd.records import QcMetric

# METHOD: Illumina wrote Phred + 64 until 2011: letters ';' to 'i'. Read as Phred + 33 that is 26 to 72: no base below
# 26 and some above 43. Machines that write more than 43 today write low ones too, and within some thousand reads there
# are such; simulators of one fixed quality have none, so that a few different values are asked for.
OLD_SCALE_LOWEST, OLD_SCALE_HIGHEST, OLD_SCALE_ABOVE, OLD_SCALE_VALUES = 26, 72, 43, 4
# METHOD: of the target's bases that 20 fragments show, fewer than 5 % may differ in most fragments: a patient differs
# in a handful of them.
FEWEST_FRAGMENTS, FEWEST_BASES, MOST_DIFFERENT = 20, 60, 0.05
# METHOD: mates of a pair read opposite strands; where they do not in half of the pairs, one file was given twice.
MOST_ON_ONE_STRAND = 0.5


def named(paths: Sequence[Path]) -> str:
    """The names of files, without their folders."""
    return ", ".join(path.name for path in paths)


def check_scale(block: ReadBlock, paths: Sequence[Path]) -> None:
    """Raise UnusableSample where the qualities of a block of short reads are those of the scale of before 2011."""
    if not len(block.quals):
        return
    low, high = int(block.quals.min()), int(block.quals.max())
    old = low >= OLD_SCALE_LOWEST and OLD_SCALE_ABOVE < high <= OLD_SCALE_HIGHEST
    if old and len(np.unique(block.quals)) >= OLD_SCALE_VALUES:
        raise UnusableSample(
            f"{named(paths)}: the qualities are on the scale of before 2011, Phred + 64 (convert them to Phred + 33, "
            "for example with seqtk seq -Q64 -V)"
        )


def check_fragments(fragments: Fragments, codes: NDArray[np.uint8], files: str) -> None:
    """Raise UnusableSample where there are none, or most differ from the target, uint8[L], at many places."""
    if len(fragments) == 0:
        raise UnusableSample(f"{files}: no read lies on the target (another gene, another species or adapters)")
    depth = fragments.histogram.sum(axis=(1, 2))
    seen = depth >= FEWEST_FRAGMENTS
    other = (fragments.allele < DELETED) & (fragments.allele != codes[fragments.position])
    changed = np.bincount(fragments.position[other], minlength=len(depth))
    different = int((seen & (2 * changed > depth)).sum())
    if seen.sum() >= FEWEST_BASES and different > MOST_DIFFERENT * seen.sum():
        raise UnusableSample(
            f"{files}: most reads differ from the target at {different} of {seen.sum()} bases (another species or "
            "another gene; check which sample this is)"
        )


def mates_row(sample: str, one_strand: int, fragments: int) -> QcMetric:
    """The qc row on pairs whose mates read the same strand."""
    doubt = one_strand > MOST_ON_ONE_STRAND * fragments
    reason = (
        "both mates of most pairs read the same strand: was one file given as reads_1 and reads_2?" if doubt else ""
    )
    return QcMetric(
        sample, "mates_on_one_strand", str(one_strand), "fragments", "", "review" if doubt else "pass", reason
    )
