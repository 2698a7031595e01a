"""How often PCR recombines molecules: what is assumed, and what the recombination controls of a run show.

A recombination control is a mixture of molecules that have one mutation each, so that whatever has two of them was
made by PCR, or read from the two strands of a heteroduplex.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ablkd.fragments import Fragments
from ablkd.isoforms import build_graph
from ablkd.phasing.linkage import Observations, observe, seen
from ablkd.phasing.mixture import Mixture, PcrPrior, build
from ablkd.records import Call, QcMetric, RecombinationRate
from ablkd.reference import Reference
from ablkd.samples import expected_findings

# METHOD: prior on ln rate (recombinations per bp over all cycles): 95 % from 2e-5 to 1.9e-3. Judo 1998 gives 1 % to
# more than 20 % of molecules over 282 bp in a 1:1 mix, which are 7e-5 to 1.8e-3.
ASSUMED = PcrPrior(2e-4, 1.15)
# METHOD: the rate of a sample differs from that of a control of its run by this much (sd of ln rate); with less, false
# compounds appear when a sample recombines twice as often as the control.
BETWEEN = 0.4
# METHOD: the rate of sequencing errors at a site is known within a factor of two.
ERROR_FACTOR = 2.0
# What a control can show: so wide a range of rates that the assumed one does not end it.
GRID = PcrPrior(float(np.exp(-8.0)), 2.7)
NODES = 109
MIN_SPANNING = 100


@dataclass(frozen=True)
class RateInForce:
    """The prior of a run's samples, and in words where it is from."""

    prior: PcrPrior
    origin: str

    @property
    def range(self) -> tuple[float, float]:
        """Rates that are not excluded (95 %)."""
        factor = float(np.exp(1.96 * self.prior.log_sd))
        return self.prior.median / factor, self.prior.median * factor


def measure(
    sample: str, expected: str, reference: Reference, fragments: Fragments, calls: Sequence[Call]
) -> RecombinationRate:
    """What one control shows; `rate` is empty where it shows nothing, and `reason` says why.

    `expected` is the cell of the sheet; names joined by `+` in it are no single mutations and are left out.
    """
    names = [e.name for e in expected_findings(expected) if e.fraction > 0 and "+" not in e.name]
    called = [c for c in calls if c.name in names]
    observations = observe(fragments, reference, build_graph(reference), called, [])
    return measured(sample, names, observations)


def measured(sample: str, names: Sequence[str], observations: Observations) -> RecombinationRate:
    """What a control's observations show of the rate; `names` are the single mutations that were mixed."""
    found = [s.name for s in observations.sites]
    row = RecombinationRate(sample, "+".join(found), 0, None, None, None, "")
    missing = [n for n in names if n not in found]
    if missing or len(found) < 2:
        what = f"{', '.join(missing)} not found" if missing else "no two mutations expected"
        return replace(row, reason=f"{what}, so nothing shows recombination")
    which = range(len(found))
    mixture = build(observations, which, never=[(i, j) for i in which for j in range(i)])
    several = seen(mixture.patterns).sum(axis=1) > 1
    spanning = int(mixture.counts[several].sum())
    both = int(mixture.counts[(mixture.patterns == 1).sum(axis=1) > 1].sum())
    observed = both / spanning if spanning else None
    row = replace(row, spanning=spanning, observed=observed, distance=float(mixture.distances.sum()))
    if spanning < MIN_SPANNING:
        return replace(
            row, reason=f"{spanning} fragments span two of the mutations (at least {MIN_SPANNING} are needed)"
        )
    log_rate, log_sd = _estimate(mixture, 1.0)
    few, many = (_estimate(mixture, factor)[0] for factor in (1 / ERROR_FACTOR, ERROR_FACTOR))
    return replace(row, rate=float(np.exp(log_rate)), log_sd=float(np.hypot(log_sd, (many - few) / 2)))


def _estimate(mixture: Mixture, error_factor: float) -> tuple[float, float]:
    """Mean and standard deviation of ln rate after the control, before which it was as assumed."""
    mixture = replace(mixture, errors=mixture.errors * error_factor)
    rates, _ = GRID.rates(0.0, NODES)
    x = np.log(rates)
    totals = np.array([mixture.fit(rate)[1] for rate in rates])
    totals = totals - 0.5 * ((x - np.log(ASSUMED.median)) / ASSUMED.log_sd) ** 2
    weights = np.exp(totals - np.logaddexp.reduce(totals))
    mean = float(weights @ x)
    # Not finer than the grid.
    return mean, float(max(np.sqrt(weights @ (x - mean) ** 2), x[1] - x[0]))


def in_force(rows: Sequence[RecombinationRate], heteroduplex: float = 0.0) -> RateInForce:
    """The prior of a run's samples from its controls; of none that shows anything what is assumed.

    heteroduplex: the highest share that the platform may have. METHOD: ln rates are averaged by their precision; what
    controls differ among each other beyond BETWEEN, samples do. A control does not tell recombination from
    heteroduplexes: of these there are at most as many as make all that the highest rate makes over the control's
    distance, of several controls over the longest.
    """
    useful = [r for r in rows if r.rate is not None and r.log_sd is not None]
    useless = [f"{r.sample}: {r.reason}" for r in rows if r.rate is None]
    if not useful:
        why = f" ({'; '.join(useless)})" if useless else ""
        control = "no usable recombination control in the run" if useless else "no recombination control in the run"
        return RateInForce(replace(ASSUMED, heteroduplex=heteroduplex), f"assumed: {control}{why}")
    logs = np.array([np.log(r.rate) for r in useful if r.rate])
    sds = np.array([r.log_sd for r in useful])
    weights = 1 / (sds**2 + BETWEEN**2)
    mean = float(weights @ logs / weights.sum())
    apart = float(np.sqrt(weights @ (logs - mean) ** 2 / weights.sum()))
    log_sd = float(np.hypot(max(BETWEEN, apart), 1 / np.sqrt((1 / sds**2).sum())))
    names = ", ".join(r.sample for r in useful)
    aside = f"; not usable: {'; '.join(useless)}" if useless else ""
    found = RateInForce(PcrPrior(float(np.exp(mean)), log_sd), f"measured by {names} of the run{aside}")
    longest = max(r.distance or np.inf for r in useful)
    most = 2 * float(-np.expm1(-found.range[1] * longest))
    return replace(found, prior=replace(found.prior, heteroduplex=min(heteroduplex, most), distance=longest))


def qc_rows(sample: str, controls: Sequence[RecombinationRate], heteroduplex: float = 0.0) -> list[QcMetric]:
    """Which rate was reckoned with and where it is from; of a recombination control also what it showed itself."""
    rate = in_force(controls, heteroduplex)
    low, high = rate.range
    reason = f"{rate.origin}; 95 %: {low:.1g} to {high:.1g}"
    rows = [QcMetric(sample, "recombination_rate", f"{rate.prior.median:.2g}", "per bp", "", "pass", reason)]
    if heteroduplex:
        most = rate.prior.heteroduplex
        origin = "assumed of the platform" if most == heteroduplex else f"{rate.origin}"
        reason = f"highest share of reads that may join the strands of two molecules; {origin}"
        rows.append(QcMetric(sample, "heteroduplex", f"{most:.2g}", "of fragments", "", "pass", reason))
    for row in controls:
        if row.sample == sample and row.rate is not None:
            shown = f"{row.observed or 0.0:.2g} of {row.spanning} fragments over {row.mutations} are recombinant"
            rows.append(QcMetric(sample, "recombination_control", f"{row.rate:.2g}", "per bp", "", "pass", shown))
        elif row.sample == sample:
            rows.append(QcMetric(sample, "recombination_control", "", "per bp", "", "review", row.reason))
    return rows
