"""The floor plan of the package: imports point down, heavy libraries stay in their rooms, medicine stays in data."""

from __future__ import annotations

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "ablkd"
FLOORS = [
    "errors records kernels wording",
    "tables reference consistency hgvs home",
    "samples clinical naming slips config site run_folder documents manifest fragments isoforms amplicons verdicts",
    "alignment counting background plan",
    "calling splicing phasing traces simulate warm validation",
    "checks interpretation course",
    "report",
    "cli commands steps result_steps hand_steps __main__",
]
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names.split()}
LIBRARIES = {  # and the rooms, or modules of a room, that may use them
    "pysam": "report/vcf",
    "Bio": "traces/abif traces/align",
    "pandas": "report/run_tables report/workbook course/rows",
    "numba": "kernels",
    "snakemake": "",
}
ROWS_ONLY = {"checks", "interpretation", "course"}
LONGEST = 300
TEXT = (".py", ".html", ".css", ".json", ".smk", ".yaml")
MODULES = {path.relative_to(SOURCE).with_suffix("").as_posix(): path for path in SOURCE.rglob("*.py")}
del MODULES["__init__"]


def imports(path: Path) -> set[str]:
    """Dotted names a module imports when it runs, wherever in it; those for type checkers only left out."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            deeper = (SOURCE.parent / node.module.replace(".", "/")).is_dir()
            found |= {f"{node.module}.{a.name}" for a in node.names} if deeper else {node.module}
    return found - {"ablkd.__version__"}


def own(path: Path) -> set[str]:
    return {name.removeprefix("ablkd.") for name in imports(path) if name.startswith("ablkd.")}


def room(module: str) -> str:
    return re.split(r"[./]", module)[0]


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_point_down(module):
    assert room(module) in FLOOR, f"give {module} a floor"
    above = [name for name in own(MODULES[module]) if FLOOR.get(room(name), 0) > FLOOR[room(module)]]
    assert not above, f"{module} imports from above: {above}"


def test_rooms_never_go_round():
    graph: dict[str, set[str]] = {}
    for module, path in MODULES.items():
        graph.setdefault(room(module), set()).update(room(name) for name in own(path))
    assert list(TopologicalSorter({name: found - {name} for name, found in graph.items()}).static_order())


def test_imports_never_go_round():
    graph = {name.replace("/", ".").removesuffix(".__init__"): own(path) for name, path in MODULES.items()}
    assert list(TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("module", sorted(MODULES))
def test_libraries_stay_in_their_rooms(module):
    outside = {name.split(".")[0] for name in imports(MODULES[module])}
    allowed = {name: places.split() for name, places in LIBRARIES.items()}
    assert not [n for n in outside & allowed.keys() if module not in allowed[n] and room(module) not in allowed[n]]
    if room(module) in ROWS_ONLY:
        assert "numpy" not in outside, "rows only from here up"
    if module.startswith("kernels/") and module != "kernels/jit":
        beside = {name.replace(".", "/") for name in own(MODULES[module])} - {"kernels/jit"}
        assert all(other.startswith("kernels/") and own(MODULES[other]) <= {"kernels.jit"} for other in beside)
        assert outside - {"ablkd", "__future__"} <= {"numpy", "math"}


@pytest.mark.parametrize("module", sorted(MODULES.keys() - {"records"}))  # records is the glossary
def test_no_module_is_long(module):
    assert len(MODULES[module].read_text().splitlines()) <= LONGEST


def spoken(path: Path) -> str:
    """What a file says when it runs: Python without comments and docstrings, any other file as it is."""
    if path.suffix != ".py":
        return path.read_text("utf-8")
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body[0] = ast.Pass()
    return ast.unparse(tree)


def test_nothing_medical_is_code(reference):
    words = {row.drug for row in reference.drugs} | {row.name for row in reference.mutations}
    words |= {t.name for t in reference.transcripts}
    words |= {gene for t in reference.transcripts for gene in re.findall(r"\b[A-Z]{2,}\d*\b", t.label)}
    assert {"ABL1", "BCR", "T315I", "ponatinib", "e14a2"} <= words
    pattern = re.compile(rf"(?<![A-Za-z0-9])({'|'.join(map(re.escape, sorted(words)))})(?![A-Za-z0-9])", re.IGNORECASE)
    files = [ROOT / "Snakefile"]
    for folder in (SOURCE, ROOT / "workflow"):
        files += [p for p in folder.rglob("*") if p.suffix in TEXT]
    named = {p.relative_to(ROOT).as_posix(): sorted(set(pattern.findall(spoken(p)))) for p in files}
    assert {name: found for name, found in named.items() if found} == {}
