"""How probable each error rate is at each single change of a sample, from what the rest of its run shows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ablkd.background.allele import GRID, possible, with_unbelieved
from ablkd.background.classes import SingleChanges
from ablkd.background.contaminants import contaminated_states, evidence
from ablkd.background.learning import SiteCounts, clean_sites, log_likelihood, maybe_mutated, site_counts
from ablkd.background.run import RunBackground
from ablkd.background.spread import without_site
from ablkd.counting.counts import Counts
from ablkd.reference import Reference

# METHOD: other samples of the run stand in for controls from four on.
LEAST_OTHERS = 4
# So that no rate is quite impossible.
LEAST_WEIGHT = 1e-290
# METHOD: a control is informative about a codon from this many fragments on.
CONTROL_DEPTH = 100


@dataclass(frozen=True, eq=False)
class Posterior:
    """One sample against its run; `highest` is the highest class mean of the sample."""

    counts: Counts
    run: RunBackground
    reference: Reference
    changes: SingleChanges
    highest: float

    @cached_property
    def position(self) -> int | None:
        """Index of the sample in the run; None where the run does not have it."""
        return self.run.position(self.counts.sample)

    @property
    def is_control(self) -> bool:
        """Whether the sample is one of the run's wild-type controls."""
        return self.position is not None and bool(self.run.controls[self.position])

    @property
    def others(self) -> int:
        """How many of the run's other samples may hold mutations."""
        own = self.position is not None and not self.is_control
        return int((~self.run.controls).sum()) - int(own)

    @cached_property
    def sites(self) -> SiteCounts:
        """The sample's own counts."""
        return site_counts(self.counts, self.changes, self.run.means)

    @cached_property
    def evidence(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(x, n) int64[C, 64]: what the other samples that are controls teach of each codon state."""
        x, n = self.run.evidence_counts, self.run.evidence_depths
        if self.is_control:
            own_x, own_n = evidence(self.counts, self._contaminated, self.reference)
            return x - own_x, n - own_n
        return x, n

    @cached_property
    def weights(self) -> NDArray[np.float64]:
        """float64[A, 60]: for every single change, how probable each node is before its own count is seen."""
        return self.updated(self._prior)

    @cached_property
    def weights_without_controls(self) -> NDArray[np.float64]:
        """The same as if the run had no wild-type control."""
        return self.updated(self._prior, use_controls=False)

    @cached_property
    def found_weights(self) -> NDArray[np.float64]:
        """The same from the found spread of the class alone, which nothing has made wider."""
        return self.updated(self._class_weights)

    def updated(self, prior: NDArray[np.float64], use_controls: bool = True) -> NDArray[np.float64]:
        """Weights float64[A, 60] from a prior float64[A, 60].

        METHOD: empirical Bayes. The spread of the class, times what controls show at the same site (negative
        binomial: Gerstung 2014, shearwater), or without controls what at least four other samples show. A control that
        is contaminated with the allele is no control of it.
        """
        own = self._own_logs
        from_controls = self.run.shown_by_controls - (own if self.is_control else 0.0)
        from_others = self.run.shown_by_others - (0.0 if self.is_control else own)
        controlled = self.evidence[1][self.changes.codon, self.changes.state] >= CONTROL_DEPTH
        controlled &= use_controls
        others = ~controlled & (self.others >= LEAST_OTHERS)
        rates = self.sites.rate[:, None] * GRID
        believed = possible(rates, np.maximum(prior, LEAST_WEIGHT), self.highest)
        prior = np.where(controlled[:, None], with_unbelieved(rates, believed, self.highest), believed)
        shown = np.where(controlled[:, None], from_controls, np.where(others[:, None], from_others, 0.0))
        shown = np.where(prior > 0, shown, -np.inf)
        posterior = prior * np.exp(shown - shown.max(axis=1, keepdims=True))
        return posterior / posterior.sum(axis=1, keepdims=True)

    @cached_property
    def _contaminated(self) -> NDArray[np.bool_]:
        """bool[C, 64]: what contaminates the sample where it is a control."""
        own = self.position if self.position is not None else -1
        return contaminated_states(self.run.contaminants, own, self.reference.codons)

    @cached_property
    def _own_logs(self) -> NDArray[np.float64]:
        """What this sample's own counts added to the run; 0 where the run does not hold it."""
        if self.position is None:
            return np.zeros((len(self.changes.codon), len(GRID)))
        sites = clean_sites(self.counts, self._contaminated, self.changes, self.run.means)
        logs = log_likelihood(sites, self.run.cv, float(self.run.templates[self.position]))
        return logs if self.is_control else maybe_mutated(sites, logs, self.changes.listed)

    @cached_property
    def _prior(self) -> NDArray[np.float64]:
        return 0.5 * self._class_weights + 0.5 * self.run.smooth[self._group]

    @cached_property
    def _class_weights(self) -> NDArray[np.float64]:
        """float64[A, 60]: the spread of each change's class, without what this very site taught."""
        found = self.run.classes[self._group]
        shown = self.run.shown_by_controls + self.run.shown_by_others
        learned = (~self.changes.listed & shown.any(axis=1))[:, None]
        return np.where(learned, without_site(found, self.run.sites[self._group][:, None], shown), found)

    @cached_property
    def _group(self) -> NDArray[np.int64]:
        return self.changes.transition.astype(np.int64)
