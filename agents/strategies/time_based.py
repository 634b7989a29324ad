"""Time-based concession (Faratin, Sierra & Jennings 1998): firm, steady or early."""

from __future__ import annotations

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from agents.strategies.base import CHECKED, PLUGIN, Strategy, between
from sim.view import View


@dataclass(frozen=True, config=PLUGIN)
class TimeBased(Strategy):
    """Concede from the best package to the no-deal value along alpha(t) = t ** (1 / exponent), t from 0 to 1.

    exponent < 1 is Boulware (firm until the deadline), 1 linear, > 1 Conceder (gives early). Source: Faratin,
    Sierra & Jennings (1998), Robotics and Autonomous Systems 24, eq. for alpha with kappa = 0.
    """

    status = CHECKED
    source = "Faratin, Sierra & Jennings 1998"

    exponent: float = Field(
        1.0,
        gt=0,
        le=100,
        description="shape of the concession: below 1 firm, 1 steady, above 1 early",
    )

    def target(self, view: View) -> np.ndarray:
        """Return the utility (n,) still insisted on, millionths; at the last round the no-deal value."""
        time = view.round / max(view.rounds - 1, 1) if view.rounds > 1 else 1.0
        share = float(np.power(np.array([time]), 1.0 / self.exponent)[0])
        return between(view.floor, np.maximum(view.best, view.floor), share)
