"""Reads on the splice graph against the best affine alignment to any isoform."""

from __future__ import annotations

import numpy as np
import pytest
from affine_oracle import Oracle, windows
from isoform_panel import junctions
from numba import config
from simulated import block, cut, long_read, short_reads, turned

from ablkd.alignment.aligner import Aligner
from ablkd.alignment.merged import merge
from ablkd.kernels import chaining, gapless, gapped, placement, ways

INTERPRETED = bool(config.DISABLE_JIT)
SHORT, LONG = (6, 1) if INTERPRETED else (200, 24)


@pytest.fixture(scope="module")
def edge_at(graph):
    return {(edge.origin, edge.goal): j for j, edge in enumerate(graph.edges)}


def placed_reads(aligner, cuts):
    """(oriented read, its nodes) of every read."""
    arrays = aligner.place(block([c.read for c in cuts])).arrays
    assert arrays.placed.all()
    assert arrays.reverse.tolist() == [c.reverse for c in cuts]
    nodes = np.split(arrays.nodes, arrays.offsets[1:-1])
    return [(turned(c.read) if c.reverse else c.read, v.tolist()) for c, v in zip(cuts, nodes, strict=True)]


def junction_mask(cut_, edge_at, node_at, graph, least=None):
    """Jumps of the isoform inside the part shown; with `least`, those with that many bases (and as many as it takes
    to tell the ways apart) on each side."""
    mask = 0
    for j in junctions(cut_.isoform):
        u, v = (node_at[cut_.isoform.labels[i]] for i in (j - 1, j))
        left, right = j - cut_.start, cut_.start + cut_.length - j
        if least is None:
            seen = left > 0 and right > 0
        else:
            a = graph.arrays
            seen = left >= max(least, a.left_overhang[v]) and right >= max(least, a.right_overhang[u])
        mask |= seen << edge_at[u, v]
    return mask


def fragment_of(aligner, cut_):
    """The fragment made of one read, None where it has no target base that counts."""
    made, _ = merge(aligner.place(block([cut_.read])), None, aligner.graph, 20)
    return made if len(made) else None


def test_short_reads_score_as_the_best_alignment_to_any_isoform(aligner, isoforms, node_at, capsys):
    """Equal scores may hide equal ways to place a gap; a lower score is a place that is not the best.

    `tests/benchmarks/oracle.py` asks the same of many more reads.
    """
    cuts = short_reads(np.random.default_rng(2), isoforms, SHORT)
    oracle = Oracle(windows(isoforms, 160, 1800), node_at)
    lower = 0
    for read, nodes in placed_reads(aligner, cuts):
        ours, best = oracle.score(read, nodes), oracle.best(read)
        assert ours is not None and ours <= best
        lower += ours < best
    with capsys.disabled():
        print(f"\n  short reads placed below the best affine score: {lower} of {len(cuts)}")
    assert lower == 0


def test_error_free_reads_show_their_junction_from_ten_bases_on(aligner, graph, isoforms, edge_at, node_at):
    """Both strands, both sides, every junction of every isoform; nothing else is seen in them, no change either."""
    seen = set()
    for isoform in isoforms[:: 40 if INTERPRETED else 1]:
        for j in junctions(isoform):
            for start in [j - over for over in (1, 5, 10, 12, 75)] + [j + over - 100 for over in (1, 5, 10, 12, 75)]:
                shown = isoform.bases[max(start, 0) : start + 100]
                if start < 0 or len(shown) < 100 or shown in seen:
                    continue
                seen.add(shown)
                for reverse in (False, True):
                    piece = cut(isoform, start, 100, reverse)
                    made = fragment_of(aligner, piece)
                    mask = int(made.junctions[0]) if made else 0
                    where = f"{isoform.name} {start} {'reverse' if reverse else 'forward'}"
                    assert mask & junction_mask(piece, edge_at, node_at, graph, 10) == (
                        junction_mask(piece, edge_at, node_at, graph, 10)
                    ), where
                    assert mask & ~junction_mask(piece, edge_at, node_at, graph) == 0, where
                    assert made is None or (len(made.position), len(made.ins_position)) == (0, 0), where


def test_reads_with_errors_take_no_jump_that_their_isoform_lacks(aligner, graph, isoforms, edge_at, node_at):
    """But for the alternative acceptor 3 bases on, which a gap beside a breakpoint can look like."""
    cuts = short_reads(np.random.default_rng(3), isoforms, 2 * SHORT)
    near = sum(1 << j for j in graph.edges_of("a2_alternative_acceptor"))
    false, alike = 0, 0
    for piece in cuts:
        made = fragment_of(aligner, piece)
        extra = (int(made.junctions[0]) if made else 0) & ~junction_mask(piece, edge_at, node_at, graph)
        false += bool(extra & ~near)
        alike += bool(extra)
    assert (false, alike) <= (0, 0.01 * len(cuts))


def test_long_noisy_reads_score_as_the_best_alignment_to_their_isoform(reference, isoforms, node_at, capsys):
    rng = np.random.default_rng(4)
    fusions = [i for i in isoforms if i.name.split("+")[0] in ("e14a2", "e1a2")]
    aligner = Aligner(reference, "long")
    cuts = [long_read(rng, fusions[rng.integers(len(fusions))], 0.05) for _ in range(LONG)]
    lower = 0
    for piece, (read, nodes) in zip(cuts, placed_reads(aligner, cuts), strict=True):
        oracle = Oracle([piece.isoform], node_at)
        ours = oracle.score(read, nodes)
        lower += ours is None or ours < oracle.best(read)
    with capsys.disabled():
        print(f"\n  long reads placed below the best affine score: {lower} of {len(cuts)}")
    assert lower == 0


def test_long_noisy_reads_show_the_jumps_of_their_isoform(reference, isoforms, graph, edge_at, node_at, capsys):
    """At 3 % errors, 30 bases from an end; none is made up, but for the other acceptor of exon 2, 3 bases on."""
    rng = np.random.default_rng(8)
    fusions = [i for i in isoforms if i.name.split("+")[0] in ("e14a2", "e1a2")]
    aligner = Aligner(reference, "long")
    acceptors = sum(1 << j for j, e in enumerate(graph.edges) if {e.goal} & {79, 82})
    wrong, alike = 0, 0
    for k in range(4 * LONG):
        piece = long_read(rng, fusions[k % len(fusions)], 0.03)
        there, wanted = (junction_mask(piece, edge_at, node_at, graph, least) for least in (None, 30))
        mask = int(fragment_of(aligner, piece).junctions[0])
        assert mask & ~there & ~acceptors == 0, piece.isoform.name
        wrong += wanted & ~mask & ~acceptors != 0
        alike += wanted & ~mask & acceptors != 0
    with capsys.disabled():
        print(f"\n  long reads of {4 * LONG}: {wrong} miss a jump, {alike} take the other acceptor")
    assert (wrong, alike) == (0, 0)


def test_other_sequences_have_no_place(aligner):
    rng = np.random.default_rng(5)
    foreign = ["".join(rng.choice([*"ACGT"], 150)) for _ in range(4 if INTERPRETED else 500)]
    odd = ["", "A", "N" * 50, "ACGTACGTAC", "A" * 150, "ACGTTGCA" * 3]
    assert not aligner.place(block([*foreign, *odd])).arrays.placed.any()


def test_reads_that_are_kept_without_gaps_lie_as_with_gaps(aligner, isoforms):
    """With many errors at one end, and few elsewhere: what the scores tell is what the paths are."""
    rng = np.random.default_rng(8)
    reads, graph = [], aligner.graph.arrays
    for _ in range(12 if INTERPRETED else 600):
        isoform = isoforms[rng.integers(len(isoforms))]
        start = int(rng.integers(0, min(len(isoform.bases), 1600) - 150))
        cut_ = cut(isoform, start, int(rng.choice([60, 100, 150])), bool(rng.integers(2)))
        near = np.arange(len(cut_.read)) < rng.integers(1, 30)
        wrong = rng.random(len(cut_.read)) < np.where(near, 0.3, 0.02)
        bases = "".join(str(rng.choice([*"ACGT"])) if w else b for b, w in zip(cut_.read, wrong, strict=True))
        reads.append(bases[:8] + bases[9:] if rng.random() < 0.1 else bases)
    made = block(reads)
    nodes, _, state = placement.place_ungapped(made.codes, made.quals, made.offsets, aligner.table, graph)
    rough = np.flatnonzero(state == placement.ROUGH)
    straight = nodes.copy()
    kept = gapless.keep_gapless(made.codes, made.offsets, rough, nodes, graph)
    links = chaining.chain_seeds(made.codes, made.offsets, rough, aligner.table, graph, 1)
    laid = ways.lay_paths(made.codes, made.offsets, rough, *links, graph)
    by_path = straight.copy()
    gapped.place_gapped(made.codes, made.offsets, rough, by_path, graph.bases, *laid, 30, 0.75)
    for r, state_kept in zip(rough, kept, strict=True):
        span = slice(made.offsets[r], made.offsets[r + 1])
        assert (nodes[span] == (by_path if state_kept else straight)[span]).all(), reads[r]
        assert (state_kept == gapless.WHOLE) == (state_kept > 0 and nodes[span].min() >= 0)
    if not INTERPRETED:
        assert (kept == gapless.CLIPS).sum() > 20 and (kept == gapless.WHOLE).sum() > 20 and (kept == 0).sum() > 20


def test_the_jump_that_suits_the_whole_read_is_taken(aligner, isoforms):
    """An acceptor three bases on comes first, seen from the target, and suits a few bases of the partner by chance."""
    isoform = next(i for i in isoforms if i.name == "e14a2")
    border = junctions(isoform)[0]
    for overhang in range(12, 75, 3):
        ((_, nodes),) = placed_reads(aligner, [cut(isoform, border - overhang, 150, False)])
        ((_, other),) = placed_reads(aligner, [cut(isoform, border - overhang, 150, True)])
        assert nodes == other and nodes[overhang] == 79 and min(nodes) >= 0


def spelled(isoform, *stretches):
    """Bases of an isoform, and bases that are put in between."""
    return "".join(s if isinstance(s, str) else isoform.bases[s[0] : s[1]] for s in stretches)


def test_gaps_beside_a_border_do_not_mislead_which_jump_is_taken(aligner, isoforms, node_at):
    """A gap shifts the bases behind it: the jump is still the isoform's, seen from either side of it."""
    oracle = {}
    for name, back, gap in [("e14a2", 8, 8), ("e13a2", 8, 8), ("e14a2+exon4_skipping", 0, 4), ("e1a2", 5, 6)]:
        isoform = next(i for i in isoforms if i.name == name)
        border = junctions(isoform)[-1]
        oracle.setdefault(name, Oracle([isoform], node_at))
        for left in (40, 75, 110):
            ends = border - left, border + back, border + back + gap, border + 158 - left
            deleted = spelled(isoform, ends[:2], ends[2:])
            inserted = spelled(
                isoform, (ends[0], border + back + 12), "ACTGA"[: gap % 3 + 2], (border + back + 12, ends[3])
            )
            for read in (deleted, inserted):
                for bases in (read, turned(read)):
                    nodes = np.array(aligner.place(block([bases])).arrays.nodes)
                    assert oracle[name].score(read, nodes.tolist()) == oracle[name].best(read), (name, left, read)


def test_an_end_that_is_not_aligned_still_looks_for_a_jump(aligner, isoforms, node_at):
    """Few bases of the next exon, then bases put in: nothing of it fits the plain way."""
    isoform = next(i for i in isoforms if i.name == "e14a2+exon7_skipping")
    border = junctions(isoform)[-1]
    read = spelled(isoform, (border - 4, border + 3), "TG", (border + 3, border + 140))
    nodes = np.array(aligner.place(block([read])).arrays.nodes)
    oracle = Oracle([isoform], node_at)
    assert oracle.score(read, nodes.tolist()) == oracle.best(read)
    assert nodes[0] == node_at[isoform.labels[border - 4]]
