"""The evidence for each changed codon over all traces of a sample, and what speaks against it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control, norm

from ablkd.traces.alleles import MIXED, REFERENCED, Measured
from ablkd.traces.candidates import Allele, covers
from ablkd.traces.combine import combine, extremes, holm, stouffer
from ablkd.traces.noise import Noise
from ablkd.verdicts.thresholds import TRACE_ALPHA

# METHOD: two variants with one base in common are one peak where their fractions differ by at most three errors.
SAME_PEAK_ERRORS = 3.0
# METHOD: where both orientations are read, each must show the change by itself at this level.
SHOWING_Z = float(norm.isf(0.01))
# METHOD: noise of one orientation may belong to the sequence, and what a wild-type trace does not take off of it may
# be chance. Nothing below the smallest share is called, and no limit below the smallest one is promised.
# One orientation without a wild-type trace keeps the usual limit of the method, 20 %: less 1.645 standard errors that
# is 13.5 %.
# Beside wild type in both, a true 5 % may show as 3 %: peaks of different bases are unequally high.
SMALLEST_SHARE = {"both_referenced": 0.03, "both_orientations": 0.05, "wild_type_trace": 0.10, "one_orientation": 0.135}
SMALLEST_LOD = {"both_referenced": 0.05, "both_orientations": 0.05, "wild_type_trace": 0.10, "one_orientation": 0.20}
# METHOD: with a wild-type trace from the same primer false peaks of the sequence are known: outside dye blobs none that
# is left exceeds 0.20 in ten comparisons of public traces. Without one, half of the target's base must be replaced.
SMALLEST_UNLISTED = {"wild_type_trace": 0.25, "one_orientation": 0.50}
CLEARLY_LOWER = 0.9
# Shares at which a limit of detection is looked for.
STEPS = np.arange(0.005, 1.0, 0.005)
# Fractions among which the ends of an interval are looked for.
FRACTIONS = np.linspace(0.0, 1.0, 2001)
TWO_SIDED = 1.96


@dataclass(frozen=True)
class Strand:
    """An allele in the traces of one orientation."""

    share: float
    error: float
    z: float


@dataclass(frozen=True)
class Evidence:
    """One allele over all traces that cover it.

    `seen`: errors do not explain it; `reasons` are the filters that hold it back, whether or not it is seen. share and
    error are fractions of all molecules; noises: the best trace's of each strand; doubt: the part of the fraction that
    may be more or less by false signal; extremes: (low, high) of all traces, each by itself.
    """

    allele: Allele
    share: float
    error: float
    strands: dict[bool, Strand]
    traces: int
    showing: int
    peaks: frozenset[tuple[int, int]]
    p: float
    adjusted: float
    q: float
    background: float
    containing: float
    lod95: float
    reasons: tuple[str, ...]
    noises: tuple[Noise, ...]
    doubt: float
    extremes: tuple[float, float]
    contradicted: bool = False

    @property
    def seen(self) -> bool:
        """Whether errors do not explain it: Holm-adjusted p below `TRACE_ALPHA`, or only some traces show it."""
        return self.contradicted or self.adjusted < TRACE_ALPHA

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the fraction: every fraction that may measure as `share`, give or take 1.96 standard errors.

        METHOD: the error is that of the fraction in question, not of the measured one: peaks near 0 or 1 seem to vary
        little, but those of the fractions that may show as such vary more. Half of the false signal is counted as
        signal of molecules; it may be all of it or none.
        """
        if self.contradicted:
            return self.extremes
        fractions = np.append(FRACTIONS, self.share)
        precision = np.sum([noise.errors(fractions) ** -2.0 for noise in self.noises], axis=0)
        margin = TWO_SIDED * precision**-0.5 + fractions * self.doubt
        within = fractions[np.abs(fractions - self.share) <= margin]
        return float(within.min()), float(within.max())


def weigh(alleles: Sequence[Allele], traces: Sequence[Measured]) -> list[Evidence]:
    """The evidence for every allele that at least one trace covers, Holm-adjusted within its family."""
    covering = [(a, [i for i, t in enumerate(traces) if covers(t, a)]) for a in alleles]
    covering = [(a, found) for a, found in covering if found]
    family = {flag: sum(a.listed == flag for a, _ in covering) for flag in (True, False)}
    evidence = [_evidence(a, found, traces, family[a.listed]) for a, found in covering]
    adjusted = np.ones(len(evidence))
    p = np.array([e.p for e in evidence])
    for flag in (True, False):
        # METHOD: half of the sample's family-wise error is for the listed variants, half for all others.
        members = [i for i, e in enumerate(evidence) if e.allele.listed == flag]
        adjusted[members] = np.minimum(1.0, 2 * holm(p[members]))
    q = false_discovery_control(p) if len(p) else p
    return [replace(e, adjusted=float(a), q=float(b)) for e, a, b in zip(evidence, adjusted, q, strict=True)]


def _evidence(allele: Allele, found: list[int], traces: Sequence[Measured], family: int) -> Evidence:
    found, lod95 = _most_telling(allele, found, traces, family)
    covering = [traces[i] for i in found]
    forward = [t.forward for t in covering]
    # A change of several bases is shown as far as the weakest of them.
    shown = [t.share + t.blob for t in covering]
    weakest = [min(allele.sites, key=lambda s: one[s]) for one in shown]
    shares = [float(one[s]) for one, s in zip(shown, weakest, strict=True)]
    noises = [_noise(t, s) for t, s in zip(covering, weakest, strict=True)]
    # The error grows with the share: taken at each trace's own share it would favour the lower ones.
    errors = [noise.error(sum(shares) / len(shares)) for noise in noises]
    z = [min(float(t.z[s]) for s in allele.sites) for t in covering]
    strands = {}
    for strand in sorted(set(forward)):
        own = [i for i, f in enumerate(forward) if f == strand]
        mean, error = combine([shares[i] for i in own], [errors[i] for i in own], [strand] * len(own))
        strands[strand] = Strand(mean, error, sum(z[i] for i in own) / len(own))
    share, error = combine(shares, errors, forward)
    evidence = Evidence(
        allele=allele,
        share=share,
        error=error,
        strands=strands,
        traces=len(covering),
        showing=sum(value >= SHOWING_Z for value in z),
        peaks=frozenset(
            (i, base)
            for i, t, value in zip(found, covering, z, strict=True)
            for site, _ in allele.sites
            for base in t.places[site]
            if value >= SHOWING_Z
        ),
        p=0.5 * math.erfc(stouffer(z, forward) / math.sqrt(2)),
        adjusted=1.0,
        q=1.0,
        background=sum(noise.mean * noise.unit for noise in noises) / len(noises),
        containing=sum(float(t.containing[allele.sites[0][0]]) for t in covering) / len(covering),
        lod95=lod95,
        reasons=(),
        noises=tuple(
            min((n for n, f in zip(noises, forward, strict=True) if f == s), key=lambda n: n.error(share))
            for s in sorted(strands)
        ),
        doubt=sum(float(t.doubt[s]) for t, s in zip(covering, weakest, strict=True)) / len(covering),
        extremes=extremes(shares, errors),
    )
    return replace(evidence, reasons=_reasons(evidence, covering))


def _most_telling(allele: Allele, found: list[int], traces: Sequence[Measured], family: int) -> tuple[list[int], float]:
    """The traces to judge an allele by, and their limit of detection.

    METHOD: all of them, unless those in which no isoforms overlap there promise a clearly lower limit. Noise decides
    that, not what the traces show of the allele.
    """
    position = allele.sites[0][0]
    clear = [i for i in found if traces[i].kind[position] != MIXED]
    limit = _limit(allele, [traces[i] for i in found], family)
    if clear and clear != found:
        without = _limit(allele, [traces[i] for i in clear], family)
        if without < CLEARLY_LOWER * limit:
            return clear, without
    return found, limit


def _limit(allele: Allele, traces: Sequence[Measured], family: int) -> float:
    """The limit of the base of an allele that is the hardest to see."""
    support = _support(allele, traces)
    forward = tuple(t.forward for t in traces)
    return max(
        limit_of_detection(tuple(_noise(t, site) for t in traces), forward, family, allele.listed, support)
        for site in allele.sites
    )


def _support(allele: Allele, traces: Sequence[Measured]) -> str:
    """What tells noise from a change: a key of `SMALLEST_LOD`."""
    referenced = all(t.kind[position] == REFERENCED for t in traces for position, _ in allele.sites)
    if len({t.forward for t in traces}) == 2:
        return "both_referenced" if referenced else "both_orientations"
    return "wild_type_trace" if referenced else "one_orientation"


def _noise(trace: Measured, site: tuple[int, int]) -> Noise:
    noise = trace.noise_at(site)
    assert noise is not None, "a covered base has a noise model"
    return noise


def _reasons(evidence: Evidence, traces: Sequence[Measured]) -> tuple[str, ...]:
    """What speaks against a change, whatever its p value."""
    sites = evidence.allele.sites
    support = _support(evidence.allele, traces)
    reasons = []
    if len(evidence.strands) == 2:
        first, second = evidence.strands.values()
        if min(first.z, second.z) < SHOWING_Z:
            reasons.append("one_orientation_shows_it")
    else:
        if not evidence.allele.listed and evidence.share < SMALLEST_UNLISTED[support]:
            reasons.append("single_orientation")
    if any(all(t.blob[site] > 0 for t in traces) for site in sites):
        reasons.append("dye_blob")
    if evidence.share < SMALLEST_SHARE[support]:
        reasons.append("below_limit")
    if not all(t.drop[site] for t in traces for site in sites):
        reasons.append("target_peak_too_high")
    return tuple(reasons)


@lru_cache(maxsize=8192)
def _z_at_steps(noise: Noise) -> NDArray[np.float64]:
    """Normal deviates of `STEPS`."""
    return noise.z(STEPS)


@lru_cache(maxsize=65536)
def limit_of_detection(
    noises: tuple[Noise, ...], forward: tuple[bool, ...], family: int, listed: bool, support: str
) -> float:
    """Smallest share found with 95 % probability by the test that is used, never below `SMALLEST_LOD`."""
    share = STEPS
    z = np.array([_z_at_steps(noise) for noise in noises])
    strands = np.array([z[np.equal(forward, s)].mean(axis=0) for s in sorted(set(forward))])
    # METHOD: the first step of Holm is the one a lone finding must pass.
    passed = strands.sum(axis=0) / np.sqrt(len(strands)) >= norm.isf(TRACE_ALPHA / 2 / family)
    passed &= share >= SMALLEST_SHARE[support]
    if len(strands) == 2:
        passed &= (strands >= SHOWING_Z).all(axis=0)
    elif not listed:
        passed &= share >= SMALLEST_UNLISTED[support]
    if not passed.any():
        return 1.0
    smallest = float(share[passed.argmax()])
    errors = [noise.error(smallest) for noise in noises]
    margin = norm.isf(0.05) * combine([smallest] * len(errors), errors, forward)[1]
    return float(min(1.0, max(SMALLEST_LOD[support], smallest + margin)))


def judged(evidence: Sequence[Evidence], contradicted: Callable[[Sequence[tuple[int, int]]], bool]) -> list[Evidence]:
    """All alleles, by codon; one that is seen gets a reason where another one explains the same peaks.

    contradicted: whether the traces contradict each other about an allele with these sites. It is then seen, whatever
    they show on average, and held back.
    """
    evidence = [
        replace(e, contradicted=True, reasons=("traces_disagree", *e.reasons)) if contradicted(e.allele.sites) else e
        for e in evidence
    ]
    significant = [e for e in evidence if e.seen]
    significant.sort(key=lambda e: (-len(e.allele.sites), not e.allele.listed, e.p))
    listed = {(e.allele.codon, e.allele.sites) for e in evidence if e.allele.listed}
    accepted: list[Evidence] = []
    found = {(e.allele.codon, e.allele.alt_codon): e for e in evidence}
    for one in significant:
        parts = [(one.allele.codon, (site,)) for site in one.allele.sites]
        if len(parts) > 1 and all(part in listed for part in parts):
            # METHOD: a trace cannot tell one molecule with two changes from two molecules; two listed changes
            # are the plainer reading.
            one = replace(one, reasons=(*one.reasons, "bases_not_linked"))
        explaining = next((a for a in accepted if _explains(a, one)), None)
        if explaining is not None:
            one = replace(one, reasons=(*one.reasons, f"same_peaks_as_{explaining.allele.name}"))
        if not one.reasons:
            accepted.append(one)
        found[one.allele.codon, one.allele.alt_codon] = one
    return sorted(found.values(), key=lambda e: (e.allele.codon, e.allele.alt_codon))


def _explains(accepted: Evidence, other: Evidence) -> bool:
    """Whether an accepted change already accounts for the peaks of another."""
    if set(other.allele.sites) < set(accepted.allele.sites):
        excess = other.share - accepted.share
        return bool(excess <= SAME_PEAK_ERRORS * np.hypot(other.error, accepted.error))
    if other.allele.codon == accepted.allele.codon:
        return False
    return other.peaks <= accepted.peaks
