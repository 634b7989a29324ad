"""Package grids, distances between packages, and the trade states that packages stand for."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.deals import KINDS, STEPS, UNITS, Issue, distances, make_grid, trade_states

US, JP, EU = 0, 1, 2


def issue(name="t", kind="tariff", giver=0, levels=(0.0, 0.1), **more):
    return Issue(name, kind, giver, tuple(levels), **more)


level_lists = st.lists(st.integers(0, 40), min_size=1, max_size=5, unique=True).map(
    lambda ls: tuple(v / 4 for v in sorted(ls))
)
grids = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 1), level_lists), min_size=1, max_size=4).map(
    lambda rows: make_grid(tuple(Issue(f"i{k}", kind, g, ls) for k, (kind, g, ls) in enumerate(rows)))
)


@given(grids)
def test_a_grid_is_all_packages_in_lexicographic_order(grid):
    expected = list(itertools.product(*(i.levels for i in grid.issues)))
    assert [tuple(row) for row in grid.levels.tolist()] == expected
    assert len({tuple(row) for row in grid.index.tolist()}) == len(grid) == len(expected)
    for array in (grid.index, grid.levels, grid.place):
        with pytest.raises(ValueError):
            array[0] = 0


@given(grids, st.data())
def test_distances_are_a_metric_and_one_a_full_range(grid, data):
    a, b, c = (data.draw(st.integers(0, len(grid) - 1)) for _ in "abc")
    d = distances(grid, np.array([a, b, c]), np.array([a, b, c]))
    assert (np.diag(d) == 0).all() and (d == d.T).all()
    assert d[0, 2] <= d[0, 1] + d[1, 2]
    assert (d[0, 1] == 0) == (a == b)
    by_hand = sum(
        abs(grid.levels[a, k] - grid.levels[b, k]) / (i.levels[-1] - i.levels[0])
        for k, i in enumerate(grid.issues)
        if len(i.levels) > 1
    )
    assert d[0, 1] / STEPS == pytest.approx(by_hand, abs=len(grid.issues) / STEPS)
    moving = sum(len(i.levels) > 1 for i in grid.issues)
    assert distances(grid, np.array([0]), np.array([len(grid) - 1]))[0, 0] == moving * STEPS


@pytest.mark.parametrize(
    "kind, shares", [("tariff", [1.0, 0.75, 0.0]), ("barrier", [0.0, 0.25, 1.0]), ("pledge", [0.0, 0.25, 1.0])]
)
def test_a_tariff_is_given_by_lowering_it_everything_else_by_raising_it(kind, shares):
    assert issue(kind=kind, levels=(0.1, 0.2, 0.5)).opening == pytest.approx(shares)
    assert issue(kind=kind, levels=(0.1,)).opening.tolist() == [0.0]


@pytest.mark.parametrize("kind", KINDS)
def test_columns_carry_the_unit_and_percent_is_shown_as_percent(kind):
    node = issue("x", kind, levels=(0.025, 0.15, 0.3))
    assert node.column == f"x_{UNITS[kind]}"
    percent = kind in ("tariff", "barrier")
    assert node.shown.tolist() == ([2.5, 15.0, 30.0] if percent else [0.025, 0.15, 0.3])


@pytest.mark.parametrize(
    "change, words",
    [
        ({"kind": "tarif"}, ("kind 'tarif'", "tariff, barrier, security, pledge, pie")),
        ({"giver": 2}, ("giver must be side 0 (demander) or 1 (partner)", "not 2")),
        ({"levels": ()}, ("strictly increasing and not empty",)),
        ({"levels": (0.1, 0.1)}, ("strictly increasing", "(0.1, 0.1)")),
        ({"levels": (0.2, 0.1)}, ("strictly increasing",)),
    ],
)
def test_wrong_issues_are_named(change, words):
    with pytest.raises(ValueError) as told:
        issue("us_tariff", **{"levels": (0.0, 0.1)} | change)
    assert "us_tariff" in str(told.value) and all(word in str(told.value) for word in words)


def test_a_talk_needs_an_issue():
    with pytest.raises(ValueError, match="at least one issue"):
        make_grid(())


def tariffs(us=0.03, jp=0.02, eu=0.05):
    """Three economies; t[0, exporter, importer]: the US takes `us` from everybody, and so on."""
    t = np.zeros((1, 3, 3))
    t[0, :, US], t[0, :, JP], t[0, :, EU] = us, jp, eu
    t[0, range(3), range(3)] = 0
    return t


def states(*issues, world=None):
    before = tariffs()
    return trade_states(make_grid(issues), before if world is None else world, before, (US, JP))


@pytest.mark.parametrize("on_top, expected", [(True, [0.03, 0.13, 0.27]), (False, [0.0, 0.1, 0.24])])
def test_a_tariff_is_on_top_of_the_status_quo_or_all_in(on_top, expected):
    out, iceberg, state = states(issue(levels=(0.0, 0.1, 0.24), on_top=on_top))
    assert out[state, 0, JP, US] == pytest.approx(expected)
    untouched = np.ones((3, 3), bool)
    untouched[JP, US] = False
    assert (out[:, 0][:, untouched] == tariffs()[0][untouched]).all()
    assert (iceberg == 1).all()


def test_the_partners_tariff_is_set_on_the_demander():
    out, _, state = states(issue(giver=1, levels=(0.0, 0.2), on_top=True))
    assert out[state, 0, US, JP] == pytest.approx([0.02, 0.22])
    assert out[:, 0, JP, US] == pytest.approx([0.03, 0.03])


def test_a_cut_given_to_every_exporter_lowers_their_tariffs_and_raises_none():
    """All in, mfn: at 0 and 2 % the EU (3 %) gets the cut, at 10 % it keeps its 3 %."""
    out, _, state = states(issue(levels=(0.0, 0.02, 0.1), mfn=True))
    assert out[state, 0, JP, US] == pytest.approx([0.0, 0.02, 0.1])
    assert out[state, 0, EU, US] == pytest.approx([0.0, 0.02, 0.03])
    assert (out[:, 0, US, US] == 0).all() and (out[:, 0, :, JP] == tariffs()[0][:, JP]).all()


def test_a_barrier_lowers_the_cost_into_the_givers_market():
    out, iceberg, state = states(issue("access", "barrier", 1, (0.0, 0.02, 0.04)))
    assert iceberg[state, 0, US, JP] == pytest.approx([1.0, 0.98, 0.96])
    others = iceberg.copy()
    others[:, 0, US, JP] = 1
    assert (others == 1).all() and (out == tariffs()).all()


def test_only_what_moves_prices_makes_a_trade_state():
    """Three tariffs x two barriers are six states, however many pledges and payments go with them."""
    issues = (
        issue("pledge", "pledge", 1, (0.0, 1.0, 2.0, 3.0)),
        issue("us", "tariff", 0, (0.0, 0.1, 0.2)),
        issue("security", "security", 1, (0.0, 5.0)),
        issue("access", "barrier", 1, (0.0, 0.03)),
    )
    grid = make_grid(issues)
    out, iceberg, state = states(*issues)
    assert len(out) == len(iceberg) == 6 and set(state.tolist()) == set(range(6))
    assert out[state, 0, JP, US] == pytest.approx(grid.levels[:, 1])
    assert iceberg[state, 0, US, JP] == pytest.approx(1 - grid.levels[:, 3])
    alone, ice, zero = states(issue("pledge", "pledge", 1, (0.0, 1.0)))
    assert (alone == tariffs()[None]).all() and (ice == 1).all() and zero.tolist() == [0, 0]


def test_the_rest_of_the_world_is_left_as_it_was_handed_over():
    world = tariffs(eu=0.4)
    out, _, _ = states(issue(levels=(0.0, 0.1)), world=world)
    assert (out[:, 0, :, EU] == world[0][:, EU]).all()
