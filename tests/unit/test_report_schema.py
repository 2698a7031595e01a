"""The JSON Schema in the package, the records and the example results agree."""

from __future__ import annotations

import dataclasses
import json
import typing
from importlib.resources import files

import jsonschema
import pytest
import results as examples

from ablkd import records
from ablkd.tables import from_plain, to_plain

SCHEMA = json.loads(files("ablkd").joinpath("schemas/result.schema.json").read_text("utf-8"))
PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean"}


def record_types(record=records.Result) -> dict[str, type]:
    """Every record that a result holds, by name."""
    found = {record.__name__: record}
    for hint in typing.get_type_hints(record).values():
        for part in (hint, *typing.get_args(hint)):
            if dataclasses.is_dataclass(part) and part.__name__ not in found:
                found |= record_types(part)
    return found


@pytest.mark.parametrize("name", ["result", "t315i", "compound", "sanger", "blind", "crowded", "hostile"])
def test_results_follow_the_schema(name):
    plain = json.loads(json.dumps(to_plain(getattr(examples, name)())))
    jsonschema.Draft202012Validator(SCHEMA).validate(plain)
    assert to_plain(from_plain(records.Result, plain)) == plain


def test_the_schema_itself_is_valid():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", record_types())
def test_the_schema_has_the_fields_of_the_records(name):
    part = SCHEMA if name == "Result" else SCHEMA["$defs"][name]
    hints = typing.get_type_hints(record_types()[name])
    assert list(part["properties"]) == list(hints) == part["required"]
    assert part["additionalProperties"] is False
    for field, hint in hints.items():
        bases = {PLAIN[t] for t in (hint, *typing.get_args(hint)) if t in PLAIN}
        optional = {"null"} if type(None) in typing.get_args(hint) else set()
        told = part["properties"][field].get("type")
        if typing.get_origin(hint) not in (tuple, dict) and bases:
            assert set(told if isinstance(told, list) else [told]) == bases | optional, field


@pytest.mark.parametrize(
    ("table", "field", "value"),
    [("drugs", "category", "fine"), ("coverage", "status", "absent"), ("calls", "vaf", 45.2)],
)
def test_the_schema_refuses_what_the_contract_does(table, field, value):
    plain = to_plain(examples.t315i())
    plain[table][0][field] = value
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(plain)
