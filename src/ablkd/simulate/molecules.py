"""Haplotype names -> cDNA molecules, and the stretch of each that a primer pair copies.

All molecules share one axis, the 0-based position on the target transcript; bases of the fusion partner
lie before the target's first base of that fusion, if need be at negative positions. Bases that an isoform
inserts have no place on the axis.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ablkd.errors import InputError
from ablkd.hgvs import changed_span
from ablkd.records import Amplicon, Mutation, Polymorphism, Transcript
from ablkd.reference import Reference, encode

UNMUTATED = "unmutated"
UNRELATED = "unrelated"
UNRELATED_LENGTH = 1500
NOWHERE = np.iinfo(np.int32).min
FREE_NAME = re.compile(r"c\.(\d+)(?:_(\d+))?(?:([ACGT])>([ACGT])|(del)(?:ins([ACGT]+))?|ins([ACGT]+))$")

# METHOD: a primer binds where at most this many of its bases differ, and the copies then carry the primer's
# own bases; so a mutation under a primer is lost and a molecule without the primer's place is not amplified.
PRIMER_MISMATCHES = 2


@dataclass(frozen=True, order=True)
class Edit:
    """Bases [start, end) of the axis are replaced by `inserted`; `name` as people write it."""

    start: int
    end: int
    inserted: str
    name: str


@dataclass(frozen=True, eq=False)
class Molecule:
    """A cDNA: codes uint8[n] and the axis position int32[n] of each base (`NOWHERE` where inserted)."""

    fusion: str
    edits: tuple[Edit, ...]
    codes: NDArray[np.uint8]
    axis: NDArray[np.int32]

    @property
    def haplotype(self) -> str:
        """Names joined by `+` in transcript order; `unmutated` (or `unrelated`) without any."""
        if self.fusion == "":
            return UNRELATED
        return "+".join(edit.name for edit in self.edits) or UNMUTATED


@dataclass(frozen=True, eq=False)
class Product:
    """What a primer pair copies of a molecule: codes uint8[n], axis int32[n].

    The first `left` and last `right` bases are the primers' own.
    """

    molecule: Molecule
    codes: NDArray[np.uint8]
    axis: NDArray[np.int32]
    left: int
    right: int

    @cached_property
    def copied(self) -> NDArray[np.bool_]:
        """bool[n]: bases that come from the molecule, not from a primer, and lie on the axis."""
        inside = self.axis != NOWHERE
        inside[: self.left] = False
        inside[len(inside) - self.right :] = False
        return inside


def parse_haplotype(reference: Reference, text: str) -> tuple[Edit, ...]:
    """`exon2_skipping+A123V` or `c.123A>G` -> edits in transcript order.

    Names are looked up among splice events, then catalogue mutations (the first row where several
    nucleotide changes share a name), then polymorphisms.

    Raises
    ------
    InputError
        For an unknown name, a wrong reference base, or changes that lie within one another.
    """
    if text == UNMUTATED:
        return ()
    edits = sorted(_edit(reference, name.strip()) for name in text.split("+"))
    for one, other in zip(edits, edits[1:], strict=False):
        if other.start < one.end or one.start == other.start:
            raise InputError(f"{other.name} lies within {one.name} (a molecule cannot have both)")
    return tuple(edits)


def _edit(reference: Reference, name: str) -> Edit:
    for event in reference.splicing:
        if event.event == name:
            if event.kind == "skip":
                return Edit(event.start - 1, event.end, "", name)
            return Edit(event.start, event.start, event.inserted_sequence, name)
    rows: tuple[Mutation | Polymorphism, ...] = (*reference.mutations, *reference.polymorphisms)
    for row in rows:
        if row.name == name:
            first, last = changed_span(row.ref_codon, row.alt_codon)
            start = 3 * row.codon - 3
            return Edit(start + first, start + last, row.alt_codon[first:last], name)
    return _free_edit(reference, name)


def _free_edit(reference: Reference, name: str) -> Edit:
    found = FREE_NAME.match(name)
    if not found:
        raise InputError(f"haplotype name '{name}' is not known (write a catalogue name or c.123A>G)")
    first, last, before, after, deleted, replaced, inserted = found.groups()
    start, end = int(first) - 1, int(last or first)
    if not 0 <= start < end <= len(reference.sequence):
        raise InputError(f"{name} lies outside the transcript of {len(reference.sequence)} bases")
    if before and (last or reference.sequence[start] != before):
        raise InputError(f"{name}: the transcript has {reference.sequence[start]} there (correct the name)")
    if inserted:
        return Edit(start + 1, start + 1, inserted, name)
    return Edit(start, end, (replaced or "") if deleted else after, name)


def transcript_named(reference: Reference, name: str) -> Transcript:
    """The row of transcripts.tsv. Raises InputError for an unknown name."""
    for transcript in reference.transcripts:
        if transcript.name == name:
            return transcript
    known = ", ".join(t.name for t in reference.transcripts)
    raise InputError(f"transcript '{name}' is not known (known: {known})")


def build_molecule(reference: Reference, fusion: str, edits: tuple[Edit, ...]) -> Molecule:
    """The cDNA of `fusion` with `edits`. Raises InputError where the fusion lacks the bases to edit."""
    transcript = transcript_named(reference, fusion)
    codes = encode(reference.sequences[fusion])
    first = transcript.target_start - 1
    origin = first - transcript.partner_length
    axis = np.arange(origin, origin + len(codes), dtype=np.int32)
    for edit in sorted(edits, reverse=True):
        if edit.start < first or edit.end > transcript.target_end:
            raise InputError(f"{edit.name} lies outside {fusion} (choose another fusion)")
        inserted = encode(edit.inserted)
        places = np.full(len(inserted), NOWHERE, np.int32)
        if len(inserted) == edit.end - edit.start:
            places = axis[edit.start - origin : edit.end - origin]
        codes = np.concatenate((codes[: edit.start - origin], inserted, codes[edit.end - origin :]))
        axis = np.concatenate((axis[: edit.start - origin], places, axis[edit.end - origin :]))
    return Molecule(fusion, tuple(sorted(edits)), codes, axis)


def unrelated_molecule(rng: np.random.Generator) -> Molecule:
    """A molecule of random bases, for what a no-template control picks up."""
    codes = rng.integers(0, 4, UNRELATED_LENGTH).astype(np.uint8)
    return Molecule("", (), codes, np.arange(UNRELATED_LENGTH, dtype=np.int32))


def amplify(reference: Reference, molecule: Molecule, amplicon: Amplicon | None) -> Product | None:
    """What the amplicon's primers copy of a molecule; all of it without primers; None where one cannot bind.

    The primers' bases are those of the amplicon's own transcript, so they bind any fusion that holds them.
    """
    if amplicon is None or molecule.fusion == "":
        return Product(molecule, molecule.codes, molecule.axis, 0, 0)
    template = encode(reference.sequences[amplicon.transcript])
    forward = template[amplicon.forward_start - 1 : amplicon.forward_end]
    reverse = template[amplicon.reverse_start - 1 : amplicon.reverse_end]
    start, last = _binding_site(molecule.codes, forward), _binding_site(molecule.codes, reverse)
    if start is None or last is None or last < start + len(forward):
        return None
    end = last + len(reverse)
    codes = np.concatenate((forward, molecule.codes[start + len(forward) : last], reverse))
    return Product(molecule, codes, molecule.axis[start:end], len(forward), len(reverse))


def _binding_site(codes: NDArray[np.uint8], primer: NDArray[np.uint8]) -> int | None:
    """Index of the place that differs least from the primer; None where every place differs too much."""
    if len(codes) < len(primer):
        return None
    windows = np.lib.stride_tricks.sliding_window_view(codes, len(primer))
    mismatches = (windows != primer).sum(axis=1)
    best = int(mismatches.argmin())
    return best if mismatches[best] <= PRIMER_MISMATCHES else None
