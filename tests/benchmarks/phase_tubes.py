"""Tubes of known molecules for the phasing grid: templates, cycles of PCR, fragments and what they show.

Nothing here comes from the model that is tested: the molecules of each kind are counted cycle by cycle. In a cycle a
molecule is copied with chance EFFICIENCY; while a new strand is made it may switch to another molecule of the tube in
each interval between sites. Family sizes, clones of early recombinants and their chance all follow from that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ablkd.phasing.linkage import MISSING, Observations, Site

CYCLES, EFFICIENCY, LATE_CYCLES = 30, 0.6, 8
PRODUCT = 1579
CODON = 3


@dataclass(frozen=True)
class Platform:
    """How fragments cover a product; `error` is the mean chance that a site is misread as the other state.

    cut: mean and sd of insert and the read length, or None where whole products are read; whole: share of reads that
    are not broken off; missing: share of sites that a read does not tell; fragments: fewest and most of a sample; least:
    the smallest fraction that calling lets through; heteroduplex: the highest share of them that is reckoned with.
    """

    cut: tuple[float, float, int] | None
    error: float
    fragments: tuple[int, int]
    whole: float = 1.0
    missing: float = 0.01
    least: float = 0.005
    heteroduplex: float = 0.0


PLATFORMS = {
    "2x150": Platform((300, 50, 150), 2e-4, (4_000, 60_000)),
    "2x250": Platform((450, 80, 250), 2e-4, (4_000, 60_000)),
    "hifi": Platform(None, 3e-4, (1_000, 6_000), heteroduplex=0.4),
    "ont": Platform(None, 6e-3, (1_000, 6_000), whole=0.75, missing=0.06, least=0.03),
}
# How much the error of one site in one sample differs from what is known of it (sd of its logarithm).
ERROR_LOG_SD = 0.4
TEMPLATES = (300, 1_000, 5_000)


def amplify(shares, distances, rate, templates, late, rng):
    """Fractions float64[2^K] of the molecules after PCR (site i is bit i), and those of the templates.

    `rate` is recombinations per bp over all cycles in one line of descent; `late`: all of them in the last cycles, as
    in PCR that runs out of primers.
    """
    kinds = np.arange(len(shares))
    pool = rng.multinomial(templates, shares)
    drawn = pool / templates
    copies_a_line = CYCLES * EFFICIENCY / (1 + EFFICIENCY)
    for cycle in range(CYCLES):
        strands = rng.binomial(pool, EFFICIENCY)
        share = pool / pool.sum()
        often = (CYCLES / LATE_CYCLES if cycle >= CYCLES - LATE_CYCLES else 0.0) if late else 1.0
        for cut, distance in enumerate(distances, start=1):
            chance = -np.expm1(-rate * distance * often / copies_a_line)
            switching = rng.binomial(strands, chance)
            strands = strands - switching
            low = (1 << cut) - 1
            for kind in kinds[switching > 0]:
                partners = rng.multinomial(switching[kind], share)
                np.add.at(strands, (kind & low) | (kinds & ~low), partners)
        pool = pool + strands
    return pool / pool.sum(), drawn


def shown(after, distances, platform, number, rng, share=0.0):
    """int8[N, K] of 1, 0 and MISSING, and the true error of each site; `share` of the reads are of heteroduplexes."""
    sites = len(distances) + 1
    haplotypes = rng.choice(len(after), number, p=after)
    if share:
        haplotypes = consensus(haplotypes, rng.choice(len(after), number, p=after), sites, share, rng)
    states = (haplotypes[:, None] >> np.arange(sites)[None, :] & 1).astype(np.int8)
    errors = platform.error * np.exp(ERROR_LOG_SD * rng.standard_normal(sites))
    states ^= rng.random(states.shape) < errors
    first = (PRODUCT - sum(distances)) // 2
    places = first + np.concatenate([[0], np.cumsum(distances)]).astype(int)
    seen = rng.random(states.shape) >= platform.missing
    if platform.cut:
        mean, sd, length = platform.cut
        insert = np.maximum(rng.normal(mean, sd, number), length).astype(int)
        start = rng.integers(-int(mean), PRODUCT, number)
        for i, place in enumerate(places):
            left = (start <= place) & (place + CODON <= start + length)
            right = (start + insert - length <= place) & (place + CODON <= start + insert)
            seen[:, i] &= left | right
    else:
        broken = rng.random(number) >= platform.whole
        ends = rng.integers(0, PRODUCT, number)
        from_left = rng.random(number) < 0.5
        for i, place in enumerate(places):
            beyond = np.where(from_left, place + CODON > ends, place < ends)
            seen[:, i] &= ~(broken & beyond)
    return np.where(seen, states, MISSING).astype(np.int8), errors


def consensus(one, other, sites, share, rng):
    """Haplotypes as read: in `share` of the reads the second strand is that of another molecule, and each site is read
    from the strand that happened to be read better there."""
    taken = np.zeros(len(one), int)
    for site in range(sites):
        taken |= rng.integers(0, 2, len(one)) << site
    mixed = rng.random(len(one)) < share
    return np.where(mixed, (one & taken) | (other & ~taken), one)


def observe(states, distances, platform):
    """What phasing gets: the mean error of the platform is known, not that of the site in the sample."""
    places = 400 + np.concatenate([[0], np.cumsum(distances)]).astype(int)
    sites = []
    for k, place in enumerate(places):
        known = states[:, k] != MISSING
        fraction = float((states[known, k] == 1).mean()) if known.any() else 0.0
        sites.append(Site("ABCDEF"[k], int(place), int(place), fraction, platform.error, codon=k + 1, states=(1,)))
    return Observations(
        tuple(sites), states, np.zeros(len(states), np.int16), np.zeros(2 * [len(sites)], bool), len(states)
    )
