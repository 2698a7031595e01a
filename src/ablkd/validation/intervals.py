"""How often the 95 % interval of a fraction holds the true one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ablkd.background.allele import Background
from ablkd.background.detection import PROBABILITY
from ablkd.simulate.counts import Spike, draw_allele
from ablkd.validation.conditions import Condition
from ablkd.validation.rows import Intervals
from ablkd.validation.runs import Allele, SimulatedRun

DRAWS = 60

# Trials, intervals below and above the true fraction, calls.
Tally = tuple[int, int, int, int]


def examine(run: SimulatedRun, rng: np.random.Generator) -> list[Tally]:
    """The tally at each fraction of the condition, over the whole catalogue in one sample."""
    expected = run.expected(run.samples[0])
    alleles = run.alleles(expected)
    return [_tally(run, expected.background, alleles, fraction, rng) for fraction in run.condition.shares]


def _tally(
    run: SimulatedRun, background: Background, alleles: list[Allele], fraction: float, rng: np.random.Generator
) -> Tally:
    trials, below, above, called = 0, 0, 0, 0
    for allele in alleles:
        spike, depth = Spike(allele.codon, allele.state, fraction), run.condition.depth
        shown, lost = draw_allele(run.sites, spike, run.tube, DRAWS, rng)
        trials += len(shown)
        called += int((shown >= allele.needed).sum())
        error = allele.test.error
        for x, astray in zip(shown.tolist(), (lost / depth).tolist(), strict=True):
            _, low, high = background.interval(x, depth, error.mean, error.spread, astray)
            below += high < fraction
            above += low > fraction
    return trials, below, above, called


def rows(condition: Condition, parts: Sequence[list[Tally]]) -> list[Intervals]:
    """A row for each fraction."""
    made = []
    for fraction, runs in zip(condition.shares, zip(*parts, strict=True), strict=True):
        trials, below, above, called = (sum(numbers) for numbers in zip(*runs, strict=True))
        made.append(
            Intervals(
                **vars(condition),
                fraction=fraction,
                trials=trials,
                coverage=1 - (below + above) / trials,
                too_low=below / trials,
                too_high=above / trials,
                called=called / trials,
                judged="yes" if called >= PROBABILITY * trials else "no",
            )
        )
    return made
