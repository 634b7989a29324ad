"""Tariff war: closed forms of two-economy trade, theorems, searches by other hands, games by hand."""

import numpy as np
import pytest
from scipy.optimize import brentq, minimize, root

from sim.economy import Economy, TradeParameters
from sim.solutions.best_response import best_response_curve, optimal_against_each, optimal_tariffs
from sim.solutions.cooperation import cooperative_tariffs
from sim.solutions.tariff_choices import choices
from sim.solutions.tariff_war import nash_tariffs, prohibitive_tariffs, unilateral_gains
from sim.trade import solve
from tests.trade_worlds import on_imports
from tests.war_worlds import BALANCED, plain, war_of_five, war_of_three, welfare_of, world

RATE = 1e-5  # a rate found by Newton's method against a closed form


@pytest.fixture
def five():
    return war_of_five()


@pytest.fixture
def three():
    return war_of_three()


# ---- closed forms -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("epsilon", "home", "psi"), [(4.0, 0.8, 0.0), (2.0, 0.6, 0.0), (6.0, 0.7, 0.1)])
def test_symmetric_war_of_two_solves_the_offer_curve_condition(epsilon, home, psi):
    """Fixed labour: 1/t is the elasticity of the other's offer curve, which gives one equation in one rate.

    t(1+t) epsilon L = 1 + t L with L = L0/(L0 + (1-L0)(1+t)^-epsilon) the home share; the scale elasticity is idle.
    """

    def condition(t):
        share = home / (home + (1 - home) * (1 + t) ** -epsilon)
        return t * (1 + t) * epsilon * share - 1 - t * share

    trade = 100 * (1 - home)
    _, welfare = world(
        [100, 100],
        [[0, trade], [trade, 0]],
        trade_elasticity=epsilon,
        labour_supply=0.0,
        scale_elasticity=psi,
    )
    war = nash_tariffs(welfare, choices(2), plain(2))
    t = brentq(condition, 0, 2, xtol=1e-12)
    assert np.abs(war.tariffs[0][[0, 1], [1, 0]] - t).max() < RATE
    assert war.certified and war.agree == 5 and war.gain.max() < war.tolerance


def two_by_hand(epsilon, income, share):
    """War of two unequal economies, fixed labour: rates and relative wage from three equations."""

    def equations(x):
        t, log_wage = x[:2], x[2]  # t[j]: tariff of j; wage of 0 relative to 1
        gap = np.array([-log_wage, log_wage])  # what the other's goods cost in j, relative to its own
        home = share / (share + (1 - share) * np.exp(-epsilon * gap) * (1 + t) ** -epsilon)
        other, rate = home[::-1], t[::-1]
        best = t - (1 + rate * other) / (epsilon * other * (1 + rate))
        imports = income * np.exp([log_wage, 0.0]) * (1 - home) / (1 + t * home)
        return [*best, imports[0] - imports[1]]

    found = root(equations, [0.3, 0.3, 0.0], tol=1e-13)
    assert found.success
    return found.x[:2], equations


def test_unequal_war_of_two_solves_both_offer_curves_and_balanced_trade():
    income, trade, epsilon = np.array([100.0, 30.0]), 12.0, 3.0
    rates, _ = two_by_hand(epsilon, income, 1 - trade / income)
    _, welfare = world(income, [[0, trade], [trade, 0]], trade_elasticity=epsilon, labour_supply=0.0)
    war = nash_tariffs(welfare, choices(2), plain(2))
    assert np.abs([war.tariffs[0, 1, 0] - rates[0], war.tariffs[0, 0, 1] - rates[1]]).max() < RATE
    assert rates[0] > rates[1]  # the larger economy has the more power over prices


def test_response_curves_follow_the_offer_curve_and_cross_in_the_war():
    """t_A(t_B) = (1 + t_B L)/(epsilon L (1+t_B)), L the other's home share where A's optimum puts it (Johnson 1953)."""
    economy, welfare = world([100, 30], [[0, 12], [12, 0]], trade_elasticity=3.0, labour_supply=0.0)
    grid = np.array([0.0, 0.2, 0.5, 1.0])
    curves = best_response_curve(welfare, plain(2), (0, 1), grid)
    assert curves.converged.all()
    tariffs = np.zeros((4, 1, 2, 2))
    tariffs[:, 0, 1, 0], tariffs[:, 0, 0, 1] = curves.economy, grid
    flows = solve(economy, tariffs).flows[:, 0]
    spent = flows[:, :, 1] * (1 + tariffs[:, 0, :, 1])
    home = spent[:, 1] / spent.sum(1)
    assert np.abs(curves.economy - (1 + grid * home) / (3 * home * (1 + grid))).max() < RATE
    war = nash_tariffs(welfare, choices(2), plain(2)).tariffs[0]
    at = best_response_curve(welfare, plain(2), (0, 1), [war[0, 1], war[1, 0]])
    assert abs(at.economy[0] - war[1, 0]) < RATE and abs(at.partner[1] - war[0, 1]) < RATE


@pytest.mark.parametrize(
    ("extra", "optimum"),
    [
        ({"scale_elasticity": 0.0, "labour_supply": 0.0}, 0.25),
        ({"scale_elasticity": 0.0, "labour_supply": 0.5}, 0.25),
        ({"rebate": "lump_sum"}, 0.225),
    ],
)
def test_small_economy_charges_one_over_epsilon(extra, optimum):
    """World share 1e-4: 1/epsilon whatever the large one charges; .225 with returns to scale and a lump sum."""
    _, welfare = world([1e6, 100], [[0, 20], [20, 0]], **extra)
    for charged in (0.0, 0.5):
        stands = plain(2)
        stands[0, 1, 0] = charged
        reply = optimal_tariffs(welfare, choices(2, players=[1]), stands)
        assert reply.converged.all() and abs(reply.rates[0, 0] - optimum) < 2e-3


# ---- the shipped world --------------------------------------------------------------------------------------------


def test_optimum_against_one_partner_is_smaller_than_against_all(five):
    """About 10 % against one partner (prototype: 10 % at epsilon 4, 19-20 at 2, 5-6 at 8); 1/epsilon against all."""
    for epsilon, low, high in ((2.0, 0.18, 0.21), (4.0, 0.095, 0.115), (8.0, 0.05, 0.062)):
        economy = Economy.shipped(parameters=TradeParameters(trade_elasticity=epsilon))
        free = np.zeros((5, 5))
        free[economy.index("JPN"), economy.index("USA")] = 1
        alone = optimal_tariffs(welfare_of(economy), choices(5, players=[0], free=free), economy.tariffs)
        assert low < alone.rates[0, 0] < high
    economy, welfare, _ = five
    pairs = optimal_against_each(welfare, economy.tariffs)
    everyone = optimal_tariffs(welfare, choices(5), economy.tariffs)
    uniform = optimal_tariffs(welfare, choices(5, uniform=True), economy.tariffs)
    off = ~np.eye(5, dtype=bool)
    assert pairs.converged.all() and everyone.converged.all() and uniform.converged.all()
    assert pairs.rates[off].max() < uniform.rates.min() and np.abs(uniform.rates - 0.25).max() < 0.02
    assert (everyone.gain >= uniform.gain - 1e-6).all() and (uniform.gain > pairs.gain.max(0)).all()


def test_rates_on_one_partner_agree_with_a_plain_grid(five):
    economy, welfare, _ = five
    grid = np.linspace(0.05, 0.2, 301)
    ev = solve(economy, np.array([on_imports(economy, "USA", CHN=t)[None] for t in grid])).ev[:, 0]
    top = grid[np.argmax(ev)]
    assert abs(optimal_against_each(welfare, economy.tariffs).rates[3, 0] - top) <= 0.0005


def test_no_first_order_gain_is_left_in_the_war(five):
    """Slopes by fourth-order differences with another step: each rate is within 1e-5 of where its slope is zero."""
    _, welfare, war = five
    h = 4e-3
    for j in range(5):
        for i in set(range(5)) - {j}:
            points = np.repeat(war.tariffs[None], 5, axis=0)
            points[:, 0, i, j] += h * np.arange(-2, 3)
            f = welfare(points)[0][:, j]
            slope = (f[0] - 8 * f[1] + 8 * f[3] - f[4]) / (12 * h)
            curve = (-f[0] + 16 * f[1] - 30 * f[2] + 16 * f[3] - f[4]) / (12 * h**2)
            assert curve < 0 and abs(slope / curve) < 1e-5


def test_nobody_gains_by_leaving_the_war(five):
    """Deviations by another hand: random vectors of own rates, and a bounded quasi-Newton search from zero."""
    _, welfare, war = five
    rng = np.random.default_rng(11)
    for j in range(5):
        points = np.repeat(war.tariffs[None], 60, axis=0)
        others = [i for i in range(5) if i != j]
        points[:, 0, others, j] = rng.uniform(0, 2, (60, 4)) * rng.uniform(0, 1, (60, 1)) ** 2
        assert welfare(points)[0][:, j].max() <= war.ev[j] + war.tolerance

    def loss(rates, j=3):
        one = war.tariffs.copy()
        one[0, [0, 1, 2, 4], j] = rates
        return -welfare(one)[0][j]

    found = minimize(loss, np.zeros(4), bounds=[(0, 2)] * 4, options={"eps": 1e-5})
    assert -found.fun <= war.ev[3] + war.tolerance
    assert np.abs(found.x - war.tariffs[0, [0, 1, 2, 4], 3]).max() < 0.01


def test_war_is_named_by_economies_not_by_rows(five):
    """Another order of economies, or another currency, gives the same tariffs."""
    economy, _, war = five
    order = [3, 0, 4, 2, 1]
    flows = economy.flows[:, order][:, :, order] * 7
    other = Economy(
        tuple(economy.names[k] for k in order), economy.sectors, flows, plain(5), economy.gdp[order] * 7, BALANCED
    )
    again = nash_tariffs(welfare_of(other), choices(5), plain(5), starts=1)
    assert np.abs(again.tariffs - war.tariffs[:, order][:, :, order]).max() < RATE
    assert np.abs(again.ev / 7 - war.ev[order]).max() < 1e-3


def test_prohibitive_tariffs_are_the_other_equilibrium(five):
    """What lowering one's own wall brings falls with its height to nothing; 200 % is no wall."""
    economy, welfare, war = five
    gains = [prohibitive_tariffs(welfare, choices(5), plain(5), rate=rate) for rate in (2.0, 20.0, 300.0)]
    assert all(wall.solved for wall in gains)
    top = [wall.gain.max() for wall in gains]
    assert top[0] > 50 and 1 < top[1] < 5 and 0 < top[2] < 0.01
    assert (gains[2].ev < war.ev).all()
    lower = np.repeat(gains[1].tariffs[None], 40, axis=0)
    lower[:, 0, 1:, 0] = np.linspace(0.5, 19, 40)[:, None]
    assert gains[1].gain[0] > 0.95 * (welfare(lower)[0][:, 0].max() - gains[1].ev[0])
    assert np.abs(solve(economy, gains[2].tariffs).flows[0] * ~np.eye(5, dtype=bool)).max() < 1e-3


def test_behind_the_wall_income_is_that_of_autarky(three):
    """Fixed labour: without trade, real income is home share^(1/epsilon) of what it was (Arkolakis et al. 2012)."""
    economy, welfare, _ = three
    wall = prohibitive_tariffs(welfare, choices(3), plain(3))
    autarky = economy.spending * (economy.shares[0].diagonal() ** 0.25 - 1)
    assert wall.solved and np.abs(wall.ev - autarky).max() < 1e-6 and wall.gain.max() < 0.01


def test_certificate_sees_what_is_no_equilibrium(five):
    _, welfare, war = five
    at_peace = unilateral_gains(welfare, choices(5), plain(5))
    best = optimal_tariffs(welfare, choices(5), plain(5))
    assert np.abs(at_peace.gain - best.gain).max() < 1e-6 and at_peace.gain.min() > 30
    moved = war.tariffs.copy()
    moved[0, 0, 3] += 0.01
    found = unilateral_gains(welfare, choices(5), moved).gain
    assert found[3] > 100 * war.tolerance and np.argmax(found) == 3


def test_passive_economies_keep_their_tariffs(five):
    _, welfare, _ = five
    stands = plain(5)
    stands[0, 0, 1] = 0.07
    war = nash_tariffs(welfare, choices(5, players=[0, 3]), stands, starts=2)
    assert war.certified and war.gain.shape == (2,)
    fixed = np.ones((5, 5), bool)
    fixed[:, [0, 3]] = False
    assert np.array_equal(war.tariffs[0][fixed], stands[0][fixed])
    pair = np.zeros((5, 5))
    pair[0, 3] = pair[3, 0] = 1
    duel = nash_tariffs(welfare, choices(5, players=[0, 3], free=pair), plain(5), starts=2)
    curves = best_response_curve(welfare, plain(5), (0, 3), [duel.tariffs[0, 0, 3], duel.tariffs[0, 3, 0]])
    assert abs(curves.economy[0] - duel.tariffs[0, 3, 0]) < RATE
    assert abs(curves.partner[1] - duel.tariffs[0, 0, 3]) < RATE
    assert (duel.tariffs[0] > 0).sum() == 2 and duel.tariffs[0, 3, 0] < war.tariffs[0, 3, 0]


def test_a_batch_is_its_parts(five):
    _, welfare, _ = five
    whole = optimal_tariffs(welfare, choices(5), plain(5))
    for j in (1, 4):
        part = optimal_tariffs(welfare, choices(5, players=[j]), plain(5))
        assert np.array_equal(part.rates[0], whole.rates[j])


def test_small_economy_charges_all_sectors_alike():
    """Its power is over its exports: one rate on all imports, between the two 1/epsilon (Lerner symmetry)."""
    gdp = np.array([1e6, 100.0])
    flows = np.zeros((2, 2, 2))
    flows[:, 0, 1] = flows[:, 1, 0] = 10
    flows[:, [0, 1], [0, 1]] = 0.5 * gdp
    parameters = TradeParameters(
        trade_elasticity=(3.0, 6.0), labour_supply=0.0, scale_elasticity=0.0, closure="balanced"
    )
    economy = Economy.from_arrays(["A", "B"], flows, gdp, parameters=parameters, sectors=["x", "y"])
    welfare = welfare_of(economy)
    reply = optimal_tariffs(welfare, choices(2, 2, players=[1]), economy.tariffs)

    def loss(rates):
        tariffs = np.zeros((2, 2, 2))
        tariffs[:, 0, 1] = rates
        return -welfare(tariffs)[0][1]

    found = minimize(loss, [0.1, 0.1], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-12})
    assert reply.converged.all() and np.abs(reply.rates[0] - found.x).max() < RATE
    assert np.ptp(reply.rates) < RATE and 1 / 6 < reply.rates.min() < 1 / 3


# ---- games by hand: nothing of the trade model ---------------------------------------------------------------------


def linear_game(a, cross, hole=None, harm=3.0):
    """EV_j = a_j t_j - t_j^2/2 + cross t_j (sum of others' t) - harm (sum of others' t): one uniform rate each."""

    def welfare(tariffs):
        n = tariffs.shape[-1]
        t = tariffs[..., 0, [1, *[0] * (n - 1)], range(n)]
        others = t.sum(-1, keepdims=True) - t
        ev = a * t - t**2 / 2 + cross * t * others - harm * others
        solved = np.ones(ev.shape[:-1], bool) if hole is None else ~hole(t)
        return np.where(solved[..., None], ev, 1e9), solved

    return welfare


def test_linear_game_is_solved_and_bounds_bind():
    """Best replies are linear: (I - cross (ones - I)) t = a; the third player would go beyond its bound."""
    a, cross = np.array([0.5, 0.3, 0.2]), -0.2
    t = np.linalg.solve(np.eye(3) - cross * (1 - np.eye(3)), a)
    war = nash_tariffs(linear_game(a, cross), choices(3, uniform=True), plain(3))
    assert war.certified and np.abs(war.tariffs[0, [1, 0, 0], [0, 1, 2]] - t).max() < 1e-6
    held = nash_tariffs(linear_game(a, cross), choices(3, uniform=True, high=0.25), plain(3))
    rest = np.linalg.solve(np.array([[1, 0.2], [0.2, 1]]), a[1:] - 0.2 * 0.25)
    assert held.certified and held.at_bound
    assert np.abs(held.tariffs[0, [1, 0, 0], [0, 1, 2]] - [0.25, *rest]).max() < 1e-6


def test_two_equilibria_are_both_reported():
    """t_i replies 0 below and 1 above: with strong strategic complements (0, 0) and (1, 1) are both equilibria."""
    welfare = linear_game(np.array([-0.5, -0.5]), 2.0)
    starts = np.zeros((3, 1, 2, 2))
    starts[1:, 0, [1, 0], [0, 1]] = [[0.9, 0.9], [0.8, 0.8]]
    war = nash_tariffs(welfare, choices(2, high=1.0), plain(2), starts=starts)
    assert war.certified and war.agree == 2 and war.reached.tolist() == [1, 0, 0]
    assert np.abs(war.points[:, 0, [1, 0], [0, 1]] - [[1, 1], [0, 0]]).max() < 1e-9


def test_a_hill_that_is_not_the_highest_is_not_certified():
    """Welfare of 0 has hills at .25 (height 0) and 1.5 (height .5): Newton's steps end on the first, .5 is missed."""

    def welfare(tariffs):
        own, other = tariffs[..., 0, 1, 0], tariffs[..., 0, 0, 1]
        ev = np.stack([np.maximum(-((own - 0.25) ** 2), 0.5 - (own - 1.5) ** 2), -((other - 0.3) ** 2)], -1)
        return ev, np.ones(own.shape, bool)

    war = nash_tariffs(welfare, choices(2), plain(2), starts=1)
    assert war.converged and np.abs(war.tariffs[0, [1, 0], [0, 1]] - [0.25, 0.3]).max() < 1e-6
    assert not war.certified and war.gain == pytest.approx([0.5, 0.0], abs=1e-6)
    assert nash_tariffs(welfare, choices(2), plain(2), starts=1, tolerance=0.6).certified


def test_worlds_without_equilibrium_are_never_chosen_and_never_certified():
    """Where the trade model fails nothing is claimed, however large the number it left there."""
    hole = lambda t: t[..., 0] > 0.6  # noqa: E731
    welfare = linear_game(np.array([0.5, 0.3]), 0.0, hole)
    war = nash_tariffs(welfare, choices(2), plain(2), starts=1)
    assert war.converged and not war.certified and abs(war.tariffs[0, 1, 0] - 0.5) < 1e-6
    alone = optimal_tariffs(welfare, choices(2), plain(2))
    assert alone.converged.all() and np.abs(alone.rates[:, 0] - [0.5, 0.3]).max() < 1e-6
    never = linear_game(np.array([0.5, 0.3]), 0.0, lambda t: t[..., 0] > -1)
    lost = nash_tariffs(never, choices(2), plain(2), starts=2)
    assert not lost.converged and not lost.certified and lost.reached.tolist() == [-1, -1] and lost.agree == 0
    assert not optimal_tariffs(never, choices(2), plain(2)).converged.any()


@pytest.mark.parametrize("hole", [lambda t: np.abs(t[..., 0] - 0.5) > 1e-7, lambda t: np.abs(t[..., 0] - 0.5) < 1e-7])
def test_a_hole_beside_the_point_or_under_it_is_seen(hole):
    """Only the point itself is solved, or all but the point: neither is an equilibrium that was found."""
    war = nash_tariffs(
        linear_game(np.array([0.5, 0.3]), 0.0, hole),
        choices(2),
        plain(2),
        starts=np.array([[[0.0, 0.3], [0.5, 0.0]]])[None],
    )
    assert not war.converged and not war.certified


@pytest.mark.parametrize(
    ("a", "cross", "best"),
    [((0.6, 0.1), -0.5, (0.4, 0.3)), ((0.1, 0.3), 0.8, (0.0, 0.3)), ((0.3, 0.3), 0.5, (0.2, 0.2))],
)
def test_bounds_bind_on_one_rate_and_shift_the_other(a, cross, best):
    """Two rates of one player, x'a - x'Hx/2 on [0, .4] squared: the optimum by enumerating which bounds bind."""

    def welfare(tariffs):
        x, y = tariffs[..., 0, 1, 0], tariffs[..., 0, 2, 0]
        ev = a[0] * x + a[1] * y - (x**2 + y**2 + 2 * cross * x * y) / 2
        return np.stack([ev, 0 * ev, 0 * ev], -1), np.ones(ev.shape, bool)

    reply = optimal_tariffs(welfare, choices(3, players=[0], high=0.4), plain(3))
    assert reply.converged[0] and np.abs(reply.rates[0] - best).max() < 1e-6
    assert reply.at_bound[0] == (max(best) > 0.39)


def test_goods_nobody_trades_bear_no_tariff():
    """A rate on nothing is idle: it is put at the lower bound, whatever it was."""
    _, welfare = world([900, 500, 300], [[0, 60, 0], [50, 0, 30], [10, 35, 0]])
    stands = plain(3)
    stands[0, 0, 2] = 0.4
    reply = optimal_tariffs(welfare, choices(3), stands)
    assert reply.converged.all() and reply.tariffs[2, 0, 0, 2] == 0 and reply.tariffs[2, 0, 1, 2] > 0.1


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: choices(3, players=[0, 5]), "players = [0, 5]"),
        (lambda: choices(3, low=0.5, high=0.2), "bounds [0.5, 0.2]"),
        (lambda: choices(3, free=np.zeros((3, 3))), "column 0 of `free`"),
        (lambda: nash_tariffs(None, choices(3), plain(2)), "tariffs of shape (1, 2, 2)"),
        (lambda: nash_tariffs(None, choices(2), plain(2), starts=0), "starts = 0"),
        (lambda: best_response_curve(None, plain(2), (1, 1), [0.1]), "pair = (1, 1)"),
        (lambda: cooperative_tariffs(None, choices(2), plain(2), objective="max"), "objective = 'max'"),
        (lambda: cooperative_tariffs(None, choices(2), plain(2), weights=[1, -1]), "weights = [1.0, -1.0]"),
    ],
)
def test_errors_name_the_thing(call, says):
    with pytest.raises(ValueError) as error:
        call()
    assert says in str(error.value) and len(str(error.value).splitlines()) <= 6
