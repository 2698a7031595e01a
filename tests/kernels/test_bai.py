"""The index of a BAM against the one that htslib makes of the same records."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pysam
import pytest
from numba import config

from ablkd.alignment.bai import BaiIndex
from ablkd.alignment.bgzf import BgzfWriter

RECORDS = 200 if config.DISABLE_JIT else 5000
CONTIGS = {"short": 900, "empty": 5000, "long": 3_000_000}
CIGARS = ["40M", "10S30M", "20M3D20M", "20M5I15M", "15M70000N25M", "10=5X25M", "20M900000N20M"]


def by_pysam(path, rng, records: int, placeless: int):
    """A sorted BAM of records on two of three contigs, some not aligned but with a place, the last without any."""
    header = pysam.AlignmentHeader.from_dict(
        {"HD": {"SO": "coordinate"}, "SQ": [{"SN": n, "LN": size} for n, size in CONTIGS.items()]}
    )
    places = sorted((int(c), int(rng.integers((0, 0, 2_000_000)[c] + 800))) for c in rng.choice([0, 2], records))
    with pysam.AlignmentFile(path, "wb", header=header) as out:
        for k, (contig, start) in enumerate([*places, *[(-1, -1)] * placeless]):
            read = pysam.AlignedSegment(header)
            read.query_name, read.query_sequence = f"r{k}", "A" * 40
            read.reference_id, read.reference_start = contig, start
            read.is_unmapped = contig < 0 or k % 7 == 0
            if not read.is_unmapped:
                read.cigarstring = CIGARS[int(rng.integers(len(CIGARS)))] if contig == 2 else "40M"
            out.write(read)
    return path


def split(data: bytes) -> tuple[bytes, list[bytes]]:
    """(header, the records one by one) of an unpacked BAM."""
    at = 8 + struct.unpack_from("<i", data, 4)[0]
    contigs, at = struct.unpack_from("<i", data, at)[0], at + 4
    for _ in range(contigs):
        at += 8 + struct.unpack_from("<i", data, at)[0]
    header, records = data[:at], []
    while at < len(data):
        size = 4 + struct.unpack_from("<i", data, at)[0]
        records.append(data[at : at + size])
        at += size
    return header, records


@pytest.mark.parametrize("records, placeless", [(RECORDS, 30), (RECORDS, 0), (0, 3), (0, 0), (1, 0)])
def test_every_region_has_the_records_that_it_has_by_htslib(tmp_path, records, placeless):
    rng = np.random.default_rng(records + placeless)
    theirs, ours = by_pysam(tmp_path / "theirs.bam", rng, records, placeless), tmp_path / "ours.bam"
    header, found = split(gzip.decompress(theirs.read_bytes()))
    with ours.open("wb") as stream:
        packed, index = BgzfWriter(stream), BaiIndex(len(CONTIGS))
        packed.write(header)
        for k in range(0, len(found), 13):
            part = b"".join(found[k : k + 13])
            index.add(np.frombuffer(part, np.uint8), packed.size)
            packed.write(part)
        packed.close()
    (tmp_path / "ours.bam.bai").write_bytes(index.packed(packed.virtual))
    pysam.index(str(theirs))
    with pysam.AlignmentFile(theirs) as one, pysam.AlignmentFile(ours) as two:
        assert one.get_index_statistics() == two.get_index_statistics()
        assert (one.mapped, one.unmapped, one.nocoordinate) == (two.mapped, two.unmapped, two.nocoordinate)
        for contig, size in CONTIGS.items():
            for _ in range(40):
                start = int(rng.integers(size))
                end = start + 1 + int(rng.integers(10 ** int(rng.integers(1, 7))))
                assert [r.query_name for r in one.fetch(contig, start, end)] == [
                    r.query_name for r in two.fetch(contig, start, end)
                ]
        assert [r.query_name for r in one.fetch("*")] == [r.query_name for r in two.fetch("*")]
