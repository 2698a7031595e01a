"""The benchmark of artefacts stays alive: a cell of its strands, and one mixture as reads."""

import artefact_grid
import numpy as np


def test_a_cell_of_strands():
    rng = np.random.default_rng(1)
    assert artefact_grid.held_back(rng, 200, 5000, 0.05, 0.05, 0.0) == 0
    assert artefact_grid.held_back(rng, 200, 5000, 0.09, 0.009, 0.0) == 1


def test_a_mixture_is_called_as_what_it_is(monkeypatch, capsys):
    monkeypatch.setattr(artefact_grid, "MIXTURES", {"on few": (0.06, 0.14, 0.0)})
    artefact_grid.context(np.random.default_rng(1), 1)
    assert capsys.readouterr().out == "context: F317L on few\t{'context': 1}\n"
