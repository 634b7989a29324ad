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

from experiments.options import parse
from experiments.sweep.planning import plan
from experiments.sweep.store import run_sweep

PIE = ("experiment=classroom", "figures=false")
COST, BELIEF = "talks.pie.issues.share.home_cost_busd", "talks.japan.stick.belief_pct"
JAPAN = ("economy=twelve", "talks=us_japan", "figures=false")
STOCK_JOBS, FEW_WORLDS = 30, 20
ROUNDS, SHARES, RUNS = 13, 101, 10
EXPONENTS = (0.2, 0.3, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 4.0, 5.0)


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
    jobs = [commanded(*same, "hydra/sweeper=basic", f"{COST}={listed(range(count))}") for count in (1, 1 + STOCK_JOBS)]
    job = (jobs[1] - jobs[0]) / STOCK_JOBS
    took = commanded(*same, f"{COST}={listed(np.arange(100) / 4)}", f"seed={listed(range(100))}")
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
    words = (
        "talks=us_three",
        "figures=false",
        "worlds=2000",
        f"economy.trade_elasticity={listed(np.arange(2, 8, 0.02))}",
    )
    one, _ = swept(*words, "sweep.backend=serial")
    two, _ = swept(*words, "sweep.backend=loky", "sweep.cores=2")
    print(f"300 cells of three talks: {one:.1f} s on one core, {two:.1f} s on two")
    print(f"BENCH sweep_two_cores {one / two:.2f} 1.6")


class Side(mesa.Agent):
    """A side of the scalar model: concedes over time, shares of the pie in whole units."""

    def __init__(self, model, exponent: float) -> None:
        super().__init__(model)
        self.exponent = exponent

    def asks(self, turn: int) -> int:
        """Return the share it insists on at a turn, the least that is worth its target."""
        worth = 1.0 - (turn / ROUNDS) ** (1.0 / self.exponent)
        return int(np.ceil(round(100.0 * worth, 6)))


class Pie(mesa.Model):
    """Two sides over a pie of 100, the proposer drawn each round."""

    def __init__(self, a: float = 1.0, b: float = 1.0, rng=None) -> None:
        super().__init__(rng=rng)
        self.sides = [Side(self, a), Side(self, b)]
        self.turn, self.share, self.datacollector = 0, None, mesa.DataCollector({"share": "share"})

    def step(self) -> None:
        """Play a round."""
        first = int(self.rng.random() >= 0.5)
        own = self.sides[first].asks(self.turn)
        if SHARES - 1 - own >= self.sides[1 - first].asks(self.turn + 1):
            self.share = (own, SHARES - 1 - own)[first]
        self.turn += 1
        self.running = self.share is None and self.turn < ROUNDS
        self.datacollector.collect(self)


def against_mesa() -> None:
    """Print how many runs a sweep makes in the time of one of batch_run's; the deals must be the same on average."""
    values = {"a": list(EXPONENTS), "b": list(EXPONENTS)}
    start = time.perf_counter()
    rows = mesa.batch_run(Pie, values, number_processes=1, iterations=RUNS, display_progress=False, max_steps=ROUNDS)
    theirs = (time.perf_counter() - start) / len(rows)
    worlds, sides = 1000, [f"countries.{code}.strategy" for code in "AB"]
    words = [f"{side}.flexibility_pct=0" for side in sides] + [f"{s}.exponent={listed(EXPONENTS)}" for s in sides]
    took, found = swept(*PIE, f"protocol.rounds={ROUNDS}", f"worlds={worlds}", *words)
    ours = took / (worlds * len(found))
    peer = pd.DataFrame(rows).groupby(["a", "b"])["share"].mean().to_numpy()
    away = np.abs(found["share_busd_mean"].to_numpy() - peer).mean()
    assert away < 2.0, f"shares differ by {away:.2f} on average: the rules are not the same"
    print(f"a run: {1e6 * theirs:.0f} us by batch_run, {1e6 * ours:.2f} us in a sweep; shares {away:.2f} apart")
    print(f"BENCH sweep_runs_in_one_of_batch_run {theirs / ours:.0f} 50")


def main() -> None:
    """Print the figures."""
    against_hydra()
    by_itself()
    on_two_cores()
    against_mesa()


if __name__ == "__main__":
    main()
