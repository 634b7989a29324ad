"""Payoff tables: what every package, the interim and the stick are worth to both sides of a talk."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sim import payoffs
from sim.deals import TRADE_KINDS, Grid, trade_states
from sim.payoffs import COMPONENTS, Types
from sim.ranking import Ranked, from_micro, to_micro
from sim.sticks import Stick, with_rates
from sim.trade import solve

TRADE = 3  # the first three components come from the trade model: welfare, revenue, balance
SIDES = (0, 1)


@dataclass(frozen=True)
class Agenda:
    """One talk before anything is computed: who talks to whom, about what, under which stick."""

    name: str
    demander: str
    partner: str
    grid: Grid
    stick: Stick

    @property
    def pair(self) -> tuple[str, str]:
        """Codes of (demander, partner)."""
        return self.demander, self.partner


@dataclass(frozen=True, eq=False)
class Stakes:
    """Components of a talk's packages (P, C), interim (C,) and stick (C,) for both sides; opening (P,) of each side.

    Everything is bn USD a year against this pair's status quo, the other talks held at their interim: what this talk
    adds. Tables of different talks are therefore never summed.
    """

    agenda: Agenda
    packages: tuple[np.ndarray, np.ndarray]
    interim: tuple[np.ndarray, np.ndarray]
    carried: tuple[np.ndarray, np.ndarray]
    opening: tuple[np.ndarray, np.ndarray]
    _tables: dict = field(default_factory=dict, repr=False)

    def table(self, demander: Types, partner: Types, *, keep: bool = True) -> PayoffTable:
        """Return the payoff table of two sides' types; made once for the same types when `keep`."""
        key = (id(demander), id(partner))
        if key in self._tables:
            return self._tables[key]
        made = PayoffTable(self, (demander, partner))
        if keep:
            self._tables[key] = made
        return made


class PayoffTable:
    """Utilities of one talk: packages (K_side, P), impasse flow and stick (K_side,), in millionths of bn USD a year."""

    def __init__(self, stakes: Stakes, types: tuple[Types, Types]) -> None:
        """Weigh the stakes by each side's types (K_side)."""
        self.stakes, self.types, self.grid = stakes, types, stakes.agenda.grid
        self.kept: dict = {}  # what others work out once from this table
        self.ranked = tuple(Ranked(payoffs.utility(types[s], stakes.packages[s], stakes.opening[s])) for s in SIDES)
        self.impasse = tuple(to_micro(payoffs.utility(types[s], stakes.interim[s][None])[:, 0]) for s in SIDES)
        self.carried = tuple(to_micro(payoffs.utility(types[s], stakes.carried[s][None])[:, 0]) for s in SIDES)

    def no_deal(self, side: int, chance: float | np.ndarray) -> np.ndarray:
        """Return the expected deadline payoff (K_side,), millionths, if the stick falls with this chance."""
        stay, fall = from_micro(self.impasse[side]), from_micro(self.carried[side])
        return to_micro(chance * fall + (1.0 - chance) * stay)

    def utility(self, side: int) -> np.ndarray:
        """Return utilities (K_side, P) in bn USD a year, rounded to 1e-6."""
        return from_micro(self.ranked[side].micro)


def assess(economy, agendas: tuple[Agenda, ...]) -> tuple[tuple[Stakes, ...], int]:
    """Work out the stakes of all talks of a run, each with the other talks at their interim; and count trade states.

    `economy` is a sim.economy.Economy, or None for stylised talks that touch no trade. Distinct trade states are
    solved once, in one batch. Raises ValueError naming the talk where a state has no equilibrium.
    """
    states = _States(economy)
    interim = _interim(economy, agendas)
    plans = [_plan(economy, agenda, interim, states) for agenda in agendas]
    solved = states.solve()
    stakes = tuple(_stakes(economy, agenda, plan, solved) for agenda, plan in zip(agendas, plans))
    return stakes, len(states.tariffs)


class _States:
    """Distinct trade states collected from all talks, solved together; remembers who asked for each."""

    def __init__(self, economy) -> None:
        self.economy = economy
        self.number: dict[bytes, int] = {}
        self.tariffs: list[np.ndarray] = []
        self.iceberg: list[np.ndarray] = []
        self.asked: list[str] = []

    def add(self, tariffs: np.ndarray, iceberg: np.ndarray, talk: str) -> int:
        """Return the number of a state (S, N, N), adding it if new."""
        key = tariffs.tobytes() + iceberg.tobytes()
        if key not in self.number:
            self.number[key] = len(self.tariffs)
            self.tariffs.append(tariffs)
            self.iceberg.append(iceberg)
            self.asked.append(talk)
        return self.number[key]

    def solve(self):
        """Return the equilibria of all states, or None without an economy; ValueError names what failed."""
        if self.economy is None:
            return None
        result = solve(self.economy, np.stack(self.tariffs), np.stack(self.iceberg))
        if not result.converged.all():
            bad = int(np.flatnonzero(~result.converged)[0])
            tariffs = self.tariffs[bad]
            _, exporter, importer = np.unravel_index(np.argmax(tariffs), tariffs.shape)
            names = self.economy.names
            raise ValueError(
                f"talk {self.asked[bad]}: the trade model finds no equilibrium (residual {result.residual[bad]:.1e})\n"
                f"highest tariff in that state: {names[importer]} on {names[exporter]}, {100 * tariffs.max():g} %\n"
                "try lower tariff levels, a lower scale elasticity or a higher trade elasticity"
            )
        return result


def _interim(economy, agendas):
    """Return tariffs (S, N, N) with every talk at its interim, or None without an economy."""
    if economy is None:
        return None
    tariffs = economy.tariffs.copy()
    for agenda in agendas:
        if all(code in economy.names for code in agenda.pair):
            tariffs = with_rates(tariffs, economy.tariffs, _indices(economy, agenda), agenda.stick.rates(False))
    return tariffs


def _indices(economy, agenda: Agenda) -> tuple[int, int]:
    return economy.index(agenda.demander), economy.index(agenda.partner)


def _plan(economy, agenda: Agenda, interim, states: _States):
    """Return the numbers of a talk's trade states: of each package (P,), interim, stick, and the pair's status quo."""
    if economy is None:
        if any(issue.kind in TRADE_KINDS for issue in agenda.grid.issues):
            raise ValueError(f"talk {agenda.name}: tariffs and barriers need an economy; this run has none")
        return None
    pair = _indices(economy, agenda)
    cleared = with_rates(interim, economy.tariffs, pair, (0.0, 0.0))  # a deal lifts what the talks put in force
    tariffs, iceberg, state = trade_states(agenda.grid, cleared, economy.tariffs, pair)
    numbers = np.array([states.add(t, d, agenda.name) for t, d in zip(tariffs, iceberg)])
    none = np.ones_like(interim)
    fallen = with_rates(interim, economy.tariffs, pair, agenda.stick.rates(True))
    return numbers[state], *(states.add(t, none, agenda.name) for t in (interim, fallen, cleared))


def _stakes(economy, agenda: Agenda, plan, solved) -> Stakes:
    """Put a talk's components together from its solved trade states and its transfers."""
    grid, count = agenda.grid, len(COMPONENTS)
    packages, interim, carried = [], [], []
    for side in SIDES:
        rows, now, fallen = np.zeros((len(grid), count)), np.zeros(count), np.zeros(count)
        if economy is not None:
            pair = _indices(economy, agenda)
            trade = payoffs.trade_components(solved, economy, pair[side], pair[1 - side])
            trade = trade - trade[plan[3]]
            rows[:, :TRADE], now[:TRADE], fallen[:TRADE] = trade[plan[0]], trade[plan[1]], trade[plan[2]]
        rows[:, COMPONENTS.index("security")] = payoffs.security(grid, side)
        rows[:, COMPONENTS.index("pledge")] = payoffs.pledge(grid, side)
        rows[:, COMPONENTS.index("concession")] = payoffs.concession(grid, side)
        fallen[COMPONENTS.index("security")] -= agenda.stick.withdrawal[side]
        packages.append(rows)
        interim.append(now)
        carried.append(fallen)
    opening = tuple(payoffs.largest_opening(grid, side) for side in SIDES)
    return Stakes(agenda, tuple(packages), tuple(interim), tuple(carried), opening)
