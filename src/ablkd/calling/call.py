"""Fragments -> calls: which codon states are there that errors alone do not explain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ablkd import hgvs
from ablkd.background.allele import ErrorRate
from ablkd.background.classes import bases_of
from ablkd.background.expected import Expected
from ablkd.background.run import RunBackground
from ablkd.calling.artefacts import (
    by_tile,
    is_error_of_context,
    only_at_ends,
    strands_disagree,
    strata_disagree,
)
from ablkd.calling.fraction import codon_bases, parts
from ablkd.calling.indel_limits import class_sites, indel_site, longest_insertion
from ablkd.calling.indels import indel_observations
from ablkd.calling.limits import Limit, lowest_depth, sites_of
from ablkd.calling.worth import median_limits
from ablkd.counting.indels import as_counts, seen_indels
from ablkd.counting.recalibration import Recalibration, quality_tail, recalibrate
from ablkd.counting.tally import Tally, count
from ablkd.fragments import Fragments
from ablkd.isoforms import build_graph
from ablkd.records import Call, Coverage, Platform, QcMetric
from ablkd.reference import Reference
from ablkd.verdicts.calls import BACKGROUND, Observation, call_rows
from ablkd.verdicts.coverage import INDEL_CLASS, Site, coverage_rows
from ablkd.verdicts.rule import carried_over
from ablkd.verdicts.thresholds import (
    CARRY_OVER_FACTOR,
    LISTED_P,
    MIN_ALT_FRAGMENTS,
    MIN_DEPTH,
    MIN_P,
    Alphas,
    alphas,
)
from ablkd.verdicts.variants import Variant, codon_variant


def call_sample(
    sample: str,
    platform: Platform,
    reference: Reference,
    fragments: Fragments,
    run: RunBackground,
    template_copies: float | None,
    required_lod: float,
    reporting_cut: float,
) -> tuple[list[Call], list[Coverage], list[QcMetric]]:
    """Calls, what could have been called, and the qc rows of calling.

    `run` is the background of the sample's run and platform; `required_lod` and `reporting_cut` are fractions.
    """
    tally = count(fragments, reference, build_graph(reference))
    indels = seen_indels(fragments, reference)
    counts = as_counts(sample, platform.platform, tally, indels, reference)
    expected = Expected(counts, run, platform, reference, template_copies)
    qualities = recalibrate(fragments, tally.target, tally.primers)
    levels = alphas(reference, int((tally.containing > 0).sum()))
    tested = [_tested(tally, expected, qualities, levels, codon, state) for codon, state in _candidates(tally)]
    real: defaultdict[int, set[int]] = defaultdict(set)
    for one in tested:
        if one.is_real:
            real[one.codon].add(one.state)
    listed = [one for one in tested if one.is_listed]
    observed = [_observation(tally, expected, qualities, one, real[one.codon] | {one.state}) for one in listed]
    of_context = [is_error_of_context(tally, expected, one, tested) for one in listed]
    observed = [
        replace(row, filters=(*row.filters, "context")) if held else row
        for row, held in zip(observed, of_context, strict=True)
    ]
    limit = Limit(expected)
    sites = [*sites_of(tally, limit, qualities, levels), *class_sites(limit, tally, levels.indel)]
    for observation, test in indel_observations(tally, indels, expected, levels.indel):
        observed.append(observation)
        sites.append(indel_site(limit, observation.variant, test, observation.depth))
    unlisted = [one.p_value for one in tested if not one.is_listed]
    calls = call_rows(sample, _completed(observed, unlisted, sites), reporting_cut)
    coverage = coverage_rows(sample, reference, sites, calls, required_lod)
    qc = _qc_rows(sample, expected, levels, lowest_depth(tally, reference))
    return calls, coverage, [*qc, *longest_insertion(sample, fragments)]


def _qc_rows(sample: str, expected: Expected, levels: Alphas, lowest: int) -> list[QcMetric]:
    copies, origin = expected.templates
    fewest, most = expected.template_estimate.allowed
    found = f"{fewest:.3g}-{most:.3g}"
    doubted = expected.stated is not None and copies != expected.stated
    limits = None if expected.controlled else median_limits(expected, levels.catalogue)
    without = ""
    if limits:
        now, beside = (f"{100 * limit:.2g} %" for limit in limits)
        without = f"a listed change needs {now} (median) to be seen; beside two wild-type controls {beside}"
    note = f"over the catalogue's codons between the primers; below {MIN_DEPTH} a codon is not assessable"
    return [
        QcMetric(sample, "min_depth", str(lowest), "fragments", "", "pass", note),
        QcMetric(sample, "template_copies", f"{copies:g}", "molecules", "", "review" if doubted else "pass", origin),
        QcMetric(sample, "templates_in_fragments", found, "molecules", "", "pass", "numbers the errors of RT allow"),
        QcMetric(sample, "background", expected.mode, "", "", "pass", without),
        QcMetric(sample, "between_sample_cv", f"{expected.run.cv:.2g}", "", "", "pass", "of the error rate at a site"),
    ]


def _candidates(tally: Tally) -> list[tuple[int, int]]:
    """(0-based codon, state) of every changed state seen at least MIN_ALT_FRAGMENTS times, in transcript order."""
    totals = tally.states_seen.copy()
    target = tally.target[: 3 * len(totals)].reshape(-1, 3).astype(np.int64)
    totals[np.arange(len(totals)), target @ [16, 4, 1]] = 0
    return [(int(c), int(s)) for c, s in zip(*np.nonzero(totals >= MIN_ALT_FRAGMENTS), strict=True)]


@dataclass(frozen=True, eq=False)
class Tested:
    """A changed state of a 0-based codon, and what the tests say of its count.

    p_value: of errors and of what the other samples of the run are expected to leave here; is_seen: errors alone do
    not explain it.
    """

    codon: int
    state: int
    reference: Reference
    error: ErrorRate
    p_value: float
    alpha: float
    is_seen: bool

    @cached_property
    def variant(self) -> Variant:
        """The state as a variant; few of the thousands that are tested are ever named."""
        return codon_variant(self.reference, self.codon + 1, hgvs.CODONS[self.state])

    @property
    def is_real(self) -> bool:
        """Whether neither errors nor the other samples of the run explain it."""
        return self.p_value < self.alpha

    @property
    def is_listed(self) -> bool:
        """Whether it is a row of calls.tsv."""
        return self.is_seen or self.p_value < LISTED_P


def _tested(
    tally: Tally, expected: Expected, qualities: Recalibration, levels: Alphas, codon: int, state: int
) -> Tested:
    reference = expected.reference
    x, n = int(tally.states_seen[codon, state]), int(tally.containing[codon])
    ref, alt = reference.codon(codon + 1), hgvs.CODONS[state]
    # Another codon for a listed residue change is the same protein, but it is tested as one of the many possible.
    known = (codon + 1, alt) in reference.catalogue
    listed = known and codon_variant(reference, codon + 1, alt).tier == "catalogue"
    alpha = levels.catalogue if listed else levels.novel
    by_quality = 0.0
    changed = [i for i in range(3) if ref[i] != alt[i]]
    if len(changed) == 1:
        # METHOD: both tests must reject, that of the site and that of the base qualities; this needs no correction.
        at = 3 * codon + changed[0]
        misread = qualities.to_base(int(tally.target[at]), bases_of(state)[changed[0]])
        by_quality = quality_tail(x, tally.fragments.histogram[at], misread, alpha)
    error, carried = expected.of(codon, state), expected.carried(codon, state)
    p_value = max(expected.background.tail(x, n, error), by_quality)
    is_seen = p_value < alpha
    if carried and not is_seen and by_quality < alpha:
        is_seen = expected.background.tail(x, n, error.without(carried)) < alpha
    return Tested(codon, state, reference, error, max(p_value, MIN_P), alpha, is_seen)


def _observation(
    tally: Tally, expected: Expected, qualities: Recalibration, tested: Tested, real: Collection[int]
) -> Observation:
    """What was measured of one codon state; `real`: states that are no errors."""
    background, codon, state, error = expected.background, tested.codon, tested.state, tested.error
    strata = tally.counts[codon]
    alt_count, n, depth = int(strata[:, state].sum()), int(strata.sum()), int(tally.depth[codon])
    rate, spread, lost = error.mean, error.spread, expected.lost(codon, real)
    bases, others = codon_bases(tally, qualities, codon), {int(expected.wild[codon]), *real} - {state}
    carried, log_sd = expected.carried(codon, state), expected.platform.error_log_sd
    hidden = parts(bases, state, others, tally.states_seen[codon], error, carried, log_sd)
    share, low, high = background.interval(alt_count, depth, rate * n / depth, spread * n / depth, lost, hidden)
    contained = background.interval(alt_count, n, rate, spread, lost, hidden)[0]
    by_strand = strata[:, state] / np.maximum(strata.sum(axis=1), 1)
    seen = strata[:, state] > 0
    return Observation(
        variant=tested.variant,
        depth=depth,
        alt_count=alt_count,
        vaf=share,
        vaf_low=low,
        vaf_high=high,
        filters=tuple(_filters(tally, expected, tested)),
        evidence="both_orientations" if seen[2] or (seen[0] and seen[1]) else "single_orientation",
        p_value=tested.p_value,
        q_value=1.0,
        background=rate,
        lod95=None,
        vaf_full_length=contained if tally.skipping[codon] else None,
        vaf_forward=float(by_strand[0]) if strata[0].sum() else None,
        vaf_reverse=float(by_strand[1]) if strata[1].sum() else None,
    )


def _filters(tally: Tally, expected: Expected, tested: Tested) -> list[str]:
    reasons, codon, state = [], tested.codon, tested.state
    n = int(tally.containing[codon])
    x = int(tally.counts[codon, :, state].sum())
    if not tested.is_seen:
        reasons.append(BACKGROUND)
    if n < MIN_DEPTH:
        reasons.append("depth")
    if carried_over(x, n, expected.carried(codon, state), tested.is_seen and not tested.is_real):
        reasons.append("carry_over")
    if _contaminated(expected, tested, x, n):
        reasons.append("control_contaminated")
    strata, templates = tally.counts[codon], expected.background.templates
    if strata_disagree(strata, state, templates) or strands_disagree(strata, state, expected):
        reasons.append("orientation")
    if tested.is_seen:
        states = tally.states([codon + 1])[:, 0]
        if strata_disagree(by_tile(states, tally.fragments.tile), state, templates):
            reasons.append("amplicon")
        if only_at_ends(tally.fragments, states, codon, state):
            reasons.append("read_end")
    return reasons


def _contaminated(expected: Expected, tested: Tested, x: int, n: int) -> bool:
    """Whether a wild-type control of the run has the allele, and this sample so little more that it may be the same.

    METHOD: below three times the fraction in the control. A control is not excused by another one.
    """
    if expected.is_control or tested.variant.tier == "polymorphism":
        return False
    return x < CARRY_OVER_FACTOR * expected.contaminated(tested.codon, tested.state) * n


def _completed(observed: Sequence[Observation], unlisted: Sequence[float], sites: Sequence[Site]) -> list[Observation]:
    """The observations with their q-values (Benjamini and Hochberg 1995) and limits of detection.

    `unlisted` are the p-values of what else was tested; the limit is that of the allele or indel, else that of its
    codon.
    """
    p_values = np.array([*(one.p_value for one in observed), *unlisted])
    order = np.argsort(p_values)[::-1]
    q_values = np.empty(len(p_values))
    q_values[order] = np.minimum.accumulate(p_values[order] * len(p_values) / np.arange(len(p_values), 0, -1))
    limits = {(site.codon, site.hgvs_c): site.lod95 for site in sites if site.kind != INDEL_CLASS}
    made = []
    for one, q_value in zip(observed, q_values.tolist(), strict=False):
        own = (one.variant.codon, one.variant.hgvs_c)
        lod95 = limits.get(own, limits.get((one.variant.codon, "")))
        made.append(replace(one, q_value=q_value, lod95=lod95))
    return made
