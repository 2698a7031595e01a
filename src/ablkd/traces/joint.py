"""Changes on one isoform: the shares of molecules that have both a change and an isoform event, from traces.

Behind a junction molecules of two lengths overlap, so a base of the target stands at one place of the trace for the
molecules with the event and at another for those without. What a changed base shows at the first place belongs to the
event's molecules. Read from the other side of the event both places are one, and nothing can be told.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ablkd.traces.alleles import Measured
from ablkd.traces.candidates import Allele
from ablkd.traces.combine import combine
from ablkd.traces.isoforms import Mixture
from ablkd.traces.noise import PEAK_HEIGHT_CV


@dataclass(frozen=True)
class Joint:
    """Share of molecules with both, its standard error, and the normal deviate of that much without any."""

    share: float
    error: float
    z: float


def joint_shares(
    mixtures: Sequence[Mixture], measured: Sequence[Measured], alleles: Mapping[str, Allele], events: Sequence[str]
) -> dict[frozenset[str], Joint]:
    """{event, name of a change of one base} -> their joint share, where a trace tells."""
    joints = {}
    for name, allele in alleles.items():
        if len(allele.sites) > 1:
            continue
        for event in events:
            told = [_joint(m, k, event, allele.sites[0]) for m, k in zip(mixtures, measured, strict=True)]
            found = [(one, m.placed.forward) for one, m in zip(told, mixtures, strict=True) if one]
            if found:
                each, forward = zip(*found, strict=True)
                share, error = combine([j.share for j in each], [j.error for j in each], forward)
                joints[frozenset((event, name))] = Joint(share, error, min(j.z for j in each))
    return joints


def _joint(mixture: Mixture, measured: Measured, event: str, site: tuple[int, int]) -> Joint | None:
    """What one trace says; None where the event's molecules do not stand apart, or the place is not trusted."""
    position, alt = site
    noise = measured.noise_at(site)
    events = [mixture.placed.isoforms[m].event for m in mixture.members]
    if noise is None or event not in events or not measured.covered[site]:
        return None
    places = [_place(mixture, member, position) for member in mixture.members]
    own = events.index(event)
    base, molecules = places[own], float(mixture.shares[own])
    if base < 0 or places.count(base) > 1 or not mixture.good[base]:
        return None
    other = float(mixture.expected[base, alt])
    share = min(molecules, max(0.0, float(mixture.placed.fractions[base, alt]) - other) / mixture.scale)
    # METHOD: beside the noise, the changed peak and those it is a share of vary, and so do those of other molecules
    # that show the same base at the same place.
    error = math.hypot(noise.error(0.0), math.sqrt(2) * PEAK_HEIGHT_CV * share, PEAK_HEIGHT_CV * other)
    return Joint(share, error, float(noise.z(np.array(share))))


def _place(mixture: Mixture, member: int, position: int) -> int:
    """The base of the trace at which an isoform's molecules show a target position (0-based); -1 where none."""
    placed = mixture.placed
    index, origin = placed.index[member], placed.isoforms[member].origin
    there = np.where((index >= 0) & (origin[index] >= 0), placed.positions[origin[index]], 0)
    found = np.flatnonzero(there == position + 1)
    return int(found[0]) if len(found) else -1
