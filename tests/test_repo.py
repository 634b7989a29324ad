"""The repository as a thing given away: versions agree, every dependency is pinned, every data file is credited."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.house import ROOT, files

DATA = [p for p in files() if p.is_relative_to("sim/data") and p.suffix == ".csv"]
CREDITS = {  # what the terms of a source ask for: CEPII BACI, World Bank WDI, Yale Budget Lab
    "flows_5.csv": ("CEPII", "BACI", "V202501", "Gaulier", "Etalab"),
    "regions_5.csv": ("The World Bank: World Development Indicators", "CC BY 4.0"),
    "us_effective_tariffs_by_date.csv": ("The Budget Lab at Yale", "MIT"),
    "flows_by_sector.csv": ("Timmer",),
}


def text(name: str) -> str:
    """Return a file of the checkout as text."""
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def project() -> dict:
    """Return pyproject.toml."""
    return tomllib.loads(text("pyproject.toml"))


def pins(name: str) -> dict[str, Version]:
    """Return the exact versions of a constraints file by canonical name."""
    found = {}
    for line in text(name).splitlines():
        line = line.partition("#")[0].strip()
        if line:
            package, equals, version = line.partition("==")
            assert equals, f"{name}: {line!r} is not an exact version"
            found[canonicalize_name(package.strip())] = Version(version.strip())
    return found


def requirements(project: dict) -> list[Requirement]:
    """Return the project's dependencies, those of its extras included."""
    extras = [r for group in project["project"].get("optional-dependencies", {}).values() for r in group]
    return [Requirement(line) for line in [*project["project"]["dependencies"], *extras]]


@pytest.mark.parametrize("name", ["constraints.txt", "constraints-peers.txt"])
def test_constraints_are_exact_and_fit_the_dependencies(name, project):
    known = pins(name)
    for requirement in requirements(project):
        own = canonicalize_name(requirement.name)
        if name == "constraints.txt" and own != "sticks-and-carrots":
            assert own in known, f"{own} is not in {name}"
        assert own not in known or known[own] in requirement.specifier, (
            f"{name}: {own} {known[own]} against {requirement}"
        )


def test_both_constraints_name_the_same_versions():
    ours, peers = pins("constraints.txt"), pins("constraints-peers.txt")
    assert {n: (str(ours[n]), str(peers[n])) for n in ours.keys() & peers.keys() if ours[n] != peers[n]} == {}


def test_every_pip_line_is_held_by_constraints():
    for name in ("Makefile", "README.md", ".ci/run"):
        lines = [line for line in text(name).splitlines() if re.search(r"\bpip\b.*\binstall\b", line)]
        assert [line for line in lines if "-c constraints" not in line] == [], name


def test_versions_agree(project):
    version = project["project"]["version"]
    assert re.search(rf"^version: {re.escape(version)}$", text("CITATION.cff"), re.MULTILINE)
    assert f"\n## {version} " in text("CHANGELOG.md")


def test_every_version_says_which_numbers_moved():
    versions = re.split(r"^## ", text("CHANGELOG.md"), flags=re.MULTILINE)[1:]
    assert versions and all("### Numbers that moved, and why\n" in part for part in versions)


def test_the_licence_is_the_one_declared(project):
    assert project["project"]["license"] == "MIT"
    assert text("LICENSE").startswith("MIT License\n\nCopyright (c) 2026 The Sticks & Carrots developers\n")
    assert all((ROOT / name).is_file() for name in project["project"]["license-files"])


@pytest.mark.parametrize("path", DATA, ids=lambda p: p.name)
def test_every_data_file_is_credited(path):
    licences = text("sim/data/LICENSES.md")
    assert path.name in licences, "say where it comes from and on which terms"
    assert [words for words in CREDITS.get(path.name, ()) if words not in licences] == []


def test_nothing_large_is_in_the_checkout():
    heavy = {str(p): (ROOT / p).stat().st_size for p in files() if (ROOT / p).stat().st_size > 1_000_000}
    assert heavy == {}
