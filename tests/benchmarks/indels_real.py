"""Real nanopore amplicons of other genes, and small cases of ABL1, through the whole workflow: what is reported.

ont_tyr       R9.4.1, mouse Tyr: wild type, and c.829G>T in half of the molecules
ont_cables2   R9.4.1, mouse Cables2, floxed: c.1749T>G, c.2461T>G, both, neither

Wild types are called alone and beside a control (the other half of the wild-type reads). A wild type should have no PASS
insertion or deletion, a control should pass, and substitutions should be those of the truth and no others.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from indels_run import REQUIRED_LOD, Row, is_indel, rows

import ablkd

ROOT = Path(ablkd.__file__).parents[2]
SHIPPED = ROOT / "reference"
COLUMNS = ("sample", "run", "platform", "role", "reads_1", "reads_2")
CASES = ("C08_tandem_dup_short", "C09_ont_insertion", "C10_ont_deletion_no_control")
LEFT, RIGHT, TYR = "1749T>G", "2461T>G", "829G>T"


@dataclass(frozen=True)
class Sample:
    """A line of a run: FASTQ, its reads from the first to the last (None: all), and the substitutions in it."""

    name: str
    run: str
    file: str
    part: tuple[int, int | None] = (0, None)
    truth: tuple[str, ...] = ()
    role: str = ""


CONTROL = "wild_type_control"
SETS = {
    "ont_tyr": (
        "tyr.fa",
        "control",
        (
            Sample("wild_alone", "alone1", "tyr_control.fq.gz"),
            Sample("mutated_alone", "alone2", "tyr_c230gt_50.fq.gz", truth=(TYR,)),
            Sample("control_half", "halves", "tyr_control.fq.gz", (0, 250), role=CONTROL),
            Sample("wild_half", "halves", "tyr_control.fq.gz", (250, None)),
            Sample("mutated", "halves", "tyr_c230gt_50.fq.gz", truth=(TYR,)),
            Sample("control_whole", "whole", "tyr_control.fq.gz", role=CONTROL),
            Sample("mutated_again", "whole", "tyr_c230gt_50.fq.gz", truth=(TYR,)),
        ),
    ),
    "ont_cables2": (
        "cables_design_cables2.fa",
        "flox",
        (
            Sample("wild_alone", "alone1", "cables_barcode31.fq.gz"),
            Sample("left_alone", "alone2", "cables_barcode32.fq.gz", truth=(LEFT,)),
            Sample("control_half", "halves", "cables_barcode31.fq.gz", (0, 500), role=CONTROL),
            Sample("wild_half", "halves", "cables_barcode31.fq.gz", (500, None)),
            Sample("left", "halves", "cables_barcode32.fq.gz", truth=(LEFT,)),
            Sample("right", "halves", "cables_barcode35.fq.gz", truth=(RIGHT,)),
            Sample("both", "halves", "cables_barcode36.fq.gz", truth=(LEFT, RIGHT)),
        ),
    ),
}


def real_part(data: Path | None, cases: Path | None, folder: Path) -> str:
    """The tables of all that is there, each also written to a file when it is done."""
    todo = [(real_set, data, name) for name in SETS] + [(case, cases, name) for name in CASES]
    out = []
    for work, source, name in todo:
        if source and (source / name).is_dir():
            lines = work(source / name, folder / name)
            (folder / f"{name}.tsv").write_text("\n".join(lines) + "\n")
            out += lines
    return "\n".join(out)


def real_set(data: Path, folder: Path) -> list[str]:
    """A line for each sample: what passed beside the truth, what its run's controls said."""
    name = data.name
    fasta, record, samples = SETS[name]
    target = record_of(data / fasta, record)
    knowledge = write_knowledge(folder / "knowledge", record, target)
    lines = []
    for sample in samples:
        reads = folder / f"{sample.name}.fastq"
        text = gzip.decompress((data / sample.file).read_bytes()).splitlines(keepends=True)
        first, last = sample.part
        reads.write_bytes(b"".join(text[4 * first : None if last is None else 4 * last]))
        cells = {
            "sample": sample.name,
            "run": sample.run,
            "platform": "ont",
            "role": sample.role,
            "reads_1": str(reads),
        }
        lines.append({**dict.fromkeys(COLUMNS, ""), **cells})
    results = workflow(folder / "work", knowledge, lines)
    out = [f"{name}\tsample\tPASS indels\tPASS substitutions\ttruth\tsubstitutions\tcontrols of the run\tstatus"]
    for sample in samples:
        calls, result = results[sample.name]
        passed = [row for row in calls if row["filter"] == "PASS"]
        indels = [_short(row) for row in passed if is_indel(target, row)]
        others = [_short(row) for row in passed if not is_indel(target, row)]
        right = {x.split("=")[0] for x in others} == {f"c.{x}" for x in sample.truth}
        controls = ";".join(f"{c['control']} {c['status']} {c['reason']}".strip() for c in result["controls"])
        cells = [name, sample.name, ";".join(indels), ";".join(others), ";".join(sample.truth)]
        out.append("\t".join([*cells, "as truth" if right else "NOT as truth", controls, result["summary"]["status"]]))
    return out


def case(source: Path, folder: Path) -> list[str]:
    """What a case's README expects, and the rows of calls.tsv that change the length, those held back too."""
    lines = []
    for row in rows(source / "samples.tsv"):
        files = {key: str((source / row[key]).resolve()) for key in ("reads_1", "reads_2") if row[key]}
        lines.append({key: {**row, **files}.get(key, "") for key in COLUMNS})
    target = record_of(SHIPPED / "transcripts.fasta", "NM_005157.6")
    expected = [x for x in (source / "README").read_text().splitlines() if x.startswith(("Input", "Expected"))]
    out = [f"{source.name}\t{x}" for x in expected]
    for name, (calls, _) in workflow(folder, SHIPPED, lines).items():
        told = [f"{_short(row)} ({row['filter']})" for row in calls if is_indel(target, row)]
        out.append(f"{source.name}\t{name}: {'; '.join(told) or 'no row'}")
    return out


def _short(row: Row) -> str:
    return f"{row['hgvs_c'].split(':')[-1]}={float(row['vaf']):.3f}"


def record_of(fasta: Path, name: str) -> str:
    """The bases of a record."""
    for record in fasta.read_text("utf-8").split(">")[1:]:
        head, *lines = record.split("\n")
        if head.split()[0] == name:
            return "".join(lines).upper().replace("\r", "")
    raise SystemExit(f"{fasta}: no record {name}")


def write_knowledge(folder: Path, name: str, target: str) -> Path:
    """A knowledge folder of one target and no catalogue: the headers of the one that ships, and its platforms."""
    row = {"name": name, "kind": "target", "label": name, "partner_length": "0", "target_start": "1"}
    added = {
        "transcripts.tsv": {**row, "target_end": str(len(target)), "source": "design"},
        "notes.tsv": {"key": "report_general", "text": "Test of the method.", "source": "design"},
    }
    for path in SHIPPED.rglob("*.tsv"):
        text = path.read_text("utf-8")
        within = path.relative_to(SHIPPED).as_posix()
        if within != "platforms.tsv":
            header = next(line for line in text.splitlines() if not line.startswith("#"))
            line = [added[within].get(key, "") for key in header.split("\t")] if within in added else []
            text = "\n".join([header, *(["\t".join(line)] if line else [])]) + "\n"
        (folder / within).parent.mkdir(parents=True, exist_ok=True)
        (folder / within).write_text(text, "utf-8")
    (folder / "transcripts.fasta").write_text(f">{name}\n{target}\n")
    return folder


def workflow(folder: Path, knowledge: Path, sheet: Sequence[Row]) -> dict[str, tuple[list[Row], dict]]:
    """calls.tsv and result.json of each sample, by the workflow of the checkout on one core."""
    shutil.rmtree(folder, ignore_errors=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    words = [sys.executable, "-m", "ablkd", "init", str(folder)]
    subprocess.run(words, check=True, env=environment, capture_output=True)
    with (folder / "samples.tsv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(sheet)
    config = {"samples": "samples.tsv", "reference": str(knowledge), "required_lod_reads": float(REQUIRED_LOD)}
    (folder / "config.yaml").write_text(json.dumps(config))
    targets = [f"results/samples/{line['sample']}/result.json" for line in sheet]
    words = [sys.executable, "-m", "snakemake", "--cores", "1", "--quiet", "all", "--", *targets]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{folder}: {done.stderr[-2000:]}")
    found = {}
    for line in sheet:
        tables = folder / "results" / "samples" / line["sample"]
        found[line["sample"]] = rows(tables / "calls.tsv"), json.loads((tables / "result.json").read_text())
    return found
