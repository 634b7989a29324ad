"""Talks: the Mesa model. All worlds at once as arrays that start with R; one step is one round of all worlds."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import mesa
import numpy as np

from sim import draws
from sim.attention import Attention
from sim.grounds import Grounds
from sim.guard import check_rules, play_round
from sim.hub import Hub
from sim.payoffs import COMPONENTS, Types
from sim.protocols.base import Protocol
from sim.spoke import SpokeTalk
from sim.table import Stakes
from sim.talk import Talk

WEIGHT_BLOCKS = 2  # Philox blocks for one world's weights: eight draws, one a component

logging.getLogger("MESA").setLevel(logging.WARNING)  # Mesa logs every step


@dataclass(frozen=True, eq=False)
class TypeSpace:
    """From what a country's private types are drawn: a finite list, and a spread of weights around it (0: none)."""

    types: Types
    weight_spread: float = 0.0

    def draw(self, code: str, rule: draws.Rule) -> tuple[Types, np.ndarray, np.ndarray]:
        """Return a cell's types (K), each of its worlds' type (n,) among them, and its type (n,) in the finite list.

        With a spread every world is a type of its own: each weight times exp(spread * z), z standard normal.
        """
        seed, first, worlds = rule.seed, rule.first, rule.worlds
        u = draws.chance(seed, f"type:{code}", 0, first, worlds)
        index = draws.pick(self.types.probability, u)
        if self.weight_spread <= 0:
            return self.types, index, index
        from scipy.special import ndtri

        z = ndtri(draws.uniform(seed, f"weights:{code}", 0, first, worlds, blocks=WEIGHT_BLOCKS))
        weights = self.types.weights[index] * np.exp(self.weight_spread * z[:, : len(COMPONENTS)])
        own = Types(
            weights,
            self.types.red_line[index],
            self.types.discount_rate[index],
            np.full(worlds, 1.0 / worlds),
            self.types.audience_cost,
        )
        return own, np.arange(worlds), index


class Talks(mesa.Model):
    """All talks of a run in `worlds` worlds, numbered from `first`. Countries are its agents.

    With several `cells` (points of a sweep) the worlds are those numbers in each cell, cell after cell: R = cells *
    worlds, and `world` and `cell` (R,) say which. Equal worlds of different cells share their draws.
    """

    def __init__(self, protocol: Protocol, *, seed: int, worlds: int, first: int = 0, information: str = "private",
                 cells: int = 1) -> None:  # fmt: skip
        """Set up an empty house: countries register themselves, then `open` seats them at their talks."""
        check_rules(protocol)
        super().__init__(rng=seed)
        self.protocol, self.seed, self.first, self.cells = protocol, seed, first, cells
        self.worlds = cells * worlds
        self.rule = draws.Rule(seed, first, worlds, cells)
        self.world = np.tile(np.arange(first, first + worlds), cells)
        self.cell = np.repeat(np.arange(cells), worlds)
        self.information = information  # private, types or complete
        self.round = 0
        self.talks: tuple[Talk, ...] = ()
        self.watch: tuple = ()  # called with every talk at the end of a round, on the tables it was played on
        self.hub: Hub | None = None

    def country(self, code: str):
        """Return the country with this code; KeyError if none registered."""
        for agent in self.agents:
            if agent.code == code:
                return agent
        raise KeyError(f"no country {code!r} has a seat; seated: {', '.join(a.code for a in self.agents)}")

    def open(self, stakes: tuple[Stakes | tuple[Stakes, ...], ...], *, ranks: dict | None = None,
             hub: tuple[Attention, Grounds] | None = None) -> Talks:  # fmt: skip
        """Seat the countries at the talks, each with its stakes or those of each cell, and return the model."""
        self.talks = tuple(self._talk(Talk if hub is None else SpokeTalk, own, ranks) for own in stakes)
        self.hub = None if hub is None else Hub(self, *hub)
        return self

    def _talk(self, kind: type[Talk], stakes, ranks: dict | None) -> Talk:
        agenda = (stakes[0] if isinstance(stakes, tuple) else stakes).agenda
        return kind(self, stakes, (self.country(agenda.demander), self.country(agenda.partner)), ranks=ranks)

    def step(self) -> None:
        """Play one round of every talk in all worlds where it is open."""
        if self.hub is not None:
            self.hub.begin()
        for talk in self.talks:
            if talk.sticks is not None:
                talk.sticks.begin()
            play_round(self.protocol, talk)
            if talk.sticks is not None:
                talk.sticks.end()
        for see in self.watch:
            for talk in self.talks:
                see(talk)
        if self.hub is not None:
            self.hub.end()
        self.round += 1
        granted = self.protocol.extension(self.round)
        if granted >= 0:
            for talk in self.talks:
                talk.expire(granted)
        self.running = any((talk.ending < 0).any() for talk in self.talks)

    def run_model(self) -> Talks:
        """Play all rounds and return the model."""
        while self.running and self.round < self.protocol.longest:
            self.step()
        mesa.Agent._ids.pop(self, None)  # Mesa keeps every model alive through this table
        return self
