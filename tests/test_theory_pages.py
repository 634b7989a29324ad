"""The pages on theory are complete: every concept and every rule of the code has its paragraph, source and test."""

from __future__ import annotations

import re

import pytest

from experiments.plugins import shipped
from tests.house import ROOT, files

INDEX = (ROOT / "docs" / "theory.md").read_text(encoding="utf-8")
RULES = (ROOT / "docs" / "theory" / "strategies.md").read_text(encoding="utf-8")
MODULES = sorted(p.stem for p in files() if p.parent.as_posix() == "sim/solutions" and p.stem != "__init__")
CLASSES = [target.rpartition(".")[2] for group in ("strategy", "policy") for target in shipped(group)]
CITED = re.compile(r"([A-Z][\w\-]+)((?:, [A-Z][\w\-]+)*)(?: & [A-Z][\w\-]+)?(?: et al\.)?,? \(((?:18|19|20)\d\d)\)")
PAGES = [
    p for p in files() if p.suffix == ".md" and (p.is_relative_to("docs/theory") or p.name in ("model.md", "odd.md"))
]


@pytest.mark.parametrize("module", MODULES)
def test_every_module_of_solutions_is_in_the_index(module):
    assert re.search(rf"`{module}(\.\w+)?`", INDEX)


@pytest.mark.parametrize("name", CLASSES)
def test_every_strategy_and_policy_has_its_paragraph_with_source_and_test(name):
    part = next(p for p in re.split(r"\n\n|\n(?=\| `)", RULES) if re.search(rf"`{name}` ?\(|\(`{name}`;", p))
    assert re.search(r"\b(18|19|20)\d\d\)", part), "a source"
    assert part.startswith("| `") or re.search(r"`tests/test_\w+\.py`", part), "where it is tested"


def test_tests_named_exist():
    named = re.findall(r"`((?:crosscheck/)?test_\w+\.py)`", INDEX) + re.findall(r"`tests/(test_\w+\.py)`", RULES)
    assert len(named) > 20 and [name for name in named if not (ROOT / "tests" / name).is_file()] == []


@pytest.mark.parametrize("path", PAGES, ids=str)
def test_what_is_cited_is_in_the_references(path):
    text = re.sub(r"\s+", " ", (ROOT / path).read_text(encoding="utf-8").partition("## References")[0])
    references = {(m[0], m[1]) for m in re.findall(r"\n- (?:van |von )?([\w\-]+).*?\((\d{4})\)", INDEX, re.DOTALL)}
    cited = {(m[0], m[2]) for m in CITED.findall(text)}
    assert sorted(cited - references) == []


def test_references_are_in_order_of_names():
    names = re.findall(r"\n- (?:van |von )?([\w\-]+)", INDEX.partition("## References")[2])
    plain = [name.translate(str.maketrans("åüé", "aue")).lower() for name in names]
    assert plain == sorted(plain)
