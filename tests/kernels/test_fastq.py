"""Splitting FASTQ text against a parser that takes it line by line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import config

from ablkd.kernels import fastq

EXAMPLES = 30 if config.DISABLE_JIT else 300


def as_array(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("latin-1"), np.uint8)


def by_line(text: str, most: int):
    """([(name, bases, qualities)], characters used, problem, its line): whole records of complete lines."""
    lines = text.split("\n")[:-1]
    records, used = [], 0
    for k in range(0, len(lines) - 3, 4):
        if len(records) == most:
            break
        name, bases, plus, quals = (line.removesuffix("\r") for line in lines[k : k + 4])
        if not name.startswith("@"):
            return records, used, fastq.NO_AT, k + 1
        if not plus.startswith("+"):
            return records, used, fastq.NO_PLUS, k + 3
        if len(bases) != len(quals):
            return records, used, fastq.LENGTHS, k + 4
        if any(not "!" <= q <= "~" for q in quals):
            return records, used, fastq.BAD_QUALITY, k + 4
        records.append((name[1:], bases, quals))
        used += sum(len(line) + 1 for line in lines[k : k + 4])
    return records, used, fastq.OK, 4 * len(records)


def split(text: str, most: int):
    array = as_array(text)
    spans, used, problem, line = fastq.split_records(array, most)
    found = [tuple(text[a:b] for a, b in row.reshape(3, 2)) for row in spans]
    return found, used, problem, line


name = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=8)
quality = st.characters(min_codepoint=33, max_codepoint=126)
end = st.sampled_from(["\n", "\r\n"])


@st.composite
def record(draw):
    bases = draw(st.text("ACGTNacgtn", max_size=12))
    quals = draw(st.text(quality, min_size=len(bases), max_size=len(bases)))
    rest = draw(st.sampled_from(["", "again"]))
    return "".join(f"{line}{draw(end)}" for line in ("@" + draw(name), bases, "+" + rest, quals))


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(st.lists(record(), max_size=5), st.integers(1, 6), st.integers(0, 40))
def test_valid_records(records, most, dropped):
    """However many are asked for and wherever the text ends."""
    text = "".join(records)
    text = text[: max(0, len(text) - dropped)]
    assert split(text, most) == by_line(text, most)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(st.lists(record(), min_size=1, max_size=4), st.data())
def test_damaged_records(records, data):
    """One character replaced, lost or added anywhere: the same records, or the same problem at the same line."""
    text = "".join(records)
    at = data.draw(st.integers(0, len(text) - 1))
    new = data.draw(st.sampled_from(["", "\n", "@", "+", "A", " ", "\x80", "\n\n"]))
    text = text[:at] + new + text[at + data.draw(st.integers(0, 1)) :]
    assert split(text, 9) == by_line(text, 9)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(st.text("@+AC!\n\r", max_size=40))
def test_anything_at_all(text):
    assert split(text, 9) == by_line(text, 9)


@pytest.mark.parametrize(
    "text, problem, line",
    [
        ("@a\nAC\n+\nII\nb\nAC\n+\nII\n", fastq.NO_AT, 5),
        ("\n@a\nAC\n+\nII\n", fastq.NO_AT, 1),
        ("@a\nAC\nII\n+\n", fastq.NO_PLUS, 3),
        (">a\nACGT\n>b\nACGT\n", fastq.NO_AT, 1),
        ("@a\nACG\n+\nII\n", fastq.LENGTHS, 4),
        ("@a\nAC\n+\nI \n", fastq.BAD_QUALITY, 4),
        ("@a\nAC\n+\nI\x7f\n", fastq.BAD_QUALITY, 4),
    ],
)
def test_problems_have_their_line(text, problem, line):
    assert split(text, 9)[2:] == (problem, line)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(st.lists(record(), max_size=5))
def test_gathered_records(records):
    """Letters of either case are bases, all else is N; Phred + 33; names end at a blank and lose /1 and /2."""
    text = "".join(records)
    spans = fastq.split_records(as_array(text), 9)[0]
    wanted = by_line(text, 9)[0]
    codes, quals, offsets = fastq.gather(as_array(text), spans)
    assert codes.tolist() == ["ACGT".find(b) % 5 for _, bases, _ in wanted for b in bases.upper()]
    assert quals.tolist() == [ord(q) - 33 for *_, quals in wanted for q in quals]
    assert np.diff(offsets).tolist() == [len(bases) for _, bases, _ in wanted]
    letters, offsets = fastq.gather_names(as_array(text), spans)
    for k, (whole, *_) in enumerate(wanted):
        short = whole.replace("\t", " ").split(" ")[0]
        if short[-2:] in ("/1", "/2") and len(short) > 2:
            short = short[:-2]
        assert letters[offsets[k] : offsets[k + 1]].tobytes().decode("latin-1") == short


@pytest.mark.parametrize(
    "one, two, where",
    [("a b c", "a b c", -1), ("a b c", "a x c", 1), ("a bb", "a b", 1), ("", "", -1), ("a b", "b a", 0)],
)
def test_first_difference_of_names(one, two, where):
    def flat(names):
        parts = names.split()
        return as_array("".join(parts)), np.cumsum([0, *map(len, parts)], dtype=np.int64)

    assert fastq.first_difference(*flat(one), *flat(two)) == where
