"""The tables of a run for other programs: one row a result for a laboratory system, MultiQC."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ablkd.errors import InputError
from ablkd.interpretation.named_calls import named_calls
from ablkd.records import Clone, CloneDrug, DrugCall, Result, ResultRow
from ablkd.report.clone_table import drugs_of, in_words
from ablkd.report.workbook import Sheet
from ablkd.verdicts.calls import PASS
from ablkd.verdicts.coverage import INDEL_CLASS
from ablkd.wording import plain, ranges


def result_rows(result: Result) -> list[ResultRow]:
    """Every result of one sample as a row, what was not assessable included."""
    return [*_found(result), *_interpretation(result), *_not_assessable(result)]


def _row(result: Result, kind: str, name: str, status: str, **cells: Any) -> ResultRow:
    line = result.sample
    empty: dict[str, Any] = dict.fromkeys(("fraction", "fraction_low", "fraction_high", "lod95"))
    texts = dict.fromkeys(("hgvs_c", "hgvs_p", "source", "comment"), "")
    return ResultRow(
        sample=line.sample,
        patient=line.patient,
        run=line.run,
        collected=line.collected,
        kind=kind,
        name=name,
        status=status,
        **{**empty, **texts, **cells},
    )


def _found(result: Result) -> list[ResultRow]:
    """Mutations, haplotypes, phase, isoform events and fusions."""
    rows = []

    def add(kind: str, name: str, status: str, **cells: Any) -> None:
        rows.append(_row(result, kind, name, status, **cells))

    for call in named_calls(result.calls):
        filters = "" if call.level != "evidence_only" else ";".join(c.filter for c in call.calls)
        add("mutation", call.name, call.level, hgvs_c=call.hgvs_c, hgvs_p=call.hgvs_p, fraction=call.fraction,
            fraction_low=call.fraction_low, fraction_high=call.fraction_high, lod95=call.lod95,
            comment=filters or (call.tier if call.tier != "catalogue" else ""))  # fmt: skip
    for h in result.haplotypes:
        add("haplotype", h.haplotype, h.identifiable, fraction=h.fraction, fraction_low=h.fraction_low,
            fraction_high=h.fraction_high)  # fmt: skip
    for p in result.phase:
        add("phase", p.mutations, p.verdict, fraction_low=p.compound_low, fraction_high=p.compound_high)
    for e in result.splicing:
        add("splicing", e.event, e.call, hgvs_c=e.hgvs_r, hgvs_p=e.hgvs_p, fraction=e.fraction,
            fraction_low=e.fraction_low, fraction_high=e.fraction_high, lod95=e.lod95,
            comment=e.filter.removeprefix(PASS))  # fmt: skip
    for f in result.fusion:
        add("fusion", f.fusion, f.call, fraction=f.fraction, fraction_low=f.fraction_low,
            fraction_high=f.fraction_high, lod95=f.lod95, comment=f.filter.removeprefix(PASS))  # fmt: skip
    return rows


def _interpretation(result: Result) -> list[ResultRow]:
    """Clones, clones by drugs, and drugs; what a category rests on and what is open is in the comment."""
    shares = {c.clone: _share(c) for c in result.clones}
    disease = f"disease: {result.sample.disease}" if result.sample.disease else ""
    rows = [_row(result, "clone", c.clone, c.kind, **_share(c), comment=plain(c.level)) for c in result.clones]
    for cell in result.clone_drugs:
        screen = f"screen: {cell.screen}" if cell.screen else ""
        comment = _comment(cell.evidence, cell.because, _provisional(cell), screen, disease)
        rows.append(_row(result, "clone_drug", f"{cell.clone} | {cell.drug}", cell.category, source=cell.source,
                         comment=comment, **shares.get(cell.clone, {})))  # fmt: skip
    for d in result.drugs:
        clone = f"clone: {d.clone}" if d.clone else ""
        comment = _comment(d.evidence, d.because, clone, plain(d.level), _provisional(d), disease)
        rows.append(_row(result, "drug", d.drug, d.category, source=d.source, comment=comment, **_share(d)))
    return rows


def _share(row: Clone | DrugCall) -> dict[str, float | None]:
    return {name: getattr(row, name) for name in ("fraction", "fraction_low", "fraction_high")}


def _provisional(row: CloneDrug | DrugCall) -> str:
    return f"provisional: {row.provisional}" if row.provisional else ""


def _comment(*parts: str) -> str:
    return "; ".join(filter(None, parts))


def _not_assessable(result: Result) -> list[ResultRow]:
    """Codons by the reason why they were not assessed, then classes of indels."""
    unseen = [row for row in result.coverage if row.assessable == "no"]
    hidden = [row for row in unseen if row.kind in ("allele", "codon")]
    rows = []
    for reason in dict.fromkeys(row.reason for row in hidden):
        gone = [row for row in hidden if row.reason == reason]
        codons = ranges(row.codon for row in gone).replace("–", "-")
        listed = " ".join(row.name for row in gone if row.kind == "allele")
        comment = f"{reason}: {listed}" if listed else reason
        rows.append(_row(result, "not_assessable", f"codons {codons}", "not_assessable", comment=comment))
    classes = [row for row in unseen if row.kind == INDEL_CLASS]
    return rows + [_row(result, "not_assessable", row.name, "not_assessable", comment=row.reason) for row in classes]


def clones_by_drugs(results: Sequence[Result]) -> Sheet:
    """A row for each clone of each sample, a column for each drug: its category with scope and evidence."""
    drugs = drugs_of(results)
    columns = ("sample", "clone", "kind", "fraction", "fraction_low", "fraction_high", "level")
    rows = []
    for result in results:
        cells = {(cell.clone, cell.drug): in_words(cell) for cell in result.clone_drugs}
        for clone in result.clones:
            told = [cells.get((clone.clone, drug), "") for drug in drugs]
            rows.append([*(getattr(clone, column) for column in columns), *told])
    return Sheet((*columns, *drugs), rows)


def multiqc(run: str, results: Sequence[Result]) -> dict[str, Any]:
    """MultiQC custom content (a table; docs.seqera.io/multiqc/custom_content)."""
    columns: dict[str, tuple[str, str, dict[str, Any]]] = {
        "status": ("Status", "reportable, review or failed", {}),
        "reads": ("Reads", "reads of the sample", {"format": "{:,.0f}"}),
        "on_target": (
            "On target",
            "reads on the target",
            {"suffix": " %", "max": 100, "min": 0, "format": "{:,.1f}"},
        ),
        "min_depth": ("Smallest depth", "smallest depth at a listed codon", {"format": "{:,.0f}"}),
        "findings": ("Findings", "mutations, low level marked", {}),
        "compound": ("Compound", "sets of mutations on one molecule", {}),
        "splicing": ("Isoforms", "isoform events", {}),
        "codons_not_assessable": ("Not assessable", "listed codons that could not be assessed", {}),
    }
    data = {}
    for result in results:
        row = {name: getattr(result.summary, name) for name in columns}
        row["on_target"] = None if row["on_target"] is None else 100 * row["on_target"]
        data[result.sample.sample] = {name: value for name, value in row.items() if value is not None}
    return {
        "id": "ablkd",
        "section_name": "ablkd",
        "description": f"Kinase-domain mutations of run {run}",
        "plot_type": "table",
        "pconfig": {"id": "ablkd_summary", "title": "ablkd: samples", "namespace": "ablkd"},
        "headers": {
            name: {"title": title, "description": text, **more} for name, (title, text, more) in columns.items()
        },
        "data": data,
    }


def check_same_making(run: str, results: Sequence[Result]) -> None:
    """Refuse a run whose results were made by different programs or with different knowledge.

    Raises
    ------
    InputError
        Naming the samples that differ from the first.
    """
    odd = [
        r.sample.sample
        for r in results
        if (r.software_version, r.knowledge) != (results[0].software_version, results[0].knowledge)
    ]
    if odd:
        raise InputError(
            f"run {run}: {', '.join(odd)} made with another version or knowledge than "
            f"{results[0].sample.sample} (interpret all samples of the run again)"
        )
