"""Files come whole or not at all, whatever stops the one who writes them."""

from __future__ import annotations

import contextlib
import errno
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from ablkd import cli, steps
from ablkd.alignment.bam import BamWriter
from ablkd.errors import InputError
from ablkd.isoforms import build_graph
from ablkd.tables import atomic, write_bytes


@contextlib.contextmanager
def no_file_above(size: int) -> Iterator[None]:
    """Where a file grows beyond so many bytes the system refuses more, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_full_disk_is_a_sentence_and_leaves_the_file_that_was_there(tmp_path):
    write_bytes(tmp_path / "calls.tsv", b"older")
    with pytest.raises(InputError) as told, no_file_above(100):
        write_bytes(tmp_path / "calls.tsv", b"x" * 101)
    said = f"{tmp_path}/calls.tsv: cannot be written: File too large (mend that, then the same command again)"
    assert str(told.value) == said
    assert names(tmp_path) == {"calls.tsv"}
    assert (tmp_path / "calls.tsv").read_bytes() == b"older"


@pytest.mark.parametrize(
    ("name", "why"),
    [("a file/calls.tsv", "File exists"), ("a folder", "Is a directory"), ("x" * 300, "File name too long")],
)
def test_a_place_that_cannot_be_is_a_sentence(tmp_path, name, why):
    (tmp_path / "a file").write_bytes(b"")
    (tmp_path / "a folder").mkdir()
    with pytest.raises(InputError, match=f"{name}: cannot be written: {why} "):
        write_bytes(tmp_path / name, b"")
    assert names(tmp_path) == {"a file", "a folder"}


@pytest.mark.parametrize("size", [0, 60, 200])
def test_a_bam_is_whole_or_not_there(tmp_path, reference, size):
    def write() -> None:
        with BamWriter(tmp_path / "aligned.bam", reference, build_graph(reference)):
            pass

    with pytest.raises(InputError, match=r"aligned\.bam: cannot be written: "), no_file_above(size):
        write()
    assert names(tmp_path) == set()
    write()
    assert names(tmp_path) == {"aligned.bam", "aligned.bam.bai"}


def test_a_bug_of_the_writer_stays_a_bug(tmp_path):
    with pytest.raises(FileNotFoundError), atomic(tmp_path / "calls.tsv"):
        (tmp_path / "nowhere").read_bytes()
    assert names(tmp_path) == set()


def test_what_a_killed_step_left_goes_when_the_file_is_made_again(tmp_path):
    for left in (".calls.tsv~1234.tsv", ".unsorted.bam~1234/unsorted.bam", ".calls.tsv.gz~1234.gz"):
        (tmp_path / left).parent.mkdir(exist_ok=True)
        (tmp_path / left).write_bytes(b"half")
    write_bytes(tmp_path / "calls.tsv", b"whole")
    assert names(tmp_path) == {"calls.tsv", ".unsorted.bam~1234", ".calls.tsv.gz~1234.gz"}


def test_an_older_writer_never_mixes_its_bytes_with_those_of_a_newer_one(tmp_path):
    path = tmp_path / "calls.tsv"
    with pytest.raises(FileNotFoundError), atomic(path) as older:
        older.write_bytes(b"half of it")
        write_bytes(path, b"whole")  # removes what the older one has
    assert path.read_bytes() == b"whole"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "the memory did not suffice (allow it more, or fewer jobs at once)\n"),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "No space left on device (make room, also where numba keeps what it compiles: NUMBA_CACHE_DIR, "
            "XDG_CACHE_HOME or ~/.cache)\n",
        ),
    ],
)
def test_too_little_memory_and_too_little_room_are_sentences(monkeypatch, capsys, error, said):
    def explain(**_: object) -> None:
        raise error

    monkeypatch.setattr(steps, "explain", explain)
    assert cli.main(["explain", "T315I"]) == 2
    assert capsys.readouterr().err == f"ablkd explain: {said}"
