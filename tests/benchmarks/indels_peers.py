"""Other ways to call insertions and deletions on the benchmark's own reads: freebayes, and a count as getITD makes it.

freebayes reads a BAM by bwa mem (short reads) or minimap2 (long reads) on the amplicon. getITD (Blätte 2019) aligns every
read as a whole, end gaps free, a gap dear to open and cheap to extend, and counts insertions of three bases or more; here
an insertion of the right length near the place counts, whatever its bases. Tandem duplications and insertions only.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from Bio import Align
from indels import NEAR, REFERENCE, draw_run, in_folder, power_rows, within_reach
from indels_reads import AMPLICON, CLASSES, LONG, PLATFORM, SHEARED, Allele, Drawn, alleles_of_samples, turned
from indels_run import Row, Run
from peer_callers import shell

SEED = 12  # bases by which a read's strand is known
PRESET = {"hifi": "map-hifi", "r10": "map-ont", "r9": "map-ont"}
FREEBAYES = "freebayes -f {fasta} -F 0.01 -C 3 --pooled-continuous {bam}"
SLACK = 10  # bases: a copy that goes on as the sequence before it can be placed that much farther
LEAST_READS = 2  # of a count as getITD makes it
# METHOD: the scores that getITD uses by default.
SCORES = {"match_score": 5, "mismatch_score": -15, "open_gap_score": -36, "extend_gap_score": -0.5}


@dataclass(frozen=True)
class Contig:
    """What reads are aligned to: the amplicon, which begins at target base `offset`."""

    fasta: Path
    bases: str
    offset: int


def contig_of(target: str, way: str, folder: Path) -> Contig:
    """Written and indexed."""
    first, last = AMPLICON if way in LONG else SHEARED
    fasta = folder / "amplicon.fa"
    fasta.write_text(f">amplicon\n{target[first:last]}\n")
    shell(f"bwa index {fasta} && samtools faidx {fasta}")
    return Contig(fasta, target[first:last], first)


# ---------------------------------------------------------------- freebayes


def by_freebayes(contig: Contig, way: str, reads: Drawn, stem: Path) -> dict[str, float]:
    """Fraction of each contig with one of the variants that it writes."""
    bam, files = stem.with_suffix(".bam"), " ".join(map(str, reads.files))
    group = r"@RG\tID:s\tSM:s"
    placed = f"minimap2 -a -x {PRESET[way]}" if way in LONG else "bwa mem -t 1"
    shell(f"{placed} -R '{group}' {contig.fasta} {files} | samtools sort -o {bam} - && samtools index {bam}")
    vcf = stem.with_suffix(".vcf")
    shell(f"{FREEBAYES.format(fasta=contig.fasta, bam=bam)} > {vcf}")
    return dict(vcf_alleles(vcf.read_text(), contig.bases))


def vcf_alleles(text: str, bases: str) -> Iterator[tuple[str, float]]:
    """(contig with the variant, its share of the reads) for each alternative allele of a VCF."""
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        _, position, _, ref, alts, _, _, _, keys, values = line.split("\t")[:10]
        sample = dict(zip(keys.split(":"), values.split(":"), strict=False))
        start = int(position) - 1
        for alt, count in zip(alts.split(","), sample["AO"].split(","), strict=True):
            yield bases[:start] + alt + bases[start + len(ref) :], int(count) / max(int(sample["DP"]), 1)


# ---------------------------------------------------------------- the count as getITD makes it


def insertions(contig: Contig, files: Sequence[Path]) -> tuple[list[tuple[int, int]], list[list[tuple[int, int]]]]:
    """For each read the contig's bases that it covers, and its insertions of 3 bases or more as (place, length)."""
    aligner = Align.PairwiseAligner(mode="global", **SCORES)
    aligner.end_gap_score = 0
    seeds = {contig.bases[i : i + SEED] for i in range(len(contig.bases) - SEED + 1)}
    spans, gaps = [], []
    for path in files:
        for read in path.read_text().splitlines()[1::4]:
            forward = sum(read[i : i + SEED] in seeds for i in range(0, len(read) - SEED, SEED))
            other = turned(read)
            backward = sum(other[i : i + SEED] in seeds for i in range(0, len(read) - SEED, SEED))
            places, bases = aligner.align(contig.bases, read if forward >= backward else other)[0].aligned
            spans.append((int(places[0][0]), int(places[-1][1])))
            pairs = zip(places[:-1], places[1:], bases[:-1], bases[1:], strict=True)
            gaps.append([(int(a[1]), int(d[0] - c[1])) for a, _, c, d in pairs if d[0] - c[1] >= 3])
    return spans, gaps


def by_length(
    contig: Contig, allele: Allele, spans: Sequence[tuple[int, int]], gaps: Sequence[Sequence[tuple[int, int]]]
) -> float:
    """Share of the reads across the place that have an insertion of the allele's length no farther from it than that
    and SLACK."""
    at = allele.start - contig.offset
    across = [gap for (first, last), gap in zip(spans, gaps, strict=True) if first < at < last]
    shown = sum(any(abs(p - at) <= allele.length + SLACK and n == allele.length for p, n in gap) for gap in across)
    return shown / len(across) if shown >= LEAST_READS else 0.0


# ---------------------------------------------------------------- the table


def peer_run(target: str, way: str, fraction: float, seed: int, depth: int, folder: Path) -> list[Row]:
    """Ours, freebayes and the count on the samples of a run: one row for each caller and class."""
    samples = alleles_of_samples(target, CLASSES, seed)
    drawn, libraries = draw_run(target, samples, way, fraction, seed, depth, folder)
    ours = Run(REFERENCE, PLATFORM[way], folder, libraries).called(True)
    contig, lines = contig_of(target, way, folder), []
    for number, (alleles, reads) in enumerate(zip(samples, drawn, strict=True)):
        told = power_rows(target, alleles, reads, ours[f"s{number}"])
        freebayes = by_freebayes(contig, way, reads, folder / f"s{number}")
        counted = insertions(contig, reads.files)
        for allele, row in zip(alleles, told, strict=True):
            shares = {
                "ablkd": float(row["vaf"]) if row["status"] == "pass" else 0.0,
                "freebayes": freebayes.get(allele.applied(contig.bases, contig.offset), 0.0),
            }
            if allele.kind != "del":
                shares["getITD-like"] = by_length(contig, allele, *counted)
            head = {"way": way, "seed": str(seed), "nominal": f"{fraction:g}"}
            head |= {key: row[key] for key in ("kind", "length", "start", "drawn")}
            lines += [{**head, "caller": caller, "fraction": f"{share:.4f}"} for caller, share in shares.items()]
    return lines


def peers_part(
    target: str, ways: Sequence[str], fractions: Sequence[float], seeds: Sequence[int], depth: int, folder: Path
) -> str:
    """Write peers.tsv; by platform, fraction and caller: found, within 15 %, median of reported over drawn."""
    lines: list[Row] = []
    for way in ways:
        for fraction in (f for f in fractions if f > 0.05):
            for seed in seeds:
                work = partial(peer_run, target, way, fraction, seed, depth)
                lines += in_folder(work, folder, f"{way}.{fraction:g}.{seed}")
    with (folder / "peers.tsv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(lines[0]), delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
    return summary(lines)


def summary(lines: Sequence[Row]) -> str:
    """A line for each platform, fraction, caller and kind of allele."""
    groups: defaultdict[tuple[str, ...], list[float]] = defaultdict(list)
    for row in lines:
        if within_reach(row["way"], row["kind"], int(row["length"])):
            size = "" if row["kind"] == "del" else " to 30" if int(row["length"]) <= 30 else " from 36"
            key = row["way"], row["nominal"], row["kind"] + size, row["caller"]
            groups[key].append(float(row["fraction"]) / max(float(row["drawn"]), 1e-9))
    out = ["way\tfraction\talleles\tcaller\tfound\twithin 15%\tmedian reported/drawn"]
    for key, ratios in sorted(groups.items()):
        near = sum(abs(x - 1) <= NEAR for x in ratios)
        counts = [f"{sum(x > 0 for x in ratios)}/{len(ratios)}", f"{near}/{len(ratios)}"]
        out.append("\t".join([*key, *counts, f"{median(ratios):.2f}"]))
    return "\n".join(out)
