"""Transcripts, exons, fusions and primers, by translation and public landmarks (Biopython is the oracle)."""

import hashlib
import re

import pytest
from Bio.Seq import Seq
from Bio.SeqUtils.CheckSum import crc64

# UniProt P00519 isoform IA, 1,130 residues: checksums of its own sequence, not of our translation.
P00519_CRC64 = "CRC-85FE6C1C0E483EA2"
P00519_SHA256 = "bf5ccc817349256c1c2f16dd66d61bfcd29ac4897fdead01d85e01cd84e33670"


def protein(sequence: str) -> str:
    return str(Seq(sequence[: len(sequence) // 3 * 3]).translate())


def test_the_target_translates_to_p00519(reference):
    residues = protein(reference.sequence)
    assert len(reference.sequence) == 3393
    assert residues.endswith("*") and residues.count("*") == 1
    assert crc64(residues[:-1]) == P00519_CRC64
    assert hashlib.sha256(residues[:-1].encode()).hexdigest() == P00519_SHA256


@pytest.mark.parametrize(
    ("codon", "segment", "what"),
    [
        (248, "LGGGQYGEVYEG", "P-loop"),
        (311, "FYIITEFMTYGNLL", "gatekeeper T315 and hinge"),
        (361, "HRDLAARN", "catalytic loop"),
        (381, "DFGLSRLMTGDTYTAHAGAKFPIKWTAPE", "activation loop"),
    ],
)
def test_known_segments_stand_at_their_codons(reference, codon, segment, what):
    assert protein(reference.sequence)[codon - 1 : codon - 1 + len(segment)] == segment, what


def test_codon_315_is_act_at_c_943_to_945_and_its_second_base_is_known_in_the_genome(reference):
    assert reference.sequence[942:945] == reference.codon(315) == "ACT"
    assert reference.genome(944, 944) == ("chr9", 130872896, 130872896, "+")


def test_exons_abut_and_fill_the_target(reference):
    exons = reference.exons
    assert [e.exon for e in exons] == [str(n) for n in range(1, 12)]
    assert exons[0].start == 1 and exons[-1].end == len(reference.sequence)
    for left, right in zip(exons, exons[1:], strict=False):
        assert right.start == left.end + 1
        assert right.genome_start > left.genome_end
    for exon in exons:
        assert exon.genome_end - exon.genome_start == exon.end - exon.start


@pytest.mark.parametrize(
    ("exon", "start", "end", "length", "genome"),
    [
        ("2", 80, 253, 174, (130854064, 130854237)),
        ("4", 550, 822, 273, (130862763, 130863035)),
        ("5", 823, 907, 85, (130872129, 130872213)),
        ("6", 908, 1085, 178, (130872860, 130873037)),
        ("7", 1086, 1270, 185, (130874868, 130875052)),
        ("8", 1271, 1423, 153, (130878415, 130878567)),
        ("9", 1424, 1513, 90, (130880068, 130880157)),
    ],
)
def test_exon_borders(reference, exon, start, end, length, genome):
    row = next(e for e in reference.exons if e.exon == exon)
    assert (row.start, row.end, row.end - row.start + 1) == (start, end, length)
    assert (row.genome_start, row.genome_end) == genome


def test_exon_4_is_codons_184_to_274_in_frame(reference):
    row = next(e for e in reference.exons if e.exon == "4")
    assert (row.start - 1) % 3 == 0 and row.end % 3 == 0
    assert ((row.start + 2) // 3, row.end // 3) == (184, 274)


def test_fusions_are_all_there_and_read_on_into_abl1(reference):
    fusions = {t.name: t for t in reference.transcripts if t.kind == "fusion"}
    assert set(fusions) == {f"e{b}{a}" for b in (1, 13, 14, 19) for a in ("a2", "a3")} | {"e6a2"}
    target = protein(reference.sequence)
    for name, row in fusions.items():
        sequence = reference.sequences[name]
        assert row.target_start == (254 if name.endswith("a3") else 80) and row.target_end == 1678
        # exactly one reading frame is open from the first base to the last
        frame = next(f for f in range(3) if "*" not in protein(sequence[f:]))
        codon = (row.target_start + 2) // 3 + 1
        assert target[codon - 1 : 559] in protein(sequence[frame:]), f"{name} is out of frame"


def test_the_snp_of_bcr_exon_13_is_t_in_every_fusion_that_holds_it(reference):
    # c.2700 of BCR; these fusions begin at c.2527 of BCR
    for name in ("e13a2", "e14a2", "e19a2", "e13a3", "e14a3", "e19a3"):
        assert reference.sequences[name][2700 - 2527 - 2 : 2700 - 2527 + 1] == "AAT"


def test_the_normal_form_1b_reads_on_into_exon_2_with_numbers_19_higher(reference):
    row = next(t for t in reference.transcripts if t.kind == "normal")
    residues = protein(reference.sequences[row.name])
    assert row.partner_length == 136 and residues.startswith("MGQQPGK") and "*" not in residues
    assert residues[334 - 1] == "T" and residues[330 - 1 : 338] == protein(reference.sequence)[311 - 1 : 319]


def test_primers_lie_where_the_rows_say(reference):
    for row in reference.amplicons:
        forward, reverse = re.findall(r"[ACGT]{15,}", reference.sources[row.source].locator)
        sequence = reference.sequences[row.transcript]
        assert sequence[row.forward_start - 1 : row.forward_end] == forward, row.name
        assert sequence[row.reverse_start - 1 : row.reverse_end] == str(Seq(reverse).reverse_complement())
        for primer in (forward, str(Seq(reverse).reverse_complement())):
            assert sequence.count(primer) == 1


@pytest.mark.parametrize("name", ["major_long", "minor_long", "kinase_nested_long"])
def test_the_exon_10_primer_covers_c_1496_to_1520(reference, name):
    row = next(a for a in reference.amplicons if a.name == name)
    transcript = next(t for t in reference.transcripts if t.name == row.transcript)
    shift = transcript.target_start - 1 - transcript.partner_length
    assert (row.reverse_start + shift, row.reverse_end + shift) == (1496, 1520)


def test_fusions_reported_together_name_each_other(reference):
    assert reference.together["e14a2"] == {"e13a2"} and reference.together["e13a2"] == {"e14a2"}
    assert reference.together["e1a2"] == frozenset()
    assert "NM_005157.6" not in reference.together and "ABL1-1b" not in reference.together
