"""Splitting FASTQ text into records, and the checks that a record must pass."""

import numpy as np

from ablkd.kernels.jit import jit

OK, NO_AT, NO_PLUS, LENGTHS, BAD_QUALITY = 0, 1, 2, 3, 4


@jit
def _line_end(text, start, stop):
    """Index of the newline that ends the line at `start`; -1 where the text ends first."""
    for i in range(start, stop):
        if text[i] == 10:
            return i
    return -1


@jit
def split_records(text, stop, most):
    """Find up to `most` whole records in text[:stop] (uint8).

    Returns (spans int64[n, 6]: name, bases and qualities as half-open spans, bytes used, problem, line within
    the block of the problem). Carriage returns before a newline are left out of every span.
    """
    spans = np.empty((most, 6), np.int64)
    count, start, line = 0, 0, 0
    ends = np.empty(4, np.int64)
    while count < most:
        at = start
        whole = True
        for k in range(4):
            end = _line_end(text, at, stop)
            if end < 0:
                whole = False
                break
            ends[k] = end
            at = end + 1
        if not whole:
            break
        name, bases, plus, quals = start, ends[0] + 1, ends[1] + 1, ends[2] + 1
        for k in range(4):
            first = start if k == 0 else ends[k - 1] + 1
            spans_end = ends[k]
            if spans_end > first and text[spans_end - 1] == 13:
                spans_end -= 1
            if k == 0:
                name_end = spans_end
            elif k == 1:
                bases_end = spans_end
            elif k == 3:
                quals_end = spans_end
        if text[name] != 64:
            return spans[:count], start, NO_AT, line + 1
        if text[plus] != 43:
            return spans[:count], start, NO_PLUS, line + 3
        if bases_end - bases != quals_end - quals:
            return spans[:count], start, LENGTHS, line + 4
        for i in range(quals, quals_end):
            if text[i] < 33 or text[i] > 126:
                return spans[:count], start, BAD_QUALITY, line + 4
        spans[count, 0], spans[count, 1] = name + 1, name_end
        spans[count, 2], spans[count, 3] = bases, bases_end
        spans[count, 4], spans[count, 5] = quals, quals_end
        count += 1
        line += 4
        start = ends[3] + 1
    return spans[:count], start, OK, line


@jit
def gather(text, spans, letters):
    """Records of a block as flat arrays: (codes uint8[B], quals uint8[B], offsets int64[R+1])."""
    offsets = np.zeros(len(spans) + 1, np.int64)
    for r in range(len(spans)):
        offsets[r + 1] = offsets[r] + spans[r, 3] - spans[r, 2]
    codes = np.empty(offsets[-1], np.uint8)
    quals = np.empty(offsets[-1], np.uint8)
    for r in range(len(spans)):
        for i in range(offsets[r + 1] - offsets[r]):
            codes[offsets[r] + i] = letters[text[spans[r, 2] + i]]
            quals[offsets[r] + i] = text[spans[r, 4] + i] - 33
    return codes, quals, offsets


@jit
def gather_names(text, spans):
    """Read names up to the first blank or a /1 or /2 ending: (letters uint8[M], offsets int64[R+1])."""
    offsets = np.zeros(len(spans) + 1, np.int64)
    for r in range(len(spans)):
        end = spans[r, 0]
        while end < spans[r, 1] and text[end] != 32 and text[end] != 9:
            end += 1
        last = end - spans[r, 0]
        if last > 2 and text[end - 2] == 47 and (text[end - 1] == 49 or text[end - 1] == 50):
            last -= 2
        offsets[r + 1] = offsets[r] + last
    letters = np.empty(offsets[-1], np.uint8)
    for r in range(len(spans)):
        for i in range(offsets[r + 1] - offsets[r]):
            letters[offsets[r] + i] = text[spans[r, 0] + i]
    return letters, offsets


@jit
def first_difference(names, offsets, others, other_offsets):
    """Index of the first record whose names differ between two mate files; -1 where none does."""
    for r in range(len(offsets) - 1):
        length = offsets[r + 1] - offsets[r]
        if length != other_offsets[r + 1] - other_offsets[r]:
            return r
        for i in range(length):
            if names[offsets[r] + i] != others[other_offsets[r] + i]:
                return r
    return -1
