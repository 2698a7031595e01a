"""Long reads placed by ablkd beside an exhaustive affine alignment to every isoform.

    python tests/benchmarks/long_oracle.py --reads 1000 --seed 1

Reads of every fusion and event come from the readers of `splice_reads.py`. The oracle aligns each read to all isoforms
at once: the bases of all of them, spelled from the tables of reference/ by `isoform_panel.py`, are the nodes of a
graph, an edge joins what follows each other in any isoform, and Gotoh's recursion runs over all pairs of a node
and a read base, without seeds and without a band. It shares no code with the product. Scores: match 1, mismatch -4,
a gap of n bases -(6 + n), each end of the read that is not aligned -5.

A read agrees where score and nodes are the same, is a tie where other nodes score the same, and differs where ours
score less. The isoform agrees where the same jumps are taken. `--settled` asks the same of what becomes fragments, where
codons beside gaps were chosen again by their likelihood: those may score less and mean it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numba
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "kernels"))

from isoform_panel import Isoform, Label, all_isoforms  # noqa: E402
from simulated import nodes_of_labels  # noqa: E402
from splice_reads import PLATFORM, Molecules, long_reads  # noqa: E402

from ablkd.alignment.align import Aligner  # noqa: E402
from ablkd.alignment.reads import read_blocks  # noqa: E402
from ablkd.alignment.realigned import Realigner  # noqa: E402
from ablkd.reference import load_reference  # noqa: E402

MATCH, MISMATCH, OPEN, EXTEND, CLIP = 1, -4, -6, -1, -5
FAR = -20_000
FIRST, LAST = 119, 1520
# Two fusions, whose products hold the primers, with each event that lies between these.
FUSIONS = ("e14a2", "e1a2")
Alignment = list[tuple[int, int]]  # (read base, node of the oracle) of every aligned base


class Panel:
    """Every isoform as one graph: nodes in an order in which all edges point forward.

    Bases of fusion partners that begin with the same bases are one node, as they cannot be told apart.
    """

    def __init__(self, isoforms: list[Isoform]) -> None:
        self.alias: dict[Label, Label] = {}
        bases: dict[Label, str] = {}
        place: dict[Label, float] = {}
        prefixes: dict[str, Label] = {}
        for isoform in isoforms:
            for i, (label, base) in enumerate(zip(isoform.labels, isoform.bases, strict=True)):
                if label in self.alias:
                    continue
                name, k = label
                if name == "target":
                    self.alias[label], where = label, float(k)
                elif i == k:  # a partner: it begins its isoform
                    self.alias[label], where = prefixes.setdefault(isoform.bases[: k + 1], label), k - 1e6
                else:
                    self.alias[label], where = label, isoform.labels[i - k - 1][1] + (k + 1) / 1000
                bases[self.alias[label]], place[self.alias[label]] = base, where
        order = sorted(place, key=lambda label: (place[label], label))
        index = {label: i for i, label in enumerate(order)}
        self.node = {label: index[known] for label, known in self.alias.items()}
        self.bases = np.array(["ACGT".index(bases[label]) for label in order], np.uint8)
        pairs = {(self.node[a], self.node[b]) for i in isoforms for a, b in zip(i.labels, i.labels[1:], strict=False)}
        assert all(a < b for a, b in pairs)
        self.edges = np.array(sorted(pairs, key=lambda pair: pair[::-1]), np.int32)
        self.first = np.searchsorted(self.edges[:, 1], np.arange(len(order) + 1)).astype(np.int32)
        self.plain = {(at, self.node[b]) for a, at in self.node.items() if (b := (a[0], a[1] + 1)) in self.node}

    def best(self, read: NDArray[np.uint8]) -> tuple[int, Alignment]:
        """(score, alignment) of the best path of all."""
        score, path = _best(read, self.bases, self.first, self.edges[:, 0].copy())
        return score, [(i, int(v)) for i, v in enumerate(path) if v >= 0]

    def score(self, read: NDArray[np.uint8], found: Alignment) -> int:
        """What an alignment scores, along the shortest way between its nodes."""
        total = CLIP * (found[0][0] > 0) + CLIP * (found[-1][0] < len(read) - 1)
        total += sum(MATCH if read[i] == self.bases[v] else MISMATCH for i, v in found)
        for (i, u), (j, v) in zip(found, found[1:], strict=False):
            left_out = 0 if u in self.edges[self.first[v] : self.first[v + 1], 0] else self._between(u, v)
            total += sum(OPEN + EXTEND * gap for gap in (j - i - 1, left_out) if gap)
        return total

    def _between(self, u: int, v: int) -> int:
        """Fewest nodes between u and v; so many that no score is as low where there is no way."""
        reached = {u: -1}
        for w in range(u + 1, v + 1):
            ways = [reached[int(e)] for e in self.edges[self.first[w] : self.first[w + 1], 0] if int(e) in reached]
            if ways:
                reached[w] = min(ways) + 1
        return reached.get(v, -FAR)

    def jumps(self, found: Alignment) -> list[tuple[int, int]]:
        """Steps between neighbours of the read that are no plain neighbours, and no more than 30 bases left out."""
        steps = [(u, v) for (i, u), (j, v) in zip(found, found[1:], strict=False)]
        return [
            s for s in steps if s not in self.plain and not (s[1] - s[0] <= 31 and self._between(*s) == s[1] - s[0] - 1)
        ]


@numba.njit
def _best(read, bases, first, before):
    """(score, node or -1 of every read base): Gotoh over the graph; `before` int32[E] are the origins of edges."""
    n, nodes = len(read), len(bases)
    match = np.full((nodes, n), FAR, np.int16)
    insertion, deletion = match.copy(), match.copy()
    come, leave = np.empty(n, np.int16), np.empty(n, np.int16)
    top, top_v, top_i = 0, -1, -1
    for v in range(nodes):
        come[:], leave[:] = FAR, FAR
        for e in range(first[v], first[v + 1]):
            u = before[e]
            for i in range(n):
                come[i] = max(come[i], max(match[u, i], max(insertion[u, i], deletion[u, i])))
                leave[i] = max(leave[i], max(match[u, i] + OPEN, deletion[u, i]))
        for i in range(n):
            value = 0 if i == 0 else max(CLIP, come[i - 1])
            match[v, i] = max(FAR, value + (MATCH if read[i] == bases[v] else MISMATCH))
            deletion[v, i] = max(FAR, leave[i] + EXTEND)
            if i:
                insertion[v, i] = max(FAR, max(match[v, i - 1] + OPEN, insertion[v, i - 1]) + EXTEND)
            final = match[v, i] + (CLIP if i < n - 1 else 0)
            if final > top:
                top, top_v, top_i = final, v, i
    path = np.full(n, -1, np.int32)
    v, i, state = top_v, top_i, 0
    while v >= 0:
        if state == 1:
            state = 0 if insertion[v, i] == match[v, i - 1] + OPEN + EXTEND else 1
            i -= 1
            continue
        if state == 0:
            path[i] = v
            value = match[v, i] - (MATCH if read[i] == bases[v] else MISMATCH)
            if value == (CLIP if i else 0):
                break
            i -= 1
        origin = -1
        for e in range(first[v], first[v + 1]):
            u = before[e]
            if state == 0:
                for kind in range(3):
                    come_from = match[u, i] if kind == 0 else insertion[u, i] if kind == 1 else deletion[u, i]
                    if origin < 0 and come_from == value:
                        origin, next_state = u, kind
            elif origin < 0 and match[u, i] + OPEN + EXTEND == deletion[v, i]:
                origin, next_state = u, 0
            elif origin < 0 and deletion[u, i] + EXTEND == deletion[v, i]:
                origin, next_state = u, 2
        v, state = origin, next_state
    return top, path


def sample(way: str, number: int, seed: int, folder: Path) -> Path:
    """Reads of both fusions, unspliced and with every event between the primers."""
    molecules = Molecules(ROOT / "reference")
    events = [e for e, row in molecules.events.items() if int(row["end"]) < LAST - 40]
    products = {molecules.made(f, c, FIRST, LAST): 1.0 for f in FUSIONS for c in [[], *([e] for e in events)]}
    return long_reads(products, way, number, seed, folder)


def placed(way: str, path: Path, settled: bool) -> Iterator[tuple[NDArray[np.uint8], list[int]]]:
    """(read as it is stored on the target's strand, node of each base, none negative) as ablkd places it."""
    reference = load_reference(ROOT / "reference")
    aligner = Aligner(reference, "long")
    realigner = Realigner(reference, aligner.graph, reference.platform(PLATFORM[way]))
    for block, _ in read_blocks([path], [], 500):
        found = aligner.place(block)
        arrays = realigner.settle(found).arrays if settled else found.arrays
        for start, stop in zip(arrays.offsets, arrays.offsets[1:], strict=False):
            yield arrays.codes[start:stop], arrays.nodes[start:stop].tolist()


def compare(way: str, number: int, seed: int, folder: Path, settled: bool = False) -> tuple[Counter[str], list[str]]:
    """(how many reads are what, a line for each that differs)."""
    reference = load_reference(ROOT / "reference")
    panel = Panel(all_isoforms(ROOT / "reference"))
    label = {node: where for where, node in nodes_of_labels(reference, Aligner(reference, "long").graph).items()}
    counts: Counter[str] = Counter()
    lines = []
    for r, (read, nodes) in enumerate(placed(way, sample(way, number, seed, folder), settled)):
        ours = [(i, panel.node[label[v]]) for i, v in enumerate(nodes) if v >= 0]
        best, theirs = panel.best(read)
        score = panel.score(read, ours) if ours else 0
        assert score <= best, f"read {r}: ours scores {score}, the oracle finds {best}"
        kind = "not placed" if not ours else "lower" if score < best else "the same" if ours == theirs else "tie"
        isoform = "the same" if panel.jumps(ours) == panel.jumps(theirs) else "tie" if kind == "tie" else "another"
        counts[f"alignment {kind}"] += 1
        counts[f"isoform {isoform}"] += 1
        if kind in ("lower", "not placed"):
            lines.append(
                f"{way} read {r}: ours {score}, best {best}; jumps {panel.jumps(ours)} and {panel.jumps(theirs)}"
            )
    return counts, lines


def main() -> None:
    """Draw reads, place them both ways, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reads", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--settled", action="store_true", help="after the choice between candidates beside gaps")
    arguments = parser.parse_args()
    for way in ("hifi", "ont"):
        with tempfile.TemporaryDirectory() as name:
            counts, lines = compare(way, arguments.reads, arguments.seed, Path(name), arguments.settled)
        print(f"{way}: " + ", ".join(f"{what} {n}" for what, n in sorted(counts.items())))
        print("".join(f"  {line}\n" for line in lines), end="", flush=True)


if __name__ == "__main__":
    main()
