"""The workflow on a real Slurm of one node, which the test starts for itself: `python -m pytest -m slurm -rs`, and
`-m slurm_example` for the whole example, a job for each of its steps (minutes).

munged, slurmctld and slurmd run in mount and process namespaces of their own, where /etc/slurm is a folder of the test:
the executor's jobs look for their configuration there. Nothing of the machine is changed, and everything ends with
the test.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from same_bytes import example_run
from tiny_run import all_bytes, make_tiny_run

PROGRAMS = "munged slurmctld slurmd sbatch squeue scancel sinfo unshare nsenter"
SNAKEMAKE = [sys.executable, "-m", "snakemake", "--cores", "2"]
ON_SLURM = (
    "--workflow-profile profiles/slurm --slurm-no-account --slurm-status-command squeue --restart-times 1"
    " --slurm-init-seconds-before-status-checks 1 --seconds-between-status-checks 2 --latency-wait 20"
)
CONFIGURATION = """\
ClusterName=one
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmctldPort={controller}
SlurmdPort={node}
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=12000 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
START = """\
set -e
PATH=$PATH:/usr/sbin
mount --bind "$1/etc" /etc/slurm
munged --force --key-file="$1/munge/key" --socket="$1/munge/socket" --pid-file="$1/munge/pid" \
    --log-file="$1/munge/log" --seed-file="$1/munge/seed"
slurmctld -c
slurmd -c
for _ in $(seq 150); do sinfo --noheader --states idle 2>&1 | grep -q idle && break; sleep 0.2; done
sinfo --noheader --states idle | grep -q idle
echo ready
cat # until the test ends, and with this shell all of Slurm
"""


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def skip_without_slurm() -> None:
    path = os.environ["PATH"] + ":/usr/sbin"
    missing = [name for name in PROGRAMS.split() if not shutil.which(name, path=path)]
    if missing:
        pytest.skip(f"no {missing[0]} (apt-get install slurmctld slurmd slurm-client munge)")
    if not find_spec("snakemake_executor_plugin_slurm"):
        pytest.skip("no Slurm executor (pip install snakemake-executor-plugin-slurm)")
    if os.getuid() != 0:
        pytest.skip("only root may start a Slurm")


def configure(folder: Path) -> None:
    """A cluster of this machine, with a key and two ports of its own."""
    for name in ("etc", "state", "spool", "munge"):
        (folder / name).mkdir(mode=0o700)
    (folder / "munge/key").write_bytes(os.urandom(1024))
    (folder / "munge/key").chmod(0o400)
    ports = {"controller": free_port(), "node": free_port()}
    host = socket.gethostname().split(".")[0]
    (folder / "etc/slurm.conf").write_text(CONFIGURATION.format(host=host, folder=folder, **ports))


@pytest.fixture(scope="module")
def on_slurm(tmp_path_factory) -> Iterator[Callable[..., subprocess.CompletedProcess]]:
    """A function that runs a command where Slurm is."""
    skip_without_slurm()
    folder = tmp_path_factory.mktemp("slurm")
    configure(folder)
    apart = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "bash", "-c"]
    slurm = subprocess.Popen([*apart, START, "slurm", folder], stdin=-1, stdout=-1, stderr=subprocess.STDOUT, text=True)
    try:
        said = ""
        for line in slurm.stdout:
            said += line
            if line == "ready\n":
                break
        else:
            pytest.skip(f"Slurm does not start here: {said}")
        inside = Path(f"/proc/{slurm.pid}/task/{slurm.pid}/children").read_text().split()[0]

        def run(*words: object, cwd: Path) -> subprocess.CompletedProcess:
            where = ["nsenter", "--target", inside, "--mount", "--pid", f"--wd={cwd}"]
            return subprocess.run([*where, *map(str, words)], capture_output=True, text=True, timeout=1800)

        yield run
    finally:
        slurm.stdin.close()
        slurm.wait(30)


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> Path:
    """A tiny run, made on this machine alone."""
    folder = tmp_path_factory.mktemp("alone") / "run"
    make_tiny_run(folder)
    done = subprocess.run(SNAKEMAKE, cwd=folder, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stderr
    return folder


class Killer(threading.Thread):
    """Cancels Slurm jobs of a rule and sample as soon as they run, the first of each or all of them."""

    def __init__(self, on_slurm, folder: Path, once: str, always: str) -> None:
        super().__init__(daemon=True)
        self.slurm, self.folder, self.once, self.always = on_slurm, folder, once, always
        self.killed: dict[str, list[str]] = {once: [], always: []}
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.3):
            listed = self.slurm("squeue", "--noheader", "--states=RUNNING", "--format=%i %k", cwd=self.folder).stdout
            for number, comment in (line.split(maxsplit=1) for line in listed.splitlines()):
                name = comment.strip()
                known = self.killed.get(name)
                if known is None or number in known or (name == self.once and known):
                    continue
                self.slurm("scancel", number, cwd=self.folder)
                known.append(number)


@pytest.mark.slurm
def test_a_job_for_each_step_gives_the_same_bytes_whatever_is_killed(alone, on_slurm, tmp_path):
    folder = tmp_path / "run"
    make_tiny_run(folder)
    command = [*SNAKEMAKE[:-2], *ON_SLURM.split()]
    killer = Killer(on_slurm, folder, "rule_trace_wildcards_S1", "rule_trace_wildcards_S2")
    killer.start()
    first = on_slurm(*command, cwd=folder)
    killer.ended.set()
    killer.join()
    assert [len(numbers) for numbers in killer.killed.values()] == [1, 2], first.stderr
    assert first.returncode != 0
    assert "mem_mb=8000" in first.stdout + first.stderr  # the second time
    made, whole = all_bytes(folder / "results"), all_bytes(alone / "results")
    without = {
        name: data for name, data in whole.items() if not re.search(r"S2/|runs/r3/|index\.html|^manifest\.json", name)
    }
    assert made == without  # S1 was tried again; all but the failing sample is there
    second = on_slurm(*command, cwd=folder)
    assert second.returncode == 0, second.stderr
    assert all_bytes(folder / "results") == whole


@pytest.mark.slurm
def test_one_job_around_a_local_run_gives_the_same_bytes(alone, on_slurm, tmp_path):
    folder = tmp_path / "run"
    make_tiny_run(folder)
    target = "results/samples/S1/report.html"
    words = " ".join(map(shlex.quote, [*SNAKEMAKE, target]))
    done = on_slurm("sbatch", "--wait", "--cpus-per-task=2", "--mem=4G", f"--wrap={words}", cwd=folder)
    assert done.returncode == 0, done.stderr + "".join(log.read_text() for log in folder.glob("slurm-*.out"))
    made, whole = all_bytes(folder / "results"), all_bytes(alone / "results")
    assert target.removeprefix("results/") in made
    assert made == {name: whole[name] for name in made}


@pytest.mark.slurm_example
def test_the_example_gives_the_same_bytes(on_slurm, tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    example_run(here)
    done = subprocess.run(SNAKEMAKE, cwd=here, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stderr
    example_run(there)
    done = on_slurm(*SNAKEMAKE[:-2], *ON_SLURM.split(), cwd=there)
    assert done.returncode == 0, done.stderr
    whole = all_bytes(here / "results")
    assert all_bytes(there / "results") == whole
    assert len([name for name in whole if re.fullmatch(r"samples/.*/report\.html", name)]) == 8
