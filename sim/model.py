"""Talks: the Mesa model. All worlds at once as arrays that start with R; one step is one round of all worlds."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cached_property

import mesa
import numpy as np

from sim import draws
from sim.moves import Sticks
from sim.payoffs import COMPONENTS, Types
from sim.protocols.base import COLLAPSE, DEADLINE, DEAL, OUTSIDE, Protocol
from sim.ranking import from_micro, to_micro
from sim.table import SIDES, PayoffTable, Stakes
from sim.view import NONE, Common, History, Prior, Seat, View

NEVER = np.iinfo(np.int64).min  # an outside option that does not exist
WEIGHT_BLOCKS = 2  # Philox blocks for one world's weights: eight draws, one a component

logging.getLogger("MESA").setLevel(logging.WARNING)  # Mesa logs every step


@dataclass(frozen=True, eq=False)
class TypeSpace:
    """From what a country's private types are drawn: a finite list, and a spread of weights around it (0: none)."""

    types: Types
    weight_spread: float = 0.0

    def draw(self, code: str, seed: int, first: int, worlds: int) -> tuple[Types, np.ndarray, np.ndarray]:
        """Return the chunk's types (K), each world's type (R,) among them, and its type (R,) in the finite list.

        With a spread every world is a type of its own: each weight times exp(spread * z), z standard normal.
        """
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

    def __init__(self, model: Talks, stakes: Stakes, countries: tuple) -> None:
        """Seat the two countries (demander, partner) at the talk's stakes."""
        self.model, self.stakes, self.agenda = model, stakes, stakes.agenda
        self.name, self.countries = stakes.agenda.name, countries
        keep = all(c.type_space.weight_spread <= 0 for c in countries)
        self.table: PayoffTable = stakes.table(countries[0].types, countries[1].types, keep=keep)
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
        self.chance = (self.agenda.stick.resolve, self.agenda.stick.belief)
        self.seats = tuple(self._seat(side) for side in SIDES)
        self.common = tuple(self._common(side) for side in SIDES)
        m = model
        self.streams = tuple(_stream(m.seed, f"{side}:{self.name}", m.first, m.worlds) for side in SIDES)
        self.sticks = None if self.agenda.moves is None else Sticks(self, self.agenda.moves)
        self._words: dict[str, tuple[int, np.ndarray]] = {}  # words that serve four rounds

    def _seat(self, side: int) -> Seat:
        country, stick = self.countries[side], self.agenda.stick
        outside = stick.outside[side]
        return Seat(
            name=country.code,
            ranked=self.table.ranked[side],
            types=country.type_index,
            no_deal=self.table.no_deal(side, self.chance[side])[country.type_index],
            impasse=self.table.impasse[side][country.type_index],
            outside=np.full(self.model.worlds, NEVER if outside is None else int(to_micro(outside))),
            discount=country.discount,
        )

    def _common(self, side: int) -> Common:
        """Return what a side knows beside its own seat."""
        other, prior = 1 - side, None
        country, table = self.countries[other], self.table
        information = self.model.information
        if information != "private" and country.type_space.weight_spread <= 0:
            prior = Prior(
                table.ranked[other],
                table.types[other].probability,
                table.no_deal(other, self.chance[other]),
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
            m = self.model
            self._words[stream] = turn, draws.raw(m.seed, f"{stream}:{self.name}", turn, m.first, m.worlds)
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
        m = self.model
        return draws.chance(m.seed, f"stick:{self.name}", 0, m.first, m.worlds) < self.agenda.stick.resolve

    def drawn_no_deal(self, side: int) -> np.ndarray:
        """Return the drawn no-deal payoff (R,) of a side, bn USD a year."""
        seat = self.seats[side]
        return from_micro(np.where(self.stick_falls, self.table.carried[side][seat.types], seat.impasse))

    def tariff_in_force(self, side: int) -> np.ndarray:
        """Return a side's tariff on the other (R,), share on top, last in force while talks went on."""
        stick = self.agenda.stick
        if self.sticks is None:
            return np.full(self.model.worlds, stick.rates(False)[side])
        rates = np.array(self.sticks.rates[side])[self.sticks.rung[:, side]]
        return stick.effective(rates) if side == 0 else rates

    def final(self, side: int) -> np.ndarray:
        """Return the utility (R,) of the state a side ends in, bn USD a year: deal, stick or outside option."""
        seat = self.seats[side]
        agreed = from_micro(seat.ranked.of(seat.types, np.maximum(self.row, 0)))
        out = np.where(self.ending == DEAL, agreed, self.drawn_no_deal(side))
        own = self.agenda.stick.outside[side]
        walked = self.ending == OUTSIDE  # who walks gets its option; the other is left with the drawn no-deal state
        return np.where(walked & (self.walked == side), 0.0 if own is None else own, out)

    def discounted(self, side: int) -> np.ndarray:
        """Return a side's payoff (R,): (1 - d**T) impasse + d**T final, T the rounds talked; bn USD a year."""
        seat = self.seats[side]
        weight = np.power(seat.discount, self.closed)
        if self.sticks is not None:
            return self.sticks.earned[:, side] + weight * self.final(side)
        return (1.0 - weight) * from_micro(seat.impasse) + weight * self.final(side)


def _stream(seed: int, whose: str, first: int, worlds: int):
    """Return the draws (R, 4) by stream name and turn; holds numbers only, so that no view leads to the talk."""
    return lambda stream, turn: draws.uniform(seed, f"{stream}:{whose}", turn, first, worlds)


class Talks(mesa.Model):
    """All talks of a run in `worlds` worlds, numbered from `first`. Countries are its agents."""

    def __init__(
        self, protocol: Protocol, *, seed: int, worlds: int, first: int = 0, information: str = "private"
    ) -> None:
        """Set up an empty house: countries register themselves, then `open` seats them at their talks."""
        super().__init__(rng=seed)
        self.protocol, self.seed, self.worlds, self.first = protocol, seed, worlds, first
        self.information = information  # private, types or complete
        self.round = 0
        self.talks: tuple[Talk, ...] = ()

    def country(self, code: str):
        """Return the country with this code; KeyError if none registered."""
        for agent in self.agents:
            if agent.code == code:
                return agent
        raise KeyError(f"no country {code!r} has a seat; seated: {', '.join(a.code for a in self.agents)}")

    def open(self, stakes: tuple[Stakes, ...]) -> Talks:
        """Seat the countries at the talks and return the model."""
        self.talks = tuple(
            Talk(self, s, (self.country(s.agenda.demander), self.country(s.agenda.partner))) for s in stakes
        )
        return self

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
