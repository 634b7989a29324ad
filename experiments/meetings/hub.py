"""A hub and three spokes with money to share: rational talks next to the deals they expect, and Nash-in-Nash."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from agents.country import Country
from agents.strategies.rational import Rational
from experiments.meetings.met import Met
from experiments.meetings.settings import SEED, kinds
from sim.assess import Assessor
from sim.attention import Attention
from sim.deals import Issue, make_grid
from sim.economy import Economy
from sim.grounds import Grounds
from sim.hub import ENDS, foreseen
from sim.model import Talks
from sim.plots.spokes import spokes as draw
from sim.protocols.alternating import AlternatingOffers
from sim.solutions.network import nash_in_nash_transfers
from sim.sticks import Stick
from sim.table import Agenda
from sim.trade import solve

HUB, SPOKES = "USA", ("JPN", "EU27", "CHN")
INTERIM = 0.10  # the hub's tariff on each spoke while there is no deal, for good
LEVELS = (0.0, INTERIM)  # what it can be cut to
STEP = (
    0.01  # bn USD a year: of the payments; a coarser one hides what a round of waiting costs, and nobody would settle
)
MOST = 30.0  # bn USD a year: the largest payment on the table, more than any spoke would pay
RATES = (0.5, 0.5)  # discount rates a year of the hub and of the spokes
DAYS, ROUNDS = 7.0, 10  # rounds so short that who proposes hardly matters
WORLDS = 32


def hub_and_spokes(step: float = STEP, spokes: Sequence[str] = SPOKES) -> Met:
    """Each spoke pays for a tariff cut, money valued alike: payments of agents beside the closed form.

    `alone`: every talk takes the others to stay at their interim. `expected`: at the deals they end in; that is
    Nash-in-Nash. Payments are the mean of those agreed where the hub, and where the spoke, happens to speak first.
    """
    worth = worths(spokes)
    rows = []
    for others, theory in (("interim", _alone(*worth)), ("expected", nash_in_nash_transfers(*worth).transfers)):
        rows += _rows(played(others, step, spokes), others, theory)
    data = pd.DataFrame(rows)
    return Met(
        name="hub_and_spokes",
        agents="a hub and three spokes, rational, short rounds",
        theory="Nash-in-Nash",
        source="Horn & Wolinsky 1988; Collard-Wexler, Gowrisankaran & Lee 2019",
        data=data,
        compared=f"payments of {len(spokes)} talks, the others at their interim and at the deals expected",
        away=float((data["payment_agents"] - data["payment_theory"]).abs().max()),
        tolerance=step,
        unit="bn USD a year",
        draw=draw,
    )


def economy(spokes: Sequence[str] = SPOKES) -> Economy:
    """Return goods trade of 2023 among the hub and its spokes, the rest of the world folded together, no tariffs."""
    return Economy.shipped("flows_5", keep=(HUB, *spokes))


def agendas(step: float, spokes: Sequence[str] = SPOKES) -> tuple[Agenda, ...]:
    """Return the talks: the hub's tariff on each spoke, and a yearly payment to the hub."""
    pay = tuple((np.arange(round(MOST / step) + 1) * step).tolist())
    grid = make_grid((Issue("tariff", "tariff", 0, LEVELS, on_top=True), Issue("payment", "security", 1, pay)))
    stick = Stick(interim=INTERIM, threat=INTERIM, resolve=0.0, belief=0.0)
    return tuple(Agenda(code, HUB, code, grid, stick) for code in spokes)


def played(others: str, step: float = STEP, spokes: Sequence[str] = SPOKES, *, rates=RATES,
           attends: int | None = None, rounds: int = ROUNDS) -> Talks:  # fmt: skip
    """Return the talks as rational sides that know each other play them; `others` as in sim.attention.

    `rates` (2,) of the hub and of the spokes; `attends`: talks the hub sits down to in a round, all by default.
    """
    assessor = Assessor(economy(spokes), agendas(step, spokes))
    stakes = assessor.stakes()
    rules = Attention(attends=attends or len(stakes), order="list", others=others)
    seated = partial(_seated, stakes, (rules, Grounds(assessor, stakes)), rates, rounds)
    return foreseen(seated) if others == "expected" else seated().run_model()


def _seated(stakes, hub, rates, rounds: int) -> Talks:
    protocol = AlternatingOffers(rounds=rounds, days_per_round=DAYS)
    model = Talks(protocol, seed=SEED, worlds=WORLDS, information="complete")
    only = np.zeros((1, 6))
    only[0, [0, 3]] = 1.0  # household welfare and money
    for code in (HUB, *(own.agenda.partner for own in stakes)):
        Country(model, code, Rational(), kinds([rates[code != HUB]], weights=only))
    return model.open(stakes, hub=hub)


def worths(spokes: Sequence[str] = SPOKES) -> tuple[np.ndarray, np.ndarray]:
    """Return welfare by set of deals, no payments counted: of the hub (2^J,) and of the spokes (J, 2^J), bn USD a year.

    Every set's trade equilibrium is solved by itself, from tariffs written down here: a deal lifts the hub's tariff.
    """
    world = economy(spokes)
    hub, own = world.index(HUB), [world.index(code) for code in spokes]
    tariffs = np.repeat(world.tariffs[None], 1 << len(own), axis=0)
    for deals, state in enumerate(tariffs):
        for j, spoke in enumerate(own):
            state[:, spoke, hub] += LEVELS[0] if deals >> j & 1 else INTERIM
    found = solve(world, tariffs, np.ones_like(tariffs))
    return found.ev[:, hub], found.ev[:, own].T


def _alone(hub: np.ndarray, spokes: np.ndarray) -> np.ndarray:
    """Return each spoke's payment (J,) if the others never settle: half its gain, half of what the hub gives up."""
    deal = 1 << np.arange(len(spokes))
    gain = spokes[np.arange(len(spokes)), deal] - spokes[:, 0]
    return 0.5 * gain - 0.5 * (hub[deal] - hub[0])


def _rows(model: Talks, others: str, theory: np.ndarray) -> list[dict]:
    """Return a row a talk: what was agreed, and the payment that theory says."""
    rows = []
    for talk, payment in zip(model.talks, theory):
        levels = talk.agenda.grid.levels[talk.row]
        ends = "none expected" if model.hub.ends is None else ENDS[int(model.hub.ends.max())]
        row = {"talk": talk.name, "others": others, "tariff_pct": 100.0 * float(levels[:, 0].mean())}
        first = talk.history.speaker[:, 0]
        paid = [float(levels[first == side, 1].mean()) for side in (0, 1)]
        row |= {"payment_agents": sum(paid) / 2, "payment_theory": float(payment)}
        row |= {"hub_first": paid[0], "spoke_first": paid[1], "agreed_in_round": int(talk.closed.max()) + 1}
        rows.append(row | {"deals": float((talk.row >= 0).mean()), "expectations": ends})
    return rows
