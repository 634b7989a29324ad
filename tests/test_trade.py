"""What any solution of the trade model must satisfy, and what should not matter."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import trade_newton, trade_system
from sim.economy import Economy, TradeParameters
from sim.trade import TradeResult, solve
from sim.trade_baseline import build_system
from sim.trade_system import Shock, evaluate, jacobian
from tests.trade_worlds import random_economy, random_icebergs, random_tariffs

RATIOS = ("wage", "labour", "price")
MONEY = ("expenditure", "revenue", "income", "ev")
FIELDS = (*RATIOS, *MONEY, "welfare_published", "residual", "walras")
EXACT, CLOSE = 1e-12, 1e-9

worlds = st.builds(
    random_economy,
    st.integers(0, 10**6),
    n=st.integers(2, 6),
    s=st.integers(1, 3),
    closure=st.sampled_from(["world_gdp", "balanced"]),
    rebate=st.sampled_from(["income_tax", "lump_sum"]),
)
seeds = st.integers(0, 10**6)
few = settings(max_examples=25, deadline=None)


def shock_to(economy, seed, **kw):
    s, n, _ = economy.flows.shape
    return random_tariffs(np.random.default_rng(seed), n, s, **kw)[0]


@few
@given(worlds)
def test_no_change_changes_nothing(economy):
    result = solve(economy, economy.tariffs)
    assert result.converged
    for key in RATIOS:
        assert np.abs(getattr(result, key) - 1).max() < EXACT
    assert np.abs(result.welfare_published - 1).max() < EXACT
    for value, base in ((result.expenditure, economy.spending), (result.income, economy.income)):
        assert np.abs(value / base - 1).max() < EXACT
    assert np.abs(result.revenue - economy.revenue).max() < EXACT * economy.spending.max()
    assert np.abs(result.ev / economy.spending).max() < EXACT
    assert np.abs(result.flows - economy.flows).max() < EXACT * economy.spending.max()


@few
@given(worlds, seeds)
def test_two_steps_are_one(economy, seed):
    """From the status quo to t1, the new equilibrium as a baseline, on to t2: the same as straight to t2."""
    first, second = shock_to(economy, seed), shock_to(economy, seed + 1)
    half = solve(economy, first)
    middle = Economy(economy.names, economy.sectors, half.flows, first, half.income + half.revenue, economy.parameters)
    rest, whole = solve(middle, second), solve(economy, second)
    assert whole.converged and rest.converged
    assert np.abs(half.labour * rest.labour / whole.labour - 1).max() < CLOSE
    real = [r.wage / r.price for r in (half, rest, whole)]
    assert np.abs(real[0] * real[1] / real[2] - 1).max() < CLOSE
    chained = half.expenditure / economy.spending / half.price * (rest.expenditure / middle.spending / rest.price)
    assert np.abs(chained / (whole.expenditure / economy.spending / whole.price) - 1).max() < CLOSE
    ratio = rest.flows / np.where(whole.flows > 0, whole.flows, 1)
    assert np.ptp(ratio) < CLOSE * ratio.max()  # the same flows up to the unit of account


@few
@given(worlds, seeds, st.floats(1e-3, 1e3))
def test_the_unit_of_money_does_not_matter(economy, seed, unit):
    tariffs = shock_to(economy, seed)
    scaled = Economy(
        economy.names, economy.sectors, economy.flows * unit, economy.tariffs, economy.gdp * unit, economy.parameters
    )
    one, other = solve(economy, tariffs), solve(scaled, tariffs)
    for key in RATIOS:
        assert np.abs(getattr(one, key) / getattr(other, key) - 1).max() < CLOSE
    assert np.abs(one.ev * unit - other.ev).max() < CLOSE * scaled.spending.max()


def test_identical_economies_stay_identical():
    n = 4
    flows = np.where(np.eye(n) > 0, 70.0, 10.0)
    economy = Economy.from_arrays([f"E{k}" for k in range(n)], flows, np.full(n, 100.0), tariffs=0.05)
    result = solve(economy, np.where(np.eye(n) > 0, 0, 0.3))
    for key in (*RATIOS, *MONEY):
        assert np.ptp(getattr(result, key)) < EXACT * 100, key
    alike = solve(economy, [[0, 0.4, 0.1, 0.1], [0.4, 0, 0.1, 0.1], [0.1] * 2 + [0, 0.2], [0.1] * 2 + [0.2, 0]])
    assert np.abs(alike.ev[::2] - alike.ev[1::2]).max() < EXACT * 100


@few
@given(seeds, st.integers(2, 4))
def test_copies_of_a_sector_are_one_sector(seed, copies):
    one = random_economy(seed, n=4, s=1)
    p = one.parameters
    many = Economy(
        one.names,
        [f"s{k}" for k in range(copies)],
        np.repeat(one.flows, copies, 0) / copies,
        np.repeat(one.tariffs, copies, 0),
        one.gdp,
        TradeParameters(p.trade_elasticity * copies, p.labour_supply, p.scale_elasticity * copies,
                        p.pass_through, p.foreign_share),
    )  # fmt: skip
    tariffs = shock_to(one, seed)
    left, right = solve(one, tariffs), solve(many, tariffs[0])
    for key in (*RATIOS, *MONEY):
        scale = one.spending.max() if key in MONEY else 1
        assert np.abs(getattr(left, key) - getattr(right, key)).max() < CLOSE * scale, key
    assert np.abs(left.flows[0] - right.flows.sum(0)).max() < CLOSE * one.spending.max()


def plain_residuals(economy: Economy, result: TradeResult, tariffs, iceberg):
    """The equations as printed in docs/theory/economy.md, from the fields alone: nothing of the solver is used."""
    p, e = economy.parameters, economy
    n = len(e.names)
    eps, psi = np.broadcast_to(p.trade_elasticity, len(e.sectors)), np.broadcast_to(p.scale(), len(e.sectors))
    nu, phi = np.broadcast_to(p.foreign_share, n), np.broadcast_to(p.pass_through, n)
    w, labour, price, spend = result.wage, result.labour, result.price, result.expenditure
    delivered = np.zeros_like(e.flows)
    index = np.zeros((len(e.sectors), n))
    for s in range(len(e.sectors)):
        cost = w * labour ** -psi[s]
        for j in range(n):
            gross = (1 + tariffs[s, :, j]) / (1 + e.tariffs[s, :, j])
            pull = e.shares[s, :, j] * (cost * iceberg[s, :, j]) ** -eps[s] * gross ** (-eps[s] * phi[j])
            index[s, j] = pull.sum()
            delivered[s, :, j] = pull / pull.sum() * e.sector_shares[s, j] * spend[j] / (1 + tariffs[s, :, j])
    revenue = (tariffs * delivered).sum((0, 1))
    sales = np.array([((1 - nu) * delivered[:, i]).sum() + nu[i] * delivered[:, :, i].sum() for i in range(n)])
    world = (w * labour * e.income).sum() / e.income.sum()
    wages = w * labour * e.income
    relief = 1.0
    if p.rebate == "income_tax":
        relief = (1 - e.revenue / e.income) / (1 - revenue / wages)
    level = np.prod(index ** (-e.sector_shares / eps[:, None]), 0) * (spend / e.spending / w) ** (1 - phi)
    return {
        "income": (wages - sales) / e.income,
        "budget": (spend - wages - revenue - e.transfers * world) / e.spending,
        "world budget": np.array([(spend.sum() - wages.sum() - revenue.sum()) / e.spending.sum()]),
        "labour": labour - (relief * w / price) ** p.labour_supply,
        "price": price / level - 1,
        "numeraire": np.array([(e.spending * price).sum() / e.spending.sum() - 1]),
        "revenue": (revenue - result.revenue) / e.spending,
        "flows": (result.flows - delivered) / e.spending.min(),
    }


@few
@given(worlds, seeds)
def test_every_equation_holds(economy, seed):
    rng = np.random.default_rng(seed)
    s, n, _ = economy.flows.shape
    tariffs, iceberg = random_tariffs(rng, n, s)[0], random_icebergs(rng, n, s)[0]
    result = solve(economy, tariffs, iceberg)
    assert result.converged and abs(result.walras) < CLOSE
    for name, value in plain_residuals(economy, result, tariffs, iceberg).items():
        assert np.abs(value).max() < CLOSE, name


@few
@given(worlds, seeds)
def test_jacobian_against_finite_differences(economy, seed):
    rng = np.random.default_rng(seed)
    s, n, _ = economy.flows.shape
    system = build_system(economy, economy.parameters)
    gross = 1 + random_tariffs(rng, n, s)[0][..., None]
    shock = Shock(system.shares * gross**-2.0, system.alpha / gross)
    x = rng.normal(0, 0.05, (2 * n, 1))
    exact, step = jacobian(system, evaluate(system, shock, x))[..., 0], 1e-5
    for k in range(2 * n):
        move = np.zeros_like(x)
        move[k] = step
        up, down = (evaluate(system, shock, x + d * move).error[:, 0] for d in (1, -1))
        assert np.abs((up - down) / (2 * step) - exact[:, k]).max() < 1e-6


@pytest.mark.parametrize(
    ("n", "s", "count", "sizes"), [(5, 1, 4096, (1, 2, 7)), (4, 2, 50, (1, 7)), (14, 1, 40, (1, 2)), (30, 1, 5, (1, 2))]
)
def test_same_bits_whatever_the_batch(n, s, count, sizes):
    economy = random_economy(3, n, s)
    rng = np.random.default_rng(4)
    tariffs, icebergs = random_tariffs(rng, n, s, count=count), random_icebergs(rng, n, s, count=count)
    tariffs[1] = 0  # a world that is done sooner
    tariffs[3] = np.exp(rng.uniform(0, 7, (s, n, n))) - 1  # one that may have no equilibrium at all
    tariffs[3][:, range(n), range(n)] = 0
    whole = solve(economy, tariffs, icebergs)
    order = rng.permutation(count)
    shuffled = solve(economy, tariffs[order], icebergs[order])
    for key in FIELDS:
        assert np.array_equal(getattr(whole, key)[order], getattr(shuffled, key)), key
    for size in sizes:
        for first in range(0, min(count, 5 * size), size):
            part = solve(economy, tariffs[first : first + size], icebergs[first : first + size])
            for key in FIELDS:
                assert np.array_equal(getattr(part, key), getattr(whole, key)[first : first + size]), (size, key)
    assert np.array_equal(solve(economy, tariffs[:9], icebergs[:9]).flows, whole.flows[:9])


def test_one_by_one_equals_side_by_side(monkeypatch):
    """The road for many economies (LAPACK, matrix products) against the one for few, and both against no pivot."""
    economy, rng = random_economy(8, 6, 2), np.random.default_rng(2)
    tariffs = random_tariffs(rng, 6, 2, count=3)
    few_road = solve(economy, tariffs)
    monkeypatch.setattr(trade_newton, "PIVOT_TOLERANCE", 1e9)
    pivoting = solve(economy, tariffs)
    monkeypatch.setattr(trade_newton, "SMALL", 1)
    monkeypatch.setattr(trade_system, "SMALL", 1)
    many_road = solve(economy, tariffs)
    for other in (pivoting, many_road):
        assert np.abs(few_road.ev - other.ev).max() < CLOSE
        assert np.abs(few_road.wage - other.wage).max() < EXACT


def test_a_vanishing_pivot_is_handed_to_lapack():
    """[[0, 1], [1, 0]] cannot be eliminated in order; its neighbour in the batch can."""
    systems = np.zeros((2, 3, 3))
    systems[:, :, 0] = [[0, 1, 5], [1, 0, 7]]
    systems[:, :, 1] = [[2, 0, 6], [0, 4, 8]]
    systems[:, :, 2] = [[1, 1, 2], [1, 1, 2]]  # singular: the least-squares answer
    with np.errstate(all="ignore"):
        answer = trade_newton._solve(systems)
    assert np.abs(answer.T - [[7, 5], [3, 2], [1, 1]]).max() < EXACT


def test_steps_that_do_not_help_are_shortened():
    """At epsilon = 20 plain Newton steps lose most of these worlds."""
    economy = Economy.shipped("flows_5", keep=None, parameters=TradeParameters(trade_elasticity=20))
    tariffs = np.expm1(random_tariffs(np.random.default_rng(1), 5, high=np.log(3), count=300))
    assert solve(economy, tariffs).converged.all()


def test_batch_shapes():
    economy = random_economy(1, 3)
    tariffs = random_tariffs(np.random.default_rng(0), 3, count=6)
    single = solve(economy, tariffs[4, 0])
    assert single.wage.shape == (3,) and single.residual.shape == () and single.flows.shape == (1, 3, 3)
    grid = solve(economy, tariffs.reshape(2, 3, 1, 3, 3), random_icebergs(np.random.default_rng(0), 3)[0])
    assert grid.wage.shape == (2, 3, 3) and grid.converged.shape == (2, 3) and grid.flows.shape == (2, 3, 1, 3, 3)
    assert solve(economy, tariffs[:0]).wage.shape == (0, 3)
    assert np.allclose(grid.employment, grid.labour - 1)


def test_failure_is_a_mask():
    """China's surplus is 7 % of its income: behind prohibitive walls it cannot earn it, and there is no equilibrium."""
    economy = Economy.shipped("flows_5", keep=None)
    walls = np.where(np.eye(5) > 0, 0.0, 1000.0)
    tariffs = np.stack([np.zeros((5, 5)), walls, walls / 5000])[:, None]
    result = solve(economy, tariffs)
    assert result.converged.tolist() == [True, False, True]
    assert result.residual[1] > 1e-3
    for key in FIELDS:
        assert np.isfinite(getattr(result, key)).all(), key
    alone = solve(economy, tariffs[2:])
    assert np.array_equal(alone.ev[0], result.ev[2])
    balanced = Economy.shipped("flows_5", keep=None, parameters=TradeParameters(closure="balanced"))
    assert solve(balanced, walls).converged  # without transfers there is an answer: autarky


def test_hard_worlds_are_led_along_a_path(monkeypatch):
    economy = Economy.shipped("flows_5", keep=None)
    tariffs = np.expm1(np.random.default_rng(1).uniform(0, np.log(11), (60, 1, 5, 5)))
    tariffs[..., range(5), range(5)] = 0
    assert solve(economy, tariffs).converged.all()
    monkeypatch.setattr("sim.trade.follow", lambda *a: (np.zeros((10, a[2].keep.shape[-1])), np.inf, 0))
    assert not solve(economy, tariffs).converged.all()


def test_194_economies():
    n, rng = 194, np.random.default_rng(0)
    gdp = np.exp(rng.normal(5, 1.8, n))
    flows = np.outer(gdp, gdp) / gdp.sum() * np.exp(rng.normal(0, 0.8, (n, n))) * 0.35
    economy = Economy.from_arrays([f"E{k}" for k in range(n)], flows, gdp, tariffs=0.03)
    result = solve(economy, random_tariffs(rng, n, high=0.3)[0])
    assert result.converged and abs(result.walras) < CLOSE and np.isfinite(result.ev).all()


@pytest.mark.parametrize(
    ("tariffs", "iceberg", "words"),
    [
        (np.zeros((4, 4)), 1.0, "shape (4, 4)"),
        (0.24, 1.0, "tariffs: shape ()"),
        (np.full((3, 3), -1.0), 1.0, "above -1"),
        (np.full((3, 3), np.nan), 1.0, "tariffs: every entry must be finite"),
        (np.zeros((3, 3)), np.zeros((3, 3)), "iceberg"),
    ],
)
def test_wrong_input_is_named(tariffs, iceberg, words):
    with pytest.raises(ValueError, match=r"E0, E1, E2|every entry") as error:
        solve(random_economy(1, 3), tariffs, iceberg)
    assert words in str(error.value) and str(error.value).count("\n") < 6
