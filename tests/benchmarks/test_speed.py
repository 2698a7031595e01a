"""The benchmark of speed stays alive: it runs on a few reads and tells every step. Nothing is asserted on time."""

import subprocess
import sys

from speed import Measured, ratios, rows
from speed_work import PANELS, Work, make_panel

from ablkd.reference import load_reference


def test_the_benchmark_measures_every_step(root, tmp_path):
    script, folder = root / "tests" / "benchmarks" / "speed.py", tmp_path / "speed"
    words = ["--pairs", "500", "--rounds", "1", "--only", "steps", "--folder", str(folder)]
    done = subprocess.run([sys.executable, str(script), *words], capture_output=True, text=True, cwd=root)
    assert done.returncode == 0, done.stderr
    table = [line.split("\t") for line in (folder / "speed.tsv").read_text().splitlines()]
    assert [cells[1] for cells in table[1:]] == [
        "align",
        "background",
        "call",
        "phase",
        "interpret",
        "report",
        "bam",
    ]
    assert (folder / "speed.svg").read_text().startswith("<?xml")
    assert (folder / "ratios.tsv").read_text().startswith("ours\tbeside")


def test_ratios_say_how_much_faster_or_how_many_times_longer():
    ours = Measured(Work("peers", "bam", ""), [2.0, 4.0, 3.0], [4.0, 4.0, 4.0], [1, 2, 3])
    peer = Measured(Work("peers", "bwa mem | samtools sort", "", "bwa"), [20.0, 30.0, 90.0], [20.0, 20.0, 20.0], [1])
    counts = Measured(Work("peers", "BAM to counts", ""), [6.0], [6.0], [1])
    view = Measured(Work("peers", "samtools view -u", "", "samtools"), [2.0], [3.0], [1])
    assert ratios([ours, peer, counts, view])[1:] == [
        ["bam", "bwa mem | samtools sort", "at least 8", "10.00", "10.00", "5.00"],
        ["BAM to counts", "samtools view -u", "at most 4", "3.00", "3.00", "2.00"],
    ]
    assert rows([ours])[1] == ["peers", "bam", "ablkd", "3.00", "2.00", "4.00", "4.00", "3"]


def test_panels_have_the_isoforms_they_are_named_after(tmp_path):
    for isoforms in PANELS:
        panel = load_reference(make_panel(tmp_path, isoforms))
        assert len(panel.transcripts) * (1 + len(panel.splicing)) == isoforms
