"""Every kernel test once more as plain Python: compiled kernels neither check an index nor an overflow."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from numba import config


@pytest.mark.skipif(bool(config.DISABLE_JIT), reason="this is the interpreted run")
def test_kernels_do_the_same_without_being_compiled(root):
    here = Path(__file__)
    command = [sys.executable, "-W", "error::RuntimeWarning", "-m", "pytest", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, str(here.parent), f"--ignore={here}"],
        cwd=root,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
