"""Cells put together from checked nodes are those of single runs: the same configuration, the same mistake."""

import copy
import itertools
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments import overrides as command
from experiments.compose import CONFIGS, Library, load, plain
from experiments.messages import UserError
from experiments.options import Options
from experiments.overrides import parse
from experiments.sweep.axes import collect
from experiments.sweep.bases import Base
from experiments.sweep.cells import Cells
from experiments.sweep.checking import Checked
from experiments.sweep.marks import IDLE, key_of
from experiments.sweep.planning import plan

JAPAN = "talks=us_japan"
VALUES = {  # key: values that pass and values that do not
    "talks.japan.stick.threat_pct": ["24", "24.0", "35.5", "501", "x"],
    "talks.japan.stick.belief_pct": ["0", "100", "null"],
    "talks.japan.stick.answer": ["mirror", "none", "mirorr"],
    "talks.japan.issues.access.levels_pct": ["[0,1]", "[1.5]", "[2,1]", "[]"],
    "talks.japan.issues.security.levels_busd.1": ["1", "2.5", "2.6"],  # 2.6 comes next in the list
    "talks.japan.issues.pledge.cost": ["0.1", "1", "11"],
    "talks.japan.partner": ["JPN", "CHN", "USA"],
    "talks.japan.demander": ["USA", "JPN"],
    "countries.JPN.types.discount_rate_per_year.values.0": ["0.1", "1", "-1"],
    "countries.JPN.types.red_line_pct.probabilities": ["null", "[0.5,0.5]", "[0.5,0.4]"],
    "countries.JPN.weights.concession": ["0", "2", "101", "'1'"],
    "countries.JPN.strategy.exponent": ["0.5", "2", "0"],
    "countries.JPN.strategy.exponant": ["1"],
    "countries.JPN.name": ["Nippon", "''"],
    "countries.USA.strategy": ["{flexibility_pct: 3}", "{exponent: 4.0}", "{flor: 1}"],
    "protocol.rounds": ["1", "13", "0"],
    "economy.trade_elasticity": ["2", "4", "60"],
    "economy.keep": ["[USA,JPN]", "[USA,JPN,CHN]", "[USA,CHN]", "[USA,XXX]"],
    "economy.pass_through": ["0.5", "{USA: 0.25}", "{XXX: 1}"],
    "+economy.tariffs_pct.IND": ["{USA: 3}", "{USA: 4.5}", "{XXX: 1}"],
    "information": ["complete", "types", "all"],
    "seed": ["1", "2", "-1"],
    "worlds": ["10", "20", "yes"],
    "wrlds": ["1"],
}
SWEEPS = st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=3, unique=True).flatmap(
    lambda keys: st.fixed_dictionaries({
        key: st.lists(st.sampled_from(VALUES[key]), min_size=1, max_size=2, unique=True) for key in keys
    })
)  # fmt: skip


class Remembered(Library):
    """A library that composes the same choices once."""

    def compose(self, chosen):
        key = tuple(chosen)
        if key not in self.done:
            self.done[key] = super().compose(chosen)
        return copy.deepcopy(self.done[key])


@cache
def library() -> Library:
    found = Remembered()
    found.done = {}
    return found


def swept(texts):
    """Return the axes of texts, every one with several values or not, as a sweep."""
    axes = collect([], parse(texts, sweeps=True), library().groups)
    return axes


def cells(*texts) -> Cells:
    return Cells(swept([JAPAN, *texts]), library())


def plan_of(*texts, **more):
    return plan(Options(overrides=texts, multirun=True, silent=True), **more)


@settings(max_examples=25, deadline=None)
@given(chosen=SWEEPS)
def test_fast_and_slow_give_the_same_configuration_or_the_same_mistake(chosen):
    texts = [f"{key}={','.join(values)}" for key, values in chosen.items()]
    try:
        made = cells(*texts)
    except UserError as error:  # 24 and 24.0 are one value
        assert "is listed twice" in str(error)
        return
    for number in range(len(made)):
        picks = made.picks(number)
        base = made.base_of(picks)
        assert not base.note
        own = made.settings_of(picks)
        slow, error = attempt(lambda base=base, own=own: base.slow(own)[0])
        if base.checked is None:
            fast = None
        else:
            fast, _ = attempt(lambda base=base, own=own: base.checked.config(base.values, own), Exception)
        assert (fast is None) == (slow is None) or base.checked is None
        if slow is None:
            with pytest.raises(UserError) as caught:
                made[number]
            assert str(caught.value) == error
        else:
            assert made[number].config == slow
            assert made[number].key == key_of(slow)
            assert fast is None or fast[0] == slow


def attempt(act, kind=UserError):
    """Return (what act returns, "") or (None, what it complains of)."""
    try:
        return act(), ""
    except kind as error:
        return None, str(error)


@pytest.mark.parametrize("texts", [
    ["talks.japan.stick.threat_pct=10,24", "strategy@countries.JPN.strategy=hardliner,linear"],
    ["stick@talks.japan.stick=mirrored,no_stick", "talks.japan.stick.belief_pct=0,50", "protocol=one_year"],
    ["economy=five,twelve", "economy.keep=[USA,JPN]", "economy.trade_elasticity=3,5"],
    ["countries.JPN.strategy.exponent=0.5,2", "~economy.tariffs_pct.CHN", "title='a b'"],
    ["countries.JPN.strategy={exponent: 3.0}", "countries.JPN.strategy.exponent=0.5,2"],
], ids=" ".join)  # fmt: skip
def test_a_cell_is_the_single_run_with_its_overrides(texts):
    made = plan_of(JAPAN, *texts)
    assert len(made.cells) > 1 and not made.notes
    for cell in made.cells:
        loaded = load(made.cells.overrides(cell.number))
        assert loaded.config == cell.config
        for key, value in cell.values.items():
            assert loaded.choices[key] == value if "@" in key or key in loaded.choices else at(loaded, key) == value


def at(loaded, key):
    node = loaded.resolved
    for name in key.split("."):
        node = node[name]
    return node


MISTAKES = [
    (["talks.japan.stick.threat_pct=10,501"], "talks.japan.stick.threat_pct=501"),
    (["wrlds=1,2"], "wrlds=1"),
    (["worlds=10,1e4"], "worlds=1e4"),
    (["talks.japn.stick.threat_pct=1,2"], "talks.japn.stick.threat_pct=1"),
    (["strategy@countries.JPN.strategy=linear,hardlinr"], "strategy@countries.JPN.strategy=hardlinr"),
    (["strategy@countries.JAP.strategy=linear,hardliner"], "strategy@countries.JAP.strategy=linear"),
    (["strateg@countries.JPN.strategy=linear,hardliner"], "strateg@countries.JPN.strategy=linear"),
    (["economy=twelve,none"], "economy=none"),
    (["economy.keep=[USA,JPN],[USA,CHN]"], "economy.keep=[USA,CHN]"),
    (["talks.japan.partner=JPN,EU"], "talks.japan.partner=EU"),
    (["countries.JPN.strategy._target_=os.system,x.y"], "countries.JPN.strategy._target_=os.system"),
    (["talks.japan.issues.access.levels_pct.9=1,2"], "talks.japan.issues.access.levels_pct.9=1"),
]


def test_values_below_one_node_are_all_told_apart():
    """Three keys of one talk, two of them in its stick: no combination is taken for another."""
    stick = ["talks.japan.stick.threat_pct=10,24", "talks.japan.stick.belief_pct=0,50"]
    made = cells(*stick, "talks.japan.issues.pledge.cost=0.1,1", "talks.japan.issues.pledge.value=0.1,1")
    for _ in range(2):  # made, then remembered
        for number in range(len(made)):
            picks = made.picks(number)
            base = made.base_of(picks)
            assert base.config(made.settings_of(picks))[0] == base.slow(made.settings_of(picks))[0]
    assert len({cell.key for cell in made}) == 16


@pytest.mark.parametrize("text", [
    "countries.USA.strategy={flexibility_pct: 3},{exponent: 4.0}", "talks.japan.stick={threat_pct: 5},{belief_pct: 3}",
    "economy.tariffs_pct.USA={JPN: 3},{CHN: 4.5}", "economy.pass_through={USA: 0.5},0.7",
])  # fmt: skip
def test_mappings_are_merged_into_what_stands_there(text):
    made = cells(text)
    for number in (0, 1):
        base = made.base_of([number])
        assert not base.note and base.checked.config(base.values, [number])[0] == base.slow([number])[0]


def test_a_country_that_is_missing_is_told_though_nothing_below_it_is_swept():
    with pytest.raises(UserError) as alone:
        load(["~countries.JPN", "seed=1"])
    made = Cells(swept(["~countries.JPN", "seed=1,2"]), library())
    with pytest.raises(UserError) as together:
        made.check()
    assert str(together.value) == str(alone.value)
    assert "no country 'JPN'" in str(alone.value)


@pytest.mark.parametrize(("texts", "single"), MISTAKES, ids=[m[1] for m in MISTAKES])
def test_a_mistake_is_told_as_by_a_single_run(texts, single):
    with pytest.raises(UserError) as alone:
        load([JAPAN, single])
    with pytest.raises(UserError) as together:
        plan_of(JAPAN, *texts)
    assert str(together.value) == str(alone.value)


@pytest.mark.parametrize(("texts", "told"), [
    (["title='x ${talks.japan.stick.threat_pct}'", "talks.japan.stick.threat_pct=1,2"], "is referred to by"),
    (["seed=${worlds}", "worlds=5,10"], "worlds is referred to by ${worlds}"),
    (["talks.japan.stick.belief_pct=7,${talks.japan.stick.resolve_pct}"], "a value refers to another key"),
    (["talks.japan.stick={threat_pct: 1},{belief_pct: 3}", "talks.japan.stick.threat_pct=5,6"], "stands above another"),
    (["countries.JPN={name: A},{name: B}"], "above a class"),
    (["talks.japan.stick.threat_pct=5,6", "talks.japan.stick={threat_pct: 1}"], "is swept, then set as a whole"),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")  # fmt: skip
def test_keys_that_hang_together_are_composed_cell_by_cell(texts, told):
    made = plan_of(JAPAN, *texts)
    assert len(made.notes) == 1 and told in made.notes[0] and "one by one" in made.notes[0]
    for cell in made.cells:
        assert cell.config == load(made.cells.overrides(cell.number)).config


def test_nodes_are_shared_and_made_once(monkeypatch):
    made = plan_of(JAPAN, "talks.japan.stick.threat_pct=1,2,3", "countries.JPN.weights.revenue=0,1")
    assert len({id(c.config.economy) for c in made.cells}) == 1
    assert len({id(c.config.talks["japan"].stick) for c in made.cells}) == 3
    assert len({id(c.config.talks["japan"]) for c in made.cells}) == 3
    assert len({id(c.config.countries["JPN"]) for c in made.cells}) == 2
    assert len({id(c.config.countries["USA"]) for c in made.cells}) == 1
    assert isinstance(made.cells.base_of([0, 0]).checked, Checked)


def test_values_are_typed_by_the_schema_and_axes_carry_units():
    texts = [
        "talks.japan.stick.threat_pct=10,24",
        "protocol.rounds=1,2",
        "countries.JPN.types.red_line_pct.values=[100],[60]",
    ]
    made = plan_of(JAPAN, *texts, "economy.scale_elasticity=null,0.1", "information=types,complete")
    assert [(a.key.rpartition(".")[2], a.values, a.unit, a.group) for a in made.axes] == [
        ("threat_pct", (10.0, 24.0), "%", False),
        ("rounds", (1, 2), "", False),
        ("values", ("100.0", "60.0"), "%", False),
        ("scale_elasticity", (None, 0.1), "", False),
        ("information", ("types", "complete"), "", False),
    ]
    assert all(type(v) is float for v in made.axes[0].values)
    assert made.columns == tuple(axis.key for axis in made.axes)
    assert list(made.cells[-1].values.values()) == [24.0, 2, "60.0", 0.1, "complete"]


def test_the_key_holds_what_decides_rows_and_nothing_else():
    base = cells()[0].key
    same = ["worlds=3", "title=x", "question=y", "figures=false", "offers=true", "sweep.backend=loky", "dry_run=true"]
    assert {cells(text)[0].key for text in same} == {base}
    other = ["seed=1", "information=complete", "protocol.rounds=3", "economy.trade_elasticity=5"]
    other += ["talks.japan.stick.belief_pct=1", "countries.JPN.strategy.exponent=3", "economy.tariffs_pct.JPN.USA=3"]
    found = [cells(text)[0].key for text in other]
    assert len({*found, base}) == len(other) + 1
    assert all(len(key) == 64 and int(key, 16) >= 0 for key in found)


def test_keys_differ_exactly_where_the_plain_configurations_do():
    """Two roads: hashes of hashed nodes, and the resolved configurations compared in full."""
    picked = ["talks.japan.stick.threat_pct=10,24", "countries.JPN.weights.revenue=0,1", "worlds=1,2"]
    made = list(plan_of(JAPAN, *picked, "stick@talks.japan.stick=mirrored,pause_90_days").cells)
    kept = [{k: v for k, v in plain(c.config).items() if k not in IDLE} for c in made]
    for (a, one), (b, other) in itertools.combinations(zip(made, kept), 2):
        assert (a.key == b.key) == (one == other)
    assert len({c.key for c in made}) == len(made) / 2  # worlds do not tell cells apart


def test_a_key_does_not_depend_on_what_else_is_swept():
    wide = plan_of(JAPAN, "talks.japan.stick.threat_pct=10,24", "countries.JPN.strategy.exponent=0.5,2")
    for cell in wide.cells:
        alone = plan_of(*wide.cells.overrides(cell.number))
        assert [c.key for c in alone.cells] == [cell.key]


def test_order_of_talks_and_levels_decides_but_order_of_keys_in_a_file_does_not():
    one = cells("+economy.tariffs_pct.IND={USA: 3, JPN: 4}")[0].config
    other = cells("+economy.tariffs_pct.IND={JPN: 4, USA: 3}")[0].config
    assert key_of(one) == key_of(other)
    talks = one.talks["japan"]
    turned = talks.model_copy(update={"issues": dict(reversed(talks.issues.items()))})
    assert key_of(one.model_copy(update={"talks": {"japan": turned}})) != key_of(one)


def test_cells_are_a_sequence():
    made = plan_of(JAPAN, "seed=1,2,3").cells
    assert [c.number for c in made] == [0, 1, 2] and made[-1].values == {"seed": 3}
    assert [c.values["seed"] for c in made[1:]] == [2, 3] and made[1] is made[1]
    with pytest.raises(IndexError, match="cell 3 of 3"):
        made[3]


def test_no_sweep_is_one_cell():
    made = plan_of(JAPAN)
    assert (len(made.cells), made.axes, made.cells[0].values) == (1, (), {})
    assert made.cells[0].config == made.base.config == load([JAPAN]).config


def test_the_base_says_where_its_values_came_from():
    made = plan_of("sweep=threat_patience")
    file, _, line = made.base.came_from("talks.japan.stick.threat_pct").rpartition(":")
    assert file == "configs/sweep/threat_patience.yaml"
    text = (CONFIGS.parent / file).read_text(encoding="utf-8").splitlines()[int(line) - 1]
    assert text.strip().startswith("talks.japan.stick.threat_pct: range")
    assert made.base.choices["sweep"] == "threat_patience" and made.base.config == made.cells[0].config


def test_a_mistake_in_a_file_is_told_with_its_line(tmp_path):
    (tmp_path / "sweep").mkdir()
    for number, (line, told) in enumerate([
        ("talks.japan.stick.threat_pct: 10,501", "talks.japan.stick.threat_pct: 501 is out of range"),
        ("seed: [10, 20]", "seed: a sweep is written without brackets: seed: 10,20"),
        ("strategy@countries.JPN.strategy: linear,hardlinr", "no option 'hardlinr'; did you mean 'hardliner'?"),
        ("wrlds: 1,2", "wrlds: no such key; did you mean 'worlds'?"),
        ("talks.japn.stick.threat_pct: 1,2", "no 'japn' in talks; did you mean 'japan'?"),
        ("worlds: interval(1, 5)", "a grid cannot sweep an interval"),
    ]):  # fmt: skip
        text = f"# @package _global_\n# mine\nhydra:\n  mode: MULTIRUN\n  sweeper:\n    params:\n      {line}\n"
        (tmp_path / "sweep" / f"mine{number}.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(UserError) as caught:
            plan(Options(overrides=(JAPAN, f"sweep=mine{number}"), config_dir=tmp_path))
        assert str(caught.value).startswith(f"{tmp_path}/sweep/mine{number}.yaml:7: ") and told in str(caught.value)


def test_an_option_with_a_sweep_of_its_own_is_no_value_of_another():
    with pytest.raises(UserError, match="experiment=bluff: sweeps keys of its own"):
        plan_of("experiment=april_2025,bluff")


def test_the_slow_way_is_the_single_runs():
    """`Base.slow` follows compose.compose step by step; here both are run."""
    axes = swept([JAPAN, "worlds=5,6", "title=t", "~economy.tariffs_pct.CHN", "protocol.rounds=2"])
    base = Base(library(), axes, {}, None)
    config, origins = base.slow([1])
    single = load([JAPAN, "worlds=6", "title=t", "~economy.tariffs_pct.CHN", "protocol.rounds=2"])
    assert (config, origins) == (single.config, single.origins)
    assert origins["worlds"] == command.COMMAND_LINE
