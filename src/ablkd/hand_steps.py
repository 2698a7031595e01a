"""Subcommands that a person runs and no rule does."""

from __future__ import annotations

from pathlib import Path

from ablkd.home import home
from ablkd.reference import load_reference


def init(folder: Path) -> None:
    """Make a run folder and say what to do next."""
    from ablkd.run_folder import init_folder

    print(init_folder(folder), end="")


def sheet(folder: Path) -> None:
    """Print a sample sheet for the files in a folder."""
    from ablkd.run_folder import sheet_from_folder

    print(sheet_from_folder(folder), end="")


def check(config: Path) -> None:
    """Check a run without running it."""
    from ablkd.config import read_config
    from ablkd.plan import read_plan
    from ablkd.slips import questions

    plan = read_plan(read_config(config), str(config))
    asked = questions(plan.settings["samples"], plan.samples, plan.reference)
    print(*asked, sep="\n", end="\n" if asked else "")
    look = f", {len(asked)} to look at (above)" if asked else ""
    print(f"{config}: {len(plan.samples)} samples, nothing that must be corrected{look}")
    print("Samples of one run and platform are called together: one added to a run has the others called again.")


def simulate(truth: Path, reference: Path, folder: Path, seed: int) -> None:
    """Truth table -> reads and traces."""
    from ablkd.simulate import simulate as simulated

    simulated(truth, load_reference(reference), folder, seed)


def validate(
    reference: Path, folder: Path, conditions: Path | None, samples: int, reads: int, seed: int, cores: int
) -> None:
    """Conditions -> tables and one page that say what to expect of the calls."""
    from ablkd.report.validation import write_page
    from ablkd.validation.conditions import SHIPPED
    from ablkd.validation.study import validate as validated

    found = validated(folder, reference, conditions or SHIPPED, samples, reads, seed, cores)
    write_page(found, folder / "validation.html")
    print(f"{folder / 'validation.html'}: " + ", ".join(f"{v.study} {v.of} {v.verdict}" for v in found.verdicts))


# ---------------------------------------------------------------- small parts of the steps


def verify(folder: Path) -> None:
    """Hold results against their manifests."""
    from ablkd.manifest import verify as verified

    print(f"{folder}: {verified(folder)} files, all as they were written")


def explain(name: str, reference: Path | None, disease: str | None) -> None:
    """Print what the knowledge says of a name."""
    from ablkd.interpretation.explain import explain as explained

    print(explained(load_reference(reference or home() / "reference"), name, disease or ""), end="")
