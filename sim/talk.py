"""One talk in all worlds of a chunk: what protocols play on, what views are handed out from, how it ended."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from sim import draws
from sim.board import Board
from sim.guard import check_close
from sim.moves import Sticks
from sim.protocols.base import COLLAPSE, DEADLINE, DEAL, NOT_RATIFIED, OUTSIDE
from sim.ranking import from_micro
from sim.ratification import Home
from sim.table import SIDES, PayoffTable, Stakes
from sim.view import NONE, Common, History, Prior, Seat, View


class Talk:
    """One talk in all worlds of a chunk: what is open, who offered what, how it ended. Protocols play on this."""

    present: np.ndarray | None = None  # where (R,) a hub sits down to it this round; None: nothing keeps it waiting

    def __init__(self, model, stakes: Stakes | tuple[Stakes, ...], countries: tuple, *, ranks=None) -> None:
        """Seat the two countries (demander, partner) at the talk's stakes: the same in all cells, or one for each."""
        each = stakes if isinstance(stakes, tuple) else (stakes,) * model.cells
        self.model, self.stakes, self.agenda = model, each[0], each[0].agenda
        self.name, self.countries = self.agenda.name, countries
        tables, cell = self._tables(each, ranks)
        self.board = Board(tables)
        self.table: PayoffTable = tables[0]
        self.variant = cell[model.cell]
        worlds, rounds = model.worlds, model.protocol.longest
        self.row = np.full(worlds, NONE, dtype=np.int64)
        self.ending = np.full(worlds, -1, dtype=np.int8)
        self.closed = np.full(worlds, rounds, dtype=np.int64)  # rounds of interim before the final state
        self.walked = np.full(worlds, -1, dtype=np.int8)  # side that took its outside option
        self.history = History(
            last=np.full((2, worlds), NONE, dtype=np.int64).T,
            offers=np.full((rounds, worlds), NONE, dtype=np.int32).T,  # a round's offers side by side in memory
            speaker=np.full((rounds, worlds), -1, dtype=np.int8).T,
        )
        self.sticks = None if self.agenda.moves is None else Sticks(self, self.agenda.moves)
        self.home = Home(self) if any(any(t.stakes.agenda.ratification) for t in tables) else None
        self.seats = tuple(self._seat(side) for side in SIDES)
        self.common = tuple(self._common(side) for side in SIDES)
        m = model
        self.streams = tuple(_stream(m.rule, f"{side}:{self.name}") for side in SIDES)
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
        seat = Seat(
            name=country.code,
            ranked=board.ranked[side],
            types=board.first[side][self.variant] + country.type_index,
            no_deal=board.no_deal[side][at],
            impasse=board.impasse[side][at],
            outside=board.outside[side][self.variant],
            discount=country.discount,
        )
        return seat if self.home is None else self.home.seat(side, seat)

    def _common(self, side: int) -> Common:
        """Return what a side knows beside its own seat."""
        other, prior = 1 - side, None
        country, table = self.countries[other], self.table
        information = self.model.information
        if information != "private" and country.weight_spread <= 0:
            if len(self.board.tables) > 1:
                raise ValueError(f"talk {self.name}: sides that know each other's types play one cell at a time")
            prior = self._prior(other)
        known = self.seats[other] if information == "complete" else None
        kept = table.kept.setdefault(("view", side), {})
        listed = self.home is None or all(self.home.finite(s) for s in SIDES if self.home.knows(s))
        return Common(self.agenda.grid, self.model.protocol, prior, known, kept=kept if listed else {})

    def _prior(self, other: int, variant: int = 0) -> Prior | None:
        """Return what is common knowledge of a side's private types, on the table of one variant."""
        table = self.board.tables[variant]
        prior = Prior(
            table.ranked[other],
            table.types[other].probability,
            self.board.no_deal[other][variant],
            table.impasse[other],
            self.model.protocol.discount(table.types[other].discount_rate),
        )
        return prior if self.home is None else self.home.prior(other, prior)

    @property
    def round(self) -> int:
        """The round being played, 0 first."""
        return self.model.round

    @property
    def clock(self) -> tuple[int, int]:
        """The round being played and the rounds until the deadline as announced by now."""
        return self.round, self.model.protocol.deadline(self.round)

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
        return View(
            self.seats[side],
            self.history,
            side,
            self.clock,
            worlds,
            common=self.common[side],
            draws=self.streams[side],
        )

    def views(self, side: int, worlds: np.ndarray) -> Iterator[tuple[np.ndarray, View]]:
        """Yield worlds (m,) and what a side may see there, in parts that share what it knows of the other's types."""
        yield worlds, self.view(side, worlds)

    def propose(self, side: int, worlds: np.ndarray) -> np.ndarray:
        """Ask a side for its offers (n,), rows or -1 for a pass, and put them on record."""
        rows = self.asked(side, worlds)
        record = self.history
        record.offers[:, self.round][worlds] = rows
        record.speaker[:, self.round][worlds] = side
        spoken = rows >= 0
        at, said = (worlds, rows) if spoken.all() else (worlds[spoken], rows[spoken])
        record.last[:, side][at] = said
        return rows

    def asked(self, side: int, worlds: np.ndarray) -> np.ndarray:
        """Ask a side for its offers (n,) without putting them on record: sealed ones."""
        return self.countries[side].propose(self.view(side, worlds))

    def respond(self, side: int, worlds: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Ask a side whether it accepts the packages `rows` (n,) in these worlds."""
        return self.countries[side].respond(self.view(side, worlds), rows)

    def has_outside(self, side: int) -> bool:
        """Say whether a side has an outside option in this talk."""
        return self.agenda.stick.outside[side] is not None

    def walk(self, side: int, worlds: np.ndarray) -> np.ndarray:
        """Ask a side, after its refusal, whether it takes its outside option (n,)."""
        return self.countries[side].walk(self.view(side, worlds))

    def close(self, worlds: np.ndarray, ending: int, rows: np.ndarray | None = None, *, side: int = -1) -> np.ndarray:
        """End the talk in these worlds (n,): with a deal on `rows` (n,), a collapse, or the outside option of `side`.

        Return (n,) whether it is over: a package that is refused at home is no deal, and the talk may go on.
        """
        check_close(self, worlds, ending, rows)
        if ending == DEAL and self.home is not None:
            stands, ends = self.home.vote(worlds, rows)
            self._end(worlds[stands], DEAL, rows[stands], side)
            self._end(worlds[ends], NOT_RATIFIED, None, side)
            return stands | ends
        self._end(worlds, ending, rows, side)
        return np.ones(len(worlds), dtype=bool)

    def _end(self, worlds: np.ndarray, ending: int, rows: np.ndarray | None, side: int) -> None:
        self.ending[worlds] = ending
        self.closed[worlds] = self.round + (ending in (COLLAPSE, NOT_RATIFIED))
        self.walked[worlds] = side
        if rows is not None:
            self.row[worlds] = rows

    def expire(self, granted: int) -> None:
        """Let the deadline pass after `granted` extensions: open worlds end here, or are prolonged by chance."""
        worlds, rules = self.open_worlds(), self.model.protocol
        if self.round < rules.longest:
            drawn = draws.to_uniform(self.model.rule.raw(f"extension:{self.name}", granted)[worlds, 0])
            worlds = worlds[drawn * 100.0 >= rules.extension_chance_pct]
        self.ending[worlds] = DEADLINE
        self.closed[worlds] = self.round

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
