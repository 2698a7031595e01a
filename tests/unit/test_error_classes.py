"""Single-base changes and their classes against the spelled sequence."""

import re

import numpy as np
import pytest
from counted import BASES, changes_of, state_of

from ablkd.background.classes import CLASSES, TRANSITIONS, beside_homopolymer, prior_means, single_changes
from ablkd.reference import encode


@pytest.fixture(scope="module")
def found(reference):
    return single_changes(reference)


def test_every_single_base_change_is_there_once(reference, found):
    spelled = changes_of(reference)
    assert (found.codon == spelled.codon).all() and (found.state == spelled.state).all()
    assert (found.transition == spelled.transition).all()
    assert len(set(zip(found.codon.tolist(), found.state.tolist(), strict=True))) == 9 * reference.codons


def test_those_of_the_catalogue_are_marked(reference, found):
    listed = {(m.codon - 1, state_of(m.alt_codon)) for m in reference.mutations}
    single = {
        (m.codon - 1, state_of(m.alt_codon))
        for m in reference.mutations
        if sum(a != b for a, b in zip(m.ref_codon, m.alt_codon, strict=True)) == 1
    }
    marked = set(zip(found.codon[found.listed].tolist(), found.state[found.listed].tolist(), strict=True))
    assert marked == single < listed


def test_a_class_is_the_base_there_the_base_read_and_a_homopolymer_beside_it(reference, found):
    runs = [m.span() for m in re.finditer(r"(.)\1{3,}", reference.sequence)]
    assert (747, 752) in runs  # GGGGG at c.748
    for i in range(0, len(found.codon), 7):
        position = i // 3
        old, new = reference.sequence[position], BASES[(BASES.index(reference.sequence[position]) + i % 3 + 1) % 4]
        beside = any(start - 1 <= position <= end for start, end in runs)
        assert found.kind[i] == 16 * beside + 4 * BASES.index(old) + BASES.index(new)


def test_beside_a_homopolymer_by_hand():
    bases = "ACGTTTTGCAAACCCCC"
    marked = "00111111000111111"
    assert "".join(str(int(b)) for b in beside_homopolymer(encode(bases))) == marked


def test_a_platforms_row_gives_the_prior_of_each_class(reference):
    means = prior_means(reference.platform("illumina"))
    assert means.shape == (CLASSES,)
    for beside in (0, 1):
        for old in BASES:
            for new in BASES:
                rate = 3e-4 if {old, new} in ({"A", "G"}, {"C", "T"}) else 6e-5
                assert means[16 * beside + 4 * BASES.index(old) + BASES.index(new)] == rate
    assert np.count_nonzero(TRANSITIONS) == 4
