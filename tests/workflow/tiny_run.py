"""A run folder of seconds: 300 read pairs of the example and two trace samples, each in a run of its own."""

from __future__ import annotations

import shutil
from itertools import islice
from pathlib import Path

from isal import igzip

from ablkd.run_folder import init_folder

READS = Path(__file__).parents[1] / "example" / "reads"
HEADER = "sample\tpatient\trun\tplatform\treads_1\treads_2\n"
LINES = {
    "A": "A\tpatient1\tr1\tillumina\tA_1.fastq\tA_2.fastq\n",
    "S1": "S1\t\tr2\tsanger\tP2_2017-10_F.ab1;P2_2017-10_R.ab1\t\n",
    "S2": "S2\t\tr3\tsanger\tP2_2019-02_F.ab1;P2_2019-02_R.ab1\t\n",
}


def first_reads(source: Path, target: Path, reads: int) -> None:
    """The first reads of a FASTQ file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with igzip.open(source, "rb") as stream:
        target.write_bytes(b"".join(islice(stream, 4 * reads)))


def make_tiny_run(folder: Path, samples: str = "A S1 S2") -> None:
    """Settings, sheet, reads and traces, ready for Snakemake."""
    init_folder(folder)
    (folder / "samples.tsv").write_text(HEADER + "".join(LINES[name] for name in samples.split()))
    for mate in "12":
        first_reads(READS / f"P1_2018-05_{mate}.fastq.gz", folder / f"A_{mate}.fastq", 300)
    for trace in READS.glob("P2_*_[FR].ab1"):
        shutil.copy(trace, folder)


def all_bytes(results: Path) -> dict[str, bytes]:
    """Every file under a results folder, hidden ones too, but not the logs."""
    files = {path.relative_to(results).as_posix(): path for path in sorted(results.rglob("*")) if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if not name.startswith("logs/")}
