"""The benchmark of the steps stays alive: it runs on a few reads and names every step. Nothing is asserted on time."""

import subprocess
import sys


def test_the_benchmark_names_every_step(root):
    script = root / "tests" / "benchmarks" / "steps.py"
    done = subprocess.run(
        [sys.executable, str(script), "--pairs", "1000", "--rounds", "1"], capture_output=True, text=True, cwd=root
    )
    assert done.returncode == 0, done.stderr
    steps = [line.split("\t")[0] for line in done.stdout.splitlines()[1:]]
    assert steps == ["align", "background", "call", "splice", "phase", "interpret", "report"]
