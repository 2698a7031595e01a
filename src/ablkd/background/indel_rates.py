"""The error rate expected at each insertion and deletion of one sample, and what the rest of its run says of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ablkd import hgvs
from ablkd.background.allele import GRID, HIGHEST_RATE, LIMIT, UNBELIEVED, ErrorRate
from ablkd.background.indel_learning import HIGHEST_FACTOR, log_likelihood, maybe_mutated
from ablkd.background.indels import RAREST, indel_kind
from ablkd.background.run import RunBackground, indel_key, parse_indel_key
from ablkd.background.spread import without_site
from ablkd.counting.counts import Counts, Indel
from ablkd.counting.tally import LONGEST_DELETION
from ablkd.records import Platform
from ablkd.reference import Reference
from ablkd.verdicts.thresholds import MIN_ALT_FRAGMENTS

# METHOD: controls are informative about an indel from this many fragments on.
CONTROL_DEPTH = 100
# METHOD: a substitution or another indel up to so many bases from an indel, in 1 % of the molecules or more, changes
# what an error makes of these.
NEAR, COMMON = 12, 0.01
# METHOD: two errors side by side look like one indel of both. They are expected at the product of how often the sample
# shows each by itself, twice that because poor reads have more of both. One fragment more than was seen is counted, so
# that what was never seen by itself is not impossible.
BOTH_IN_ONE = 2.0
# Bases around an indel that hold everything near it.
AROUND = 4 * NEAR + LONGEST_DELETION
# METHOD: an indel that three or more other patients of the run have at a like fraction is an error of its place. Like:
# the logarithms differ by at most two standard deviations of the errors of one site in two samples (between-sample cv,
# and counting). A person's indel has a fraction of its own, which is hardly ever alike in four patients.
RECURRENT, ALIKE = 3, 2.0


@dataclass(frozen=True, eq=False)
class IndelRates:
    """One sample against its run.

    molecules: for each codon (state, share) of what the sample's molecules have, as of `Expected`. position: index of
    the sample in the run, None where the run does not have it; is_control: whether it is one of its wild-type controls.
    """

    counts: Counts
    run: RunBackground
    platform: Platform
    reference: Reference
    molecules: Sequence[Sequence[tuple[int, float]]]
    position: int | None
    is_control: bool

    def rate(self, indel: Indel, use_controls: bool = True) -> ErrorRate:
        """The rate of an indel with what the other samples of the run add to it.

        METHOD: empirical Bayes, as for substitutions: the spread of the platform's sites, times what the controls show
        of this indel.
        """
        mean = self.mean(indel)
        rates = mean * GRID
        shown, depths, foreign = self.run.indel(indel)
        informative = self._other_controls & ~foreign
        x, n = (part[informative] for part in (shown, depths))
        believed = rates <= min(LIMIT, max(HIGHEST_RATE, HIGHEST_FACTOR * mean))
        weights = np.where(believed, self._prior(indel), 0.0)
        weights /= weights.sum()
        if use_controls and n.sum() >= CONTROL_DEPTH:
            # Rates that nobody would believe of a place, for the controls to speak of.
            weights = weights + UNBELIEVED / len(GRID) * (~believed & (rates <= LIMIT))
            logs = log_likelihood(x, n, np.broadcast_to(rates, (len(x), len(GRID))), self.run.cv).sum(axis=0)
            weights = weights * np.exp(logs - logs[weights > 0].max())
            weights /= weights.sum()
        return ErrorRate(rates + self.carried(indel), weights)

    def mean(self, indel: Indel) -> float:
        """Mean rate of the kind of an indel.

        METHOD: an error on a mutated molecule is an error too: what makes the indel's sequence from a molecule with a
        substitution or another indel near it, as one deletion or insertion of another kind, counts by the share of
        these molecules.
        """
        means = self.run.indel_means
        rate = float(means[indel_kind(self.reference.sequence, indel)])
        for sequence, share in self._haplotypes(indel):
            edit = smallest_indel(sequence, self.reference.sequence, indel)
            if edit is not None:
                rate += share * float(means[indel_kind(sequence, edit)])
        return max(rate, self._side_by_side(indel), RAREST)

    def _side_by_side(self, indel: Indel) -> float:
        """Rate of two errors that together insert or delete the same bases; 0 for one base."""
        start, end, inserted = indel
        if start != end and inserted:
            return 0.0
        cuts = range(1, max(len(inserted), end - start))
        pairs = (
            ((start, start, inserted[:cut]), (start, start, inserted[cut:]))
            if inserted
            else ((start, start + cut, ""), (start + cut, end, ""))
            for cut in cuts
        )
        return max((BOTH_IN_ONE * self._seen(one) * self._seen(other) for one, other in pairs), default=0.0)

    def _seen(self, indel: Indel) -> float:
        shown, total = self.counts.indel(hgvs.shift_indel_right(self.reference.sequence, *indel))
        return min(1.0, (shown + 1) / max(1, total))

    def carried(self, indel: Indel) -> float:
        """Rate at which fragments of the run's other samples are expected to show the indel here.

        METHOD: a fixed share of the fragments of a run change their sample (platforms.tsv, carry_over).
        """
        shown, depths, _ = self.run.indel(indel)
        of_run = self._others & (self.run.samples != "")
        return self.platform.carry_over * float(shown[of_run].sum()) / max(1.0, float(depths[of_run].sum()))

    def contaminated(self, indel: Indel) -> float:
        """Highest fraction at which it contaminates another wild-type control; 0.0 if none."""
        shown, depths, foreign = self.run.indel(indel)
        found = foreign & self._others
        return float((shown[found] / depths[found]).max(initial=0.0))

    def recurrent(self, indel: Indel) -> bool:
        """Whether so many other patients of the run have it at a like fraction that it is an error of its place."""
        own, total = self.counts.indel(indel)
        if not own:
            return False
        shown, depths, _ = self.run.indel(indel)
        known = self._of_other_patients & (shown > 0)
        x, n = np.where(known, shown, 1), np.where(known, depths, 1)
        sd = np.sqrt(2 * self.run.cv**2 + 1 / x + 1 / own)
        alike = known & (np.abs(np.log(x / n) - np.log(own / total)) <= ALIKE * sd)
        owners = defaultdict(set)
        for sample, patient in zip(self.run.samples[alike].tolist(), self.run.patients[alike].tolist(), strict=True):
            owners[patient or f"sample {sample}"].add(sample)
        return len(owners) >= RECURRENT

    @cached_property
    def in_controls(self) -> list[Indel]:
        """What the run's other controls show, the most frequent first."""
        informative = self._other_controls & ~self.run.indel_foreign
        x = np.where(informative, self.run.indel_shown, 0).sum(axis=1)
        n = np.where(informative, self.run.indel_depths, 0).sum(axis=1)
        fractions = x / np.maximum(n, CONTROL_DEPTH)
        return [parse_indel_key(str(self.run.indel_keys[i])) for i in np.argsort(-fractions, kind="stable") if x[i]]

    @cached_property
    def _others(self) -> NDArray[np.bool_]:
        return np.arange(len(self.run.samples)) != (-1 if self.position is None else self.position)

    @property
    def _other_controls(self) -> NDArray[np.bool_]:
        return self.run.controls & self._others

    @cached_property
    def _of_other_patients(self) -> NDArray[np.bool_]:
        own = "" if self.position is None else str(self.run.patients[self.position])
        return self._others & ~self.run.controls & ((self.run.patients != own) | (self.run.patients == ""))

    def _prior(self, indel: Indel) -> NDArray[np.float64]:
        """float64[60]: the spread of sites, without what this very one taught."""
        found, key = self.run.indel_found, indel_key(indel)
        if key in self._learned:
            shown, depths, _ = self.run.indel(indel)
            rates = np.broadcast_to(
                float(self.run.indel_means[indel_kind(self.reference.sequence, indel)]) * GRID, (len(shown), len(GRID))
            )
            logs = maybe_mutated(shown, depths, log_likelihood(shown, depths, rates, self.run.cv)).sum(axis=0)
            found = without_site(found[None], np.array([[self.run.indel_sites]]), logs[None])[0]
        return 0.5 * found + 0.5 * self.run.indel_smooth

    @cached_property
    def _learned(self) -> frozenset[str]:
        return frozenset(self.run.indel_learned.tolist())

    def _haplotypes(self, indel: Indel) -> Iterator[tuple[str, float]]:
        """(sequence, share) of molecules with a common substitution or another common indel near one."""
        sequence = self.reference.sequence
        first, past = hgvs.ambiguous_span(sequence, *indel)
        for codon in range(max(0, first - NEAR) // 3, min((past + NEAR) // 3 + 1, len(self.molecules))):
            for state, share in self.molecules[codon]:
                bases = hgvs.CODONS[state]
                if bases != sequence[3 * codon : 3 * codon + 3]:
                    yield sequence[: 3 * codon] + bases + sequence[3 * codon + 3 :], share
        for start, end, inserted, share in self._common:
            if start <= past + NEAR and first - NEAR <= end and (start, end, inserted) != indel:
                yield sequence[:start] + inserted + sequence[end:], share

    @cached_property
    def _common(self) -> list[tuple[int, int, str, float]]:
        """Indels that so many molecules have."""
        seen = self.counts.indels.items()
        return [(*indel, x / n) for indel, (x, n) in seen if x >= max(MIN_ALT_FRAGMENTS, COMMON * n)]


def smallest_indel(sequence: str, target: str, indel: Indel) -> Indel | None:
    """The one deletion or insertion that makes of `sequence`, the target with another change near it, what `indel`
    makes of the target, at its most 3' place; None where it takes more than one."""
    start, end, inserted = indel
    low, high = max(0, start - AROUND), min(len(target), end + AROUND)
    before = sequence[low : high + len(sequence) - len(target)]
    made = target[low:start] + inserted + target[end:high]
    short = min(len(made), len(before))
    same = next((i for i in range(short) if made[i] != before[i]), short)
    last = next((i for i in range(short - same) if made[-1 - i] != before[-1 - i]), short - same)
    if same + last < short or len(made) == len(before):
        return None
    edit = low + same, low + len(before) - last, made[same : len(made) - last]
    return hgvs.shift_indel_right(sequence, *edit)
