"""Isoform sequences built from the tables of reference/ alone: the truth that the splice graph is tested against.

Nothing of ablkd is used here. An isoform is a list of stretches of labelled bases; a label is ("target", c. position - 1),
(fusion contig, place on it) or (event, place in the inserted sequence).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

Label = tuple[str, int]


@dataclass(frozen=True)
class Isoform:
    """A spelled isoform: `bases[i]` is the base with the label `labels[i]`."""

    name: str
    bases: str
    labels: tuple[Label, ...]

    def part(self, start: int, stop: int) -> Isoform:
        return Isoform(self.name, self.bases[max(start, 0) : stop], self.labels[max(start, 0) : stop])


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader((line for line in stream if not line.startswith("#")), delimiter="\t"))


def contigs(path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for record in path.read_text("utf-8").split(">")[1:]:
        head, *lines = record.split("\n")
        found[head.split()[0]] = "".join(lines).upper()
    return found


def all_isoforms(folder: Path) -> list[Isoform]:
    """Every transcript, alone and with each splice event that fits it: `e14a2`, `e14a2+exon4_skipping`, ..."""
    sequences = contigs(folder / "transcripts.fasta")
    found = []
    for transcript in rows(folder / "transcripts.tsv"):
        name = transcript["name"]
        partner, start = int(transcript["partner_length"]), int(transcript["target_start"])
        end = int(transcript["target_end"])
        labels = [(name, i) for i in range(partner)] + [("target", p) for p in range(start - 1, end)]
        whole = Isoform(name, sequences[name], tuple(labels))
        assert len(whole.bases) == len(labels)
        found.append(whole)
        found += [changed for event in rows(folder / "splicing.tsv") if (changed := spliced(whole, event))]
    return found


def spliced(isoform: Isoform, event: dict[str, str]) -> Isoform | None:
    """The isoform with one event; None where the isoform lacks one of the bases that the event joins or leaves out."""
    first, last = int(event["start"]) - 1, int(event["end"]) - 1
    place = {label: i for i, label in enumerate(isoform.labels)}
    if ("target", first) not in place or ("target", last) not in place:
        return None
    a, b = place["target", first], place["target", last]
    bases, labels = isoform.bases, isoform.labels
    name = f"{isoform.name}+{event['event']}"
    if event["kind"] == "skip":
        if a == 0 or b == len(bases) - 1:
            return None
        return Isoform(name, bases[:a] + bases[b + 1 :], labels[:a] + labels[b + 1 :])
    new = event["inserted_sequence"]
    inside = tuple((event["event"], k) for k in range(len(new)))
    return Isoform(name, bases[:b] + new + bases[b:], labels[:b] + inside + labels[b:])


def junctions(isoform: Isoform) -> list[int]:
    """Indices i at which labels i - 1 and i are not neighbours on the target, a contig or an insertion."""
    pairs = enumerate(zip(isoform.labels, isoform.labels[1:], strict=False), start=1)
    return [i for i, (a, b) in pairs if a[0] != b[0] or b[1] != a[1] + 1]
