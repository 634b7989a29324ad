"""How fast tariff wars are found on one core; closes with `BENCH name figure bar` lines (bigger is better).

The peer finds the war of five economies by best replies in turn, each with scipy's L-BFGS-B and its own differences,
one trade equilibrium at a time, on the very same welfare function. Both answers are compared before any figure is
printed.
"""

# ruff: noqa: E402
from __future__ import annotations

import os

for _key in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
    os.environ[_key] = "1"

import time

import numpy as np
from scipy.optimize import minimize

from sim.economy import Economy, TradeParameters
from sim.solutions.cooperation import cooperative_tariffs, self_enforcement
from sim.solutions.tariff_choices import Welfare, choices
from sim.solutions.tariff_war import TariffWar, nash_tariffs
from sim.trade import solve

AGREE = 1e-3  # on rates, between the two roads; L-BFGS-B stops early
SWEEPS = 30
STILL = 1e-5  # the peer stops when a sweep moves no rate further


def world(name: str) -> tuple[Economy, Welfare, list[int]]:
    """A shipped world with balanced trade, its welfare function, and a counter of equilibria solved."""
    economy, count = Economy.shipped(name, None, parameters=TradeParameters(closure="balanced")), [0]

    def welfare(tariffs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        result = solve(economy, tariffs)
        count[0] += result.converged.size
        return result.ev, result.converged

    return economy, welfare, count


def twelve() -> float:
    """Seconds for twelve economies: war from five starts, certified; agreement; patience."""
    economy, welfare, count = world("flows_12")
    choice, clock = choices(len(economy.names)), time.perf_counter()
    marks = [clock]
    war = nash_tariffs(welfare, choice, economy.tariffs)
    marks.append(time.perf_counter())
    deal = cooperative_tariffs(welfare, choice, war.tariffs)
    marks.append(time.perf_counter())
    keeps = self_enforcement(welfare, choice, deal.tariffs, war.tariffs)
    marks.append(time.perf_counter())
    assert war.certified and war.agree == 5 and deal.converged and deal.agree == 2 and keeps.converged.all()
    war_s, deal_s, keeps_s = np.diff(marks)
    print(
        f"12 economies: war {war_s:.1f} s ({war.iterations} rounds, largest unilateral gain {war.gain.max():.0e} bn), "
        f"cooperation {deal_s:.1f} s (slope {deal.slope:.0e}), patience {keeps_s:.2f} s; {count[0]:,} equilibria"
    )
    return float(marks[-1] - marks[0])


def five() -> float:
    """How many times faster than replies in turn: five economies, one start; the peer without a certificate."""
    economy, welfare, _ = world("flows_5")
    clock = time.perf_counter()
    war: TariffWar = nash_tariffs(welfare, choices(5), economy.tariffs, starts=1)
    ours = time.perf_counter() - clock
    clock = time.perf_counter()
    tariffs, sweeps = in_turn(welfare, economy.tariffs)
    theirs = time.perf_counter() - clock
    gap = np.abs(tariffs - war.tariffs).max()
    assert gap < AGREE and war.certified, gap
    print(
        f"5 economies: {ours:.2f} s with its certificate, replies in turn {theirs:.2f} s "
        f"({sweeps} sweeps); rates differ by {gap:.0e}"
    )
    return theirs / ours


def in_turn(welfare: Welfare, tariffs: np.ndarray) -> tuple[np.ndarray, int]:
    """The war by best replies one after another, each by L-BFGS-B from where it stands: tariffs, sweeps."""
    now, n = tariffs.copy(), tariffs.shape[-1]
    sweep, moved = 0, np.inf
    while moved > STILL and sweep < SWEEPS:
        before = now.copy()
        for j in range(n):
            others = np.delete(np.arange(n), j)

            def loss(rates: np.ndarray, j: int = j, others: np.ndarray = others) -> float:
                one = now.copy()
                one[0, others, j] = rates
                return -float(welfare(one)[0][j])

            found = minimize(
                loss, now[0, others, j], method="L-BFGS-B", bounds=[(0, 2)] * (n - 1), options={"eps": 1e-5}
            )
            now[0, others, j] = found.x
        sweep, moved = sweep + 1, np.abs(now - before).max()
    return now, sweep


def main() -> None:
    """Print the figures."""
    seconds, times = twelve(), five()
    print(f"BENCH war_12_economies_per_min {60 / seconds:.2f} 1")
    print(f"BENCH war_vs_replies_in_turn {times:.1f} 2")


if __name__ == "__main__":
    main()
