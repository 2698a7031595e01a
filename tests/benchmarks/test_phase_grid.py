"""The grid of phasing in small: no false compound, true ones found, and the tubes behind it recombine as they should."""

import numpy as np
import phase_heteroduplex
import pytest
from phase_grid import PAIRS, Cell, grid, simple_rules, table, verdict
from phase_tubes import MISSING, PLATFORMS, amplify, consensus, shown

SEED = 20_001


@pytest.fixture(scope="module")
def cells():
    return list(grid(SEED, 2, platforms=("hifi",), distances=(117,), rates=(0.0, 1e-3)))


def test_no_false_compound_and_most_true_ones(cells):
    """Some fifty judged samples without a compound; the whole grid has thousands."""
    assert sum(c.compound for c in cells if c.true == "no") == 0
    plain = [c for c in cells if c.fractions in ("8/17/17", "8/0/30", "all 8, third 30")]
    assert sum(c.compound for c in plain) >= 0.9 * sum(c.judged for c in plain) > 20


def test_every_judged_sample_has_one_verdict_and_an_interval(cells):
    for cell in cells:
        judged = cell.compound + cell.explained_by_recombination + cell.polyclonal + cell.not_proven
        assert cell.judged == judged == cell.held + cell.below + cell.above <= cell.trials <= 2
    assert {c.fractions for c in cells} >= set(PAIRS)
    assert "0.0%" in table("title", cells, ["rate", "control"])
    assert verdict(cells)[0].startswith("false compounds up to 0.002 per bp: 0 of")


def test_many_false_compounds_are_told():
    wrong = Cell(2, "0/40/40", "117", 1e-3, "hifi", "no", "no", trials=100, judged=100, compound=5)
    sentence, kept = verdict([wrong])
    assert not kept and "5 of 100 (5.00%" in sentence


@pytest.mark.parametrize("late", [False, True])
def test_molecules_that_switch_make_what_the_closed_form_says(late):
    """Mean of 40 tubes; with few templates single tubes scatter widely."""
    rng = np.random.default_rng(1)
    made = [amplify(np.array([0.0, 0.5, 0.5, 0.0]), (195,), 1e-3, 5_000, late, rng)[0][3] for _ in range(40)]
    assert np.mean(made) == pytest.approx(0.25 * (1 - np.exp(-0.195)), rel=0.04)


def test_families_vary_as_copying_by_chance_makes_them():
    """Of 200 templates with half a change the share after PCR varies by (1 - e) / (1 + e) = 0.25 more than 1 / N."""
    rng = np.random.default_rng(2)
    after = [amplify(np.array([0.5, 0.5]), (), 0.0, 200, False, rng)[0][1] for _ in range(600)]
    assert np.var(after) == pytest.approx(0.25 * 1.25 / 200, rel=0.2)


def test_what_fragments_show():
    rng = np.random.default_rng(3)
    states, _ = shown(np.array([0, 0, 0, 1.0]), (195,), PLATFORMS["2x150"], 20_000, rng)
    both = (states != MISSING).all(axis=1).mean()
    assert 0 < both < (states[:, 0] != MISSING).mean() < 0.3
    assert (states[states != MISSING] == 1).mean() > 0.998
    far, _ = shown(np.array([0, 0, 0, 1.0]), (700,), PLATFORMS["2x150"], 20_000, rng)
    assert not (far != MISSING).all(axis=1).any()


def test_the_simple_rules():
    two = np.array([[1, 1]] * 20 + [[1, 0]] * 60 + [[0, 1]] * 60 + [[0, 0]] * 60, np.int8)
    assert simple_rules(two, 1e-4) == (True, False)
    assert simple_rules(two[two.sum(axis=1) != 1], 1e-4) == (True, True)
    assert simple_rules(two[two.sum(axis=1) < 2], 1e-4) == (False, False)


def test_heteroduplexes_in_small():
    """Twelve samples at 40 %: no set that no molecule has is a compound, and one that is easily told is found."""
    cells = list(phase_heteroduplex.grid(SEED, 1, clones=("30/30", "both 8, 17/17"), shares=(0.4,), rates=(0.0,)))
    assert len(cells) == 24
    assert sum(c.false for c in cells) == 0 < sum(c.absent for c in cells) == 12
    assert sum(c.found for c in cells) >= 10 and sum(c.present for c in cells) == 12
    sentence, kept = phase_heteroduplex.verdict(cells)
    assert kept and sentence.startswith("most false compounds: 0 of 12 at 40%")
    assert "30/30" in phase_heteroduplex.table("By clones", cells, "clones")


def test_a_heteroduplex_is_read_site_by_site():
    """Of strands with one change each, a quarter of the reads have both and a quarter none."""
    one, other = np.full(40_000, 1), np.full(40_000, 2)
    read = consensus(one, other, 2, 0.5, np.random.default_rng(4))
    assert np.bincount(read, minlength=4) / 40_000 == pytest.approx([0.125, 0.625, 0.125, 0.125], abs=0.01)
