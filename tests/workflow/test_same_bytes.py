"""The same bytes in another folder, time zone and locale, with one core and without a network; `same_bytes.py` shows more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from same_bytes import no_network
from tiny_run import all_bytes, make_tiny_run

ELSEWHERE = {"TZ": "Asia/Kathmandu", "LC_ALL": "C", "PYTHONHASHSEED": "4711"}


def made(folder: Path, cores: str, network: bool = True, **environment: str) -> dict[str, bytes]:
    """Everything that a run of one trace sample, and `ablkd align` and `ablkd bam` of its read sample, write."""
    make_tiny_run(folder, "S1")
    command = [*([] if network else no_network()), "sh", "-e", "-c"]
    reads = '--platform illumina --reference "$1" --reads-1 A_1.fastq --reads-2 A_2.fastq'
    align = f"ablkd align --sample A {reads} --fragments results/f.npy --counts results/c.tsv --qc results/q.tsv"
    bam = f"ablkd bam {reads} --bam results/a.bam"
    words = f'"$0" -m snakemake --cores {cores}; "$0" -m {align}; "$0" -m {bam}'
    reference = str(Path(__file__).parents[2] / "reference")
    done = subprocess.run(
        [*command, words, sys.executable, reference],
        cwd=folder, env=os.environ | environment, umask=0o077, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return all_bytes(folder / "results")


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("first") / "run"
    made(folder, cores="2")
    return folder / "results"


def test_cores_folder_time_zone_locale_and_network_change_no_byte(first, tmp_path):
    before, again = all_bytes(first), made(tmp_path / "ein 'anderer' Ordner é", "1", not no_network(), **ELSEWHERE)
    assert {name for name in before.keys() | again.keys() if before.get(name) != again.get(name)} == set()
    if not no_network():
        pytest.skip("the bytes are the same, but unshare --net is not permitted here: there was a network")


def test_results_are_for_those_whom_the_umask_lets_read(first):
    assert {path.stat().st_mode & 0o077 for path in first.rglob("*")} == {0}
