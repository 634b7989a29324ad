"""Sides that concede by Zeuthen's rule: they end at the package with Nash's product, on any table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from agents.strategies.zeuthen import Zeuthen
from experiments.meetings.met import Met
from experiments.meetings.settings import SIDES, kinds, numbers, play, stakes
from sim.plots.meetings import zeuthen as draw
from sim.protocols.base import DEAL
from sim.protocols.monotonic import MonotonicConcession
from sim.solutions.bargaining import nash

TALKS, PACKAGES = 150, 60
TOLERANCE = 1e-9  # of the largest product of gains
SHOWN = 1  # the talk whose concessions the figure follows


def conceding_sides() -> Met:
    """Two sides that concede when they risk less, on frontiers drawn at random, against Nash's package."""
    outcomes, steps = zip(*(_talk(number) for number in range(TALKS)))
    data = pd.DataFrame([*outcomes, *(row for rows in steps for row in rows)])
    short = 1.0 - data["product_agents"] / data["product_theory"]
    return Met(
        name="zeuthen",
        agents="sides that concede by Zeuthen's rule",
        theory="Nash bargaining solution",
        source="Zeuthen 1930; Harsanyi 1956; Nash 1950",
        data=data,
        compared=f"product of gains in {TALKS} talks",
        away=float(short.abs().max()),
        tolerance=TOLERANCE,
        unit="of the largest product",
        draw=draw,
    )


def table(number: int) -> np.ndarray:
    """Return what packages are worth to both (P, 2): a frontier that bends at random, and packages inside it."""
    u = numbers("frontier", number, 3 * PACKAGES).reshape(3, PACKAGES)
    rise, fall = np.cumsum(0.1 + u[0]), np.cumsum(0.1 + np.sort(u[1]) if number % 2 else 0.1 + u[1])
    worth = np.stack([rise, fall[-1] - fall], axis=-1)
    inside = u[2] < 0.4
    worth[inside] *= (0.3 + 0.7 * u[0][inside])[:, None]
    return np.round(worth, 6)


def _talk(number: int) -> tuple[dict, list[dict]]:
    """Return one talk's outcome, and, for the one shown, its packages and offers."""
    worth, floor = table(number), np.zeros(2)
    players = {code: (Zeuthen(), kinds([0.5])) for code in SIDES}
    talk = play(stakes(worth), MonotonicConcession(rounds=400), players, worlds=1)
    best = int(nash(worth, floor).row)
    made = talk.ending[0] == DEAL
    got = worth[talk.row[0]] if made else floor
    row = {"talk": number, "what": "outcome", "demander": got[0], "partner": got[1]}
    row |= {"demander_nash": worth[best, 0], "partner_nash": worth[best, 1]}
    row |= {"demander_best": worth[:, 0].max(), "partner_best": worth[:, 1].max()}
    row |= {"product_agents": got.prod(), "product_theory": (worth - floor).clip(0.0).prod(axis=-1).max()}
    if number != SHOWN:
        return row, []
    steps = [{"talk": number, "what": "package", "demander": a, "partner": b} for a, b in worth]
    for turn in np.flatnonzero(talk.history.speaker[0] >= 0):
        offer = worth[talk.history.offers[0, turn]]
        words = f"offer of {SIDES[talk.history.speaker[0, turn]]}"
        steps.append({"talk": number, "what": words, "round": turn + 1, "demander": offer[0], "partner": offer[1]})
    return row, steps
