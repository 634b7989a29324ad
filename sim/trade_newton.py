"""The equilibrium system and its batched Newton solver: arrays in, arrays out, worlds on the last axis.

Unknowns are x = (log labour, log wage), shape (2N, B); the wage of the largest economy is held at its baseline and
its income equation is left out (Walras). Every operation is elementwise over worlds, or works on one world at a time
(more than SMALL economies), so a world's bits never depend on the batch it is solved in.

With B_j = w_j L_j Y_j + D_j G (factor income and transfer), m = alpha lambda'/(1+t) the part of a dollar of spending
that reaches producers and k_j = sum of m over exporters and sectors, spending is E'_j = B_j / k_j: the budget is closed
by hand, and since producers in j's market receive exactly B_j the foreign-owned part of income is nu_i B_i.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SMALL = 24  # up to this many economies worlds are eliminated side by side; above, one by one by LAPACK
CHUNK_BYTES = 400_000  # of one Jacobian of a chunk: what stays in a core's cache
PIVOT_TOLERANCE = 1e-7  # a smaller pivot sends its world to the pivoting solver
LONGEST_STEP = 1.0  # in logs, a Newton step is cut to this length
BACKTRACK = 0.3  # a step that does not lower the residual is cut to this part of itself
SHORTEST_STEP = 1e-4  # part of a Newton step below which the search is given up


@dataclass(frozen=True)
class System:
    """Constants of the system, worlds axis (length 1) last: shares (S,N,N,1), vectors (N,1), sector scalars (S,1,1,1)."""

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

    def take(self, worlds: NDArray[np.bool_] | slice) -> Shock:
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


def newton_step(system: System, state: State) -> Array:
    """Solve J step = -error for every world: (2N, B); the wage of the base economy does not move."""
    full = jacobian(system, state)
    n, size = system.size, full.shape[0]
    last, base, most = size - 1, n + system.base, size - 1
    matrix = np.empty((most, size, full.shape[2]))  # the augmented system without the redundant row and column
    matrix[:, :most] = full[:most, :most]
    np.negative(state.error[:most], out=matrix[:, most])
    if base != last:
        matrix[base, :most] = full[last, :most]
        matrix[:, base] = full[:most, last]
        matrix[base, base] = full[last, last]
        matrix[base, most] = -state.error[last]
    step = np.zeros_like(state.error)
    step[:most] = _solve(matrix)
    if base != last:
        step[last] = step[base]
        step[base] = 0.0
    return step


def _solve(matrix: Array) -> Array:
    """Solve augmented systems (M, M+1, B) -> (M, B): elimination side by side, pivoting where it is needed."""
    if matrix.shape[0] > 2 * SMALL:
        return _solve_pivoting(matrix)
    work = matrix.copy()
    smallest = _eliminate(work)
    answer = work[:, -1]
    bad = ~(smallest > PIVOT_TOLERANCE)
    if bad.any():
        answer[:, bad] = _solve_pivoting(matrix[..., bad])
    return answer


def _eliminate(a: Array) -> Array:
    """Gauss elimination of (M, M+1, B) in place, without pivoting; returns the smallest pivot (B,)."""
    m = a.shape[0]
    part = np.empty((m, m, a.shape[2]))
    smallest = np.full(a.shape[2], np.inf)
    for k in range(m):
        np.minimum(smallest, np.abs(a[k, k]), out=smallest)
        row = a[k, k + 1 :]
        row *= 1.0 / a[k, k]
        block = part[k + 1 :, k:]
        np.multiply(a[k + 1 :, k, None], row, out=block)
        a[k + 1 :, k + 1 :] -= block
    for k in range(m - 1, 0, -1):
        a[:k, -1] -= a[:k, k] * a[k, -1]
    return smallest


def _solve_pivoting(matrix: Array) -> Array:
    """The same by LAPACK, world by world; a singular world gets its least-squares step."""
    answer = np.empty((matrix.shape[0], matrix.shape[2]))
    for b in range(matrix.shape[2]):
        a, rhs = np.ascontiguousarray(matrix[:, :-1, b]), matrix[:, -1, b].copy()
        if not (np.isfinite(a).all() and np.isfinite(rhs).all()):
            answer[:, b] = 0.0
            continue
        try:
            answer[:, b] = np.linalg.solve(a, rhs)
        except np.linalg.LinAlgError:
            answer[:, b] = np.linalg.lstsq(a, rhs)[0]
    return answer


def chunk_size(system: System) -> int:
    """How many worlds are solved side by side: what fits the cache; one world when economies are many."""
    if system.size > SMALL:
        return 1
    return max(1, CHUNK_BYTES // (8 * (2 * system.size) ** 2 * system.shares.shape[0]))


class _Search:
    """Where the search of each world stands: best point so far, its residual, the Newton step tried from it."""

    def __init__(self, start: Array) -> None:
        self.x = start
        self.base = start
        self.step = np.zeros_like(start)
        self.record = np.full(start.shape[1], np.inf)
        self.length = np.ones(start.shape[1])
        self.better = np.ones(start.shape[1], bool)

    def judge(self, state: State, tolerance: float) -> NDArray[np.bool_]:
        """Take the point if it lowers the residual; which worlds go on."""
        size = np.abs(state.error).max(axis=0)
        self.better = size < self.record  # False for NaN
        self.base = np.where(self.better, self.x, self.base)
        self.record = np.where(self.better, size, self.record)
        self.length = np.where(self.better, 1.0, self.length * BACKTRACK)
        return (self.record > tolerance) & (self.length > SHORTEST_STEP)

    def move(self, newton: Array, going: NDArray[np.bool_]) -> None:
        """A new step from a better point, a shorter one otherwise; worlds that are done stay."""
        newton = newton * np.minimum(1.0, LONGEST_STEP / np.abs(newton).max(axis=0))
        self.step = np.where(self.better, newton, self.step)
        self.x = np.where(going, self.base + self.length * self.step, self.base)

    def keep(self, going: NDArray[np.bool_]) -> None:
        for name in ("x", "base", "step", "record", "length", "better"):
            setattr(self, name, np.ascontiguousarray(getattr(self, name)[..., going]))


def newton(
    system: System, shock: Shock, start: Array, tolerance: float, max_iterations: int
) -> tuple[Array, NDArray[np.int64]]:
    """Best point found (2N, B) and steps taken (B,) by each world; a world stops at its own convergence."""
    best, used = start.copy(), np.zeros(start.shape[1], np.int64)
    alive, search = np.arange(start.shape[1]), _Search(start)
    with np.errstate(all="ignore"):
        for _ in range(max_iterations + 1):
            state = evaluate(system, shock, search.x)
            going = search.judge(state, tolerance)
            best[:, alive] = search.base
            if not going.any() or used.max() == max_iterations:
                break
            if 2 * going.sum() < going.size:
                alive, shock = alive[going], shock.take(going)
                search.keep(going)
                going = going[going]
                state = evaluate(system, shock, search.x)
            used[alive[going]] += 1
            search.move(newton_step(system, state), going)
    return best, used
