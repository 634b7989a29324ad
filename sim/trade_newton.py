"""Batched Newton's method on the equilibrium system: every world stops at its own convergence.

The wage of the largest economy is held at its baseline and its income equation is left out (Walras). Up to SMALL
economies the linear systems of all worlds are eliminated side by side; above, LAPACK takes them one by one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.trade_system import SMALL, Array, Shock, State, System, evaluate, jacobian

CHUNK_BYTES = 600_000  # of one Jacobian of a chunk: what stays in a core's cache
PIVOT_TOLERANCE = 1e-7  # a smaller pivot sends its world to the pivoting solver
LONGEST_STEP = 1.0  # in logs, a Newton step is cut to this length
BACKTRACK = 0.3  # a step that does not lower the residual is cut to this part of itself
SHORTEST_STEP = 1e-4  # part of a Newton step below which the search is given up
PATH = 8  # points of the path a hard world is led along
PATH_TOLERANCE = 1e-6  # residual at its inner points


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
) -> tuple[Array, Array, NDArray[np.int64]]:
    """Best point (2N, B), its residual (B,) and steps taken (B,); a world stops at its own convergence."""
    count = start.shape[1]
    best, record, used = start.copy(), np.full(count, np.inf), np.zeros(count, np.int64)
    alive, search = np.arange(start.shape[1]), _Search(start)
    with np.errstate(all="ignore"):
        for _ in range(max_iterations + 1):
            state = evaluate(system, shock, search.x)
            going = search.judge(state, tolerance)
            best[:, alive], record[alive] = search.base, search.record
            if not going.any() or used.max() == max_iterations:
                break
            if 2 * going.sum() < going.size:
                alive, shock = alive[going], shock.take(going)
                search.keep(going)
                going = going[going]
                state = evaluate(system, shock, search.x)
            used[alive[going]] += 1
            search.move(newton_step(system, state), going)
    return best, record, used


def follow(
    system: System, start: Shock, shock: Shock, tolerance: float, max_iterations: int
) -> tuple[Array, Array, NDArray[np.int64]]:
    """Newton's method along PATH parts of the shock, for worlds it does not reach in one go; as `newton`.

    A world that is lost on the way stops there: most often an economy's transfer exceeds its income.
    """
    count = shock.keep.shape[-1]
    x, record, used = np.zeros((2 * system.size, count)), np.full(count, np.inf), np.zeros(count, np.int64)
    alive = np.arange(count)
    for k in range(1, PATH + 1):
        here = shock.take(alive)
        aim = here if k == PATH else here.part(start, k / PATH)
        within = tolerance if k == PATH else PATH_TOLERANCE
        found, error, steps = newton(system, aim, x[:, alive], within, max_iterations)
        x[:, alive] = found
        used[alive] += steps
        if k == PATH:
            record[alive] = error
        alive = alive[error <= within]
        if not alive.size:
            break
    return x, record, used
