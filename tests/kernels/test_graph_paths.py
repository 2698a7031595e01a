"""The splice graph spells every isoform that the tables of reference/ describe, and names its jumps."""

from __future__ import annotations

from isoform_panel import junctions


def jump_between(graph, a, b):
    """The jump from node a to node b; None for neighbours. Fails where they are not joined.

    Partner sequences whose first bases are the same by chance share those nodes; from there on all but the first are
    reached by a jump without a name, which is no junction.
    """
    if graph.arrays.following[a] == b and graph.arrays.preceding[b] == a:
        return None
    jump = next(e for e in graph.edges if (e.origin, e.goal) == (a, b))
    inside_partner = a >= graph.target_length and graph.arrays.depth[b] == graph.arrays.depth[a] + 1
    return None if inside_partner and not (jump.transcript or jump.events) else jump


def test_every_isoform_is_a_path_that_spells_it(graph, isoforms, node_at):
    for isoform in isoforms:
        path = [node_at[label] for label in isoform.labels]
        assert "".join("ACGT"[graph.arrays.bases[v]] for v in path) == isoform.bases, isoform.name
        jumps = [jump_between(graph, a, b) for a, b in zip(path, path[1:], strict=False)]
        taken = [i for i, jump in enumerate(jumps, start=1) if jump is not None]
        assert taken == junctions(isoform), isoform.name


def test_jumps_name_what_the_isoform_is(graph, isoforms, node_at, reference):
    """A fusion with an event that is itself a listed fusion (e1a2 without exon 2 is e1a3) goes by that one's name."""
    plain = {isoform.bases: isoform.name for isoform in isoforms if "+" not in isoform.name}
    for isoform in isoforms:
        path = [node_at[label] for label in isoform.labels]
        named = [jump_between(graph, path[i - 1], path[i]) for i in junctions(isoform)]
        told = {name for jump in named for name in (jump.transcript, *jump.events) if name}
        wanted = set(plain.get(isoform.bases, isoform.name).split("+")) - {reference.target.name}
        assert told == wanted, isoform.name


def test_the_graph_has_no_other_jumps(graph, isoforms, node_at):
    used = set()
    for isoform in isoforms:
        path = [node_at[label] for label in isoform.labels]
        used |= set(zip(path, path[1:], strict=False))
    assert [edge for edge in graph.edges if (edge.origin, edge.goal) not in used] == []


def test_chains_are_the_runs_of_plain_neighbours(graph):
    a = graph.arrays
    for node in range(len(a.bases)):
        after = a.following[node]
        if after >= 0:
            assert (a.chain[after], a.place[after]) == (a.chain[node], a.place[node] + 1)
    starts = [v for v in range(len(a.bases)) if a.place[v] == 0]
    assert len({a.chain[v] for v in starts}) == len(starts)


def test_partner_bases_lie_where_the_contig_has_them(graph, reference, node_at):
    for (name, depth), node in node_at.items():
        if node >= graph.target_length and name in reference.sequences:
            assert graph.arrays.depth[node] == depth
            home = reference.transcripts[graph.arrays.home[node]].name
            assert reference.sequences[home][: depth + 1] == reference.sequences[name][: depth + 1]


def test_skipped_spans_are_those_of_the_events(graph, reference):
    wanted = {v.event: (v.start - 1, v.end) for v in reference.splicing if v.kind == "skip"}
    for edge, span in zip(graph.edges, graph.arrays.skipped.tolist(), strict=True):
        inside = edge.origin < graph.target_length and edge.goal < graph.target_length
        assert tuple(span) == (wanted[edge.events[0]] if inside else (0, 0)), edge
