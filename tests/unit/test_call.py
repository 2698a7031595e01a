"""Calls from fragments drawn by hand, and false calls of simulated wild-type samples."""

from dataclasses import replace

import numpy as np
import pytest
from drawn import Kind, draw, misread
from learned import run_of, trust_the_sheet
from scipy.stats import false_discovery_control

from ablkd.background.allele import assumed, prior_background
from ablkd.background.learning import learn
from ablkd.calling.call import call_sample
from ablkd.fragments import QUALITIES
from ablkd.verdicts.thresholds import alphas

# The catalogue's codons 237 to 507.
KINASE = (708, 1521)


@pytest.fixture(autouse=True)
def calls_alone(monkeypatch):
    """What could have been called, and how many templates there were, have tests of their own."""
    monkeypatch.setattr("ablkd.calling.call.sites_of", lambda *_: [])
    trust_the_sheet(monkeypatch)


@pytest.fixture(scope="module")
def untaught(reference):
    """Backgrounds of runs that taught nothing, by platform."""
    return {name: learn(row, reference, []) for name, row in reference.platforms.items()}


@pytest.fixture(scope="module")
def call(reference, untaught):
    def called(fragments, templates=None, platform="illumina", cut=0.03, controls=(), others=()):
        row, run = reference.platform(platform), untaught[platform]
        if controls or others:
            run = run_of(reference, row, fragments, templates, controls, others)
        return call_sample("S", row, reference, fragments, run, templates, 0.03, cut)[0]

    return called


def by_change(calls):
    return {c.hgvs_c.split(":c.")[1]: c for c in calls}


# ---------------------------------------------------------------- what a codon state is


def test_two_changes_of_one_codon_on_one_fragment_are_one_change(reference, call):
    kinds = [Kind(300, "944C>T"), Kind(200, "944C>T 945T>G"), Kind(1500)]
    rows = by_change(call(draw(reference, kinds)))
    assert {k: (c.name, c.kind, c.alt_count, c.depth) for k, c in rows.items()} == {
        "944C>T": ("T315I", "substitution", 300, 2000),
        "944_945delinsTG": ("T315M", "multinucleotide", 200, 2000),
    }
    assert all(c.filter == "PASS" and c.tier == "catalogue" for c in rows.values())


def test_two_base_changes_to_one_residue_stay_two_rows_of_one_name(reference, call):
    kinds = [Kind(200, "949T>C"), Kind(150, "951C>A"), Kind(100, "951C>G"), Kind(1550)]
    rows = call(draw(reference, kinds))
    assert [(c.name, c.hgvs_c.split(":c.")[1], c.alt_count) for c in rows] == [
        ("F317L", "949T>C", 200),
        ("F317L", "951C>A", 150),
        ("F317L", "951C>G", 100),
    ]
    assert sum(c.vaf for c in rows if c.name == "F317L") == pytest.approx(450 / 2000, abs=0.001)


def test_a_base_that_was_not_observed_counts_for_nothing(reference, call):
    kinds = [Kind(200, "944C>T"), Kind(300, "945N"), Kind(100, "944C>T 943N"), Kind(1400)]
    (row,) = call(draw(reference, kinds))
    assert (row.alt_count, row.depth) == (200, 1600)
    # The fraction is that of all fragments that show the changed base: 300 of 2,000.
    assert row.vaf == pytest.approx(0.15, abs=0.001)


def test_wild_type_fragments_give_no_row(reference, call):
    assert call(draw(reference, [Kind(2000)])) == []


# ---------------------------------------------------------------- tests and names

EXPECTED = """
change            name   kind             tier          exon  protein         genome
748G>A            G250R  substitution     catalogue     4     p.(Gly250Arg)   chr9:130862961:G:A
749G>A            G250E  substitution     catalogue     4     p.(Gly250Glu)   chr9:130862962:G:A
740A>G            K247R  substitution     polymorphism  4     p.(Lys247Arg)   chr9:130862953:A:G
944C>T            T315I  substitution     catalogue     6     p.(Thr315Ile)   chr9:130872896:C:T
944_945delinsTC   T315I  multinucleotide  catalogue     6     p.(Thr315Ile)   chr9:130872896:CT:TC
944_945delinsTG   T315M  multinucleotide  catalogue     6     p.(Thr315Met)   chr9:130872896:CT:TG
943_945delinsCTA  T315L  multinucleotide  catalogue     6     p.(Thr315Leu)   chr9:130872895:ACT:CTA
"""


@pytest.mark.parametrize("line", EXPECTED.strip().splitlines()[1:])
def test_name_kind_tier_exon_protein_and_genome_of_a_change(reference, call, line):
    change, name, kind, tier, exon, protein, genome = line.split()
    if "delins" in change:
        first, bases = int(change.split("_")[0]), change.split("delins")[1]
        target = reference.sequences["NM_005157.6"]
        written = " ".join(f"{first + i}{target[first + i - 1]}>{b}" for i, b in enumerate(bases))
    else:
        written = change
    (row,) = call(draw(reference, [Kind(400, written), Kind(1600)]))
    assert row.hgvs_c == f"NM_005157.6:c.{change}"
    assert (row.name, row.kind, row.tier, row.exon) == (name, kind, tier, exon)
    assert (row.hgvs_p, row.genome_grch38, row.filter) == (protein, genome, "PASS")
    assert row.codon == int(name[1:-1])


def test_bases_between_two_changed_ones_are_part_of_the_name(reference, call):
    """ACT to TCG: the first and the last base."""
    (row,) = call(draw(reference, [Kind(400, "943A>T 945T>G"), Kind(1600)]))
    assert (row.hgvs_c, row.hgvs_p) == ("NM_005157.6:c.943_945delinsTCG", "p.(Thr315Ser)")


def test_a_codon_that_an_intron_splits_has_no_single_place_in_the_genome(reference, call):
    """Exon 5 ends at c.907, the first base of codon 303."""
    target = reference.sequences["NM_005157.6"]
    first, second = target[906], target[907]
    new = {"A": "C", "C": "A", "G": "T", "T": "G"}
    both = f"907{first}>{new[first]} 908{second}>{new[second]}"
    rows = by_change(call(draw(reference, [Kind(400, both), Kind(400, f"908{second}>{new[second]}"), Kind(1200)])))
    assert rows[f"907_908delins{new[first]}{new[second]}"].genome_grch38 == ""
    assert rows[f"908{second}>{new[second]}"].genome_grch38 == f"chr9:130872860:{second}:{new[second]}"


def test_changes_that_no_table_lists_are_novel_or_synonymous(reference, call):
    # Codon 316 is GAG: GAA keeps the glutamate, GCG makes an alanine.
    target = reference.sequences["NM_005157.6"]
    assert target[945:948] == "GAG" and not any(m.codon == 316 for m in reference.mutations)
    rows = by_change(call(draw(reference, [Kind(300, "948G>A"), Kind(300, "947A>C"), Kind(1400)])))
    assert (rows["948G>A"].name, rows["948G>A"].tier, rows["948G>A"].hgvs_p) == ("E316=", "synonymous", "p.(Glu316=)")
    assert (rows["947A>C"].name, rows["947A>C"].tier) == ("E316A", "novel")
    assert {c.filter for c in rows.values()} == {"PASS"}


@pytest.mark.parametrize("count", [1800, 2000])
def test_changes_of_nearly_all_and_of_all_molecules_pass(reference, call, count):
    (row,) = call(draw(reference, [Kind(count, "944C>T"), Kind(2000 - count)]))
    assert row.filter == "PASS" and row.level == "reported"
    assert row.vaf == pytest.approx(count / 2000, abs=0.001)
    assert row.vaf_low <= row.vaf <= row.vaf_high <= 1


@pytest.mark.parametrize("seed", range(5))
def test_errors_on_mutated_molecules_are_no_calls(reference, call, seed):
    """T315I at 45 %, 20,000 fragments, one error per 1,000 bases at every base of the codons around it."""
    kinds = [Kind(9_000, "944C>T", (930, 963), (930, 963)), Kind(11_000, "", (930, 963), (930, 963))]
    rates = np.zeros((len(reference.sequence), 3))
    rates[930:963] = [2e-4, 6e-4, 2e-4]
    fragments = misread(reference, draw(reference, kinds), rates, np.random.default_rng(seed))
    passed = [c for c in call(fragments, templates=5_000) if c.filter == "PASS"]
    assert [c.name for c in passed] == ["T315I"]


def test_q_values_are_those_of_benjamini_and_hochberg_and_listed_rows_are_sorted(reference, call):
    kinds = [Kind(300, "944C>T"), Kind(30, "749G>A"), Kind(9, "1075T>G"), Kind(5, "757T>C"), Kind(2000)]
    rows = call(draw(reference, kinds))
    assert [c.codon for c in rows] == sorted(c.codon for c in rows)
    assert {c.name for c in rows} >= {"G250E", "T315I"}
    p_values = [c.p_value for c in rows]
    # Rows that are left out (p of 0.01 and more) also count, so q may only be larger.
    assert all(c.q_value >= q * (1 - 1e-9) for c, q in zip(rows, false_discovery_control(p_values), strict=True))


# ---------------------------------------------------------------- levels, evidence, filters


def test_level_follows_filter_and_cut(reference, call):
    fragments = draw(reference, [Kind(400, "944C>T"), Kind(100, "749G>A"), Kind(10, "764A>T"), Kind(1490)])
    levels = {c.name: (c.filter, c.level) for c in call(fragments, cut=0.1)}
    assert levels["T315I"] == ("PASS", "reported")
    assert levels["G250E"] == ("PASS", "low_level")
    # 0.5 % with the 500 templates that are assumed: an RT error of one template may look like this.
    assert levels["E255V"] == ("background", "evidence_only")
    exactly = {c.name: c.level for c in call(fragments, cut=0.0495)}
    assert exactly["G250E"] == "reported"


def test_more_templates_make_the_same_fragments_a_call(reference, call):
    fragments = draw(reference, [Kind(14, "764A>T"), Kind(1986)])
    assert [c.filter for c in call(fragments, templates=300)] == ["background"]
    assert [c.filter for c in call(fragments, templates=20_000)] == ["PASS"]


def test_filters_label_and_never_delete(reference, call):
    """Depth 60: called out, and still there with its counts."""
    (row,) = call(draw(reference, [Kind(30, "944C>T"), Kind(30)]))
    assert (row.filter, row.level, row.alt_count, row.depth) == ("depth", "evidence_only", 30, 60)


@pytest.mark.parametrize(
    "forward, reverse, both, evidence",
    [
        (150, 150, 0, "both_orientations"),
        (300, 0, 0, "single_orientation"),
        (0, 300, 0, "single_orientation"),
        (0, 0, 300, "both_orientations"),
    ],
)
def test_evidence_tells_which_orientations_show_it(reference, call, forward, reverse, both, evidence):
    counts = {(KINASE, None): forward, (None, KINASE): reverse, (KINASE, KINASE): both}
    kinds = [Kind(n, "944C>T", *spans) for spans, n in counts.items() if n]
    kinds += [Kind(4 * n, "", *spans) for spans, n in counts.items() if n]
    (row,) = call(draw(reference, kinds))
    assert (row.evidence, row.filter) == (evidence, "PASS")
    seen = (row.vaf_forward, row.vaf_reverse)
    assert seen == tuple(pytest.approx(0.2) if n else None for n in (forward, reverse))


def test_a_change_of_one_orientation_only_is_filtered_where_the_other_should_show_it(reference, call):
    kinds = [Kind(300, "944C>T", KINASE, None), Kind(700, "", KINASE, None), Kind(1000, "", None, KINASE)]
    (row,) = call(draw(reference, kinds))
    assert (row.filter, row.level) == ("orientation", "evidence_only")
    assert (row.vaf_forward, row.vaf_reverse) == (pytest.approx(0.3), 0.0)


def test_a_change_that_only_one_of_two_amplicons_shows_is_filtered(reference, call):
    """30 % through one primer pair, none through the other: a primer's artefact, or one that drops out."""
    fragments = draw(reference, [Kind(300, "944C>T"), Kind(1700)])
    one_of_two = replace(fragments, tile=np.repeat(np.array([0, 0, 1], np.int16), [300, 700, 1000]))
    both = replace(fragments, tile=np.tile(np.array([0, 1], np.int16), 1000))
    assert [row.filter for row in call(one_of_two)] == ["amplicon"]
    assert [row.filter for row in call(both)] == ["PASS"]


def test_a_few_fragments_of_the_other_orientation_prove_nothing(reference, call):
    kinds = [Kind(300, "944C>T", KINASE, None), Kind(700, "", KINASE, None), Kind(8, "", None, KINASE)]
    (row,) = call(draw(reference, kinds))
    assert row.filter == "PASS"


def test_a_change_at_read_ends_only_is_filtered_where_the_rest_is_not_at_ends(reference, call):
    near = (940, 1400)
    middle = (700, 1400)
    (row,) = call(draw(reference, [Kind(200, "944C>T", near, near), Kind(1800, "", middle, middle)]))
    assert (row.filter, row.level) == ("read_end", "evidence_only")
    # A tenth and more of them elsewhere, or all fragments at their ends there: no artefact of ends.
    kinds = [Kind(150, "944C>T", near, near), Kind(50, "944C>T", middle, middle), Kind(1800, "", middle, middle)]
    assert [c.filter for c in call(draw(reference, kinds))] == ["PASS"]
    kinds = [Kind(200, "944C>T", near, near), Kind(1200, "", near, near), Kind(600, "", middle, middle)]
    assert [c.filter for c in call(draw(reference, kinds))] == ["PASS"]


def test_low_qualities_alone_keep_a_change_from_passing(reference, call):
    """60 of 2,000 where every base has Q10 and none elsewhere: 67 errors to that one base are what Q10 promises."""
    fragments = draw(reference, [Kind(60, "944C>T"), Kind(1940)])
    poor = fragments.histogram.copy()
    poor[943] = 0
    poor[943, :, 10] = fragments.histogram[943].sum(axis=1)
    assert [c.filter for c in call(fragments, templates=50_000)] == ["PASS"]
    assert "PASS" not in [c.filter for c in call(replace(fragments, histogram=poor), templates=50_000)]
    assert poor.shape[2] == QUALITIES


# ---------------------------------------------------------------- carry-over


def test_what_may_be_of_another_sample_is_labelled_and_stays(reference, call):
    """Three other patients have T315I in 90 %; 0.2 % of their fragments are taken for this sample's: 9 of 5,000."""
    others = [draw(reference, [Kind(1800, "944C>T"), Kind(200)])] * 3
    rows = {}
    for count in (12, 200):
        patient = draw(reference, [Kind(count, "944C>T"), Kind(5_000 - count)])
        rows[count] = call(patient, templates=50_000, others=others), call(patient, templates=50_000)
    (low, alone), (high, _) = rows[12], rows[200]
    assert [(c.name, c.filter) for c in alone] == [("T315I", "PASS")]
    # Fewer than three times what is expected: labelled, if errors do not explain it anyway.
    assert [c.name for c in low] in ([], ["T315I"])
    assert all("carry_over" in c.filter.split(";") and c.level == "evidence_only" for c in low)
    assert [(c.name, c.filter, c.alt_count) for c in high] == [("T315I", "PASS", 200)]
    # The rate of errors holds what is carried over.
    assert high[0].background > 0.002 * 0.9


def test_just_below_three_times_what_is_carried_over_it_is_said(reference):
    """26 of 5,000 with 9 expected, on a platform whose sites hardly vary: more than errors, and less than 27."""
    row = replace(reference.platform("illumina"), between_sample_cv=0.1)
    others = [draw(reference, [Kind(1800, "944C>T"), Kind(200)])] * 3
    found = {}
    for count in (26, 28):
        patient = draw(reference, [Kind(count, "944C>T"), Kind(5_000 - count)])
        run = run_of(reference, row, patient, 50_000, others=others)
        (found[count],) = call_sample("S", row, reference, patient, run, 50_000, 0.03, 0.03)[0]
    assert "carry_over" in found[26].filter.split(";")
    assert (found[26].alt_count, found[26].depth, found[26].level) == (26, 5_000, "evidence_only")
    assert "carry_over" not in found[28].filter.split(";")


# ---------------------------------------------------------------- isoforms


def test_fractions_of_all_and_of_full_length_transcripts(reference, call):
    """30 % skip exon 4; of the others half have G250E, which lies in it: 35 % of all, 50 % of the whole ones."""
    kinds = [
        Kind(700, "749G>A"),
        Kind(600, "", events=("exon4_skipping",)),
        Kind(700),
    ]
    (row,) = call(draw(reference, kinds))
    assert (row.name, row.depth, row.alt_count) == ("G250E", 2000, 700)
    assert row.vaf == pytest.approx(0.35, abs=0.001)
    assert row.vaf_full_length == pytest.approx(0.5, abs=0.001)


def test_without_skipping_there_is_no_second_fraction(reference, call):
    kinds = [Kind(700, "944C>T"), Kind(600, "", events=("exon4_skipping",)), Kind(700)]
    (row,) = call(draw(reference, kinds))
    assert row.vaf_full_length is None and row.vaf == pytest.approx(0.35, abs=0.001)


def test_primer_bases_are_not_the_patients(reference, call):
    nested = next(i for i, a in enumerate(reference.amplicons) if a.name == "kinase_nested")
    span = (657, 1267)
    # c.1249T>A lies under the reverse primer (1244 to 1267), c.944C>T between the primers.
    before = reference.sequences["NM_005157.6"][1248]
    after = "A" if before != "A" else "G"
    kinds = [Kind(400, f"944C>T 1249{before}>{after}", span, span), Kind(1600, "", span, span)]
    assert [c.name for c in call(draw(reference, kinds, tile=nested))] == ["T315I"]
    assert len(call(draw(reference, kinds))) == 2


# ---------------------------------------------------------------- false calls and sensitivity


def noise(reference, rng, templates, log_sd=0.7, cv=0.3):
    """Error rate per site and added base: lognormal sites, gamma samples, RT errors as families of templates."""
    rates = np.zeros((len(reference.sequence), 3))
    shape = (KINASE[1] - KINASE[0], 3)
    sites = np.exp(rng.normal(-(log_sd**2) / 2, log_sd, shape)) * [6e-5, 3e-4, 6e-5]
    sites *= rng.gamma(1 / cv**2, cv**2, shape)
    clones = rng.poisson(templates * 5e-5 / 3, shape)
    sites += np.where(clones > 0, rng.gamma(np.maximum(4.0 * clones, 1e-9)), 0) / 4 / templates
    rates[slice(*KINASE)] = sites
    return rates


@pytest.mark.parametrize("depth", [500, 2_000, 20_000])
@pytest.mark.parametrize("templates", [100, 500, 5_000, 50_000])
def test_false_calls_per_wild_type_sample(reference, depth, templates):
    """Counts of all single-base changes of the kinase domain in 250 wild-type samples, before anything is learned.

    At most 0.02 false calls a sample (5 in all; 0.01 are designed for).
    """
    platform = reference.platform("illumina")
    background = prior_background(platform, templates)
    levels = alphas(reference, (KINASE[1] - KINASE[0]) // 3)
    known = np.zeros((len(reference.sequence), 3), bool)
    for m in reference.mutations:
        changed = [i for i in range(3) if m.ref_codon[i] != m.alt_codon[i]]
        if len(changed) == 1:
            step = "ACGT".index(m.alt_codon[changed[0]]) - "ACGT".index(m.ref_codon[changed[0]])
            known[3 * m.codon - 3 + changed[0], step % 4 - 1] = True
    needed = np.zeros(known.shape)
    for column, rate in enumerate((6e-5, 3e-4, 6e-5)):
        for alpha, rows in ((levels.catalogue, known), (levels.novel, ~known)):
            error = assumed(rate, platform.error_log_sd, templates * 1.7e-5, platform.transition_error)
            limit = background.threshold(depth, error, alpha)
            needed[rows[:, column], column] = limit
    rng = np.random.default_rng([depth, templates])
    false = sum(
        int((rng.binomial(depth, noise(reference, rng, templates)) >= needed)[slice(*KINASE)].sum()) for _ in range(250)
    )
    assert false <= 5


def drawn_sample(reference, rng, depth, templates, fraction):
    """Molecules, families and reads of a sample with T315I at `fraction`."""
    mutated = rng.binomial(templates, fraction)
    share = rng.beta(4.0 * mutated, 4.0 * (templates - mutated)) if mutated else 0.0
    count = rng.binomial(depth, share)
    kinds = [Kind(count, "944C>T", KINASE, KINASE), Kind(depth - count, "", KINASE, KINASE)]
    return misread(reference, draw(reference, kinds), noise(reference, rng, templates), rng)


def test_simulated_samples_end_to_end(reference, call):
    """12 wild-type samples without a call; 5 % of T315I at 2,000 fragments is found in each of 12."""
    rng = np.random.default_rng(11)
    for _ in range(12):
        wild = call(drawn_sample(reference, rng, 2_000, 500, 0.0), templates=500)
        assert [c.name for c in wild if c.filter == "PASS"] == []
        mutated = call(drawn_sample(reference, rng, 2_000, 500, 0.05), templates=500)
        assert [c.name for c in mutated if c.filter == "PASS"] == ["T315I"]


def test_controls_of_the_run_find_1_percent_and_add_no_false_calls(reference, call):
    """Site errors are those of the run: two wild-type controls and the patient share them. 4 runs, 5,000 fragments."""
    rng = np.random.default_rng(12)
    wild_type = [Kind(5_000, "", KINASE, KINASE)]
    for _ in range(4):
        rates = noise(reference, rng, 10_000)
        controls = [misread(reference, draw(reference, wild_type), rates, rng) for _ in range(2)]
        kinds = [Kind(50, "944C>T", KINASE, KINASE), Kind(4_950, "", KINASE, KINASE)]
        patient = misread(reference, draw(reference, kinds), rates, rng)
        passed = [c.name for c in call(patient, templates=10_000, controls=controls) if c.filter == "PASS"]
        assert passed == ["T315I"]


def test_a_control_that_shows_the_allele_is_no_reason_to_call_it(reference, call):
    controls = [draw(reference, [Kind(20, "944C>T"), Kind(1980)])] * 2
    patient = draw(reference, [Kind(24, "944C>T"), Kind(1976)])
    assert [c.filter for c in call(patient, templates=10_000)] == ["PASS"]
    assert [c.name for c in call(patient, templates=10_000, controls=controls) if c.filter == "PASS"] == []
