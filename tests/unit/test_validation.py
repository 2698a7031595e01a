"""The validation kit: conditions, what is asked of drawn runs, verdicts, and the page."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from ablkd import cli
from ablkd.background.allele import Background, ErrorRate
from ablkd.errors import InputError
from ablkd.simulate.counts import ErrorModel, draw_sites
from ablkd.tables import as_table, read_rows
from ablkd.validation import agreement, intervals, limits, runs
from ablkd.validation.conditions import SHIPPED, STUDIES, Condition, read_conditions
from ablkd.validation.false_calls import called, upper_bound
from ablkd.validation.rows import FalseCalls, Intervals, Limit
from ablkd.validation.sensitivity import share_interval
from ablkd.validation.verdicts import verdicts

CONDITION = Condition("false_calls", "illumina", 0, 2, 3000, 800, "yes", 2e-4, 5e-5, 1e-5, 0.7, 0.3, "")
SHORT = [
    CONDITION,
    replace(CONDITION, study="sensitivity", controls=2, fractions="0.01;0.05"),
    replace(CONDITION, study="limits", controls=2, patients=1),
    replace(CONDITION, study="intervals", controls=2, patients=1, fractions="0.05;0.2"),
    replace(CONDITION, study="reads", depth=200, templates=2000, fractions="0.1"),
]


def table(path, conditions):
    path.write_text(as_table(Condition, conditions).replace("\tNone", "\t"))
    return path


# ---------------------------------------------------------------- conditions


def test_the_table_that_ships_is_sound_and_asks_every_study(reference):
    assert {c.study for c in read_conditions(SHIPPED, reference)} == set(STUDIES)


def test_every_problem_of_a_table_is_told_with_its_line(tmp_path, reference):
    wrong = [
        replace(CONDITION, study="sense", platform="sanger"),
        replace(CONDITION, stated="maybe", patients=0, depth=5),
        replace(CONDITION, study="intervals", fractions="0.1;2"),
        replace(CONDITION, study="sensitivity", transition_error=0.2, cv=-1.0),
    ]
    path = table(tmp_path / "mine.tsv", wrong)
    with pytest.raises(InputError) as told:
        read_conditions(path, reference)
    assert [re.sub(r" \(.*", "", line).removeprefix(f"{path}:") for line in told.value.problems] == [
        "2: study 'sense' is not known",
        "2: platform 'sanger' does not read molecules",
        "3: stated 'maybe' is not yes or no",
        "3: patients 0 is too few",
        "3: depth 5 is too few",
        "4: fractions '0.1;2' are not all between 0 and 1",
        "5: transition_error '0.2' is not an error rate",
        "5: cv '-1.0' is not a spread",
        "5: a line of study sensitivity needs fractions",
    ]


def test_random_numbers_depend_on_the_condition_the_run_and_the_seed_alone():
    first = runs.generator(1, CONDITION, 0).random()
    assert runs.generator(1, replace(CONDITION), 0).random() == first
    others = [(2, CONDITION, 0), (1, CONDITION, 1), (1, replace(CONDITION, cv=0.4), 0)]
    assert first not in [runs.generator(*other).random() for other in others]


# ---------------------------------------------------------------- what is measured


@pytest.mark.parametrize("calls", [0, 1, 7])
def test_the_upper_bound_is_exact(calls):
    assert stats.poisson.cdf(calls, upper_bound(calls)) == pytest.approx(0.05)


@pytest.mark.parametrize(("hits", "trials"), [(0, 20), (3, 20), (20, 20)])
def test_the_interval_of_a_share_is_that_of_jeffreys(hits, trials):
    low, high = stats.beta.interval(0.95, hits + 0.5, trials - hits + 0.5)
    expected = (0.0 if hits == 0 else low, 1.0 if hits == trials else high)
    assert share_interval(hits, trials) == pytest.approx(expected)


def clean_run(reference, condition):
    """A run without errors whose fragments are as good as independent molecules, and one allele in it."""
    sites = draw_sites(reference, runs.listed_span(reference), ErrorModel(0, 0, 0, 0.7, 0), np.random.default_rng(1))
    run = runs.SimulatedRun(condition, reference, sites, [], None)
    mutation = next(m for m in reference.mutations if ">" in m.hgvs_c)
    state = agreement._change(mutation)[1]
    return run, mutation, state


def test_the_measured_limit_is_the_binomial_one_where_only_fragments_vary(reference):
    condition = replace(CONDITION, depth=2000, templates=10**6)
    run, mutation, state = clean_run(reference, condition)
    run.sites.rates[...] = 0.0
    allele = runs.Allele(mutation, mutation.codon - 1, state, None, 30)
    # A million templates make 17 clones an allele of a millionth each.
    measured = limits._measured(run, allele, 0.02, np.random.default_rng(2))
    assert stats.binom.sf(29, 2000, measured) == pytest.approx(0.95, abs=0.012)


def test_coverage_counts_intervals_that_miss_on_either_side(reference):
    run, mutation, state = clean_run(reference, replace(CONDITION, depth=1000, templates=10**6))
    nothing = ErrorRate(np.array([1e-9]), np.array([1.0]))
    test = runs.AlleleTest(nothing, 0.01, 0, (0, 0))
    alleles = 60 * [runs.Allele(mutation, mutation.codon - 1, state, test, 3)]
    rng = np.random.default_rng(3)
    honest = intervals._tally(run, Background(0.0, 1e6), alleles, 0.2, rng)
    trials, below, above, _ = honest
    assert trials == 60 * intervals.DRAWS
    assert 0.93 < 1 - (below + above) / trials < 0.97
    trials, below, above, _ = intervals._tally(run, Background(0.0, 100.0), alleles, 0.2, rng)
    assert below + above < 0.01 * trials  # reckoned with too few templates, too wide
    biased = replace(test, error=ErrorRate(np.array([0.05]), np.array([1.0])))
    alleles = [replace(a, test=biased) for a in alleles]
    trials, below, above, _ = intervals._tally(run, Background(0.0, 1e6), alleles, 0.2, rng)
    assert below > 0.5 * trials > above


def test_what_should_not_be_called_is_called_at_a_reckless_level(reference):
    """The search for false calls sees them when there are some."""
    run = runs.draw_run(CONDITION, reference, runs.generator(3, CONDITION, 0))
    expected = run.expected(run.samples[0])
    assert called(expected, run.levels) == []
    reckless = replace(run.levels, catalogue=0.3, novel=0.3, indel=0.3)
    assert {call.kind for call in called(expected, reckless)} >= {"catalogue", "other"}


def test_mutations_of_read_samples_lie_between_the_primers(reference, tmp_path):
    first, last = agreement._between_primers(reference)
    amplicon = reference.amplicons[0]
    sequence = reference.sequences[amplicon.transcript]
    assert reference.sequence[first - 1 : last] in sequence[amplicon.forward_end : amplicon.reverse_start - 1]
    assert sequence[amplicon.reverse_start - 1 :].startswith(reference.sequence[last : last + 20])
    held = agreement._holdings(replace(CONDITION, fractions="0.3;0.01"), reference, np.random.default_rng(1), 4)
    assert [len(h.mutations) for h in held] == [2, 4, 2, 4]
    assert all(len({m.codon for m in h.mutations}) == len(h.mutations) for h in held)


# ---------------------------------------------------------------- verdicts


def false_calls(calls, samples, platform="illumina"):
    condition = replace(CONDITION, platform=platform)
    return FalseCalls(**vars(condition), samples=samples, calls=calls, per_sample=calls / samples, upper=0.0, catalogue=0, other=calls, indels=0, names="")  # fmt: skip


def limit(ratio, depth=CONDITION.depth):
    return Limit(
        **vars(replace(CONDITION, depth=depth)),
        name="x",
        hgvs_c="c",
        needed=5,
        reported=0.01 * ratio,
        measured=0.01,
        ratio=ratio,
    )


def interval(coverage, judged="yes"):
    return Intervals(**vars(CONDITION), fraction=0.1, trials=9, coverage=coverage, too_low=0.0, too_high=0.0, called=1.0, judged=judged)  # fmt: skip


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ({"false_calls": [false_calls(0, 299)]}, "not_shown"),
        ({"false_calls": [false_calls(0, 300)]}, "kept"),
        ({"false_calls": [false_calls(1, 300)]}, "not_shown"),
        ({"false_calls": [false_calls(1, 300), false_calls(0, 300)]}, "kept"),
        ({"false_calls": [false_calls(4, 300)]}, "missed"),
        ({"false_calls": [false_calls(8, 300), false_calls(0, 3000)]}, "missed"),
        ({"limits": [limit(0.81), limit(1.24)]}, "kept"),
        ({"limits": [limit(0.79)]}, "missed"),
        ({"limits": [limit(1.26)]}, "missed"),
        ({"limits": [limit(1.0), limit(1.02), limit(1.3)]}, "kept"),
        ({"limits": [limit(1.0), limit(1.02), limit(1.3, 400), limit(1.31, 400), limit(1.0, 400)]}, "missed"),
        ({"intervals": [interval(0.94), interval(0.5, "no")]}, "kept"),
        ({"intervals": [interval(0.94), interval(0.92)]}, "missed"),
        ({"intervals": [interval(0.98)]}, "missed"),
        ({"intervals": [interval(0.95, "no")]}, "not_shown"),
    ],
)
def test_verdicts(found, verdict):
    assert [v.verdict for v in verdicts(found)] == [verdict]


def test_single_alleles_that_are_further_off_are_told():
    (verdict,) = verdicts({"limits": [limit(0.99), limit(1.01), limit(1.3)]})
    assert verdict.found == (
        "median of a setting 1.01 to 1.01 times the measured one; single alleles 0.99 to 1.30, 1 of 3 further off"
    )


def test_false_calls_are_judged_by_platform():
    rows = [false_calls(0, 300), false_calls(9, 100, "ont")]
    assert [(v.of, v.verdict) for v in verdicts({"false_calls": rows})] == [("illumina", "kept"), ("ont", "missed")]


# ---------------------------------------------------------------- the whole, in its short form


@pytest.fixture(scope="module")
def short(tmp_path_factory, root):
    folder = tmp_path_factory.mktemp("validation")
    mine = table(folder / "mine.tsv", SHORT)
    words = ["validate", "--reference", str(root / "reference"), "--folder", str(folder / "out"), "--conditions",
             str(mine), "--samples", "2", "--reads", "2", "--seed", "5"]  # fmt: skip
    assert cli.main(words) == 0
    return folder / "out"


def test_every_study_has_its_table(short):
    assert {path.name for path in short.iterdir()} == {
        *(f"{study}.tsv" for study in STUDIES), "conditions.tsv", "settings.tsv", "verdicts.tsv", "validation.html",
    }  # fmt: skip
    [row] = read_rows(short / "false_calls.tsv", FalseCalls)
    assert (row.samples, row.calls, row.depth) == (2, 0, 3000)
    assert all(0.7 < row.ratio < 1.4 for row in read_rows(short / "limits.tsv", Limit))
    assert all(0.9 < row.coverage <= 1 for row in read_rows(short / "intervals.tsv", Intervals) if row.judged == "yes")


def test_reads_and_counts_are_called_alike(short):
    [row] = read_rows(short / "reads.tsv", agreement.Agreement)
    assert row.reads_called == row.reads_held == 8
    assert row.counts_called == row.counts_held == 32
    assert row.reads_false == row.counts_false == 0
    assert row.reads_ratio == pytest.approx(1, abs=0.25)
    assert row.counts_ratio == pytest.approx(1, abs=0.15)


def test_the_page_stands_alone_and_says_how_it_was_made(short, reference):
    page = (short / "validation.html").read_text("utf-8")
    for heading in ("False calls", "Sensitivity", "Limit of detection", "Intervals", "Reads against counts"):
        assert f"<h2>{heading}" in page
    assert page.count("<svg") == 4
    outside = re.findall(r'(?:src|href|url)\s*[=(]\s*"?(?!#)([^"#\s>)]+)', re.sub(r"xlink:href=\"#[^\"]*\"", "", page))
    assert outside == []
    assert (
        "ablkd validate --reference reference --folder out --conditions mine.tsv --samples 2 --reads 2 --seed 5" in page
    )
    assert str(short.parent) not in page
    assert all(digest in page for digest in reference.hashes.values())


def test_the_number_of_cores_changes_no_byte(short, tmp_path, root):
    mine = table(tmp_path / "mine.tsv", SHORT[:1] + SHORT[2:3])
    words = ["validate", "--reference", str(root / "reference"), "--conditions", str(mine), "--samples", "2",
             "--seed", "5", "--cores", "2", "--folder", str(tmp_path / "out")]  # fmt: skip
    assert cli.main(words) == 0
    for name in ("false_calls.tsv", "limits.tsv"):
        assert (tmp_path / "out" / name).read_bytes() == (short / name).read_bytes()


def test_too_few_samples_are_a_mistake(tmp_path, root, capsys):
    words = ["validate", "--reference", str(root / "reference"), "--folder", str(tmp_path / "out"), "--samples", "0"]
    assert cli.main(words) == 2
    assert "--samples 0" in capsys.readouterr().err
