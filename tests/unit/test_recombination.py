"""Recombination controls: the rate they show, what several say together, and what it changes."""

import math
from dataclasses import replace

import numpy as np
import pytest
from molecules import recombined, sample

from ablkd import steps
from ablkd.errors import InputError
from ablkd.fragments import save
from ablkd.phasing.phase import phase_sample
from ablkd.phasing.recombination import ASSUMED, in_force, measure, qc_rows
from ablkd.records import Call, Phase, QcMetric, RecombinationRate, SpliceEvent
from ablkd.tables import read_rows, write_rows

PAIR, FAR = ["D276G", "T315I"], ["G250E", "T315I"]
MIX = {"G250E": 0.5, "T315I": 0.5}


def control(reference, rate, shares=MIX, sites=FAR, expected="G250E:0.5;T315I:0.5", seed=1, **how):
    fragments, calls = sample(reference, shares, sites, np.random.default_rng(seed), rate=rate, templates=20_000, **how)
    return measure("MIX", expected, reference, fragments, calls)


@pytest.mark.parametrize("rate", [1e-4, 5e-4, 2e-3, 8e-3])
def test_the_rate_is_found(reference, rate):
    """10,000 fragments, 195 bp: at 1e-4 per bp about fifty are recombinant."""
    row = control(reference, rate, number=10_000)
    assert row.rate == pytest.approx(rate, rel=0.35 if rate < 2e-4 else 0.12)
    assert row.observed == pytest.approx(recombined({(1, 0): 0.5, (0, 1): 0.5}, FAR, rate)[1, 1], rel=0.35)
    assert (row.mutations, row.spanning, row.reason) == ("G250E+T315I", 10_000, "")


def test_without_a_recombinant_only_high_rates_are_excluded(reference):
    row = control(reference, 0.0, number=2_000, error=1e-5)
    assert row.rate < 1e-4 and 0.4 < row.log_sd < 1.15


def test_three_mutations_that_were_mixed_count_together(reference):
    sites = ["G250E", "D276G", "T315I"]
    row = control(reference, 1e-3, dict.fromkeys(sites, 1 / 3), sites, "G250E:0.3;D276G:0.3;T315I:0.3", number=10_000)
    assert row.rate == pytest.approx(1e-3, rel=0.15)


@pytest.mark.parametrize(
    "sites, number, reason",
    [
        (FAR, 50, "50 fragments span two of the mutations (at least 100 are needed), so nothing shows recombination"),
        (["G250E"], 500, "T315I not found, so nothing shows recombination"),
    ],
)
def test_a_control_that_shows_nothing_says_why(reference, sites, number, reason):
    row = control(reference, 1e-3, {sites[0]: 0.5, "-": 0.5} if len(sites) == 1 else MIX, sites, number=number)
    assert (row.rate, row.log_sd) == (None, None)
    assert reason.startswith(row.reason.partition(",")[0].partition(" (")[0])


def rate_row(name, rate, log_sd=0.05):
    return RecombinationRate(name, "G250E+T315I", 5_000, 0.01, rate, log_sd, "")


def test_without_a_control_the_rate_is_assumed_and_that_is_said():
    found = in_force([])
    assert found.prior == ASSUMED and found.origin == "assumed: no recombination control in the run"
    assert found.range == (pytest.approx(2.1e-5, rel=0.05), pytest.approx(1.9e-3, rel=0.05))
    (row,) = qc_rows("S", [])
    assert (row.metric, row.value, row.unit, row.status) == ("recombination_rate", "0.0002", "per bp", "pass")
    assert row.reason == "assumed: no recombination control in the run; 95 %: 2e-05 to 0.002"


def test_one_control_is_believed_within_what_samples_differ():
    found = in_force([rate_row("MIX", 7e-4)])
    assert found.prior.median == pytest.approx(7e-4) and found.prior.log_sd == pytest.approx(0.4, abs=0.01)
    assert found.origin == "measured by MIX of the run"


def test_several_controls_are_averaged_and_their_disagreement_counts():
    alike = in_force([rate_row("M1", 5e-4), rate_row("M2", 8e-4)])
    assert alike.prior.median == pytest.approx(math.sqrt(4e-7), rel=0.01)
    assert alike.prior.log_sd == pytest.approx(0.4, abs=0.01)
    apart = in_force([rate_row("M1", 1e-4), rate_row("M2", 1e-2)])
    assert apart.prior.log_sd == pytest.approx(math.log(10), abs=0.05)
    vague = in_force([rate_row("M1", 5e-4, 0.02), rate_row("M2", 5e-3, 1.0)])
    assert vague.prior.median < 8e-4


def test_a_control_without_a_rate_is_named():
    useless = RecombinationRate("MIX", "G250E", 0, None, None, None, "T315I not found, so nothing shows recombination")
    found = in_force([useless])
    assert found.prior == ASSUMED
    assert found.origin == "assumed: no usable recombination control in the run (MIX: T315I not found, so nothing shows recombination)"  # fmt: skip
    own = qc_rows("MIX", [useless])[1]
    assert (own.metric, own.value, own.status, own.reason) == ("recombination_control", "", "review", useless.reason)
    beside = in_force([useless, rate_row("M2", 5e-4)])
    assert beside.prior.median == pytest.approx(5e-4) and "not usable: MIX" in beside.origin


# ---------------------------------------------------------------- reads of both strands


def test_a_control_without_recombinants_bounds_the_share_of_heteroduplexes():
    """At 1e-4 per bp 195 bp make 2 %, the rate at most twice as high 4 %: as many as 9 % heteroduplexes."""
    row = replace(rate_row("MIX", 1e-4), distance=195.0)
    assert in_force([], 0.4).prior.heteroduplex == in_force([replace(row, rate=2e-3)], 0.4).prior.heteroduplex == 0.4
    few = in_force([row], 0.4).prior.heteroduplex
    assert few == pytest.approx(2 * (1 - np.exp(-1e-4 * 195 * np.exp(1.96 * 0.4))), rel=0.05)
    assert in_force([row]).prior.heteroduplex == 0
    (_, share) = qc_rows("S", [row], 0.4)
    assert (share.metric, share.value) == ("heteroduplex", f"{few:.2g}") and "measured by MIX" in share.reason
    (_, share) = qc_rows("S", [], 0.4)
    assert (share.value, share.unit) == ("0.4", "of fragments") and share.reason.endswith("assumed of the platform")


def test_what_a_control_shows_is_recombination_and_heteroduplexes_together(reference):
    """30 % heteroduplexes and no recombination look like 8e-4 per bp over 195 bp, all of which may be theirs."""
    row = control(reference, 0.0, number=10_000, heteroduplex=0.3)
    assert row.rate == pytest.approx(-np.log(1 - 0.3 / 2) / 195, rel=0.12) and row.distance == 195
    prior = in_force([row], 0.4).prior
    assert prior.heteroduplex == 0.4
    for share in (0.0, 0.1, 0.3):
        rates, _ = prior.rates(share, 13)
        made = 1 - np.exp(-rates[6] * 195) * (1 - share / 2)
        assert made == pytest.approx(0.15, rel=0.12)


# ---------------------------------------------------------------- what a control changes


@pytest.mark.parametrize(
    "shares, rate, alone, beside",
    [
        ({"D276G": 0.4, "T315I": 0.4, "-": 0.2}, 3e-3, "not_proven", "explained_by_recombination"),
        ({"D276G+T315I": 0.02, "D276G": 0.22, "T315I": 0.22, "-": 0.54}, 1e-4, "not_proven", "compound"),
    ],
    ids=["artefact", "small compound"],
)
def test_a_control_settles_what_is_not_proven_without(reference, shares, rate, alone, beside):
    rng = np.random.default_rng(11)
    fragments, calls = sample(reference, shares, PAIR, rng, rate=rate, templates=20_000, number=10_000)
    found = []
    for controls in ([], [control(reference, rate, number=10_000)]):
        _, (row,) = phase_sample("S", reference, fragments, calls, [], 20_000, in_force(controls).prior)
        found.append(row.verdict)
    assert found == [alone, beside]


# ---------------------------------------------------------------- from sheet to phase table


def test_the_rate_of_a_control_reaches_the_samples_of_its_run_alone(reference, root, tmp_path):
    lines = ["sample\tplatform\trun\trole\texpected\treads_1"]
    for name, run, role, expected in (
        ("MIX", "r1", "recombination_control", "G250E:0.5;T315I:0.5"),
        ("S", "r1", "patient", ""),
        ("T", "r2", "patient", ""),
    ):
        (tmp_path / f"{name}.fastq").write_text("")
        lines.append(f"{name}\tont\t{run}\t{role}\t{expected}\t{name}.fastq")
    sheet = tmp_path / "samples.tsv"
    sheet.write_text("\n".join(lines) + "\n")
    made = {
        "MIX": (MIX, FAR, 1e-3),
        "S": ({"D276G": 0.4, "T315I": 0.4, "-": 0.2}, PAIR, 1e-3),
    }
    for name, (shares, sites, rate) in made.items():
        fragments, calls = sample(reference, shares, sites, np.random.default_rng(3), rate=rate, number=5_000)
        save(fragments, tmp_path / f"{name}.npy")
        write_rows(tmp_path / f"{name}.calls.tsv", Call, calls)
    write_rows(
        tmp_path / "call_qc.tsv", QcMetric, [QcMetric("S", "template_copies", "3000", "molecules", "", "pass", "")]
    )
    write_rows(tmp_path / "splicing.tsv", SpliceEvent, [])
    rates = {}
    for run, files in (("r1", ["MIX"]), ("r2", [])):
        inputs = ([tmp_path / f"{n}.npy" for n in files], [tmp_path / f"{n}.calls.tsv" for n in files])
        steps.recombination(sheet, run, root / "reference", *inputs, tmp_path / f"{run}.tsv")
        out = [tmp_path / f"{run}.{table}" for table in ("haplotypes.tsv", "phase.tsv", "pile_ups.json", "qc.tsv")]
        steps.phase(
            "S", "ont", root / "reference", tmp_path / "S.npy", tmp_path / "S.calls.tsv", tmp_path / "call_qc.tsv",
            tmp_path / "splicing.tsv", tmp_path / f"{run}.tsv", *out,
        )  # fmt: skip
        (metric,) = read_rows(out[3], QcMetric)
        rates[run] = float(metric.value), metric.reason, read_rows(out[1], Phase)[0]
    assert rates["r1"][0] == pytest.approx(1e-3, rel=0.2) and rates["r1"][1].startswith("measured by MIX of the run;")
    assert rates["r2"][0] == 2e-4 and rates["r2"][1].startswith("assumed: no recombination control in the run;")
    # At the measured rate PCR is expected to make five times as many.
    assert rates["r1"][2].expected_recombinant == pytest.approx(5 * rates["r2"][2].expected_recombinant, rel=0.25)
    with pytest.raises(InputError, match="run 'r1' has 1 recombination controls"):
        steps.recombination(sheet, "r1", root / "reference", [], [], tmp_path / "none.tsv")


def test_phasing_reckons_with_the_templates_that_calling_settled_on(reference, tmp_path):
    """Fewer templates, wider intervals; without the row there is nothing to reckon with."""
    table = tmp_path / "call_qc.tsv"
    write_rows(table, QcMetric, [])
    with pytest.raises(InputError, match="no row 'template_copies'"):
        steps._templates(table)
    write_rows(table, QcMetric, [QcMetric("S", "template_copies", "120", "molecules", "", "review", "")])
    assert steps._templates(table) == 120
    fragments, calls = sample(reference, {"D276G+T315I": 0.3, "-": 0.7}, PAIR, np.random.default_rng(2))
    widths = []
    for templates in (120, 12_000):
        _, (row,) = phase_sample("S", reference, fragments, calls, [], templates, ASSUMED)
        widths.append(row.compound_high - row.compound_low)
    assert widths[0] > 4 * widths[1]
