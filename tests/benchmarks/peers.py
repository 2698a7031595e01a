"""Ours beside freebayes, bcftools and iVar on the same files of known content: what is found and what is false.

    python tests/benchmarks/peers.py --samples 4 --seed 1 --folder peers

`peer_reads.py` says what is in the samples, `peer_callers.py` how the callers are run. A change counts as found
when all its bases are in rows that pass the caller's own filters, and as labelled when some row without a pass has
them; a false call is a passed allele that is not in the sample, between the primers on the target. A second table
asks what a peer finds when its least fraction is chosen with the truth in hand, so that it makes no more false calls
than ours. Seconds are processor time from FASTQ to calls, for one sample. Everything is kept in the folder;
peers.tsv there has the figures.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from peer_callers import OURS, PEERS, Contig, Found, bwa, missing_programs, our_rows, run_ours, shell, vcf_rows
from peer_reads import CONTROLS, FRACTIONS, SOURCES, Allele, Mixture, Reads, bases, change_alleles, mixtures, product

from ablkd.reference import Reference, load_reference

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Expected:
    """What a sample holds: the changes present with their nominal fractions, and every allele that is not false."""

    changes: tuple[tuple[float, frozenset[Allele]], ...]
    alleles: frozenset[Allele]
    first: int  # only alleles whose first base lies between these, 1-based inclusive, are counted
    last: int


@dataclass
class Score:
    """What a caller made of the samples of one source."""

    caller: str
    setting: str
    found: dict[float, int] = field(default_factory=lambda: dict.fromkeys(FRACTIONS, 0))
    labelled: int = 0
    false: list[int] = field(default_factory=list)
    seconds: float = 0.0
    rows: list[tuple[Expected, list[Found]]] = field(default_factory=list)

    def add(self, expected: Expected, rows: Iterable[Found]) -> None:
        """Count one sample."""
        kept = list(rows)
        passed, seen = _alleles(r for r in kept if r.passed), _alleles(kept)
        for fraction, change in expected.changes:
            self.found[fraction] += change <= passed
            self.labelled += change <= seen and not change <= passed
        self.false.append(len(_false(passed, expected)))
        self.rows.append((expected, kept))

    def in_hindsight(self, allowed: int) -> tuple[int, float]:
        """(changes found, least fraction) at the lowest cut that leaves no more than `allowed` false calls."""
        cuts = sorted({row.fraction for _, rows in self.rows for row in rows if row.passed})
        low, high = 0, len(cuts)
        while low < high:  # false calls fall as the cut rises
            middle = (low + high) // 2
            false = sum(len(_false(_alleles(_above(rows, cuts[middle])), expected)) for expected, rows in self.rows)
            low, high = (low, middle) if false <= allowed else (middle + 1, high)
        cut = cuts[low] if low < len(cuts) else 1.0
        passed = [(expected, _alleles(_above(rows, cut))) for expected, rows in self.rows]
        return sum(change <= called for expected, called in passed for _, change in expected.changes), cut


def _above(rows: list[Found], cut: float) -> list[Found]:
    return [row for row in rows if row.passed and row.fraction >= cut]


def _alleles(rows: Iterable[Found]) -> frozenset[Allele]:
    return frozenset().union(*(row.alleles for row in rows))


def _false(called: frozenset[Allele], expected: Expected) -> frozenset[Allele]:
    return frozenset(a for a in called - expected.alleles if expected.first <= a[0] <= expected.last)


def expect(reference: Reference, sample: Mixture, reads: Reads) -> Expected:
    """The truth of one sample; a change that chance left out of its reads is not asked for, nor false."""
    known = {change: change_alleles(reference, change) for change in sample.fractions}
    present = tuple((sample.fractions[c], known[c]) for c in sample.fractions if reads.realised[c] > 0)
    whole = product(reference, "unmutated")
    inside = whole.axis[whole.left : len(whole.axis) - whole.right]
    fusion = next(t for t in reference.transcripts if t.name == whole.molecule.fusion)
    return Expected(present, frozenset().union(*known.values()), fusion.target_start, int(inside[-1]) + 1)


def compare(
    reference: Reference, source: str, samples: list[Mixture], depth: int, seed: int, folder: Path
) -> list[Score]:
    """Make the reads of one source, run everybody on them, and count; one Score for each setting, ours first."""
    folder.mkdir(parents=True)
    make, molecules = SOURCES[source]
    reads = make(reference, samples, depth, seed, folder)
    asked = [sample for sample in samples if sample.name not in CONTROLS]
    truth = {sample.name: expect(reference, sample, reads[sample.name]) for sample in asked}
    scores = []
    for number, ours in enumerate(OURS):
        score, run = Score("ablkd", ours.setting), folder / f"ablkd{number}"
        score.seconds = run_ours(ours, run, samples, reads, molecules)
        for sample in asked:
            calls = (run / "results" / "samples" / sample.name / "calls.tsv").read_text()
            score.add(truth[sample.name], our_rows(calls, reference.sequence))
        scores.append(score)
    return scores + run_peers(reference, {s.name: reads[s.name] for s in asked}, truth, folder)


def run_peers(reference: Reference, reads: dict[str, Reads], truth: dict[str, Expected], folder: Path) -> list[Score]:
    """The peers on the same reads; their seconds include bwa mem and the sort."""
    whole = product(reference, "unmutated")
    contig = Contig(folder / "amplicon.fa", reference.sequence, int(whole.axis[0]))
    contig.fasta.write_text(f">amplicon\n{bases(whole)}\n")
    shell(f"bwa index {contig.fasta} && samtools faidx {contig.fasta}")
    bams = {name: folder / f"{name}.bam" for name in reads}
    aligning = statistics.median([bwa(contig, reads[name], bam) for name, bam in bams.items()])
    scores = []
    for number, peer in enumerate(PEERS):
        score, seconds = Score(peer.name, peer.setting), []
        for name, bam in bams.items():
            out = folder / f"{name}.peer{number}.{'vcf' if peer.rows is vcf_rows else 'tsv'}"
            seconds.append(shell(peer.command.format(fasta=contig.fasta, bam=bam, out=out)))
            score.add(truth[name], peer.rows(out.read_text(), contig))
        score.seconds = aligning + statistics.median(seconds)
        scores.append(score)
    return scores


def table(source: str, scores: list[Score]) -> list[list[str]]:
    """Header and one row for each setting; the last columns hold the cut in hindsight at our false calls."""
    truth = [change for expected, _ in scores[0].rows for change in expected.changes]
    there = {f: sum(fraction == f for fraction, _ in truth) for f in FRACTIONS}
    head = ["source", "caller", "setting", *(f"{f:.1%} (of {n})" for f, n in there.items()), "found", "labelled"]
    head += ["false a sample", "worst", "seconds"]
    told_least, told_most = scores[0], scores[len(OURS) - 1]
    head += [f"found at the false calls of ours ({score.setting})" for score in (told_least, told_most)]
    lines = [head]
    for score in scores:
        cells = [source, score.caller, score.setting, *(str(score.found[f]) for f in FRACTIONS)]
        cells += [f"{sum(score.found.values())}/{len(truth)}", str(score.labelled)]
        cells += [f"{statistics.mean(score.false):.2f}", str(max(score.false)), f"{score.seconds:.1f}"]
        for ours in (told_least, told_most):
            found, cut = score.in_hindsight(sum(ours.false))
            cells.append("" if score.caller == "ablkd" else f"{found} (from {cut:.2%})")
        lines.append(cells)
    return lines


def markdown(lines: list[list[str]]) -> str:
    """A markdown table."""
    rows = [f"| {' | '.join(cells)} |" for cells in lines]
    return "\n".join([rows[0], "|" + "---|" * len(lines[0]), *rows[1:]])


def main() -> None:
    """Make reads, run every caller, print a table for each source."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--samples", type=int, default=4, help="mixtures of each source (8 give every change every fraction)"
    )
    parser.add_argument("--depth", type=int, default=10_000, help="fragments over a base")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="new folder for all files (default: a temporary one)")
    arguments = parser.parse_args()
    if absent := missing_programs():
        sys.exit(absent)
    folder = (arguments.folder or Path(tempfile.mkdtemp(prefix="peers"))).resolve()
    reference, everything = load_reference(ROOT / "reference"), []
    for source in SOURCES:
        scores = compare(
            reference, source, mixtures(arguments.samples), arguments.depth, arguments.seed, folder / source
        )
        everything.append(table(source, scores))
        print(f"\n{markdown(everything[-1])}", flush=True)
        text = "\n\n".join("\n".join("\t".join(cells) for cells in lines) for lines in everything)
        (folder / "peers.tsv").write_text(text + "\n")
    print(f"\nFiles: {folder}")


if __name__ == "__main__":
    main()
