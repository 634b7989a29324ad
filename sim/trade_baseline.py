"""The baseline of the trade model: what flows and tariffs imply before anything changes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.trade_newton import newton
from sim.trade_parameters import TradeParameters
from sim.trade_system import Shock, System, evaluate

Array = NDArray[np.float64]
TOLERANCE = 1e-12  # residual of a solved equilibrium, relative to baseline income
MAX_ITERATIONS = 40
UTMOST = 0.0  # a baseline is solved until rounding stops it, so that no change changes nothing


class Baseline(NamedTuple):
    """Baseline of N economies, bn USD a year; shares (S,N,N) exporter by importer, sector_shares (S,N)."""

    spending: Array
    shares: Array
    sector_shares: Array
    income: Array
    revenue: Array
    transfers: Array


def derive(flows: Array, tariffs: Array, foreign_share: ArrayLike) -> Baseline:
    """Spending, shares, income, revenue and transfers implied by flows (S,N,N) before tariffs and tariffs (S,N,N).

    E_j = sum (1+t)X, Y_i = sum_j (1-nu_j) X_ij + nu_i sum_k X_ki, R_j = sum tX, D = E - Y - R (sums to zero).
    """
    nu = np.asarray(foreign_share, float)
    paid = (1 + tariffs) * flows
    by_sector = paid.sum(1)
    spending = by_sector.sum(0)
    own = np.eye(flows.shape[1])
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.where(by_sector[:, None] > 0, paid / by_sector[:, None], own)
        sector_shares = by_sector / spending
    income = ((1 - nu) * flows).sum((0, 2)) + nu * flows.sum((0, 1))
    revenue = (tariffs * flows).sum((0, 1))
    return Baseline(spending, shares, sector_shares, income, revenue, spending - income - revenue)


def domestic_total(flows: Array, tariffs: Array, gdp: Array, foreign_share: ArrayLike) -> Array:
    """Domestic sales (N,) that make income plus revenue equal GDP, from cross-border flows; bn USD a year.

    D_i = (1-nu_i) imports_i - sum_j (1-nu_j) X_ij and X_ii = GDP_i + D_i - imports_i with tariffs.
    """
    nu = np.asarray(foreign_share, float)
    cross = flows * (1 - np.eye(flows.shape[1]))
    transfers = (1 - nu) * cross.sum((0, 1)) - ((1 - nu) * cross).sum((0, 2))
    return gdp + transfers - ((1 + tariffs) * cross).sum((0, 1))


def build_system(baseline: Baseline, parameters: TradeParameters, transfers: Array | None = None) -> System:
    """Constants of the equilibrium system; `transfers` (N,) overrides the baseline's (zero: balanced trade)."""
    s, n = baseline.sector_shares.shape
    income_tax = parameters.rebate == "income_tax"
    paid = baseline.revenue / baseline.income if income_tax else np.zeros(n)
    column = lambda value, size: np.broadcast_to(np.asarray(value, float), (size,)).copy()  # noqa: E731
    return System(
        shares=baseline.shares[..., None],
        alpha=baseline.sector_shares[:, None, :, None],
        elasticity=column(parameters.trade_elasticity, s)[:, None, None, None],
        scale=column(parameters.scale(), s)[:, None, None, None],
        income=baseline.income[:, None],
        spending=baseline.spending[:, None],
        transfers=(baseline.transfers if transfers is None else transfers)[:, None],
        tax0=paid[:, None],
        own=1 - column(parameters.foreign_share, n)[:, None],
        pass_through=column(parameters.pass_through, n)[:, None],
        labour_supply=float(parameters.labour_supply),
        income_tax=income_tax,
    )


def balanced_flows(flows: Array, tariffs: Array, parameters: TradeParameters) -> Array:
    """Flows (S,N,N) of the equilibrium at the same tariffs without transfers (Ossa 2014), bn USD a year.

    World spending at baseline prices is unchanged. ValueError when no such equilibrium is found.
    """
    baseline = derive(flows, tariffs, parameters.foreign_share)
    system = build_system(baseline, parameters, np.zeros_like(baseline.transfers))
    shock = Shock(system.shares, system.alpha / (1 + tariffs[..., None]))
    x, _, _ = newton(system, shock, np.zeros((2 * system.size, 1)), UTMOST, MAX_ITERATIONS)
    state = evaluate(system, shock, x)
    worst = np.abs(state.error).max()
    if not worst <= TOLERANCE:
        raise ValueError(
            f"closure = 'balanced': no balanced equilibrium was found (residual {worst:.1e}).\n"
            "Try closure='world_gdp', or fold very open economies into ROW."
        )
    price = (baseline.spending * np.exp(state.log_price[:, 0])).sum() / baseline.spending.sum()
    return state.market[..., 0] * state.disposable[:, 0] / price
