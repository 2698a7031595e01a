"""Fragments drawn by hand: so many of a kind, what they cover and what they show.

Changes are written as people write them: `944C>T`, `943_945del`, `750_751insACT` (bases between the two),
`944N` (not observed). Events and fusions are names of the knowledge folder.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from ablkd.fragments import DELETED, QUALITIES, UNOBSERVED, Fragments
from ablkd.isoforms import build_graph
from ablkd.records import Call, SpliceEvent

CODE = {"A": 0, "C": 1, "G": 2, "T": 3, "N": UNOBSERVED}
WHOLE = (600, 1650)


@dataclass(frozen=True)
class Kind:
    """`count` equal fragments; `forward` and `reverse` are half-open 0-based spans of the target, None: no such mate."""

    count: int
    changes: str = ""
    forward: tuple[int, int] | None = WHOLE
    reverse: tuple[int, int] | None = WHOLE
    events: tuple[str, ...] = ()
    fusion: str = ""


def exceptions(text: str) -> tuple[list[tuple[int, int]], list[tuple[int, list[int]]]]:
    """([(0-based position, allele)], [(inserted before 0-based position, bases)]) of changes separated by spaces."""
    changed, inserted = [], []
    for word in text.split():
        if found := re.fullmatch(r"(\d+)([ACGT])>([ACGT])", word):
            changed.append((int(found[1]) - 1, CODE[found[3]]))
        elif found := re.fullmatch(r"(\d+)N", word):
            changed.append((int(found[1]) - 1, UNOBSERVED))
        elif found := re.fullmatch(r"(\d+)(?:_(\d+))?del", word):
            changed += [(p, DELETED) for p in range(int(found[1]) - 1, int(found[2] or found[1]))]
        elif found := re.fullmatch(r"(\d+)_\d+ins([ACGT]+)", word):
            inserted.append((int(found[1]), [CODE[b] for b in found[2]]))
        else:
            raise ValueError(word)
    return sorted(changed), inserted


def jump_bits(reference, events, fusion) -> int:
    """Bit mask of the jumps that molecules with these events and this fusion take."""
    if not (events or fusion):
        return 0
    edges = list(enumerate(build_graph(reference).edges))
    inside = [j for j, e in edges if not e.transcript and e.events and set(e.events) <= set(events)]
    breaks = [j for j, e in edges if fusion and e.transcript == fusion]
    # A jump that is breakpoint and event at once stands for both.
    both = [j for j in breaks if edges[j][1].events and set(edges[j][1].events) <= set(events)]
    taken = [*inside, *(both or [j for j in breaks if not edges[j][1].events])]
    return sum(1 << j for j in taken)


def draw(reference, kinds: list[Kind], tile: int = -1, quality: int = 40) -> Fragments:
    """All fragments, kind after kind."""
    length = len(reference.sequence)
    histogram = np.zeros((length, 3, QUALITIES), np.int32)
    owners, positions, alleles = [], [], []
    ins_owners, ins_positions, ins_bases = [], [], []
    first = 0
    for kind in kinds:
        changed, inserted = exceptions(kind.changes)
        numbers = np.arange(first, first + kind.count)
        owners.append(np.repeat(numbers, len(changed)))
        positions.append(np.tile([p for p, _ in changed], kind.count))
        alleles.append(np.tile([a for _, a in changed], kind.count))
        for number in numbers:
            for position, bases in inserted:
                ins_owners.append(number)
                ins_positions.append(position)
                ins_bases.append(bases)
        seen = np.zeros((2, length), bool)
        for row, span in zip(seen, (kind.forward, kind.reverse), strict=True):
            row[slice(*(span or (0, 0)))] = True
        for orientation, where in enumerate((seen[0] & ~seen[1], seen[1] & ~seen[0], seen[0] & seen[1])):
            histogram[where, orientation, quality] += kind.count
        first += kind.count
    spans = np.array(
        [[k.forward or (0, 0), k.reverse or (0, 0)] for k in kinds for _ in range(k.count)], np.int32
    ).reshape(-1, 2, 2)
    bits = [jump_bits(reference, k.events, k.fusion) for k in kinds]
    return Fragments(
        junctions=np.repeat(np.array(bits, np.int64), [k.count for k in kinds]),
        forward=spans[:, 0].copy(),
        reverse=spans[:, 1].copy(),
        ends=np.zeros((first, 2), np.int32),
        tile=np.full(first, tile, np.int16),
        **_table(first, *(np.array([a for part in x for a in part], np.int64) for x in (owners, positions, alleles))),
        ins_fragment=np.array(ins_owners, np.int32),
        ins_position=np.array(ins_positions, np.int32),
        ins_offsets=np.cumsum([0, *map(len, ins_bases)]).astype(np.int64),
        ins_bases=np.array([b for bases in ins_bases for b in bases], np.uint8),
        histogram=histogram,
        reads=2 * first,
        placed=2 * first,
    )


def _table(number, owner, position, allele) -> dict:
    order = np.lexsort((position, owner))
    return {
        "offsets": np.searchsorted(owner[order], np.arange(number + 1)).astype(np.int64),
        "position": position[order].astype(np.int32),
        "allele": allele[order].astype(np.uint8),
        "quality": np.full(len(order), 40, np.uint8),
    }


def misread(reference, fragments: Fragments, rates: np.ndarray, rng: np.random.Generator) -> Fragments:
    """The same fragments with wrong bases: `rates` float[L, 3] by site and by what is added to the base's code (column
    0 adds 1 to A 0, C 1, G 2, T 3, modulo 4; so column 1 is the transition). Fragments must all cover the sites."""
    length, number = len(reference.sequence), len(fragments)
    owner = np.repeat(np.arange(number), np.diff(fragments.offsets))
    shown = dict(zip((owner * length + fragments.position).tolist(), fragments.allele.tolist(), strict=True))
    wrong = rng.binomial(number, rates)
    for site, column in zip(*np.nonzero(wrong), strict=True):
        for hit in rng.choice(number, wrong[site, column], replace=False):
            key = int(hit) * length + int(site)
            base = shown.get(key, int(reference.codes[site]))
            if base > 3:
                continue
            base = (base + int(column) + 1) % 4
            shown[key] = base
            if base == reference.codes[site]:
                del shown[key]
    keys = np.array(list(shown), np.int64)
    return replace(fragments, **_table(number, keys // length, keys % length, np.array(list(shown.values()), np.int64)))


def call_row(reference, name: str, change: str, vaf: float, error: float = 1e-4, **values) -> Call:
    """A passed call as phasing reads it; `change` as in `944C>T` or `944_945delinsTG`."""
    codon = (int(re.match(r"\d+", change)[0]) + 2) // 3
    row = Call(
        sample="S", name=name, hgvs_c=f"{reference.target.name}:c.{change}", hgvs_p="", codon=codon, exon="",
        kind="substitution", tier="catalogue", depth=1000, alt_count=round(1000 * vaf), vaf=vaf, vaf_low=vaf,
        vaf_high=vaf, vaf_full_length=None, vaf_forward=None, vaf_reverse=None, background=error, p_value=1e-300,
        q_value=1e-300, lod95=0.02, evidence="both_orientations", filter="PASS", level="reported", genome_grch38="",
    )  # fmt: skip
    return replace(row, **values)


def event_row(event: str, fraction: float, call: str = "present") -> SpliceEvent:
    """A splicing row as phasing reads it."""
    return SpliceEvent("S", event, "", "", 1, 1, fraction, fraction, fraction, fraction, fraction, 0.01, call, "")
