"""A knowledge folder in which one cell is wrong is refused with the file, the line and what to do."""

from __future__ import annotations

import shutil

import pytest

from ablkd.errors import InputError
from ablkd.reference import load_reference

# file, line, column, what is written there, what is said (after FILE:LINE:)
WRONG = [
    ("transcripts.tsv", 3, "partner_length", "350", "after its first 350 bases e1a2 is not the target's 80 to 1678"),
    ("transcripts.tsv", 3, "target_start", "0", "target_start to target_end is no part of the target's 1 to 3393"),
    ("transcripts.tsv", 3, "target_end", "99999", "target_start to target_end is no part of the target's 1 to 3393"),
    ("transcripts.tsv", 3, "name", "e1a9", "no sequence of e1a9 in transcripts.fasta (add it)"),
    ("transcripts.tsv", 3, "kind", "fuson", "kind 'fuson' is not target, fusion or normal (correct it)"),
    ("transcripts.tsv", 3, "occurs_with", "e14a2", "e1a2 occurs with 'e14a2', which is no fusion that names it back"),
    ("transcripts.tsv", 2, "kind", "fusion", "0 rows of kind 'target' (exactly one is needed)"),
    ("exons.tsv", 3, "end", "99999", "start to end is no part of the target's 1 to 3393"),
    ("exons.tsv", 3, "end", "252", "the exon is not as long in the genome as on the target"),
    ("exons.tsv", 4, "start", "253", "exon 3 does not begin behind exon 2 (order the rows, close the gap)"),
    ("exons.tsv", 4, "strand", "plus", "strand 'plus' is not + or - (correct it)"),
    ("amplicons.tsv", 2, "transcript", "e14a22", "transcript 'e14a22' is not in transcripts.tsv (correct it)"),
    ("amplicons.tsv", 2, "forward_end", "99999999999", "the primers do not lie one behind the other on e14a2's 1 to"),
    ("amplicons.tsv", 3, "name", "major_long", "major_long 1 is also on line 2 (remove one)"),
    ("platforms.tsv", 2, "reads", "paired", "reads 'paired' is not short, long or trace (correct it)"),
    ("platforms.tsv", 2, "transition_error", "nan", "transition_error nan is not between 0 and 1 (correct it)"),
    ("platforms.tsv", 2, "carry_over", "3", "carry_over 3.0 is not a fraction of 0 to 1 (correct it)"),
    ("platforms.tsv", 2, "platform", "a/b", "platform 'a/b' is not a name (use letters, digits, _ and -)"),
    ("mutations.tsv", 5, "codon", "0", "codon 0 is not on the target (correct it)"),
    ("mutations.tsv", 5, "ref_codon", "AAA", "the sequence says"),
    ("mutations.tsv", 5, "alt_codon", "ac", "alt_codon 'ac' is no other codon (correct it)"),
    ("polymorphisms.tsv", 2, "alt_codon", "", "alt_codon '' is no other codon (correct it)"),
    ("splicing.tsv", 2, "kind", "skipp", "kind 'skipp' is not skip or insertion (correct it)"),
    ("splicing.tsv", 2, "end", "3393", "start to end does not lie inside the target (correct it)"),
    ("splicing.tsv", 2, "kind", "insertion", "an insertion stands between two neighbours and has bases (correct it)"),
    ("splicing.tsv", 2, "meaning", "nothing", "no note 'nothing' in notes.tsv (add it)"),
    ("splicing.tsv", 2, "linked_mutation", "c.1A>G", "linked_mutation 'c.1A>G' is no hgvs_c of mutations.tsv"),
    ("notes.tsv", 2, "text", "{evnt} is seen", "splice_background: {evnt} is not one of event, mutation, call"),
    ("notes.tsv", 2, "text", "{event", "splice_background: a brace stands alone"),
    ("notes.tsv", 3, "key", "splice_background", "splice_background is also on line 2 (remove one)"),
    ("sources.tsv", 2, "source", "", "source is empty (fill it in)"),
    ("tki/drugs.tsv", 2, "source", "nobody", "source 'nobody' is not in sources.tsv (add it there)"),
    ("tki/sensitivity.tsv", 2, "drug", "imatinb", "drug 'imatinb' is not in tki/drugs.tsv (correct it, or add it there)"),
    ("tki/sensitivity.tsv", 2, "category", "resistent", "category 'resistent' is not one of sensitive, reported, reduced, resistant"),
    ("tki/sensitivity.tsv", 2, "evidence", "in vitro", "evidence 'in vitro' is not one of guideline, label, clinical, reported, in_vitro"),
    ("tki/sensitivity.tsv", 2, "finding", "M237W", "finding 'M237W' is no known mutation, event or fusion"),
    ("tki/sensitivity.tsv", 2, "ic50_nm", "~5", "ic50_nm '~5' is not a number of nM (correct it)"),
    ("tki/sensitivity.tsv", 2, "fold", "inf", "fold inf is not a number above 0 (correct it)"),
    ("tki/sensitivity.tsv", 2, "finding", "K247R", "'K247R' is a polymorphism and decides on no drug"),
    ("tki/sensitivity.tsv", 2, "finding", "T315I+R473Q", "'R473Q' is a polymorphism and decides on no drug"),
    ("tki/sensitivity.tsv", 2, "disease", "", "disease '' is not any or some of cml_cp, cml_ap, cml_bp, ph_all"),
    ("tki/sensitivity.tsv", 2, "disease", "cml", "disease 'cml' is not any or some of"),
    ("tki/sensitivity.tsv", 2, "source", "", "category 'reported' has no source (name it)"),
    ("tki/sensitivity.tsv", 2, "category", "resistant", "category and evidence 'reported' go together"),
    ("tki/sensitivity.tsv", 2, "evidence", "clinical", "category and evidence 'reported' go together"),
    ("tki/sensitivity.tsv", 2, "evidence", "label", "a label holds for a region (name it)"),
    ("tki/sensitivity.tsv", 2, "favours", "yes", "favours 'yes' beside category 'reported' is not empty or yes"),
    ("tki/rules.tsv", 2, "applies_to", "further:R473Q", "'R473Q' is a polymorphism and decides on no drug"),
    ("tki/rules.tsv", 2, "applies_to", "compound_with:K247R", "'K247R' is a polymorphism and decides on no drug"),
    ("tki/rules.tsv", 2, "applies_to", "region:Q-loop", "applies_to 'region:Q-loop' is not any_compound"),
    ("tki/rules.tsv", 2, "applies_to", "ic50_above:3", "applies_to 'ic50_above:3' is not any_compound"),
    ("tki/rules.tsv", 2, "category", "sensitive", "a statement on a class makes no single change sensitive"),
    ("tki/rules.tsv", 2, "disease", "", "disease '' is not any or some of"),
    ("tki/rules.tsv", 2, "source", "", "category 'resistant' has no source (name it)"),
    ("tki/screen.tsv", 2, "results", "imatinib:Resistant:1.0", "result 'imatinib:Resistant:1.0' is not DRUG:CLASS:NUMBER"),
    ("tki/screen.tsv", 2, "results", "imatinb:resistant:1.0", "result 'imatinb:resistant:1.0' is not DRUG:CLASS:NUMBER"),
    ("tki/screen.tsv", 3, "change", "L184F", "L184F cml_vus_screen is also on line 2 (remove one)"),
    ("tki/rules.tsv", 2, "applies_to", "compound_with:T315J", "applies_to 'compound_with:T315J' is not any_compound"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "line", "column", "cell", "said"), WRONG)
def test_one_wrong_cell(tmp_path, root, file, line, column, cell, said):
    folder = tmp_path / "reference"
    shutil.copytree(root / "reference", folder)
    rows = [text.split("\t") for text in (folder / file).read_text("utf-8").split("\n")]
    rows[line - 1][rows[0].index(column)] = cell
    (folder / file).write_text("\n".join("\t".join(row) for row in rows), "utf-8")
    with pytest.raises(InputError) as caught:
        load_reference(folder)
    place = f"{folder / file}:{line}: " if "exactly one" not in said else f"{folder / file}: "
    assert [p for p in caught.value.problems if p.startswith(place) and said in p and p.endswith(")")]


def test_sequences_are_checked_as_they_are_read(tmp_path, root):
    folder = tmp_path / "reference"
    shutil.copytree(root / "reference", folder)
    fasta = folder / "transcripts.fasta"
    for data, said in {
        b">a\nACGU\n": ":2: a base is not A, C, G or T (correct the sequence)",
        b"ACGT\n": ":1: sequence before the first '>' line (add a name)",
        b"\xff\xfe>\0a\0": ": is not UTF-8 text at byte 0 (save it as UTF-8)",
    }.items():
        fasta.write_bytes(data)
        with pytest.raises(InputError) as caught:
            load_reference(folder)
        assert caught.value.problems == [f"{fasta}{said}"]
