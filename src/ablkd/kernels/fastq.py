"""Splitting FASTQ text into records, and the checks that a record must pass."""

import numpy as np

from ablkd.kernels.jit import jit

OK, NO_AT, NO_PLUS, LENGTHS, BAD_QUALITY = 0, 1, 2, 3, 4


@jit
def _line_stop(text, start, end):
    """Past the last character of the line that the newline at `end` ends; a carriage return before it is left out."""
    return end - 1 if end > start and text[end - 1] == 13 else end


@jit
def _holds_no_quality(text, start, stop):
    found = False
    for i in range(start, stop):
        found |= (text[i] < 33) | (text[i] > 126)
    return found


@jit
def split_records(text, newlines, most):
    """Find up to `most` whole records in text uint8[.], whose newlines are at int64[.].

    Returns (spans int64[n, 6]: name, bases and qualities as half-open spans, characters used, problem, line within
    the text of the problem). Carriage returns before a newline are left out of every span.
    """
    whole = min(most, len(newlines) // 4)
    spans = np.empty((whole, 6), np.int64)
    start = np.int64(0)
    for count in range(whole):
        ends, line = newlines[4 * count : 4 * count + 4], 4 * count
        bases, plus, quals = ends[0] + 1, ends[1] + 1, ends[2] + 1
        name_stop, bases_stop = _line_stop(text, start, ends[0]), _line_stop(text, bases, ends[1])
        quals_stop = _line_stop(text, quals, ends[3])
        if text[start] != 64:
            return spans[:count], start, NO_AT, line + 1
        if text[plus] != 43:
            return spans[:count], start, NO_PLUS, line + 3
        if bases_stop - bases != quals_stop - quals:
            return spans[:count], start, LENGTHS, line + 4
        if _holds_no_quality(text, quals, quals_stop):
            return spans[:count], start, BAD_QUALITY, line + 4
        spans[count, 0], spans[count, 1] = start + 1, name_stop
        spans[count, 2], spans[count, 3] = bases, bases_stop
        spans[count, 4], spans[count, 5] = quals, quals_stop
        start = ends[3] + 1
    return spans, start, OK, 4 * whole


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
