"""Thresholds that all findings share: significance levels, least counts and depths, carry-over, length bias.

Those of one kind of artefact (strand bias, ends of reads, peaks of traces) are next to its test.
"""

from __future__ import annotations

from dataclasses import dataclass

from ablkd.reference import Reference

# METHOD: family-wise error 0.01 per sample of reads: half for the catalogue, 40 % for other codon changes, 10 % for
# indels.
CATALOGUE_ALPHA, NOVEL_ALPHA, INDEL_ALPHA = 0.005, 0.004, 0.001
# METHOD: family-wise error of all isoform events of a sample of reads, and of all its fusions.
JUNCTION_ALPHA = 0.001
# METHOD: the same for a sample of traces, once for substitutions, once for isoform events, once for indels.
TRACE_ALPHA = 0.01
# Fewer fragments than these are never a call, and a place with fewer is not assessed.
MIN_ALT_FRAGMENTS, MIN_DEPTH = 3, 100
# METHOD: the limit of detection of a class of indels holds up to this length, in bases. Longer gaps are junctions, and
# longer insertions, which fewer fragments span, have no limit.
INDEL_LIMIT_LENGTH = 30
# METHOD: what at least MIN_ALT_FRAGMENTS show and errors explain with less than 0.1 % is listed in calls.tsv, whether
# it reaches its significance level or not.
LISTED_P = 0.001
# The smallest p-value that is written.
MIN_P = 1e-300
# METHOD: below three times what the other samples of the run are expected to leave here, a finding may be theirs.
CARRY_OVER_FACTOR = 3.0
# METHOD: a fusion of which fewer than 0.5 % of the junction fragments are may be another sample's.
MIN_FUSION_FRACTION = 0.005
# METHOD: a shorter product may have amplified up to five times better; the true odds of an isoform event lie between a
# fifth and all of the apparent ones (an insertion: between all and five times).
LENGTH_BIAS = 5.0
# METHOD: a set of changes is on one molecule from a probability of 95 %, and apart up to one of 5 %.
SURE, UNLIKELY = 0.95, 0.05


@dataclass(frozen=True)
class Alphas:
    """The significance level of each kind of allele: the share of its kind, divided by how many are possible."""

    catalogue: float
    novel: float
    indel: float


def alphas(reference: Reference, assessed_codons: int) -> Alphas:
    """Bonferroni levels of one sample of reads."""
    codons = max(1, assessed_codons)
    return Alphas(
        catalogue=CATALOGUE_ALPHA / max(1, len(reference.mutations)),
        novel=NOVEL_ALPHA / (63 * codons),
        indel=INDEL_ALPHA / (6 * codons),
    )
