"""The stakes of the talks: what every package, the interim and the stick are worth, given the deals that stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim import payoffs
from sim.deals import TRADE_KINDS, trade_states
from sim.payoffs import COMPONENTS
from sim.states import TRADE, States
from sim.sticks import with_rates
from sim.table import SIDES, Agenda, Stakes

TRADED = slice(0, TRADE)
SECURITY, PLEDGE, CONCESSION = (COMPONENTS.index(name) for name in ("security", "pledge", "concession"))


@dataclass(frozen=True)
class Ground:
    """Where a talk stands while the others are held fixed: tariffs and iceberg changes (S, N, N)."""

    tariffs: np.ndarray
    iceberg: np.ndarray


@dataclass(frozen=True)
class Plan:
    """The trade states a talk's stakes rest on: numbers of each package (P,), interim, stick, the pair's status quo."""

    packages: np.ndarray
    interim: int
    carried: int
    zero: int
    key: tuple  # what the package numbers follow from


def assess(economy, agendas: tuple[Agenda, ...]) -> tuple[tuple[Stakes, ...], int]:
    """Work out the stakes of all talks of a run, each with the other talks at their interim; and count trade states.

    `economy` is a sim.economy.Economy, or None for stylised talks that touch no trade. Raises ValueError naming the
    talk where a state has no equilibrium.
    """
    assessor = Assessor(economy, agendas)
    return assessor.stakes(), assessor.count


class Assessor:
    """Works out stakes of the talks of a run; trade states are shared with every assessor on the same `states`."""

    def __init__(self, economy, agendas: tuple[Agenda, ...], states: States | None = None) -> None:
        """Take an economy (None: stylised talks) and the agendas of all its talks."""
        self.economy, self.agendas = economy, {agenda.name: agenda for agenda in agendas}
        self.states = States(economy) if states is None else states

    @property
    def count(self) -> int:
        """How many distinct trade states were solved so far."""
        return len(self.states)

    def stakes(self, names: tuple[str, ...] = (), standing: dict[str, int] | None = None) -> tuple[Stakes, ...]:
        """Return the stakes of the named talks (all by default), the others at their interim.

        `standing` gives talks that have ended in a deal the row of their package: it is then in force instead.
        """
        plans = self.plans(names, standing)
        self.states.solve()
        return self.finish(plans)

    def plans(self, names: tuple[str, ...] = (), standing: dict[str, int] | None = None) -> dict[str, Plan | None]:
        """Return which trade states the stakes of these talks need; they wait to be solved."""
        chosen = [self.agendas[name] for name in names or self.agendas]
        return {agenda.name: self._plan(agenda, standing or {}) for agenda in chosen}

    def finish(self, plans: dict[str, Plan | None]) -> tuple[Stakes, ...]:
        """Return the stakes planned, now that their states are solved; ValueError names a talk without equilibrium."""
        return tuple(self._stakes(self.agendas[name], plan) for name, plan in plans.items())

    def sticks(self, name: str, rates: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
        """Return components (M, C) of both sides of a talk where it ends with added tariffs `rates` (M pairs).

        Each pair is (demander on partner, partner on demander), shares; the stick's withdrawal is not counted.
        """
        agenda = self.agendas[name]
        out = np.zeros((2, len(rates), len(COMPONENTS)))
        if self.economy is not None:
            ground, pair = self._ground(agenda, {}), self._indices(agenda)
            changed = [with_rates(ground.tariffs, self.economy.tariffs, pair, r) for r in (*rates, (0.0, 0.0))]
            numbers = np.array([self.states.add(t, ground.iceberg) for t in changed])
            self.states.solve()
            self.states.refuse(numbers, name)
            for side in SIDES:
                out[side, :, TRADED] = self._trade(agenda, side, numbers[:-1], numbers[-1])
        return out[0], out[1]

    def _indices(self, agenda: Agenda) -> tuple[int, int]:
        return self.economy.index(agenda.demander), self.economy.index(agenda.partner)

    def _ground(self, agenda: Agenda, standing: dict[str, int]) -> Ground:
        """Return the tariffs and trade costs in force while a talk goes on: its own interim, the others' as told.

        Interims of the others first, then deals, then its own interim: a deal's cut for all exporters reaches every
        talk that is still open, whatever the order of the talks.
        """
        quo = self.economy.tariffs
        ground = Ground(quo.copy(), np.ones_like(quo))
        names = self.economy.names
        placed = [a for a in self.agendas.values() if a.name != agenda.name and all(c in names for c in a.pair)]
        ended = sorted((a for a in placed if standing.get(a.name, -1) >= 0), key=lambda a: a.name)
        waiting = [a for a in placed if standing.get(a.name, -1) < 0]
        for other in [*waiting, *ended, agenda]:
            pair = self._indices(other)
            if any(other is done for done in ended):
                row = np.array([standing[other.name]])
                tariffs, iceberg, _ = trade_states(other.grid, ground.tariffs, quo, pair, ground.iceberg, rows=row)
                ground = Ground(tariffs[0], iceberg[0])
            else:
                ground = Ground(with_rates(ground.tariffs, quo, pair, other.stick.rates(False)), ground.iceberg)
        return ground

    def _plan(self, agenda: Agenda, standing: dict[str, int]) -> Plan | None:
        """Return the numbers of a talk's trade states: of each package (P,), interim, stick, the pair's status quo."""
        if self.economy is None:
            if any(issue.kind in TRADE_KINDS for issue in agenda.grid.issues):
                raise ValueError(f"talk {agenda.name}: tariffs and barriers need an economy; this run has none")
            return None
        ground, pair, quo = self._ground(agenda, standing), self._indices(agenda), self.economy.tariffs
        cleared = with_rates(ground.tariffs, quo, pair, (0.0, 0.0))  # a deal lifts what the talks put in force
        fallen = with_rates(ground.tariffs, quo, pair, agenda.stick.rates(True))
        key = agenda.grid.issues, pair, cleared.tobytes(), ground.iceberg.tobytes()
        kept = self.states.kept
        if key not in kept:
            tariffs, iceberg, state = trade_states(agenda.grid, cleared, quo, pair, ground.iceberg)
            kept[key] = np.array([self.states.add(t, d) for t, d in zip(tariffs, iceberg)])[state]
        single = (self.states.add(t, ground.iceberg) for t in (ground.tariffs, fallen, cleared))
        return Plan(kept[key], *single, key)

    def _trade(self, agenda: Agenda, side: int, numbers, zero: int) -> np.ndarray:
        """Return trade components (..., 3) of a side at states `numbers`, against the state `zero`."""
        pair = self._indices(agenda)
        values = self.states.worth(pair[side], pair[1 - side], np.append(numbers, zero))
        out = values[:-1] - values[-1]
        return out.reshape(*np.shape(numbers), TRADE)

    def _stakes(self, agenda: Agenda, plan: Plan | None) -> Stakes:
        """Put a talk's components together from its solved trade states and its transfers."""
        if plan is not None:
            self.states.refuse(np.append(plan.packages, (plan.interim, plan.carried, plan.zero)), agenda.name)
        packages, opening = self._packages(agenda, plan)
        interim, carried = [], []
        for side in SIDES:
            now, fallen = np.zeros(len(COMPONENTS)), np.zeros(len(COMPONENTS))
            if plan is not None:
                now[TRADED] = self._trade(agenda, side, plan.interim, plan.zero)
                fallen[TRADED] = self._trade(agenda, side, plan.carried, plan.zero)
            fallen[SECURITY] -= agenda.stick.withdrawal[side]
            interim.append(now)
            carried.append(fallen)
        rungs = None if agenda.moves is None else self._rungs(agenda)
        return Stakes(agenda, packages, tuple(interim), tuple(carried), opening, rungs)

    def _packages(self, agenda: Agenda, plan: Plan | None) -> tuple[tuple, tuple]:
        """Return components (P, C) and opening (P,) of the packages to both sides; worked out once and shared."""
        kept, key = self.states.kept, ("packages", agenda.grid.issues if plan is None else plan.key)
        if key not in kept:
            grid, packages = agenda.grid, []
            for side in SIDES:
                rows = np.zeros((len(grid), len(COMPONENTS)))
                if plan is not None:
                    rows[:, TRADED] = self._trade(agenda, side, plan.packages, plan.zero)
                rows[:, SECURITY] = payoffs.security(grid, side)
                rows[:, PLEDGE] = payoffs.pledge(grid, side)
                rows[:, CONCESSION] = payoffs.concession(grid, side)
                packages.append(rows)
            kept[key] = tuple(packages), tuple(payoffs.largest_opening(grid, side) for side in SIDES)
        return kept[key]

    def _rungs(self, agenda: Agenda) -> tuple[np.ndarray, np.ndarray]:
        """Return components (rungs 0, rungs 1, C) of both sides at every pair of rungs that can be in force.

        The share of protection withdrawn on a rung of the demander costs each side that share of the stick's price.
        """
        one, two = agenda.moves.rates
        parts = self.sticks(agenda.name, [(agenda.stick.effective(a), b) for a in one for b in two])
        found = tuple(part.reshape(len(one), len(two), -1) for part in parts)
        if agenda.moves.withdrawn:
            share = np.array(agenda.moves.withdrawn)[:, None]
            for part, price in zip(found, agenda.stick.withdrawal):
                part[..., SECURITY] -= share * price
        return found
