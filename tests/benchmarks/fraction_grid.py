"""Fractions by a cut at a base quality, and by what each base is worth, next to the fraction in the drawn reads.

    python tests/benchmarks/fraction_grid.py --seed 20261201 [--repeats 5] [--real FOLDER] [--wild 20]

Reads are drawn here, base by base; nothing is shared with `ablkd simulate`. A base of quality q is misread with the chance
that q states. Next to the variant, molecules with and without it may be read with poorer quality ("context"). `--wild`:
so many unmutated samples of each kind of nanopore reads, how many false calls pass. `--real`: mixes of real nanopore reads
by number, in each of which the share of variants in the first file is known.
"""

from __future__ import annotations

import argparse
import gzip
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np

from ablkd.alignment.align import align_sample
from ablkd.background.learning import Library, learn
from ablkd.calling import call, fraction
from ablkd.counting import quality_cut
from ablkd.counting.counts import read_counts
from ablkd.fragments import load
from ablkd.reference import Reference, load_reference

sys.path.insert(0, str(Path(__file__).parents[1] / "cases/ont_cables2"))
from cables2 import write_knowledge

ROOT = Path(__file__).parents[2]
# The amplicon on the target, and in it the place of T315I, c.944C>T.
START, STOP = 700, 1600
AT = 943 - START
COMPLEMENT = bytes.maketrans(b"ACGT", b"TGCA")
PHRED_ZERO = 33


@dataclass(frozen=True)
class Kind:
    """Reads of T315I: mean and sd of the quality of reads and of their bases, indels per base, and the context.

    mutated, wild: chance that the bases around the variant (`reach` on each side) are read with a quality of `poor` in
    molecules with and without it.
    """

    platform: str
    quality: float
    read_sd: float
    base_sd: float
    indels: float = 0.0
    mutated: float = 0.0
    wild: float = 0.0
    reach: int = 0
    poor: tuple[int, int] = (5, 19)
    vaf: float = 0.1
    reads: int = 4000
    pairs: int = 0


HIFI = {"platform": "pacbio_hifi", "quality": 36, "read_sd": 4, "base_sd": 5, "indels": 5e-4}
Q20 = {"platform": "ont", "quality": 22, "read_sd": 3, "base_sd": 5, "indels": 0.01}
Q13 = {"platform": "ont", "quality": 13.5, "read_sd": 1.5, "base_sd": 4.5, "indels": 0.03}
SHORT = {"platform": "illumina", "quality": 35, "read_sd": 1, "base_sd": 6, "reads": 20_000, "pairs": 150}
KINDS = {
    "HiFi": Kind(**HIFI),
    "HiFi, T315I 8 %, its base mostly poor": Kind(**HIFI, mutated=0.75, wild=0.05, vaf=0.08),
    "HiFi, wild-type codon poor": Kind(**HIFI, mutated=0.1, wild=0.3, reach=1, vaf=0.094),
    "HiFi, mutated codon poor": Kind(**HIFI, mutated=0.3, wild=0.1, reach=1, vaf=0.094),
    "nanopore Q20": Kind(**Q20),
    "nanopore Q20, mutated base poorer": Kind(**Q20, mutated=0.5, wild=0.1, poor=(4, 14)),
    "nanopore Q20, wild-type base poorer": Kind(**Q20, mutated=0.1, wild=0.5, poor=(4, 14)),
    "nanopore Q13": Kind(**Q13, vaf=0.3),
    "nanopore Q13, mutated base poorer": Kind(**Q13, mutated=0.4, wild=0.1, poor=(3, 9), vaf=0.3),
    "2x150": Kind(**SHORT, vaf=0.05),
    "2x150, mutated base poorer": Kind(**SHORT, mutated=0.4, wild=0.05, vaf=0.05),
}


def molecules(rng, sequence: str, kind: Kind, vaf: float):
    """(bases uint8[N, W] of the amplicon as letters, mutated bool[N])."""
    bases = np.tile(np.frombuffer(sequence[START:STOP].encode(), np.uint8), (kind.reads, 1))
    mutated = rng.permutation(kind.reads) < round(vaf * kind.reads)
    bases[mutated, AT] = ord("T")
    return bases, mutated


def read(rng, bases, mutated, kind: Kind):
    """(letters, qualities) of the molecules as they are read, both uint8[N, W]."""
    mean = kind.quality + kind.read_sd * rng.standard_normal((len(bases), 1))
    quality = np.clip(np.rint(mean + kind.base_sd * rng.standard_normal(bases.shape)), 2, 40)
    hit = rng.random(len(bases)) < np.where(mutated, kind.mutated, kind.wild)
    around = slice(AT - kind.reach, AT + kind.reach + 1)
    quality[hit, around] = rng.integers(*kind.poor, quality[hit, around].shape, endpoint=True)
    # Errors of PCR, whatever the quality.
    wrong = rng.random(bases.shape) < 10 ** (-quality / 10) + 1e-4
    codes = np.searchsorted(np.frombuffer(b"ACGT", np.uint8), bases)
    shift = np.where(rng.random(bases.shape) < 0.5, 2, rng.choice([1, 3], bases.shape))
    codes = np.where(wrong, codes ^ shift, codes)
    return np.frombuffer(b"ACGT", np.uint8)[codes], quality.astype(np.uint8)


def write(rng, path: Path, letters, quality, indels: float, reverse) -> None:
    """Reads with bases left out or read twice, those of `reverse` bool[N] from the other strand."""
    with gzip.open(path, "wb", 1) as stream:
        for n, (row, qualities) in enumerate(zip(letters, quality, strict=True)):
            copies = 1 + (rng.random(len(row)) < indels / 2).astype(int) - (rng.random(len(row)) < indels / 2)
            bases, quals = np.repeat(row, copies).tobytes(), np.repeat(qualities + PHRED_ZERO, copies).tobytes()
            if reverse[n]:
                bases, quals = bases.translate(COMPLEMENT)[::-1], quals[::-1]
            stream.write(b"@%d\n%s\n+\n%s\n" % (n, bases, quals))


def draw(rng, folder: Path, sequence: str, kind: Kind, vaf: float) -> tuple[list[Path], list[Path], float]:
    """Files of reads, and the fraction of those over the variant that have it."""
    bases, mutated = molecules(rng, sequence, kind, vaf)
    first, second = folder / "1.fastq.gz", folder / "2.fastq.gz"
    if not kind.pairs:
        letters, quality = read(rng, bases, mutated, kind)
        write(rng, first, letters, quality, kind.indels, rng.random(len(bases)) < 0.5)
        return [first], [], float(mutated.mean())
    insert = rng.integers(220, 380, len(bases))
    left = rng.integers(0, STOP - START - insert)
    covered = np.zeros(len(bases), bool)
    for path, begin, other in ((first, left, False), (second, left + insert - kind.pairs, True)):
        letters, quality = read(rng, bases, mutated, kind)
        columns = begin[:, None] + np.arange(kind.pairs)
        rows = np.arange(len(bases))[:, None]
        write(rng, path, letters[rows, columns], quality[rows, columns], kind.indels, np.full(len(bases), other))
        covered |= (begin <= AT) & (begin + kind.pairs > AT)
    return [first], [second], float(mutated[covered].mean())


def estimate(known: Reference, platform: str, first, second, folder: Path, by_cut: bool = False):
    """Calls and qc rows; `by_cut`: with the platform's cut, and fragments that show the whole codon alone."""
    row, paths = known.platform(platform), (folder / "f.npy", folder / "counts.tsv")
    lowest, read_parts = (row.min_base_quality, lambda *_: []) if by_cut else (quality_cut.LOWEST_CUT, fraction.parts)
    with patch.object(quality_cut, "LOWEST_CUT", lowest), patch.object(call, "parts", read_parts):
        rows = align_sample("s", row, "", known, first, second, *paths)
        run = learn(row, known, [Library(sample, False) for sample in read_counts(paths[1], known)])
        calls, _, more = call.call_sample("s", row, known, load(paths[0]), run, None, 0.03, 0.005)
    return calls, {one.metric: one for one in (*rows, *more)}


def simulated(known: Reference, seed: int, repeats: int, only: str) -> None:
    print("reads\tin the reads, %\tby the cut, %\tnew, %\tbase quality from")
    for number, (name, kind) in enumerate(KINDS.items()):
        if only not in name:
            continue
        rng, rows, cut = np.random.default_rng([seed, number]), [], ""
        for _ in range(repeats):
            with tempfile.TemporaryDirectory() as text:
                first, second, truth = draw(rng, folder := Path(text), known.sequence, kind, kind.vaf)
                found = []
                for by_cut in (True, False):
                    calls, qc = estimate(known, kind.platform, first, second, folder, by_cut)
                    found.append(next((c.vaf for c in calls if c.name == "T315I"), np.nan))
                rows.append((truth, *found))
                cut = qc["base_quality"].value if not second else "20"
        shown = ["  ".join(f"{100 * value:.2f}" for value in column) for column in zip(*rows, strict=True)]
        print(name, *shown, cut, sep="\t", flush=True)


def wild_types(known: Reference, seed: int, samples: int) -> None:
    """Calls that pass in samples without a mutation."""
    print("unmutated samples\tsamples\tfalse calls that pass, by the cut\tnew")
    for number, name in enumerate(("nanopore Q20", "nanopore Q13")):
        rng, false = np.random.default_rng([seed, 100 + number]), [0, 0]
        for _ in range(samples):
            with tempfile.TemporaryDirectory() as text:
                first, second, _ = draw(rng, folder := Path(text), known.sequence, KINDS[name], 0.0)
                for which, by_cut in enumerate((True, False)):
                    calls, _ = estimate(known, KINDS[name].platform, first, second, folder, by_cut)
                    false[which] += sum(c.filter == "PASS" for c in calls if c.kind not in ("indel", "frameshift"))
        print(name, samples, *false, sep="\t", flush=True)


# Name -> (FASTA, its target, reads of which some have the variant, site, base, share of its reads that have it, and the
# stretch (0-based) that is on the allele in question alone). Cables2: the mice are heterozygous for the lox sites.
CABLES = "ont_cables2/cables_design_cables2.fa", "flox"
MIXES = {
    "Cables2 T1749G": (*CABLES, "ont_cables2/cables_barcode32.fq.gz", 1749, "G", 0.96, (1733, 1779)),
    "Cables2 T2461G": (*CABLES, "ont_cables2/cables_barcode35.fq.gz", 2461, "G", 0.98, (1733, 1779)),
    "Tyr G829T": ("ont_tyr/tyr.fa", "control", "ont_tyr/tyr_c230gt_50.fq.gz", 829, "T", 0.5, None),
}
WILD = {"ont_cables2": "ont_cables2/cables_barcode31.fq.gz", "ont_tyr": "ont_tyr/tyr_control.fq.gz"}


def records(path: Path) -> list[bytes]:
    """The reads of a file, each as its four lines."""
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    return [b"".join(lines[n : n + 4]) for n in range(0, len(lines), 4)]


def of_allele(reads: list[bytes], sequence: str, stretch: tuple[int, int] | None) -> int:
    """How many reads show 14 bases of a stretch, on either strand; all reads where there is none."""
    words = [sequence[i : i + 14].encode() for i in range(stretch[0], stretch[1] - 13)] if stretch else [b""]
    words += [word.translate(COMPLEMENT)[::-1] for word in words]
    return sum(any(word in read for word in words) for read in reads)


def real(data: Path, seed: int, only: str) -> None:
    print("mix\treads of the first file, %\twith the variant, %\tby the cut, %\tnew, %\tbase quality from")
    for name, (fasta, target, file, site, alt, pure, stretch) in MIXES.items():
        if only not in name:
            continue
        rng = np.random.default_rng([seed, site])
        with tempfile.TemporaryDirectory() as text:
            folder = Path(text)
            known = write_knowledge(folder / "k", data / fasta, ROOT / "reference/platforms.tsv", False, target)
            mutated, wild = records(data / file), records(data / WILD[file.split("/")[0]])
            size, s = min(len(mutated), len(wild)), known.sequence
            for share in (0.05, 0.1, 0.2, 0.5):
                n = round(share * size)
                one = [mutated[i] for i in rng.permutation(len(mutated))[:n]]
                two = [wild[i] for i in rng.permutation(len(wild))[: size - n]]
                path = folder / "r.fastq.gz"
                path.write_bytes(gzip.compress(b"".join([*one, *two]), 1))
                shown_one, shown_two = (of_allele(reads, s, stretch) for reads in (one, two))
                truth = pure * shown_one / (shown_one + shown_two)
                found = []
                for by_cut in (True, False):
                    calls, qc = estimate(known, "ont", [path], [], folder, by_cut)
                    own = [c for c in calls if f"c.{site}{s[site - 1]}>{alt}" in c.hgvs_c]
                    found.append((own[0].vaf_full_length or own[0].vaf) if own else np.nan)
                shown = [f"{100 * value:.1f}" for value in (share, truth, *found)]
                print(name, *shown, qc["base_quality"].value, sep="\t", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", default="", help="names that contain this")
    parser.add_argument("--wild", type=int, default=0)
    parser.add_argument("--real", type=Path)
    args = parser.parse_args()
    known = load_reference(ROOT / "reference")
    if args.repeats:
        simulated(known, args.seed, args.repeats, args.only)
    if args.wild:
        wild_types(known, args.seed, args.wild)
    if args.real:
        real(args.real, args.seed, args.only)


if __name__ == "__main__":
    main()
