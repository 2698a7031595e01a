"""The sample report: a Result as one self-contained page. Nothing is decided here, only shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from ablkd.checks.cross_check import METRICS
from ablkd.errors import InputError
from ablkd.interpretation.named_calls import NEUTRAL_TIERS, named_calls
from ablkd.interpretation.scope import scope_of
from ablkd.records import Call, Coverage, PeakWindow, Phase, Result
from ablkd.reference import Reference
from ablkd.report import plots
from ablkd.report.clone_table import clone_table
from ablkd.report.drug_sections import cited_sources, drug_sections
from ablkd.report.fold_map import fold_map
from ablkd.report.pages import NO_SITE, picture, render, words
from ablkd.report.pile_plot import pile_up
from ablkd.report.splice_plot import splice_arcs
from ablkd.report.trace_plot import chromatogram
from ablkd.site import Site
from ablkd.tables import atomic, write_text
from ablkd.verdicts.calls import held_back
from ablkd.wording import joined, ranges

MOST_RUNS = 8  # of codons in one line
MOST_POLYCLONAL = 12  # rows of the phase table
MOST_SETS = 6  # compound verdicts on the first screen; the phase table has them all


@dataclass(frozen=True)
class Gap:
    """Codons, listed changes, indels that were seen, and classes of indels, not assessed for one reason."""

    reason: str
    codons: str
    count: int
    listed: tuple[str, ...]
    indels: tuple[str, ...]


def write_report(result: Result, html: Path, reference: Reference | None = None, site: Site = NO_SITE) -> None:
    """Write the page of one sample.

    With the knowledge folder the page also names the regions of the target and cites the sources; all
    that is said of the sample comes from `result`.
    """
    write_text(html, render("sample.html", site, **report_view(result, reference)))


def write_pdf(result: Result, pdf: Path, reference: Reference | None = None, site: Site = NO_SITE) -> None:
    """Write the page of one sample as PDF.

    Raises
    ------
    InputError
        Where WeasyPrint is not installed.
    """
    try:
        from weasyprint import HTML
    except ImportError:
        raise InputError(
            f"{pdf}: a PDF needs WeasyPrint, which is not installed "
            "(pip install 'ablkd[pdf]', or print the page from a browser)"
        ) from None
    page = render("sample.html", site, **report_view(result, reference))
    with atomic(pdf) as temporary:
        HTML(string=page).write_pdf(str(temporary))


def report_view(result: Result, reference: Reference | None) -> dict[str, Any]:
    """What the template needs: the rows, grouped and ordered for reading."""
    found = named_calls(result.calls)
    telling = [f for f in found if f.tier not in NEUTRAL_TIERS]
    passed = [f for f in telling if f.level != "evidence_only"]
    listed = sorted((row for row in result.coverage if row.kind == "allele"), key=lambda r: (r.codon, r.name))
    shown, rest = leading_sets(result.phase)
    sources = cited_sources(result, reference) if reference else []
    table = clone_table(result)
    return {
        "r": result,
        "s": result.summary,
        "target": reference.target.label if reference else "",
        "depth": "Traces" if result.peaks else "Depth",
        "passed": passed,
        "evidence_only": [f for f in telling if f.level == "evidence_only"],
        "doubtful": doubtful(result),
        "neutral": [f for f in found if f.tier in NEUTRAL_TIERS and f.level != "evidence_only"],
        "found": found,
        "sets": shown,
        "other_sets": rest,
        "splicing": by_call(result.splicing),
        "event_limits": _ends([e.lod95 for e in result.splicing if e.call == "not_detected"]),
        "fusions": by_call(result.fusion),
        "disease": _disease(result, reference),
        "table": table,
        "scopes": {e.disease: scope_of(reference, e.disease) if reference else e.disease for e in result.evidence},
        "drugs": drug_sections(result, table),
        "folds": fold_map(result, reference.sensitivity if reference else result.evidence),
        "gaps": gaps(result.coverage),
        "listed": listed,
        "statuses": Counter(row.status for row in listed),
        "nothing_seen": not any(row.assessable == "yes" for row in result.coverage),
        "haplotypes": plots.ranked(result),
        "apart": apart(result),
        "phase": phase_rows(result.phase),
        "pictures": _pictures(result, reference),
        "artefacts": [row for row in result.qc if row.metric in ("recombination_rate", "heteroduplex")],
        "inputs": [row for row in result.qc if row.metric == "input_sha256"],
        "checks": [row for row in result.qc if row.metric in METRICS],
        "quality": [row for row in result.qc if row.metric not in ("input_sha256", *METRICS)],
        "sources": sources,
        "cited": {source.source for source in sources},
    }


def _disease(result: Result, reference: Reference | None) -> str:
    """The label of the patient's disease; empty where the sheet has none."""
    labels = {row.disease: row.label for row in reference.diseases} if reference else {}
    return labels.get(result.sample.disease, result.sample.disease)


def doubtful(result: Result) -> list[Call]:
    """What was seen, is held back by a filter, and may be as frequent as the required limit."""
    required = plots.setting(result, "required_lod")
    rows = [c for c in result.calls if held_back(c) and c.tier not in NEUTRAL_TIERS]
    return [c for c in rows if required is None or c.vaf_high >= required]


def phase_rows(phase: tuple[Phase, ...]) -> tuple[list[Phase], list[Phase]]:
    """(sets for the table, polyclonal ones to tell in a line): many sets that are apart would hide the others.

    A set that holds a smaller one which is apart is apart as well, and is left to phase.tsv.
    """
    polyclonal = [p for p in phase if p.verdict == "polyclonal"]
    if len(polyclonal) <= MOST_POLYCLONAL:
        return list(phase), []
    sets = [set(p.mutations.split("+")) for p in polyclonal]
    smallest = [p for p, own in zip(polyclonal, sets, strict=True) if not any(other < own for other in sets)]
    return [p for p in phase if p.verdict != "polyclonal"], smallest


def apart(result: Result) -> list[str]:
    """Called changes that no haplotype holds: too rare to be told apart together with the others."""
    held = {name for h in result.haplotypes for name in h.haplotype.split("+")}
    return [call.name for call in named_calls(result.calls) if call.level != "evidence_only" and call.name not in held]


def by_call(rows: tuple[Any, ...]) -> dict[str, list[Any]]:
    """Isoform events or fusions by their call."""
    calls = ("present", "not_detected", "not_assessable", "evidence_only")
    return {call: [row for row in rows if row.call == call] for call in calls}


def _ends(limits: list[float | None]) -> tuple[float, float] | None:
    """The lowest and the highest limit; None where one of them is not known."""
    known = [limit for limit in limits if limit is not None]
    return (min(known), max(known)) if known and len(known) == len(limits) else None


def leading_sets(phase: tuple[Phase, ...]) -> tuple[list[Phase], str]:
    """The sets for the first screen, and the others in words: compounds before what is open, the largest sets first,
    and of equals those that may have the most molecules.

    A compound that is part of a larger one is among the others.
    """
    order = ("compound", "not_proven", "explained_by_recombination", "cannot_be_phased", "polyclonal")
    places = {verdict: i for i, verdict in enumerate(order)}
    sets = sorted(
        phase,
        key=lambda p: (
            places.get(p.verdict, len(order)),
            -p.mutations.count("+"),
            # Without an interval, a set is either open or impossible.
            -(float(p.verdict != "polyclonal") if p.compound_high is None else p.compound_high),
        ),
    )
    compounds = [set(p.mutations.split("+")) for p in sets if p.verdict == "compound"]
    telling = [
        p
        for p in sets
        if p.verdict != "compound" or not any(set(p.mutations.split("+")) < whole for whole in compounds)
    ]
    if len(telling) > MOST_SETS:
        telling = [p for p in telling if p.verdict != "polyclonal"]
    shown = telling[:MOST_SETS]
    counts = Counter(p.verdict for p in sets if p not in shown)
    return shown, joined([f"{n} {words(verdict)}" for verdict, n in counts.items()] or [""])


def gaps(coverage: tuple[Coverage, ...]) -> list[Gap]:
    """What could not be assessed, by reason, the reason that hides most listed changes first."""
    missing = [row for row in coverage if row.assessable == "no" and (row.kind != "indel" or row.filter)]
    by_reason: dict[str, list[Coverage]] = {}
    for row in missing:
        by_reason.setdefault(row.reason, []).append(row)
    made = []
    for reason, rows in by_reason.items():
        codons = {row.codon for row in rows if row.kind == "codon"}
        listed = sorted({(row.codon, row.name) for row in rows if row.kind == "allele"})
        indels = tuple(row.name for row in rows if row.kind in ("indel", "indel_class"))
        made.append(Gap(reason, _span(codons), len(codons), tuple(name for _, name in listed), indels))
    return sorted(made, key=lambda gap: (-len(gap.listed), -gap.count))


def _span(codons: set[int]) -> str:
    """`codons 1–26, 508–559`; scattered ones by their number and ends."""
    told = ranges(codons)
    if told.count(",") >= MOST_RUNS:
        return f"{len(codons)} codons between {min(codons)} and {max(codons)}"
    return f"codons {told}" if codons else ""


def target_regions(reference: Reference) -> list[plots.Region]:
    """Named regions of the target: runs of catalogue codons of one region, each named at its widest.

    A region in more than two pieces is left out: it cannot be told on a line.
    """
    rows = sorted({(m.codon, m.region) for m in reference.mutations if m.region})
    runs = []
    for label, run in groupby(rows, key=lambda row: row[1]):
        codons = [codon for codon, _ in run]
        runs.append((label, codons[0], codons[-1]))
    widest = {label: max((r for r in runs if r[0] == label), key=lambda r: r[2] - r[1]) for label, _, _ in runs}
    pieces = Counter(label for label, _, _ in runs)
    return [(r[0] if r == widest[r[0]] else "", r[1], r[2]) for r in runs if pieces[r[0]] <= 2]


def _codon_of(window: PeakWindow, codons: dict[str, int]) -> int | None:
    """The codon that a chromatogram window is about; None for a junction."""
    title = window.title.rpartition(",")[0]
    number = title.removeprefix("codon ").split(" ")[0]
    return int(number) if number.isdigit() else codons.get(title)


def _pictures(result: Result, reference: Reference | None) -> dict[str, Any]:
    regions = target_regions(reference) if reference else []
    codons = {call.name: call.codon for call in result.calls}
    if reference:
        exons = [(exon.exon, exon.start // 3 + 1, exon.end // 3) for exon in reference.exons]
    else:
        exons = plots.exons_of(plots.codon_rows(result))
    return {
        "lollipop": picture(plots.lollipop(result, regions)),
        "depth": picture(plots.depth(result)),
        "haplotypes": picture(plots.haplotypes(result)) if result.haplotypes else "",
        "pile_up": picture(pile_up(result)) if result.pile_ups else "",
        "splicing": picture(splice_arcs(result, exons)) if result.splicing else "",
        "traces": [
            (window, picture(chromatogram(window, f"trace{i}", _codon_of(window, codons))))
            for i, window in enumerate(result.peaks)
        ],
    }
