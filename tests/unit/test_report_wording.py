"""How numbers and names are told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablkd import wording
from ablkd.report.pages import codons, few_codons, names, words


@pytest.mark.parametrize(
    ("fraction", "told"),
    [
        (0.452, "45.2 %"), (0.0031, "0.31 %"), (0.031, "3.1 %"), (1.0, "100 %"), (0.0, "0 %"), (None, "–"),
        (0.9999, ">99.9 %"), (0.00996, "1.0 %"), (0.00994, "0.99 %"), (0.000312, "0.031 %"), (3e-7, "<0.0001 %"),
        (0.5, "50.0 %"), (0.001, "0.10 %"),
    ],
)  # fmt: skip
def test_per_cent(fraction, told):
    assert wording.per_cent(fraction) == told


@given(st.floats(2e-6, 0.9994))
def test_per_cent_is_near_the_truth(fraction):
    told = float(wording.per_cent(fraction, sign=False))
    assert told == pytest.approx(100 * fraction, rel=0.055)
    assert 0 < told < 100


def test_intervals():
    assert wording.interval(0.439, 0.465) == "43.9–46.5 %"
    assert wording.interval(None, 0.5) == "–"
    assert wording.with_interval(0.452, 0.439, 0.465) == "45.2 % (43.9–46.5 %)"
    assert wording.with_interval(None, 0.0, 0.31) == "0–31.0 %"


@pytest.mark.parametrize(
    ("value", "told"),
    [(12345, "12\u202f345"), (0.99, "0.99"), (2.0, "2"), (48.62, "48.6"), (3961.24, "3\u202f960"), (None, "–"),
     (5000.0, "5\u202f000"), (2e-5, "2e-05"), (99.96, "100")],
)  # fmt: skip
def test_number(value, told):
    assert wording.number(value) == told


def test_names():
    assert wording.ranges([3, 1, 2, 7, 9, 10]) == "1–3, 7, 9–10" and wording.ranges([]) == ""
    assert wording.plain("exon4_skipping") == "exon 4 skipping" and wording.plain("T315I") == "T315I"
    assert wording.plain("exon4-5_skipping") == "exon 4-5 skipping" and wording.plain("35INS") == "35INS"
    assert names("exon4_skipping+T315I;G250E (low level)") == "exon 4 skipping + T315I, G250E (low level)"
    assert codons("250;251;252;315") == "250–252, 315" and codons("1-559") == "1-559" and codons("") == ""
    assert few_codons(";".join(map(str, range(1, 40, 2)))) == "1, 3, 5, 7, 9, 11, 13, 15 and 12 more"
    assert few_codons("5;6") == "5–6"
    assert words("strand;depth") == "strand, too few fragments" and words("") == "–"
    assert wording.joined(["A"]) == "A" and wording.joined(["A", "B", "C"]) == "A, B and C"
