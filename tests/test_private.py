"""Screening, the double auction and the war of attrition: print, best replies by brute force, simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sim.solutions.attrition import agreement_by_round, attrition_of_payoffs, concession_cdf, war_of_attrition
from sim.solutions.private import double_auction, screen_cdf, screen_packages, screen_types, screen_uniform


def test_fearon_uniform():
    """Oracle 10: demand p + (c̄ − c)/2, P(no deal) = (c̄ − c)/(2c̄); none where c ≥ c̄."""
    found = screen_uniform(0.4, [0.1, 0.5], 0.3)
    assert found.demand == pytest.approx([0.5, 0.4])
    assert found.no_deal == pytest.approx([1 / 3, 0])


@pytest.mark.parametrize("pieces", [1, 3, 50])
@pytest.mark.parametrize("cost", [0.0, 0.1, 0.29, 0.3, 0.7])
def test_a_uniform_cdf_on_any_grid_is_the_closed_form(pieces, cost):
    grid = np.linspace(0, 0.3, pieces + 1)
    found, exact = screen_cdf(grid, grid / 0.3, 0.4, cost), screen_uniform(0.4, cost, 0.3)
    assert np.array(found) == pytest.approx(np.array(exact), abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.floats(0, 1), st.integers(0, 10_000))
def test_any_cdf_against_every_demand(pieces, cost, seed):
    """Brute force: no demand on a fine grid does better than the one returned."""
    rng = np.random.default_rng(seed)
    grid = np.sort(rng.uniform(0, 2, pieces + 1)) + np.arange(pieces + 1) * 1e-3
    cdf = np.sort(rng.uniform(0, 1, pieces + 1))
    cdf[0] *= rng.integers(0, 2)
    cdf[-1] = 1.0
    found = screen_cdf(grid, cdf, 5.0, cost)
    tries = np.linspace(grid[0], grid[-1], 4001)
    refuse = np.where(tries <= grid[0], 0.0, np.interp(tries, grid, cdf))
    worth = 5 - cost + (tries + cost) * (1 - refuse)
    assert worth.max() <= found.value + 1e-12
    assert worth.max() == pytest.approx(found.value, abs=5e-3)
    assert found.value == pytest.approx(5 - cost + (found.demand - 5 + cost) * (1 - found.no_deal))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.integers(0, 10_000))
def test_types_against_every_demand(count, seed):
    rng = np.random.default_rng(seed)
    costs, probs, cost = rng.integers(0, 5, count) / 2, rng.dirichlet(np.ones(count)), rng.uniform(0, 1)
    found = screen_types(costs, probs, 1.0, cost)
    accept = [(probs * (costs >= t)).sum() for t in costs]
    assert found.value == pytest.approx(1 - cost + max((t + cost) * p for t, p in zip(costs, accept, strict=True)))
    asked = found.demand - 1.0
    assert found.no_deal == pytest.approx((probs * (costs < asked - 1e-12)).sum())


def test_many_types_become_the_uniform_case():
    costs = (np.arange(3000) + 0.5) / 3000 * 0.3
    found, exact = screen_types(costs, np.full(3000, 1 / 3000), 0.4, 0.1), screen_uniform(0.4, 0.1, 0.3)
    assert np.array(found) == pytest.approx(np.array(exact), abs=1e-3)


def plain_screen(u0, u1, none0, none1, probs):
    """One world, row by row."""
    best = (none0, -np.inf, -1)
    for row in range(len(u0)):
        yes = [u1[k][row] >= none1[k] - 1e-9 for k in range(len(probs))]
        if not any(p for p, y in zip(probs, yes, strict=True) if y):
            continue
        mine = sum(p * (u0[row] if y else none0) for p, y in zip(probs, yes, strict=True))
        theirs = sum(p * (u1[k][row] if y else none1[k]) for k, (p, y) in enumerate(zip(probs, yes, strict=True)))
        if mine > best[0] + 1e-9 or (abs(mine - best[0]) <= 1e-9 and theirs > best[1] + 1e-9):
            best = (mine, theirs, row)
    return best


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_packages_against_row_by_row(data):
    small = st.integers(-3, 3).map(float)
    types, rows = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 6))
    u0 = data.draw(arrays(float, (2, rows), elements=small))
    u1 = data.draw(arrays(float, (2, types, rows), elements=small))
    none1 = data.draw(arrays(float, types, elements=small))
    probs = data.draw(st.sampled_from([np.full(types, 1 / types), np.eye(types)[0]]))
    found = screen_packages(u0, u1, 0.0, none1, probs)
    for world in range(2):
        value, _, row = plain_screen(u0[world], u1[world], 0.0, none1, probs)
        assert found.value[world] == pytest.approx(value)
        assert found.row[world] == row


def same_bits(whole, parts):
    for field in whole._fields:
        joined = np.concatenate([getattr(part, field) for part in parts])
        assert np.array_equal(getattr(whole, field), joined, equal_nan=True), field


@pytest.mark.parametrize("chunk", [1, 2, 7])
@pytest.mark.parametrize("rows", [1, 40])
def test_chunks_give_the_same_bytes(chunk, rows):
    rng = np.random.default_rng(2)
    cuts = [slice(at, at + chunk) for at in range(0, 30, chunk)]
    u0, u1 = rng.normal(size=(30, rows)), rng.normal(size=(30, 17, rows))
    none1, probs = rng.normal(size=(30, 17)), rng.dirichlet(np.ones(17), 30)
    table = screen_packages(u0, u1, np.zeros(30), none1, probs)
    same_bits(table, [screen_packages(u0[c], u1[c], np.zeros(30)[c], none1[c], probs[c]) for c in cuts])
    costs, cdf = np.arange(18.0), np.concatenate([np.zeros((30, 1)), np.cumsum(probs, axis=-1)], axis=-1)
    cdf[:, -1] = 1.0
    same_bits(screen_cdf(costs, cdf, 0.5, u0[:, 0]), [screen_cdf(costs, cdf[c], 0.5, u0[c, 0]) for c in cuts])
    found = screen_types(costs[:17], probs, 0.5, u0[:, 0])
    same_bits(found, [screen_types(costs[:17], probs[c], 0.5, u0[c, 0]) for c in cuts])
    bounds = np.sort(rng.uniform(0, 9, (30, 2)), axis=-1) + [0, 0.1]
    same_bits(double_auction(bounds, bounds), [double_auction(bounds[c], bounds[c]) for c in cuts])
    demands, priors = rng.uniform(0.55, 0.9, (30, 2)), rng.uniform(0.1, 0.5, (30, 2))
    war = war_of_attrition(demands, [0.05, 0.1], priors)
    parts = [war_of_attrition(demands[c], [0.05, 0.1], priors[c]) for c in cuts]
    same_bits(war, parts)
    same_bits(agreement_by_round(war, 0.5, 9), [agreement_by_round(part, 0.5, 9) for part in parts])


def test_screening_gives_up_rare_tough_types():
    u0, u1 = np.array([10.0, 6.0]), np.array([[1.0, 3.0], [5.0, 8.0]])
    risky = screen_packages(u0, u1, 0, [2, 2], [0.1, 0.9])
    safe = screen_packages(u0, u1, 0, [2, 2], [0.9, 0.1])
    assert (risky.row, risky.deal, risky.value) == (0, pytest.approx(0.9), pytest.approx(9))
    assert risky.accepts.tolist() == [False, True] and risky.value1.tolist() == [2, 5]
    assert (safe.row, safe.deal) == (1, pytest.approx(1))
    nothing = screen_packages(u0, u1, 20, [2, 2], [0.9, 0.1])
    assert (nothing.row, nothing.deal, nothing.value) == (-1, 0, 20)


def test_chatterjee_samuelson():
    """Oracle 11: bids 2v/3 + 1/12 and 2c/3 + 1/4, P(trade) = 9/32; trade iff v − c ≥ 1/4."""
    found = double_auction()
    assert found.buyer == pytest.approx([2 / 3, 1 / 12]) and found.seller == pytest.approx([2 / 3, 1 / 4])
    assert found.trade == pytest.approx(9 / 32)
    assert found.gains == pytest.approx(9 / 64) and found.efficient == pytest.approx(1 / 6)


SETTINGS = [((0, 1), (0, 1), 0.5), ((0, 1), (0, 1), 0.0), ((0, 1), (0, 1), 1.0), ((0, 10), (2, 11), 0.3)]


@pytest.mark.parametrize("values, costs, k", SETTINGS)
def test_bids_are_best_replies(values, costs, k):
    """Second road: against the other's line, no bid on a fine grid earns more, whatever the value or cost."""
    found = double_auction(values, costs, k)
    assert found.exists
    v, c = (np.linspace(*bounds, 2001) for bounds in (values, costs))
    bids, asks = found.buyer[0] * v + found.buyer[1], found.seller[0] * c + found.seller[1]
    tries = np.linspace(min(asks[0], bids[0]), max(asks[-1], bids[-1]), 300)
    for value in np.linspace(*values, 7):
        worth = [np.where(asks <= t, value - k * t - (1 - k) * asks, 0).mean() for t in tries]
        own = found.buyer[0] * value + found.buyer[1]
        assert max(worth) <= np.where(asks <= own, value - k * own - (1 - k) * asks, 0).mean() + 3e-3 * v[-1]
    for cost in np.linspace(*costs, 7):
        worth = [np.where(bids >= t, k * bids + (1 - k) * t - cost, 0).mean() for t in tries]
        own = found.seller[0] * cost + found.seller[1]
        assert max(worth) <= np.where(bids >= own, k * bids + (1 - k) * own - cost, 0).mean() + 3e-3 * v[-1]


@pytest.mark.parametrize("values, costs, k", SETTINGS)
def test_trade_against_counting(values, costs, k):
    found = double_auction(values, costs, k)
    v = values[0] + (values[1] - values[0]) * (np.arange(1500)[:, None] + 0.5) / 1500
    c = costs[0] + (costs[1] - costs[0]) * (np.arange(1500) + 0.5) / 1500
    deal = found.buyer[0] * v + found.buyer[1] >= found.seller[0] * c + found.seller[1]
    assert found.trade == pytest.approx(deal.mean(), abs=1e-3)
    assert found.gains == pytest.approx(((v - c) * deal).mean(), abs=2e-3)
    assert found.efficient == pytest.approx(np.maximum(v - c, 0).mean(), abs=2e-3)


def test_no_linear_equilibrium_is_a_mask():
    found = double_auction([[0, 1], [10, 20]], [[0, 1], [0, 1]])
    assert found.exists.tolist() == [True, False]
    assert np.isnan(found.trade[1]) and np.isnan(found.buyer[1]).all()


WAR = war_of_attrition([0.7, 0.6], [0.05, 0.10], [0.1, 0.1])


def test_abreu_gul():
    """Oracle 8."""
    assert WAR.hazard == pytest.approx([0.1, 0.066667], abs=1e-6)
    assert WAR.exhausted == pytest.approx([23.03, 34.54], abs=5e-3)
    assert WAR.at_once == pytest.approx([0, 0.535841], abs=1e-6)
    assert WAR.payoffs == pytest.approx([0.560752, 0.3], abs=1e-6)
    assert WAR.deadlock == pytest.approx(0.01)


@settings(max_examples=30, deadline=None)
@given(*[st.floats(0.55, 0.95)] * 2, *[st.floats(0.02, 0.5)] * 2, *[st.floats(0.01, 0.6)] * 2)
def test_waiting_is_worth_the_same_at_every_time(a1, a2, r1, r2, z1, z2):
    """The equilibrium condition: against F_j, conceding at any time up to T0 pays a rational type the same."""
    demands, rates, priors = np.array([a1, a2]), np.array([r1, r2]), np.array([z1, z2])
    war = war_of_attrition(demands, rates, priors)
    end = float(war.end)
    assert concession_cdf(war, [end])[0] == pytest.approx(1 - priors)  # both run out together
    assert war.at_once.min() == 0
    times = np.linspace(0, end, 2001)
    cdf = concession_cdf(war, times)
    for side in (0, 1):
        won = demands[side] * np.exp(-rates[side] * (times[1:] + times[:-1]) / 2) * np.diff(cdf[:, 1 - side])
        won = np.append(0.0, np.cumsum(won)) + demands[side] * cdf[0, 1 - side]
        give = (1 - demands[1 - side]) * np.exp(-rates[side] * times) * (1 - cdf[:, 1 - side])
        assert won + give == pytest.approx(np.full(2001, war.payoffs[side]), abs=1e-5)


def test_agreement_against_a_simulated_war():
    """Draw types and concession times one by one; both sides' clocks by inverting nothing but the hazards."""
    rng = np.random.default_rng(11)
    n = 200_000
    obstinate = rng.uniform(size=(n, 2)) < 0.1
    rational_cdf = WAR.at_once / 0.9  # F counts all types; the rational ones concede
    quit_now = rng.uniform(size=(n, 2)) < rational_cdf
    clock = np.empty((n, 2))
    for side in (0, 1):
        grid = np.linspace(0, float(WAR.end), 5001)
        left = 1 - (1 - (1 - WAR.at_once[side]) * np.exp(-WAR.hazard[side] * grid)) / 0.9
        density = left / left[0]
        clock[:, side] = np.interp(rng.uniform(size=n), 1 - density, grid)
    clock = np.where(quit_now, 0.0, clock)
    clock = np.where(obstinate, np.inf, clock)
    first = clock.min(axis=1)
    found = agreement_by_round(WAR, 5, 6)
    edges = np.append(-1.0, np.arange(1, 7) * 5.0)
    assert found.agreement == pytest.approx(np.histogram(first, edges)[0] / n, abs=4e-3)
    assert found.later == pytest.approx(0.01, abs=1e-12)
    second = ((clock[:, 1] <= clock[:, 0]) & np.isfinite(first)).mean()
    assert found.concession[:, 1].sum() == pytest.approx(second, abs=4e-3)


def test_rounds_add_up_in_a_batch():
    war = war_of_attrition([[0.7, 0.6], [0.8, 0.9]], [0.05, 0.1], [[0.1, 0.1], [0.3, 0.02]])
    found = agreement_by_round(war, 0.25, 13)
    assert found.agreement.shape == (2, 13) and found.concession.shape == (2, 13, 2)
    assert found.agreement.sum(axis=-1) + found.later == pytest.approx(1)
    assert found.agreement[0] == pytest.approx(agreement_by_round(WAR, 0.25, 13).agreement, abs=0)


def test_attrition_in_payoffs_is_the_pie_scaled():
    scaled = attrition_of_payoffs([35, 12], [20, 6], [0.05, 0.1], [0.1, 0.1])  # side 0's dollars x 50, side 1's x 20
    assert scaled.hazard == pytest.approx(WAR.hazard)
    assert scaled.payoffs == pytest.approx(WAR.payoffs * [50, 20])


@pytest.mark.parametrize("call, says", [
    (lambda: screen_uniform(0.5, 0.1, 0), "bound = 0"),
    (lambda: screen_types([0.1], [0.5, 0.5], 0.5, 0.1), "one cost for each"),
    (lambda: screen_types([0.1, 0.2], [0.5, 0.6], 0.5, 0.1), "sum to 1.1"),
    (lambda: screen_types([], [], 0.5, 0.1), "empty"),
    (lambda: screen_cdf([0, 1], [0, 0.9], 0.5, 0.1), "ends at 0.9"),
    (lambda: screen_cdf([0, 0], [0, 1], 0.5, 0.1), "rise strictly"),
    (lambda: screen_cdf([0, 1, 2], [0, 0.5, 0.4], 0.5, 0.1), "falls somewhere"),
    (lambda: screen_packages([1.0], [[np.nan]], 0, [0], [1]), r"u1\[0, 0\] is nan"),
    (lambda: screen_packages([1.0], [[1.0]], 0, [0], [0.5]), "sum to 0.5"),
    (lambda: screen_packages([], np.zeros((1, 0)), 0, [0], [1]), "at least one package"),
    (lambda: double_auction(values=(1, 1)), "lowest < highest"),
    (lambda: double_auction(k=1.5), "k = 1.5"),
    (lambda: war_of_attrition([0.4, 0.6], [0.1, 0.1], [0.1, 0.1]), "sum to 1"),
    (lambda: war_of_attrition([0.7, 0.6], [0.1, 0.1], [0.0, 0.1]), "priors = 0.0"),
    (lambda: war_of_attrition([0.7, 0.6], [0.1, 0.0], [0.1, 0.1]), "rates = 0.0"),
    (lambda: war_of_attrition([0.7, 0.6, 0.5], [0.1, 0.1], [0.1, 0.1]), "two sides"),
    (lambda: attrition_of_payoffs([1, 2], [1, 1], [0.1, 0.1], [0.1, 0.1]), "0 < concede < win"),
    (lambda: agreement_by_round(WAR, 1, 0), "rounds = 0"),
])  # fmt: skip
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()
