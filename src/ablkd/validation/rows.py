"""The tables of a validation: each row is a condition and what came out under it. Fractions are 0-1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from ablkd.validation.conditions import Condition

# METHOD: what is promised: false calls per wild-type sample, reported against measured limit of detection, and the
# share of 95 % intervals that hold the true fraction.
FALSE_CALLS, LIMIT_RATIO, COVERAGE = 0.01, 1.25, (0.93, 0.97)

Row = TypeVar("Row", bound=Condition)


def by_condition(rows: Sequence[Row]) -> list[list[Row]]:
    """The rows of each condition, in order."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.words, []).append(row)
    return list(groups.values())


@dataclass(frozen=True)
class FalseCalls(Condition):
    """Changes called in wild-type samples; `upper` is the exact one-sided 95 % bound of `per_sample` (Poisson).

    catalogue, other, indels: the calls by kind; names: what was called, joined by `;`.
    """

    samples: int
    calls: int
    per_sample: float
    upper: float
    catalogue: int
    other: int
    indels: int
    names: str


@dataclass(frozen=True)
class Sensitivity(Condition):
    """Catalogue alleles called at one true fraction, with the 95 % interval of the share."""

    fraction: float
    trials: int
    called: int
    sensitivity: float
    low: float
    high: float


@dataclass(frozen=True)
class Limit(Condition):
    """One allele: fragments needed for a call, LoD95 as reported, and the fraction that was called in 95 %."""

    name: str
    hgvs_c: str
    needed: int
    reported: float
    measured: float
    ratio: float


@dataclass(frozen=True)
class Intervals(Condition):
    """How many 95 % intervals held the true fraction, lay below it or above it, and how often it was called.

    judged: `yes` where the fraction is called in 95 % or more. Below, few samples have an interval to report.
    """

    fraction: float
    trials: int
    coverage: float
    too_low: float
    too_high: float
    called: float
    judged: str


@dataclass(frozen=True)
class Agreement(Condition):
    """Samples drawn as reads and as counts under one condition, at one true fraction.

    Of either: alleles held, how many were called, mean found over true fraction of those called, samples, and calls
    of what is not there. The p-value is of equal sensitivity (Fisher's exact test).
    """

    fraction: float
    reads_held: int
    reads_called: int
    reads_ratio: float | None
    reads_samples: int
    reads_false: int
    counts_held: int
    counts_called: int
    counts_ratio: float | None
    counts_samples: int
    counts_false: int
    p_value: float
