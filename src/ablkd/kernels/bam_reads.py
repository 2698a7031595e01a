"""Raw BAM records (SAM specification 1.6, section 4.2) -> reads as sequenced, mates found by the hash of their name.

A place is where a record begins: in the pool of reads that wait for their mates, or, from TEXT on, in the text at hand.
"""

import numpy as np

from ablkd.kernels.jit import jit
from ablkd.kernels.records import number
from ablkd.kernels.strand import reverse_in_place

TEXT = 1 << 40
FREE, GONE = -1, -2
PAIRED, REVERSE, WHICH_MATE, FIRST_MATE, NOT_PRIMARY = 1, 16, 192, 64, 256 | 2048
FIXED, SHORTEST = 36, 37  # bytes of a record before its name, and of the shortest record
LEAST_ACCURACY = np.float32(0.99)
NO_QUALITY = 255


@jit
def _parts(text, at):
    """Of the record at `at`: its flag, the length of its name, its bases, and where these, its qualities and its tags
    begin."""
    name, operations = np.int64(text[at + 12]) - 1, number(text, at + 16, 2)
    bases, length = at + FIXED + name + 1 + 4 * operations, number(text, at + 20, 4)
    quals = bases + (length + 1) // 2
    return number(text, at + 18, 2), name, length, bases, quals, quals + length


@jit
def _width(text, at, end):
    """Bytes that a tag's value at `at`, its type before it, takes; to the end where no type has that letter."""
    kind = text[at - 1]
    if kind == 66:  # B: letter of the elements, their number, elements
        if at + 5 > end:
            return end - at
        each = 1 if text[at] in (99, 67) else 2 if text[at] in (115, 83) else 4
        return 5 + each * number(text, at + 1, 4)
    if kind == 90 or kind == 72:  # Z, H: ended by a zero
        size = 0
        while at + size < end and text[at + size] != 0:
            size += 1
        return size + 1
    if kind == 65 or kind == 99 or kind == 67:
        return 1
    if kind == 115 or kind == 83:
        return 2
    return 4 if kind == 105 or kind == 73 or kind == 102 else end - at


@jit
def _is_poor(text, at, end):
    """Whether the tag rq, a consensus read's accuracy as predicted, is too low; tags lie from `at` to `end`."""
    while at + 3 < end:
        if text[at] == 114 and text[at + 1] == 113 and text[at + 2] == 102 and at + 7 <= end:
            return text[at + 3 : at + 7].copy().view(np.float32)[0] < LEAST_ACCURACY
        at += 3
        at += _width(text, at, end)
    return False


@jit
def split_records(text):
    """The primary records in `text` uint8[T] that are whole.

    Returns (their starts int64[n], bytes used, reads left out because their file calls them poor, whether a record's
    parts do not fit into it).
    """
    stop = len(text)
    starts = np.empty(stop // SHORTEST + 1, np.int64)
    count, poor, at = 0, 0, 0
    while at + SHORTEST <= stop:
        size = number(text, at, 4)
        end = at + 4 + size
        if end > stop and size < 1 << 31:
            break
        flag, name, length, _, _, tags = _parts(text, at)
        if name < 0 or length >= 1 << 31 or tags > end or end > stop:
            return starts[:count], at, poor, True
        if not flag & NOT_PRIMARY:
            if not flag & PAIRED and _is_poor(text, tags, end):
                poor += 1
            else:
                starts[count] = at
                count += 1
        at = end
    return starts[:count], at, poor, False


@jit
def _hash(text, at):
    """FNV-1a of a record's name, 32 bits."""
    key = np.int64(2166136261)
    for i in range(np.int64(text[at + 12]) - 1):
        key = (key ^ np.int64(text[at + FIXED + i])) * 16777619 & 0xFFFFFFFF
    return key


@jit
def _are_mates(text, at, other, start):
    """Whether two records have one name and are not the same mate of it."""
    if text[at + 12] != other[start + 12]:
        return False
    if number(text, at + 18, 2) & number(other, start + 18, 2) & WHICH_MATE:
        return False
    size = np.int64(text[at + 12]) - 1
    same = 0
    while same < size and text[at + FIXED + same] == other[start + FIXED + same]:
        same += 1
    return same == size


@jit
def find_mates(text, starts, pool, where, keys):
    """Mates among the records `starts` int64[n] of `text` and those that wait; who finds none waits.

    where, keys int64[H] (H a power of two, with room for n more) are the table of who waits: the place of a
    record, FREE or GONE, and the hash of its name. Returns places: pairs int64[p, 2], first mates first, and
    alone int64[s], the records that belong to no pair; and the slots int64[w] of those that wait from now on.
    """
    pairs, alone = np.empty((len(starts), 2), np.int64), np.empty(len(starts), np.int64)
    slots = np.empty(len(starts), np.int64)
    paired, single, waiting, mask = 0, 0, 0, len(where) - 1
    for k in range(len(starts)):
        at = starts[k]
        if not text[at + 18] & PAIRED:
            alone[single] = TEXT + at
            single += 1
            continue
        key = _hash(text, at)
        slot, free = key & mask, -1
        while where[slot] != FREE:
            place = where[slot]
            if place == GONE:
                free = slot if free < 0 else free
            elif keys[slot] == key:
                waits, start = (text, place - TEXT) if place >= TEXT else (pool, place)
                if _are_mates(text, at, waits, start):
                    is_first = waits[start + 18] & FIRST_MATE
                    pairs[paired, 0] = place if is_first else TEXT + at
                    pairs[paired, 1] = TEXT + at if is_first else place
                    paired += 1
                    where[slot] = GONE
                    break
            slot = (slot + 1) & mask
        else:
            slot = free if free >= 0 else slot
            where[slot], keys[slot], slots[waiting] = TEXT + at, key, slot
            waiting += 1
    return pairs[:paired], alone[:single], slots[:waiting]


@jit
def put_again(where, keys, new_where, new_keys):
    """Move who waits into a table of another size, all of it FREE."""
    mask = len(new_where) - 1
    for s in range(len(where)):
        if where[s] >= 0:
            slot = keys[s] & mask
            while new_where[slot] != FREE:
                slot = (slot + 1) & mask
            new_where[slot], new_keys[slot] = where[s], keys[s]


@jit
def store(source, starts, pool, used):
    """Copy the records `starts` of `source` to pool[used:] without their tags; returns (their places, bytes used)."""
    places = np.empty(len(starts), np.int64)
    for k in range(len(starts)):
        at = starts[k]
        size = _parts(source, at)[5] - at
        place, record = pool[used : used + size], source[at : at + size]
        for i in range(size):
            place[i] = record[i]
        places[k] = used
        used += size
    return places, used


@jit
def _code(letter):
    """Code of a base from its 4-bit letter: reckoned, not looked up, so that a processor takes many at once."""
    return (letter == 2) + 2 * (letter == 4) + 3 * (letter == 8) + 4 * _is_no_base(letter)


@jit
def _other_code(letter):
    """Code of the base on the other strand."""
    return 3 * (letter == 1) + 2 * (letter == 2) + (letter == 4) + 4 * _is_no_base(letter)


@jit
def _is_no_base(letter):
    return (letter != 1) & (letter != 2) & (letter != 4) & (letter != 8)


@jit
def _write_read(letters, scores, turned, code, qual):
    """Fill code, qual uint8[n] from letters uint8[(n+1)/2], two a byte, and scores uint8[n]; turned back if asked."""
    n = len(scores)
    for i in range(n):
        qual[i] = scores[i]
    if n and scores[0] == NO_QUALITY:
        qual[:] = 0
    if not turned:
        for i in range(n // 2):
            code[2 * i], code[2 * i + 1] = _code(letters[i] >> 4), _code(letters[i] & 15)
        if n & 1:
            code[n - 1] = _code(letters[n // 2] >> 4)
        return
    for i in range(n // 2):
        code[2 * i], code[2 * i + 1] = _other_code(letters[i] >> 4), _other_code(letters[i] & 15)
    if n & 1:
        code[n - 1] = _other_code(letters[n // 2] >> 4)
    reverse_in_place(code)
    reverse_in_place(qual)


@jit
def gather(text, pool, places):
    """The reads at `places` int64[R] as sequenced: codes, quals uint8[B], offsets int64[R+1], names likewise.

    A read without qualities has none above 0; the name `*` is no name.
    """
    offsets, name_offsets = np.zeros(len(places) + 1, np.int64), np.zeros(len(places) + 1, np.int64)
    for r in range(len(places)):
        source, at = (text, places[r] - TEXT) if places[r] >= TEXT else (pool, places[r])
        _, name, length, _, _, _ = _parts(source, at)
        if name == 1 and source[at + FIXED] == 42:
            name = 0
        offsets[r + 1], name_offsets[r + 1] = offsets[r] + length, name_offsets[r] + name
    codes, quals = np.empty(offsets[-1], np.uint8), np.empty(offsets[-1], np.uint8)
    names = np.empty(name_offsets[-1], np.uint8)
    for r in range(len(places)):
        source, at = (text, places[r] - TEXT) if places[r] >= TEXT else (pool, places[r])
        flag, _, n, bases, scores, _ = _parts(source, at)
        for i in range(name_offsets[r + 1] - name_offsets[r]):
            names[name_offsets[r] + i] = source[at + FIXED + i]
        letters, code = source[bases : bases + (n + 1) // 2], codes[offsets[r] : offsets[r + 1]]
        _write_read(letters, source[scores : scores + n], flag & REVERSE, code, quals[offsets[r] : offsets[r + 1]])
    return codes, quals, offsets, names, name_offsets
