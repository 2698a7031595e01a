"""The quality from which bases of a sample are observed: the platform's, or a lower one where few would be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ablkd.counting.recalibration import orientations
from ablkd.counting.tally import Tally, count
from ablkd.fragments import DELETED, POOR, QUALITIES, Fragments
from ablkd.isoforms import SpliceGraph
from ablkd.records import Platform, QcMetric
from ablkd.reference import Reference

# METHOD: where fewer than half of the fragments that cover a codon show it, and fewer than 200, the cut is lowered
# until one of the two is reached, but never below 7 (one base in five is wrong). With 200 there is no need: worse
# bases raise the limit of detection more than their number lowers it, and fractions use all bases anyway. Long reads
# only: short reads of such qualities are a failed run. What such bases are worth is recalibrated on the sample, and its
# errors are its own.
SHOWN, ENOUGH_FRAGMENTS, LOWEST_CUT = 0.5, 200, 7


def count_from_own_cut(
    fragments: Fragments, reference: Reference, graph: SpliceGraph, platform: Platform
) -> tuple[Tally, int]:
    """(tally of the fragments, observed from the sample's own cut on, that cut)."""
    tally, usual = count(fragments, reference, graph), platform.min_base_quality
    if platform.reads != "long":
        return tally, usual
    shown, worst = int(tally.containing.sum()), _worst_of_codons(fragments)
    by_quality, codons = np.bincount(worst, minlength=QUALITIES), int((tally.containing > 0).sum())
    poor_codons = len(np.unique(fragments.position[fragments.allele >= POOR] // 3))
    needed = min(SHOWN * (shown + len(worst)), ENOUGH_FRAGMENTS * max(codons, poor_codons))
    cut = usual
    while cut > LOWEST_CUT and shown + by_quality[cut:].sum() < needed:
        cut -= 1
    return (count(_regraded(fragments, reference.codes, cut), reference, graph) if cut < usual else tally), cut


def cut_row(sample: str, platform: Platform, cut: int) -> QcMetric:
    """The qc row on the quality from which bases are observed."""
    usual = platform.min_base_quality
    reason = f"bases of quality {cut} and more are used: too few fragments show a codon at {usual}"
    return QcMetric(sample, "base_quality", str(cut), "Phred", str(usual), "pass", reason if cut < usual else "")


def _worst_of_codons(fragments: Fragments) -> NDArray[np.uint8]:
    """Lowest quality of the poor bases in every codon of every fragment that has some."""
    poor = np.flatnonzero(fragments.allele >= POOR)
    position, quality = fragments.position[poor], fragments.quality[poor]
    if not len(position):
        return quality
    owner = np.searchsorted(fragments.offsets, poor, side="right")
    starts = np.flatnonzero((np.diff(position // 3) != 0) | (np.diff(owner) != 0)) + 1
    return np.minimum.reduceat(quality, np.r_[0, starts])


def _regraded(f: Fragments, target: NDArray[np.uint8], cut: int) -> Fragments:
    """The same fragments with the poor bases of at least quality `cut` observed."""
    better = np.flatnonzero((f.allele >= POOR) & (f.quality >= cut))
    position, quality = f.position[better].astype(np.int64), f.quality[better]
    allele = f.allele.copy()
    allele[better] -= POOR
    cells = (position * 3 + orientations(f, better)) * QUALITIES + quality
    added = np.bincount(cells, minlength=f.histogram.size).reshape(f.histogram.shape)
    kept = (allele >= DELETED) | (allele != target[f.position])
    return replace(
        f,
        offsets=np.r_[0, np.cumsum(kept)][f.offsets],
        position=f.position[kept],
        allele=allele[kept],
        quality=f.quality[kept],
        histogram=(f.histogram + added).astype(f.histogram.dtype),
    )
