"""Obstinate types: a side that may be committed to its demand, and if not, wears the other down before giving in."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from agents.strategies.base import PLUGIN, THEORY, Strategy
from agents.strategies.pairs import MICRO, Known, by_pair
from sim.solutions.attrition import attrition_of_payoffs
from sim.solutions.frontier import Frontier, frontier
from sim.view import View

LEAST_RATE = 1e-12  # discounting a round of a side that is as good as infinitely patient
PERCENT = {"unit": "%"}


class War(NamedTuple):
    """The war of each pair of types: rows demanded (D, 2), hazards a round and chances of giving in at once (D, 2)."""

    rows: np.ndarray
    hazard: np.ndarray  # 0 where there is nothing to fight over
    at_once: np.ndarray


@dataclass(frozen=True, config=PLUGIN)
class Obstinate(Strategy):
    """Stand by one demand; give in to the other's at the hazard that keeps the other waiting, or never.

    With chance `obstinate_pct` it is committed and never gives in. Else it gives in at a time drawn once a world from
    the equilibrium of the war of attrition: at once with the chance of the law's atom at 0, later at hazard
    r_j c_j / (w_j - c_j) a round, where the other side j gets w_j if its demand is met, c_j if it meets this one.
    A demand is a share of the way from no deal to the best package; what the other demands and how likely it is
    committed are taken as known. Waiting is counted as good as no deal: exact where the interim is worth the same and
    the deadline is far. Where one side's demand leaves the other worse than no deal, or both demands can be met, there
    is no such war: it holds to its demand. Source: Abreu & Gul (2000), Econometrica 68, proposition 1.
    """

    status = THEORY
    source = "Abreu & Gul 2000"
    needs = "complete"

    demand_pct: float = Field(
        70.0, gt=0, lt=100, description="share of the way from no deal to its best package", json_schema_extra=PERCENT
    )
    obstinate_pct: float = Field(
        10.0, gt=0, lt=100, description="chance that it never gives in", json_schema_extra=PERCENT
    )
    other_demand_pct: float = Field(
        70.0, gt=0, lt=100, description="the same share that the other side demands", json_schema_extra=PERCENT
    )
    other_obstinate_pct: float = Field(
        10.0, gt=0, lt=100, description="chance that the other side never gives in", json_schema_extra=PERCENT
    )

    def target(self, view: View) -> np.ndarray:
        """Return the utility (n,) insisted on, millionths: its demand's, and after giving in the other's demand's."""
        return view.utility(self._asked(view))

    def offer(self, view: View, target: np.ndarray) -> np.ndarray:
        """Return its demand (n,), the other's once it has given in; -1 where nothing is worth agreeing to."""
        rows = self._asked(view)
        return np.where(view.utility(rows) >= view.floor, rows, -1)

    def accept(self, view: View, target: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Say (n,) whether the packages `rows` (n,) are worth the target and no less than no deal."""
        return view.utility(rows) >= np.maximum(target, view.floor)

    def _asked(self, view: View) -> np.ndarray:
        """Return the package (n,) it stands for this round."""
        war, pair = self._war(view)
        given_in = self._gives_in(view, war, pair) <= view.round
        return war.rows[pair, np.where(given_in, 1 - view.side, view.side)]

    def _gives_in(self, view: View, war: War, pair: np.ndarray) -> np.ndarray:
        """Return the round (n,) in which it gives in; infinite where it never does.

        Time t in rounds falls into round k where k < t <= k + 1, time 0 into the first.
        """
        never = 1.0 - view.once("obstinate")[:, 0]  # 1 - u, u uniform: the chance of holding out longer
        hazard, stays = war.hazard[pair, view.side], 1.0 - war.at_once[pair, view.side]
        fights = (hazard > 0) & (never > self.obstinate_pct / 100.0)
        late = -np.log(np.minimum(never / stays, 1.0)) / np.where(hazard > 0, hazard, 1.0)
        return np.where(fights, np.maximum(np.ceil(late) - 1.0, 0.0), np.inf)

    def _war(self, view: View) -> tuple[War, np.ndarray]:
        """Return the wars of the pairs of types, and each world's (n,)."""
        shares = np.array([self.demand_pct, self.other_demand_pct]) / 100.0
        priors = np.array([self.obstinate_pct, self.other_obstinate_pct]) / 100.0
        if view.side == 1:
            shares, priors = shares[::-1], priors[::-1]
        key = ("attrition", view.rules, tuple(shares), tuple(priors))
        return by_pair(view, key, lambda known: _wars(known, shares, priors))


def _wars(known: Known, shares: np.ndarray, priors: np.ndarray) -> War:
    """Return the wars over demands that are `shares` (2,) of each side's way, committed with chances `priors` (2,)."""
    efficient = frontier(known.u)
    best = np.stack([known.u.u0.max(axis=-1)[known.u.a], known.u.u1.max(axis=-1)[known.u.b]], axis=-1)
    floor = known.floor
    wanted = np.minimum(floor + shares * np.maximum(best - floor, 0.0), best)
    picked = [_demand(efficient, wanted[:, side], side) for side in (0, 1)]
    payoff = np.stack([np.stack([efficient.u0[at], efficient.u1[at]], axis=-1) for at in picked], axis=1)
    gain = payoff - floor[:, None]  # (D, whose demand, who gets it)
    win, concede = gain[:, [0, 1], [0, 1]], gain[:, [1, 0], [0, 1]]
    fought = ((concede > 0) & (win > concede)).all(axis=1)[:, None]
    rates = np.maximum(-np.log(known.discount), LEAST_RATE)
    law = attrition_of_payoffs(np.where(fought, win, 2.0), np.where(fought, concede, 1.0), rates, priors)
    rows = np.stack([efficient.row[at] for at in picked], axis=-1)
    return War(rows, np.where(fought, law.hazard, 0.0), np.where(fought, law.at_once, 0.0))


def _demand(efficient: Frontier, wanted: np.ndarray, side: int) -> np.ndarray:
    """Return the frontier entry (D,) that gives `side` at least `wanted` (D,) and the other side most."""
    out = np.empty(len(wanted), dtype=np.int64)
    for pair, (table, least) in enumerate(zip(efficient.table.tolist(), wanted.tolist())):
        first, end = efficient.start[table], efficient.start[table + 1]
        own = (efficient.u0, efficient.u1)[side][first:end]
        enough = np.flatnonzero(own >= least - 0.5 / MICRO)
        out[pair] = first + (enough[-1] if side == 0 else enough[0])
    return out
