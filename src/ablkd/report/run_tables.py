"""The tables of a run for other programs: one row a result for a laboratory system, MultiQC."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ablkd.errors import InputError
from ablkd.interpretation.named_calls import named_calls
from ablkd.records import Result, ResultRow
from ablkd.verdicts.calls import PASS
from ablkd.verdicts.coverage import INDEL_CLASS
from ablkd.wording import ranges


def result_rows(result: Result) -> list[ResultRow]:
    """Every result of one sample as a row, what was not assessable included."""
    line, rows = result.sample, []

    def add(kind: str, name: str, status: str, **cells: Any) -> None:
        empty: dict[str, Any] = dict.fromkeys(("fraction", "fraction_low", "fraction_high", "lod95"))
        texts = dict.fromkeys(("hgvs_c", "hgvs_p", "source", "comment"), "")
        rows.append(
            ResultRow(
                sample=line.sample,
                patient=line.patient,
                run=line.run,
                collected=line.collected,
                kind=kind,
                name=name,
                status=status,
                **{**empty, **texts, **cells},
            )  # fmt: skip
        )

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
    for d in result.drugs:
        missing = f"codons not assessable: {d.missing_codons}" if d.missing_codons else ""
        add("drug", d.drug, d.category, source=d.source, comment="; ".join(filter(None, (d.because, missing))))
    unseen = [row for row in result.coverage if row.assessable == "no"]
    hidden = [row for row in unseen if row.kind in ("allele", "codon")]
    for reason in dict.fromkeys(row.reason for row in hidden):
        gone = [row for row in hidden if row.reason == reason]
        codons = ranges(row.codon for row in gone).replace("–", "-")
        listed = " ".join(row.name for row in gone if row.kind == "allele")
        add(
            "not_assessable",
            f"codons {codons}",
            "not_assessable",
            comment=f"{reason}: {listed}" if listed else reason,
        )
    for row in unseen:
        if row.kind == INDEL_CLASS:
            add("not_assessable", row.name, "not_assessable", comment=row.reason)
    return rows


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
