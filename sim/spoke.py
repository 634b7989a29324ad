"""A talk at a hub: it may be left waiting for a round, and what it is worth changes with the deals struck elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from sim.ranking import from_micro
from sim.table import SIDES
from sim.talk import Talk
from sim.view import Common, Seat, View


class SpokeTalk(Talk):
    """A talk at a hub: it may be left waiting in some worlds, and its payoff table changes with deals elsewhere."""

    def __init__(self, model, stakes, countries, *, ranks=None) -> None:
        """Seat the two countries; the hub says where the talk is attended to."""
        worlds = model.worlds
        self.present = np.ones(worlds, dtype=bool)  # whether it is sat down to this round
        self.earned: np.ndarray | None = None  # flows so far (R, 2) where the table changes while talks go on
        self._at: int | None = None  # the variant views are handed out on, where a side knows the other's types
        super().__init__(model, stakes, countries, ranks=ranks)
        self._fresh()

    def _fresh(self) -> None:
        """Start anew what sides have worked out: rows of a stacked ranking mean nothing to the next chunk of worlds."""
        self.common = tuple(replace(own, kept={}) for own in self.common)
        self._tables_own: dict[tuple[int, int], tuple[Seat, Common]] = {}

    def open_worlds(self) -> np.ndarray:
        """Return the worlds (n,) where this talk is open and sat down to this round."""
        return np.flatnonzero((self.ending < 0) & self.present)

    def expire(self, granted: int) -> None:
        """Let the deadline pass, also where nobody sat down to the talk."""
        self.present[:] = True
        super().expire(granted)

    def asked(self, side: int, worlds: np.ndarray) -> np.ndarray:
        """Ask a side for its offers (n,), table by table where it knows the other's types."""
        return self._each(super().asked, side, worlds)

    def respond(self, side: int, worlds: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Ask a side for its answers (n,), table by table where it knows the other's types."""
        return self._each(super().respond, side, worlds, rows)

    def walk(self, side: int, worlds: np.ndarray) -> np.ndarray:
        """Ask a side whether it leaves (n,), table by table where it knows the other's types."""
        return self._each(super().walk, side, worlds)

    def view(self, side: int, worlds: np.ndarray) -> View:
        """Return what a side may see in these worlds this round; they share a table where one is being asked about."""
        if self._at is None:
            return super().view(side, worlds)
        seat, common = self._own(self._at, side)
        return View(seat, self.history, side, self.clock, worlds, common=common, draws=self.streams[side])

    def views(self, side: int, worlds: np.ndarray) -> Iterator[tuple[np.ndarray, View]]:
        """Yield worlds (m,) and what a side may see there, table by table where it knows the other's types."""
        if self.model.information == "private" or len(self.board.tables) == 1:
            yield from super().views(side, worlds)
            return
        for variant in np.unique(self.variant[worlds]).tolist():
            mine = worlds[self.variant[worlds] == variant]
            seat, common = self._own(variant, side)
            yield mine, View(seat, self.history, side, self.clock, mine, common=common, draws=self.streams[side])

    def _each(self, ask, side: int, worlds: np.ndarray, *given: np.ndarray) -> np.ndarray:
        """Ask about all worlds at once, or those of each variant by themselves: what is known is then one table."""
        if self.model.information == "private" or len(self.board.tables) == 1:
            return ask(side, worlds, *given)
        variant, out = self.variant[worlds], None
        for self._at in np.unique(variant).tolist():
            mine = np.flatnonzero(variant == self._at)
            answer = ask(side, worlds[mine], *(values[mine] for values in given))
            out = np.empty(len(worlds), dtype=answer.dtype) if out is None else out
            out[mine] = answer
        self._at = None
        return out

    def _own(self, variant: int, side: int) -> tuple[Seat, Common]:
        """Return a side's seat and common knowledge on the table of one variant."""
        if (variant, side) not in self._tables_own:
            table, seats = self.board.tables[variant], []
            for s in SIDES:
                kinds = self.countries[s].type_index
                seats.append(replace(self.seats[s], ranked=table.ranked[s], types=kinds))
            for s in SIDES:
                known, prior = self.common[s].other, self.common[s].prior
                common = replace(
                    self.common[s],
                    prior=None if prior is None else self._prior(1 - s, variant),
                    other=None if known is None else seats[1 - s],
                    kept=table.kept.setdefault(("view", s), {}),
                )
                self._tables_own[variant, s] = seats[s], common
        return self._tables_own[variant, side]

    def face(self, worlds: np.ndarray, variant: np.ndarray) -> None:
        """Play on from here on other tables: `variant` (n,) in these worlds (n,)."""
        self.variant[worlds] = variant
        self.__dict__.pop("stick_falls", None)
        seats = []
        for side, seat in zip(SIDES, self.seats):
            board, kinds = self.board, self.countries[side].type_index[worlds]
            seat.types[worlds] = board.first[side][variant] + kinds
            seat.no_deal[worlds] = board.no_deal[side][variant, kinds]
            seat.impasse[worlds] = board.impasse[side][variant, kinds]
            seats.append(replace(seat, ranked=board.ranked[side]))
        self.seats = tuple(seats)
        known = [common.other is not None for common in self.common]
        self.common = tuple(
            replace(common, other=self.seats[1 - side]) if known[side] else common
            for side, common in zip(SIDES, self.common)
        )
        self._tables_own.clear()

    def book(self) -> None:
        """Book the round's flow on the table in force where the round ended without a deal."""
        lived = np.flatnonzero((self.ending < 0) | (self.closed == self.round + 1))
        for side, seat in zip(SIDES, self.seats):
            discount = seat.discount[lived]
            weight = (1.0 - discount) * np.power(discount, np.full(len(lived), self.round))
            self.earned[lived, side] += weight * from_micro(seat.impasse[lived])

    def discounted(self, side: int) -> np.ndarray:
        """Return a side's payoff (R,): what it earned while talks went on, each round on its table, then the final."""
        if self.earned is None:
            return super().discounted(side)
        return self.earned[:, side] + np.power(self.seats[side].discount, self.closed) * self.final(side)
