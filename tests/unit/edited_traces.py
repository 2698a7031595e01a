"""Public traces of base-edited cells, with the unedited sequence to call them against.

A base editor replaces C by T (BE4) or A by G (ABE) at one base of a protospacer, and often at its neighbours.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ablkd.records import Mutation, Transcript
from ablkd.reference import Reference
from ablkd.traces.abif import Trace, base_fractions, base_signals, read_trace

EDITS = {"BE4": "CT", "ABE7.10": "AG"}
COMPLEMENT = str.maketrans("ACGT", "TGCA")
# File, protospacer, edited base (1-based) and published fraction of sanger_base_edits_2, from shared/data/README.md.
MORE_SITES = (
    ("4_Round_1_D12.ab1", "TTACCCCACTTAACTATCTT", 6, 0.87),
    ("4_Round_1_E05.ab1", "GATGCTCAGTACAGCCACCT", 7, 0.81),
)


@dataclass(frozen=True)
class Edit:
    """A trace and its edited base: 0-based, its base without the edit and with it, in the direction of the trace.

    `unedited` is the trace's sequence with the protospacer as it was; `window` is where the protospacer aligns.
    """

    trace: Trace
    base: int
    ref: str
    alt: str
    published: float
    unedited: str
    window: range


def public_edits(folder: Path) -> list[Edit]:
    """The 23 edits of sanger_base_edits and sanger_base_edits_2."""
    edits = []
    with (folder / "sanger_base_edits/sites.tsv").open() as lines:
        for site in csv.DictReader(lines, delimiter="\t"):
            pair = EDITS[site["enzyme"]]
            trace = read_trace(folder / "sanger_base_edits" / site["file"])
            place = int(site["position_in_protospacer"])
            edit = _edit(trace, site["protospacer"], place, pair, float(site[f"EditR_{pair[1]}"]) / 100)
            assert edit.base == int(site["base_index_in_trace_0based"]), site
            edits.append(edit)
    for name, protospacer, place, published in MORE_SITES:
        trace = read_trace(folder / "sanger_base_edits_2" / name)
        edits.append(_edit(trace, protospacer, place, EDITS["BE4"], published))
    return edits


def _edit(trace: Trace, protospacer: str, place: int, pair: str, published: float) -> Edit:
    shown = strongest(trace)
    reverse = protospacer[::-1].translate(COMPLEMENT)
    found = [
        (sum(a == b for a, b in zip(shown[i : i + len(bases)], bases, strict=True)), i, forward)
        for forward, bases in ((True, protospacer), (False, reverse))
        for i in range(len(shown) - len(bases) + 1)
    ]
    _, start, forward = max(found)
    bases, offset = (protospacer, place - 1) if forward else (reverse, len(protospacer) - place)
    ref, alt = pair if forward else pair.translate(COMPLEMENT)
    assert bases[offset] == ref, trace.name
    window = range(start, start + len(bases))
    unedited = shown[:start] + bases + shown[window.stop :]
    return Edit(trace, start + offset, ref, alt, published, unedited, window)


def strongest(trace: Trace) -> str:
    """The base of the highest channel at each peak."""
    return "".join("ACGT"[c] for c in base_fractions(base_signals(trace)).argmax(axis=1))


def own_reference(reference: Reference, sequence: str, listed: bool, edit: Edit | None = None) -> Reference:
    """Knowledge whose target is a trace's sequence, with a listed variant in every third codon, and the edit."""
    random = np.random.default_rng(len(sequence))
    sequence = sequence[: len(sequence) // 3 * 3]
    rows = list(_listed(sequence, random)) if listed else []
    if edit:
        codon, place = edit.base // 3 + 1, edit.base % 3
        ref = sequence[3 * codon - 3 : 3 * codon]
        alt = ref[:place] + edit.alt + ref[place + 1 :]
        own = Mutation("edit", f"own:c.{edit.base + 1}{edit.ref}>{edit.alt}", "", codon, "", ref, alt, *CATALOGUED)
        rows = sorted([*(r for r in rows if r.codon != codon), own], key=lambda r: r.codon)
    return replace(
        reference,
        sequences={"own": sequence},
        transcripts=(Transcript("own", "target", "own", 0, 1, len(sequence), ""),),
        mutations=tuple(rows),
        polymorphisms=(),
        splicing=(),
        exons=(),
    )


CATALOGUED = ("catalogue", "", "", "", "")


def _listed(sequence: str, random: np.random.Generator) -> Iterator[Mutation]:
    for codon in sorted(random.choice(len(sequence) // 3 - 1, len(sequence) // 9, replace=False) + 1):
        ref = sequence[3 * codon - 3 : 3 * codon]
        alt = ref[0] + random.choice([b for b in "ACGT" if b != ref[1]]) + ref[2]
        yield Mutation(
            f"m{codon}", f"own:c.{3 * codon - 1}{ref[1]}>{alt[1]}", "", int(codon), "", ref, alt, *CATALOGUED
        )
