"""Errors that differ between strands, and errors of the sequence that another variant makes, do not pass as variants."""

import numpy as np
import pytest
from counted import changes_of
from drawn import Kind, draw
from learned import run_of, trust_the_sheet
from scipy import integrate, stats

from ablkd.background.allele import DEFAULT_TEMPLATES
from ablkd.background.classes import single_changes
from ablkd.background.learning import Library, learn
from ablkd.background.run import load, save
from ablkd.background.strands import strand_factor, strand_spread
from ablkd.calling.artefacts import STRAND_FACTOR
from ablkd.calling.call import call_sample
from ablkd.counting.counts import Counts
from ablkd.phasing.phase import phase_sample
from ablkd.phasing.recombination import ASSUMED

KINASE = (708, 1521)
UNTAUGHT = 1.0


@pytest.fixture(autouse=True)
def calls_alone(monkeypatch):
    """What could have been called, and how many templates there were, have tests of their own."""
    monkeypatch.setattr("ablkd.calling.call.sites_of", lambda *_: [])
    monkeypatch.setattr("ablkd.calling.call.median_limits", lambda *_: None)
    trust_the_sheet(monkeypatch)


@pytest.fixture(scope="module")
def called(reference):
    """All rows of a sample of one platform, without controls."""
    runs = {name: learn(row, reference, []) for name, row in reference.platforms.items()}

    def rows(fragments, platform="ont", run=None):
        row = reference.platform(platform)
        return call_sample("S", row, reference, fragments, run or runs[platform], None, 0.03, 0.03)[0]

    return rows


# ---------------------------------------------------------------- strands


def factor(forward, reverse, spread=UNTAUGHT):
    """Of (fragments that show it, all) on each strand."""
    x, n = np.array([forward, reverse]).T
    return strand_factor(x, n, spread)


@pytest.mark.parametrize(("forward", "reverse"), [((71, 952), (22, 1029)), ((30, 600), (25, 400)), ((0, 50), (9, 60))])
@pytest.mark.parametrize("spread", [0.3, 1.5])
def test_the_factor_is_the_ratio_of_two_integrals(forward, reverse, spread):
    (x, n), (y, m) = forward, reverse

    def explained(sd):
        def at(log_ratio):
            half = np.exp(log_ratio / 2)
            pooled = (x + y) / (n * half + m / half)
            both = stats.binom.pmf(x, n, pooled * half) * stats.binom.pmf(y, m, pooled / half)
            return both * stats.norm.pdf(log_ratio, 0, sd)

        return integrate.quad(at, -5, 5, points=[np.log((x + 0.5) / n / (y + 0.5) * m)], limit=200)[0]

    exact = (explained(spread) + explained(1.0)) / 2 / explained(0.2)
    assert factor(forward, reverse, spread) == pytest.approx(exact, rel=0.02)


def test_counts_of_equal_fractions_speak_for_a_variant_and_the_order_of_strands_does_not_matter():
    assert factor((50, 1000), (55, 1100)) < 1
    assert factor((0, 900), (0, 0)) == pytest.approx(1.0)
    assert factor((71, 952), (22, 1029)) == pytest.approx(factor((22, 1029), (71, 952)))


@pytest.mark.parametrize("fraction", [0.02, 0.1, 0.5])
@pytest.mark.parametrize("fragments", [500, 5000])
def test_a_true_variant_is_hardly_ever_held_back(fraction, fragments):
    """Even where one strand loses bases to the quality cut (sd of the log ratio 0.2). Were 0.1 % held
    back, more than 6 of 1,500 would be in one of a thousand such tests."""
    rng = np.random.default_rng(20261130)
    half = np.exp(rng.normal(0, 0.2, 1500) / 2)
    n = np.array([fragments // 2, fragments - fragments // 2])
    drawn = np.stack([rng.binomial(n[0], fraction * half), rng.binomial(n[1], fraction / half)], axis=1)
    assert sum(strand_factor(x, n, UNTAUGHT) > STRAND_FACTOR for x in drawn) <= 6


@pytest.mark.parametrize(("ratio", "least"), [(3.5, 0.7), (5, 0.95), (10, 0.99)])
def test_errors_of_one_strand_are_held_back(ratio, least):
    """4.5 % of 2,000 fragments."""
    rng = np.random.default_rng(20261130)
    rate = 2 * 0.045 / (1 + ratio)
    drawn = np.stack([rng.binomial(1000, rate * ratio, 300), rng.binomial(1000, rate, 300)], axis=1)
    assert np.mean([strand_factor(x, np.array([1000, 1000]), UNTAUGHT) > STRAND_FACTOR for x in drawn]) >= least


def sample_with(reference, spread, seed):
    """A sample whose sites err on both strands with log ratios of that spread."""
    rng, changes = np.random.default_rng(seed), changes_of(reference)
    counts = np.zeros((reference.codons, 3, 64), np.int64)
    inside = (changes.codon >= 236) & (changes.codon < 507)
    half = np.exp(rng.normal(0, spread, len(changes.codon)) / 2)
    for strand, rate in enumerate((0.004 * half, 0.004 / half)):
        counts[changes.codon[inside], strand, changes.state[inside]] = rng.binomial(2000, rate[inside])
        wild = np.array([[16, 4, 1] @ c for c in reference.codes[: 3 * reference.codons].reshape(-1, 3).astype(int)])
        counts[range(236, 507), strand, wild[236:507]] = 2000
    return Counts("S", "ont", counts, {})


@pytest.mark.parametrize("spread", [0.3, 1.25])
def test_the_spread_of_strands_is_learned_and_kept(reference, spread, tmp_path):
    counts = sample_with(reference, spread, 7)
    found = strand_spread([counts], single_changes(reference), 0.01)
    assert 0.75 * spread < found < 1.35 * spread
    run = learn(reference.platform("ont"), reference, [Library(counts, True)])
    save(run, tmp_path / "run.npz")
    assert load(tmp_path / "run.npz").strand_spread == found


def test_without_errors_to_learn_from_the_usual_spread_is_taken(reference):
    assert strand_spread([], single_changes(reference), 0.01) == UNTAUGHT
    nothing = Counts("S", "ont", np.zeros((reference.codons, 3, 64), np.int64), {})
    assert strand_spread([nothing], single_changes(reference), 0.01) == UNTAUGHT


def on_strands(forward, reverse, change="1052T>C"):
    """M351T in so many of 1,000 reads of either strand."""
    return [
        Kind(forward, change, KINASE, None),
        Kind(1000 - forward, "", KINASE, None),
        Kind(reverse, change, None, KINASE),
        Kind(1000 - reverse, "", None, KINASE),
    ]


@pytest.mark.parametrize(
    ("forward", "reverse", "platform", "filter"),
    [
        (75, 21, "ont", "orientation"),
        (21, 75, "ont", "orientation"),
        (75, 21, "pacbio_hifi", "orientation"),
        (75, 21, "illumina", "PASS"),  # orientations of short reads are parts of different products
        (75, 60, "ont", "PASS"),
        (500, 400, "ont", "PASS"),
        (1000, 900, "ont", "PASS"),
    ],
)
def test_a_change_whose_strands_differ_as_errors_do_is_held_back(reference, called, forward, reverse, platform, filter):
    (row,) = called(draw(reference, on_strands(forward, reverse)), platform)
    assert (row.name, row.filter) == ("M351T", filter)
    assert (row.vaf_forward, row.vaf_reverse) == (forward / 1000, reverse / 1000)


# ---------------------------------------------------------------- the sequence around another variant

T315I, F317L, BOTH = "944C>T", "949T>C", "944C>T 949T>C"


def filters(rows):
    return {row.hgvs_c.split(":c.")[1]: row.filter for row in rows}


def mixed(**counts):
    """2,000 reads: `with_both`, `first`, `second` and the rest."""
    kinds = {BOTH: counts.get("both", 0), T315I: counts.get("first", 0), F317L: counts.get("second", 0)}
    return [Kind(n, change) for change, n in kinds.items() if n] + [Kind(2000 - sum(kinds.values()))]


CONTEXT = {T315I: "PASS", F317L: "context"}
REAL = {T315I: "PASS", F317L: "PASS"}


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (dict(both=120, first=880), CONTEXT),  # 12 % of the molecules with T315I
        (dict(both=120, first=880, second=4), CONTEXT),  # errors elsewhere
        (dict(both=230, first=1770), CONTEXT),  # T315I in all molecules
        (dict(both=400, first=600), CONTEXT),
        (dict(both=600, first=400), REAL),  # a subclone that outgrew the clone
        (dict(both=1000), REAL),
        (dict(first=800, second=200), REAL),  # separate clones
        (dict(both=100, first=900, second=120), REAL),  # on either kind of molecule
    ],
)
def test_what_is_on_few_molecules_of_its_neighbour_and_nowhere_else_is_held_back(reference, called, counts, expected):
    assert filters(called(draw(reference, mixed(**counts)))) == expected


def test_platforms_with_few_errors_know_no_errors_of_context(reference, called):
    fragments = draw(reference, mixed(both=120, first=880))
    for platform in ("pacbio_hifi", "illumina"):
        assert filters(called(fragments, platform)) == REAL


@pytest.mark.parametrize(("position", "filter"), [(933, "PASS"), (934, "context"), (954, "context"), (955, "PASS")])
def test_the_context_reaches_ten_bases(reference, called, position, filter):
    base = reference.sequence[position - 1]
    change = f"{position}{base}>{dict(A='G', C='T', G='A', T='C')[base]}"
    fragments = draw(reference, [Kind(400, f"{T315I} {change}"), Kind(600, T315I), Kind(1000)])
    assert filters(called(fragments)) == {T315I: "PASS", change: filter}


def test_two_changes_of_one_codon_are_one_change(reference, called):
    rows = called(draw(reference, [Kind(120, "944C>T 945T>G"), Kind(880, T315I), Kind(1000)]))
    assert filters(rows) == {T315I: "PASS", "944_945delinsTG": "PASS"}


def test_a_control_with_the_same_neighbour_shows_its_errors(reference, called):
    """All samples of the run have T315I by birth; the control's reads show what errors do beside it."""
    fragments = draw(reference, mixed(both=230, first=1770))
    control = draw(reference, [Kind(2000, T315I)])
    run = run_of(reference, reference.platform("ont"), fragments, controls=[control])
    assert filters(called(fragments, run=run))[F317L] == "PASS"


def test_what_is_held_back_is_no_compound(reference, called):
    for counts, verdicts in ((dict(both=120, first=880), []), (dict(both=600, first=400), ["compound"])):
        fragments = draw(reference, mixed(**counts))
        _, rows = phase_sample("S", reference, fragments, called(fragments), [], DEFAULT_TEMPLATES, ASSUMED)
        assert [row.verdict for row in rows] == verdicts
