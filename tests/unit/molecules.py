"""Mixtures of molecules as phasing meets them: templates, families, recombination, fragments, errors.

Haplotypes are tuples of names; recombination goes generation by generation over pairs of parents (Geiringer 1944).
"""

from __future__ import annotations

from itertools import product

import numpy as np
from drawn import Kind, call_row, draw

CHANGES = {
    "M237V": "709A>G",
    "E507G": "1520A>G",
    "G250E": "749G>A",
    "E255K": "763G>A",
    "D276G": "827A>G",
    "T315I": "944C>T",
    "F317L": "951C>A",
    "F359V": "1075T>G",
}
GENERATIONS = 200


def first_base(name: str) -> int:
    return 3 * int(name[1:-1]) - 3


def recombined(shares: dict[tuple, float], sites: list[str], rate: float) -> dict[tuple, float]:
    """Shares of all 2^K haplotypes (tuples of 0 and 1) after PCR: in each generation a molecule switches in an
    interval with the chance of a generation, and goes on as another molecule drawn from the pool."""
    pool = {h: shares.get(h, 0.0) for h in product((0, 1), repeat=len(sites))}
    chances = [rate * (first_base(b) - first_base(a)) / GENERATIONS for a, b in zip(sites, sites[1:], strict=False)]
    for _ in range(GENERATIONS):
        new = {h: (1 - sum(chances)) * share for h, share in pool.items()}
        for cut, chance in enumerate(chances, start=1):
            heads, tails = {}, {}
            for h, share in pool.items():
                heads[h[:cut]] = heads.get(h[:cut], 0.0) + share
                tails[h[cut:]] = tails.get(h[cut:], 0.0) + share
            for h in new:
                new[h] += chance * heads[h[:cut]] * tails[h[cut:]]
        pool = new
    return pool


def read_of_two_strands(pool: dict[tuple, float], share: float) -> dict[tuple, float]:
    """Shares of haplotypes as read if `share` of the reads have strands of two molecules, and each site is read from
    either."""
    read = {h: (1 - share) * p for h, p in pool.items()}
    for (one, p), (other, q) in product(pool.items(), repeat=2):
        for taken in product((0, 1), repeat=len(one)):
            read[tuple((one, other)[t][i] for i, t in enumerate(taken))] += share * p * q / 2 ** len(one)
    return read


def sample(reference, shares: dict[str, float], sites: list[str], rng, *, rate=0.0, templates=5_000, number=4_000,
           alone=0, error=1e-4, spans=None, heteroduplex=0.0):  # fmt: skip
    """(fragments, calls) of molecules whose haplotypes are written `G250E+T315I` (`-` for none).

    `number` fragments span all sites, `alone` each site alone (or `spans`: number by sites spanned).
    """
    truth = {tuple(int(s in name.split("+")) for s in sites): share for name, share in shares.items()}
    drawn = rng.multinomial(templates, list(truth.values()))
    families = rng.gamma(np.maximum(4.0 * drawn, 1e-12)) * (drawn > 0)
    pool = recombined(dict(zip(truth, families / families.sum(), strict=True)), sites, rate)
    pool = read_of_two_strands(pool, heteroduplex) if heteroduplex else pool
    haplotypes = list(pool)
    chances = np.maximum(list(pool.values()), 0)
    covers = spans or {tuple(sites): number, **({(s,): alone for s in sites} if alone else {})}
    kinds, seen = [], {s: [0, 0] for s in sites}
    for covered, n in covers.items():
        span = (first_base(covered[0]), first_base(covered[-1]) + 3)
        shown = {}
        for h, count in zip(haplotypes, rng.multinomial(n, chances / chances.sum()), strict=True):
            bits = np.repeat([h], count, axis=0)
            bits = bits ^ (rng.random(bits.shape) < error)
            for row, k in zip(*np.unique(bits, axis=0, return_counts=True), strict=True):
                shown[tuple(row)] = shown.get(tuple(row), 0) + int(k)
        for row, count in shown.items():
            named = [s for s, bit in zip(sites, row, strict=True) if bit and s in covered]
            for s in covered:
                seen[s][s in named] += count
            kinds.append(Kind(count, " ".join(CHANGES[s] for s in named), span, span))
    calls = [call_row(reference, s, CHANGES[s], max(b / max(a + b, 1), 1e-6), error) for s, (a, b) in seen.items()]
    return draw(reference, kinds), calls
