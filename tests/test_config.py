"""Every YAML of every group composes and passes; what was loaded can be written down and read back."""

import re
import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from configs.schema import COMPONENTS, SHIPPED, Config
from experiments import describe
from experiments.check import report
from experiments.compose import CONFIGS, Library, load, plain, validate
from experiments.describe import leaves
from experiments.menu import first_comment, groups
from experiments.messages import UserError
from experiments.plugins import resolve

FILES = sorted(CONFIGS.glob("*/*.yaml"))
TALKS = {"us_japan": "japan", "us_eu": "eu", "us_china": "china"}
STYLISED = ("pie", "none", "stylised_a", "stylised_b", "classroom")  # options that need experiment=classroom


@pytest.fixture(scope="module")
def default():
    return load([])


@pytest.fixture(scope="module")
def japan():
    return load(["talks=us_japan"])


def _names(group: str) -> list[str]:
    return [path.stem for path in FILES if path.parent.name == group and path.stem not in STYLISED]


def _tried() -> list[list[str]]:
    """Overrides that use every option of every group at least once, several options in one configuration."""
    tried = [[f"{group}={name}"] for group in ("experiment", "talks", "sweep") for name in _names(group)]
    tried += [["talks=us_japan", f"{group}={name}"] for group in ("economy", "protocol") for name in _names(group)]
    tried += [[f"hub={name}"] for name in _names("hub")]
    tried += [[f"talks={name}", f"talk@talks.{TALKS[name]}={name}"] for name in _names("talk")]
    for group, places in (
        ("country", ["country@countries.JPN", "country@countries.EU27", "country@countries.CHN"]),
        ("strategy", ["strategy@countries.JPN.strategy", "strategy@countries.USA.strategy"]),
        ("stick", ["stick@talks.japan.stick", "stick@talks.eu.stick", "stick@talks.china.stick"]),
    ):
        names = _names(group)
        for first in range(0, len(names), len(places)):
            tried.append([f"{place}={name}" for place, name in zip(places, names[first:])])
    sides = ["policy@talks.china.moves.demander", "policy@talks.china.moves.partner"]
    policies = _names("policy") + _names("policy")[:1]  # an even number, two at a time
    for pair in zip(policies[::2], policies[1::2]):
        tried.append(["experiment=escalation_china", *(f"{place}={name}" for place, name in zip(sides, pair))])
    return [*tried, ["experiment=classroom"], ["experiment=classroom", "protocol=ultimatum"]]


@pytest.mark.parametrize("overrides", _tried(), ids=" ".join)
def test_every_option_composes_and_passes(overrides):
    loaded = load(overrides)
    assert validate(loaded.resolved, {}) == loaded.config
    chosen = dict(o.split("=") for o in overrides)
    assert {place: loaded.choices[place] for place in chosen} == chosen


def test_every_option_was_tried():
    tried = {tuple(o.split("=")) for overrides in _tried() for o in overrides}
    tried = {(place.partition("@")[0], option) for place, option in tried}
    all_of_them = {(path.parent.name, path.stem) for path in FILES if path.stem not in STYLISED}
    assert all_of_them <= tried


@pytest.mark.parametrize("path", [CONFIGS / "config.yaml", *FILES], ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_every_file_opens_with_a_line_for_the_help(path):
    assert len(first_comment(path)) > 10


@pytest.mark.parametrize("path", [CONFIGS / "config.yaml", *FILES], ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_every_number_says_its_unit_or_range_and_where_it_comes_from(path):
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        value = re.match(r"\s*[A-Za-z_0-9]+: (-?\d[\d.]*|\[[-\d., ]+\])(\s|$)", line)
        if value:
            unit, _, source = line.partition("#")[2].partition(";")
            assert re.search(r"%|USD|per year|years|days|rounds|worlds|\d to (below )?\d|above 0|must be 0", unit), (
                number,
                line,
            )
            assert len(source) > 4 or "must be 0" in unit, (number, line)


def test_the_default_is_the_april_2025_setting(default):
    talks = default.config.talks
    assert {name: (t.demander, t.partner) for name, t in talks.items()} == {
        "japan": ("USA", "JPN"), "eu": ("USA", "EU27"), "china": ("USA", "CHN"),
    }  # fmt: skip
    assert {n: (t.stick.interim_pct, t.stick.threat_pct) for n, t in talks.items()} == {
        "japan": (10, 24), "eu": (10, 20), "china": (30, 54),
    }  # fmt: skip
    assert {n: t.packages for n, t in talks.items()} == {"japan": 11 * 5 * 6 * 6, "eu": 1980, "china": 1950}
    japan = talks["japan"].stick
    interim = (1 - japan.sector_share_pct / 100) * japan.interim_pct + japan.sector_share_pct / 100 * japan.sector_pct
    assert interim == pytest.approx(15.4, abs=0.05)  # import-weighted, cars at 25 %


def test_status_quo_is_that_of_1_january_2025(default):
    assert default.config.economy.tariffs_pct == {
        "USA": {"JPN": 1.6, "EU27": 1.3, "CHN": 11.9},
        "JPN": {"USA": 2.1},
        "EU27": {"USA": 1.0},
        "CHN": {"USA": 21.2},
    }


def test_what_was_loaded_reads_back_the_same(default):
    again = validate(default.resolved, {})
    assert plain(again) == default.resolved
    assert again == default.config


def test_a_config_is_frozen(japan):
    with pytest.raises(Exception, match="frozen"):
        japan.config.worlds = 3
    with pytest.raises(Exception, match="frozen"):
        japan.config.talks["japan"].stick.threat_pct = 3.0
    assert isinstance(japan.config.talks["japan"].issues["access"].levels, tuple)


@pytest.mark.parametrize(
    ("override", "key", "value"),
    [
        ("talks.japan.stick.threat_pct=35", "talks.japan.stick.threat_pct", 35),
        ("strategy@countries.JPN.strategy=hardliner", "countries.JPN.strategy.demand_pct", 80),
        ("stick@talks.japan.stick=mirrored", "talks.japan.stick.answer", "mirror"),
        ("stick@talks.japan.stick=no_stick", "talks.japan.stick.threat_pct", 0),
        ("economy.pass_through={USA: 0.25}", "economy.pass_through.USA", 0.25),
        ("talks.japan.issues.access.levels_pct=[0,1.5]", "talks.japan.issues.access.levels_pct", [0, 1.5]),
        ("+countries.JPN.types.weights=[{probability: 1, revenue: 0.3}]", "countries.JPN.types.weights.0.revenue", 0.3),
    ],
)
def test_an_override_arrives_and_is_remembered(override, key, value):
    loaded = load(["talks=us_japan", override])
    found = loaded.resolved
    for name in key.split("."):
        found = describe.inside(found, name)
    assert found == value
    expected = f"configs/{override.partition('@')[0]}/" if "@" in override else "command line"
    assert loaded.came_from(key).startswith(expected)


def test_origins_point_at_the_line_that_sets_the_value(default):
    checked = 0
    for path, value in leaves(default.resolved):
        where, _, line = default.came_from(".".join(path)).rpartition(":")
        if where and isinstance(value, float):
            text = (CONFIGS.parent / where).read_text(encoding="utf-8").splitlines()[int(line) - 1]
            written = yaml.safe_load(text.strip())
            assert written == {path[-1]: value}, (path, text)
            checked += 1
    assert checked > 100


def test_check_prints_unit_range_and_origin(japan):
    text = report(japan)
    line = next(row for row in text.splitlines() if row.startswith("talks.japan.stick.threat_pct"))
    assert re.search(r"24\.0 +% +-50 to 500 +configs/talk/us_japan\.yaml:\d+$", line)
    line = next(row for row in text.splitlines() if row.startswith("countries.JPN.strategy.exponent"))
    assert "above 0 to 100" in line
    assert "1980 packages of 4 issues; 2 x 4 types" in text


def test_every_number_of_the_schema_has_a_range(japan, default):
    for path, value in [*leaves(japan.resolved), *leaves(default.resolved)]:
        field = describe.at(path, default.resolved if path in dict(leaves(default.resolved)) else japan.resolved)
        assert field is not None, path
        if isinstance(value, float | int) and not isinstance(value, bool):
            assert field.allowed, path


def test_json_schema_can_be_made():
    schema = Config.model_json_schema()
    assert schema["properties"]["worlds"]["maximum"] == 10_000_000
    assert schema["properties"]["worlds"]["unit"] == "worlds"
    assert schema["additionalProperties"] is False


def test_shipped_codes_are_those_of_the_calibration():
    for source, codes in SHIPPED.items():
        path = CONFIGS.parent / "sim" / "data" / f"{source.replace('flows', 'regions')}.csv"
        rows = path.read_text(encoding="utf-8").splitlines()[1:]
        assert tuple(row.partition(",")[0] for row in rows if row) == codes


def test_types_multiply_and_weights_cover_the_components(default):
    for country in default.config.countries.values():
        types = country.types
        assert types.count == len(types.discount_rate_per_year.values) * len(types.red_line_pct.values)
        assert set(type(country.weights).model_fields) == set(COMPONENTS)


def test_groups_of_the_help_are_those_hydra_sees():
    assert {g: sorted(o) for g, o in groups().items()} == Library().groups


def test_own_folder_of_yaml_is_taken(tmp_path: Path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "hw3.yaml").write_text(
        "# @package _global_\n# Homework 3\ndefaults:\n  - override /talks: us_eu\nworlds: 7\n", encoding="utf-8"
    )
    loaded = load(["experiment=hw3"], config_dir=tmp_path)
    assert (loaded.config.worlds, list(loaded.config.talks)) == (7, ["eu"])
    assert loaded.came_from("worlds") == f"{tmp_path}/experiment/hw3.yaml:5"
    (tmp_path / "experiment" / "classroom.yaml").write_text("worlds: 1\n", encoding="utf-8")
    with pytest.raises(UserError, match="shipped with the project; rename"):
        load(["experiment=hw3"], config_dir=tmp_path)


def test_own_class_is_taken_from_a_named_folder_only(tmp_path: Path):
    text = (CONFIGS.parent / "agents" / "strategies" / "hardliner.py").read_text(encoding="utf-8")
    (tmp_path / "my_hard.py").write_text(text.replace("Hardliner", "Stubborn"), encoding="utf-8")
    mine = ["talks=us_japan", "countries.JPN.strategy={_target_: my_hard.Stubborn, demand_pct: 70}"]
    mine += ["~countries.JPN.strategy.exponent", "~countries.JPN.strategy.flexibility_pct"]
    loaded = load(mine, plugins=tmp_path)
    assert type(loaded.config.countries["JPN"].strategy).__name__ == "Stubborn"
    assert loaded.resolved["countries"]["JPN"]["strategy"] == {"_target_": "my_hard.Stubborn", "demand_pct": 70}
    with pytest.raises(UserError, match="--plugins"):
        load(mine)


@pytest.mark.parametrize(("target", "group"), [
    ("agents.strategies.hardliner.Hardliner", "strategy"), ("sim.protocols.alternating.AlternatingOffers", "protocol"),
])  # fmt: skip
def test_a_package_that_hides_ours_is_told(target, group, tmp_path: Path, monkeypatch):
    name = target.partition(".")[0]
    other = ModuleType(name)
    other.__file__ = str(tmp_path / name / "__init__.py")
    monkeypatch.setitem(sys.modules, name, other)
    with pytest.raises(UserError, match=f"another package named '{name}' hides the one of this project") as told:
        resolve(target, group, "mine.yaml:3: strategy")
    assert f"found in {tmp_path.resolve()}, expected in " in str(told.value)


@settings(max_examples=60, deadline=None)
@given(worlds=st.integers(), share=st.floats(allow_nan=True), elasticity=st.floats(allow_nan=True))
def test_numbers_pass_exactly_when_in_range(worlds, share, elasticity):
    data = {**_classroom(), "worlds": worlds}
    data["talks"] = {"pie": {**data["talks"]["pie"], "stick": {"resolve_pct": share}}}
    data["economy"] = {"source": "flows_5", "keep": ["USA", "JPN"], "trade_elasticity": elasticity}
    good = 1 <= worlds <= 10_000_000 and 0 <= share <= 100 and 0.1 <= elasticity <= 50
    if good:
        assert validate(data, {}).worlds == worlds
    else:
        with pytest.raises(UserError) as caught:
            validate(data, {})
        assert 1 <= len(str(caught.value).splitlines()) <= 6


@given(st.lists(st.floats(-49, 500, allow_nan=False), min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_levels_pass_exactly_when_strictly_increasing(levels):
    data = _classroom()
    issue = {"kind": "tariff", "giver": "A", "receiver": "B", "levels_pct": levels}
    data["economy"] = {"flows_csv": "f.csv", "regions_csv": "r.csv", "keep": ["A", "B"]}
    data["talks"] = {"pie": {"demander": "A", "partner": "B", "issues": {"t": issue}}}
    if all(low < high for low, high in pairwise(levels)):
        assert validate(data, {}).talks["pie"].packages == len(levels)
    else:
        with pytest.raises(UserError, match="strictly increasing"):
            validate(data, {})


_kept: dict = {}


def _classroom() -> dict:
    if not _kept:
        _kept.update(load(["experiment=classroom"]).resolved)
    return dict(_kept)
