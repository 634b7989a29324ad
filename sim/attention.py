"""Limited attention: which of its open talks a demander sits down to this round, and in which order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.landmarks import bounded
from sim.ranking import from_micro
from sim.solutions.bargaining import nash
from sim.table import PayoffTable

ORDERS = ("trade", "list", "gain", "random")
OTHERS = ("interim", "struck", "expected")
CLOSED = np.iinfo(np.int64).max  # an urgency behind all others


@dataclass(frozen=True)
class Attention:
    """How a demander (the hub) deals with its talks; every demander of a run has the same rules.

    It sits down to `attends` of its open talks a round, in the `order`: by trade with the partner, as `listed`, by what
    it can expect to gain, or at random anew each round. With `turns` those it has sat down to least often come first.
    `others` is what a talk takes the other talks to be: at their interim, at the deals struck so far (trade diversion),
    or at the deals they will end in (Nash-in-Nash).
    """

    attends: int = 1
    order: str = "trade"
    listed: tuple[str, ...] = ()
    turns: bool = False
    others: str = "struck"

    def __post_init__(self) -> None:
        for name, allowed in (("order", ORDERS), ("others", OTHERS)):
            if getattr(self, name) not in allowed:
                raise ValueError(f"hub.{name}: {getattr(self, name)!r} is not one of {', '.join(allowed)}")
        if self.attends < 1:
            raise ValueError(f"hub.attends: {self.attends} talks a round; at least 1")


def attended(is_open: np.ndarray, place: np.ndarray, count: np.ndarray | int, attends: int) -> np.ndarray:
    """Return which talks (J, R) are sat down to: the first `attends` of the open ones (J, R).

    By `count` (J, R), how often each was sat down to before, then by `place` (J, R) in the order, distinct in a world.

    >>> first = attended(np.array([[True], [False], [True]]), np.array([[2], [0], [1]]), 0, 1)
    >>> first[:, 0].tolist()
    [False, False, True]
    """
    urgency = np.where(is_open, count * len(place) + place, CLOSED)
    before = np.zeros(place.shape, dtype=np.int64)
    for other in urgency:
        before += other < urgency
    return is_open & (before < attends)


def places(value: np.ndarray) -> np.ndarray:
    """Return the place (J, R) of each talk when the largest value (J, R) comes first; equals stay as they are listed.

    >>> places(np.array([[1.0], [3.0], [1.0]]))[:, 0].tolist()
    [1, 0, 2]
    """
    order = np.argsort(-value, axis=0, kind="stable")
    out = np.empty(value.shape, dtype=np.int64)
    np.put_along_axis(out, order, np.broadcast_to(np.arange(len(value))[:, None], value.shape), axis=0)
    return out


def trade_volume(economy, pair: tuple[str, str]) -> float:
    """Return what two economies sell each other in the baseline, bn USD a year, both directions, before tariffs."""
    one, two = (economy.index(code) for code in pair)
    return float(economy.flows[:, one, two].sum() + economy.flows[:, two, one].sum())


def expected_gain(table: PayoffTable) -> np.ndarray:
    """Return what each type of the demander (K,) would gain at the Nash package over its own no deal, bn USD a year.

    The partner is taken at its average type: only what is common knowledge, and the demander's own type, are used. 0
    where there is no zone of agreement. Nash (1950).
    """
    stick, sides = table.stakes.agenda.stick, (0, 1)
    chance = (stick.resolve, stick.belief)
    weight = table.types[1].probability
    own, average = table.utility(0), np.zeros(len(table.grid))
    floor = [from_micro(table.no_deal(side, chance[side])) for side in sides]
    their_floor = 0.0
    for share, values, least in zip(weight, table.utility(1), floor[1].tolist()):
        average, their_floor = average + share * values, their_floor + float(share) * least
    theirs, out = bounded(table, 1, average), np.zeros(len(own))
    for kind, values in enumerate(own):
        point = np.array([floor[0][kind], their_floor])
        found = nash(np.stack([bounded(table, 0, values), theirs], axis=-1), point)
        if int(found.row) >= 0:
            out[kind] = float(found.payoffs[0]) - point[0]
    return out
