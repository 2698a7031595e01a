"""Insertions and deletions in drawn molecules, and reads of them that owe nothing to `ablkd simulate`.

    2x150, 2x250              ART (HiSeq X, MiSeq v3) on fragments of about 350 bases sheared from the long amplicon
    2x150-whole, 2x250-whole  ART on a whole small amplicon around the place
    hifi, r10, r9             whole amplicons; errors by `indels_errors.py`

Each fragment is drawn here and read by ART on its own, so that which of them carry the allele is known exactly.
Positions are 0-based and half-open on the target.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from indels_errors import read_hifi, read_nanopore, written

AMPLICON = (657, 1520)  # read whole: kinase_nested_long, its primers included
SHEARED = (79, 1520)  # cut into fragments: what the long amplicon copies of the target
SHORT = {"2x150": ("HSXt", 150, 0), "2x250": ("MSv3", 250, 0)}  # ART's profile, read length, small amplicon
SHORT |= {"2x150-whole": ("HSXt", 150, 240), "2x250-whole": ("MSv3", 250, 400)}
LONG = ("hifi", "r10", "r9")
PLATFORM = {**dict.fromkeys(SHORT, "illumina"), "hifi": "pacbio_hifi", "r10": "ont", "r9": "ont"}
INSERT, INSERT_SD = 350, 50
ZONE, ZONES, FIRST_ZONE, LAST_ZONE = 190, 3, 710, 770  # starts of zones; alleles begin in their first half
IN_ZONE = 100
OTHER_STRAND = str.maketrans("ACGT", "TGCA")
DUPLICATIONS = (6, 12, 18, 24, 30, 36, 45, 60, 75, 100)
IN_FRAME_DELETIONS = (3, 9, 27, 60)
FRAMESHIFTS = (1, 2, 4)
NOVEL_INSERTIONS = (9, 21, 45)
CLASSES = (
    *(("dup", n) for n in DUPLICATIONS),
    *(("del", n) for n in (*IN_FRAME_DELETIONS, *FRAMESHIFTS)),
    *(("ins", n) for n in (*FRAMESHIFTS, *NOVEL_INSERTIONS)),
)


@dataclass(frozen=True)
class Allele:
    """Target bases start to end are replaced by `inserted`; a duplication inserts behind its first copy."""

    kind: str
    length: int
    start: int
    end: int
    inserted: str

    def applied(self, sequence: str, offset: int = 0) -> str:
        """`sequence`, which begins at target base `offset`, with the allele."""
        return sequence[: self.start - offset] + self.inserted + sequence[self.end - offset :]

    @property
    def shift(self) -> int:
        """Bases gained."""
        return len(self.inserted) - (self.end - self.start)


@dataclass(frozen=True)
class Drawn:
    """Reads of a sample, and for each allele the fragments read across its place that have it, and all of those."""

    files: tuple[Path, ...]
    shown: tuple[float, ...]
    depth: tuple[float, ...]


def make_allele(target: str, kind: str, length: int, start: int, rng: np.random.Generator) -> Allele:
    """An allele whose first changed base, or first copy, begins at `start`."""
    if kind == "dup":
        return Allele(kind, length, start + length, start + length, target[start : start + length])
    if kind == "del":
        return Allele(kind, length, start, start + length, "")
    while True:
        inserted = "".join("ACGT"[i] for i in rng.integers(0, 4, length))
        tandem = inserted in (target[start - length : start], target[start : start + length])
        if length < 3 or not tandem:
            return Allele(kind, length, start, start, inserted)


def alleles_of_samples(
    target: str, classes: Sequence[tuple[str, int]], seed: int, together: int = ZONES
) -> list[list[Allele]]:
    """Each class once, `together` of them in a sample, far from each other; places and company by the seed."""
    rng = np.random.default_rng([seed, 20])
    order = [classes[i] for i in rng.permutation(len(classes))]
    samples = []
    for first in range(0, len(order), together):
        group, offset = order[first : first + together], int(rng.integers(FIRST_ZONE, LAST_ZONE))
        zones = rng.permutation(ZONES)[: len(group)]
        places = [offset + ZONE * int(z) + int(rng.integers(0, IN_ZONE)) for z in zones]
        samples.append([make_allele(target, *c, p, rng) for c, p in zip(group, places, strict=True)])
    return samples


def longest_run(target: str, allele: Allele) -> int:
    """The longest homopolymer that the allele touches."""
    left, right = max(allele.start - 1, 0), allele.end + 1
    best, i = 1, max(left - 20, 0)
    while i < right:
        j = i
        while j < len(target) and target[j] == target[i]:
            j += 1
        if j > left:
            best = max(best, j - i)
        i = j
    return best


def draw(
    target: str, alleles: Sequence[Allele], fraction: float, way: str, depth: int, seeds: Sequence[int], stem: Path
) -> Drawn:
    """Reads of a sample, each allele on `fraction` of the molecules and on molecules of its own.

    seeds: [of the run, of the sample]; nanopore samples of one run share the errors of each place.
    """
    rng = np.random.default_rng([*seeds, 1])
    if way in SHORT:
        return _draw_short(target, alleles, fraction, way, depth, rng, stem)
    shares = [fraction] * len(alleles) + [1 - fraction * len(alleles)]
    counts = rng.multinomial(depth, shares)
    whole = target[slice(*AMPLICON)]
    products = [a.applied(whole, AMPLICON[0]) for a in alleles] + [whole]
    molecules = np.repeat(np.arange(len(products)), counts)
    read = read_hifi(rng) if way == "hifi" else read_nanopore(way, seeds[0], rng)
    path = stem.with_suffix(".fastq")
    with path.open("w") as out:
        for number, i in enumerate(rng.permutation(molecules)):
            forward = rng.random() < 0.5
            out.write(written(f"r{number}", *read(products[i] if forward else turned(products[i]))))
    return Drawn((path,), tuple(map(float, counts[:-1])), (float(depth),) * len(alleles))


def turned(bases: str) -> str:
    """The other strand."""
    return bases.translate(OTHER_STRAND)[::-1]


# ---------------------------------------------------------------- short reads


@dataclass(frozen=True)
class Pool:
    """Fragments of one product: int64[N] starts and ends on it; `allele` is what the product has."""

    product: str
    allele: Allele | None
    starts: np.ndarray
    ends: np.ndarray

    def across(self, point: int, length: int, offset: int) -> int:
        """Fragments one of whose reads of `length` covers the bases on both sides of a point of the product."""
        at, s, e = point - offset, self.starts, self.ends
        near = (s < at) & (at < np.minimum(s + length, e))
        far = (np.maximum(e - length, s) < at) & (at < e)
        return int((near | far).sum())

    def moved(self, point: int) -> int:
        """Where a point of the target is on the product."""
        return point + (self.allele.shift if self.allele and point > self.allele.start else 0)


def _draw_short(
    target: str,
    alleles: Sequence[Allele],
    fraction: float,
    way: str,
    depth: int,
    rng: np.random.Generator,
    stem: Path,
) -> Drawn:
    profile, length, small = SHORT[way]
    first, last = SHEARED
    if small:
        middle = alleles[0].start if alleles else (first + last) // 2
        first, last = middle - small // 2, middle + small // 2
    whole = target[first:last]
    products = [a.applied(whole, first) for a in alleles] + [whole]
    shares = np.array([fraction] * len(alleles) + [1 - fraction * len(alleles)])
    # METHOD: longer molecules give more fragments when they are sheared, not when they are read whole.
    weights = shares if small else shares * [len(p) - INSERT for p in products]
    fragments = depth if small else round(depth * (len(whole) - INSERT) / INSERT)
    pools = []
    counts = rng.multinomial(fragments, weights / weights.sum())
    for product, allele, count in zip(products, [*alleles, None], counts, strict=True):
        sizes = np.full(count, len(product))
        if not small:
            sizes = np.clip(np.rint(rng.normal(INSERT, INSERT_SD, count)), length + 10, len(product)).astype(int)
        starts = rng.integers(0, len(product) - sizes + 1)
        pools.append(Pool(product, allele, starts, starts + sizes))
    files = _art(
        [p.product[s:e] for p in pools for s, e in zip(p.starts, p.ends, strict=True)], profile, length, rng, stem
    )
    told = [_across(pools, number, length, first) for number in range(len(alleles))]
    return Drawn(files, tuple(x for x, _ in told), tuple(n for _, n in told))


def _across(pools: Sequence[Pool], number: int, length: int, offset: int) -> tuple[float, float]:
    """(fragments with the allele, all fragments) read across its place.

    A place with two ends (a deletion in other molecules, an insertion in its own) counts as the mean of both.
    """
    allele = pools[number].allele
    assert allele is not None
    own = [allele.start] if allele.kind != "ins" else [allele.start, allele.start + allele.length]
    shown = float(np.mean([pools[number].across(point, length, offset) for point in own]))
    others = [p for i, p in enumerate(pools) if i != number]
    rest = np.mean([[p.across(p.moved(q), length, offset) for q in (allele.start, allele.end)] for p in others], axis=1)
    return shown, shown + float(rest.sum())


def _art(
    fragments: Sequence[str], profile: str, length: int, rng: np.random.Generator, stem: Path
) -> tuple[Path, Path]:
    """One pair of each fragment, in a random order, from either strand."""
    source = stem.with_suffix(".fa")
    with source.open("w") as out:
        for number, i in enumerate(rng.permutation(len(fragments))):
            bases = fragments[i] if rng.random() < 0.5 else turned(fragments[i])
            out.write(f">f{number}\n{bases}\n")
    words = ["art_illumina", "-q", "-na", "-amp", "-p", "-ss", profile, "-l", length, "-c", 1]
    words += ["-rs", int(rng.integers(1, 2**30)), "-i", source, "-o", f"{stem}_"]
    subprocess.run([str(word) for word in words], check=True, capture_output=True)
    source.unlink()
    return Path(f"{stem}_1.fq"), Path(f"{stem}_2.fq")
