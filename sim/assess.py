"""The stakes of the talks: every trade state that a package, an interim or a stick leads to, solved once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim import payoffs
from sim.deals import TRADE_KINDS, trade_states
from sim.payoffs import COMPONENTS
from sim.sticks import with_rates
from sim.table import SIDES, Agenda, Stakes
from sim.trade import solve

TRADE = 3  # the first three components come from the trade model: welfare, revenue, balance
TRADED = slice(0, TRADE)
SECURITY, PLEDGE, CONCESSION = (COMPONENTS.index(name) for name in ("security", "pledge", "concession"))


@dataclass(frozen=True)
class Ground:
    """Where a talk stands while the others are held fixed: tariffs and iceberg changes (S, N, N)."""

    tariffs: np.ndarray
    iceberg: np.ndarray


@dataclass(frozen=True)
class Solved:
    """What payoffs need of solved trade states (M): ev, revenue, price (M, N), flows (M, S, N, N)."""

    ev: np.ndarray
    revenue: np.ndarray
    price: np.ndarray
    flows: np.ndarray


def assess(economy, agendas: tuple[Agenda, ...]) -> tuple[tuple[Stakes, ...], int]:
    """Work out the stakes of all talks of a run, each with the other talks at their interim; and count trade states.

    `economy` is a sim.economy.Economy, or None for stylised talks that touch no trade. Raises ValueError naming the
    talk where a state has no equilibrium.
    """
    assessor = Assessor(economy, agendas)
    return assessor.stakes(), assessor.count


class Assessor:
    """Works out stakes of the talks of a run and remembers every trade state it has solved."""

    def __init__(self, economy, agendas: tuple[Agenda, ...]) -> None:
        """Take an economy (None: stylised talks) and the agendas of all its talks."""
        self.economy, self.agendas = economy, {agenda.name: agenda for agenda in agendas}
        self._number: dict[bytes, int] = {}
        self._waiting: list[tuple[np.ndarray, np.ndarray, str]] = []
        self._solved: Solved | None = None

    @property
    def count(self) -> int:
        """How many distinct trade states were solved so far."""
        return len(self._number)

    def stakes(self, names: tuple[str, ...] = (), standing: dict[str, int] | None = None) -> tuple[Stakes, ...]:
        """Return the stakes of the named talks (all by default), the others at their interim.

        `standing` gives talks that have ended in a deal the row of their package: it is then in force instead.
        """
        chosen = [self.agendas[name] for name in names or self.agendas]
        plans = [self._plan(agenda, standing or {}) for agenda in chosen]
        self._solve()
        return tuple(self._stakes(agenda, plan) for agenda, plan in zip(chosen, plans))

    def sticks(self, name: str, rates: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
        """Return components (M, C) of both sides of a talk where it ends with added tariffs `rates` (M pairs).

        Each pair is (demander on partner, partner on demander), shares; the stick's withdrawal is not counted.
        """
        agenda = self.agendas[name]
        out = np.zeros((2, len(rates), len(COMPONENTS)))
        if self.economy is not None:
            ground, pair = self._ground(agenda, {}), self._indices(agenda)
            changed = [with_rates(ground.tariffs, self.economy.tariffs, pair, r) for r in (*rates, (0.0, 0.0))]
            numbers = [self._add(t, ground.iceberg, name) for t in changed]
            self._solve()
            for side in SIDES:
                out[side, :, TRADED] = self._trade(agenda, side, np.array(numbers[:-1]), numbers[-1])
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
                tariffs, iceberg, state = trade_states(other.grid, ground.tariffs, quo, pair, ground.iceberg)
                row = state[standing[other.name]]
                ground = Ground(tariffs[row], iceberg[row])
            else:
                ground = Ground(with_rates(ground.tariffs, quo, pair, other.stick.rates(False)), ground.iceberg)
        return ground

    def _plan(self, agenda: Agenda, standing: dict[str, int]):
        """Return the numbers of a talk's trade states: of each package (P,), interim, stick, the pair's status quo."""
        if self.economy is None:
            if any(issue.kind in TRADE_KINDS for issue in agenda.grid.issues):
                raise ValueError(f"talk {agenda.name}: tariffs and barriers need an economy; this run has none")
            return None
        ground, pair, quo = self._ground(agenda, standing), self._indices(agenda), self.economy.tariffs
        cleared = with_rates(ground.tariffs, quo, pair, (0.0, 0.0))  # a deal lifts what the talks put in force
        tariffs, iceberg, state = trade_states(agenda.grid, cleared, quo, pair, ground.iceberg)
        numbers = np.array([self._add(t, d, agenda.name) for t, d in zip(tariffs, iceberg)])
        fallen = with_rates(ground.tariffs, quo, pair, agenda.stick.rates(True))
        return numbers[state], *(self._add(t, ground.iceberg, agenda.name) for t in (ground.tariffs, fallen, cleared))

    def _add(self, tariffs: np.ndarray, iceberg: np.ndarray, talk: str) -> int:
        """Return the number of a state (S, N, N), put on the waiting list if new."""
        key = tariffs.tobytes() + iceberg.tobytes()
        if key not in self._number:
            self._number[key] = len(self._number)
            self._waiting.append((tariffs, iceberg, talk))
        return self._number[key]

    def _solve(self) -> None:
        """Solve the states on the waiting list in one batch; ValueError names what has no equilibrium."""
        if not self._waiting:
            return
        tariffs, iceberg = (np.stack(part) for part in list(zip(*self._waiting))[:2])
        result = solve(self.economy, tariffs, iceberg)
        if not result.converged.all():
            self._refuse(int(np.flatnonzero(~result.converged)[0]), result)
        self._waiting.clear()
        parts = (result.ev, result.revenue, result.price, result.flows)
        if self._solved is not None:
            old = self._solved
            parts = tuple(np.concatenate(p) for p in zip((old.ev, old.revenue, old.price, old.flows), parts))
        self._solved = Solved(*parts)

    def _refuse(self, bad: int, result) -> None:
        tariffs, _, talk = self._waiting[bad]
        _, exporter, importer = np.unravel_index(np.argmax(tariffs), tariffs.shape)
        names = self.economy.names
        raise ValueError(
            f"talk {talk}: the trade model finds no equilibrium (residual {result.residual[bad]:.1e})\n"
            f"highest tariff in that state: {names[importer]} on {names[exporter]}, {100 * tariffs.max():g} %\n"
            "try lower tariff levels, a lower scale elasticity or a higher trade elasticity"
        )

    def _trade(self, agenda: Agenda, side: int, numbers, zero: int) -> np.ndarray:
        """Return trade components (..., 3) of a side at states `numbers`, against the state `zero`."""
        pair, solved = self._indices(agenda), self._solved
        values = payoffs.trade_components(solved, self.economy, pair[side], pair[1 - side])
        return values[numbers] - values[zero]

    def _stakes(self, agenda: Agenda, plan) -> Stakes:
        """Put a talk's components together from its solved trade states and its transfers."""
        grid, count = agenda.grid, len(COMPONENTS)
        packages, interim, carried = [], [], []
        for side in SIDES:
            rows, now, fallen = np.zeros((len(grid), count)), np.zeros(count), np.zeros(count)
            if plan is not None:
                for array, numbers in zip((rows, now, fallen), plan):
                    array[..., TRADED] = self._trade(agenda, side, numbers, plan[3])
            rows[:, SECURITY] = payoffs.security(grid, side)
            rows[:, PLEDGE] = payoffs.pledge(grid, side)
            rows[:, CONCESSION] = payoffs.concession(grid, side)
            fallen[SECURITY] -= agenda.stick.withdrawal[side]
            packages.append(rows)
            interim.append(now)
            carried.append(fallen)
        opening = tuple(payoffs.largest_opening(grid, side) for side in SIDES)
        rungs = None if agenda.moves is None else self._rungs(agenda)
        return Stakes(agenda, tuple(packages), tuple(interim), tuple(carried), opening, rungs)

    def _rungs(self, agenda: Agenda) -> tuple[np.ndarray, np.ndarray]:
        """Return components (rungs 0, rungs 1, C) of both sides at every pair of tariffs that can be in force."""
        one, two = agenda.moves.rates
        parts = self.sticks(agenda.name, [(agenda.stick.effective(a), b) for a in one for b in two])
        return tuple(part.reshape(len(one), len(two), -1) for part in parts)
