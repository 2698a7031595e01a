"""Samples drawn as reads, taken through the whole pipeline, against samples drawn as counts."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from ablkd.alignment.align import align_sample
from ablkd.background.classes import single_changes
from ablkd.background.expected import Expected
from ablkd.background.learning import Library, learn, site_counts
from ablkd.background.run import RunBackground
from ablkd.calling.call import call_sample
from ablkd.counting.counts import Counts, read_counts
from ablkd.fragments import load
from ablkd.hgvs import CODONS
from ablkd.records import Mutation
from ablkd.reference import Reference
from ablkd.simulate import simulate
from ablkd.simulate.counts import Spike, Tube, draw_counts, draw_sites
from ablkd.simulate.molecules import transcript_named
from ablkd.validation.conditions import Condition
from ablkd.validation.false_calls import called
from ablkd.validation.rows import Agreement
from ablkd.validation.runs import error_model, listed_span, stated
from ablkd.verdicts.thresholds import alphas

# Mutations in a sample, each on molecules of its own, which together are at most so large a part of all.
MUTATIONS, MOST_MUTATED = 4, 0.8
# Samples drawn as counts for each one drawn as reads.
AS_COUNTS = 4


@dataclass(frozen=True)
class Holding:
    """A sample to be drawn: the mutations it holds, each at one true fraction."""

    name: str
    fraction: float
    mutations: tuple[Mutation, ...]


@dataclass(frozen=True)
class Outcome:
    """One sample: true fraction, mutations held, found over true fraction of those called, other calls."""

    fraction: float
    held: int
    ratios: tuple[float, ...]
    false: int


Part = tuple[list[Outcome], list[Outcome]]


def examine(condition: Condition, reference: Reference, rng: np.random.Generator) -> Part:
    """Outcomes of one run, drawn as reads, and of a run like it drawn as counts."""
    holdings = _holdings(condition, reference, rng, condition.patients)
    with tempfile.TemporaryDirectory() as name:
        outcomes, counts, background = _from_reads(condition, reference, rng, holdings, Path(name))
    alike = _as_seen(condition, reference, counts, background)
    again = _holdings(condition, reference, rng, AS_COUNTS * condition.patients)
    return outcomes, _from_counts(alike, reference, rng, again)


def _holdings(condition: Condition, reference: Reference, rng: np.random.Generator, number: int) -> list[Holding]:
    """Single-base catalogue mutations at different codons between the primers, the fractions in turn."""
    first, last = _between_primers(reference)
    names = [
        m
        for m in reference.mutations
        if m.tier == "catalogue" and ">" in m.hgvs_c and first <= 3 * m.codon - 2 and 3 * m.codon <= last
    ]
    made = []
    for i in range(number):
        fraction = condition.shares[i % len(condition.shares)]
        most = max(1, min(MUTATIONS, int(MOST_MUTATED / fraction)))
        chosen: dict[int, Mutation] = {}
        for k in rng.permutation(len(names)):
            chosen.setdefault(names[k].codon, names[k])
            if len(chosen) == most:
                break
        made.append(Holding(f"patient{i}", fraction, tuple(chosen.values())))
    return made


def _between_primers(reference: Reference) -> tuple[int, int]:
    """First and last target position (1-based) that the first amplicon copies without being a primer."""
    amplicon = reference.amplicons[0]
    transcript = transcript_named(reference, amplicon.transcript)
    shift = transcript.target_start - 1 - transcript.partner_length
    return amplicon.forward_end + 1 + shift, amplicon.reverse_start - 1 + shift


# ---------------------------------------------------------------- drawn as reads


def _from_reads(
    condition: Condition, reference: Reference, rng: np.random.Generator, holdings: list[Holding], folder: Path
) -> tuple[list[Outcome], list[Counts], RunBackground]:
    """Outcomes, counts of the samples (controls first), and what was learned from them."""
    platform = reference.platforms[condition.platform]
    controls = [f"control{i}" for i in range(condition.controls)]
    truth = folder / "truth.tsv"
    truth.write_text(_truth_table(condition, reference, controls, holdings), "utf-8")
    simulate(truth, reference, folder, int(rng.integers(2**31)))
    counts = []
    for name in [*controls, *(holding.name for holding in holdings)]:
        ends = ("_1", "_2") if platform.reads == "short" else ("",)
        mates = [[folder / f"{name}{end}.fastq.gz"] for end in ends]
        outputs = (folder / f"{name}.npy", folder / f"{name}.tsv")
        align_sample(name, platform, "", reference, mates[0], mates[1] if len(mates) > 1 else [], *outputs)
        counts += read_counts(outputs[1], reference)
    copies = stated(condition)
    background = learn(platform, reference, [Library(c, i < len(controls), copies) for i, c in enumerate(counts)])
    outcomes = []
    for holding in holdings:
        fragments = load(folder / f"{holding.name}.npy")
        limits = (copies, platform.required_lod, platform.reporting_cut)
        calls, _, _ = call_sample(holding.name, platform, reference, fragments, background, *limits)
        found = {call.hgvs_c: call.vaf for call in calls if call.filter == "PASS"}
        held = [m.hgvs_c for m in holding.mutations]
        ratios = tuple(found[name] / holding.fraction for name in held if name in found)
        outcomes.append(Outcome(holding.fraction, len(held), ratios, len(set(found) - set(held))))
    return outcomes, counts, background


def _truth_table(condition: Condition, reference: Reference, controls: list[str], holdings: list[Holding]) -> str:
    """What `simulate` reads: every mutation on molecules of its own, of the first amplicon's transcript."""
    amplicon = reference.amplicons[0]
    error = (condition.transition_error + 2 * condition.transversion_error) * np.exp(condition.log_sd**2 / 2)
    settings = (condition.depth, condition.templates, f"{error:.6g}", condition.indel_error, condition.log_sd)
    lines = [
        "sample platform fusion haplotype fraction amplicon depth template_molecules sequencing_error indel_error "
        "site_error_log_sd"
    ]
    wild_type = [Holding(name, 0.0, ()) for name in controls]
    for holding in [*wild_type, *holdings]:
        rest = 1 - holding.fraction * len(holding.mutations)
        parts = [("unmutated", rest), *((m.hgvs_c.split(":")[1], holding.fraction) for m in holding.mutations)]
        for haplotype, fraction in parts:
            cells = (holding.name, condition.platform, amplicon.transcript, haplotype, fraction, amplicon.name)
            lines.append(" ".join(str(cell) for cell in (*cells, *settings)))
    return "\n".join(lines).replace(" ", "\t") + "\n"


# ---------------------------------------------------------------- drawn as counts


def _as_seen(
    condition: Condition, reference: Reference, counts: Sequence[Counts], background: RunBackground
) -> Condition:
    """The condition with the depth and the mean errors that the reads showed.

    Reads lose bases of low quality and mates that disagree, so their errors are not those that were put in. A
    site of simulated reads errs alike in all samples.
    """
    span = listed_span(reference)
    changes = single_changes(reference)
    sites = [site_counts(sample, changes, background.means) for sample in counts]
    inside = np.isin(changes.codon, span)
    rate = np.mean([s.rate for s in sites], axis=0)
    to_median = np.exp(-(condition.log_sd**2) / 2)
    return replace(
        condition,
        depth=int(np.median([sample.codons[span].sum(axis=(1, 2)) for sample in counts])),
        transition_error=float(rate[inside & changes.transition].mean() * to_median),
        transversion_error=float(rate[inside & ~changes.transition].mean() * to_median),
        cv=0.0,
    )


def _from_counts(
    condition: Condition, reference: Reference, rng: np.random.Generator, holdings: list[Holding]
) -> list[Outcome]:
    platform, copies = reference.platforms[condition.platform], stated(condition)
    sites = draw_sites(reference, listed_span(reference), error_model(condition), rng)
    tube = Tube(condition.depth, condition.templates)
    spiked = {h.name: [Spike(*_change(m), h.fraction) for m in h.mutations] for h in holdings}
    names = [*(f"control{i}" for i in range(condition.controls)), *spiked]
    drawn = [draw_counts(name, platform, reference, sites, tube, spiked.get(name, ()), rng) for name in names]
    background = learn(platform, reference, [Library(c, c.sample not in spiked, copies) for c in drawn])
    levels = alphas(reference, len(sites.codons))
    outcomes = []
    for sample, holding in zip(drawn[condition.controls :], holdings, strict=True):
        found = called(Expected(sample, background, platform, reference, copies), levels)
        fractions = {call.change: call.fraction for call in found if call.change is not None}
        held = [_change(mutation) for mutation in holding.mutations]
        ratios = tuple(fractions[change] / holding.fraction for change in held if change in fractions)
        outcomes.append(Outcome(holding.fraction, len(held), ratios, len(found) - len(ratios)))
    return outcomes


def _change(mutation: Mutation) -> tuple[int, int]:
    return mutation.codon - 1, CODONS.index(mutation.alt_codon)


# ---------------------------------------------------------------- both


def rows(condition: Condition, parts: Sequence[Part]) -> list[Agreement]:
    """A row for each fraction."""
    reads, counts = ([outcome for part in parts for outcome in part[i]] for i in (0, 1))
    made = []
    for fraction in condition.shares:
        one, other = (_together([o for o in outcomes if o.fraction == fraction]) for outcomes in (reads, counts))
        held, called = (one["held"], other["held"]), (one["called"], other["called"])
        table = [[c, h - c] for c, h in zip(called, held, strict=True)]
        made.append(
            Agreement(
                **vars(condition),
                fraction=fraction,
                **{f"reads_{name}": value for name, value in one.items()},
                **{f"counts_{name}": value for name, value in other.items()},
                p_value=float(stats.fisher_exact(table).pvalue),
            )
        )
    return made


def _together(outcomes: list[Outcome]) -> dict[str, Any]:
    ratios = [ratio for outcome in outcomes for ratio in outcome.ratios]
    return {
        "held": sum(outcome.held for outcome in outcomes),
        "called": len(ratios),
        "ratio": float(np.mean(ratios)) if ratios else None,
        "samples": len(outcomes),
        "false": sum(outcome.false for outcome in outcomes),
    }
