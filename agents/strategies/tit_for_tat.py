"""Tit-for-tat: concede as much as the other side has conceded, measured in one's own utility."""

from __future__ import annotations

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from agents.strategies.base import PLUGIN, Strategy
from sim.view import NONE, View


@dataclass(frozen=True, config=PLUGIN)
class TitForTat(Strategy):
    """Answer the other's concessions in kind: start at the best package and give back `factor` times what was given.

    The concession is what the other's offers have gained in one's own eyes from its first to its last. Source: the
    behaviour-dependent tactics of Faratin, Sierra & Jennings (1998), absolute form, on utilities.
    """

    source = "Faratin, Sierra & Jennings 1998 (absolute, on utilities)"

    factor: float = Field(1.0, ge=0, le=5, description="concession given for each bn USD conceded by the other")

    def target(self, view: View) -> np.ndarray:
        """Return the utility (n,) insisted on, millionths: the best less what the other has earned."""
        heard = view.other_first != NONE
        gained = np.where(heard, view.utility(view.other_last) - view.utility(view.other_first), 0)
        given = np.rint(np.maximum(gained, 0) * self.factor).astype(np.int64)
        return np.maximum(view.best - given, view.floor)
