"""The error rate expected at each allele of one sample, from the background of its run."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ablkd.background.allele import GRID, RT_ERROR, Background, ErrorRate, assumed, with_unbelieved
from ablkd.background.classes import SingleChanges, bases_of, single_changes
from ablkd.background.detection import Limits
from ablkd.background.indel_rates import IndelRates
from ablkd.background.learning import class_means
from ablkd.background.posterior import CONTROL_DEPTH, LEAST_OTHERS, Posterior
from ablkd.background.run import RunBackground
from ablkd.background.templates import TemplateEstimate, estimate_templates
from ablkd.counting.counts import Counts
from ablkd.kernels import tails
from ablkd.records import Platform
from ablkd.reference import Reference

# METHOD: two errors in one codon are independent, but never rarer than this, nor than a tenth of the platform's indel
# errors: an insertion beside a deletion is aligned as neighbouring mismatches.
DOUBLE_ERROR, INDEL_AS_MISMATCHES = 1e-6, 0.1
# METHOD: a codon state in fewer than 1 % of the fragments adds nothing worth counting to the errors of its neighbours.
MOLECULES = 0.01


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
        sites = self._posterior.sites
        used = ~self.changes.listed & (sites.n > 0)
        rates = sites.rate[used, None] * GRID
        # The found spread alone: one made wider on purpose would leave nothing for clones to explain.
        weights = self._posterior.found_weights[None, used]
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
    def indels(self) -> IndelRates:
        """How often errors make insertions and deletions."""
        own = self._posterior.position, self.is_control
        return IndelRates(self.counts, self.run, self.platform, self.reference, self.molecules, *own)

    @cached_property
    def _posterior(self) -> Posterior:
        return Posterior(self.counts, self.run, self.reference, self.changes, float(self.means.max()))

    @property
    def is_control(self) -> bool:
        """Whether the sample is one of the run's wild-type controls."""
        return self._posterior.is_control

    @property
    def others(self) -> int:
        """How many of the run's other samples may hold mutations."""
        return self._posterior.others

    @property
    def controlled(self) -> bool:
        """Whether another sample is a wild-type control."""
        return int(self.run.controls.sum()) > int(self.is_control)

    @property
    def mode(self) -> str:
        """What the background was learned from, in words."""
        past = int((self.run.controls & (self.run.samples == "")).sum())
        present = int(self.run.controls.sum()) - past - int(self.is_control)
        parts = [f"{present} wild-type control{'s' if present > 1 else ''} of the run"] if present else []
        parts += [f"{past} wild-type control{'s' if past > 1 else ''} of panel {self.run.panel}"] if past else []
        if parts:
            return " and ".join(parts)
        return f"{self.others} other samples of the run" if self.others >= LEAST_OTHERS else "a priori"

    @property
    def weights(self) -> NDArray[np.float64]:
        """float64[A, 60]: for every single change, how probable each node is before its own count is seen."""
        return self._posterior.weights

    @cached_property
    def _carry(self) -> NDArray[np.float64]:
        """float64[C, 64]: `carried` of each state of each codon."""
        others = self.run.run_states - (self._states if self._own else 0)
        return self.platform.carry_over * others / np.maximum(others.sum(axis=1, keepdims=True), 1)

    @property
    def _own(self) -> Counts | None:
        """The sample's counts where the run was learned from them too."""
        return None if self._posterior.position is None else self.counts

    # ------------------------------------------------------------ one allele

    def single(self, index: int) -> ErrorRate:
        """The rate of a single change of the unmutated codon."""
        return self.of(int(self.changes.codon[index]), int(self.changes.state[index]))

    def of(self, codon: int, state: int) -> ErrorRate:
        """The rate of any changed state of a 0-based codon."""
        x, n = (int(part[codon, state]) for part in self._posterior.evidence)
        return self._rate(codon, state, self._posterior.weights, x, n)

    def without_controls(self, codon: int, state: int) -> ErrorRate:
        """The same as if the run had no wild-type control: a limit that it meets is missed for what controls show."""
        return self._rate(codon, state, self._posterior.weights_without_controls, 0, 0)

    def _rate(self, codon: int, state: int, weights: NDArray[np.float64], x: int, n: int) -> ErrorRate:
        """`weights` are those of single changes; x of n fragments of controls show the state."""
        mean, clones = self._mean(codon, state)
        rates = mean * GRID + self.carried(codon, state)
        index = self.changes.index.get((codon, state))
        if index is not None:
            return ErrorRate(rates, weights[index], clones)
        highest = float(self.means.max())
        prior = assumed(mean, self.platform.error_log_sd, highest=highest)
        return ErrorRate(rates, _updated(prior, x, n, self.run.cv, highest), clones)

    def contaminated(self, codon: int, state: int) -> float:
        """Highest fraction of a codon state that contaminates a wild-type control; 0.0 if none.

        A control's own contamination does not count.
        """
        return self.run.contaminated(codon, state, self._posterior.position)

    def carried(self, codon: int, state: int) -> float:
        """Rate at which fragments of the run's other samples are expected to show the state here.

        METHOD: a fixed share of the fragments of a run change their sample (platforms.tsv, carry_over).
        """
        return float(self._carry[codon, state])

    def lost(self, codon: int, real: Collection[int]) -> float:
        """Share of a codon's fragments that show none of the states its molecules have."""
        seen = self._states[codon]
        return 1 - float(seen[[*{int(self.wild[codon]), *real}]].sum() / max(1, seen.sum()))

    def _mean(self, codon: int, state: int) -> tuple[float, float]:
        """(class mean of the errors that make a state of the states seen, templates expected to carry it by RT).

        METHOD: an error on a mutated molecule is an error too: a state one base away from a common mutation is
        expected at that mutation's share times the error rate.
        """
        rate, near = 0.0, 0.0
        for other, share in self.molecules[codon]:
            rates = self._single_rates(codon, other, state)
            if rates:
                rate += share * (rates[0] if len(rates) == 1 else self._double(rates))
                near += share * (len(rates) == 1)
        return max(rate, DOUBLE_ERROR), self.templates[0] * RT_ERROR * near

    @cached_property
    def molecules(self) -> list[list[tuple[int, float]]]:
        """For each codon (state, share) of what its molecules have, errors left out."""
        total = self._states.sum(axis=1)
        found: list[list[tuple[int, float]]] = [
            [] if n else [(int(w), 1.0)] for n, w in zip(total, self.wild, strict=True)
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
    def wild(self) -> NDArray[np.int64]:
        """int64[C]: state of each unmutated codon."""
        codes = self.reference.codes[: 3 * self.reference.codons].astype(np.int64)
        return codes.reshape(-1, 3) @ np.array([16, 4, 1])


def _updated(prior: ErrorRate, x: int, n: int, cv: float, highest: float) -> NDArray[np.float64]:
    """Weights after x of n fragments of all controls together."""
    if n < CONTROL_DEPTH:
        return prior.weights
    counts, depths = np.array([x], np.int64), np.array([n], np.int64)
    logs = tails.log_likelihoods(counts, depths, prior.rates[None, :], np.zeros(1), cv, 1.0, 0.0)[0]
    weights = with_unbelieved(prior.rates, prior.weights, highest)
    weights = weights * np.exp(logs - logs[weights > 0].max())
    return weights / weights.sum()
