"""Are separate clones called compound where reads join the two strands of a heteroduplex? Tubes as in phase_grid.py.

    python tests/benchmarks/phase_heteroduplex.py --seed 1 --trials 4 --folder phase_heteroduplex

Clones x distance x share of heteroduplexes x recombination x number of templates stated or not, HiFi reads: in each
cell `--trials` samples, judged without a recombination control and beside one with the same share. Each site of a
heteroduplex is read from either strand; what is tested knows only that there may be some. Writes cells.tsv and prints
summaries. Exit status 1 if more than 1 % of the sets that no molecule has are called compound, at any share.
"""

from __future__ import annotations

import argparse
import csv
import sys
from dataclasses import asdict, dataclass, fields
from itertools import product
from pathlib import Path

import numpy as np
from phase_grid import FALSE_COMPOUNDS, upper
from phase_tubes import PLATFORMS, TEMPLATES, amplify, observe, shown

from ablkd.background.allele import DEFAULT_TEMPLATES
from ablkd.phasing.phase import phase_rows
from ablkd.phasing.recombination import in_force, measured

HIFI = PLATFORMS["hifi"]
SHARES, RATES = (0.0, 0.1, 0.2, 0.3, 0.4), (0.0, 2e-4, 1e-3)
FRAGMENTS = (1_000, 20_000)
CONTROL = (195,)
# Per cent of molecules by haplotype (bits, the first site is the lowest), and the distances between the sites: 6 bases
# are those of Y253H and E255K, or T315I and F317L.
NEAR, MIDDLE, FAR = (6,), (117,), (700,)
CLONES = {
    "5/5": ({1: 5, 2: 5}, (NEAR, MIDDLE, FAR)),
    "10/10": ({1: 10, 2: 10}, (NEAR, MIDDLE, FAR)),
    "20/20": ({1: 20, 2: 20}, (NEAR, MIDDLE, FAR)),
    "30/30": ({1: 30, 2: 30}, (NEAR, MIDDLE, FAR)),
    "45/45": ({1: 45, 2: 45}, (NEAR, MIDDLE, FAR)),
    "10/60": ({1: 10, 2: 60}, (NEAR, MIDDLE, FAR)),
    "three of 25": ({1: 25, 2: 25, 4: 25}, ((78, 117), (6, 180))),
    "1+3 of 30, 2 of 30": ({5: 30, 2: 30}, ((78, 117), (6, 180))),
    "1+2 of 20, 3 of 30": ({3: 20, 4: 30}, ((78, 117), (6, 180))),
    "both 8, 17/17": ({3: 8, 1: 17, 2: 17}, (NEAR, MIDDLE, FAR)),
    "both 3, 22/22": ({3: 3, 1: 22, 2: 22}, (NEAR, MIDDLE, FAR)),
    "both 1, 4/4": ({3: 1, 1: 4, 2: 4}, (NEAR, MIDDLE, FAR)),
}


@dataclass
class Cell:
    """Sets of all samples of a cell that no molecule has, and that some have; of both, how many are called compound."""

    clones: str
    distance: str
    share: float
    rate: float
    stated: str
    control: str
    absent: int = 0
    false: int = 0
    present: int = 0
    found: int = 0
    apart: int = 0
    open: int = 0
    held: int = 0


def prior_of_control(cell, rng):
    """What a control says: half of its molecules with either of two mutations, and the sample's share and rate."""
    after, _ = amplify(np.array([0.0, 0.5, 0.5, 0.0]), CONTROL, cell.rate, max(TEMPLATES), False, rng)
    states, _ = shown(after, CONTROL, HIFI, FRAGMENTS[0] * 5, rng, cell.share)
    return in_force([measured("control", ["A", "B"], observe(states, CONTROL, HIFI))], HIFI.heteroduplex).prior


def trial(cells, priors, shares, distances, rng):
    """One sample added to its cells: without and with a control."""
    cell = cells[0]
    templates = int(rng.choice(TEMPLATES))
    after, _ = amplify(shares, distances, cell.rate, templates, bool(rng.integers(2)), rng)
    fragments = int(np.exp(rng.uniform(*np.log(FRAGMENTS))))
    states, _ = shown(after, distances, HIFI, fragments, rng, cell.share)
    observations = observe(states, distances, HIFI)
    for cell, prior in zip(cells, priors, strict=True):
        for row in phase_rows("S", observations, templates if cell.stated == "yes" else DEFAULT_TEMPLATES, prior):
            mask = sum(1 << "ABC".index(name) for name in row.mutations.split("+"))
            true = sum(share for kind, share in enumerate(shares) if kind & mask == mask)
            add(cell, row, true)


def add(cell, row, true):
    """A verdict added to its cell."""
    compound = row.verdict == "compound"
    cell.present += true > 0
    cell.absent += true == 0
    cell.found += compound and true > 0
    cell.false += compound and true == 0
    cell.apart += row.verdict in ("polyclonal", "explained_by_recombination")
    cell.open += row.verdict == "not_proven"
    cell.held += row.compound_low - 1e-9 <= true <= row.compound_high + 1e-9


def grid(seed, trials, clones=tuple(CLONES), shares=SHARES, rates=RATES):
    """All cells; the random numbers of a cell do not depend on the others."""
    for name, share, rate, stated in product(clones, shares, rates, ("yes", "no")):
        kinds, places = CLONES[name]
        for distances in places:
            pool = np.zeros(2 ** (len(distances) + 1))
            pool[list(kinds)] = np.array(list(kinds.values())) / 100
            pool[0] = 1 - pool.sum()
            asked = [Cell(name, "+".join(map(str, distances)), share, rate, stated, c) for c in ("no", "yes")]
            words = f"{name} {distances} {share} {rate:g} {stated}".encode()
            rng = np.random.default_rng(np.random.SeedSequence([seed, *words]))
            priors = (in_force([], HIFI.heteroduplex).prior, prior_of_control(asked[0], rng))
            for _ in range(trials):
                trial(asked, priors, pool, distances, rng)
            yield from asked


def table(title, cells, *keys):
    """A summary over all but `keys`, as text."""
    groups: dict[tuple, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(tuple(getattr(cell, key) for key in keys), []).append(cell)
    lines = [title, "\t".join([*keys, "absent", "false", "%", "present", "found %", "apart %", "open %", "interval holds"])]  # fmt: skip
    for key, members in groups.items():
        n = {f.name: sum(getattr(c, f.name) for c in members) for f in fields(Cell) if f.type == "int"}
        sets = n["absent"] + n["present"]
        shares = [100 * n[w] / max(sets, 1) for w in ("apart", "open", "held")]
        numbers = [n["absent"], n["false"], f"{100 * n['false'] / max(n['absent'], 1):.2f}", n["present"]]
        words = [*key, *numbers, f"{100 * n['found'] / max(n['present'], 1):.1f}", *(f"{s:.1f}" for s in shares)]
        lines.append("\t".join(map(str, words)))
    return "\n".join(lines)


def verdict(cells):
    """(sentence, kept): false compounds at the worst share of heteroduplexes."""
    counts = []
    for share in sorted({c.share for c in cells}):
        of = [c for c in cells if c.share == share]
        counts.append((sum(c.false for c in of), sum(c.absent for c in of), share))
    k, n, share = max(counts, key=lambda c: c[0] / max(c[1], 1))
    words = f"most false compounds: {k} of {n} at {share:.0%} heteroduplexes (at most {upper(k, n):.2%})"
    return words, bool(k <= FALSE_COMPOUNDS * n)


def main(words=None):
    """The grid, its tables, and whether the promise is kept."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--trials", type=int, default=4)
    options.add_argument("--folder", type=Path)
    chosen = options.parse_args(words)
    cells = list(grid(chosen.seed, chosen.trials))
    if chosen.folder:
        chosen.folder.mkdir(parents=True, exist_ok=True)
        with (chosen.folder / "cells.tsv").open("w", newline="") as stream:
            writer = csv.DictWriter(stream, [f.name for f in fields(Cell)], delimiter="\t", lineterminator="\n")
            writer.writeheader()
            writer.writerows(asdict(c) for c in cells)
    for title, keys in (
        ("By share of heteroduplexes", ("control", "share")),
        ("By clones", ("control", "clones", "share")),
        ("By distance", ("distance", "control")),
        ("Number of templates", ("stated", "control")),
    ):
        print(table(title, cells, *keys), end="\n\n")
    sentence, kept = verdict(cells)
    print(sentence)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
