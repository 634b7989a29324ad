"""What a command line or a file may list as the values of a sweep, and how they are read."""

import itertools

import pytest
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.messages import UserError
from experiments.overrides import parse
from experiments.sweep.axes import add_points, collect
from experiments.sweep.cells import Cells

GROUPS = {"strategy": ["boulware", "hardliner", "linear"], "talks": ["us_eu", "us_japan"]}

LISTS = [
    ("worlds=1,2", [1, 2]),
    ("worlds=choice(1,2)", [1, 2]),
    ("a.b=range(3)", [0, 1, 2]),
    ("a.b=range(0, 1, 0.1)", [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]),  # 0.7 is 0.7, no sum of tenths
    ("a.b=range(5, 0, -2)", [5, 3, 1]),
    ("a.b=sort(3, 1, 2)", [1, 2, 3]),
    ("a.b=null,0.5", [None, 0.5]),
    ("a.b='x, y',z", ["x, y", "z"]),
    ("a.b=[0.05],[0.5,1]", [[0.05], [0.5, 1]]),
    ("a.b={x: 1},{x: 2}", [{"x": 1}, {"x": 2}]),
    ("a.b=true,1,'1'", [True, 1, "1"]),
    ("strategy@a.b=glob(*, exclude=h*)", ["boulware", "linear"]),
]

MISTAKES = [
    ("worlds=interval(1, 5)", "a grid cannot sweep an interval"),
    ("worlds=shuffle(1, 2)", "shuffle would put the cells in another order every time"),
    ("worlds=1,2,1.0", "worlds: 1.0 is listed twice"),
    ("worlds=range(0, 5, -1)", "no value in this sweep"),
    ("worlds=range(0, 1e9, 0.1)", "10000000000 values; at most 1048576"),
    ("worlds=range(1, 2, 0)", "write range(start, stop) or range(start, stop, step)"),
    ("title=a,b", "title: cannot be swept: it is the same for the whole sweep"),
    ("sweep.backend=serial,loky", "sweep.backend: cannot be swept"),
    ("hydra.run.dir=outputs/a,outputs/b", "hydra.run.dir: cannot be swept"),
    ("worlds=glob(*)", "glob lists the options of a group; this is no group"),
    ("title=a,${oc.env:HOME}", "'${oc.env:HOME}' is not allowed"),
    ("seed=1,$\\{oc.env:HOME\\}", "'${oc.env:HOME}' is not allowed"),
]


def _axes(*texts, params=()):
    return collect([(parse([t], sweeps=True)[0], "a.yaml:3") for t in params], parse(texts, sweeps=True), GROUPS)


@pytest.mark.parametrize(("text", "values"), LISTS, ids=[t for t, _ in LISTS])
def test_values_are_read_as_hydra_writes_them(text, values):
    (entry,) = _axes(text).swept
    assert entry.plain() == values
    assert [type(v) for v in entry.plain()] == [type(v) for v in values]


@pytest.mark.parametrize(("text", "told"), MISTAKES, ids=[t for t, _ in MISTAKES])
def test_what_cannot_be_swept_is_told(text, told):
    with pytest.raises(UserError) as caught:
        _axes(text)
    assert told in str(caught.value)
    assert str(caught.value).startswith("command line: ")


def test_the_command_line_takes_the_place_of_the_file():
    axes = _axes("seed=7", "worlds=5,6", params=["worlds=1,2,3", "seed=1,2", "information=types,complete"])
    assert {e.key: e.plain() for e in axes.swept} == {"worlds": [5, 6], "information": ["types", "complete"]}
    assert [e.key for e in axes.fixed] == ["seed"]
    assert {e.key: e.where for e in axes.swept} == {"worlds": "command line", "information": "a.yaml:3"}


@given(
    sizes=st.lists(st.integers(2, 4), min_size=1, max_size=4),
    fixed=st.lists(st.integers(0, 9), max_size=2),
)
@settings(max_examples=40, deadline=None)
def test_cells_are_in_the_order_of_hydras_own_sweeper(sizes, fixed):
    texts = [f"k{n}={','.join(map(str, range(size)))}" for n, size in enumerate(sizes)]
    texts += [f"f{n}={value}" for n, value in enumerate(fixed)]
    theirs = BasicSweeper.split_arguments(OverridesParser.create().parse_overrides(texts), None)[0]
    cells = Cells(_axes(*texts), _Groups())
    assert [cells.overrides(number) for number in range(len(cells))] == theirs
    picks = itertools.product(*(range(size) for size in sizes))
    assert [cells.picks(number) for number in range(len(cells))] == [list(p) for p in picks]


class _Groups:
    groups = GROUPS


def test_points_set_several_keys_at_once_and_cross_with_the_others():
    axes = _axes("seed=1,2")
    add_points(axes, [{"a.b": 1, "c": "x"}, {"a.b": 2, "c": "x"}, {"a.b": 1.0, "c": "7"}], "zip", "a.yaml:9")
    cells = Cells(axes, _Groups())
    assert [(e.key, e.plain(), e.design) for e in axes.swept] == [
        ("seed", [1, 2], ""), ("a.b", [1, 2], "zip"), ("c", ["x", "7"], "zip"),
    ]  # fmt: skip
    assert [cells.picks(n) for n in range(6)] == [
        [0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0], [1, 1, 0], [1, 0, 1],
    ]  # fmt: skip
    assert cells.overrides(5) == ["seed=2", "a.b=1", "c='7'"]  # quoted: it would be a number without


def test_a_key_in_two_places_is_told():
    with pytest.raises(
        UserError, match=r"a\.yaml:9: seed: is a key of the design, and swept elsewhere too \(command line\)"
    ):
        add_points(_axes("seed=1,2"), [{"seed": 3}], "zip", "a.yaml:9")
    with pytest.raises(UserError, match=r"seed: is a key of the design, and set elsewhere too"):
        add_points(_axes("seed=1"), [{"seed": 3}], "zip", "a.yaml:9")
    with pytest.raises(UserError, match=r"'\$\{oc\.env:HOME\}' is not allowed"):
        add_points(_axes("seed=1"), [{"x": "${oc.env:HOME}"}], "csv", "p.csv")


def test_too_many_cells_are_told():
    texts = [f"k{n}=range(1000)" for n in range(3)]
    with pytest.raises(UserError, match=r"1000 x 1000 x 1000 = 1000000000 cells; at most 10000000"):
        Cells(_axes(*texts), _Groups())
