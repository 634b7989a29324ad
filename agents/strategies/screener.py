"""Screener: the best take-it-or-leave-it demand when the other side's type is not known."""

from __future__ import annotations

import numpy as np
from pydantic.dataclasses import dataclass

from agents.strategies.base import PLUGIN, THEORY, Strategy
from sim.solutions.private import screen_packages
from sim.view import NONE, Prior, View

MICRO = 1e6  # millionths in a bn USD


@dataclass(frozen=True, config=PLUGIN)
class Screener(Strategy):
    """Offer the package that trades what it is worth against the chance that the other's type refuses it.

    Each round is treated as the last: a type of the other side is taken to accept anything as good as no deal, and
    the screener itself does so. That is the optimum where there is one round; in longer talks it is myopic: it
    repeats its demand and learns nothing from a refusal. An outside option of the other side is not reckoned with.
    No parameters. Source: Fearon (1995), International Organization 49, on packages.
    """

    status = THEORY
    source = "Fearon 1995 (on packages; optimal in one round)"
    needs = "types"

    def target(self, view: View) -> np.ndarray:
        """Return the utility (n,) it takes: what it has without a deal, millionths."""
        return view.floor

    def offer(self, view: View, target: np.ndarray) -> np.ndarray:
        """Return the demand (n,) with the highest expected payoff over the other's types; -1: none worth making."""
        kept = view.kept.setdefault("screener", {})
        cases, case = np.unique(np.stack([view.types, view.floor]), axis=1, return_inverse=True)
        rows = [self._demand(view, kept, int(kind), int(floor)) for kind, floor in cases.T]
        return np.array(rows, dtype=np.int64)[case.reshape(-1)]

    def _demand(self, view: View, kept: dict, kind: int, floor: int) -> int:
        """Return one own type's demand, worked out once a talk."""
        if (kind, floor) not in kept:
            prior = others(view)
            own, theirs = view.ranked.micro[kind] / MICRO, prior.ranked.micro / MICRO
            best = screen_packages(own, theirs, floor / MICRO, prior.no_deal / MICRO, prior.probability)
            kept[kind, floor] = int(best.row)
        row = kept[kind, floor]
        return row if row == NONE or view.ranked.micro[kind, row] >= floor else NONE


def others(view: View) -> Prior:
    """Return the other side's possible types; ValueError where they are not known or not a finite list."""
    if view.prior is None:
        raise ValueError(
            "the other side's possible types are not known: set information=types,\n"
            "and weight_spread_pct=0 for the other country, so that its types are a finite list"
        )
    return view.prior
