"""From files of reads to what is counted of insertions and deletions: fractions do not depend on length or platform."""

from __future__ import annotations

import numpy as np
import pytest
from test_align import turned, write_fastq

from ablkd.alignment import placing
from ablkd.alignment.align import align_sample
from ablkd.alignment.candidates import normalised
from ablkd.counting.counts import STATES, read_counts
from ablkd.fragments import load

FIRST, PAST = 700, 1400
PLACE = 960


def molecules(reference, change, fraction, number, rng):
    """Sequences of the kinase domain, some with (start, end, inserted)."""
    wild = list(reference.sequence[FIRST:PAST])
    start, end, inserted = change
    changed = "".join(wild[: start - FIRST]) + inserted + "".join(wild[end - FIRST :])
    return [changed if has else "".join(wild) for has in rng.random(number) < fraction]


def with_errors(sequence, rate, rng):
    """A read with substitutions, lost and doubled bases, a third of the errors each."""
    bases = ""
    for base, draw in zip(sequence, rng.random(len(sequence)) / max(rate, 1e-9), strict=True):
        bases += (
            "" if draw < 1 / 3 else base + base if draw < 2 / 3 else "ACGT"[int(rng.integers(4))] if draw < 1 else base
        )
    return bases


def counted(reference, folder, platform, sequences, size, rng, error=0.0):
    """Counts and fragments of a sample: pairs of `size` bases from sheared molecules, or whole reads."""
    reads = []
    for k, sequence in enumerate(sequences):
        if size:
            length = int(rng.normal(1.6 * size, 30))
            start = int(rng.integers(0, len(sequence) - length))
            piece = sequence[start : start + max(length, size)]
            reads.append((f"r{k}", piece[:size], turned(piece[-size:])))
        else:
            read = with_errors(sequence, error, rng)
            reads.append((f"r{k}", turned(read) if k % 2 else read))
    paths = [write_fastq(folder / f"{m}.fastq.gz", [(r[0], r[m]) for r in reads]) for m in range(1, len(reads[0]))]
    outputs = folder / "fragments.npy", folder / "counts.tsv"
    align_sample("s", reference.platform(platform), "", reference, paths[:1], paths[1:], *outputs)
    return read_counts(outputs[1], reference)[0], load(outputs[0])


def duplication(reference, size):
    return PLACE, PLACE, reference.sequence[PLACE - size : PLACE]


CHANGES = {
    "6 duplicated": lambda r: duplication(r, 6),
    "24 duplicated": lambda r: duplication(r, 24),
    "60 duplicated": lambda r: duplication(r, 60),
    "110 duplicated": lambda r: duplication(r, 110),
    "240 duplicated": lambda r: duplication(r, 240),
    "9 lost": lambda r: (PLACE, PLACE + 9, ""),
    "27 lost": lambda r: (PLACE, PLACE + 27, ""),
    "21 new bases": lambda r: (PLACE, PLACE, "GACTTGCAATCCGGATTACGT"),
    "4 replaced by 7": lambda r: (PLACE, PLACE + 4, "TCCGTAA"),
}


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize(
    ("platform", "size", "error"),
    [("illumina", 150, 0.0), ("pacbio_hifi", 0, 0.002), ("ont", 0, 0.05)],
    ids=["2x150", "HiFi", "nanopore"],
)
def test_fractions_do_not_depend_on_the_length(reference, tmp_path, platform, size, error, kind):
    """20 % of 1,500 molecules, whatever the change; four standard deviations of the drawn number are allowed, and a
    twentieth of it for reads that tell nothing."""
    if platform == "ont" and "replaced" in kind:
        pytest.skip("noisy reads do not tell which bases beside an insertion were replaced")
    if size and kind == "240 duplicated":
        pytest.skip("longer than the reads")
    rng = np.random.default_rng(61)
    change = CHANGES[kind](reference)
    number = 4_000 if size else 700
    counts, _ = counted(reference, tmp_path, platform, molecules(reference, change, 0.2, number, rng), size, rng, error)
    shown, depth = counts.indel(normalised(reference.sequence, *change))
    assert shown > 0
    spread = 4 * np.sqrt(0.2 * 0.8 / depth) + 0.01
    assert abs(shown / depth - 0.2) < spread


@pytest.mark.parametrize(("platform", "size"), [("illumina", 150), ("pacbio_hifi", 0)])
def test_a_complex_change_is_told_once(reference, tmp_path, platform, size):
    """28 bases replaced by 5: the placement shows two substitutions and a gap, and none of them remains, but in reads
    that end a few bases past its beginning."""
    rng = np.random.default_rng(64)
    change = (960, 988, "GTGTG")
    sequences = molecules(reference, change, 0.3, 2_000 if size else 300, rng)
    counts, fragments = counted(reference, tmp_path, platform, sequences, size, rng)
    assert {indel for indel, (shown, _) in counts.indels.items() if shown >= 3} == {
        normalised(reference.sequence, *change)
    }
    states = counts.codons.sum(axis=1)
    wild = [STATES[reference.codon(codon + 1)] for codon in range(reference.codons)]
    states[np.arange(reference.codons), wild] = 0
    assert states.max() < 0.05 * counts.indel(normalised(reference.sequence, *change))[0]
    assert fragments.histogram.min() == 0


def test_what_a_primer_made_is_no_deletion(reference, tmp_path):
    """A fifth of the forward primers of an amplicon lack a base, as oligonucleotides do."""
    rng = np.random.default_rng(65)
    tile = next(a for a in reference.amplicons if a.name == "kinase_nested")
    first, past = tile.forward_start - 1, tile.reverse_end
    whole = reference.sequences[tile.transcript][first:past]
    pairs = []
    for k in range(600):
        start = 0 if k % 2 else int(rng.integers(0, len(whole) - 300))
        piece = whole[start : start + 300]
        piece = piece[:14] + piece[15:] if start == 0 and k % 5 == 0 else piece
        pairs.append((f"r{k}", piece[:150], turned(piece[-150:])))
    paths = [write_fastq(tmp_path / f"{m}.fastq.gz", [(p[0], p[m]) for p in pairs]) for m in (1, 2)]
    outputs = tmp_path / "fragments.npy", tmp_path / "counts.tsv"
    align_sample("s", reference.platform("illumina"), tile.name, reference, paths[:1], paths[1:], *outputs)
    assert not read_counts(outputs[1], reference)[0].indels


def test_reads_of_a_wild_type_suggest_nothing(reference, tmp_path):
    rng = np.random.default_rng(62)
    sequences = molecules(reference, (PLACE, PLACE, ""), 0.0, 700, rng)
    counts, fragments = counted(reference, tmp_path, "pacbio_hifi", sequences, 0, rng, 0.002)
    assert len(fragments.candidates) == 0
    assert all(shown < 0.02 * depth for shown, depth in counts.indels.values())


def test_a_homopolymer_is_miscounted_on_the_molecule_that_has_the_substitution(reference, tmp_path, monkeypatch):
    """In all molecules the last base of a run of four is another one; a tenth of the reads have one base more in what is
    left of the run. On the sample's own bases that is one more of the run, on the target's an insertion of the other."""
    rng = np.random.default_rng(63)
    at = next(p for p in range(800, 1300) if len(set(reference.sequence[p : p + 4])) == 1)
    run = reference.sequence[at]
    other = next(b for b in "ACGT" if b not in (run, reference.sequence[at + 4]))
    molecule = reference.sequence[FIRST : at + 3] + other + reference.sequence[at + 4 : PAST]
    longer = molecule[: at - FIRST] + run + molecule[at - FIRST :]
    sequences = [longer if draw < 0.1 else molecule for draw in rng.random(400)]
    places = ((at + 3, run), (at + 4, other))
    own, of_target = (normalised(reference.sequence, place, place, base) for place, base in places)
    counts, _ = counted(reference, tmp_path, "pacbio_hifi", sequences, 0, rng)
    assert counts.indel(own)[0] == sum(s is longer for s in sequences)
    assert counts.indel(of_target)[0] == 0
    monkeypatch.setattr(placing, "gaps_beside", lambda *_: False)
    once, _ = counted(reference, tmp_path, "pacbio_hifi", sequences, 0, rng)
    assert once.indel(of_target)[0] > 0


@pytest.mark.parametrize(
    ("start", "end", "inserted", "smallest"),
    [
        (4, 8, "TACA", (8, 8, "")),
        (4, 8, "TCA", (5, 6, "")),
        (4, 8, "TAGGCA", (6, 6, "GG")),
        (4, 8, "TTTA", (5, 7, "TT")),
    ],
)
def test_a_change_is_told_by_its_smallest_form(start, end, inserted, smallest):
    """Target GGGGTACAGGTT."""
    assert normalised("GGGGTACACCTT", start, end, inserted) == smallest
