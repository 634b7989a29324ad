"""Worlds of balanced trade, and the tariff wars in two of them, for tests of the war and of cooperation."""

from functools import cache

import numpy as np

from sim.economy import Economy, TradeParameters
from sim.solutions.tariff_choices import choices
from sim.solutions.tariff_war import nash_tariffs
from sim.trade import solve

BALANCED = TradeParameters(closure="balanced")


def world(gdp, trade, **parameters):
    """An economy of balanced trade without baseline tariffs, and its welfare function."""
    economy = Economy.from_arrays(
        [f"E{k}" for k in range(len(gdp))], trade, gdp, parameters=TradeParameters(closure="balanced", **parameters)
    )
    return economy, welfare_of(economy)


def welfare_of(economy):
    def welfare(tariffs):
        result = solve(economy, tariffs)
        return result.ev, result.converged

    return welfare


def plain(n):
    return np.zeros((1, n, n))


@cache
def war_of_five():
    """The shipped world of five: economy, welfare function, war."""
    economy = Economy.shipped("flows_5", None, parameters=BALANCED)
    welfare = welfare_of(economy)
    return economy, welfare, nash_tariffs(welfare, choices(5), economy.tariffs)


@cache
def war_of_three():
    """Three unequal economies with fixed labour: economy, welfare function, war."""
    flows = [[0, 60, 40], [50, 0, 30], [45, 35, 0]]
    economy, welfare = world([900, 500, 300], flows, labour_supply=0.0)
    return economy, welfare, nash_tariffs(welfare, choices(3), plain(3))
