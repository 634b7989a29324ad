"""What is kept of a run beside its rows: offers by round, the packages, and the points of each talk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from sim.columns import SIDE_NAMES, STICKS
from sim.landmarks import bounded
from sim.payoffs import COMPONENTS
from sim.protocols.base import DEAL
from sim.ranking import from_micro
from sim.solutions.bargaining import kalai_smorodinsky, nash
from sim.table import SIDES, PayoffTable

QUANTILES = (10, 25, 50, 75, 90)
ARROW = {"text": pa.string(), "whole": pa.int64(), "number": pa.float64()}


def offer_counts(talk) -> np.ndarray:
    """Return how often each side offered each package in each round (T, 2, P); sums of chunks are exact."""
    rounds, packages = talk.history.offers.shape[1], len(talk.agenda.grid)
    out = np.zeros((rounds, 2, packages), dtype=np.int64)
    for turn in range(rounds):
        rows, speaker = talk.history.offers[:, turn], talk.history.speaker[:, turn]
        said = rows >= 0
        code = speaker[said].astype(np.int64) * packages + rows[said]
        out[turn] = np.bincount(code, minlength=2 * packages).reshape(2, packages)
    return out


def level_quantiles(levels: np.ndarray, counts: np.ndarray) -> list[float]:
    """Return the 10, 25, 50, 75 and 90 % quantiles of levels (L,) that occur `counts` (L,) times: the inverse cdf.

    >>> level_quantiles(np.array([0.0, 1.0]), np.array([1, 3]))
    [0.0, 0.0, 1.0, 1.0, 1.0]
    """
    reached = np.cumsum(counts)
    needed = np.ceil(np.array(QUANTILES) / 100.0 * reached[-1]).astype(np.int64)
    return levels[np.searchsorted(reached, np.maximum(needed, 1), side="left")].tolist()


def rounds_table(agendas, counts: list[np.ndarray]) -> pa.Table:
    """Return quantiles of the level of each issue on offer, by talk, round and speaker; from counts (T, 2, P)."""
    rows = []
    for agenda, count in zip(agendas, counts):
        for k, issue in enumerate(agenda.grid.issues):
            index, shown = agenda.grid.index[:, k], issue.shown
            for turn, side in np.argwhere(count.sum(axis=-1) > 0).tolist():
                by_level = np.bincount(index, weights=count[turn, side], minlength=len(shown)).astype(np.int64)
                total = int(by_level.sum())
                mean = float(np.add.reduce(shown * by_level) / total)
                quantiles = level_quantiles(shown, by_level)
                rows.append((agenda.name, turn + 1, agenda.pair[side], issue.column, total, *quantiles, mean))
    names = ("talk", "round", "speaker", "issue", "offers", *[f"q{q:02d}" for q in QUANTILES], "mean")
    kinds = (pa.string(), pa.int64(), pa.string(), pa.string(), pa.int64(), *[pa.float64()] * 6)
    return pa.table({name: pa.array([row[i] for row in rows], kinds[i]) for i, name in enumerate(names)})


@dataclass(frozen=True, eq=False)
class StickCounts:
    """A talk's tariffs in force: worlds on each rung (T, rungs) by side, flows (T, 2) summed, deals (T,).

    Flows are summed in whole millionths, so that sums of chunks are exact.
    """

    rungs: tuple[np.ndarray, np.ndarray]
    flow: np.ndarray
    deals: np.ndarray

    def __add__(self, other: StickCounts) -> StickCounts:
        rungs = tuple(a + b for a, b in zip(self.rungs, other.rungs))
        return StickCounts(rungs, self.flow + other.flow, self.deals + other.deals)


def stick_counts(talk) -> StickCounts | None:
    """Return how often each side's tariff stood on each rung in each round; None where a talk's tariffs stay put."""
    sticks = talk.sticks
    if sticks is None:
        return None
    rounds = len(sticks.record)
    rungs = tuple(np.zeros((rounds, len(rates)), dtype=np.int64) for rates in sticks.rates)
    flow = np.zeros((rounds, 2), dtype=np.int64)
    for turn, record in enumerate(sticks.record):
        worlds = np.flatnonzero(record[:, 0] >= 0)
        one, two = record[worlds].T
        for side, own in zip(SIDES, (one, two)):
            rungs[side][turn] = np.bincount(own, minlength=rungs[side].shape[1])
            flow[turn, side] = sticks.flow_of(side, worlds, one, two).sum()
    deals = np.bincount(talk.closed[talk.ending == DEAL], minlength=rounds)
    return StickCounts(rungs, flow, deals)


def sticks_table(agendas, counted: list[StickCounts | None]) -> pa.Table:
    """Return the tariffs in force by talk, round and side, and what a year of them is worth (columns: STICKS)."""
    rows = []
    for agenda, counts in zip(agendas, counted):
        if counts is None:
            continue
        for turn in np.flatnonzero(counts.rungs[0].sum(axis=-1)).tolist():
            for side in SIDES:
                on, shown = counts.rungs[side][turn], shown_rungs(agenda, side)
                worlds, deals = int(on.sum()), int(counts.deals[turn])
                mean = float(np.add.reduce(shown * on) / worlds)
                flow = float(from_micro(counts.flow[turn, side]) / worlds)
                head = (agenda.name, turn + 1, agenda.pair[side], worlds, deals)
                rows.append((*head, *level_quantiles(shown, on), mean, flow))
    return pa.table({c.name: pa.array([row[k] for row in rows], ARROW[c.kind]) for k, c in enumerate(STICKS)})


def shown_rungs(agenda, side: int) -> np.ndarray:
    """Return the rates (rungs,) of a side's rungs, percent on top; the demander's with its sector tariff in them."""
    rates = np.array(agenda.moves.rates[side])
    return 100.0 * (agenda.stick.effective(rates) if side == 0 else rates)


def mean_utility(table: PayoffTable, side: int) -> np.ndarray:
    """Return utilities (P,) of the packages to a side, averaged over its types by their probability."""
    return type_average(table, side, table.utility(side))


def type_average(table: PayoffTable, side: int, values: np.ndarray) -> np.ndarray:
    """Average values (K, ...) over a side's types, type by type so that the order of summing is fixed."""
    out = np.zeros(values.shape[1:])
    for weight, value in zip(table.types[side].probability, values):
        out = out + weight * value
    return out


def packages_table(tables: list[PayoffTable], issue_names: list[str]) -> pa.Table:
    """Return one row a talk and package: its levels, and what it is worth to both sides on average over types."""
    parts = []
    for table in tables:
        grid, count = table.grid, len(table.grid)
        columns = {"talk": pa.array([table.stakes.agenda.name] * count), "package": pa.array(np.arange(count))}
        own = {issue.column: k for k, issue in enumerate(grid.issues)}
        for name in issue_names:
            k = own.get(name)
            shown = pa.nulls(count, pa.float64()) if k is None else grid.issues[k].shown[grid.index[:, k]]
            columns[name] = pa.array(shown)
        for side, name in zip(SIDES, SIDE_NAMES):
            columns[f"{name}_utility"] = pa.array(mean_utility(table, side))
        for side, name in zip(SIDES, SIDE_NAMES):
            for c, part in enumerate(COMPONENTS):
                columns[f"{name}_{part}"] = pa.array(table.stakes.packages[side][:, c])
        parts.append(pa.table(columns))
    return pa.concat_tables(parts)


def points_table(tables: list[PayoffTable]) -> pa.Table:
    """Return the points of each talk in payoff space, average over types; Nash and KS on the average utilities."""
    rows = []
    for table in tables:
        talk, stick = table.stakes.agenda.name, table.stakes.agenda.stick
        rows.append((talk, "status_quo", None, 0.0, 0.0))
        for point, values in (("impasse", table.impasse), ("stick", table.carried)):
            rows.append((talk, point, None, *(float(type_average(table, s, from_micro(values[s]))) for s in SIDES)))
        chance = (stick.resolve, stick.belief)
        floor = [float(type_average(table, s, from_micro(table.no_deal(s, chance[s])))) for s in SIDES]
        rows.append((talk, "no_deal", None, *floor))
        means = np.stack([bounded(table, side, mean_utility(table, side)) for side in SIDES], axis=-1)
        for name, solve in (("nash", nash), ("kalai_smorodinsky", kalai_smorodinsky)):
            found = solve(means, np.array(floor))
            row = int(found.row)
            rows.append((talk, name, row, *map(float, found.payoffs)) if row >= 0 else (talk, name, None, None, None))
    names = ("talk", "point", "package", "demander_utility", "partner_utility")
    kinds = (pa.string(), pa.string(), pa.int64(), pa.float64(), pa.float64())
    return pa.table({name: pa.array([row[i] for row in rows], kinds[i]) for i, name in enumerate(names)})
