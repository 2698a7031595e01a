"""Reads -> fragments, isoforms competing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablkd.alignment.candidates import with_candidates
from ablkd.alignment.placing import read_sample
from ablkd.alignment.plausible import check_fragments, mates_row, named
from ablkd.amplicons import assign_tiles, find_amplicon
from ablkd.counting.counts import write_counts
from ablkd.counting.indels import as_counts, seen_indels
from ablkd.counting.junctions import find_junctions
from ablkd.counting.quality_cut import count_from_own_cut, cut_row
from ablkd.errors import UnusableSample
from ablkd.fragments import Fragments, empty, save
from ablkd.isoforms import build_graph
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
    graph = build_graph(reference)
    rows: list[QcMetric] = []
    read = None
    try:
        rows = _input_rows(sample, [*reads_1, *reads_2])
        read = read_sample(reference, graph, platform, reads_1, reads_2)
        joined = read.fragments
        check_fragments(joined, reference.codes, named([*reads_1, *reads_2]))
        joined = with_candidates(joined, read.kept, read.target, platform, reference, graph)
        reason = ""
    except UnusableSample as problem:
        joined, reason = empty(graph.target_length), str(problem)
        if read is not None:
            joined = replace(joined, reads=read.fragments.reads, placed=read.fragments.placed)
    name = amplicon or find_amplicon(reference, graph, joined.ends)
    joined = replace(joined, tile=assign_tiles(reference, graph, name, joined.ends))
    tally, cut = count_from_own_cut(joined, reference, graph, platform)
    joined, indels = tally.fragments, seen_indels(tally.fragments, reference)
    save(replace(joined, codons=tally.codons), fragments)
    junctions = find_junctions(joined, reference, graph).counts
    counted = as_counts(sample, platform.platform, tally, indels, reference)
    write_counts(counts, [replace(counted, junctions=junctions)])
    rows += _qc_rows(sample, joined, read.pairs if read else np.zeros(3, np.int64), name, reason)
    if platform.reads == "long":
        chimeric, poor = (read.chimeric, read.left_out) if read else (0, 0)
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
