"""Splitting FASTQ text into records, and the checks that a record must pass."""

import numpy as np

from ablkd.kernels.jit import jit

NEWLINE = 10
OK, NO_AT, NO_PLUS, LENGTHS, BAD_QUALITY = 0, 1, 2, 3, 4


@jit
def _line_end(text, start):
    """Place of the newline that ends the line at `start`; the end of the text where none does."""
    while start < len(text) and text[start] != NEWLINE:
        start += 1
    return start


@jit
def _line_stop(text, start, end):
    """Past the last character of the line that the newline at `end` ends; a carriage return before it is left out."""
    return end - 1 if end > start and text[end - 1] == 13 else end


@jit
def _ends_at(text, start, end):
    """Whether the line at `start` ends at `end`. Looks at every character without a branch, so at many at once."""
    if end >= len(text) or text[end] != NEWLINE:
        return False
    found = False
    for character in text[start:end]:
        found |= character == NEWLINE
    return not found


@jit
def _holds_no_quality(text, start, stop):
    found = False
    for character in text[start:stop]:
        found |= (character < 33) | (character > 126)
    return found


@jit
def split_records(text, most):
    """Find up to `most` whole records in text uint8[.].

    Returns (spans int64[n, 6]: name, bases and qualities as half-open spans, characters used, problem, line within
    the text of the problem). Carriage returns before a newline are left out of every span.
    """
    spans = np.empty((most, 6), np.int64)
    start, size = np.int64(0), np.int64(0)
    for count in range(most):
        name_end = _line_end(text, start)
        bases = name_end + 1
        # Most lines of bases are as long as the one before, and their qualities as long as they.
        bases_end = bases + size if _ends_at(text, bases, bases + size) else _line_end(text, bases)
        plus, size = bases_end + 1, bases_end - bases
        quals = _line_end(text, plus) + 1
        quals_end = quals + size if _ends_at(text, quals, quals + size) else _line_end(text, quals)
        if quals_end >= len(text):
            return spans[:count], start, OK, 4 * count
        name_stop, bases_stop = _line_stop(text, start, name_end), _line_stop(text, bases, bases_end)
        quals_stop = _line_stop(text, quals, quals_end)
        if text[start] != 64:
            return spans[:count], start, NO_AT, 4 * count + 1
        if text[plus] != 43:
            return spans[:count], start, NO_PLUS, 4 * count + 3
        if bases_stop - bases != quals_stop - quals:
            return spans[:count], start, LENGTHS, 4 * count + 4
        if _holds_no_quality(text, quals, quals_stop):
            return spans[:count], start, BAD_QUALITY, 4 * count + 4
        spans[count, 0], spans[count, 1] = start + 1, name_stop
        spans[count, 2], spans[count, 3] = bases, bases_stop
        spans[count, 4], spans[count, 5] = quals, quals_stop
        start = quals_end + 1
    return spans, start, OK, 4 * most


@jit
def _code(letter):
    """Code of a base from its letter of either case: reckoned, not looked up, so that a processor takes many at
    once."""
    upper = letter & np.uint8(0xDF)
    none = (upper != 65) & (upper != 67) & (upper != 71) & (upper != 84)
    return np.uint8(none << 2) | np.uint8(((upper >> 1) ^ (upper >> 2)) & 3) & np.uint8(none - 1)


@jit
def gather(text, spans):
    """Records of a block as flat arrays: (codes uint8[B], quals uint8[B], offsets int64[R+1])."""
    offsets = np.zeros(len(spans) + 1, np.int64)
    for r in range(len(spans)):
        offsets[r + 1] = offsets[r] + spans[r, 3] - spans[r, 2]
    codes = np.empty(offsets[-1], np.uint8)
    quals = np.empty(offsets[-1], np.uint8)
    for r in range(len(spans)):
        start, stop = offsets[r], offsets[r + 1]
        code, letters = codes[start:stop], text[spans[r, 2] : spans[r, 3]]
        qual, characters = quals[start:stop], text[spans[r, 4] : spans[r, 5]]
        for i in range(len(code)):
            code[i] = _code(letters[i])
        for i in range(len(qual)):
            qual[i] = characters[i] - np.uint8(33)
    return codes, quals, offsets


@jit
def _name_stop(text, start, stop):
    """Past the last letter of a name: before the first blank, and before a /1 or /2 at its end."""
    end = start
    while end < stop and text[end] != 32 and text[end] != 9:
        end += 1
    if end - start > 2 and text[end - 2] == 47 and (text[end - 1] == 49 or text[end - 1] == 50):
        return end - 2
    return end


@jit
def gather_names(text, spans):
    """Read names up to the first blank or a /1 or /2 ending: (letters uint8[M], offsets int64[R+1])."""
    offsets = np.zeros(len(spans) + 1, np.int64)
    for r in range(len(spans)):
        offsets[r + 1] = offsets[r] + _name_stop(text, spans[r, 0], spans[r, 1]) - spans[r, 0]
    letters = np.empty(offsets[-1], np.uint8)
    for r in range(len(spans)):
        name, source = letters[offsets[r] : offsets[r + 1]], text[spans[r, 0] :]
        for i in range(len(name)):
            name[i] = source[i]
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
