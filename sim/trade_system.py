"""The equilibrium system of the trade model and its derivatives: arrays in, arrays out, worlds on the last axis.

Unknowns are x = (log labour, log wage), shape (2N, B). Every operation is elementwise over worlds, or works on one
world at a time (more than SMALL economies), so a world's bits never depend on the batch it is solved in.

With B_j = w_j L_j Y_j + D_j G (factor income and transfer), m = alpha lambda'/(1+t) the part of a dollar of spending
that reaches producers and k_j = sum of m over exporters and sectors, spending is E'_j = B_j / k_j: the budget is closed
by hand, and since producers in j's market receive exactly B_j the foreign-owned part of income is nu_i B_i.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SMALL = 24  # up to this many economies worlds are solved side by side; above, one by one


@dataclass(frozen=True)
class System:
    """Constants, worlds axis (length 1) last: shares (S,N,N,1), vectors (N,1), sector scalars (S,1,1,1)."""

    shares: Array
    alpha: Array  # (S, 1, N, 1) sector shares of spending
    elasticity: Array  # (S, 1, 1, 1)
    scale: Array  # (S, 1, 1, 1)
    income: Array
    spending: Array
    transfers: Array
    tax0: Array  # baseline revenue over income; 0 with a lump sum
    own: Array  # 1 - foreign share
    pass_through: Array
    labour_supply: float
    income_tax: bool

    @property
    def size(self) -> int:
        return self.income.shape[0]

    @property
    def base(self) -> int:
        """The economy whose wage is held and whose income equation is redundant: the largest."""
        return int(np.argmax(self.income[:, 0]))


@dataclass(frozen=True)
class Shock:
    """What changes in each world: attraction = lambda d^-eps ((1+t)/(1+t0))^(-eps phi) and keep = alpha/(1+t)."""

    attraction: Array  # (S, N, N, B)
    keep: Array  # (S, N, N, B)

    def part(self, start: Shock, share: float) -> Shock:
        """A share of the way, in logs, from a baseline shock (worlds axis 1) to this one."""

        def between(a: Array, b: Array) -> Array:
            return a * np.exp(share * np.log(np.divide(b, a, out=np.ones_like(b), where=(a > 0) & (b > 0))))

        return Shock(between(start.attraction, self.attraction), between(start.keep, self.keep))

    def take(self, worlds: NDArray[np.bool_] | NDArray[np.int64]) -> Shock:
        """The shock of some of the worlds."""
        return Shock(np.ascontiguousarray(self.attraction[..., worlds]), np.ascontiguousarray(self.keep[..., worlds]))


@dataclass(frozen=True)
class State:
    """All that one evaluation yields; fields (N, B), matrices (S, N, N, B) exporter by importer."""

    error: Array  # (2N, B): labour equations in logs, income equations over baseline income
    wages: Array  # w L Y, bn USD
    disposable: Array  # B = w L Y + D G
    spending: Array  # E'
    revenue: Array  # R'
    log_price: Array
    shares: Array  # lambda'
    market: Array  # m / k: what a producer receives of a dollar that reaches producers


def add_up(a: Array, axis: int) -> Array:
    """Sum over an axis (never the last) in a fixed order: the same bits whatever the number of worlds."""
    n = a.shape[axis]
    if n > SMALL:
        return a.sum(axis)
    lead = (slice(None),) * axis
    if n == 1:
        return a[(*lead, 0)]
    total = a[(*lead, 0)] + a[(*lead, 1)]
    for k in range(2, n):
        total += a[(*lead, k)]
    return total


def outer_sum(left: Array, right: Array) -> Array:
    """Sum over sectors and importers of left[s,i,j] right[s,k,j]: (S,N,N,B) twice -> (N,N,B)."""
    s, n, _, b = left.shape
    if n > SMALL:
        return sum(left[r, :, :, 0] @ right[r, :, :, 0].T for r in range(s))[:, :, None]
    total = left[0, :, None, 0] * right[0, None, :, 0]
    part = np.empty((n, n, b))
    for r in range(s):
        for j in range(1 if r == 0 else 0, n):
            np.multiply(left[r, :, None, j], right[r, None, :, j], out=part)
            total += part
    return total


def evaluate(system: System, shock: Shock, x: Array) -> State:
    """Residuals and fields at x (2N, B); equations of docs/theory/economy.md."""
    n = system.size
    labour, wage = x[:n], x[n:]
    cost = wage - system.scale[:, 0] * labour  # (S, N, B) logs
    pull = np.exp(-system.elasticity[:, 0] * cost)
    shares = shock.attraction * pull[:, :, None]
    total = add_up(shares, 1)  # Phi (S, N, B)
    shares /= total[:, None]
    market = shares * shock.keep
    kept = add_up(add_up(market, 1), 0)  # k = 1 - T
    market /= kept
    wages = np.exp(wage + labour) * system.income
    world = add_up(wages, 0) / system.income.sum()
    grant = system.transfers * world
    disposable = wages + grant
    spending = disposable / kept
    revenue = spending - disposable
    received = add_up(market, 0) * (system.own * disposable)
    earned = add_up(received, 1) + (1 - system.own) * disposable
    log_price = add_up(system.alpha[:, 0] * np.log(total) / -system.elasticity[:, 0], 0)
    log_price += (1 - system.pass_through) * (np.log(spending / system.spending) - wage)
    relief = _log_relief(system, revenue, wages)
    error = np.empty_like(x)
    error[:n] = labour - system.labour_supply * (relief + wage - log_price)
    error[n:] = (wages - earned) / system.income
    return State(error, wages, disposable, spending, revenue, log_price, shares, market)


def _log_relief(system: System, revenue: Array, wages: Array) -> Array | float:
    """Log of the income-tax relief that tariff revenue pays for; NaN where revenue exceeds income."""
    if not system.income_tax:
        return 0.0
    return np.log((1 - system.tax0) / (1 - revenue / wages))


def jacobian(system: System, state: State) -> Array:
    """Derivative of the residuals with respect to x: (2N, 2N, B), rows and columns (labour, wage)."""
    n, k = system.size, system.labour_supply
    leak, response = _cost_response(system, state, None)
    leak_l, response_l = _labour_cost_response(system, state, leak, response)
    weight = state.wages / system.income.sum()
    full = np.empty((2 * n, 2 * n, state.error.shape[1]))
    income_v = _income_by_value(system, state, weight)
    full[n:, n:] = income_v + response
    full[n:, :n] = income_v - response_l
    labour_v, diagonal = _labour_by_value(system, state, weight)
    slack = system.pass_through - 1
    if system.income_tax:
        slack = slack + state.spending / (state.wages - state.revenue)
    price = system.alpha * state.shares
    direct = add_up(price, 0)
    direct_l = add_up(price * system.scale, 0)
    by_wage = _swap(direct + leak * slack)
    by_labour = _swap(direct_l + leak_l * slack)
    full[:n, n:] = k * (by_wage + labour_v)
    full[:n, :n] = k * (labour_v - by_labour)
    each = np.arange(n)
    full[each, each] += 1 + k * diagonal
    full[each, each + n] += k * (diagonal + system.pass_through - 2)
    return full


def _swap(a: Array) -> Array:
    return a.swapaxes(0, 1)


def _cost_response(system: System, state: State, weight: Array | None) -> tuple[Array, Array]:
    """How log k (leak[i,j]) and income over baseline (response[i,k]) move with log costs, each weighted by sector."""
    rate = system.elasticity if weight is None else system.elasticity * weight
    sector = add_up(state.market, 1)[:, None]  # (S, 1, N, B)
    move = rate * state.shares
    leak = add_up(sector * move - rate * state.market, 0)
    size = state.market * (system.own * state.disposable)
    size /= system.income[:, None]
    response = -outer_sum(size, move - leak)
    each = np.arange(system.size)
    response[each, each] += add_up(add_up(rate * size, 2), 0)
    return leak, response


def _labour_cost_response(system: System, state: State, leak: Array, response: Array) -> tuple[Array, Array]:
    """The same through labour, which lowers costs by psi: reused when psi is one number."""
    psi = system.scale[:, 0, 0, 0]
    if np.ptp(psi) > 0:
        return _cost_response(system, state, system.scale)
    return leak * psi[0], response * psi[0]


def _income_by_value(system: System, state: State, weight: Array) -> Array:
    """Derivative of the income equations by log factor income (w L), over baseline income: (N, N, B)."""
    flow = add_up(state.market, 0) * system.own
    grants = add_up(flow * system.transfers, 1) + (1 - system.own) * system.transfers
    by_value = flow * state.wages
    by_value += grants[:, None] * weight
    each = np.arange(system.size)
    by_value[each, each] -= system.own * state.wages
    by_value /= -system.income[:, None]
    return by_value


def _labour_by_value(system: System, state: State, weight: Array) -> tuple[Array, Array]:
    """Derivative of log price minus log relief by log factor income: a rank-one part (N, N, B), a diagonal (N, B)."""
    ratio = (1 - system.pass_through) / state.disposable
    diagonal = ratio * state.wages
    if system.income_tax:
        net = state.wages - state.revenue
        per_dollar = state.revenue / (state.disposable * net)
        ratio = ratio - per_dollar
        diagonal = diagonal - per_dollar * state.wages + state.revenue / net
    return (system.transfers * ratio)[:, None] * weight, diagonal
