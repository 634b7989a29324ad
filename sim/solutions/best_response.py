"""Optimal tariffs: the best reply of each economy while all others stand still, many replies side by side.

Every finite difference of every economy goes into one call of `welfare` (see tariff_choices.py for its contract).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from sim.solutions.tariff_choices import (
    HIGH,
    LOW,
    Array,
    Choices,
    Mask,
    Payoff,
    Problems,
    Rows,
    Welfare,
    point,
    problems,
)

SLOPE_STEP = 1e-3  # half width of first differences, shares
CURVE_STEP = 1e-2  # half width of second differences, shares
SETTLED = 1e-6  # a Newton step that is shorter in every rate ends a search
NEAR = 2e-3  # a shorter step is taken whole: payoffs at its two ends differ too little to compare
DRIFT = 0.03  # second differences are taken anew once any tariff has moved so far
LONGEST = 0.5  # longest step of a rate in one round
FLATTEST = 1e-6  # least curvature used, as a part of the largest
IDLE = 1e-12  # a rate with less, as a part of the largest, changes nothing: its goods are not traded
EDGE = 1e-9  # a rate this close to a bound is at it
ROUNDS = 60
LENGTHS = np.array([0.0, 1.0, 0.6, 0.3, 0.1, 0.03, 0.01])  # parts of a long step that are tried
GRID = 21  # uniform rates tried before a search


def slopes(payoff: Payoff, rates: Array) -> Array:
    """Gradient (P, K) of payoffs by central differences: 2K worlds a problem.

    >>> slopes(lambda x: (x**2).sum(-1), np.array([[1.0, 3.0]])).round(6).tolist()
    [[2.0, 6.0]]
    """
    step = SLOPE_STEP * np.eye(rates.shape[-1])[:, None]
    with np.errstate(invalid="ignore"):
        ends = payoff(np.stack([rates + step, rates - step]))
        return ((ends[0] - ends[1]) / (2 * SLOPE_STEP)).T


def curvature(payoff: Payoff, rates: Array) -> Array:
    """Hessian (P, K, K) of payoffs by symmetric second differences: K(K+1) + 1 worlds a problem.

    >>> curvature(lambda x: x[..., 0] ** 2 - x[..., 0] * x[..., 1], np.array([[1.0, 3.0]])).round(6).tolist()
    [[[2.0, -1.0], [-1.0, 0.0]]]
    """
    count = rates.shape[-1]
    unit = CURVE_STEP * np.eye(count)
    a, b = np.triu_indices(count, 1)
    moves = np.concatenate([unit, -unit, unit[a] + unit[b], -unit[a] - unit[b], np.zeros((1, count))])
    f = payoff(rates + moves[:, None])
    with np.errstate(invalid="ignore"):
        single = f[:count] + f[count : 2 * count] - 2 * f[-1]
        pair = f[2 * count : 2 * count + a.size] + f[2 * count + a.size : -1] - 2 * f[-1] - single[a] - single[b]
    out = np.empty((rates.shape[0], count, count))
    out[:, np.arange(count), np.arange(count)] = single.T
    out[:, a, b] = out[:, b, a] = 0.5 * pair.T
    return out / CURVE_STEP**2


def pressed(gradient: Array, rates: Array, low: float, high: float) -> Mask:
    """Which rates (..., K) stand at a bound and would go beyond it."""
    return ((rates <= low + EDGE) & (gradient <= 0)) | ((rates >= high - EDGE) & (gradient >= 0))


def ascent(gradient: Array, hessian: Array, rates: Array, low: float, high: float) -> Array:
    """Newton steps uphill (P, K): pressed rates stay, curvature of the wrong sign is turned round, idle rates stay."""
    still = pressed(gradient, rates, low, high) | idle(hessian)
    g = np.where(still, 0.0, gradient)
    keep = ~still[:, :, None] & ~still[:, None, :]
    values, vectors = np.linalg.eigh(np.where(keep, hessian, 0.0))
    size = np.abs(values)
    size = np.maximum(size, np.maximum(FLATTEST * size.max(-1, keepdims=True), np.finfo(float).tiny))
    along = (vectors * g[:, :, None]).sum(1) / size
    step = np.where(still, 0.0, (vectors * along[:, None, :]).sum(2))
    longest = np.abs(step).max(-1, keepdims=True)
    return step * np.minimum(1.0, LONGEST / np.maximum(longest, EDGE))


def idle(hessian: Array) -> Mask:
    """Rates (P, K) that change nothing, because nothing is traded under them."""
    own = np.abs(np.diagonal(hessian, axis1=-2, axis2=-1))
    return own <= IDLE * own.max(-1, keepdims=True)


def move(payoff: Payoff, rates: Array, step: Array, low: float, high: float) -> Array:
    """Rates (P, K) after the best part of a step; a short step is taken whole, a useless one not at all."""
    near = np.abs(step).max(-1) <= NEAR
    if near.all():
        return np.clip(rates + step, low, high)
    tried = np.clip(rates + LENGTHS[:, None, None] * step, low, high)
    best = np.where(near, 1, np.argmax(payoff(tried), axis=0))
    return tried[best, np.arange(len(rates))]


class Search:
    """A search for best replies, round by round: gradients every round, Hessians when rates have drifted."""

    def __init__(self, welfare: Welfare, low: float, high: float, count: int, rates: int) -> None:
        self.welfare, self.low, self.high = welfare, low, high
        self.hessian = np.zeros((count, rates, rates))
        self.seen: dict[int, Array] = {}  # everybody's tariffs where each Hessian was taken

    def round(self, rows: Rows, problem: Problems, rates: Array) -> tuple[Array, Array, Mask]:
        """New rates (P, K) of the problems in `rows`, their Newton steps (P,), and which stand on solved worlds.

        The step is the one Newton's method asks for inside the bounds, whether or not all of it was taken.
        """
        self._look(rows, problem, rates)
        payoff = lambda r: problem.payoff(self.welfare, r)  # noqa: E731
        gradient, hessian = slopes(payoff, rates), self.hessian[rows]
        solved = np.isfinite(gradient).all(-1) & np.isfinite(hessian).all((-2, -1))
        gradient = np.where(solved[:, None], gradient, 0.0)
        hessian = np.where(solved[:, None, None], hessian, 0.0)
        step = ascent(gradient, hessian, rates, self.low, self.high)
        asked = np.abs(np.clip(rates + step, self.low, self.high) - rates).max(-1)
        moved = move(payoff, rates, step, self.low, self.high)
        return np.where(idle(hessian) & solved[:, None], self.low, moved), asked, solved

    def _look(self, rows: Rows, problem: Problems, rates: Array) -> None:
        """Take the Hessians anew where anybody's tariffs have moved by more than DRIFT since."""
        here = problem.fill(rates)
        stale = np.array([np.abs(t - self.seen.get(r, np.inf)).max() > DRIFT for r, t in zip(rows.tolist(), here)])
        if stale.any():
            some = problem.take(stale)
            self.hessian[rows[stale]] = curvature(lambda r: some.payoff(self.welfare, r), rates[stale])
            self.seen.update(zip(rows[stale].tolist(), here[stale]))


class Replies(NamedTuple):
    """Best replies of P problems, with their evidence."""

    rates: Array  # (P, K) own rates, shares; unused and idle ones at the lower bound
    tariffs: Array  # (P, S, N, N) everybody's tariffs with the reply in place
    ev: Array  # (P,) welfare of the economy that replies, bn USD a year
    gain: Array  # (P,) over what stood before, bn USD a year
    last_step: Array  # (P,) longest step of a rate that Newton's method asked for last
    iterations: Rows  # (P,)
    converged: Mask  # (P,) last_step within SETTLED, and every world it rests on solved
    at_bound: Mask  # (P,) some rate is at its highest


def best_replies(
    welfare: Welfare,
    problem: Problems,
    low: float = LOW,
    high: float = HIGH,
    *,
    tried: Array | None = None,
    rounds: int = ROUNDS,
) -> Replies:
    """Best reply of each problem's economy: max of its welfare over low <= t <= high, all other tariffs given.

    Starts at the best of `tried` (T, P, K), or of what stands and a grid of uniform rates; then Newton's method on
    differences. A local search from a global look, not a proof: see `unilateral_gains` in tariff_war.py.
    """
    rates = int(problem.place.max()) + 1
    now = problem.standing(rates)
    if tried is None:
        grid = np.broadcast_to(np.linspace(low, high, GRID)[:, None, None], (GRID, *now.shape))
        tried = np.concatenate([np.clip(now, low, high)[None], grid])
    x = tried[np.argmax(problem.payoff(welfare, tried), axis=0), np.arange(len(now))]
    x = np.where(problem.used(rates), x, low)
    search = Search(welfare, low, high, *x.shape)
    last, used = np.full(len(x), np.inf), np.zeros(len(x), np.int64)
    solved = np.ones(len(x), bool)
    for _ in range(rounds):
        rows = np.flatnonzero(last > SETTLED)
        if not rows.size:
            break
        x[rows], last[rows], solved[rows] = search.round(rows, problem.take(rows), x[rows])
        used[rows] += 1
    before, ev = problem.payoff(welfare, np.stack([now, x]))
    before = np.where(np.isfinite(before), before, np.nan)
    good = (last <= SETTLED) & solved & np.isfinite(ev)
    return Replies(x, problem.fill(x), ev, ev - before, last, used, good, (x >= high - EDGE).any(-1))


def optimal_tariffs(welfare: Welfare, choice: Choices, tariffs: ArrayLike) -> Replies:
    """Each player's best tariffs while all others keep theirs, tariffs (S, N, N): one problem a player.

    With `choices(N)` a rate on every exporter, with `choices(N, uniform=True)` one rate on all imports.
    Small economy: 1/epsilon; two economies, fixed labour: (1+t_B L)/(epsilon L (1+t_B)), L the other's home share
    (Gros 1987 at t_B = 0).
    """
    return best_replies(welfare, problems(choice, point(choice, tariffs)[None]), choice.low, choice.high)


class PairOptima(NamedTuple):
    """Optimal tariff of each importer on one exporter alone, (N, N) exporter by importer; the diagonal is 0."""

    rates: Array  # shares, one rate on all sectors
    gain: Array  # (N, N) what it is worth to the importer, bn USD a year
    converged: Mask


def optimal_against_each(welfare: Welfare, tariffs: ArrayLike, low: float = LOW, high: float = HIGH) -> PairOptima:
    """Optimal tariff of every economy on each other one alone, all else standing at tariffs (S, N, N)."""
    stands = np.asarray(tariffs, dtype=float)
    size = stands.shape[-1]
    exporter, importer = np.nonzero(~np.eye(size, dtype=bool))
    found = best_replies(welfare, _one_rate(stands, exporter, importer), low, high)
    out = PairOptima(np.zeros((size, size)), np.zeros((size, size)), np.ones((size, size), bool))
    for table, values in zip(out, (found.rates[:, 0], found.gain, found.converged), strict=True):
        table[exporter, importer] = values
    return out


class ResponseCurves(NamedTuple):
    """Optimal tariffs of two economies on each other, against the other's: (G,) shares."""

    grid: Array  # tariff of the other on it
    economy: Array  # optimal tariff of the economy on the partner
    partner: Array  # optimal tariff of the partner on the economy
    converged: Mask  # (2, G)


def best_response_curve(
    welfare: Welfare,
    tariffs: ArrayLike,
    pair: tuple[int, int],
    grid: ArrayLike,
    *,
    low: float = LOW,
    high: float = HIGH,
) -> ResponseCurves:
    """Best tariff of one economy on its partner as the partner's on it runs over `grid`, and the other way round.

    All other tariffs stand at `tariffs` (S, N, N). Where the two curves cross is the war of the two alone
    (Johnson 1953): `nash_tariffs` with only these two tariffs free.
    """
    stands, grid = np.asarray(tariffs, dtype=float), np.atleast_1d(np.asarray(grid, dtype=float))
    economy, partner = pair
    if economy == partner:
        raise ValueError(f"pair = {pair}: an economy sets no tariff on itself; give two different rows")
    exporter, importer = (np.repeat(side, grid.size) for side in ([partner, economy], [economy, partner]))
    problem = _one_rate(stands, exporter, importer)
    rows = np.arange(2 * grid.size)
    problem.tariffs[rows, :, importer, exporter] = np.tile(grid, 2)[:, None]
    found = best_replies(welfare, problem, low, high)
    one, two = found.rates[:, 0].reshape(2, -1)
    return ResponseCurves(grid, one, two, found.converged.reshape(2, -1))


def _one_rate(tariffs: Array, exporter: Rows, importer: Rows) -> Problems:
    """Problems in which each importer sets one rate on one exporter, all sectors."""
    count = len(exporter)
    place = np.full((count, *tariffs.shape), -1)
    place[np.arange(count), :, exporter, importer] = 0
    return Problems(np.repeat(tariffs[None], count, axis=0), place, importer.astype(np.int64))
