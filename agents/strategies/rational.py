"""Rational: the subgame-perfect equilibrium of the talks, played."""

from __future__ import annotations

import numpy as np
from pydantic.dataclasses import dataclass

from agents.strategies.base import PLUGIN, THEORY, Strategy
from agents.strategies.pairs import MICRO, Known, by_pair
from sim.solutions.frontier import TOLERANCE
from sim.solutions.subgame import ByRound, Equilibrium, Game, subgame_perfect
from sim.view import View


@dataclass(frozen=True, config=PLUGIN)
class Rational(Strategy):
    """Play the subgame-perfect equilibrium of the rounds left, exact on the packages, for each pair of types.

    It offers its best package among those the other would take, takes what is worth going on or more, and leaves
    when that is better. Waiting is weighed with its own discount factor: where the interim hurts, it may take less
    than its no-deal value. The other is taken to be rational too, and the tariffs in force to stay. The chance of an
    extension is known and reckoned with. No parameters.
    Source: Ståhl (1972), Rubinstein (1982); proposer drawn, Binmore (1987); outside option, Shaked & Sutton (1984).
    """

    status = THEORY
    source = "Ståhl 1972; Rubinstein 1982"
    needs = "complete"
    protocols = ("AlternatingOffers",)

    def target(self, view: View) -> np.ndarray:
        """Return the least utility (n,) it would take this round, millionths."""
        return np.ceil((self._bar(view) - TOLERANCE) * MICRO).astype(np.int64)

    def offer(self, view: View, target: np.ndarray) -> np.ndarray:
        """Return the equilibrium offer (n,), -1 where it is better not to make one that would be taken."""
        plan, pair = self._plan(view)
        return plan.offer[pair, view.round, view.side]

    def accept(self, view: View, target: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Say (n,) whether the packages `rows` (n,) are worth going on or more."""
        return view.utility(rows) / MICRO >= self._bar(view) - TOLERANCE

    def walk(self, view: View, target: np.ndarray) -> np.ndarray:
        """Say (n,) whether the outside option is better than going on."""
        plan, pair = self._plan(view)
        return plan.leaves[pair, view.round, view.side]

    def _bar(self, view: View) -> np.ndarray:
        plan, pair = self._plan(view)
        return plan.accept[pair, view.round, view.side]

    def _plan(self, view: View) -> tuple[Equilibrium, np.ndarray]:
        """Return the equilibria of the pairs of types, and each world's (n,)."""
        rules = view.rules
        return by_pair(view, ("subgame_perfect", rules), lambda known: subgame_perfect(known.u, game(known, rules)))


def game(known: Known, rules) -> Game:
    """Return the rules of alternating offers for backward induction, each side with its own belief of no deal."""
    left = known.no_deal  # who is left, when the other leaves, faces the deadline state
    outside = np.stack(
        [np.stack([known.outside[:, 0], left[:, 1]], -1), np.stack([left[:, 0], known.outside[:, 1]], -1)], axis=-2
    )
    return Game(
        rounds=rules.longest,
        patience=known.discount,
        deadline=known.no_deal,
        interim=known.impasse,
        proposer=ByRound(rules.proposers()),
        hazard=ByRound(rules.ends()),
        outside=outside,
    )
