"""Isoform events translate to the proteins that the table states."""

import re

import pytest
from Bio.Seq import Seq
from Bio.SeqUtils import seq1
from mutalyzer_hgvs_parser import to_model


def isoform(sequence: str, row) -> str:
    if row.kind == "skip":
        return sequence[: row.start - 1] + row.inserted_sequence + sequence[row.end :]
    assert row.end == row.start + 1
    return sequence[: row.start] + row.inserted_sequence + sequence[row.end - 1 :]


def protein(sequence: str) -> str:
    """Residues before the first stop."""
    return str(Seq(sequence[: len(sequence) // 3 * 3]).translate(to_stop=True))


def expected_protein(whole: str, statement: str) -> tuple[str, int | None]:
    """(start of the protein, its length) that an HGVS statement asks for."""
    text = statement.removeprefix("p.(").removesuffix(")")
    if found := re.fullmatch(r"([A-Z][a-z]{2})(\d+)([A-Z][a-z]{2})fsTer(\d+)", text):
        place = int(found[2])
        assert whole[place - 1] == seq1(found[1])
        return whole[: place - 1] + seq1(found[3]), place - 1 + int(found[4]) - 1
    if found := re.fullmatch(r"([A-Z][a-z]{2})(\d+)Ter", text):
        assert whole[int(found[2]) - 1] == seq1(found[1])
        return whole[: int(found[2]) - 1], int(found[2]) - 1
    found = re.fullmatch(r"([A-Z][a-z]{2})(\d+)(?:_([A-Z][a-z]{2})(\d+))?del(?:ins([A-Z][a-z]{2}))?", text)
    assert found, statement
    first, last = int(found[2]), int(found[4] or found[2])
    assert whole[first - 1] == seq1(found[1]) and (not found[3] or whole[last - 1] == seq1(found[3]))
    result = whole[: first - 1] + (seq1(found[5]) if found[5] else "") + whole[last:]
    return result, len(result)


def test_each_event_makes_the_protein_it_states(reference):
    whole = protein(reference.sequence)
    for row in reference.splicing:
        made = protein(isoform(reference.sequence, row))
        start, length = expected_protein(whole, row.hgvs_p)
        assert made.startswith(start) and len(made) == length, row.event


def test_each_event_has_its_rna_name(reference):
    for row in reference.splicing:
        inserted = row.inserted_sequence.lower().replace("t", "u")
        change = "del" if row.kind == "skip" else f"ins{inserted}"
        assert row.hgvs_r == f"{reference.target.name}:r.{row.start}_{row.end}{change}"
        to_model(row.hgvs_r)
        to_model(f"NP_005148.2:{row.hgvs_p}")


@pytest.mark.parametrize("event", [f"exon{n}_skipping" for n in range(2, 11)])
def test_skips_of_one_exon_are_that_exon(reference, event):
    row = next(v for v in reference.splicing if v.event == event)
    exon = next(e for e in reference.exons if e.exon == event[4:].split("_")[0])
    assert (row.start, row.end) == (exon.start, exon.end)


@pytest.mark.parametrize(
    ("event", "span", "statement"),
    [
        ("exon4_skipping", (550, 822), "p.(Leu184_Lys274del)"),
        ("del248-274", (742, 822), "p.(Leu248_Lys274del)"),
        ("exon7_skipping", (1086, 1270), "p.(Arg362SerfsTer21)"),
        ("exon8-9_skipping", (1271, 1513), "p.(Ala424_Asp504del)"),
        ("exon4-5_skipping", (550, 907), "p.(Leu184GlyfsTer16)"),
        ("35INS", (1423, 1424), "p.(Cys475TyrfsTer11)"),
        ("a2_alternative_acceptor", (80, 82), "p.(Glu27del)"),
    ],
)
def test_events_as_published_or_computed(reference, event, span, statement):
    row = next(v for v in reference.splicing if v.event == event)
    assert ((row.start, row.end), row.hgvs_p) == (span, statement)


def test_35ins_is_35_bases_and_ends_the_protein_after_ten_residues(reference):
    row = next(v for v in reference.splicing if v.event == "35INS")
    assert len(row.inserted_sequence) == 35
    assert protein(isoform(reference.sequence, row))[474:] == "YFDNREERTR"


def test_l248v_makes_the_donor_that_del248_274_uses(reference):
    row = next(v for v in reference.splicing if v.event == "del248-274")
    change = next(m for m in reference.mutations if m.name == "L248V")
    assert reference.codon(247) == "AAG" and change.alt_codon.startswith("GT")
    assert row.start == 3 * change.codon - 2 and row.end == 822


def test_skipping_exon_2_of_a_fusion_is_its_a3_form(reference):
    row = next(v for v in reference.splicing if v.event == "exon2_skipping")
    for name in ("e1", "e13", "e14", "e19"):
        whole = reference.sequences[f"{name}a2"]
        cut = next(t for t in reference.transcripts if t.name == f"{name}a2").partner_length
        assert whole[:cut] + whole[cut + row.end - row.start + 1 :] == reference.sequences[f"{name}a3"]


def test_only_events_of_healthy_samples_are_expected(reference):
    assert {v.event for v in reference.splicing if v.expected == "yes"} == {
        "exon7_skipping",
        "a2_alternative_acceptor",
    }
    assert {v.event for v in reference.splicing if v.expected == "disputed"} == {"35INS"}
    assert {v.expected for v in reference.splicing} == {"yes", "no", "disputed"}
