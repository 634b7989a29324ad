"""One talk in one world, in plain Python: the loop that the batch model must match exactly.

Written from the rules of a round, not from the arrays: packages are found by scanning all of them. Money is whole
millionths of a bn USD; numpy is called on arrays of length one where a function's last bit matters.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtri

from agents.strategies.hardliner import Hardliner
from agents.strategies.time_based import TimeBased
from agents.strategies.tit_for_tat import TitForTat
from sim import draws
from sim.payoffs import COMPONENTS

STEPS = 10_000_000  # distances between packages are compared in this many steps of an issue's range
DAYS = 365.0
RED_LINE_TOLERANCE = 1e-9


@dataclass
class Side:
    """What one side of the talk knows and has said."""

    number: int
    strategy: object
    kind: int  # type drawn
    worth: list  # of each package, millionths
    no_deal: int
    impasse: int
    carried: int
    outside: float | None  # bn USD a year
    discount: float
    said: list = field(default_factory=list)  # own offers, rows

    @property
    def floor(self):
        return self.no_deal if self.outside is None else max(self.no_deal, micro(self.outside))


@dataclass
class Ended:
    """How the talk ended in this world; endings are deal, deadline, collapse, outside_option."""

    ending: str
    row: int
    interim_rounds: int
    final: tuple  # bn USD a year, by side
    payoff: tuple
    drawn: tuple
    kinds: tuple
    offers: list  # of each round (speaker, row)


def micro(value):
    return round(value * 1e6)


def play_world(stakes, protocol, players, seed, world):
    """Play one talk in one world; `players` are (code, strategy, type space) of demander and partner."""
    talk = stakes.agenda
    sides = [_seat(stakes, protocol, players[s], s, seed, world) for s in (0, 1)]
    falls = _uniform(seed, f"stick:{talk.name}", 0, world, 0) < talk.stick.resolve
    drawn = tuple((side.carried if falls else side.impasse) / 1e6 for side in sides)
    offers = []
    for turn in range(protocol.rounds):
        speaker = _speaker(protocol, talk.name, turn, seed, world)
        proposer, responder = sides[speaker], sides[1 - speaker]
        row = _offer(proposer, responder, talk.grid, turn, protocol.rounds)
        offers.append((speaker, row))
        if row >= 0:
            proposer.said.append(row)
            if responder.worth[row] >= _acceptable(responder, proposer, turn, protocol.rounds):
                final = tuple(side.worth[row] / 1e6 for side in sides)
                return _ended("deal", row, turn, final, sides, drawn, offers)
        if responder.outside is not None and _walks(responder, proposer, turn, protocol.rounds):
            final = tuple(responder.outside if side is responder else drawn[side.number] for side in sides)
            return _ended("outside_option", -1, turn, final, sides, drawn, offers)
        hazard = _uniform(seed, f"hazard:{talk.name}", turn // 4, world, turn % 4)
        if hazard * 100.0 < protocol.hazard_pct:
            return _ended("collapse", -1, turn + 1, drawn, sides, drawn, offers)
    return _ended("deadline", -1, protocol.rounds, drawn, sides, drawn, offers)


def _ended(ending, row, rounds, final, sides, drawn, offers):
    payoff = []
    for side in sides:
        weight = float(np.power(np.array([side.discount]), np.array([rounds]))[0])
        payoff.append((1.0 - weight) * (side.impasse / 1e6) + weight * final[side.number])
    return Ended(ending, row, rounds, final, tuple(payoff), drawn, tuple(s.kind for s in sides), offers)


def _uniform(seed, stream, turn, world, column):
    return float(draws.uniform(seed, stream, turn, world, 1)[0, column])


def _speaker(protocol, name, turn, seed, world):
    if protocol.proposer == "drawn":
        return 0 if _uniform(seed, f"proposer:{name}", turn // 4, world, turn % 4) * 100.0 < (
            protocol.demander_proposes_pct
        ) else 1  # fmt: skip
    demander_now = (turn % 2 == 0) == (protocol.proposer == "demander_first")
    return 0 if demander_now else 1


def _seat(stakes, protocol, player, number, seed, world):
    """Draw the side's type and weigh its stakes."""
    code, strategy, space = player
    types, stick = space.types, stakes.agenda.stick
    kind = _drawn_type(types.probability, _uniform(seed, f"type:{code}", 0, world, 0))
    weights = [float(w) for w in types.weights[kind]]
    if space.weight_spread > 0:
        u = draws.uniform(seed, f"weights:{code}", 0, world, 1, blocks=2)[0, : len(COMPONENTS)]
        weights = [w * float(np.exp(space.weight_spread * ndtri(np.array([x])))[0]) for w, x in zip(weights, u)]
    price = weights[COMPONENTS.index("concession")] * types.audience_cost
    worth = []
    for parts, opening in zip(stakes.packages[number].tolist(), stakes.opening[number].tolist()):
        crossed = opening > float(types.red_line[kind]) + RED_LINE_TOLERANCE
        worth.append(micro(_weigh(weights, parts) - (price if crossed else 0.0)))
    impasse = micro(_weigh(weights, stakes.interim[number].tolist()))
    carried = micro(_weigh(weights, stakes.carried[number].tolist()))
    chance = stick.resolve if number == 0 else stick.belief
    no_deal = micro(chance * (carried / 1e6) + (1.0 - chance) * (impasse / 1e6))
    rate = float(types.discount_rate[kind]) + protocol.reopen_rate_per_year
    discount = float(np.exp(np.array([-rate * (protocol.days_per_round / DAYS)]))[0])
    return Side(number, strategy, kind, worth, no_deal, impasse, carried, stick.outside[number], discount)


def _weigh(weights, parts):
    total = 0.0
    for weight, part in zip(weights, parts):
        total = total + weight * part
    return total


def _drawn_type(probability, u):
    edges, total = [], 0.0
    for p in probability.tolist():
        total += p
        edges.append(total)
    for kind, edge in enumerate(edges):
        if u * total < edge:
            return kind
    return len(edges) - 1


def _target(me, other, turn, rounds):
    """Return the utility a side insists on."""
    rule, best = me.strategy, max(me.worth)
    if isinstance(rule, TimeBased):
        share = float(np.power(np.array([turn / rounds]), 1.0 / rule.exponent)[0])
        return _between(me.floor, best, share)
    if isinstance(rule, Hardliner):
        return _between(me.floor, best, 1.0 - rule.demand_pct / 100.0)
    if isinstance(rule, TitForTat):
        gained = me.worth[other.said[-1]] - me.worth[other.said[0]] if other.said else 0
        return max(best - round(max(gained, 0) * rule.factor), me.floor)
    raise TypeError(f"the plain loop does not know {type(rule).__name__}")


def _between(low, high, share):
    high = max(high, low)
    return max(high - round((high - low) * share), low)


def _walks(side: Side, other: Side, turn: int, rounds: int) -> bool:
    """Whether a side takes its outside option: worth what it insists on or, in the last round, more than no deal."""
    own = micro(side.outside)
    return own >= _target(side, other, turn, rounds) or (turn + 1 == rounds and own > side.no_deal)


def _acceptable(me, other, turn, rounds):
    """Return the least utility a side says yes to: time-based ones ask what they would ask for in the next round."""
    return _target(me, other, turn + (1 if isinstance(me.strategy, TimeBased) else 0), rounds)


def _offer(me, other, grid, turn, rounds):
    """Return the package offered: least own surplus at the target, then nearest the other's last offer, lowest row."""
    target, best = _target(me, other, turn, rounds), max(me.worth)
    if best < me.floor:
        return -1
    enough = [row for row, u in enumerate(me.worth) if u >= target]
    if not enough:
        return me.worth.index(best)
    least = min(me.worth[row] for row in enough)
    if not other.said:
        return next(row for row in enough if me.worth[row] == least)
    width = 0
    if isinstance(me.strategy, TimeBased):
        width = max(round((best - me.floor) * (me.strategy.flexibility_pct / 100.0)), 0)
    as_good = [row for row in enough if me.worth[row] <= max(least, target + width)]
    return min(as_good, key=lambda row: (_distance(grid, row, other.said[-1]), row))


def _distance(grid, row, other):
    """Sum over issues of the gap between two packages' levels, each over the issue's range, in whole steps."""
    total = 0
    for k, issue in enumerate(grid.issues):
        low, high = issue.levels[0], issue.levels[-1]
        if high > low:
            a, b = (round((float(grid.levels[r, k]) - low) / (high - low) * STEPS) for r in (row, other))
            total += abs(a - b)
    return total
