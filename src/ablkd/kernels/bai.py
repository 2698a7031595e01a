"""Raw BAM records in their order -> what an index must know of them."""

import numpy as np

from ablkd.kernels.jit import jit
from ablkd.kernels.records import number

WINDOW_BITS = 14  # of a window of the linear index (SAM specification, section 5.1.3)
COLUMNS = 8


@jit
def _reference_bases(records, at):
    """Bases of the contig that the record at `at` spans: M, D, N, = and X."""
    cigar, operations = at + 36 + np.int64(records[at + 12]), number(records, at + 16, 2)
    bases = 0
    for k in range(operations):
        operation = number(records, cigar + 4 * k, 4)
        if operation & 15 in (0, 2, 3, 7, 8):
            bases += operation >> 4
    return bases


@jit
def index_runs(records):
    """Runs of neighbours among the whole records uint8[B] that have one contig, one bin and the same windows.

    Returns int64[n, 8]: contig (-1: none), bin, first and last window of 16 kb, where the run begins and ends in
    `records`, how many are aligned and how many are not.
    """
    runs, count, at = np.empty((16, COLUMNS), np.int64), 0, 0
    while at < len(records):
        end = at + 4 + number(records, at, 4)
        contig, start = number(records, at + 4, 4), number(records, at + 8, 4)
        aligned = not number(records, at + 18, 2) & 4
        if contig >> 31:
            contig, start = np.int64(-1), np.int64(0)
        last = start + max(_reference_bases(records, at), 1) - 1
        key = contig, number(records, at + 14, 2), start >> WINDOW_BITS, last >> WINDOW_BITS
        run = runs[count - 1]
        if not count or run[0] != key[0] or run[1] != key[1] or run[2] != key[2] or run[3] != key[3]:
            if count == len(runs):
                larger = np.empty((2 * count, COLUMNS), np.int64)
                larger[:count] = runs
                runs = larger
            run = runs[count]
            run[0], run[1], run[2], run[3] = key
            run[4], run[6], run[7] = at, 0, 0
            count += 1
        run[5] = end
        run[6 if aligned else 7] += 1
        at = end
    return runs[:count]
