"""Talks: the Mesa model. All worlds at once as arrays that start with R; one step is one round of all worlds."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cached_property

import mesa
import numpy as np

from sim import draws
from sim.board import Board
from sim.moves import Sticks
from sim.payoffs import COMPONENTS, Types
from sim.protocols.base import COLLAPSE, DEADLINE, DEAL, OUTSIDE, Protocol
from sim.ranking import from_micro
from sim.table import SIDES, PayoffTable, Stakes
from sim.view import NONE, Common, History, Prior, Seat, View

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


class Talk:
    """One talk in all worlds of a chunk: what is open, who offered what, how it ended. Protocols play on this."""

    def __init__(self, model: Talks, stakes: Stakes | tuple[Stakes, ...], countries: tuple, *, ranks=None) -> None:
        """Seat the two countries (demander, partner) at the talk's stakes: the same in all cells, or one for each."""
        each = stakes if isinstance(stakes, tuple) else (stakes,) * model.cells
        self.model, self.stakes, self.agenda = model, each[0], each[0].agenda
        self.name, self.countries = self.agenda.name, countries
        tables, cell = self._tables(each, ranks)
        self.board = Board(tables)
        self.table: PayoffTable = tables[0]
        self.variant = cell[model.cell]
        worlds, rounds = model.worlds, model.protocol.rounds
        self.row = np.full(worlds, NONE, dtype=np.int64)
        self.ending = np.full(worlds, -1, dtype=np.int8)
        self.closed = np.full(worlds, rounds, dtype=np.int64)  # rounds of interim before the final state
        self.walked = np.full(worlds, -1, dtype=np.int8)  # side that took its outside option
        self.history = History(
            last=np.full((2, worlds), NONE, dtype=np.int64).T,
            offers=np.full((rounds, worlds), NONE, dtype=np.int32).T,  # a round's offers side by side in memory
            speaker=np.full((rounds, worlds), -1, dtype=np.int8).T,
        )
        self.seats = tuple(self._seat(side) for side in SIDES)
        self.common = tuple(self._common(side) for side in SIDES)
        m = model
        self.streams = tuple(_stream(m.rule, f"{side}:{self.name}") for side in SIDES)
        self.sticks = None if self.agenda.moves is None else Sticks(self, self.agenda.moves)
        self._words: dict[str, tuple[int, np.ndarray]] = {}  # words that serve four rounds

    def _tables(self, stakes: tuple[Stakes, ...], ranks: dict | None) -> tuple[list[PayoffTable], np.ndarray]:
        """Return the distinct payoff tables of the cells, and which of them each cell (cells,) plays on."""
        one, two = self.countries
        keep = all(c.weight_spread <= 0 for c in self.countries)
        number: dict[tuple, int] = {}
        tables, cell = [], []
        for own, a, b in zip(stakes, one.types_of, two.types_of):
            key = id(own), id(a), id(b)
            if key not in number:
                number[key] = len(tables)
                tables.append(own.table(a, b, keep=keep, ranks=ranks))
            cell.append(number[key])
        return tables, np.array(cell)

    def _seat(self, side: int) -> Seat:
        country, board, at = self.countries[side], self.board, (self.variant, self.countries[side].type_index)
        return Seat(
            name=country.code,
            ranked=board.ranked[side],
            types=board.first[side][self.variant] + country.type_index,
            no_deal=board.no_deal[side][at],
            impasse=board.impasse[side][at],
            outside=board.outside[side][self.variant],
            discount=country.discount,
        )

    def _common(self, side: int) -> Common:
        """Return what a side knows beside its own seat."""
        other, prior = 1 - side, None
        country, table = self.countries[other], self.table
        information = self.model.information
        if information != "private" and country.weight_spread <= 0:
            if len(self.board.tables) > 1:
                raise ValueError(f"talk {self.name}: sides that know each other's types play one cell at a time")
            prior = Prior(
                table.ranked[other],
                table.types[other].probability,
                self.board.no_deal[other][0],
                table.impasse[other],
                self.model.protocol.discount(table.types[other].discount_rate),
            )
        known = self.seats[other] if information == "complete" else None
        kept = table.kept.setdefault(("view", side), {})
        return Common(self.agenda.grid, self.model.protocol, prior, known, kept=kept)

    @property
    def round(self) -> int:
        """The round being played, 0 first."""
        return self.model.round

    def open_worlds(self) -> np.ndarray:
        """Return the worlds (n,) where this talk is still open."""
        return np.flatnonzero(self.ending < 0)

    def chance_of(self, stream: str) -> np.ndarray:
        """Return one draw a world (R,) of a stream of this talk for this round."""
        turn, column = divmod(self.round, draws.PER_BLOCK)
        if stream not in self._words or self._words[stream][0] != turn:
            self._words[stream] = turn, self.model.rule.raw(f"{stream}:{self.name}", turn)
        return draws.to_uniform(self._words[stream][1][:, column])

    def view(self, side: int, worlds: np.ndarray) -> View:
        """Return what a side may see in these worlds this round."""
        m = self.model
        return View(
            self.seats[side],
            self.history,
            side,
            (self.round, m.protocol.rounds),
            worlds,
            common=self.common[side],
            draws=self.streams[side],
        )

    def propose(self, side: int, worlds: np.ndarray) -> np.ndarray:
        """Ask a side for its offers (n,), rows or -1 for a pass, and put them on record."""
        rows = self.countries[side].propose(self.view(side, worlds))
        record = self.history
        record.offers[:, self.round][worlds] = rows
        record.speaker[:, self.round][worlds] = side
        spoken = rows >= 0
        at, said = (worlds, rows) if spoken.all() else (worlds[spoken], rows[spoken])
        record.last[:, side][at] = said
        return rows

    def respond(self, side: int, worlds: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Ask a side whether it accepts the packages `rows` (n,) in these worlds."""
        return self.countries[side].respond(self.view(side, worlds), rows)

    def has_outside(self, side: int) -> bool:
        """Say whether a side has an outside option in this talk."""
        return self.agenda.stick.outside[side] is not None

    def walk(self, side: int, worlds: np.ndarray) -> np.ndarray:
        """Ask a side, after its refusal, whether it takes its outside option (n,)."""
        return self.countries[side].walk(self.view(side, worlds))

    def close(self, worlds: np.ndarray, ending: int, rows: np.ndarray | None = None, *, side: int = -1) -> None:
        """End the talk in these worlds: with a deal on `rows`, a collapse, or the outside option of `side`."""
        self.ending[worlds] = ending
        self.closed[worlds] = self.round + (ending == COLLAPSE)
        self.walked[worlds] = side
        if rows is not None:
            self.row[worlds] = rows

    def expire(self) -> None:
        """Close what is still open after the last round: the deadline has passed."""
        self.ending[self.open_worlds()] = DEADLINE

    @cached_property
    def stick_falls(self) -> np.ndarray:
        """Say (R,) whether the stick would be carried out in each world if no deal is made."""
        drawn = draws.to_uniform(self.model.rule.raw(f"stick:{self.name}", 0)[:, 0])
        return drawn < self.board.chance[0][self.variant]

    def drawn_no_deal(self, side: int) -> np.ndarray:
        """Return the drawn no-deal payoff (R,) of a side, bn USD a year."""
        carried = self.board.carried[side][self.variant, self.countries[side].type_index]
        return from_micro(np.where(self.stick_falls, carried, self.seats[side].impasse))

    def tariff_in_force(self, side: int) -> np.ndarray:
        """Return a side's tariff on the other (R,), share on top, last in force while talks went on."""
        if self.sticks is None:
            return self.board.rates(side)[self.variant]
        rates = np.array(self.sticks.rates[side])[self.sticks.rung[:, side]]
        return self.agenda.stick.effective(rates) if side == 0 else rates

    def final(self, side: int) -> np.ndarray:
        """Return the utility (R,) of the state a side ends in, bn USD a year: deal, stick or outside option."""
        seat = self.seats[side]
        agreed = from_micro(seat.ranked.of(seat.types, np.maximum(self.row, 0)))
        out = np.where(self.ending == DEAL, agreed, self.drawn_no_deal(side))
        walked = self.ending == OUTSIDE  # who walks gets its option; the other is left with the drawn no-deal state
        return np.where(walked & (self.walked == side), from_micro(seat.outside), out)

    def discounted(self, side: int) -> np.ndarray:
        """Return a side's payoff (R,): (1 - d**T) impasse + d**T final, T the rounds talked; bn USD a year."""
        seat = self.seats[side]
        weight = np.power(seat.discount, self.closed)
        if self.sticks is not None:
            return self.sticks.earned[:, side] + weight * self.final(side)
        return (1.0 - weight) * from_micro(seat.impasse) + weight * self.final(side)


def _stream(rule: draws.Rule, whose: str):
    """Return the draws (R, 4) by stream name and turn; holds numbers only, so that no view leads to the talk."""
    return lambda stream, turn: draws.to_uniform(rule.raw(f"{stream}:{whose}", turn))


class Talks(mesa.Model):
    """All talks of a run in `worlds` worlds, numbered from `first`. Countries are its agents.

    With several `cells` (points of a sweep) the worlds are those numbers in each cell, cell after cell: R = cells *
    worlds, and `world` and `cell` (R,) say which. Equal worlds of different cells share their draws.
    """

    def __init__(self, protocol: Protocol, *, seed: int, worlds: int, first: int = 0, information: str = "private",
                 cells: int = 1) -> None:  # fmt: skip
        """Set up an empty house: countries register themselves, then `open` seats them at their talks."""
        super().__init__(rng=seed)
        self.protocol, self.seed, self.first, self.cells = protocol, seed, first, cells
        self.worlds = cells * worlds
        self.rule = draws.Rule(seed, first, worlds, cells)
        self.world = np.tile(np.arange(first, first + worlds), cells)
        self.cell = np.repeat(np.arange(cells), worlds)
        self.information = information  # private, types or complete
        self.round = 0
        self.talks: tuple[Talk, ...] = ()

    def country(self, code: str):
        """Return the country with this code; KeyError if none registered."""
        for agent in self.agents:
            if agent.code == code:
                return agent
        raise KeyError(f"no country {code!r} has a seat; seated: {', '.join(a.code for a in self.agents)}")

    def open(self, stakes: tuple[Stakes | tuple[Stakes, ...], ...], *, ranks: dict | None = None) -> Talks:
        """Seat the countries at the talks, each with its stakes or those of each cell, and return the model."""
        self.talks = tuple(self._talk(own, ranks) for own in stakes)
        return self

    def _talk(self, stakes, ranks: dict | None) -> Talk:
        agenda = (stakes[0] if isinstance(stakes, tuple) else stakes).agenda
        return Talk(self, stakes, (self.country(agenda.demander), self.country(agenda.partner)), ranks=ranks)

    def step(self) -> None:
        """Play one round of every talk in all worlds where it is open."""
        for talk in self.talks:
            if talk.sticks is not None:
                talk.sticks.begin()
            self.protocol.play(talk)
            if talk.sticks is not None:
                talk.sticks.end()
        self.round += 1
        if self.round >= self.protocol.rounds:
            for talk in self.talks:
                talk.expire()
        self.running = any((talk.ending < 0).any() for talk in self.talks)

    def run_model(self) -> Talks:
        """Play all rounds and return the model."""
        while self.running and self.round < self.protocol.rounds:
            self.step()
        mesa.Agent._ids.pop(self, None)  # Mesa keeps every model alive through this table
        return self
