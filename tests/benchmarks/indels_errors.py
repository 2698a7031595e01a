"""Error models of long reads for the benchmark of insertions and deletions: HiFi, and nanopore R10 and R9.

HiFi: a quality for each read; most errors are one base more or less in a homopolymer, more often the longer it is;
qualities to Q93, lower in homopolymers and where something is wrong.

Nanopore: how often a base is substituted or lost depends on the five bases around it, as the pore sees them, so that
both strands of a place err differently and all samples of a run alike (a seed for each run). The rates of contexts
differ by a log-normal factor, which makes sites of 30 % in R9. Homopolymers lose bases. Errors are mostly, but not
always, of low quality.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

LETTERS = np.frombuffer(b"ACGT", np.uint8)
CODES = np.zeros(256, np.uint8)
CODES[LETTERS] = np.arange(4)
K = 5
LONGEST_RUN = 10
Read = Callable[[str], tuple[bytes, np.ndarray]]


@dataclass(frozen=True)
class Chemistry:
    """Median rates per base, and how they differ; `shorter` is the chance that a run of 4, 5, ... loses a base."""

    substitution: float
    deletion: float
    insertion: float
    spread: float  # sd of the logarithm of a context's rates
    read_spread: float  # sd of the logarithm of a read's
    quality: float  # mean of a base that is read well
    quality_sd: float
    shorter: tuple[float, ...]


# METHOD: mean read accuracy near Q20 and Q13; a lost base is as frequent as a wrong one, an additional one half as much.
CHEMISTRY = {
    "r10": Chemistry(0.0024, 0.0022, 0.0011, 0.9, 0.5, 25, 7, (0.008, 0.012, 0.03, 0.06, 0.1, 0.15, 0.2)),
    "r9": Chemistry(0.012, 0.010, 0.006, 1.0, 0.4, 15, 5, (0.06, 0.14, 0.25, 0.35, 0.45, 0.5, 0.55)),
}
LOST_TOGETHER = (0.8, 0.15, 0.05)  # one, two or three bases
HIFI_ERROR, HIFI_SPREAD = 0.0006, 1.0  # median of reads, sd of the logarithm
HIFI_SUBSTITUTIONS = 0.12  # of all errors


def written(name: str, bases: bytes, quality: np.ndarray) -> str:
    """A FASTQ record."""
    return f"@{name}\n{bases.decode()}\n+\n{(quality + 33).astype(np.uint8).tobytes().decode()}\n"


def runs(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First base and length of each homopolymer."""
    starts = np.flatnonzero(np.diff(codes, prepend=9))
    return starts, np.diff(np.append(starts, len(codes)))


def read_hifi(rng: np.random.Generator) -> Read:
    """A reader of molecules."""

    def read(molecule: str) -> tuple[bytes, np.ndarray]:
        codes = CODES[np.frombuffer(molecule.encode(), np.uint8)]
        error = min(0.02, HIFI_ERROR * np.exp(HIFI_SPREAD * rng.standard_normal()))
        starts, sizes = runs(codes)
        long = np.repeat(np.minimum(sizes, LONGEST_RUN), sizes)
        wrong = rng.random(len(codes)) < HIFI_SUBSTITUTIONS * error
        # One place a run errs, the more often the longer the run; as often more as less.
        per_run = np.minimum(0.3, 0.6 * error * np.minimum(sizes, LONGEST_RUN) ** 2.0)
        chance = rng.random(len(sizes))
        last = starts + sizes - 1
        gone, more = np.zeros(len(codes), bool), np.zeros(len(codes), bool)
        gone[last[chance < per_run / 2]] = True
        more[last[(chance >= per_run / 2) & (chance < per_run)]] = True
        expected = -10 * np.log10(error * (0.2 + 0.1 * long**2.0))
        quality = np.clip(expected + 12 + 10 * rng.standard_normal(len(codes)), 2, 93)
        near = _near(wrong | gone | more) & (rng.random(len(codes)) < 0.7)
        quality = np.where(near, np.clip(quality * rng.random(len(codes)), 2, 93), quality)
        shown = np.where(wrong, (codes + rng.integers(1, 4, len(codes))) % 4, codes)
        return _put_out(shown, quality, gone, more, codes)

    return read


def read_nanopore(chemistry: str, run: int, rng: np.random.Generator) -> Read:
    """A reader of molecules; what the contexts do is drawn from `run` alone."""
    c = CHEMISTRY[chemistry]
    shared = np.random.default_rng([run, 9])
    substituted, lost, gained = np.exp(c.spread * shared.standard_normal((3, 4**K)))
    turns_into = shared.integers(1, 4, 4**K)  # the wrong base that a context prefers
    worse = np.exp(0.3 * shared.standard_normal(4**K))  # its qualities

    def read(molecule: str) -> tuple[bytes, np.ndarray]:
        codes = CODES[np.frombuffer(molecule.encode(), np.uint8)]
        n = len(codes)
        context = _contexts(codes)
        factor = min(6.0, np.exp(c.read_spread * rng.standard_normal()))
        wrong = rng.random(n) < np.minimum(0.5, factor * c.substitution * substituted[context])
        other = np.where(rng.random(n) < 0.7, turns_into[context], rng.integers(1, 4, n))
        gone = _lost(np.minimum(0.4, factor * c.deletion * lost[context]), rng) | _shorter(codes, c, rng)
        more = rng.random(n) < np.minimum(0.2, factor * c.insertion * gained[context])
        quality = (
            c.quality - 4.3 * np.log(factor) * 0.7 - 3 * np.log(worse[context]) + c.quality_sd * rng.standard_normal(n)
        )
        near = _near(wrong | gone | more) & (rng.random(n) < 0.7)
        quality = np.where(near, 4 + 9 * rng.random(n), quality)
        shown = np.where(wrong, (codes + other) % 4, codes)
        extra = np.where(rng.random(n) < 0.5, codes, rng.integers(0, 4, n))
        return _put_out(shown, np.clip(quality, 2, 50), gone, more, extra)

    return read


def _contexts(codes: np.ndarray) -> np.ndarray:
    padded = np.pad(codes.astype(np.int64), K // 2)
    return sum(padded[i : i + len(codes)] * 4**i for i in range(K))


def _lost(chance: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """bool[N]: bases lost; some take the next one or two with them."""
    first = np.flatnonzero(rng.random(len(chance)) < chance)
    sizes = rng.choice(len(LOST_TOGETHER), len(first), p=LOST_TOGETHER)
    gone = np.zeros(len(chance), bool)
    for more in range(len(LOST_TOGETHER)):
        gone[np.minimum(first[sizes >= more] + more, len(gone) - 1)] = True
    return gone


def _shorter(codes: np.ndarray, chemistry: Chemistry, rng: np.random.Generator) -> np.ndarray:
    """bool[N]: bases that homopolymers lose, a quarter of the time two."""
    starts, sizes = runs(codes)
    table = np.array([0, 0, 0, 0, *chemistry.shorter])
    hit = rng.random(len(sizes)) < table[np.minimum(sizes, len(table) - 1)]
    gone = np.zeros(len(codes), bool)
    gone[starts[hit]] = True
    gone[starts[hit & (rng.random(len(sizes)) < 0.25)] + 1] = True
    return gone


def _near(errors: np.ndarray) -> np.ndarray:
    return np.convolve(errors, [1, 1, 1], "same") > 0


def _put_out(
    shown: np.ndarray, quality: np.ndarray, gone: np.ndarray, more: np.ndarray, extra: np.ndarray
) -> tuple[bytes, np.ndarray]:
    """Bases and qualities with what is lost left out and what is gained put behind its base."""
    copies = np.where(gone, 0, np.where(more, 2, 1))
    flat = np.repeat(shown, copies)
    second = np.cumsum(copies)[more & ~gone] - 1
    flat[second] = extra[more & ~gone]
    return LETTERS[flat].tobytes(), np.rint(np.repeat(quality, copies)).astype(np.int64)
