"""Is a compound called where there is one, and only there? Tubes of known molecules on a grid, judged as samples are.

    python tests/benchmarks/phase_grid.py --seed 1 --trials 25 --folder phase_grid

Fractions x distance x recombination x platform; in each cell `--trials` samples of their own depth, templates and
errors of sites, PCR recombining throughout or late. Each is judged as a sample of a run without recombination control,
and of one with a control whose own rate differs (sd of ln rate 0.3). Writes cells.tsv and prints summaries, beside what
two simpler rules would have said: a co-occurrence test (fragments with both beyond sequencing error, p < 0.01), and the
rank rule: the same, but a haplotype rarer than both of those that could have made it is a chimera.
Exit status 1 if false compounds are shown above 1 % up to 2e-3 per bp.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import defaultdict
from dataclasses import asdict, dataclass, fields
from itertools import product
from pathlib import Path

import numpy as np
from phase_tubes import PLATFORMS, TEMPLATES, amplify, observe, shown
from scipy import special

from ablkd.phasing.linkage import MISSING
from ablkd.phasing.phase import phase_rows
from ablkd.phasing.recombination import in_force, measured

DISTANCES = (5, 78, 117, 195, 700)
RATES = (0.0, 2e-4, 1e-3, 2e-3, 4e-3)
# Per cent of molecules with both changes, with the first alone, with the second alone.
PAIRS = {
    "0/40/40": (0, 40, 40),
    "0/49/49": (0, 49, 49),
    "0/25/5": (0, 25, 5),
    "0/10/60": (0, 10, 60),
    "0/1.5/30": (0, 1.5, 30),
    "8/17/17": (8, 17, 17),
    "8/0/30": (8, 0, 30),
    "3/22/22": (3, 22, 22),
    "1/4/4": (1, 4, 4),
    "1.5/0/80": (1.5, 0, 80),
}
# Three sites 78 and 117 bp apart: per cent of haplotypes as bits (the first site is the lowest), and whether any
# molecule has all three.
TRIPLE = (78, 117)
TRIPLES = {
    "all 8, third 30": ({7: 8, 4: 30}, True),
    "first+second 20, third 30": ({3: 20, 4: 30}, False),
    "each alone 25": ({1: 25, 2: 25, 4: 25}, False),
}
# METHOD: the promise.
FALSE_COMPOUNDS, UP_TO = 0.01, 2e-3
SEEN_P = 0.01
CONTROL_LOG_SD = 0.3


@dataclass
class Cell:
    """Counts of one cell. `judged` of `trials` could be phased; held: the interval holds the true fraction."""

    sites: int
    fractions: str
    distance: str
    rate: float
    platform: str
    true: str
    control: str
    trials: int = 0
    judged: int = 0
    compound: int = 0
    explained_by_recombination: int = 0
    polyclonal: int = 0
    not_proven: int = 0
    held: int = 0
    below: int = 0
    above: int = 0
    co_occurrence: int = 0
    rank: int = 0


def simple_rules(states, error):
    """(co-occurrence test says compound, rank rule says compound) of the fragments that show all sites."""
    whole = states[(states != MISSING).all(axis=1)].astype(int)
    if not len(whole):
        return False, False
    bits = whole @ (1 << np.arange(whole.shape[1]))
    counts = np.bincount(bits, minlength=1 << whole.shape[1])
    everything = len(counts) - 1
    by_error = sum(counts[everything ^ (1 << i)] for i in range(whole.shape[1])) * error / len(whole)
    k, n = int(counts[everything]), len(whole)
    found = k > 0 and special.betainc(k, n - k + 1, max(by_error, 1e-9)) < SEEN_P
    splits = [(everything & ((1 << cut) - 1), everything >> cut << cut) for cut in range(1, whole.shape[1])]
    made = max(min(counts[left], counts[right]) for left, right in splits)
    return bool(found), bool(found and k > made)


def prior_of_control(cell, rng):
    """What a control of the cell's run says: half of its molecules with either of two mutations 195 bp apart."""
    platform = PLATFORMS[cell.platform]
    rate = cell.rate * np.exp(CONTROL_LOG_SD * rng.standard_normal())
    after, _ = amplify(np.array([0.0, 0.5, 0.5, 0.0]), (195,), rate, max(TEMPLATES), False, rng)
    states, _ = shown(after, (195,), platform, platform.fragments[1], rng)
    control = measured("control", ["A", "B"], observe(states, (195,), platform))
    return in_force([control], platform.heteroduplex).prior


def trial(cells, priors, shares, distances, true, number, rng):
    """One sample added to the cells without and with a control."""
    cell = cells[0]
    platform = PLATFORMS[cell.platform]
    templates = int(rng.choice(TEMPLATES))
    after, _ = amplify(shares, distances, cell.rate, templates, bool(number % 2), rng)
    fragments = int(np.exp(rng.uniform(*np.log(platform.fragments))))
    states, _ = shown(after, distances, platform, fragments, rng)
    observations = observe(states, distances, platform)
    if min(s.fraction for s in observations.sites) < platform.least:
        return  # one of them is not called
    co_occurrence, rank = simple_rules(states, platform.error)
    for cell, prior in zip(cells, priors, strict=True):
        row = max(phase_rows("S", observations, templates, prior), key=lambda r: len(r.mutations))
        add(cell, row, true, co_occurrence, rank)


def add(cell, row, true, co_occurrence, rank):
    """A verdict added to its cell."""
    cell.trials += 1
    cell.co_occurrence += co_occurrence
    cell.rank += rank
    if row.verdict == "cannot_be_phased":
        return
    cell.judged += 1
    setattr(cell, row.verdict, getattr(cell, row.verdict) + 1)
    cell.below += true < row.compound_low - 1e-9
    cell.above += true > row.compound_high + 1e-9
    cell.held += row.compound_low - 1e-9 <= true <= row.compound_high + 1e-9


def grid(seed, trials, platforms=tuple(PLATFORMS), distances=DISTANCES, rates=RATES):
    """All cells; the random numbers of a cell do not depend on the others."""
    cells = []
    for (name, (both, one, other)), d, rate, platform in product(PAIRS.items(), distances, rates, platforms):
        shares = np.array([100 - both - one - other, one, other, both]) / 100
        if both + min(one, other) < 100 * PLATFORMS[platform].least:
            continue
        asked = [Cell(2, name, str(d), rate, platform, "yes" if both else "no", control) for control in ("no", "yes")]
        cells.append((asked, shares, (d,), both / 100))
    for (name, (kinds, true)), rate, platform in product(TRIPLES.items(), rates, platforms):
        shares = np.zeros(8)
        for kind, share in kinds.items():
            shares[kind] = share / 100
        shares[0] = 1 - shares.sum()
        place = "+".join(map(str, TRIPLE))
        asked = [Cell(3, name, place, rate, platform, "yes" if true else "no", control) for control in ("no", "yes")]
        cells.append((asked, shares, TRIPLE, float(shares[7])))
    for asked, shares, gaps, true in cells:
        cell = asked[0]
        words = f"{cell.fractions} {cell.distance} {cell.rate:g} {cell.platform}".encode()
        assumed = in_force([], PLATFORMS[cell.platform].heteroduplex).prior
        priors = (assumed, prior_of_control(cell, np.random.default_rng(np.random.SeedSequence([seed, *words]))))
        for number in range(trials):
            rng = np.random.default_rng(np.random.SeedSequence([seed, number, *words]))
            trial(asked, priors, shares, gaps, true, number, rng)
        yield from asked


def upper(k, n):
    """Exact one-sided 95 % bound of a share."""
    return float(special.betaincinv(k + 1, n - k, 0.95)) if k < n else 1.0


def lower(k, n):
    """Exact one-sided 95 % bound of a share."""
    return float(special.betaincinv(k, n - k + 1, 0.05)) if k else 0.0


def summary(cells, keys):
    """Rows of a summary over all but `keys`."""
    groups = defaultdict(list)
    for cell in cells:
        groups[tuple(getattr(cell, key) for key in keys)].append(cell)
    for key, members in groups.items():
        total = {f.name: sum(getattr(c, f.name) for c in members) for f in fields(Cell) if f.type == "int"}
        yield key, total


def table(title, cells, keys):
    """A summary as text."""
    lines = [title, "\t".join([*keys, "samples", "phased", "compound", "explained", "polyclonal", "not proven", "interval holds", "co-occurrence", "rank rule"])]  # fmt: skip
    for key, n in summary(cells, keys):
        judged, trials = max(n["judged"], 1), max(n["trials"], 1)
        shares = [n[w] / judged for w in ("compound", "explained_by_recombination", "polyclonal", "not_proven", "held")]
        simple = [n["co_occurrence"] / trials, n["rank"] / trials]
        words = [
            *map(str, key),
            str(n["trials"]),
            f"{n['judged'] / trials:.1%}",
            *(f"{s:.1%}" for s in shares + simple),
        ]
        lines.append("\t".join(words))
    return "\n".join(lines)


def verdict(cells):
    """(sentence, kept): false compounds in all cells without a compound up to the rate that is promised."""
    none = [c for c in cells if c.true == "no" and c.rate <= UP_TO]
    k, n = sum(c.compound for c in none), sum(c.judged for c in none)
    worst = max(none, key=lambda c: lower(c.compound, c.judged))
    words = f"{worst.fractions} {worst.distance} bp {worst.rate:g} {worst.platform}: {worst.compound} of {worst.judged}"
    kept = k <= FALSE_COMPOUNDS * n and upper(k, n) <= FALSE_COMPOUNDS
    return f"false compounds up to {UP_TO:g} per bp: {k} of {n} ({k / n:.2%}, at most {upper(k, n):.2%}); worst cell {words}", kept  # fmt: skip


def main(words=None):
    """The grid, its tables, and whether the promise is kept."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--trials", type=int, default=25)
    options.add_argument("--folder", type=Path)
    chosen = options.parse_args(words)
    cells = []
    for cell in grid(chosen.seed, chosen.trials):
        cells.append(cell)
        if len(cells) % 200 == 0:
            print(f"{len(cells) // 2} cells", file=sys.stderr, flush=True)
    if chosen.folder:
        chosen.folder.mkdir(parents=True, exist_ok=True)
        with (chosen.folder / "cells.tsv").open("w", newline="") as stream:
            writer = csv.DictWriter(stream, [f.name for f in fields(Cell)], delimiter="\t", lineterminator="\n")
            writer.writeheader()
            writer.writerows(asdict(c) for c in cells)
    pairs = [c for c in cells if c.sites == 2]
    print(table("No molecule has both", [c for c in pairs if c.true == "no"], ["control", "rate"]))
    print(table("\nSome molecules have both", [c for c in pairs if c.true == "yes"], ["control", "fractions", "rate"]))
    print(table("\nBy distance and platform", [c for c in pairs if c.rate <= UP_TO], ["true", "distance", "platform"]))
    print(table("\nThree sites", [c for c in cells if c.sites == 3], ["control", "fractions", "rate"]))
    sentence, kept = verdict(cells)
    print(f"\n{sentence}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
