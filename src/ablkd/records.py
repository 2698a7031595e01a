"""The vocabulary of the project: one frozen dataclass per table, knowledge and result alike.

The field names are the columns, in order. `float | None` and the like mean that the cell may be empty.
Fractions are 0-1, positions are 1-based HGVS on the target transcript of the knowledge folder.
"""

from __future__ import annotations

from dataclasses import dataclass

# ---------------------------------------------------------------- what comes in


@dataclass(frozen=True)
class Sample:
    """A line of samples.tsv; `reads_1` and `reads_2` are files, joined by `;`.

    `disease` is a row of diseases.tsv; empty where it is not known.
    """

    sample: str
    patient: str
    run: str
    collected: str
    platform: str
    amplicon: str
    role: str
    reads_1: str
    reads_2: str
    expected: str
    template_copies: float | None
    disease: str = ""


@dataclass(frozen=True)
class ClinicalEvent:
    """A line of clinical.tsv: a treatment, a measurement, a response, an event of one patient, or a remark on the page.

    Without a date a line has no place in time. A treatment without `end_date` goes on.
    """

    patient: str
    date: str
    end_date: str
    kind: str
    name: str
    value: str
    unit: str
    note: str


# ---------------------------------------------------------------- knowledge (reference/)


@dataclass(frozen=True)
class Transcript:
    """A contig of transcripts.fasta.

    `kind` is `target` (the one transcript all positions are told on), `fusion` or `normal` (another
    unrearranged form). The first `partner_length` bases are not of the target; the rest is the target's
    `target_start` to `target_end`. `occurs_with` names the fusions, joined by `;`, that a source reports
    together with this one in one patient; of all others nothing is known.
    """

    name: str
    kind: str
    label: str
    partner_length: int
    target_start: int
    target_end: int
    source: str
    occurs_with: str = ""


@dataclass(frozen=True)
class Exon:
    """An exon of the target transcript, with its place in the genome (GRCh38, 1-based inclusive)."""

    exon: str
    start: int
    end: int
    chromosome: str
    genome_start: int
    genome_end: int
    strand: str
    source: str


@dataclass(frozen=True)
class Amplicon:
    """One primer pair; several tiles may share a name. Positions are 1-based on the named transcript."""

    name: str
    tile: int
    transcript: str
    forward_start: int
    forward_end: int
    reverse_start: int
    reverse_end: int
    source: str
    note: str = ""


@dataclass(frozen=True)
class Platform:
    """What a sequencing platform is assumed to do until a laboratory's own controls say otherwise.

    `reads` is `short`, `long` or `trace`. The error columns are prior class means per base and the
    natural-log standard deviation of a site's rate around them. `carry_over` is the share of a run's fragments
    that are taken for another sample's. `heteroduplex` is the highest share of reads that may be one consensus of two
    strands from different molecules, 0 where a read is of one strand.
    """

    platform: str
    reads: str
    min_base_quality: int
    transition_error: float
    transversion_error: float
    indel_error: float
    junction_error: float
    error_log_sd: float
    between_sample_cv: float
    required_lod: float
    reporting_cut: float
    carry_over: float
    heteroduplex: float
    source: str


@dataclass(frozen=True)
class Mutation:
    """A codon change that the catalogue lists; one row per nucleotide change."""

    name: str
    hgvs_c: str
    hgvs_p: str
    codon: int
    exon: str
    ref_codon: str
    alt_codon: str
    tier: str
    region: str
    genome_grch38: str
    source: str
    note: str


@dataclass(frozen=True)
class Polymorphism:
    """A codon change known from healthy people; `frequency` is its share of the alleles of a population, 0-1."""

    name: str
    hgvs_c: str
    codon: int
    ref_codon: str
    alt_codon: str
    frequency: float | None
    source: str
    note: str


@dataclass(frozen=True)
class SpliceVariant:
    """A known isoform event.

    `kind` is `skip` (target bases `start` to `end` are missing) or `insertion` (`inserted_sequence`
    stands between `start` and `end`). `expected` is `yes` where healthy samples show it too. `meaning`
    is a key of notes.tsv. `linked_mutation` is a change that makes the event's splice site; one asks for the other.
    """

    event: str
    kind: str
    start: int
    end: int
    inserted_sequence: str
    hgvs_r: str
    hgvs_p: str
    expected: str
    meaning: str
    source: str
    linked_mutation: str = ""


@dataclass(frozen=True)
class Disease:
    """A disease, or a phase of one; `family` is said where all of it is meant."""

    disease: str
    label: str
    family: str
    source: str


ANY_DISEASE = "any"  # the scope of a statement that holds whatever the disease


@dataclass(frozen=True)
class Drug:
    """A drug the report has a line for; `drug_class` groups drugs that bind the same site."""

    drug: str
    drug_class: str
    source: str


@dataclass(frozen=True)
class Sensitivity:
    """One statement or measurement on one finding and one drug.

    `finding` is a mutation name, a compound (names joined by `+` in transcript order), a splice event, or
    a fusion name. `category` is filled only where the source words one. `evidence` is a word of `consistency.EVIDENCE`.
    `disease` is `any`, or the rows of diseases.tsv it holds for, joined by `;`; `region`, `date` are those of a label
    or guideline. `favours` is `yes` where it speaks for the drug.
    """

    finding: str
    drug: str
    category: str
    evidence: str
    disease: str
    region: str
    date: str
    favours: str
    ic50_nm: str
    unmutated_ic50_nm: str
    fold: float | None
    assay: str
    statement: str
    source: str
    note: str


@dataclass(frozen=True)
class Rule:
    """A statement on a class of findings; the other columns are those of `Sensitivity`.

    `applies_to` is `compound_with:NAME` (missense changes on one molecule, NAME among them), `compound_without:NAME`
    (the same without it), `any_compound`, `further:NAME` (NAME and another missense change in the sample, on one
    molecule or not), `except:NAME` (one listed mutation, not NAME) or `region:LABEL` (one listed mutation of that
    region of mutations.tsv).
    """

    applies_to: str
    drug: str
    category: str
    evidence: str
    disease: str
    favours: str
    statement: str
    source: str


@dataclass(frozen=True)
class Screened:
    """What a screen of many changes in cells found of one of them.

    `results` is `drug:class:value` joined by `;`, the class `resistant`, `intermediate` or `sensitive` as the source
    words it, the value in `measure`.
    """

    change: str
    measure: str
    results: str
    source: str


@dataclass(frozen=True)
class Note:
    """A sentence of the report; `text` may hold `{placeholders}`."""

    key: str
    text: str
    source: str


@dataclass(frozen=True)
class ResponseLevel:
    """A molecular response level: `percent_is` or less on the International Scale, in a patient whose fusion is one of
    `fusions` (joined by `;`).
    """

    level: str
    percent_is: float
    fusions: str
    source: str


@dataclass(frozen=True)
class Source:
    """Where knowledge comes from, and how it was checked."""

    source: str
    citation: str
    locator: str
    verification: str


# ---------------------------------------------------------------- results


@dataclass(frozen=True)
class CountRow:
    """counts.tsv, and a laboratory panel: fragments of one sample that show one codon, one indel or one junction.

    `kind` is `codon` (`change` is the codon seen), `indel` (`change` is what was inserted; bases `position` to
    `end` are missing; `forward` fragments show it of the `reverse` ones that could tell), `junction` (the same;
    `change` is `event:NAME` or `fusion:NAME`) or `span` (`forward` fragments could tell an indel before any base of
    `position` to `end`). `panel` is empty for a sample of the run.
    """

    panel: str
    sample: str
    platform: str
    kind: str
    position: int
    end: int
    change: str
    forward: int
    reverse: int
    both: int


@dataclass(frozen=True)
class Call:
    """calls.tsv: one changed codon state.

    `alt_count` of `depth` fragments show the change in bases of good quality. `vaf` and its interval also use the bases
    below the quality cut, for what their recalibrated quality is worth, so that `vaf` may differ from the ratio of the
    counts where the mutated base is read with poorer or better quality than the unmutated one.
    """

    sample: str
    name: str
    hgvs_c: str
    hgvs_p: str
    codon: int
    exon: str
    kind: str
    tier: str
    depth: int
    alt_count: int
    vaf: float
    vaf_low: float
    vaf_high: float
    vaf_full_length: float | None
    vaf_forward: float | None
    vaf_reverse: float | None
    background: float | None
    p_value: float | None
    q_value: float | None
    lod95: float | None
    evidence: str
    filter: str
    level: str
    genome_grch38: str


@dataclass(frozen=True)
class Coverage:
    """coverage.tsv: what could have been seen, for every catalogue allele, every codon, the classes of indels in each
    exon, and every indel of calls.tsv.

    `kind` is `allele`, `codon`, `indel_class` or `indel`; `depth` counts fragments, or traces. Of a class of indels
    `name` is the class and the exon, `codon` the first one assessed there, and `depth` and `lod95` those of indels of
    up to 30 bases where the depth is lowest and errors are most frequent. `status` is `detected`, `not_detected` or
    `not_assessable`, and `reason` says why not assessable: `primer`, `not_covered`, `depth`, `templates`, `background`,
    `control_contaminated`, `no_limit_of_detection`, or the filter of a variant that was seen there. `filter`, `vaf` and
    `vaf_high` (upper 95 % bound) are those of the variant that was seen and held back, of several the one with the
    highest bound; empty where there is none.
    """

    sample: str
    kind: str
    name: str
    hgvs_c: str
    codon: int
    exon: str
    depth: int
    lod95: float | None
    assessable: str
    reason: str
    status: str
    filter: str = ""
    vaf: float | None = None
    vaf_high: float | None = None


@dataclass(frozen=True)
class Haplotype:
    """haplotypes.tsv: molecules as they were before PCR, exactly these and no other called change."""

    sample: str
    haplotype: str
    fraction: float | None
    fraction_low: float | None
    fraction_high: float | None
    fragments: int | None
    identifiable: str


@dataclass(frozen=True)
class Phase:
    """phase.tsv: a set of two or more called changes, molecules with at least these."""

    sample: str
    mutations: str
    verdict: str
    probability: float | None
    spanning: int
    observed: float | None
    expected_recombinant: float | None
    recombination_needed: float | None
    compound_low: float | None
    compound_high: float | None


APART = ("polyclonal", "explained_by_recombination")  # verdicts of `Phase` that say: not on one molecule
OPEN = " (not excluded)"  # after a set of `Summary.compound` whose verdict leaves open whether it is on one molecule


@dataclass(frozen=True)
class RecombinationRate:
    """work/runs/<run>/recombination.tsv: what a recombination control shows, one row for each of the run.

    spanning fragments show two or more of the `mutations` that were mixed, `observed` of them have more than one. rate
    is per bp over all cycles, `log_sd` the standard deviation of its natural logarithm; both empty, with the `reason`,
    where the control shows nothing. `distance` is bases between the first and the last of the mutations.
    """

    sample: str
    mutations: str
    spanning: int
    observed: float | None
    rate: float | None
    log_sd: float | None
    reason: str
    distance: float | None = None


@dataclass(frozen=True)
class SpliceEvent:
    """splicing.tsv: an isoform event: every known one, and `novel:c.A_B` for a junction that no table has.

    `junction_reads` show the event, `reference_reads` are those without it that it is compared with; `reference_left`
    and `reference_right` are counted at the event's two ends. `fraction` is of molecules; `bias_low` and `bias_high`
    bound it if the shorter product amplified up to five times better. `call` is `present`, `not_detected`,
    `not_assessable`, or `evidence_only` for a new junction that is seen but not trusted. `filter` is PASS or joins by
    `;` what holds the event back (`carry_over`; `depth`; `template_switch`: the joined ends share bases;
    `one_fragment_end`: copies of one fragment; of traces `traces_disagree` and `below_limit`), why it was not assessed
    (`not_covered`, `depth`, `templates`, `background`, `no_limit_of_detection`), and, as a warning on a present one,
    `ends_disagree`.
    """

    sample: str
    event: str
    hgvs_r: str
    hgvs_p: str
    junction_reads: int | None
    reference_reads: int | None
    fraction: float | None
    fraction_low: float | None
    fraction_high: float | None
    bias_low: float | None
    bias_high: float | None
    lod95: float | None
    call: str
    meaning: str
    reference_left: int | None = None
    reference_right: int | None = None
    filter: str = "PASS"


@dataclass(frozen=True)
class Fusion:
    """fusion.tsv: fragments across each known breakpoint, and across the unrearranged junction.

    `call` and `filter` are those of `SpliceEvent`.
    """

    sample: str
    fusion: str
    label: str
    junction_reads: int
    fraction: float | None
    fraction_low: float | None
    fraction_high: float | None
    call: str
    lod95: float | None = None
    filter: str = "PASS"


@dataclass(frozen=True)
class Clone:
    """clones.tsv: molecules that are told apart, the most resistant first, those without any finding last.

    `kind` is `haplotype` (exactly these changes), `mutation` or `isoform` (at least this one: how it stands to others
    is not known), `compound` (proven, its share only bounded), `not_excluded` (may be on one molecule), `transcript` (a
    fusion that a source ties to a drug), `germline` (possibly not of the leukaemia) or `none` (no finding). `fraction`
    is of all molecules; `level` is `low_level` where one of its changes is.
    """

    sample: str
    clone: str
    kind: str
    fraction: float | None
    fraction_low: float | None
    fraction_high: float | None
    level: str


@dataclass(frozen=True)
class CloneDrug:
    """clone_drugs.tsv: what the evidence says of one clone and one drug.

    `category` is `resistant`, `reduced`, `reported` (found in patients with resistance), `sensitive` or `unknown`; one
    that does not hold in every disease the patient may have carries its scope, `sensitive, CML-CP only`; where nothing
    could be assessed it is `not_assessable`. `evidence` are
    the kinds that word it, strongest first, `because` the findings they speak of, `source` where. `screen` is what
    screens in cells found (never a category), `folds` the range of the IC50 over the unmutated kinase. `provisional`
    says what could change the category and was not assessed; `missing_codons` are the codons of it. Lists are joined by
    `;`.
    """

    sample: str
    clone: str
    drug: str
    category: str
    evidence: str
    because: str
    source: str
    screen: str
    folds: str
    provisional: str
    missing_codons: str
    statement: str


@dataclass(frozen=True)
class DrugCall:
    """drugs.tsv: one drug for this sample, from the rows of clone_drugs.tsv.

    `category` and `evidence` are those of the most resistant clone, `clone` and the fractions its own, `level` is
    `low_level` where that clone is. `because` are all findings that decide it, strongest evidence
    first. `line` says which clones the drug hits, `lead` is the statement that decides, `favours` what speaks for the
    drug.
    """

    sample: str
    drug: str
    category: str
    evidence: str
    clone: str
    fraction: float | None
    fraction_low: float | None
    fraction_high: float | None
    level: str
    provisional: str
    because: str
    source: str
    missing_codons: str
    line: str
    lead: str
    favours: str
    statement: str


@dataclass(frozen=True)
class QcMetric:
    """qc.tsv: one measurement, its limit and its verdict."""

    sample: str
    metric: str
    value: str
    unit: str
    limit: str
    status: str
    reason: str


@dataclass(frozen=True)
class ControlVerdict:
    """What one control sample of the run showed."""

    control: str
    role: str
    status: str
    reason: str


@dataclass(frozen=True)
class TimelinePoint:
    """patients/<patient>.tsv: one dated or undated value of one patient.

    `kind` is `sample`, `mutation`, `haplotype`, `splicing`, `phase` (a set that is or may be on one molecule),
    `identity`, `level` (a molecular response level that applies to this patient) or a clinical kind. `unit` of a
    mutation, haplotype or isoform event is `fraction`; any other unit is its burden, the fraction times the measurement
    of that unit and time. `status` of a measurement is the molecular response level it reaches, empty where levels do
    not apply. `change` states what changed since the sample or the measurement before; `end_date` and `note` are those
    of clinical events.
    """

    patient: str
    date: str
    sample: str
    kind: str
    name: str
    value: str
    low: float | None
    high: float | None
    unit: str
    status: str
    change: str
    end_date: str
    note: str


@dataclass(frozen=True)
class Summary:
    """summary.tsv: one row per sample."""

    sample: str
    patient: str
    run: str
    role: str
    platform: str
    fusion: str
    reads: int | None
    on_target: float | None
    min_depth: int | None
    findings: str
    compound: str
    splicing: str
    codons_not_assessable: str
    controls: str
    status: str
    reason: str


@dataclass(frozen=True)
class LibraryTrace:
    """A line of a laboratory's trace library: an .ab1 file beside it, and what the molecules of that trace hold.

    `expected` is `NAME:FRACTION` joined by `;` as in the sample sheet; empty is wild type.
    """

    file: str
    expected: str


@dataclass(frozen=True)
class PeakWindow:
    """A stretch of one chromatogram for the report: four channels and the bases under them.

    `channels` are the signals of A, C, G and T; `bases`, `reference` and `peaks` run along the called
    bases (`peaks` are indices into the channels, `positions` 1-based target positions, 0 where none).
    `minor` is the second highest base where it is a good part of the signal, else a blank; `overlap` are the bases
    of the isoform or indel `overlapping`, whose molecules stand at other places of the target; empty without.
    """

    trace: str
    title: str
    forward: bool
    channels: tuple[tuple[int, ...], ...]
    peaks: tuple[int, ...]
    bases: str
    reference: str
    positions: tuple[int, ...]
    minor: str = ""
    overlap: str = ""
    overlapping: str = ""


@dataclass(frozen=True)
class DrawnFragment:
    """A fragment as it was seen: 1-based target positions of its mates, and the called changes it has and has not."""

    spans: tuple[tuple[int, int], ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]


@dataclass(frozen=True)
class PileUp:
    """Some of the fragments that fit one haplotype only; `haplotype` is empty for those that fit none.

    `fragments` is how many there are, `drawn` holds a few that show most.
    """

    haplotype: str
    fragments: int
    drawn: tuple[DrawnFragment, ...]


@dataclass(frozen=True)
class SampleTables:
    """Every table of one sample, as the steps from reads or traces to tables write them."""

    calls: tuple[Call, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    haplotypes: tuple[Haplotype, ...] = ()
    phase: tuple[Phase, ...] = ()
    splicing: tuple[SpliceEvent, ...] = ()
    fusion: tuple[Fusion, ...] = ()
    qc: tuple[QcMetric, ...] = ()
    peaks: tuple[PeakWindow, ...] = ()
    pile_ups: tuple[PileUp, ...] = ()


@dataclass(frozen=True)
class Result:
    """result.json: everything known of one sample, versioned; every output is made from it."""

    schema_version: str
    software_version: str
    sample: Sample
    knowledge: dict[str, str]
    settings: dict[str, str]
    summary: Summary
    calls: tuple[Call, ...]
    coverage: tuple[Coverage, ...]
    haplotypes: tuple[Haplotype, ...]
    phase: tuple[Phase, ...]
    splicing: tuple[SpliceEvent, ...]
    fusion: tuple[Fusion, ...]
    clones: tuple[Clone, ...]
    clone_drugs: tuple[CloneDrug, ...]
    drugs: tuple[DrugCall, ...]
    qc: tuple[QcMetric, ...]
    controls: tuple[ControlVerdict, ...]
    evidence: tuple[Sensitivity, ...]
    notes: tuple[str, ...]
    peaks: tuple[PeakWindow, ...]
    pile_ups: tuple[PileUp, ...]


# ---------------------------------------------------------------- what a laboratory system takes over


@dataclass(frozen=True)
class ResultRow:
    """runs/<run>/results.tsv: one row per result, what was not assessable included.

    `kind` is `mutation`, `haplotype`, `phase`, `splicing`, `fusion`, `clone`, `clone_drug` (named `CLONE | DRUG`),
    `drug` or `not_assessable`; `status` is the word of its own table (level, verdict, call, kind or category). The
    fraction of a drug is that of the clone that decides it; the comment says which, what the category rests on, and
    what makes it provisional.
    """

    sample: str
    patient: str
    run: str
    collected: str
    kind: str
    name: str
    hgvs_c: str
    hgvs_p: str
    fraction: float | None
    fraction_low: float | None
    fraction_high: float | None
    lod95: float | None
    status: str
    source: str
    comment: str
