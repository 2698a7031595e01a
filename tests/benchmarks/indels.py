"""Insertions and deletions from reads of known content: what is called, with which fraction, and what is false.

    python tests/benchmarks/indels.py --only power --platforms 2x150 2x250 hifi r10 --seeds 1 2 3 --folder power
    python tests/benchmarks/indels.py --only wild --samples 300 --seeds 1 --folder wild
    python tests/benchmarks/indels.py --only counts --samples 1000 --seeds 1 --folder counts
    python tests/benchmarks/indels.py --only peers --seeds 1 --folder peers           # freebayes, bwa, minimap2, samtools
    python tests/benchmarks/indels.py --only real --data DATA --cases CASES --folder real

power   every class of `indels_reads.CLASSES` at one place a seed, at 20, 8 and 2 % of the molecules; the samples of a
        fraction are one run, called with two wild-type controls and without
wild    runs of ten wild types, called with two wild-type controls and without
counts  wild types drawn as counts by `ablkd validate`
peers   power's samples of 20 and 8 % with freebayes and a count in the manner of getITD (`indels_peers.py`)
real    real nanopore amplicons of other genes, and small cases, through the whole workflow (`indels_real.py`)

Needs art_illumina for short reads. A checkout is measured by its src in PYTHONPATH. Tables stand in the folder, summaries on
the screen; all random numbers come from the seeds.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from indels_reads import CLASSES, LONG, PLATFORM, SHORT, Allele, Drawn, alleles_of_samples, draw, longest_run
from indels_run import Library, Row, Run, Tables, found, is_indel, step

import ablkd
from ablkd.reference import load_reference

ROOT = Path(ablkd.__file__).parents[2]
REFERENCE = ROOT / "reference"
WAYS = ("2x150", "2x250", "hifi", "r10")
DEPTHS = {0.2: 2000, 0.08: 2000, 0.02: 10_000}  # fragments over a place, by the fraction
NEAR = 0.15  # of the drawn fraction: reported well
MIN_SPAN = 40  # bases of a read beside an insertion, for it to be within reach
WILD_PATIENTS, WILD_DEPTH, CONTROLS = 10, 2000, 2
COLUMNS = {
    "power": "way seed controls sample kind length start run nominal drawn drawn_fragments status filter vaf vaf_low "
    "vaf_high depth other_indels other_substitutions",
    "wild": "way seed controls sample indels substitutions held_back names held_back_names",
}


# ---------------------------------------------------------------- power


def power_run(
    target: str, way: str, fraction: float, seed: int, depth: int, classes: Sequence[tuple[str, int]], folder: Path
) -> list[Row]:
    """One row for each class, with and without controls."""
    samples = alleles_of_samples(target, classes, seed, 1 if way.endswith("whole") else 3)
    drawn, libraries = draw_run(target, samples, way, fraction, seed, depth, folder)
    run = Run(REFERENCE, PLATFORM[way], folder, libraries)
    lines = []
    for controls in (True, False):
        tables = run.called(controls)
        for number, (alleles, reads) in enumerate(zip(samples, drawn, strict=True)):
            head = {"way": way, "seed": str(seed), "controls": str(CONTROLS * controls), "sample": f"s{number}"}
            rows = power_rows(target, alleles, reads, tables[f"s{number}"])
            lines += [{**head, "nominal": f"{fraction:g}", **row} for row in rows]
    return lines


def draw_run(
    target: str,
    samples: Sequence[Sequence[Allele]],
    way: str,
    fraction: float,
    seed: int,
    depth: int,
    folder: Path,
) -> tuple[list[Drawn], list[Library]]:
    """Reads of the patients s0, s1, ... and of the controls, and all of them as a run."""
    key = round(1000 * fraction)
    drawn = [draw(target, a, fraction, way, depth, [seed, key, i], folder / f"s{i}") for i, a in enumerate(samples)]
    libraries = [Library(f"s{i}", reads.files) for i, reads in enumerate(drawn)]
    for i in range(CONTROLS):
        reads = draw(target, [], 0, way, depth, [seed, key, 1000 + i], folder / f"control{i}")
        libraries.append(Library(f"control{i}", reads.files, control=True))
    return drawn, libraries


def power_rows(target: str, alleles: Sequence[Allele], reads: Drawn, tables: Tables) -> list[Row]:
    """What one sample's tables tell of its alleles, and the calls that are none of them."""
    hits = [found(target, tables, allele.applied(target)) for allele in alleles]
    known = [row for _, row in hits]
    other = [row for row in tables.calls if row["filter"] == "PASS" and row not in known]
    indels = [row["hgvs_c"].split(":")[-1] for row in other if is_indel(target, row)]
    lines = []
    for i, (allele, (status, row)) in enumerate(zip(alleles, hits, strict=True)):
        told = {key: row.get(key, "") for key in ("filter", "vaf", "vaf_low", "vaf_high", "depth")}
        place = {"kind": allele.kind, "length": str(allele.length), "start": str(allele.start + 1)}
        truth = {"drawn": f"{reads.shown[i] / max(reads.depth[i], 1):.4f}", "drawn_fragments": f"{reads.depth[i]:.0f}"}
        # The sample's other calls stand with its first allele, so that a column can be added up.
        rest = {"other_indels": ";".join(indels), "other_substitutions": str(len(other) - len(indels))} if not i else {}
        lines.append({**place, "run": str(longest_run(target, allele)), **truth, "status": status, **told, **rest})
    return lines


def power_summary(rows: Iterable[Row]) -> str:
    """By platform, controls and class: well reported at 20 %, found at 8 %, found at 2 %; then other calls."""
    groups: defaultdict[tuple[str, ...], list[Row]] = defaultdict(list)
    other: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        groups[row["way"], row["controls"], row["kind"], row["length"]].append(row)
        cell = other[row["way"], row["controls"]]
        cell[0] += len((row.get("other_indels") or "").split(";")) if row.get("other_indels") else 0
        cell[1] += int(row.get("other_substitutions") or 0)
    lines = [
        "way\tcontrols\tallele\treach\t20%: VAF within 15%\tmedian VAF/drawn\t8%: passed\theld back or listed\t2%: passed\theld back or listed"
    ]
    order = {(kind, str(n)): i for i, (kind, n) in enumerate(CLASSES)}
    for key in sorted(groups, key=lambda k: (list(PLATFORM).index(k[0]), k[1], order[k[2:]])):
        way, controls, kind, length = key
        by = {f: [r for r in groups[key] if float(r["nominal"]) == f] for f in DEPTHS}
        ratios = [ratio(r) for r in by[0.2]]
        near = sum(abs(x - 1) <= NEAR for x in ratios)
        cells = [way, controls, kind + length, "yes" if within_reach(way, kind, int(length)) else "no"]
        cells += [f"{near}/{len(ratios)}", f"{median(ratios):.2f}" if ratios else ""]
        for fraction in (0.08, 0.02):
            statuses = [r["status"] for r in by[fraction]]
            cells += [
                f"{statuses.count('pass')}/{len(statuses)}",
                str(sum(s in ("held_back", "listed") for s in statuses)),
            ]
        lines.append("\t".join(cells))
    lines += [
        f"{way}\t{n} controls\tother PASS indels {x}\tother PASS substitutions {y}"
        for (way, n), (x, y) in other.items()
    ]
    return "\n".join(lines)


def ratio(row: Row) -> float:
    """The reported fraction over the drawn one; 0 when the allele did not pass."""
    return float(row["vaf"]) / float(row["drawn"]) if row["status"] == "pass" and float(row["drawn"]) else 0.0


def within_reach(way: str, kind: str, length: int) -> bool:
    """Whether a read can hold the inserted bases and enough beside them."""
    return way in LONG or kind == "del" or length <= SHORT[way][1] - MIN_SPAN


# ---------------------------------------------------------------- wild types


def wild_run(target: str, way: str, run: int, seed: int, depth: int, patients: int, folder: Path) -> list[Row]:
    """Rows of the wild types of a run, with and without its controls."""
    _, libraries = draw_run(target, [[]] * patients, way, 0.0, 100_000 * seed + run, depth, folder)
    drawn = Run(REFERENCE, PLATFORM[way], folder, libraries)
    lines = []
    for controls in (True, False):
        for name, tables in drawn.called(controls).items():
            passed = [row for row in tables.calls if row["filter"] == "PASS"]
            rest = [row for row in tables.calls if row["filter"] != "PASS"]
            indels = sum(is_indel(target, row) for row in passed)
            head = {"way": way, "seed": str(seed), "controls": str(CONTROLS * controls), "sample": f"{run}.{name}"}
            lines.append(head | _counted(passed, rest, indels))
    return lines


def _counted(passed: Sequence[Row], rest: Sequence[Row], indels: int) -> Row:
    def names(found: Sequence[Row]) -> str:
        return ";".join(f"{row['hgvs_c'].split(':')[-1]}={row['vaf']}" for row in found)

    counts = {"indels": indels, "substitutions": len(passed) - indels, "held_back": len(rest)}
    return {key: str(n) for key, n in counts.items()} | {"names": names(passed), "held_back_names": names(rest)}


def wild_summary(rows: Iterable[Row]) -> str:
    """Sums by platform and controls."""
    sums: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for row in rows:
        values = [1, *(int(row[key]) for key in ("indels", "substitutions", "held_back"))]
        cell = sums[row["way"], row["controls"]]
        cell[:] = [a + b for a, b in zip(cell, values, strict=True)]
    lines = ["way\tcontrols\tsamples\tPASS indels\tPASS substitutions\trows held back"]
    return "\n".join(lines + ["\t".join([*key, *map(str, cell)]) for key, cell in sums.items()])


def counts_part(samples: int, seed: int, cores: int, folder: Path) -> str:
    """False calls of wild types by counts, under the shipped conditions of 2,000 stated templates."""
    shipped = (Path(ablkd.__file__).parent / "validation" / "conditions.tsv").read_text().splitlines()
    lines = [line for line in shipped if not line.startswith("#")]
    picked = [x for x in lines[1:] if x.split("\t")[0] == "false_calls" and x.split("\t")[5:7] == ["2000", "yes"]]
    conditions = folder / "asked.tsv"
    conditions.write_text("\n".join([lines[0], *picked]) + "\n")
    step("validate", reference=REFERENCE, folder=folder, conditions=conditions, samples=samples, seed=seed, cores=cores)
    out = ["platform\tcontrols\tpatients\tdepth\tsamples\tfalse indels\ta sample\tall false calls"]
    with (folder / "false_calls.tsv").open(newline="") as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            rate = int(row["indels"]) / int(row["samples"])
            head = [row[k] for k in ("platform", "controls", "patients", "depth", "samples", "indels")]
            out.append("\t".join([*head, f"{rate:.4f}", row["calls"]]))
    return "\n".join(out)


# ---------------------------------------------------------------- parts


def in_folder(work: Callable[..., list[Row]], keep: Path, name: str) -> list[Row]:
    """Rows of `work`, whose reads are removed when it is done."""
    folder = keep / name
    folder.mkdir(parents=True)
    made = work(folder=folder)
    shutil.rmtree(folder)
    return made


def table_part(part: str, tasks: dict[str, Callable[..., list[Row]]], jobs: int, folder: Path) -> list[Row]:
    """The rows of all tasks, written to PART.tsv as they come."""
    columns, lines, todo = COLUMNS[part].split(), [], partial(_task, folder=folder)
    with (folder / f"{part}.tsv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, columns, delimiter="\t", restval="", lineterminator="\n")
        writer.writeheader()
        with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
            for made in pool.map(todo, tasks.items()) if jobs > 1 else map(todo, tasks.items()):
                writer.writerows(made)
                stream.flush()
                lines += made
    return lines


def _task(named: tuple[str, Callable[..., list[Row]]], folder: Path) -> list[Row]:
    return in_folder(named[1], folder, named[0])


def run_part(chosen: argparse.Namespace, folder: Path) -> str:
    """Do what is asked and say it in a table."""
    target: Any = load_reference(REFERENCE).sequence
    jobs = {"jobs": chosen.jobs, "folder": folder}
    if chosen.only == "power":
        grid = [(s, w, f) for s in chosen.seeds for w in chosen.platforms for f in chosen.fractions]
        tasks: dict[str, Callable[..., list[Row]]] = {
            f"{w}.{f:g}.{s}": partial(power_run, target, w, f, s, chosen.depth or DEPTHS[f], CLASSES)
            for s, w, f in grid
        }
        return power_summary(table_part("power", tasks, **jobs))
    if chosen.only == "wild":
        depth, runs = chosen.depth or WILD_DEPTH, -(-chosen.samples // WILD_PATIENTS)
        grid = [(s, w, n) for s in chosen.seeds for w in chosen.platforms for n in range(runs)]
        tasks = {f"{w}.{n}.{s}": partial(wild_run, target, w, n, s, depth, WILD_PATIENTS) for s, w, n in grid}
        return wild_summary(table_part("wild", tasks, **jobs))
    if chosen.only == "counts":
        return counts_part(chosen.samples, chosen.seeds[0], chosen.jobs, folder)
    if chosen.only == "peers":
        from indels_peers import peers_part

        return peers_part(target, chosen.platforms, chosen.fractions, chosen.seeds, chosen.depth or 1000, folder)
    from indels_real import real_part

    return real_part(chosen.data, chosen.cases, folder)


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["power", "wild", "counts", "peers", "real"], required=True)
    parser.add_argument("--platforms", nargs="+", choices=list(PLATFORM), default=list(WAYS))
    parser.add_argument("--fractions", nargs="+", type=float, choices=list(DEPTHS), default=list(DEPTHS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[1])
    parser.add_argument("--depth", type=int, help="fragments over a place (default: by part and fraction)")
    parser.add_argument("--samples", type=int, default=300, help="wild types a platform, or a condition of counts")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--data", type=Path, help="folder with ont_tyr and ont_cables2")
    parser.add_argument("--cases", type=Path, help="folder with C08, C09 and C10")
    parser.add_argument("--folder", type=Path)
    chosen = parser.parse_args(words)
    folder = (chosen.folder or Path(tempfile.mkdtemp(prefix="indels"))).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    summary = run_part(chosen, folder)
    (folder / f"{chosen.only}_summary.tsv").write_text(summary + "\n")
    print(f"{summary}\nFiles: {folder}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
