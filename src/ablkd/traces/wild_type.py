"""Traces of molecules that are known: what wild type shows at each base, and how high a changed peak is.

They come from the wild-type controls of the run and from a laboratory's library, and count for a trace that was read
from the same primer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablkd.errors import UnusableSample
from ablkd.records import QcMetric
from ablkd.reference import Reference, sha256
from ablkd.samples import expected_findings, read_library
from ablkd.traces.abif import read_trace
from ablkd.traces.align import PlacedTrace, place_trace
from ablkd.traces.alleles import Measured, WildType, measure
from ablkd.traces.isoforms import explain

# METHOD: the same primer reads its first base at the same place; basecallers drop up to some bases at the start.
SAME_START = 20
# METHOD: where a trace of wild type shows more than this of another base it is not wild type there, or not readable.
MOST_FALSE = 0.15
# METHOD: a peak ratio is learnt from calibrators of these fractions only: near 0 and 1 it is mostly noise.
CALIBRATING = (0.2, 0.8)
MOST_KAPPA = 4.0


@dataclass(frozen=True)
class KnownTrace:
    """A trace of known molecules. `expected` is (name, fraction) of what it holds, nothing for wild type."""

    name: str
    placed: PlacedTrace
    measured: Measured
    expected: tuple[tuple[str, float], ...]


def known_traces(
    sample: str, wild_types: Iterable[Path], library: Path | None, reference: Reference
) -> tuple[list[KnownTrace], list[QcMetric]]:
    """Traces of the run's wild-type controls and of the library that can be read, and a qc row for each that cannot.

    Raises
    ------
    InputError
        When a file is missing or the library cannot be followed.
    """
    files = [(path, "") for path in wild_types] + (read_library(library) if library else [])
    known, rows = [], []
    for path, expected in files:
        try:
            placed = place_trace(read_trace(path), reference)
        except UnusableSample as problem:
            rows.append(QcMetric(sample, "wild_type_trace", "unusable", path.name, "", "review", str(problem)))
            continue
        measured = measure(explain(placed, [0]), reference.codes, {m.codon for m in reference.mutations})
        named = tuple((e.name, e.fraction) for e in expected_findings(expected))
        known.append(KnownTrace(path.name, placed, measured, named))
        rows.append(QcMetric(sample, "input_sha256", sha256(path), f"{path.name} (known trace)", "", "pass", ""))
    return known, rows


def wild_type_for(placed: PlacedTrace, known: Sequence[KnownTrace], reference: Reference) -> WildType | None:
    """What the known traces from the primer of a trace show; None where there is none.

    Of several the median counts: one control with a change of its own does not hide the change.
    """
    same = [k for k in known if k.placed.forward == placed.forward and _starts_with(k.placed, placed)]
    wild = [k for k in same if not k.expected]
    length = len(reference.codes)
    kappa = _kappa([k for k in same if k.expected], wild, reference)
    if not wild:
        nothing = np.zeros((length, 4)), np.zeros(length), np.zeros(length, bool)
        return WildType(*nothing, (), kappa) if (kappa != 1).any() else None
    share = np.array([k.measured.share for k in wild])
    readable = np.array([k.measured.covered.any(axis=1) & (k.measured.share.max(axis=1) <= MOST_FALSE) for k in wild])
    known_here = np.asarray(readable.any(axis=0))
    hidden = np.where(readable[:, :, None], share, np.nan)
    heights = np.where(readable, np.array([k.measured.height for k in wild]), np.nan)
    middle = np.zeros((length, 4))
    height = np.zeros(length)
    middle[known_here] = np.nanmedian(hidden[:, known_here], axis=0)
    height[known_here] = np.nanmedian(heights[:, known_here], axis=0)
    return WildType(middle, height, known_here, tuple(k.name for k in wild), kappa)


def _starts_with(one: PlacedTrace, other: PlacedTrace) -> bool:
    """Whether two traces were read from the same place of the target."""
    first, second = _start(one), _start(other)
    return first is not None and second is not None and abs(first - second) <= SAME_START


def _start(placed: PlacedTrace) -> int | None:
    """Target position at which the first base of the reading stands, told from the first base that is placed."""
    index = placed.index[0] if placed.forward else placed.index[0][::-1]
    there = np.flatnonzero(index >= 0)
    if not len(there):
        return None
    contig = placed.contig
    step = 1 if placed.forward else -1
    return int(index[there[0]]) - step * int(there[0]) + contig.target_start - contig.partner_length


def _kappa(calibrators: Sequence[KnownTrace], wild: Sequence[KnownTrace], reference: Reference) -> NDArray[np.float64]:
    """How much higher a changed peak is than the target's, float64[L, 4], as calibrators tell; 1 elsewhere.

    A share s that should be f shows (s / (1 - s)) / (f / (1 - f)); of several calibrators the geometric mean counts.
    """
    codons = {m.name: (m.codon, m.alt_codon) for m in reference.mutations}
    found: dict[tuple[int, int], list[float]] = {}
    for trace in calibrators:
        for name, fraction in trace.expected:
            if name not in codons or not CALIBRATING[0] <= fraction <= CALIBRATING[1]:
                continue
            codon, alt = codons[name]
            for i, base in enumerate("ACGT".index(b) for b in alt):
                site = 3 * codon - 3 + i, base
                if reference.codes[site[0]] == base or not trace.measured.covered[site]:
                    continue
                false = float(np.median([k.measured.share[site] for k in wild])) if wild else 0.0
                share = max(float(trace.measured.share[site]) - false, 0.0) / (1 - false)
                if 0 < share < 1:
                    found.setdefault(site, []).append(share / (1 - share) / (fraction / (1 - fraction)))
    kappa = np.ones((len(reference.codes), 4))
    for site, ratios in found.items():
        kappa[site] = float(np.clip(np.exp(np.mean(np.log(ratios))), 1 / MOST_KAPPA, MOST_KAPPA))
    return kappa
