"""All conditions of a validation, run side by side; the tables are written as they come."""

from __future__ import annotations

import platform as machine
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from ablkd import __version__
from ablkd.errors import InputError
from ablkd.home import code_hash
from ablkd.reference import Reference, load_reference, sha256
from ablkd.tables import write_rows
from ablkd.validation import agreement, false_calls, intervals, limits, rows, sensitivity
from ablkd.validation.conditions import SHIPPED, Condition, read_conditions
from ablkd.validation.runs import draw_run, generator
from ablkd.validation.verdicts import Verdict, verdicts

# Besides false calls, which need most samples: one run for so many samples asked for.
SAMPLES_A_RUN = 100
LIBRARIES = ("numpy", "scipy", "numba")


@dataclass(frozen=True)
class Setting:
    """A line of settings.tsv: what the validation was made with."""

    name: str
    value: str


@dataclass(frozen=True)
class Study:
    """What is done with one run, how runs make rows, and their type."""

    rows: Callable[[Condition, Sequence[Any]], list[Any]]
    row_type: type


STUDIES = {
    "false_calls": Study(false_calls.rows, rows.FalseCalls),
    "sensitivity": Study(sensitivity.rows, rows.Sensitivity),
    "limits": Study(limits.rows, rows.Limit),
    "intervals": Study(intervals.rows, rows.Intervals),
    "reads": Study(agreement.rows, rows.Agreement),
}
EXAMINE = {
    "false_calls": false_calls.examine,
    "sensitivity": sensitivity.examine,
    "limits": limits.examine,
    "intervals": intervals.examine,
}


@dataclass(frozen=True)
class Task:
    """One run of one condition."""

    reference: str
    condition: Condition
    run: int
    seed: int


@dataclass(frozen=True)
class Validation:
    """Everything that came out: rows by study, whether the promises are kept, and what it was made with."""

    conditions: list[Condition]
    rows: dict[str, list[Any]]
    verdicts: list[Verdict]
    settings: list[Setting]
    knowledge: dict[str, str]


def validate(
    folder: Path, reference: Path, conditions: Path, samples: int, reads: int, seed: int, cores: int
) -> Validation:
    """Run every condition and write STUDY.tsv, conditions.tsv, settings.tsv and verdicts.tsv into `folder`.

    `samples` wild-type samples are drawn for each condition of false calls, `reads` samples as reads for each
    condition of that study (0: none). The number of cores changes nothing but the time.

    Raises
    ------
    InputError
        For conditions that cannot be simulated, or a knowledge folder with problems.
    """
    if samples < 1 or reads < 0 or cores < 1:
        raise InputError(f"--samples {samples} --reads {reads} --cores {cores}: too few (at least 1, 0 and 1)")
    known = load_reference(reference)
    asked = read_conditions(conditions, known)
    settings = _settings(folder, reference, conditions, samples, reads, seed)
    write_rows(folder / "conditions.tsv", Condition, asked)
    write_rows(folder / "settings.tsv", Setting, settings)
    tasks = [
        Task(str(reference), condition, run, seed)
        for condition in asked
        for run in range(_runs(condition, samples, reads))
    ]
    found: dict[str, list[Any]] = {name: [] for name in STUDIES if any(t.condition.study == name for t in tasks)}
    for done, (condition, parts) in enumerate(_by_condition(tasks, cores), start=1):
        study = STUDIES[condition.study]
        found[condition.study] += study.rows(condition, parts)
        write_rows(folder / f"{condition.study}.tsv", study.row_type, found[condition.study])
        print(f"{done} of {len(asked)} conditions: {_short(condition)}", file=sys.stderr, flush=True)
    judged = verdicts(found)
    write_rows(folder / "verdicts.tsv", Verdict, judged)
    return Validation(asked, found, judged, settings, known.hashes)


def _runs(condition: Condition, samples: int, reads: int) -> int:
    """Runs that give so many samples."""
    if condition.study in ("false_calls", "reads"):
        return -(-(samples if condition.study == "false_calls" else reads) // condition.patients)
    return max(1, samples // SAMPLES_A_RUN)


def _by_condition(tasks: Sequence[Task], cores: int) -> Iterator[tuple[Condition, list[Any]]]:
    """Results in the order of the conditions."""
    if cores == 1:
        yield from _grouped(tasks, map(_examine, tasks))
        return
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        yield from _grouped(tasks, pool.map(_examine, tasks))


def _grouped(tasks: Sequence[Task], results: Iterable[Any]) -> Iterator[tuple[Condition, list[Any]]]:
    pairs = zip(tasks, results, strict=True)
    for condition, group in groupby(pairs, key=lambda pair: pair[0].condition):
        yield condition, [part for _, part in group]


def _examine(task: Task) -> Any:
    reference = _known(task.reference)
    rng = generator(task.seed, task.condition, task.run)
    if task.condition.study == "reads":
        return agreement.examine(task.condition, reference, rng)
    return EXAMINE[task.condition.study](draw_run(task.condition, reference, rng), rng)


@cache
def _known(folder: str) -> Reference:
    return load_reference(folder)


def _short(condition: Condition) -> str:
    c = condition
    return f"{c.study}, {c.platform}, {c.controls} controls, depth {c.depth}, {c.templates} templates"


def _settings(folder: Path, reference: Path, conditions: Path, samples: int, reads: int, seed: int) -> list[Setting]:
    """Versions, and everything that decides the numbers; folders by name, so that it reads alike wherever it ran."""
    command = f"ablkd validate --reference {reference.name} --folder {folder.name}"
    if conditions != SHIPPED:
        command += f" --conditions {conditions.name}"
    values = {
        "command": f"{command} --samples {samples} --reads {reads} --seed {seed}",
        "software": f"ablkd {__version__}",
        "code": code_hash(),
        "python": machine.python_version(),
        **{name: version(name) for name in LIBRARIES},
        "conditions": conditions.name,
        "conditions_sha256": sha256(conditions),
        "samples": str(samples),
        "reads": str(reads),
        "seed": str(seed),
    }
    return [Setting(name, value) for name, value in values.items()]
