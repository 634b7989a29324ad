"""What each talk is worth given the deals that stand elsewhere: worked out once, whatever world and chunk asks."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Sequence

import numpy as np

from sim.assess import Assessor
from sim.attention import expected_gain
from sim.deals import Grid
from sim.payoffs import Types
from sim.table import PayoffTable, Stakes

MOST_HELD = 1 << 31  # bytes of tables kept for later worlds: 2 GiB
LARGE = 1 << 28  # bytes of tables from which on the models that are done with are cleared away at once
INTERIM = -1  # no deal stands: the talk is at its interim


def trade_levels(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Return the trade level (P,) of each package, and the first package (U,) of each level.

    Packages with the same tariffs and barriers share a level: what else is in them moves no prices, and is nothing to
    the other talks.

    >>> from sim.deals import Issue, make_grid
    >>> grid = make_grid((Issue("pay", "security", 1, (0.0, 2.0)), Issue("t", "tariff", 0, (0.0, 0.1, 0.2))))
    >>> [part.tolist() for part in trade_levels(grid)]
    [[0, 1, 2, 0, 1, 2], [0, 1, 2]]
    """
    if not grid.moving:
        return np.zeros(len(grid), dtype=np.int64), np.zeros(1, dtype=np.int64)
    level = grid.trade_levels[1]
    return level, np.unique(level, return_index=True)[1]


def distinct(levels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where each distinct column of levels (J, n) is first met (M,), and which of them each column is (n,).

    >>> [part.tolist() for part in distinct(np.array([[3, -1, 3], [0, 0, 0]]))]
    [[1, 0], [1, 0, 1]]
    """
    code, first = np.zeros(levels.shape[1], dtype=np.int64), np.zeros(0, dtype=np.int64)
    for row in levels:
        span = int(row.max(initial=0)) + 3
        _, first, code = np.unique(code * span + (row + 2), return_index=True, return_inverse=True)
    return first, code.reshape(-1)


class Grounds:
    """The stakes of a run's talks by the trade levels of the deals that stand elsewhere."""

    def __init__(self, assessor: Assessor, stakes: tuple[Stakes, ...]) -> None:
        """Take the run's assessor and its stakes with all other talks at their interim."""
        self.assessor, self.names = assessor, tuple(own.agenda.name for own in stakes)
        found = [trade_levels(own.agenda.grid) for own in stakes]
        self.level = [level for level, _ in found]
        self.first = [first for _, first in found]
        self._stakes: dict[tuple, Stakes] = {}
        self.joint: dict = {}  # numbers of joint trade states: see sim/joint.py
        self._gains: dict[int, np.ndarray] = {}
        self._tables: set[int] = set()  # of which the room is counted
        self._own, self._held = stakes, 0
        self._begin()

    def _begin(self) -> None:
        """Know nothing but the stakes of the run's beginning."""
        self._stakes.clear()
        self._gains.clear()
        self._tables.clear()
        self._held = 0
        for name, own in zip(self.names, self._own):
            self._stakes[self._key(name, self.assessor.plans((name,))[name])] = own

    def make_room(self) -> None:
        """Before a new model is played: clear away what the last ones held, and all tables where they are too many."""
        if self._held > LARGE:
            gc.collect()
        if self._held > MOST_HELD:
            kept = self.assessor.states.kept
            for _, key in self._stakes:
                kept.pop(key, None)
                kept.pop(("packages", key), None)
            self._begin()

    def stakes(self, talk: int, standing: Iterable[tuple[int, ...]]) -> list[Stakes]:
        """Return the stakes of a talk (its number) for each of some standing levels (J,), INTERIM where no deal stands.

        Standings that leave the talk on the same ground (tariffs and trade costs) give the same object. All trade
        states that are new are solved in one batch.
        """
        name = self.names[talk]
        plans = [self.assessor.plans((name,), self._rows(levels))[name] for levels in standing]
        self.assessor.states.solve()
        out = []
        for plan in plans:
            key = self._key(name, plan)
            if key not in self._stakes:
                self._stakes[key] = self.assessor.finish({name: plan})[0]
                self._held += sum(part.nbytes for part in self._stakes[key].packages)
            out.append(self._stakes[key])
        return out

    def table(self, stakes: Stakes, types: Sequence[Types], *, keep: bool) -> PayoffTable:
        """Return the payoff table of stakes worked out here; the same one for the same types where it is to be kept."""
        table = stakes.table(*types, keep=keep)
        if keep and id(table) not in self._tables:
            self._tables.add(id(table))
            self._held += 2 * sum(ranked.micro.nbytes for ranked in table.ranked)
        return table

    def gain(self, stakes: Stakes, types: list[Types]) -> np.ndarray:
        """Return what each type of the demander (K,) can expect to gain at these stakes, bn USD a year."""
        if id(stakes) not in self._gains:
            self._gains[id(stakes)] = expected_gain(stakes.table(*types))
        return self._gains[id(stakes)]

    def _rows(self, levels: tuple[int, ...]) -> dict[str, int]:
        """Return the first package of each standing level, by talk."""
        rows = zip(self.names, self.first, levels)
        return {name: int(first[level]) for name, first, level in rows if level != INTERIM}

    @staticmethod
    def _key(name: str, plan) -> tuple:
        return name, None if plan is None else plan.key
