"""Small deletions and insertions from drawn fragments; their names against a search through all equal placements."""

import numpy as np
import pytest
from Bio.Seq import Seq
from drawn import Kind, draw
from learned import run_of, trust_the_sheet

from ablkd.background.learning import learn
from ablkd.calling.call import call_sample


@pytest.fixture(autouse=True)
def calls_alone(monkeypatch):
    """What could have been called, and how many templates there were, have tests of their own."""
    monkeypatch.setattr("ablkd.calling.call.sites_of", lambda *_: [])
    trust_the_sheet(monkeypatch)


@pytest.fixture(scope="module")
def target(reference):
    return reference.sequences["NM_005157.6"]


@pytest.fixture(scope="module")
def untaught(reference):
    """Backgrounds of runs that taught nothing, by platform."""
    return {name: learn(row, reference, []) for name, row in reference.platforms.items()}


@pytest.fixture(scope="module")
def indels(reference, untaught):
    def called(kinds, platform="illumina", templates=5_000, controls=()):
        row, run, fragments = reference.platform(platform), untaught[platform], draw(reference, kinds)
        if controls:
            run = run_of(reference, row, fragments, templates, [draw(reference, kinds) for kinds in controls])
        rows = call_sample("S", row, reference, fragments, run, templates, 0.03, 0.03)[0]
        return [c for c in rows if c.kind in ("deletion", "insertion")]

    return called


@pytest.fixture(scope="module")
def coverage_of(reference, untaught):
    """(classes of indels by name, qc rows of the longest insertion) of drawn Illumina fragments."""

    def found(kinds, tile=-1):
        row, fragments = reference.platform("illumina"), draw(reference, kinds, tile=tile)
        _, coverage, qc = call_sample("S", row, reference, fragments, untaught["illumina"], 5_000, 0.03, 0.03)
        longest = [metric for metric in qc if metric.metric == "longest_insertion"]
        return {c.name: c for c in coverage if c.kind == "indel_class"}, longest

    return found


def equal_placements(target, start, end, inserted):
    """All (start, end, inserted) of the same size that make the same sequence, by trying them."""
    goal = target[:start] + inserted + target[end:]
    found = []
    for shift in range(-15, 16):
        a, b = start + shift, end + shift
        new = goal[a : a + len(inserted)]
        if target[:a] + new + target[b:] == goal:
            found.append((a, b, new))
    return found


def written(start, end, inserted):
    """A placement as `drawn` reads it."""
    return f"{start}_{start + 1}ins{inserted}" if inserted else f"{start + 1}_{end}del"


def hgvs_of(target, start, end, inserted):
    """HGVS of the placement furthest to the right."""
    start, end, inserted = max(equal_placements(target, start, end, inserted))
    if not inserted:
        return f"c.{start + 1}del" if end - start == 1 else f"c.{start + 1}_{end}del"
    if target[start - len(inserted) : start] == inserted:
        first = start - len(inserted) + 1
        return f"c.{start}dup" if len(inserted) == 1 else f"c.{first}_{start}dup"
    return f"c.{start}_{start + 1}ins{inserted}"


def test_a_deletion_in_a_repeat_is_one_deletion_however_it_was_aligned(target, indels):
    """c.937-942 is ATCATC: losing one ATC can be written five ways."""
    assert target[936:945] == "ATCATCACT"
    ways = ["937_939del", "938_940del", "939_941del", "940_942del", "941_943del"]
    (row,) = indels([*(Kind(80, way) for way in ways), Kind(1600)])
    assert (row.hgvs_c, row.hgvs_p, row.name) == ("NM_005157.6:c.941_943del", "p.(Ile314del)", "I314del")
    assert (row.alt_count, row.kind, row.tier, row.filter, row.level) == (400, "deletion", "novel", "PASS", "reported")


@pytest.mark.parametrize("seed", range(12))
def test_any_placement_gives_the_name_of_the_last_one(target, indels, seed):
    rng = np.random.default_rng(seed)
    start, size = int(rng.integers(730, 1500)), int(rng.integers(1, 7))
    if seed % 2:
        change = (start, start + size, "")
    else:
        # Half of the insertions repeat what stands before them.
        inserted = target[start - size : start] if seed % 4 else "".join(rng.choice(list("ACGT"), size))
        change = (start, start, inserted)
    placements = equal_placements(target, *change)
    first = placements[int(rng.integers(len(placements)))]
    rows = indels([Kind(400, written(*first)), Kind(1600)])
    assert [r.hgvs_c for r in rows] == [f"NM_005157.6:{hgvs_of(target, *change)}"]
    assert rows[0].alt_count == 400


PROTEINS = """
change            hgvs_p
826_828del        p.(Asp276del)
817_819del        p.(Leu273del)
822_823insGCA     p.(Lys274_Glu275insAla)
"""


@pytest.mark.parametrize("line", PROTEINS.strip().splitlines()[1:])
def test_protein_change_of_whole_codons(indels, line):
    change, protein = line.split()
    (row,) = indels([Kind(400, change), Kind(1600)])
    assert row.hgvs_p == protein


def test_a_frameshift_is_named_at_the_first_residue_that_differs(target, indels):
    (row,) = indels([Kind(400, "944del"), Kind(1600)])
    before = str(Seq(target).translate())
    shifted = target[:943] + target[944:]
    after = str(Seq(shifted[: len(shifted) // 3 * 3]).translate())
    first = next(i for i in range(400) if before[i] != after[i])
    assert row.name == f"{before[first]}{first + 1}fs"


@pytest.mark.parametrize(
    "change",
    [
        "941_943del",
        "826_828del",
        "937_939del",
        "1032_1033insTTC",
        "1034_1035insTTC",
    ],
)
@pytest.mark.parametrize("count", [400, 2000])
def test_depth_counts_every_fragment_once(indels, change, count):
    """20 % and all of 2,000 fragments, wherever the aligner placed it."""
    (row,) = indels([Kind(count, change), *([Kind(2000 - count)] if count < 2000 else [])])
    assert (row.alt_count, row.depth, row.filter) == (count, 2000, "PASS")
    assert row.vaf == pytest.approx(count / 2000, abs=0.002)


def test_rare_ones_are_background_and_two_fragments_are_nothing(indels):
    assert indels([Kind(2, "826_828del"), Kind(1998)]) == []
    rows = indels([Kind(3, "752del"), Kind(9_997)])
    assert all(r.filter == "background" and r.level == "evidence_only" for r in rows)


def test_few_fragments_are_called_so(indels):
    (row,) = indels([Kind(30, "826_828del"), Kind(30)])
    assert row.filter == "depth"


@pytest.mark.parametrize("platform", ["pacbio_hifi", "ont"])
# c.748-752 is GGGGG, c.1069-1073 AAAAA.
@pytest.mark.parametrize("change", ["752del", "748del", "752_753insG", "1068_1069insA"])
def test_errors_may_explain_indels_of_homopolymers_where_the_platform_makes_them(indels, platform, change):
    rows = indels([Kind(1000, change), Kind(1000)], platform)
    assert all(r.filter == "background" and r.level == "evidence_only" for r in rows)


def test_they_do_not_explain_other_indels_nor_those_of_other_platforms(indels):
    assert [r.filter for r in indels([Kind(1000, "826_828del"), Kind(1000)], "pacbio_hifi")] == ["PASS"]
    assert [r.filter for r in indels([Kind(1000, "752del"), Kind(1000)], "illumina")] == ["PASS"]


@pytest.mark.parametrize("platform", ["pacbio_hifi", "illumina"])
def test_a_deletion_longer_than_the_homopolymer_it_begins_with_is_no_miscount(indels, platform):
    """27 bases from c.908 GGGG on, as a splice site inside exon 6 would leave out."""
    rows = indels([Kind(300, "908_934del"), Kind(1200)], platform=platform)
    assert [(r.hgvs_c.split(":")[1], r.filter) for r in rows] == [("c.908_934del", "PASS")]


def test_longer_homopolymers_need_more_evidence(target, indels):
    """The same ten of 2,000: explained in a run of five, not in a run of one."""
    assert target[747:752] == "GGGGG" and target[825:827] == "GA"
    assert [r for r in indels([Kind(10, "752del"), Kind(1990)]) if r.filter == "PASS"] == []
    (short_run,) = indels([Kind(10, "826_828del"), Kind(1990)])
    assert short_run.filter == "PASS"


def test_orientations_are_told(indels):
    span = (600, 1650)
    (row,) = indels([Kind(400, "826_828del", span, None), Kind(1600, "", span, None)])
    assert row.evidence == "single_orientation"
    kinds = [Kind(200, "826_828del", span, None), Kind(200, "826_828del", None, span), Kind(1600)]
    (row,) = indels(kinds)
    assert row.evidence == "both_orientations"


def test_deleted_bases_make_no_codon_change(reference, untaught):
    fragments = draw(reference, [Kind(400, "826_828del"), Kind(400, "944_945del"), Kind(1200)])
    row, run = reference.platform("illumina"), untaught["illumina"]
    rows = call_sample("S", row, reference, fragments, run, 5_000, 0.03, 0.03)[0]
    assert {r.kind for r in rows} == {"deletion"}


def test_without_indels_there_are_no_rows(indels):
    assert indels([Kind(500, "944C>T"), Kind(500)]) == []


def test_controls_of_the_run_say_what_a_homopolymer_does(indels):
    """c.752del in 0.5 % of the patient: too much where two controls hardly show it, not where they show as much."""
    kinds = [Kind(30, "752del"), Kind(5_970)]
    (row,) = indels(kinds, controls=[[Kind(1, "752del"), Kind(5_999)]] * 2)
    assert row.filter == "PASS"
    assert [r for r in indels(kinds, controls=[kinds] * 2) if r.filter == "PASS"] == []


def test_beside_a_control_an_indel_of_a_homopolymer_may_be_called_on_noisy_platforms(indels):
    controls = [[Kind(10, "752del"), Kind(990)]] * 2
    (row,) = indels([Kind(1000, "752del"), Kind(1000)], "pacbio_hifi", controls=controls)
    assert row.filter == "PASS"


@pytest.mark.parametrize("size", [9, 12])
def test_a_long_deletion_is_called_without_a_control_where_short_ones_are_errors(reference, indels, size):
    """Nanopore: nine and twelve bases in a tenth of the reads; one or two bases of a place may be lost as often."""
    (row,) = indels([Kind(100, f"826_{825 + size}del"), Kind(900)], "ont")
    assert row.filter == "PASS" and 0.09 < row.vaf < 0.11 and row.lod95 < 0.1
    assert [r for r in indels([Kind(280, "827_828del"), Kind(720)], "ont") if r.filter != "background"] == []


def test_controls_that_show_a_frequent_error_of_a_place_explain_it(indels):
    """28 % lack two bases in the wild type, as real R9 reads do: of the patient's as well."""
    lost = [Kind(280, "827_828del"), Kind(720)]
    assert [r for r in indels(lost, "ont", controls=[lost]) if r.filter == "PASS"] == []
    (row,) = indels(lost, "ont", controls=[[Kind(3, "827_828del"), Kind(1_997)]] * 2)
    assert row.filter == "PASS" and row.vaf == pytest.approx(0.28, abs=0.01)


def test_classes_of_indels_have_limits_in_every_exon_of_the_catalogue(reference):
    row, fragments = reference.platform("illumina"), draw(reference, [Kind(40, "826_828del"), Kind(1960)])
    run = run_of(reference, row, fragments, 5_000)
    calls, coverage, qc = call_sample("S", row, reference, fragments, run, 5_000, 0.03, 0.03)
    classes = {c.name: c for c in coverage if c.kind == "indel_class"}
    exons = {reference.exon_at(3 * m.codon - 2) for m in reference.mutations}
    labels = ("in-frame insertions", "in-frame deletions", "frameshifts")
    assert classes.keys() == {f"{label}, exon {exon}" for label in labels for exon in exons}
    assert all(c.depth == 2000 and 0 < c.lod95 < 1 for c in classes.values())
    for exon in exons:
        # Errors of one base are the most frequent ones.
        assert classes[f"frameshifts, exon {exon}"].lod95 >= classes[f"in-frame deletions, exon {exon}"].lod95 - 1e-9
    (call,) = [c for c in calls if c.kind == "deletion"]
    assert classes[f"in-frame deletions, exon {call.exon}"].status == "detected" and 0 < call.lod95 < 0.02
    # 1,010 fit into the reads, but none longer than 250 are searched for.
    (longest,) = [m for m in qc if m.metric == "longest_insertion"]
    assert longest.value == "250"
    assert longest.reason.endswith("insertions longer than 250 nt were not assessed: they are not searched for")


def test_without_depth_a_class_is_not_assessed(reference):
    """Mates that end before exon 6."""
    row, fragments = reference.platform("illumina"), draw(reference, [Kind(2000, "", (600, 900), (600, 900))])
    coverage = call_sample("S", row, reference, fragments, run_of(reference, row, fragments, 500), 500, 0.03, 0.03)[1]
    rows = [c for c in coverage if c.name.endswith(", exon 6")]
    assert {(c.depth, c.lod95, c.status, c.reason) for c in rows} == {(0, None, "not_assessable", "not_covered")}


def test_a_class_has_the_depth_of_indels_of_30_bases(reference, coverage_of):
    """Reads of 150 that begin 2 bases apart: 75 cover a base, 47 all of 32 bases and 12 to either side."""
    reads = [Kind(20, "", (start, start + 150), None) for start in range(600, 1502, 2)]
    classes, qc = coverage_of(reads)
    assert {row.depth for row in classes.values() if row.exon in "56789"} == {20 * 47}
    (longest,) = qc
    assert longest.value == "110" and longest.reason == (
        "limits of detection hold for insertions and deletions of up to 30 nt; insertions longer than 110 nt were not "
        "assessed: fewer than one read in twenty spans them with 20 bases on either side"
    )


@pytest.mark.parametrize("exon", "4567")
def test_an_exon_is_assessed_between_the_primers(reference, coverage_of, exon):
    """The primers of kinase_nested cover c.658-676, in exon 4, and c.1244-1267, in exon 7."""
    nested = next(i for i, a in enumerate(reference.amplicons) if a.name == "kinase_nested")
    classes, _ = coverage_of([Kind(2000, "", (657, 1267), (657, 1267))], nested)
    row = classes[f"in-frame deletions, exon {exon}"]
    assert (row.depth, row.reason) == (2000, "") and row.lod95 < 0.03
    assert {r.reason for r in classes.values() if r.exon in ("8", "9", "10")} == {"not_covered"}


def test_what_lies_under_a_primer_is_not_assessed_for_that_reason(reference, coverage_of):
    """The reverse primer of kinase_nested_long, c.1496-1520, covers the end of exon 9, from codon 499 on, and the
    first codons of exon 10."""
    long = next(i for i, a in enumerate(reference.amplicons) if a.name == "kinase_nested_long")
    classes, _ = coverage_of([Kind(2000, "", (657, 1520), (657, 1520))], long)
    reasons = {exon: classes[f"in-frame deletions, exon {exon}"].reason for exon in ("7", "8", "9", "10")}
    assert reasons == {"7": "", "8": "", "9": "", "10": "primer"}


def test_without_fragments_no_insertion_is_spanned(reference, coverage_of):
    classes, qc = coverage_of([])
    assert not qc and {row.reason for row in classes.values()} == {"not_covered"}


@pytest.mark.parametrize(("count", "filter"), [(8, "carry_over"), (20, "carry_over"), (80, "PASS")])
def test_an_indel_that_another_sample_may_have_left_is_held_back(reference, count, filter):
    """A deletion of three bases in all fragments of another sample; 0.2 % of 4,000 fragments are expected here."""
    row = reference.platform("illumina")
    fragments = draw(reference, [Kind(count, "991_993del"), Kind(4_000 - count)])
    run = run_of(reference, row, fragments, 20_000, others=[draw(reference, [Kind(4_000, "991_993del")])])
    calls, coverage, _ = call_sample("S", row, reference, fragments, run, 20_000, 0.03, 0.03)
    (call,) = [c for c in calls if c.kind == "deletion"]
    assert (call.alt_count, call.filter) == (count, filter)
    (seen,) = [c for c in coverage if c.kind == "indel"]
    assert (seen.name, seen.status) == (call.name, "detected" if filter == "PASS" else "not_detected")
    assert seen.filter == ("" if filter == "PASS" else filter)
