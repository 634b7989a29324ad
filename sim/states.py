"""Trade states of one economy: each distinct one is solved once, whichever talk, cell or deal leads to it."""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from sim import payoffs
from sim.trade import solve

TRADE = 3  # the first three components come from the trade model: welfare, revenue, balance


class Solved(NamedTuple):
    """What is kept of solved states (M): ev, revenue, price (M, N), flows (M, S, N, N)."""

    ev: np.ndarray
    revenue: np.ndarray
    price: np.ndarray
    flows: np.ndarray


class States:
    """The trade states asked for so far, by number; `solve` works out those that are still waiting."""

    def __init__(self, economy) -> None:
        """Take a sim.economy.Economy."""
        self.economy = economy
        self.kept: dict = {}  # what is worked out of the states once: see sim/assess.py
        self._number: dict[bytes, int] = {}
        self._waiting: list[tuple[np.ndarray, np.ndarray]] = []
        self._failed: dict[int, tuple[np.ndarray, float]] = {}  # number: tariffs, residual
        self._batches: list[Solved] = []
        self._values: dict[tuple[int, int], tuple[int, np.ndarray]] = {}

    def __len__(self) -> int:
        return len(self._number)

    def add(self, tariffs: np.ndarray, iceberg: np.ndarray) -> int:
        """Return the number of a state (S, N, N), put on the waiting list if it is new."""
        key = blake2b(tariffs.tobytes() + iceberg.tobytes(), digest_size=16).digest()  # states can be many
        number = self._number.get(key)
        if number is None:
            number = self._number[key] = len(self._number)
            self._waiting.append((tariffs, iceberg))
        return number

    def solve(self) -> None:
        """Solve the states on the waiting list in one batch; those without an equilibrium are remembered."""
        if not self._waiting:
            return
        tariffs, iceberg = (np.stack(part) for part in zip(*self._waiting))
        result = solve(self.economy, tariffs, iceberg)
        first = len(self._number) - len(self._waiting)
        for bad in np.flatnonzero(~result.converged).tolist():
            self._failed[first + bad] = tariffs[bad], float(result.residual[bad])
        self._waiting.clear()
        self._batches.append(Solved(result.ev, result.revenue, result.price, result.flows))

    def worth(self, who: int, other: int, numbers: np.ndarray) -> np.ndarray:
        """Return trade components (..., 3) of economy `who` bargaining with `other` at solved states."""
        count, values = self._values.get((who, other), (0, np.zeros((0, TRADE))))
        if count < len(self._batches):
            new = [payoffs.trade_components(b, self.economy, who, other) for b in self._batches[count:]]
            values = np.concatenate([values, *new])
            self._values[who, other] = len(self._batches), values
        return values[numbers]

    def refuse(self, numbers: np.ndarray, talk: str) -> None:
        """Raise ValueError naming the talk if one of these states has no equilibrium."""
        bad = next((number for number in np.unique(numbers).tolist() if number in self._failed), None)
        if bad is None:
            return
        tariffs, residual = self._failed[bad]
        _, exporter, importer = np.unravel_index(np.argmax(tariffs), tariffs.shape)
        names = self.economy.names
        raise ValueError(
            f"talk {talk}: the trade model finds no equilibrium (residual {residual:.1e})\n"
            f"highest tariff in that state: {names[importer]} on {names[exporter]}, {100 * tariffs.max():g} %\n"
            "try lower tariff levels, a lower scale elasticity or a higher trade elasticity"
        )
