"""Cis, trans, artefact or unknown: verdicts on simulated molecules whose truth is known."""

from collections import Counter

import numpy as np
import pytest
from drawn import Kind, call_row, draw, event_row
from molecules import CHANGES, recombined, sample

from ablkd import phase
from ablkd.isoforms import build_graph
from ablkd.phase import Evidence, phase_sample, posterior, rate_needed

PAIR = ["D276G", "T315I"]  # 117 bp apart
FAR = ["G250E", "T315I"]  # 195 bp apart


@pytest.fixture
def verdicts(reference, graph, monkeypatch):
    """{mutations: row} of a simulated sample; haplotypes have tests of their own and take most of the time."""
    monkeypatch.setattr(phase, "haplotype_rows", lambda *_: [])
    monkeypatch.setattr(phase, "build_graph", lambda _: graph)

    def judged(shares, sites, rng, templates=5_000, **how):
        fragments, calls = sample(reference, shares, sites, rng, templates=templates, **how)
        _, rows = phase_sample("S", reference, fragments, calls, [], templates)
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


# ---------------------------------------------------------------- trans and nothing to say


@pytest.mark.parametrize("rate", [0.0, 2e-5])
def test_trans_is_polyclonal(verdicts, rate):
    shares = {"D276G": 0.3, "T315I": 0.3, "-": 0.4}
    found = verdicts_of_trials(verdicts, 20, shares, PAIR, rate=rate)
    assert found["polyclonal"] >= 18 and found["compound"] == 0


@pytest.mark.parametrize("number", [0, 10, 60])
def test_few_spanning_fragments_cannot_be_phased(verdicts, number):
    """Fewer than 20 expected of the rarer member."""
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
        found.append((row.verdict, row.compound_low > 0.7))
    assert found == [("compound", True)] * 5


def test_one_mutation_or_none_has_no_phase(reference):
    fragments, calls = sample(reference, {"T315I": 0.4, "-": 0.6}, ["T315I"], np.random.default_rng(5))
    assert phase_sample("S", reference, fragments, calls, [], 5_000)[1] == []
    haplotypes, rows = phase_sample("S", reference, draw(reference, [Kind(500)]), [], [], None)
    assert rows == [] and [(h.haplotype, h.fraction) for h in haplotypes] == [("unmutated", 1.0)]


def test_events_are_phased_with_mutations(reference):
    """40 % skip exon 4 and have T315I, 60 % are whole without: one compound, never a polyclonal pair."""
    span = (400, 1000)
    kinds = [
        Kind(800, "944C>T", span, span, ("exon4_skipping",)),
        Kind(1_200, "", span, span),
    ]
    calls = [call_row(reference, "T315I", CHANGES["T315I"], 0.4)]
    _, (row,) = phase_sample("S", reference, draw(reference, kinds), calls, [event_row("exon4_skipping", 0.4)], 5_000)
    assert (row.mutations, row.verdict) == ("exon4_skipping+T315I", "compound")


# ---------------------------------------------------------------- the numbers behind

EVIDENCE = [
    # spanning, together, effective, margins, distance, error
    (2_000, 20, 1_000.0, (0.3, 0.2), 117, 1e-4),
    (2_000, 60, 1_500.0, (0.3, 0.3), 117, 1e-4),
    (500, 2, 300.0, (0.4, 0.1), 195, 2e-4),
    (5_000, 400, 2_000.0, (0.25, 0.25), 117, 1e-4),
]


def evidence(spanning, together, effective, margins, distance, error):
    return Evidence(spanning, together, effective, np.array(margins), ((distance, *margins),), error)


@pytest.mark.parametrize("numbers", EVIDENCE)
def test_posterior_is_the_two_dimensional_integral(numbers):
    """Spike of 1/2 at 0, uniform to the rarer margin, ln rho normal around 2e-4 with sd 1.15; binomial counts."""
    spanning, together, effective, (p_a, p_b), distance, error = numbers
    values, weights = posterior(evidence(*numbers))
    z = np.linspace(-7, 7, 2_001)
    rho = np.exp(np.log(2e-4) + 1.15 * z)[:, None]
    h = np.linspace(0, min(p_a, p_b), 4_001)[None, :]
    n, k = effective, together / spanning * effective

    def likelihood(h):
        f = h * np.exp(-rho * distance) + p_a * p_b * (1 - np.exp(-rho * distance)) + error
        return np.exp(k * np.log(f) + (n - k) * np.log1p(-f) - k * np.log(k / n) - (n - k) * np.log1p(-k / n))

    prior = np.exp(-(z**2) / 2)[:, None] / np.exp(-(z**2) / 2).sum()
    slab = (likelihood(h) * prior).sum(axis=0) / h.shape[1]
    spike = float((likelihood(np.zeros((1, 1))) * prior).sum())
    total = slab.sum() + spike
    assert values[0] == 0 and weights.sum() == pytest.approx(1)
    assert weights[0] == pytest.approx(spike / total, abs=0.01)
    for cut in (0.02, 0.1, 0.3, 0.6):
        expected = slab[h[0] > cut * min(p_a, p_b)].sum() / total
        assert weights[values > cut * min(p_a, p_b)].sum() == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    "together, distance, margins, error",
    [(30, 117, (0.3, 0.3), 0.0), (5, 195, (0.2, 0.1), 1e-4), (160, 6, (0.5, 0.4), 1e-3)],
)
def test_rate_needed_is_the_closed_form(together, distance, margins, error):
    found = rate_needed(evidence(2_000, together, 1_000.0, margins, distance, error))
    f11 = together / 2_000 - error
    assert found == pytest.approx(-np.log(1 - f11 / (margins[0] * margins[1])) / distance, rel=1e-6)


def test_rate_needed_is_none_where_no_rate_could_and_0_where_errors_do():
    assert rate_needed(evidence(2_000, 300, 1_000.0, (0.3, 0.3), 117, 0.0)) is None
    assert rate_needed(evidence(2_000, 1, 1_000.0, (0.3, 0.3), 117, 1e-3)) == 0.0
