"""What theory says of every cell of a sweep: solutions for average types, and the leverage of the stick.

Cells that differ only in belief, resolve, patience or strategies share their packages and what those are worth; their
predictions are worked out together, each distinct trade state once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from experiments.build import make_agenda, make_economy, make_types
from experiments.compose import plain
from experiments.meeting import Meeting, meeting
from sim.assess import Assessor
from sim.results import NOTHING_GAINED, issue_columns, write
from sim.solutions import bargaining, subgame
from sim.solutions.credibility import leverage
from sim.solutions.frontier import Frontier, frontier
from sim.states import States
from sim.table import SIDES

THEORY = "theory.parquet"
POINTS = ("nash", "kalai_smorodinsky", "nash_patience")  # concepts that name a package
PLAYED = "subgame_perfect"  # the concept whose package may be drawn
CONCEPTS = (*POINTS, PLAYED)
GROUNDS, STATES = 64, 8192  # sets of agendas whose trade states are solved at once; states kept of one economy
OF_BELIEF = ("resolve_pct", "belief_pct")  # of a stick: they move no trade state
SIDE_NAMES = ("demander", "partner")


@dataclass
class Batch:
    """Cells of a sweep whose talk has the same packages, worth the same: numbers, chances and rates (m, 2) of both."""

    config: Any  # of the first of them
    talk: str
    cells: list[int] = field(default_factory=list)
    chance: list[tuple[float, float]] = field(default_factory=list)
    rates: list[tuple[float, float]] = field(default_factory=list)


def write_theory(cells: Iterable, folder: Path) -> Path:
    """Write theory.parquet into a sweep's folder, one row a cell and talk; return its path.

    `cells` have a number and a config (experiments.sweep.cells.Cell).
    """
    write(theory(cells), Path(folder) / THEORY)
    return Path(folder) / THEORY


def theory(cells: Iterable) -> pa.Table:
    """Return the predictions for each cell and talk, in their order; a cell without an equilibrium of trade has none.

    Columns: cell, talk, zone, no deal and losses by the stick (bn USD a year), leverage (model: target's loss over
    the holder's; infinite where the stick is credible by itself), and for each concept its payoffs, the demander's
    share of the surplus and the level of each issue.
    """
    parts, names = [], {}
    for economy in _batches(cells):
        parts += _of_economy(economy, names)
    if not parts:
        return pa.table({"cell": pa.array([], pa.int64()), "talk": pa.array([], pa.string())})
    table = pa.concat_tables(parts, promote_options="default")
    order = np.lexsort((np.array([names[t] for t in table.column("talk").to_pylist()]), table.column("cell")))
    return table.take(pa.array(order))


def _batches(cells: Iterable) -> Iterator[list[list[Batch]]]:
    """Yield, for each distinct economy, the cells of each set of agendas as batches."""
    marks, found = Marks(), {}
    for cell in cells:
        config = cell.config
        economy = marks.of(config.economy)
        agendas = tuple((name, marks.agenda(talk)) for name, talk in config.talks.items())
        who = marks.of(config.protocol)
        ground = found.setdefault(economy, {}).setdefault(agendas, {})
        for name, talk in config.talks.items():
            sides = tuple(marks.country(config.countries[code]) for code in (talk.demander, talk.partner))
            key = (name, who, *(worth for worth, _ in sides))
            batch = ground.setdefault(key, Batch(config, name))
            batch.cells.append(cell.number)
            batch.chance.append((talk.stick.resolve_pct / 100.0, talk.stick.belief_pct / 100.0))
            batch.rates.append(tuple(rate for _, rate in sides))
    for grounds in found.values():
        yield [list(batches.values()) for batches in grounds.values()]


class Marks:
    """What tells nodes of configurations apart, worked out once a node: cells share them where they are equal."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, Any]] = {}  # by identity, the node kept so that it stays its own

    def _kept(self, node: Any, make) -> Any:
        if id(node) not in self._known:
            self._known[id(node)] = (node, make())
        return self._known[id(node)][1]

    def of(self, node: Any) -> str:
        """Return a text that is equal for equal nodes."""
        return self._kept(node, lambda: json.dumps(plain(node), sort_keys=True, default=str))

    def agenda(self, talk) -> str:
        """Return a text that is equal for talks with the same trade states and packages."""

        def make() -> str:
            own = plain(talk)
            own["stick"] = {k: v for k, v in own["stick"].items() if k not in OF_BELIEF}
            return json.dumps(own, sort_keys=True, default=str)

        return self._kept(talk, make)

    def country(self, country) -> tuple[bytes, float]:
        """Return what tells countries apart that value packages differently, and the average discount rate."""

        def make() -> tuple[bytes, float]:
            types = make_types(_without_patience(country)).types
            whole = make_types(country).types
            rate = 0.0
            for chance, own in zip(whole.probability, whole.discount_rate):
                rate = rate + chance * own
            return types.mark + types.probability.tobytes(), float(rate)

        return self._kept(country, make)


def _without_patience(country):
    """Return a country with one discount rate: what packages are worth must not depend on how many there are."""
    one = country.types.discount_rate_per_year.model_copy(update={"values": (0.0,), "probabilities": None})
    return country.model_copy(update={"types": country.types.model_copy(update={"discount_rate_per_year": one})})


def _of_economy(grounds: list[list[Batch]], names: dict[str, int]) -> list[pa.Table]:
    """Return the predictions of all cells of one economy; `names` collects the talks in order."""
    out = []
    try:
        economy = make_economy(grounds[0][0].config)
    except ValueError:  # the runs of these cells fail too, and say why
        return out
    states = None
    for start in range(0, len(grounds), GROUNDS):
        if states is None or len(states) > STATES:
            states = States(economy)
        part, plans = grounds[start : start + GROUNDS], []
        for batches in part:
            talks = batches[0].config.talks
            assessor = Assessor(economy, tuple(make_agenda(name, talk) for name, talk in talks.items()), states)
            names.update({name: len(names) for name in talks if name not in names})
            plans.append((assessor, assessor.plans()))
        states.solve()
        for batches, (assessor, plan) in zip(part, plans):
            out += _of_ground(batches, assessor, plan)
    return out


def _of_ground(batches: list[Batch], assessor: Assessor, plan) -> list[pa.Table]:
    """Return the predictions of the cells that share their agendas; none where a trade state has no equilibrium."""
    try:
        stakes = dict(zip(assessor.agendas, assessor.finish(plan)))
    except ValueError:
        return []
    columns = issue_columns([agenda.grid for agenda in assessor.agendas.values()])
    return [_predicted(batch, stakes[batch.talk], columns) for batch in batches]


def _predicted(batch: Batch, stakes, columns: list[str]) -> pa.Table:
    """Return one row a cell of a batch."""
    config, pair = batch.config, stakes.agenda.pair
    types = [make_types(_without_patience(config.countries[code])).types for code in pair]
    met = meeting(stakes.table(*types, keep=False), config.protocol)
    reopen = met.protocol.reopen_rate_per_year
    met = replace(met, chance=np.array(batch.chance), rates=np.array(batch.rates) + reopen)
    f, floor = frontier(met.within), met.no_deal()
    limit = met.short_rounds()
    stick = leverage(met.impasse, met.stick)
    count = len(batch.cells)
    out = {"cell": np.array(batch.cells), "talk": [batch.talk] * count}
    found = {
        "nash": bargaining.nash(f, floor),
        "kalai_smorodinsky": bargaining.kalai_smorodinsky(f, floor),
        "nash_patience": bargaining.nash(f, limit.point, limit.weight),
    }
    out["zone"] = found["nash"].zone
    out |= {f"{side}_no_deal": floor[:, k] for k, side in enumerate(SIDE_NAMES)}
    losses = {"leverage": stick.ratio, "demander_loss": stick.holder_loss, "partner_loss": stick.target_loss}
    out |= {name: np.full(count, float(value)) for name, value in losses.items()}
    out["credible"] = np.full(count, bool(stick.credible))
    for name, point in found.items():
        chance = (point.row >= 0).astype(float)[:, None]
        out |= _concept(name, point.payoffs, floor, _levels(met, columns, point.row[:, None], chance))
    out |= _played(met, f, floor, columns)
    return pa.table({name: pa.array(values, from_pandas=True) for name, values in out.items()})


def _concept(name: str, payoffs: np.ndarray, floor: np.ndarray, levels: dict) -> dict[str, np.ndarray]:
    """Return a concept's columns: payoffs (m, 2), the demander's share of the gain over no deal, levels."""
    gain = payoffs - floor
    total = gain[:, 0] + gain[:, 1]
    some = total > NOTHING_GAINED
    out = {f"{name}_{side}_utility": payoffs[:, k] for k, side in enumerate(SIDE_NAMES)}
    out[f"{name}_demander_surplus_share"] = np.where(some, gain[:, 0] / np.where(some, total, 1.0), np.nan)
    return out | {f"{name}_{issue}": level for issue, level in levels.items()}


def _levels(met: Meeting, columns: list[str], rows: np.ndarray, chance: np.ndarray) -> dict[str, np.ndarray]:
    """Return each issue's mean level as shown, given a deal, over packages rows (m, n) of these chances (m, n)."""
    grid = met.table.grid
    own = {issue.column: k for k, issue in enumerate(grid.issues)}
    deal = np.add.reduce(chance, axis=-1)
    some, safe = deal > 0, np.maximum(rows, 0)
    out = {}
    for name in columns:
        if name in own:
            shown = grid.issues[own[name]].shown[grid.index[:, own[name]]][safe]
            mean = np.add.reduce(chance * shown, axis=-1) / np.where(some, deal, 1.0)
            out[name] = np.where(some, mean, np.nan)
        else:
            out[name] = np.full(len(rows), np.nan)
    return out


def _played(met: Meeting, f: Frontier, floor: np.ndarray, columns: list[str]) -> dict[str, np.ndarray]:
    """Return the columns of the subgame-perfect equilibrium: deals, payoffs, share, levels expected given a deal."""
    if met.table.stakes.agenda.stick.outside == (None, None):
        games = [(slice(None), met.game())]
    else:  # rules with an outside option are written for one cell
        one = [replace(met, chance=met.chance[k], rates=met.rates[k]) for k in range(len(floor))]
        games = [(slice(k, k + 1), own.game()) for k, own in enumerate(one)]
    parts: list[dict[str, np.ndarray]] = []
    for cut, game in games:
        # packages below an outside option stay in: the equilibrium itself says who walks out
        found = subgame.subgame_perfect(f if game.outside is None else met.u, game)
        count = len(floor[cut])
        rows, chance = found.offer.reshape(count, -1), found.agreed.reshape(count, -1)
        deal = {f"{PLAYED}_deal_rate": np.add.reduce(chance, axis=-1)}
        levels = _levels(met, columns, rows, chance)
        parts.append(deal | _concept(PLAYED, found.payoffs.reshape(count, 2), floor[cut], levels))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


assert len(SIDE_NAMES) == len(SIDES)
