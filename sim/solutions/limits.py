"""Closed forms on a pie and their limits: what the grid equilibrium should come to.

A pie of size 1 unless said; side 0 proposes first; payoffs as (..., 2), side 0 then side 1. Where the game runs on
packages, `short_rounds` says which Nash solution its equilibrium tends to.
"""

from typing import NamedTuple

import numpy as np


class NashLimit(NamedTuple):
    """The Nash solution that short rounds lead to; hand both to `bargaining.nash` or `lotteries.nash`."""

    weight: np.ndarray  # (...,) of side 0
    point: np.ndarray  # (..., 2) threat point, in the units of the flows


def rubinstein(patience) -> np.ndarray:
    """Alternating offers without end: (1-δ1)/(1-δ0 δ1) for side 0, agreed at once. Rubinstein (1982).

    `patience` (..., 2): discount factors a round in (0, 1), not both 1.

    >>> rubinstein([0.9, 0.8]).round(6).tolist()
    [0.714286, 0.285714]
    """
    d0, d1 = _patience(patience)
    if ((d0 >= 1) & (d1 >= 1)).any():
        raise ValueError("patience: both are 1, so waiting costs nobody anything and every split is an equilibrium")
    return _split((1 - d1) / (1 - d0 * d1))


def stahl(patience, rounds) -> np.ndarray:
    """Alternating offers in N rounds: (1-δ1)(1-q^k)/(1-q), plus q^k if N is odd; q = δ0 δ1, k = ⌊N/2⌋. Ståhl (1972).

    `patience` (..., 2), `rounds` (...,) whole numbers from 1. No agreement after N rounds pays nothing.

    >>> [stahl([0.9, 0.8], n)[0].round(4).item() for n in range(1, 6)]
    [1.0, 0.2, 0.92, 0.344, 0.8624]
    """
    rounds = np.asarray(rounds)
    if rounds.dtype.kind not in "iu" or (rounds < 1).any():
        raise ValueError(f"rounds: {rounds.min()} is not a number of rounds; give whole numbers from 1")
    d0, d1 = _patience(patience)
    q, k = d0 * d1, rounds // 2
    cycles = np.where(q < 1, (1 - q**k) / np.where(q < 1, 1 - q, 1.0), k)
    return _split((1 - d1) * cycles + np.where(rounds % 2 == 1, q**k, 0.0))


def drawn_proposer(patience, q=0.5) -> np.ndarray:
    """Expected split without end when side 0 proposes with chance q each round: q(1-δ1)/(1-q δ1-(1-q) δ0).

    `patience` (..., 2), q (...,) in [0, 1]. Binmore (1987); Britz, Herings & Predtetchinski (2010).

    >>> drawn_proposer([0.9, 0.8], 0.5).round(6).tolist()
    [0.666667, 0.333333]
    """
    q = _within("q", q, 0, 1)
    d0, d1 = _patience(patience)
    cost = 1 - q * d1 - (1 - q) * d0
    if (cost <= 0).any():
        raise ValueError("patience: waiting costs nothing, so every split is an equilibrium; lower a discount factor")
    return _split(q * (1 - d1) / cost)


def outside_option(patience, outside) -> np.ndarray:
    """Alternating offers when side 1 may leave after rejecting: max(δ1(1-δ0)/(1-δ0 δ1), w1) for side 1.

    The option counts only when it beats what talks would yield: the outside-option principle. `outside` (...,) at
    most 1, the pie. Binmore, Rubinstein & Wolinsky (1986); Shaked & Sutton (1984).

    >>> outside_option([0.9, 0.9], [0.3, 0.6])[..., 1].round(6).tolist()
    [0.473684, 0.6]
    """
    outside = _within("outside option", outside, -np.inf, 1)
    return _split(1 - np.maximum(rubinstein(patience)[..., 1], outside))


def short_rounds(rates, hazard=0.0, flow=(0.0, 0.0), breakdown=(0.0, 0.0), proposer=0.5) -> NashLimit:
    """Nash solution that the equilibrium tends to as rounds get short: weights by patience, point by the sticks.

    w0 = q(r1+λ)/(q(r1+λ)+(1-q)(r0+λ)), d_i = (r_i g_i + λ b_i)/(r_i+λ): `rates` r (..., 2) a year, `hazard` λ (...,) of
    collapse a year, `flow` g (..., 2) earned while talking, `breakdown` b (..., 2) earned a year after a collapse, q
    the chance that side 0 proposes (alternation: 0.5). Binmore, Rubinstein & Wolinsky (1986); Muthoo (1999), ch. 4, 6.

    >>> short_rounds([0.05, 0.10]).weight.round(6).item()
    0.666667
    >>> limit = short_rounds([0.05, 0.10], 0.2, flow=[0.1, 0.05], breakdown=[0.2, 0.1])
    >>> nash_split(1.0, limit.point, limit.weight)[0].round(4).item()
    0.5818
    """
    rates = np.asarray(rates, float)
    if rates.ndim < 1 or rates.shape[-1] != 2:
        raise ValueError(f"rates: shape {rates.shape} is not (..., 2), one a side")
    _within("rates", rates, 0, np.inf)
    haste = rates + _within("hazard", hazard, 0, np.inf)[..., None]
    q = _within("proposer", proposer, 0, 1)
    if (haste <= 0).any():
        raise ValueError("rates: a side with neither impatience nor a risk of collapse never needs to agree")
    point = (rates * flow + (haste - rates) * breakdown) / haste
    power = np.stack([q * haste[..., 1], (1 - q) * haste[..., 0]], axis=-1)
    return NashLimit(power[..., 0] / power.sum(axis=-1), point)


def nash_split(pie, point, weight=0.5) -> np.ndarray:
    """Nash solution on a pie of size S that can be shared at will: u0 = d0 + w(S-d0-d1). Nash (1950).

    `pie` (...,), `point` (..., 2), `weight` (...,) of side 0. NaN where the point is worth more than the pie.

    >>> nash_split(1.0, [0.1, 0.3]).round(6).tolist(), nash_split(1.0, [0.1, 0.3], 0.6)[0].round(6).item()
    ([0.4, 0.6], 0.46)
    """
    point, weight = np.asarray(point, float), _within("weight", weight, 0, 1)
    surplus = pie - point[..., 0] - point[..., 1]
    surplus = np.where(surplus >= 0, surplus, np.nan)
    return np.stack([point[..., 0] + weight * surplus, point[..., 1] + (1 - weight) * surplus], axis=-1)


def _split(share):
    return np.stack([share, 1 - share], axis=-1)


def _patience(patience):
    patience = np.asarray(patience, float)
    if patience.ndim < 1 or patience.shape[-1] != 2:
        raise ValueError(f"patience: shape {patience.shape} is not (..., 2), one discount factor a side")
    good = (patience > 0) & (patience <= 1)
    if not good.all():
        raise ValueError(f"patience: {patience[~good].flat[0]} is out of range; discount factors lie in (0, 1]")
    return patience[..., 0], patience[..., 1]


def _within(name, x, low, high):
    x = np.asarray(x, float)
    good = (x >= low) & (x <= high)
    if not good.all():
        raise ValueError(f"{name}: {x[~good].flat[0]} is out of range; allowed from {low} to {high}")
    return x
