"""Every codon change is re-derived twice: by the package's own names and by a few independent lines here."""

import re

import pytest
from Bio.Data.CodonTable import standard_dna_table
from Bio.SeqUtils import seq3
from mutalyzer_hgvs_parser import to_model

from ablkd import hgvs

AMINO_ACID = {**standard_dna_table.forward_table, **dict.fromkeys(standard_dna_table.stop_codons, "*")}


def applied(sequence: str, change: str) -> str:
    """The sequence after `c.944C>T` or `c.944_945delinsTG`, by regular expression only."""
    if found := re.fullmatch(r"c\.(\d+)([ACGT])>([ACGT])", change):
        place, before, after = int(found[1]), found[2], found[3]
        assert sequence[place - 1] == before
        return sequence[: place - 1] + after + sequence[place:]
    found = re.fullmatch(r"c\.(\d+)_(\d+)delins([ACGT]+)", change)
    assert found, change
    first, last = int(found[1]), int(found[2])
    assert last - first + 1 == len(found[3]) and sequence[first - 1] != found[3][0]
    assert sequence[last - 1] != found[3][-1]
    return sequence[: first - 1] + found[3] + sequence[last:]


def test_each_row_names_one_codon_change_that_the_sequence_allows(reference):
    for row in (*reference.mutations, *reference.polymorphisms):
        transcript, change = row.hgvs_c.split(":")
        changed = applied(reference.sequence, change)
        span = slice(3 * row.codon - 3, 3 * row.codon)
        assert transcript == reference.target.name
        assert (reference.sequence[span], changed[span]) == (row.ref_codon, row.alt_codon)
        assert changed[: span.start] == reference.sequence[: span.start]
        assert changed[span.stop :] == reference.sequence[span.stop :]
        before, after = AMINO_ACID[row.ref_codon], AMINO_ACID[row.alt_codon]
        assert row.name == f"{before}{row.codon}{'=' if before == after else after}"


def test_each_mutation_has_its_protein_name_exon_and_place_in_the_genome(reference):
    for row in reference.mutations:
        assert row.hgvs_p == f"p.({seq3(row.name[0])}{row.codon}{seq3(row.name[-1])})"
        place = int(re.search(r"c\.(\d+)", row.hgvs_c)[1])
        exon = next(e for e in reference.exons if e.start <= place <= e.end)
        assert row.exon == exon.exon
        chromosome, position, before, after = row.genome_grch38.split(":")
        assert (chromosome, int(position)) == (exon.chromosome, exon.genome_start + place - exon.start)
        assert reference.sequence[place - 1 : place - 1 + len(before)] == before and len(before) == len(after)
        assert exon.start <= place and place + len(before) - 1 <= exon.end


def test_the_package_makes_the_same_names(reference):
    for row in reference.mutations:
        made = (
            hgvs.codon_name(row.codon, row.ref_codon, row.alt_codon),
            hgvs.codon_hgvs_c(reference.target.name, row.codon, row.ref_codon, row.alt_codon),
            hgvs.codon_hgvs_p(row.codon, row.ref_codon, row.alt_codon),
            hgvs.codon_genome(reference, row.codon, row.ref_codon, row.alt_codon),
        )
        assert made == (row.name, row.hgvs_c, row.hgvs_p, row.genome_grch38)


def test_names_parse_as_hgvs(reference):
    for row in (*reference.mutations, *reference.polymorphisms):
        to_model(row.hgvs_c)
    for row in reference.mutations:
        to_model(f"NP_005148.2:{row.hgvs_p}")


def test_no_codon_change_is_listed_twice_or_is_silent_or_a_polymorphism(reference):
    keys = [(m.codon, m.alt_codon) for m in reference.mutations]
    assert len(keys) == len(set(keys))
    assert not set(keys) & {(p.codon, p.alt_codon) for p in reference.polymorphisms}
    assert all(m.name[0] != m.name[-1] for m in reference.mutations)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("T315I", {"c.944C>T"}),
        ("Y253H", {"c.757T>C"}),
        ("G250E", {"c.749G>A"}),
        ("D276G", {"c.827A>G"}),
        ("M244V", {"c.730A>G"}),
        ("K357E", {"c.1069A>G"}),
        ("F317L", {"c.949T>C", "c.951C>A", "c.951C>G"}),
        ("V299L", {"c.895G>C", "c.895G>T"}),
        ("T315M", {"c.944_945delinsTG"}),
    ],
)
def test_well_known_changes(reference, name, changes):
    found = {m.hgvs_c.split(":")[1] for m in reference.mutations if m.name == name}
    assert found == changes


def test_the_public_error_k375e_is_not_repeated(reference):
    names = {m.name for m in reference.mutations}
    assert "K357E" in names and "K375E" not in names
    assert AMINO_ACID[reference.codon(375)] != "K"


@pytest.mark.parametrize("name", ["K247L", "V280I", "T315M", "T315L", "T315V", "F359A", "H396A"])
def test_changes_of_several_bases_have_a_row_for_every_codon(reference, name):
    rows = [m for m in reference.mutations if m.name == name]
    assert {m.alt_codon for m in rows} == {c for c, a in AMINO_ACID.items() if a == name[-1]}


def test_disputed_polymorphisms_are_not_waved_through(reference):
    assert {p.name for p in reference.polymorphisms} == {"K247R", "E281=", "N331S", "R332Q", "R473Q", "E499="}
    assert {"Y320C", "F311V"} <= {m.name for m in reference.mutations}


def test_frequencies_in_gnomad(reference):
    assert {p.name: (p.hgvs_c.split(":")[1], p.frequency) for p in reference.polymorphisms} == {
        "K247R": ("c.740A>G", 0.00248),
        "E281=": ("c.843A>G", 0.000401),
        "N331S": ("c.992A>G", 0.000191),
        "R332Q": ("c.995G>A", 0.000099),
        "R473Q": ("c.1418G>A", 0.00281),
        "E499=": ("c.1497A>G", 0.0947),
    }


def test_mutations_of_the_public_list(reference):
    """Every codon one base away, or all codons where none is; most of the names are typed here."""
    rows = [m for m in reference.mutations if m.source == "abl_dms_list"]
    names = {m.name for m in rows}
    for name in names:
        codon = int(name[1:-1])
        makes = {c for c, a in AMINO_ACID.items() if a == name[-1]}
        near = {c for c in makes if sum(x != y for x, y in zip(c, reference.codon(codon), strict=True)) == 1}
        assert {m.alt_codon for m in rows if m.name == name} == (near or makes)
        assert all(m.tier == "catalogue" for m in rows)
    once_recalled = {"A337T", "D325G", "D325N", "E282G", "E494G", "W430L", "Y440H"}
    assert once_recalled <= names and len(names - once_recalled) == 54
    assert {
        "S348L", "E255D", "T315V", "T315N", "Y353H", "S420F", "E282Q", "E352G", "R332W", "A407V", "E409K", "G321E", "M318I",
        "P441L", "T277I", "V289F", "Y257C", "Y326H", "F359A", "F359Y", "Y253C", "K356R", "A399T", "D381Y", "E453Q", "G251D",
        "G254R", "G303E", "H295Y", "I313L", "I360S", "M343I", "N374S", "P309S", "P310L", "P402S", "P408L", "R460H", "S385R",
        "T267M", "Y312C", "Y413C",
    } <= names  # fmt: skip
    assert not names & {"R473Q", "K247R", "N331S", "R332Q", "Y320C"}


def test_counts_of_the_public_list_are_not_given(reference):
    for row in reference.mutations:
        assert row.source != "abl_dms_list" or not re.search(r"\d+ (patient|sample|report)", row.note)


def test_what_is_only_recalled_is_novel_and_all_else_catalogue(reference):
    for row in reference.mutations:
        assert row.tier == ("novel" if row.source == "curator_recollection" else "catalogue")
    assert next(m for m in reference.mutations if m.name == "E281K").tier == "novel"
