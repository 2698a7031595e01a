"""The error rate expected at each allele of one sample, from the background of its run."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ablkd.background.allele import GRID, RT_ERROR, Background, ErrorRate, assumed, possible, with_unbelieved
from ablkd.background.classes import SingleChanges, bases_of, single_changes
from ablkd.background.detection import Limits
from ablkd.background.indels import indel_kind, touched_runs
from ablkd.background.learning import SiteCounts, class_means, log_likelihood, maybe_mutated, site_counts
from ablkd.background.run import RunBackground
from ablkd.background.templates import TemplateEstimate, estimate_templates
from ablkd.counting.counts import Counts, Indel
from ablkd.kernels import tails
from ablkd.records import Platform
from ablkd.reference import Reference

# METHOD: two errors in one codon are independent, but never rarer than this, nor than a tenth of the platform's indel
# errors: an insertion beside a deletion is aligned as neighbouring mismatches.
DOUBLE_ERROR, INDEL_AS_MISMATCHES = 1e-6, 0.1
# METHOD: other samples of the run stand in for controls from four on.
LEAST_OTHERS = 4
# METHOD: a codon state in fewer than 1 % of the fragments adds nothing worth counting to the errors of its neighbours.
MOLECULES = 0.01
# So that no rate is quite impossible.
LEAST_WEIGHT = 1e-290
# METHOD: a control tells of a codon from this many fragments on.
CONTROL_DEPTH = 100


@dataclass(frozen=True, eq=False)
class Expected:
    """What errors are expected to do in one sample; `stated` are the molecules its sheet line states."""

    counts: Counts
    run: RunBackground
    platform: Platform
    reference: Reference
    stated: float | None

    # ------------------------------------------------------------ the sample

    @cached_property
    def changes(self) -> SingleChanges:
        """Every single-base change of the target."""
        return single_changes(self.reference)

    @cached_property
    def means(self) -> NDArray[np.float64]:
        """float64[3, CLASSES]: the sample's own class means by orientation."""
        return class_means([self.counts], self.changes, self.run.means)

    @cached_property
    def depth(self) -> NDArray[np.int64]:
        """int64[C, 3]: fragments by codon and orientation."""
        return self.counts.codons.sum(axis=2)

    @cached_property
    def templates(self) -> tuple[float, str]:
        """(molecules to reckon with, where the number is from)."""
        return self.template_estimate.used(self.stated)

    @cached_property
    def template_estimate(self) -> TemplateEstimate:
        """What the fragments themselves say of the number of molecules."""
        sites = self._sites
        used = ~self.changes.listed & (sites.n > 0)
        rates = sites.rate[used, None] * GRID
        # The found spread alone: one made wider on purpose would leave nothing for clones to explain.
        weights = self._posterior(self._class_weights)[None, used]
        return estimate_templates(sites.x[used], sites.n[used], rates, weights, self.run.cv)

    @cached_property
    def background(self) -> Background:
        """How counts of this sample vary."""
        return Background(self.run.cv, self.templates[0], self.template_estimate.numbers(self.stated))

    @cached_property
    def limits(self) -> Limits:
        """Limits of detection of this sample."""
        return Limits(self.background.templates)

    @cached_property
    def _position(self) -> int | None:
        return self.run.position(self.counts.sample)

    @property
    def _is_control(self) -> bool:
        return self._position is not None and bool(self.run.controls[self._position])

    @property
    def others(self) -> int:
        """How many of the run's other samples may hold mutations."""
        own = self._position is not None and not self._is_control
        return int((~self.run.controls).sum()) - int(own)

    @property
    def controlled(self) -> bool:
        """Whether another sample is a wild-type control."""
        return int(self.run.controls.sum()) > int(self._is_control)

    @property
    def mode(self) -> str:
        """What the background was learned from, in words."""
        past = int((self.run.controls & (self.run.samples == "")).sum())
        present = int(self.run.controls.sum()) - past - int(self._is_control)
        parts = [f"{present} wild-type control{'s' if present > 1 else ''} of the run"] if present else []
        parts += [f"{past} wild-type control{'s' if past > 1 else ''} of panel {self.run.panel}"] if past else []
        if parts:
            return " and ".join(parts)
        return f"{self.others} other samples of the run" if self.others >= LEAST_OTHERS else "a priori"

    # ------------------------------------------------------------ weights of the nodes

    @cached_property
    def weights(self) -> NDArray[np.float64]:
        """float64[A, 60]: for every single change, how probable each node is before its own count is seen."""
        return self._posterior(0.5 * self._class_weights + 0.5 * self.run.smooth[self._group])

    def _posterior(self, prior: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weights float64[A, 60] from a prior float64[A, 60].

        METHOD: empirical Bayes. The spread of the class, times what controls show at the same site (negative
        binomial: Gerstung 2014, shearwater), or without controls what at least four other samples show.
        """
        own = self._own_logs
        from_controls = self.run.shown_by_controls - (own if self._is_control else 0.0)
        from_others = self.run.shown_by_others - (0.0 if self._is_control else own)
        controlled = self._control_states.sum(axis=1)[self.changes.codon] >= CONTROL_DEPTH
        others = ~controlled & (self.others >= LEAST_OTHERS)
        rates, highest = self._sites.rate[:, None] * GRID, float(self.means.max())
        believed = possible(rates, np.maximum(prior, LEAST_WEIGHT), highest)
        prior = np.where(controlled[:, None], with_unbelieved(rates, believed, highest), believed)
        shown = np.where(controlled[:, None], from_controls, np.where(others[:, None], from_others, 0.0))
        shown = np.where(prior > 0, shown, -np.inf)
        posterior = prior * np.exp(shown - shown.max(axis=1, keepdims=True))
        return posterior / posterior.sum(axis=1, keepdims=True)

    @cached_property
    def _own_logs(self) -> NDArray[np.float64]:
        """What this sample's own counts added to the run; 0 where the run does not hold it."""
        if self._position is None:
            return np.zeros((len(self.changes.codon), len(GRID)))
        logs = log_likelihood(self._sites, self.run.cv, float(self.run.templates[self._position]))
        return logs if self._is_control else maybe_mutated(self._sites, logs, self.changes.listed)

    @cached_property
    def _sites(self) -> SiteCounts:
        return site_counts(self.counts, self.changes, self.run.means)

    @cached_property
    def _carry(self) -> NDArray[np.float64]:
        """float64[C, 64]: `carried` of each state of each codon."""
        beside = self.run.run_states - (self._states if self._position is not None else 0)
        return self.platform.carry_over * beside / np.maximum(beside.sum(axis=1, keepdims=True), 1)

    @cached_property
    def _control_states(self) -> NDArray[np.int64]:
        """int64[C, 64]: what the other samples that are controls show."""
        return self.run.control_states - (self._states if self._is_control else 0)

    @cached_property
    def _class_weights(self) -> NDArray[np.float64]:
        """float64[A, 60]: the spread of each change's class, without what this very site taught."""
        found = self.run.classes[self._group]
        shown = self.run.shown_by_controls + self.run.shown_by_others
        part = found * np.exp(shown - shown.max(axis=1, keepdims=True))
        part /= part.sum(axis=1, keepdims=True)
        learned = (~self.changes.listed & shown.any(axis=1))[:, None]
        sites = self.run.sites[self._group][:, None]
        without = np.maximum(found * sites - part, 0.0) / (sites - 1)
        return np.where(learned, without, found)

    # ------------------------------------------------------------ one allele

    def single(self, index: int) -> ErrorRate:
        """The rate of a single change of the unmutated codon."""
        codon, state = int(self.changes.codon[index]), int(self.changes.state[index])
        mean, clones = self._mean(codon, state)
        return self._with_carry(codon, state, mean, self.weights[index], clones)

    def of(self, codon: int, state: int) -> ErrorRate:
        """The rate of any changed state of a 0-based codon."""
        index = self.changes.index.get((codon, state))
        if index is not None:
            return self.single(index)
        mean, clones = self._mean(codon, state)
        prior = assumed(mean, self.platform.error_log_sd, highest=float(self.means.max()))
        x, n = int(self._control_states[codon, state]), int(self._control_states[codon].sum())
        return self._with_carry(codon, state, mean, _updated(prior, x, n, self.run.cv, float(self.means.max())), clones)

    def indel(self, indel: Indel) -> ErrorRate:
        """The rate of an insertion or deletion."""
        kind = indel_kind(indel, self._touched)
        mean = float(self.run.indel_means[kind])
        prior = assumed(mean, self.platform.error_log_sd)
        x = self.run.indel_in_controls(indel) - (self.counts.indels.get(indel, 0) if self._is_control else 0)
        n = int(self._control_states[min(indel[0] // 3, len(self.depth) - 1)].sum())
        return ErrorRate(prior.rates, _updated(prior, x, n, self.run.cv, mean))

    def carried(self, codon: int, state: int) -> float:
        """Rate at which fragments of the run's other samples are expected to show the state here.

        METHOD: a fixed share of the fragments of a run change their sample (platforms.tsv, carry_over).
        """
        return float(self._carry[codon, state])

    def carried_indel(self, indel: Indel) -> float:
        """To be replaced."""
        return 0.0

    def lost(self, codon: int, real: Collection[int]) -> float:
        """Share of a codon's fragments that show none of the states its molecules have."""
        seen = self._states[codon]
        return 1 - float(seen[[*{int(self._wild[codon]), *real}]].sum() / max(1, seen.sum()))

    def _with_carry(
        self, codon: int, state: int, mean: float, weights: NDArray[np.float64], clones: float
    ) -> ErrorRate:
        return ErrorRate(mean * GRID + self.carried(codon, state), weights, clones)

    def _mean(self, codon: int, state: int) -> tuple[float, float]:
        """(class mean of the errors that make a state of the states seen, templates expected to carry it by RT).

        METHOD: an error on a mutated molecule is an error too: a state one base away from a common mutation is
        expected at that mutation's share times the error rate.
        """
        rate, near = 0.0, 0.0
        for other, share in self._molecules[codon]:
            rates = self._single_rates(codon, other, state)
            if rates:
                rate += share * (rates[0] if len(rates) == 1 else self._double(rates))
                near += share * (len(rates) == 1)
        return max(rate, DOUBLE_ERROR), self.templates[0] * RT_ERROR * near

    @cached_property
    def _molecules(self) -> list[list[tuple[int, float]]]:
        """For each codon (state, share) of what its molecules have, errors left out."""
        total = self._states.sum(axis=1)
        found: list[list[tuple[int, float]]] = [
            [] if n else [(int(w), 1.0)] for n, w in zip(total, self._wild, strict=True)
        ]
        for codon, state in np.argwhere((self._states >= MOLECULES * total[:, None]) & (total > 0)[:, None]).tolist():
            found[codon].append((state, float(self._states[codon, state] / total[codon])))
        return found

    def _single_rates(self, codon: int, before: int, after: int) -> list[float]:
        """Class mean at each base in which two states of a codon differ."""
        rates = []
        for i, (a, b) in enumerate(zip(bases_of(before), bases_of(after), strict=True)):
            if a != b:
                kind = 16 * int(self.changes.beside[3 * codon + i]) + 4 * a + b
                rates.append(float(self._class_rates[codon, kind]))
        return rates

    def _double(self, rates: Sequence[float]) -> float:
        """Mean rate at which one codon is misread at several bases with these rates."""
        return max(DOUBLE_ERROR, math.prod(rates), INDEL_AS_MISMATCHES * self.platform.indel_error)

    @cached_property
    def _states(self) -> NDArray[np.int64]:
        """int64[C, 64]: fragments by codon state."""
        return self.counts.codons.sum(axis=1)

    @cached_property
    def _class_rates(self) -> NDArray[np.float64]:
        """float64[C, CLASSES]: class means at each codon's mix of orientations."""
        total = self.depth.sum(axis=1, keepdims=True)
        mix = np.where(total > 0, self.depth / np.maximum(total, 1), 1 / 3)
        return mix @ self.means

    @cached_property
    def _group(self) -> NDArray[np.int64]:
        return self.changes.transition.astype(np.int64)

    @cached_property
    def _wild(self) -> NDArray[np.int64]:
        codes = self.reference.codes[: 3 * self.reference.codons].astype(np.int64)
        return codes.reshape(-1, 3) @ np.array([16, 4, 1])

    @cached_property
    def _touched(self) -> NDArray[np.int64]:
        return touched_runs(self.reference.codes)


def _updated(prior: ErrorRate, x: int, n: int, cv: float, highest: float) -> NDArray[np.float64]:
    """Weights after x of n fragments of all controls together."""
    if n < CONTROL_DEPTH:
        return prior.weights
    counts, depths = np.array([x], np.int64), np.array([n], np.int64)
    logs = tails.log_likelihoods(counts, depths, prior.rates[None, :], np.zeros(1), cv, 1.0, 0.0)[0]
    weights = with_unbelieved(prior.rates, prior.weights, highest)
    weights = weights * np.exp(logs - logs[weights > 0].max())
    return weights / weights.sum()
