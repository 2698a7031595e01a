"""Reads -> fragments, isoforms competing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablkd.alignment.aligner import Aligner
from ablkd.alignment.merged import Merger
from ablkd.alignment.plausible import check_scale, check_target, mates_row, named
from ablkd.alignment.realigned import Realigner
from ablkd.amplicons import assign_tiles, find_amplicon
from ablkd.counting.counts import write_counts
from ablkd.counting.junctions import find_junctions
from ablkd.counting.quality_cut import count_from_own_cut, cut_row
from ablkd.counting.tally import as_counts, seen_indels
from ablkd.errors import UnusableSample
from ablkd.fragments import Fragments, empty, save
from ablkd.records import Platform, QcMetric
from ablkd.reference import Reference, sha256


def align_sample(
    sample: str,
    platform: Platform,
    amplicon: str,
    reference: Reference,
    reads_1: list[Path],
    reads_2: list[Path],
    fragments: Path,
    counts: Path,
) -> list[QcMetric]:
    """Align a sample's reads; write its fragments and their counts.

    Returns its qc rows. Reads that cannot be used give empty outputs and a failed `usable` row, not an exception.
    """
    files = named([*reads_1, *reads_2])
    aligner = Aligner(reference, platform.reads)
    realigner = Realigner(reference, aligner.graph, platform)
    rows = []
    merger = Merger(aligner.graph, platform.min_base_quality)
    chimeric = poor = 0
    try:
        rows = _input_rows(sample, [*reads_1, *reads_2])
        for first, second in aligner.place_all(reads_1, reads_2):
            if platform.reads == "short":
                check_scale(first.block, files)
            else:
                first = realigner.settle(first)
                chimeric += aligner.chimeras(first)
            poor += first.block.left_out
            merger.add(first, second)
        if merger.reads == 0:
            raise UnusableSample(f"{files}: no reads in them (check the sequencing run)")
        joined = merger.fragments()
        if len(joined) == 0:
            raise UnusableSample(f"{files}: no read lies on the target (another gene, another species or adapters)")
        check_target(joined, reference.codes, files)
        reason = ""
    except UnusableSample as problem:
        nothing = empty(aligner.graph.target_length)
        joined = replace(nothing, reads=merger.reads, placed=merger.placed)
        reason = str(problem)
    name = amplicon or find_amplicon(reference, aligner.graph, joined.ends)
    tile = assign_tiles(reference, aligner.graph, name, joined.ends)
    joined = replace(joined, tile=tile)
    tally, cut = count_from_own_cut(joined, reference, aligner.graph, platform)
    joined, indels = tally.fragments, seen_indels(tally.fragments, reference)
    save(replace(joined, codons=tally.codons), fragments)
    junctions = find_junctions(joined, reference, aligner.graph).counts
    write_counts(counts, [replace(as_counts(sample, platform.platform, tally, indels), junctions=junctions)])
    rows += _qc_rows(sample, joined, merger.counts, name, reason)
    if platform.reads == "long":
        rows.append(cut_row(sample, platform, cut))
        rows.append(QcMetric(sample, "chimeric_reads", str(chimeric), "reads", "", "pass", ""))
        rows.append(QcMetric(sample, "reads_left_out", str(poor), "reads", "", "pass", ""))
    return rows


def _input_rows(sample: str, paths: list[Path]) -> list[QcMetric]:
    rows = []
    for path in paths:
        try:
            rows.append(QcMetric(sample, "input_sha256", sha256(path), path.name, "", "pass", ""))
        except FileNotFoundError:
            raise UnusableSample(f"{path.name}: no such file (check the sheet)") from None
        except OSError as error:
            raise UnusableSample(f"{path.name}: cannot be read: {error.strerror} (check the file)") from None
    return rows


def _qc_rows(sample: str, joined: Fragments, pairs: NDArray[np.int64], amplicon: str, reason: str) -> list[QcMetric]:
    share = joined.placed / joined.reads if joined.reads else 0.0
    rows = [
        QcMetric(sample, "reads", str(joined.reads), "reads", "", "pass", ""),
        QcMetric(sample, "on_target", f"{share:.4f}", "fraction", "", "pass", ""),
        QcMetric(sample, "fragments", str(len(joined)), "fragments", "", "pass", ""),
        QcMetric(sample, "contradicting_mates", str(int(pairs[1])), "fragments", "", "pass", ""),
        mates_row(sample, int(pairs[2]), int(pairs[0])),
        QcMetric(sample, "amplicon", amplicon or "not recognised", "", "", "pass", ""),
    ]
    usable = QcMetric(sample, "usable", "no" if reason else "yes", "", "yes", "fail" if reason else "pass", reason)
    return [*rows, usable]
