"""Who chooses which tariffs, and the problem of each while all others stand still.

Nothing here knows the trade model: `welfare(tariffs (..., S, N, N)) -> (ev (..., N), converged (...))` is handed in,
tariffs as shares, exporter by importer, ev in bn USD a year, N economies and S sectors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]
Welfare = Callable[[Array], tuple[Array, Mask]]
Payoff = Callable[[Array], Array]

LOW, HIGH = 0.0, 2.0  # default bounds of a rate, shares


@dataclass(frozen=True, eq=False)
class Choices:
    """Who chooses which tariffs: J players with at most K rates each, within [low, high]. Built by `choices`.

    who (J,)            the economy whose tariffs player j sets and whose welfare it has
    place (J, S, N, N)  which of player j's rates fills a cell; -1 where the tariff is not player j's to choose
    """

    who: Rows
    place: Rows
    low: float = LOW
    high: float = HIGH

    @property
    def rates(self) -> int:
        """Rates of the player that has most of them: K."""
        return int(self.place.max()) + 1

    @property
    def chosen(self) -> Mask:
        """Cells (S, N, N) that somebody chooses."""
        return (self.place >= 0).any(0)


def choices(
    size: int,
    sectors: int = 1,
    *,
    players: Sequence[int] | None = None,
    free: ArrayLike | None = None,
    uniform: bool = False,
    low: float = LOW,
    high: float = HIGH,
) -> Choices:
    """Who sets what among N economies: each player a rate on every exporter and sector, or one `uniform` rate.

    `players` (all): the others keep their tariffs. `free` (N, N) or (S, N, N), exporter by importer, limits the war
    to some tariffs, for example to those of two economies on each other.

    >>> choices(3).rates, choices(3, uniform=True).rates, choices(3, players=[0, 2]).who.tolist()
    (2, 1, [0, 2])
    """
    if not -1 < low < high < np.inf:
        raise ValueError(f"bounds [{low}, {high}]: tariffs are shares, -1 < low < high (2 for 200 %)")
    who = np.arange(size) if players is None else np.array(list(players), dtype=np.int64)
    if who.size == 0 or who.min() < 0 or who.max() >= size or np.unique(who).size != who.size:
        raise ValueError(f"players = {who.tolist()}: must be different rows of the {size} economies, 0 to {size - 1}")
    mask = np.ones((sectors, size, size), bool) if free is None else np.broadcast_to(free, (sectors, size, size))
    mask = mask.astype(bool) & ~np.eye(size, dtype=bool)
    place = np.full((who.size, sectors, size, size), -1)
    for j, economy in enumerate(who):
        own = mask[:, :, economy]
        if not own.any():
            raise ValueError(
                f"economy {economy} is a player, but column {economy} of `free` is all False: no tariff to choose.\n"
                "Leave it out of `players`, or free one of its tariffs."
            )
        place[j, :, :, economy][own] = 0 if uniform else np.arange(own.sum())
    return Choices(who.astype(np.int64), place, float(low), float(high))


class Problems(NamedTuple):
    """P problems to be solved side by side: what stands, which cells are one's own, whose welfare counts."""

    tariffs: Array  # (P, S, N, N) shares
    place: Rows  # (P, S, N, N) which of the own rates fills a cell, -1 none
    who: Rows  # (P,) row of the economy

    def take(self, rows: Rows | Mask) -> Problems:
        """Some of the problems."""
        return Problems(*(field[rows] for field in self))

    def used(self, rates: int) -> Mask:
        """Which of the K rates fill a cell at all: (P, K)."""
        return (np.arange(rates)[:, None, None, None] == self.place[:, None]).any((2, 3, 4))

    def standing(self, rates: int) -> Array:
        """Own rates (P, K) as they stand: the mean of the cells a rate fills, 0 for unused ones."""
        cells = np.arange(rates)[:, None, None, None] == self.place[:, None]
        return (cells * self.tariffs[:, None]).sum((2, 3, 4)) / np.maximum(cells.sum((2, 3, 4)), 1)

    def fill(self, rates: Array) -> Array:
        """Tariffs (..., P, S, N, N) with own rates (..., P, K) in place."""
        count = len(self.who)
        flat = rates[..., np.arange(count)[:, None], np.maximum(self.place, 0).reshape(count, -1)]
        return np.where(self.place >= 0, flat.reshape(*rates.shape[:-1], *self.place.shape[1:]), self.tariffs)

    def payoff(self, welfare: Welfare, rates: Array) -> Array:
        """Welfare (..., P) of each problem's economy, bn USD a year; -inf where no equilibrium was found."""
        ev, converged = welfare(self.fill(rates))
        own = ev[..., np.arange(len(self.who)), self.who]
        return np.where(np.asarray(converged) & np.isfinite(own), own, -np.inf)


def problems(choice: Choices, tariffs: Array) -> Problems:
    """Every player's problem at every point: tariffs (B, S, N, N) -> B·J problems, point by point."""
    count, players = len(tariffs), len(choice.who)
    return Problems(
        np.repeat(tariffs, players, axis=0), np.tile(choice.place, (count, 1, 1, 1)), np.tile(choice.who, count)
    )


def together(choice: Choices, tariffs: Array, rates: Array) -> Array:
    """Tariffs (B, S, N, N) once all players move at the same time to rates (B·J, K)."""
    players = len(choice.who)
    moved = problems(choice, tariffs).fill(rates).reshape(len(tariffs), players, *tariffs.shape[1:])
    out = tariffs.copy()
    for j in range(players):
        out = np.where(choice.place[j] >= 0, moved[:, j], out)
    return out


def point(choice: Choices, tariffs: ArrayLike) -> Array:
    """Tariffs (S, N, N) as floats, checked against the choices.

    >>> point(choices(2), np.zeros((2, 2))).shape
    (1, 2, 2)
    """
    array, cell = np.asarray(tariffs, dtype=float), choice.place.shape[1:]
    array = array[None] if array.ndim == 2 else array
    if array.shape != cell or not np.isfinite(array).all():
        shape = np.shape(tariffs)
        raise ValueError(f"tariffs of shape {shape}: must be finite, {cell} (sectors, exporters, importers)")
    return array
