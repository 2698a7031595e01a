"""What the knowledge says of a name, on the command line."""

from __future__ import annotations

import re

import pytest

from ablkd.cli import main
from ablkd.errors import InputError
from ablkd.interpretation.explain import explain


def categories(text: str) -> dict[str, str]:
    return dict(re.findall(r"^(\w+): (\w[\w ,+-]*?)(?: \(.*\))?$", text.partition("\n\n")[2], re.MULTILINE))


def test_a_mutation_has_its_place_its_lines_and_the_sources_of_each(reference):
    text = explain(reference, "T315I")
    assert text.startswith("T315I  NM_005157.6:c.944C>T  p.(Thr315Ile)  codon 315, exon 6, gatekeeper; catalogue")
    assert categories(text) == {
        "imatinib": "resistant", "bosutinib": "resistant", "dasatinib": "resistant", "nilotinib": "resistant",
        "ponatinib": "sensitive", "asciminib": "sensitive, CML-CP only",
        "olverembatinib": "sensitive, CML-CP and CML-AP only",
    }  # fmt: skip
    assert "200 mg twice daily" in text
    cited = {key for keys in re.findall(r"; ([\w, ]+)\]$", text, re.MULTILINE) for key in keys.split(", ")}
    listed = set(re.findall(r"^  (\w+): ", text.partition("Sources")[2], re.MULTILINE))
    assert cited <= listed <= set(reference.sources)
    for row in reference.sensitivity:
        if row.finding == "T315I":
            assert set(row.source.split(", ")) <= listed and " ".join(row.statement.split()) in " ".join(text.split())


def test_members_worsen_a_compound_and_never_reassure(reference):
    assert categories(explain(reference, "Y253H+F359V", "cml_cp"))["nilotinib"] == "reduced"
    assert categories(explain(reference, "M351T+T315I", "cml_cp"))["ponatinib"] == "resistant"
    assert categories(explain(reference, "Y253H+F359V"))["ponatinib"] == "unknown"


def test_scope_and_kinds_of_evidence_are_told(reference):
    unknown, lymphoblastic = explain(reference, "T315I"), explain(reference, "T315I", "ph_all")
    assert "ponatinib: sensitive (guideline, label)" in unknown
    assert "[label, US 2024-10-29; CML-CP; label_scemblix]" in " ".join(unknown.split())
    assert categories(lymphoblastic)["asciminib"] == "unknown"
    assert "[label, US 2024-10-29; CML-CP; not this disease; label_scemblix]" in " ".join(lymphoblastic.split())
    assert "a screen gives no category" in " ".join(lymphoblastic.split())
    with pytest.raises(InputError, match="no disease 'aml'"):
        explain(reference, "T315I", "aml")


def test_a_polymorphism_makes_no_compound(reference):
    text = explain(reference, "T315I+R473Q", "cml_cp")
    assert categories(text) == categories(explain(reference, "T315I", "cml_cp"))
    assert "Polymorphisms decide on no drug and make no compound." in text
    assert set(categories(explain(reference, "R473Q")).values()) == {"unknown"}


def test_events_and_fusions(reference):
    skipping = explain(reference, "exon4_skipping+T315I")
    assert set(categories(skipping).values()) == {"unknown"}
    assert "not about molecules that lack part of it" in skipping
    assert categories(explain(reference, "e14a3"))["asciminib"] == "resistant"


@pytest.mark.parametrize(("name", "words"), [("T315W", "did you mean"), ("nothing", "write a change as M237V")])
def test_a_name_that_no_table_has(reference, name, words):
    with pytest.raises(InputError, match=f"no table has '{name}'.*{words}.*unknown for every drug"):
        explain(reference, name)


def test_on_the_command_line(capsys):
    assert main(["explain", "V299L"]) == 0
    assert "bosutinib: resistant" in capsys.readouterr().out
