"""VCF of a sample: the right bases at the right place, valid for bcftools, the same bytes twice."""

from __future__ import annotations

import gzip
import random
import shutil
import subprocess
from dataclasses import replace
from types import SimpleNamespace

import pytest
import results as examples
from hypothesis import given
from hypothesis import strategies as st

from ablkd.errors import InputError
from ablkd.report.vcf import place, vcf_text, write_vcf

noise = random.Random(11)
BASES = [noise.choice("ACGT") for _ in range(3393)]
for _change in examples.CATALOGUE.values():
    BASES[int(_change[:-3]) - 1] = _change[-3]
SEQUENCE = "".join(BASES)
REFERENCE = SimpleNamespace(sequence=SEQUENCE, target=SimpleNamespace(name=examples.TARGET))
needs_bcftools = pytest.mark.skipif(not shutil.which("bcftools"), reason="bcftools is not installed")


def lines(result) -> list[list[str]]:
    return [row.split("\t") for row in vcf_text(result, REFERENCE).splitlines() if not row.startswith("#")]


#          1234567890123456
DRAWN = "ACGTTTGCACACAGGT"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x:c.3G>A", (3, "G", "A")),
        ("x:c.3_4delinsAC", (3, "GT", "AC")),
        ("x:c.3_5delinsATA", (3, "GTT", "ATA")),
        ("x:c.3_4delinsAT", (3, "G", "A")),  # the second base stays: one base changed
        ("x:c.6del", (3, "GT", "G")),  # any of TTT: the leftmost
        ("x:c.11_12del", (7, "GCA", "G")),  # CA of CACACA... the leftmost
        ("x:c.5_6insA", (5, "T", "TA")),
        ("x:c.6dup", (3, "G", "GT")),
        ("x:c.2_3delinsT", (2, "CG", "T")),
        ("x:c.1del", (1, "AC", "C")),  # nothing before c.1: the base after is the anchor
        ("x:c.1_2del", (1, "ACG", "G")),
    ],
)
def test_places_by_hand(name, expected):
    assert place(name, DRAWN) == expected


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("x:c.3A>G", "says A where the target has G"),
        ("x:c.17A>G", "lies outside the target's 16 bases"),
        ("x:c.5_4del", "lies outside"),
        ("=cmd()", "cannot be placed"),
        ("x:c.3+2A>G", "cannot be placed"),
    ],
)
def test_a_name_that_cannot_be_placed_is_refused(name, words):
    with pytest.raises(InputError, match=words):
        place(name, DRAWN)


def applied(sequence: str, position: int, before: str, after: str) -> str:
    assert sequence[position - 1 : position - 1 + len(before)] == before
    return sequence[: position - 1] + after + sequence[position - 1 + len(before) :]


@given(st.text("ACGT", min_size=2, max_size=12), st.data())
def test_the_change_makes_the_sequence_the_name_says(sequence, data):
    """Whatever the notation, REF replaced by ALT is the named product (an independent reading of the name)."""
    first = data.draw(st.integers(1, len(sequence)))
    last = data.draw(st.integers(first, len(sequence)))
    new = data.draw(st.text("ACGT", min_size=1, max_size=4))
    left, old, right = sequence[: first - 1], sequence[first - 1 : last], sequence[last:]
    cases = {f"c.{first}_{last}del": left + right, f"c.{first}_{last}dup": left + old + old + right}
    if new != old:
        cases[f"c.{first}_{last}delins{new}"] = left + new + right
    if last == first + 1:
        cases[f"c.{first}_{last}ins{new}"] = sequence[:first] + new + sequence[first:]
    for name, product in cases.items():
        if not product:
            continue
        position, before, after = place(name, sequence)
        assert applied(sequence, position, before, after) == product
        assert before and after and before != after


def test_rows_are_sorted_and_complete():
    rows = lines(examples.t315i())
    assert [row[1:5] for row in rows] == [
        ["763", ".", "G", "A"],
        ["944", ".", "C", "T"],
        ["951", ".", "C", "A"],
    ]
    assert [row[6] for row in rows] == ["PASS", "PASS", "strand"]
    assert rows[1][8:] == ["AD:DP:AF", "5480,4520:10000:0.452"]
    info = dict(part.split("=", 1) for part in rows[1][7].split(";"))
    assert info["HAPS"] == "T315I" and info["LEVEL"] == "reported" and info["HGVSC"] == "NM_005157.6:c.944C>T"


def test_haplotypes_that_hold_the_change_are_named():
    rows = {row[7].split(";")[0]: row[7] for row in lines(examples.compound())}
    assert "HAPS=G250E+D276G+T315I,T315I" in rows["NAME=T315I"]
    assert rows["NAME=G250E"].endswith("HAPS=G250E+D276G+T315I")


def test_every_filter_reason_is_defined():
    text = vcf_text(examples.crowded(), REFERENCE)
    for reason in ("strand", "background", "carry_over"):
        assert f"##FILTER=<ID={reason}," in text
    assert f"##contig=<ID={examples.TARGET},length=3393>" in text


def test_what_separates_fields_is_coded():
    call = replace(examples.call("T315I", 0.1, "evidence_only"), name="a=b;c d,e", filter="two words;x,y")
    row = lines(examples.result(calls=(call,)))[0]
    assert row[7].startswith("NAME=a%3Db%3Bc%20d%2Ce;") and row[6] == "two%20words;x%2Cy"


@needs_bcftools
@pytest.mark.parametrize("name", ["result", "t315i", "crowded"])
def test_bcftools_takes_it_without_a_word(name, tmp_path):
    result = getattr(examples, name)()
    if name == "t315i":
        indel = replace(examples.call("T315I", 0.1), name="del", hgvs_c=f"{examples.TARGET}:c.742_822del")
        several = replace(examples.call("T315I", 0.1), name="mnv", hgvs_c=f"{examples.TARGET}:c.944_945delinsTG")
        result = replace(result, calls=(*result.calls, indel, several))
    fasta = tmp_path / "target.fa"
    fasta.write_text(f">{examples.TARGET}\n{SEQUENCE}\n")
    path = tmp_path / "calls.vcf.gz"
    write_vcf(result, REFERENCE, path)
    for command in (["view", path], ["norm", "-c", "e", "-f", fasta, path], ["stats", path]):
        done = subprocess.run(["bcftools", *map(str, command)], capture_output=True, text=True, check=True)
        told = [line for line in done.stderr.splitlines() if not line.startswith("Lines ")]
        assert told == [], command
        assert "realigned" not in done.stderr or "/0/0\n" in done.stderr, "left-aligned already"
    found = subprocess.run(
        ["bcftools", "view", "-H", "-r", f"{examples.TARGET}:944", str(path)], capture_output=True, text=True
    )
    assert len(found.stdout.splitlines()) == {"result": 0, "t315i": 2, "crowded": 1}[name]


def test_the_same_bytes_twice(tmp_path):
    for folder in ("a", "b"):
        write_vcf(examples.crowded(), REFERENCE, tmp_path / folder / "calls.vcf.gz")
    for name in ("calls.vcf.gz", "calls.vcf.gz.tbi"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert gzip.decompress((tmp_path / "a/calls.vcf.gz").read_bytes()).decode() == vcf_text(
        examples.crowded(), REFERENCE
    )
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == ["calls.vcf.gz", "calls.vcf.gz.tbi"]
