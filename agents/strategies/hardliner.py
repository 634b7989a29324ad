"""The hardliner: one demand, never moved. The file to copy when you write your own strategy."""

from __future__ import annotations

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from agents.strategies.base import CHECKED, PLUGIN, Strategy, between
from sim.view import View


@dataclass(frozen=True, config=PLUGIN)
class Hardliner(Strategy):
    """Insist on the same share of what is there to win, whatever the other does. Source: Schelling (1960), ch. 2.

    100 % insists on the best package, 0 % takes anything as good as no deal.
    """

    status = CHECKED
    source = "Schelling 1960 (commitment); tested against its definition"

    demand_pct: float = Field(
        80.0, ge=0, le=100, description="share insisted on of the way from no deal to the best package",
        json_schema_extra={"unit": "%"},
    )  # fmt: skip

    def target(self, view: View) -> np.ndarray:
        """Return the utility (n,) insisted on in every round, millionths."""
        return between(view.floor, np.maximum(view.best, view.floor), 1.0 - self.demand_pct / 100.0)
