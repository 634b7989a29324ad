"""Cooperative tariffs over the tariff war, and the patience above which they enforce themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize

from sim.solutions.best_response import SETTLED, ascent, best_replies, curvature, move, pressed, slopes
from sim.solutions.checked import PAYOFF_TOLERANCE
from sim.solutions.tariff_choices import Array, Choices, Mask, Problems, Welfare, point, problems
from sim.solutions.tariff_war import SAME

OBJECTIVES = ("nash", "utilitarian")
FLOOR = 1e-3  # gains below this part of the mean loss enter the log by its second-order expansion, so that it exists
SLOPE_TOLERANCE = 1e-4  # of the scaled objective per unit of a rate (1 = 100 percentage points)
OBJECTIVE_TOLERANCE = 1e-12
MEMORY = 30  # of the limited-memory search
POLISH = 3  # Newton rounds after it, where it stopped short
STARTS = (0.0, 0.5)  # parts of the war's tariffs that a search starts from
DAYS = 365.0


@dataclass(frozen=True, eq=False)
class Cooperation:
    """Tariffs that all players set together, and the evidence. Payoffs in bn USD a year.

    tariffs (S, N, N), ev (N,)  the agreement and everybody's welfare in it
    gain (J,)                   each player's gain over the tariff war
    slope                       largest slope of the scaled objective that the bounds do not hold back
    converged                   slope within SLOPE_TOLERANCE, every world solved, and for 'nash' a gain for all
    agree, starts               how many starts came to the same welfare
    inside                      how many rates are neither at their lowest nor at their highest
    """

    tariffs: Array
    ev: Array
    gain: Array
    slope: float
    converged: bool
    agree: int
    starts: int
    inside: int


def cooperative_tariffs(
    welfare: Welfare,
    choice: Choices,
    war: ArrayLike,
    *,
    objective: str = "nash",
    weights: ArrayLike | None = None,
    starts: tuple[float, ...] = STARTS,
) -> Cooperation:
    """Tariffs that maximise the Nash product over the war: sum_j w_j log(EV_j - EV_j(war)), low <= t <= high.

    `war` (S, N, N): the tariffs if talks fail. 'utilitarian' maximises sum_j w_j EV_j instead. Weights (J,), equal by
    default. `starts`: parts of the war's tariffs to start from. No money changes hands: who gains too much can only
    pay by others' tariffs on it. With one sector an efficient agreement has 1 + t_ij = r_i/r_j (Mayer 1981); under
    t >= 0 that is free trade alone. See docs/theory/tariff_war.md.
    """
    if objective not in OBJECTIVES:
        raise ValueError(f"objective = {objective!r}: must be one of {', '.join(OBJECTIVES)}")
    war = point(choice, war)
    share = _weights(weights, len(choice.who))
    aim, everyone = _aim(welfare, choice, war, objective, share), _everyone(choice, war)
    standing = everyone.standing(int(everyone.place.max()) + 1)[0]
    ends = [_climb(aim, np.clip(part * standing, choice.low, choice.high), choice) for part in starts]
    rates, slope = np.array([x for x, _ in ends]), [steep for _, steep in ends]
    best = int(np.argmax(aim(rates[:, None])[:, 0]))
    points = np.concatenate([war[None], everyone.fill(rates[:, None])[:, 0]])
    ev, solved = welfare(points)
    gain = (ev[1 + best] - ev[0])[choice.who]
    fair = objective != "nash" or bool((gain > PAYOFF_TOLERANCE).all())
    inside = (rates[best] > choice.low + SETTLED) & (rates[best] < choice.high - SETTLED)
    return Cooperation(
        tariffs=points[1 + best],
        ev=ev[1 + best],
        gain=gain,
        slope=slope[best],
        converged=bool(slope[best] <= SLOPE_TOLERANCE and solved[0] and solved[1 + best] and fair),
        agree=int((np.abs(ev[1:] - ev[1 + best]).max(-1) <= SAME * max(1.0, np.abs(gain).max())).sum()),
        starts=len(starts),
        inside=int(inside.sum()),
    )


def _weights(weights: ArrayLike | None, players: int) -> Array:
    share = np.ones(players) if weights is None else np.asarray(weights, dtype=float)
    if share.shape != (players,) or not (np.isfinite(share).all() and (share > 0).all()):
        raise ValueError(f"weights = {share.tolist()}: must be {players} positive numbers, one for each player")
    return share / share.mean()


def _everyone(choice: Choices, tariffs: Array) -> Problems:
    """One problem in which all chosen rates of all players are set together."""
    offset = np.cumsum([0, *(int(own.max()) + 1 for own in choice.place)])
    place = np.full(tariffs.shape, -1)
    for own, begin in zip(choice.place, offset, strict=False):
        place = np.where(own >= 0, own + begin, place)
    return Problems(tariffs[None], place[None], choice.who[:1])


def _aim(welfare: Welfare, choice: Choices, war: Array, objective: str, weights: Array):
    """The objective of rates (..., 1, M) -> (..., 1), scaled by the players' mean loss in the war."""
    everyone = _everyone(choice, war)
    outside = welfare(war[None])[0][0][choice.who]
    scale = max(float(np.abs(outside).mean()), PAYOFF_TOLERANCE)

    def aim(rates: Array) -> Array:
        ev, converged = welfare(everyone.fill(rates))
        gain = (ev[..., choice.who] - outside) / scale
        value = gain if objective == "utilitarian" else _log(gain)
        return np.where(converged, (weights * value).sum(-1), -np.inf)

    return aim


def _log(gain: Array) -> Array:
    """Logarithm, continued below FLOOR by its second-order expansion there: finite, smooth and concave everywhere."""
    short = np.minimum(gain / FLOOR - 1, 0.0)
    return np.log(np.maximum(gain, FLOOR)) + short - 0.5 * short**2


def _climb(aim, start: Array, choice: Choices) -> tuple[Array, float]:
    """Rates (M,) at the top and the largest slope left; limited-memory quasi-Newton within the bounds, then Newton."""

    def downhill(x: Array) -> tuple[float, Array]:
        return -float(aim(x[None])[0]), -slopes(aim, x[None])[0]

    found = minimize(
        downhill,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(choice.low, choice.high)] * start.size,
        options={"maxiter": 500, "ftol": OBJECTIVE_TOLERANCE, "gtol": SLOPE_TOLERANCE / 100, "maxcor": MEMORY},
    )
    x, slope = found.x[None], -found.jac[None]
    for _ in range(POLISH):
        if _steepest(slope, x, choice) <= SLOPE_TOLERANCE:
            break
        x = move(aim, x, ascent(slope, curvature(aim, x), x, choice.low, choice.high), choice.low, choice.high)
        slope = slopes(aim, x)
    return x[0], _steepest(slope, x, choice)


def _steepest(slope: Array, rates: Array, choice: Choices) -> float:
    """The largest slope that no bound holds back; infinite where a world was not solved."""
    free = np.where(pressed(slope, rates, choice.low, choice.high), 0.0, np.abs(slope))
    return float(free.max()) if np.isfinite(free).all() else np.inf


def patience_needed(deviation: ArrayLike, cooperation: ArrayLike, war: ArrayLike) -> Array:
    """Least discount factor a round at which cooperating for ever beats one round of deviation and then the war.

    (deviation - cooperation)/(deviation - war), payoffs (...) per side; 0 where deviating does not pay, infinite where
    cooperation is no better than the war, and then no patience is enough. Friedman (1971); for tariffs Bagwell &
    Staiger (1990).

    >>> patience_needed([3.0, 2.0, 3.0], 2.0, [1.0, 1.0, 2.0]).tolist()
    [0.5, 0.0, inf]
    """
    d, c, w = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (deviation, cooperation, war)))
    tempted, worth = d > c + PAYOFF_TOLERANCE, c > w + PAYOFF_TOLERANCE
    ratio = (d - c) / np.where(tempted & worth, d - w, 1.0)
    return np.where(~tempted, 0.0, np.where(worth, ratio, np.inf))


class SelfEnforcement(NamedTuple):
    """What keeps an agreement: payoffs of J players at B points, bn USD a year, and the patience each needs."""

    cooperation: Array  # (B, J)
    deviation: Array  # (B, J) best reply to the agreement, for the round in which nobody answers
    war: Array  # (J,)
    patience: Array  # (B, J) least discount factor a round
    converged: Mask  # (B, J)

    @property
    def needed(self) -> Array:
        """Least patience at which nobody leaves: (B,)."""
        return self.patience.max(-1)


def self_enforcement(welfare: Welfare, choice: Choices, agreements: ArrayLike, war: ArrayLike) -> SelfEnforcement:
    """Patience each player needs to keep an agreement when leaving it means the war for ever; tariffs (B, S, N, N).

    The deviation is the best reply to the agreement. One agreement (S, N, N) is a batch of one.
    """
    war = point(choice, war)
    array = np.asarray(agreements, dtype=float)
    array = array if array.ndim == 4 else point(choice, array)[None]
    players = len(choice.who)
    replies = best_replies(welfare, problems(choice, array), choice.low, choice.high)
    ev, solved = welfare(np.concatenate([war[None], array]))
    outside, keep = ev[0, choice.who], ev[1:, choice.who]
    deviation = np.maximum(replies.ev.reshape(-1, players), keep)
    converged = replies.converged.reshape(-1, players) & solved[1:, None] & solved[0]
    return SelfEnforcement(keep, deviation, outside, patience_needed(deviation, keep, outside), converged)


def longest_lag_days(patience: ArrayLike, rate: ArrayLike) -> Array:
    """Longest round, days, at which impatience `rate` (a year) still gives a discount factor exp(-rate days/365).

    How long a breach may go unanswered before an agreement that needs `patience` breaks; infinite at patience 0.

    >>> longest_lag_days(0.5, 0.05).round().item()
    5060.0
    """
    with np.errstate(divide="ignore"):
        return np.maximum(-np.log(np.asarray(patience, dtype=float)), 0.0) / np.asarray(rate, dtype=float) * DAYS
