"""What learners came to believe: the chance they give to each type of the other side, round by round."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from sim.columns import BELIEFS
from sim.digest import ARROW
from sim.table import SIDES
from sim.view import View

STEPS = 10**9  # a belief is counted in whole steps of a billionth, so that sums of chunks are exact


def learns(strategy) -> bool:
    """Say whether a strategy holds a belief about the other side's type, or is made of one that does."""
    return hasattr(strategy, "belief") or any(learns(part) for part in getattr(strategy, "strategies", ()))


def believed(strategy, view: View) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions (m,) in the view of worlds that are met by a learner, and its belief there (m, K).

    A strategy with `belief(view)` learns in every world; one made of others (`strategies`) where the part that is
    played learns: `drawn(view)` says which part a world plays, without it the first part that learns plays in all.
    """
    if hasattr(strategy, "belief"):
        return np.arange(len(view)), np.asarray(strategy.belief(view), dtype=float)
    parts = strategy.strategies
    if hasattr(strategy, "drawn"):
        drawn = strategy.drawn(view)
    else:
        drawn = np.full(len(view), next(k for k, part in enumerate(parts) if learns(part)))
    found = []
    for k, part in enumerate(parts):
        mine = np.flatnonzero(drawn == k)
        if learns(part) and len(mine):
            inner, belief = believed(part, view.at(mine))
            found.append((mine[inner], belief))
    if not found:
        return np.arange(0), np.zeros((0, len(view.prior.probability)))
    return tuple(np.concatenate(columns) for columns in zip(*found))


@dataclass(frozen=True, eq=False)
class BeliefCounts:
    """One learner's beliefs in one talk: by round (0: before the first), true type and type, sums in STEPS."""

    worlds: dict[int, np.ndarray]  # round: worlds (K,) by true type
    sums: dict[int, np.ndarray]  # round: (K, K) by true type and type, whole steps

    def __add__(self, other: BeliefCounts) -> BeliefCounts:
        return BeliefCounts(_added(self.worlds, other.worlds), _added(self.sums, other.sums))


def _added(one: dict[int, np.ndarray], two: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
    return {k: one.get(k, 0) + two.get(k, 0) for k in sorted({*one, *two})}


class Beliefs:
    """Watches talks as they are played: call it with a talk at the end of each round.

    `counts` holds what each learner believed, by (talk, side). A round counts the worlds in which the talk was open
    when it began, after all offers of the round; learners are asked, not changed.
    """

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self.counts: dict[tuple[str, int], BeliefCounts] = {}
        self._open: dict[str, np.ndarray] = {}

    def __call__(self, talk) -> None:
        """Book what the learners of a talk believe at the end of this round."""
        began = self._open.get(talk.name, np.arange(len(talk.ending)))
        self._open[talk.name] = np.flatnonzero(talk.ending < 0)
        for side in SIDES:
            strategy = talk.countries[side].strategy
            if learns(strategy) and len(began):
                for worlds, view in talk.views(side, began):
                    self._book(talk, side, worlds, view)

    def _book(self, talk, side: int, worlds: np.ndarray, view: View) -> None:
        position, belief = believed(talk.countries[side].strategy, view)
        true, count = true_types(talk, 1 - side, worlds[position]), belief.shape[1]
        steps = np.rint(belief * STEPS).astype(np.int64)
        prior = np.rint(view.prior.probability * STEPS).astype(np.int64)
        number = np.bincount(true, minlength=count)
        now = {talk.round + 1: number}, {talk.round + 1: np.stack([steps[true == k].sum(axis=0) for k in range(count)])}
        if talk.round == 0:
            now[0][0], now[1][0] = number, number[:, None] * prior
        before = self.counts.get((talk.name, side), BeliefCounts({}, {}))
        self.counts[talk.name, side] = before + BeliefCounts(*now)


def true_types(talk, side: int, worlds: np.ndarray) -> np.ndarray:
    """Return a side's drawn type (n,) as an index into what the other side knows of its types."""
    return talk.seats[side].types[worlds] - talk.board.first[side][talk.variant[worlds]]


def add(one: dict, two: dict) -> dict:
    """Return the counts of two chunks of worlds together."""
    keys = [*one, *(key for key in two if key not in one)]
    return {k: one[k] + two[k] if k in one and k in two else one.get(k, two.get(k)) for k in keys}


def beliefs_table(agendas, counts: dict[tuple[str, int], BeliefCounts]) -> pa.Table:
    """Return mean beliefs by talk, learner, round, true type and type (columns: BELIEFS)."""
    rows = []
    for agenda in agendas:
        for side in SIDES:
            found = counts.get((agenda.name, side))
            for turn, number in sorted(found.worlds.items()) if found else ():
                for true in np.flatnonzero(number):
                    for kind, steps in enumerate(found.sums[turn][true].tolist()):
                        head = (agenda.name, turn, agenda.pair[side], agenda.pair[1 - side])
                        worlds = int(number[true])
                        rows.append((*head, int(true), kind, worlds, steps / STEPS / worlds))
    return pa.table({c.name: pa.array([row[k] for row in rows], ARROW[c.kind]) for k, c in enumerate(BELIEFS)})
