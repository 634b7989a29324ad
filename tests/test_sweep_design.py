"""Designs: an axis of several keys at once, from YAML or a CSV file."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import qmc

from configs.sweeps import Design
from experiments.messages import UserError
from experiments.options import Options
from experiments.sweep.design import from_csv, points_of
from experiments.sweep.planning import plan

RANGES = {"a": (0.0, 1.0), "b": (-5.0, 15.0), "c": (2.0, 8.0)}
KEYS = "# @package _global_\n# mine\ndefaults:\n  - override /talks: us_japan\nworlds: 3\n"


def planned(folder, text, *overrides):
    """Return the plan of an experiment that holds a text."""
    (folder / "experiment").mkdir(exist_ok=True)
    (folder / "experiment" / "mine.yaml").write_text(KEYS + text, encoding="utf-8")
    return plan(Options(overrides=("experiment=mine", *overrides), config_dir=folder, silent=True))


def unit(design):
    """Return the points of a design of ranges in the unit cube."""
    points = points_of(design, "here")
    return np.array([[(p[k] - low) / (high - low) for k, (low, high) in design.ranges.items()] for p in points])


@given(points=st.integers(1, 40), seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_a_latin_hypercube_has_one_point_in_every_slice_of_every_range(points, seed):
    cube = unit(Design(kind="lhs", points=points, seed=seed, ranges=RANGES))
    for column in cube.T:
        assert sorted(np.floor(column * points).astype(int)) == list(range(points))


@given(power=st.integers(0, 6), seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_a_sobol_design_is_a_net(power, seed):
    """Each slice of 1/n of a range holds one point, and each box of area 1/n of the first two: a (0, m, 2)-net."""
    n = 2**power
    cube = unit(Design(kind="sobol", points=n, seed=seed, ranges=RANGES))
    for column in cube.T:
        assert sorted(np.floor(column * n).astype(int)) == list(range(n))
    for high in range(power + 1):
        boxes = np.floor(cube[:, :2] * (2**high, 2 ** (power - high))).astype(int)
        assert len({tuple(box) for box in boxes}) == n


def test_sobol_is_more_even_than_a_latin_hypercube_and_that_than_chance():
    cubes = [unit(Design(kind=kind, points=64, seed=3, ranges=RANGES)) for kind in ("sobol", "lhs")]
    chance = np.random.default_rng(3).random((64, 3))
    found = [qmc.discrepancy(cube) for cube in (*cubes, chance)]
    assert found == sorted(found)


def test_a_seed_gives_the_same_points_and_another_seed_others():
    one, again, other = (points_of(Design(kind="sobol", points=8, seed=s, ranges=RANGES), "here") for s in (1, 1, 2))
    assert one == again != other


def test_whole_numbers_cover_their_range_evenly():
    design = Design(kind="lhs", points=60, ranges={"n": (1.0, 6.0), "x": (0.0, 1.0)})
    points = points_of(design, "here", lambda key: key == "n")
    values, counts = np.unique([p["n"] for p in points], return_counts=True)
    assert values.tolist() == [1, 2, 3, 4, 5, 6] and set(counts) == {10}
    assert all(type(p["n"]) is int and type(p["x"]) is float for p in points)


def test_a_union_of_grids_holds_each_point_once():
    grids = ({"a": [1, 2], "b": [5]}, {"b": [5, 6], "a": [1]})
    points = points_of(Design(kind="grids", grids=grids), "here")
    assert points == [{"a": 1, "b": 5}, {"a": 2, "b": 5}, {"a": 1, "b": 6}]


def test_designs_cross_with_the_command_line(tmp_path):
    text = (
        "design:\n  kind: zip\n  values:\n    talks.japan.stick.threat_pct: [10, 24]\n"
        "    strategy@countries.JPN.strategy: [linear, hardliner]\n"
    )
    made = planned(tmp_path, text, "seed=1,2")
    assert [tuple(c.values.values()) for c in made.cells] == [
        (1, 10.0, "linear"), (1, 24.0, "hardliner"), (2, 10.0, "linear"), (2, 24.0, "hardliner"),
    ]  # fmt: skip
    assert [(a.key, a.design, a.group) for a in made.axes] == [
        ("seed", "", False), ("talks.japan.stick.threat_pct", "zip", False),
        ("strategy@countries.JPN.strategy", "zip", True),
    ]  # fmt: skip
    kinds = [type(c.config.countries["JPN"].strategy).__name__ for c in made.cells]
    assert kinds == ["TimeBased", "Hardliner"] * 2


def test_a_design_on_the_command_line_is_a_sweep_too():
    text = "design={kind: sobol, points: 8, ranges: {economy.trade_elasticity: [2, 8], protocol.rounds: [1, 4]}}"
    made = plan(Options(overrides=("talks=us_japan", text), silent=True))
    assert sorted(c.config.protocol.rounds for c in made.cells) == [1, 1, 2, 2, 3, 3, 4, 4]
    assert all(2 <= c.config.economy.trade_elasticity <= 8 for c in made.cells)
    longer = plan(Options(overrides=("sweep=economy_uncertainty", "design.points=128"), silent=True))
    assert len(longer.cells) == 128
    shorter = plan(Options(overrides=("sweep=economy_uncertainty",), silent=True))
    assert [c.key for c in shorter.cells] == [c.key for c in longer.cells[:64]]  # doubling a Sobol design extends it


def test_points_of_a_csv_file(tmp_path):
    path = tmp_path / "points.csv"
    path.write_text(
        "talks.japan.stick.threat_pct, talks.japan.stick.answer, countries.JPN.types.red_line_pct.values\n"
        '10, none, "[100]"\n\n24.5, mirror, "[60, 100]"\n',
        encoding="utf-8-sig",
    )
    made = planned(tmp_path, f"design:\n  kind: csv\n  file: {path}\n")
    assert [tuple(c.values.values()) for c in made.cells] == [(10.0, "none", "100.0"), (24.5, "mirror", "60.0, 100.0")]
    assert made.cells[1].config.countries["JPN"].types.red_line_pct.values == (60.0, 100.0)


@pytest.mark.parametrize(("text", "told"), [
    ("", "points.csv:1: the first line names the keys"),
    ("a,\n1,2\n", "points.csv:1: the first line names the keys"),
    ("a,a\n1,2\n", "points.csv:1: a: named twice"),
    ("a,b\n", "points.csv: no points below the first line"),
    ("a,b\n1,2\n3\n", "points.csv:3: 1 values for 2 keys"),
    ("a,b\n1,\n", "points.csv:2: b: no value; every point gives every key"),
    ('a\n"1,2"\n', "points.csv:2: a: '1,2' is several values"),
    ("a\n[1\n", "points.csv:2: a: '[1' cannot be read"),
], ids=repr)  # fmt: skip
def test_a_mistake_in_a_csv_file_is_told_with_its_line(tmp_path, text, told):
    path = tmp_path / "points.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        from_csv(path, "here")
    assert told in str(caught.value)


def test_a_csv_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UserError, match=r"here: '.*nope\.csv' cannot be read: No such file"):
        from_csv(tmp_path / "nope.csv", "here")


@pytest.mark.parametrize(("text", "line", "told"), [
    ("kind: sobol\n  points: 100\n  ranges: {seed: [1, 5]}", 8, "100 is no power of 2; a Sobol design is"),
    ("kind: sobol\n  ranges: {seed: [1, 5]}", 6, "design.points: is missing: kind sobol needs points and ranges"),
    ("kind: zip\n  ranges: {seed: [1, 5]}", 6, "design.values: is missing: kind zip needs values"),
    ("kind: zip\n  values: {seed: [1]}\n  points: 3", 9, "design.points: is not for kind zip, which takes values"),
    ("kind: zip\n  values: {seed: [1], worlds: [1, 2]}", 8, "need equal lengths: 1 for seed, 2 for worlds"),
    ("kind: lhs\n  points: 4\n  ranges: {seed: [5, 1]}", 9, "[5, 1] is not a range; write [low, high]"),
    ("kind: lhs\n  points: 0\n  ranges: {seed: [1, 5]}", 8, "0 is out of range; allowed: 1 to 1048576"),
    ("kind: grids\n  grids: [{seed: [1]}, {worlds: [1]}]", 8, "every grid names the same keys (seed)"),
    ("kind: latin", 7, "'latin' is not allowed; allowed: zip, lhs, sobol"),
    ("kind: zip\n  valus: {seed: [1]}", 8, "design.valus: no such key; did you mean 'values'?"),
    ("kind: zip\n  values: {wrlds: [1, 2]}", 6, "wrlds: no such key; did you mean 'worlds'?"),
    ("kind: zip\n  values: {talks.japan.stick.threat_pct: [1, 501]}", 6, "501 is out of range"),
    ("kind: zip\n  values: {title: [a, b]}", 6, "title: cannot be swept"),
], ids=lambda value: value if isinstance(value, str) and "\n" in value else "")  # fmt: skip
def test_a_mistake_in_a_design_is_told_with_its_line(tmp_path, text, line, told):
    with pytest.raises(UserError) as caught:
        planned(tmp_path, f"design:\n  {text}\n")
    assert told in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path}/experiment/mine.yaml:{line}: ")
    assert len(str(caught.value).splitlines()) <= 6


def test_points_of_a_callers_own_are_an_axis():
    points = [{"talks.japan.stick.threat_pct": t, "seed": s} for t, s in itertools.product([1.5, 2.5], [1, 2])]
    made = plan(Options(overrides=("talks=us_japan",), silent=True), points=points)
    assert [c.values for c in made.cells] == points
    assert {a.design for a in made.axes} == {"points"}
