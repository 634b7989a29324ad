"""What a meeting of agents with a theory leaves: the data of its figure, and how far they are apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, eq=False)
class Met:
    """Agents beside a theory: `away` is the largest difference, in `unit`, of what `compared` says.

    `data` is tidy and holds all that `draw` shows.
    """

    name: str  # of the files
    agents: str
    theory: str
    source: str
    data: pd.DataFrame
    compared: str
    away: float
    tolerance: float
    unit: str
    draw: Callable

    @property
    def passed(self) -> bool:
        """Whether agents and theory are as near as the tolerance says."""
        return bool(self.away <= self.tolerance)
