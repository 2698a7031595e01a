"""Reads that once went wrong: `reads_*/case.tsv` says what was wrong, the read (and its mate), and what it shows."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from ablkd.alignment.aligner import Aligner
from ablkd.alignment.block import ReadBlock
from ablkd.alignment.merged import merge
from ablkd.fragments import DELETED
from ablkd.reference import encode

CASES = sorted(p.parent for p in Path(__file__).parent.glob("reads_*/case.tsv"))


def block(bases: str) -> ReadBlock:
    codes, ends = encode(bases), np.array([0, len(bases)], np.int64)
    return ReadBlock(codes, np.full(len(codes), 35, np.uint8), ends, encode("A"), np.array([0, 1], np.int64), 1)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_reads(case, reference):
    text = [line for line in (case / "case.tsv").read_text("utf-8").splitlines() if not line.startswith("#")]
    said = {row["what"]: row["value"] for row in csv.DictReader(text, delimiter="\t")}
    aligner = Aligner(reference, "short")
    first, *mate = [aligner.place(block(said[what])) for what in ("read", "mate") if what in said]
    fragments, counts = merge(first, mate[0] if mate else None, aligner.graph, 20)
    taken = [e for j, e in enumerate(aligner.graph.edges) if len(fragments) and fragments.junctions[0] >> j & 1]
    shown = {
        "event": ";".join(event for edge in taken for event in edge.events),
        "deleted": str(int((fragments.allele == DELETED).sum())),
        "inserted": str(len(fragments.ins_position)),
        "contradicting": str(counts[1]),
    }
    assert {what: shown[what] for what in said if what in shown} == {w: v for w, v in said.items() if w in shown}
