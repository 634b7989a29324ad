"""Uploads and links: read as plain data, never run; what the page hands out it takes back, and so does the command."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from experiments.app import house, visit
from experiments.app.base import base, option, options
from experiments.app.overlay import laid_over
from experiments.app.recipe import NAME, difference, for_command, for_page
from experiments.app.settings import Settings
from experiments.app.setup import Choice, experiment_of, setup, uploaded
from experiments.compose import load
from experiments.messages import MAX_LINES, UserError
from experiments.safe_yaml import MOST_BYTES, read

REFUSED = {
    "hydra: {run: {dir: /tmp}}": "hydra",
    "talks: {japan: {hydra: 1}}": "hydra",
    "' hydra ': 1": "hydra",
    "defaults: [classroom]": "defaults",
    "countries: {USA: {strategy: {_target_: os.system}}}": "_target_",
    "title: ${oc.env:HOME}": "${",
    'title: "\\x24{oc.env:HOME}"': "${",
    "'${seed}': 1": "${",
    "economy: {flows_csv: /etc/passwd}": "flows_csv",
    "a: !!python/object/apply:os.system [ls]": "tag",
    "a: !include x.yaml": "tag",
    "a: &x [1, 2]\nb: *x": "anchors",
    "a: &x 1": "anchors",
    "<<: {a: 1}": "<<",
    "a: 1\na: 2": "twice",
    "a: 1\n---\nb: 2": "second document",
    "- 1": "key: value",
    "worlds: NO": "NO",
    "a:\n\tb: 1": "tab",
    "a: " + "[" * 30 + "]" * 30: "deep",
    "a: [" + "1," * 30_000 + "1]": "entries",
    "a: " + "x" * MOST_BYTES: "kB",
    "a: \x00": "YAML",
    "{": "YAML",
}


@pytest.mark.parametrize("text", REFUSED, ids=[k[:24] for k in REFUSED])
def test_what_does_more_than_configure_is_refused(text):
    with pytest.raises(UserError, match="upload") as told:
        read(text)
    assert REFUSED[text] in str(told.value)
    assert len(told.value.lines) <= MAX_LINES


def test_anchors_are_refused_before_they_can_multiply():
    bomb = "a0: &a0 [1]\n" + "".join(f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]\n" for k in range(1, 40))
    with pytest.raises(UserError, match="upload:1: anchors"):
        read(bomb)


def test_bytes_that_are_no_text_are_told():
    with pytest.raises(UserError, match="not UTF-8"):
        read(b"title: \xff\xfe")
    assert read("﻿title: Ärger".encode())[0] == {"title": "Ärger"}


@settings(deadline=None, max_examples=60)
@given(some.text(max_size=60))
def test_any_text_is_read_or_told(text):
    try:
        found, _ = read(text)
    except UserError:
        return
    assert isinstance(found, dict)


@pytest.mark.parametrize(
    "text, words",
    {
        "talks: {japan: {stick: {threat_pct: 900.0}}}": "upload:1: talks.japan.stick.threat_pct: 900.0 is out of range",
        "talks:\n  japan:\n    stick:\n      thret_pct: 9.0": "upload:4: talks.japan.stick.thret_pct: no such key; did",
        "countries: {USA: {strategy: hardlinr}}": "no option 'hardlinr'; did you mean 'hardliner'?",
        "countries: {USA: {strategy: {option: [1]}}}": "is not the name of a strategy",
        "countries: {USA: {strategy: {option: ../../etc/passwd}}}": "no option",
        "countries: {USA: {strategy: [1]}}": "needs a strategy",
        "countries: {USA: {strategy: null}}": "needs a strategy",
        "protocol: {rounds: 10000}": "at most",
        "talks: {japan: {issues: {us_tariff: {levels_pct: [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, "
        + ", ".join(f"{k}.0" for k in range(10, 60))
        + "]}}}}": "packages; on this page",
    }.items(),
)
def test_what_does_not_fit_the_schema_is_told_with_its_line(text, words):
    with pytest.raises(UserError) as told:
        uploaded("april_2025", text)
    assert words in str(told.value)


def test_an_upload_names_its_experiment_and_options_by_group():
    text = (
        "experiment: classroom\ncountries: {A: {strategy: {option: hardliner, demand_pct: 60.0}}}\nprotocol: one_year"
    )
    assert experiment_of(text) == "classroom"
    data = uploaded("classroom", text)
    strategy = data["countries"]["A"]["strategy"]
    assert strategy == {"_target_": "agents.strategies.hardliner.Hardliner", "demand_pct": 60.0}
    assert data["protocol"]["rounds"] == 52
    with pytest.raises(UserError, match="did you mean 'classroom'"):
        experiment_of("experiment: clasroom")


def test_a_stick_named_by_its_option_keeps_the_rates_of_the_talk():
    data = uploaded("april_2025", "talks: {japan: {stick: mirrored}}")
    stick = data["talks"]["japan"]["stick"]
    assert stick == base("april_2025").data["talks"]["japan"]["stick"] | {"answer": "mirror"}


def _cases():
    names = {group: list(options(group)) for group in ("strategy", "stick", "protocol")}
    most = max(len(found) for found in names.values())
    return [{group: found[k % len(found)] for group, found in names.items()} for k in range(most)]


@pytest.mark.parametrize("names", _cases(), ids=lambda names: " ".join(names.values()))
def test_options_hold_what_hydra_makes_of_them(names):
    """Two roads: our reader of a group's file against Hydra's composition of the same choice."""
    chosen = (
        f"strategy@countries.JPN.strategy={names['strategy']}",
        f"stick@talks.japan.stick={names['stick']}",
        f"protocol={names['protocol']}",
    )
    made = load(("talks=us_japan", *chosen)).resolved
    for group, node in (("strategy", made["countries"]["JPN"]["strategy"]), ("protocol", made["protocol"])):
        held = option(group, names[group])
        assert {key: node[key] for key in held} == held
    held = option("stick", names["stick"])
    assert {key: made["talks"]["japan"]["stick"][key] for key in held} == held


MOVED = {
    "nothing": Choice("april_2025", "japan"),
    "stick": Choice("april_2025", "eu", Settings(threat_pct=35.0, answer="proportional", answer_factor_pct=50.0)),
    "credibility": Choice("april_2025", "japan", Settings(resolve_pct=10.0, belief_pct=95.0)),
    "carrot and clock": Choice("april_2025", "japan", Settings(security_busd=0.0, rounds=26.0, partner_rate=100.0)),
    "strategies": Choice("april_2025", "china", Settings(demander="rational", partner="mixture")),
    "stylised": Choice("classroom", "pie", Settings(demander="trembling", demander_rate=20.0)),
    "moving tariffs": Choice("escalation_china", "china", Settings(rounds=20.0, partner="screener")),
}


@pytest.mark.parametrize("name", MOVED)
def test_what_the_page_hands_out_it_takes_back(name):
    own = setup(MOVED[name])
    text = for_page(own.base, own.changed)
    assert experiment_of(text) == MOVED[name].experiment
    again = setup(Choice(MOVED[name].experiment, MOVED[name].talk, upload=text))
    assert again.data == own.data
    assert for_page(again.base, again.changed) == text


@pytest.mark.parametrize("name", MOVED)
def test_what_the_page_hands_out_is_an_experiment_of_the_command_line(name, tmp_path):
    own = setup(MOVED[name])
    folder = tmp_path / "experiment"
    folder.mkdir()
    (folder / f"{NAME}.yaml").write_text(for_command(own.base, own.changed, own.data), encoding="utf-8")
    assert load((f"experiment={NAME}",), config_dir=tmp_path).resolved == own.data


def test_values_of_ones_own_within_a_named_strategy_survive_both_ways(tmp_path):
    text = "countries: {USA: {strategy: {option: mixture, strategies: [hardliner, {option: linear, exponent: 2.0}]}}}"
    own = setup(Choice("april_2025", "japan", upload=text))
    assert own.data["countries"]["USA"]["strategy"]["strategies"][1]["exponent"] == pytest.approx(2.0)
    again = setup(Choice("april_2025", "japan", upload=for_page(own.base, own.changed)))
    assert again.data == own.data
    (tmp_path / "experiment").mkdir()
    path = tmp_path / "experiment" / f"{NAME}.yaml"
    path.write_text(for_command(own.base, own.changed, own.data), encoding="utf-8")
    assert load((f"experiment={NAME}",), config_dir=tmp_path).resolved == own.data


LEAVES = some.none() | some.integers() | some.text(max_size=3) | some.lists(some.integers(), max_size=3)
TREES = some.recursive(LEAVES, lambda inner: some.dictionaries(some.sampled_from("abcd"), inner, max_size=4))


@settings(deadline=None)
@given(some.dictionaries(some.sampled_from("abcd"), TREES, max_size=4), some.data())
def test_a_difference_laid_over_gives_the_whole_back(below, data):
    above = laid_over(below, data.draw(some.dictionaries(some.sampled_from("abcd"), TREES, max_size=4)), {})
    before = copy.deepcopy(below)
    assert laid_over(below, difference(below, above) or {}, {}) == above
    assert below == before


@pytest.mark.parametrize("name", MOVED)
def test_a_link_shows_the_same_choice(name):
    found, told = visit.from_link(visit.link(MOVED[name]))
    assert (found, told) == (MOVED[name], [])


@pytest.mark.parametrize(
    "query, words",
    [
        ({"threat_pct": "900"}, "is not a number from"),
        ({"threat_pct": "nan"}, "is not a number from"),
        ({"belief_pct": "1e999"}, "is not a number from"),
        ({"thret_pct": "9"}, "did you mean 'threat_pct'?"),
        ({"demander": "hardlinr"}, "did you mean 'hardliner'?"),
        ({"demander": "zeuthen"}, "no 'zeuthen'"),
        ({"experiment": "nowhere"}, "no 'nowhere'"),
        ({"talk": "brazil"}, "no 'brazil'"),
        ({"experiment": "classroom", "threat_pct": "20"}, "moves nothing"),
    ],
)
def test_what_a_link_gets_wrong_is_left_out_and_told(query, words):
    found, told = visit.from_link(query)
    assert words in told[0]
    assert found.settings == Settings()


def test_screens_of_a_file_are_limited_in_worlds():
    own = setup(Choice("april_2025", "japan", upload="worlds: 10000000"))
    assert own.config.worlds == 10_000_000 and own.data["worlds"] == house.worlds(13) == house.WORLDS
    assert setup(replace(own.choice, settings=Settings(rounds=100.0))).data["worlds"] < house.WORLDS
