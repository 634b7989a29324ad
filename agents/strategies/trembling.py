"""Trembling: another strategy whose hand slips."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field, InstanceOf, WithJsonSchema
from pydantic.dataclasses import dataclass

from agents.strategies.base import ONE_STRATEGY, PLUGIN, Strategy, common_protocols, most_needed, nested
from sim.view import View


@dataclass(frozen=True, config=PLUGIN)
class Trembling(Strategy):
    """Play a strategy, but err with a chance of `error_pct` each time something is decided.

    An erring proposer offers any package, each equally likely; an erring responder says the opposite of what it would
    have said, and does the opposite about its outside option. Errors are independent. It may so agree to less than
    no deal is worth. Source: Selten (1975), International Journal of Game Theory 4: every action has some chance.
    """

    source = "Selten 1975"

    strategies: tuple[Annotated[InstanceOf[Strategy], WithJsonSchema(ONE_STRATEGY)], ...] = Field(
        min_length=1, max_length=1, description="the strategy that is played, a list of one"
    )
    error_pct: float = Field(
        5.0, ge=0, le=100, description="chance of an error, each time", json_schema_extra={"unit": "%"}
    )

    @property
    def needs(self) -> str:
        """What it must know of the other side: what the strategy played needs."""
        return most_needed(self.strategies)

    @property
    def protocols(self) -> tuple[str, ...]:
        """The protocols the strategy played is made for; empty: any."""
        return common_protocols(self.strategies)

    def target(self, view: View) -> np.ndarray:
        """Return the utility (n,) the strategy insists on, millionths."""
        return self.strategies[0].target(view)

    def offer(self, view: View, target: np.ndarray) -> np.ndarray:
        """Return the packages (n,) of the strategy, in error any package."""
        u = self._draws(view)
        any_row = np.minimum((u[:, 1] * len(view.grid)).astype(np.int64), len(view.grid) - 1)
        return np.where(self._errs(u[:, 0]), any_row, self.strategies[0].offer(view, target))

    def accept(self, view: View, target: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Say (n,) what the strategy says of the packages `rows` (n,), in error the opposite."""
        return self.strategies[0].accept(view, target, rows) ^ self._errs(self._draws(view)[:, 2])

    def walk(self, view: View, target: np.ndarray) -> np.ndarray:
        """Say (n,) whether the outside option is taken, in error the opposite."""
        return self.strategies[0].walk(view, target) ^ self._errs(self._draws(view)[:, 3])

    def _draws(self, view: View) -> np.ndarray:
        return view.uniform(f"tremble:{nested(self.strategies)}")

    def _errs(self, u: np.ndarray) -> np.ndarray:
        return u * 100.0 < self.error_pct
