"""Obstinate sides: delays and deadlocks as in the war of attrition, counted in bins of a round."""

from __future__ import annotations

import numpy as np
import pandas as pd

from agents.strategies.obstinate import Obstinate
from experiments.meetings.met import Met
from experiments.meetings.settings import SIDES, kinds, pie, play
from sim.plots.meetings import obstinate as draw
from sim.protocols.alternating import AlternatingOffers
from sim.protocols.base import DEAL
from sim.solutions.attrition import agreement_by_round, war_of_attrition

DEMANDS, RATES, PRIORS = (0.7, 0.6), (0.5, 1.0), (0.1, 0.1)
DAYS, ROUNDS, WORLDS = 30.0, 30, 40_000
TOLERANCE = 4.5  # standard errors, the largest of all rounds: chance exceeds it once in some thousand times
NEVER = 0  # in the column of rounds: no agreement at all


def obstinate_sides() -> Met:
    """Two sides, each committed with a chance, against the law of their agreements, the atom at time 0 by itself."""
    data = _rounds()
    spread = np.sqrt(data["law"] * (1.0 - data["law"]) / WORLDS) + 1.0 / WORLDS
    return Met(
        name="obstinate",
        agents="sides that may be obstinate",
        theory="war of attrition: delay and deadlock",
        source="Abreu & Gul 2000",
        data=data,
        compared=f"shares of {WORLDS:,} worlds that agree in each of {ROUNDS} rounds or never",
        away=float(((data["share"] - data["law"]).abs() / spread).max()),
        tolerance=TOLERANCE,
        unit="standard errors",
        draw=draw,
    )


def _rounds() -> pd.DataFrame:
    """Return a row a round, and one for no agreement: share of worlds, the law's, what of it is conceded at once."""
    percent = 100.0 * np.array([DEMANDS, PRIORS])
    names = ("demand_pct", "obstinate_pct", "other_demand_pct", "other_obstinate_pct")
    sides = [Obstinate(**dict(zip(names, map(float, (*percent[:, i], *percent[:, 1 - i]))))) for i in (0, 1)]
    players = {code: (side, kinds([rate])) for code, side, rate in zip(SIDES, sides, RATES)}
    talk = play(pie(100), AlternatingOffers(rounds=ROUNDS, days_per_round=DAYS), players, worlds=WORLDS)
    made = talk.ending == DEAL
    count = np.bincount(talk.closed[made], minlength=ROUNDS)
    war = war_of_attrition(DEMANDS, RATES, PRIORS)
    law = agreement_by_round(war, DAYS / 365.0, ROUNDS)
    share = np.append(count, np.sum(~made)) / WORLDS
    due = np.append(law.agreement, law.later)
    frame = {"round": [*range(1, ROUNDS + 1), NEVER], "share": share, "law": due}
    at_once = 1.0 - (1.0 - war.at_once[0]) * (1.0 - war.at_once[1])
    frame["law_at_once"] = np.where(np.arange(ROUNDS + 1) == 0, at_once, 0.0)
    half = 1.96 * np.sqrt(share * (1.0 - share) / WORLDS)
    return pd.DataFrame(frame | {"low": np.maximum(share - half, 0.0), "high": share + half, "worlds": WORLDS})
