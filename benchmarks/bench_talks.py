"""How fast talks are played on one core, the Mesa model and the results table included; BENCH lines close it.

The talk of the US with Japan of April 2025: 1,980 packages, 13 rounds, 64 private types a side; Boulware, linear and
Conceder against each other, all nine pairings, by the mean of their times. Chunks after the first are timed; what a
run does once (tables, the yardsticks of each pair of types) is told beside it. A second figure gives every world
weights of its own, where nothing is shared and everything is in the time.
"""

# ruff: noqa: E402
from __future__ import annotations

import os

for _key in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
    os.environ[_key] = "1"

import dataclasses
import statistics
import time
from itertools import product

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agents.strategies.time_based import TimeBased
from experiments.build import CHUNK, Lab, build
from experiments.compose import load
from sim.model import TypeSpace
from sim.payoffs import COMPONENTS, Types
from sim.results import talks_table

KINDS, CHUNKS = 64, 6  # types a side, chunks a timing
EXPONENTS = {"boulware": 0.2, "linear": 1.0, "conceder": 5.0}
SPREAD_PCT, SPREAD_WORLDS = 20.0, 4_096
REPEATS = 3


def sixty_four(space: TypeSpace, seed: int) -> TypeSpace:
    """A country's first type with 64 different weights, patience and red lines around it."""
    rng = np.random.default_rng(seed)
    weights = space.types.weights[0] * np.exp(0.3 * rng.normal(size=(KINDS, len(COMPONENTS))))
    types = Types(
        weights,
        rng.uniform(0.4, 1.0, KINDS),
        rng.uniform(0.05, 1.0, KINDS),
        np.full(KINDS, 1 / KINDS),
        space.types.audience_cost,
    )
    return TypeSpace(types)


def with_strategies(lab: Lab, one: str, two: str) -> Lab:
    """The same talks with a time-based strategy each."""
    chosen = {"USA": TimeBased(exponent=EXPONENTS[one]), "JPN": TimeBased(exponent=EXPONENTS[two])}
    countries = {
        code: country.model_copy(update={"strategy": chosen[code]}) for code, country in lab.config.countries.items()
    }
    return dataclasses.replace(lab, config=lab.config.model_copy(update={"countries": countries}))


def seconds(lab: Lab) -> tuple[float, float, list[pa.Table]]:
    """Best time of the first chunk and of all later ones, payoff tables made anew each time; and the tables."""
    starts, rests = [], []
    for _ in range(REPEATS):
        fresh = tuple(dataclasses.replace(stakes) for stakes in lab.stakes)
        new = dataclasses.replace(lab, stakes=fresh)
        clock, tables = [time.perf_counter()], []
        for chunk in new.chunks():
            tables.append(talks_table(new.play(*chunk)))
            clock.append(time.perf_counter())
        starts.append(clock[1] - clock[0])
        rests.append(clock[-1] - clock[1])
    return min(starts), min(rests), tables


def lab_of(worlds: int, *overrides: str) -> Lab:
    """The US-Japan talk, assembled."""
    return build(load(["talks=us_japan", f"worlds={worlds}", "figures=false", *overrides]).config)


def nine_pairings() -> float:
    """World-talks a second, the mean time over all pairings."""
    lab = lab_of(CHUNKS * CHUNK)
    types = {code: sixty_four(lab.types[code], k) for k, code in enumerate(("USA", "JPN"))}
    lab = dataclasses.replace(lab, types=types)
    worlds, packages = lab.config.worlds, len(lab.stakes[0].agenda.grid)
    print(f"{worlds:,} worlds, {packages:,} packages, {lab.config.protocol.rounds} rounds, {KINDS} types a side")
    rests, starts = [], []
    for one, two in product(EXPONENTS, repeat=2):
        start, rest, tables = seconds(with_strategies(lab, one, two))
        table = pa.concat_tables(tables)
        deals, rounds = pc.mean(table["deal"]).as_py(), pc.mean(table["round"]).as_py()
        speed = (worlds - CHUNK) / rest
        print(f"  {one:>8} - {two:<8} {speed:>9,.0f} a second, {100 * deals:.0f} % deals, round {rounds:.1f}")
        rests.append(rest)
        starts.append(start)
    once = statistics.mean(starts) - statistics.mean(rests) / (CHUNKS - 1)
    print(f"before that, once a run: {once:.2f} s for payoff tables and the landmarks of {KINDS**2:,} pairs of types")
    return (worlds - CHUNK) / statistics.mean(rests)


def own_weights() -> float:
    """World-talks a second where every world draws weights of its own."""
    spread = [f"countries.{code}.weight_spread_pct={SPREAD_PCT}" for code in ("USA", "JPN")]
    lab = lab_of(SPREAD_WORLDS, *spread)
    start, rest, _ = seconds(lab)
    print(f"weights of its own in every world: {SPREAD_WORLDS / (start + rest):,.0f} a second, all included")
    return SPREAD_WORLDS / (start + rest)


def main() -> None:
    """Print the figures."""
    pairings, own = nine_pairings(), own_weights()
    print(f"BENCH talks_world_talks_per_s {pairings:.0f} 500000")
    print(f"BENCH talks_own_weights_per_s {own:.0f} 5000")


if __name__ == "__main__":
    main()
