"""The limit of detection as reported, against the fraction that is called in 95 % of samples drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import isotonic_regression

from ablkd.background.detection import PROBABILITY, Limits
from ablkd.simulate.counts import Spike, draw_allele
from ablkd.validation.conditions import Condition
from ablkd.validation.rows import Limit
from ablkd.validation.runs import Allele, SimulatedRun

# Alleles, evenly spread over the catalogue.
ALLELES = 12
# METHOD: samples are drawn at these multiples of the reported limit.
MULTIPLES = np.exp(np.linspace(np.log(0.4), np.log(2.5), 25))
DRAWS = 3000

Measured = tuple[str, str, int, float, float]


def examine(run: SimulatedRun, rng: np.random.Generator) -> list[Measured]:
    """(name, c. name, fragments needed, reported LoD95, measured LoD95) of some alleles of one sample."""
    expected = run.expected(run.samples[0])
    limits = Limits(expected.background.templates)
    found = []
    for allele in run.alleles(expected, ALLELES):
        reported = limits.lod95(allele.needed, run.condition.depth, allele.test.error.mean)
        mutation = allele.mutation
        found.append((mutation.name, mutation.hgvs_c, allele.needed, reported, _measured(run, allele, reported, rng)))
    return found


def _measured(run: SimulatedRun, allele: Allele, reported: float, rng: np.random.Generator) -> float:
    """Fraction called in 95 %, where a curve that never falls (isotonic least squares) crosses it.

    At the end of the range where it does not cross inside.
    """
    fractions = np.minimum(reported * MULTIPLES, 0.999)
    spikes = [Spike(allele.codon, allele.state, float(fraction)) for fraction in fractions]
    shares = [(draw_allele(run.sites, s, run.tube, DRAWS, rng)[0] >= allele.needed).mean() for s in spikes]
    curve = isotonic_regression(np.array(shares)).x
    above = int(np.searchsorted(curve, PROBABILITY))
    if above in (0, len(curve)):
        return float(fractions[min(above, len(curve) - 1)])
    step = (PROBABILITY - curve[above - 1]) / (curve[above] - curve[above - 1])
    return float(fractions[above - 1] * (fractions[above] / fractions[above - 1]) ** step)


def rows(condition: Condition, parts: Sequence[list[Measured]]) -> list[Limit]:
    """A row for each allele of each run."""
    return [
        Limit(**vars(condition), name=name, hgvs_c=hgvs_c, needed=needed, reported=reported, measured=measured,
              ratio=reported / measured)
        for part in parts
        for name, hgvs_c, needed, reported, measured in part
    ]  # fmt: skip
