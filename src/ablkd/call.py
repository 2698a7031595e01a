"""Fragments -> calls: which codon states are there that errors alone do not explain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ablkd import hgvs
from ablkd.assessable import coverage_rows
from ablkd.background import DOUBLE_ERROR, RT_ERROR, Background, prior_background, quality_tail
from ablkd.fragments import Fragments
from ablkd.indels import indel_calls
from ablkd.isoforms import build_graph
from ablkd.levels import Alphas, alphas
from ablkd.records import Call, Coverage, Platform, QcMetric
from ablkd.reference import Reference
from ablkd.tally import Tally, count

# METHOD: a state seen by at least 3 fragments that errors explain with less than 0.1 % is listed as evidence.
LISTED_COUNT, LISTED_P = 3, 0.001
MIN_DEPTH = 100
# METHOD: orientations disagree where a stratum that should show the allele (5 expected) has it with p < 1e-4 and
# less than a fifth of the pooled fraction.
POWERED, STRAND_P, STRAND_RATIO = 5.0, 1e-4, 0.2
# METHOD: an artefact of read ends has 90 % of its bases within 10 nt of one, where fewer than half of the rest are.
END_DISTANCE, END_ALT, END_REST = 10, 0.9, 0.5


def call_sample(
    sample: str,
    platform: Platform,
    reference: Reference,
    fragments: Fragments,
    template_copies: float | None,
    required_lod: float,
    reporting_cut: float,
    controls: list[Fragments] | None = None,
) -> tuple[list[Call], list[Coverage], list[QcMetric]]:
    """Calls, what could have been called, and the qc rows of calling.

    `required_lod` and `reporting_cut` are fractions. `controls` are the wild-type controls of the run; without any
    the background is the platform's prior (a-priori mode), which the qc rows say.
    """
    graph = build_graph(reference)
    tally = replace(
        count(fragments, reference, graph),
        controls=tuple(count(c, reference, graph).counts.sum(axis=1) for c in controls or [] if len(c)),
    )
    background = prior_background(platform, template_copies)
    levels = alphas(reference, int((tally.containing > 0).sum()))
    calls = [
        _codon_call(sample, tally, background, reference, levels, codon, state) for codon, state in _candidates(tally)
    ]
    calls += indel_calls(sample, tally, background, reference, levels.indel)
    calls = _finish(calls, reporting_cut)
    coverage, lowest = coverage_rows(sample, tally, background, reference, levels, calls, required_lod)
    depths = {(r.codon, r.hgvs_c): r.lod95 for r in coverage}
    calls = [replace(c, lod95=depths.get((c.codon, c.hgvs_c), depths.get((c.codon, "")))) for c in calls]
    qc = [
        QcMetric(
            sample,
            "min_depth",
            str(lowest),
            "fragments",
            str(MIN_DEPTH),
            "pass",
            "over the catalogue's codons between the primers",
        ),
        QcMetric(
            sample,
            "template_copies",
            f"{background.templates:g}",
            "molecules",
            "",
            "pass",
            "given in the sheet" if template_copies else "not given: this number is assumed",
        ),
        QcMetric(
            sample,
            "background",
            f"{len(tally.controls)} wild-type controls" if tally.controls else "a priori",
            "",
            "",
            "pass",
            "" if tally.controls else "no control samples were used: limits of detection are higher than they need be",
        ),
    ]
    return calls, coverage, qc


def _candidates(tally: Tally) -> list[tuple[int, int]]:
    """(0-based codon, state) of every changed state seen at least LISTED_COUNT times, in transcript order."""
    totals = tally.counts.sum(axis=1)
    target = tally.target[: 3 * len(totals)].reshape(-1, 3).astype(np.int64)
    totals[np.arange(len(totals)), target @ [16, 4, 1]] = 0
    return [(int(c), int(s)) for c, s in zip(*np.nonzero(totals >= LISTED_COUNT), strict=True)]


def bases_of(state: int) -> tuple[int, int, int]:
    """Base codes of a codon state 0-63."""
    return state // 16, state // 4 % 4, state % 4


def expected_error(background: Background, counts: NDArray[np.int64], state: int) -> tuple[float, float]:
    """(errors per fragment that would make `state` of the states seen, RT clones expected to carry it).

    `counts` int64[64] are the codon's states. METHOD: an error on a mutated molecule is an error too: a state one
    base away from a common mutation is expected at that mutation's share times the error rate.
    """
    total = counts.sum()
    rate, near = 0.0, 0.0
    goal = bases_of(state)
    for other in np.flatnonzero(counts):
        if other == state:
            continue
        changes = [(a, b) for a, b in zip(bases_of(int(other)), goal, strict=True) if a != b]
        share = counts[other] / total
        if len(changes) == 1:
            rate += share * background.rate(*changes[0])
            near += share
        else:
            rate += share * background.double_rate([background.rate(*c) for c in changes])
    return max(rate, DOUBLE_ERROR), background.templates * RT_ERROR * near


def _codon_call(
    sample: str,
    tally: Tally,
    background: Background,
    reference: Reference,
    levels: Alphas,
    codon: int,
    state: int,
) -> Call:
    """The row of one codon state; level and q-value are filled in by `_finish`."""
    strata = tally.counts[codon]
    counts = strata.sum(axis=0)
    alt_count, n, depth = int(counts[state]), int(counts.sum()), int(tally.depth[codon])
    rate, jackpots = expected_error(background, counts, state)
    ref = reference.codon(codon + 1)
    alt = hgvs.CODONS[state]
    changed = [i for i in range(3) if ref[i] != alt[i]]
    # A control has no mutated molecules: what it shows is held against the error rate of the unmutated codon.
    expected = background.change_rate(ref, alt) / rate
    controls = tuple((x, m * expected) for x, m in tally.in_controls(codon, state))
    p_value = background.tail(alt_count, n, rate, jackpots, controls)
    if len(changed) == 1:
        qualities = tally.fragments.histogram[3 * codon + changed[0]].sum(axis=0)
        p_value = max(p_value, quality_tail(alt_count, qualities))
    share, low, high = background.interval(alt_count, depth, rate * n / depth)
    contained = background.interval(alt_count, n, rate)[0]
    by_strand = strata[:, state] / np.maximum(strata.sum(axis=1), 1)
    known, benign = reference.catalogue.get((codon + 1, alt)), reference.benign.get((codon + 1, alt))
    name = known.name if known else hgvs.codon_name(codon + 1, ref, alt)
    # Another codon for a listed residue change is the same protein, but it is tested as one of the many possible.
    tier = "polymorphism" if benign else reference.tiers.get(name, "synonymous" if name.endswith("=") else "novel")
    alpha = levels.catalogue if known and tier == "catalogue" else levels.novel
    seen = strata[:, state] > 0
    return Call(
        sample=sample,
        name=name,
        hgvs_c=hgvs.codon_hgvs_c(reference.target.name, codon + 1, ref, alt),
        hgvs_p=hgvs.codon_hgvs_p(codon + 1, ref, alt),
        codon=codon + 1,
        exon=reference.exon_at(3 * codon + 1 + changed[0]),
        kind="substitution" if len(changed) == 1 else "multinucleotide",
        tier=tier,
        depth=depth,
        alt_count=alt_count,
        vaf=share,
        vaf_low=low,
        vaf_high=high,
        vaf_full_length=contained if tally.skipping[codon] else None,
        vaf_forward=float(by_strand[0]) if strata[0].sum() else None,
        vaf_reverse=float(by_strand[1]) if strata[1].sum() else None,
        background=rate,
        p_value=max(p_value, 1e-300),
        q_value=None,
        lod95=None,
        evidence="both_orientations" if seen[2] or (seen[0] and seen[1]) else "single_orientation",
        filter=_filters(tally, background, codon, state, p_value, alpha, n),
        level="",
        genome_grch38=hgvs.codon_genome(reference, codon + 1, ref, alt),
    )


def _filters(tally: Tally, background: Background, codon: int, state: int, p_value: float, alpha: float, n: int) -> str:
    reasons = []
    if p_value >= alpha:
        reasons.append("background")
    if n < MIN_DEPTH:
        reasons.append("depth")
    if _orientations_disagree(tally.counts[codon], state, background.templates):
        reasons.append("orientation")
    if p_value < alpha and _only_at_ends(tally, codon, state):
        reasons.append("read_end")
    return ";".join(reasons) or "PASS"


def _orientations_disagree(strata: NDArray[np.int64], state: int, templates: float) -> bool:
    depth = strata.sum(axis=1)
    pooled = strata[:, state].sum() / depth.sum()
    for seen, n in zip(strata[:, state], depth, strict=True):
        if n * pooled < POWERED or seen / n >= STRAND_RATIO * pooled:
            continue
        if _beta_binomial_cdf(int(seen), int(n), pooled * templates, (1 - pooled) * templates) < STRAND_P:
            return True
    return False


def _beta_binomial_cdf(x: int, n: int, a: float, b: float) -> float:
    k = np.arange(x + 1)
    choices = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return float(np.exp(choices + special.betaln(k + a, n - k + b) - special.betaln(a, b)).sum())


def _only_at_ends(tally: Tally, codon: int, state: int) -> bool:
    states = tally.states([codon + 1])[:, 0]
    f = tally.fragments
    near = np.zeros(len(states), bool)
    for span in (f.forward, f.reverse):
        covers = (span[:, 0] <= 3 * codon) & (3 * codon + 3 <= span[:, 1])
        distance = np.minimum(3 * codon - span[:, 0], span[:, 1] - 3 * codon - 3)
        near |= covers & (distance < END_DISTANCE)
    alt, rest = states == state, (states >= 0) & (states != state)
    return bool(alt.any() and rest.any() and near[alt].mean() >= END_ALT and near[rest].mean() < END_REST)


def _finish(calls: list[Call], reporting_cut: float) -> list[Call]:
    """Leave out what errors explain easily, add q-values (Benjamini and Hochberg 1995) and levels, sort."""
    p_values = np.array([c.p_value for c in calls])
    order = np.argsort(p_values)[::-1]
    q_values = np.empty(len(calls))
    q_values[order] = np.minimum.accumulate(p_values[order] * len(calls) / np.arange(len(calls), 0, -1))
    rows = []
    for call, q in zip(calls, q_values, strict=True):
        if call.p_value is not None and call.p_value >= LISTED_P:
            continue
        level = "evidence_only"
        if call.filter == "PASS":
            level = "reported" if call.vaf >= reporting_cut else "low_level"
        rows.append(replace(call, q_value=float(q), level=level))
    return sorted(rows, key=lambda c: (c.codon, c.hgvs_c))
