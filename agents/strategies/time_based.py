"""Time-based concession (Faratin, Sierra & Jennings 1998): firm, steady or early."""

from __future__ import annotations

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from agents.strategies.base import CHECKED, PLUGIN, Strategy, between, package_at
from sim.view import View


@dataclass(frozen=True, config=PLUGIN)
class TimeBased(Strategy):
    """Concede from the best package to the no-deal value along alpha(t) = t ** (1 / exponent), t = round / rounds.

    exponent < 1 is Boulware (firm until the deadline), 1 linear, > 1 Conceder (gives early). An offer is accepted if
    it is worth what one would ask for in the next round; after the last round that is no deal. Packages worth up to
    `flexibility_pct` of the range more than the target are offered if nearer to what the other side asked for.
    Source: Faratin, Sierra & Jennings (1998), Robotics and Autonomous Systems 24, with kappa = 0; the trade-off
    among equally good packages after Faratin, Sierra & Jennings (2002), Artificial Intelligence 142.
    """

    status = CHECKED
    source = "Faratin, Sierra & Jennings 1998"

    exponent: float = Field(
        1.0, gt=0, le=100, description="shape of the concession: below 1 firm, 1 steady, above 1 early"
    )
    flexibility_pct: float = Field(
        5.0,
        ge=0,
        le=100,
        description="packages this much of the range above the target are as good as it",
        json_schema_extra={"unit": "%"},
    )

    def target(self, view: View) -> np.ndarray:
        """Return the utility (n,) still insisted on, millionths."""
        return self._at(view, view.round)

    def offer(self, view: View, target: np.ndarray) -> np.ndarray:
        """Return the rows (n,) to offer: as good as the target, and nearest to what the other side asked for."""
        width = np.rint((view.best - view.floor) * (self.flexibility_pct / 100.0)).astype(np.int64)
        return package_at(view, target, np.maximum(width, 0))

    def accept(self, view: View, target: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Say (n,) whether the packages `rows` (n,) are worth what one would ask for in the next round."""
        return view.utility(rows) >= self._at(view, view.round + 1)

    def _at(self, view: View, turn: int) -> np.ndarray:
        share = float(np.power(np.array([turn / view.rounds]), 1.0 / self.exponent)[0])
        return between(view.floor, np.maximum(view.best, view.floor), share)
