"""How fast a sweep is composed and checked: cells a second of one core (its own time, not that of others)."""

from __future__ import annotations

import resource
import time

from experiments.compose import load
from experiments.options import Options
from experiments.sweep.planning import plan

BAR = 2500  # cells a second: 100,000 in 40 s
JAPAN = "talks=us_japan"
PLANS = {
    "three axes, three nodes": (
        "talks.japan.stick.threat_pct=range(0,100,0.5)",
        "countries.JPN.types.discount_rate_per_year.values.0=range(0,1,0.01)",
        "protocol.rounds=range(1,6)",
    ),
    "one node, all values new": (
        "design={kind: lhs, points: 100000, ranges: {talks.japan.stick.threat_pct: [0, 50]}}",
    ),
    "five nodes, all values new": (
        "design={kind: lhs, points: 100000, ranges: {economy.trade_elasticity: [2, 8], "
        "talks.japan.stick.threat_pct: [0, 50], countries.JPN.weights.concession: [0, 2], "
        "countries.JPN.strategy.exponent: [0.2, 5], talks.japan.issues.pledge.realised_pct: [0, 100]}}",
    ),
    "groups": (
        "strategy@countries.JPN.strategy=linear,boulware,conceder,hardliner",
        "stick@talks.japan.stick=mirrored,pause_90_days",
        "talks.japan.stick.threat_pct=range(0,125,0.01)",
    ),
}


def main() -> None:
    """Print the figures; the slowest kind counts."""
    start = time.process_time()
    for _ in range(5):
        load([JAPAN])
    single = (time.process_time() - start) / 5
    slowest = float("inf")
    for name, overrides in PLANS.items():
        start = time.process_time()
        made = plan(Options(overrides=(JAPAN, *overrides), multirun=True, silent=True))
        took = time.process_time() - start
        rate = len(made.cells) / took
        slowest = min(slowest, rate)
        held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"{name}: {len(made.cells)} cells, {took:.1f} s, {1e6 / rate:.0f} us a cell, {held:.2f} GB")
        del made
    print(f"one configuration by itself: {1e3 * single:.0f} ms, {slowest * single:.0f} cells at the slowest rate")
    print(f"BENCH compose_cells_per_second {slowest:.0f} {BAR}")


if __name__ == "__main__":
    main()
