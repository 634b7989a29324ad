"""Mixture: each world meets one of several strategies, drawn with given probabilities."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field, InstanceOf, WithJsonSchema, model_validator
from pydantic.dataclasses import dataclass

from agents.strategies.base import ONE_STRATEGY, PLUGIN, THEORY, Strategy, common_protocols, most_needed, nested
from sim.draws import pick
from sim.view import View

SUM_TOLERANCE = 1e-9  # probabilities must add up to one within this
Probability = Annotated[float, Field(gt=0, le=1)]
Part = Annotated[InstanceOf[Strategy], WithJsonSchema(ONE_STRATEGY)]


@dataclass(frozen=True, config=PLUGIN)
class Mixture(Strategy):
    """Play one of `strategies` in each world from the first round to the last, drawn with `probabilities`.

    The draw is made once a world and is not seen by the other side: a population of bargainers, or a mixed strategy.
    Source: Harsanyi (1973), International Journal of Game Theory 2, reads mixed strategies as such a population.
    """

    status = THEORY
    source = "Harsanyi 1973 (a mixed strategy as a population)"

    strategies: tuple[Part, ...] = Field(min_length=1, max_length=64, description="strategies that may be met")
    probabilities: tuple[Probability, ...] = Field(
        min_length=1, max_length=64, description="chance of each; they add up to 1"
    )

    @model_validator(mode="after")
    def _one_each(self):
        if len(self.probabilities) != len(self.strategies):
            counts = f"{len(self.probabilities)} probabilities for {len(self.strategies)} strategies"
            raise ValueError(f"{counts}; give one for each")
        total = sum(self.probabilities)
        if abs(total - 1.0) > SUM_TOLERANCE:
            raise ValueError(f"the probabilities add up to {total:.10g}; they must add up to 1")
        return self

    @property
    def needs(self) -> str:
        """What it must know of the other side: as much as the part that needs most."""
        return most_needed(self.strategies)

    @property
    def protocols(self) -> tuple[str, ...]:
        """The protocols all parts can play; empty: any."""
        return common_protocols(self.strategies)

    def target(self, view: View) -> np.ndarray:
        """Return the utility (n,) the part drawn insists on, millionths."""
        return self._ask("target", view, np.int64)

    def offer(self, view: View, target: np.ndarray) -> np.ndarray:
        """Return the packages (n,) the part drawn offers, -1 where it passes."""
        return self._ask("offer", view, np.int64, target)

    def accept(self, view: View, target: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Say (n,) whether the part drawn accepts the packages `rows` (n,)."""
        return self._ask("accept", view, bool, target, rows)

    def walk(self, view: View, target: np.ndarray) -> np.ndarray:
        """Say (n,) whether the part drawn takes the outside option."""
        return self._ask("walk", view, bool, target)

    def drawn(self, view: View) -> np.ndarray:
        """Return which part (n,) each world plays."""
        u = view.once(f"mixture:{nested(self.strategies)}")[:, 0]
        return pick(np.array(self.probabilities), u)

    def _ask(self, name: str, view: View, kind: type, *given: np.ndarray) -> np.ndarray:
        """Return the answers (n,) of the parts, each for its own worlds."""
        out, part = np.empty(len(view), dtype=kind), self.drawn(view)
        for index in np.unique(part).tolist():
            mine = np.flatnonzero(part == index)
            method = getattr(self.strategies[index], name)
            out[mine] = method(view.at(mine), *(values[mine] for values in given))
        return out
