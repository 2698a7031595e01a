"""What shares say of molecules: Fréchet's bounds, because a trace shows no single molecule.

Closer ones hold for a change and an isoform event, where a trace shows the change on the event's molecules alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.stats import norm

from ablkd.records import Call, Haplotype, Phase, SpliceEvent
from ablkd.reference import Reference
from ablkd.traces.joint import Joint
from ablkd.verdicts.calls import PASS
from ablkd.verdicts.thresholds import TRACE_ALPHA
from ablkd.verdicts.variants import SUBSTITUTIONS

# METHOD: sets of more than two are bounded for the six most frequent changes; pairs always.
MOST_SITES = 6
ONE_SIDED, TWO_SIDED = 1.645, 1.96
# METHOD: that a change is on an event's molecules must be no chance of noise at this level: below it the most of them
# are told, but not that there are any.
SHOWN_Z = float(norm.isf(TRACE_ALPHA))
DELETION = re.compile(r"c\.\d+_(\d+)del")


@dataclass(frozen=True)
class Site:
    """A called change, or an isoform event at its first base, with the target bases it takes away.

    codon: of a substitution, 1-based; 0 for all others.
    """

    name: str
    position: int
    share: float
    error: float
    removed: range
    codon: int = 0


def sites_of(calls: Sequence[Call], splicing: Sequence[SpliceEvent], reference: Reference) -> list[Site]:
    """Passed changes that are not synonymous, and present events not expected in health; transcript order.

    One amino-acid change spelled by several codons is one site.
    """
    named: dict[str, list[Call]] = {}
    for call in calls:
        if call.filter == PASS and call.tier != "synonymous":
            named.setdefault(call.name, []).append(call)
    sites = [_site(name, own) for name, own in named.items()]
    variants = {v.event: v for v in reference.splicing if v.expected != "yes"}
    for event in splicing:
        if event.call != "present" or event.event not in variants or event.fraction is None:
            continue
        variant = variants[event.event]
        removed = range(variant.start, variant.end + 1) if variant.kind == "skip" else range(0)
        error = (event.fraction - (event.fraction_low or 0.0)) / TWO_SIDED
        sites.append(Site(event.event, variant.start, event.fraction, error, removed))
    return sorted(sites, key=lambda s: (s.position, s.name))


def _site(name: str, calls: Sequence[Call]) -> Site:
    """The site of one name; fractions are added, and their errors as squares."""
    share = min(1.0, sum(c.vaf for c in calls))
    error = float(np.sqrt(sum(((c.vaf_high - c.vaf_low) / 2 / TWO_SIDED) ** 2 for c in calls)))
    codon = calls[0].codon if calls[0].kind in SUBSTITUTIONS else 0
    return Site(name, 3 * calls[0].codon - 2, share, error, _deleted(calls[0]), codon)


def _deleted(call: Call) -> range:
    """The target bases (1-based) behind the first codon that a deletion takes away; empty for other changes."""
    named = DELETION.search(call.hgvs_c)
    return range(3 * call.codon + 1, int(named.group(1)) + 1) if named else range(0)


def _exclusive(sites: Sequence[Site]) -> bool:
    """Whether one of the sites takes away the place of another, or two change one codon."""
    pairs = [(a, b) for a in sites for b in sites if a is not b]
    return any(b.position in a.removed or (a.codon > 0 and a.codon == b.codon) for a, b in pairs)


Joints = Mapping[frozenset[str], Joint]


def _joint_of(chosen: Sequence[Site], joints: Joints) -> Joint | None:
    """What traces show of the two together, where they do."""
    return joints.get(frozenset(s.name for s in chosen))


def phase_rows(sample: str, sites: Sequence[Site], joints: Joints) -> list[Phase]:
    """A row for every pair, and for every larger set of the most frequent sites."""
    frequent = sorted(sites, key=lambda s: -s.share)[:MOST_SITES]
    frequent = [s for s in sites if s in frequent]
    sets: list[tuple[Site, ...]] = list(combinations(sites, 2))
    sets += [chosen for size in range(3, len(frequent) + 1) for chosen in combinations(frequent, size)]
    return [_phase_row(sample, chosen, _joint_of(chosen, joints)) for chosen in sets]


def _phase_row(sample: str, chosen: Sequence[Site], joint: Joint | None) -> Phase:
    shares = np.array([s.share for s in chosen])
    error = float(np.sqrt(sum(s.error**2 for s in chosen)))
    least = float(shares.sum()) - (len(chosen) - 1)
    low, high = max(0.0, least - TWO_SIDED * error), min(1.0, min(s.share + TWO_SIDED * s.error for s in chosen))
    verdict = "compound" if least - ONE_SIDED * error > 0 else "cannot_be_phased"
    if joint:
        high = max(low, min(high, joint.share + TWO_SIDED * joint.error), _undetectable(chosen))
        if joint.z >= SHOWN_Z and joint.share > ONE_SIDED * joint.error:
            low, verdict = min(high, max(low, joint.share - TWO_SIDED * joint.error)), "compound"
    if _exclusive(chosen):
        # METHOD: no molecule has a mutation in bases that it lacks, so nothing was measured and there is no interval.
        return _phase(sample, chosen, "polyclonal", None, None)
    return _phase(sample, chosen, verdict, low, high)


def _undetectable(sites: Sequence[Site]) -> float:
    """METHOD: a trace does not exclude molecules within the error of the rarest site, even if it measures below 0."""
    rarest = min(sites, key=lambda s: s.share)
    return min(1.0, TWO_SIDED * rarest.error)


def _phase(sample: str, chosen: Sequence[Site], verdict: str, low: float | None, high: float | None) -> Phase:
    return Phase(
        sample=sample,
        mutations="+".join(s.name for s in chosen),
        verdict=verdict,
        probability=None,
        spanning=0,
        observed=None,
        expected_recombinant=None,
        recombination_needed=None,
        compound_low=low,
        compound_high=high,
    )


def haplotype_rows(sample: str, sites: Sequence[Site], joints: Joints) -> list[Haplotype]:
    """Every haplotype of the most frequent sites that the shares allow, with its bounds.

    A single site is known without bounds: its share and the rest.
    """
    sites = sorted(sites, key=lambda s: -s.share)[:MOST_SITES]
    sites.sort(key=lambda s: (s.position, s.name))
    if not sites:
        return [Haplotype(sample, "unmutated", 1.0, None, None, None, "yes")]
    rows = []
    for size in range(len(sites) + 1):
        for chosen in combinations(sites, size):
            if _exclusive(chosen):
                continue
            name = "+".join(s.name for s in chosen) or "unmutated"
            shares = np.array([s.share if s in chosen else 1 - s.share for s in sites])
            error = float(np.sqrt(sum(s.error**2 for s in sites)))
            smallest = int(shares.argmin())
            low = max(0.0, float(shares.sum()) - (len(sites) - 1) - TWO_SIDED * error)
            high = min(1.0, float(shares[smallest]) + TWO_SIDED * sites[smallest].error)
            joint = _joint_of(sites, joints)
            if joint:
                least, most = _told_by(joint, chosen, sites)
                low, high = min(high, max(low, least)), max(low, min(high, most), _undetectable(sites))
            known = float(shares[0]) if len(sites) == 1 else None
            rows.append(Haplotype(sample, name, known, low, high, None, "yes" if len(sites) == 1 else "bounds_only"))
    return rows


def _told_by(joint: Joint, chosen: Sequence[Site], sites: Sequence[Site]) -> tuple[float, float]:
    """Interval of the haplotype with the chosen ones of two sites, from the share that has both."""
    own, total = sum(s.share for s in chosen), sum(s.share for s in sites)
    share = (1 - total + joint.share, own - joint.share, joint.share)[len(chosen)]
    uncertain = (sites, chosen, ())[len(chosen)]
    error = TWO_SIDED * float(np.sqrt(joint.error**2 + sum(s.error**2 for s in uncertain)))
    return share - error, share + error
