"""How fast cooperative points and subgame-perfect equilibria are found on one core; closes with BENCH lines.

Ten thousand worlds with tables of their own: 2,500 packages, each side's payoff a weighted sum of gains that fall off
issue by issue (own weights per world), thirteen rounds, drawn proposer. Also the worst case, a pie, where every package
is efficient. The peer is NegMAS in .venv-peers, on the first of the same tables, its answers compared before any
figure is printed: once from its utility functions, once from its fastest frontier of an array.
"""

# ruff: noqa: E402
from __future__ import annotations

import os

for _key in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
    os.environ[_key] = "1"

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from sim.solutions.bargaining import cooperative
from sim.solutions.frontier import Pairs, frontier
from sim.solutions.subgame import Game, subgame_perfect

WORLDS, ROUNDS, PEER_TABLES, SINGLE = 10_000, 13, 12, 200
LEVELS = (5, 5, 5, 5, 4)  # 2,500 packages
PEER_PYTHON = Path(__file__).parents[1] / ".venv-peers" / "bin" / "python"
AGREE = 1e-9  # bn USD


def tables(worlds: int) -> Pairs:
    """Each world's own table: side 0 gains from every issue, less and less; side 1 pays, more and more."""
    rng = np.random.default_rng(7)
    level = np.stack(np.meshgrid(*[np.arange(n) / (n - 1) for n in LEVELS], indexing="ij"), -1).reshape(-1, 5)
    gain, cost = rng.uniform(1, 12, (WORLDS, 5)), rng.uniform(1, 6, (WORLDS, 5))
    u0 = np.einsum("mk,pk->mp", gain[:worlds], level - 0.4 * level**2)
    u1 = 9 - np.einsum("mk,pk->mp", cost[:worlds], level**1.5)
    return own(u0.round(6), u1.round(6))


def pie(worlds: int) -> Pairs:
    """Every package efficient: one issue, shared in 2,500 steps, scaled differently in each world."""
    scale = np.random.default_rng(8).uniform(5, 30, (2, worlds, 1))
    x = np.linspace(0, 1, 2500)
    return own((scale[0] * x).round(6), (scale[1] * (1 - x)).round(6))


def own(u0: np.ndarray, u1: np.ndarray) -> Pairs:
    return Pairs(u0, u1, np.arange(len(u0)), np.arange(len(u0)))


def rules(worlds: int) -> tuple[np.ndarray, Game]:
    """No-deal points and rules of the talks, all different by world."""
    rng = np.random.default_rng(9)
    deadline, interim = rng.uniform(-2, 1, (worlds, 2)), rng.uniform(-1, 1, (worlds, 2))
    patience = np.exp(-rng.uniform(0.05, 2, (worlds, 2)) * 7 / 365)
    return deadline, Game(ROUNDS, patience, deadline, interim, 0.5, hazard=rng.uniform(0, 0.05, worlds))


def all_concepts(u: Pairs, d: np.ndarray, game: Game) -> tuple[float, float]:
    """Seconds for all cooperative points from raw tables, and for the equilibrium besides."""
    start = time.perf_counter()
    f = frontier(u)
    points = cooperative(f, d)
    middle = time.perf_counter()
    equilibrium = subgame_perfect(f, game)
    end = time.perf_counter()
    assert points.nash.zone.all() and (np.abs(equilibrium.payoffs) < 100).all()
    return middle - start, end - middle


def negmas_points(n: int) -> dict:
    """Run inside .venv-peers: seconds a table of NegMAS by both roads, and its Nash payoffs."""
    from negmas import preferences as p
    from negmas.outcomes import make_issue
    from negmas.preferences import ops

    u, (d, _) = tables(n), rules(WORLDS)
    names = [getattr(p, name) for name in ("nash_points", "ks_points", "kalai_points", "max_welfare_points")]
    outcomes = [(k,) for k in range(u.u0.shape[1])]
    times, found = {"ufuns": 0.0, "array": 0.0}, []
    for m in range(n):
        sides = [u.u0[m], u.u1[m]]
        floor = np.maximum(d[m], [x.min() for x in sides])  # its convention for points below every package
        functions = [
            p.MappingUtilityFunction(
                dict(zip(outcomes, x.tolist())), issues=[make_issue(len(x))], reserved_value=float(r)
            )
            for x, r in zip(sides, floor)
        ]
        start = time.perf_counter()
        efficient, _ = p.pareto_frontier(functions, outcomes)
        points = [concept(functions, efficient, outcomes=outcomes) for concept in names]
        times["ufuns"] += time.perf_counter() - start
        found.append([float(x) for x in points[0][0][0]])
        times["array"] += min(from_array(f, functions, sides, names) for f in array_frontiers(ops))
    return {"seconds": {k: t / n for k, t in times.items()}, "nash": found}


def array_frontiers(ops) -> list:
    return [getattr(ops, n) for n in ("pareto_frontier_numpy", "pareto_frontier_active") if hasattr(ops, n)]


def from_array(find, functions, sides, names) -> float:
    """Seconds of one NegMAS frontier of an array and its four solutions, payoff ranges handed to it."""
    start = time.perf_counter()
    points = np.stack(sides, -1)
    efficient = tuple(map(tuple, points[find(points)]))
    ranges = [(x.min(), x.max()) for x in sides]
    for concept in names:
        concept(functions, efficient, ranges=list(ranges))
    return time.perf_counter() - start


def peer() -> dict | None:
    """NegMAS's figures from a process of .venv-peers, or None where it is not installed."""
    if not PEER_PYTHON.exists():
        return None
    done = subprocess.run([PEER_PYTHON, __file__, "--peer"], capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def compare(d: np.ndarray) -> None:
    """Print how many times faster a table is than in NegMAS, after its Nash payoffs were found alike."""
    theirs = peer()
    if theirs is None:
        print("NegMAS is not installed in .venv-peers, so nothing is compared: make crosscheck sets it up")
        return
    first = tables(SINGLE)
    low = np.stack([first.u0.min(axis=-1), first.u1.min(axis=-1)], -1)
    floor = np.maximum(d[:SINGLE], low)
    gap = np.abs(cooperative(first, floor).nash.payoffs[:PEER_TABLES] - theirs["nash"]).max()
    assert gap < AGREE, gap
    start = time.perf_counter()
    for m in range(SINGLE):
        cooperative(Pairs(first.u0, first.u1, m, m), floor[m])
    single = (time.perf_counter() - start) / SINGLE
    ours = min(all_concepts(tables(1000), d[:1000], rules(1000)[1])[0] for _ in range(3)) / 1000
    ufuns, array = theirs["seconds"]["ufuns"], theirs["seconds"]["array"]
    print(
        f"four points of a table: {1e6 * ours:.0f} µs in a batch, {1e6 * single:.0f} µs alone; NegMAS "
        f"{1e3 * ufuns:.1f} ms from utility functions, {1e3 * array:.2f} ms from an array; Nash differs by {gap:.0e}"
    )
    print(f"BENCH solutions_vs_negmas_ufuns {ufuns / ours:.0f} 50")
    print(f"BENCH solutions_vs_negmas_array {array / ours:.1f} 10")


def main() -> None:
    """Print the figures."""
    d, game = rules(WORLDS)
    figures = {}
    for name, make in (("weighted issues", tables), ("pie, all efficient", pie)):
        u = make(WORLDS)
        points, equilibrium = all_concepts(u, d, game)
        figures[name] = WORLDS / (points + equilibrium)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(
            f"{name}: {WORLDS:,} worlds of {u.u0.shape[1]:,} packages, {ROUNDS} rounds: cooperative points "
            f"{points:.2f} s, equilibrium {equilibrium:.2f} s; peak memory {peak:.2f} GiB, tables included"
        )
        del u
    compare(d)
    print(f"BENCH solutions_worlds_per_s {figures['weighted issues']:.0f} 2000")
    print(f"BENCH solutions_worst_worlds_per_s {figures['pie, all efficient']:.0f} 1000")


if __name__ == "__main__":
    if "--peer" in sys.argv:
        print(json.dumps(negmas_points(PEER_TABLES)))
    else:
        main()
