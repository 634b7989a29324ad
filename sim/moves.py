"""Sticks as moves: tariffs that either side raises, lifts or answers with while talks go on, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.board import expected
from sim.ranking import from_micro
from sim.table import SIDES
from sim.view import PluginError


class StickView:
    """What both sides see of the sticks in some worlds (n,): rungs now and before, rates, the clock, refusals."""

    def __init__(self, sticks: Sticks, side: int, clock: tuple[int, int], worlds: np.ndarray, draws) -> None:
        """Hand out what a policy of `side` may see; `clock` is (round, rounds)."""
        self._sticks, self.side, self._worlds, self._draws = sticks, side, worlds, draws
        self.round, self.rounds = clock
        self.rates, self.other_rates = (np.array(sticks.rates[s]) for s in (side, 1 - side))
        self.start, self.other_start = sticks.start[side], sticks.start[1 - side]

    def __len__(self) -> int:
        return len(self._worlds)

    @property
    def worlds(self) -> np.ndarray:
        """Positions (n,) of these worlds in the chunk, for error messages."""
        return self._worlds

    @cached_property
    def own(self) -> np.ndarray:
        """Own rung in force (n,)."""
        return self._sticks.rung[self._worlds, self.side]

    @cached_property
    def other(self) -> np.ndarray:
        """The other side's rung in force (n,); the partner already sees the demander's move of this round."""
        return self._sticks.rung[self._worlds, 1 - self.side]

    @cached_property
    def other_peak(self) -> np.ndarray:
        """The highest rung (n,) the other side has stood on so far."""
        return self._sticks.peak[self._worlds, 1 - self.side]

    @cached_property
    def refused(self) -> np.ndarray:
        """Whether (n,) this side's own offer was refused in the round before."""
        return self._sticks.refused[self._worlds, self.side]

    @cached_property
    def heard(self) -> np.ndarray:
        """Whether (n,) the other side has made any offer so far."""
        return self._sticks.spoken[self._worlds, 1 - self.side]

    def uniform(self, stream: str) -> np.ndarray:
        """Return four uniform draws (n, 4) of this round for the policy's own use."""
        return self._draws(f"policy:{stream}", self.round)[self._worlds]


@dataclass(frozen=True, eq=False)
class Moves:
    """The rungs a talk's tariffs can stand on and who moves them; rates are shares on top of the status quo, rising.

    `withdrawn` is the share of the stick's withdrawal of protection in force on each of the demander's rungs; empty:
    protection stays while talks go on. With it a rate may stand on several rungs.
    """

    rates: tuple[tuple[float, ...], tuple[float, ...]]
    start: tuple[int, int]
    policies: tuple  # a stick policy or None for each side
    withdrawn: tuple[float, ...] = ()


class Sticks:
    """The tariffs in force in one talk, all worlds of a chunk: rungs (R, 2), their flows, what was earned (R, 2)."""

    def __init__(self, talk, moves: Moves) -> None:
        """Start on the interim's rungs; `talk` gives seats, history and clock."""
        worlds = talk.model.worlds
        self.talk, self.moves, self.rates, self.start = talk, moves, moves.rates, moves.start
        self.rung = np.tile(np.array(moves.start, dtype=np.int64), (worlds, 1))
        self.peak = self.rung.copy()
        self.earned = np.zeros((worlds, 2))
        self.refused = np.zeros((worlds, 2), dtype=bool)
        self.spoken = np.zeros((worlds, 2), dtype=bool)
        self.record = np.full((talk.model.protocol.longest, worlds, 2), -1, dtype=np.int8)

    @property
    def flow(self) -> tuple[np.ndarray, np.ndarray]:
        """Flows (types, rungs 0, rungs 1) of both sides in the first variant, millionths of a bn USD a year."""
        return tuple(self.talk.board.flows(side)[0] for side in SIDES)

    def flow_of(self, side: int, worlds: np.ndarray, rung: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Return a side's flow (n,), millionths, with the demander on `rung` (n,) and the partner on `other`."""
        talk = self.talk
        return talk.board.flows(side)[talk.variant[worlds], talk.countries[side].type_index[worlds], rung, other]

    def begin(self) -> None:
        """Let both sides move, demander first, where the talk is open; from round 2 on."""
        worlds = self.talk.open_worlds()
        if self.talk.round > 0:
            for side in SIDES:
                policy = self.moves.policies[side]
                if policy is not None and len(worlds):
                    self.rung[worlds, side] = self._asked(policy, side, worlds)
                    self.peak[:, side] = np.maximum(self.peak[:, side], self.rung[:, side])
        self.record[self.talk.round, worlds] = self.rung[worlds]
        self._in_force(worlds)

    def _asked(self, policy, side: int, worlds: np.ndarray) -> np.ndarray:
        """Ask a policy for its rungs (n,) and hold it to what is allowed."""
        talk = self.talk
        view = StickView(self, side, talk.clock, worlds, talk.streams[side])
        who = f"stick policy {type(policy).__name__} of {talk.agenda.pair[side]} in talk {talk.name}"
        world = int(talk.model.world[worlds[0]])
        try:
            rungs = np.asarray(policy.move(view))
        except (Exception, SystemExit) as error:
            told = f"{who}, round {talk.round + 1}, world {world}:\nmove raised {type(error).__name__}: {error}"
            raise PluginError(f"{told}\nexpected one whole number a world ({len(worlds)},)") from error
        whole, top = np.issubdtype(rungs.dtype, np.integer) and rungs.shape == (len(worlds),), len(self.rates[side]) - 1
        bad = (rungs < 0) | (rungs > top) if whole else None
        if not whole or bad.any():
            got = f"{rungs.dtype} of shape {rungs.shape}" if not whole else f"rungs {rungs.min()} to {rungs.max()}"
            world = world if not whole else int(talk.model.world[worlds[bad][0]])
            raise PluginError(
                f"{who}, round {talk.round + 1}:\nmove returned {got}\n"
                f"expected one whole number a world ({len(worlds)},), 0 to {top}; first in world {world}"
            )
        return rungs

    def _in_force(self, worlds: np.ndarray) -> None:
        """Make the seats feel the rungs: their impasse flow, and no deal as what stays if the threat does not fall."""
        for side in SIDES:
            seat, board, variant = self.talk.seats[side], self.talk.board, self.talk.variant[worlds]
            flow = self.flow_of(side, worlds, self.rung[worlds, 0], self.rung[worlds, 1])
            seat.impasse[worlds] = flow
            carried = board.carried[side][variant, self.talk.countries[side].type_index[worlds]]
            chance = board.chance[side][variant]
            seat.no_deal[worlds] = expected(chance, from_micro(carried), from_micro(flow))
            seat.__dict__.pop("floor", None)  # worked out from no_deal, and kept

    def end(self) -> None:
        """Book the round's flow where it ended without a deal, and remember whose offer was refused."""
        talk = self.talk
        lived = np.flatnonzero((talk.ending < 0) | (talk.closed == talk.round + 1))
        speaker = talk.history.speaker[:, talk.round]
        offered = talk.history.offers[:, talk.round] >= 0
        for side in SIDES:
            seat = talk.seats[side]
            discount = seat.discount[lived]
            weight = (1.0 - discount) * np.power(discount, np.full(len(lived), talk.round))
            self.earned[lived, side] += weight * from_micro(seat.impasse[lived])
            self.refused[:, side] = offered & (speaker == side) & (talk.ending < 0)
            self.spoken[:, side] |= offered & (speaker == side)
