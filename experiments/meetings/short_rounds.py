"""Rational sides on a fine pie, rounds ever shorter: their split tends to Rubinstein's, and that to patience alone."""

from __future__ import annotations

import numpy as np
import pandas as pd

from agents.strategies.rational import Rational
from experiments.meetings.met import Met
from experiments.meetings.settings import PIE, SIDES, kinds, pie, play
from sim.plots.meetings import short_rounds as draw
from sim.protocols.alternating import AlternatingOffers
from sim.solutions import limits

RATES = (0.5, 1.0)  # per year
LENGTHS = (365.0, 182.5, 73.0, 36.5, 14.6, 7.3)  # days of a round
YEARS = 20  # until the deadline: what is left of the pie by then is e**-15
STEPS = 200_000  # of the pie: far below what a round of waiting costs (van Damme, Selten & Winter 1990)
TOLERANCE = 1e-3  # of the pie: what the steps of the pie may add up to
TURNS = {"demander": "demander_first", "partner": "partner_first"}


def ever_shorter_rounds() -> Met:
    """Two rational sides, each proposing first in turn, or drawn: A's share by the length of a round."""
    rows = [_row(days, first) for days in LENGTHS for first in (*TURNS, "drawn")]
    data = pd.DataFrame(rows)
    return Met(
        name="short_rounds",
        agents="rational sides, short rounds",
        theory="Rubinstein's split and its limit",
        source="Rubinstein 1982; Binmore, Rubinstein & Wolinsky 1986",
        data=data,
        compared=f"A's share at {len(LENGTHS)} lengths of a round, three orders of speaking",
        away=float((data["share_agents"] - data["share_theory"]).abs().max()),
        tolerance=TOLERANCE,
        unit="of the pie",
        draw=draw,
    )


def _row(days: float, first: str) -> dict:
    """Return A's share as played and as the closed form says, for one length of a round and order of speaking.

    Where the proposer is drawn it is the mean of what either gets who happens to speak first.
    """
    turns = TURNS.get(first, "drawn")
    protocol = AlternatingOffers(rounds=round(YEARS * 365 / days), days_per_round=days, proposer=turns)
    players = {code: (Rational(), kinds([rate])) for code, rate in zip(SIDES, RATES)}
    talk = play(pie(STEPS), protocol, players, worlds=1 if first != "drawn" else 16)
    share = talk.stakes.packages[0].sum(axis=-1)[talk.row] / PIE
    if first == "drawn":
        opened = talk.history.speaker[:, 0]
        share = np.array([share[opened == side].mean() for side in (0, 1)])
    d0, d1 = np.exp(-np.array(RATES) * days / 365.0)
    theory = {
        "demander": limits.rubinstein([d0, d1])[0],
        "partner": 1.0 - limits.rubinstein([d1, d0])[0],
        "drawn": limits.drawn_proposer([d0, d1])[0],
    }[first]
    limit = limits.nash_split(1.0, *reversed(limits.short_rounds(RATES)))[0]
    row = {"days_per_round": days, "first": first, "share_agents": float(share.mean())}
    return row | {"share_theory": float(theory), "limit": float(limit), "agreed_in_round": int(talk.closed.max()) + 1}
