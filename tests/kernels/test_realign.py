"""Long reads beside gaps: the alignment against enumeration, codons and splice sites against the molecule that was read."""

from __future__ import annotations

import numpy as np
import pytest
from isoform_panel import Isoform
from numba import config
from pair_oracle import best_by_enumeration
from simulated import block, long_read, turned

from ablkd import hgvs
from ablkd.alignment.aligner import Aligner
from ablkd.alignment.merged import merge
from ablkd.alignment.realigned import Realigner
from ablkd.counting.tally import count
from ablkd.kernels import realign

READS = 2 if config.DISABLE_JIT else 150
SIZE = realign.LONGEST + 2


def test_the_best_alignment_is_that_of_enumeration():
    """Random reads and sequences of up to eight bases, random chances; the trace explains every base."""
    rng = np.random.default_rng(21)
    for _ in range(20 if config.DISABLE_JIT else 300):
        n, m = (int(x) for x in rng.integers(2, 9, 2))
        read, sequence = (rng.integers(0, 3, size).astype(np.uint8) for size in (n, m))
        hit, miss, gap = (
            np.log(rng.uniform(low, high, size)) for low, high, size in ((0.7, 1, n), (0.001, 0.3, n), (0.001, 0.3, m))
        )
        single = float(np.log(0.01))
        score, move = np.empty((3, SIZE, SIZE)), np.empty((SIZE, SIZE), np.uint8)
        ours = realign._align(read, n, hit, miss, sequence, m, gap, single, score, move)
        best = best_by_enumeration(tuple(read), hit, miss, tuple(sequence), gap, single)
        assert ours == pytest.approx(best, abs=1e-9) or (best == -np.inf and ours < -1e8)
        if best > -np.inf:
            places = np.full(SIZE, -9, np.int32)
            realign._trace(n, m, move, places)
            shown = [int(p) for p in places[:n] if p >= 0]
            assert shown == sorted(set(shown)) and (places[:n] >= -1).all()


@pytest.fixture(scope="module")
def readers(reference):
    aligner = Aligner(reference, "long")
    return aligner, Realigner(reference, aligner.graph, reference.platform("ont"))


def fragments_of(readers, reads, settled=True):
    aligner, realigner = readers
    placed = aligner.place(block(reads, 18))
    return merge(realigner.settle(placed) if settled else placed, None, aligner.graph, 15)[0]


def molecule(isoforms, *changes):
    """e14a2 with substitutions such as `757T>C`."""
    plain = next(i for i in isoforms if i.name == "e14a2")
    bases = list(plain.bases)
    for change in changes:
        at = plain.labels.index(("target", int(change[:-3]) - 1))
        assert bases[at] == change[-3]
        bases[at] = change[-1]
    return Isoform("changed", "".join(bases), plain.labels)


@pytest.mark.parametrize(
    "changes",
    [("757T>C", "763G>A"), ("944C>T", "951C>A"), ("749G>A",), ("951C>G", "952A>G")],
    ids=["Y253H+E255K", "T315I+F317L", "G250E", "F317L by two codons"],
)
def test_both_of_two_neighbouring_mutations_are_seen_on_each_read(readers, isoforms, reference, graph, changes):
    """Reads with 3 % errors: where the codons are told they are the molecule's, hardly ever the wild type."""
    rng = np.random.default_rng(22)
    truth = molecule(isoforms, *changes)
    reads = [long_read(rng, truth, 0.03).read for _ in range(READS)]
    fragments = fragments_of(readers, reads)
    codons = sorted({(int(c[:-3]) + 2) // 3 for c in changes})
    sequence = {label[1]: base for label, base in zip(truth.labels, truth.bases, strict=True) if label[0] == "target"}
    states = count(fragments, reference, graph).states(codons)
    wanted = [hgvs.CODONS.index("".join(sequence[3 * c - 3 + i] for i in range(3))) for c in codons]
    wild = [hgvs.CODONS.index(reference.codon(c)) for c in codons]
    assert len(states) == READS
    assert (states == wild).mean() <= 0.01
    if config.DISABLE_JIT:  # too few reads for shares
        return
    assert ((states == wanted).mean(axis=0) > 0.75).all()
    # In cis: most reads show all of them.
    assert (states == wanted).all(axis=1).mean() > 0.65


def test_reads_of_either_strand_are_the_same(readers, isoforms, reference, graph):
    rng = np.random.default_rng(23)
    reads = [long_read(rng, molecule(isoforms, "944C>T"), 0.04).read for _ in range(min(READS, 20))]
    there, back = (fragments_of(readers, these) for these in (reads, [turned(r) for r in reads]))
    # Where a gap can lie in two places the strands may choose different ones; told codons never contradict.
    one, two = (count(f, reference, graph).states([250, 255, 315]) for f in (there, back))
    told = (one >= 0) & (two >= 0)
    assert told.mean() > 0.7 and (one[told] == two[told]).all()


def test_noisy_reads_seldom_take_the_acceptor_three_bases_on(readers, isoforms, graph):
    """At 4 % errors 2 % of reads did; what cannot be told is the acceptor of no event."""
    rng = np.random.default_rng(24)
    plain = next(i for i in isoforms if i.name == "e14a2")
    other = next(i for i in isoforms if i.name == "e14a2+a2_alternative_acceptor")
    bits = sum(1 << j for j in graph.edges_of("a2_alternative_acceptor"))
    share = [
        np.mean(
            (
                fragments_of(
                    readers, [long_read(rng, i, 0.04).read for _ in range(READS if config.DISABLE_JIT else 3 * READS)]
                ).junctions
                & bits
            )
            != 0
        )
        for i in (plain, other)
    ]
    if not config.DISABLE_JIT:  # else too few reads for shares
        assert share[0] <= 0.01 and share[1] > 0.85


def test_reads_without_gaps_are_left_as_they_are(readers, isoforms):
    changed = molecule(isoforms, "757T>C", "763G>A").bases[100:1500]
    before, after = (fragments_of(readers, [changed], settled) for settled in (False, True))
    assert before.position.tolist() == after.position.tolist() == [756, 762]
    assert before.allele.tolist() == after.allele.tolist()
