"""The subcommands: what each does, an example, and the options it takes. `cli` makes the parser of them."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any


def copies_or_none(text: str) -> float | None:
    """A number, or nothing for an empty cell of the sheet."""
    return float(text) if text else None


def key_and_value(text: str) -> tuple[str, str]:
    """`KEY=VALUE` as a pair."""
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError(f"'{text}' is not KEY=VALUE")
    return key, value


PATH: dict[str, Any] = {"type": Path, "metavar": "FILE"}
PATHS: dict[str, Any] = {"type": Path, "metavar": "FILE", "nargs": "*", "default": []}
FOLDERS: dict[str, Any] = {**PATHS, "metavar": "FOLDER"}
NAME: dict[str, Any] = {"metavar": "NAME"}
FRACTION: dict[str, Any] = {"type": float, "metavar": "FRACTION"}

OPTIONS: dict[str, dict[str, Any]] = {
    "sample": {**NAME, "help": "the sample's name, written into every row"},
    "platform": {**NAME, "help": "a row of platforms.tsv"},
    "amplicon": {
        **NAME,
        "nargs": "?",
        "const": "",
        "default": "",
        "help": "a row of amplicons.tsv; empty: found from the reads",
    },
    "reference": {"type": Path, "metavar": "FOLDER", "help": "the knowledge folder"},
    "reads_1": {**PATHS, "help": "FASTQ(.gz) or BAM files"},
    "reads_2": {**PATHS, "help": "the mates' FASTQ files, in the same order"},
    "traces": {**PATHS, "help": ".ab1 files"},
    "wild_types": {**PATHS, "help": ".ab1 files of the run's wild-type controls"},
    "trace_library": {**PATH, "nargs": "?", "help": "table of the laboratory's traces of known molecules (.tsv)"},
    "fragments": {**PATH, "help": "aligned fragments (.npy), written by align"},
    "bam": {**PATH, "help": "BAM to write, with its index beside it"},
    "align_qc": {**PATH, "help": "qc rows of align: reads that cannot be used are left out"},
    "qc": {**PATH, "help": "qc rows to write"},
    "qc_parts": {**PATHS, "help": "qc rows of the steps before"},
    "template_copies": {
        "type": copies_or_none,
        "nargs": "?",
        "metavar": "NUMBER",
        "help": "cDNA molecules of the fusion that entered the PCR; empty: not known",
    },
    "required_lod": {**FRACTION, "help": "a position where this fraction would be seen is assessable (0-1)"},
    "reporting_cut": {**FRACTION, "help": "findings at or above it are reported (0-1)"},
    "tables": {
        "type": Path,
        "metavar": "FOLDER",
        "help": "the sample's folder: calls.tsv, coverage.tsv, haplotypes.tsv, phase.tsv, splicing.tsv and fusion.tsv",
    },
    "calls": {**PATH, "help": "calls.tsv"},
    "coverage": {**PATH, "help": "coverage.tsv"},
    "haplotypes": {**PATH, "help": "haplotypes.tsv"},
    "phase": {**PATH, "help": "phase.tsv"},
    "splicing": {**PATH, "help": "splicing.tsv"},
    "fusion": {**PATH, "help": "fusion.tsv"},
    "clones": {**PATH, "help": "clones.tsv to write"},
    "clone_drugs": {**PATH, "help": "clone_drugs.tsv to write"},
    "drugs": {**PATH, "help": "drugs.tsv to write"},
    "peaks": {**PATH, "nargs": "?", "help": "chromatogram windows (.json)"},
    "pile_ups": {**PATH, "nargs": "?", "help": "fragments to draw under each haplotype (.json)"},
    "sheet": {**PATH, "help": "the sample sheet"},
    "counts": {**PATH, "help": "counts of the fragments by what they show (.tsv)"},
    "run_counts": {**PATHS, "help": "counts of each sample (.tsv), written by align"},
    "disease": {**NAME, "help": "the patient's disease, a row of diseases.tsv; not given: unknown"},
    "name": {**NAME, "help": "name and version of the panel, written into every result that uses it"},
    "background": {**PATH, "help": "background of a run on one platform (.npz), written by background"},
    "panel": {**PATH, "nargs": "?", "help": "laboratory panel of past wild-type controls (.tsv)"},
    "run_tables": {**FOLDERS, "help": "the folder of every sample of the run"},
    "control_tables": {**FOLDERS, "help": "the folder of every control of the run"},
    "cross_check": {**PATH, "nargs": "?", "help": "qc rows of all samples of the run, written by crosscheck"},
    "control_calls": {**PATHS, "help": "calls.tsv of the run's controls"},
    "control_fragments": {**PATHS, "help": "aligned fragments (.npy) of the run's recombination controls"},
    "call_qc": {**PATH, "help": "qc rows of call, which name the number of templates"},
    "recombination": {**PATH, "help": "what the run's recombination controls show (.tsv)"},
    "control_qc": {**PATHS, "help": "qc rows of the run's controls"},
    "setting": {
        "type": key_and_value,
        "metavar": "KEY=VALUE",
        "nargs": "*",
        "default": [],
        "help": "a setting in force, for the report",
    },
    "done": {**PATH, "help": "file to write when all is compiled"},
    "result": {**PATH, "help": "result.json of a sample"},
    "results": {**PATHS, "help": "result.json of each sample"},
    "html": {**PATH, "help": "page to write"},
    "vcf": {**PATH, "help": "VCF (.vcf.gz) to write, with its index beside it"},
    "pdf": {**PATH, "help": "the page as PDF, to write"},
    "site": {
        "type": Path,
        "metavar": "FOLDER",
        "nargs": "?",
        "help": "the laboratory's name, logo, words and templates for the pages",
    },
    "patient": {**NAME, "help": "the patient's name"},
    "clinical": {**PATH, "nargs": "?", "help": "treatments, measurements and responses"},
    "table": {**PATH, "help": "table to write"},
    "run": {**NAME, "help": "the run's name"},
    "folder": {"type": Path, "metavar": "FOLDER", "help": "folder to write into"},
    "manifest": {**PATH, "help": "manifest.json to write"},
    "names": {"metavar": "NAME", "nargs": "*", "default": [], "help": "files beside each result, those that are there"},
    "pages": {**PATHS, "help": "files of the run or of all runs"},
    "index": {**PATH, "help": "page to write, with links to samples, runs and patients"},
    "truth": {**PATH, "help": "what to simulate, a line for each sample and molecule"},
    "conditions": {**PATH, "help": "what to simulate, a line for each condition; without: the table that ships"},
    "samples": {"type": int, "metavar": "NUMBER", "default": 300, "help": "wild-type samples a condition (300)"},
    "reads": {"type": int, "metavar": "NUMBER", "default": 0, "help": "samples a condition drawn as reads (0)"},
    "cores": {"type": int, "metavar": "NUMBER", "default": 1, "help": "processes side by side (1)"},
    "seed": {"type": int, "metavar": "NUMBER", "default": 1, "help": "seed of the random numbers (1)"},
}


@dataclass(frozen=True)
class Command:
    """A subcommand: `needs` and `takes` name OPTIONS; `place` is one positional (name, help, default)."""

    does: str
    example: str
    needs: str = ""
    takes: str = ""
    place: tuple[str, str, str | None] | None = None


TRACE_TABLES = "calls coverage haplotypes phase splicing fusion"
COMMANDS: dict[str, Command] = {
    "init": Command(
        "make a run folder: settings, an empty sample sheet, a Snakefile",
        "ablkd init myrun",
        place=("folder", "the folder to make", None),
    ),
    "sheet": Command(
        "print a sample sheet for the reads or traces in a folder",
        "ablkd sheet fastq > samples.tsv",
        place=("folder", "the folder of a sequencing run", None),
    ),
    "check": Command(
        "check settings, sheet and knowledge without running anything",
        "ablkd check config.yaml",
        place=("config", "the settings (config.yaml)", "config.yaml"),
    ),
    "warm": Command(
        "compile the inner loops once, for jobs that start side by side",
        "ablkd warm --reference reference --done compiled.txt",
        "reference done",
    ),
    "align": Command(
        "reads to aligned fragments",
        "ablkd align --sample S1 --platform illumina --reference reference --reads-1 S1_R1.fastq.gz "
        "--reads-2 S1_R2.fastq.gz --fragments fragments.npy --counts counts.tsv --qc align_qc.tsv",
        "sample platform reference reads_1 fragments counts qc",
        "amplicon reads_2",
    ),
    "bam": Command(
        "reads to a sorted, indexed BAM for people: where align placed them, on the transcripts",
        "ablkd bam --platform illumina --reference reference --reads-1 S1_R1.fastq.gz --reads-2 S1_R2.fastq.gz "
        "--bam aligned.bam",
        "platform reference reads_1 bam",
        "reads_2 align_qc",
    ),
    "background": Command(
        "counts of a run's samples to what its errors look like",
        "ablkd background --sheet samples.tsv --platform illumina --reference reference "
        "--run-counts S1/counts.tsv S2/counts.tsv --background background.npz",
        "sheet platform reference run_counts background",
        "panel",
    ),
    "panel": Command(
        "counts of past wild-type controls to a laboratory panel",
        "ablkd panel --name lab-2026-1 --reference reference --run-counts W1/counts.tsv W2/counts.tsv "
        "--panel panel.tsv",
        "name reference run_counts panel",
    ),
    "call": Command(
        "fragments to calls and to what could have been seen, and where asked to what splice tells",
        "ablkd call --sample S1 --platform illumina --reference reference --fragments fragments.npy "
        "--background background.npz --required-lod 0.03 --reporting-cut 0.03 --calls calls.tsv "
        "--coverage coverage.tsv --qc call_qc.tsv",
        "sample platform reference fragments background required_lod reporting_cut calls coverage qc",
        "template_copies splicing fusion",
    ),
    "splice": Command(
        "fragments to isoform events and the fusion type, without calling",
        "ablkd splice --sample S1 --platform illumina --reference reference --fragments fragments.npy "
        "--background background.npz --required-lod 0.03 --splicing splicing.tsv --fusion fusion.tsv",
        "sample platform reference fragments background required_lod splicing fusion",
        "template_copies",
    ),
    "recombination": Command(
        "recombination controls of a run to the rate at which its PCR recombines molecules",
        "ablkd recombination --sheet samples.tsv --run run1 --reference reference "
        "--control-fragments MIX/fragments.npy --control-calls MIX/calls.tsv --recombination recombination.tsv",
        "sheet run reference recombination",
        "control_fragments control_calls",
    ),
    "phase": Command(
        "fragments and calls to haplotypes and compound verdicts",
        "ablkd phase --sample S1 --platform illumina --reference reference --fragments fragments.npy "
        "--calls calls.tsv --call-qc call_qc.tsv --splicing splicing.tsv --recombination recombination.tsv "
        "--haplotypes haplotypes.tsv --phase phase.tsv --pile-ups pile_ups.json --qc phase_qc.tsv",
        "sample platform reference fragments calls call_qc splicing recombination haplotypes phase pile_ups qc",
    ),
    "trace": Command(
        "Sanger traces to the same tables as reads",
        "ablkd trace --sample S2 --reference reference --traces S2_F.ab1 S2_R.ab1 --required-lod 0.2 "
        "--reporting-cut 0.2 --calls calls.tsv --coverage coverage.tsv --haplotypes haplotypes.tsv "
        "--phase phase.tsv --splicing splicing.tsv --fusion fusion.tsv --peaks peaks.json --qc call_qc.tsv",
        f"sample reference traces required_lod reporting_cut {TRACE_TABLES} peaks qc",
        "wild_types trace_library",
    ),
    "crosscheck": Command(
        "the samples of a run against each other: swaps and cross-contamination",
        "ablkd crosscheck --sheet samples.tsv --run run1 --reference reference --run-tables S1 S2 --qc cross_check.tsv",
        "sheet run reference run_tables qc",
    ),
    "interpret": Command(
        "tables and knowledge to one result",
        "ablkd interpret --sheet samples.tsv --sample S1 --reference reference --tables S1 "
        "--qc-parts align_qc.tsv call_qc.tsv --setting required_lod=0.03 "
        "reporting_cut=0.03 --clones clones.tsv --clone-drugs clone_drugs.tsv --drugs drugs.tsv --qc qc.tsv "
        "--result result.json",
        "sheet sample reference tables qc_parts clones clone_drugs drugs qc result",
        "peaks pile_ups cross_check control_tables control_qc setting",
    ),
    "report": Command(
        "a result to its page, VCF and PDF; writes those asked for",
        "ablkd report --result result.json --reference reference --html report.html --vcf calls.vcf.gz",
        "result reference",
        "html vcf pdf site",
    ),
    "timeline": Command(
        "the results of a patient to one page over time",
        "ablkd timeline --patient P1 --reference reference --results S1/result.json S2/result.json "
        "--clinical clinical.tsv --html P1.html --table P1.tsv",
        "patient reference results html table",
        "clinical site",
    ),
    "summarize": Command(
        "the results of a run to its page and tables, or all results to the index page",
        "ablkd summarize --run run1 --results S1/result.json S2/result.json --folder results/runs/run1",
        "results",
        "run folder index site",
    ),
    "manifest": Command(
        "what made the results of a run, and the digest of every file",
        "ablkd manifest --folder results --run run1 --results results/samples/S1/result.json --names calls.tsv "
        "report.html --pages results/runs/run1/report.html --manifest results/runs/run1/manifest.json",
        "folder manifest pages",
        "run results names",
    ),
    "verify": Command(
        "hold a results folder against its manifests: what was changed, is missing, or stands in none",
        "ablkd verify results",
        place=("folder", "the results folder", "results"),
    ),
    "explain": Command(
        "what the knowledge says of a mutation, a clone, an isoform event or a fusion, with scope and sources",
        "ablkd explain A12B+C34D",
        takes="reference disease",
        place=("name", "as in the reports, members of a compound joined by +", None),
    ),
    "simulate": Command(
        "a truth table to reads and traces with known answers",
        "ablkd simulate --truth truth.tsv --reference reference --folder simulated",
        "truth reference folder",
        "seed",
    ),
    "validate": Command(
        "known answers under a laboratory's conditions: false calls, limits of detection, intervals",
        "ablkd validate --reference reference --folder validation --samples 300 --reads 16 --seed 1 --cores 2",
        "reference folder",
        "conditions samples reads seed cores",
    ),
}
