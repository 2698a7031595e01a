"""Reads and fragments drawn under their target, and a small made-up knowledge folder to draw on.

    target      GTTGCAACGGATCCTTAGCA
    forward     GTTG-AA(cc)CG.           upper case
    reverse          **acggattctt       lower case

A letter is a base seen with good quality, `-` a deleted base, `.` one seen too poorly, `*` a base that is not aligned,
`(cc)` bases inserted between two columns; a blank inside a read is left out by a jump.
"""

from __future__ import annotations

import re
from dataclasses import fields

import numpy as np

from ablkd.alignment.block import ReadBlock
from ablkd.alignment.merged import merge
from ablkd.alignment.placed import Placed, PlacedArrays
from ablkd.fragments import DELETED, Fragments
from ablkd.isoforms import SpliceGraph, build_graph
from ablkd.records import SpliceVariant, Transcript
from ablkd.reference import Reference

GOOD, POOR, LEAST = 30, 5, 20
#         exon 1, 0-29                  exon 2, 30-59                 exon 3, 60-88
TARGET = "GTTGCAACGGATCCTTAGCATCGGACTATTCCAGATTTCGCGAAAGTCAATGCTGCCACAATAGGGTCACCTCAAGCTGTGATACGCTA"
PARTNER = "CAGGGACGTAATCGTCTTAAGCGA"
INSERTED = "TGCCTTACGAGTTGTCA"


def toy(branched: bool = True) -> SpliceGraph:
    """The target alone, or with a fusion to exon 2, the skipping of exon 2 and an insertion before exon 3."""
    target = Transcript("target", "target", "", 0, 1, len(TARGET), "")
    fusion = Transcript("fusion", "fusion", "", len(PARTNER), 31, len(TARGET), "")
    skip = SpliceVariant("skipping", "skip", 31, 60, "", "", "", "no", "", "")
    insertion = SpliceVariant("insertion", "insertion", 60, 61, INSERTED, "", "", "no", "", "")
    nothing = {field.name: () for field in fields(Reference)}
    given = {
        "sequences": {"target": TARGET, "fusion": PARTNER + TARGET[30:]},
        "transcripts": (target, fusion) if branched else (target,),
        "splicing": (skip, insertion) if branched else (),
    }
    return build_graph(Reference(**{**nothing, **given}))


def unbranched(sequence: str) -> SpliceGraph:
    """A target of these bases without isoforms."""
    nothing = {field.name: () for field in fields(Reference)}
    target = Transcript("target", "target", "", 0, 1, len(sequence), "")
    return build_graph(Reference(**{**nothing, "sequences": {"target": sequence}, "transcripts": (target,)}))


def read_of(drawing: str) -> tuple[str, list[int], list[int], bool]:
    """(bases in target orientation, qualities, nodes, reverse) of a drawn read on a target without jumps inside."""
    bases, quals, nodes, column = "", [], [], 0
    for part in re.findall(r"\([a-zA-Z]+\)|.", drawing):
        if part.startswith("("):
            bases += part[1:-1]
            quals += [GOOD] * (len(part) - 2)
            nodes += [-1] * (len(part) - 2)
            continue
        if part not in " -":
            bases += TARGET[column] if part in ".*" else part
            quals.append(POOR if part == "." else GOOD)
            nodes.append(-2 if part == "*" else column)
        column += 1
    reverse = any(c.islower() for c in drawing)
    return bases.upper(), quals, nodes, reverse


def read_along(*stretches: tuple[str, int, int], reverse: bool = False) -> tuple[str, list[int], list[int], bool]:
    """A read without errors along half-open stretches of `target`, `fusion` (its partner) and `insertion`."""
    starts = {"target": 0, "fusion": len(TARGET), "insertion": len(TARGET) + len(PARTNER)}
    sequences = {"target": TARGET, "fusion": PARTNER, "insertion": INSERTED}
    bases = "".join(sequences[name][a:b] for name, a, b in stretches)
    nodes = [starts[name] + i for name, a, b in stretches for i in range(a, b)]
    return bases, [GOOD] * len(bases), nodes, reverse


def placed(reads: list[tuple[str, list[int], list[int], bool]]) -> Placed:
    """Reads as the aligner hands them on; a read without bases is one that has no place."""
    codes = np.array(["ACGTN".index(b) for bases, *_ in reads for b in bases], np.uint8)
    quals = np.array([q for _, quals, *_ in reads for q in quals], np.uint8)
    nodes = np.array([v for *_, nodes, _ in reads for v in nodes], np.int32)
    offsets = np.cumsum([0, *(len(bases) for bases, *_ in reads)], dtype=np.int64)
    reverse = np.array([r for *_, r in reads], np.uint8)
    has_place = np.array([bool(bases) for bases, *_ in reads], np.uint8)
    straight = np.array([is_straight(nodes) for *_, nodes, _ in reads], np.uint8)
    names = ReadBlock(codes, quals, offsets, np.zeros(0, np.uint8), np.zeros(len(reads) + 1, np.int64), 1)
    return Placed(names, PlacedArrays(codes, quals, offsets, nodes, reverse, has_place, straight))


def is_straight(nodes: list[int]) -> bool:
    """Whether a read is aligned base by base to nodes of the target that follow each other."""
    return bool(nodes) and nodes[0] >= 0 and nodes == list(range(nodes[0], nodes[0] + len(nodes)))


def merged(graph: SpliceGraph, *mates) -> tuple[Fragments, list[int]]:
    """Fragments and counts of one read or of the two mates of one pair."""
    first, *second = [placed([mate]) for mate in mates]
    fragments, counts = merge(first, second[0] if second else None, graph, LEAST)
    return fragments, counts.tolist()


def drawn(fragments: Fragments, n: int, graph: SpliceGraph) -> str:
    """Fragment n as a drawing, upper case; blanks where it covers nothing."""
    row = [" "] * len(TARGET)
    for start, stop in (fragments.forward[n], fragments.reverse[n]):
        row[start:stop] = TARGET[start:stop]
    for j, (start, stop) in enumerate(graph.arrays.skipped):
        if int(fragments.junctions[n]) >> j & 1:
            row[start:stop] = " " * (stop - start)
    for k in range(fragments.offsets[n], fragments.offsets[n + 1]):
        allele = fragments.allele[k]
        row[fragments.position[k]] = "ACGT-"[allele] if allele <= DELETED else "."
    for k in np.flatnonzero(fragments.ins_fragment == n)[::-1]:
        bases = fragments.ins_bases[fragments.ins_offsets[k] : fragments.ins_offsets[k + 1]]
        row[fragments.ins_position[k]] = f"({''.join('ACGT'[b] for b in bases)})" + row[fragments.ins_position[k]]
    return "".join(row).rstrip()


def jumps(fragments: Fragments, n: int, graph: SpliceGraph) -> list[str]:
    """Names of the transcripts and events of the jumps that fragment n takes."""
    taken = [edge for j, edge in enumerate(graph.edges) if int(fragments.junctions[n]) >> j & 1]
    return list(dict.fromkeys(name for edge in taken for name in (edge.transcript, *edge.events) if name))
