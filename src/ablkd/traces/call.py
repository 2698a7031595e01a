"""Traces of one sample -> the tables that reads have: calls, coverage, isoforms, bounds, windows, quality."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ablkd.counting.junctions import UNREARRANGED
from ablkd.errors import UnusableSample
from ablkd.records import Fusion, QcMetric, SampleTables, SpliceEvent
from ablkd.reference import Reference, sha256
from ablkd.traces.abif import read_trace
from ablkd.traces.agreement import agreement_rows, compare, junction_rows
from ablkd.traces.align import PlacedTrace, place_trace
from ablkd.traces.alleles import measure
from ablkd.traces.bounds import haplotype_rows, phase_rows, sites_of
from ablkd.traces.candidates import candidates
from ablkd.traces.evidence import Evidence, judged, weigh
from ablkd.traces.indels import FoundIndel, find_indels, indel_observation, unnamed_row
from ablkd.traces.isoforms import Mixture, Share, event_shares, explain, splice_rows
from ablkd.traces.joint import joint_shares
from ablkd.traces.quality import known_rows, quality_rows
from ablkd.traces.shifts import Shift, unexplained, up_to
from ablkd.traces.wild_type import known_traces, wild_type_for
from ablkd.traces.windows import peak_windows
from ablkd.verdicts.calls import BACKGROUND, Observation, call_rows
from ablkd.verdicts.coverage import NO_LIMIT, Site, allele_site, codon_site, coverage_rows
from ablkd.verdicts.events import EventObservation, fusion_row
from ablkd.verdicts.thresholds import MIN_P
from ablkd.verdicts.variants import codon_variant

# METHOD: a breakpoint is read when this many trusted bases stand on either side of it.
OVERHANG = 10


def call_traces(
    sample: str,
    paths: Sequence[Path],
    reference: Reference,
    required_lod: float,
    reporting_cut: float,
    wild_types: Sequence[Path] = (),
    library: Path | None = None,
) -> SampleTables:
    """All tables of a sample that was sequenced as traces.

    `required_lod` and `reporting_cut` are fractions; `wild_types` are traces of the run's wild-type controls and
    `library` a laboratory's table of known traces. A trace that cannot be used is a line of the qc table;
    when none can, every row says so and the qc metric `usable` fails.

    Raises
    ------
    InputError
        When a file is missing or cannot be opened.
    """
    placed, qc = _placed(sample, paths, reference)
    read = _explained(sample, placed, reference, required_lod)
    known, unread = known_traces(sample, wild_types, library, reference)
    references = [wild_type_for(p, known, reference) for p in read.placed]
    listed_codons = {m.codon for m in reference.mutations}
    measured = [measure(m, reference.codes, listed_codons, w) for m, w in zip(read.mixtures, references, strict=True)]
    names, alleles = [p.trace.name for p in read.placed], candidates(reference)
    agreement = compare(measured, names, [a.sites[0] for a in alleles if a.listed and len(a.sites) == 1])
    evidence = judged(weigh(alleles, measured), agreement.contradicted)
    seen = [e for e in evidence if e.seen]
    observed = [_observation(e, reference) for e in seen] + [indel_observation(one, reference) for one in read.indels]
    calls = call_rows(sample, observed, reporting_cut)
    sites = sites_of(calls, read.splicing, reference)
    # METHOD: another change of molecules without the event may look the same in one orientation, but not in both.
    both = {o.variant.name: e.allele for o, e in zip(observed, seen, strict=False) if len(e.strands) == 2}
    joints = joint_shares(read.mixtures, measured, both, sorted(read.present))
    return SampleTables(
        calls=tuple(calls),
        coverage=tuple(coverage_rows(sample, reference, _sites(evidence, reference), calls, required_lod)),
        haplotypes=tuple(haplotype_rows(sample, sites, joints) if read.placed else []),
        phase=tuple(phase_rows(sample, sites, joints)),
        splicing=tuple(read.splicing),
        fusion=tuple(_fusion(sample, read.mixtures, reference, required_lod)),
        peaks=tuple(peak_windows(read.mixtures, calls, read.splicing, reference)),
        qc=(
            *qc,
            *unread,
            *quality_rows(sample, read.mixtures, len(paths), qc),
            *agreement_rows(sample, agreement, names, reference.codes),
            *junction_rows(sample, read.junctions),
            *known_rows(sample, read.placed, references, known),
            *(unnamed_row(sample, s, p) for s, p in zip(read.shifts, read.placed, strict=True) if s is not None),
        ),
    )


def _placed(sample: str, paths: Sequence[Path], reference: Reference) -> tuple[list[PlacedTrace], list[QcMetric]]:
    """The traces that can be used, and a qc row for each that cannot and for each file's digest."""
    placed, qc = [], []
    for path in map(Path, paths):
        try:
            placed.append(place_trace(read_trace(path), reference))
        except UnusableSample as problem:
            qc.append(QcMetric(sample, "trace", "unusable", path.name, "", "review", str(problem)))
        qc.append(QcMetric(sample, "input_sha256", sha256(path), path.name, "", "pass", ""))
    return placed, qc


@dataclass(frozen=True)
class _Explained:
    """Traces as mixtures of the isoforms and indels that are `present`, with a row for each isoform event.

    junctions: what each trace says of each event and indel; shifts: of each trace, what no isoform explains.
    """

    placed: list[PlacedTrace]
    mixtures: list[Mixture]
    splicing: list[SpliceEvent]
    indels: list[FoundIndel]
    present: set[str]
    junctions: dict[str, Sequence[Share]]
    shifts: list[Shift | None]


def _explained(sample: str, placed: Sequence[PlacedTrace], reference: Reference, required_lod: float) -> _Explained:
    shares = [event_shares(p) for p in placed]
    splicing = splice_rows(sample, reference.splicing, shares, required_lod)
    present = {row.event for row in splicing if row.call == "present"}
    placed, indels = find_indels(placed, sorted(present), reference)
    present |= {one.event for one in indels if not one.reasons}
    mixtures = [explain(p, [0, *(i for i, form in enumerate(p.isoforms) if form.event in present)]) for p in placed]
    shifts = [unexplained(m) for m in mixtures]
    mixtures = [up_to(m, shift) for m, shift in zip(mixtures, shifts, strict=True)]
    junctions: dict[str, Sequence[Share]] = {
        event: [s[event] for s in shares if event in s] for event in dict.fromkeys(e for s in shares for e in s)
    }
    junctions |= {one.event: one.shares for one in indels}
    return _Explained(placed, mixtures, splicing, indels, present, junctions, shifts)


def _observation(evidence: Evidence, reference: Reference) -> Observation:
    strands, (low, high) = evidence.strands, evidence.interval
    skipped = evidence.containing < 1 - 1e-9
    return Observation(
        variant=codon_variant(reference, evidence.allele.codon, evidence.allele.alt_codon),
        depth=evidence.traces,
        alt_count=evidence.showing,
        vaf=evidence.share,
        vaf_low=low,
        vaf_high=high,
        filters=evidence.reasons,
        evidence="both_orientations" if len(strands) == 2 else "single_orientation",
        p_value=max(evidence.p, MIN_P),
        q_value=max(evidence.q, MIN_P),
        background=evidence.background,
        lod95=evidence.lod95,
        vaf_full_length=min(1.0, evidence.share / evidence.containing) if skipped else None,
        vaf_forward=strands[True].share if True in strands else None,
        vaf_reverse=strands[False].share if False in strands else None,
    )


def _sites(evidence: Sequence[Evidence], reference: Reference) -> list[Site]:
    """Every listed allele, then every codon from the first to the last listed one."""
    by_codon: dict[int, list[Evidence]] = {}
    for one in evidence:
        by_codon.setdefault(one.allele.codon, []).append(one)
    sites = []
    for m in reference.mutations:
        own = [e for e in by_codon.get(m.codon, []) if e.allele.alt_codon == m.alt_codon]
        sites.append(allele_site(m, *_limits(own)))
    listed = [m.codon for m in reference.mutations]
    for codon in range(min(listed, default=1), max(listed, default=0) + 1):
        found = by_codon.get(codon, [])
        sites.append(codon_site(reference, codon, *_limits([e for e in found if e.allele.listed] or found)))
    return sites


def _limits(found: Sequence[Evidence]) -> tuple[int, float | None, str, Callable[[float], str]]:
    """(traces, limit of detection, gap, cause) of an allele, or of a codon, whose limit is the worst of its alleles."""
    depth = max((e.traces for e in found), default=0)
    limit = max((e.lod95 for e in found), default=None)
    return depth, limit, "" if found else "not_covered", lambda _required: BACKGROUND


def _fusion(sample: str, mixtures: Sequence[Mixture], reference: Reference, required_lod: float) -> list[Fusion]:
    """Which breakpoint the traces read, if any reaches one; shares of several fusions are not estimated."""
    junctions = [t for t in reference.transcripts if t.partner_length]
    if not junctions:
        return []
    first = min(t.target_start for t in junctions)
    labels = {t.name: t.label for t in junctions}
    labels[UNREARRANGED] = f"{reference.target.label}, unrearranged"
    seen = dict.fromkeys(labels, 0)
    for mixture in mixtures:
        contig = mixture.placed.contig
        boundary = contig.partner_length or first - 1
        index = mixture.placed.index[0][mixture.good & ~mixture.mixed]
        sides = (
            (boundary - OVERHANG <= index) & (index < boundary),
            (boundary <= index) & (index < boundary + OVERHANG),
        )
        if all(side.sum() == OVERHANG for side in sides):
            seen[contig.name if contig.name in labels else UNREARRANGED] += 1
    rows = []
    for name, label in labels.items():
        # METHOD: a trace shows which transcript most molecules are; of a minor one it has no limit of detection.
        gap = "" if any(seen.values()) else "not_covered"
        one = EventObservation(
            seen=seen[name] > 0, junction_reads=seen[name], gap=gap, cause=lambda _required: NO_LIMIT
        )
        rows.append(fusion_row(sample, name, label, one, required_lod))
    return rows
