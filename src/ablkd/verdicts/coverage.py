"""What could have been seen, together with what was seen -> rows of coverage.tsv."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ablkd import hgvs
from ablkd.records import Call, Coverage, Mutation
from ablkd.reference import Reference
from ablkd.verdicts.calls import PASS, held_back
from ablkd.verdicts.variants import SUBSTITUTIONS

NO_LIMIT = "no_limit_of_detection"
# Annotations of variants that change the protein and may matter.
TELLING = ("catalogue", "novel")


@dataclass(frozen=True)
class Site:
    """A listed allele, a codon with whatever may change it, or an indel: the smallest fraction that would be found.

    kind, name, hgvs_c, codon (1-based) and depth (fragments or traces) are columns of coverage.tsv; lod95 0-1, None
    where none was computed. `gap` says why the site was not assessed whatever its limit (`primer`, `not_covered`,
    `depth`), and is empty where it was; `cause` says why the limit misses a required one, and is asked only then.
    """

    kind: str
    name: str
    hgvs_c: str
    codon: int
    depth: int
    lod95: float | None
    gap: str
    cause: Callable[[float], str]


def allele_site(mutation: Mutation, depth: int, lod95: float | None, gap: str, cause: Callable[[float], str]) -> Site:
    """The site of a listed allele."""
    return Site("allele", mutation.name, mutation.hgvs_c, mutation.codon, depth, lod95, gap, cause)


def codon_site(
    reference: Reference, codon: int, depth: int, lod95: float | None, gap: str, cause: Callable[[float], str]
) -> Site:
    """The site of a 1-based codon."""
    name = f"{hgvs.AMINO_ACIDS[reference.codon(codon)]}{codon}"
    return Site("codon", name, "", codon, depth, lod95, gap, cause)


def coverage_rows(
    sample: str, reference: Reference, sites: Sequence[Site], calls: Sequence[Call], required_lod: float
) -> list[Coverage]:
    """A row for each site, then one for each indel of calls.tsv; `required_lod` is a fraction."""
    indels = [_indel_site(call) for call in calls if call.kind not in SUBSTITUTIONS]
    return [
        Coverage(
            sample=sample,
            kind=site.kind,
            name=site.name,
            hgvs_c=site.hgvs_c,
            codon=site.codon,
            exon=reference.exon_at(3 * site.codon - 2),
            depth=site.depth,
            lod95=site.lod95,
            **_verdict(site, calls, required_lod)._asdict(),
        )
        for site in [*sites, *indels]
    ]


def _indel_site(call: Call) -> Site:
    return Site("indel", call.name, call.hgvs_c, call.codon, call.depth, call.lod95, "", lambda _required: NO_LIMIT)


class _Verdict(NamedTuple):
    """The last columns of coverage.tsv."""

    assessable: str
    reason: str
    status: str
    filter: str
    vaf: float | None
    vaf_high: float | None


def _verdict(site: Site, calls: Sequence[Call], required_lod: float) -> _Verdict:
    """The one rule for every site.

    METHOD: what errors do not explain was seen. Seen and passed, it is detected. Seen and held back by a filter, it is
    not assessed where the upper bound of its fraction reaches the required limit, for it may be there at a fraction
    that must be reported; below, it is not detected, and filter, fraction and bound are printed. Not seen, it is not
    detected where the limit of detection is at most the required one. An indel has no such limit, but the bound of
    one that was seen and held back limits it as well.
    """
    passed, held = _found(site, calls)
    worst = max(held, key=lambda call: call.vaf_high, default=None)
    shown = (worst.filter, worst.vaf, worst.vaf_high) if worst else ("", None, None)
    if passed:
        return _Verdict("yes", "", "detected", *shown)
    limit = worst.vaf_high if worst and site.kind == "indel" else site.lod95
    if worst and worst.vaf_high >= required_lod:
        reason = worst.filter
    else:
        reason = site.gap or ("" if limit is not None and limit <= required_lod else site.cause(required_lod))
    if reason:
        return _Verdict("no", reason, "not_assessable", *shown)
    return _Verdict("yes", "", "not_detected", *shown)


def _found(site: Site, calls: Sequence[Call]) -> tuple[list[Call], list[Call]]:
    """(passed, held back) rows of the variant, or of a codon: there all that change the protein, and all held back."""
    if site.kind == "codon":
        own = [c for c in calls if c.codon == site.codon and c.kind in SUBSTITUTIONS]
        return [c for c in own if c.filter == PASS and c.tier in TELLING], [c for c in own if held_back(c)]
    own = [c for c in calls if c.hgvs_c == site.hgvs_c]
    return [c for c in own if c.filter == PASS], [c for c in own if held_back(c)]
