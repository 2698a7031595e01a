"""Kill, starve and block a tiny workflow: is what it leaves whole, and does the next run give the same bytes?

    python tests/workflow/faults.py --kills 30 --seed 1

Kills come at random moments of a run: of every process at once, of Snakemake alone (its steps go on, and the next run
starts beside them), or of one step. Then come too little memory and, for root on Linux, disks that fill up and results
that cannot be written. A line for each fault; exit 1 when one of them left half a file or other bytes.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
from tiny_run import all_bytes, make_tiny_run

SNAKEMAKE = [sys.executable, "-m", "snakemake", "--cores", "2"]
VICTIMS = ("everything", "Snakemake", "a step")
# Where a mount is seen by nobody else: the fault, what it leaves, its end, and the run after it.
APART = """\
cd "$1"
{fault}
"${{@:2}}" > "$1/../fault.txt" 2>&1
cp -a results "$1/../left"
{end}
"${{@:2}}" > "$1/../next.txt" 2>&1
code=$?
cp -a results "$1/../made"
exit $code
"""
FULL_RESULTS = "mkdir results; mount -t tmpfs -o size={size}k none results", "mount -o remount,size=99m results"
FULL_DISK = (
    "mkdir ../disk; mount -t tmpfs -o size={size}k none ../disk; cp -a . ../disk; cd ../disk",
    "mount -o remount,size=99m ../disk",
)
READ_ONLY = "mkdir results; mount --bind results results; mount -o remount,ro,bind results", "umount results"


@dataclass(frozen=True)
class Outcome:
    """What a fault led to. `said` is the last line a person reads of the run it struck."""

    fault: str
    left: int
    torn: list[str]
    said: str
    next_run: int
    other_bytes: list[str]

    def good(self) -> bool:
        """Nothing half-written, and the next run made what an undisturbed one makes."""
        return not self.torn and self.next_run == 0 and not self.other_bytes


def run(folder: Path, *words: str, before: Callable[[], None] | None = None) -> subprocess.CompletedProcess:
    """Snakemake to its end; `before` is called in its process when it starts."""
    command = [*SNAKEMAKE, *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=1800, preexec_fn=before)


def kill(folder: Path, seconds: float, victim: str, *words: str, in_step: bool = False) -> int:
    """Start Snakemake and kill the victim after so many seconds, counted from the start of the first step if asked.

    How many steps were running.
    """
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    with subprocess.Popen([*SNAKEMAKE, *words], cwd=folder, **quiet) as workflow:
        while in_step and workflow.poll() is None and not steps_of(workflow):
            time.sleep(0.05)
        time.sleep(seconds)
        while not (steps := steps_of(workflow)) and victim == "a step" and workflow.poll() is None:
            time.sleep(0.05)
        if victim == "everything":
            os.killpg(workflow.pid, signal.SIGKILL)
        for process in {"Snakemake": [workflow], "a step": steps[:1]}.get(victim, []):
            process.kill()
    return len(steps)


def steps_of(workflow: subprocess.Popen) -> list[psutil.Process]:
    """The steps that Snakemake runs now; none when it has ended."""
    try:
        return [process for process in psutil.Process(workflow.pid).children(recursive=True) if is_step(process)]
    except psutil.NoSuchProcess:
        return []


def is_step(process: psutil.Process) -> bool:
    """Whether it is a step of the workflow: `ablkd` in Python, not the shell around it."""
    try:
        return any(word.endswith("/ablkd") for word in process.cmdline()[:2])
    except psutil.Error:
        return False


def next_run(folder: Path, *words: str) -> subprocess.CompletedProcess:
    """What a person does after a fault: the same command again; unlock first when Snakemake asks for it."""
    done = run(folder, *words)
    if done.returncode and "--unlock" in done.stderr:
        assert run(folder, "--unlock").returncode == 0
        done = run(folder, *words)
    return done


def torn(left: dict[str, bytes], whole: dict[str, bytes]) -> list[str]:
    """Files under their final name that are not what an undisturbed run makes; hidden ones are nobody's result."""
    return [n for n, data in left.items() if not n.rpartition("/")[2].startswith(".") and data != whole.get(n)]


def differing(made: dict[str, bytes], whole: dict[str, bytes]) -> list[str]:
    """Names of files that one has and the other has not, or has with other bytes."""
    return sorted(name for name in made.keys() | whole.keys() if made.get(name) != whole.get(name))


def last_line(text: str) -> str:
    """The last line that says something."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def struck_by_a_kill(folder: Path, whole: dict[str, bytes], seconds: float, victim: str) -> Outcome:
    """Kill, look, and run again at once, beside whatever goes on."""
    steps = kill(folder, seconds, victim)
    left = all_bytes(folder / "results")
    done = next_run(folder)
    fault = f"kill -9 of {victim} after {seconds:.1f} s, {steps} steps running"
    unlike = differing(all_bytes(folder / "results"), whole)
    return Outcome(fault, len(left), torn(left, whole), "", done.returncode, unlike)


def starved(folder: Path, whole: dict[str, bytes], megabytes: int) -> Outcome:
    """Give every process so much address space, then run without the limit."""
    size = megabytes << 20
    first = run(folder, before=lambda: resource.setrlimit(resource.RLIMIT_AS, (size, size)))
    left = all_bytes(folder / "results")
    done = next_run(folder)
    unlike = differing(all_bytes(folder / "results"), whole)
    said = last_line(first.stderr)
    return Outcome(f"{megabytes} MB of memory", len(left), torn(left, whole), said, done.returncode, unlike)


def blocked(folder: Path, whole: dict[str, bytes], name: str, fault: str, end: str) -> Outcome:
    """Let a mount get in the way, then take it out of the way."""
    script = APART.format(fault=fault, end=end)
    words = ["unshare", "--mount", "bash", "-c", script, "bash", str(folder), *SNAKEMAKE]
    done = subprocess.run(words, capture_output=True, text=True, timeout=1800)
    left, made = all_bytes(folder.parent / "left"), all_bytes(folder.parent / "made")
    said = last_line((folder.parent / "fault.txt").read_text())
    return Outcome(name, len(left), torn(left, whole), said, done.returncode, differing(made, whole))


def faults(fresh: Callable[[], Path], kills: int, seed: int) -> Iterator[Outcome]:
    """Every fault in turn, each to a fresh copy of the tiny run."""
    chance = random.Random(seed)
    run(fresh())  # so that the inner loops are compiled
    undisturbed = fresh()
    started = time.monotonic()
    done = run(undisturbed)
    duration = time.monotonic() - started
    assert done.returncode == 0, done.stderr
    whole = all_bytes(undisturbed / "results")
    for number in range(kills):
        yield struck_by_a_kill(fresh(), whole, chance.uniform(0, duration), VICTIMS[number % len(VICTIMS)])
    for megabytes in (300, 700, 1100):
        yield starved(fresh(), whole, megabytes)
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode:
        print("disks that fill up and results that cannot be written: left out, no mount namespaces here")
        return
    size = sum(len(data) for data in whole.values()) >> 10
    yield blocked(fresh(), whole, "results cannot be written", *READ_ONLY)
    for what, (fault, end) in {"results": FULL_RESULTS, "disk": FULL_DISK}.items():
        for share in (0.05, 0.5, 0.95):
            kilobytes = 600 + int(size * share)  # the run folder itself has some 500
            yield blocked(fresh(), whole, f"{what} full at {kilobytes} kB", fault.format(size=kilobytes), end)


def main() -> int:
    """Print a line for each fault; 1 when one was not survived."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    bad = 0
    with tempfile.TemporaryDirectory() as place:
        numbers = itertools.count()

        def fresh() -> Path:
            folder = Path(place) / str(next(numbers)) / "run"
            make_tiny_run(folder, "A S1")
            return folder

        print("fault", "files left", "half-written", "said", "next run", "other bytes", sep="\t")
        for o in faults(fresh, chosen.kills, chosen.seed):
            print(o.fault, o.left, o.torn or "none", o.said, o.next_run, o.other_bytes or "none", sep="\t", flush=True)
            bad += not o.good()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
