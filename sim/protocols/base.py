"""What a protocol is: who speaks, who answers, when it ends."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

DAYS_A_YEAR = 365.0

# How a talk ended; order is the code in arrays (-1: still open).
ENDINGS = ("deal", "deadline", "collapse", "outside_option")
DEAL, DEADLINE, COLLAPSE, OUTSIDE = range(4)


class Protocol(ABC):
    """One protocol a class: frozen, checked at birth, stateless; the state lives in the talk's arrays.

    Attributes every protocol has: `rounds` (int), `days_per_round` (float), `reopen_rate_per_year` (float).
    """

    rounds: int
    days_per_round: float
    reopen_rate_per_year: float

    def discount(self, rate_per_year: np.ndarray) -> np.ndarray:
        """Return the discount factor of a round, exp(-(rate + reopening rate) * days / 365), shape of the rate."""
        rate = np.asarray(rate_per_year, dtype=float) + self.reopen_rate_per_year
        return np.exp(-rate * (self.days_per_round / DAYS_A_YEAR))

    @abstractmethod
    def play(self, talk) -> None:
        """Play one round of every world of a talk that is still open (see sim.model.Talk for what it may call)."""
