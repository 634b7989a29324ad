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

    Worlds of the same variant and pair of types have the same landmarks: each is worked out once, and kept with the
    board when all worlds have the same few types.
    """
    board, kinds = talk.board, [country.type_index for country in talk.countries]
    count = [values.shape[1] for values in board.no_deal]
    place = (talk.variant * count[0] + kinds[0]) * count[1] + kinds[1]
    if len(board.tables) * count[0] * count[1] <= MOST_PAIRS:
        if "landmarks" not in board.tables[0].kept or len(board.tables) > 1:
            board.tables[0].kept["landmarks"] = _of_places(board, np.arange(len(board.tables) * count[0] * count[1]))
        found = board.tables[0].kept["landmarks"]
    else:
        distinct, place = np.unique(place, return_inverse=True)
        found = _of_places(board, distinct)
    return Landmarks(found.nash_row[place], found.ks_row[place], found.nash[place], found.ks[place])


def bounded(table, side: int, utility: np.ndarray) -> np.ndarray:
    """Return utilities with those below a side's outside option put out of reach: it is a constraint, not a point.

    Binmore, Rubinstein & Wolinsky (1986): no agreement leaves a side below what it can walk out to.
    """
    own = table.stakes.agenda.stick.outside[side]
    return utility if own is None else np.where(utility >= own, utility, OUT_OF_REACH)


def _of_places(board, place: np.ndarray) -> Landmarks:
    """Return the landmarks at places (M,): (variant * types of the demander + its type) * types of the partner + its.

    Places that a variant with fewer types does not have are worked out too, on its first type, and never looked at.
    """
    count = [values.shape[1] for values in board.no_deal]
    rest, b = np.divmod(place, count[1])
    variant, a = np.divmod(rest, count[0])
    point = np.stack([from_micro(board.no_deal[s][variant, k]) for s, k in zip(SIDES, (a, b))], axis=-1)
    sides = [_utilities(board, side, variant, k) for side, k in zip(SIDES, (a, b))]
    efficient = frontier(Pairs(sides[0][0], sides[1][0], sides[0][1], sides[1][1]))
    first, second = nash(efficient, point), kalai_smorodinsky(efficient, point)
    return Landmarks(first.row, second.row, first.payoffs, second.payoffs)


def _utilities(board, side: int, variant: np.ndarray, kind: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct rows of utilities (D, P) that places face, and which each faces (M,).

    Packages worth less than a side's outside option are put out of reach.
    """
    ranked, option = board.ranked[side], board.outside[side][variant]
    own = board.first[side][variant] + np.where(kind < board.types[side][variant], kind, 0)
    pairs, which = np.unique(np.stack([own, option]), axis=1, return_inverse=True)
    values = ranked.micro[pairs[0]]
    reach = np.where(values >= pairs[1][:, None], from_micro(values), OUT_OF_REACH)
    return reach, which.reshape(-1)
