"""The tariff war: tariffs that are best replies to each other, with a search for whatever would break them.

For balanced trade only: where deficits are a fixed share of world income, a tariff has no interior optimum. The
equilibria found are local, from many starts; tariffs so high that nothing is traded are always one as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from sim.solutions.best_response import EDGE, ROUNDS, SETTLED, Search, best_replies
from sim.solutions.tariff_choices import Array, Choices, Mask, Problems, Rows, Welfare, point, problems, together

GAIN_TOLERANCE = 1e-4  # bn USD a year: no economy may gain more by leaving an equilibrium alone
SAME = 1e-3  # bn USD a year: end points whose welfare differs by less are one equilibrium
STARTS = 5
UNIFORM_GRID, RATE_GRID, RANDOM = 41, 11, 16  # deviations tried: uniform rates, values of each rate, random vectors
SCALES = np.array([0.0, 0.25, 0.5, 0.75, 0.9, 1.1, 1.5, 2.0, 3.0])  # and own rates scaled
PROHIBITIVE = 300.0  # 30 000 %: at an elasticity of 4, trade falls to 1e-10 of itself


class UnilateralGains(NamedTuple):
    """The best deviation found for each of J players; nothing was found beyond it, which is not a proof."""

    gain: Array  # (J,) bn USD a year, never below 0: staying is a deviation too
    rates: Array  # (J, K) the rates that give it
    tried: int  # worlds solved on the look-out, searches not counted
    solved: bool  # every one of them has an equilibrium


@dataclass(frozen=True, eq=False)
class TariffWar:
    """Tariffs that are best replies to each other, and the evidence for it. Payoffs in bn USD a year.

    tariffs (S, N, N), ev (N,)   the equilibrium that most starts reached, and everybody's welfare in it
    gain (J,)                    largest unilateral gain found for each player
    certified                    converged and no gain above `tolerance`
    last_step, iterations        longest Newton step asked for last (shares); rounds
    points (D, S, N, N)          all different end points, this one first; reached (B,): which one each start came to,
                                 -1 for none
    at_bound                     some chosen rate is at its highest
    """

    tariffs: Array
    ev: Array
    gain: Array
    tolerance: float
    certified: bool
    converged: bool
    last_step: float
    iterations: int
    points: Array = field(repr=False)
    reached: Rows
    at_bound: bool

    @property
    def agree(self) -> int:
        """How many starts came to this equilibrium."""
        return int((self.reached == 0).sum())


def nash_tariffs(
    welfare: Welfare,
    choice: Choices,
    tariffs: ArrayLike,
    *,
    starts: int | ArrayLike = STARTS,
    seed: int = 0,
    tolerance: float = GAIN_TOLERANCE,
    rounds: int = ROUNDS,
) -> TariffWar:
    """Nash equilibrium in tariffs (S, N, N), shares: t_j in argmax EV_j(t_j, t_-j), low <= t <= high, for each player.

    All players take a Newton step on their own rates at the same time, until none asks for more (Johnson 1953;
    numerically Ossa 2014). `starts`: how many, or an array (B, S, N, N); the first is what stands in `tariffs`, the
    second a quarter of the range, then random vectors. Tariffs nobody chooses stay as in `tariffs`.
    """
    begin = _starts(choice, point(choice, tariffs), starts, seed)
    ends, last, used, solved = _settle(welfare, choice, begin, rounds)
    good = (last <= SETTLED) & solved
    ev, converged = welfare(ends)
    good &= converged & np.isfinite(ev).all(-1)
    first, reached = _different(ev, good)
    best = int(first[0]) if good.any() else int(np.argmin(last))
    found = unilateral_gains(welfare, choice, ends[best], seed=seed)
    return TariffWar(
        tariffs=ends[best],
        ev=ev[best],
        gain=found.gain,
        tolerance=tolerance,
        certified=bool(good[best] and found.solved and found.gain.max() <= tolerance),
        converged=bool(good[best]),
        last_step=float(last[best]),
        iterations=int(used[best]),
        points=ends[first],
        reached=reached,
        at_bound=bool((ends[best][choice.chosen] >= choice.high - EDGE).any()),
    )


def _starts(choice: Choices, tariffs: Array, starts: int | ArrayLike, seed: int) -> Array:
    """Points (B, S, N, N) to start from: what stands, a quarter of the range, random rates."""
    if np.ndim(starts) > 0:
        return np.array([point(choice, one) for one in np.asarray(starts, dtype=float)])
    count = int(starts)
    if count < 1:
        raise ValueError(f"starts = {count}: at least 1 start is needed; {STARTS} are used by default")
    draw = np.random.Generator(np.random.Philox(seed)).random((count, len(choice.who), choice.rates))
    span = choice.high - choice.low
    rates = choice.low + span * 0.5 * draw
    rates[1:2] = choice.low + 0.25 * span
    every = np.repeat(tariffs[None], count, axis=0)
    moved = together(choice, every, rates.reshape(-1, choice.rates))
    moved[0] = np.where(choice.chosen, np.clip(tariffs, choice.low, choice.high), tariffs)
    return moved


def _settle(welfare: Welfare, choice: Choices, begin: Array, rounds: int) -> tuple[Array, Array, Rows, Mask]:
    """End points (B, S, N, N), last step asked for (B,), rounds (B,), and whether every world was solved."""
    count, players = len(begin), len(choice.who)
    now, last, used = begin.copy(), np.full(count, np.inf), np.zeros(count, np.int64)
    solved = np.ones(count, bool)
    search = Search(welfare, choice.low, choice.high, count * players, choice.rates)
    for _ in range(rounds):
        alive = np.flatnonzero(last > SETTLED)
        if not alive.size:
            break
        problem = problems(choice, now[alive])
        rows = (alive[:, None] * players + np.arange(players)).ravel()
        rates, asked, sound = search.round(rows, problem, problem.standing(choice.rates))
        now[alive] = together(choice, now[alive], rates)
        last[alive] = asked.reshape(-1, players).max(1)
        solved[alive] = sound.reshape(-1, players).all(1)
        used[alive] += 1
    return now, last, used, solved


def _different(ev: Array, good: Mask) -> tuple[Rows, Rows]:
    """First start of each different end point, the one reached most first; and which one each start came to."""
    reached, first = np.full(len(ev), -1), []
    for b in np.flatnonzero(good):
        near = [k for k, a in enumerate(first) if np.abs(ev[a] - ev[b]).max() <= SAME]
        reached[b] = near[0] if near else len(first)
        if not near:
            first.append(b)
    order = np.argsort([-(reached == k).sum() for k in range(len(first))], kind="stable")
    rank = np.argsort(order)
    return np.array(first, dtype=np.int64)[order], np.where(reached >= 0, rank[reached] if len(first) else -1, -1)


def unilateral_gains(welfare: Welfare, choice: Choices, tariffs: ArrayLike, *, seed: int = 0) -> UnilateralGains:
    """What each player could gain by changing its own tariffs alone, at tariffs (S, N, N); bn USD a year.

    Looks at a grid of uniform rates, a grid of each rate alone, own rates scaled, and random vectors, all within the
    bounds; then climbs from where it stands and from the best of each kind.
    """
    problem = problems(choice, point(choice, tariffs)[None])
    now = problem.standing(choice.rates)
    kinds = _deviations(choice, now, seed)
    stay = problem.payoff(welfare, now)
    values = [problem.payoff(welfare, kind) for kind in kinds]
    rows = np.arange(len(now))
    tops = [kind[np.argmax(value, axis=0), rows] for kind, value in zip(kinds, values, strict=True)]
    tops.append(np.clip(now, choice.low, choice.high))
    many = Problems(*(np.concatenate([f] * len(tops)) for f in problem))
    climbed = best_replies(welfare, many, choice.low, choice.high, tried=np.concatenate(tops)[None])
    ends = np.concatenate([climbed.rates.reshape(len(tops), *now.shape), np.array(tops)])
    worth = np.concatenate([climbed.ev.reshape(len(tops), -1), problem.payoff(welfare, np.array(tops))])
    best = np.argmax(worth, axis=0)
    with np.errstate(invalid="ignore"):
        gain = worth[best, rows] - stay
    solved = all(np.isfinite(value).all() for value in values) and np.isfinite(stay).all()
    return UnilateralGains(
        np.where(np.isfinite(gain), np.maximum(gain, 0.0), np.inf),
        np.where((gain > 0)[:, None], ends[best, rows], now),
        sum(value.size for value in values),
        bool(solved),
    )


def _deviations(choice: Choices, now: Array, seed: int) -> list[Array]:
    """Deviations to look at, by kind: each (T, J, K)."""
    low, high = choice.low, choice.high
    shape = now.shape
    uniform = np.broadcast_to(np.linspace(low, high, UNIFORM_GRID)[:, None, None], (UNIFORM_GRID, *shape))
    value = np.linspace(low, high, RATE_GRID)[:, None, None, None]
    own = np.eye(choice.rates, dtype=bool)[None, :, None]
    single = np.where(own, value, np.clip(now, low, high)).reshape(-1, *shape)
    scaled = np.clip(SCALES[:, None, None] * now, low, high)
    draw = np.random.Generator(np.random.Philox(seed + 1)).random((RANDOM, *shape))
    return [uniform, single, scaled, low + (high - low) * draw**2]


class Wall(NamedTuple):
    """Everybody's tariffs are prohibitive: no trade, and no way back alone."""

    tariffs: Array  # (S, N, N)
    ev: Array  # (N,) bn USD a year
    gain: Array  # (J,) the largest gain any player finds by lowering its own tariffs, bn USD a year
    solved: bool


def prohibitive_tariffs(welfare: Welfare, choice: Choices, tariffs: ArrayLike, *, rate: float = PROHIBITIVE) -> Wall:
    """The other equilibrium of every tariff war: all chosen rates so high that nothing is traded (Dixit 1987).

    Who cannot export cannot pay for imports, so lowering one's own tariff alone brings nothing. Looks at uniform
    rates and each rate alone, from the lower bound to `rate`. Lies outside the default bounds.
    """
    stands = point(choice, tariffs)
    wall = np.where(choice.chosen, rate, stands)
    problem = problems(choice, wall[None])
    steps = np.concatenate([[choice.low], np.geomspace(0.1, rate, UNIFORM_GRID)])[:, None]
    shape = (len(choice.who), choice.rates)
    uniform = np.broadcast_to(steps[..., None], (len(steps), *shape))
    single = np.where(np.eye(choice.rates, dtype=bool)[None, :, None], steps[:, None, None], rate)
    payoff = problem.payoff(welfare, np.concatenate([uniform, single.reshape(-1, 1, choice.rates) + np.zeros(shape)]))
    stay = problem.payoff(welfare, np.full(shape, rate))
    ev, converged = welfare(wall[None])
    solved = bool(converged[0] and np.isfinite(payoff).all())
    return Wall(wall, ev[0], np.maximum(payoff.max(0) - stay, 0.0), solved)
