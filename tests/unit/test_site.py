"""A laboratory's own name, logo, words and templates on the pages, without touching the program."""

from __future__ import annotations

import base64

import pytest
import results as examples

from ablkd.errors import InputError
from ablkd.report.pages import render
from ablkd.report.patient import write_patient
from ablkd.report.run import write_index, write_run
from ablkd.report.sample import report_view, write_report
from ablkd.site import Site, load_site, site_files

SETTINGS = """
laboratory: Molecular <Haematology>
address: [Street 1, Town]
footer: Accredited under no. 7.
words: {not_assessable: could not be looked at, resistant: <b>resists</b>}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site/site.yaml").write_text(SETTINGS)
    (tmp_path / "site/logo.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    return tmp_path / "site"


def test_every_page_carries_the_laboratory(folder, tmp_path):
    site = load_site(folder)
    write_report(examples.blind("S1"), tmp_path / "sample.html", None, site)
    write_patient("P1", [], tmp_path / "patient.html", site)
    write_run("run1", [examples.result()], tmp_path / "run", site)
    write_index([examples.result()], tmp_path / "index.html", site)
    logo = base64.b64encode((folder / "logo.svg").read_bytes()).decode()
    for name in ("sample.html", "patient.html", "run/report.html", "index.html"):
        html = (tmp_path / name).read_text("utf-8")
        assert "<strong>Molecular &lt;Haematology&gt;</strong><br>Street 1<br>Town" in html, name
        assert f'<img src="data:image/svg+xml;base64,{logo}" alt="Molecular &lt;Haematology&gt;">' in html
        assert "Accredited under no. 7." in html and "Research use only" in html


def test_own_words_take_the_place_of_ours_and_stay_words(folder):
    html = render("sample.html", load_site(folder), **report_view(examples.t315i(), None))
    assert "&lt;b&gt;resists&lt;/b&gt;" in html and "<b>" not in html and "could not be looked at" in html
    assert '<span class="chip resistant' in html  # what the page says changes, not what it knows


def test_own_templates_take_the_place_of_ours(folder):
    (folder / "letterhead.html").write_text("<p>House style for {{ site.laboratory }}</p>\n")
    html = render("index.html", load_site(folder), runs={}, patients={}, results=[])
    assert "<p>House style for Molecular &lt;Haematology&gt;</p>" in html and "<img" not in html


def test_without_a_site_nothing_is_added():
    assert load_site(None) == load_site("") == Site() and site_files(None) == []
    assert "letterhead" not in render("index.html", runs={}, patients={}, results=[]).partition("<body>")[2]


def test_mistakes_are_told_together(folder):
    (folder / "site.yaml").write_text("labratory: x\nwords: [a]\n")
    (folder / "smple.html").write_text("")
    with pytest.raises(InputError) as stop:
        load_site(folder)
    first, second, third = stop.value.problems
    assert "unknown key 'labratory'" in first and "words is ['a'] (write dict)" in second
    assert "smple.html: is no template of this version" in third
    with pytest.raises(InputError, match="no such folder"):
        load_site(folder / "none")


@pytest.mark.parametrize(("text", "words"), [("\n{{ nothing }}", "undefined"), ("\n{% if %}", "Expected")])
def test_a_template_that_cannot_be_used_is_a_sentence(folder, text, words):
    (folder / "letterhead.html").write_text(text)
    with pytest.raises(InputError, match=f"site.*{words}.*correct the template"):
        render("index.html", load_site(folder), runs={}, patients={}, results=[])


def test_the_workflow_knows_the_files(folder):
    assert site_files(folder) == [str(folder / "logo.svg"), str(folder / "site.yaml")]
