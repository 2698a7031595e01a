"""Haplotypes before PCR: fitted fractions against the molecules they were drawn from."""

import numpy as np
import pytest
from drawn import Kind, call_row, draw
from molecules import CHANGES, recombined, sample

from ablkd.alignment.align import align_sample
from ablkd.background.learning import Library, learn
from ablkd.calling.call import call_sample
from ablkd.counting.counts import read_counts
from ablkd.fragments import load
from ablkd.phasing.mixture import Mixture
from ablkd.phasing.phase import phase_sample
from ablkd.phasing.recombination import ASSUMED
from ablkd.simulate import Realised, simulate
from ablkd.splicing.events import splice_sample
from ablkd.tables import read_rows

PAIR = ["D276G", "T315I"]
FAR = ["G250E", "T315I"]
TRIO = ["G250E", "D276G", "T315I"]


@pytest.fixture(scope="module")
def fitted(reference):
    """{haplotype: row} of a simulated sample."""

    def found(shares, sites, seed=0, templates=100_000, **how):
        fragments, calls = sample(reference, shares, sites, np.random.default_rng(seed), templates=templates, **how)
        rows, _ = phase_sample("S", reference, fragments, calls, [], templates, ASSUMED)
        return {r.haplotype: r for r in rows}

    return found


def close(rows, truth, tolerance):
    """Every true haplotype is there with its fraction; all others together hold no more than the tolerance."""
    for name, share in truth.items():
        row = rows["unmutated" if name == "-" else name]
        assert row.identifiable == "yes"
        assert row.fraction == pytest.approx(share, abs=tolerance)
        assert row.fraction_low <= row.fraction <= row.fraction_high
    named = {"unmutated" if n == "-" else n for n in truth}
    assert sum(r.fraction or 0 for n, r in rows.items() if n not in named) < tolerance


@pytest.mark.parametrize(
    "truth",
    [
        {"D276G+T315I": 0.2, "D276G": 0.1, "T315I": 0.3, "-": 0.4},
        {"D276G": 0.3, "T315I": 0.3, "-": 0.4},
        {"D276G+T315I": 0.5, "-": 0.5},
        {"D276G": 0.6, "T315I": 0.4},
        {"D276G+T315I": 1.0},
    ],
    ids=["all four", "trans", "cis", "no wild type", "nothing else"],
)
def test_two_sites_seen_together(fitted, truth):
    """10,000 fragments of 100,000 templates: standard error at most 0.6 %."""
    close(fitted(truth, PAIR, number=10_000), truth, 0.025)


@pytest.mark.parametrize("spans", [{("D276G", "T315I"): 4_000, ("D276G",): 8_000, ("T315I",): 2_000}])
def test_two_sites_with_missing_data(fitted, spans):
    truth = {"D276G+T315I": 0.2, "D276G": 0.1, "T315I": 0.3, "-": 0.4}
    rows = fitted(truth, PAIR, spans=spans)
    close(rows, truth, 0.035)
    assert rows["D276G+T315I"].fragments == pytest.approx(800, abs=120)


def test_three_sites_seen_together(fitted):
    truth = {"G250E+D276G+T315I": 0.3, "T315I": 0.25, "-": 0.45}
    close(fitted(truth, TRIO, number=10_000, rate=2e-4), truth, 0.025)


def test_recombination_at_the_rate_in_force_is_undone(fitted):
    """At 2e-4 per bp and 195 bp, PCR takes 4 % of a compound apart and makes as much of what was not there."""
    truth = {"G250E+T315I": 0.45, "-": 0.55}
    after = recombined({(1, 1): 0.45, (0, 0): 0.55}, FAR, 2e-4)
    assert after[1, 0] == pytest.approx(0.45 * 0.55 * (1 - np.exp(-0.039)), rel=0.01)
    rows = fitted(truth, FAR, number=20_000, rate=2e-4)
    close(rows, truth, 0.02)
    # What PCR made is half a per cent or less in each, not the 0.95 % that were read.
    assert all((rows[n].fraction or 0) < 0.005 for n in FAR if n in rows)


def test_what_recombination_explains_is_not_a_haplotype(fitted):
    rows = fitted({"G250E": 0.4, "T315I": 0.4, "-": 0.2}, FAR, number=10_000, rate=3e-4)
    assert "G250E+T315I" not in rows or rows["G250E+T315I"].fraction == 0.0
    assert rows["G250E"].fraction == pytest.approx(0.4, abs=0.03)


@pytest.mark.parametrize("seed", range(4))
def test_the_intervals_hold_the_fractions_of_few_templates(fitted, seed):
    """500 templates, four haplotypes: of 16 intervals (95 % nominal) at most three may miss; over the four seeds the
    program's draws are fixed."""
    truth = {"D276G+T315I": 0.2, "D276G": 0.1, "T315I": 0.3, "-": 0.4}
    rows = fitted(truth, PAIR, seed=seed, templates=500, number=3_000)
    missed = 0
    for name, share in truth.items():
        row = rows["unmutated" if name == "-" else name]
        missed += not row.fraction_low <= share <= row.fraction_high
        # Never absurdly wide: less than six times the standard error of 400 effective templates.
        assert row.fraction_high - row.fraction_low < 6 * np.sqrt(share * (1 - share) / 400)
    assert missed <= 1


# ---------------------------------------------------------------- what cannot be told


@pytest.mark.parametrize(
    "truth",
    [
        {"G250E+D276G+T315I": 0.3, "G250E": 0.1, "T315I": 0.2, "-": 0.4},
        {"G250E+D276G": 0.2, "D276G+T315I": 0.2, "G250E+T315I": 0.1, "-": 0.5},
    ],
)
def test_adjacent_pairs_only_give_bounds(fitted, truth):
    """No fragment joins all three sites: an estimate would be an invention. The bounds hold the truth."""
    spans = {("G250E", "D276G"): 5_000, ("D276G", "T315I"): 5_000}
    rows = fitted(truth, TRIO, spans=spans)
    triple = rows.get("G250E+D276G+T315I")
    assert triple is not None and (triple.identifiable, triple.fraction) == ("bounds_only", None)
    for row in rows.values():
        if row.identifiable == "bounds_only":
            assert row.fraction is None
            share = truth.get(row.haplotype if row.haplotype != "unmutated" else "-", 0.0)
            assert row.fraction_low - 0.01 <= share <= row.fraction_high + 0.01


def test_a_hundred_fragments_over_all_three_sites_cure_it(fitted):
    truth = {"G250E+D276G+T315I": 0.3, "G250E": 0.1, "T315I": 0.2, "-": 0.4}
    spans = {("G250E", "D276G"): 5_000, ("D276G", "T315I"): 5_000, tuple(TRIO): 100}
    rows = fitted(truth, TRIO, spans=spans)
    row = rows["G250E+D276G+T315I"]
    assert row.identifiable == "yes" and row.fraction == pytest.approx(0.3, abs=0.12)
    assert row.fraction_low <= 0.3 <= row.fraction_high


def test_sites_that_no_fragment_joins_give_bounds(fitted):
    """0.4 and 0.3 apart: both together are between 0 and 0.3."""
    rows = fitted({"G250E+T315I": 0.1, "G250E": 0.3, "T315I": 0.2, "-": 0.4}, FAR, number=0, alone=5_000)
    both = rows["G250E+T315I"]
    assert (both.identifiable, both.fraction) == ("bounds_only", None)
    assert both.fraction_low <= 0.02 and both.fraction_high == pytest.approx(0.3, abs=0.03)
    assert not any(r.identifiable == "yes" for r in rows.values())


# ---------------------------------------------------------------- structure


def test_two_changes_of_one_codon_exclude_each_other(reference):
    span = (700, 1000)
    kinds = [
        Kind(600, "749G>A 944C>T", span, span),
        Kind(400, "749G>A 944C>T 945T>G", span, span),
        Kind(1_000, "", span, span),
    ]
    calls = [
        call_row(reference, "G250E", CHANGES["G250E"], 0.5),
        call_row(reference, "T315I", CHANGES["T315I"], 0.3),
        call_row(reference, "T315M", "944_945delinsTG", 0.2, kind="multinucleotide"),
    ]
    rows, judged = phase_sample("S", reference, draw(reference, kinds), calls, [], 100_000, ASSUMED)
    assert next(r.verdict for r in judged if r.mutations == "T315I+T315M") == "polyclonal"
    found = {r.haplotype: r.fraction for r in rows}
    assert not any("T315I" in name and "T315M" in name for name in found)
    assert found["G250E+T315I"] == pytest.approx(0.3, abs=0.01)
    assert found["G250E+T315M"] == pytest.approx(0.2, abs=0.01)
    assert found["unmutated"] == pytest.approx(0.5, abs=0.01)


def test_one_mutation_is_two_haplotypes(fitted):
    close(fitted({"T315I": 0.3, "-": 0.7}, ["T315I"], number=5_000), {"T315I": 0.3, "-": 0.7}, 0.03)


def test_rows_are_sorted_with_the_unmutated_last(fitted):
    rows = list(fitted({"D276G+T315I": 0.2, "T315I": 0.5, "-": 0.3}, PAIR, number=5_000))
    assert rows[:2] == ["T315I", "D276G+T315I"] and rows[-1] == "unmutated"


@pytest.mark.parametrize("rate", [2e-4, 2e-3])
def test_the_fit_undoes_what_pairs_of_parents_did_generation_by_generation(rate):
    truth = {(1, 1, 1): 0.2, (1, 0, 0): 0.3, (0, 1, 1): 0.1, (0, 0, 0): 0.4}
    after = recombined(truth, TRIO, rate)
    patterns = np.array(list(after), np.int8)
    counts = np.array([round(1e7 * share) for share in after.values()])
    mixture = Mixture(patterns, counts, np.array([78.0, 117.0]), np.full(3, 1e-9), np.ones(8, bool))
    fractions, _ = mixture.fit(rate)
    # Site i of the program's haplotype h is bit i.
    for h in range(8):
        assert fractions[h] == pytest.approx(truth.get(tuple(h >> i & 1 for i in range(3)), 0.0), abs=1e-3)


# ---------------------------------------------------------------- isoforms, from reads

TRUTH = """sample platform fusion haplotype fraction amplicon depth template_molecules
skipped illumina e14a2 exon4_skipping+T315I 0.3 major_long 3000 20000
skipped illumina e14a2 unmutated 0.7 major_long 3000 20000
whole illumina e14a2 exon4_skipping 0.3 major_long 3000 20000
whole illumina e14a2 T315I 0.3 major_long 3000 20000
whole illumina e14a2 unmutated 0.4 major_long 3000 20000"""


@pytest.fixture(scope="module")
def from_reads(reference, tmp_path_factory):
    """{sample: (haplotypes, phase rows, realised shares)} of mate pairs of 150 bases."""
    folder = tmp_path_factory.mktemp("reads")
    truth = folder / "truth.tsv"
    truth.write_text(TRUTH.replace(" ", "\t") + "\n")
    files = simulate(truth, reference, folder, 6)
    realised = read_rows(folder / "molecules.tsv", Realised)
    row, found = reference.platform("illumina"), {}
    for name, one, two in (("skipped", *files[:2]), ("whole", *files[2:])):
        align_sample(name, row, "", reference, [one], [two], folder / "f.npy", folder / "counts.tsv")
        fragments = load(folder / "f.npy")
        run = learn(row, reference, [Library(read_counts(folder / "counts.tsv", reference)[0], False, 20_000)])
        calls, _, _ = call_sample(name, row, reference, fragments, run, 20_000, 0.03, 0.03)
        events, _ = splice_sample(name, row, reference, fragments, 20_000, 0.03, run)
        haplotypes, rows = phase_sample(name, reference, fragments, calls, events, 20_000, ASSUMED)
        passed = {c.name for c in calls if c.filter == "PASS"} | {e.event for e in events if e.call == "present"}
        assert passed == {"T315I", "exon4_skipping"}
        shares = {r.haplotype: r.share for r in realised if r.sample == name}
        found[name] = {h.haplotype: h for h in haplotypes}, {r.mutations: r for r in rows}, shares
    return found


def near(row, shares):
    """Within 0.04 of the share of molecules, or of that of cut fragments: a short molecule, cut as often as a long one,
    covers its bases more densely. Products of 1,579 and 1,306 bases, inserts of 300."""
    dense = {n: s / ((1306 if "exon4_skipping" in n else 1579) + 300) for n, s in shares.items()}
    ends = sorted((shares[row.haplotype], dense[row.haplotype] / sum(dense.values())))
    return ends[0] - 0.04 < row.fraction < ends[1] + 0.04


def test_t315i_on_skipped_transcripts(from_reads):
    haplotypes, rows, shares = from_reads["skipped"]
    assert rows["exon4_skipping+T315I"].verdict == "compound"
    assert near(haplotypes["exon4_skipping+T315I"], shares) and near(haplotypes["unmutated"], shares)
    assert not any((haplotypes[n].fraction or 0) > 0.02 for n in ("T315I", "exon4_skipping") if n in haplotypes)


def test_t315i_on_full_length_transcripts(from_reads):
    haplotypes, rows, shares = from_reads["whole"]
    assert rows["exon4_skipping+T315I"].verdict in ("polyclonal", "explained_by_recombination")
    assert all(near(haplotypes[name], shares) for name in ("exon4_skipping", "T315I", "unmutated"))
    assert not any((h.fraction or 0) > 0.02 for n, h in haplotypes.items() if n == "exon4_skipping+T315I")
