"""What reads say of a candidate: the alignment against enumeration, verdicts against the molecule that was read."""

from __future__ import annotations

import numpy as np
import pytest
from numba import config
from pair_oracle import DELETION, INSERTION, MATCH, best_by_enumeration

from ablkd.alignment.kept import KeptReads
from ablkd.alignment.scores import allele, score_fragments
from ablkd.kernels import alleles
from ablkd.kernels.alleles import HAS, HAS_NOT, LEFT, RIGHT, UNTOLD
from ablkd.reference import encode

SMALL = bool(config.DISABLE_JIT)
RNG = np.random.default_rng(5)
TARGET = "".join("ACGT"[base] for base in RNG.integers(0, 4, 400))
BOTH = LEFT | RIGHT


@pytest.mark.parametrize("is_open", [False, True])
@pytest.mark.parametrize("step", [1, -1])
def test_the_likelihood_is_that_of_enumeration(step, is_open):
    """Random reads and alleles of up to eight bases, read in either direction, with a fixed and with a free end."""
    rng = np.random.default_rng(17)
    rows = np.empty((2, 3, alleles.LONGEST + 2))
    for _ in range(10 if SMALL else 150):
        n, m = (int(x) for x in rng.integers(2, 9, 2))
        read, hap = (rng.integers(0, 3, size).astype(np.uint8) for size in (n, m))
        quals, gaps = rng.integers(5, 40, n).astype(np.uint8), np.log(rng.uniform(0.001, 0.3, m))
        single = float(np.log(0.01))
        begin = (0, 0) if step > 0 else (n - 1, m - 1)
        found = alleles._viterbi(read, quals, begin[0], step, n, hap, gaps, begin[1], m, is_open, single, 1e-3, rows)
        error = np.maximum(1e-3, 10 ** (-0.1 * quals.astype(float)))[::step]
        hit, miss = np.log(1 - error), np.log(error / 3)
        ends = (MATCH, INSERTION) if is_open else (MATCH, INSERTION, DELETION)
        best = best_by_enumeration(
            tuple(read[::step]), hit, miss, tuple(hap[::step]), gaps[::step], single, ends, is_open
        )
        assert found == pytest.approx(best, abs=1e-9)


def kept(*reads: tuple[str, list[int]]) -> KeptReads:
    """Reads of quality 35 with their nodes (-2 not aligned), a fragment each."""
    codes = encode("".join(bases for bases, _ in reads))
    nodes = np.array([node for _, laid in reads for node in laid], np.int16)
    offsets = np.cumsum([0, *(len(bases) for bases, _ in reads)], dtype=np.int64)
    return KeptReads(codes, np.full(len(codes), 35, np.uint8), nodes, offsets, np.arange(len(reads)))


def told(platform, change, *reads):
    """(HAS, HAS_NOT or UNTOLD, sides) of each read."""
    rows = score_fragments(kept(*reads), [change], TARGET, platform)
    return [(int(has), int(sides)) for _, _, has, sides in rows]


COPY = TARGET[150:186]
DUPLICATED = TARGET[:186] + COPY + TARGET[186:]


def of_molecule(first: int, past: int, aligned: str) -> tuple[str, list[int]]:
    """Bases [first, past) of the molecule with the duplication, aligned left of it, right of it, or on neither side."""
    bases = DUPLICATED[first:past]
    places = [p if p < 186 else p - 36 for p in range(first, past)]
    kept_part = [p < 186 if aligned == "left" else p >= 222 for p in range(first, past)]
    return bases, [place if good else -2 for place, good in zip(places, kept_part, strict=True)]


def test_a_duplication_is_told_from_either_side(reference):
    """Read over the left border and into the second copy, from inside the first copy over the right border, and over
    all of it, with the clipped part on either side."""
    platform = reference.platform("illumina")
    change = (186, 186, COPY)
    assert told(platform, change, of_molecule(100, 200, "left")) == [(HAS, LEFT)]
    assert told(platform, change, of_molecule(172, 272, "right")) == [(HAS, RIGHT)]
    assert told(platform, change, of_molecule(120, 250, "left")) == [(HAS, BOTH)]
    assert told(platform, change, of_molecule(120, 250, "right")) == [(HAS, BOTH)]


def test_reads_that_reach_neither_end_tell_nothing(reference):
    """From inside the second copy to the right, and as far as four bases into it from the left."""
    platform = reference.platform("illumina")
    change = (186, 186, COPY)
    assert told(platform, change, of_molecule(190, 290, "right")) in ([], [(UNTOLD, 0)])
    assert told(platform, change, of_molecule(110, 190, "left")) == [(UNTOLD, 0)]


def test_a_read_without_the_duplication_has_it_not(reference):
    platform = reference.platform("illumina")
    laid = list(range(120, 220))
    assert told(platform, (186, 186, COPY), (TARGET[120:220], laid)) == [(HAS_NOT, BOTH)]
    # One base was left out elsewhere.
    assert told(platform, (186, 186, COPY), (TARGET[120:140] + TARGET[141:220], laid[:20] + laid[21:])) == [
        (HAS_NOT, BOTH)
    ]


def test_a_noisy_read_still_tells(reference):
    """Of whole nanopore reads with 6 % errors at least nine of ten tell, and none of 200 tells wrongly."""
    rng = np.random.default_rng(23)
    platform = reference.platform("ont")
    change = (186, 186, COPY)
    wrong = right = 0
    for has in [HAS, HAS_NOT] * (3 if SMALL else 100):
        molecule = DUPLICATED if has == HAS else TARGET
        bases, nodes = noisy(molecule[:300], has == HAS, rng)
        ((found, _),) = told(platform, change, (bases, nodes))
        right += found == has
        wrong += found == (HAS_NOT if has == HAS else HAS)
    assert wrong == 0
    assert right >= (5 if SMALL else 180)


def noisy(molecule: str, has: bool, rng: np.random.Generator) -> tuple[str, list[int]]:
    """A read with 2 % of each error, and the places of its bases; those of the second copy are inserted."""
    bases, nodes = "", []
    for p, base in enumerate(molecule):
        node = p if not has or p < 186 else -1 if p < 222 else p - 36
        kind = rng.random()
        if kind < 0.02:
            continue
        bases += base if kind > 0.04 else "ACGT"[rng.integers(4)]
        nodes.append(node)
        if 0.04 < kind < 0.06:
            bases += "ACGT"[rng.integers(4)]
            nodes.append(-1)
    return bases, nodes


def test_an_allele_knows_all_its_places():
    """A deletion in a repeat of three can stand at four places, and both alleles are alike until past the repeat."""
    target = "GATTACAGGCTTACGTACC" + "CAT" * 4 + "GGTCAATGCCGTAGAC"
    one = allele(target, (28, 31, ""))
    assert (one.a, one.b) == (19, 31)
    assert one.equal_left == 9
    assert one.sequences[0].replace("CAT" * 4, "CAT" * 3) == one.sequences[1]


def test_mates_that_contradict_each_other_tell_nothing(reference):
    """The first mate has the duplication, the second covers its place without it."""
    platform, change = reference.platform("illumina"), (186, 186, COPY)
    laid = list(range(120, 220))
    both = kept(of_molecule(120, 250, "left"), (TARGET[120:140] + TARGET[141:220], laid[:20] + laid[21:]))
    of_one = both._replace(fragment=np.zeros(2, np.int64))
    assert score_fragments(of_one, [change], TARGET, platform).tolist() == [[0, 0, UNTOLD, 0]]


def test_of_two_candidates_at_one_place_a_read_has_the_likelier(reference):
    """A duplication of 36 bases beside one of its last 30."""
    candidates = [(186, 186, COPY[6:]), (186, 186, COPY)]
    rows = score_fragments(kept(of_molecule(120, 250, "left")), candidates, TARGET, reference.platform("illumina"))
    assert rows[:, :3].tolist() == [[0, 0, HAS_NOT], [0, 1, HAS]]


def test_a_read_with_a_long_gap_beside_a_change_tells_nothing(reference):
    """Aligned up to base 100 and from base 190 on: it lacks the place of an insertion at 180."""
    bases, nodes = TARGET[40:100] + TARGET[190:260], [*range(40, 100), *range(190, 260)]
    inserted = TARGET[96:100]
    assert told(reference.platform("ont"), (180, 180, inserted), (bases, nodes)) == [(UNTOLD, 0)]
