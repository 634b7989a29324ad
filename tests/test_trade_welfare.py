"""What tariffs are worth: the equivalent variation by other roads, optimal tariffs, and numbers from a prototype."""

import numpy as np
import pytest
from scipy.optimize import brentq, minimize, minimize_scalar

from sim.economy import Economy, TradeParameters
from sim.trade import solve
from tests.trade_worlds import on_imports, random_economy, random_tariffs


@pytest.mark.parametrize("rebate", ["income_tax", "lump_sum"])
def test_ev_by_the_expenditure_function(rebate):
    """EV is the money that makes a household at baseline prices as happy as the new equilibrium does.

    Utility C - b L^(1+1/kappa)/(1+1/kappa), b such that one unit of labour is chosen at baseline; the household
    chooses labour anew while the money is found numerically.
    """
    economy = random_economy(5, 4, rebate=rebate)
    result = solve(economy, random_tariffs(np.random.default_rng(1), 4)[0])
    power = 1 + 1 / economy.parameters.labour_supply
    taxed = economy.revenue / economy.income if rebate == "income_tax" else np.zeros(4)
    for i in range(4):
        wage = economy.income[i] / (1 - taxed[i])  # baseline pay of a unit of labour after tax
        other = economy.spending[i] - wage

        def best(money, wage=wage, other=other):
            found = minimize_scalar(
                lambda labour: -(wage * labour + other + money - wage * labour**power / power),
                bounds=(0.2, 5),
                method="bounded",
                options={"xatol": 1e-9},
            )
            return -found.fun

        spent = result.expenditure[i] / result.price[i]
        reached = spent - wage * result.labour[i] ** power / power
        money = brentq(
            lambda m, best=best, reached=reached: best(m) - reached,
            -economy.spending[i],
            economy.spending[i],
            xtol=1e-9,
        )
        assert abs(money - result.ev[i]) < 1e-6 * economy.spending[i]


def test_labour_is_the_households_choice():
    """The labour equation is the first-order condition of that household at the new after-tax wage."""
    economy = random_economy(6, 3)
    result = solve(economy, random_tariffs(np.random.default_rng(2), 3)[0])
    before = economy.income / (1 - economy.revenue / economy.income)
    after = result.income / (1 - result.revenue / result.income) / result.labour / result.price
    chosen = (after / before) ** economy.parameters.labour_supply
    assert np.abs(chosen - result.labour).max() < 1e-10


def test_price_index_is_the_least_cost_of_a_unit():
    """phi = 1: the price change is what a unit of the CES basket costs at the new prices, found by a minimiser."""
    economy = random_economy(7, 4, active=False)
    tariffs = random_tariffs(np.random.default_rng(3), 4)[0, 0]
    result = solve(economy, tariffs)
    eps, psi = 4.0, 0.67 / 4
    prices = (result.wage * result.labour**-psi)[:, None] * (1 + tariffs)
    sigma = 1 + eps
    for j in range(4):
        share = economy.shares[0, :, j]

        def basket(q, share=share):
            return (share ** (1 / sigma) * q ** (eps / sigma)).sum() ** (sigma / eps)

        found = minimize(
            lambda z, j=j, basket=basket: prices[:, j] @ np.exp(z) / basket(np.exp(z)),
            np.log(share),
            tol=1e-13,
        )
        assert abs(found.fun / result.price[j] - 1) < 1e-6


SMALL_CASES = [
    ("ev", {"scale_elasticity": 0, "labour_supply": 0}, 0.250),
    ("ev", {"scale_elasticity": 0, "labour_supply": 0.5}, 0.250),
    ("ev", {"trade_elasticity": 8, "scale_elasticity": 0, "labour_supply": 0}, 0.125),
    ("ev", {"scale_elasticity": 0.67 / 4, "labour_supply": 0.5, "rebate": "lump_sum"}, 0.225),
    ("welfare_published", {"scale_elasticity": 0, "labour_supply": 0.5}, 0.322),
]


@pytest.mark.parametrize(("measure", "parameters", "optimum"), SMALL_CASES)
def test_optimal_tariff_of_a_small_economy(measure, parameters, optimum):
    """A small economy's best tariff is 1/epsilon (Gros 1987); the published measure flatters it (.322)."""
    gdp = np.array([1.0, 1e4 - 1])
    economy = Economy.from_arrays(
        ["small", "world"], [[0, 0.2], [0.2, 0]], gdp, parameters=TradeParameters(closure="balanced", **parameters)
    )
    rates = np.linspace(optimum - 0.02, optimum + 0.02, 41)
    tariffs = np.zeros((41, 1, 2, 2))
    tariffs[:, 0, 1, 0] = rates
    gain = getattr(solve(economy, tariffs), measure)[:, 0]
    fit = np.polynomial.Polynomial.fit(rates, gain, 4)
    (best,) = [r.real for r in fit.deriv().roots() if abs(r.imag) < 1e-9 and abs(r.real - optimum) < 0.02]
    assert abs(best - optimum) < 6e-4


PROTOTYPE = [  # US tariff on the partner, the partner's answer, what the US and the partner get, digits printed
    ("JPN", 0.10, 0.00, 3.3, -6.9, 0.05),
    ("JPN", 0.15, 0.00, 2.9, -9.3, 0.05),
    ("JPN", 0.24, 0.00, 0.6, -12.4, 0.05),
    ("JPN", 0.25, 0.00, 0.3, -12.6, 0.05),
    ("JPN", 0.24, 0.24, -5.2, -12.0, 0.05),
    ("CHN", 0.54, 0.00, -28, -67, 0.5),
    ("CHN", 0.54, 0.54, -42, -69, 0.5),
    ("CHN", 1.45, 1.25, -83, -86, 0.5),
]


@pytest.mark.parametrize(("partner", "stick", "answer", "us", "theirs", "digits"), PROTOTYPE)
def test_prototype_findings(partner, stick, answer, us, theirs, digits):
    economy = Economy.shipped("flows_5", keep=None)
    tariffs = on_imports(economy, "USA", **{partner: stick})
    tariffs[economy.index("USA"), economy.index(partner)] = answer
    ev = solve(economy, tariffs).ev
    assert abs(ev[economy.index("USA")] - us) <= digits
    assert abs(ev[economy.index(partner)] - theirs) <= digits


@pytest.mark.parametrize(("elasticity", "low", "high"), [(2, 0.19, 0.20), (4, 0.09, 0.11), (8, 0.05, 0.06)])
def test_best_us_tariff_against_japan_alone(elasticity, low, high):
    economy = Economy.shipped("flows_5", keep=None, parameters=TradeParameters(trade_elasticity=elasticity))
    rates = np.arange(0, 0.3, 0.001)
    tariffs = np.stack([on_imports(economy, "USA", JPN=r) for r in rates])[:, None]
    best = rates[np.argmax(solve(economy, tariffs).ev[:, 0])]
    assert low - 0.0051 <= best <= high + 0.0051


def test_the_stick_that_hurts_japan_is_not_credible_by_itself():
    """Leaving 10 % in place pays the US more than carrying out 24 %, and hurts Japan less."""
    economy = Economy.shipped("flows_5", keep=None)
    low, high = (solve(economy, on_imports(economy, "USA", JPN=r)).ev for r in (0.10, 0.24))
    assert low[0] > high[0] and low[1] > high[1]


def test_balanced_trade_is_balanced():
    """Exports equal imports for everybody, and an empty world of tariffs leaves it so."""
    economy = Economy.shipped("flows_12", keep=None, parameters=TradeParameters(closure="balanced"))
    assert np.abs(economy.transfers).max() <= 0
    result = solve(economy, on_imports(economy, "USA", CHN=0.54, JPN=0.24))
    for flows in (economy.flows[0], result.flows[0]):
        assert np.abs(flows.sum(0) - flows.sum(1)).max() < 1e-8
    raw = Economy.shipped("flows_12", keep=None)
    assert abs(economy.spending.sum() / raw.spending.sum() - 1) < 0.05
