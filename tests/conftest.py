"""What every test may ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from ablkd.reference import Reference, load_reference

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
