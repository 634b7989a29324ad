"""How long a hub with three partners takes on one core, every deal changing what the others face; BENCH lines close it.

The United States with Japan, the EU and China in 100,000 worlds, one talk a round: in turn, and drawn anew each round,
where worlds part ways most. Trade states, payoff tables, play, the table of talks and the joint payoffs are all in the
time; nothing is ready beforehand. The figures are those of the slower of the two; the bar is a minute and 6 GiB.
"""

# ruff: noqa: E402
from __future__ import annotations

import os

for _key in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
    os.environ[_key] = "1"

import resource
import sys
import time

import numpy as np
import pyarrow.compute as pc

from experiments.build import build
from experiments.compose import load
from sim.results import joint_table, talks_table

WORLDS = 100_000
SECONDS, GIB = 60.0, 6.0
HUBS = ("in_turn", "at_random")
UNIT = 2**20 if sys.platform != "darwin" else 2**30  # of ru_maxrss in a GiB


def played(hub: str) -> float:
    """Seconds that all worlds take under one kind of hub."""
    config = load(["experiment=three_tables", f"hub={hub}", f"worlds={WORLDS}", "figures=false"]).config
    start, cpu = time.perf_counter(), time.process_time()
    lab = build(config)
    deals, tables, gain = 0, np.zeros(len(lab.stakes), dtype=int), 0.0
    for chunk in lab.chunks():
        model = lab.play(*chunk)
        deals += pc.sum(talks_table(model)["deal"]).as_py()
        joint = joint_table(model, lab.hub[1])
        gain += pc.sum(pc.filter(joint["joint_utility"], pc.equal(joint["country"], "USA"))).as_py()
        tables = np.maximum(tables, [len(talk.board.tables) for talk in model.talks])
        del model
    took, cpu = time.perf_counter() - start, time.process_time() - cpu
    print(f"{hub}: {took:.1f} s ({cpu:.1f} s of processor time), {lab.assessor.count:,} distinct trade states, "
          f"at most {' + '.join(map(str, tables))} tables at once, {deals / WORLDS:.2f} deals a world, "
          f"joint payoff of the hub {gain / WORLDS:+.1f} bn USD a year")  # fmt: skip
    return took


def main() -> None:
    """Print the figures."""
    took = max(played(hub) for hub in HUBS)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / UNIT
    print(f"{WORLDS:,} worlds, three talks each: {took:.1f} s, {peak:.2f} GiB at the peak")
    print(f"BENCH hub_60s_over_seconds {SECONDS / took:.2f} 1")
    print(f"BENCH hub_6gib_over_peak {GIB / peak:.2f} 1")


if __name__ == "__main__":
    main()
