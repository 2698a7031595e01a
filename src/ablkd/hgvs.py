"""Names of changes: `T315I`, `NM_005157.6:c.944C>T`, `p.(Thr315Ile)`, and their place in the genome.

Follows the HGVS nomenclature (hgvs-nomenclature.org): protein consequences are predictions and stand in
brackets; deletions and insertions are named at their most 3' place.
"""

from __future__ import annotations

import re

from ablkd.reference import Reference

BASES = "ACGT"
CODONS = [a + b + c for a in BASES for b in BASES for c in BASES]
AMINO_ACIDS = dict(zip(CODONS, "KNKNTTTTRSRSIIMIQHQHPPPPRRRRLLLLEDEDAAAAGGGGVVVV*Y*YSSSS*CWCLFLF", strict=True))
_NAMES = "Ala Cys Asp Glu Phe Gly His Ile Lys Leu Met Asn Pro Gln Arg Ser Thr Val Trp Tyr Ter"
THREE_LETTER = dict(zip("ACDEFGHIKLMNPQRSTVWY*", _NAMES.split(), strict=True))
COMPLEMENT = str.maketrans("ACGTNacgtn", "TGCANtgcan")


def translate(sequence: str) -> str:
    """Amino acids of whole codons, one letter each, `*` for stop (standard code)."""
    return "".join(AMINO_ACIDS[sequence[i : i + 3]] for i in range(0, len(sequence) - 2, 3))


def reverse_complement(sequence: str) -> str:
    """The other strand, 5' to 3'."""
    return sequence.translate(COMPLEMENT)[::-1]


def codon_name(codon: int, ref: str, alt: str) -> str:
    """`T315I`; `T315=` where the amino acid stays."""
    before, after = AMINO_ACIDS[ref], AMINO_ACIDS[alt]
    return f"{before}{codon}{'=' if before == after else after}"


def is_missense(name: str) -> bool:
    """Whether a name is of one amino acid that becomes another: `T315I`, not `T315=`, `Q252*` or `Y253del`."""
    return re.fullmatch(r"[A-Z]\d+[A-Z]", name) is not None


def codon_hgvs_p(codon: int, ref: str, alt: str) -> str:
    """`p.(Thr315Ile)`; `p.(Thr315=)` where the amino acid stays."""
    before, after = AMINO_ACIDS[ref], AMINO_ACIDS[alt]
    return f"p.({THREE_LETTER[before]}{codon}{'=' if before == after else THREE_LETTER[after]})"


def changed_span(ref: str, alt: str) -> tuple[int, int]:
    """Half-open span inside a codon from the first to the last base that differs."""
    different = [i for i in range(3) if ref[i] != alt[i]]
    return different[0], different[-1] + 1


def codon_hgvs_c(target: str, codon: int, ref: str, alt: str) -> str:
    """`NM_005157.6:c.944C>T`, or `c.944_945delinsTG` for several bases of the codon."""
    first, last = changed_span(ref, alt)
    start = 3 * codon - 2 + first
    if last - first == 1:
        return f"{target}:c.{start}{ref[first]}>{alt[first]}"
    return f"{target}:c.{start}_{start + last - first - 1}delins{alt[first:last]}"


CODON_CHANGE = re.compile(r"^(?:[^:]+:)?c\.(\d+)(?:_(\d+)delins([ACGT]+)|([ACGT])>([ACGT]))$")


def parse_codon_change(sequence: str, change: str) -> tuple[int, str]:
    """(codon, changed codon) of what `codon_hgvs_c` wrote. Raises ValueError for any other text."""
    match = CODON_CHANGE.match(change)
    if match is None:
        raise ValueError(f"{change} is not a change of one codon")
    start, bases = int(match[1]) - 1, match[3] or match[5]
    codon = start // 3
    if start + len(bases) > 3 * codon + 3 or (match[4] and sequence[start] != match[4]):
        raise ValueError(f"{change} is not a change of one codon of this sequence")
    changed = sequence[3 * codon : start] + bases + sequence[start + len(bases) : 3 * codon + 3]
    return codon + 1, changed


def codon_genome(reference: Reference, codon: int, ref: str, alt: str) -> str:
    """`chr9:130872896:C:T` of a codon change; empty where an intron splits the changed bases."""
    first, last = changed_span(ref, alt)
    start = 3 * codon - 2 + first
    place = reference.genome(start, start + last - first - 1)
    if place is None:
        return ""
    chromosome, position, _, strand = place
    before, after = ref[first:last], alt[first:last]
    if strand == "-":
        before, after = reverse_complement(before), reverse_complement(after)
    return f"{chromosome}:{position}:{before}:{after}"


INDEL = re.compile(r"^(?:[^:]+:)?c\.(\d+)(?:_(\d+))?(delins|del|dup|ins)([ACGTN]+|N\[\d+\])?$")


def indel_sizes(change: str) -> tuple[int, str]:
    """(deleted bases, inserted ones, each of a duplication as N) of what `indel_names` wrote; ValueError otherwise."""
    match = INDEL.match(change)
    if match is None:
        raise ValueError(f"{change} is no deletion or insertion")
    size, bases = int(match[2] or match[1]) - int(match[1]) + 1, match[4] or ""
    bases = "N" * int(bases[2:-1]) if "[" in bases else bases
    return {"del": (size, ""), "dup": (0, "N" * size), "ins": (0, bases), "delins": (size, bases)}[match[3]]


def shift_right(sequence: str, start: int, end: int) -> tuple[int, int]:
    """The most 3' place of a deletion of 0-based half-open [start, end) that leaves the same sequence."""
    while end < len(sequence) and sequence[start] == sequence[end]:
        start, end = start + 1, end + 1
    return start, end


def shift_insertion_right(sequence: str, position: int, inserted: str) -> tuple[int, str]:
    """The most 3' place of bases inserted before 0-based `position`, and the bases as they read there."""
    while position < len(sequence) and sequence[position] == inserted[0]:
        inserted, position = inserted[1:] + inserted[0], position + 1
    return position, inserted


def shift_indel_right(sequence: str, start: int, end: int, inserted: str) -> tuple[int, int, str]:
    """A pure deletion or insertion at its most 3' place; any other change as it is."""
    if not inserted:
        return *shift_right(sequence, start, end), ""
    if start == end:
        start, inserted = shift_insertion_right(sequence, start, inserted)
        end = start
    return start, end, inserted


def ambiguous_span(sequence: str, start: int, end: int, inserted: str) -> tuple[int, int]:
    """0-based half-open span of all places at which a change leaves the same sequence."""
    first, moved = start, inserted
    if not inserted:
        while first > 0 and sequence[first - 1] == sequence[end - start + first - 1]:
            first -= 1
    elif start == end:
        while first > 0 and sequence[first - 1] == moved[-1]:
            moved, first = moved[-1] + moved[:-1], first - 1
    return first, shift_indel_right(sequence, start, end, inserted)[1]


def bases_alike(sequence: str, start: int, end: int, inserted: str) -> tuple[int, int, int, int]:
    """(first, past, from_first, before_past): the span of `ambiguous_span`, and how many bases the sequences with and
    without the change have alike from `first` on, and before `past`.
    """
    first, past = ambiguous_span(sequence, start, end, inserted)
    old, new = sequence[first:past], sequence[first:start] + inserted
    behind, before = sequence[past:], sequence[:first]
    alike = (_common(old + behind, new + behind), _common((before + old)[::-1], (before + new)[::-1]))
    return first, past, *alike


def _common(one: str, other: str) -> int:
    """Bases at the beginning of two sequences that are the same."""
    shared = min(len(one), len(other))
    return next((i for i in range(shared) if one[i] != other[i]), shared)


def indel_names(reference: Reference, start: int, end: int, inserted: str) -> tuple[str, str, str]:
    """(name, hgvs_c, hgvs_p) of target bases [start, end) (0-based) replaced by `inserted`.

    A pure deletion or insertion is named at its most 3' place; a change of reading frame is named `fs`
    at the first residue that differs. Where bases of `inserted` are N, they could not be read: the place is the one
    given, and the protein is not named.
    """
    sequence, target = reference.sequence, reference.target.name
    if "N" in inserted:
        bases = f"N[{len(inserted)}]" if set(inserted) == {"N"} else inserted
        place = f"{start}_{start + 1}ins" if start == end else f"{start + 1}_{end}delins"
        return f"c.{place}{bases}", f"{target}:c.{place}{bases}", "p.?"
    start, end, inserted = shift_indel_right(sequence, start, end, inserted)
    if not inserted:
        change = f"c.{start + 1}del" if end - start == 1 else f"c.{start + 1}_{end}del"
    elif start == end:
        if sequence[start - len(inserted) : start] == inserted:
            first = start - len(inserted) + 1
            change = f"c.{first}dup" if len(inserted) == 1 else f"c.{first}_{start}dup"
        else:
            change = f"c.{start}_{start + 1}ins{inserted}"
    else:
        change = f"c.{start + 1}delins{inserted}" if end - start == 1 else f"c.{start + 1}_{end}delins{inserted}"
    before = translate(sequence)
    after = translate(sequence[:start] + inserted + sequence[end:])
    name, protein = _protein_names(before, after, (len(inserted) - (end - start)) % 3 != 0)
    return name, f"{target}:{change}", f"p.({protein})"


def _protein_names(before: str, after: str, frameshift: bool) -> tuple[str, str]:
    """(short name, HGVS text without brackets) of the first difference between two proteins."""
    if before == after:
        return "=", "="
    first = next(i for i in range(min(len(before), len(after))) if before[i] != after[i])
    if after[first] == "*":
        return f"{before[first]}{first + 1}*", f"{THREE_LETTER[before[first]]}{first + 1}Ter"
    if frameshift:
        return f"{before[first]}{first + 1}fs", f"{THREE_LETTER[before[first]]}{first + 1}fs"
    tail = 0
    while tail < min(len(before), len(after)) - first and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    gone, new = before[first : len(before) - tail], after[first : len(after) - tail]
    if not gone:
        left, right = before[first - 1], before[first]
        span = f"{left}{first}_{right}{first + 1}"
        long_span = f"{THREE_LETTER[left]}{first}_{THREE_LETTER[right]}{first + 1}"
        return f"{span}ins{new}", f"{long_span}ins{''.join(THREE_LETTER[a] for a in new)}"
    last = first + len(gone) - 1
    span, long_span = f"{gone[0]}{first + 1}", f"{THREE_LETTER[gone[0]]}{first + 1}"
    if len(gone) > 1:
        span += f"_{gone[-1]}{last + 1}"
        long_span += f"_{THREE_LETTER[gone[-1]]}{last + 1}"
    ending = f"delins{new}" if new else "del"
    long_ending = f"delins{''.join(THREE_LETTER[a] for a in new)}" if new else "del"
    return span + ending, long_span + long_ending
