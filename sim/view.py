"""What one seat may know this round: the only thing a strategy is handed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from sim.deals import Grid
from sim.ranking import Ranked

NONE = -1  # no offer, no package


class PluginError(ValueError):
    """A strategy, stick policy or protocol did what it may not; the message says who, where and what is due."""


@dataclass(frozen=True)
class Seat:
    """One side's own knowledge in one talk, for all worlds of a chunk (n = R): types, values, patience.

    Values are whole millionths of a bn USD a year (int64, R): `no_deal` is what the side expects if the deadline
    passes, `impasse` what a round of talking earns, `outside` its outside option (lowest int64 if it has none).
    """

    name: str
    ranked: Ranked
    types: np.ndarray
    no_deal: np.ndarray
    impasse: np.ndarray
    outside: np.ndarray
    discount: np.ndarray

    @cached_property
    def floor(self) -> np.ndarray:
        """The least worth agreeing to (R,): the better of no deal and the outside option, millionths."""
        return np.maximum(self.no_deal, self.outside)

    @cached_property
    def best(self) -> np.ndarray:
        """Own utility of the best package (R,), millionths."""
        return self.ranked.best[self.types]


@dataclass(frozen=True)
class History:
    """What both sides saw in one talk: last offers of each side (R, 2); offers (R, T) and their speakers."""

    last: np.ndarray
    offers: np.ndarray
    speaker: np.ndarray


@dataclass(frozen=True)
class Prior:
    """What is common knowledge of a side's private types (K): utilities and values of each, and how likely it is.

    `no_deal`, `impasse` (K,) in millionths of a bn USD a year, `discount` (K,) a round. The drawn type is not here.
    """

    ranked: Ranked
    probability: np.ndarray
    no_deal: np.ndarray
    impasse: np.ndarray
    discount: np.ndarray


@dataclass(frozen=True)
class Common:
    """What a side knows of its talk beside its own seat: packages, rules, the other's types, and its own notes.

    `rules` is the protocol; `prior` the other side's possible types, unless information is private or every world has
    its own weights; `other` its seat, only under complete information; `notes` arrays a strategy keeps between rounds,
    by name, each (R, ...); `kept` what it has worked out from common knowledge.
    """

    grid: Grid
    rules: object
    prior: Prior | None = None
    other: Seat | None = None
    notes: dict = field(default_factory=dict)
    kept: dict = field(default_factory=dict)


class View:
    """One side's view of its talk in some worlds (n,) in this round.

    It holds the side's own utilities and the offers both have seen; the other side's possible types are in it only
    under information=types, its drawn type, patience and no-deal value only under information=complete.
    """

    def __init__(self, seat: Seat, history: History, side: int, clock: tuple[int, int], worlds: np.ndarray, *,
                 common: Common, draws=None) -> None:  # fmt: skip
        """Hand out what `side` may see; `clock` is (round, rounds)."""
        self._seat, self._history, self.side, self._worlds = seat, history, side, worlds
        self.round, self.rounds = clock
        self._common, self.ranked, self._draws = common, seat.ranked, draws
        self.grid, self.rules, self.prior, self.kept = common.grid, common.rules, common.prior, common.kept

    def __len__(self) -> int:
        return len(self._worlds)

    @property
    def worlds(self) -> np.ndarray:
        """Positions (n,) of these worlds in the chunk, for error messages."""
        return self._worlds

    @cached_property
    def types(self) -> np.ndarray:
        """Own private type (n,), an index into the rows of `ranked`."""
        return self._seat.types[self._worlds]

    @cached_property
    def no_deal(self) -> np.ndarray:
        """Own expected value (n,) if no deal is made, millionths of a bn USD a year."""
        return self._seat.no_deal[self._worlds]

    @cached_property
    def outside(self) -> np.ndarray:
        """Own outside option (n,), millionths; the lowest int64 where there is none."""
        return self._seat.outside[self._worlds]

    @cached_property
    def floor(self) -> np.ndarray:
        """The least worth agreeing to (n,): the better of no deal and the outside option, millionths."""
        return self._seat.floor[self._worlds]

    @cached_property
    def impasse(self) -> np.ndarray:
        """Own flow (n,) while talks go on, millionths of a bn USD a year."""
        return self._seat.impasse[self._worlds]

    @cached_property
    def discount(self) -> np.ndarray:
        """Own discount factor of a round (n,)."""
        return self._seat.discount[self._worlds]

    @cached_property
    def best(self) -> np.ndarray:
        """Own utility of the best package (n,), millionths."""
        return self._seat.best[self._worlds]

    @cached_property
    def other_last(self) -> np.ndarray:
        """The other side's last offer (n,), a row; -1 where it has made none."""
        return self._history.last[:, 1 - self.side][self._worlds]

    @cached_property
    def other_first(self) -> np.ndarray:
        """The other side's first offer (n,), a row; -1 where it has made none."""
        said = self.other_offers
        if not said.shape[1]:
            return np.full(len(self), NONE)
        earliest = np.argmax(said >= 0, axis=1)
        return said[np.arange(len(said)), earliest]

    @cached_property
    def own_last(self) -> np.ndarray:
        """Own last offer (n,), a row; -1 where none was made."""
        return self._history.last[:, self.side][self._worlds]

    @cached_property
    def other_offers(self) -> np.ndarray:
        """The other side's offers so far (n, round + 1), rows; -1 where it passed or did not speak."""
        said = self._history.offers[self._worlds, : self.round + 1]
        by_other = self._history.speaker[self._worlds, : self.round + 1] == 1 - self.side
        return np.where(by_other, said, NONE)

    def utility(self, rows: np.ndarray) -> np.ndarray:
        """Return own utility (n,) of packages `rows` (n,), millionths; rows of -1 give the no-deal value."""
        rows = np.asarray(rows)
        return np.where(rows >= 0, self.ranked.of(self.types, np.maximum(rows, 0)), self.no_deal)

    def at(self, chosen: np.ndarray) -> View:
        """Return the same view of some of these worlds: `chosen` (n,) bool or positions."""
        clock = (self.round, self.rounds)
        worlds = self._worlds[chosen]
        return View(self._seat, self._history, self.side, clock, worlds, common=self._common, draws=self._draws)

    def rival(self, name: str) -> np.ndarray:
        """Return the other side's `types`, `no_deal`, `impasse`, `outside` or `discount` (n,): complete information."""
        return getattr(self._known(), name)[self._worlds]

    def rival_ranked(self) -> Ranked:
        """The other side's packages ranked, by its types; complete information only."""
        return self._known().ranked

    def _known(self) -> Seat:
        if self._common.other is None:
            raise ValueError("this strategy knows the other side's payoffs: set information=complete")
        return self._common.other

    def note(self, name: str, empty: float = 0.0, shape: tuple[int, ...] = ()) -> np.ndarray:
        """Return this side's notes (n, *shape) under a name as last written; `empty` where nothing was."""
        kept = self._common.notes
        if name not in kept:
            kept[name] = np.full((len(self._seat.types), *shape), empty)
        return kept[name][self._worlds]

    def write(self, name: str, values: np.ndarray) -> None:
        """Keep notes (n, ...) for these worlds until the next round; call `note` first to make room."""
        self._common.notes[name][self._worlds] = values

    def once(self, stream: str) -> np.ndarray:
        """Return four uniform draws (n, 4) that stay the same for a world in all rounds."""
        return self._draws(stream, 0)[self._worlds]

    def uniform(self, stream: str) -> np.ndarray:
        """Return four uniform draws (n, 4) of this round for a strategy's own use, the same in any chunk."""
        return self._draws(stream, self.round)[self._worlds]
