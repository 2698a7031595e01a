"""What errors are learned from: roles of a run, and a laboratory's panel of past controls."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from counted import shown, state_of

from ablkd.background.allele import GRID
from ablkd.background.expected import Expected
from ablkd.background.learning import learn
from ablkd.background.panel import libraries, make_panel
from ablkd.counting.counts import read_counts, write_counts
from ablkd.errors import InputError
from ablkd.records import Sample


def line(sample, role, templates=None):
    return Sample(sample, "P", "R", "", "illumina", "", role, "", "", "", templates)


@pytest.fixture
def written(tmp_path, reference):
    """Writes a sample's counts.tsv; returns its path."""

    def write(name, states=None, depth=1000, platform="illumina"):
        path = tmp_path / f"{name}.tsv"
        write_counts(path, [shown(reference, states or {}, depth, name, platform=platform)])
        return path

    return write


def test_roles_decide_what_a_sample_teaches(written, reference):
    roles = {
        "A": "patient", "B": "wild_type_control", "C": "positive_control", "D": "recombination_control",
        "E": "no_template_control",
    }  # fmt: skip
    lines = {name: line(name, role, 700.0 if name == "A" else None) for name, role in roles.items()}
    found = libraries(reference, "illumina", lines, [written(name) for name in roles], None)
    assert {(lib.counts.sample, lib.wild_type, lib.templates) for lib in found} == {
        ("A", False, 700.0), ("B", True, None), ("C", False, None), ("D", False, None),
    }  # fmt: skip


def test_a_panel_adds_wild_type_controls_of_its_platform_and_its_name_says_which_file(written, reference, tmp_path):
    panel = tmp_path / "panel.tsv"
    make_panel("lab-1", reference, [written("W1"), written("W2"), written("W3", platform="ont")], panel)
    found = libraries(reference, "illumina", {"A": line("A", "patient")}, [written("A")], panel)
    assert [(lib.counts.sample, lib.wild_type) for lib in found] == [("A", False), ("W1", True), ("W2", True)]
    version = hashlib.sha256(panel.read_bytes()).hexdigest()[:12]
    assert {lib.counts.panel for lib in found[1:]} == {f"lab-1 ({version})"}
    assert found[0].counts.panel == ""


def test_the_panel_is_named_where_the_background_is_told(written, reference, tmp_path):
    panel, row = tmp_path / "panel.tsv", reference.platform("illumina")
    make_panel("lab-1", reference, [written("W1"), written("W2")], panel)
    lines = {"A": line("A", "patient"), "B": line("B", "wild_type_control")}
    found = libraries(reference, "illumina", lines, [written("A"), written("B")], panel)
    version = hashlib.sha256(panel.read_bytes()).hexdigest()[:12]
    run = learn(row, reference, [replace(lib, templates=500.0) for lib in found])
    assert Expected(found[0].counts, run, row, reference, 500.0).mode == (
        f"1 wild-type control of the run and 2 wild-type controls of panel lab-1 ({version})"
    )


def test_a_panel_control_acts_like_one_of_the_run(written, reference, tmp_path):
    """The same control once in the run, once from a panel: the same rates; but nothing of a past run is carried over."""
    row, panel = reference.platform("illumina"), tmp_path / "panel.tsv"
    control = {(315, "ATT"): 4, (250, "GAG"): 2, (280, "GCA"): 1}
    patient, now, past = written("A"), written("B", control), written("W", control)
    make_panel("lab-1", reference, [past], panel)
    lines = {"A": line("A", "patient", 1000.0), "B": line("B", "wild_type_control", 1000.0)}
    of_run = learn(row, reference, libraries(reference, "illumina", lines, [patient, now], None))
    own, past_one = libraries(reference, "illumina", lines, [patient], panel)
    of_panel = learn(row, reference, [own, replace(past_one, templates=1000.0)])
    (counts,) = read_counts(patient, reference)
    one, two = (Expected(counts, run, row, reference, 1000.0) for run in (of_run, of_panel))
    rates = [e.weights @ GRID for e in (one, two)]
    assert np.allclose(*rates, rtol=0.05)
    att = state_of("ATT")
    assert rates[0][one.changes.state.tolist().index(att, 9 * 314)] > 0
    assert one.carried(314, att) == pytest.approx(0.002 * 4 / 1000) and two.carried(314, att) == 0.0


def test_a_panel_of_wild_type_samples_is_written_and_said(written, reference, tmp_path):
    paths = [written("W1", {(315, "ATT"): 3}), written("W2", platform="ont")]
    said = make_panel("lab-1", reference, paths, tmp_path / "panel.tsv")
    assert "lab-1" in said and "2 controls" in said and "illumina, ont" in said
    again = read_counts(tmp_path / "panel.tsv", reference)
    assert [(c.sample, c.panel) for c in again] == [("W1", "lab-1"), ("W2", "lab-1")]
    assert np.array_equal(again[0].codons, read_counts(paths[0], reference)[0].codons)


@pytest.mark.parametrize(
    ("states", "names"),
    [
        ({(315, "ATT"): 20}, "T315I"),
        ({(315, "ATT"): 20, (250, "GAG"): 400}, "G250E, T315I"),
    ],
)
def test_a_mutated_sample_is_refused_with_a_sentence(written, reference, tmp_path, states, names):
    """2 % of 1,000 fragments; all such samples are named, and no file is written."""
    paths = [written("W1"), written("M", states), written("N", states)]
    with pytest.raises(InputError) as error:
        make_panel("lab-1", reference, paths, tmp_path / "panel.tsv")
    assert str(error.value).splitlines() == [
        f"{path}: shows {names} (leave it out: a panel holds wild-type samples)" for path in paths[1:]
    ]
    assert not (tmp_path / "panel.tsv").exists()


def test_errors_and_polymorphisms_are_no_mutations(written, reference, tmp_path):
    """Three of 100 fragments may be errors; 0.4 % of 10,000 too; K247R is from birth."""
    paths = [
        written("W1", {(315, "ATT"): 3}, 100), written("W2", {(315, "ATT"): 40}, 10_000),
        written("W3", {(247, "AGG"): 1000}), written("W4", {(316, "GAA"): 500}),
    ]  # fmt: skip
    assert "4 controls" in make_panel("lab-1", reference, paths, tmp_path / "panel.tsv")


def test_other_mistakes_are_sentences_too(written, reference, tmp_path):
    path = written("W1")
    for name, paths, sentence in (
        ("lab 1", [path], "is no name for a panel"),
        ("lab-1", [path, path], "sample W1 is in another file too"),
        ("lab-1", [], "would be empty"),
    ):
        with pytest.raises(InputError, match=sentence):
            make_panel(name, reference, paths, tmp_path / "panel.tsv")
