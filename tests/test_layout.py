"""The house as docs/architecture.md draws it: imports point one way, heavy libraries stay behind their doors."""

from __future__ import annotations

import ast
import re
import sys
from itertools import combinations

import pytest

from tests.house import CODE, ROOT, files, imports, modules, package_of, reaches, tree

CHAIN = ("economy", "trade", "payoffs", "table", "assess", "model", "results")
FOLDERS = (
    ".ci", "agents", "agents/strategies", "benchmarks", "configs", "docs", "docs/theory", "experiments",
    "notebooks", "sim", "sim/data", "sim/protocols", "sim/solutions", "tests", "tests/crosscheck",
)  # fmt: skip
DOORS = {  # library: where it may be imported (a module, or a package and all below it)
    "mesa": ("sim.model", "agents.country"),
    "hydra": ("experiments", "hydra_plugins"),
    "omegaconf": ("experiments", "hydra_plugins"),
    "yaml": ("experiments",),
    "matplotlib": ("sim.plots",),
    "pandas": ("sim.results", "sim.digest", "sim.economy", "sim.plots", "experiments"),
    "pyarrow": ("sim.results", "sim.digest", "sim.rare", "sim.digest_beliefs", "sim.economy", "experiments"),
    "pydantic": ("configs", "sim.protocols", "agents", "experiments"),
    "streamlit": ("experiments.app",),
    "altair": ("experiments.app",),
}
MAY_IMPORT = {  # package: what of ours it may import, itself aside
    "sim": (),
    "sim.solutions": (),
    "sim.protocols": (),
    "sim.view": ("sim.deals", "sim.ranking"),
    "configs": (),
    "agents": ("sim.view", "sim.moves", "sim.solutions", "sim.deals", "sim.draws", "sim.grouping"),
}
LONGEST_FILE, LONGEST_TESTS, LONGEST_FUNCTION, MOST_ARGUMENTS = 300, 400, 40, 7
LONG = {  # what is longer, and why it stays in one piece
    "sim/view.py:__init__": "what a seat may know is listed in one place, by name",
    "tests/test_subgame.py:plain": "the game written out for one world, a name for each of its rules",
    "tests/crosscheck/test_trees_peers.py:tree": "one tree, built from the root down",
}


def within(module: str, places: tuple[str, ...]) -> bool:
    """Say whether a module is one of the places or below one."""
    return any(module == place or module.startswith(place + ".") for place in places)


def direct(module: str) -> set[str]:
    """Return what a module imports itself."""
    return imports(tree(modules()[module]), package_of(module))


def test_every_folder_of_the_map_exists():
    missing = [name for name in FOLDERS if not any(f.is_relative_to(name) for f in files())]
    assert not missing, f"no file in {', '.join(missing)}: git keeps no empty folders"


@pytest.mark.parametrize("earlier, later", list(combinations(CHAIN, 2)))
def test_sim_imports_point_one_way(earlier, later):
    assert f"sim.{later}" not in reaches(f"sim.{earlier}")


def test_no_module_imports_in_a_circle():
    assert [m for m in modules() if any(m in reaches(other) for other in reaches(m))] == []


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_packages_import_only_what_they_may(package):
    allowed = (package, *MAY_IMPORT[package])
    for module in modules():
        if within(module, (package,)):
            ours = {name for name in direct(module) if within(name, CODE)} - {"sim", "agents"}
            assert [n for n in ours if not within(n, allowed)] == [], f"{module} imports what {package} may not"


@pytest.mark.parametrize("library", DOORS)
def test_libraries_come_in_by_their_doors(library):
    using = {m for m in modules() if any(within(name, (library,)) for name in direct(m))}
    assert [m for m in sorted(using) if not within(m, DOORS[library])] == []


def test_the_command_starts_without_heavy_imports():
    top = [n for n in tree(modules()["experiments.cli"]).body if isinstance(n, ast.Import | ast.ImportFrom)]
    names = {name.split(".")[0] for node in top for name in imports(node)} - {"experiments", ""}
    assert names <= set(sys.stdlib_module_names)


def test_files_and_functions_stay_short():
    found = []
    for path in (p for p in files() if p.suffix == ".py"):
        lines = len((ROOT / path).read_text(encoding="utf-8").splitlines())
        most = LONGEST_TESTS if path.parts[0] == "tests" else LONGEST_FILE
        if lines > most:
            found.append(f"{path}: {lines} lines, {most} at most")
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found += [f"{path}:{node.name}: {what}" for what in too_much(node)]
    found = [line for line in found if line.rpartition(": ")[0] not in LONG]
    assert not found, "\n".join(["an idea is missing a name:", *found])


def too_much(node: ast.FunctionDef) -> list[str]:
    """Return what is too long about a function; a blank line, a docstring and a decorator count as lines too."""
    length = node.end_lineno - node.lineno + 1
    a = node.args
    count = sum(arg.arg not in ("self", "cls") for arg in [*a.posonlyargs, *a.args, *a.kwonlyargs])
    long = [f"{length} lines, {LONGEST_FUNCTION} at most"] if length > LONGEST_FUNCTION else []
    return long + ([f"{count} arguments, {MOST_ARGUMENTS} at most"] if count > MOST_ARGUMENTS else [])


def test_no_file_names_a_registry_or_a_place_of_one_machine():
    """Where packages come from is the user's to say (pip's own settings), and nothing depends on one machine."""
    hosts = ("pypi" + r"\.org", "python" + "hosted", "anaconda" + r"\.org", "npmjs" + r"\.", "--index-" + "url")
    places = ("/" + "work/", "/" + "home/", "/" + r"root/", r"\b" + "C:" + r"\\Users")
    pattern = re.compile("|".join((*hosts, *places)))
    found = [
        f"{path}: {hit.group()}"
        for path in files()
        if path.suffix not in (".png", ".pdf", ".parquet")
        if (hit := pattern.search((ROOT / path).read_text(encoding="utf-8", errors="ignore")))
    ]
    assert not found, "\n".join(found)
