"""What the documents name exists: links, commands, files, tests, rooms; what can be computed is as they say."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import pytest
import yaml

from ablkd import __version__
from ablkd.cli import parser
from ablkd.commands import COMMANDS

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "ablkd"
PLACES = ("*.md", "docs/*.md", ".github/**/*.md", "reference/*.md", "tests/example/*.md")
DOCUMENTS = [path for place in PLACES for path in sorted(ROOT.glob(place))]
NAMES = [path.relative_to(ROOT).as_posix() for path in DOCUMENTS]
TARGETS = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
ROOMS = {path.name for path in SOURCE.iterdir() if path.is_dir() and not path.name.startswith("__")}


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def anchors(path: Path) -> set[str]:
    """The headings of a document as links name them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def code_of(text: str) -> list[str]:
    """Every command line in a block or between backticks; continued lines joined."""
    blocks = re.findall(r"^ *```\w*\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return lines + re.findall(r"`([^`\n]+)`", text)


@pytest.mark.parametrize("name", NAMES)
def test_links_resolve(name):
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(name)):
        if re.match(r"https?:", target):
            continue
        file, _, anchor = target.partition("#")
        path = (ROOT / name).parent / file if file else ROOT / name
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), target


@pytest.mark.parametrize("name", NAMES)
def test_commands_exist(name):
    for line in code_of(text_of(name)):
        words = shlex.split(line, comments=True) if line.split()[:1] in (["ablkd"], ["make"], ["python"]) else []
        if words[:1] == ["ablkd"] and len(words) > 1 and not words[1].isupper():
            assert words[1] in (*COMMANDS, "--version", "--help"), line
            known = parser()._subparsers._group_actions[0].choices
            flags = (
                {flag for action in known[words[1]]._actions for flag in action.option_strings}
                if words[1] in known
                else {words[1]}
            )
            assert {word for word in words if word.startswith("--")} <= flags, line
        if words[:1] == ["make"]:
            assert words[1] in TARGETS, line
        if words[:1] == ["python"] and words[1].endswith(".py"):
            assert (ROOT / words[1]).is_file(), line


@pytest.mark.parametrize("name", NAMES)
def test_files_and_tests_exist(name):
    for word in re.findall(r"`((?:src|tests|docs|reference|workflow|profiles)/[^`\s*]*)`", text_of(name)):
        file, _, test = word.partition("::")
        assert (ROOT / file).exists(), word
        assert not test or re.search(rf"^def {re.escape(test)}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE), word


def test_every_document_is_listed():
    linked = set(re.findall(r"\]\(([\w-]+\.md)\)", text_of("docs/README.md")))
    assert linked == {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}


def test_the_tour_enters_every_room_and_names_nothing_else():
    tour = text_of("docs/tour.md")
    assert {room for room in re.findall(r"\*\*`(\w+)`\*\*", tour)} == ROOMS - {"templates"}
    assert "`templates/`" in tour
    for name in re.findall(r"`([\w/]+\.py)`", tour):
        assert (SOURCE / name).is_file() or (ROOT / name).is_file(), name
    rules = {
        rule
        for file in ROOT.glob("workflow/rules/*.smk")
        for rule in re.findall(r"^rule (\w+):", file.read_text(), re.M)
    }
    named = {rule for told in re.findall(r"\(rules? ([\w, ]+)\)", tour) for rule in told.split(", ")}
    assert named == rules - {"warm", "recombination", "report_pdf"}


@pytest.mark.parametrize("room", sorted(ROOMS - {"templates", "schemas"}))
def test_every_room_says_in_a_line_what_happens_there(room):
    said = ast.get_docstring(ast.parse((SOURCE / room / "__init__.py").read_text("utf-8")))
    assert said and len(said.splitlines()) == 1


def test_every_release_says_what_to_repeat():
    changes = text_of("CHANGELOG.md")
    releases = re.split(r"^## ", changes, flags=re.MULTILINE)[1:]
    assert releases[0].startswith(__version__)
    for release in releases:
        assert re.findall(r"^### (.+)$", release, re.MULTILINE) == ["Program", "Knowledge", "Revalidate?"]


def test_the_share_of_misses_is_as_the_protocol_says():
    rows = re.findall(r"^\| (\d+) \| ([\d.]+) % \|$", text_of("docs/own-samples.md"), re.MULTILINE)
    assert len(rows) == 5
    for samples, told in rows:
        assert f"{100 * (1 - 0.05 ** (1 / int(samples))):.1f}" == told


def test_the_tables_of_a_validation_are_those_it_writes():
    from ablkd.validation.study import STUDIES

    assert set(re.findall(r"\| `(\w+)\.tsv` \|$", text_of("docs/operation-check.md"), re.MULTILINE)) == set(STUDIES)


def test_the_citation_names_this_version_and_licence():
    citation = yaml.safe_load(text_of("CITATION.cff"))
    assert (citation["version"], citation["license"]) == (__version__, "MIT")
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()


def test_issue_templates_say_what_they_are_for_and_ask_for_no_patient():
    for path in (ROOT / ".github/ISSUE_TEMPLATE").glob("*.md"):
        _, head, body = path.read_text("utf-8").split("---\n")
        assert {"name", "about"} <= yaml.safe_load(head).keys()
        assert path.stem == "knowledge" or "**No patient data here.**" in body
