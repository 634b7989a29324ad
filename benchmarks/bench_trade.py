"""How fast trade equilibria are found on one core; closes with `BENCH name figure bar` lines (bigger is better).

The peer is a loop of scipy.optimize.fsolve (MINPACK's hybrid method, numeric Jacobian) on the very same vectorised
residual, one world at a time, in the same run. Both answers are compared before any figure is printed.
"""

# ruff: noqa: E402
from __future__ import annotations

import os

for _key in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
    os.environ[_key] = "1"

import time
from collections.abc import Callable

import numpy as np
from scipy.optimize import fsolve

from sim.economy import Economy, TradeParameters, headline_pass_through
from sim.trade import solve
from sim.trade_baseline import build_system
from sim.trade_system import Shock, System, evaluate

WORLDS, PEER_WORLDS, MANY, PEER_MANY = 10_000, 150, 4, 2
REPEATS = 15  # short and many, the best counts: other programs are not part of the figure
PEER_REPEATS = 5
AGREE = 1e-8  # on log wages
RESIDUAL = 1e-11  # both methods must reach it


def seconds(work: Callable[[], object], repeats: int = 1) -> float:
    """Best wall-clock time of some repeats."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def five() -> tuple[Economy, np.ndarray, np.ndarray]:
    """Five economies with every parameter at work, and random tariffs and market access."""
    rng = np.random.default_rng(1)
    nu = (0.26, 0.12, 0.12, 0.12, 0.12)
    parameters = TradeParameters(foreign_share=nu, pass_through=headline_pass_through(nu, pass_through=0.8))
    economy = Economy.shipped(
        "flows_12", tariffs=np.where(np.eye(5) > 0, 0, rng.uniform(0, 0.1, (5, 5))), parameters=parameters
    )
    home = np.eye(5) > 0
    tariffs = np.where(home, 0, rng.uniform(0, 0.6, (WORLDS, 1, 5, 5)))
    return economy, tariffs, np.where(home, 1, rng.uniform(0.9, 1.1, (WORLDS, 1, 5, 5)))


def many() -> tuple[Economy, np.ndarray, np.ndarray]:
    """194 synthetic economies: log-normal sizes, gravity, a third of spending imported, 3 % tariffs everywhere."""
    n, rng = 194, np.random.default_rng(0)
    gdp = np.exp(rng.normal(5, 1.8, n))
    flows = np.outer(gdp, gdp) / gdp.sum() * np.exp(rng.normal(0, 0.8, (n, n))) * 0.35
    nu = tuple(rng.uniform(0, 0.3, n))
    parameters = TradeParameters(foreign_share=nu, pass_through=headline_pass_through(nu, pass_through=0.8))
    economy = Economy.from_arrays([f"E{k}" for k in range(n)], flows, gdp, tariffs=0.03, parameters=parameters)
    home = np.eye(n) > 0
    tariffs = np.where(home, 0, rng.uniform(0, 0.3, (MANY, 1, n, n)))
    return economy, tariffs, np.where(home, 1, rng.uniform(0.9, 1.1, (MANY, 1, n, n)))


def by_fsolve(system: System, shock: Shock) -> tuple[np.ndarray, float]:
    """Log labour and wages (2N, B) world by world by fsolve, and the largest residual."""
    n, count = system.size, shock.keep.shape[-1]
    free = np.delete(np.arange(2 * n), n + system.base)
    answer, worst = np.zeros((2 * n, count)), 0.0
    for b in range(count):
        one = shock.take(np.array([b]))
        x = np.zeros((2 * n, 1))

        def residual(z: np.ndarray, x: np.ndarray = x, one: Shock = one) -> np.ndarray:
            x[free, 0] = z
            return evaluate(system, one, x).error[free, 0]

        answer[free, b] = fsolve(residual, np.zeros(2 * n - 1), xtol=1e-9)
        worst = max(worst, float(np.abs(residual(answer[free, b])).max()))
    return answer, worst


def compare(name: str, case: tuple[Economy, np.ndarray, np.ndarray], peers: int, repeats: int) -> tuple[float, float]:
    """Equilibria a second of our solver and how many times those of the peer; the answers must agree."""
    economy, tariffs, iceberg = case
    solve(economy, tariffs[:2], iceberg[:2])
    ours = seconds(lambda: solve(economy, tariffs, iceberg), repeats) / len(tariffs)
    result = solve(economy, tariffs, iceberg)
    assert result.converged.all() and result.residual.max() < RESIDUAL

    system = build_system(economy, economy.parameters)
    last = lambda a: np.ascontiguousarray(np.moveaxis(a[:peers], 0, -1))  # noqa: E731
    gross = 1 + last(tariffs)
    change = -system.elasticity * system.pass_through * np.log(gross / (1 + economy.tariffs[..., None]))
    shock = Shock(system.shares * np.exp(change) * last(iceberg) ** -system.elasticity, system.alpha / gross)
    kept: list[tuple[np.ndarray, float]] = []
    theirs = seconds(lambda: kept.append(by_fsolve(system, shock)), PEER_REPEATS) / peers
    x, worst = kept[0]
    relative = x[system.size :] - x[system.size]
    log_wage = np.log(result.wage[:peers].T)
    gap = np.abs(relative - (log_wage - log_wage[0])).max()
    assert gap < AGREE and worst < RESIDUAL, (gap, worst)
    print(
        f"{name}: {1 / ours:,.0f} equilibria a second ({1e3 * ours:.3g} ms each), fsolve {1 / theirs:,.1f} "
        f"({1e3 * theirs:.3g} ms); residuals {result.residual.max():.0e} and {worst:.0e}, answers differ by {gap:.0e}"
    )
    return 1 / ours, theirs / ours


def main() -> None:
    """Print the figures."""
    few, few_times = compare(f"5 economies, {WORLDS:,} worlds", five(), PEER_WORLDS, REPEATS)
    big, big_times = compare(f"194 economies, {MANY} worlds", many(), PEER_MANY, REPEATS)
    print(f"BENCH trade_equilibria_per_s {few:.0f} 40000")
    print(f"BENCH trade_vs_fsolve {few_times:.1f} 20")
    print(f"BENCH trade_194_per_s {big:.1f} 25")
    print(f"BENCH trade_194_vs_fsolve {big_times:.1f} 3")


if __name__ == "__main__":
    main()
