"""The contract of a stick policy: on which rung of its tariff a side stands this round."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from sim.moves import StickView

LIGHT = "lightly tested"


class StickPolicy(ABC):
    """How a side moves its tariff while talks go on: a frozen dataclass of parameters that keeps nothing between calls.

    It is asked from the second round on, the demander first, in all worlds at once. Rungs are positions in the
    side's own list of rates; both sides see all of them.
    """

    status: ClassVar[str] = LIGHT
    source: ClassVar[str] = ""

    @abstractmethod
    def move(self, view: StickView) -> np.ndarray:
        """Return the rung (n,) to stand on this round, whole numbers from 0 to len(view.rates) - 1."""
