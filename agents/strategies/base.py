"""The contract of a strategy: the utility it insists on, which package to offer, whether to accept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from pydantic import ConfigDict

from sim.view import NONE, View

PLUGIN = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
DISTANCE_STEPS = 1e9  # distances between packages are compared in steps of one billionth of a range
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
    types, ranked = view.types, view.ranked
    case = types  # worlds of one type often share one target: each type is then one case
    kinds, wanted = np.arange(ranked.types), np.full(ranked.types, np.iinfo(np.int64).min >> 18)
    if ranked.types < len(types):
        wanted[types] = target
    if ranked.types >= len(types) or not (wanted[types] == target).all():
        pairs, case = np.unique(np.stack([types, target]), axis=1, return_inverse=True)
        (kinds, wanted), case = pairs, case.reshape(-1)
    position = ranked.at_least(kinds, wanted)
    rows = ranked.row(kinds, position)[case]
    tied = ranked.tied(kinds, position)
    if tied.any():
        worlds = np.flatnonzero(tied[case] & (view.other_last != NONE))
        rows[worlds] = _nearest_of_tied(view, (kinds, position), case[worlds], view.other_last[worlds])
    return rows


def _nearest_of_tied(view: View, cases: tuple[np.ndarray, np.ndarray], case: np.ndarray, last: np.ndarray):
    """Return the rows (m,) nearest to `last` (m,) among those tied in each case (types (c,), positions (c,))."""
    scaled, packages = view.grid.scaled, view.ranked.packages
    offset = np.full(len(cases[0]), NONE)
    used = np.flatnonzero(np.bincount(case, minlength=len(offset)))
    offset[used] = np.arange(len(used)) * packages
    pair = offset[case] + last
    needed = np.zeros(len(used) * packages, dtype=bool)
    needed[pair] = True
    chosen = np.full(len(needed), NONE, dtype=np.int64)
    for start, number in zip(offset[used].tolist(), used.tolist()):
        lasts = np.flatnonzero(needed[start : start + packages])
        tied = view.ranked.tie_rows(int(cases[0][number]), int(cases[1][number]))
        gap = np.abs(scaled[tied][:, None, :] - scaled[lasts][None, :, :])
        distance = np.rint(np.add.reduce(gap, axis=-1) * DISTANCE_STEPS)
        chosen[start + lasts] = tied[np.argmin(distance, axis=0)]
    return chosen[pair]
