"""Which insertions and deletions could have been seen: limits of detection by class and exon, and of those listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from ablkd import hgvs
from ablkd.background.allele import Background, ErrorRate
from ablkd.background.expected import Expected
from ablkd.background.indels import COPIES, LENGTHS, SHORTEST, possible_indels
from ablkd.calling.limits import Limit
from ablkd.counting.counts import Indel
from ablkd.counting.reach import MARGIN, reach_of
from ablkd.counting.tally import Tally
from ablkd.fragments import Fragments
from ablkd.kernels.departures import LONGEST_INSERTION
from ablkd.records import QcMetric
from ablkd.reference import Reference
from ablkd.verdicts.coverage import Site, indel_class_site
from ablkd.verdicts.thresholds import INDEL_LIMIT_LENGTH, MIN_ALT_FRAGMENTS, MIN_DEPTH
from ablkd.verdicts.variants import FRAMESHIFTS, IN_FRAME_DELETIONS, IN_FRAME_INSERTIONS, Variant, indel_class

# METHOD: an insertion is read as a whole where 20 bases of the target on either side of it fit into the read too. One
# read in twenty is this long or longer.
ANCHOR, LONG_READS = 20, 0.95


@dataclass(frozen=True, eq=False)
class IndelTest:
    """What decides whether an indel is called: its error rate and its level."""

    indel: Indel
    error: ErrorRate
    alpha: float

    def needed(self, n: int, background: Background, least: int = MIN_ALT_FRAGMENTS) -> int:
        """Smallest count of at least `least` that is called at n fragments."""
        return background.threshold(n, self.error, self.alpha, least)

    def contaminated(self, expected: Expected) -> bool:
        """Whether the indel contaminates a control of the run."""
        return expected.indels.contaminated(self.indel) > 0

    def without_controls(self, expected: Expected) -> ErrorRate:
        """The rate as if the run had no wild-type control."""
        return expected.indels.rate(self.indel, use_controls=False)


def indel_site(limit: Limit, variant: Variant, test: IndelTest, depth: int) -> Site:
    """The site of an indel that was seen."""
    lod95, worst = limit.worst(depth, [test])
    cause = partial(limit.cause, worst)
    return Site("indel", variant.name, variant.hgvs_c, variant.codon, depth, lod95, "", cause)


def class_sites(limit: Limit, tally: Tally, alpha: float) -> list[Site]:
    """In-frame insertions, in-frame deletions and frameshifts of every exon within the catalogue's range, each with the
    limit of detection of its worst place at the exon's lowest depth. Of an exon that a primer covers in part, the rest.

    METHOD: worst are the place and kind with the highest mean rate, and the indel that the controls show most often.
    """
    reference = limit.expected.reference
    low, high = _between_primers(tally, reference)
    regions = _regions(reference)
    sites = []
    for (exon, first, past), depth in zip(regions, _lowest_depths(tally, reference, regions), strict=True):
        lowest, gap = depth, "not_covered" if not depth else "depth" if depth < MIN_DEPTH else ""
        if first < high and low < past:
            first, past = max(first, low), min(past, high)
        else:
            lowest, gap = 0, "primer" if tally.masked[first // 3 : (past + 2) // 3].any() else "not_covered"
        for label in (IN_FRAME_INSERTIONS, IN_FRAME_DELETIONS, FRAMESHIFTS):
            worst_indels = _worst(limit.expected, label, first, past)
            tests = [IndelTest(indel, limit.expected.indels.rate(indel), alpha) for indel in worst_indels]
            lod95, worst = limit.worst(lowest, tests) if lowest else (None, tests[0])
            cause = partial(limit.cause, worst)
            sites.append(indel_class_site(label, exon, (first + 2) // 3 + 1, lowest, lod95, gap, cause))
    return sites


def longest_insertion(sample: str, fragments: Fragments) -> list[QcMetric]:
    """The qc row of the longest insertion that reads show as a whole; none without fragments."""
    longest = _longest_insertion(fragments)
    if longest is None:
        return []
    spanned = f"fewer than one read in twenty spans them with {ANCHOR} bases on either side"
    note = (
        f"limits of detection hold for insertions and deletions of up to {min(INDEL_LIMIT_LENGTH, longest)} nt; "
        f"insertions longer than {longest} nt were not assessed: "
        + (spanned if longest < LONGEST_INSERTION else "they are not searched for")
    )
    return [QcMetric(sample, "longest_insertion", str(longest), "nt", "", "pass", note)]


@lru_cache(maxsize=1)
def _longest_insertion(fragments: Fragments) -> int | None:
    spans = np.concatenate([span[span[:, 1] > 0] for span in (fragments.forward, fragments.reverse)])
    if not len(spans):
        return None
    reach = int(np.quantile(spans[:, 1] - spans[:, 0], LONG_READS))
    return min(max(0, reach - 2 * ANCHOR), LONGEST_INSERTION)


def _between_primers(tally: Tally, reference: Reference) -> tuple[int, int]:
    """Target bases [first, past) between the outer primers of the sample's tiles; all where no amplicon is known."""
    spans = tally.primers[tally.products]
    if not len(spans):
        return 0, len(reference.sequence)
    return int(spans[:, 1].min()), int(np.where(spans[:, 2] > 0, spans[:, 2], len(reference.sequence)).max())


def _lowest_depths(tally: Tally, reference: Reference, regions: Sequence[tuple[str, int, int]]) -> list[int]:
    """The fewest fragments that could show an indel of up to INDEL_LIMIT_LENGTH bases anywhere in each region.

    METHOD: a duplication or deletion can stand anywhere within its own length, so a read must cover this and the
    margins. Shorter ones need fewer bases and have at least that many fragments. Where reads are too short for that
    length, it is the longest insertion that they span. Nothing can stand in a primer.
    """
    length = min(INDEL_LIMIT_LENGTH, _longest_insertion(tally.fragments) or 0)
    # Where the places of an indel end that begins or ends in the region; one window for three, to save time.
    ends = [np.arange(first, past + length, 3) for _, first, past in regions]
    places = np.concatenate([*ends, np.zeros(0, np.int64)]).astype(np.int64)
    # A window that would reach into a primer lies beside it, as wide as the others, which are counted together.
    low, high = _between_primers(tally, reference)
    first = np.clip(places - length, low, max(low, high - length - 2))
    past = np.minimum(first + length + 2, high)
    depths = reach_of(tally.fragments, reference).depth(first - MARGIN, past + MARGIN)
    return [int(part.min()) for part in np.split(depths, np.cumsum([len(part) for part in ends])[:-1]) if len(part)]


def _regions(reference: Reference) -> list[tuple[str, int, int]]:
    """(exon, first, past) of the exons within the catalogue's range, 0-based; all is one where none is known."""
    listed = [m.codon for m in reference.mutations]
    if not listed:
        return []
    low, high = 3 * min(listed) - 3, 3 * max(listed)
    exons = [(exon.exon, max(low, exon.start - 1), min(high, exon.end)) for exon in reference.exons]
    return [region for region in exons if region[1] < region[2]] or [("", low, high)]


def _worst(expected: Expected, label: str, first: int, past: int) -> list[Indel]:
    """The indels of a class that errors are expected to make most often in a region, the last one as controls show."""
    kinds, places, _ = possible_indels(expected.reference)
    here = (first <= places) & (places < past) & _of_class(kinds, label)
    means = np.where(here, expected.run.indel_means[kinds], -1.0)
    at = int(np.argmax(means))
    found = [_example(expected.reference.sequence, int(kinds[at]), int(places[at]))]
    shown = (i for i in expected.indels.in_controls if first <= i[0] < past and indel_class(i[1] - i[0], i[2]) == label)
    return [*found, *islice(shown, 1)]


def _example(sequence: str, kind: int, place: int) -> Indel:
    """The shortest indel of a kind at a place."""
    length, copies = int(SHORTEST[kind // COPIES % LENGTHS]), kind % COPIES
    if kind < COPIES * LENGTHS:
        return place, place + length, ""
    unit = 1 if length % 2 or sequence[place - 1] == sequence[place - 2] else 2
    other = next(base for base in hgvs.BASES if base not in sequence[max(0, place - 1) : place + 1])
    return place, place, sequence[place - unit : place] * (length // unit) if copies else other * length


def _of_class(kinds: NDArray[np.int64], label: str) -> NDArray[np.bool_]:
    length, insertion = kinds // COPIES % LENGTHS, kinds // (COPIES * LENGTHS) == 1
    if label == FRAMESHIFTS:
        return SHORTEST[length] != 3
    return (SHORTEST[length] == 3) & (insertion == (label == IN_FRAME_INSERTIONS))
