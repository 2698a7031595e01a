"""How often are errors of one strand, and errors of a new sequence context, held back, and how often are variants?

    python tests/benchmarks/artefact_grid.py --seed 1 --trials 3000 --samples 20

Strands: counts of `--trials` variants on a grid of fractions and depths, with one fraction (and a loss of one strand of
log sd 0.2) and with errors of a given ratio. Context: `--samples` samples of 2,000 nanopore reads for each mixture of
T315I and F317L with two wild-type controls, every base of 90 around them misread at a rate of its own.
Exit status 1 if more than 0.1 % of the true variants of the strand grid are held back for their strands.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "unit"))

from drawn import Kind, draw, misread  # noqa: E402
from learned import run_of  # noqa: E402

from ablkd.background.strands import LOSS_SPREAD, USUAL_SPREAD, strand_factor  # noqa: E402
from ablkd.calling.artefacts import STRAND_FACTOR  # noqa: E402
from ablkd.calling.call import call_sample  # noqa: E402
from ablkd.reference import load_reference  # noqa: E402

FRACTIONS, DEPTHS, RATIOS = (0.02, 0.045, 0.1, 0.2, 0.5), (500, 1000, 2000, 5000), (1.5, 2.0, 3.5, 5.0, 10.0)
MOST_HELD_BACK = 0.001
# Shares of 2,000 reads with both, with T315I alone, with F317L alone.
MIXTURES = {
    "nowhere": (0.0, 0.5, 0.0),
    "error in 12 % of the molecules with T315I (50 %)": (0.06, 0.44, 0.0),
    "error in 12 % of the molecules with T315I (95 %)": (0.114, 0.836, 0.0),
    "error in 30 % of the molecules with T315I (20 %)": (0.06, 0.14, 0.0),
    "in cis on 60 % of the molecules with T315I (50 %)": (0.3, 0.2, 0.0),
    "in cis on all molecules with T315I (20 %)": (0.2, 0.0, 0.0),
    "separate clones of 20 % and 10 %": (0.0, 0.2, 0.1),
    "in 12 % of molecules, with T315I (50 %) or not": (0.06, 0.44, 0.06),
}
WINDOW, LOG_SD = (900, 990), 0.7


def held_back(rng: np.random.Generator, trials: int, fragments: int, forward: float, reverse: float, loss: float):
    """Share of variants with these fractions on the strands that are held back."""
    half = np.exp(rng.normal(0, loss, trials) / 2)
    n = np.array([fragments // 2, fragments - fragments // 2])
    x = np.stack([rng.binomial(n[0], np.minimum(forward * half, 1)), rng.binomial(n[1], reverse / half)], axis=1)
    return float(np.mean([strand_factor(counts, n, USUAL_SPREAD) > STRAND_FACTOR for counts in x]))


def strands(rng: np.random.Generator, trials: int) -> float:
    """Print the grid; the share of true variants that are held back, of all."""
    print("strands: % held back by fragments", *DEPTHS, sep="\t")
    true = []
    for loss, fraction in product((0.0, LOSS_SPREAD), FRACTIONS):
        row = [held_back(rng, trials, depth, fraction, fraction, loss) for depth in DEPTHS]
        true += row
        print(f"variant of {100 * fraction:g} %, loss {loss:g}", *(f"{100 * share:.3f}" for share in row), sep="\t")
    for ratio, fraction in product(RATIOS, FRACTIONS[:3]):
        low = 2 * fraction / (1 + ratio)
        row = [held_back(rng, min(trials, 500), depth, low * ratio, low, 0.0) for depth in DEPTHS]
        print(f"error of {100 * fraction:g} %, ratio {ratio:g}", *(f"{100 * share:.1f}" for share in row), sep="\t")
    return float(np.mean(true))


def context(rng: np.random.Generator, samples: int) -> None:
    """Print what becomes of F317L in each mixture."""
    reference = load_reference(ROOT / "reference")
    platform = reference.platform("ont")
    for name, (both, first, second) in MIXTURES.items():
        found: Counter[str] = Counter()
        for _ in range(samples):
            counts = rng.multinomial(2000, [both, first, second, 1 - both - first - second])
            changes = ("944C>T 949T>C", "944C>T", "949T>C", "")
            rates = np.zeros((len(reference.sequence), 3))
            mean = np.array([platform.transversion_error, platform.transition_error, platform.transversion_error]) / 4
            rates[slice(*WINDOW)] = mean * np.exp(rng.normal(0, LOG_SD, (WINDOW[1] - WINDOW[0], 3)))
            kinds = [Kind(int(n), change, WINDOW, None) for n, change in zip(counts, changes, strict=True)]
            contents = [kinds, [Kind(2000, "", WINDOW, None)], [Kind(2000, "", WINDOW, None)]]
            fragments, *controls = (misread(reference, draw(reference, one), rates, rng) for one in contents)
            run = run_of(reference, platform, fragments, controls=controls)
            calls = call_sample("S", platform, reference, fragments, run, None, 0.03, 0.03)[0]
            found[next((c.filter for c in calls if c.hgvs_c.endswith(":c.949T>C")), "no row")] += 1
        print(f"context: F317L {name}", dict(found), sep="\t")


def main() -> int:
    """Run both grids."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--trials", type=int, default=3000)
    parser.add_argument("--samples", type=int, default=20)
    asked = parser.parse_args()
    share = strands(np.random.default_rng(asked.seed), asked.trials)
    context(np.random.default_rng(asked.seed), asked.samples)
    return int(share > MOST_HELD_BACK)


if __name__ == "__main__":
    sys.exit(main())
