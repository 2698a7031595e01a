"""Which fusion transcripts are there, and in what shares; unrearranged transcripts apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ablkd.background.allele import Background
from ablkd.fragments import Fragments
from ablkd.isoforms import SpliceGraph
from ablkd.records import Fusion
from ablkd.reference import Reference
from ablkd.splicing.junctions import Mask, crossing, taking

# METHOD: a fusion is present from three junction fragments that are at least 0.5 % of all; fewer are carry-over.
FUSION_COUNT, FUSION_SHARE = 3, 0.005
# METHOD: of a partner that is short between primer and junction fewer sheared fragments reach over the junction. Only
# fragments count that begin as near to it as nearly all of those of the shortest partner, where most of these begin
# between primer and junction; whole products, which begin at the primer, all count.
NEARLY_ALL, MOSTLY = 0.95, 0.5
UNREARRANGED = "unrearranged"


def fusion_rows(
    sample: str, background: Background, reference: Reference, graph: SpliceGraph, fragments: Fragments
) -> list[Fusion]:
    """A row for every transcript of transcripts.tsv that has a junction, and one for unrearranged ones."""
    junctions = [t for t in reference.transcripts if t.partner_length]
    if not junctions:
        return []
    shown = _shown(reference, graph, fragments)
    whole = {name: int(np.count_nonzero(mask)) for name, mask in shown.items()}
    counted = _comparable(shown, whole, reference, graph, fragments)
    labels = {t.name: t.label for t in junctions} | {UNREARRANGED: f"{reference.target.label}, unrearranged"}
    total = sum(counted.values())
    rows = []
    for name, x in whole.items():
        share, low, high = background.interval(counted[name], total, 0.0) if total else (None, None, None)
        present = x >= FUSION_COUNT and share is not None and share >= FUSION_SHARE
        enough = sum(whole.values()) >= FUSION_COUNT
        call = "present" if present else "not_detected" if enough else "not_assessable"
        rows.append(Fusion(sample, name, labels[name], x, share, low, high, call))
    return rows


def _shown(reference: Reference, graph: SpliceGraph, fragments: Fragments) -> dict[str, Mask]:
    """Fragments over the junction of each transcript, by name."""
    fusions = [t for t in reference.transcripts if t.partner_length]
    shown = {}
    for t in fusions:
        shown[t.name] = taking(fragments, [i for i, e in enumerate(graph.edges) if e.transcript == t.name])
    first = min(t.target_start for t in fusions)
    # From the exon before the first breakpoint on, plainly or by an event.
    spliced = [e for e, j in enumerate(graph.edges) if j.origin == first - 2 and j.goal < graph.target_length]
    whole = crossing(fragments, graph, first - 1) | taking(fragments, spliced)
    fused = taking(fragments, [e for e, j in enumerate(graph.edges) if j.transcript])
    return shown | {UNREARRANGED: whole & ~fused}


def _before(reference: Reference, graph: SpliceGraph, left: NDArray[np.int32]) -> dict[str, NDArray[np.int64]]:
    """Bases from `left` ends of fragments, nodes int32[N], to the junction of each transcript, by name."""
    fusions = [t for t in reference.transcripts if t.partner_length]
    on_partner = np.where(left < graph.target_length, 0, graph.arrays.depth[left]).astype(np.int64)
    first = min(t.target_start for t in fusions)
    return {t.name: t.partner_length - on_partner for t in fusions} | {UNREARRANGED: first - 1 - left.astype(np.int64)}


def _comparable(
    shown: dict[str, Mask], whole: dict[str, int], reference: Reference, graph: SpliceGraph, fragments: Fragments
) -> dict[str, int]:
    """Those of the `whole` fragments of each transcript that begin where those of every other present one can, too."""
    present = [name for name, n in whole.items() if n >= FUSION_COUNT]
    if len(present) < 2:
        return whole
    before = _before(reference, graph, fragments.ends[:, 0])
    reach = {name: float(np.quantile(before[name][shown[name]], NEARLY_ALL)) for name in present}
    shortest = min(present, key=lambda name: reach[name])
    inside = {name: int((shown[name] & (before[name] < reach[shortest])).sum()) for name in shown}
    return inside if inside[shortest] >= MOSTLY * whole[shortest] else whole
