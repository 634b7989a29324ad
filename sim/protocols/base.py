"""What a protocol is: who speaks, who answers, when it ends."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

DAYS_A_YEAR = 365.0

# How a talk ended; order is the code in arrays (-1: still open). The last needs a talk with ratification.
ENDINGS = ("deal", "deadline", "collapse", "outside_option")
ENDINGS_AT_HOME = (*ENDINGS, "not_ratified")
DEAL, DEADLINE, COLLAPSE, OUTSIDE, NOT_RATIFIED = range(5)


class Protocol(ABC):
    """One protocol a class: frozen, checked at birth, stateless; the state lives in the talk's arrays.

    Attributes every protocol has: `rounds` (int), `days_per_round` (float), `reopen_rate_per_year` (float). A protocol
    whose deadline may be put off overrides the three about extensions: when a deadline passes, each world that is still
    open goes on for `extension_rounds` more with chance `extension_chance_pct`, at most `max_extensions` times.
    """

    rounds: int
    days_per_round: float
    reopen_rate_per_year: float
    extension_chance_pct: float = 0.0
    extension_rounds: int = 1
    max_extensions: int = 0
    exchange: ClassVar[int] = 1  # rounds that belong together: a hub does not leave a talk between them

    @property
    def extends(self) -> bool:
        """Whether the deadline may be put off."""
        return self.extension_chance_pct > 0 and self.max_extensions > 0

    @property
    def longest(self) -> int:
        """Rounds until the last deadline there can be: with every extension granted."""
        return self.rounds + (self.max_extensions * self.extension_rounds if self.extends else 0)

    def deadline(self, turn: int) -> int:
        """Return the rounds until the deadline announced in round `turn` (0 first), the same in every open world.

        A world beyond the first deadline has been prolonged as often as every other that is still open, so the
        announced deadline is one number a round; it moves only once it has passed.
        """
        late = 0 if turn < self.rounds else (turn - self.rounds) // self.extension_rounds + 1
        return min(self.rounds + late * self.extension_rounds, self.longest)

    def extension(self, turn: int) -> int:
        """Return how many extensions were granted before the deadline at the end of `turn` rounds; -1: none passes.

        The k-th deadline (k = 0 the first) is at rounds + k * extension_rounds.
        """
        over, step = turn - self.rounds, self.extension_rounds
        return over // step if 0 <= over <= self.longest - self.rounds and over % step == 0 else -1

    def discount(self, rate_per_year: np.ndarray) -> np.ndarray:
        """Return the discount factor of a round, exp(-(rate + reopening rate) * days / 365), shape of the rate."""
        rate = np.asarray(rate_per_year, dtype=float) + self.reopen_rate_per_year
        return np.exp(-rate * (self.days_per_round / DAYS_A_YEAR))

    @abstractmethod
    def play(self, talk) -> None:
        """Play one round of every world of a talk that is still open (see sim.model.Talk for what it may call)."""
