"""Payoff components by hand: transfers, pledges, home costs, red lines; trade components by another road."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import payoffs
from sim.deals import Issue, make_grid
from sim.economy import Economy
from sim.payoffs import COMPONENTS, Types, largest_opening, trade_components, utility
from sim.trade import solve
from tests.trade_worlds import on_imports

C = {name: k for k, name in enumerate(COMPONENTS)}


def types(weights=None, red_line=1.0, audience_cost=0.0):
    """One type; weights by component name, one where not said."""
    row = np.array([[(weights or {}).get(name, 1.0) for name in COMPONENTS]])
    return Types(row, np.array([red_line]), np.array([0.05]), np.array([1.0]), audience_cost)


def test_security_is_paid_by_the_giver_and_received_by_the_other():
    grid = make_grid((Issue("security", "security", 1, (0.0, 1.3, 6.5)),))
    assert payoffs.security(grid, 1).tolist() == [0.0, -1.3, -6.5]
    assert payoffs.security(grid, 0).tolist() == [0.0, 1.3, 6.5]
    assert payoffs.pledge(grid, 0).tolist() == [0.0, 0.0, 0.0]


def test_a_pledge_counts_what_is_realised_each_year():
    """550 bn over 3.4 years, a fifth of it new: 32.35 a year; costs 0.3, is worth 0.25 a dollar."""
    pledge = Issue("p", "pledge", 1, (0.0, 550.0), years=3.4, realised=0.2, cost=0.3, value=0.25)
    grid = make_grid((pledge,))
    assert payoffs.pledge(grid, 1) == pytest.approx([0.0, -9.705882], abs=1e-6)
    assert payoffs.pledge(grid, 0) == pytest.approx([0.0, 8.088235], abs=1e-6)


def test_two_pledges_in_opposite_directions_are_netted():
    issues = (Issue("a", "pledge", 0, (0.0, 10.0), value=0.5), Issue("b", "pledge", 1, (0.0, 4.0), cost=2.0))
    assert payoffs.pledge(make_grid(issues), 0).tolist() == [0.0, 4.0, -10.0, -6.0]
    assert payoffs.pledge(make_grid(issues), 1).tolist() == [0.0, -8.0, 5.0, -3.0]


@given(st.integers(0, 1))
def test_a_pie_is_divided_without_remainder(giver):
    grid = make_grid((Issue("share", "pie", giver, (0.0, 30.0, 100.0), size=100.0),))
    assert payoffs.pledge(grid, giver).tolist() == [100.0, 70.0, 0.0]
    assert payoffs.pledge(grid, 1 - giver).tolist() == [0.0, 30.0, 100.0]


def test_home_cost_is_convex_in_the_own_opening_and_falls_on_the_giver():
    """A barrier cut of half its range costs a quarter; a tariff costs most at its lowest."""
    grid = make_grid((Issue("access", "barrier", 1, (0.0, 0.02, 0.04), home_cost=6.0),))
    assert payoffs.concession(grid, 1).tolist() == [0.0, -1.5, -6.0]
    assert not payoffs.concession(grid, 0).any()
    tariff = make_grid((Issue("t", "tariff", 0, (0.0, 0.1, 0.2), home_cost=4.0),))
    assert payoffs.concession(tariff, 0).tolist() == [-4.0, -1.0, 0.0]


def test_opening_is_the_largest_of_the_own_issues():
    issues = (
        Issue("a", "security", 1, (0.0, 1.0, 4.0)),
        Issue("b", "barrier", 1, (0.0, 0.1)),
        Issue("c", "tariff", 0, (0.0, 0.1)),
    )
    grid = make_grid(issues)
    assert largest_opening(grid, 1)[grid.index[:, 2] == 0].tolist() == [0.0, 1.0, 0.25, 1.0, 1.0, 1.0]
    assert largest_opening(grid, 0)[grid.index[:, 2] == 0].tolist() == [1.0] * 6


def test_utility_is_the_weighted_sum():
    parts = np.array([[1.0, 10.0, 100.0, 2.0, 3.0, -4.0]])
    side = types({"welfare": 1, "revenue": 0.2, "balance": 0.05, "security": 2, "pledge": 1, "concession": 0.5})
    assert utility(side, parts)[0, 0] == pytest.approx(1 + 2 + 5 + 4 + 3 - 2)


def test_past_the_red_line_the_audience_cost_falls_due_at_once():
    """Not at the line but past it; counted like home cost, and only where openings are told."""
    opening = np.array([0.0, 0.5, 0.6, 0.6 + 1e-12, 0.61, 1.0])
    side = types({"concession": 0.5}, red_line=0.6, audience_cost=5.0)
    zero = np.zeros((6, len(COMPONENTS)))
    assert utility(side, zero, opening).tolist() == [[0.0, 0.0, 0.0, 0.0, -2.5, -2.5]]
    assert not utility(side, zero).any()
    assert not utility(types(red_line=1.0, audience_cost=5.0), zero, opening).any()


@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_a_type_among_many_has_the_utility_of_a_type_alone(kinds, seed):
    rng = np.random.default_rng(seed)
    weights, parts, opening = rng.normal(size=(kinds, 6)), rng.normal(size=(17, 6)) * 100, rng.uniform(size=17)
    every = Types(weights, rng.uniform(size=kinds), np.ones(kinds), np.full(kinds, 1 / kinds), 3.0)
    many = utility(every, parts, opening)
    for k in range(kinds):
        alone = Types(weights[k : k + 1], every.red_line[k : k + 1], np.ones(1), np.ones(1), 3.0)
        assert (utility(alone, parts, opening)[0] == many[k]).all()
        assert (utility(alone, parts[5:6], opening[5:6])[0, 0] == many[k, 5]).all()


@pytest.fixture(scope="module")
def five():
    """Five economies without baseline tariffs, and a US tariff of 15 % on Japan."""
    economy = Economy.shipped("flows_5")
    return economy, solve(economy, np.stack([economy.tariffs, on_imports(economy, "USA", JPN=0.15)[None]]))


def test_trade_components_by_hand_from_flows_and_prices(five):
    """Revenue is rate times imports, balance exports less imports, at the own baseline prices."""
    economy, result = five
    us, jp = economy.index("USA"), economy.index("JPN")
    assert abs(trade_components(result, economy, us, jp)[0]).max() < 1e-8
    now, price = result.flows[1, 0], result.price[1, us]
    welfare, revenue, balance = trade_components(result, economy, us, jp)[1]
    assert welfare == result.ev[1, us]
    assert revenue == pytest.approx(0.15 * now[jp, us] / price)
    assert 10 < revenue < 0.15 * economy.flows[0, jp, us]
    before = economy.flows[0, us, jp] - economy.flows[0, jp, us]
    assert balance == pytest.approx((now[us, jp] - now[jp, us]) / price - before)
    assert balance > 0  # the US buys less from Japan
    of_japan = trade_components(result, economy, jp, us)[1]
    assert of_japan[1] == pytest.approx(0.0, abs=1e-9) and of_japan[2] < 0
