"""Cooperative solutions when the sides may draw lots over packages: the same four concepts on the hull.

A lottery here mixes the two packages at the ends of one edge of the hull; payoffs are expected payoffs, and a lottery
is individually rational in expectation, so one of its packages may leave a side below its threat point.
"""

from typing import NamedTuple

import numpy as np

from sim.solutions.bargaining import check_weight, first_best, nash_product, worlds
from sim.solutions.frontier import TIE, TOLERANCE, blocks, hull


class Lottery(NamedTuple):
    """A solution on the hull of each world's packages."""

    rows: np.ndarray  # (..., 2) int, the packages drawn from, alike for a sure package; -1 without a zone
    weight: np.ndarray  # (...,) probability of rows[..., 0], 1 for a sure package; NaN without a zone
    payoffs: np.ndarray  # (..., 2) expected, bn USD a year; NaN without a zone
    zone: np.ndarray  # (...,) bool, whether some lottery leaves neither side below its threat point


class Edges(NamedTuple):
    """Edges of the hulls of a block of worlds; a hull's last corner is an edge from itself to itself."""

    begin: np.ndarray  # (m,)
    world: np.ndarray  # (n,)
    g: np.ndarray  # (2, n) gains at the end that side 0 prefers
    step: np.ndarray  # (2, n) change of gains towards the other end; side 0's falls, side 1's rises
    low: np.ndarray  # (n,) least share of the other end that is individually rational
    high: np.ndarray  # (n,) largest one
    weight: np.ndarray  # (n,)


def nash(u, d, weight=0.5) -> Lottery:
    """Nash solution with lotteries: the largest (u0-d0)^w (u1-d1)^(1-w) on the hull. Nash (1950), Kalai (1977).

    `u`: (..., P, 2), `Pairs` or `Frontier`; threat point d (..., 2); weight w of side 0 in (0, 1), (...,).

    >>> nash(np.array([[0., 1.], [1., 0.]]), d=[.1, .3]).payoffs.round(6).tolist()
    [0.4, 0.6]
    """
    return _solve(u, d, _nash_share, _nash_keys, check_weight(weight))


def kalai_smorodinsky(u, d) -> Lottery:
    """Kalai-Smorodinsky with lotteries: equal shares of the ideal gains, both on the hull.

    (u_i-d_i)/(ideal_i-d_i) alike for both sides. Kalai & Smorodinsky (1975).

    >>> kalai_smorodinsky(np.array([[0., 2.], [1., 2.], [2., 0.]]), d=[0., 0.]).payoffs.round(6).tolist()
    [1.333333, 1.333333]
    """
    return _solve(u, d, _ks_share, _ks_keys)


def egalitarian(u, d) -> Lottery:
    """Egalitarian with lotteries: equal gains where the frontier allows it, else leximin. Kalai (1977).

    >>> egalitarian(np.array([[0., 4.], [6., 1.]]), d=[0., 0.]).payoffs.round(6).tolist()
    [2.666667, 2.666667]
    """
    return _solve(u, d, _equal_share, _egalitarian_keys)


def utilitarian(u, d) -> Lottery:
    """Utilitarian with lotteries: the largest sum of gains on the individually rational part of the hull.

    Where sums tie along an edge: the larger smaller gain. Harsanyi (1955).

    >>> utilitarian(np.array([[0., 4.], [6., 0.]]), d=[0., 1.]).payoffs.round(6).tolist()
    [4.5, 1.0]
    """
    return _solve(u, d, _utilitarian_share, _utilitarian_keys)


def _solve(u, d, best_share, keys, weight=None):
    f = hull(u)
    lead, tables, d, weight = worlds(f, d, weight)
    weight = np.full(len(tables), 0.5) if weight is None else weight
    rows, p = np.full((len(tables), 2), -1), np.full(len(tables), np.nan)
    payoffs = np.full((len(tables), 2), np.nan)
    for cut in blocks(np.diff(f.start)[tables]):
        here, there, e = _edges(f, tables[cut], d[cut], weight[cut])
        ends = np.stack([e.g + e.low * e.step, e.g + e.high * e.step])
        t = np.clip(best_share(e, ends), e.low, e.high)
        t = np.where(t <= TIE, 0.0, np.where(t >= 1 - TIE, 1.0, t))
        g = e.g + t * e.step
        inside = g.min(axis=0) >= -TOLERANCE
        order = np.arange(len(here))  # a corner belongs to two edges: the first of them stands for both
        world, pick = first_best(e.begin, e.world, inside, keys(e, np.maximum(g, 0.0), ends), order)
        world, first, second, t = cut.start + world, here[pick], there[pick], t[pick]
        sure = np.where(t > 0.5, second, first)
        first, second = (np.where((t > 0) & (t < 1), x, sure) for x in (first, second))
        p[world] = np.where((t > 0) & (t < 1), 1 - t, 1.0)
        rows[world] = np.stack([f.row[first], f.row[second]], axis=-1)
        for side, x in enumerate((f.u0, f.u1)):
            payoffs[world, side] = p[world] * x[first] + (1 - p[world]) * x[second]
    return Lottery(rows.reshape(*lead, 2), p.reshape(lead), payoffs.reshape(*lead, 2), (rows[:, 0] >= 0).reshape(lead))


def _edges(f, tables, d, weight):
    """Entries at both ends of each edge (n,), (n,) and the `Edges` of a block of worlds."""
    here, begin = f.entries(tables)
    world = np.repeat(np.arange(len(tables)), f.start[tables + 1] - f.start[tables])
    there = here + np.append(world[1:] == world[:-1], False)
    g = np.stack([f.u0[here] - d[world, 0], f.u1[here] - d[world, 1]])
    step = np.stack([f.u0[there] - f.u0[here], f.u1[there] - f.u1[here]])
    alone = there <= here
    size = np.where(alone, 1.0, np.abs(step))
    low = np.where(alone, 0.0, np.clip(-g[1] / size[1], 0.0, 1.0))
    high = np.where(alone, 0.0, np.clip(g[0] / size[0], 0.0, 1.0))
    return here, there, Edges(begin, world, g, step, low, np.maximum(low, high), weight[world])


def _crossing(e, scale):
    """Share of the other end at which scaled gains are equal; any number on an edge that is a point."""
    slope = e.step[1] / scale[1] - e.step[0] / scale[0]
    return (e.g[0] / scale[0] - e.g[1] / scale[1]) / np.where(slope > 0, slope, 1.0)


def _nash_share(e, ends):
    """Maximiser of w log g0 + (1-w) log g1 along an edge, before it is clipped to the individually rational part."""
    down, up = np.minimum(e.step[0], 0.0), np.maximum(e.step[1], 0.0)
    inner = (down < 0) & (up > 0)
    down, up = np.where(inner, down, -1.0), np.where(inner, up, 1.0)
    return -(e.weight * e.g[1] / up + (1 - e.weight) * e.g[0] / down)


def _ks_share(e, ends):
    ideal = _ideal(e, ends)
    t = _crossing(e, np.where(ideal > TOLERANCE, ideal, 1.0))
    t = np.where(ideal[1] > TOLERANCE, t, e.low)
    return np.where(ideal[0] > TOLERANCE, t, e.high)


def _equal_share(e, ends):
    return _crossing(e, np.ones_like(e.g))


def _utilitarian_share(e, ends):
    rise = e.step[0] + e.step[1]
    flat = np.abs(rise) <= TIE * np.abs(e.step).max(axis=0)
    return np.where(flat, _equal_share(e, ends), np.where(rise > 0, e.high, e.low))


def _nash_keys(e, g, ends):
    return (nash_product(g, e.weight), TIE, 0.0), (g[0] + g[1], 0.0, TOLERANCE)


def _ks_keys(e, g, ends):
    ideal = _ideal(e, ends)
    share = np.where(ideal > TOLERANCE, g / np.where(ideal > TOLERANCE, ideal, 1.0), 1.0)
    return (share.min(axis=0), TIE, 0.0), (share.max(axis=0), TIE, 0.0)


def _egalitarian_keys(e, g, ends):
    return (g.min(axis=0), 0.0, TOLERANCE), (g.max(axis=0), 0.0, TOLERANCE)


def _utilitarian_keys(e, g, ends):
    return (g[0] + g[1], 0.0, TOLERANCE), (g.min(axis=0), 0.0, TOLERANCE)


def _ideal(e, ends):
    """(2, n) best individually rational gain of each side in the world of each edge, 0 where there is none."""
    inside = ends.min(axis=1) >= -TOLERANCE  # (2, n): this end of the edge is individually rational
    best = [np.maximum.reduceat(np.where(inside, ends[:, i], 0.0).max(axis=0), e.begin) for i in (0, 1)]
    return np.stack(best)[:, e.world]
