"""What could have been seen, together with what was seen -> rows of coverage.tsv."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ablkd import hgvs
from ablkd.records import Call, Coverage, Mutation
from ablkd.reference import Reference
from ablkd.verdicts.calls import PASS, held_back
from ablkd.verdicts.rule import Held, decide
from ablkd.verdicts.variants import SUBSTITUTIONS, indel_class

NO_LIMIT = "no_limit_of_detection"
INDEL_CLASS = "indel_class"
# Annotations of variants that change the protein and may matter.
TELLING = ("catalogue", "novel")


@dataclass(frozen=True)
class Site:
    """A listed allele, a codon with whatever may change it, an indel or a class of indels in an exon: the smallest
    fraction that would be found.

    kind, name, hgvs_c, codon (1-based) and depth (fragments or traces) are columns of coverage.tsv; lod95 0-1, None
    where none was computed. `gap` says why the site was not assessed whatever its limit (`primer`, `not_covered`,
    `depth`), and is empty where it was; `cause` says why the limit misses a required one, asked only then.
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


def indel_class_site(
    label: str, exon: str, codon: int, depth: int, lod95: float | None, gap: str, cause: Callable[[float], str]
) -> Site:
    """The site of a class of indels in an exon, whose first assessed codon is given."""
    return Site(INDEL_CLASS, class_name(label, exon), "", codon, depth, lod95, gap, cause)


def class_name(label: str, exon: str) -> str:
    """Name of a row of coverage.tsv: a class of indels in an exon."""
    return f"{label}, exon {exon}" if exon else label


def coverage_rows(
    sample: str, reference: Reference, sites: Sequence[Site], calls: Sequence[Call], required_lod: float
) -> list[Coverage]:
    """A row for each site, then one for each indel of calls.tsv that has none; `required_lod` is a fraction."""
    own = {site.hgvs_c for site in sites if site.kind == "indel"}
    indels = [_indel_site(call) for call in calls if call.kind not in SUBSTITUTIONS and call.hgvs_c not in own]
    listed = {site.hgvs_c for site in sites if site.kind == "allele"}
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
            **_verdict(site, calls, listed, required_lod)._asdict(),
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


def _verdict(site: Site, calls: Sequence[Call], listed: Collection[str], required_lod: float) -> _Verdict:
    """The rule for one site. An indel of traces has no limit of detection, but its bound limits one that was seen."""
    own = [call for call in calls if concerns(site, call, listed)]
    passed = any(call.filter == PASS and (site.kind != "codon" or call.tier in TELLING) for call in own)
    worst = max((call for call in own if held_back(call)), key=lambda call: call.vaf_high, default=None)
    held = Held(worst.filter, worst.vaf_high) if worst else None
    limit = worst.vaf_high if worst and site.kind == "indel" and site.lod95 is None else site.lod95
    status, reason = decide(passed, held, limit, site.gap, site.cause, required_lod)
    shown = (worst.filter, worst.vaf, worst.vaf_high) if worst else ("", None, None)
    return _Verdict("no" if status == "not_assessable" else "yes", reason, status, *shown)


def concerns(site: Site | Coverage, call: Call, listed: Collection[str]) -> bool:
    """Whether a site, or its row, is about a call; `listed` are the c. names of all allele sites.

    A codon is about every substitution in it, a class of indels about every one of its exon. An allele is about its
    nucleotide change, and about the same amino-acid change by a codon that is not listed, which has no site of its own.
    """
    if site.kind == "codon":
        return call.codon == site.codon and call.kind in SUBSTITUTIONS
    if site.kind == INDEL_CLASS:
        own = call.kind not in SUBSTITUTIONS and class_name(indel_class(*hgvs.indel_sizes(call.hgvs_c)), call.exon)
        return own == site.name
    same_residue = site.kind == "allele" and (call.codon, call.name) == (site.codon, site.name)
    return call.hgvs_c == site.hgvs_c or (same_residue and call.hgvs_c not in listed)
