"""Results written by hand: what the report layer is shown in its tests. Figures are made up, names are real.

In-vitro values are of the curated sensitivity table (sources are named with each), statements are made up; what the
tables mean is worked out with these alone. Nothing here is used outside the tests.
"""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache
from pathlib import Path

from ablkd.hgvs import THREE_LETTER
from ablkd.interpretation.drug_lines import clones_by_drugs
from ablkd.records import (
    ANY_DISEASE,
    Call,
    ClinicalEvent,
    Clone,
    CloneDrug,
    ControlVerdict,
    Coverage,
    Drug,
    DrugCall,
    Fusion,
    Haplotype,
    PeakWindow,
    Phase,
    QcMetric,
    Result,
    Rule,
    Sample,
    SampleTables,
    Screened,
    Sensitivity,
    SpliceEvent,
    Summary,
)
from ablkd.reference import Reference, load_reference

TARGET = "NM_005157.6"
DRUGS = ("imatinib", "bosutinib", "dasatinib", "nilotinib", "ponatinib", "asciminib")
EXONS = [  # exon, first, last base of the target
    ("1", 1, 79), ("2", 80, 253), ("3", 254, 549), ("4", 550, 822), ("5", 823, 907), ("6", 908, 1085),
    ("7", 1086, 1270), ("8", 1271, 1423), ("9", 1424, 1513), ("10", 1514, 1678), ("11", 1679, 3393),
]  # fmt: skip
CATALOGUE = {
    "M237V": "709A>G", "M244V": "730A>G", "L248V": "742C>G", "G250E": "749G>A", "Q252H": "756G>C",
    "Y253H": "757T>C", "E255K": "763G>A", "E255V": "764A>T", "D276G": "827A>G", "T277A": "829A>G",
    "E279K": "835G>A", "V280A": "839T>C", "V289A": "866T>C", "E292V": "875A>T", "V299L": "895G>C",
    "F311L": "933C>A", "T315A": "943A>G", "T315I": "944C>T", "F317L": "951C>A", "F317V": "949T>G",
    "Y342H": "1024T>C", "M343T": "1028T>C", "A344V": "1031C>T", "M351T": "1052T>C", "E355G": "1064A>G",
    "F359V": "1075T>G", "F359I": "1075T>A", "I502L": "1504A>C",
}  # fmt: skip


def exon_of(position: int) -> str:
    return next(name for name, first, last in EXONS if first <= position <= last)


def sample(name: str = "S1", **changes) -> Sample:
    base = Sample(
        name,
        "P1",
        "run1",
        "2018-05-14",
        "illumina",
        "long",
        "patient",
        "a_R1.fastq.gz",
        "a_R2.fastq.gz",
        "",
        None,
    )
    return replace(base, **changes)


def call(mutation: str, vaf: float, level: str = "reported", depth: int = 10000, **changes) -> Call:
    change = CATALOGUE[mutation]
    codon = int(mutation[1:-1])
    half = 1.96 * (vaf * (1 - vaf) / depth) ** 0.5
    base = Call(
        sample="S1",
        name=mutation,
        hgvs_c=f"{TARGET}:c.{change}",
        hgvs_p=f"p.({THREE_LETTER[mutation[0]]}{codon}{THREE_LETTER[mutation[-1]]})",
        codon=codon,
        exon=exon_of(3 * codon),
        kind="substitution",
        tier="catalogue",
        depth=depth,
        alt_count=round(vaf * depth),
        vaf=vaf,
        vaf_low=max(0.0, vaf - half),
        vaf_high=min(1.0, vaf + half),
        vaf_full_length=None,
        vaf_forward=vaf,
        vaf_reverse=vaf,
        background=1e-4,
        p_value=1e-30,
        q_value=None,
        lod95=0.004,
        evidence="both_orientations",
        filter="PASS" if level != "evidence_only" else "strand",
        level=level,
        genome_grch38="",
    )
    return replace(base, **changes)


def coverage(
    depth: int = 10000,
    calls: tuple[Call, ...] = (),
    covered: tuple[int, int] = (27, 500),
    gap: tuple[int, int] | None = None,
    lod95: float = 0.004,
) -> tuple[Coverage, ...]:
    """Every codon of exons 1 to 10 and every catalogue allele, some of them not assessable."""
    called = {c.name for c in calls if c.level != "evidence_only"}
    noise = random.Random(7)
    depths = {codon: round(depth * noise.uniform(0.8, 1.2)) for codon in range(1, 560)}

    def row(kind: str, name: str, hgvs: str, codon: int, detected: bool) -> Coverage:
        reason = ""
        if not covered[0] <= codon <= covered[1]:
            reason = "primer" if covered[1] < codon <= covered[1] + 7 else "not_covered"
        elif gap and gap[0] <= codon <= gap[1]:
            reason = "depth"
        seen = 0 if reason in ("primer", "not_covered") else 40 if reason else depths[codon]
        status = "not_assessable" if reason else "detected" if detected else "not_detected"
        lod = None if seen == 0 else lod95 if not reason else 0.12
        return Coverage(
            "S1",
            kind,
            name,
            hgvs,
            codon,
            exon_of(3 * codon),
            seen,
            lod,
            "no" if reason else "yes",
            reason,
            status,
        )

    changed = {c.codon for c in calls if c.level != "evidence_only"}
    rows = [row("codon", "", "", codon, codon in changed) for codon in range(1, 560)]
    rows += [
        row("allele", name, f"{TARGET}:c.{change}", int(name[1:-1]), name in called)
        for name, change in CATALOGUE.items()
    ]
    return tuple(rows)


def splice(event: str, status: str = "not_detected", fraction: float | None = None, **changes) -> SpliceEvent:
    spans = {"exon4_skipping": (550, 822), "exon7_skipping": (1086, 1270)}
    first, last = spans[event]
    proteins = {"exon4_skipping": "p.(Leu184_Lys274del)", "exon7_skipping": "p.(Arg362Serfs*21)"}
    seen = status == "present"
    base = SpliceEvent(
        "S1",
        event,
        f"{TARGET}:r.{first}_{last}del",
        proteins[event],
        round(5000 * fraction) if seen and fraction else 0 if status != "not_assessable" else None,
        5000 if status != "not_assessable" else None,
        fraction,
        fraction * 0.9 if fraction else None,
        fraction * 1.1 if fraction else None,
        fraction / 3 if fraction else None,
        fraction if fraction else None,
        None if status == "not_assessable" else 0.002,
        status,
        f"meaning_{event}",
    )
    return replace(base, **changes)


def drug(name: str, category: str, because: str = "", lead: str = "", **changes) -> DrugCall:
    base = DrugCall(
        "S1", name, category, "in_vitro", because, None, None, None, "", "", because, "zabriskie_2014", "", "", lead, "",
        lead,
    )  # fmt: skip
    return replace(base, **changes)


def clone_drug(clone: str, name: str, category: str, statement: str = "", **changes) -> CloneDrug:
    base = CloneDrug("S1", clone, name, category, "in_vitro", clone, "zabriskie_2014", "", "", "", "", statement)
    return replace(base, **changes)


def in_vitro(finding: str, name: str, ic50: str, fold: float | None, source: str, **changes) -> Sensitivity:
    base = Sensitivity(
        finding, name, "", "in_vitro", ANY_DISEASE, "", "", "", ic50, "", fold, "Ba/F3 cells", "", source, ""
    )
    return replace(base, **changes)


def stated(finding: str, name: str, evidence: str, category: str, text: str, source: str, **changes) -> Sensitivity:
    base = in_vitro(finding, name, "", None, source)
    return replace(base, evidence=evidence, category=category, statement=text, assay="", **changes)


EVIDENCE = (
    in_vitro("T315I", "imatinib", "9773", 48.62, "gozgit_2013"),
    in_vitro("T315I", "imatinib", ">10240", 13.33, "zabriskie_2014"),
    in_vitro("T315I", "imatinib", "9221", 17.5, "redaelli_2009"),
    in_vitro("T315I", "nilotinib", "697.1", 39.38, "redaelli_2012"),
    in_vitro("T315I", "ponatinib", "6", 2.0, "gozgit_2013"),
    in_vitro("T315I", "ponatinib", "6.3", 3.0, "redaelli_2012"),
    in_vitro("T315I", "ponatinib", "11", 22.0, "ohare_2009"),
    stated("T315I", "imatinib", "reported", "reported", "Found in resistant samples.", "soverini_resistant_table"),
    stated("T315I", "dasatinib", "clinical", "resistant", "Named as insensitive.", "branford_2009"),
    stated("T315I", "ponatinib", "guideline", "sensitive", "Preferred for it.", "eln_2020", disease="cml_cp;cml_ap;cml_bp"),
    stated("T315I", "asciminib", "label", "sensitive", "The label names a dose.", "label_scemblix", disease="cml_cp",
           region="US", date="2022"),
    stated("E255K", "bosutinib", "clinical", "", "Some patients responded.", "branford_2009", favours="yes"),
    stated("E507G", "nilotinib", "reported", "reported", "Found in resistant samples.", "soverini_resistant_table"),
    stated("F359V", "nilotinib", "clinical", "reduced", "Named as less sensitive.", "branford_2009"),
)  # fmt: skip
RULES = tuple(
    Rule("compound_with:T315I", drug, "resistant", "in_vitro", ANY_DISEASE, "", "Compounds with it resist.", source)
    for drug, source in (
        ("imatinib", "zabriskie_2014"),
        ("ponatinib", "zabriskie_2014"),
        ("asciminib", "gleixner_2021"),
    )
)
SCREENED = (Screened("E255K", "score", "nilotinib:resistant:2.5", "gozgit_2013"),)


@cache
def known() -> Reference:
    """The knowledge folder that ships with the few statements above instead of its own."""
    shipped = load_reference(Path(__file__).parents[2] / "reference")
    drugs = tuple(Drug(name, "", "drug_classes") for name in DRUGS)
    return replace(shipped, drugs=drugs, sensitivity=EVIDENCE, rules=RULES, screened=SCREENED)


def meant(name: str, disease: str, fields: dict) -> dict:
    """What some tables mean: clones, cells and lines, and the evidence on them."""
    tables = SampleTables(
        **{key: fields[key] for key in ("calls", "coverage", "haplotypes", "phase", "splicing", "fusion")}
    )
    clones, cells, lines = clones_by_drugs(name, known(), tables, disease)
    names = {*(c.clone for c in clones), *(c.name for c in tables.calls if c.filter == "PASS")}
    return dict(
        clones=tuple(clones),
        clone_drugs=tuple(cells),
        drugs=tuple(lines),
        evidence=tuple(row for row in EVIDENCE if row.finding in names),
    )


KNOWLEDGE = {"mutations.tsv": "ab" * 32, "tki/sensitivity.tsv": "cd" * 32, "transcripts.fasta": "ef" * 32}
SETTINGS = {"required_lod": "0.03", "reporting_cut": "0.03"}


def result(name: str = "S1", **changes) -> Result:
    """A sample with nothing found and nothing wrong; `changes` replace whole fields, and what they mean is worked out."""
    base = Result(
        schema_version="2",
        software_version="0.1.0",
        sample=sample(name),
        knowledge=KNOWLEDGE,
        settings=SETTINGS,
        summary=Summary(
            name,
            "P1",
            "run1",
            "patient",
            "illumina",
            "e1a2",
            250000,
            0.98,
            8120,
            "",
            "",
            "",
            "",
            "pass",
            "reportable",
            "",
        ),
        calls=(),
        coverage=coverage(),
        haplotypes=(Haplotype(name, "unmutated", 1.0, 0.99, 1.0, 9800, "yes"),),
        phase=(),
        splicing=(splice("exon4_skipping"), splice("exon7_skipping")),
        fusion=(
            Fusion(name, "e1a2", "BCR::ABL1 e1a2 (p190)", 4200, 0.996, 0.99, 0.999, "present"),
            Fusion(name, "e13a2", "BCR::ABL1 e13a2 (p210)", 0, 0.0, 0.0, 0.001, "not_detected"),
        ),
        clones=(),
        clone_drugs=(),
        drugs=(),
        qc=(
            QcMetric(name, "reads", "250000", "reads", "", "pass", ""),
            QcMetric(name, "on_target", "0.98", "fraction", ">=0.5", "pass", ""),
            QcMetric(name, "min_depth", "8120", "fragments", ">=1000", "pass", ""),
            QcMetric(name, "input_sha256", "12" * 32, "a_R1.fastq.gz", "", "pass", ""),
            QcMetric(name, "input_sha256", "34" * 32, "a_R2.fastq.gz", "", "pass", ""),
        ),
        controls=(
            ControlVerdict("WT", "wild_type_control", "pass", ""),
            ControlVerdict("NTC", "no_template_control", "pass", "3 fragments, limit 50"),
        ),
        evidence=(),
        notes=(),
        peaks=(),
        pile_ups=(),
    )
    made = replace(base, **changes)
    made = replace(made, **{**meant(name, made.sample.disease, vars(made)), **changes})
    tables = ("calls", "coverage", "haplotypes", "phase", "splicing", "fusion", "clones", "clone_drugs", "drugs", "qc")
    return replace(
        made, **{table: tuple(replace(row, sample=name) for row in getattr(made, table)) for table in tables}
    )


def t315i(name: str = "S1", **changes) -> Result:
    """One mutation, reported; another below the cut; a third that is evidence only."""
    calls = (
        call("E255K", 0.0031, "low_level"),
        call("F317L", 0.0012, "evidence_only"),
        call("T315I", 0.452),
    )
    base = result(name)
    fields = dict(
        calls=calls,
        coverage=coverage(calls=calls),
        haplotypes=(
            Haplotype(name, "unmutated", 0.545, 0.53, 0.56, 5400, "yes"),
            Haplotype(name, "T315I", 0.452, 0.439, 0.465, 4500, "yes"),
            Haplotype(name, "E255K", 0.003, 0.002, 0.0045, 30, "yes"),
        ),
        phase=(Phase(name, "E255K+T315I", "polyclonal", 0.01, 8800, 0.0001, 0.0002, None, 0.0, 0.0004),),
        notes=("Mutations are used to exclude drugs that will not work, not to choose one.",),
        summary=replace(base.summary, findings="E255K 0.31 % (low level); T315I 45.2 %"),
    )
    return result(name, **{**fields, **changes})


def compound(name: str = "S2", **changes) -> Result:
    """A triple compound beside T315I alone."""
    calls = (call("G250E", 0.62), call("D276G", 0.61), call("T315I", 0.93))
    base = result(name)
    triple = "G250E+D276G+T315I"
    fields = dict(
        sample=sample(name, collected="2018-11"),
        calls=calls,
        coverage=coverage(calls=calls),
        haplotypes=(
            Haplotype(name, triple, 0.6, 0.58, 0.62, 5900, "yes"),
            Haplotype(name, "T315I", 0.33, 0.31, 0.35, 3300, "yes"),
            Haplotype(name, "unmutated", 0.07, 0.05, 0.09, 700, "yes"),
        ),
        phase=(
            Phase(name, "G250E+D276G", "compound", 0.99, 9100, 0.601, 0.38, None, 0.58, 0.62),
            Phase(name, "G250E+T315I", "compound", 0.99, 7200, 0.612, 0.55, None, 0.59, 0.63),
            Phase(name, "D276G+T315I", "compound", 0.99, 8000, 0.605, 0.54, 0.02, 0.59, 0.62),
            Phase(name, triple, "compound", 0.99, 6900, 0.6, 0.37, None, 0.58, 0.62),
        ),
        summary=replace(base.summary, findings="G250E 62.0 %; D276G 61.0 %; T315I 93.0 %", compound=triple),
    )
    return result(name, **{**fields, **changes})


def peak_window(title: str = "T315I", trace: str = "fwd.ab1") -> PeakWindow:
    """25 bases round codon 315 with a mixed C/T peak in the middle."""
    bases, reference, step = "CCGTTCTATATCATCATTGAGTTCA", "CCGTTCTATATCATCACTGAGTTCA", 12
    signal = [[0] * (step * len(bases) + step) for _ in "ACGT"]
    for i, base in enumerate(bases):
        heights = {base: 900 - 7 * i}
        if base != reference[i]:
            heights[reference[i]] = 420
        for letter, height in heights.items():
            channel = signal["ACGT".index(letter)]
            for x in range(-step, step + 1):
                channel[(i + 1) * step + x - 6] += int(height * max(0.0, 1 - abs(x) / step) ** 1.5)
    peaks = tuple((i + 1) * step - 6 for i in range(len(bases)))
    return PeakWindow(
        trace,
        title,
        True,
        tuple(map(tuple, signal)),
        peaks,
        bases,
        reference,
        tuple(range(928, 928 + len(bases))),
    )


def sanger(name: str = "S3", **changes) -> Result:
    """Traces: T315I with exon 4 skipping, which cannot be phased."""
    calls = (call("T315I", 0.48, depth=2, alt_count=1, p_value=None, lod95=0.2, vaf_low=0.38, vaf_high=0.58),)
    base = result(name)
    fields = dict(
        sample=sample(name, platform="sanger", collected="2019-02", reads_1="fwd.ab1;rev.ab1", reads_2=""),
        settings={"required_lod": "0.2", "reporting_cut": "0.2"},
        calls=calls,
        coverage=coverage(depth=2, calls=calls, covered=(180, 500), lod95=0.2),
        haplotypes=(
            Haplotype(name, "exon4_skipping+T315I", None, 0.0, 0.31, None, "bounds_only"),
            Haplotype(name, "T315I", None, 0.17, 0.48, None, "bounds_only"),
        ),
        phase=(Phase(name, "exon4_skipping+T315I", "cannot_be_phased", None, 0, None, None, None, 0.0, 0.31),),
        splicing=(
            splice("exon4_skipping", "present", 0.31, junction_reads=None, reference_reads=None),
            splice("exon7_skipping", "not_assessable"),
        ),
        fusion=(Fusion(name, "e1a2", "BCR::ABL1 e1a2 (p190)", 0, None, None, None, "not_assessable"),),
        controls=(),
        peaks=(peak_window(), peak_window("T315I", "rev.ab1")),
        summary=replace(
            base.summary,
            platform="sanger",
            fusion="",
            reads=None,
            on_target=None,
            min_depth=None,
            findings="T315I 48.0 %",
            splicing="exon4_skipping 31.0 %",
            controls="",
            status="review",
            reason="no control trace",
        ),
    )
    return result(name, **{**fields, **changes})


def blind(name: str = "S4", **changes) -> Result:
    """Nothing could be assessed."""
    base = result(name)
    reason = "no read reaches the kinase domain"
    fields = dict(
        sample=sample(name, patient="", collected=""),
        coverage=coverage(covered=(9999, 9999)),
        haplotypes=(),
        splicing=(
            splice("exon4_skipping", "not_assessable"),
            splice("exon7_skipping", "not_assessable"),
        ),
        fusion=(),
        controls=(ControlVerdict("NTC", "no_template_control", "fail", "8 120 fragments in a blank"),),
        qc=(QcMetric(name, "usable", "no", "", "", "fail", reason),),
        summary=replace(
            base.summary,
            patient="",
            fusion="",
            reads=12,
            on_target=0.0,
            min_depth=0,
            controls="fail",
            codons_not_assessable="1-559",
            status="failed",
            reason=reason,
        ),
    )
    return result(name, **{**fields, **changes})


def crowded(name: str = "S5", **changes) -> Result:
    """Twelve mutations, three haplotypes, a gap in coverage."""
    fractions = {
        "M244V": 0.012,
        "L248V": 0.0042,
        "G250E": 0.21,
        "Y253H": 0.081,
        "E255K": 0.05,
        "D276G": 0.2,
        "V299L": 0.0068,
        "F311L": 0.004,
        "T315I": 0.38,
        "F317L": 0.052,
        "M351T": 0.04,
        "F359V": 0.11,
    }
    calls = tuple(call(m, f, "reported" if f >= 0.03 else "low_level") for m, f in fractions.items())
    calls += (
        call("E292V", 0.0009, "evidence_only", filter="strand;background"),
        call("E255V", 0.0007, "evidence_only", filter="carry_over"),
    )
    names = list(fractions)
    pairs = [f"{a}+{b}" for i, a in enumerate(names) for b in names[i + 1 :] if (a, b) != ("T315I", "F359V")]
    base = result(name)
    fields = dict(
        calls=calls,
        coverage=coverage(calls=calls, gap=(318, 341)),
        haplotypes=(
            Haplotype(name, "unmutated", 0.41, 0.4, 0.42, 4100, "yes"),
            Haplotype(name, "G250E+D276G+T315I", 0.2, 0.19, 0.21, 2000, "yes"),
            Haplotype(name, "T315I", 0.17, 0.16, 0.18, 1700, "yes"),
            Haplotype(name, "F359V", None, 0.02, 0.11, None, "bounds_only"),
        ),
        phase=tuple(
            Phase(
                name,
                pair,
                *(("compound", 0.99) if set(pair.split("+")) < {"G250E", "D276G", "T315I"} else ("polyclonal", 0.01)),
                7000,
                0.2,
                0.1,
                None,
                0.19,
                0.21,
            )
            for pair in pairs
        )
        + (
            Phase(name, "G250E+D276G+T315I", "compound", 0.99, 6000, 0.2, 0.05, None, 0.19, 0.21),
            Phase(name, "T315I+F359V", "cannot_be_phased", None, 12, None, None, None, 0.0, 0.11),
        ),
        summary=replace(
            base.summary,
            findings="; ".join(f"{m} {f:.1%}" for m, f in fractions.items()),
            compound="G250E+D276G+T315I",
            codons_not_assessable="318-341",
            status="review",
            reason="24 codons could not be assessed",
        ),
    )
    return result(name, **{**fields, **changes})


def event(date: str, end: str, kind: str, name: str, value: str = "", unit: str = "", note: str = "") -> ClinicalEvent:
    return ClinicalEvent("P1", date, end, kind, name, value, unit, note)


# Dates, copies and doses of the first patient of the published case report (two case reports of molecular
# remission with blinatumomab and ponatinib); the fractions of the samples are made up.
COURSE = (
    event("2016-04", "2018-01", "treatment", "dasatinib", "100", "mg/day"),
    event("2018-02", "2018-05", "treatment", "dasatinib", "140", "mg/day"),
    event("2018-05", "", "treatment", "ponatinib", "15", "mg/day"),
    event("2018-12", "2018-12", "treatment", "vincristine", "1.5", "mg"),
    event("2018-12", "2020-01", "treatment", "blinatumomab", "9 then 28", "ug/day", "nine cycles"),
    event("2018-05", "", "measurement", "minor BCR::ABL1", "140000", "copies"),
    event("2018-11", "", "measurement", "minor BCR::ABL1", "25000", "copies"),
    event("2018-12", "", "measurement", "minor BCR::ABL1", "2000", "copies"),
    event("2018-12", "", "measurement", "ponatinib level", "31", "ng/ml"),
    event("", "", "measurement", "ponatinib level", ">23", "ng/ml", "kept above"),
    event("2016-06", "", "response", "molecular complete remission"),
    event("2018-05", "", "event", "molecular relapse"),
    event("2018-11", "", "event", "second relapse"),
    event("2019-01", "", "response", "MRD negative", "", "", "RQ-PCR and flow cytometry"),
    event("", "", "event", "fluconazole given too", "", "", "undated"),
)


def course() -> list[Result]:
    """Four samples of one patient: one mutation, a triple compound, nothing, and one that failed."""
    return [
        t315i("S1"),
        compound("S2"),
        result("S7", sample=sample("S7", collected="2019-02")),
        blind("S8", sample=sample("S8", collected="2019-06")),
    ]


HOSTILE = ("<script>alert(1)</script>", "=cmd()", "{{7*7}}", '$\\frac{1}{2}$ & "quoted"', "+SUM(A1)", "@x")


def hostile(name: str = "S6", **changes) -> Result:
    """Words that a careless page or sheet would run."""
    script, formula, template, math, plus, at = HOSTILE
    base = t315i(name)
    fields = dict(
        sample=replace(base.sample, patient=script, run=formula, amplicon=math),
        calls=(*base.calls[:2], replace(base.calls[2], name=script, hgvs_p=formula)),
        haplotypes=(replace(base.haplotypes[1], haplotype=f"{script}+{math}"),),
        clones=(Clone(name, script, "haplotype", 0.4, 0.3, 0.5, "reported"),),
        clone_drugs=(clone_drug(script, script, "resistant", template, folds=formula, provisional=plus, source=math),),
        drugs=(
            drug(script, "resistant", script, template, source=math, line=formula, provisional=at, favours=template),
        ),
        controls=(ControlVerdict(script, formula, "fail", template),),
        evidence=(in_vitro(script, script, formula, 2.0, template),),
        notes=(script, formula, template),
        peaks=(peak_window(script, math),),
        settings={**SETTINGS, script: template},
        summary=replace(base.summary, patient=script, findings=formula, reason=plus, compound=at, splicing=template),
    )
    return result(name, **{**fields, **changes})
