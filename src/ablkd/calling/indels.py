"""Small deletions and insertions inside exons."""

from __future__ import annotations

import numpy as np

from ablkd import hgvs
from ablkd.background.expected import Expected
from ablkd.background.indels import miscounted_run, touched_runs
from ablkd.counting.counts import Indel
from ablkd.counting.tally import Tally
from ablkd.kernels.pileup import SKIPPED
from ablkd.records import Call

# METHOD: on platforms whose indel error is 0.1 % or more, indels in homopolymers of 4 and longer are not told from
# errors without a control; they stay evidence.
LONG_HOMOPOLYMER, NOISY_INDELS = 4, 1e-3
LISTED_COUNT, LISTED_P = 3, 0.001
MIN_DEPTH = 100


def indel_calls(tally: Tally, indels: dict[Indel, list[int]], expected: Expected, alpha: float) -> list[Call]:
    """A row for every deletion or insertion seen in at least three fragments; `level` is filled in by the caller.

    `indels` as `tally.seen_indels` gives them.
    """
    rows = [
        _row(tally, expected, alpha, change, fragments)
        for change, fragments in sorted(indels.items())
        if len(fragments) >= LISTED_COUNT
    ]
    return [row for row in rows if row is not None]


def _row(tally: Tally, expected: Expected, alpha: float, indel: Indel, fragments: list[int]) -> Call | None:
    f, reference, background = tally.fragments, expected.reference, expected.background
    start, end, inserted = indel
    owners = np.unique(fragments)
    codon = min(start // 3, len(tally.depth) - 1)
    if tally.masked[codon] and not tally.containing[codon]:
        return None
    error = expected.indel(indel)
    # At the smallest depth it can have, an indel that errors explain easily needs no row.
    if background.tail(len(owners), max(len(owners), int(tally.depth[codon])), error) >= LISTED_P:
        return None
    # Fragments with the indel that do not show the codon besides are not in its depth yet.
    hidden = tally.states([codon + 1])[owners, 0]
    depth = int(tally.depth[codon]) + int(((hidden < 0) & (hidden != SKIPPED)).sum())
    p_value = background.tail(len(owners), depth, error)
    share, low, high = background.interval(len(owners), depth, min(error.mean, 0.5), error.spread)
    forward = f.forward[owners, 1] > 0
    reverse = f.reverse[owners, 1] > 0
    reasons = []
    if p_value >= alpha:
        reasons.append("background")
    if depth < MIN_DEPTH:
        reasons.append("depth")
    noisy = expected.platform.indel_error >= NOISY_INDELS and not expected.run.control_states[codon].any()
    if noisy and miscounted_run(indel, touched_runs(reference.codes)) >= LONG_HOMOPOLYMER:
        reasons.append("homopolymer")
    name, hgvs_c, hgvs_p = hgvs.indel_names(reference, start, end, inserted)
    return Call(
        sample=expected.counts.sample,
        name=name,
        hgvs_c=hgvs_c,
        hgvs_p=hgvs_p,
        codon=codon + 1,
        exon=reference.exon_at(start + 1),
        kind="insertion" if inserted else "deletion",
        tier="novel",
        depth=depth,
        alt_count=len(owners),
        vaf=share,
        vaf_low=low,
        vaf_high=high,
        vaf_full_length=None,
        vaf_forward=None,
        vaf_reverse=None,
        background=error.mean,
        p_value=max(p_value, 1e-300),
        q_value=None,
        lod95=None,
        evidence="both_orientations" if forward.any() and reverse.any() else "single_orientation",
        filter=";".join(reasons) or "PASS",
        level="",
        genome_grch38="",
    )
