"""How good the traces of a sample are: rows of the qc table, each with the limit it is held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ablkd.records import QcMetric
from ablkd.traces.align import PlacedTrace
from ablkd.traces.alleles import WildType
from ablkd.traces.isoforms import Mixture
from ablkd.traces.wild_type import KnownTrace

# METHOD: assumptions, to be replaced by validation data: what is beyond them is for a person to look at. The share of
# bases with an unexplained second peak is 0 to 0.06 in the trusted part of 21 public traces.
LIMITS = {"read_length": 200.0, "mean_quality": 30.0, "signal_to_noise": 5.0, "mixed_template": 0.10}
WORDS = {
    "read_length": "few bases could be read",
    "mean_quality": "low base qualities",
    "signal_to_noise": "weak signal over the noise",
    "mixed_template": "many second peaks that no isoform explains: another template, or a dirty product",
}
SECOND_PEAK = 0.15
# METHOD: a dye blob is one channel above this unexplained share at this many neighbouring bases.
BLOB_SHARE, BLOB_BASES = 0.06, 5
FEWEST_ALONE = 50


def known_rows(
    sample: str, placed: Sequence[PlacedTrace], beside: Sequence[WildType | None], known: Sequence[KnownTrace]
) -> list[QcMetric]:
    """Which known traces were used for each trace."""
    rows = []
    for p, wild in zip(placed, beside, strict=True):
        names = wild.names if wild else ()
        reason = "" if names or not known else f"{p.trace.name}: no known trace was read from the same primer"
        rows.append(QcMetric(sample, "wild_type_traces", str(len(names)), p.trace.name, "", "pass", reason))
        if names:
            rows[-1] = replace(rows[-1], reason=f"{p.trace.name}: {', '.join(names)} taken off")
        changed = int((wild.kappa != 1).sum()) if wild else 0
        if changed:
            reason = f"{p.trace.name}: peak ratios of {changed} changes from traces of known fractions"
            rows.append(QcMetric(sample, "calibrated_changes", str(changed), p.trace.name, "", "pass", reason))
    return rows


def quality_rows(sample: str, mixtures: Sequence[Mixture], given: int, problems: Sequence[QcMetric]) -> list[QcMetric]:
    """Rows for each placed trace (`unit` names its file) and for the sample."""
    rows = []
    for mixture in mixtures:
        placed, good = mixture.placed, mixture.good
        name = placed.trace.name
        # Where isoforms overlap second peaks are signal and qualities low by nature.
        alone = good & ~mixture.mixed if (good & ~mixture.mixed).sum() >= FEWEST_ALONE else good
        ordered = np.sort(placed.heights[alone], axis=1)
        quality = placed.trace.quality[alone]
        noise = float(ordered[:, 2].mean()) if alone.any() else 0.0
        rows.append(QcMetric(sample, "trace", "forward" if placed.forward else "reverse", name, "", "pass", ""))
        values = {
            "read_length": float(good.sum()),
            "mean_quality": float(quality.mean()) if quality.any() else None,
            "signal_to_noise": float(ordered[:, 3].mean()) / noise if noise else None,
            "mixed_template": unexplained_peaks(mixture),
        }
        rows += [_limited(sample, metric, value, name) for metric, value in values.items() if value is not None]
        rows += [
            QcMetric(sample, "dye_blob", place, name, "", "review", f"{name}: {place} under a broad peak of {base}")
            for place, base in dye_blobs(mixture)
        ]
        if placed.gaps:
            reason = f"{name}: the called bases show {len(placed.gaps)} gaps that no indel found explains"
            rows.append(QcMetric(sample, "alignment_gaps", str(len(placed.gaps)), name, "0", "review", reason))
    reasons = [row.reason for row in problems if row.metric == "trace"] or ["no traces were given"]
    usable = len(mixtures) > 0
    rows += [
        QcMetric(sample, "traces", str(len(mixtures)), f"of {given}", "", "pass", ""),
        QcMetric(sample, "reads", str(given), "traces", "", "pass", ""),
        QcMetric(sample, "on_target", f"{len(mixtures) / given:.4f}" if given else "", "fraction", "", "pass", ""),
        QcMetric(
            sample,
            "usable",
            "yes" if usable else "no",
            "",
            "yes",
            "pass" if usable else "fail",
            "" if usable else "; ".join(reasons),
        ),
    ]
    return rows


def _limited(sample: str, metric: str, value: float, name: str) -> QcMetric:
    """A row with its limit; beyond it is for review."""
    limit = LIMITS[metric]
    good = value <= limit if metric == "mixed_template" else value >= limit
    told = (
        f"{value:.0f}" if metric == "read_length" else f"{value:.2f}" if metric == "mixed_template" else f"{value:.1f}"
    )
    reason = "" if good else f"{name}: {WORDS[metric]} ({metric} {told}, limit {limit:g})"
    return QcMetric(sample, metric, told, name, f"{limit:g}", "pass" if good else "review", reason)


def unexplained_peaks(mixture: Mixture) -> float | None:
    """Share of bases between the first and the last trusted one with a second peak that nothing explains."""
    trusted = np.flatnonzero(mixture.good)
    if not len(trusted):
        return None
    between = slice(trusted[0], trusted[-1] + 1)
    left = (mixture.placed.fractions - mixture.expected)[between].max(axis=1)
    return float((left > SECOND_PEAK).mean())


def dye_blobs(mixture: Mixture) -> list[tuple[str, str]]:
    """(place, base) of each broad peak: one channel unexplained at neighbouring bases, all of them trusted."""
    placed = mixture.placed
    left = np.where(mixture.good[:, None], placed.fractions - mixture.expected, 0.0)
    found = []
    for channel, base in enumerate("ACGT"):
        # Where the base itself is expected a blob cannot be told from its peak.
        own = mixture.expected[:, channel] > 0.5
        high = (left[:, channel] > BLOB_SHARE) | own
        edges = np.flatnonzero(np.diff(np.r_[False, high, False]))
        for first, last in zip(edges[::2], edges[1::2], strict=True):
            if (~own[first:last]).sum() >= BLOB_BASES:
                shown = [int(placed.positions[i]) for i in placed.index[0][[first, last - 1]]]
                found.append((f"c.{shown[0]}_{shown[1]}", base))
    return found
