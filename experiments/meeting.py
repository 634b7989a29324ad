"""One talk as theory sees it: two average sides, their packages, sticks and patience, as arrays for sim.solutions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.digest import mean_utility, type_average
from sim.landmarks import OUT_OF_REACH, bounded
from sim.protocols.alternating import AlternatingOffers
from sim.ranking import from_micro
from sim.results import NOTHING_GAINED
from sim.solutions import limits, subgame
from sim.table import SIDES, PayoffTable

DAYS_A_YEAR = 365.0
LEAST = 1e-9  # a discount rate or a bargaining weight this small stands for none: the limit of ever less


@dataclass(frozen=True, eq=False)
class Meeting:
    """A talk between average types: packages u (P, 2), impasse and stick (2,), chance (2,) that each gives the stick.

    `rates` (2,): discount rate a year, reopening included. Money is bn USD a year against the pair's status quo.
    """

    table: PayoffTable
    protocol: AlternatingOffers
    u: np.ndarray
    impasse: np.ndarray
    stick: np.ndarray
    chance: np.ndarray
    rates: np.ndarray

    @property
    def name(self) -> str:
        """The talk's name."""
        return self.table.stakes.agenda.name

    @property
    def pair(self) -> tuple[str, str]:
        """Codes of (demander, partner)."""
        return self.table.stakes.agenda.pair

    @property
    def has_stick(self) -> bool:
        """Whether what the demander may carry out differs from the interim, for either side."""
        return bool(np.abs(self.stick - self.impasse).max() >= NOTHING_GAINED)

    @property
    def within(self) -> np.ndarray:
        """Packages (P, 2) as `u`, those below a side's outside option out of reach: a constraint on every agreement."""
        sides = [bounded(self.table, side, self.u[:, side]) for side in SIDES]
        reach = (sides[0] > OUT_OF_REACH) & (sides[1] > OUT_OF_REACH)
        return np.where(reach[:, None], self.u, OUT_OF_REACH)

    def no_deal(self, chance: np.ndarray | None = None) -> np.ndarray:
        """Return the expected deadline payoff (2,), at each side's own chance of the stick unless given (2,)."""
        chance = self.chance if chance is None else np.asarray(chance)
        return chance * self.stick + (1.0 - chance) * self.impasse

    def game(self, *, chance=None, rates=None, stick=None) -> subgame.Game:
        """Return the rules of the talks for backward induction; what is not given is as configured."""
        meeting = self if stick is None else self.with_stick(stick)
        protocol = self.protocol
        floor = meeting.no_deal(chance)
        return subgame.Game(
            rounds=protocol.longest,
            patience=self.patience(rates),
            deadline=floor,
            interim=self.impasse,
            proposer=subgame.ByRound(protocol.proposers()),
            hazard=subgame.ByRound(protocol.ends()),
            outside=self._outside(floor),
        )

    def patience(self, rates: np.ndarray | None = None) -> np.ndarray:
        """Return discount factors a round (2,), at the configured rates unless given."""
        rates = self.rates if rates is None else np.asarray(rates)
        return self.protocol.discount(rates - self.protocol.reopen_rate_per_year)

    def with_stick(self, stick: np.ndarray) -> Meeting:
        """Return the same talk with another stick (2,)."""
        return Meeting(self.table, self.protocol, self.u, self.impasse, np.asarray(stick), self.chance, self.rates)

    def short_rounds(self) -> limits.NashLimit:
        """Return the Nash weights and threat point that the talks tend to as rounds get short and have no deadline."""
        years = self.protocol.days_per_round / DAYS_A_YEAR
        hazard = -np.log1p(-self.protocol.hazard_pct / 100.0) / years
        chance = self.protocol.demander_proposes_pct / 100.0 if self.protocol.proposer == "drawn" else 0.5
        chance = chance if self.protocol.always is None else 1.0 - self.protocol.always
        rates = np.maximum(self.rates, LEAST)
        found = limits.short_rounds(rates, hazard, flow=self.impasse, breakdown=self.no_deal(), proposer=chance)
        return found._replace(weight=np.clip(found.weight, LEAST, 1.0 - LEAST))

    def _outside(self, floor: np.ndarray):
        """Return outside options (2, 2) of [leaver, side], or None where nobody has one."""
        own = self.table.stakes.agenda.stick.outside
        if own[0] is None and own[1] is None:
            return None
        rows = [[-np.inf, floor[1]], [floor[0], -np.inf]]
        for side in SIDES:
            if own[side] is not None:
                rows[side][side] = own[side]
        return np.array(rows)


def meetings(lab) -> list[Meeting]:
    """Return the talks of a run as meetings of average types."""
    return [meeting(table, lab.config.protocol) for table in lab.tables()]


def offers_in_turn(protocol) -> AlternatingOffers:
    """Return the protocol if offers alternate, else what theory sets beside it: its clock, proposers drawn."""
    if isinstance(protocol, AlternatingOffers):
        return protocol
    return AlternatingOffers(
        rounds=protocol.rounds,
        days_per_round=protocol.days_per_round,
        reopen_rate_per_year=protocol.reopen_rate_per_year,
    )


def meeting(table: PayoffTable, protocol) -> Meeting:
    """Return the meeting of the average types of a payoff table."""
    stick = table.stakes.agenda.stick
    ends = [
        np.array([type_average(table, side, from_micro(values[side])) for side in SIDES])
        for values in (table.impasse, table.carried)
    ]
    rates = np.array([type_average(table, side, table.types[side].discount_rate) for side in SIDES])
    return Meeting(
        table,
        offers_in_turn(protocol),
        np.stack([mean_utility(table, side) for side in SIDES], axis=-1),
        *ends,
        np.array([stick.resolve, stick.belief]),
        rates + protocol.reopen_rate_per_year,
    )
