"""The contract of a strategy: the utility it insists on, which package to offer, whether to accept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from pydantic import ConfigDict

from sim.view import NONE, View

PLUGIN = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
CHECKED, LIGHT = "checked against print", "lightly tested"


class Strategy(ABC):
    """A way to bargain: a frozen dataclass of parameters, checked at birth, that answers for all worlds at once.

    A strategy keeps nothing between calls. Utilities are whole millionths of a bn USD a year (int64). Write
    `target`; override `offer`, `accept` or `walk` where the behaviour differs.
    """

    status: ClassVar[str] = LIGHT
    source: ClassVar[str] = ""

    @abstractmethod
    def target(self, view: View) -> np.ndarray:
        """Return the utility (n,) the side insists on this round, millionths."""

    def offer(self, view: View, target: np.ndarray) -> np.ndarray:
        """Return the package rows (n,) to offer, -1 to pass: least own surplus, then nearest the other's last offer."""
        return package_at(view, target)

    def accept(self, view: View, target: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Say (n,) whether to accept the packages `rows` (n,): those worth the target or more."""
        return view.utility(rows) >= target

    def walk(self, view: View, target: np.ndarray) -> np.ndarray:
        """Say (n,) whether to take the outside option after a refusal: once it is worth the target."""
        return view.outside >= target


def between(low: np.ndarray, high: np.ndarray, share: np.ndarray | float) -> np.ndarray:
    """Return high - share * (high - low), rounded to whole millionths (n,), and never below low.

    >>> between(np.array([0]), np.array([1000]), 0.25).tolist()
    [750]
    """
    return np.maximum(high - np.rint((high - low) * share).astype(np.int64), low)


def package_at(view: View, target: np.ndarray) -> np.ndarray:
    """Return the rows (n,) of least own utility at or above `target` (n,).

    Ties: nearest the other side's last offer (sum of issue distances, each over its range), then the lowest row.
    """
    types = view.types
    count = view.ranked.types
    if count < len(types):  # worlds of one type often share one target: look up each type once
        by_type = np.full(count, np.iinfo(np.int64).min)
        by_type[types] = target
        if (by_type[types] == target).all():
            every = np.arange(count)
            position = view.ranked.at_least(every, by_type)
            rows = view.ranked.row(every, position)[types]
            tied = view.ranked.tied(every, position)
            return _break_ties(view, rows, position[types], tied[types]) if tied.any() else rows
    position = view.ranked.at_least(types, target)
    rows = view.ranked.row(types, position)
    return _break_ties(view, rows, position, view.ranked.tied(types, position))


def _break_ties(view: View, rows: np.ndarray, position: np.ndarray, tied: np.ndarray) -> np.ndarray:
    """Replace tied rows (n,) by the tied package nearest the other's last offer; each distinct case once."""
    worlds = np.flatnonzero(tied & (view.other_last != NONE))
    if not len(worlds):
        return rows
    rows = rows.copy()
    cases = np.stack([view.types[worlds], position[worlds], view.other_last[worlds]], axis=-1)
    distinct, which = np.unique(cases, axis=0, return_inverse=True)
    chosen = np.array([_nearest(view, *case) for case in distinct.tolist()])
    rows[worlds] = chosen[which.reshape(-1)]
    return rows


def _nearest(view: View, kind: int, position: int, last: int) -> int:
    """Return the row, among those tied at `position`, nearest the row `last`."""
    tied = view.ranked.tie_rows(kind, position)
    gap = np.abs(view.grid.scaled[tied] - view.grid.scaled[last])
    distance = np.rint(np.add.reduce(gap, axis=-1) * 1e9)
    return int(tied[np.argmin(distance)])
