"""The comparison with other callers reads everybody's tables alike and counts right; no other caller is needed."""

from collections import Counter

from peer_callers import Contig, Found, every_ivar_row, hgvs_alleles, ivar_rows, our_rows, vcf_rows
from peer_reads import CHANGES, CODON_315, CONTROLS, FRACTIONS, alleles, change_alleles, mixtures, product
from peers import Expected, Score

# A contig of three foreign bases and the target; positions on the contig are three higher.
TARGET = "ATGACTGAGCTGCTGAAA"
CONTIG = Contig(None, TARGET, -3)
VCF = """##fileformat=VCFv4.2
#CHROM	POS	ID	REF	ALT	QUAL	FILTER	INFO	FORMAT	s
amplicon	7	.	ACT	ATG,AAT	0	.	.	GT:DP:AD	0/0:1000:900,80,20
amplicon	12	.	GCTG	G	0	PASS	.	GT:DP:AD	0/0:500:490,10
amplicon	11	.	A	AT	0	low	.	GT:DP:AD	0/0:100:90,10
amplicon	13	.	C	<*>	0	.	.	GT:DP:AD	0/0:100:90,10
amplicon	2	.	C	T	0	.	.	GT:DP:AD	0/0:100:90,10
"""
IVAR = """REGION	POS	REF	ALT	ALT_FREQ	PASS
amplicon	8	C	T	0.08	TRUE
amplicon	12	G	-CTG	0.02	TRUE
amplicon	11	A	+T	0.1	FALSE
"""
OURS = """sample	hgvs_c	vaf	filter
S	NM_1.1:c.5_6delinsTG	0.08	PASS
S	NM_1.1:c.13_15del	0.02	PASS
S	NM_1.1:c.8_9insT	0.1	background
"""
DELETION = frozenset({(13, "CTG", "")})  # CTGCTG: named at the later of two places
INSERTION = frozenset({(9, "", "T")})


def told(rows):
    return [(set(row.alleles), row.fraction, row.passed) for row in rows]


def test_a_vcf_is_taken_apart():
    assert told(vcf_rows(VCF, CONTIG)) == [
        ({(5, "C", "T"), (6, "T", "G")}, 0.08, True),
        ({(5, "C", "A")}, 0.02, True),
        (DELETION, 0.02, True),
        (INSERTION, 0.1, False),
        (set(), 0.1, True),  # before the target
    ]


def test_ivar_and_our_calls_say_the_same():
    assert told(ivar_rows(IVAR, CONTIG)) == [
        ({(5, "C", "T")}, 0.08, True),
        (DELETION, 0.02, True),
        (INSERTION, 0.1, False),
    ]
    assert [row.passed for row in every_ivar_row(IVAR, CONTIG)] == [True] * 3
    assert told(our_rows(OURS, TARGET)) == [
        ({(5, "C", "T"), (6, "T", "G")}, 0.08, True),
        (DELETION, 0.02, True),
        (INSERTION, 0.1, False),
    ]


def test_every_kind_of_name_is_read():
    assert hgvs_alleles("x:c.5C>A", TARGET) == {(5, "C", "A")}
    assert hgvs_alleles("x:c.4_6delinsGCA", TARGET) == {(4, "A", "G"), (6, "T", "A")}
    assert hgvs_alleles("x:c.13_15dup", TARGET) == alleles(TARGET, 9, "", "CTG")
    assert hgvs_alleles("x:c.4_6delinsGG", TARGET) == {(4, "ACT", "GG")}
    assert hgvs_alleles("x:c.18del", TARGET) == alleles(TARGET, 15, "A", "")


def test_the_truth_is_what_the_haplotypes_hold(reference):
    """Put back into the transcript, the alleles of a change give the bases that are sequenced."""
    for change in (*CODON_315, *CHANGES):
        changed = list(reference.sequence)
        for position, before, after in change_alleles(reference, change):
            assert reference.sequence[position - 1 : position - 1 + len(before)] == before
            changed[position - 1 : position - 1 + len(before)] = [after] + [""] * (len(before) - 1)
        copied = product(reference, change)
        first = reference.codes[300:330].tobytes()
        start = copied.codes.tobytes().index(first)
        assert "".join("ACGT"[c] for c in copied.codes[start:]) in "".join(changed)


def test_eight_mixtures_give_every_place_every_fraction():
    samples = mixtures(8)
    assert len(samples) == 8 + 4 + len(CONTROLS)
    tried = Counter((change, fraction) for sample in samples for change, fraction in sample.fractions.items())
    assert all(tried[change, fraction] == 1 for change in CHANGES for fraction in FRACTIONS)
    assert all(sum(tried[change, f] for change in CODON_315) == 1 for f in FRACTIONS)
    assert not any(set(CODON_315) <= sample.fractions.keys() for sample in samples)


def test_scores_count_changes_and_false_calls():
    both, one = frozenset({(5, "C", "T"), (6, "T", "G")}), DELETION
    expected = Expected(((0.01, both), (0.1, one)), both | one, 4, 18)
    score = Score("caller", "setting")
    score.add(expected, vcf_rows(VCF, CONTIG))
    assert (score.found[0.01], score.found[0.1], score.labelled, score.false) == (1, 1, 0, [1])
    score.add(expected, ivar_rows(IVAR, CONTIG))  # one base of two is not the change
    assert (score.found[0.01], score.found[0.1], score.labelled, score.false) == (1, 2, 0, [1, 0])
    score.add(Expected(((0.005, INSERTION),), INSERTION, 4, 12), our_rows(OURS, TARGET))
    assert (score.found[0.005], score.labelled, score.false) == (0, 1, [1, 0, 2])  # the deletion begins beyond 12


def test_the_cut_in_hindsight_is_the_lowest_that_is_clean_enough():
    expected = Expected(((0.1, DELETION), (0.01, INSERTION)), DELETION | INSERTION, 1, 18)
    score = Score("caller", "setting")
    rows = [(DELETION, 0.1), (frozenset({(2, "T", "A")}), 0.05), (INSERTION, 0.01), (frozenset({(3, "G", "A")}), 0.005)]
    score.add(expected, [Found(found, f, True) for found, f in rows])
    assert score.in_hindsight(2) == (2, 0.005)
    assert score.in_hindsight(1) == (2, 0.01)
    assert score.in_hindsight(0) == (1, 0.1)
