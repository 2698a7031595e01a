"""Reads placed by ablkd beside an exhaustive affine alignment to every isoform (`exhaustive.py`).

    python tests/benchmarks/oracle.py --way 2x150 --reads 100000 --seed 1      # needs art_illumina
    python tests/benchmarks/oracle.py --way hifi --reads 1000 --seed 1

Reads come from the readers of `splice_reads.py`: short ones of molecules of any fusion, half with an event, with other
bases, or bases lost or put in, about every 130 bases; long ones of two fusions with each event between the primers.

A read agrees where score and nodes are the same, is a tie where other nodes score the same, and differs where ours
score less; none can score more, on either strand. The isoform agrees where the same jumps are taken. `--settled` asks
the same of what becomes fragments of long reads, where codons beside gaps were chosen again by their likelihood: those
may score less and mean it.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from exhaustive import Panel
from isoform_panel import all_isoforms
from numpy.typing import NDArray
from simulated import nodes_of_labels
from splice_reads import PLATFORM, SHORT, Molecules, art_reads, long_reads

from ablkd.alignment.aligner import Aligner
from ablkd.alignment.placed import PlacedArrays
from ablkd.alignment.reads import read_blocks
from ablkd.alignment.realigned import Realigner
from ablkd.reference import load_reference

ROOT = Path(__file__).parents[2]
FIRST, LAST = 119, 1520
# Long reads: two fusions, whose products hold the primers, with each event that lies between these.
LONG_FUSIONS = ("e14a2", "e1a2")
# Short reads: so many molecules of each class; changes of one to nine bases, so far apart.
CLASSES = ("as it is", "other bases", "bases lost", "bases put in")
MOLECULES, APART, LONGEST_CHANGE = 60, 130, 9
BLOCK = 500


def short_products(molecules: Molecules, seed: int) -> dict[str, str]:
    """Molecules of every class in equal numbers, and the class of each; every second one has an event."""
    rng = np.random.default_rng(seed)
    fusions = [f for f, n in molecules.partner.items() if n > 0]
    products: dict[str, str] = {}
    for name in CLASSES * MOLECULES:
        fusion = str(rng.choice(fusions))
        changes = _changes(name, rng, molecules.start[fusion])
        fitting = [e for e, row in molecules.events.items() if molecules.start[fusion] <= int(row["start"])]
        # The event comes last, so that nothing is put into what it leaves out.
        event = [str(rng.choice(fitting))] if rng.random() < 0.5 else []
        products[molecules.made(fusion, [*changes, *event], 1, 1678)] = name + ", event" * len(event)
    return products


def _changes(name: str, rng: np.random.Generator, start: int) -> list[str]:
    """Changes of one class along a molecule, as `Molecules.made` takes them."""
    changes = []
    for at in range(start + int(rng.integers(20, APART)), 1650, APART):
        place, size = at + int(rng.integers(-15, 15)), int(rng.integers(1, LONGEST_CHANGE + 1))
        new = "".join(rng.choice([*"ACGT"], size))
        if name == "other bases":
            changes += [f"{place}N>{new[0]}"]
        elif name == "bases lost":
            changes += [f"{place}_{place + size - 1}del"]
        elif name == "bases put in":
            changes += [f"{place}_{place + 1}ins{new}"]
    return changes


def sample(way: str, number: int, seed: int, folder: Path) -> tuple[list[Path], list[str]]:
    """(files of at least `number` reads, classes of the molecules by the number in their names)."""
    molecules = Molecules(ROOT / "reference")
    if way in SHORT:
        products = short_products(molecules, seed)
        # ART wants the depth, and rounds the pairs of each molecule down.
        depth = (1.05 * number / 2 + len(products)) * SHORT[way][2] / sum(map(len, products))
        return list(art_reads(dict.fromkeys(products, 1.0), way, depth, seed, folder)), list(products.values())
    events = [e for e, row in molecules.events.items() if int(row["end"]) < LAST - 40]
    made = {molecules.made(f, c, FIRST, LAST): 1.0 for f in LONG_FUSIONS for c in [[], *([e] for e in events)]}
    return [long_reads(made, way, number, seed, folder)], []


def placed(way: str, paths: list[Path], settled: bool) -> Iterator[tuple[str, NDArray[np.uint8], list[int]]]:
    """(name, bases as stored on the target's strand, node of each base, negative for none) as ablkd places it."""
    reference = load_reference(ROOT / "reference")
    platform = reference.platform(PLATFORM[way])
    aligner = Aligner(reference, platform.reads)
    realigner = Realigner(reference, aligner.graph, platform)
    for blocks in read_blocks(paths[:1], paths[1:], BLOCK):
        for block in blocks:
            if block is None:
                continue
            found = aligner.place(block)
            arrays: PlacedArrays = realigner.settle(found).arrays if settled else found.arrays
            names = block.names.tobytes().decode()
            for r in range(len(block)):
                span = slice(arrays.offsets[r], arrays.offsets[r + 1])
                name = names[block.name_offsets[r] : block.name_offsets[r + 1]]
                yield name, arrays.codes[span], arrays.nodes[span].tolist()


def compare(
    way: str, number: int, seed: int, folder: Path, settled: bool = False
) -> tuple[dict[str, Counter[str]], list[str]]:
    """(how many reads of each class are what, a line for each that differs)."""
    reference = load_reference(ROOT / "reference")
    panel = Panel(all_isoforms(ROOT / "reference"))
    label = {node: where for where, node in nodes_of_labels(reference, Aligner(reference, "long").graph).items()}
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    lines = []
    paths, classes = sample(way, number, seed, folder)
    for name, read, nodes in placed(way, paths, settled):
        ours = [(i, panel.node[label[v]]) for i, v in enumerate(nodes) if v >= 0]
        best, theirs = panel.best(read)
        other = panel.best_score(np.where(read < 4, 3 - read, read)[::-1].copy())
        score = best if ours == theirs else panel.score(read, ours) if ours else 0
        assert score <= best, f"{name}: ours scores {score}, the oracle finds {best}"
        kind = "not placed" if not ours else "lower" if score < max(best, other) else "the same"
        kind = "tie" if kind == "the same" and ours != theirs else kind
        jumps = panel.jumps(ours), panel.jumps(theirs)
        isoform = "the same" if jumps[0] == jumps[1] else "tie" if kind == "tie" else "another"
        which = classes[int(name[1:].split("-")[0])] if classes else way
        counts[which][kind] += 1
        counts[which][f"isoform {isoform}"] += 1
        if kind in ("lower", "not placed"):
            lines.append(f"{which}, {name}: ours {score}, best {max(best, other)}; jumps {jumps[0]} and {jumps[1]}")
    return counts, lines


def main() -> None:
    """Draw reads, place them both ways, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--way", choices=PLATFORM, default="2x150")
    parser.add_argument("--reads", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--settled", action="store_true", help="after the choice between candidates beside gaps")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        counts, lines = compare(arguments.way, arguments.reads, arguments.seed, Path(name), arguments.settled)
    for which, found in {**counts, "all": sum(counts.values(), Counter())}.items():
        total = found["the same"] + found["tie"] + found["lower"] + found["not placed"]
        print(f"{which}: {total} reads: " + ", ".join(f"{what} {n}" for what, n in sorted(found.items())))
    print("".join(f"  {line}\n" for line in lines), end="")


if __name__ == "__main__":
    main()
