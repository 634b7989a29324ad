"""`bargain explain`: every key says what it is, in words and numbers of the schema, the YAML and the pages."""

from __future__ import annotations

import re

import pytest

from experiments import enters as where_keys_enter
from experiments.cli import main
from experiments.compose import load
from experiments.enters import HOW, SECTIONS, enters
from experiments.explain import groups, key_of, text
from experiments.explain_key import nodes
from experiments.messages import UserError
from experiments.options import Options
from experiments.places import comment, settings, universe
from tests.house import ROOT


@pytest.fixture(scope="module")
def default():
    return load([])


@pytest.fixture(scope="module")
def japan():
    return load(["talks=us_japan"])


def test_a_key_is_told_with_unit_range_value_source_and_place_in_the_model(japan):
    told = text("talks.japan.stick.threat_pct", japan)
    line = next(n for n, row in enumerate(_yaml("talk/us_japan"), 1) if row.strip().startswith("threat_pct:"))
    assert "demander's tariff on the partner if the threat is carried out" in told
    assert re.search(r"unit +%\n +allowed +-50 to 500\n", told)
    assert f"talks.japan.stick.threat_pct = 24.0   configs/talk/us_japan.yaml:{line}\n" in told
    assert "announced 2 April 2025, suspended 9 April for 90 days" in told
    assert 'docs/model.md, "3. Sticks' in told and "sim/sticks.py" in told


def _yaml(name: str) -> list[str]:
    return (ROOT / "configs" / f"{name}.yaml").read_text(encoding="utf-8").splitlines()


def test_the_end_of_a_key_finds_all_keys_that_end_so(default):
    told = text("threat_pct", default)
    assert all(
        f"talks.{t}.stick.threat_pct = {v}   " in told for t, v in (("japan", 24.0), ("eu", 20.0), ("china", 54.0))
    )
    assert told.count("threat is carried out, on top") == 1  # said once
    both = text("stick.answer", default)
    assert "talks.japan.stick.answer = 'none'" in both and "stick.answer_factor" not in both


def test_keys_of_the_same_name_but_another_meaning_are_told_apart(default):
    told = text("levels_pct", default)
    assert "issues.tariff.levels_pct: tariff levels" in told and "issues.barrier.levels_pct: cut in the" in told
    assert told.index("above -50 to 500") < told.index("0 to 50\n")


def test_a_key_that_this_configuration_has_not_says_which_files_set_it(default):
    told = text("demand_pct", default)
    assert "strategy.Hardliner.demand_pct" in told and "strategy.Obstinate.demand_pct" in told
    assert "not in this configuration; set in\n      configs/strategy/hardliner.yaml:3  80.0" in told


def test_an_override_is_told_beside_what_it_replaces():
    told = text("threat_pct", load(["talks=us_japan", "talks.japan.stick.threat_pct=35"]))
    assert re.search(r"= 35\.0 +command line\n +else 24\.0 +configs/talk/us_japan\.yaml:\d+\n +announced 2 April", told)


def test_a_strategy_chosen_brings_its_parameters(japan):
    chosen = load(["talks=us_japan", "strategy@countries.JPN.strategy=hardliner"])
    assert "countries.JPN.strategy.demand_pct = 80.0   configs/strategy/hardliner.yaml:3" in text("demand_pct", chosen)
    assert "agents/strategies/hardliner.py" in text("demand_pct", japan)


@pytest.mark.parametrize("group", sorted(groups(Options())))
def test_a_group_lists_its_options(group, default):
    told = text(group, default)
    names = [path.stem for path in (ROOT / "configs" / group).glob("*.yaml")]
    assert [name for name in names if not re.search(rf"^  {name} +\S", told, re.MULTILINE)] == []
    assert f"{group}: a group" in told and f"{group}" in told.splitlines()[0]


def test_an_option_shows_its_file(default):
    told = text("proportional", default)
    assert "option of stick: stick@talks.japan.stick=proportional" in told and "option of policy" in told
    assert "answer_factor: 0.5" in told
    assert "option of policy" not in text("stick/proportional", default)


def test_a_mapping_shows_what_stands_below_it(japan):
    told = text("countries.JPN.weights", japan)
    assert re.search(r"^  pledge +1\.0 +pledges received less made$", told, re.MULTILINE)
    assert "demander_rungs_pct" in text("moves", japan) and "nothing in this configuration" in text("moves", japan)


@pytest.mark.parametrize(("word", "meant"), [("threat_pc", "threat_pct"), ("stratgy", "strategy"),
    ("talks.japan.stik.threat_pct", "talks.japan.stick.threat_pct"), ("hardlinr", "hardliner")])  # fmt: skip
def test_an_unknown_key_is_told_with_the_nearest_name(word, meant, default):
    with pytest.raises(UserError, match=f"no key '{word}'; did you mean '{re.escape(meant)}'"):
        text(word, default)


def test_the_command_takes_one_key_among_overrides(capsys):
    assert main(["explain", "talks=us_japan", "worlds", "worlds=7"]) == 0
    assert re.search(r"worlds = 7 +command line\n +else 1000 +configs/config\.yaml:\d+", capsys.readouterr().out)
    assert main(["explain", "qqqq"]) == 2
    assert main(["explain"]) == 2
    assert main(["explain", "worlds", "seed"]) == 2
    assert key_of(["--config-dir", "mine", "worlds"]) == ("worlds", ["--config-dir", "mine"])


def test_a_folder_of_ones_own_is_explained_too(tmp_path):
    (tmp_path / "stick").mkdir()
    (tmp_path / "stick" / "mild.yaml").write_text(
        "# A mild one\ndefaults: [pause_90_days, _self_]\nresolve_pct: 5.0  # %, 0 to 100; mine; try: 6\n",
        encoding="utf-8",
    )
    loaded = load(["talks=us_japan", "stick@talks.japan.stick=mild"], config_dir=tmp_path)
    told = text("resolve_pct", loaded, Options(config_dir=tmp_path))
    assert f"= 5.0   {tmp_path}/stick/mild.yaml:3\n      mine\n      try: 6" in told
    assert "mild " in text("stick", loaded, Options(config_dir=tmp_path))


def test_every_key_there_can_be_says_where_it_enters_the_model():
    assert [home for home in universe() if enters(home) is None] == [], "add a line to experiments/enters.py"
    used = set(universe()) | {home.rpartition(".")[0] for home in universe()} | {"types.weights"}
    assert [key for key in HOW if key not in used] == [], "lines of experiments/enters.py that no key has"


def test_the_sections_and_modules_named_exist():
    places = [*SECTIONS.values(), *where_keys_enter.ELSEWHERE.values()]
    for page, section, module in places:
        assert re.search(rf"^#+ {re.escape(section)}$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE), (
            section
        )
        assert not module or (ROOT / module).is_file(), module


def test_every_value_the_shipped_yaml_sets_is_known_to_the_schema():
    nodes_above = {home.rpartition(".")[0] for home in universe()}
    short = {re.sub(r"^(protocol|strategy|policy|issues)\.\w+\.", r"\1.", home) for home in universe()}
    unknown = [s for s in settings() if s.home not in universe() and s.home not in nodes_above | short | {"economy"}]
    assert unknown == []


def test_every_key_of_a_configuration_can_be_explained(default):
    for path, _ in nodes(default.resolved):
        if path[-1] != "_target_" and not path[-1].isdigit():
            assert text(".".join(path), default)


def test_comments_are_found_where_they_begin():
    assert comment("a: '# no'  # yes: 'x # y'") == "yes: 'x # y'"
    assert comment('a: "#"') == "" and comment("# whole") == "whole" and comment("a: b#c") == ""
