"""K562, real RNA reads (601 pairs of 76 bases, filtered for fusions): e14a2, and nothing of the kinase domain.

K562 is known to have the e14a2 fusion; what else the reads hold is counted here by plain text search.
"""

from __future__ import annotations

import gzip

import pytest

from ablkd.alignment.align import align_sample
from ablkd.background.allele import DEFAULT_TEMPLATES
from ablkd.background.learning import Library, learn
from ablkd.calling.call import call_sample
from ablkd.counting.counts import read_counts
from ablkd.fragments import load
from ablkd.phasing.phase import phase_sample
from ablkd.phasing.recombination import ASSUMED
from ablkd.splicing.events import splice_sample


@pytest.fixture(scope="module")
def reads(real_data):
    folder = real_data / "k562_e14a2"
    if not folder.is_dir():
        pytest.skip(f"no K562 reads in {folder}")
    return [folder / f"K562f_{mate}.fq.gz" for mate in (1, 2)]


@pytest.fixture(scope="module")
def found(reads, reference, tmp_path_factory):
    """(qc, calls, coverage, events, fusions, haplotypes, phase rows)."""
    folder, row = tmp_path_factory.mktemp("k562"), reference.platform("illumina")
    paths = (folder / "fragments.npy", folder / "counts.tsv")
    qc = align_sample("K562", row, "", reference, [reads[0]], [reads[1]], *paths)
    fragments = load(paths[0])
    run = learn(row, reference, [Library(read_counts(paths[1], reference)[0], False)])
    calls, coverage, more = call_sample("K562", row, reference, fragments, run, None, 0.03, 0.03)
    events, fusions = splice_sample("K562", row, reference, fragments, None, 0.03, run)
    return (
        qc + more,
        calls,
        coverage,
        events,
        fusions,
        *phase_sample("K562", reference, fragments, calls, events, DEFAULT_TEMPLATES, ASSUMED),
    )


def test_every_pair_is_read(found):
    values = {q.metric: q.value for q in found[0]}
    assert (values["reads"], values["usable"]) == ("1202", "yes")


def test_the_fusion_is_e14a2_and_no_other(found):
    fusions = {f.fusion: f for f in found[4]}
    assert {n for n, f in fusions.items() if f.call == "present"} == {"e14a2"}
    assert fusions["e14a2"].fraction == 1.0


def test_junction_fragments_are_about_as_many_as_a_text_search_finds(found, reads, reference):
    """Pairs in which either mate holds the 24 bases around the breakpoint, on either strand."""
    contig = reference.sequences["e14a2"]
    junction = contig[256 - 12 : 256 + 12]
    both = (junction, junction[::-1].translate(str.maketrans("ACGT", "TGCA")))
    mates = [gzip.decompress(path.read_bytes()).decode().splitlines()[1::4] for path in reads]
    pairs = sum(any(word in mate for word in both for mate in pair) for pair in zip(*mates, strict=True))
    assert pairs > 20
    seen = next(f.junction_reads for f in found[4] if f.fusion == "e14a2")
    # The program also takes pairs with a sequencing error there, and some with fewer bases on one side.
    assert pairs <= seen <= 1.3 * pairs


def test_there_is_no_call(found):
    assert [c for c in found[1] if c.filter == "PASS"] == []


def test_not_one_codon_of_the_catalogue_can_be_assessed(found, reference):
    coverage = found[2]
    assert len([c for c in coverage if c.kind == "allele"]) == len(reference.mutations)
    assert {(c.status, c.assessable) for c in coverage} == {("not_assessable", "no")}
    assert {c.reason for c in coverage} <= {"not_covered", "depth"}


def test_events_of_the_kinase_domain_are_not_assessable_and_nothing_is_phased(found, reference):
    behind = {v.event for v in reference.splicing if v.start > 540}
    assert {e.call for e in found[3] if e.event in behind} == {"not_assessable"}
    assert found[6] == []
    assert not any(h.fraction for h in found[5])
