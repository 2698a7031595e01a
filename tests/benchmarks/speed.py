"""Ours beside the usual tools on the same reads: processor and wall seconds, peak memory, and the ratios that matter.

    python tests/benchmarks/speed.py --pairs 1000000 --rounds 3 --folder speed

Everything is a whole process on one thread. Rounds go through all commands in turn, so that what else the machine does
meets them alike; compare ratios within one table, not seconds between machines. `speed.tsv` has a row for each
command, `ratios.tsv` what is asked, `speed.svg` shows both. `--only` takes some of the groups:

    peers      decompression, alignment, counting from a BAM, and the chain from FASTQ to result.json
    steps      each step of the chain by itself
    long       full-length HiFi and nanopore reads
    scaling    10,000, 100,000 ... pairs up to `--pairs`
    panels     the same reads with 9 and with 60 isoforms
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from speed_work import ASKED, LONG_READS, REFERENCE, Work, ablkd, works

GROUPS = ("peers", "steps", "long", "scaling", "panels")
OURS, THEIRS = "#0b5c94", "#9a9a9a"
# Python keeps what it has compiled, as it does for everybody who does not forbid it.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@dataclass
class Measured:
    """What the rounds of one command took: processor and wall seconds, and peak memory in MB."""

    work: Work
    processor: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)


def measure(measured: Measured) -> None:
    """Run the command once, with all that it starts."""
    start = time.perf_counter()
    process = subprocess.Popen(["bash", "-e", "-o", "pipefail", "-c", measured.work.command], env=ENVIRONMENT)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"'{measured.work.command}' ended with status {status}")
    measured.wall.append(time.perf_counter() - start)
    measured.processor.append(usage.ru_utime + usage.ru_stime)
    measured.memory.append(usage.ru_maxrss / 1024)


def rows(found: Sequence[Measured]) -> list[list[str]]:
    """Header and a row for each command."""
    head = ["group", "what", "whose", "processor_median", "processor_least", "wall_median", "wall_least", "peak_mb"]
    lines = [head]
    for m in found:
        seconds = [f"{pick(values):.2f}" for values in (m.processor, m.wall) for pick in (statistics.median, min)]
        whose = m.work.needs or "ablkd"
        lines.append([m.work.group, m.work.name, whose, *seconds, f"{max(m.memory):.0f}"])
    return lines


def ratios(found: Sequence[Measured]) -> list[list[str]]:
    """Header and a row for each ratio that is asked for; "at least": the peer's time by ours, "at most": ours by its."""
    named = {m.work.name: m for m in found}
    lines = [["ours", "beside", "asked", "ratio_of_least", "ratio_of_medians", "ratio_of_wall"]]
    for ours, peer, sense, asked in ASKED:
        if ours in named and peer in named:
            above, below = (named[peer], named[ours]) if sense == "at least" else (named[ours], named[peer])
            pairs = [(min, "processor"), (statistics.median, "processor"), (statistics.median, "wall")]
            told = [f"{pick(getattr(above, kind)) / pick(getattr(below, kind)):.2f}" for pick, kind in pairs]
            lines.append([ours, peer, f"{sense} {asked:g}", *told])
    return lines


def plot(found: Sequence[Measured], path: Path) -> None:
    """A panel for each group: median processor seconds, ours in blue, from the least to the most."""
    from matplotlib.figure import Figure

    groups = [g for g in GROUPS if any(m.work.group == g for m in found)]
    sizes = [sum(m.work.group == g for m in found) for g in groups]
    figure = Figure(figsize=(8, 0.28 * sum(sizes) + 0.7 * len(groups)), layout="constrained")
    for axes, group in zip(
        figure.subplots(len(groups), 1, squeeze=False, height_ratios=sizes)[:, 0], groups, strict=True
    ):
        bars = [m for m in found if m.work.group == group]
        seconds = [statistics.median(m.processor) for m in bars]
        drawn = axes.barh([m.work.name for m in bars], seconds, color=[THEIRS if m.work.needs else OURS for m in bars])
        axes.bar_label(drawn, [f" {s:.1f}" for s in seconds])
        axes.set(title=group, xlim=(0, 1.12 * max(seconds)))
        axes.invert_yaxis()
        axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("seconds of the processor, median")
    figure.savefig(path, metadata={"Date": None})


def write(lines: list[list[str]], path: Path) -> None:
    """A table as TSV, and printed in columns."""
    path.write_text("".join("\t".join(cells) + "\n" for cells in lines))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for cells in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
    print(flush=True)


def main() -> None:
    """Make reads, warm up, measure in rounds, write tables and plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--long-reads", type=int, default=LONG_READS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=GROUPS, default=GROUPS)
    parser.add_argument("--folder", type=Path, help="new folder for all files (default: a temporary one)")
    arguments = parser.parse_args()
    folder = (arguments.folder or Path(tempfile.mkdtemp(prefix="speed"))).resolve()
    folder.mkdir(parents=True, exist_ok=arguments.folder is None)
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
    warm = ablkd("warm", "--reference", REFERENCE, "--done", folder / "compiled")
    subprocess.run(warm, shell=True, check=True)
    found = [Measured(work) for work in works(folder, arguments.pairs, arguments.long_reads, set(arguments.only))]
    for number in range(arguments.rounds):
        for measured in found:
            measure(measured)
        print(f"round {number + 1} of {arguments.rounds} done", file=sys.stderr, flush=True)
    write(rows(found), folder / "speed.tsv")
    write(ratios(found), folder / "ratios.tsv")
    plot(found, folder / "speed.svg")
    print(f"{arguments.pairs} pairs, {arguments.rounds} rounds; files: {folder}")


if __name__ == "__main__":
    main()
