"""Small deletions and insertions inside exons."""

from __future__ import annotations

import numpy as np

from ablkd import hgvs
from ablkd.background import Background
from ablkd.fragments import DELETED
from ablkd.kernels.pileup import SKIPPED
from ablkd.records import Call
from ablkd.reference import Reference
from ablkd.tally import Tally

# METHOD: each base that a homopolymer has beyond two triples the chance of an indel in it.
HOMOPOLYMER_FACTOR = 3.0
# METHOD: on platforms whose indel error is 0.1 % or more, indels in homopolymers of 4 and longer are not told from
# errors without a control; they stay evidence.
LONG_HOMOPOLYMER, NOISY_INDELS = 4, 1e-3
LISTED_COUNT, LISTED_P = 3, 0.001
MIN_DEPTH = 100


def indel_calls(sample: str, tally: Tally, background: Background, reference: Reference, alpha: float) -> list[Call]:
    """A row for every deletion or insertion seen in at least three fragments; `level` is filled in by the caller."""
    rows = [
        _row(sample, tally, background, reference, alpha, *change, fragments)
        for change, fragments in sorted(seen_indels(tally, reference).items())
        if len(fragments) >= LISTED_COUNT
    ]
    return [row for row in rows if row is not None]


def seen_indels(tally: Tally, reference: Reference) -> dict[tuple[int, int, str], list[int]]:
    """(start, end, inserted bases) of every indel, 0-based at its most 3' place -> the fragments that show it."""
    seen: dict[tuple[int, int, str], list[int]] = {}
    for (start, end, inserted), fragments in (*_deletions(tally).items(), *_insertions(tally).items()):
        # The same change may lie at several places of a repeat; the most 3' place is its name.
        if inserted:
            start, inserted = hgvs.shift_insertion_right(reference.sequence, start, inserted)
            end = start
        else:
            start, end = hgvs.shift_right(reference.sequence, start, end)
        seen.setdefault((start, end, inserted), []).extend(fragments)
    return seen


def _deletions(tally: Tally) -> dict[tuple[int, int, str], list[int]]:
    f = tally.fragments
    owner = np.repeat(np.arange(len(f)), np.diff(f.offsets))
    gone = f.allele == DELETED
    owner, position = owner[gone], f.position[gone]
    if not len(owner):
        return {}
    breaks = np.flatnonzero((np.diff(owner) != 0) | (np.diff(position) != 1)) + 1
    first, last = np.r_[0, breaks], np.r_[breaks, len(owner)] - 1
    found: dict[tuple[int, int, str], list[int]] = {}
    for a, b in zip(first, last, strict=True):
        found.setdefault((int(position[a]), int(position[b]) + 1, ""), []).append(int(owner[a]))
    return found


def _insertions(tally: Tally) -> dict[tuple[int, int, str], list[int]]:
    f = tally.fragments
    found: dict[tuple[int, int, str], list[int]] = {}
    for i, (owner, position) in enumerate(zip(f.ins_fragment, f.ins_position, strict=True)):
        bases = "".join(hgvs.BASES[b] for b in f.ins_bases[f.ins_offsets[i] : f.ins_offsets[i + 1]])
        found.setdefault((int(position), int(position), bases), []).append(int(owner))
    return found


def _homopolymer(sequence: str, position: int) -> int:
    """Length of the run of equal bases that holds or touches 0-based `position`."""
    longest = 1
    for start in (position - 1, position):
        if not 0 <= start < len(sequence):
            continue
        left, right = start, start
        while left > 0 and sequence[left - 1] == sequence[start]:
            left -= 1
        while right + 1 < len(sequence) and sequence[right + 1] == sequence[start]:
            right += 1
        longest = max(longest, right - left + 1)
    return longest


def _row(
    sample: str,
    tally: Tally,
    background: Background,
    reference: Reference,
    alpha: float,
    start: int,
    end: int,
    inserted: str,
    fragments: list[int],
) -> Call | None:
    f = tally.fragments
    owners = np.unique(fragments)
    codon = min(start // 3, len(tally.depth) - 1)
    if tally.masked[codon] and not tally.containing[codon]:
        return None
    run = _homopolymer(reference.sequence, start)
    rate = background.indel * HOMOPOLYMER_FACTOR ** max(0, run - 2)
    # At the smallest depth it can have, an indel that errors explain easily needs no row.
    if background.tail(len(owners), max(len(owners), int(tally.depth[codon])), rate, 0.0) >= LISTED_P:
        return None
    # Fragments with the indel that do not show the codon besides are not in its depth yet.
    hidden = tally.states([codon + 1])[owners, 0]
    depth = int(tally.depth[codon]) + int(((hidden < 0) & (hidden != SKIPPED)).sum())
    p_value = background.tail(len(owners), depth, rate, 0.0)
    share, low, high = background.interval(len(owners), depth, min(rate, 0.5))
    forward = f.forward[owners, 1] > 0
    reverse = f.reverse[owners, 1] > 0
    reasons = []
    if p_value >= alpha:
        reasons.append("background")
    if depth < MIN_DEPTH:
        reasons.append("depth")
    if background.indel >= NOISY_INDELS and run >= LONG_HOMOPOLYMER:
        reasons.append("homopolymer")
    name, hgvs_c, hgvs_p = hgvs.indel_names(reference, start, end, inserted)
    return Call(
        sample=sample,
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
        background=rate,
        p_value=max(p_value, 1e-300),
        q_value=None,
        lod95=None,
        evidence="both_orientations" if forward.any() and reverse.any() else "single_orientation",
        filter=";".join(reasons) or "PASS",
        level="",
        genome_grch38="",
    )
