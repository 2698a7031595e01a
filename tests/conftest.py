"""What every test may ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from ablkd.calling import call as calling
from ablkd.records import SampleTables
from ablkd.reference import Reference, load_reference
from ablkd.traces import call as traces
from ablkd.verdicts.coverage import coverage_rows
from ablkd.verdicts.invariants import check_tables

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def reference() -> Reference:
    """The knowledge folder that ships."""
    return load_reference(ROOT / "reference")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Real reads and traces kept beside the repository; a test that asks for them is skipped without."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real data in {folder}")
    return folder


@pytest.fixture(scope="session", autouse=True)
def every_result_is_checked():
    """The calls and coverage that any test makes of reads or traces satisfy the invariants of a result."""

    def checked(sample, known, sites, calls, required_lod):
        rows = coverage_rows(sample, known, sites, calls, required_lod)
        tables = SampleTables(calls=tuple(calls), coverage=tuple(rows))
        check_tables(tables, known, {"required_lod": str(required_lod)})
        return rows

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calling, "coverage_rows", checked)
        patch.setattr(traces, "coverage_rows", checked)
        yield
