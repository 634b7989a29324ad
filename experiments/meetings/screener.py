"""A screener: its demand is Fearon's, and it is refused as often as he says."""

from __future__ import annotations

import numpy as np
import pandas as pd

from agents.strategies.hardliner import Hardliner
from agents.strategies.screener import Screener
from experiments.meetings.met import Met
from experiments.meetings.settings import COST, PIE, SIDES, WORTH, kinds, pie, play
from sim.payoffs import COMPONENTS
from sim.plots.meetings import screener as draw
from sim.protocols.alternating import AlternatingOffers
from sim.protocols.base import DEADLINE
from sim.solutions.private import screen_types, screen_uniform
from sim.table import Stakes

SHARE, BOUND = 50.0, 40.0  # bn USD a year: without a deal, before costs; the largest cost of it to the target
TYPES = 400  # of the target: costs of no deal 0.1, 0.2, ... 40, equally likely
OWN = (0.0, 4.0, 8.0, 12.0, 16.0, 20.0, 24.0, 28.0, 32.0, 36.0)  # bn USD a year: what no deal costs the screener
WORLDS = 20_000  # of each cost, none of them met at another
STEPS = 1_000  # of the pie
TOLERANCE = 4.5  # standard errors of the share that refuses


def screening_side() -> Met:
    """A screener facing many types, its own cost of no deal rising: its demand, and the share that refuses it."""
    data = pd.DataFrame([_row(k, own) for k, own in enumerate(OWN)])
    chance = data["no_deal_types"]
    spread = np.sqrt(chance * (1.0 - chance) / WORLDS) + 1.0 / WORLDS
    wrong = (data["demand_agents"] - data["demand_types"]).abs().max() > 1e-9
    return Met(
        name="screener",
        agents="a screener facing many types",
        theory="optimal demand, risk of no deal",
        source="Fearon 1995",
        data=data,
        compared=f"share refused at {len(OWN)} costs; every demand is the optimal one",
        away=np.inf if wrong else float(((data["no_deal_agents"] - chance).abs() / spread).max()),
        tolerance=TOLERANCE,
        unit="standard errors",
        draw=draw,
    )


def target_costs() -> np.ndarray:
    """Return what no deal costs each type of the target (K,), bn USD a year."""
    return BOUND * np.arange(1, TYPES + 1) / TYPES


def costly(own: float) -> tuple[Stakes, object]:
    """Return a pie whose end is half and half less what it costs: `own` to A, by its type to B; and B's types."""
    whole, costs = pie(STEPS), target_costs()
    ends = np.zeros((2, len(COMPONENTS)))
    ends[:, WORTH], ends[1, COST] = (SHARE - own, PIE - SHARE), -1.0
    weights = np.ones((TYPES, len(COMPONENTS)))
    weights[:, COST] = costs
    return Stakes(whole.agenda, whole.packages, tuple(ends), tuple(ends), whole.opening), kinds(
        np.full(TYPES, 0.05), weights=weights
    )


def _row(k: int, own: float) -> dict:
    talk_stakes, space = costly(own)
    players = {SIDES[0]: (Screener(), kinds([0.05])), SIDES[1]: (Hardliner(demand_pct=0.0), space)}
    ultimatum = AlternatingOffers(rounds=1, proposer="demander_first")
    talk = play(talk_stakes, ultimatum, players, worlds=WORLDS, first=k * WORLDS, information="types")
    asked = talk.stakes.packages[0][talk.history.offers[:, 0], WORTH]
    if np.ptp(asked) > 0:
        raise ValueError("the screener, who knows nothing of the world it is in, asked for different shares")
    refused = float(np.mean(talk.ending == DEADLINE))
    exact = screen_types(target_costs(), np.full(TYPES, 1.0 / TYPES), share=SHARE, cost=own)
    smooth = screen_uniform(SHARE, own, BOUND)
    half = 1.96 * np.sqrt(refused * (1.0 - refused) / WORLDS)
    row = {"own_cost": own, "demand_agents": float(asked[0]), "demand_types": float(exact.demand)}
    row |= {"demand_uniform": float(smooth.demand), "no_deal_agents": refused, "no_deal_types": float(exact.no_deal)}
    return row | {"no_deal_uniform": float(smooth.no_deal), "low": max(refused - half, 0.0), "high": refused + half}
