"""Records sorted in runs against Python's own sort, and BGZF against gzip."""

from __future__ import annotations

import gzip
import io

import numpy as np
import pysam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import config

from ablkd.alignment import sorting
from ablkd.alignment.bgzf import BLOCK, BgzfWriter

EXAMPLES = 20 if config.DISABLE_JIT else 100

record = st.tuples(st.integers(0, 5), st.binary(min_size=1, max_size=9))


@settings(max_examples=EXAMPLES, deadline=None)
@given(blocks=st.lists(st.lists(record, max_size=6), max_size=6), run=st.integers(1, 60))
def test_records_come_by_key_and_then_as_they_were_added(tmp_path_factory, blocks, run):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorting, "RUN", run)
        sorter = sorting.Sorter(tmp_path_factory.getbasetemp())
        for block in blocks:
            records = np.frombuffer(b"".join(data for _, data in block), np.uint8)
            offsets = np.cumsum([0, *(len(data) for _, data in block)], dtype=np.int64)
            sorter.add(records, offsets, np.array([key for key, _ in block], np.int64))
        found = b"".join(sorter.in_order())
        sorter.close()
    expected = sorted((row for block in blocks for row in block), key=lambda row: row[0])
    assert found == b"".join(data for _, data in expected)


def packed(*parts: bytes) -> bytes:
    stream = io.BytesIO()
    writer = BgzfWriter(stream)
    for part in parts:
        writer.write(part)
    writer.close()
    return stream.getvalue()


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 17])
def test_bgzf_comes_back_whole_even_where_nothing_can_be_compressed(tmp_path, size):
    data = np.random.default_rng(size).integers(0, 256, size, np.uint8).tobytes()
    path = tmp_path / "a.bgz"
    path.write_bytes(packed(data[:100], data[100:]))
    assert gzip.decompress(path.read_bytes()) == data
    with pysam.BGZFile(str(path)) as stream:
        assert stream.read() == data
    assert packed(data) == path.read_bytes()
