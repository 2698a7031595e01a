"""Every isoform event on every platform, from reads that owe nothing to `ablkd simulate`; and what the intervals hold.

    python tests/benchmarks/splice_grid.py --seed 1 --folder splice       # reads (needs art_illumina)
    python tests/benchmarks/splice_grid.py --intervals 400 --seed 1       # counts of molecules

The first draws a sample for each event of `reference/splicing.tsv`, some new ones and each fraction, reads it in four
ways (`splice_reads.py`) and takes it from FASTQ to splicing.tsv: is the event present, is its fraction inside the
interval, is anything present that is not in the sample? Then wild types, mixtures of two fusions. The second asks how
often the 95 % interval holds the fraction of the molecules before PCR: templates are drawn, each is copied in 20 cycles
with efficiency 0.6 (branching process), fragments are drawn of the copies. Tables stand in the folder and on the screen.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from splice_reads import PLATFORM, SHORT, Molecules, art_reads, long_reads

from ablkd.alignment.align import align_sample
from ablkd.background.allele import prior_background
from ablkd.background.learning import learn
from ablkd.counting.junctions import Ends
from ablkd.fragments import load
from ablkd.records import Fusion, SpliceEvent
from ablkd.reference import Reference, load_reference
from ablkd.splicing.events import observe_event, splice_sample
from ablkd.verdicts.events import event_row

ROOT = Path(__file__).parents[2]
WAYS = ("2x150", "2x250", "hifi", "ont")
FRACTIONS = (0.02, 0.1, 0.5, 1.0)
# New junctions beside the table's events: exons 5 and 6 skipped, 6 to 8 skipped, 150 and 45 bases lost inside an exon.
NEW = {"novel:c.823_1085": "823_1085del", "novel:c.908_1423": "908_1423del"}
NEW |= {"novel:c.600_749": "600_749del", "novel:c.930_974": "930_974del"}
USUAL_END, LATER_END = 1520, 1900  # the reverse primer; events of exons 9 and 10 need a product that is longer
LATER = ("exon8-9_skipping", "exon9_skipping", "exon10_skipping")
TEMPLATES = 20_000
REQUIRED_LOD = 0.03


@dataclass(frozen=True)
class Sample:
    """Products and their shares; the event there should be (empty: none) and its fraction."""

    products: dict[str, float]
    event: str
    fraction: float


def samples(molecules: Molecules, wild: int) -> list[Sample]:
    """Each event at each fraction, and `wild` samples without any."""
    made = []
    for event, change in {**{name: name for name in molecules.events}, **NEW}.items():
        last = LATER_END if event in LATER else USUAL_END
        for fraction in FRACTIONS:
            products = {molecules.made("e14a2", [change], last=last): fraction}
            if fraction < 1:
                products[molecules.made("e14a2", last=last)] = 1 - fraction
            # Without exon 2 a fused transcript is an a3 fusion, and told as one.
            made.append(Sample(products, "e14a3" if event == "exon2_skipping" else event, fraction))
    both = {molecules.made("e13a2"): 0.5, molecules.made("e14a2"): 0.5}
    return made + [Sample(both, "", 0.0)] * wild


def rows_of(
    reference: Reference, sample: Sample, way: str, depth: int, seed: int, folder: Path
) -> tuple[list[SpliceEvent], list[Fusion]]:
    """From reads to the rows of splicing.tsv and fusion.tsv."""
    platform = reference.platform(PLATFORM[way])
    if way in SHORT:
        one, two = art_reads(sample.products, way, depth, seed, folder)
        reads: tuple[list[Path], list[Path]] = ([one], [two])
    else:
        reads = ([long_reads(sample.products, way, depth, seed, folder)], [])
    paths = folder / "fragments.npy", folder / "counts.tsv"
    align_sample("S", platform, "", reference, *reads, *paths)
    return splice_sample(
        "S", platform, reference, load(paths[0]), TEMPLATES, REQUIRED_LOD, learn(platform, reference, [])
    )


def grid(reference: Reference, folder: Path, depth: int, wild: int, seed: int) -> None:
    """Write grid.tsv and print a summary of it."""
    molecules = Molecules(reference.folder)
    table = ["way\tevent\tfraction\tcall\tjunction_reads\treference_reads\testimate\tlow\thigh\tfilter\tothers"]
    tally: defaultdict[tuple[str, float], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for way in WAYS:
        for number, sample in enumerate(samples(molecules, wild)):
            events, fusions = rows_of(reference, sample, way, depth, 1000 * seed + number, folder / way)
            known: dict[str, SpliceEvent | Fusion] = {f.fusion: f for f in fusions}
            known |= {e.event: e for e in events}
            others = [e.event for e in events if e.call == "present" and e.event != sample.event]
            line = [way, sample.event, f"{sample.fraction:g}"]
            cell = tally[way, sample.fraction]
            cell[0] += 1
            cell[3] += len(others)
            row = known.get(sample.event)
            if row is not None:
                low, high = row.fraction_low or 0.0, row.fraction_high or 0.0
                cell[1] += row.call == "present"
                cell[2] += row.call == "present" and low <= sample.fraction <= high
                line += [row.call, str(row.junction_reads), str(getattr(row, "reference_reads", ""))]
                line += [f"{row.fraction or 0:.4f}", f"{low:.4f}", f"{high:.4f}", getattr(row, "filter", "")]
            else:
                line += ["", "", "", "", "", "", ""]
            table.append("\t".join([*line, ";".join(others)]))
    (folder / "grid.tsv").write_text("\n".join(table) + "\n")
    print("reads\tfraction\tsamples\tpresent\tinterval holds it\tfalse events")
    for (way, fraction), cell in tally.items():
        print(way, f"{fraction:g}", *cell, sep="\t")


# ---------------------------------------------------------------- intervals

CYCLES, EFFICIENCY = 20, 0.6
SHARES = (0.005, 0.02, 0.1, 0.5, 0.9)
TUBES = ((10_000, 500), (10_000, 5_000), (1_000, 5_000))  # fragments over the junction, templates


def copied(templates: int, rng: np.random.Generator) -> np.ndarray:
    """Copies of each template after PCR: every copy is copied with probability EFFICIENCY in each cycle."""
    copies = np.ones(templates, np.int64)
    for _ in range(CYCLES):
        copies += rng.binomial(copies, EFFICIENCY)
    return copies


def intervals(reference: Reference, number: int, seed: int) -> None:
    """Print how many of `number` intervals hold the fraction of molecules before PCR, by depth, templates, fraction."""
    rng = np.random.default_rng(seed)
    platform = reference.platform("illumina")
    variant = next(v for v in reference.splicing if v.event == "exon4_skipping")
    print("fragments\ttemplates\tfraction\tpresent\tinterval holds it")
    inside, all_of = 0, 0
    for depth, templates in TUBES:
        background = prior_background(platform, templates)
        for fraction in SHARES:
            held = present = 0
            for _ in range(number):
                skipping = rng.binomial(templates, fraction)
                copies = copied(templates, rng)
                x = rng.binomial(depth, copies[:skipping].sum() / copies.sum())
                ends = Ends(x, depth - x, depth - x)
                one = observe_event(variant, ends, True, platform, background, 14, 0.0)
                row = event_row("S", variant, one, REQUIRED_LOD)
                _, low, high = background.interval(x, depth, 0.0)
                held += low <= fraction <= high
                present += row.call == "present"
            print(depth, templates, f"{fraction:g}", f"{present / number:.3f}", f"{held / number:.3f}", sep="\t")
            inside, all_of = inside + held, all_of + number
    print(f"all: {inside} of {all_of} ({inside / all_of:.1%})")


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--depth", type=int, default=1000, help="fragments over a base, or long reads")
    parser.add_argument("--wild", type=int, default=10, help="wild-type samples a way of reading")
    parser.add_argument("--intervals", type=int, default=0, help="samples a line of the interval table, instead")
    parser.add_argument("--folder", type=Path)
    chosen = parser.parse_args(words)
    reference = load_reference(ROOT / "reference")
    if chosen.intervals:
        intervals(reference, chosen.intervals, chosen.seed)
        return
    with tempfile.TemporaryDirectory() as temporary:
        grid(reference, chosen.folder or Path(temporary), chosen.depth, chosen.wild, chosen.seed)


if __name__ == "__main__":
    main(sys.argv[1:])
