"""What the samples of one run and platform show of its errors; each sample's own part can be taken out again."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablkd.counting.counts import Indel
from ablkd.tables import atomic


@dataclass(frozen=True, eq=False)
class RunBackground:
    """A alleles are those of `error_classes.single_changes`, C codons, 60 nodes of `background.GRID`.

    samples: names of all samples learned from; controls: which of them are wild type (of the run or of a panel);
    templates float64[S]: molecules each was reckoned with. panel: name of the laboratory panel, empty without.
    cv: between-sample variation of a site. means float64[3, CLASSES]: class means of the run by orientation.
    classes float64[2, 60]: found spread of site rates around the class mean (transversions, transitions), and
    smooth float64[2, 60] the same as a lognormal; sites int64[2]: how many sites each was found from.
    shown_by_controls, shown_by_others float64[A, 60]: log likelihood of each node; others are samples that may hold
    mutations. control_states int64[C, 64], run_states int64[C, 64]: counts of all controls, of all the run's samples.
    evidence_counts, evidence_depths int64[C, 64]: what controls teach of each state, without what contaminates them.
    contaminants int64[K, 5]: what contaminates them, as of `contaminants.find_contaminants`.
    junction_keys, junction_counts int64[J, 2]: keys of `counting.junctions`, and the fragments of all the run's samples
    that show each, and that could.
    strand_spread: standard deviation of the log ratio of the error rates of both strands, as of `strands`.
    indel_keys: I indels that a sample shows, as of `indel_learning`; indel_shown, indel_depths int64[I, S]: fragments
    of each sample that show each, and that could tell; indel_foreign bool[I, S]: it contaminates the sample, a control.
    spanning int64[S, L + 1]: as of `counts.Counts`. indel_means float64[KINDS]: class means of indels; indel_found,
    indel_smooth float64[60], indel_sites, indel_learned: their spread, from how many sites it was found, and the keys
    of those. patients: whose each sample is, empty where not known.
    """

    samples: NDArray[np.str_]
    controls: NDArray[np.bool_]
    templates: NDArray[np.float64]
    panel: str
    cv: float
    means: NDArray[np.float64]
    classes: NDArray[np.float64]
    smooth: NDArray[np.float64]
    sites: NDArray[np.int64]
    shown_by_controls: NDArray[np.float64]
    shown_by_others: NDArray[np.float64]
    control_states: NDArray[np.int64]
    run_states: NDArray[np.int64]
    junction_keys: NDArray[np.str_]
    junction_counts: NDArray[np.int64]
    evidence_counts: NDArray[np.int64]
    evidence_depths: NDArray[np.int64]
    contaminants: NDArray[np.int64]
    strand_spread: float
    indel_keys: NDArray[np.str_]
    indel_shown: NDArray[np.int64]
    indel_depths: NDArray[np.int64]
    indel_foreign: NDArray[np.bool_]
    spanning: NDArray[np.int64]
    indel_means: NDArray[np.float64]
    indel_found: NDArray[np.float64]
    indel_smooth: NDArray[np.float64]
    indel_sites: int
    indel_learned: NDArray[np.str_]
    patients: NDArray[np.str_]

    def position(self, sample: str) -> int | None:
        """Index of a sample of the run; None where it was not learned from."""
        found = np.flatnonzero(self.samples == sample)
        return int(found[0]) if len(found) else None

    @cached_property
    def _indel_rows(self) -> dict[str, int]:
        return {str(key): row for row, key in enumerate(self.indel_keys)}

    def indel(self, indel: Indel) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """(fragments that show it, that could tell, whether it contaminates the sample) of each of S samples."""
        row = self._indel_rows.get(indel_key(indel))
        if row is not None:
            return self.indel_shown[row], self.indel_depths[row], self.indel_foreign[row]
        nothing = np.zeros(len(self.samples), np.int64)
        around = self.spanning[:, indel[0] : indel[1] + 1]
        return nothing, around.min(axis=1) if around.size else nothing, nothing.astype(bool)

    def carried_junction(self, sample: str, key: str, shown: int, total: int, carry_over: float) -> float:
        """Rate per fragment at which the other samples of the run are expected to show a junction in a sample.

        `shown` of `total` fragments are the sample's own; `carry_over` is the share of fragments that change their
        sample.
        """
        x, n = self.junction_counts[self.junction_keys == key].sum(axis=0)
        if self.position(sample) is not None:
            x, n = x - shown, n - total
        return carry_over * float(x) / float(n) if n > 0 else 0.0

    def contaminated(self, codon: int, state: int, without: int | None = None) -> float:
        """Highest fraction of a codon state (0-based codon) that contaminates a control; 0.0 if none.

        `without` is the index of a sample whose own contamination does not count.
        """
        sample, at, what, count, depth = self.contaminants.T
        found = (at == codon) & (what == state) & (sample != (-1 if without is None else without))
        return float((count[found] / depth[found]).max(initial=0.0))


def indel_key(indel: Indel) -> str:
    """An indel as one word."""
    return "{}_{}_{}".format(*indel)


def parse_indel_key(key: str) -> Indel:
    """What `indel_key` wrote."""
    start, end, inserted = key.split("_")
    return int(start), int(end), inserted


def save(background: RunBackground, path: Path) -> None:
    """Write as an uncompressed npz; the same background gives the same bytes."""
    arrays: dict[str, Any] = {f.name: np.asarray(getattr(background, f.name)) for f in fields(background)}
    with atomic(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, **arrays)


def load(path: Path) -> RunBackground:
    """Read what `save` wrote."""
    with np.load(path, allow_pickle=False) as data:
        values = {f.name: data[f.name] for f in fields(RunBackground)}
    numbers = {name: float(values[name]) for name in ("cv", "strand_spread")}
    plain = {"panel": str(values["panel"]), "indel_sites": int(values["indel_sites"])}
    return RunBackground(**{**values, **numbers, **plain})
