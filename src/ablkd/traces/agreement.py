"""Whether the traces of one sample agree, position by position, before they are combined."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, norm

from ablkd.records import QcMetric
from ablkd.traces.alleles import Measured
from ablkd.traces.combine import MIN_DIFFERENCE, Heterogeneity, heterogeneity, holm
from ablkd.traces.evidence import SMALLEST_SHARE
from ablkd.traces.isoforms import Share, disagree
from ablkd.verdicts.thresholds import TRACE_ALPHA
from ablkd.wording import joined, plain

Site = tuple[int, int]
LETTERS = "ACGT"
# A sentence names at most this many variants.
MAX_NAMED = 3

# METHOD: only variants that a trace shows by itself are compared, because two traces without a variant differ by noise,
# which has heavier tails than the test assumes. A sample has few such variants, so Holm's adjustment over them alone
# keeps the test sensitive. False peaks of one strand, such as dye blobs, reach 20 % in simulated traces, so a variant
# that is not listed must be more.
MIN_SHOWN, MIN_SHOWN_UNLISTED = SMALLEST_SHARE["one_orientation"], 0.25
# METHOD: log peak heights vary by 0.25 in public traces, the log ratio of two peaks at one base by 0.35, from strand to
# strand independently. Two traces from one primer differ less, but two primers of one strand need not.
PEAK_RATIO_LOG_SD = 0.35
# METHOD: no sample is both without a variant and pure. The limits leave room for noise.
NEARLY_ABSENT, NEARLY_PURE = 0.15, 0.85
# METHOD: a trace of another sample may differ at many positions, by too little at each of them. Over the whole trace a
# position counts from this level on, by the binomial probability of that many. Two positions may be two variants of one
# allele that a primer amplifies less.
WHOLE_TRACE_ALPHA, MIN_POSITIONS = 0.05, 3


@dataclass(frozen=True)
class Disagreement:
    """A variant that some traces show and others do not, or show at a clearly different VAF.

    position is 0-based on the target and base a code (A, C, G, T are 0 to 3). shares are (file, VAF) of every trace
    that covers the site; low and high are the files on either side of the widest gap between those VAFs. p is adjusted
    over the variants of the sample. within_strand and between_strands say which comparison is significant by itself.
    opposite is True where the variant is nearly absent in one trace and nearly pure in another.
    """

    position: int
    base: int
    shares: tuple[tuple[str, float], ...]
    low: tuple[str, ...]
    high: tuple[str, ...]
    p: float
    within_strand: bool
    between_strands: bool
    opposite: bool

    @property
    def site(self) -> Site:
        """(0-based position, base code)."""
        return self.position, self.base


@dataclass(frozen=True)
class Agreement:
    """The comparison of all traces of a sample.

    disagreements are sorted by position and base. seen are the sites of all variants that at least one trace shows by
    itself; compared is the number of sites that at least two traces cover.
    """

    disagreements: tuple[Disagreement, ...]
    seen: frozenset[Site]
    compared: int

    def contradicted(self, sites: Sequence[Site]) -> bool:
        """Whether the traces contradict each other about an allele that differs from the target at these sites.

        An allele of several bases counts only if some trace shows each of them.
        """
        different = {one.site for one in self.disagreements}
        return self.seen.issuperset(sites) and not different.isdisjoint(sites)


def compare(measured: Sequence[Measured], names: Sequence[str], listed: Collection[Site]) -> Agreement:
    """Compare the traces of one sample at every site that at least two of them cover.

    names are the files of the traces in the same order; listed are the sites of catalogued single-base variants, which
    have half of the family-wise error to themselves.
    """
    sites = _compared_sites(measured)
    seen = _seen(measured, sites, set(listed))
    tested = [_test(measured, site) for site in seen]
    adjusted = holm([t.p for t in tested])
    different = {site: float(p) for site, p in zip(seen, adjusted, strict=True) if p < TRACE_ALPHA}
    together = {position for (position, _), t in zip(seen, tested, strict=True) if t.p < WHOLE_TRACE_ALPHA}
    chance = float(binom.sf(len(together) - 1, len({position for position, _ in seen}), WHOLE_TRACE_ALPHA))
    if len(together) >= MIN_POSITIONS and chance < TRACE_ALPHA:
        different = {site: min(different.get(site, 1.0), chance) for site in seen if site[0] in together}
    found = [
        _disagreement(measured, names, site, replace(t, p=different[site]))
        for site, t in zip(seen, tested, strict=True)
        if site in different
    ]
    return Agreement(tuple(one for one in found if _difference(one) >= MIN_DIFFERENCE), frozenset(seen), len(sites))


def _compared_sites(measured: Sequence[Measured]) -> list[Site]:
    """The sites that at least two traces cover, sorted."""
    if len(measured) < 2:
        return []
    positions, bases = np.nonzero(np.sum([m.covered for m in measured], axis=0) >= 2)
    return list(zip(positions.tolist(), bases.tolist(), strict=True))


def _seen(measured: Sequence[Measured], sites: Sequence[Site], listed: set[Site]) -> list[Site]:
    """The sites whose variant at least one trace shows by itself."""
    # METHOD: the first step of Holm over all sites and traces, because any trace may show a variant by chance.
    number = {flag: max(1, sum((site in listed) == flag for site in sites)) for flag in (True, False)}
    level = {flag: float(norm.isf(TRACE_ALPHA / 2 / (n * max(1, len(measured))))) for flag, n in number.items()}
    least = {True: MIN_SHOWN, False: MIN_SHOWN_UNLISTED}

    def shows(trace: Measured, site: Site) -> bool:
        enough = trace.z[site] >= level[site in listed] and trace.share[site] >= least[site in listed]
        return bool(trace.covered[site] and enough)

    return [site for site in sites if any(shows(m, site) for m in measured)]


def _test(measured: Sequence[Measured], site: Site) -> Heterogeneity:
    """The test of one site over the traces that cover it."""
    covering = [m for m in measured if m.covered[site]]
    values = [float(m.share[site]) for m in covering]
    # The error grows with the VAF and applies under the hypothesis of one VAF for all traces.
    pooled = sum(values) / len(values)
    return heterogeneity(values, [_error(m, site, pooled) for m in covering], [m.forward for m in covering])


def _error(trace: Measured, site: Site, vaf: float) -> float:
    """Standard error of the VAF in one trace if the true one is `vaf`: noise, and the ratio of the two peaks."""
    noise = trace.noise_at(site)
    assert noise is not None, "a covered base has a noise model"
    return math.hypot(noise.error(0.0), PEAK_RATIO_LOG_SD * vaf * (1 - vaf))


def _disagreement(
    measured: Sequence[Measured], names: Sequence[str], site: Site, tested: Heterogeneity
) -> Disagreement:
    shares = [(n, float(m.share[site])) for n, m in zip(names, measured, strict=True) if m.covered[site]]
    values = sorted(value for _, value in shares)
    gaps = np.diff(values)
    highest_low = values[int(gaps.argmax())]
    return Disagreement(
        position=site[0],
        base=site[1],
        shares=tuple(shares),
        low=tuple(name for name, value in shares if value <= highest_low),
        high=tuple(name for name, value in shares if value > highest_low),
        p=tested.p,
        within_strand=tested.within_strand < TRACE_ALPHA,
        between_strands=tested.between_strands < TRACE_ALPHA,
        opposite=values[0] <= NEARLY_ABSENT and values[-1] >= NEARLY_PURE,
    )


def _difference(one: Disagreement) -> float:
    """The difference between the highest and the lowest VAF."""
    values = [value for _, value in one.shares]
    return max(values) - min(values)


def agreement_rows(sample: str, agreement: Agreement, names: Sequence[str], codes: NDArray[np.uint8]) -> list[QcMetric]:
    """One qc row for each pair of groups of files that disagree, or one row that passes.

    names are the files of all traces that were compared, codes uint8[L] the bases of the target.
    """
    limit = f"p {TRACE_ALPHA:g}"

    def row(value: str, status: str, reason: str) -> QcMetric:
        return QcMetric(sample, "trace_agreement", value, "disagreements", limit, status, reason)

    if not agreement.compared:
        why = "one trace" if len(names) == 1 else "no trace" if not names else "the traces cover no position twice"
        return [row("not applicable", "pass", f"not applicable: {why}")]
    pairs: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Disagreement]] = {}
    for one in agreement.disagreements:
        pairs.setdefault(_pair(one, names), []).append(one)
    if not pairs:
        return [row("0", "pass", "")]
    return [row(str(len(found)), "review", _sentence(*pair, found, codes)) for pair, found in pairs.items()]


def junction_rows(sample: str, found: Mapping[str, Sequence[Share]]) -> list[QcMetric]:
    """One qc row for each isoform event or indel about which traces contradict each other; `found` by its name."""
    rows = []
    for name, shares in found.items():
        if disagree(shares):
            shown = [f"{one.trace} shows it in {100 * one.share:.0f} %" for one in shares]
            reason = f"the traces contradict each other about {plain(name)}: {joined(shown)}"
            rows.append(QcMetric(sample, "trace_agreement", "1", "disagreements", "", "review", reason))
    return rows


def _pair(one: Disagreement, names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The two groups of files of a disagreement, the smaller one first, of equal ones that with the first file."""
    low, high = sorted((one.low, one.high), key=lambda group: (len(group), names.index(group[0])))
    return low, high


def _sentence(
    few: tuple[str, ...], others: tuple[str, ...], found: Sequence[Disagreement], codes: NDArray[np.uint8]
) -> str:
    """What two groups of files show, in one sentence."""
    named = found[:MAX_NAMED]
    variants = [f"c.{one.position + 1}{LETTERS[codes[one.position]]}>{LETTERS[one.base]}" for one in named]
    first = [_percent(one, few) for one in named]
    second = [_percent(one, others) for one in named]
    more = f" and at {len(found) - len(named)} more" if len(found) > len(named) else ""
    if len({one.position for one in found}) >= MIN_POSITIONS or any(one.opposite for one in found):
        shown = ", ".join(f"{v} {a} % against {b} %" for v, a, b in zip(variants, first, second, strict=True))
        return f"{joined(list(few))} may come from a different sample than {joined(list(others))} ({shown}{more})"
    shown = joined([f"{v} in {a} %" for v, a in zip(variants, first, strict=True)])
    other = joined([f"{b} %" for b in second])
    return f"{joined(list(few))} shows {shown} of the signal, {joined(list(others))} in {other}"


def _percent(one: Disagreement, group: tuple[str, ...]) -> str:
    """The VAF in the traces of a group in percent, a range where they differ."""
    values = [f"{100 * value:.0f}" for name, value in one.shares if name in group]
    low, high = min(values, key=float), max(values, key=float)
    return low if low == high else f"{low}-{high}"
