"""The same bytes wherever and however: a run again with other cores, folder, time zone, locale, and without a network.

    python tests/workflow/same_bytes.py            # a tiny run of reads and traces
    python tests/workflow/same_bytes.py --example  # the whole example (minutes)

A line for each way; exit 1 when one of them gave another byte in any result, hidden and intermediate files included.
The network is taken away with `unshare --net`, where that is permitted: not even this machine can be reached then.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tiny_run import all_bytes, make_tiny_run

from ablkd.run_folder import init_folder

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Way:
    """How a run is done: cores, the folder's name, the environment, and whether there is a network."""

    name: str
    cores: int = 2
    folder: str = "run"
    environment: dict[str, str] = field(default_factory=dict)
    network: bool = True


WAYS = [
    Way("2 cores"),
    Way("1 core", cores=1),
    Way("8 cores", cores=8),
    Way("another folder", folder="ein anderer/Ordner mit é und 'q' $(x)/r"),
    Way("another time zone", environment={"TZ": "Asia/Kathmandu"}),
    Way("locale C", environment={"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    Way("locale de_DE", environment={"LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"}),
    Way("another hash seed, umask 077", environment={"PYTHONHASHSEED": "4711"}),
    Way("no network", network=False),
]


def no_network() -> list[str]:
    """The words that run a command without any network; empty where that is not permitted."""
    words = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--net", "--map-root-user"]
    tried = shutil.which("unshare") and subprocess.run([*words, "true"], capture_output=True).returncode == 0
    return words if tried else []


def example_run(folder: Path) -> None:
    """The example's sheet, reads and clinical table in a run folder."""
    init_folder(folder)
    for name in ("samples.tsv", "clinical.tsv", "reads"):
        source = ROOT / "tests/example" / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)  # type: ignore[operator]
    settings = (folder / "config.yaml").read_text("utf-8")
    (folder / "config.yaml").write_text(settings.replace("\nclinical:", "\nclinical: clinical.tsv"), "utf-8")


def run(way: Way, folder: Path, example: bool) -> dict[str, bytes]:
    """The results of a run done in this way."""
    (example_run if example else make_tiny_run)(folder)
    command = [] if way.network else no_network()
    command += [sys.executable, "-m", "snakemake", "--cores", str(way.cores)]
    umask = 0o077 if "umask" in way.name else -1
    done = subprocess.run(
        command, cwd=folder, env=os.environ | way.environment, umask=umask, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return all_bytes(folder / "results")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--example", action="store_true", help="the whole example, not a tiny run")
    parser.add_argument("ways", nargs="*", help="only ways with these words in their names")
    given = parser.parse_args()
    first, different = None, 0
    for way in WAYS:
        if first and given.ways and not any(word in way.name for word in given.ways):
            continue
        if not (way.network or no_network()):
            print(f"{way.name}: not tried, unshare --net is not permitted here")
            continue
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as place:
            made = run(way, Path(place) / way.folder, given.example)
        first = first or made
        other = sorted(name for name in first.keys() | made.keys() if first.get(name) != made.get(name))
        different += bool(other)
        size = sum(map(len, made.values()))
        told = f"OTHER BYTES in {', '.join(other)}" if other else "the same"
        print(f"{way.name}: {len(made)} files, {size} bytes, {time.monotonic() - start:.0f} s: {told}", flush=True)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
