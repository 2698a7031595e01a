"""Traces of one sample -> the tables that reads have: calls, coverage, isoforms, bounds, windows, quality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ablkd import hgvs
from ablkd.errors import UnusableSample
from ablkd.records import (
    Call,
    Coverage,
    Fusion,
    Haplotype,
    PeakWindow,
    Phase,
    QcMetric,
    SpliceEvent,
)
from ablkd.reference import Reference, sha256
from ablkd.splicing.fusions import UNREARRANGED
from ablkd.traces.abif import read_trace
from ablkd.traces.align import place_trace
from ablkd.traces.alleles import measure
from ablkd.traces.bounds import haplotype_rows, phase_rows, sites_of
from ablkd.traces.candidates import candidates
from ablkd.traces.evidence import Evidence, findings, weigh
from ablkd.traces.indels import find_indels, indel_row, unnamed_row
from ablkd.traces.isoforms import Mixture, event_shares, explain, splice_rows
from ablkd.traces.joint import joint_shares
from ablkd.traces.quality import known_rows, quality_rows
from ablkd.traces.shifts import unexplained, up_to
from ablkd.traces.wild_type import known_traces, wild_type_for
from ablkd.traces.windows import peak_windows

# METHOD: a breakpoint is read when this many trusted bases stand on either side of it.
OVERHANG = 10


@dataclass(frozen=True)
class TraceResult:
    """The rows of every table that a sample of traces has."""

    calls: list[Call] = field(default_factory=list)
    coverage: list[Coverage] = field(default_factory=list)
    haplotypes: list[Haplotype] = field(default_factory=list)
    phase: list[Phase] = field(default_factory=list)
    splicing: list[SpliceEvent] = field(default_factory=list)
    fusion: list[Fusion] = field(default_factory=list)
    peaks: list[PeakWindow] = field(default_factory=list)
    qc: list[QcMetric] = field(default_factory=list)


def call_traces(
    sample: str,
    paths: Sequence[Path],
    reference: Reference,
    required_lod: float,
    reporting_cut: float,
    wild_types: Sequence[Path] = (),
    library: Path | None = None,
) -> TraceResult:
    """All tables of a sample that was sequenced as traces.

    `required_lod` and `reporting_cut` are fractions; `wild_types` are traces of the run's wild-type controls and
    `library` a laboratory's table of known traces. A trace that cannot be used is a line of the qc table;
    when none can, every row says so and the qc metric `usable` fails.

    Raises
    ------
    InputError
        When a file is missing or cannot be opened.
    """
    placed, qc = [], []
    for path in map(Path, paths):
        try:
            placed.append(place_trace(read_trace(path), reference))
        except UnusableSample as problem:
            qc.append(QcMetric(sample, "trace", "unusable", path.name, "", "review", str(problem)))
        qc.append(QcMetric(sample, "input_sha256", sha256(path), path.name, "", "pass", ""))
    splicing = splice_rows(sample, reference.splicing, [event_shares(p) for p in placed], required_lod)
    present = {row.event for row in splicing if row.call == "present"}
    placed, indels = find_indels(placed, sorted(present), reference)
    present |= {one.event for one in indels if not one.reasons}
    mixtures = [
        explain(p, [0, *(i for i, isoform in enumerate(p.isoforms) if isoform.event in present)]) for p in placed
    ]
    shifts = [unexplained(m) for m in mixtures]
    mixtures = [up_to(m, shift) for m, shift in zip(mixtures, shifts, strict=True)]
    listed_codons = {m.codon for m in reference.mutations}
    known, unread = known_traces(sample, wild_types, library, reference)
    beside = [wild_type_for(p, known, reference) for p in placed]
    measured = [measure(m, reference.codes, listed_codons, w) for m, w in zip(mixtures, beside, strict=True)]
    evidence = weigh(candidates(reference), measured)
    found = findings(evidence)
    calls = [_call(sample, e, reference, reporting_cut) for e in found]
    # METHOD: another change of molecules without the event may look the same in one orientation, but not in both.
    alleles = {c.name: e.allele for c, e in zip(calls, found, strict=True) if len(e.strands) == 2}
    calls += [indel_row(sample, one, reference, reporting_cut) for one in indels]
    calls.sort(key=lambda c: (c.codon, c.hgvs_c))
    coverage = _coverage(sample, evidence, calls, reference, required_lod)
    sites = sites_of(calls, splicing, reference)
    joints = joint_shares(mixtures, measured, alleles, sorted(present))
    return TraceResult(
        calls=calls,
        coverage=coverage,
        haplotypes=haplotype_rows(sample, sites, joints) if placed else [],
        phase=phase_rows(sample, sites, joints),
        splicing=splicing,
        fusion=_fusion(sample, mixtures, reference),
        peaks=peak_windows(mixtures, calls, splicing, reference),
        qc=[
            *qc,
            *unread,
            *quality_rows(sample, mixtures, len(paths), qc),
            *known_rows(sample, placed, beside, known),
            *(unnamed_row(sample, s, p) for s, p in zip(shifts, placed, strict=True) if s is not None),
        ],
    )


def _call(sample: str, evidence: Evidence, reference: Reference, reporting_cut: float) -> Call:
    allele = evidence.allele
    key, ref = (allele.codon, allele.alt_codon), reference.codon(allele.codon)
    known, benign = reference.catalogue.get(key), reference.benign.get(key)
    tier = known.tier if known else "synonymous" if allele.name.endswith("=") else "novel"
    passed = not evidence.reasons
    strands = evidence.strands
    skipped = evidence.containing < 1 - 1e-9
    return Call(
        sample=sample,
        name=known.name if known else allele.name,
        hgvs_c=hgvs.codon_hgvs_c(reference.target.name, allele.codon, ref, allele.alt_codon),
        hgvs_p=hgvs.codon_hgvs_p(allele.codon, ref, allele.alt_codon),
        codon=allele.codon,
        exon=reference.exon_at(allele.sites[0][0] + 1),
        kind="substitution" if len(allele.sites) == 1 else "multinucleotide",
        tier="polymorphism" if benign else tier,
        depth=evidence.traces,
        alt_count=evidence.showing,
        vaf=evidence.share,
        vaf_low=evidence.low,
        vaf_high=evidence.high,
        vaf_full_length=min(1.0, evidence.share / evidence.containing) if skipped else None,
        vaf_forward=strands[True].share if True in strands else None,
        vaf_reverse=strands[False].share if False in strands else None,
        background=evidence.background,
        p_value=max(evidence.p, 1e-300),
        q_value=max(evidence.q, 1e-300),
        lod95=evidence.lod95,
        evidence="both_orientations" if len(strands) == 2 else "single_orientation",
        filter=";".join(evidence.reasons) or "PASS",
        level=("reported" if evidence.share >= reporting_cut else "low_level") if passed else "evidence_only",
        genome_grch38=hgvs.codon_genome(reference, allele.codon, ref, allele.alt_codon),
    )


def _coverage(
    sample: str,
    evidence: Sequence[Evidence],
    calls: Sequence[Call],
    reference: Reference,
    required_lod: float,
) -> list[Coverage]:
    """Every listed allele, then every codon from the first to the last listed one."""
    by_allele = {(e.allele.codon, e.allele.alt_codon): e for e in evidence}
    by_codon: dict[int, list[Evidence]] = {}
    for one in evidence:
        by_codon.setdefault(one.allele.codon, []).append(one)
    passed = {c.hgvs_c for c in calls if c.filter == "PASS"}
    changed = {c.codon for c in calls if c.filter == "PASS" and c.tier in ("catalogue", "novel")}

    def row(kind: str, name: str, hgvs_c: str, codon: int, found: list[Evidence], detected: bool) -> Coverage:
        limit = max((e.lod95 for e in found), default=None)
        depth = max((e.traces for e in found), default=0)
        reason = "not_covered" if limit is None else "background" if limit > required_lod else ""
        return Coverage(
            sample=sample,
            kind=kind,
            name=name,
            hgvs_c=hgvs_c,
            codon=codon,
            exon=reference.exon_at(3 * codon - 2),
            depth=depth,
            lod95=limit,
            assessable="no" if reason else "yes",
            reason=reason,
            status="detected" if detected else "not_assessable" if reason else "not_detected",
        )

    rows = []
    for m in reference.mutations:
        found = [by_allele[m.codon, m.alt_codon]] if (m.codon, m.alt_codon) in by_allele else []
        rows.append(row("allele", m.name, m.hgvs_c, m.codon, found, m.hgvs_c in passed))
    listed = [m.codon for m in reference.mutations]
    for codon in range(min(listed, default=1), max(listed, default=0) + 1):
        found = by_codon.get(codon, [])
        found = [e for e in found if (codon, e.allele.alt_codon) in reference.catalogue] or found
        name = f"{hgvs.AMINO_ACIDS[reference.codon(codon)]}{codon}"
        rows.append(row("codon", name, "", codon, found, codon in changed))
    return rows


def _fusion(sample: str, mixtures: Sequence[Mixture], reference: Reference) -> list[Fusion]:
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
    looked = any(seen.values())
    return [
        Fusion(
            sample=sample,
            fusion=name,
            label=label,
            junction_reads=seen[name],
            fraction=None,
            fraction_low=None,
            fraction_high=None,
            call="present" if seen[name] else "not_detected" if looked else "not_assessable",
        )
        for name, label in labels.items()
    ]
