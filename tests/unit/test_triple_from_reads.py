"""A triple compound beside one of its mutations alone, from reads of every platform: the molecules that were put in."""

import pytest

from ablkd.alignment.align import align_sample
from ablkd.background.learning import Library, learn
from ablkd.calling.call import call_sample
from ablkd.counting.counts import read_counts
from ablkd.fragments import load
from ablkd.phasing.phase import phase_sample
from ablkd.phasing.recombination import ASSUMED
from ablkd.simulate import simulate
from ablkd.splicing.events import splice_sample

SEED = 77
TRIPLE = "G250E+D276G+T315I"
MOLECULES = {"T315I": 0.30, TRIPLE: 0.08, "unmutated": 0.62}
# Platform, depth, insert mean and sd, read length, errors of bases and indels (nanopore: 1 % in all, as of R10.4).
TUBES = {
    "2x150": ("illumina", 2000, 300, 50, 150, 1e-3, 0),
    "2x250": ("illumina", 1200, 400, 60, 250, 1e-3, 0),
    "hifi": ("pacbio_hifi", 800, 0, 0, 150, 1e-3, 5e-4),
    "ont": ("ont", 1000, 0, 0, 150, 4e-3, 6e-3),
}
COLUMNS = "sample platform depth insert_mean insert_sd read_length sequencing_error indel_error"


@pytest.fixture(scope="module")
def phased(reference, tmp_path_factory):
    """{tube: (haplotypes, verdicts)}; PCR recombines at 2e-4 per bp."""
    folder = tmp_path_factory.mktemp("triple")
    lines = [f"{COLUMNS} fusion haplotype fraction amplicon"]
    lines += [
        f"{t} {' '.join(map(str, TUBES[t]))} e14a2 {h} {f} major_long" for t in TUBES for h, f in MOLECULES.items()
    ]
    (folder / "truth.tsv").write_text("\n".join(line.replace(" ", "\t") for line in lines) + "\n")
    files, found = simulate(folder / "truth.tsv", reference, folder, SEED), {}
    for tube, (platform, *_) in TUBES.items():
        row = reference.platform(platform)
        reads = [path for path in files if path.name.startswith(tube)]
        made = (folder / "f.npy", folder / "counts.tsv")
        align_sample(tube, row, "", reference, reads[:1], reads[1:], *made)
        fragments, counts = load(made[0]), read_counts(made[1], reference)[0]
        run = learn(row, reference, [Library(counts, False, 5_000)])
        calls, _, _ = call_sample(tube, row, reference, fragments, run, 5_000, 0.03, 0.03)
        events, _ = splice_sample(tube, row, reference, fragments, 5_000, 0.03, run)
        haplotypes, verdicts = phase_sample(tube, reference, fragments, calls, events, 5_000, ASSUMED)
        found[tube] = haplotypes, {v.mutations: v for v in verdicts}
    return found


@pytest.mark.parametrize("tube", TUBES)
def test_exactly_the_molecules_that_were_put_in(phased, tube):
    haplotypes, verdicts = phased[tube]
    assert [h.haplotype for h in haplotypes] == list(MOLECULES)
    assert {h.identifiable for h in haplotypes} == {"yes"}
    assert len(verdicts) == 4 and {v.verdict for v in verdicts.values()} == {"compound"}
    assert verdicts[TRIPLE].compound_high < 0.12


def test_the_intervals_hold_the_fractions(phased):
    """Twelve of 95 %: more than two would miss once in fifty."""
    rows = [h for haplotypes, _ in phased.values() for h in haplotypes]
    held = [h.fraction_low <= MOLECULES[h.haplotype] <= h.fraction_high for h in rows]
    assert len(held) == 12 and sum(held) >= 10
