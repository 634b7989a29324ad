"""Country: a Mesa agent with a seat; it holds its types, patience and strategy, in all worlds at once."""

from __future__ import annotations

import mesa
import numpy as np

from agents.strategies.base import Strategy, misfit
from sim.view import NONE, View


class StrategyError(ValueError):
    """A strategy answered something that is not an offer or an answer; the message says who, where and what is due."""


class Country(mesa.Agent):
    """The seat of one economy: private types per world (R,), discount factor per round (R,), strategy."""

    def __init__(self, model, code: str, strategy: Strategy, type_space) -> None:
        """Register with the model and draw this chunk's private types; ValueError if the strategy needs other rules."""
        why = misfit(strategy, model.protocol, model.information)
        if why:
            raise ValueError(f"countries.{code}.strategy: {why}")
        super().__init__(model)
        self.code, self.strategy, self.type_space = code, strategy, type_space
        drawn = type_space.draw(code, model.seed, model.first, model.worlds)
        self.types, self.type_index, self.type_drawn = drawn
        self.discount = model.protocol.discount(self.types.discount_rate)[self.type_index]

    def propose(self, view: View) -> np.ndarray:
        """Return the packages (n,) this seat offers, rows or -1 for a pass; StrategyError if its strategy errs."""
        rows = self._checked("offer", view, view, self._target(view))
        if not np.issubdtype(rows.dtype, np.integer):
            self._refuse("offer", view, f"rows of type {rows.dtype}", "whole numbers")
        bad = (rows < NONE) | (rows >= len(view.grid))
        if bad.any():
            self._refuse("offer", view, f"row {rows[bad][0]}", f"-1 to {len(view.grid) - 1}", bad)
        return rows

    def respond(self, view: View, rows: np.ndarray) -> np.ndarray:
        """Say (n,) whether this seat accepts the packages on offer."""
        return self._yes_or_no("accept", view, view, self._target(view), rows)

    def walk(self, view: View) -> np.ndarray:
        """Say (n,) whether this seat takes its outside option."""
        return self._yes_or_no("walk", view, view, self._target(view))

    def _target(self, view: View) -> np.ndarray:
        target = self._checked("target", view, view)
        if not np.issubdtype(target.dtype, np.integer):
            self._refuse("target", view, f"values of type {target.dtype}", "whole millionths of bn USD (int64)")
        return target

    def _yes_or_no(self, name: str, view: View, *arguments) -> np.ndarray:
        answer = self._checked(name, view, *arguments)
        if answer.dtype != bool:
            self._refuse(name, view, f"values of type {answer.dtype}", "True or False")
        return answer

    def _checked(self, name: str, view: View, *arguments) -> np.ndarray:
        """Call one method of the strategy and hold it to one answer a world."""
        try:
            answer = np.asarray(getattr(self.strategy, name)(*arguments))
        except Exception as error:
            self._refuse(name, view, f"{type(error).__name__}: {error}", "an answer for every world", cause=error)
        if answer.shape != (len(view),):
            self._refuse(name, view, f"shape {answer.shape}", f"({len(view)},), one answer a world")
        return answer

    def _refuse(self, name: str, view: View, got: str, due: str, bad=None, cause=None) -> None:
        """Raise StrategyError naming strategy, country, round, world, what came and what was due."""
        world = int(view.worlds[np.flatnonzero(bad)[0]] if bad is not None else view.worlds[0]) + self.model.first
        raise StrategyError(
            f"strategy {type(self.strategy).__name__} of {self.code}, round {view.round + 1}, world {world}:\n"
            f"{name} returned {got}\nexpected {due}"
        ) from cause
