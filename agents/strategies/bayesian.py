"""Bayesian: learns the other side's type from its offers, and offers what that type likes best."""

from __future__ import annotations

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from agents.strategies.base import PLUGIN, Strategy, between
from agents.strategies.screener import MICRO, others
from sim.solutions.frontier import Pairs, frontier
from sim.view import NONE, View


@dataclass(frozen=True, config=PLUGIN)
class Bayesian(Strategy):
    """Concede over time; among packages worth the target, offer the one best for the other's likeliest type.

    A type k is taken to ask at time t = round / rounds for about best_k - (best_k - no deal_k) t ** (1 / other
    exponent), and to err around it: the chance that it offers package o is exp(-z² / 2) over the sum of the same over
    all packages, z = (u_k(o) - asked) / (noise · (best_k - no deal_k)). Bayes' rule adds the logarithms of these
    chances, offer by offer, to that of the type's prior. Its own demand falls in the same way with its own exponent;
    it takes what it would ask for next. Source: Zeng & Sycara (1998), International Journal of Human-Computer
    Studies 48, who learn a reservation price from offers; the likelihood is this project's, on packages.
    """

    source = "Zeng & Sycara 1998 (likelihood of this project)"
    needs = "types"

    exponent: float = Field(
        1.0, gt=0, le=100, description="shape of its own concession: below 1 firm, 1 steady, above 1 early"
    )
    other_exponent: float = Field(
        1.0, gt=0, le=100, description="shape of the concession it takes the other side to make"
    )
    noise_pct: float = Field(
        10.0, gt=0, le=100, description="how far the other's offers are taken to stray, of its range",
        json_schema_extra={"unit": "%"},
    )  # fmt: skip

    def target(self, view: View) -> np.ndarray:
        """Return the utility (n,) still insisted on, millionths; what was heard so far is learned on the way."""
        self.evidence(view)
        return self._asked(view, view.round)

    def offer(self, view: View, target: np.ndarray) -> np.ndarray:
        """Return the package (n,) worth the target that is best for the likeliest type; -1: nothing is worth it."""
        rows = self._best_for(view, target, self.likeliest(view))
        return np.where(view.best < view.floor, NONE, rows)

    def accept(self, view: View, target: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Say (n,) whether the packages `rows` (n,) are worth what one would ask for in the next round."""
        return view.utility(rows) >= self._asked(view, view.round + 1)

    def likeliest(self, view: View) -> np.ndarray:
        """Return the likeliest type (n,) of the other side; of equals the first."""
        return np.argmax(self.evidence(view) + np.log(others(view).probability), axis=1)

    def belief(self, view: View) -> np.ndarray:
        """Return the chance (n, K) of each type given what was heard."""
        log = self.evidence(view) + np.log(others(view).probability)
        weight = np.exp(log - log.max(axis=1, keepdims=True))
        return weight / weight.sum(axis=1, keepdims=True)

    def evidence(self, view: View) -> np.ndarray:
        """Return the log-likelihood (n, K) of the offers heard under each type; kept in notes, each offer once."""
        prior = others(view)
        found = view.note("bayesian", 0.0, (len(prior.probability),))
        upto = view.note("bayesian_rounds", 0.0).astype(np.int64)  # rounds already reckoned with
        said = view.other_offers
        for turn in range(int(upto.min(initial=view.round)), said.shape[1]):
            heard = np.flatnonzero((said[:, turn] != NONE) & (upto <= turn))
            if len(heard):
                found[heard] += self._likelihood(view, turn)[:, said[heard, turn]].T
                upto[heard] = turn + 1
        view.write("bayesian", found)
        view.write("bayesian_rounds", np.maximum(upto, view.round).astype(float))
        return found

    def _likelihood(self, view: View, turn: int) -> np.ndarray:
        """Return the log of the chance (K, P) that each type offers each package in a round."""
        key = ("bayesian", self, view.rounds, turn)
        if key not in view.kept:
            prior = others(view)
            worth, floor = prior.ranked.micro / MICRO, prior.no_deal / MICRO
            span = np.maximum(prior.ranked.best / MICRO - floor, 1.0 / MICRO)
            asked = floor + span * (1.0 - (turn / view.rounds) ** (1.0 / self.other_exponent))
            z = (worth - asked[:, None]) / (self.noise_pct / 100.0 * span)[:, None]
            log = -0.5 * z**2
            top = log.max(axis=1, keepdims=True)
            view.kept[key] = log - top - np.log(np.exp(log - top).sum(axis=1, keepdims=True))
        return view.kept[key]

    def _best_for(self, view: View, target: np.ndarray, kind: np.ndarray) -> np.ndarray:
        """Return the package (n,) worth `target` (n,) or more that is best for the other's type `kind` (n,)."""
        theirs = others(view).ranked
        if "bayesian_frontiers" not in view.kept:
            own = view.ranked
            pairs = np.divmod(np.arange(own.types * theirs.types), theirs.types)
            view.kept["bayesian_frontiers"] = frontier(Pairs(own.micro / MICRO, theirs.micro / MICRO, *pairs))
        efficient = view.kept["bayesian_frontiers"]
        wanted = np.minimum(target, view.best) / MICRO
        table = view.types * theirs.types + kind
        low, high = efficient.start[table], efficient.start[table + 1]
        while (high - low > 1).any():  # entries fall in own utility: the last that is worth enough
            middle = (low + high) // 2
            enough = efficient.u0[middle] >= wanted
            low, high = np.where(enough, middle, low), np.where(enough, high, np.maximum(middle, low + 1))
        return efficient.row[low]

    def _asked(self, view: View, turn: int) -> np.ndarray:
        share = float(np.power(np.array([turn / view.rounds]), 1.0 / self.exponent)[0])
        return between(view.floor, np.maximum(view.best, view.floor), share)
