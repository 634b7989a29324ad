"""What the talks of a run come to together: one payoff an economy, of the joint state of all its talks.

A talk's own numbers are differences with the other talks held fixed; they are never summed. Here every economy is
priced once, in the trade state that all deals, interims and fallen sticks make together, against the status quo.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.deals import trade_states
from sim.grounds import INTERIM, Grounds, distinct
from sim.payoffs import COMPONENTS, SAME_OPENING
from sim.protocols.base import DEAL, OUTSIDE
from sim.states import TRADE
from sim.sticks import with_rates

FALLEN = -2  # the talk ended without a deal and its stick is carried out
SECURITY, PLEDGE, CONCESSION = (COMPONENTS.index(name) for name in ("security", "pledge", "concession"))


@dataclass(frozen=True, eq=False)
class Joint:
    """One economy in all worlds (R,): utility of the final joint state, discounted payoff, own deals; bn USD a year."""

    code: str
    utility: np.ndarray
    payoff: np.ndarray
    deals: np.ndarray


def joint(model, grounds: Grounds) -> list[Joint]:
    """Return what each country with a talk has of all talks together, in the order of the countries' seats.

    Utility u weighs welfare, own revenue, the balance with all its partners, and adds what its deals hold outside
    trade. Payoff: sum over rounds of (1 - d) d**r u(state in r), and d**T u(final state), T the end of all talks; a
    deal is in force from the round it is struck in, a stick from the round after the talks end.
    """
    segments = _segments(model, grounds)
    numbers, which = _states(segments, model, grounds)
    out = []
    for agent in model.agents:
        own = [(talk, talk.agenda.pair.index(agent.code)) for talk in model.talks if agent.code in talk.agenda.pair]
        if own:
            trade = _trade(agent, own, numbers, grounds)
            out.append(_one(agent, own, segments, trade[which]))
    return out


@dataclass(frozen=True, eq=False)
class _Segments:
    """Stretches of rounds between the ends of talks (J + 1): first round (J + 1, R), levels (J + 1, J, R)."""

    starts: np.ndarray
    levels: np.ndarray


def _segments(model, grounds: Grounds) -> _Segments:
    """Return the stretches in which no talk ends, and each talk's level in them; the last has no end."""
    talks, worlds = model.talks, model.worlds
    closed = np.stack([talk.closed for talk in talks])
    final = np.stack([_final_level(talk, level) for talk, level in zip(talks, grounds.level)])
    ends = np.sort(closed, axis=0)
    starts = np.concatenate([np.zeros((1, worlds), dtype=np.int64), ends])
    levels = np.where(closed[None] <= starts[:, None], final[None], INTERIM)
    return _Segments(starts, levels)


def _final_level(talk, level: np.ndarray) -> np.ndarray:
    """Return a talk's level (R,) once it is over: of its deal, its interim for good, or its stick."""
    without = np.where(talk.stick_falls, FALLEN, INTERIM)
    return np.where(talk.ending == DEAL, level[np.maximum(talk.row, 0)], without)


def _states(segments: _Segments, model, grounds: Grounds) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers (M,) of the joint trade states that are lived in, and which each stretch (J + 1, R) is.

    The last number is the status quo: stretches of no rounds are given that; they weigh nothing.
    """
    parts = np.moveaxis(segments.levels, 1, 0)
    lived = np.ones(parts.shape[1:], dtype=bool)
    lived[:-1] = segments.starts[:-1] < segments.starts[1:]
    first, found = distinct(parts[:, lived])
    combinations = list(map(tuple, parts[:, lived][:, first].T.tolist()))
    numbers = np.array([_number(levels, grounds) for levels in [*combinations, None]], dtype=np.int64)
    if grounds.assessor.economy is not None:
        grounds.assessor.states.solve()
        grounds.assessor.states.refuse(numbers, ", ".join(grounds.names))
    which = np.full(lived.shape, len(combinations))
    which[lived] = found
    return numbers, which


def _number(levels: tuple[int, ...] | None, grounds: Grounds) -> int:
    """Return the number of the trade state in which the talks stand at these levels; None: the status quo."""
    assessor = grounds.assessor
    economy = assessor.economy
    if economy is None:
        return 0
    if levels not in grounds.joint:
        quo = economy.tariffs
        tariffs, iceberg = quo.copy(), np.ones_like(quo)
        standing = [] if levels is None else list(zip(assessor.agendas.values(), levels, grounds.first))
        standing = [part for part in standing if all(code in economy.names for code in part[0].pair)]
        deals = sorted((part for part in standing if part[1] >= 0), key=lambda part: part[0].name)
        for agenda, level, first in [*(part for part in standing if part[1] < 0), *deals]:
            pair = tuple(economy.index(code) for code in agenda.pair)
            if level < 0:
                tariffs = with_rates(tariffs, quo, pair, agenda.stick.rates(level == FALLEN))
                continue
            row = np.array([first[level]])
            tariffs, iceberg = (x[0] for x in trade_states(agenda.grid, tariffs, quo, pair, iceberg, rows=row)[:2])
        grounds.joint[levels] = assessor.states.add(tariffs, iceberg)
    return grounds.joint[levels]


def _trade(agent, own: list, numbers: np.ndarray, grounds: Grounds) -> np.ndarray:
    """Return trade components (M + 1, 3) of a country at joint states, against the status quo; the last row is 0.

    The balance is that with all its partners in talks together.
    """
    economy, states = grounds.assessor.economy, grounds.assessor.states
    out = np.zeros((len(numbers), TRADE))
    if economy is None or agent.code not in economy.names:
        return out
    who, partners = economy.index(agent.code), [talk.agenda.pair[1 - side] for talk, side in own]
    for code in dict.fromkeys(code for code in partners if code in economy.names):
        values = states.worth(who, economy.index(code), numbers)
        out[:, : TRADE - 1] = values[:, : TRADE - 1]
        out[:, TRADE - 1] += values[:, TRADE - 1]
    return out - out[-1]


def _one(agent, own: list, segments: _Segments, trade: np.ndarray) -> Joint:
    """Put a country's payoff together from trade components (J + 1, R, 3) and its own deals."""
    weights = agent.types.weights[agent.type_index]
    worth = np.zeros(trade.shape[:2])
    for part in range(TRADE):
        worth += weights[:, part] * trade[..., part]
    discount = agent.discount
    reached = np.power(discount, segments.starts)  # what a unit from the start of a stretch on is worth
    payoff = reached[-1] * worth[-1]
    for number in range(len(worth) - 1):
        payoff = payoff + (reached[number] - reached[number + 1]) * worth[number]
    utility, deals = worth[-1].copy(), np.zeros(len(discount), dtype=np.int64)
    for talk, side in own:
        more = _outside_trade(talk, side, agent, weights)
        utility += more
        payoff = payoff + np.power(discount, talk.closed) * more
        deals += talk.ending == DEAL
    return Joint(agent.code, utility, payoff, deals)


def _outside_trade(talk, side: int, agent, weights: np.ndarray) -> np.ndarray:
    """Return what the end of a talk is worth to a side (R,) beside trade: transfers, home cost, protection withdrawn.

    A side that walked out has what its outside option is worth to it above the drawn end without a deal.
    """
    row, board = np.maximum(talk.row, 0), talk.board
    parts = board.tables[0].stakes.packages[side][row]
    deal = np.zeros(len(row))
    for part in (SECURITY, PLEDGE, CONCESSION):
        deal += weights[:, part] * parts[:, part]
    crossed = board.opening(side)[row] > agent.red_line + SAME_OPENING
    deal -= weights[:, CONCESSION] * agent.audience_cost * crossed
    lost = weights[:, SECURITY] * talk.agenda.stick.withdrawal[side]
    out = np.where(talk.ending == DEAL, deal, np.where(talk.stick_falls, -lost, 0.0))
    walked = (talk.ending == OUTSIDE) & (talk.walked == side)
    return np.where(walked, out + talk.final(side) - talk.drawn_no_deal(side), out)
