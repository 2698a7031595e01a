"""Whether a sample contains a little of another one of its run: markers that only that one has, at one ratio."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ablkd.checks.identity import Rows, present_fusions
from ablkd.checks.markers import (
    JUNCTIONS,
    OWN,
    SPREAD,
    Marker,
    Trace,
    highest_shown,
    limits,
    of_fusion,
    own_markers,
    signs,
)
from ablkd.records import Fusion, QcMetric, Sample
from ablkd.samples import expected_findings
from ablkd.wording import joined, per_cent

# METHOD: a receiver shows at most half of what the source shows; from there on nobody can tell who gave to whom.
MOST = 0.5
# METHOD: one marker alone is believed below this level, shared by all markers looked for in the run (Bonferroni).
RUN_ALPHA = 0.01

Person = tuple[str, str]


@dataclass(frozen=True)
class Source:
    """One sample of the run as the possible source of another's traces."""

    rows: Rows
    traces: tuple[Trace, ...]
    proven: bool

    @property
    def share(self) -> float:
        """The part of the receiver that would be the source's."""
        return min(1.0, sum(t.share for t in self.traces) / sum(t.marker.share for t in self.traces))

    @property
    def sentence(self) -> str:
        """Which sample, how much of it, and by which markers."""
        seen = [f"{t.marker.name} {per_cent(t.share)} (there {per_cent(t.marker.share)})" for t in self.traces]
        return f"about {per_cent(self.share)} may be {_named(self.rows.sample)}: {joined(seen)}"


def _named(sample: Sample) -> str:
    whose = sample.patient if sample.role == "patient" else sample.role.replace("_", " ")
    return f"{sample.sample} ({whose})" if whose else sample.sample


def person(sample: Sample) -> Person:
    """Whose sample it is: one without a patient's name is its own.

    METHOD: positive and recombination controls of a run are often dilutions of one material, so they count as one.
    """
    if sample.role in ("positive_control", "recombination_control"):
        return "material", ""
    return ("patient", sample.patient) if sample.role == "patient" and sample.patient else ("sample", sample.sample)


class Contamination:
    """The samples of one run, each as receiver and as source of the others."""

    def __init__(self, samples: Sequence[Rows], together: Mapping[str, Collection[str]]) -> None:
        """`together` maps each fusion to those a source reports together with it."""
        self._samples = samples
        self._together = together
        self._owners: dict[str, set[Person]] = defaultdict(set)
        self._limits = {rows.sample.sample: limits(rows) for rows in samples}
        self._own = {rows.sample.sample: own_markers(rows) for rows in samples}
        # A control without template has nothing of its own: what is in it is another sample's.
        self._sources = [rows for rows in samples if rows.sample.role != "no_template_control"]
        for rows in self._sources:
            for key in (*self._own[rows.sample.sample], *(f.fusion for f in self._main(rows))):
                self._owners[key].add(person(rows.sample))

    def _main(self, rows: Rows) -> list[Fusion]:
        return [f for f in present_fusions(rows, self._together)[:1] if (f.fraction or 0.0) >= OWN]

    def check(self, receiver: Rows) -> QcMetric:
        """The verdict on one sample: `review` where another's alleles are in it at one ratio."""
        sample = receiver.sample.sample
        if receiver.sample.role == "recombination_control":
            return QcMetric(sample, "contamination", "not assessable", "", "", "pass", "a mixture by design")
        others = [s for s in self._sources if person(s.sample) != person(receiver.sample)]
        looked = [limit for s in others if (limit := self._least(receiver, s)) is not None]
        sources = _best_of_each([source for s in others if (source := self._source(receiver, s))])
        proven = [s for s in sources if s.proven]
        if proven:
            told = "contamination: " + "; ".join(s.sentence for s in proven)
            remedy = _remedy(receiver.sample, [s.rows.sample for s in proven])
            share = f"{max(s.share for s in proven):.6g}"
            return QcMetric(sample, "contamination", share, "fraction", "", "review", f"{told}; {remedy}")
        if not looked:
            reason = "no sample of another person has an allele of its own that could have been seen in this one"
            return QcMetric(sample, "contamination", "not assessable", "", "", "pass", reason)
        doubts = [f"one allele that recurs in other people is no proof: {s.sentence}" for s in sources]
        reason = "; ".join([_looked_for(looked, len(others)), *doubts])
        return QcMetric(sample, "contamination", "not found", "fraction", f"{max(looked):.6g}", "pass", reason)

    def _markers(self, receiver: Rows, source: Rows) -> list[Marker]:
        """Markers of the source that nobody else has, the receiver's person and its expectations included."""
        expected = {name for e in expected_findings(receiver.sample.expected) for name in e.name.split("+")}
        own = {person(source.sample)}
        mixed = self._may_hold_normal(receiver)
        found = []
        for key, marker in self._own[source.sample.sample].items():
            if self._owners[key] == own and marker.name not in expected:
                # METHOD: listed mutations and known isoform events arise anew in many patients; and where the
                # receiver's product may contain normal transcripts, a rare allele may be inherited. Neither is proof
                # alone.
                found.append(replace(marker, recurrent=marker.recurrent or mixed))
        return found

    def _may_hold_normal(self, rows: Rows) -> bool:
        present = {f.fusion for f in rows.fusion if f.call == "present"}
        return not present or bool(present - set(self._together))

    def _fusion_traces(self, receiver: Rows, source: Rows) -> list[Trace]:
        """The source's fusion as a minor one of the receiver, where that is not known to occur by itself."""
        mine = present_fusions(receiver, self._together)[:1]
        traces = []
        for main in self._main(source):
            known = {m.fusion for m in mine} | {n for m in mine for n in self._together[m.fusion]}
            if self._owners[main.fusion] != {person(source.sample)} or main.fusion in known or not mine:
                continue
            marker = of_fusion(main)
            for row in receiver.fusion:
                if row.fusion == main.fusion and row.junction_reads >= JUNCTIONS and (row.fraction or 0.0) > 0:
                    here = of_fusion(row)
                    traces.append(Trace(marker, here.share, here.low, here.high, False))
        return traces

    @cached_property
    def _tests(self) -> int:
        """How many pairs of a receiver and a marker the run has."""
        pairs = ((a, b) for a in self._samples for b in self._sources if person(a.sample) != person(b.sample))
        return max(1, sum(len(self._markers(a, b)) for a, b in pairs))

    def _source(self, receiver: Rows, source: Rows) -> Source | None:
        """What of the source is in the receiver; None for nothing, or where what should be there too is not."""
        most = 1.0 if receiver.sample.role == "no_template_control" else MOST
        shown, alpha = signs(receiver), RUN_ALPHA / self._tests
        markers = self._markers(receiver, source)
        traces = [shown[m.key].as_trace_of(m, alpha) for m in markers if m.key in shown]
        traces += self._fusion_traces(receiver, source)
        agreeing, ratio = _largest([t for t in traces if t.share <= most * t.marker.share])
        if not agreeing or self._refuted(receiver, markers, agreeing, ratio):
            return None
        proven = len(agreeing) > 1 or agreeing[0].sure
        return Source(source, tuple(agreeing), proven)

    def _refuted(self, receiver: Rows, markers: list[Marker], traces: list[Trace], ratio: float) -> bool:
        """Whether a marker that such a contamination must bring, even at its least, is not there."""
        shown = highest_shown(receiver)
        for marker in markers:
            if marker not in [t.marker for t in traces]:
                limit = SPREAD * shown[marker.key] if marker.key in shown else self._visible(receiver, marker)
                if limit is not None and ratio * marker.low > limit:
                    return True
        return False

    def _least(self, receiver: Rows, source: Rows) -> float | None:
        """The smallest contamination by this source that would have shown; None where none would."""
        limits = [(self._visible(receiver, m), m.share) for m in self._markers(receiver, source)]
        return min((lod / share for lod, share in limits if lod is not None and lod < MOST * share), default=None)

    def _visible(self, rows: Rows, marker: Marker) -> float | None:
        """The fraction at which a sample would have shown an allele with 95 % probability; None: not known."""
        limits = self._limits[rows.sample.sample]
        return limits.get(marker.key, limits.get(str(marker.codon)))


def _largest(traces: list[Trace]) -> tuple[list[Trace], float]:
    """The most traces that share one ratio, and the least it can be; of equal sets the one with a sure trace."""
    best: tuple[list[Trace], float] = ([], 0.0)
    for least in sorted(t.ratio[0] for t in traces):
        sharing = [t for t in traces if t.ratio[0] <= least <= t.ratio[1]]
        if (len(sharing), any(t.sure for t in sharing)) > (len(best[0]), any(t.sure for t in best[0])):
            best = (sharing, least)
    return best


def _best_of_each(sources: Iterable[Source]) -> list[Source]:
    """One source of each person, the one with the most traces."""
    best: dict[Person, Source] = {}
    for source in sources:
        whose = person(source.rows.sample)
        if whose not in best or (source.proven, len(source.traces)) > (best[whose].proven, len(best[whose].traces)):
            best[whose] = source
    return list(best.values())


def _remedy(receiver: Sample, sources: Sequence[Sample]) -> str:
    nameless = any(s.role == "patient" and not s.patient for s in sources) or not receiver.patient
    patients = receiver.role == "patient" and any(s.role == "patient" for s in sources)
    hint = ", or name the patient in the sheet if both are of one person" if nameless and patients else ""
    return f"check for carry-over between the samples{hint}"


def _looked_for(limits: Sequence[float], others: int) -> str:
    """From which contamination on it would have shown, and that some samples have nothing to show it by."""
    rest = others - len(limits)
    told = f"{len(limits)} of {others} samples of other persons would have shown from {per_cent(max(limits))} on"
    return f"{told}; nothing can be said of {rest}: no allele of their own could show" if rest else told
