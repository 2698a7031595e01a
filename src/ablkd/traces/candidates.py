"""The changed codons that traces are searched for."""

from __future__ import annotations

from dataclasses import dataclass

from ablkd.hgvs import codon_name
from ablkd.reference import Reference, encode
from ablkd.traces.alleles import Measured


@dataclass(frozen=True)
class Allele:
    """A changed codon: where it differs from the target (0-based) and to what (codes)."""

    codon: int
    alt_codon: str
    name: str
    sites: tuple[tuple[int, int], ...]
    listed: bool


def candidates(reference: Reference) -> list[Allele]:
    """Every single-base change of every codon but the last, and the listed changes of several bases."""
    listed = {**reference.benign, **reference.catalogue}
    found = []
    for codon in range(1, reference.codons):
        ref = reference.codon(codon)
        singles = [ref[:i] + b + ref[i + 1 :] for i in range(3) for b in "ACGT" if b != ref[i]]
        known = [alt for number, alt in listed if number == codon]
        for alt in dict.fromkeys([*singles, *known]):
            changed = [i for i in range(3) if ref[i] != alt[i]]
            sites = tuple((3 * codon - 3 + i, int(encode(alt[i])[0])) for i in changed)
            found.append(Allele(codon, alt, codon_name(codon, ref, alt), sites, (codon, alt) in listed))
    return found


def covers(trace: Measured, allele: Allele) -> bool:
    """Whether a trace reads every base of the codon well and its noise at the changed bases is known."""
    first = 3 * allele.codon - 3
    return bool(trace.covered[first : first + 3].any(axis=1).all()) and all(
        bool(trace.covered[site]) for site in allele.sites
    )
