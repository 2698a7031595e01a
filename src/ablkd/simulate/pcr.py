"""Template molecules -> the molecules that are read, with the errors and switches they share by descent.

The tree of a PCR is never grown forwards. Each molecule to be read is a leaf: its template and, for every
cycle, whether its lineage passed through the new strand of that cycle. Leaves with the same beginning share
that ancestor: an error of RT or of an early cycle is drawn once per ancestor and reaches all of its leaves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablkd.records import Amplicon
from ablkd.reference import Reference
from ablkd.simulate.molecules import NOWHERE, Molecule, Product, amplify, build_molecule, transcript_named
from ablkd.simulate.truth import TruthRow

# METHOD: a strand is copied with this probability in each cycle. A branching process then has family sizes of
# squared variation (1 - e) / (1 + e) = 0.25, drawn per template as a gamma; inside a family shares are even.
EFFICIENCY = 0.6
COPIED = EFFICIENCY / (1 + EFFICIENCY)
FAMILY_SHAPE = (1 + EFFICIENCY) / (1 - EFFICIENCY)

# METHOD: this share of all errors are transitions; either transversion has half of the rest.
TRANSITIONS = 0.6

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Errors:
    """Wrong bases: `owner` int64[E] (template or molecule), `axis` int32[E], `shift` uint8[E].

    The shift is added to the base code (A 0, C 1, G 2, T 3) modulo 4; 2 is a transition.
    """

    owner: Ints
    axis: NDArray[np.int32]
    shift: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Templates:
    """cDNA molecules T of a tube: `haplotype` int64[T] (index of the tube's molecules), `family` float64[T]
    (relative family size) and the RT errors, whose owner is the template."""

    haplotype: Ints
    family: NDArray[np.float64]
    errors: Errors


class Products:
    """The distinct products of one primer pair; those that template switching makes are added as they arise.

    `products` holds None where a primer cannot bind.
    """

    def __init__(self, reference: Reference, molecules: list[Molecule], amplicon: Amplicon | None) -> None:
        self.reference = reference
        self.amplicon = amplicon
        self.molecules = list(molecules)
        self.products = [amplify(reference, molecule, amplicon) for molecule in molecules]
        self._known = {(m.fusion, m.edits): index for index, m in enumerate(molecules)}

    @property
    def longest(self) -> int:
        """Bases of the longest product; 0 where there is none."""
        return max((len(p.codes) for p in self.products if p is not None), default=0)

    @property
    def span(self) -> tuple[int, int]:
        """Half-open range of axis positions that any product has; (0, 0) where there is no product."""
        axes = [p.axis[p.axis != NOWHERE] for p in self.products if p is not None]
        return (min(int(a[0]) for a in axes), max(int(a[-1]) for a in axes) + 1) if axes else (0, 0)

    def switch(self, left: int, right: int, position: int) -> int:
        """Index of the product with `left` before axis `position` and `right` from there on.

        METHOD: strands switch only where both molecules have the bases, never inside a skipped or inserted
        stretch nor between the partner genes of different fusions; `left` is returned then.
        """
        one, other = self.molecules[left], self.molecules[right]
        if "" in (one.fusion, other.fusion):
            return left
        if any(e.start < position < e.end for e in (*one.edits, *other.edits)):
            return left
        ends = [transcript_named(self.reference, m.fusion) for m in (one, other)]
        if one.fusion != other.fusion and position < max(t.target_start - 1 for t in ends):
            return left
        edits = tuple(e for e in one.edits if e.start < position)
        edits += tuple(e for e in other.edits if position <= e.start and e.end <= ends[0].target_end)
        key = (one.fusion, edits)
        if key not in self._known:
            molecule = build_molecule(self.reference, one.fusion, edits)
            self._known[key] = len(self.molecules)
            self.molecules.append(molecule)
            self.products.append(amplify(self.reference, molecule, self.amplicon))
        made = self._known[key]
        return left if self.products[made] is None else made


@dataclass(frozen=True, eq=False)
class Pool:
    """The N molecules to be read: `product` int64[N] (index of products) and their errors, by owner."""

    products: list[Product | None]
    product: Ints
    errors: Errors


def draw_shifts(rng: np.random.Generator, count: int) -> NDArray[np.uint8]:
    """Which wrong base: uint8[count] of 1, 2 (transition) or 3."""
    draws = rng.random(count)
    other = np.where(draws < (1 + TRANSITIONS) / 2, 1, 3)
    return np.where(draws < TRANSITIONS, 2, other).astype(np.uint8)


def draw_templates(
    molecules: list[Molecule], fractions: tuple[float, ...], settings: TruthRow, rng: np.random.Generator
) -> Templates:
    """The molecules that enter the PCR, drawn by haplotype, with errors of RT at `rt_error` per base."""
    counts = rng.multinomial(settings.template_molecules, np.array(fractions) / sum(fractions))
    haplotype = np.repeat(np.arange(len(molecules)), counts)
    family = rng.gamma(FAMILY_SHAPE, 1 / FAMILY_SHAPE, len(haplotype))
    owners, places = [], []
    for index, molecule in enumerate(molecules):
        members = np.flatnonzero(haplotype == index)
        number = rng.poisson(settings.rt_error * len(molecule.codes) * len(members))
        owners.append(rng.choice(members, number) if number else np.zeros(0, np.int64))
        places.append(rng.choice(molecule.axis, number))
    axis = np.concatenate(places)
    return Templates(haplotype, family, Errors(np.concatenate(owners), axis, draw_shifts(rng, len(axis))))


def amplified_shares(templates: Templates, products: Products, length_bias: float) -> NDArray[np.float64]:
    """Share of each template in the final product, float64[T], adding up to 1 (all 0: nothing amplifies).

    `length_bias` is the factor by which a share grows per 100 bases that a product is shorter.
    """
    lengths = np.array([0 if p is None else len(p.codes) for p in products.products])
    weights = np.where(lengths > 0, float(length_bias) ** ((lengths.max(initial=0) - lengths) / 100), 0.0)
    shares = templates.family * weights[templates.haplotype]
    total = shares.sum()
    return shares / total if total > 0 else shares


def draw_pool(
    templates: Templates, products: Products, number: int, settings: TruthRow, rng: np.random.Generator
) -> Pool:
    """The molecules of one PCR that are read, in no order; none where nothing amplifies."""
    shares = amplified_shares(templates, products, settings.length_bias)
    if number == 0 or not shares.any():
        nothing = np.zeros(0, np.int64)
        return Pool(products.products, nothing, Errors(nothing, nothing.astype(np.int32), nothing.astype(np.uint8)))
    template = np.searchsorted(np.cumsum(shares), rng.random(number) * shares.sum(), side="right")
    template = np.minimum(template, np.flatnonzero(shares)[-1])
    leaf = template.astype(np.int64)
    for _ in range(settings.cycles):
        leaf = 2 * leaf + (rng.random(number) < COPIED)
    order = np.argsort(leaf, kind="stable")
    leaf = leaf[order]
    product = templates.haplotype[leaf >> settings.cycles]
    errors = [_inherited(templates.errors, leaf >> settings.cycles)]
    for cycle in range(1, settings.cycles + 1):
        first, end = _new_strands(leaf >> (settings.cycles - cycle))
        product = _switch_strands(products, product, first, end, settings, rng)
        errors.append(_new_errors(products.span, first, end, settings.pcr_error, rng))
    owner = order[np.concatenate([e.owner for e in errors])]
    by_owner = np.argsort(owner, kind="stable")
    shuffled = np.empty_like(product)
    shuffled[order] = product
    axis = np.concatenate([e.axis for e in errors])
    shift = np.concatenate([e.shift for e in errors])
    return Pool(products.products, shuffled, Errors(owner[by_owner], axis[by_owner], shift[by_owner]))


def _new_strands(node: Ints) -> tuple[Ints, Ints]:
    """Half-open ranges of leaves below each strand that was made in this cycle; `node` int64[N] is sorted."""
    first = np.flatnonzero(np.diff(node, prepend=-1))
    end = np.append(first[1:], len(node))
    new = node[first] % 2 == 1
    return first[new], end[new]


def _members(first: Ints, end: Ints) -> tuple[Ints, Ints]:
    """(range number, member) of all members of half-open ranges."""
    counts = end - first
    which = np.repeat(np.arange(len(first)), counts)
    return which, np.arange(counts.sum()) + (first - (np.cumsum(counts) - counts))[which]


def _inherited(errors: Errors, template: Ints) -> Errors:
    """The templates' errors, handed down to the leaves; `template` int64[N] is sorted."""
    first = np.searchsorted(template, errors.owner, side="left")
    which, leaf = _members(first, np.searchsorted(template, errors.owner, side="right"))
    return Errors(leaf, errors.axis[which], errors.shift[which])


def _new_errors(span: tuple[int, int], first: Ints, end: Ints, rate: float, rng: np.random.Generator) -> Errors:
    """Errors of one cycle, one draw per new strand, handed down to its leaves."""
    number = rng.poisson(rate * (span[1] - span[0]) * len(first))
    strand = rng.integers(0, max(len(first), 1), number)
    axis = rng.integers(span[0], max(span[1], span[0] + 1), number).astype(np.int32)
    shift = draw_shifts(rng, number)
    which, leaf = _members(first[strand], end[strand])
    return Errors(leaf, axis[which], shift[which])


def _switch_strands(
    products: Products, product: Ints, first: Ints, end: Ints, settings: TruthRow, rng: np.random.Generator
) -> Ints:
    """Products after the template switches of one cycle.

    METHOD: a new strand switches at `recombination` / (expected copies in a lineage) per base, to a strand
    drawn from the molecules that are read, as they were before this cycle. The switched strand keeps the RT
    and PCR errors of its first parent: each site keeps its error frequency and clone sizes, only which errors
    travel together on a recombinant is approximate. A lineage then switches between two sites d apart with
    probability 1 - exp(-recombination * d), as in Geiringer's formula.
    """
    span = products.span
    rate = settings.recombination / (settings.cycles * COPIED)
    strand = np.repeat(np.arange(len(first)), rng.poisson(rate * (span[1] - span[0]), len(first)))
    position = rng.integers(span[0], max(span[1], span[0] + 1), len(strand))
    # A strand's switches in order along it: a later one must not undo an earlier one.
    position = position[np.lexsort((position, strand))]
    partner = product[rng.integers(0, len(product), len(strand))]
    turn = np.arange(len(strand)) - np.searchsorted(strand, strand)
    after = product.copy()
    for now in range(int(turn.max(initial=-1)) + 1):
        chosen = np.flatnonzero(turn == now)
        left = after[first[strand[chosen]]]
        chosen, left = chosen[left != partner[chosen]], left[left != partner[chosen]]
        keys = zip(left.tolist(), partner[chosen].tolist(), position[chosen].tolist(), strict=True)
        made = np.array([products.switch(*key) for key in keys], np.int64)
        which, leaf = _members(first[strand[chosen]], end[strand[chosen]])
        after[leaf] = made[which]
    return after
