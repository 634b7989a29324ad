"""Talks that several tests share: random small ones with many ties, and the shipped ones of April 2025."""

import functools

import numpy as np

from agents.country import Country
from agents.strategies.hardliner import Hardliner
from agents.strategies.time_based import TimeBased
from agents.strategies.tit_for_tat import TitForTat
from experiments.build import build
from experiments.compose import load
from sim.deals import Issue, make_grid
from sim.model import Talks, TypeSpace
from sim.payoffs import COMPONENTS, Types
from sim.protocols.alternating import AlternatingOffers
from sim.sticks import Stick
from sim.table import Agenda, Stakes

STRATEGIES = (
    TimeBased(exponent=0.2),
    TimeBased(exponent=1.0),
    TimeBased(exponent=5.0, flexibility_pct=30.0),
    Hardliner(demand_pct=80.0),
    Hardliner(demand_pct=20.0),
    TitForTat(factor=1.0),
    TitForTat(factor=0.5),
)


def play(stakes, protocol, players, *, seed, worlds, first=0):
    """Play talks in a batch; `players` are {code: (strategy, type space)}."""
    model = Talks(protocol, seed=seed, worlds=worlds, first=first)
    for code, (strategy, space) in players.items():
        Country(model, code, strategy, space)
    return model.open(tuple(stakes)).run_model()


def random_grid(rng):
    """A grid of one to three issues given by either side, up to 60 packages."""
    issues = []
    for k in range(rng.integers(1, 4)):
        count = int(rng.integers(1, 5))
        levels = tuple(np.sort(rng.choice(20, count, replace=False)) / 4.0)
        issues.append(Issue(f"issue{k}", "security", int(rng.integers(2)), levels))
    return make_grid(tuple(issues))


def random_stakes(rng, *, outside=0.5, name="talk", coarse=True):
    """Stakes of a talk between A and B with small whole components, so that ties abound."""
    grid, count = random_grid(rng), len(COMPONENTS)
    draw = (lambda *shape: rng.integers(-3, 4, shape).astype(float)) if coarse else (lambda *s: rng.normal(0, 3, s))
    options = [float(rng.integers(-4, 5)) if rng.random() < outside else None for _ in range(2)]
    stick = Stick(resolve=float(rng.uniform()), belief=float(rng.uniform()), outside=tuple(options))
    agenda = Agenda(name, "A", "B", grid, stick)
    parts = [tuple(draw(*shape) for _ in range(2)) for shape in ((len(grid), count), (count,), (count,))]
    return Stakes(agenda, *parts, tuple(np.round(rng.uniform(size=len(grid)), 1) for _ in range(2)))


def random_types(rng, most=4, spread=0.0):
    """One to `most` private types with weights in halves, red lines and impatience."""
    kinds = int(rng.integers(1, most + 1))
    chances = rng.uniform(0.1, 1, kinds)
    return TypeSpace(
        Types(
            rng.integers(0, 5, (kinds, len(COMPONENTS))) / 2.0,
            np.round(rng.uniform(size=kinds), 1),
            rng.uniform(0, 3, kinds),
            chances / chances.sum(),
            float(rng.integers(0, 4)),
        ),
        spread,
    )


def random_protocol(rng):
    """An alternating protocol, proposer drawn or fixed, with or without hazard."""
    return AlternatingOffers(
        rounds=int(rng.integers(1, 12)),
        days_per_round=float(rng.choice([7.0, 30.0, 365.0])),
        proposer=str(rng.choice(["drawn", "demander_first", "partner_first"])),
        demander_proposes_pct=float(rng.choice([0.0, 30.0, 50.0, 100.0])),
        hazard_pct=float(rng.choice([0.0, 0.0, 5.0, 40.0])),
        reopen_rate_per_year=float(rng.choice([0.0, 0.3])),
    )


def random_players(rng, spread=0.0):
    """Two countries A and B with strategies and types at random."""
    pick = lambda: STRATEGIES[rng.integers(len(STRATEGIES))]  # noqa: E731
    return {code: (pick(), random_types(rng, spread=spread)) for code in "AB"}


@functools.cache
def april(talks="us_three", *overrides):
    """The shipped talks of April 2025, assembled once."""
    return build(load([f"talks={talks}", "figures=false", *overrides]).config)
