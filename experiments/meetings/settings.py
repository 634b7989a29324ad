"""Small stylised talks in which theory is exact: a pie, tables drawn at random, and how to play them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from agents.country import Country
from sim import draws
from sim.deals import Issue, make_grid
from sim.model import Talks, TypeSpace
from sim.payoffs import COMPONENTS, Types
from sim.sticks import Stick
from sim.table import Agenda, Stakes

SEED = 2025  # of the tables that are drawn at random, and of the talks
PIE = 100.0  # bn USD a year
WORTH, COST = COMPONENTS.index("pledge"), COMPONENTS.index("security")
SIDES = ("A", "B")


def stakes(worth: np.ndarray, flow=(0.0, 0.0), end=(0.0, 0.0), stick: Stick | None = None) -> Stakes:
    """Return a talk between A and B on packages worth (P, 2) to them, bn USD a year.

    `flow` (2,) is what a year of talking is worth, `end` (2,) what the stick leaves when it is carried out.
    """
    count = len(worth)
    grid = make_grid((Issue("share", "pie", 1, tuple(np.arange(count, dtype=float)), size=float(max(count - 1, 1))),))
    parts = np.zeros((2, count, len(COMPONENTS)))
    parts[:, :, WORTH] = np.asarray(worth, dtype=float).T
    ends = np.zeros((2, 2, len(COMPONENTS)))
    ends[0, :, WORTH], ends[1, :, WORTH] = flow, end
    agenda = Agenda("stylised", *SIDES, grid, stick or Stick())
    open_ = np.zeros(count)
    return Stakes(agenda, tuple(parts), tuple(ends[0]), tuple(ends[1]), (open_, open_))


def pie(steps: int, stick: Stick | None = None) -> Stakes:
    """Return a pie of 100 in `steps` steps: A gets the share, B the rest; without a deal both get nothing.

    >>> pie(4).packages[1][:, WORTH].tolist()
    [100.0, 75.0, 50.0, 25.0, 0.0]
    """
    share = np.linspace(0.0, PIE, steps + 1)
    return stakes(np.stack([share, PIE - share], axis=-1), stick=stick)


def kinds(rates, chances=None, weights=None) -> TypeSpace:
    """Return private types with discount rates (K,) a year, equally likely and with weights of one unless given."""
    count = len(rates)
    weights = np.ones((count, len(COMPONENTS))) if weights is None else weights
    chances = np.full(count, 1.0 / count) if chances is None else np.asarray(chances, dtype=float)
    return TypeSpace(Types(weights, np.ones(count), np.asarray(rates, dtype=float), chances, 0.0))


def play(talk: Stakes, protocol, players: Mapping[str, tuple], *, worlds: int, first: int = 0, information="complete"):
    """Play one talk in worlds numbered from `first` and return it; `players` is {code: (strategy, types)}."""
    model = Talks(protocol, seed=SEED, worlds=worlds, first=first, information=information)
    for code, (strategy, space) in players.items():
        Country(model, code, strategy, space)
    return model.open((talk,)).run_model().talks[0]


def numbers(stream: str, talk: int, count: int) -> np.ndarray:
    """Return uniform draws (count,) in (0, 1) for the table of one talk, the same on every machine."""
    rows = -(-count // draws.PER_BLOCK)
    return draws.uniform(SEED, stream, talk, 0, rows).reshape(-1)[:count]
