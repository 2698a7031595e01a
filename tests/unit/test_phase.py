"""Cis, trans, artefact or unknown: verdicts on simulated molecules whose truth is known."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from drawn import Kind, call_row, draw, event_row
from hypothesis import given
from hypothesis import strategies as st
from molecules import CHANGES, recombined, sample

from ablkd.isoforms import build_graph
from ablkd.phasing import phase
from ablkd.phasing.linkage import MISSING
from ablkd.phasing.mixture import Mixture, Weighed
from ablkd.phasing.phase import phase_sample
from ablkd.phasing.posterior import through_templates
from ablkd.phasing.recombinants import Parts
from ablkd.phasing.recombination import ASSUMED
from ablkd.records import APART, Phase, SampleTables
from ablkd.verdicts import invariants
from ablkd.verdicts.thresholds import SURE, UNLIKELY

PAIR = ["D276G", "T315I"]  # 117 bp apart
FAR = ["G250E", "T315I"]  # 195 bp apart


@pytest.fixture
def verdicts(reference, graph, monkeypatch):
    """{mutations: row} of a simulated sample; haplotypes have tests of their own and take most of the time."""
    monkeypatch.setattr(phase, "haplotype_rows", lambda *_: [])
    monkeypatch.setattr(phase, "build_graph", lambda _: graph)

    def judged(shares, sites, rng, templates=5_000, prior=ASSUMED, **how):
        fragments, calls = sample(reference, shares, sites, rng, templates=templates, **how)
        _, rows = phase_sample("S", reference, fragments, calls, [], templates, prior)
        return {r.mutations: r for r in rows}

    return judged


@pytest.fixture(scope="module")
def graph(reference):
    return build_graph(reference)


def verdicts_of_trials(verdicts, trials, shares, sites, seed=0, **how):
    rng = np.random.default_rng(seed)
    return Counter(verdicts(shares, sites, rng, **how)["+".join(sites)].verdict for _ in range(trials))


# ---------------------------------------------------------------- the simulation itself


def test_two_sites_recombine_as_the_closed_form_says():
    pool = recombined({(1, 1): 0.1, (1, 0): 0.3, (0, 1): 0.2, (0, 0): 0.4}, FAR, 2e-3)
    assert pool[1, 1] == pytest.approx(0.4 * 0.3 + (0.1 - 0.4 * 0.3) * np.exp(-2e-3 * 195), rel=1e-3)
    assert sum(pool.values()) == pytest.approx(1)


# ---------------------------------------------------------------- cis


@pytest.mark.parametrize("rate", [0.0, 2e-4, 1e-3])
@pytest.mark.parametrize(
    "shares",
    [
        {"D276G+T315I": 0.08, "D276G": 0.17, "T315I": 0.17, "-": 0.58},
        {"D276G+T315I": 0.08, "D276G": 0.25, "T315I": 0.25, "-": 0.42},
        {"D276G+T315I": 0.3, "T315I": 0.25, "-": 0.45},
    ],
    ids=["8 of 25 %", "8 beside 25 %", "all of one in the other"],
)
def test_true_compounds_are_found(verdicts, shares, rate):
    """With D = f11 - pA pB > 0 nothing else could explain it; with D < 0 the rate needed is beyond the prior."""
    found = verdicts_of_trials(verdicts, 20, shares, PAIR, rate=rate)
    assert found["compound"] >= 19


def test_a_compound_row_tells_what_it_rests_on(verdicts):
    shares = {"D276G+T315I": 0.08, "D276G": 0.17, "T315I": 0.17, "-": 0.58}
    row = verdicts(shares, PAIR, np.random.default_rng(1), alone=1_000)["D276G+T315I"]
    assert row.spanning == 4_000
    assert row.observed == pytest.approx(0.08, abs=0.02)
    assert row.compound_low < 0.08 < row.compound_high
    assert row.probability > 0.99
    # At 2e-4 per bp: 0.25 * 0.25 * (1 - exp(-2e-4 * 117)).
    assert row.expected_recombinant == pytest.approx(0.0625 * (1 - np.exp(-0.0234)), rel=0.25)


# ---------------------------------------------------------------- pure recombination


@pytest.mark.parametrize("rate", [2e-4, 1e-3, 2e-3])
@pytest.mark.parametrize(
    "shares, sites, templates, number",
    [
        ({"D276G": 0.4, "T315I": 0.4, "-": 0.2}, PAIR, 5_000, 4_000),
        ({"G250E": 0.5, "T315I": 0.5}, FAR, 500, 2_000),
        ({"G250E": 0.1, "T315I": 0.3, "-": 0.6}, FAR, 20_000, 10_000),
    ],
)
def test_recombination_alone_is_never_a_compound(verdicts, shares, sites, templates, number, rate):
    """30 trials in each of nine settings, 270 in all: none (1 % is the limit)."""
    found = verdicts_of_trials(verdicts, 30, shares, sites, rate=rate, templates=templates, number=number)
    assert found["compound"] == 0


def test_recombination_at_the_usual_rate_is_named_as_such(verdicts):
    shares = {"G250E": 0.4, "T315I": 0.4, "-": 0.2}
    found = verdicts_of_trials(verdicts, 20, shares, FAR, rate=4e-4, templates=20_000, number=10_000)
    assert found["explained_by_recombination"] + found["not_proven"] == 20
    assert found["explained_by_recombination"] >= 15


def test_three_sites_in_trans_with_recombination_are_no_compound(verdicts):
    sites = ["G250E", "D276G", "T315I"]
    shares = {"G250E": 0.3, "D276G": 0.3, "T315I": 0.3, "-": 0.1}
    for seed in range(10):
        rows = verdicts(shares, sites, np.random.default_rng(seed), rate=1e-3)
        assert len(rows) == 4
        assert "compound" not in {r.verdict for r in rows.values()}


def test_three_sites_in_cis_are_a_compound_and_so_are_their_pairs(verdicts):
    sites = ["G250E", "D276G", "T315I"]
    shares = {"G250E+D276G+T315I": 0.3, "T315I": 0.25, "-": 0.45}
    for seed in range(5):
        rows = verdicts(shares, sites, np.random.default_rng(seed), rate=2e-4)
        assert {r.verdict for r in rows.values()} == {"compound"}


# ---------------------------------------------------------------- reads of both strands

CONSENSUS = replace(ASSUMED, heteroduplex=0.4)
NEAR = ["T315I", "F317L"]  # 6 bases apart


@pytest.mark.parametrize("share", [0.2, 0.4])
@pytest.mark.parametrize("sites", [NEAR, FAR])
def test_heteroduplexes_of_separate_clones_are_no_compound(verdicts, sites, share):
    """12 trials in each of four settings; 30 and 30 %, of which 0.9 and 1.8 % of the reads have both."""
    shares = {sites[0]: 0.3, sites[1]: 0.3, "-": 0.4}
    found = verdicts_of_trials(verdicts, 12, shares, sites, heteroduplex=share, templates=3_000, prior=CONSENSUS)
    assert found["compound"] == 0 and found["cannot_be_phased"] == 0


def test_of_a_platform_without_heteroduplexes_the_same_is_a_compound(verdicts):
    """6 bases apart no recombination explains it: what the test above rests on."""
    shares = {"T315I": 0.3, "F317L": 0.3, "-": 0.4}
    assert verdicts_of_trials(verdicts, 5, shares, NEAR, heteroduplex=0.4)["compound"] == 5


@pytest.mark.parametrize("share", [0.0, 0.4])
def test_true_compounds_are_found_among_heteroduplexes(verdicts, share):
    shares = {"T315I+F317L": 0.08, "T315I": 0.17, "F317L": 0.17, "-": 0.58}
    assert verdicts_of_trials(verdicts, 10, shares, NEAR, heteroduplex=share, prior=CONSENSUS)["compound"] == 10


def test_a_clone_with_both_ends_takes_the_middle_of_another_from_the_second_strand(verdicts):
    """What no single cut makes: of 30 % with G250E and T315I, and 30 % with D276G, 0.9 % of the reads have all."""
    sites = ["G250E", "D276G", "T315I"]
    shares = {"G250E+T315I": 0.3, "D276G": 0.3, "-": 0.4}
    for seed in range(4):
        rng = np.random.default_rng(seed)
        rows = verdicts(shares, sites, rng, heteroduplex=0.4, prior=CONSENSUS)
        assert [name for name, row in rows.items() if row.verdict == "compound"] == ["G250E+T315I"]


def test_haplotypes_that_heteroduplexes_made_are_left_out(reference):
    shares = {"T315I": 0.3, "F317L": 0.3, "-": 0.4}
    fragments, calls = sample(reference, shares, NEAR, np.random.default_rng(2), heteroduplex=0.3)
    rows, _ = phase_sample("S", reference, fragments, calls, [], 5_000, CONSENSUS)
    assert {r.haplotype for r in rows} == {"T315I", "F317L", "unmutated"}
    assert [r.fraction for r in rows] == pytest.approx([0.3, 0.3, 0.4], abs=0.03)


# ---------------------------------------------------------------- the verdict and its probability


@given(st.floats(0, 1), st.floats(0, 1), st.booleans(), st.booleans())
def test_a_verdict_is_the_one_that_its_probability_says(proof, doubt, found, plausible):
    verdict, probability = phase._decide(proof, doubt, found, plausible)
    row = Phase("S", "A+B", verdict, probability, 9, 0.1, 0.1, None, 0.0, 0.5)
    assert list(invariants._phased(SampleTables(phase=(row,)))) == []
    assert (verdict == "compound") == (proof >= SURE)
    assert doubt <= UNLIKELY or verdict not in APART
    assert probability is None or probability in (proof, doubt)


def test_a_small_compound_beside_large_clones_has_the_probability_that_proves_it(verdicts):
    """2 % of clones of 40 %: surely more than a fiftieth, surely less than a tenth."""
    shares = {"T315I+F317L": 0.02, "T315I": 0.38, "F317L": 0.38, "-": 0.22}
    row = verdicts(shares, NEAR, np.random.default_rng(3), templates=50_000, number=20_000)["T315I+F317L"]
    assert row.verdict == "compound" and row.probability >= SURE and row.compound_high < 0.04


# ---------------------------------------------------------------- trans and nothing to say


@pytest.mark.parametrize("rate", [0.0, 2e-5])
def test_trans_is_polyclonal(verdicts, rate):
    shares = {"D276G": 0.3, "T315I": 0.3, "-": 0.4}
    found = verdicts_of_trials(verdicts, 20, shares, PAIR, rate=rate)
    assert found["polyclonal"] >= 18 and found["compound"] == 0


@pytest.mark.parametrize("number", [0, 10, 20])
def test_few_spanning_fragments_cannot_be_phased(verdicts, number):
    """Fewer than 5 expected of the rarer member."""
    shares = {"D276G+T315I": 0.2, "D276G": 0.1, "-": 0.7}
    row = verdicts(shares, PAIR, np.random.default_rng(3), number=number, alone=2_000)["D276G+T315I"]
    assert (row.verdict, row.spanning, row.probability) == ("cannot_be_phased", number, None)
    # Frechet: at least 0.3 + 0.2 - 1, at most the rarer.
    assert row.compound_low == 0.0
    assert row.compound_high == pytest.approx(0.2, abs=0.03)


def test_sums_above_100_percent_prove_a_compound_without_any_spanning_fragment(verdicts):
    shares = {"D276G+T315I": 0.4, "D276G": 0.4, "T315I": 0.2}
    row = verdicts(shares, PAIR, np.random.default_rng(4), number=0, alone=3_000)["D276G+T315I"]
    assert row.verdict == "compound"
    assert 0.3 < row.compound_low <= 0.42
    barely = {"D276G+T315I": 0.02, "D276G": 0.49, "T315I": 0.49}
    row = verdicts(barely, PAIR, np.random.default_rng(4), number=0, alone=3_000, templates=100)["D276G+T315I"]
    assert row.verdict == "cannot_be_phased"


@pytest.mark.parametrize("number", [200, 4_000])
def test_sums_above_100_percent_prove_a_compound_with_spanning_fragments_too(verdicts, number):
    """90 % and 90 %, 810 bp apart: at least 80 % have both, whatever the PCR did."""
    sites, found = ["M237V", "E507G"], []
    for seed in range(5):
        shares = {"M237V+E507G": 0.8, "M237V": 0.1, "E507G": 0.1}
        row = verdicts(shares, sites, np.random.default_rng(seed), number=number)["M237V+E507G"]
        found.append((row.verdict, row.compound_low > 0.65))
    assert found == [("compound", True)] * 5


def test_one_mutation_or_none_has_no_phase(reference):
    fragments, calls = sample(reference, {"T315I": 0.4, "-": 0.6}, ["T315I"], np.random.default_rng(5))
    assert phase_sample("S", reference, fragments, calls, [], 5_000, ASSUMED)[1] == []
    haplotypes, rows = phase_sample("S", reference, draw(reference, [Kind(500)]), [], [], 500, ASSUMED)
    assert rows == [] and [(h.haplotype, h.fraction) for h in haplotypes] == [("unmutated", 1.0)]


def test_events_are_phased_with_mutations(reference):
    """40 % skip exon 4 and have T315I, 60 % are whole without: one compound, never a polyclonal pair."""
    span = (400, 1000)
    kinds = [
        Kind(800, "944C>T", span, span, ("exon4_skipping",)),
        Kind(1_200, "", span, span),
    ]
    calls = [call_row(reference, "T315I", CHANGES["T315I"], 0.4)]
    _, (row,) = phase_sample(
        "S", reference, draw(reference, kinds), calls, [event_row("exon4_skipping", 0.4)], 5_000, ASSUMED
    )
    assert (row.mutations, row.verdict) == ("exon4_skipping+T315I", "compound")


# ---------------------------------------------------------------- the numbers behind

PAIRS = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], np.int8)
ALONE = np.array([[0, MISSING], [1, MISSING], [MISSING, 0], [MISSING, 1]], np.int8)
# Fragments, of them with both; fractions of each; bp between them; error.
NUMBERS = [
    (2_000, 20, (0.3, 0.2), 117, 1e-4),
    (2_000, 60, (0.3, 0.3), 117, 1e-4),
    (500, 5, (0.4, 0.1), 195, 2e-4),
    (5_000, 400, (0.25, 0.25), 117, 1e-4),
]


def pair(number, both, fractions, distance, error):
    """Fragments over both sites, and a million over each that pin its fraction down."""
    a, b = (round(number * p) for p in fractions)
    counts = [number - a - b + both, a - both, b - both, both]
    alone = [round(1e6 * p) for a in fractions for p in (1 - a, a)]
    patterns = np.concatenate([PAIRS, ALONE])
    return Mixture(patterns, np.array(counts + alone), np.array([float(distance)]), np.full(2, error), np.ones(4, bool))


@pytest.mark.parametrize("numbers", NUMBERS)
def test_posterior_is_the_two_dimensional_integral(numbers):
    """Spike of 1/2 at 0, uniform to the rarer fraction, ln rho normal around 2e-4 with sd 1.15; the fractions of the
    two are known, so the four kinds of fragment have one free fraction."""
    number, both, (p_a, p_b), distance, error = numbers
    found = pair(*numbers).weigh(3, ASSUMED)
    rho = np.exp(np.log(2e-4) + 1.15 * np.linspace(-3, 3, 2_001))[:, None]
    h = np.linspace(0, min(p_a, p_b), 4_001)[None, :]
    a, b = round(number * p_a), round(number * p_b)

    def log_likelihood(h):
        f = h * np.exp(-rho * distance) + p_a * p_b * (1 - np.exp(-rho * distance))
        cells = np.array(np.broadcast_arrays(1 - p_a - p_b + f, p_a - f, p_b - f, f))
        wrong = np.array(
            [
                [(1 - error) ** (2 - k) * error**k for k in row]
                for row in ((0, 1, 1, 2), (1, 0, 2, 1), (1, 2, 0, 1), (2, 1, 1, 0))
            ]
        )
        shown = np.einsum("xy,y...->x...", wrong, np.maximum(cells, 0))
        return sum(n * np.log(s) for n, s in zip((number - a - b + both, a - both, b - both, both), shown, strict=True))

    prior = np.exp(-(np.linspace(-3, 3, 2_001) ** 2) / 2)[:, None]
    slab, spike = log_likelihood(h), log_likelihood(np.zeros((1, 1)))
    top = max(slab.max(), spike.max())
    slab = (np.exp(slab - top) * prior).sum(axis=0) / h.shape[1]
    spike = float((np.exp(spike - top) * prior).sum())
    total = slab.sum() + spike
    assert found.none + found.weights.sum() == pytest.approx(1)
    assert found.none == pytest.approx(spike / total, abs=0.015)
    for cut in (0.02, 0.1, 0.3, 0.6):
        expected = slab[h[0] > cut * min(p_a, p_b)].sum() / total
        assert found.weights[found.values > cut * min(p_a, p_b)].sum() == pytest.approx(expected, abs=0.015)


@pytest.mark.parametrize("none, value, templates", [(0.3, 0.1, 1_000), (0.0, 0.02, 200), (0.9, 0.4, 1e9)])
def test_few_templates_widen_the_posterior(none, value, templates):
    """Against draws: Beta around what was amplified, of templates whose families vary by CV^2 = 0.25."""
    posterior = through_templates(Weighed(none, 0.5, np.array([value]), np.array([1 - none])), templates)
    n, rng, number = templates / 1.25, np.random.default_rng(1), 200_000
    # Of prior fractions up to 0.5, one in n / 2 is that of molecules which no template has.
    seen = rng.random(number) < (1 - none) * (1 - 2 / n) / ((1 - none) * (1 - 2 / n) + none * (1 + 2 / n))
    missed = rng.random(number) < 2 / n / (1 + 2 / n)
    drawn = np.where(missed, rng.beta(1, n + 1, number), 0.0)
    drawn = np.where(seen, rng.beta(n * value + 0.5, n * (1 - value) + 0.5, number), drawn)
    for q in (0.025, 0.5, 0.975):
        assert posterior.quantile(q) == pytest.approx(np.quantile(drawn, q), abs=0.002)
    assert posterior.above(value) == pytest.approx((drawn > value).mean(), abs=0.02)


def parts(fractions, both, distance, error):
    return Parts(np.array([[1, fractions[0], both], [1, 1, fractions[1]]]), np.array([float(distance)]), error)


@pytest.mark.parametrize(
    "both, distance, fractions, error",
    [(0.015, 117, (0.3, 0.3), 0.0), (0.0025, 195, (0.2, 0.1), 1e-4), (0.08, 6, (0.5, 0.4), 1e-3)],
)
def test_rate_needed_is_the_closed_form(both, distance, fractions, error):
    found = parts(fractions, both, distance, error).rate_needed()
    assert found == pytest.approx(-np.log(1 - (both - error) / np.prod(fractions)) / distance, rel=1e-6)


def test_rate_needed_is_none_where_no_rate_could_and_0_where_errors_do():
    assert parts((0.3, 0.3), 0.15, 117, 0.0).rate_needed() is None
    assert parts((0.3, 0.3), 5e-4, 117, 1e-3).rate_needed() == 0.0


@pytest.mark.parametrize("rate", [2e-4, 1e-3])
def test_recombinants_of_three_sites_are_those_of_molecules_that_switch(rate):
    """What is read with all three is what is left of the true ones and what PCR made of the others."""
    truth = {(1, 1, 1): 0.1, (1, 1, 0): 0.2, (0, 0, 1): 0.3, (1, 0, 1): 0.05, (0, 0, 0): 0.35}
    pool = recombined(truth, ["G250E", "D276G", "T315I"], rate)
    runs = np.array(
        [
            [1.0] + [sum(p for h, p in pool.items() if all(h[i:j])) if j > i else 1.0 for j in range(1, 4)]
            for i in range(3)
        ]
    )
    made = Parts(runs, np.array([78.0, 117.0]), 0.0).recombinant(rate)
    assert made == pytest.approx(pool[1, 1, 1] - 0.1 * np.exp(-rate * 195), abs=2e-4)
