"""Cooperative points of a talk for the types each world drew: the yardsticks that results are measured by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.ranking import from_micro
from sim.solutions.bargaining import kalai_smorodinsky, nash
from sim.solutions.frontier import Pairs, frontier
from sim.table import SIDES

OUT_OF_REACH = -1e9  # bn USD a year: below any no-deal point
MOST_PAIRS = 64 * 64  # pairs of private types worked out once and kept


@dataclass(frozen=True)
class Landmarks:
    """Nash and Kalai-Smorodinsky packages (R,) and payoffs (R, 2), bn USD a year; row -1 and NaN: no zone."""

    nash_row: np.ndarray
    ks_row: np.ndarray
    nash: np.ndarray
    ks: np.ndarray


def landmarks(talk) -> Landmarks:
    """Return the landmarks of each world of a talk (R,), at the no-deal point each side expects.

    With finite types every pair of types is worked out once and kept with the payoff table; with weights of their
    own, worlds are worked out one by one.
    """
    table, chance = talk.table, talk.chance
    a, b = (talk.seats[side].types for side in SIDES)
    own_weights = any(country.type_space.weight_spread > 0 for country in talk.countries)
    if own_weights or len(table.types[0]) * len(table.types[1]) > MOST_PAIRS:
        return _of_pairs(table, chance, a, b)
    count = len(table.types[1])
    if chance not in table.kept:
        every = np.arange(len(table.types[0]) * count)
        table.kept[chance] = _of_pairs(table, chance, every // count, every % count)
    found, which = table.kept[chance], a * count + b
    return Landmarks(found.nash_row[which], found.ks_row[which], found.nash[which], found.ks[which])


def bounded(table, side: int, utility: np.ndarray) -> np.ndarray:
    """Return utilities with those below a side's outside option put out of reach: it is a constraint, not a point.

    Binmore, Rubinstein & Wolinsky (1986): no agreement leaves a side below what it can walk out to.
    """
    own = table.stakes.agenda.stick.outside[side]
    return utility if own is None else np.where(utility >= own, utility, OUT_OF_REACH)


def _of_pairs(table, chance: tuple[float, float], a: np.ndarray, b: np.ndarray) -> Landmarks:
    """Return the landmarks of pairs of types (M,)."""
    floors = [from_micro(table.no_deal(side, chance[side]))[k] for side, k in zip(SIDES, (a, b))]
    point = np.stack(floors, axis=-1)
    efficient = frontier(Pairs(*(bounded(table, side, table.utility(side)) for side in SIDES), a, b))
    first, second = nash(efficient, point), kalai_smorodinsky(efficient, point)
    return Landmarks(first.row, second.row, first.payoffs, second.payoffs)
