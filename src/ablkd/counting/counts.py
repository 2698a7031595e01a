"""Counts of a sample as a table: what other samples of its run, and a laboratory's panel, are read from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablkd.errors import InputError
from ablkd.hgvs import CODONS
from ablkd.records import CountRow
from ablkd.reference import Reference
from ablkd.tables import read_numbered_rows, write_rows

CODON, INDEL, JUNCTION, SPAN = "codon", "indel", "junction", "span"
# A sample with so many codons of so many fragments is of this target if so large a share of them is.
ENOUGH_CODONS, ENOUGH_FRAGMENTS, LIKE_TARGET = 20, 100, 0.9
# (start, end, inserted bases), 0-based half-open on the target, at its most 3' place.
Indel = tuple[int, int, str]


@dataclass(frozen=True, eq=False)
class Counts:
    """Fragments of one sample by what they show.

    codons int64[C, 3, 64]: by codon, orientation (forward, reverse, both mates) and codon state; indels: (fragments
    that show it, all that could tell) of each that is seen; junctions: the same by key of `counting.junctions`.
    spanning int64[L + 1]: fragments that could tell an indel before each base of the target; empty where not counted.
    `panel` names the laboratory panel the sample belongs to; empty for a sample of the run.
    """

    sample: str
    platform: str
    codons: NDArray[np.int64]
    indels: dict[Indel, tuple[int, int]]
    panel: str = ""
    junctions: dict[str, tuple[int, int]] = field(default_factory=dict)
    spanning: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def indel(self, indel: Indel) -> tuple[int, int]:
        """(fragments that show an indel, all that could tell); where none shows it, those that span its place."""
        start, end, _ = indel
        around = self.spanning[start : end + 1]
        return self.indels.get(indel, (0, int(around.min()) if len(around) else 0))


def write_counts(path: Path, samples: Iterable[Counts]) -> None:
    """One row for each codon state and indel that was seen."""
    write_rows(path, CountRow, [row for sample in samples for row in _rows(sample)])


def _rows(counts: Counts) -> list[CountRow]:
    name = (counts.panel, counts.sample, counts.platform)
    rows = []
    codons, states = np.nonzero(counts.codons.any(axis=1))
    seen = counts.codons[codons, :, states].tolist()
    for codon, state, by_orientation in zip((codons + 1).tolist(), states.tolist(), seen, strict=True):
        rows.append(CountRow(*name, CODON, codon, codon, CODONS[state], *by_orientation))
    for (start, end, inserted), (shown, total) in sorted(counts.indels.items()):
        rows.append(CountRow(*name, INDEL, start + 1, end, inserted, shown, total, 0))
    if len(codons):
        # Those that nothing spans as well: a table without them is of a version that did not count them.
        rows += [CountRow(*name, SPAN, first + 1, past, "", n, 0, 0) for first, past, n in _runs(counts.spanning)]
    for key, (shown, total) in sorted(counts.junctions.items()):
        if total:
            rows.append(CountRow(*name, JUNCTION, 0, 0, key, shown, total, 0))
    return rows


def _runs(values: NDArray[np.int64]) -> Iterator[tuple[int, int, int]]:
    """(first, past, value) of every stretch of equal values."""
    edges = [0, *(np.flatnonzero(np.diff(values)) + 1).tolist(), len(values)]
    for first, past in pairwise(edges):
        if past > first:
            yield first, past, int(values[first])


def read_counts(path: Path, reference: Reference) -> list[Counts]:
    """The samples of a table of counts, in its order.

    Raises
    ------
    InputError
        Listing every row that cannot be of this target.
    """
    samples: dict[tuple[str, str, str], Counts] = {}
    spanned, problems = set(), []
    places = len(reference.sequence) + 1
    for number, row in read_numbered_rows(path, CountRow, {"panel": "", "change": ""}):
        key = (row.panel, row.sample, row.platform)
        if key not in samples:
            nothing = np.zeros((reference.codons, 3, 64), np.int64)
            nowhere = np.zeros(places, np.int64)
            samples[key] = Counts(row.sample, row.platform, nothing, {}, row.panel, spanning=nowhere)
        if row.kind == JUNCTION and 0 <= row.forward <= row.reverse:
            samples[key].junctions[row.change] = row.forward, row.reverse
        elif min(row.forward, row.reverse, row.both) < 0 or set(row.change) - set("ACGT"):
            problems.append(f"{path}:{number}: holds no count or no bases (make the table again from its reads)")
        elif row.kind == INDEL and (row.forward > row.reverse or row.both):
            problems.append(f"{path}:{number}: more fragments show an indel than could (make it again from its reads)")
        elif row.kind == INDEL and 1 <= row.position <= row.end + 1 <= places:
            samples[key].indels[row.position - 1, row.end, row.change] = row.forward, row.reverse
        elif row.kind == SPAN and row.reverse == row.both == 0 and 1 <= row.position <= row.end <= places:
            samples[key].spanning[row.position - 1 : row.end] = row.forward
            spanned.add(key)
        elif row.kind == CODON and 1 <= row.position <= reference.codons and row.change in STATES:
            seen = (row.forward, row.reverse, row.both)
            samples[key].codons[row.position - 1, :, STATES[row.change]] = seen
        else:
            problems.append(f"{path}:{number}: is no count on this target (make the table again from its reads)")
    strangers = [sample.sample for sample in samples.values() if not _of_target(sample, reference)]
    problems += [f"{path}: sample {name} was counted on another target (make the table again)" for name in strangers]
    old = [sample.sample for key, sample in samples.items() if sample.codons.any() and key not in spanned]
    problems += [f"{path}: sample {name} has no rows `{SPAN}` (make the table again from its reads)" for name in old]
    if problems:
        raise InputError(problems)
    return list(samples.values())


def _of_target(counts: Counts, reference: Reference) -> bool:
    """Whether most codons are what the target says; patients differ from it at a few."""
    seen = counts.codons.sum(axis=1)
    wild = [STATES[reference.codon(codon + 1)] for codon in range(reference.codons)]
    depth = seen.sum(axis=1)
    covered = depth >= ENOUGH_FRAGMENTS
    like_target = seen[np.arange(reference.codons), wild] > 0.5 * depth
    return covered.sum() < ENOUGH_CODONS or bool(like_target[covered].mean() > LIKE_TARGET)


STATES = {codon: state for state, codon in enumerate(CODONS)}
