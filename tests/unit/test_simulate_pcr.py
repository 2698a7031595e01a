"""Descent in the simulated PCR: what is shared by how many molecules, against formulas."""

import dataclasses

import numpy as np
import pytest

from ablkd.simulate.molecules import build_molecule, parse_haplotype
from ablkd.simulate.pcr import COPIED, Products, draw_pool, draw_templates
from ablkd.simulate.truth import DEFAULTS, TruthRow
from ablkd.tables import column_types, parse_cell


def settings(**values) -> TruthRow:
    cells = {name: DEFAULTS.get(name, "0") for name in column_types(TruthRow)}
    row = TruthRow(**{name: parse_cell(cells[name], *kind) for name, kind in column_types(TruthRow).items()})
    faultless = {"rt_error": 0.0, "pcr_error": 0.0, "recombination": 0.0}
    return dataclasses.replace(row, **{**faultless, **values})


def pool_of(reference, row, number, *haplotypes, fusions=(), seed=1):
    fusions = fusions or ["e1a2"] * len(haplotypes)
    molecules = [
        build_molecule(reference, fusion, parse_haplotype(reference, name))
        for fusion, name in zip(fusions, haplotypes, strict=True)
    ]
    rng = np.random.default_rng(seed)
    fractions = (1 / len(molecules),) * len(molecules)
    templates = draw_templates(molecules, fractions, row, rng)
    amplicon = None if len(set(fusions)) > 1 else next(a for a in reference.amplicons if a.name == "minor_long")
    products = Products(reference, molecules, amplicon)
    return products, draw_pool(templates, products, number, row, rng)


def shares(products, pool):
    counts = np.bincount(pool.product, minlength=len(products.molecules)) / len(pool.product)
    return {(m.fusion, m.haplotype): c for m, c in zip(products.molecules, counts, strict=True)}


def test_an_rt_error_reaches_the_reads_of_its_template_and_no_others(reference):
    row = settings(template_molecules=20, rt_error=2e-3)
    _, pool = pool_of(reference, row, 20_000, "unmutated")
    sites, counts = np.unique(pool.errors.axis, return_counts=True)
    # 20 templates of 1,950 bases at 2e-3: 78 errors, each in about one read of 20.
    assert 50 < len(sites) < 110
    assert np.median(counts) / 20_000 == pytest.approx(1 / 20, rel=0.25)
    assert counts.min() / 20_000 > 0.1 / 20
    families = {frozenset(pool.errors.owner[pool.errors.axis == site].tolist()) for site in sites}
    assert 10 <= len(families) <= 20
    assert sum(map(len, families)) == len(frozenset.union(*families))


def test_pcr_errors_have_the_mean_rate_and_the_clone_sizes_of_their_cycles(reference):
    row = settings(template_molecules=10, pcr_error=2e-5, cycles=30)
    products, pool = pool_of(reference, row, 20_000, "unmutated")
    span = products.span[1] - products.span[0]
    assert len(pool.errors.owner) / 20_000 / span == pytest.approx(2e-5 * 30 * COPIED, rel=0.25)
    _, counts = np.unique(np.stack((pool.errors.axis, pool.errors.shift)), axis=1, return_counts=True)
    assert counts.max() > 50
    assert (counts == 1).mean() > 0.3


@pytest.mark.parametrize("rate", [2e-4, 1e-3, 2e-3])
def test_switching_between_two_sites_follows_geiringer(reference, rate):
    row = settings(template_molecules=50_000, recombination=rate)
    found = []
    for seed in range(4):
        products, pool = pool_of(reference, row, 30_000, "G250E", "T315I", seed=seed)
        both = shares(products, pool)
        found += [both["e1a2", "G250E+T315I"], both["e1a2", "unmutated"]]
    distance = 944 - 749
    assert np.mean(found) == pytest.approx(0.25 * (1 - np.exp(-rate * distance)), rel=0.05)


def test_a_switch_needs_the_bases_on_both_molecules(reference):
    row = settings(template_molecules=5_000, recombination=1e-3)
    products, pool = pool_of(reference, row, 20_000, "exon4_skipping", "G250E+T315I")
    made = {name for (_, name), share in shares(products, pool).items() if share > 0}
    # Between the 4/5 junction and the gatekeeper a switch is possible, inside exon 4 it is not.
    assert made == {"exon4_skipping", "G250E+T315I", "exon4_skipping+T315I", "G250E"}


def test_fusions_switch_only_behind_their_breakpoints(reference):
    row = settings(template_molecules=5_000, recombination=1e-3)
    products, pool = pool_of(reference, row, 20_000, "T315I", "unmutated", fusions=["e13a2", "e14a2"])
    found = shares(products, pool)
    assert set(found) == {(f, n) for f in ("e13a2", "e14a2") for n in ("T315I", "unmutated")}
    distance = 944 - 80
    assert found["e14a2", "T315I"] == pytest.approx(0.25 * (1 - np.exp(-1e-3 * distance)), rel=0.12)


def test_no_switching_and_no_errors_leave_the_templates_as_they_were(reference):
    products, pool = pool_of(reference, settings(), 1_000, "T315I", "unmutated")
    assert len(products.molecules) == 2
    assert len(pool.errors.owner) == 0
