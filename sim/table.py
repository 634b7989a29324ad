"""Payoff tables: what every package, the interim and the stick are worth to both sides of a talk."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sim import payoffs
from sim.deals import Grid
from sim.payoffs import Types
from sim.ranking import Ranked, from_micro, to_micro
from sim.sticks import Stick

SIDES = (0, 1)


@dataclass(frozen=True)
class Agenda:
    """One talk before anything is computed: who talks to whom, about what, under which stick."""

    name: str
    demander: str
    partner: str
    grid: Grid
    stick: Stick
    moves: object = None  # sim.moves.Moves where tariffs move while talks go on
    ratification: tuple = (None, None)  # sim.ratification.Legislature of each side that has one

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
    rungs: tuple[np.ndarray, np.ndarray] | None = None  # components (rungs 0, rungs 1, C) of tariffs in force
    _tables: dict = field(default_factory=dict, repr=False, init=False)

    def table(self, demander: Types, partner: Types, *, keep: bool = True, ranks: dict | None = None) -> PayoffTable:
        """Return the payoff table of two sides' types; made once for the same types when `keep`.

        `ranks` holds rankings already made, for tables of other stakes that value the same packages alike.
        """
        key = (id(demander), id(partner))
        if key in self._tables:
            return self._tables[key]
        made = PayoffTable(self, (demander, partner), ranks)
        if keep:
            self._tables[key] = made
        return made


class PayoffTable:
    """Utilities of one talk: packages (K_side, P), impasse flow and stick (K_side,), in millionths of bn USD a year."""

    def __init__(self, stakes: Stakes, types: tuple[Types, Types], ranks: dict | None = None) -> None:
        """Weigh the stakes by each side's types (K_side)."""
        self.stakes, self.types, self.grid = stakes, types, stakes.agenda.grid
        self.kept: dict = {}  # what others work out once from this table
        self.ranked = tuple(self._rank(side, ranks) for side in SIDES)
        self.impasse = tuple(to_micro(payoffs.utility(types[s], stakes.interim[s][None])[:, 0]) for s in SIDES)
        self.carried = tuple(to_micro(payoffs.utility(types[s], stakes.carried[s][None])[:, 0]) for s in SIDES)

    def _rank(self, side: int, ranks: dict | None) -> Ranked:
        """Return a side's packages ranked by its types; what is already in `ranks` is not ranked again."""
        kinds, stakes = self.types[side], self.stakes
        key = kinds.mark, id(stakes.packages[side])  # kept alive by what stands beside the ranking
        if ranks is not None and key in ranks:
            return ranks[key][0]
        ranked = Ranked(payoffs.utility(kinds, stakes.packages[side], stakes.opening[side]))
        if ranks is not None:
            ranks[key] = ranked, stakes.packages[side]
        return ranked

    def flows(self, side: int) -> np.ndarray:
        """Return the flow (K_side, rungs 0, rungs 1) of every pair of rungs, millionths of a bn USD a year."""
        parts = self.stakes.rungs[side]
        flat = payoffs.utility(self.types[side], parts.reshape(-1, parts.shape[-1]))
        return to_micro(flat).reshape(len(flat), *parts.shape[:-1])

    def no_deal(self, side: int, chance: float | np.ndarray) -> np.ndarray:
        """Return the expected deadline payoff (K_side,), millionths, if the stick falls with this chance."""
        stay, fall = from_micro(self.impasse[side]), from_micro(self.carried[side])
        return to_micro(chance * fall + (1.0 - chance) * stay)

    def utility(self, side: int) -> np.ndarray:
        """Return utilities (K_side, P) in bn USD a year, rounded to 1e-6."""
        return from_micro(self.ranked[side].micro)
