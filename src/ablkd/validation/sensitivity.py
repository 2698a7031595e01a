"""How often catalogue alleles of known fraction are called."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import special

from ablkd.simulate.counts import Spike, draw_allele
from ablkd.validation.conditions import Condition
from ablkd.validation.rows import Sensitivity
from ablkd.validation.runs import SimulatedRun

# Samples of a run that alleles are put into, and draws of each allele and fraction.
SAMPLES, DRAWS = 2, 40


def examine(run: SimulatedRun, rng: np.random.Generator) -> list[tuple[int, int]]:
    """(called, trials) at each fraction of the condition."""
    totals = [[0, 0] for _ in run.condition.shares]
    for sample in run.samples[:SAMPLES]:
        for allele in run.alleles(run.expected(sample)):
            for total, fraction in zip(totals, run.condition.shares, strict=True):
                spike = Spike(allele.codon, allele.state, fraction)
                x, _ = draw_allele(run.sites, spike, run.tube, DRAWS, rng)
                total[0] += int((x >= allele.needed).sum())
                total[1] += DRAWS
    return [(called, trials) for called, trials in totals]


def rows(condition: Condition, parts: Sequence[list[tuple[int, int]]]) -> list[Sensitivity]:
    """A row for each fraction."""
    made = []
    for fraction, runs in zip(condition.shares, zip(*parts, strict=True), strict=True):
        called, trials = (sum(numbers) for numbers in zip(*runs, strict=True))
        low, high = share_interval(called, trials)
        made.append(Sensitivity(**vars(condition), fraction=fraction, trials=trials, called=called,
                                sensitivity=called / trials, low=low, high=high))  # fmt: skip
    return made


def share_interval(hits: int, trials: int) -> tuple[float, float]:
    """95 % interval of a share (Jeffreys), reaching 0 and 1 where none or all hit."""
    low, high = special.betaincinv(hits + 0.5, trials - hits + 0.5, [0.025, 0.975])
    return (0.0 if hits == 0 else float(low)), (1.0 if hits == trials else float(high))
