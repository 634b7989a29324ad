"""The board of a talk: payoff tables of several variants, stacked so that worlds of all variants are played at once.

A variant is a cell of a sweep, or the deals that stand elsewhere: the packages stay, what they are worth changes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.ranking import Ranked, from_micro, to_micro
from sim.table import SIDES, PayoffTable

NEVER = np.iinfo(np.int64).min  # an outside option that does not exist


class Board:
    """Tables (V) of one talk read as one. A world has a variant and, on each side, a type among that variant's.

    `ranked` holds the utilities of both sides, one row for each type of each distinct table; `first` (2, V) is the row
    of a variant's first type and `types` (2, V) how many it has. Values by variant and type, (V, most types), in whole
    millionths: `impasse`, `carried` and `no_deal`; `outside` (2, V). `chance` (2, V) is the probability of the stick
    that each side reckons with: the demander its resolve, the partner its belief.
    """

    def __init__(self, tables: Sequence[PayoffTable]) -> None:
        """Stack payoff tables on the same packages."""
        self.tables: list[PayoffTable] = []
        self._blocks: tuple[dict, dict] = ({}, {})
        self.ranked: tuple[Ranked, ...] = ()
        self._put(tables)

    def _put(self, tables: Sequence[PayoffTable]) -> None:
        """Stack these tables upon what is there."""
        self.tables += tables
        self.ranked = tuple(self._stacked(side, tables) for side in SIDES)
        self.first = np.array([[self._blocks[s][id(t.ranked[s])][1] for t in self.tables] for s in SIDES])
        self.types = np.array([[t.ranked[s].types for t in self.tables] for s in SIDES])
        sticks = [t.stakes.agenda.stick for t in self.tables]
        self.chance = np.array([[s.resolve for s in sticks], [s.belief for s in sticks]])
        options = [[s.outside[side] for s in sticks] for side in SIDES]
        self.outside = np.array([[NEVER if o is None else int(to_micro(o)) for o in own] for own in options])
        self.impasse = [self._padded([t.impasse[side] for t in self.tables]) for side in SIDES]
        self.carried = [self._padded([t.carried[side] for t in self.tables]) for side in SIDES]
        self.no_deal = [
            expected(self.chance[s][:, None], from_micro(self.carried[s]), from_micro(self.impasse[s])) for s in SIDES
        ]
        self._parts: list = [None, None]
        self._flows: list = [None, None]

    def _stacked(self, side: int, tables: Sequence[PayoffTable]) -> Ranked:
        """Return a side's ranking with these tables' rows behind those already there."""
        new = [t.ranked[side] for t in tables if self._number(side, t.ranked[side])]
        before = self.ranked[side] if self.ranked else None
        parts = new if before is None else [before, *new]
        return parts[0] if len(parts) == 1 else Ranked.stacked(parts)

    def _number(self, side: int, ranked: Ranked) -> bool:
        """Give a side's ranking its first row in the stack; say whether it is new."""
        known = self._blocks[side]
        if id(ranked) in known:
            return False
        before = next(reversed(known.values()), None)
        known[id(ranked)] = ranked, 0 if before is None else before[1] + before[0].types
        return True

    @staticmethod
    def _padded(rows: list[np.ndarray]) -> np.ndarray:
        """Return rows (V) of different lengths as one array (V, longest), zeros behind."""
        lengths = {len(row) for row in rows}
        if len(lengths) == 1:
            return np.stack(rows)
        out = np.zeros((len(rows), max(lengths)), dtype=np.int64)
        for k, row in enumerate(rows):
            out[k, : len(row)] = row
        return out

    def add(self, tables: Sequence[PayoffTable]) -> np.ndarray:
        """Stack further tables and return their variants."""
        start = len(self.tables)
        self._put(tables)
        return np.arange(start, len(self.tables))

    def parts(self, side: int, variant: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the components (n, C) of packages `rows` (n,) to a side in `variant` (n,), bn USD a year."""
        if self._parts[side] is None:
            self._parts[side] = _distinct([t.stakes.packages[side] for t in self.tables])
        arrays, which = self._parts[side]
        if len(arrays) == 1:
            return arrays[0][rows]
        number, out = which[variant], np.empty((len(rows), arrays[0].shape[-1]))
        order = np.argsort(number, kind="stable")
        for mine in np.split(order, np.flatnonzero(np.diff(number[order])) + 1):
            out[mine] = arrays[number[mine[0]]][rows[mine]]
        return out

    def opening(self, side: int) -> np.ndarray:
        """Return the largest opening (P,) that each package asks of a side: the packages are the same everywhere."""
        return self.tables[0].stakes.opening[side]

    def rates(self, side: int) -> np.ndarray:
        """Return a side's tariff of the interim in each variant (V,), share on top."""
        return np.array([t.stakes.agenda.stick.rates(False)[side] for t in self.tables])

    def flows(self, side: int) -> np.ndarray:
        """Return the flow (V, most types, rungs 0, rungs 1) of every pair of rungs, millionths of a bn USD a year."""
        if self._flows[side] is None:
            self._flows[side] = self._padded_flows([t.flows(side) for t in self.tables])
        return self._flows[side]

    @staticmethod
    def _padded_flows(flows: list[np.ndarray]) -> np.ndarray:
        out = np.zeros((len(flows), max(len(f) for f in flows), *flows[0].shape[1:]), dtype=np.int64)
        for k, flow in enumerate(flows):
            out[k, : len(flow)] = flow
        return out


def expected(chance: np.ndarray, fall: np.ndarray, stay: np.ndarray) -> np.ndarray:
    """Return the expected deadline payoff in whole millionths, if the stick falls with `chance`; bn USD a year in.

    >>> expected(np.array([0.5]), np.array([-2.0]), np.array([0.0])).tolist()
    [-1000000]
    """
    return to_micro(chance * fall + (1.0 - chance) * stay)


def _distinct(arrays: list[np.ndarray]) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the distinct arrays (by identity) and which of them each is."""
    numbers: dict[int, int] = {}
    kept = []
    for array in arrays:
        if id(array) not in numbers:
            numbers[id(array)] = len(kept)
            kept.append(array)
    return kept, np.array([numbers[id(array)] for array in arrays])
