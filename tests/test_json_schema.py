"""The JSON Schemas for editors: made from the program's schema, true of every shipped file, false of every typo."""

from __future__ import annotations

import copy
import fnmatch
import json
import re
from functools import cache

import pytest
import yaml

from experiments.compose import CONFIGS, load, validate
from experiments.explain_key import nodes
from experiments.json_schema import FOLDER, SETTINGS, kind_of, schemas, settings, texts
from experiments.messages import UserError
from experiments.places import settings as settings_of_files

jsonschema = pytest.importorskip("jsonschema", reason="comes with the extras [app] and [notebooks]")

FILES = sorted(CONFIGS.rglob("*.yaml"))
NUMBERS = (-1e9, -50.0, -1.0, 0.0, 0.05, 1.0, 2.0, 99.0, 100.0, 101.0, 500.0, 501.0, 1e9)


@cache
def checker(kind: str):
    """Return the validator of a kind of file, from the file in the repository."""
    schema = json.loads((FOLDER / f"{kind}.json").read_text(encoding="utf-8"))
    cls = jsonschema.validators.validator_for(schema)
    cls.check_schema(schema)
    return cls(schema)


def of(path):
    """Return the validator of a YAML file."""
    return checker("experiment" if path.parent == CONFIGS else kind_of(path.parent.name))


def content(path) -> dict:
    """Return a YAML file's content."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_files_in_the_repository_are_those_the_schema_makes():
    for path, text in texts().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run python -m experiments.json_schema"
    assert {p.name for p in FOLDER.iterdir()} == {p.name for p in texts() if p != SETTINGS}


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_every_shipped_file_passes_and_no_misspelt_key_does(path):
    data = content(path)
    assert [e.message for e in of(path).iter_errors(data)] == []
    for keys, _ in nodes(data):
        if keys[0] in ("defaults", "hydra") or keys[-1].isdigit():
            continue
        if free(keys):
            continue  # any name will do there
        assert not of(path).is_valid(misspelt(data, keys)), keys


def free(keys: tuple[str, ...]) -> bool:
    """Say whether the last of these keys is a name of the user's: of a talk, an issue, a country."""
    named = ("talks", "countries", "issues", "tariffs_pct", "USA", "JPN", "EU27", "CHN", "values", "ranges", "grids")
    return len(keys) > 1 and keys[-2] in named


def changed(data: dict, keys: tuple[str, ...], value) -> dict:
    """Return the content with another value at a key."""
    new = copy.deepcopy(data)
    node = new
    for key in keys[:-1]:
        node = node[int(key)] if isinstance(node, list) else node[key]
    node[keys[-1]] = value
    return new


def misspelt(data: dict, keys: tuple[str, ...]) -> dict:
    """Return the content with one letter too many in one key."""
    wrong = copy.deepcopy(data)
    node = wrong
    for key in keys[:-1]:
        node = node[int(key)] if isinstance(node, list) else node[key]
    node[f"{keys[-1]}x"] = node.pop(keys[-1])
    return wrong


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("stick", {"threat_pct": 501}),
        ("stick", {"threat_pct": "24 %"}),
        ("stick", {"answer": "miror"}),
        ("stick", {"stick": {"threat_pct": 5}}),
        ("strategy", {"_target_": "agents.strategies.hardliner.Hardlinr"}),
        ("strategy", {"_target_": "agents.strategies.hardliner.Hardliner", "exponent": 1.0}),
        ("strategy", {"exponent": 0}),
        ("protocol", {"rounds": 0}),
        ("protocol", {"rounds": 2.5}),
        ("policy", {"_target_": "agents.sticks.policies.Climb", "step": 1.5}),
        ("talk", {"issues": {"a": {"kind": "barrier", "levels_busd": [1.0]}}}),
        ("talk", {"issues": {"a b": {"kind": "barrier"}}}),
        ("country", {"weights": {"welfare": 101}}),
        ("country", {"strategy": {"demand_pct": 101}}),
        ("economy", {"closure": "open"}),
        ("economy", {"economy": 3}),
        ("experiment", {"worlds": 0}),
        ("experiment", {"hydra": {"job": {}}}),
        ("experiment", {"talks": {"japan": {"stick": {"resolve_pct": -1}}}}),
    ],
)
def test_what_the_program_refuses_an_editor_marks(kind, wrong):
    assert not checker(kind).is_valid(wrong)


@pytest.mark.parametrize(
    ("kind", "right"),
    [
        ("strategy", {"_target_": "stubborn.Stubborn", "demand_pct": 60.0}),
        ("country", {"defaults": [{"/strategy@strategy": "linear"}, "_self_"], "strategy": {"exponent": 2.0}}),
        ("experiment", {"talks": {"ab": {"issues": {"us_tariff": {"giver": "ALF"}}}}}),
        ("experiment", {"hydra": {"mode": "MULTIRUN", "sweeper": {"params": {"seed": "1,2"}}}}),
        ("economy", {"flows_csv": "f.csv", "regions_csv": "r.csv", "keep": ["A", "B"], "tariffs_pct": {"A": {"B": 2}}}),
    ],
)
def test_files_of_the_users_own_pass(kind, right):
    assert [e.message for e in checker(kind).iter_errors(right)] == []


def test_limits_are_those_of_the_program():
    """What an editor marks the program refuses; what an editor lets pass is not out of the program's range."""
    loaded = load(["talks=us_japan"])
    tried = 0
    for keys, value in nodes(loaded.resolved):
        if not isinstance(value, float) or keys[-1].isdigit():
            continue
        for number in NUMBERS[:: 1 + tried % 2]:
            passes = checker("experiment").is_valid(nested(keys, loaded.resolved, number))
            told = refusal(loaded.resolved, keys, number)
            assert (passes and "out of range" not in told) or (not passes and told), (keys, number, told)
            tried += 1
    assert tried > 500


def nested(keys: tuple[str, ...], data: dict, value: float) -> dict:
    """Return the smallest configuration that says a value at a key, with the kind or class it needs."""
    if not keys:
        return value
    marks = {k: v for k, v in data.items() if k in ("kind", "_target_")} if isinstance(data, dict) else {}
    return {**marks, keys[0]: nested(keys[1:], data[keys[0]], value)}


def refusal(data: dict, keys: tuple[str, ...], value: float) -> str:
    """Return what the program says to a configuration with one value changed, empty where it takes it."""
    try:
        validate(changed(data, keys, value), {})
    except UserError as error:
        return str(error)
    return ""


def test_editors_are_told_one_schema_for_every_file():
    globs = settings()["yaml.schemas"]
    for path in FILES:
        shown = f"/x/{path.relative_to(CONFIGS.parent)}"
        bound = [name for name, ps in globs.items() if any(fnmatch.fnmatch(shown, f"*{p.lstrip('*')}") for p in ps)]
        kind = "experiment" if path.parent == CONFIGS else kind_of(path.parent.name)
        assert bound == [f"./configs/json_schema/{kind}.json"], path
    assert all((CONFIGS.parent / name).is_file() for name in globs)


def test_descriptions_carry_unit_and_range():
    node = schemas()["stick"]["properties"]["threat_pct"]
    assert node["description"].endswith("[%, -50 to 500]") and node["default"] == 0


def test_what_the_files_say_to_try_may_be_tried():
    tried = [
        (s, re.match(r"(\[.*?\]|\{.*?\}|[^\s,]+)", s.comment.partition("; try: ")[2])) for s in settings_of_files()
    ]
    hints = [(s, yaml.safe_load(found.group())) for s, found in tried if found]
    assert len(hints) > 50
    for setting, value in hints:
        path = CONFIGS.parent / setting.where.rpartition(":")[0]
        data = content(path)
        keys = next(k for k, v in nodes(data) if setting.home.endswith(f".{k[-1]}") and v == setting.value)
        assert value != setting.value and of(path).is_valid(changed(data, keys, value)), (setting.where, value)
