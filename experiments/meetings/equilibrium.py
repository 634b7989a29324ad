"""Rational sides on tables drawn at random: they play the subgame-perfect equilibrium, world by world."""

from __future__ import annotations

import numpy as np
import pandas as pd

from agents.strategies.rational import Rational
from experiments.meetings.met import Met
from experiments.meetings.settings import SIDES, kinds, numbers, play, stakes
from sim.plots.meetings import equilibrium as draw
from sim.protocols.alternating import AlternatingOffers
from sim.protocols.base import COLLAPSE, DEADLINE, DEAL, ENDINGS, OUTSIDE
from sim.solutions.subgame import Equilibrium, Game, alternating, subgame_perfect
from sim.sticks import Stick

TALKS, WORLDS = 120, 5
TOLERANCE = 1e-6  # bn USD a year: utilities come in steps of this size
SPREAD = 10.0  # bn USD a year: packages are worth up to this much to either side
TURNS = ("drawn", "demander_first", "partner_first")
LENGTHS = (7.0, 30.0, 365.0)  # days


def rational_sides() -> Met:
    """Two rational sides against backward induction on their payoffs: the same deals, rounds and payoffs."""
    rows = [row for number in range(TALKS) for row in _talk(number)]
    data = pd.DataFrame(rows)
    apart = (data["ended_theory"] != data["ended_agents"]) | (data["round_theory"] != data["round_agents"])
    gaps = [(data[f"{s}_theory"] - data[f"{s}_agents"]).abs().max() for s in ("demander", "partner")]
    return Met(
        name="subgame_perfect",
        agents="rational sides",
        theory="subgame-perfect equilibrium",
        source="Ståhl 1972; Rubinstein 1982",
        data=data,
        compared=f"payoffs in {len(data)} worlds of {TALKS} talks",
        away=np.inf if apart.any() else float(max(gaps)),
        tolerance=TOLERANCE,
        unit="bn USD a year",
        draw=draw,
    )


def _talk(number: int) -> list[dict]:
    """Play one table drawn at random and return a row a world: what was due and what was played."""
    talk, protocol, rates = drawn(number)
    players = {code: (Rational(), kinds([rate])) for code, rate in zip(SIDES, rates)}
    played = play(talk, protocol, players, worlds=WORLDS)
    game = rules(talk, protocol, rates)
    plan = subgame_perfect(np.stack([played.table.utility(side)[0] for side in (0, 1)], axis=-1), game)
    worth = [played.discounted(side) for side in (0, 1)]
    rows = []
    for world in range(WORLDS):
        ended, turn, payoff = due(plan, game, played, world)
        row = {"talk": number, "world": world, "ended_theory": ended, "round_theory": turn}
        row |= {"demander_theory": payoff[0], "partner_theory": payoff[1]}
        row |= {"ended_agents": ENDINGS[played.ending[world]], "round_agents": int(played.closed[world])}
        rows.append(row | {"demander_agents": worth[0][world], "partner_agents": worth[1][world]})
    return rows


def drawn(number: int):
    """Return a talk, a protocol and discount rates (2,) a year, drawn at random: the number says which."""
    u = numbers("meeting", number, 64)
    count = 3 + int(u[0] * 18)
    one, two = (2.0 * numbers("packages", number, 2 * count).reshape(2, count) - 1.0) * SPREAD
    worth = np.stack([one, (two - one) / 2.0], axis=-1)  # what one side likes the other likes less
    flow, end = (2.0 * u[1:5].reshape(2, 2) - 1.0) * SPREAD / 2.5
    options = [float(4.0 * u[5 + side] - 2.0) if u[7 + side] < 0.35 else None for side in (0, 1)]
    talk = stakes(worth, flow, end, Stick(resolve=float(u[9]), belief=float(u[10]), outside=tuple(options)))
    protocol = AlternatingOffers(
        rounds=1 + int(u[11] * 12),
        days_per_round=LENGTHS[int(u[12] * 3)],
        proposer=TURNS[int(u[13] * 3)],
        demander_proposes_pct=float(np.round(100.0 * u[14])),
        hazard_pct=float(np.round(30.0 * u[15])) if u[16] < 0.5 else 0.0,
    )
    return talk, protocol, 3.0 * u[17:19]


def rules(talk, protocol: AlternatingOffers, rates: np.ndarray) -> Game:
    """Return the game of a talk as its own numbers say, not as its seats hold them."""
    stick = talk.agenda.stick
    flow, end = (np.array([side.sum() for side in part]) for part in (talk.interim, talk.carried))
    chance = np.array([stick.resolve, stick.belief])
    deadline = chance * end + (1.0 - chance) * flow
    options = np.array([[-np.inf, deadline[1]], [deadline[0], -np.inf]])
    for side in (0, 1):
        if stick.outside[side] is not None:
            options[side, side] = stick.outside[side]
    turns = alternating(protocol.rounds, TURNS.index(protocol.proposer) - 1)
    proposer = protocol.demander_proposes_pct / 100.0 if protocol.proposer == "drawn" else turns
    patience = np.exp(-np.asarray(rates) * protocol.days_per_round / 365.0)
    return Game(protocol.rounds, patience, deadline, flow, proposer, protocol.hazard_pct / 100.0, None, options)


def due(plan: Equilibrium, game: Game, talk, world: int) -> tuple[str, int, np.ndarray]:
    """Return how a world should end by the equilibrium, after how many rounds, and payoffs (2,).

    Chance is taken as it fell: who was drawn to speak, when talks collapsed, whether the stick fell.
    """
    falls = bool(talk.stick_falls[world])
    end = np.array([float(part.sum()) for part in (talk.stakes.carried if falls else talk.stakes.interim)])
    worth = np.stack([part.sum(axis=-1) for part in talk.stakes.packages], axis=-1)
    for turn in range(game.rounds):
        side = talk.history.speaker[world, turn]
        row = int(plan.offer[turn, side])
        if row >= 0:
            return ENDINGS[DEAL], turn, _paid(game, turn, worth[row])
        if plan.leaves[turn, 1 - side]:
            option = np.where([side == 1, side == 0], game.outside[1 - side], end)
            return ENDINGS[OUTSIDE], turn, _paid(game, turn, option)
        if talk.ending[world] == COLLAPSE and talk.closed[world] == turn + 1:
            return ENDINGS[COLLAPSE], turn + 1, _paid(game, turn + 1, end)
    return ENDINGS[DEADLINE], game.rounds, _paid(game, game.rounds, end)


def _paid(game: Game, rounds: int, final: np.ndarray) -> np.ndarray:
    """Return payoffs (2,): the flow for some rounds, then the final state."""
    weight = game.patience**rounds
    return (1.0 - weight) * game.interim + weight * final
