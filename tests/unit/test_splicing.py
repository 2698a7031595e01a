"""Isoform events and fusion types: fractions from drawn and simulated molecules, and what an amplicon cannot show."""

from dataclasses import replace

import numpy as np
import pytest
from drawn import Kind, draw
from learned import run_of

from ablkd.alignment.align import align_sample
from ablkd.background.detection import Limits
from ablkd.background.learning import learn
from ablkd.fragments import load
from ablkd.isoforms import build_graph
from ablkd.simulate import Realised, simulate
from ablkd.splicing.events import splice_sample
from ablkd.tables import read_rows

ACROSS = (400, 1650)
SKIP4 = ("exon4_skipping",)


@pytest.fixture
def quick_limits(monkeypatch):
    monkeypatch.setattr(Limits, "lod95", lambda *_: 0.01)


@pytest.fixture(scope="module")
def spliced(reference):
    """(events by name, fusions by name) of drawn fragments."""

    def found(kinds, templates=5_000, tile=-1, platform="illumina", required=0.03):
        row, fragments = reference.platform(platform), draw(reference, kinds, tile=tile)
        run = learn(row, reference, [])
        events, fusions = splice_sample("S", row, reference, fragments, templates, required, run)
        return {e.event: e for e in events}, {f.fusion: f for f in fusions}

    return found


def tile_of(reference, name):
    return next(i for i, a in enumerate(reference.amplicons) if a.name == name)


# ---------------------------------------------------------------- events


@pytest.mark.parametrize("count", [25, 250, 1_000, 2_500])
def test_fraction_interval_and_bias_range_of_a_skip(spliced, count):
    """0.5 to 50 % of 5,000 molecules."""
    events, _ = spliced([Kind(count, "", ACROSS, ACROSS, SKIP4), Kind(5_000 - count, "", ACROSS, ACROSS)])
    row, fraction = events["exon4_skipping"], count / 5_000
    assert (row.call, row.junction_reads, row.reference_reads) == ("present", count, 5_000 - count)
    assert row.fraction == pytest.approx(fraction)
    assert row.fraction_low < fraction < row.fraction_high
    # If the shorter product was copied five times better, the true odds are a fifth.
    odds = count / (5_000 - count) / 5
    assert (row.bias_low, row.bias_high) == (pytest.approx(odds / (1 + odds)), pytest.approx(fraction))
    assert {e.event for e in events.values() if e.call == "present"} == {"exon4_skipping"}


@pytest.mark.usefixtures("quick_limits")
@pytest.mark.parametrize("fraction", [0.005, 0.05, 0.5])
def test_the_interval_holds_the_fraction_of_the_molecules(spliced, fraction):
    """Templates, families, fragments of 30 samples: the truth lies in at least 26 intervals (95 % nominal; 1 in 100
    such tests would see fewer), and above the limit of detection each is present."""
    rng = np.random.default_rng(int(fraction * 1000))
    inside = 0
    for _ in range(30):
        skipping = rng.binomial(2_000, fraction)
        share = rng.beta(4 * skipping, 4 * (2_000 - skipping)) if skipping else 0.0
        count = rng.binomial(3_000, share)
        events, _ = spliced([Kind(count, "", ACROSS, ACROSS, SKIP4), Kind(3_000 - count, "", ACROSS, ACROSS)], 2_000)
        row = events["exon4_skipping"]
        inside += row.fraction_low <= fraction <= row.fraction_high
        assert row.call == "present" or count < 3
    assert inside >= 26


def test_denominator_is_the_mean_of_both_ends(spliced):
    kinds = [
        Kind(200, "", ACROSS, ACROSS, SKIP4),
        Kind(820, "", (400, 700), (400, 700)),
        Kind(780, "", (700, 1_000), (700, 1_000)),
        Kind(300, "", (560, 800), (560, 800)),
    ]
    row = spliced(kinds)[0]["exon4_skipping"]
    assert (row.junction_reads, row.reference_reads) == (200, 800)
    assert (row.reference_left, row.reference_right, row.filter) == (820, 780, "PASS")
    assert row.fraction == pytest.approx(0.2)


def test_towards_a_primer_the_scarcer_end_is_compared_with(spliced):
    """Fewer fragments lie behind exon 8 altogether, and the skipping product ends nearer to it: no contradiction."""
    kinds = [
        Kind(60, "", (1_100, 1_500), None, ("exon8_skipping",)),
        Kind(300, "", (1_290, 1_500), None),
        Kind(900, "", (1_100, 1_400), None),
    ]
    row = spliced(kinds)[0]["exon8_skipping"]
    assert (row.junction_reads, row.reference_left, row.reference_right) == (60, 900, 300)
    assert row.fraction == pytest.approx(60 / 360) and row.filter == "PASS"


def test_ends_that_contradict_each_other_are_said(spliced):
    """As deep on both sides of exon 4, but most fragments that run into it from the left stop there."""
    kinds = [
        Kind(200, "", ACROSS, ACROSS, SKIP4),
        Kind(300, "", ACROSS, ACROSS),
        Kind(1_500, "", (400, 545), (700, 1_000)),
    ]
    row = spliced(kinds)[0]["exon4_skipping"]
    assert (row.call, row.reference_left, row.reference_right) == ("present", 300, 1_800)
    assert row.filter == "ends_disagree"


def test_molecules_of_another_event_with_the_same_end_count_too(spliced):
    """Of 1,000 molecules 100 lack exon 4 and 300 lack exons 4 and 5."""
    kinds = [
        Kind(100, "", ACROSS, ACROSS, SKIP4),
        Kind(300, "", ACROSS, ACROSS, ("exon4-5_skipping",)),
        Kind(600, "", ACROSS, ACROSS),
    ]
    events, _ = spliced(kinds)
    assert events["exon4_skipping"].fraction == pytest.approx(0.1)
    assert events["exon4-5_skipping"].fraction == pytest.approx(0.3)


@pytest.mark.parametrize("fusion", ["", "e14a2"])
def test_the_second_acceptor_is_compared_with_the_first(spliced, fusion):
    first = 79 if fusion else 0
    kinds = [
        Kind(100, "", (82 if fusion else 0, 900), None, ("a2_alternative_acceptor",), fusion),
        Kind(900, "", (first, 900), None, (), fusion),
    ]
    row = spliced(kinds)[0]["a2_alternative_acceptor"]
    assert (row.junction_reads, row.reference_left, row.reference_right) == (100, 900, 900)


def test_every_way_over_a_boundary_needs_the_same_bases(spliced):
    """A skip that needs 10 bases would be seen in more fragments than a plain junction that needs 12."""
    kinds = [
        Kind(40, "", (238, 600), None, ("exon3_skipping",)),
        Kind(60, "", (242, 600), None, ("exon3_skipping",)),
        Kind(1_000, "", (200, 600), None),
    ]
    assert spliced(kinds)[0]["exon3_skipping"].junction_reads == 40


def test_an_insertion_is_counted_at_either_of_its_junctions(spliced):
    """Reads that end in the insertion and reads that begin in it show one junction each: half an insertion."""
    whole = spliced([Kind(100, "", ACROSS, ACROSS, ("35INS",)), Kind(900, "", ACROSS, ACROSS)])[0]["35INS"]
    assert (whole.junction_reads, whole.reference_reads) == (100, 900)
    assert whole.bias_low == pytest.approx(0.1) and whole.bias_high == pytest.approx(5 / 14)  # the longer product


@pytest.mark.parametrize(
    "event", ["exon5_skipping", "exon7_skipping", "exon8_skipping", "del248-274", "35INS", "exon4-5_skipping"]
)
def test_each_event_is_counted_as_itself_only(spliced, reference, event):
    events, _ = spliced([Kind(400, "", ACROSS, ACROSS, (event,)), Kind(1_600, "", ACROSS, ACROSS)])
    assert {e.event for e in events.values() if e.call == "present"} == {event}
    assert events[event].fraction == pytest.approx(0.2)
    known = next(v for v in reference.splicing if v.event == event)
    assert (events[event].meaning, events[event].hgvs_r) == (known.meaning, known.hgvs_r)


def test_events_expected_in_healthy_people_are_present_and_say_so(spliced, reference):
    events, _ = spliced([Kind(300, "", ACROSS, ACROSS, ("exon7_skipping",)), Kind(1_700, "", ACROSS, ACROSS)])
    assert (events["exon7_skipping"].call, events["exon7_skipping"].meaning) == ("present", "splice_background")
    assert {v.event for v in reference.splicing if v.expected == "yes"} == {"a2_alternative_acceptor", "exon7_skipping"}


def test_a_gap_that_is_an_event_but_for_few_bases_does_not_speak_against_it(spliced):
    """Noisy reads that lost bases on both sides of a skip: neither its fragments nor against it, and no new junction."""
    kinds = [Kind(990, "", ACROSS, ACROSS, SKIP4), Kind(10, "545_830del", ACROSS, ACROSS)]
    events, _ = spliced(kinds)
    row = events["exon4_skipping"]
    assert (row.junction_reads, row.reference_reads, row.fraction) == (990, 0, 1.0)
    assert {e.event for e in events.values() if e.call in ("present", "evidence_only")} == {"exon4_skipping"}


def test_two_events_at_once(spliced):
    kinds = [
        Kind(400, "", ACROSS, ACROSS, SKIP4),
        Kind(200, "", ACROSS, ACROSS, ("exon7_skipping",)),
        Kind(100, "", ACROSS, ACROSS, ("exon4_skipping", "exon7_skipping")),
        Kind(1_300, "", ACROSS, ACROSS),
    ]
    events, _ = spliced(kinds)
    assert events["exon4_skipping"].fraction == pytest.approx(0.25)
    assert events["exon7_skipping"].fraction == pytest.approx(0.15)


def test_without_junctions_seen_a_negative_has_a_limit(spliced):
    events, _ = spliced([Kind(2_000, "", ACROSS, ACROSS)])
    row = events["exon4_skipping"]
    assert (row.call, row.junction_reads, row.fraction) == ("not_detected", 0, 0.0)
    assert 0 < row.lod95 <= 0.03 and 0 < row.fraction_high < 0.01
    assert (row.bias_low, row.bias_high) == (None, None)


@pytest.mark.parametrize("count", [1, 2])
def test_two_junction_fragments_are_not_present(spliced, count):
    events, _ = spliced([Kind(count, "", ACROSS, ACROSS, SKIP4), Kind(2_000, "", ACROSS, ACROSS)])
    assert events["exon4_skipping"].call == "not_detected"


@pytest.mark.parametrize(
    "kinds",
    [
        [],
        [Kind(99, "", ACROSS, ACROSS)],
        [Kind(2_000, "", (560, 800), (560, 800))],
        [Kind(2_000, "", (1_000, 1_400), None)],
    ],
    ids=["no fragments", "99", "inside exon 4", "behind exon 4"],
)
def test_what_no_fragment_could_show_is_not_assessable(spliced, kinds):
    row = spliced(kinds)[0]["exon4_skipping"]
    assert (row.call, row.fraction, row.fraction_high) == ("not_assessable", None, None)


def test_fragments_of_one_flank_only_are_no_negative(spliced):
    """The 4/5 junction is crossed, the 3/4 junction is not: a skip cannot be told from what was not sequenced."""
    row = spliced([Kind(2_000, "", (560, 1_400), (560, 1_400))])[0]["exon4_skipping"]
    assert row.call == "not_assessable"


def test_few_templates_make_a_negative_not_assessable(spliced):
    assert spliced([Kind(2_000, "", ACROSS, ACROSS)], templates=50)[0]["exon4_skipping"].call == "not_assessable"


def test_primers_inside_exon_4_cannot_show_its_skipping(spliced, reference):
    """The nested amplicon starts in exon 4 and ends in exon 7."""
    span = (657, 1_267)
    events, fusions = spliced([Kind(2_000, "", span, span)], tile=tile_of(reference, "kinase_nested"))
    calls = {e.event: e.call for e in events.values()}
    for hidden in ("exon2_skipping", "exon3_skipping", "exon4_skipping", "exon4-5_skipping", "exon7_skipping", "35INS"):
        assert calls[hidden] == "not_assessable"
    assert {calls[e] for e in ("del248-274", "exon5_skipping", "exon6_skipping")} == {"not_detected"}
    assert {f.call for f in fusions.values()} == {"not_assessable"}


def test_rows_are_those_of_the_table_in_its_order(spliced, reference):
    assert list(spliced([])[0]) == [v.event for v in reference.splicing]


# ---------------------------------------------------------------- fusions

PAST = (79, 900)


def present(fusions):
    return {name for name, f in fusions.items() if f.call == "present"}


@pytest.mark.parametrize(
    "counts",
    [
        {"e14a2": 900},
        {"e13a2": 600, "e14a2": 300},
        {"e1a2": 500},
        {"e19a2": 400},
        {"e6a2": 50},
        {"e13a2": 995, "e14a2": 5},
    ],
)
def test_fusions_are_typed_by_their_junctions(spliced, counts):
    kinds = [Kind(n, "", PAST, PAST, (), name) for name, n in counts.items()]
    _, fusions = spliced(kinds)
    assert present(fusions) == set(counts)
    total = sum(counts.values())
    for name, n in counts.items():
        assert fusions[name].junction_reads == n
        assert fusions[name].fraction == pytest.approx(n / total)
        assert fusions[name].fraction_low < n / total <= fusions[name].fraction_high


@pytest.mark.parametrize("name", ["e1a3", "e13a3", "e14a3", "e19a3"])
def test_a3_fusions(spliced, name):
    _, fusions = spliced([Kind(500, "", (253, 900), (253, 900), (), name)])
    assert present(fusions) == {name}


def test_a_fusion_with_its_second_acceptor_is_still_that_fusion(spliced):
    """CAG at the start of exon 2 is lost in some transcripts; the fusion is the same."""
    kinds = [
        Kind(300, "", (82, 900), (82, 900), ("a2_alternative_acceptor",), "e14a2"),
        Kind(700, "", PAST, PAST, (), "e14a2"),
    ]
    events, fusions = spliced(kinds)
    assert present(fusions) == {"e14a2"} and fusions["e14a2"].junction_reads == 1_000
    assert events["a2_alternative_acceptor"].call == "present"
    assert events["a2_alternative_acceptor"].fraction == pytest.approx(0.3)


def test_unrearranged_transcripts_are_counted_apart(spliced):
    kinds = [Kind(300, "", PAST, PAST, (), "e14a2"), Kind(700, "", (0, 900), (0, 900))]
    _, fusions = spliced(kinds)
    assert present(fusions) == {"e14a2", "unrearranged"}
    assert fusions["unrearranged"].fraction == pytest.approx(0.7)
    _, other = spliced([Kind(300, "", PAST, PAST, (), "e14a2"), Kind(100, "", PAST, PAST, (), "ABL1-1b")])
    assert present(other) == {"e14a2", "ABL1-1b"}


@pytest.mark.parametrize("event", ["a2_alternative_acceptor", "exon2_skipping"])
def test_unrearranged_transcripts_are_counted_with_their_events(spliced, event):
    kinds = [Kind(300, "", PAST, PAST, (), "e14a2"), Kind(700, "", (0, 900), (0, 900), (event,))]
    assert spliced(kinds)[1]["unrearranged"].fraction == pytest.approx(0.7)


@pytest.mark.parametrize(("platform", "call"), [("pacbio_hifi", "present"), ("ont", "not_assessable")])
def test_three_bases_are_not_an_event_where_gaps_are_frequent(spliced, platform, call):
    """Twelve of 1,500 nanopore reads lose these three bases by error."""
    kinds = [
        Kind(12, "", (82, 900), None, ("a2_alternative_acceptor",), "e14a2"),
        Kind(1_488, "", PAST, None, (), "e14a2"),
    ]
    assert spliced(kinds, platform=platform)[0]["a2_alternative_acceptor"].call == call
    assert spliced(kinds, platform=platform)[0]["exon4_skipping"].call == "not_detected"


def test_carry_over_is_not_a_fusion(spliced):
    _, fusions = spliced([Kind(2_000, "", PAST, PAST, (), "e14a2"), Kind(4, "", PAST, PAST, (), "e1a2")])
    assert present(fusions) == {"e14a2"}
    assert (fusions["e1a2"].call, fusions["e1a2"].junction_reads) == ("not_detected", 4)


def test_sheared_fragments_of_a_short_partner_are_compared_with_as_near_ones(reference):
    """Half and half, cut at random: of e13a2 63 bases lie before the junction, of e14a2 138; whole products count all."""
    rng = np.random.default_rng(31)
    graph = build_graph(reference)
    for before in ({"e13a2": 63, "e14a2": 138}, {"e13a2": 0, "e14a2": 0}):
        kinds, left = [], []
        for name, room in before.items():
            origin = next(e.origin for e in graph.edges if e.transcript == name and not e.events)
            chain = [origin]
            for _ in range(180):
                chain.append(int(graph.arrays.preceding[chain[-1]]))
            starts = (
                rng.integers(12, room, 20 * (room - 12)) if room else np.full(2_000, {"e13a2": 62, "e14a2": 137}[name])
            )
            kinds.append(Kind(len(starts), "", PAST, PAST, (), name))
            left += [chain[s] for s in starts]
        ends = np.stack([np.array(left), np.full(len(left), 899)], axis=1).astype(np.int32)
        fragments = replace(draw(reference, kinds), ends=ends)
        row = reference.platform("illumina")
        _, fusions = splice_sample("S", row, reference, fragments, 20_000, 0.03, learn(row, reference, []))
        shares = {f.fusion: f for f in fusions if f.call == "present"}
        assert {name: f.junction_reads for name, f in shares.items()} == {k.fusion: k.count for k in kinds}
        assert shares["e13a2"].fraction == pytest.approx(0.5, abs=0.04)
        assert shares["e13a2"].fraction_low < 0.5 < shares["e13a2"].fraction_high


def test_where_no_fragment_reaches_the_junction_the_fusion_is_not_assessable(spliced):
    for kinds in ([], [Kind(2_000, "", ACROSS, ACROSS)], [Kind(2, "", PAST, PAST, (), "e14a2")]):
        _, fusions = spliced(kinds)
        assert {f.call for f in fusions.values()} == {"not_assessable"}


# ---------------------------------------------------------------- other samples of the run


def carried(reference, own, other, required=0.03):
    """(event or fusion by name) of fragments drawn as `own`, in a run with another sample drawn as `other`."""
    row, fragments = reference.platform("illumina"), draw(reference, own)
    run = run_of(reference, row, fragments, 20_000, others=[draw(reference, other)])
    events, fusions = splice_sample("S", row, reference, fragments, 20_000, required, run)
    return {e.event: e for e in events} | {f.fusion: f for f in fusions}


SKIP5 = ("exon5_skipping",)


@pytest.mark.parametrize(
    ("count", "other", "call", "filter"),
    [
        (0, SKIP5, "not_detected", "PASS"),
        (8, SKIP5, "not_detected", "carry_over"),  # as many as are expected of a neighbour: 0.2 % of 4,000
        (20, SKIP5, "not_detected", "carry_over"),  # 0.5 %, below three times that
        (60, SKIP5, "present", "PASS"),
        (8, (), "present", "PASS"),  # nobody else in the run has it
    ],
)
def test_an_event_that_another_sample_may_have_left_is_held_back(reference, count, other, call, filter):
    own = [Kind(count, "", ACROSS, ACROSS, SKIP5), Kind(4_000 - count, "", ACROSS, ACROSS)]
    row = carried(reference, own, [Kind(4_000, "", ACROSS, ACROSS, other)])["exon5_skipping"]
    assert (row.junction_reads, row.call, row.filter) == (count, call, filter)
    assert row.fraction is not None and 0 < row.fraction_high < 0.03


def test_the_required_limit_holds_for_events_too(reference):
    own, other = [Kind(4_000, "", ACROSS, ACROSS)], [Kind(4_000, "", ACROSS, ACROSS)]
    assert carried(reference, own, other)["exon5_skipping"].call == "not_detected"
    row = carried(reference, own, other, required=0.0005)["exon5_skipping"]
    assert (row.call, row.filter) == ("not_assessable", "templates") and row.lod95 > 0.0005
    held = [Kind(8, "", ACROSS, ACROSS, SKIP5), Kind(3_992, "", ACROSS, ACROSS)]
    row = carried(reference, held, [Kind(4_000, "", ACROSS, ACROSS, SKIP5)], required=0.001)["exon5_skipping"]
    assert (row.call, row.filter) == ("not_assessable", "carry_over") and row.fraction_high > 0.001


@pytest.mark.parametrize(("count", "call"), [(0, "not_detected"), (20, "not_detected"), (100, "present")])
def test_a_fusion_that_another_sample_may_have_left_is_held_back(reference, count, call):
    """e13a2 beside 4,000 fragments of e14a2, in a run with a sample that has only e13a2."""
    own = [Kind(count, "", PAST, PAST, (), "e13a2"), Kind(4_000, "", PAST, PAST, (), "e14a2")]
    row = carried(reference, own, [Kind(4_000, "", PAST, PAST, (), "e13a2")])["e13a2"]
    assert (row.junction_reads, row.call) == (count, call)
    assert row.filter == ("carry_over" if count == 20 else "PASS") and row.lod95 < 0.03


def test_a_fusion_is_not_detected_only_where_its_limit_allows(spliced):
    _, fusions = spliced([Kind(30, "", PAST, PAST, (), "e14a2")])
    assert fusions["e14a2"].call == "present"
    assert (fusions["e13a2"].call, fusions["e13a2"].filter) == ("not_assessable", "depth")
    assert fusions["e13a2"].lod95 > 0.03


# ---------------------------------------------------------------- from reads

TRUTH = """sample platform fusion haplotype fraction amplicon depth template_molecules
S illumina e13a2 unmutated 0.5 major_long 600 20000
S illumina e14a2 exon4_skipping 0.2 major_long 600 20000
S illumina e14a2 exon7_skipping 0.1 major_long 600 20000
S illumina e14a2 unmutated 0.2 major_long 600 20000"""


def test_simulated_reads_give_back_events_and_fusions(reference, tmp_path):
    """Mate pairs of 150 bases. Fractions against the molecules that were really read, within 4 standard errors and 0.03
    (short molecules, cut as often as long ones, cover their bases more densely)."""
    truth = tmp_path / "truth.tsv"
    truth.write_text(TRUTH.replace(" ", "\t") + "\n")
    one, two = simulate(truth, reference, tmp_path, 3)
    row = reference.platform("illumina")
    paths = (tmp_path / "f.npy", tmp_path / "counts.tsv")
    align_sample("S", row, "", reference, [one], [two], *paths)
    events, fusions = splice_sample("S", row, reference, load(paths[0]), 20_000, 0.03, learn(row, reference, []))
    assert {e.event for e in events if e.call == "present"} == {"exon4_skipping", "exon7_skipping"}
    assert {f.fusion for f in fusions if f.call == "present"} == {"e13a2", "e14a2"}
    shares = {}
    for r in read_rows(tmp_path / "molecules.tsv", Realised):
        for name in (*r.haplotype.split("+"), r.fusion):
            shares[name] = shares.get(name, 0.0) + r.share
    measured = {e.event: (e.fraction, e.junction_reads + e.reference_reads) for e in events if e.call == "present"}
    total = sum(f.junction_reads for f in fusions)
    measured |= {f.fusion: (f.fraction, total) for f in fusions if f.call == "present"}
    for name, (fraction, n) in measured.items():
        assert abs(fraction - shares[name]) < 0.03 + 4 * np.sqrt(shares[name] * (1 - shares[name]) / n), name
