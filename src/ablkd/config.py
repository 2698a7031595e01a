"""A run's settings: config.yaml, checked against the schema that ships with the workflow."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from ablkd.errors import InputError
from ablkd.home import home
from ablkd.tables import read_text

SCHEMA = Path("workflow/schemas/config.schema.yaml")


def checked_settings(config: dict[str, Any], name: str = "config.yaml") -> dict[str, Any]:
    """Settings with the schema's defaults filled in. Raises InputError with a sentence for each problem."""
    settings, problems = settings_and_problems(config, name)
    if problems:
        raise InputError(problems)
    return settings


def settings_and_problems(config: dict[str, Any], name: str) -> tuple[dict[str, Any], list[str]]:
    """Settings with defaults filled in and those that are wrong left out, and a sentence for each problem."""
    import yaml
    from jsonschema import Draft202012Validator

    schema = yaml.safe_load((home() / SCHEMA).read_text("utf-8"))
    keys = schema["properties"]
    problems = [f"{name}: unknown key '{key}' (known keys: {', '.join(keys)})" for key in config if key not in keys]
    settings = {key: config.get(key, rule["default"]) for key, rule in keys.items()}
    for key, rule in keys.items():
        if key in config and list(Draft202012Validator(rule).iter_errors(config[key])):
            shape = ", named without < > { } and with no dash first" if "pattern" in rule else ""
            problems.append(f"{name}: {key} is {config[key]!r} (it is {rule['description']}{shape})")
            del settings[key]
    return settings, problems


def stop_if_unreadable(path: str | Path = "config.yaml") -> None:
    """For a Snakefile, before Snakemake reads its settings: say in a sentence what is wrong with them, and exit 2."""
    try:
        if Path(path).exists():
            read_config(path)
    except InputError as error:
        print(error, file=sys.stderr)
        sys.exit(2)


def read_config(path: str | Path) -> dict[str, Any]:
    """The mapping in a YAML file. Raises InputError with the line where it cannot be read."""
    import yaml

    path = Path(path)
    text = read_text(path)
    try:
        content, tree = yaml.safe_load(text), yaml.compose(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a ValueError for a date that does not exist
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise InputError(f"{path}{line}: is not YAML (write one 'key: value' a line)") from None
    if content is None:  # Snakemake takes no empty table
        raise InputError(f"{path}: holds no setting (write at least one, such as 'samples: samples.tsv')")
    if not isinstance(content, dict):
        raise InputError(f"{path}: is not a table of settings (write one 'key: value' a line)")
    if twice := _standing_twice(tree):
        raise InputError([f"{path}:{line}: '{key}' stands twice (remove one)" for line, key in twice])
    return content


def _standing_twice(tree: Any) -> list[tuple[int, str]]:
    """(line, name) of each setting of a YAML mapping node that an earlier line has set; YAML lets the last one win."""
    keys = [key for key, _ in tree.value]
    names = [key.value for key in keys]
    return [(key.start_mark.line + 1, key.value) for i, key in enumerate(keys) if key.value in names[:i]]
