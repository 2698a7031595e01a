"""The best affine alignment of a read to any isoform, found exhaustively by Biopython, and the score of a given one.

Scores: match 1, mismatch -4, a gap of n bases -(6 + n), each end that is not aligned to its last base -5.
"""

from __future__ import annotations

from Bio import Align
from Bio.Align import substitution_matrices
from isoform_panel import Isoform, Label, junctions

MATCH, MISMATCH, OPEN, EXTEND, CLIP = 1, -4, -6, -1, -5


def _aligner() -> Align.PairwiseAligner:
    """Local alignment; an `X` at each end of the read is worth the clip it saves where the read reaches its end."""
    letters = "ACGTNX"
    scores = substitution_matrices.Array(letters, 2)
    for a in letters:
        for b in letters:
            scores[a, b] = -CLIP if "X" in (a, b) else MATCH if a == b != "N" else MISMATCH
    return Align.PairwiseAligner(
        mode="local", substitution_matrix=scores, open_gap_score=OPEN + EXTEND, extend_gap_score=EXTEND
    )


def windows(isoforms: list[Isoform], reach: int, length: int) -> list[Isoform]:
    """All that a read of at most `reach` bases can see of the isoforms up to target base `length`: unspliced
    transcripts whole, of the others what lies around each junction."""
    found: dict[str, Isoform] = {}
    for isoform in isoforms:
        plain = "+" not in isoform.name
        if not junctions(isoform):
            found.setdefault(isoform.bases[:length], isoform.part(0, length))
        for j in junctions(isoform):
            part = isoform.part(0 if plain else j - reach, j + reach)
            found.setdefault(part.bases, part)
    return list(found.values())


class Oracle:
    def __init__(self, panel: list[Isoform], node_at: dict[Label, int]) -> None:
        self.panel = panel
        self.places = [{node_at[label]: i for i, label in enumerate(isoform.labels)} for isoform in panel]
        self.aligner = _aligner()

    def best(self, read: str) -> float:
        """Score of the best alignment of the read, in the orientation given, to any isoform."""
        return max(self.aligner.score(f"N{i.bases}N", f"X{read}X") for i in self.panel) + 2 * CLIP

    def score(self, read: str, nodes: list[int]) -> float | None:
        """Score of the alignment that puts read base i at nodes[i] (negative: not aligned), on the isoform that suits it
        best; None where no isoform has these nodes in this order."""
        aligned = [i for i, node in enumerate(nodes) if node >= 0]
        scores = []
        for isoform, place in zip(self.panel, self.places, strict=True):
            if not aligned or any(nodes[i] not in place for i in aligned):
                continue
            at = [place[nodes[i]] for i in aligned]
            if all(a < b for a, b in zip(at, at[1:], strict=False)):
                scores.append(self._score(read, isoform.bases, aligned, at))
        return max(scores, default=None)

    def _score(self, read: str, bases: str, aligned: list[int], at: list[int]) -> float:
        total = CLIP * (aligned[0] > 0) + CLIP * (aligned[-1] < len(read) - 1)
        total += sum(MATCH if read[i] == bases[j] else MISMATCH for i, j in zip(aligned, at, strict=True))
        for steps in (aligned, at):
            gaps = [b - a - 1 for a, b in zip(steps, steps[1:], strict=False) if b > a + 1]
            total += sum(OPEN + EXTEND * gap for gap in gaps)
        return total
