"""Reads of known isoforms that owe nothing to `ablkd simulate`: molecules by plain text, three independent readers.

    art      ART (`art_illumina`), 2x150 from 300 bases and 2x250 from 450
    hifi     whole products, errors mostly in homopolymers, Q20 to Q40 by read
    ont      whole products, 1 to 6 % errors by read, more of them in homopolymers and in stretches, adapters at both
             ends; a share of reads are two products ligated together

Molecules are strings cut from transcripts.fasta and splicing.tsv; nothing of ablkd is used.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

ADAPTER = "AATGTACTTCGTTCAGTTACGTATTGCT"
OTHER_STRAND = str.maketrans("ACGT", "TGCA")
SHORT = {"2x150": ("HS25", 150, 300, 50), "2x250": ("MSv3", 250, 450, 50)}
PLATFORM = {"2x150": "illumina", "2x250": "illumina", "hifi": "pacbio_hifi", "ont": "ont"}


class Molecules:
    """Strings of a knowledge folder. Positions are 1-based on the target transcript."""

    def __init__(self, folder: Path) -> None:
        self.contigs: dict[str, str] = {}
        for record in (folder / "transcripts.fasta").read_text("utf-8").split(">")[1:]:
            head, *lines = record.split("\n")
            self.contigs[head.split()[0]] = "".join(lines).upper()
        rows = _table(folder / "transcripts.tsv")
        self.partner = {r["name"]: int(r["partner_length"]) for r in rows}
        self.start = {r["name"]: int(r["target_start"]) for r in rows}
        self.target = self.contigs[next(r["name"] for r in rows if r["kind"] == "target")]
        self.events = {r["event"]: r for r in _table(folder / "splicing.tsv")}

    def made(self, fusion: str, changes: Sequence[str] = (), first: int = 119, last: int = 1520) -> str:
        """The product of `fusion` from base `first` of its contig to target base `last`, with `changes`.

        A change is a splice event, `944C>T`, `823_1085del` or `944_945insACT`.
        """
        left = self.contigs[fusion][first - 1 : self.partner[fusion]] if self.partner[fusion] else ""
        offset = self.start[fusion] if self.partner[fusion] else first
        # One cell a target base, so that positions stay what they are while changes are made.
        cells = list(self.target[offset - 1 : last])
        for change in changes:
            a, b, bases = self.edit(change)
            if bases and b < a:
                cells[b - offset] += bases
            else:
                cells[a - offset : b + 1 - offset] = [bases] + [""] * (b - a)
        return left + "".join(cells)

    def edit(self, change: str) -> tuple[int, int, str]:
        """(first, last, bases instead); last = first - 1 for an insertion behind `last`."""
        if change in self.events:
            row = self.events[change]
            a, b = int(row["start"]), int(row["end"])
            return (a, b, "") if row["kind"] == "skip" else (b, a, row["inserted_sequence"])
        if ">" in change:
            return int(change[:-3]), int(change[:-3]), change[-1]
        place, word, bases = change.partition("ins") if "ins" in change else change.partition("del")
        a, _, b = place.partition("_")
        return (int(b), int(a), bases) if word == "ins" else (int(a), int(b or a), "")


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader((line for line in stream if not line.startswith("#")), delimiter="\t"))


def turned(bases: str) -> str:
    return bases.translate(OTHER_STRAND)[::-1]


def split_evenly(shares: Sequence[float], number: int) -> list[int]:
    """How many of `number` molecules are of each kind: as near to the shares as whole numbers come."""
    ends = np.rint(np.cumsum([0, *shares]) / sum(shares) * number).astype(int)
    return np.diff(ends).tolist()


# ---------------------------------------------------------------- short reads


def art_reads(products: dict[str, float], way: str, depth: float, seed: int, folder: Path) -> tuple[Path, Path]:
    """Pairs of ART; `products` are strings and their shares of the molecules, `depth` fragments over a base."""
    model, length, insert, spread = SHORT[way]
    folder.mkdir(parents=True, exist_ok=True)
    mates = folder / "reads_1.fq", folder / "reads_2.fq"
    for path in mates:
        path.write_bytes(b"")
    for number, (product, share) in enumerate(products.items()):
        source, stem = folder / f"{number}.fa", folder / f"part{number}_"
        source.write_text(f">m{number}\n{product}\n")
        coverage = depth * share * 2 * length / insert
        # ART numbers reads by itself, so every part gets its own prefix.
        words = ["art_illumina", "-ss", model, "-p", "-na", "-l", length, "-m", insert, "-s", spread, "-f", coverage]
        words += ["-i", source, "-o", stem, "-rs", zlib.crc32(f"{seed}.{number}".encode()) % 10**6, "-d", f"p{number}_"]
        subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for mate, path in enumerate(mates, start=1):
            part = Path(f"{stem}{mate}.fq")
            with part.open("rb") as one, path.open("ab") as all_of:
                shutil.copyfileobj(one, all_of)
            part.unlink()
    return mates


# ---------------------------------------------------------------- long reads

# METHOD of the test: chance per base of a substitution, an insertion and a deletion relative to the read's error.
MIX = {"hifi": (0.15, 0.35, 0.5), "ont": (0.4, 0.25, 0.35)}
ERROR = {"hifi": (0.0008, 0.8), "ont": (0.025, 0.5)}  # median, sd of logarithms
LONGEST_RUN = 8


def long_reads(
    products: dict[str, float], way: str, number: int, seed: int, folder: Path, chimeras: float = 0.0
) -> Path:
    """`number` whole products in both orientations; a share `chimeras` of reads are two products in one."""
    rng = np.random.default_rng(zlib.crc32(f"{way}.{seed}".encode()))
    folder.mkdir(parents=True, exist_ok=True)
    counts = split_evenly(list(products.values()), number)
    molecules = [p for p, n in zip(products, counts, strict=True) for _ in range(n)]
    order = rng.permutation(len(molecules))
    lines = []
    for k, i in enumerate(order):
        bases = molecules[i] if rng.random() < 0.5 else turned(molecules[i])
        if rng.random() < chimeras:
            other = molecules[rng.integers(len(molecules))]
            bases += other if rng.random() < 0.5 else turned(other)
        if way == "ont":
            bases = ADAPTER[rng.integers(0, 12) :] + bases + turned(ADAPTER)[: rng.integers(0, 22)]
        shown, quality = noisy(bases, way, rng)
        lines.append(f"@r{k}\n{shown}\n+\n{quality}\n")
    path = folder / "reads.fq"
    path.write_text("".join(lines))
    return path


def noisy(bases: str, way: str, rng: np.random.Generator) -> tuple[str, str]:
    """(bases, qualities) of one read of `bases`."""
    codes = np.frombuffer(bases.encode(), np.uint8)
    n = len(codes)
    median, spread = ERROR[way]
    error = min(0.12, median * np.exp(spread * rng.standard_normal()))
    # Stretches of 40 bases are better or worse than the read.
    local = error * np.repeat(np.exp(0.4 * rng.standard_normal(n // 40 + 1) - 0.08), 40)[:n]
    edges = np.flatnonzero(np.diff(codes, prepend=0))
    sizes = np.diff(np.append(edges, n))
    runs = np.minimum(np.repeat(sizes, sizes), LONGEST_RUN)
    gaps = local * runs**1.5 / 2.2
    substitution, insertion, deletion = (f * r for f, r in zip(MIX[way], (local, gaps, gaps), strict=True))
    draw = rng.random(n)
    wrong = draw < substitution
    gone = (draw >= substitution) & (draw < substitution + deletion)
    more = draw > 1 - insertion
    shown = codes.copy()
    shown[wrong] = _other_base(codes[wrong], rng)
    # In a run the same base is inserted again, elsewhere any.
    extra = np.where(runs > 1, codes, np.frombuffer(b"ACGT", np.uint8)[rng.integers(0, 4, n)])
    copies = np.where(gone, 0, np.where(more, 2, 1))
    flat = np.repeat(shown, copies)
    second = np.cumsum(copies)[more] - 1
    flat[second] = extra[more]
    good = -10 * np.log10(np.maximum(local, 1e-4)) + 3 * rng.standard_normal(n)
    near = np.convolve(wrong | gone | more, [1, 1, 1], "same") > 0
    # Three of four errors are known to the base caller as doubtful.
    doubtful = near & (rng.random(n) < 0.75)
    quality = np.clip(np.rint(np.where(doubtful, 6 + 4 * rng.random(n), good)), 2, 40).astype(np.uint8)
    return flat.tobytes().decode(), (np.repeat(quality, copies) + 33).tobytes().decode()


def _other_base(codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    letters = np.frombuffer(b"ACGT", np.uint8)
    place = np.searchsorted(letters, codes)
    return letters[(place + rng.integers(1, 4, len(codes))) % 4]
