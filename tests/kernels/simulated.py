"""Reads cut out of the independently built isoforms, and blocks of reads made from plain strings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from isoform_panel import Isoform, Label, junctions

from ablkd.alignment.block import ReadBlock
from ablkd.isoforms import SpliceGraph
from ablkd.reference import Reference

ADAPTER = "AGATCGGAAGAGCACACGTCTGAACTCCAGTCACATCACGATCTCGTATGCCGTCTTCTGCTTG" * 3
OTHER_STRAND = str.maketrans("ACGTN", "TGCAN")
CODES = {"A": 0, "C": 1, "G": 2, "T": 3}


@dataclass(frozen=True)
class Cut:
    """A read as sequenced, `isoform.bases[start : start + length]` of which it shows (with errors where `changed`)."""

    read: str
    isoform: Isoform
    start: int
    length: int
    reverse: bool
    changed: bool = False


def turned(bases: str) -> str:
    return bases.translate(OTHER_STRAND)[::-1]


def cut(isoform: Isoform, start: int, length: int, reverse: bool) -> Cut:
    shown = isoform.bases[start : start + length]
    return Cut(turned(shown) if reverse else shown, isoform, start, length, reverse)


def with_errors(rng: np.random.Generator, shown: str, substitutions: float, indels: float) -> str:
    """Substitutions (a fifth of them N) and, with probability `indels`, one gap of 1 to 6 bases."""
    bases = [str(rng.choice([*"ACGTN"])) if rng.random() < substitutions else b for b in shown]
    if rng.random() < indels:
        at, size = int(rng.integers(1, len(bases) - 1)), int(rng.integers(1, 7))
        bases[at : at + size * int(rng.integers(2))] = [str(b) for b in rng.choice([*"ACGT"], size)]
    return "".join(bases)


def short_reads(rng: np.random.Generator, isoforms: list[Isoform], count: int) -> list[Cut]:
    """Reads of 75 to 150 bases, mostly over a junction with 1 to 75 bases on one side: a third without errors, half
    with substitutions and gaps, the rest running into the adapter."""
    reads = []
    while len(reads) < count:
        isoform = isoforms[rng.integers(len(isoforms))]
        length, joins = int(rng.choice([75, 101, 150])), junctions(isoform)
        if joins and rng.random() < 0.8:
            over = int(rng.integers(1, 75))
            start = joins[rng.integers(len(joins))] - (over if rng.random() < 0.5 else length - over)
        else:
            start = int(rng.integers(0, 1500))
        if not 0 <= start <= min(len(isoform.bases) - length, 1600):
            continue
        kind, reverse = rng.random(), bool(rng.integers(2))
        shown = isoform.bases[start : start + (int(rng.integers(50, length)) if kind > 0.85 else length)]
        seen = with_errors(rng, shown, 0.01, 0.0 if kind > 0.85 else 0.35) if kind > 0.35 else shown
        read = (turned(seen) if reverse else seen) + ADAPTER[: length - len(shown)]
        reads.append(Cut(read, isoform, start, len(shown), reverse, seen != shown))
    return reads


def long_read(rng: np.random.Generator, isoform: Isoform, error: float) -> Cut:
    """A read over nearly all of an isoform; a third of the errors each are substitutions, insertions, deletions."""
    start, length, reverse = 100, len(isoform.bases) - 250, bool(rng.integers(2))
    seen = []
    for base, draw in zip(isoform.bases[start : start + length], rng.random(length), strict=True):
        if draw < error / 3:
            seen.append(str(rng.choice([*"ACGT"])))
        elif draw < 2 * error / 3:
            seen += [base, str(rng.choice([*"ACGT"]))]
        elif draw > error:
            seen.append(base)
    shown = "".join(seen)
    return Cut(turned(shown) if reverse else shown, isoform, start, length, reverse, True)


def block(reads: list[str], quality: int = 35) -> ReadBlock:
    """The reads as the aligner takes them, named 0, 1, 2, ..."""
    names = [str(i).encode() for i in range(len(reads))]
    codes = np.array([CODES.get(b, 4) for read in reads for b in read], np.uint8)
    return ReadBlock(
        codes=codes,
        quals=np.full(len(codes), quality, np.uint8),
        offsets=np.cumsum([0, *map(len, reads)], dtype=np.int64),
        names=np.frombuffer(b"".join(names), np.uint8),
        name_offsets=np.cumsum([0, *map(len, names)], dtype=np.int64),
        first_line=1,
    )


def nodes_of_labels(reference: Reference, graph: SpliceGraph) -> dict[Label, int]:
    """Graph node of every label; that the nodes spell the isoforms is tested in test_graph_paths."""
    found: dict[Label, int] = {("target", p): p for p in range(graph.target_length)}
    partner = {t.name: t.partner_length for t in reference.transcripts}
    for edge in graph.edges:
        if edge.transcript and not edge.events:
            node = edge.origin
            for depth in reversed(range(partner[edge.transcript])):
                found[edge.transcript, depth] = node
                node = int(graph.arrays.preceding[node])
        elif edge.origin < graph.target_length <= edge.goal:
            node, k = edge.goal, 0
            while node >= 0:
                found[edge.events[0], k] = node
                node, k = int(graph.arrays.following[node]), k + 1
    return found
