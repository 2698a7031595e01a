"""Calls in samples that hold no mutation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from ablkd import hgvs
from ablkd.background.expected import Expected
from ablkd.validation.conditions import Condition
from ablkd.validation.rows import FalseCalls
from ablkd.validation.runs import SimulatedRun
from ablkd.verdicts.thresholds import CARRY_OVER_FACTOR, MIN_ALT_FRAGMENTS, MIN_DEPTH, Alphas


@dataclass(frozen=True)
class Called:
    """A change called in a sample, and its fraction; kind is `catalogue`, `other` or `indel`.

    change: (0-based codon, state) of a changed codon; None for an indel.
    """

    kind: str
    name: str
    change: tuple[int, int] | None
    fraction: float


def examine(run: SimulatedRun, rng: np.random.Generator) -> list[list[Called]]:
    """What is called in each sample of the run; none holds anything."""
    return [called(run.expected(sample), run.levels) for sample in run.samples]


def called(expected: Expected, levels: Alphas) -> list[Called]:
    """Everything that is called in a sample, from its counts alone.

    The tests of base qualities, orientations and read ends, which can only take calls away, need reads.
    """
    return _codon_calls(expected, levels) + _indel_calls(expected, levels)


def _codon_calls(expected: Expected, levels: Alphas) -> list[Called]:
    reference = expected.reference
    seen = expected.counts.codons.sum(axis=1)
    depth = seen.sum(axis=1)
    found = []
    for codon, state in np.argwhere((seen >= MIN_ALT_FRAGMENTS) & (depth >= MIN_DEPTH)[:, None]).tolist():
        ref, alt = reference.codon(codon + 1), hgvs.CODONS[state]
        x, n = int(seen[codon, state]), int(depth[codon])
        if ref == alt:
            continue
        error = expected.of(codon, state)
        if x <= max(error.mean, CARRY_OVER_FACTOR * expected.carried(codon, state)) * n:
            continue
        known = reference.catalogue.get((codon + 1, alt))
        listed = known is not None and known.tier == "catalogue"
        if expected.background.tail(x, n, error) < (levels.catalogue if listed else levels.novel):
            share = expected.background.interval(x, n, error.mean, error.spread)[0]
            name = hgvs.codon_name(codon + 1, ref, alt)
            found.append(Called("catalogue" if listed else "other", name, (codon, state), share))
    return found


def _indel_calls(expected: Expected, levels: Alphas) -> list[Called]:
    found = []
    for indel, (x, n) in sorted(expected.counts.indels.items()):
        if x < MIN_ALT_FRAGMENTS or n < MIN_DEPTH:
            continue
        error = expected.indels.rate(indel)
        if x > error.mean * n and expected.background.tail(x, n, error) < levels.indel:
            if expected.indels.recurrent(indel):
                continue
            share = expected.background.interval(x, n, error.mean, error.spread)[0]
            found.append(Called("indel", hgvs.indel_names(expected.reference, *indel)[0], None, share))
    return found


def rows(condition: Condition, parts: Sequence[list[list[Called]]]) -> list[FalseCalls]:
    """One row: all samples of all runs together."""
    samples = [sample for part in parts for sample in part]
    wrong = [call for sample in samples for call in sample]
    kinds = [call.kind for call in wrong]
    return [
        FalseCalls(
            **vars(condition),
            samples=len(samples),
            calls=len(wrong),
            per_sample=len(wrong) / len(samples),
            upper=upper_bound(len(wrong)) / len(samples),
            catalogue=kinds.count("catalogue"),
            other=kinds.count("other"),
            indels=kinds.count("indel"),
            names=";".join(call.name for call in wrong),
        )
    ]


def upper_bound(calls: int) -> float:
    """Exact one-sided 95 % upper bound of a Poisson mean (Garwood 1936)."""
    return float(special.gammaincinv(calls + 1, 0.95))
