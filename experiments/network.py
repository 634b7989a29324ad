"""Many tables at once: Nash-in-Nash over the talks' packages, and what the order of the talks is worth."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np
import pandas as pd

from experiments.meeting import Meeting, meeting
from sim.solutions import bargaining

MAX_SWEEPS = 20
MOST_ORDERS = 5  # talks: 5! = 120 orders


@dataclass(frozen=True)
class Network:
    """Packages (talk -> row, -1: no deal) where each talk is at its Nash package given the others', and the evidence.

    `status`: converged, cycle or none (sweeps ran out). `residual`: the most a side's payoff in any talk would move if
    that talk bargained again. `several`: other starts led elsewhere; `found` holds every distinct end.
    """

    rows: dict[str, int]
    payoffs: dict[str, tuple[float, float]]
    status: str
    residual: float
    sweeps: int
    several: bool
    found: tuple[dict[str, int], ...]
    floors: dict[str, tuple[float, float]]  # each talk's expected no deal, given the others' rows


class Tables:
    """Payoff tables of the talks given which deals stand elsewhere; each is worked out once."""

    def __init__(self, lab) -> None:
        """Take a lab; its trade states are solved as they come up."""
        self.lab = lab
        self.names = tuple(lab.config.talks)
        self._kept: dict[tuple, Meeting] = {}

    def meeting(self, name: str, standing: dict[str, int]) -> Meeting:
        """Return a talk's meeting with the others at `standing` (missing or -1: at their interim)."""
        deals = tuple(sorted((n, r) for n, r in standing.items() if n != name and r >= 0))
        if (name, deals) not in self._kept:
            stakes = self.lab.assessor.stakes((name,), dict(deals))[0]
            types = (self.lab.types[code].types for code in stakes.agenda.pair)
            self._kept[name, deals] = meeting(stakes.table(*types), self.lab.config.protocol)
        return self._kept[name, deals]

    def nash(self, name: str, standing: dict[str, int]) -> tuple[int, tuple[float, float]]:
        """Return the Nash package of a talk (-1: no zone of agreement) and both payoffs, given the others."""
        met = self.meeting(name, standing)
        found = bargaining.nash(met.within, met.no_deal())
        row = int(found.row)
        return row, tuple(map(float, found.payoffs if row >= 0 else met.no_deal()))

    def worth(self, name: str, standing: dict[str, int]) -> np.ndarray:
        """Return what a talk's own row in `standing` is worth to both sides (2,), given the others."""
        met, row = self.meeting(name, standing), standing.get(name, -1)
        return met.u[row] if row >= 0 else met.no_deal()


def nash_in_nash(tables: Tables) -> Network:
    """Let each talk settle at its Nash package given the others', sweep after sweep, from several starts.

    Horn & Wolinsky (1988). On packages there may be no fixed point, or several. Starts: no deal anywhere, and every
    talk's answer to that.
    """
    none = dict.fromkeys(tables.names, -1)
    alone = {name: tables.nash(name, none)[0] for name in tables.names}
    ends = [_settle(tables, start) for start in (none, alone)]
    first = next((e for e in ends if e[1] == "converged"), ends[0])
    rows, status, sweeps = first
    distinct = [dict(t) for t in dict.fromkeys(tuple(sorted(e[0].items())) for e in ends if e[1] == "converged")]
    again = {name: tables.nash(name, rows)[1] for name in tables.names}
    now = {name: tables.worth(name, rows) for name in tables.names}
    residual = max(float(np.abs(np.subtract(again[n], now[n])).max()) for n in tables.names)
    payoffs = {n: (float(v[0]), float(v[1])) for n, v in now.items()}
    floors = {n: tuple(map(float, tables.meeting(n, rows).no_deal())) for n in tables.names}
    return Network(rows, payoffs, status, residual, sweeps, len(distinct) > 1, tuple(distinct), floors)


def _settle(tables: Tables, start: dict[str, int]) -> tuple[dict[str, int], str, int]:
    """Return the rows a start leads to, how it ended, and the sweeps it took."""
    rows, seen = dict(start), set()
    for sweep in range(1, MAX_SWEEPS + 1):
        before = dict(rows)
        for name in tables.names:
            rows[name] = tables.nash(name, rows)[0]
        if rows == before:
            return rows, "converged", sweep
        key = tuple(sorted(rows.items()))
        if key in seen:
            return rows, "cycle", sweep
        seen.add(key)
    return rows, "none", MAX_SWEEPS


def orders(tables: Tables) -> pd.DataFrame:
    """Return, for every order of the talks, each talk's place, its package and what it is worth in the end.

    Each talk strikes its Nash package with the deals made before it in force and the others at their interim: it does
    not foresee those to come. Payoffs are final: with all deals in force. Empty for one talk or more than five.
    """
    if not 1 < len(tables.names) <= MOST_ORDERS:
        return pd.DataFrame()
    out = []
    for order in permutations(tables.names):
        standing: dict[str, int] = {}
        for name in order:
            standing[name] = tables.nash(name, standing)[0]
        for place, name in enumerate(order):
            one, two = tables.worth(name, standing)
            out.append(
                {"order": " > ".join(order), "talk": name, "place": place + 1, "package": standing[name],
                 "demander_utility": float(one), "partner_utility": float(two)}
            )  # fmt: skip
    return pd.DataFrame(out)


def worth_of_place(table: pd.DataFrame) -> pd.DataFrame:
    """Return each partner's average payoff by its place in the order, one row a talk, one column a place."""
    return table.pivot_table(index="talk", columns="place", values="partner_utility", sort=False)
