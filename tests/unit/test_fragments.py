"""The fragment arrays: put together, saved and loaded without a change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ablkd.alignment.columns import Columns
from ablkd.errors import InputError
from ablkd.fragments import FIELDS, QUALITIES, CodonCounts, Fragments, empty, load, save

LENGTH = 50
COLUMNS = [name for name in FIELDS if name not in ("histogram", "reads", "placed")]


def made_up(rng: np.random.Generator, count: int, insertions: int = 2) -> Fragments:
    """Fragments that make no sense but obey the shapes."""
    changes, inserted = rng.integers(0, 5, count), rng.integers(1, 4, insertions if count else 0)
    return Fragments(
        junctions=rng.integers(0, 2**61, count),
        forward=rng.integers(0, LENGTH, (count, 2)).astype(np.int32),
        reverse=rng.integers(0, LENGTH, (count, 2)).astype(np.int32),
        ends=rng.integers(0, LENGTH, (count, 2)).astype(np.int32),
        tile=rng.integers(-1, 3, count).astype(np.int16),
        offsets=np.cumsum([0, *changes]),
        position=rng.integers(0, LENGTH, changes.sum()).astype(np.int32),
        allele=rng.integers(0, 6, changes.sum()).astype(np.uint8),
        quality=rng.integers(0, 41, changes.sum()).astype(np.uint8),
        ins_fragment=np.sort(rng.integers(0, max(count, 1), len(inserted))).astype(np.int32),
        ins_position=rng.integers(1, LENGTH, len(inserted)).astype(np.int32),
        ins_offsets=np.cumsum([0, *inserted]),
        ins_bases=rng.integers(0, 4, inserted.sum()).astype(np.uint8),
        histogram=rng.integers(0, 9, (LENGTH, 3, QUALITIES)).astype(np.int32),
        reads=2 * count + 3,
        placed=2 * count,
    )


def as_rows(f: Fragments) -> list[tuple]:
    """Everything that is known of each fragment, as plain values."""
    rows = []
    for n in range(len(f)):
        own = slice(f.offsets[n], f.offsets[n + 1])
        inserted = [
            (int(f.ins_position[k]), f.ins_bases[f.ins_offsets[k] : f.ins_offsets[k + 1]].tolist())
            for k in np.flatnonzero(f.ins_fragment == n)
        ]
        whole = [getattr(f, name)[n].tolist() for name in ("junctions", "forward", "reverse", "ends", "tile")]
        rows.append((*whole, *(a[own].tolist() for a in (f.position, f.allele, f.quality)), inserted))
    return rows


def same(one: Fragments, other: Fragments) -> bool:
    pairs = [(np.asarray(getattr(one, name)), np.asarray(getattr(other, name))) for name in FIELDS]
    pairs += list(zip(one.codons or (), other.codons or (), strict=True))
    return all(a.dtype == b.dtype and a.shape == b.shape and (a == b).all() for a, b in pairs)


@pytest.mark.parametrize("sizes", [(3,), (3, 4), (0, 3, 0, 2), (0, 0), (5, 1, 7), (40,) * 30])
def test_columns_of_blocks_are_those_of_the_blocks_in_their_order(sizes):
    rng = np.random.default_rng(1)
    parts = [made_up(rng, size) for size in sizes]
    columns = Columns()
    for part in parts:
        columns.extend({name: getattr(part, name) for name in COLUMNS})
    joined = replace(parts[0], **columns.taken())
    assert as_rows(joined) == [row for part in parts for row in as_rows(part)]
    for name in COLUMNS:
        assert getattr(joined, name).dtype == getattr(parts[0], name).dtype, name


def test_columns_leave_the_blocks_as_they_were():
    rng = np.random.default_rng(3)
    parts = [made_up(rng, 4), made_up(rng, 2)]
    before = [replace(part, **{name: getattr(part, name).copy() for name in COLUMNS}) for part in parts]
    columns = Columns()
    for part in parts:
        columns.extend({name: getattr(part, name) for name in COLUMNS})
    columns.taken()
    assert all(same(one, other) for one, other in zip(parts, before, strict=True))


@pytest.mark.parametrize("counted", [False, True])
@pytest.mark.parametrize("size", [0, 6])
def test_what_is_saved_is_loaded_and_has_the_same_bytes_each_time(tmp_path, size, counted):
    rng = np.random.default_rng(4)
    fragments = made_up(rng, size)
    if counted:
        codons = CodonCounts(rng.integers(0, 9, (16, 3, 64)), rng.integers(0, 9, 16), rng.integers(0, 9, 16))
        fragments = replace(fragments, codons=codons)
    for name in ("a.npy", "b.npy"):
        save(fragments, tmp_path / name)
    loaded = load(tmp_path / "a.npy")
    assert same(loaded, fragments) and isinstance(loaded.reads, int) and isinstance(loaded.placed, int)
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.npy", "b.npy"]


@pytest.mark.parametrize("cut", ["half", "arrays", "other", "none"])
def test_a_file_that_holds_no_fragments_is_told_in_a_sentence(tmp_path, cut):
    path = tmp_path / "f.npy"
    save(made_up(np.random.default_rng(4), 6), path)
    whole = path.read_bytes()
    arrays = whole.index(b"\x93NUMPY", len(whole) // 2)
    path.write_bytes({"half": whole[: len(whole) // 2], "arrays": whole[:arrays], "other": b"PK\3\4", "none": b""}[cut])
    with pytest.raises(InputError, match=r"f\.npy: holds no fragments, or not all \(make it again with ablkd align\)"):
        load(path)
    path.unlink()
    with pytest.raises(InputError, match=r"f\.npy: cannot be read: No such file or directory \(check the path\)"):
        load(path)


def test_starts_and_stops_are_those_of_either_mate():
    spans = {"forward": [[3, 9], [0, 0], [0, 6], [8, 9]], "reverse": [[5, 20], [4, 7], [0, 0], [0, 2]]}
    both = {name: np.array(values, np.int32) for name, values in spans.items()}
    fragments = replace(empty(LENGTH), junctions=np.zeros(4, np.int64), **both)
    assert fragments.starts().tolist() == [3, 4, 0, 0]
    assert fragments.stops().tolist() == [20, 7, 6, 9]
