"""How fast sweeps are: against Hydra's own launcher, against Mesa's batch_run, by themselves, and on two cores.

Against Hydra: cells of one command against jobs of the same command with `hydra/sweeper=basic`, both as processes of
their own, the same worlds and no figures. Against Mesa: the same rules written as a scalar model, played run by run by
`mesa.batch_run`; the deals must agree on average. Everything else counts the whole of it: cells checked, played,
written, merged and summed up.
"""

# ruff: noqa: E402
from __future__ import annotations

import os

for _key in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
    os.environ[_key] = "1"

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import mesa
import numpy as np
import pandas as pd

from experiments.build import build
from experiments.compose import load
from experiments.options import parse
from experiments.sweep.planning import plan
from experiments.sweep.store import run_sweep
from sim.deals import apart

PIE = ("experiment=classroom", "figures=false")
LOSSES = [
    f"talks.pie.stick.withdrawal_{side}_busd" for side in ("demander", "partner")
]  # of both where no deal is made
BELIEF = "talks.japan.stick.belief_pct"
JAPAN = ("economy=twelve", "talks=us_japan", "figures=false")
STOCK_JOBS, FEW_WORLDS = 30, 20
ROUNDS, RUNS, WORLDS = 13, 10, 2000


def commanded(*words: str) -> float:
    """Seconds of `bargain run -m` with these words, as a process of its own, into a new folder."""
    with tempfile.TemporaryDirectory() as folder:
        line = [sys.executable, "-m", "experiments.cli", "run", "-m", *words, "hydra/job_logging=none"]
        start = time.perf_counter()
        subprocess.run([*line, "--out", str(Path(folder) / "s")], check=True, capture_output=True)
        return time.perf_counter() - start


def swept(*words: str) -> tuple[float, pd.DataFrame]:
    """Seconds of a sweep in this process, from words to files, and its summary."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        place = run_sweep(plan(parse(["-m", *words, "--out", str(Path(folder) / "s")])), silent=True)
        return time.perf_counter() - start, pd.read_parquet(place / "summary.parquet")


def listed(values) -> str:
    """Return values as a sweep on the command line."""
    return ",".join(f"{value:g}" for value in values)


def against_hydra() -> None:
    """Print how many cells are played in the time of a job of Hydra's basic launcher."""
    same = (*PIE, f"worlds={FEW_WORLDS}")
    jobs = [
        commanded(*same, "hydra/sweeper=basic", f"{LOSSES[0]}={listed(range(count))}") for count in (1, 1 + STOCK_JOBS)
    ]
    job = (jobs[1] - jobs[0]) / STOCK_JOBS
    took = commanded(*same, *(f"{key}={listed(np.arange(100) / 4)}" for key in LOSSES))
    print(f"a job of the basic launcher: {1e3 * job:.0f} ms; 10,000 cells: {took:.2f} s")
    print(f"BENCH sweep_cells_in_a_stock_job {job / (took / 1e4):.0f} 300")


def by_itself() -> None:
    """Print how often a thousand cells of a thousand worlds fit into ten seconds."""
    values = f"{BELIEF}={listed(np.linspace(0, 99, 100))}", f"economy.trade_elasticity={listed(np.arange(2, 7, 0.5))}"
    took, _ = swept(*JAPAN, f"protocol.rounds={ROUNDS}", "worlds=1000", *values)
    print(f"1,000 cells x 1,000 worlds x {ROUNDS} rounds, 10 trade elasticities: {took:.2f} s")
    print(f"BENCH sweep_million_worlds_in_10_s {10.0 / took:.2f} 1")


def on_two_cores() -> None:
    """Print how much faster two processes are than one on half a minute's work, their start included."""
    values = np.arange(2, 8, 0.005)
    words = ("talks=us_three", "figures=false", "worlds=200", f"economy.trade_elasticity={listed(values)}")
    one, _ = swept(*words, "sweep.backend=serial")
    two, _ = swept(*words, "sweep.backend=loky", "sweep.cores=2")
    print(f"{len(values):,} cells of three talks: {one:.1f} s on one core, {two:.1f} s on two")
    print(f"BENCH sweep_two_cores {one / two:.2f} 1.6")


class Side(mesa.Agent):
    """A side of the scalar model: what packages (P,) are worth to it, and how it concedes over time."""

    def __init__(self, model, worth: np.ndarray, no_deal: int, strategy) -> None:
        super().__init__(model)
        self.worth, self.floor, self.said = worth, no_deal, None
        self.top, self.power = worth.max(), 1.0 / strategy.exponent
        self.width = round((self.top - no_deal) * strategy.flexibility_pct / 100.0)
        self.best = max(self.top, no_deal)

    def asks(self, turn: int) -> int:
        """Return what it insists on at a turn."""
        return max(self.best - round((self.best - self.floor) * (turn / ROUNDS) ** self.power), self.floor)

    def offers(self, turn: int, heard: int | None, grid) -> int | None:
        """Return the package it offers: as good as it asks for, and nearest to what it heard; None for a pass."""
        if self.top < self.floor:
            return None
        least = self.asks(turn)
        good = np.flatnonzero(self.worth >= least)
        worth = self.worth[good]
        good = good[worth <= max(worth.min(), least + self.width)]
        if heard is None:
            return int(good[np.argmin(self.worth[good])])
        return int(good[np.argmin(apart(grid, good, np.array(heard)))])


class Scalar(mesa.Model):
    """One talk in one world, as one writes it for batch_run: the table of payoffs is ready, the rest is played."""

    table, strategies, datacollector = None, (), None

    def __init__(self, belief_pct: float, resolve_pct: float, rng=None) -> None:
        super().__init__(rng=rng)
        chances = (resolve_pct / 100.0, belief_pct / 100.0)
        self.sides = [self.side(number, chance) for number, chance in enumerate(chances)]
        self.turn, self.deal = 0, None
        self.datacollector = mesa.DataCollector({"deal": "deal"})

    def side(self, number: int, chance: float) -> Side:
        """Draw a side's private type and seat it."""
        odds = self.table.types[number].probability
        kind = self.rng.choice(len(odds), p=odds)
        no_deal = int(self.table.no_deal(number, chance)[kind])
        return Side(self, self.table.ranked[number].micro[kind], no_deal, self.strategies[number])

    def step(self) -> None:
        """Play a round."""
        first = int(self.rng.random() >= 0.5)
        one, other = self.sides[first], self.sides[1 - first]
        row = one.offers(self.turn, other.said, self.table.grid)
        if row is not None:
            one.said = row
            if other.worth[row] >= other.asks(self.turn + 1):
                self.deal = row
        self.turn += 1
        self.running = self.deal is None and self.turn < ROUNDS
        self.datacollector.collect(self)


def against_mesa() -> None:
    """Print how many runs a sweep makes in the time of one of batch_run's; deals must be as frequent, and the same."""
    lab = build(load([*JAPAN, f"protocol.rounds={ROUNDS}"]).config)
    Scalar.table, Scalar.strategies = lab.tables()[0], [lab.config.countries[c].strategy for c in ("USA", "JPN")]
    axes = {"belief_pct": list(range(0, 100, 10)), "resolve_pct": list(range(5, 100, 10))}
    start = time.perf_counter()
    rows = mesa.batch_run(Scalar, axes, number_processes=1, iterations=RUNS, display_progress=False, max_steps=ROUNDS)
    theirs = (time.perf_counter() - start) / len(rows)
    words = [f"talks.japan.stick.{key}={listed(values)}" for key, values in axes.items()]
    took, found = swept(*JAPAN, f"protocol.rounds={ROUNDS}", f"worlds={WORLDS}", *words)
    ours = took / (WORLDS * len(found))
    peer = np.array([row["deal"] for row in rows if row["deal"] is not None])
    rates = len(peer) / len(rows), found["deal_rate"].mean()
    issue = lab.stakes[0].agenda.grid.issues[0]
    level = issue.shown[lab.stakes[0].agenda.grid.index[peer, 0]]
    means = level.mean(), np.average(found[f"{issue.column}_mean"].fillna(0.0), weights=found[f"{issue.column}_n"])
    off = (
        abs(rates[0] - rates[1]) / (0.5 / len(rows) ** 0.5),
        abs(means[0] - means[1]) / (level.std() / len(peer) ** 0.5),
    )
    assert max(off) < 4.0, f"deals {rates}, {issue.column} {means}: the rules are not the same"
    print(f"a run: {1e6 * theirs:.0f} us by batch_run, {1e6 * ours:.2f} us in a sweep of {WORLDS * len(found):,} runs")
    print(
        f"deals: {100 * rates[0]:.1f} % and {100 * rates[1]:.1f} %; {issue.column}: {means[0]:.2f} and {means[1]:.2f}"
    )
    print(f"BENCH sweep_runs_in_one_of_batch_run {theirs / ours:.0f} 50")


def main() -> None:
    """Print the figures."""
    against_hydra()
    by_itself()
    on_two_cores()
    against_mesa()


if __name__ == "__main__":
    main()
