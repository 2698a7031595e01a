"""A knowledge folder for the Cables2 amplicon: one transcript of 2,832 bases, and the two substitutions or none."""

from __future__ import annotations

from pathlib import Path

from ablkd.records import Mutation, Note, Platform, Transcript
from ablkd.reference import SEQUENCES, TABLES, load_reference
from ablkd.tables import read_rows, write_rows

TARGET = "flox"
LEFT, RIGHT = "T1749G", "T2461G"


def write_knowledge(folder: Path, fasta: Path, platforms: Path, catalogue: bool, target: str = TARGET):
    """Write all tables with their headers and load them."""
    (folder / "tki").mkdir(parents=True)
    words = fasta.read_text().split(">")[1:]
    sequence = next("".join(w.split("\n")[1:]) for w in words if w.split("\n")[0].strip() == target).upper()
    rows: dict[str, list] = {name: [] for name in TABLES}
    rows["transcripts.tsv"] = [Transcript(target, "target", "of the case", 0, 1, len(sequence), "design")]
    rows["platforms.tsv"] = read_rows(platforms, Platform)
    rows["notes.tsv"] = [Note("report_general", "Test of the method.", "design")]
    if catalogue:
        rows["mutations.tsv"] = [_substitution(sequence, name) for name in (LEFT, RIGHT)]
    for name, kind in TABLES.items():
        write_rows(folder / name, kind, rows[name])
    (folder / SEQUENCES).write_text(f">{target}\n{sequence}\n")
    return load_reference(folder)


def _substitution(sequence: str, name: str) -> Mutation:
    before, position, after = name[0], int(name[1:-1]), name[-1]
    assert sequence[position - 1] == before
    codon, within = (position + 2) // 3, (position - 1) % 3
    ref = sequence[3 * codon - 3 : 3 * codon]
    alt = ref[:within] + after + ref[within + 1 :]
    change = f"{TARGET}:c.{position}{before}>{after}"
    return Mutation(name, change, "", codon, "", ref, alt, "catalogue", "", "", "design", "")
