"""Country: a Mesa agent with a seat; it holds its types, patience and strategy, in all worlds at once."""

from __future__ import annotations

import mesa
import numpy as np

from agents.strategies.base import Strategy, misfit
from sim.view import NONE, PluginError, View


class StrategyError(PluginError):
    """A strategy answered something that is not an offer or an answer; the message says who, where and what is due."""


class Country(mesa.Agent):
    """The seat of one economy: private types per world (R,), discount factor per round (R,), strategy."""

    def __init__(self, model, code: str, strategy: Strategy, type_space) -> None:
        """Register with the model and draw this chunk's private types; ValueError if the strategy needs other rules.

        `type_space` is one for all cells of the model, or a tuple of one for each.
        """
        why = misfit(strategy, model.protocol, model.information)
        if why:
            raise ValueError(f"countries.{code}.strategy: {why}")
        super().__init__(model)
        self.code, self.strategy = code, strategy
        spaces = type_space if isinstance(type_space, tuple) else (type_space,) * model.cells
        self.type_space, self.weight_spread = spaces[0], max(space.weight_spread for space in spaces)
        drawn = {id(space): space for space in spaces}
        drawn = {key: self._drawn(space) for key, space in drawn.items()}
        self.types_of = tuple(drawn[id(space)][0] for space in spaces)
        own = [drawn[id(space)][1:] for space in spaces]
        own = own[0] if len(own) == 1 else [np.concatenate(parts) for parts in zip(*own)]
        self.type_index, self.type_drawn, self.discount_rate, self.red_line, self.audience_cost, self.discount = own
        self.types = self.types_of[0]

    def _drawn(self, space) -> tuple:
        """Return a cell's types, and of each of its worlds (n,): type, type in the list, patience, red line, cost,
        discount factor of a round."""
        types, index, listed = space.draw(self.code, self.model.rule)
        cost = np.full(len(index), float(types.audience_cost))
        factor = self.model.protocol.discount(types.discount_rate)
        return types, index, listed, types.discount_rate[index], types.red_line[index], cost, factor[index]

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
        except (Exception, SystemExit) as error:
            self._refuse(name, view, f"{type(error).__name__}: {error}", "an answer for every world", cause=error)
        if answer.shape != (len(view),):
            self._refuse(name, view, f"shape {answer.shape}", f"({len(view)},), one answer a world")
        return answer

    def _refuse(self, name: str, view: View, got: str, due: str, bad=None, cause=None) -> None:
        """Raise StrategyError naming strategy, country, round, world, what came and what was due."""
        place = view.worlds[np.flatnonzero(bad)[0]] if bad is not None else view.worlds[0]
        world = int(self.model.world[place])
        raise StrategyError(
            f"strategy {type(self.strategy).__name__} of {self.code}, round {view.round + 1}, world {world}:\n"
            f"{name} returned {got}\nexpected {due}"
        ) from cause
