"""Zeuthen: who risks less by holding out concedes, just enough that the other has to concede next."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from pydantic.dataclasses import dataclass

from agents.strategies.base import PLUGIN, THEORY, Strategy
from agents.strategies.pairs import MICRO, Known, by_pair
from sim.solutions.frontier import frontier
from sim.view import NONE, View


class Ladder(NamedTuple):
    """Efficient packages no worse than no deal for both, best for oneself first: rows (D, L), -1 beyond the last.

    `top` (D, L) is the largest product of gains up to there, infinite beyond the last: it rises along a ladder.
    """

    rows: np.ndarray
    top: np.ndarray


@dataclass(frozen=True, config=PLUGIN)
class Zeuthen(Strategy):
    """Start at one's best package that is worth it to both; concede while one's own risk is no larger.

    The risk of holding out to one's offer x against y is (u(x) - u(y)) / (u(x) - no deal): the largest chance of
    conflict worth running. It is the smaller one for the side whose offer has the smaller product of both gains
    (Harsanyi 1956). That side makes the least concession after which its own product is the larger; where there is
    none it takes the other's offer; at equal risk both concede. Two such sides reach the package with the largest
    product of gains, Nash's (1950), on any table: with ties, one of those with the largest. No parameters. Source:
    Zeuthen (1930); Harsanyi (1956), Econometrica 24; as a rule of play Rosenschein & Zlotkin (1994), ch. 2.
    """

    status = THEORY
    source = "Zeuthen 1930; Harsanyi 1956; Rosenschein & Zlotkin 1994"
    needs = "complete"
    protocols = ("MonotonicConcession",)

    def target(self, view: View) -> np.ndarray:
        """Return the utility (n,) of the offer it stands by, millionths; its best package before the first."""
        stands = view.own_last != NONE
        return np.where(stands, view.utility(view.own_last), np.maximum(view.best, view.floor))

    def accept(self, view: View, target: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Say (n,) whether the other's offer is as good as what it stands by itself, and as no deal."""
        return view.utility(rows) >= np.maximum(target, view.floor)

    def offer(self, view: View, target: np.ndarray) -> np.ndarray:
        """Return the package (n,) it stands for in this exchange; -1 where none is worth it to both."""
        ladder, pair = by_pair(view, ("zeuthen",), lambda known: _ladders(known, view.side))
        own, other = view.own_last, view.other_last
        risk_less = (own != NONE) & (other != NONE) & (_product(view, own) <= _product(view, other))
        step = _first_above(ladder.top, pair, _product(view, other))
        up = np.where(step < ladder.rows.shape[1], ladder.rows[pair, np.minimum(step, ladder.rows.shape[1] - 1)], NONE)
        give_in = np.where(view.utility(other) >= view.floor, other, own)
        conceded = np.where(up != NONE, up, give_in)
        return np.where(own == NONE, ladder.rows[pair, 0], np.where(risk_less, conceded, own))


def _product(view: View, rows: np.ndarray) -> np.ndarray:
    """Return the product (n,) of both sides' gains from packages `rows` (n,), a loss counted as no gain."""
    own = np.maximum(view.utility(rows) - view.floor, 0)
    theirs = view.rival_ranked().of(view.rival("types"), np.maximum(rows, 0))
    floor = np.maximum(view.rival("no_deal"), view.rival("outside"))
    return own.astype(float) * np.maximum(theirs - floor, 0)


def _ladders(known: Known, side: int) -> Ladder:
    """Return the ladders of the pairs of types for one side."""
    efficient, floor, found = frontier(known.u), known.floor, []
    for pair in range(len(floor)):
        rows, payoff = efficient.of((pair,))
        gain = np.rint((payoff - floor[pair]) * MICRO)  # whole millionths: equal products are equal
        zone = (gain >= 0).all(axis=1)
        step = 1 if side == 0 else -1
        found.append((rows[zone][::step], gain[zone].prod(axis=1)[::step]))
    longest = max(1, *(len(rows) for rows, _ in found))
    ladder = Ladder(np.full((len(found), longest), NONE), np.full((len(found), longest), np.inf))
    for pair, (rows, product) in enumerate(found):
        ladder.rows[pair, : len(rows)] = rows
        ladder.top[pair, : len(rows)] = np.maximum.accumulate(product)
    return ladder


def _first_above(top: np.ndarray, pair: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Return the first place (n,) in the rising row `pair` (n,) of `top` (D, L) above `value` (n,); L if none is."""
    low, high = np.zeros(len(pair), dtype=np.int64), np.full(len(pair), top.shape[1])
    while (low < high).any():
        middle = (low + high) // 2
        above = top[pair, np.minimum(middle, top.shape[1] - 1)] > value
        searching = low < high
        high = np.where(searching & above, middle, high)
        low = np.where(searching & ~above, middle + 1, low)
    return low
